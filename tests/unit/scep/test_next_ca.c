#include "scep/next_ca.h"

#include "ber.h"
#include "scep_fixture.h"

#include <openssl/cms.h>
#include <openssl/x509.h>

static struct err e;
static struct fixture f;
static struct scep_ca *current;
static struct pki_key *next_key;
static struct pki_cert *next;

static struct scep_next_ca_spec spec_of(const struct pki_cert *signer, const struct pki_key *key)
{
    static const struct pki_cert *certs[1];
    certs[0] = next;
    return (struct scep_next_ca_spec){
        .certs = certs, .cert_count = 1, .signer = signer, .signer_key = key, .digest = PKI_SHA256};
}

static struct buf made(const struct scep_next_ca_spec *spec)
{
    struct buf body;
    buf_init(&body, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_next_ca_make(spec, &body, &e), &e);
    return body;
}

static void check_read(struct span body)
{
    struct scep_ca *got = NULL;
    CHECK_OK(scep_next_ca_read(body, current, &got, &e), &e);
    assert_int_equal(scep_ca_count(got), 1);
    assert_int_equal(scep_ca_role(got, 0), SCEP_ROLE_CA);
    assert_true(span_equal(pki_cert_der(scep_ca_recipient(got)), pki_cert_der(next)));
    scep_ca_free(got);
}

static void check_fails(struct span body, enum reason reason)
{
    struct scep_ca *got = NULL;
    assert_false(scep_next_ca_read(body, current, &got, &e));
    assert_int_equal(e.stage, STAGE_GET_NEXT_CA_CERT);
    if (e.reason != reason)
        fail_msg("%s instead of %s (%s)", base_reason_id(e.reason), base_reason_id(reason), e.text);
    assert_null(got);
    e = (struct err){0};
}

static void signed_by_ca_or_ra(void **state)
{
    (void)state;
    for (int digest = PKI_SHA1; digest < PKI_DIGEST_COUNT; digest++) {
        struct scep_next_ca_spec spec =
            digest % 2 == 0 ? spec_of(f.ca, f.ca_key) : spec_of(f.ra_sign, f.ra_sign_key);
        spec.digest = (enum pki_digest)digest;
        spec.include_signer = digest > PKI_SHA256;
        struct buf body = made(&spec);
        check_read(buf_span(&body));
        buf_clear(&body);
    }
}

static void several_certificates(void **state)
{
    (void)state;
    struct pki_cert *ra = fixture_make_cert(&(struct fixture_cert){.subject = "CN=next RA",
                                                                   .issuer = "CN=example-CA-2",
                                                                   .key = f.ra_encrypt_key,
                                                                   .issuer_key = next_key,
                                                                   .key_usage = PKI_KU_KEY_ENCIPHERMENT,
                                                                   .request_agent = true,
                                                                   .serial = 7});
    const struct pki_cert *certs[] = {next, ra};
    struct scep_next_ca_spec spec = spec_of(f.ca, f.ca_key);
    spec.certs = certs;
    spec.cert_count = 2;
    struct buf body = made(&spec);
    struct scep_ca *got = NULL;
    CHECK_OK(scep_next_ca_read(buf_span(&body), current, &got, &e), &e);
    assert_int_equal(scep_ca_role(got, 0), SCEP_ROLE_CA);
    assert_int_equal(scep_ca_role(got, 1), SCEP_ROLE_RA_ENCRYPT);
    CHECK_OK(scep_ca_check(got, FIXTURE_NOW_S, &e), &e);
    scep_ca_free(got);
    buf_clear(&body);
    pki_cert_free(ra);
}

static void others_may_not_sign(void **state)
{
    (void)state;
    struct scep_next_ca_spec spec = spec_of(next, next_key); /* the new CA for itself */
    spec.include_signer = true;
    struct buf body = made(&spec);
    check_fails(buf_span(&body), REASON_NEXT_CA_SIGNATURE);
    buf_clear(&body);

    spec = spec_of(f.ca, f.other_key); /* in the CA's name, with another key */
    body = made(&spec);
    check_fails(buf_span(&body), REASON_NEXT_CA_SIGNATURE);
    buf_clear(&body);

    buf_init(&body, BYTES_MAX_MESSAGE); /* nobody, as for GetCACert */
    CHECK_OK(scep_degenerate_make(spec.certs, 1, &body, &e), &e);
    check_fails(buf_span(&body), REASON_NEXT_CA_SIGNATURE);
    buf_clear(&body);
}

/* Whatever one bit changes, it is noticed, or concerns nothing that is believed. */
static void damage_is_noticed(void **state)
{
    (void)state;
    struct scep_next_ca_spec spec = spec_of(f.ca, f.ca_key);
    struct buf body = made(&spec);
    struct scep_ca *got = NULL;
    for (size_t cut = 0; cut < body.len; cut += 7)
        assert_false(scep_next_ca_read(span_of(body.data, cut), current, &got, NULL));
    for (size_t i = 0; i < body.len; i++) {
        body.data[i] ^= 0x04;
        if (scep_next_ca_read(buf_span(&body), current, &got, NULL)) {
            assert_true(span_equal(pki_cert_der(scep_ca_cert(got, 0)), pki_cert_der(next)));
            scep_ca_free(got);
        }
        body.data[i] ^= 0x04;
    }
    buf_clear(&body);
}

static void other_contents(void **state)
{
    (void)state;
    check_fails(span_of_text(""), REASON_NOT_SCEP);
    check_fails(span_of_text("<html>Not Found</html>"), REASON_NOT_SCEP);
    check_fails(pki_cert_der(next), REASON_MALFORMED); /* as GetCACert answers */
    struct scep_next_ca_spec spec = spec_of(f.ca, f.ca_key);
    spec.cert_count = 0;
    struct buf body = made(&spec);
    check_fails(buf_span(&body), REASON_CA_CERT_MALFORMED);
    buf_clear(&body);

    struct pki_key *ec = fixture_key("ec256");
    struct pki_cert *ec_ca = fixture_make_cert(
        &(struct fixture_cert){.subject = "CN=EC CA", .key = ec, .ca = true, .key_usage = PKI_KU_CERT_SIGN});
    const struct pki_cert *certs[] = {ec_ca};
    spec.certs = certs;
    spec.cert_count = 1;
    body = made(&spec);
    check_fails(buf_span(&body), REASON_CA_CERT_NO_RECIPIENT);
    buf_clear(&body);
    pki_cert_free(ec_ca);
    pki_key_free(ec);
}

static X509 *x509_of(struct span der)
{
    const unsigned char *at = der.data;
    return d2i_X509(NULL, &at, (long)der.len);
}

static void openssl_verifies_ours(void **state)
{
    (void)state;
    struct scep_next_ca_spec spec = spec_of(f.ca, f.ca_key);
    struct buf body = made(&spec);
    const unsigned char *at = body.data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)body.len);
    assert_non_null(cms);
    X509 *ca = x509_of(pki_cert_der(f.ca));
    STACK_OF(X509) *signers = sk_X509_new_null();
    sk_X509_push(signers, ca);
    BIO *content = BIO_new(BIO_s_mem());
    assert_int_equal(
        CMS_verify(cms, signers, NULL, NULL, content, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY | CMS_NOINTERN),
        1);
    CMS_ContentInfo *inner = d2i_CMS_bio(content, NULL);
    STACK_OF(X509) *certs = CMS_get1_certs(inner);
    assert_int_equal(sk_X509_num(certs), 1);
    X509 *wanted = x509_of(pki_cert_der(next));
    assert_int_equal(X509_cmp(sk_X509_value(certs, 0), wanted), 0);
    X509_free(wanted);
    sk_X509_pop_free(certs, X509_free);
    CMS_ContentInfo_free(inner);
    BIO_free(content);
    sk_X509_free(signers);
    X509_free(ca);
    CMS_ContentInfo_free(cms);
    buf_clear(&body);
}

/* Also without signed attributes, and as BER. */
static void openssl_writes_and_we_verify(void **state)
{
    (void)state;
    static const unsigned flags[] = {0, CMS_NOATTR, CMS_NOCERTS, CMS_STREAM, CMS_USE_KEYID};
    X509 *ca = x509_of(pki_cert_der(f.ca));
    struct buf inner;
    const struct pki_cert *certs[] = {next};
    buf_init(&inner, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make(certs, 1, &inner, &e), &e);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        BIO *content = BIO_new_mem_buf(inner.data, (int)inner.len);
        BIO *bio = BIO_new(BIO_s_mem());
        CMS_ContentInfo *cms =
            CMS_sign(ca, pki_key_evp(f.ca_key), NULL, content, CMS_BINARY | CMS_NOSMIMECAP | flags[i]);
        assert_non_null(cms);
        if ((flags[i] & CMS_STREAM) != 0)
            assert_int_equal(i2d_CMS_bio_stream(bio, cms, content, CMS_BINARY | CMS_STREAM), 1);
        else
            assert_int_equal(i2d_CMS_bio(bio, cms), 1);
        char *data = NULL;
        long len = BIO_get_mem_data(bio, &data);
        struct buf body;
        buf_init(&body, BYTES_MAX_MESSAGE);
        buf_append(&body, data, (size_t)len);
        check_read(buf_span(&body));
        if (flags[i] == CMS_NOATTR) { /* the signature is right over the content, not over a changed one */
            body.data[300] ^= 1;      /* in the new certificate */
            struct scep_ca *got = NULL;
            assert_false(scep_next_ca_read(buf_span(&body), current, &got, NULL));
        }
        buf_clear(&body);
        CMS_ContentInfo_free(cms);
        BIO_free(bio);
        BIO_free(content);
    }
    X509_free(ca);
    buf_clear(&inner);
}

static int open_all(void **state)
{
    (void)state;
    fixture_open(&f);
    const struct pki_cert *certs[] = {f.ra_sign, f.ra_encrypt, f.ca};
    current = fixture_bundle(certs, 3);
    next_key = fixture_key("rsa3072");
    next = fixture_make_cert(&(struct fixture_cert){.subject = "CN=example-CA-2",
                                                    .key = next_key,
                                                    .ca = true,
                                                    .key_usage = PKI_KU_CERT_SIGN | PKI_KU_CRL_SIGN,
                                                    .serial = 6});
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    scep_ca_free(current);
    pki_cert_free(next);
    pki_key_free(next_key);
    fixture_close(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_by_ca_or_ra),
        cmocka_unit_test(several_certificates),
        cmocka_unit_test(others_may_not_sign),
        cmocka_unit_test(damage_is_noticed),
        cmocka_unit_test(other_contents),
        cmocka_unit_test(openssl_verifies_ours),
        cmocka_unit_test(openssl_writes_and_we_verify),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
