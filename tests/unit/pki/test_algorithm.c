#include "check.h"
#include "pki/algorithm.h"

static struct err e;

static void names_lead_back(void **state)
{
    (void)state;
    for (int i = 0; i < PKI_DIGEST_COUNT; i++) {
        enum pki_digest digest = (enum pki_digest)i;
        enum pki_digest back = PKI_DIGEST_COUNT;
        assert_true(pki_digest_from_name(pki_digest_name(digest), &back));
        assert_int_equal(back, digest);
        assert_true(pki_digest_from_oid(pki_digest_oid(digest), &back));
        assert_int_equal(back, digest);
        assert_true(pki_rsa_signature_from_oid(pki_rsa_signature_oid(digest), &back));
        assert_int_equal(back, digest);
        assert_int_equal(EVP_MD_get_size(pki_evp_digest(digest)), pki_digest_bytes(digest));
    }
    for (int i = 0; i < PKI_CIPHER_COUNT; i++) {
        enum pki_cipher cipher = (enum pki_cipher)i;
        enum pki_cipher back = PKI_CIPHER_COUNT;
        assert_true(pki_cipher_from_name(pki_cipher_name(cipher), &back));
        assert_int_equal(back, cipher);
        assert_true(pki_cipher_from_oid(pki_cipher_oid(cipher), &back));
        assert_int_equal(back, cipher);
        if (pki_evp_cipher(cipher) == NULL)
            continue;
        assert_int_equal(EVP_CIPHER_get_key_length(pki_evp_cipher(cipher)), pki_cipher_key_bytes(cipher));
        assert_int_equal(EVP_CIPHER_get_block_size(pki_evp_cipher(cipher)), pki_cipher_block_bytes(cipher));
    }
}

static void unknown_names_leave_the_output_alone(void **state)
{
    (void)state;
    enum pki_digest digest = PKI_SHA384;
    enum pki_cipher cipher = PKI_AES192_CBC;
    assert_false(pki_digest_from_name("sha3", &digest));
    assert_false(pki_cipher_from_name("rc2", &cipher));
    assert_false(pki_digest_from_oid(span_of_text("x"), &digest));
    assert_false(pki_rsa_signature_from_oid(span_of_text("x"), &digest));
    assert_false(pki_cipher_from_oid(span_of(NULL, 0), &cipher));
    assert_int_equal(digest, PKI_SHA384);
    assert_int_equal(cipher, PKI_AES192_CBC);
}

static void hashes_the_known_answer(void **state)
{
    (void)state;
    uint8_t out[EVP_MAX_MD_SIZE];
    size_t len;
    CHECK_OK(pki_hash(PKI_SHA256, span_of_text("abc"), out, &len, &e), &e);
    assert_int_equal(len, 32);
    assert_memory_equal(out, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8);
    CHECK_OK(pki_hash(PKI_SHA1, span_of(NULL, 0), out, &len, &e), &e);
    assert_memory_equal(out, "\xda\x39\xa3\xee", 4);
}

static void every_cipher_goes_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < PKI_CIPHER_COUNT; i++) {
        enum pki_cipher cipher = (enum pki_cipher)i;
        uint8_t key[EVP_MAX_KEY_LENGTH];
        uint8_t iv[EVP_MAX_IV_LENGTH] = {1, 2, 3};
        struct buf secret;
        struct buf clear;
        buf_init(&secret, 1000);
        buf_init(&clear, 1000);
        if (pki_evp_cipher(cipher) == NULL) {
            CHECK_FAILS(pki_encrypt(cipher, key, iv, span_of_text("x"), &secret, &e), &e,
                        REASON_UNSUPPORTED_ALGORITHM);
            continue;
        }
        CHECK_OK(pki_cipher_new_key(cipher, key, &e), &e);
        CHECK_OK(pki_encrypt(cipher, key, iv, span_of_text("sixteen bytes ok"), &secret, &e), &e);
        assert_int_equal(secret.len, 16 + pki_cipher_block_bytes(cipher));
        CHECK_OK(pki_decrypt(cipher, key, iv, buf_span(&secret), &clear, &e), &e);
        CHECK_SPAN(buf_span(&clear), "sixteen bytes ok");
        buf_reset(&clear);
        CHECK_FAILS(pki_decrypt(cipher, key, iv, span_of(secret.data, secret.len - 1), &clear, &e), &e,
                    REASON_DECRYPT);
        CHECK_FAILS(pki_decrypt(cipher, key, iv, span_of(NULL, 0), &clear, &e), &e, REASON_DECRYPT);
        buf_clear(&secret);
        buf_clear(&clear);
    }
}

static void des_keys_have_odd_parity(void **state)
{
    (void)state;
    uint8_t key[EVP_MAX_KEY_LENGTH];
    CHECK_OK(pki_cipher_new_key(PKI_DES3_CBC, key, &e), &e);
    for (size_t i = 0; i < 24; i++)
        assert_int_equal(__builtin_popcount(key[i]) % 2, 1);
}

static void output_has_a_ceiling(void **state)
{
    (void)state;
    uint8_t key[EVP_MAX_KEY_LENGTH] = {0};
    struct buf tiny;
    buf_init(&tiny, 8);
    CHECK_FAILS(pki_encrypt(PKI_AES128_CBC, key, key, span_of_text("more than eight"), &tiny, &e), &e,
                REASON_LIMIT);
    buf_clear(&tiny);
}

static int start(void **state)
{
    (void)state;
    return pki_init(&e) && pki_init(&e) ? 0 : 1; /* twice is harmless */
}

static int stop(void **state)
{
    (void)state;
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_back),          cmocka_unit_test(unknown_names_leave_the_output_alone),
        cmocka_unit_test(hashes_the_known_answer),  cmocka_unit_test(every_cipher_goes_there_and_back),
        cmocka_unit_test(des_keys_have_odd_parity), cmocka_unit_test(output_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
