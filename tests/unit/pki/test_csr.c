#include "pki_fixture.h"

#include "pki/csr.h"
#include "pki/der.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static struct err e;
static struct pki_key *key;
static struct buf subject;

static struct buf make(const struct pki_csr_spec *spec, enum pki_digest digest)
{
    struct buf der;
    buf_init(&der, 65536);
    CHECK_OK(pki_csr_make(spec, key, digest, &der, &e), &e);
    return der;
}

static struct pki_csr_spec full_spec(void)
{
    return (struct pki_csr_spec){
        .subject = buf_span(&subject),
        .challenge = span_of_text("8CE317021F690069"),
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT,
        .ekus = &PKI_EKU_CLIENT_AUTH,
        .eku_count = 1,
        .san = span_of("\x30\x03\x82\x01z", 5),
    };
}

static void reads_what_it_makes(void **state)
{
    (void)state;
    for (int i = PKI_SHA1; i < PKI_DIGEST_COUNT; i++) {
        struct pki_csr_spec spec = full_spec();
        struct buf der = make(&spec, (enum pki_digest)i);
        struct pki_csr csr;
        CHECK_OK(pki_csr_read(buf_span(&der), &csr, &e), &e);
        assert_true(span_equal(csr.subject, buf_span(&subject)));
        assert_true(span_equal(csr.spki, pki_key_spki(key)));
        CHECK_SPAN(buf_span(&csr.challenge), "8CE317021F690069");
        assert_int_equal(csr.challenge_tag, DER_PRINTABLE_STRING);
        assert_int_equal(csr.key_usage, spec.key_usage);
        assert_true(csr.extensions.len > 0);
        pki_csr_clear(&csr);
        buf_clear(&der);
    }
}

static void openssl_reads_it_too(void **state)
{
    (void)state;
    struct pki_csr_spec spec = full_spec();
    struct buf der = make(&spec, PKI_SHA256);
    const unsigned char *at = der.data;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der.len);
    assert_non_null(req);
    assert_int_equal(X509_REQ_verify(req, pki_key_evp(key)), 1);
    assert_int_equal(X509_REQ_get_version(req), 0);
    assert_int_equal(X509_REQ_get_attr_count(req), 2);
    int index = X509_REQ_get_attr_by_NID(req, NID_pkcs9_challengePassword, -1);
    assert_true(index >= 0);
    const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(X509_REQ_get_attr(req, index), 0);
    assert_int_equal(ASN1_TYPE_get(value), V_ASN1_PRINTABLESTRING);
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    assert_int_equal(sk_X509_EXTENSION_num(extensions), 3);
    assert_true(X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1) >= 0);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    /* What OpenSSL writes from it is what we wrote: DER on both sides. */
    unsigned char *again = NULL;
    int len = i2d_X509_REQ(req, &again);
    assert_int_equal(len, der.len);
    assert_memory_equal(again, der.data, der.len);
    OPENSSL_free(again);
    X509_REQ_free(req);
    buf_clear(&der);
}

static void leaves_out_what_is_empty(void **state)
{
    (void)state;
    struct pki_csr_spec spec = {.subject = buf_span(&subject)};
    struct buf der = make(&spec, PKI_SHA256);
    struct pki_csr csr;
    CHECK_OK(pki_csr_read(buf_span(&der), &csr, &e), &e);
    assert_int_equal(csr.challenge.len, 0);
    assert_int_equal(csr.challenge_tag, 0);
    assert_int_equal(csr.extensions.len, 0);
    assert_int_equal(csr.key_usage, 0);
    pki_csr_clear(&csr);
    buf_clear(&der);
}

static void keeps_the_string_type_asked_for(void **state)
{
    (void)state;
    struct pki_csr_spec spec = full_spec();
    spec.challenge = span_of_text("p\xc3\xa4ss_word");
    spec.challenge_tag = pki_csr_challenge_tag(spec.challenge);
    assert_int_equal(spec.challenge_tag, DER_UTF8_STRING);
    assert_int_equal(pki_csr_challenge_tag(span_of_text("8CE317021F690069")), DER_PRINTABLE_STRING);
    struct buf der = make(&spec, PKI_SHA256);
    struct pki_csr csr;
    CHECK_OK(pki_csr_read(buf_span(&der), &csr, &e), &e);
    assert_int_equal(csr.challenge_tag, DER_UTF8_STRING);
    CHECK_SPAN(buf_span(&csr.challenge), "p\xc3\xa4ss_word");
    pki_csr_clear(&csr);
    buf_clear(&der);
}

static void reads_requests_of_openssl(void **state)
{
    (void)state;
    X509_REQ *req = X509_REQ_new();
    assert_int_equal(X509_REQ_set_version(req, 0), 1);
    assert_int_equal(X509_REQ_set_pubkey(req, pki_key_evp(key)), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
                                                (const unsigned char *)"foreign", -1, -1, 0),
                     1);
    assert_int_equal(X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, MBSTRING_UTF8,
                                               (const unsigned char *)"from_outside", -1),
                     1);
    assert_true(X509_REQ_sign(req, pki_key_evp(key), EVP_sha384()) > 0);
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(req, &der);
    struct pki_csr csr;
    CHECK_OK(pki_csr_read(span_of(der, (size_t)len), &csr, &e), &e);
    CHECK_SPAN(buf_span(&csr.challenge), "from_outside");
    assert_int_equal(csr.challenge_tag, DER_UTF8_STRING);
    pki_csr_clear(&csr);
    OPENSSL_free(der);
    X509_REQ_free(req);
}

/* EC devices exist; their requests are read through OpenSSL. */
static void reads_requests_of_other_keys(void **state)
{
    (void)state;
    struct buf pem = fixture_file("vectors/keys/ec256.pem");
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *ec = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(ec);
    X509_REQ *req = X509_REQ_new();
    X509_REQ_set_pubkey(req, ec);
    assert_true(X509_REQ_sign(req, ec, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(req, &der);
    struct pki_csr csr;
    CHECK_OK(pki_csr_read(span_of(der, (size_t)len), &csr, &e), &e);
    pki_csr_clear(&csr);
    der[len - 3] ^= 1;
    CHECK_FAILS(pki_csr_read(span_of(der, (size_t)len), &csr, &e), &e, REASON_BAD_SIGNATURE);
    pki_csr_clear(&csr);
    OPENSSL_free(der);
    X509_REQ_free(req);
    EVP_PKEY_free(ec);
    BIO_free(bio);
    buf_wipe(&pem);
}

static void refuses_what_was_tampered_with(void **state)
{
    (void)state;
    struct pki_csr_spec spec = full_spec();
    struct buf der = make(&spec, PKI_SHA256);
    struct pki_csr csr;
    der.data[der.len - 5] ^= 1;
    CHECK_FAILS(pki_csr_read(buf_span(&der), &csr, &e), &e, REASON_BAD_SIGNATURE);
    pki_csr_clear(&csr);
    for (size_t cut = 0; cut < der.len; cut += 3) {
        CHECK_FAILS(pki_csr_read(span_of(der.data, cut), &csr, &e), &e, REASON_MALFORMED);
        pki_csr_clear(&csr);
    }
    buf_clear(&der);
}

static void says_so_when_there_is_no_room(void **state)
{
    (void)state;
    struct pki_csr_spec spec = full_spec();
    for (size_t max = 10; max < 700; max += 30) {
        struct buf der;
        buf_init(&der, max);
        CHECK_FAILS(pki_csr_make(&spec, key, PKI_SHA256, &der, &e), &e, REASON_LIMIT);
        buf_clear(&der);
    }
}

static int start(void **state)
{
    (void)state;
    if (!pki_init(&e))
        return 1;
    key = fixture_key("rsa2048-device");
    subject = fixture_name("CN=phone-7,OU=scepstorm");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pki_key_free(key);
    buf_clear(&subject);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_makes),
        cmocka_unit_test(openssl_reads_it_too),
        cmocka_unit_test(leaves_out_what_is_empty),
        cmocka_unit_test(keeps_the_string_type_asked_for),
        cmocka_unit_test(reads_requests_of_openssl),
        cmocka_unit_test(reads_requests_of_other_keys),
        cmocka_unit_test(refuses_what_was_tampered_with),
        cmocka_unit_test(says_so_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
