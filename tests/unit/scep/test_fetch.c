/* GetCert and GetCRL, from the request to the verdict over the reply. */
#include "scep/content.h"

#include "ber.h"
#include "forge.h"
#include "pki/crl.h"

#include <openssl/cms.h>
#include <openssl/x509.h>

static struct err e;
static struct exchange x;
static struct scep_certrep rep;
static struct scep_request opened; /* the GetCert or GetCRL that the server got */

/* The device asks about the leaf; the server finds issuer and serial number in what it opened. */
static void ask(enum scep_message_type type)
{
    struct buf content;
    struct buf message;
    struct scep_content asked;
    buf_init(&content, 4096);
    buf_init(&message, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_content_put_serial(pki_cert_issuer(x.leaf), pki_cert_serial(x.leaf), &content, &e), &e);
    struct scep_request_spec spec = exchange_request(&x);
    spec.type = type;
    spec.content = buf_span(&content);
    CHECK_OK(scep_request_build(&spec, &message, &e), &e);
    scep_request_clear(&opened);
    CHECK_OK(scep_request_open(buf_span(&message), x.f.ra_encrypt, x.f.ra_encrypt_key, &opened, &e), &e);
    assert_int_equal(opened.type, type);
    CHECK_OK(scep_content_read_serial(buf_span(&opened.content), &asked, &e), &e);
    assert_true(span_equal(asked.issuer, pki_cert_issuer(x.leaf)));
    assert_true(span_equal(asked.serial, pki_cert_serial(x.leaf)));
    buf_clear(&message);
    buf_clear(&content);
}

static struct scep_expected expected_of(enum scep_message_type type)
{
    struct scep_expected expected = exchange_expected(&x);
    expected.request_type = type;
    expected.spki = span_of(NULL, 0);
    expected.subject = span_of(NULL, 0);
    expected.wanted_issuer = pki_cert_issuer(x.leaf);
    expected.wanted_serial = pki_cert_serial(x.leaf);
    return expected;
}

static struct scep_certrep_spec reply_of(enum scep_pki_status status)
{
    struct scep_certrep_spec spec = exchange_reply(&x, status);
    spec.request = &opened;
    spec.fail_info = SCEP_BAD_CERT_ID;
    return spec;
}

static void read_as(struct span body, const struct scep_expected *expected, enum reason reason,
                    enum stage stage)
{
    scep_certrep_clear(&rep);
    bool ok = scep_certrep_read(body, expected, &rep, &e);
    if (e.reason != reason)
        fail_msg("%s instead of %s (%s)", base_reason_id(e.reason), base_reason_id(reason), e.text);
    assert_int_equal(ok, reason == REASON_NONE);
    assert_string_equal(base_stage_id(e.stage), base_stage_id(stage));
    e = (struct err){0};
}

static void read_spec(const struct scep_certrep_spec *spec, enum scep_message_type type, enum reason reason,
                      enum stage stage)
{
    struct scep_expected expected = expected_of(type);
    struct buf message = exchange_build(spec);
    read_as(buf_span(&message), &expected, reason, stage);
    buf_clear(&message);
}

/* GetCert. */

static void get_cert(void **state)
{
    (void)state;
    const struct pki_cert *certs[] = {x.f.ca, x.leaf};
    ask(SCEP_GET_CERT);
    struct scep_certrep_spec spec = reply_of(SCEP_SUCCESS);
    read_spec(&spec, SCEP_GET_CERT, REASON_NONE, STAGE_NONE);
    assert_true(span_equal(pki_cert_der(rep.issued), pki_cert_der(x.leaf)));
    spec.certs = certs;
    spec.cert_count = 2;
    read_spec(&spec, SCEP_GET_CERT, REASON_NONE, STAGE_NONE);
    assert_true(span_equal(pki_cert_der(rep.issued), pki_cert_der(x.leaf)));
    assert_int_equal(rep.certificate_count, 2);
    assert_true(span_equal(pki_cert_der(rep.certificates[0]), pki_cert_der(x.f.ca)));
    assert_true(span_equal(pki_cert_der(rep.certificates[1]), pki_cert_der(x.leaf)));
    assert_null(rep.crl);
}

static void get_cert_of_any_date(void **state)
{
    (void)state;
    ask(SCEP_GET_CERT);
    struct scep_certrep_spec spec = reply_of(SCEP_SUCCESS);
    struct scep_expected expected = expected_of(SCEP_GET_CERT);
    struct buf message = exchange_build(&spec);
    expected.now_s += 4000 * FIXTURE_DAY_S;
    read_as(buf_span(&message), &expected, REASON_NONE, STAGE_NONE);
    buf_clear(&message);
}

static void get_cert_gets_something_else(void **state)
{
    (void)state;
    struct fixture_cert f = {.subject = FIXTURE_SUBJECT,
                             .issuer = FIXTURE_CA_NAME,
                             .key = x.f.device_key,
                             .issuer_key = x.f.ca_key,
                             .serial = 78};
    struct pki_cert *other = fixture_make_cert(&f);
    f.serial = 77;
    f.issuer_key = x.f.other_key;
    struct pki_cert *foreign = fixture_make_cert(&f); /* right in all but who signed it */
    const struct pki_cert *certs[] = {other};
    ask(SCEP_GET_CERT);
    struct scep_certrep_spec spec = reply_of(SCEP_SUCCESS);
    spec.certs = certs;
    read_spec(&spec, SCEP_GET_CERT, REASON_WRONG_CERTIFICATE, STAGE_VERIFY);
    assert_null(rep.issued);
    assert_int_equal(rep.certificate_count, 1);
    certs[0] = foreign;
    read_spec(&spec, SCEP_GET_CERT, REASON_CHAIN, STAGE_VERIFY);
    spec.cert_count = 0;
    read_spec(&spec, SCEP_GET_CERT, REASON_NO_CERTIFICATE, STAGE_VERIFY);
    pki_cert_free(foreign);
    pki_cert_free(other);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        enum scep_message_type type;
        enum stage stage;
    } cases[] = {{SCEP_GET_CERT, STAGE_GET_CERT}, {SCEP_GET_CRL, STAGE_GET_CRL}};
    for (size_t i = 0; i < 2; i++) {
        ask(cases[i].type);
        struct scep_certrep_spec spec = reply_of(SCEP_FAILURE);
        read_spec(&spec, cases[i].type, REASON_SCEP_FAILURE, cases[i].stage);
        assert_int_equal(rep.fail_info, SCEP_BAD_CERT_ID);
        assert_int_equal(rep.violated, 0);
        spec.status = SCEP_PENDING; /* there is nothing to wait for */
        read_spec(&spec, cases[i].type, REASON_STATUS_CONTENT, STAGE_VERIFY);
        assert_int_equal(rep.violated, SCEP_CHECK_STATUS);
        struct scep_expected expected = expected_of(cases[i].type);
        read_as(span_of_text("<html>"), &expected, REASON_NOT_SCEP, cases[i].stage);
    }
}

/* GetCRL. */

static struct buf crl_of(const struct pki_cert *issuer, const struct pki_key *key, int64_t from_day,
                         int64_t until_day)
{
    struct pki_crl_entry entry = {pki_cert_serial(x.leaf), FIXTURE_NOW_S - 9, PKI_CRL_KEY_COMPROMISE};
    struct pki_crl_spec spec = {
        .issuer = pki_cert_subject(issuer),
        .this_update = FIXTURE_NOW_S + from_day * FIXTURE_DAY_S,
        .next_update = FIXTURE_NOW_S + until_day * FIXTURE_DAY_S,
        .number = (uint64_t)(100 + from_day),
        .entries = &entry,
        .count = 1,
    };
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    CHECK_OK(pki_crl_make(&spec, key, PKI_SHA256, &der, &e), &e);
    return der;
}

static void read_crl(const struct buf *crl, enum reason reason)
{
    ask(SCEP_GET_CRL);
    struct scep_certrep_spec spec = reply_of(SCEP_SUCCESS);
    spec.cert_count = 0;
    spec.crl = buf_span(crl);
    read_spec(&spec, SCEP_GET_CRL, reason, reason == REASON_NONE ? STAGE_NONE : STAGE_VERIFY);
}

static void get_crl(void **state)
{
    (void)state;
    struct buf crl = crl_of(x.f.ca, x.f.ca_key, -1, 1);
    read_crl(&crl, REASON_NONE);
    assert_int_equal(rep.certificate_count, 0);
    assert_null(rep.issued);
    assert_true(span_equal(pki_crl_der(rep.crl), buf_span(&crl)));
    struct pki_crl_entry entry;
    assert_true(pki_crl_find(rep.crl, pki_cert_serial(x.leaf), &entry));
    assert_int_equal(entry.reason, PKI_CRL_KEY_COMPROMISE);
    buf_clear(&crl);
}

static void the_newest_of_several(void **state)
{
    (void)state;
    struct buf crls = crl_of(x.f.ca, x.f.ca_key, -3, 1);
    struct buf newest = crl_of(x.f.ca, x.f.ca_key, -1, 1);
    struct buf foreign = crl_of(x.f.ra_sign, x.f.ra_sign_key, 0, 1);
    struct buf oldest = crl_of(x.f.ca, x.f.ca_key, -9, 1);
    buf_append_span(&crls, buf_span(&newest));
    buf_append_span(&crls, buf_span(&foreign));
    buf_append_span(&crls, buf_span(&oldest));
    read_crl(&crls, REASON_NONE);
    assert_true(span_equal(pki_crl_der(rep.crl), buf_span(&newest)));
    buf_clear(&oldest);
    buf_clear(&foreign);
    buf_clear(&newest);
    buf_clear(&crls);
}

static void crls_that_do_not_serve(void **state)
{
    (void)state;
    struct buf none = {0};
    read_crl(&none, REASON_CRL_MISSING);
    static const struct {
        bool ra;
        bool wrong_key;
        int64_t from, until;
        enum reason reason;
    } cases[] = {
        {true, false, -1, 1, REASON_CRL_MISSING},    {false, true, -1, 1, REASON_BAD_SIGNATURE},
        {false, false, -9, -1, REASON_CRL_STALE},    {false, false, 1, 9, REASON_CRL_STALE},
        {false, true, -9, -1, REASON_BAD_SIGNATURE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pki_key *key = cases[i].ra ? x.f.ra_sign_key : x.f.ca_key;
        struct buf crl = crl_of(cases[i].ra ? x.f.ra_sign : x.f.ca, cases[i].wrong_key ? x.f.other_key : key,
                                cases[i].from, cases[i].until);
        read_crl(&crl, cases[i].reason);
        buf_clear(&crl);
    }
    struct buf crl = crl_of(x.f.ca, x.f.ca_key, -1, 1);
    crl.data[crl.len - 300] ^= 0x80; /* damaged within, whole outside */
    struct pki_crl *readable = NULL;
    read_crl(&crl,
             pki_crl_from_der(buf_span(&crl), &readable, NULL) ? REASON_BAD_SIGNATURE : REASON_MALFORMED);
    pki_crl_free(readable);
    buf_clear(&crl);
}

/* A certificate where the CRL belongs: SUCCESS, but not of what was asked for. */
static void a_certificate_is_no_crl(void **state)
{
    (void)state;
    ask(SCEP_GET_CRL);
    struct scep_certrep_spec spec = reply_of(SCEP_SUCCESS);
    read_spec(&spec, SCEP_GET_CRL, REASON_CRL_MISSING, STAGE_VERIFY);
    assert_int_equal(rep.certificate_count, 1);
}

/* OpenSSL as the counterpart. */

static struct buf bytes_of(CMS_ContentInfo *cms)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(i2d_CMS_bio(bio, cms), 1);
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    struct buf out;
    buf_init(&out, BYTES_MAX_MESSAGE);
    buf_append(&out, data, (size_t)len);
    BIO_free(bio);
    return out;
}

static void openssl_finds_our_crl(void **state)
{
    (void)state;
    struct buf crl = crl_of(x.f.ca, x.f.ca_key, -1, 1);
    struct buf degenerate;
    buf_init(&degenerate, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_put(&degenerate, NULL, 0, buf_span(&crl), &e), &e);
    const unsigned char *at = degenerate.data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)degenerate.len);
    assert_non_null(cms);
    STACK_OF(X509_CRL) *list = CMS_get1_crls(cms);
    assert_int_equal(sk_X509_CRL_num(list), 1);
    assert_int_equal(X509_CRL_verify(sk_X509_CRL_value(list, 0), pki_key_evp(x.f.ca_key)), 1);
    assert_null(CMS_get1_certs(cms));
    sk_X509_CRL_pop_free(list, X509_CRL_free);
    CMS_ContentInfo_free(cms);
    buf_clear(&degenerate);
    buf_clear(&crl);
}

/* What OpenSSL wrote, as DER and as BER. */
static void we_find_the_crl_of_openssl(void **state)
{
    (void)state;
    struct buf der = crl_of(x.f.ca, x.f.ca_key, -1, 1);
    const unsigned char *at = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL);
    assert_non_null(cms);
    assert_int_equal(CMS_add1_crl(cms, crl), 1);
    struct buf degenerate = bytes_of(cms);
    struct buf ber;
    buf_init(&ber, BYTES_MAX_MESSAGE);
    ber_from_der(buf_span(&degenerate), 0, 4, DER_SEQUENCE, &ber);
    struct span contents[] = {buf_span(&degenerate), buf_span(&ber)};
    for (size_t i = 0; i < 2; i++) {
        struct buf envelope = forge_envelope(&x, contents[i]);
        struct forge forge = forge_like(&x, "0");
        forge.content = buf_span(&envelope);
        struct buf message = forge_make(&forge);
        struct scep_expected expected = expected_of(SCEP_GET_CRL);
        read_as(buf_span(&message), &expected, REASON_NONE, STAGE_NONE);
        assert_true(span_equal(pki_crl_der(rep.crl), buf_span(&der)));
        buf_clear(&message);
        buf_clear(&envelope);
    }
    buf_clear(&ber);
    buf_clear(&degenerate);
    CMS_ContentInfo_free(cms);
    X509_CRL_free(crl);
    buf_clear(&der);
}

static int open_exchange(void **state)
{
    (void)state;
    exchange_open(&x);
    return 0;
}

static int close_exchange(void **state)
{
    (void)state;
    scep_certrep_clear(&rep);
    scep_request_clear(&opened);
    exchange_close(&x);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_cert),
        cmocka_unit_test(get_cert_of_any_date),
        cmocka_unit_test(get_cert_gets_something_else),
        cmocka_unit_test(refused),
        cmocka_unit_test(get_crl),
        cmocka_unit_test(the_newest_of_several),
        cmocka_unit_test(crls_that_do_not_serve),
        cmocka_unit_test(a_certificate_is_no_crl),
        cmocka_unit_test(openssl_finds_our_crl),
        cmocka_unit_test(we_find_the_crl_of_openssl),
    };
    return cmocka_run_group_tests(tests, open_exchange, close_exchange);
}
