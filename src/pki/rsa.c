#define OPENSSL_SUPPRESS_DEPRECATED /* see the header */

#include "pki/rsa.h"

#include "pki/fail.h"

#include <openssl/rsa.h>

/* Hands the numbers over in pairs and triples, as OpenSSL wants; what it took is not freed here any more. */
static bool give_numbers(RSA *rsa, BIGNUM **v)
{
    if (RSA_set0_key(rsa, v[0], v[1], v[2]) != 1)
        return false;
    v[0] = v[1] = v[2] = NULL;
    if (RSA_set0_factors(rsa, v[3], v[4]) != 1)
        return false;
    v[3] = v[4] = NULL;
    if (RSA_set0_crt_params(rsa, v[5], v[6], v[7]) != 1)
        return false;
    v[5] = v[6] = v[7] = NULL;
    return true;
}

static RSA *rsa_of(const struct span *numbers)
{
    BIGNUM *v[PKI_RSA_NUMBERS] = {NULL};
    RSA *rsa = RSA_new();
    bool ok = rsa != NULL;
    for (size_t i = 0; ok && i < PKI_RSA_NUMBERS; i++) {
        v[i] = BN_bin2bn(numbers[i].data, (int)numbers[i].len, NULL);
        ok = v[i] != NULL;
    }
    ok = ok && give_numbers(rsa, v);
    for (size_t i = 0; i < PKI_RSA_NUMBERS; i++)
        BN_clear_free(v[i]);
    if (!ok) {
        RSA_free(rsa);
        return NULL;
    }
    RSA_set_flags(rsa, RSA_FLAG_NO_BLINDING);
    return rsa;
}

bool pki_rsa_private_new(const struct span numbers[PKI_RSA_NUMBERS], EVP_PKEY **out, struct err *e)
{
    RSA *rsa = rsa_of(numbers);
    EVP_PKEY *key = EVP_PKEY_new();
    if (rsa != NULL && key != NULL && EVP_PKEY_assign_RSA(key, rsa) == 1) {
        *out = key;
        return true;
    }
    RSA_free(rsa);
    EVP_PKEY_free(key);
    return pki_fail(e, STAGE_NONE, REASON_MALFORMED, "RSA private key");
}

bool pki_rsa_sign(EVP_PKEY *key, enum pki_digest digest, struct span data, struct buf *out, struct err *e)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t hash_len;
    unsigned len = 0;
    if (!pki_hash(digest, data, hash, &hash_len, e))
        return false;
    uint8_t *to = buf_reserve(out, (size_t)EVP_PKEY_get_size(key));
    if (to == NULL)
        return buf_ok(out, STAGE_NONE, e);
    RSA *rsa = EVP_PKEY_get1_RSA(key);
    bool ok = RSA_sign(EVP_MD_get_type(pki_evp_digest(digest)), hash, (unsigned)hash_len, to, &len, rsa) == 1;
    RSA_free(rsa);
    if (!ok)
        return pki_fail(e, STAGE_NONE, REASON_CRYPTO, "signing");
    out->len += len;
    return true;
}

/* OAEP with its defaults (SHA-1, MGF1 with SHA-1) is what peers use and what OpenSSL does here. */
bool pki_rsa_unwrap(EVP_PKEY *key, enum pki_transport transport, struct span wrapped, struct buf *out,
                    struct err *e)
{
    int padding = transport == PKI_RSA_OAEP ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING;
    size_t size = (size_t)EVP_PKEY_get_size(key);
    if (wrapped.len > size)
        return err_set(e, STAGE_NONE, REASON_DECRYPT,
                       "an encrypted content key of %zu bytes for an RSA key of %zu", wrapped.len, size);
    uint8_t *to = buf_reserve(out, size);
    if (to == NULL)
        return buf_ok(out, STAGE_NONE, e);
    RSA *rsa = EVP_PKEY_get1_RSA(key);
    int len = RSA_private_decrypt((int)wrapped.len, wrapped.data, to, rsa, padding);
    RSA_free(rsa);
    if (len < 0)
        return pki_fail(e, STAGE_NONE, REASON_DECRYPT, "opening the content key");
    out->len += (size_t)len;
    return true;
}
