/* OpenSSL's CMS as the independent counterpart: it reads what we write, we read what it writes. */
#include "forge.h"

#include <openssl/cms.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static struct err e;
static struct exchange x;
static OSSL_PROVIDER *legacy; /* so that OpenSSL's side knows single DES */
static OSSL_PROVIDER *standard;

static X509 *x509_of(struct span der)
{
    const unsigned char *at = der.data;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    assert_non_null(cert);
    return cert;
}

static CMS_ContentInfo *cms_of(struct span der)
{
    const unsigned char *at = der.data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
    assert_non_null(cms);
    return cms;
}

static struct buf bio_bytes(BIO *bio)
{
    struct buf out;
    buf_init(&out, BYTES_MAX_MESSAGE);
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    assert_true(buf_append(&out, data, (size_t)len));
    return out;
}

/* Verified and decrypted by OpenSSL, with nothing of ours in between. */
static struct buf opened_by_openssl(struct span message, X509 *signer, X509 *recipient, EVP_PKEY *key)
{
    CMS_ContentInfo *outer = cms_of(message);
    STACK_OF(X509) *signers = sk_X509_new_null();
    sk_X509_push(signers, signer);
    BIO *content = BIO_new(BIO_s_mem());
    assert_int_equal(CMS_verify(outer, signers, NULL, NULL, content,
                                CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY | CMS_NOINTERN),
                     1);
    struct buf envelope = bio_bytes(content);
    CMS_ContentInfo *inner = cms_of(buf_span(&envelope));
    BIO *clear = BIO_new(BIO_s_mem());
    assert_int_equal(CMS_decrypt(inner, key, recipient, NULL, clear, CMS_BINARY), 1);
    struct buf result = bio_bytes(clear);
    BIO_free(clear);
    BIO_free(content);
    CMS_ContentInfo_free(inner);
    CMS_ContentInfo_free(outer);
    sk_X509_free(signers);
    buf_clear(&envelope);
    return result;
}

static const char *const sizes[] = {"rsa2048-other", "rsa3072", "rsa4096"};

static void openssl_reads_our_requests(void **state)
{
    (void)state;
    X509 *recipient = x509_of(pki_cert_der(x.f.ra_encrypt));
    for (size_t size = 0; size < 3; size++) {
        struct pki_key *key = fixture_key(sizes[size]);
        struct buf signer;
        buf_init(&signer, 65536);
        CHECK_OK(scep_signer_make(buf_span(&x.subject), key, PKI_SHA256, FIXTURE_NOW_S, 9, &signer, &e), &e);
        X509 *signer_x509 = x509_of(buf_span(&signer));
        for (int cipher = 0; cipher < PKI_CIPHER_COUNT; cipher++) {
            for (int transport = 0; transport < PKI_TRANSPORT_COUNT; transport++) {
                struct scep_request_spec spec = exchange_request(&x);
                spec.signer_cert = buf_span(&signer);
                spec.signer_key = key;
                spec.digest = (enum pki_digest)(PKI_SHA1 + cipher % 4);
                spec.cipher = (enum pki_cipher)cipher;
                spec.transport = (enum pki_transport)transport;
                spec.signing_time = FIXTURE_NOW_S;
                if (pki_evp_cipher(spec.cipher) == NULL)
                    continue;
                struct buf message;
                buf_init(&message, BYTES_MAX_MESSAGE);
                CHECK_OK(scep_request_build(&spec, &message, &e), &e);
                struct buf csr = opened_by_openssl(buf_span(&message), signer_x509, recipient,
                                                   pki_key_evp(x.f.ra_encrypt_key));
                assert_true(span_equal(buf_span(&csr), buf_span(&x.csr)));
                buf_clear(&csr);
                buf_clear(&message);
            }
        }
        X509_free(signer_x509);
        buf_clear(&signer);
        pki_key_free(key);
    }
    X509_free(recipient);
}

static void openssl_reads_our_replies(void **state)
{
    (void)state;
    X509 *signer = x509_of(pki_cert_der(x.f.ra_sign));
    X509 *device = x509_of(buf_span(&x.signer));
    for (int digest = PKI_SHA1; digest < PKI_DIGEST_COUNT; digest++) {
        struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
        spec.digest = (enum pki_digest)digest;
        spec.transport = digest % 2 == 0 ? PKI_RSA_OAEP : PKI_RSA_PKCS1;
        struct buf message = exchange_build(&spec);
        struct buf content =
            opened_by_openssl(buf_span(&message), signer, device, pki_key_evp(x.f.device_key));
        CMS_ContentInfo *degenerate = cms_of(buf_span(&content));
        STACK_OF(X509) *certs = CMS_get1_certs(degenerate);
        assert_int_equal(sk_X509_num(certs), 1);
        X509 *leaf = x509_of(pki_cert_der(x.leaf));
        assert_int_equal(X509_cmp(sk_X509_value(certs, 0), leaf), 0);
        X509_free(leaf);
        sk_X509_pop_free(certs, X509_free);
        CMS_ContentInfo_free(degenerate);
        buf_clear(&content);
        buf_clear(&message);
    }
    X509_free(signer);
    X509_free(device);
}

/* What OpenSSL is to write. */
struct foreign {
    unsigned flags; /* CMS_USE_KEYID, CMS_NOCERTS ... on both layers */
    bool stream;    /* BER with indefinite lengths */
    const EVP_CIPHER *cipher;
    const EVP_MD *digest;
    bool oaep;
    const EVP_MD *oaep_digest; /* NULL: the default */
    const char *message_type;
    const char *pki_status; /* NULL: a request */
    X509 *recipient;
    X509 *signer;
    EVP_PKEY *signer_key;
    struct span content;
};

static struct buf written(CMS_ContentInfo *cms, BIO *data, unsigned flags)
{
    BIO *out = BIO_new(BIO_s_mem());
    assert_int_equal(i2d_CMS_bio_stream(out, cms, data, (int)flags), 1);
    struct buf bytes = bio_bytes(out);
    BIO_free(out);
    return bytes;
}

static struct buf envelope_by_openssl(const struct foreign *f)
{
    unsigned flags = f->flags | CMS_BINARY | CMS_PARTIAL | (f->stream ? CMS_STREAM : 0);
    CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, f->cipher, flags);
    assert_non_null(cms);
    CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, f->recipient, f->flags | CMS_KEY_PARAM);
    assert_non_null(ri);
    if (f->oaep) {
        EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
        if (f->oaep_digest != NULL)
            assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, f->oaep_digest), 1);
    }
    BIO *in = BIO_new_mem_buf(f->content.data, (int)f->content.len);
    if (!f->stream)
        assert_int_equal(CMS_final(cms, in, NULL, flags), 1);
    struct buf bytes = written(cms, in, flags);
    BIO_free(in);
    CMS_ContentInfo_free(cms);
    return bytes;
}

static void add_attribute(CMS_SignerInfo *si, const char *oid, int type, const void *bytes, size_t len)
{
    assert_int_equal(CMS_signed_add1_attr_by_txt(si, oid, type, bytes, (int)len), 1);
}

static struct buf message_by_openssl(const struct foreign *f)
{
    struct buf envelope = envelope_by_openssl(f);
    unsigned flags = f->flags | CMS_BINARY | CMS_PARTIAL | (f->stream ? CMS_STREAM : 0);
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
    assert_non_null(cms);
    CMS_SignerInfo *si = CMS_add1_signer(cms, f->signer, f->signer_key, f->digest, f->flags | CMS_PARTIAL);
    assert_non_null(si);
    add_attribute(si, "2.16.840.1.113733.1.9.2", V_ASN1_PRINTABLESTRING, f->message_type,
                  strlen(f->message_type));
    add_attribute(si, "2.16.840.1.113733.1.9.7", V_ASN1_PRINTABLESTRING, x.transaction.id,
                  strlen(x.transaction.id));
    add_attribute(si, f->pki_status != NULL ? "2.16.840.1.113733.1.9.6" : "2.16.840.1.113733.1.9.5",
                  V_ASN1_OCTET_STRING, x.transaction.sender_nonce, SCEP_NONCE_BYTES);
    if (f->pki_status != NULL)
        add_attribute(si, "2.16.840.1.113733.1.9.3", V_ASN1_PRINTABLESTRING, f->pki_status,
                      strlen(f->pki_status));
    BIO *in = BIO_new_mem_buf(envelope.data, (int)envelope.len);
    if (!f->stream)
        assert_int_equal(CMS_final(cms, in, NULL, flags), 1);
    struct buf bytes = written(cms, in, flags);
    BIO_free(in);
    CMS_ContentInfo_free(cms);
    buf_clear(&envelope);
    return bytes;
}

static const EVP_MD *digest_of(int i)
{
    const EVP_MD *all[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
    return all[i % 4];
}

static const EVP_CIPHER *cipher_of(int i)
{
    const EVP_CIPHER *all[PKI_CIPHER_COUNT] = {EVP_des_cbc(), EVP_des_ede3_cbc(), EVP_aes_128_cbc(),
                                               EVP_aes_192_cbc(), EVP_aes_256_cbc()};
    return all[i];
}

static void check_request(const struct foreign *f, int cipher)
{
    struct buf message = message_by_openssl(f);
    struct scep_request got;
    CHECK_OK(scep_request_open(buf_span(&message), x.f.ra_encrypt, x.f.ra_encrypt_key, &got, &e), &e);
    assert_true(span_equal(buf_span(&got.content), f->content));
    assert_int_equal(got.type, SCEP_PKCS_REQ);
    assert_string_equal(got.transaction.id, x.transaction.id);
    assert_int_equal(got.cipher, cipher);
    assert_int_equal(got.transport, f->oaep ? PKI_RSA_OAEP : PKI_RSA_PKCS1);
    scep_request_clear(&got);
    buf_clear(&message);
}

static void we_read_requests_of_openssl(void **state)
{
    (void)state;
    X509 *recipient = x509_of(pki_cert_der(x.f.ra_encrypt));
    for (size_t size = 0; size < 3; size++) {
        struct pki_key *key = fixture_key(sizes[size]);
        struct buf signer;
        buf_init(&signer, 65536);
        CHECK_OK(scep_signer_make(buf_span(&x.subject), key, PKI_SHA256, FIXTURE_NOW_S, 9, &signer, &e), &e);
        struct foreign f = {
            .message_type = "19",
            .recipient = recipient,
            .signer = x509_of(buf_span(&signer)),
            .signer_key = pki_key_evp(key),
            .content = buf_span(&x.csr),
        };
        for (int cipher = 0; cipher < PKI_CIPHER_COUNT; cipher++) {
            for (int variant = 0; variant < 8; variant++) {
                f.cipher = cipher_of(cipher);
                f.digest = digest_of(cipher + variant);
                f.oaep = (variant & 1) != 0;
                f.stream = (variant & 2) != 0;
                f.flags = (variant & 4) != 0 ? CMS_USE_KEYID : 0;
                if (pki_evp_cipher((enum pki_cipher)cipher) != NULL)
                    check_request(&f, cipher);
            }
        }
        X509_free(f.signer);
        buf_clear(&signer);
        pki_key_free(key);
    }
    X509_free(recipient);
}

static void we_read_replies_of_openssl(void **state)
{
    (void)state;
    struct buf degenerate;
    buf_init(&degenerate, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make(x.certs, 1, &degenerate, &e), &e);
    struct foreign f = {
        .message_type = "3",
        .pki_status = "0",
        .recipient = x509_of(buf_span(&x.signer)),
        .signer = x509_of(pki_cert_der(x.f.ra_sign)),
        .signer_key = pki_key_evp(x.f.ra_sign_key),
        .content = buf_span(&degenerate),
    };
    struct scep_expected expected = exchange_expected(&x);
    for (int cipher = 0; cipher < PKI_CIPHER_COUNT; cipher++) {
        for (int variant = 0; variant < 16; variant++) {
            f.cipher = cipher_of(cipher);
            f.digest = digest_of(cipher + variant);
            f.oaep = (variant & 1) != 0;
            f.stream = (variant & 2) != 0;
            f.flags = ((variant & 4) != 0 ? CMS_USE_KEYID : 0) | ((variant & 8) != 0 ? CMS_NOCERTS : 0);
            if (pki_evp_cipher((enum pki_cipher)cipher) == NULL)
                continue;
            struct buf message = message_by_openssl(&f);
            struct scep_certrep rep;
            CHECK_OK(scep_certrep_read(buf_span(&message), &expected, &rep, &e), &e);
            assert_int_equal(rep.cipher, cipher);
            assert_int_equal(rep.transport, f.oaep ? PKI_RSA_OAEP : PKI_RSA_PKCS1);
            scep_certrep_clear(&rep);
            buf_clear(&message);
        }
    }
    X509_free(f.recipient);
    X509_free(f.signer);
    buf_clear(&degenerate);
}

/* Explicit OAEP parameters: the defaults spelled out are read, SHA-256 is refused by name. */
static void oaep_parameters(void **state)
{
    (void)state;
    struct foreign f = {
        .message_type = "19",
        .oaep = true,
        .cipher = EVP_aes_128_cbc(),
        .digest = EVP_sha256(),
        .recipient = x509_of(pki_cert_der(x.f.ra_encrypt)),
        .signer = x509_of(buf_span(&x.signer)),
        .signer_key = pki_key_evp(x.f.device_key),
        .content = buf_span(&x.csr),
    };
    f.oaep_digest = EVP_sha1();
    check_request(&f, PKI_AES128_CBC);
    f.oaep_digest = EVP_sha256();
    struct buf message = message_by_openssl(&f);
    struct scep_request got;
    CHECK_FAILS(scep_request_open(buf_span(&message), x.f.ra_encrypt, x.f.ra_encrypt_key, &got, &e), &e,
                REASON_UNSUPPORTED_ALGORITHM);
    scep_request_clear(&got);
    buf_clear(&message);
    X509_free(f.recipient);
    X509_free(f.signer);
}

static void openssl_reads_our_certificate_list(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, BYTES_MAX_MESSAGE);
    CHECK_OK(
        scep_degenerate_make((const struct pki_cert *[]){x.f.ra_sign, x.f.ra_encrypt, x.f.ca}, 3, &body, &e),
        &e);
    CMS_ContentInfo *cms = cms_of(buf_span(&body));
    STACK_OF(X509) *certs = CMS_get1_certs(cms);
    assert_int_equal(sk_X509_num(certs), 3);
    sk_X509_pop_free(certs, X509_free);
    CMS_ContentInfo_free(cms);
    buf_clear(&body);
}

static int start(void **state)
{
    (void)state;
    legacy = OSSL_PROVIDER_load(NULL, "legacy");
    standard = OSSL_PROVIDER_load(NULL, "default");
    exchange_open(&x);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    exchange_close(&x);
    if (legacy != NULL)
        OSSL_PROVIDER_unload(legacy);
    OSSL_PROVIDER_unload(standard);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_reads_our_requests),
        cmocka_unit_test(openssl_reads_our_replies),
        cmocka_unit_test(we_read_requests_of_openssl),
        cmocka_unit_test(we_read_replies_of_openssl),
        cmocka_unit_test(oaep_parameters),
        cmocka_unit_test(openssl_reads_our_certificate_list),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
