/* Messages in BER, as jscep and Apple write them. */
#include "scep_fixture.h"

#include "pki/der.h"
#include "scep/ber.h"

#include <openssl/cms.h>

static struct err e;
static struct exchange x;

static struct buf build_ber(struct span content)
{
    struct scep_request_spec spec = exchange_request(&x);
    spec.encoding = SCEP_BER;
    spec.content = content;
    struct buf message;
    buf_init(&message, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_request_build(&spec, &message, &e), &e);
    return message;
}

static void the_server_reads_it(void **state)
{
    (void)state;
    static uint8_t large[6000];
    static const size_t sizes[] = {1, 984, 1000, 2000, sizeof large};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf message = build_ber(span_of(large, sizes[i]));
        struct scep_request request;
        CHECK_OK(scep_request_open(buf_span(&message), x.f.ra_encrypt, x.f.ra_encrypt_key, &request, &e), &e);
        assert_true(span_equal(buf_span(&request.content), span_of(large, sizes[i])));
        scep_request_clear(&request);
        buf_clear(&message);
    }
}

/* ContentInfo, [0], SignedData, its content: all of indefinite length, down to pieces of 1000 bytes. */
static void lengths_are_indefinite_and_content_in_pieces(void **state)
{
    (void)state;
    static const uint8_t tags[] = {DER_SEQUENCE, DER_CONTEXT(0), DER_SEQUENCE, DER_SEQUENCE, DER_CONTEXT(0)};
    struct buf message = build_ber(buf_span(&x.csr));
    struct der_reader r = der_reader_of(buf_span(&message));
    struct der_item item;
    for (size_t i = 0; i < sizeof tags; i++) {
        do
            CHECK_OK(der_next(&r, &item, &e), &e);
        while (item.tag != tags[i]);
        assert_true(item.indefinite);
        r = der_reader_of(item.content);
    }
    CHECK_OK(der_next(&r, &item, &e), &e);
    assert_int_equal(item.whole.data[0], DER_OCTET_STRING | 0x20);
    assert_true(item.indefinite);
    r = der_reader_of(item.content);
    CHECK_OK(der_expect(&r, DER_OCTET_STRING, "piece", &item, &e), &e);
    assert_int_equal(item.content.len, 1000);
    buf_clear(&message);
}

static void openssl_verifies_it(void **state)
{
    (void)state;
    struct buf message = build_ber(buf_span(&x.csr));
    const unsigned char *at = message.data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)message.len);
    assert_non_null(cms);
    BIO *content = BIO_new(BIO_s_mem());
    assert_int_equal(CMS_verify(cms, NULL, NULL, NULL, content, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY), 1);
    BIO_free(content);
    CMS_ContentInfo_free(cms);
    buf_clear(&message);
}

static void refuses_what_is_no_der(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, BYTES_MAX_MESSAGE);
    CHECK_FAILS(scep_ber_signed(span_of("\x31\x00", 2), &out, &e), &e, REASON_MALFORMED);
    CHECK_FAILS(scep_ber_enveloped(span_of("\x30\x05\xa0\x03", 4), &out, &e), &e, REASON_MALFORMED);
    buf_clear(&out);
    buf_init(&out, 100);
    CHECK_FAILS(scep_ber_signed(buf_span(&x.message), &out, &e), &e, REASON_LIMIT);
    buf_clear(&out);
}

static int start(void **state)
{
    (void)state;
    exchange_open(&x);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    exchange_close(&x);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_reads_it),
        cmocka_unit_test(lengths_are_indefinite_and_content_in_pieces),
        cmocka_unit_test(openssl_verifies_it),
        cmocka_unit_test(refuses_what_is_no_der),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
