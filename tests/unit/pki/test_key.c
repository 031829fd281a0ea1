#include "pki_fixture.h"

#include "pki/der.h"
#include "pki/spki.h"

#include <openssl/x509.h>

static struct err e;
static struct pki_key *key;

static void from_pem(const char *path, enum reason reason, const char *says)
{
    struct buf pem = fixture_file(path);
    struct pki_key *k = NULL;
    bool ok = pki_key_from_pem(buf_span(&pem), &k, &e);
    assert_int_equal(ok, reason == REASON_NONE);
    assert_int_equal(e.reason, reason);
    if (!ok)
        assert_non_null(strstr(e.text, says));
    e = (struct err){0};
    pki_key_free(k);
    buf_wipe(&pem);
}

static void reads_the_usual_files(void **state)
{
    (void)state;
    from_pem("vectors/keys/rsa2048-device.pem", REASON_NONE, "");
    from_pem("vectors/keys/rsa2048-device-pkcs1.pem", REASON_NONE, "");
    from_pem("vectors/keys/rsa2048-device-encrypted.pem", REASON_MALFORMED, "encrypted");
    from_pem("vectors/keys/ec256.pem", REASON_NONE, "");
    from_pem("vectors/keys/ec256-ca.pem", REASON_MALFORMED, "no private key");
    from_pem("vectors/README.md", REASON_MALFORMED, "no private key");
}

static void encodes_the_public_key_as_openssl_does(void **state)
{
    (void)state;
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pki_key_evp(key), &der);
    assert_true(len > 0);
    assert_int_equal(pki_key_spki(key).len, len);
    assert_memory_equal(pki_key_spki(key).data, der, (size_t)len);
    OPENSSL_free(der);
    assert_int_equal(pki_key_bits(key), 2048);
    struct span inner = pki_key_rsa_public(key);
    assert_int_equal(inner.data[0], DER_SEQUENCE);
    assert_ptr_equal(inner.data + inner.len, pki_key_spki(key).data + pki_key_spki(key).len);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct buf der;
    buf_init(&der, 16384);
    CHECK_OK(pki_key_to_der(key, &der, &e), &e);
    struct pki_key *back = NULL;
    CHECK_OK(pki_key_from_der(buf_span(&der), &back, &e), &e);
    assert_true(span_equal(pki_key_spki(back), pki_key_spki(key)));
    assert_int_equal(EVP_PKEY_eq(pki_key_evp(back), pki_key_evp(key)), 1);
    for (size_t cut = 0; cut < der.len; cut += 7) {
        struct pki_key *broken = NULL;
        CHECK_FAILS(pki_key_from_der(span_of(der.data, cut), &broken, &e), &e, REASON_MALFORMED);
    }
    pki_key_free(back);
    buf_wipe(&der);
}

static void generates_keys_within_bounds(void **state)
{
    (void)state;
    struct pki_key *fresh = NULL;
    CHECK_FAILS(pki_key_generate_rsa(512, &fresh, &e), &e, REASON_USAGE);
    CHECK_FAILS(pki_key_generate_rsa(9000, &fresh, &e), &e, REASON_USAGE);
    CHECK_OK(pki_key_generate_rsa(1024, &fresh, &e), &e);
    assert_int_equal(pki_key_bits(fresh), 1024);
    pki_key_free(fresh);
    pki_key_free(NULL);
}

static void signs_and_verifies_with_every_digest(void **state)
{
    (void)state;
    static const char *const names[] = {"rsa2048-device", "rsa3072", "rsa4096"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        struct pki_key *k = fixture_key(names[n]);
        for (int i = PKI_SHA1; i < PKI_DIGEST_COUNT; i++) {
            struct buf signature;
            buf_init(&signature, 1000);
            CHECK_OK(pki_key_sign(k, (enum pki_digest)i, span_of_text("text"), &signature, &e), &e);
            assert_int_equal(signature.len, pki_key_bits(k) / 8);
            CHECK_OK(pki_verify(pki_key_evp(k), (enum pki_digest)i, span_of_text("text"),
                                buf_span(&signature), &e),
                     &e);
            CHECK_FAILS(pki_verify(pki_key_evp(k), (enum pki_digest)i, span_of_text("Text"),
                                   buf_span(&signature), &e),
                        &e, REASON_BAD_SIGNATURE);
            signature.data[10] ^= 1;
            CHECK_FAILS(pki_verify(pki_key_evp(k), (enum pki_digest)i, span_of_text("text"),
                                   buf_span(&signature), &e),
                        &e, REASON_BAD_SIGNATURE);
            CHECK_FAILS(
                pki_verify(pki_key_evp(k), (enum pki_digest)i, span_of_text("text"), span_of(NULL, 0), &e),
                &e, REASON_BAD_SIGNATURE);
            buf_clear(&signature);
        }
        pki_key_free(k);
    }
}

static void wraps_and_unwraps(void **state)
{
    (void)state;
    struct pki_key *other = fixture_key("rsa2048-other");
    for (int i = 0; i < PKI_TRANSPORT_COUNT; i++) {
        enum pki_transport transport = (enum pki_transport)i;
        struct buf wrapped;
        struct buf clear;
        buf_init(&wrapped, 1000);
        buf_init(&clear, 1000);
        CHECK_OK(pki_wrap(pki_key_evp(key), transport, span_of_text("0123456789abcdef"), &wrapped, &e), &e);
        CHECK_OK(pki_key_unwrap(key, transport, buf_span(&wrapped), &clear, &e), &e);
        CHECK_SPAN(buf_span(&clear), "0123456789abcdef");
        /* An OpenSSL with implicit rejection hands out random bytes here, never the secret. */
        buf_reset(&clear);
        if (pki_key_unwrap(other, transport, buf_span(&wrapped), &clear, &e))
            assert_false(span_equal_text(buf_span(&clear), "0123456789abcdef"));
        else
            assert_int_equal(e.reason, REASON_DECRYPT);
        e = (struct err){0};
        CHECK_FAILS(pki_key_unwrap(key, PKI_RSA_OAEP, span_of(wrapped.data, 17), &clear, &e), &e,
                    REASON_DECRYPT);
        buf_wipe(&clear);
        buf_clear(&wrapped);
    }
    pki_key_free(other);
}

static void decodes_public_keys(void **state)
{
    (void)state;
    EVP_PKEY *decoded = NULL;
    CHECK_OK(pki_spki_decode(pki_key_spki(key), &decoded, &e), &e);
    assert_int_equal(EVP_PKEY_eq(decoded, pki_key_evp(key)), 1);
    EVP_PKEY_free(decoded);

    struct pki_cert *ec = fixture_cert_file("vectors/keys/ec256-ca.pem");
    assert_false(pki_spki_is_rsa(pki_cert_spki(ec), NULL));
    CHECK_OK(pki_spki_decode(pki_cert_spki(ec), &decoded, &e), &e);
    EVP_PKEY_free(decoded);
    pki_cert_free(ec);
}

/* Numbers that OpenSSL would chew on for a long time, or not at all. */
static void refuses_odd_public_keys(void **state)
{
    (void)state;
    static const struct {
        size_t n_bytes;
        uint8_t last;
        size_t e_bytes;
    } odd[] = {{63, 1, 3}, {256, 2, 3}, {1025, 1, 3}, {256, 1, 9}, {256, 1, 0}, {0, 1, 3}};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        uint8_t n[1025];
        memset(n, 0x7f, sizeof n);
        if (odd[i].n_bytes > 0)
            n[odd[i].n_bytes - 1] = odd[i].last;
        struct buf spki;
        buf_init(&spki, 4096);
        size_t outer = der_begin(&spki, DER_SEQUENCE);
        size_t algorithm = der_begin(&spki, DER_SEQUENCE);
        der_put_oid(&spki, span_of("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9));
        der_end(&spki, algorithm);
        size_t bits = der_begin(&spki, DER_BIT_STRING);
        buf_append_byte(&spki, 0);
        size_t numbers = der_begin(&spki, DER_SEQUENCE);
        der_put_integer(&spki, span_of(n, odd[i].n_bytes));
        der_put_integer(&spki, span_of("\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x01", odd[i].e_bytes));
        der_end(&spki, numbers);
        der_end(&spki, bits);
        der_end(&spki, outer);
        EVP_PKEY *decoded = NULL;
        CHECK_FAILS(pki_spki_decode(buf_span(&spki), &decoded, &e), &e, REASON_MALFORMED);
        buf_clear(&spki);
    }
}

static int start(void **state)
{
    (void)state;
    if (!pki_init(&e))
        return 1;
    key = fixture_key("rsa2048-device");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pki_key_free(key);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_usual_files),
        cmocka_unit_test(encodes_the_public_key_as_openssl_does),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(generates_keys_within_bounds),
        cmocka_unit_test(signs_and_verifies_with_every_digest),
        cmocka_unit_test(wraps_and_unwraps),
        cmocka_unit_test(decodes_public_keys),
        cmocka_unit_test(refuses_odd_public_keys),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
