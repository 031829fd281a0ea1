#include "pki/algorithm.h"

#include "base/random.h"
#include "pki/fail.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>

#define OID(bytes)                                                                                           \
    {                                                                                                        \
        (const uint8_t *)bytes, sizeof bytes - 1                                                             \
    }

static const struct digest {
    const char *name;
    const char *openssl_name;
    size_t bytes;
    struct span oid;
    struct span rsa_oid;
    struct span ecdsa_oid;
} digests[PKI_DIGEST_COUNT] = {
    [PKI_MD5] = {"md5", "MD5", 16, OID("\x2a\x86\x48\x86\xf7\x0d\x02\x05"),
                 OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), OID("")},
    [PKI_SHA1] = {"sha1", "SHA1", 20, OID("\x2b\x0e\x03\x02\x1a"),
                  OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), OID("\x2a\x86\x48\xce\x3d\x04\x01")},
    [PKI_SHA256] = {"sha256", "SHA256", 32, OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"),
                    OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), OID("\x2a\x86\x48\xce\x3d\x04\x03\x02")},
    [PKI_SHA384] = {"sha384", "SHA384", 48, OID("\x60\x86\x48\x01\x65\x03\x04\x02\x02"),
                    OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), OID("\x2a\x86\x48\xce\x3d\x04\x03\x03")},
    [PKI_SHA512] = {"sha512", "SHA512", 64, OID("\x60\x86\x48\x01\x65\x03\x04\x02\x03"),
                    OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), OID("\x2a\x86\x48\xce\x3d\x04\x03\x04")},
};

static const struct cipher {
    const char *name;
    const char *openssl_name;
    size_t key_bytes;
    size_t block_bytes;
    struct span oid;
} ciphers[PKI_CIPHER_COUNT] = {
    [PKI_DES_CBC] = {"des-cbc", "DES-CBC", 8, 8, OID("\x2b\x0e\x03\x02\x07")},
    [PKI_DES3_CBC] = {"3des-cbc", "DES-EDE3-CBC", 24, 8, OID("\x2a\x86\x48\x86\xf7\x0d\x03\x07")},
    [PKI_AES128_CBC] = {"aes128-cbc", "AES-128-CBC", 16, 16, OID("\x60\x86\x48\x01\x65\x03\x04\x01\x02")},
    [PKI_AES192_CBC] = {"aes192-cbc", "AES-192-CBC", 24, 16, OID("\x60\x86\x48\x01\x65\x03\x04\x01\x16")},
    [PKI_AES256_CBC] = {"aes256-cbc", "AES-256-CBC", 32, 16, OID("\x60\x86\x48\x01\x65\x03\x04\x01\x2a")},
};

static const char *const transports[PKI_TRANSPORT_COUNT] = {
    [PKI_RSA_PKCS1] = "rsa-pkcs1",
    [PKI_RSA_OAEP] = "rsa-oaep",
};

/* Written by pki_init before any thread starts, only read afterwards. */
static struct {
    bool ready;
    EVP_MD *digests[PKI_DIGEST_COUNT];
    EVP_CIPHER *ciphers[PKI_CIPHER_COUNT];
    OSSL_LIB_CTX *legacy;
    OSSL_PROVIDER *legacy_provider;
} fetched;

/* Single DES lives in the legacy provider. Loaded beside the default context, it cannot weaken anything else. */
static void fetch_des(void)
{
    fetched.legacy = OSSL_LIB_CTX_new();
    if (fetched.legacy != NULL)
        fetched.legacy_provider = OSSL_PROVIDER_load(fetched.legacy, "legacy");
    if (fetched.legacy_provider != NULL)
        fetched.ciphers[PKI_DES_CBC] =
            EVP_CIPHER_fetch(fetched.legacy, ciphers[PKI_DES_CBC].openssl_name, NULL);
    pki_forget_errors();
}

/* MD5 may be missing (FIPS); the others must be there. */
static bool fetch_all(struct err *e)
{
    for (int i = 0; i < PKI_DIGEST_COUNT; i++) {
        fetched.digests[i] = EVP_MD_fetch(NULL, digests[i].openssl_name, NULL);
        if (fetched.digests[i] == NULL && i != PKI_MD5)
            return pki_fail(e, STAGE_SETUP, REASON_CRYPTO, digests[i].openssl_name);
    }
    for (int i = 0; i < PKI_CIPHER_COUNT; i++) {
        if (i == PKI_DES_CBC)
            continue;
        fetched.ciphers[i] = EVP_CIPHER_fetch(NULL, ciphers[i].openssl_name, NULL);
        if (fetched.ciphers[i] == NULL)
            return pki_fail(e, STAGE_SETUP, REASON_CRYPTO, ciphers[i].openssl_name);
    }
    fetch_des();
    return true;
}

bool pki_init(struct err *e)
{
    if (fetched.ready)
        return true;
    if (!fetch_all(e)) {
        pki_cleanup();
        return false;
    }
    fetched.ready = true;
    return true;
}

void pki_cleanup(void)
{
    for (int i = 0; i < PKI_DIGEST_COUNT; i++)
        EVP_MD_free(fetched.digests[i]);
    for (int i = 0; i < PKI_CIPHER_COUNT; i++)
        EVP_CIPHER_free(fetched.ciphers[i]);
    if (fetched.legacy_provider != NULL)
        OSSL_PROVIDER_unload(fetched.legacy_provider);
    OSSL_LIB_CTX_free(fetched.legacy);
    memset(&fetched, 0, sizeof fetched);
}

const char *pki_digest_name(enum pki_digest digest)
{
    return digests[digest].name;
}

const char *pki_cipher_name(enum pki_cipher cipher)
{
    return ciphers[cipher].name;
}

const char *pki_transport_name(enum pki_transport transport)
{
    return transports[transport];
}

bool pki_digest_from_name(const char *name, enum pki_digest *out)
{
    for (int i = 0; i < PKI_DIGEST_COUNT; i++) {
        if (strcmp(name, digests[i].name) == 0) {
            *out = (enum pki_digest)i;
            return true;
        }
    }
    return false;
}

bool pki_cipher_from_name(const char *name, enum pki_cipher *out)
{
    for (int i = 0; i < PKI_CIPHER_COUNT; i++) {
        if (strcmp(name, ciphers[i].name) == 0) {
            *out = (enum pki_cipher)i;
            return true;
        }
    }
    return false;
}

size_t pki_digest_bytes(enum pki_digest digest)
{
    return digests[digest].bytes;
}

size_t pki_cipher_key_bytes(enum pki_cipher cipher)
{
    return ciphers[cipher].key_bytes;
}

size_t pki_cipher_block_bytes(enum pki_cipher cipher)
{
    return ciphers[cipher].block_bytes;
}

const EVP_MD *pki_evp_digest(enum pki_digest digest)
{
    return fetched.digests[digest];
}

const EVP_CIPHER *pki_evp_cipher(enum pki_cipher cipher)
{
    return fetched.ciphers[cipher];
}

struct span pki_digest_oid(enum pki_digest digest)
{
    return digests[digest].oid;
}

struct span pki_cipher_oid(enum pki_cipher cipher)
{
    return ciphers[cipher].oid;
}

struct span pki_ecdsa_signature_oid(enum pki_digest digest)
{
    return digests[digest].ecdsa_oid;
}

struct span pki_rsa_signature_oid(enum pki_digest digest)
{
    return digests[digest].rsa_oid;
}

bool pki_digest_from_oid(struct span oid, enum pki_digest *out)
{
    for (int i = 0; i < PKI_DIGEST_COUNT; i++) {
        if (span_equal(oid, digests[i].oid)) {
            *out = (enum pki_digest)i;
            return true;
        }
    }
    return false;
}

bool pki_rsa_signature_from_oid(struct span oid, enum pki_digest *out)
{
    for (int i = 0; i < PKI_DIGEST_COUNT; i++) {
        if (span_equal(oid, digests[i].rsa_oid)) {
            *out = (enum pki_digest)i;
            return true;
        }
    }
    return false;
}

bool pki_cipher_from_oid(struct span oid, enum pki_cipher *out)
{
    for (int i = 0; i < PKI_CIPHER_COUNT; i++) {
        if (span_equal(oid, ciphers[i].oid)) {
            *out = (enum pki_cipher)i;
            return true;
        }
    }
    return false;
}

bool pki_hash(enum pki_digest digest, struct span data, uint8_t *out, size_t *out_len, struct err *e)
{
    unsigned length = 0;
    const EVP_MD *md = pki_evp_digest(digest);
    if (md == NULL)
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "this OpenSSL has no %s",
                       pki_digest_name(digest));
    if (EVP_Digest(data.data, data.len, out, &length, md, NULL) != 1)
        return pki_fail(e, STAGE_NONE, REASON_CRYPTO, "hashing");
    *out_len = length;
    return true;
}

/* One pass over `data`; direction as EVP_CipherInit has it: 1 encrypts, 0 decrypts. */
static bool run_cipher(const EVP_CIPHER *evp, const uint8_t *key, const uint8_t *iv, struct span data,
                       int direction, struct buf *out)
{
    if (data.len > INT32_MAX - EVP_MAX_BLOCK_LENGTH)
        return false;
    uint8_t *to = buf_reserve(out, data.len + EVP_MAX_BLOCK_LENGTH);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int body = 0;
    int tail = 0;
    bool ok = to != NULL && ctx != NULL && EVP_CipherInit_ex2(ctx, evp, key, iv, direction, NULL) == 1 &&
              EVP_CipherUpdate(ctx, to, &body, data.data, (int)data.len) == 1 &&
              EVP_CipherFinal_ex(ctx, to + body, &tail) == 1;
    if (ok)
        out->len += (size_t)body + (size_t)tail;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static bool cipher_at_hand(enum pki_cipher cipher, struct err *e)
{
    if (pki_evp_cipher(cipher) != NULL)
        return true;
    return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM,
                   "%s needs OpenSSL's legacy provider, which does not load here", pki_cipher_name(cipher));
}

bool pki_encrypt(enum pki_cipher cipher, const uint8_t *key, const uint8_t *iv, struct span data,
                 struct buf *out, struct err *e)
{
    if (!cipher_at_hand(cipher, e))
        return false;
    if (!run_cipher(pki_evp_cipher(cipher), key, iv, data, 1, out))
        return buf_ok(out, STAGE_NONE, e) && pki_fail(e, STAGE_NONE, REASON_CRYPTO, "encrypting the content");
    return true;
}

bool pki_decrypt(enum pki_cipher cipher, const uint8_t *key, const uint8_t *iv, struct span data,
                 struct buf *out, struct err *e)
{
    if (!cipher_at_hand(cipher, e))
        return false;
    if (!run_cipher(pki_evp_cipher(cipher), key, iv, data, 0, out))
        return buf_ok(out, STAGE_NONE, e) &&
               pki_fail(e, STAGE_NONE, REASON_DECRYPT, "decrypting the content");
    return true;
}

static void set_odd_parity(uint8_t *key, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned ones = (unsigned)__builtin_popcount(key[i] & 0xfeu);
        key[i] = (uint8_t)((key[i] & 0xfeu) | (ones % 2 == 0));
    }
}

bool pki_cipher_new_key(enum pki_cipher cipher, uint8_t *out, struct err *e)
{
    size_t bytes = pki_cipher_key_bytes(cipher);
    if (!random_bytes(out, bytes, e))
        return false;
    if (cipher == PKI_DES_CBC || cipher == PKI_DES3_CBC)
        set_odd_parity(out, bytes);
    return true;
}
