#include "scep/content.h"

#include "ber.h"
#include "pki_fixture.h"

#include <openssl/cms.h>
#include <openssl/pkcs7.h>

static struct err e;
static struct buf issuer, subject;
static const struct span serial = {(const uint8_t *)"\x61\x00\x00\x00\x02\xf5", 6};

static void subject_there_and_back(void **state)
{
    (void)state;
    struct buf der;
    struct scep_content got;
    buf_init(&der, 4096);
    CHECK_OK(scep_content_put_subject(buf_span(&issuer), buf_span(&subject), &der, &e), &e);
    CHECK_OK(scep_content_read_subject(buf_span(&der), &got, &e), &e);
    assert_true(span_equal(got.issuer, buf_span(&issuer)));
    assert_true(span_equal(got.subject, buf_span(&subject)));
    assert_int_equal(got.serial.len, 0);
    CHECK_FAILS(scep_content_read_serial(buf_span(&der), &got, &e), &e, REASON_MALFORMED);
    for (size_t cut = 0; cut < der.len; cut++)
        CHECK_FAILS(scep_content_read_subject(span_of(der.data, cut), &got, &e), &e, REASON_MALFORMED);
    buf_clear(&der);
}

static void serial_there_and_back(void **state)
{
    (void)state;
    struct buf der;
    struct scep_content got;
    buf_init(&der, 4096);
    CHECK_OK(scep_content_put_serial(buf_span(&issuer), serial, &der, &e), &e);
    CHECK_OK(scep_content_read_serial(buf_span(&der), &got, &e), &e);
    assert_true(span_equal(got.issuer, buf_span(&issuer)));
    assert_true(span_equal(got.serial, serial));
    assert_int_equal(got.subject.len, 0);
    CHECK_FAILS(scep_content_read_subject(buf_span(&der), &got, &e), &e, REASON_MALFORMED);
    for (size_t cut = 0; cut < der.len; cut++)
        CHECK_FAILS(scep_content_read_serial(span_of(der.data, cut), &got, &e), &e, REASON_MALFORMED);
    buf_clear(&der);

    buf_init(&der, 4096);
    CHECK_OK(scep_content_put_serial(buf_span(&issuer), span_of(NULL, 0), &der, &e), &e);
    CHECK_FAILS(scep_content_read_serial(buf_span(&der), &got, &e), &e, REASON_MALFORMED);
    buf_clear(&der);
}

/* OpenSSL's own structure of that name. */
static void openssl_agrees(void **state)
{
    (void)state;
    struct buf der;
    buf_init(&der, 4096);
    CHECK_OK(scep_content_put_serial(buf_span(&issuer), serial, &der, &e), &e);
    const unsigned char *at = der.data;
    PKCS7_ISSUER_AND_SERIAL *theirs = d2i_PKCS7_ISSUER_AND_SERIAL(NULL, &at, (long)der.len);
    assert_non_null(theirs);
    assert_ptr_equal(at, der.data + der.len);
    assert_int_equal(ASN1_STRING_length(theirs->serial), serial.len);
    assert_memory_equal(ASN1_STRING_get0_data(theirs->serial), serial.data, serial.len);
    unsigned char *back = NULL;
    int len = i2d_PKCS7_ISSUER_AND_SERIAL(theirs, &back);
    assert_true(span_equal(span_of(back, (size_t)len), buf_span(&der)));
    OPENSSL_free(back);
    PKCS7_ISSUER_AND_SERIAL_free(theirs);
    buf_clear(&der);
}

static void ber_is_read(void **state)
{
    (void)state;
    struct buf der;
    struct buf ber;
    struct scep_content got;
    buf_init(&der, 4096);
    buf_init(&ber, 4096);
    CHECK_OK(scep_content_put_subject(buf_span(&issuer), buf_span(&subject), &der, &e), &e);
    ber_from_der(buf_span(&der), 0, 99, 0, &ber);
    assert_true(ber.data[1] == 0x80);
    CHECK_OK(scep_content_read_subject(buf_span(&ber), &got, &e), &e);
    assert_true(pki_name_same_rdns(got.issuer, buf_span(&issuer)));
    assert_true(pki_name_same_rdns(got.subject, buf_span(&subject)));

    buf_reset(&der);
    buf_reset(&ber);
    CHECK_OK(scep_content_put_serial(buf_span(&issuer), serial, &der, &e), &e);
    ber_from_der(buf_span(&der), 0, 99, 0, &ber);
    CHECK_OK(scep_content_read_serial(buf_span(&ber), &got, &e), &e);
    assert_true(pki_name_same_rdns(got.issuer, buf_span(&issuer)));
    assert_true(span_equal(got.serial, serial));
    buf_clear(&ber);
    buf_clear(&der);
}

static int open_names(void **state)
{
    (void)state;
    CHECK_OK(pki_init(&e), &e);
    issuer = fixture_name(FIXTURE_CA_NAME);
    subject = fixture_name("CN=phone-7,OU=scepstorm");
    return 0;
}

static int close_names(void **state)
{
    (void)state;
    buf_clear(&issuer);
    buf_clear(&subject);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subject_there_and_back),
        cmocka_unit_test(serial_there_and_back),
        cmocka_unit_test(openssl_agrees),
        cmocka_unit_test(ber_is_read),
    };
    return cmocka_run_group_tests(tests, open_names, close_names);
}
