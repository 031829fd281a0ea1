#include "pki/spki.h"

#include "pki/der.h"
#include "pki/fail.h"
#include "pki/oid.h"
#include "pki/rsa.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#define MODULUS_BYTES_MIN  64
#define MODULUS_BYTES_MAX  1024
#define EXPONENT_BYTES_MAX 8 /* OpenSSL's own bound for large moduli; keeps a hostile key from burning time */

/* OpenSSL takes numbers in the machine's byte order, hence the detour over BIGNUM. */
static EVP_PKEY *rsa_public(struct span n, struct span exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n_number = BN_bin2bn(n.data, (int)n.len, NULL);
    BIGNUM *e_number = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
    bool ok = builder != NULL && n_number != NULL && e_number != NULL &&
              OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n_number) == 1 &&
              OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e_number) == 1;
    OSSL_PARAM *params = ok ? OSSL_PARAM_BLD_to_param(builder) : NULL;
    EVP_PKEY_CTX *ctx = params != NULL ? EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL) : NULL;
    EVP_PKEY *key = NULL;
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n_number);
    BN_free(e_number);
    return key;
}

/* A positive INTEGER's magnitude without leading zeros. */
static bool read_number(struct der_reader *r, size_t max_bytes, struct span *out, struct err *e)
{
    struct der_item item;
    if (!der_expect(r, DER_INTEGER, "RSA key number", &item, e))
        return false;
    struct span s = item.content;
    while (s.len > 0 && s.data[0] == 0)
        s = span_of(s.data + 1, s.len - 1);
    if (s.len == 0 || s.len > max_bytes)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "an RSA key number of %zu bytes", s.len);
    *out = s;
    return true;
}

static bool read_public_numbers(struct der_reader *r, struct span *numbers, struct err *e)
{
    if (!read_number(r, MODULUS_BYTES_MAX, &numbers[0], e) ||
        !read_number(r, EXPONENT_BYTES_MAX, &numbers[1], e))
        return false;
    struct span n = numbers[0];
    if (n.len < MODULUS_BYTES_MIN || n.data[n.len - 1] % 2 == 0)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the RSA modulus is even or shorter than %d bits",
                       MODULUS_BYTES_MIN * 8);
    return true;
}

/* Opens SubjectPublicKeyInfo into algorithm OID and key bits. */
static bool open_spki(struct span spki, struct span *out_oid, struct span *out_bits, struct err *e)
{
    struct der_reader r = der_reader_of(spki);
    struct der_item outer;
    struct der_item algorithm;
    struct der_item oid;
    struct der_item bits;
    if (!der_expect(&r, DER_SEQUENCE, "SubjectPublicKeyInfo", &outer, e))
        return false;
    r = der_reader_of(outer.content);
    if (!der_expect(&r, DER_SEQUENCE, "key algorithm", &algorithm, e) ||
        !der_expect(&r, DER_BIT_STRING, "public key", &bits, e))
        return false;
    r = der_reader_of(algorithm.content);
    if (!der_expect(&r, DER_OID, "key algorithm", &oid, e))
        return false;
    if (bits.content.len < 2 || bits.content.data[0] != 0)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the public key is empty");
    *out_oid = oid.content;
    *out_bits = span_of(bits.content.data + 1, bits.content.len - 1);
    return true;
}

bool pki_spki_key_bits(struct span spki, struct span *out)
{
    struct span oid;
    return open_spki(spki, &oid, out, NULL);
}

bool pki_spki_is_rsa(struct span spki, struct span *out_rsa_public)
{
    struct span oid;
    struct span bits;
    if (!open_spki(spki, &oid, &bits, NULL) || !span_equal(oid, PKI_OID_RSA))
        return false;
    if (out_rsa_public != NULL)
        *out_rsa_public = bits;
    return true;
}

bool pki_spki_same(struct span a, struct span b)
{
    struct span key_a;
    struct span key_b;
    return span_equal(a, b) ||
           (pki_spki_is_rsa(a, &key_a) && pki_spki_is_rsa(b, &key_b) && span_equal(key_a, key_b));
}

static bool decode_rsa_public(struct span der, EVP_PKEY **out, struct err *e)
{
    struct der_reader r = der_reader_of(der);
    struct der_item outer;
    if (!der_expect(&r, DER_SEQUENCE, "RSAPublicKey", &outer, e))
        return false;
    r = der_reader_of(outer.content);
    struct span numbers[2] = {{0}};
    if (!read_public_numbers(&r, numbers, e))
        return false;
    *out = rsa_public(numbers[0], numbers[1]);
    return *out != NULL || pki_fail(e, STAGE_NONE, REASON_MALFORMED, "RSA public key");
}

bool pki_spki_decode(struct span spki, EVP_PKEY **out, struct err *e)
{
    struct span oid;
    struct span bits;
    if (!open_spki(spki, &oid, &bits, e))
        return false;
    if (span_equal(oid, PKI_OID_RSA))
        return decode_rsa_public(bits, out, e);
    const unsigned char *at = spki.data;
    *out = d2i_PUBKEY(NULL, &at, (long)spki.len);
    return *out != NULL || pki_fail(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "public key");
}

bool pki_rsa_private_decode(struct span der, EVP_PKEY **out, struct span *out_n, struct span *out_e,
                            struct err *e)
{
    struct der_reader r = der_reader_of(der);
    struct der_item item;
    struct span numbers[PKI_RSA_NUMBERS];
    if (!der_expect(&r, DER_SEQUENCE, "RSAPrivateKey", &item, e))
        return false;
    r = der_reader_of(item.content);
    if (!der_expect(&r, DER_INTEGER, "RSAPrivateKey version", &item, e) ||
        !read_public_numbers(&r, numbers, e))
        return false;
    for (size_t i = 2; i < PKI_RSA_NUMBERS; i++) {
        if (!read_number(&r, numbers[0].len, &numbers[i], e))
            return false;
    }
    *out_n = numbers[0];
    *out_e = numbers[1];
    return pki_rsa_private_new(numbers, out, e);
}

bool pki_pkcs8_open(struct span der, struct span *out_pkcs1, struct err *e)
{
    struct der_reader r = der_reader_of(der);
    struct der_item outer;
    struct der_item version;
    struct der_item algorithm;
    struct der_item oid;
    struct der_item key;
    if (!der_expect(&r, DER_SEQUENCE, "PrivateKeyInfo", &outer, e))
        return false;
    r = der_reader_of(outer.content);
    if (!der_expect(&r, DER_INTEGER, "PrivateKeyInfo version", &version, e) ||
        !der_expect(&r, DER_SEQUENCE, "private key algorithm", &algorithm, e) ||
        !der_expect(&r, DER_OCTET_STRING, "private key", &key, e))
        return false;
    r = der_reader_of(algorithm.content);
    if (!der_expect(&r, DER_OID, "private key algorithm", &oid, e))
        return false;
    if (!span_equal(oid.content, PKI_OID_RSA))
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "the private key is neither RSA nor EC");
    *out_pkcs1 = key.content;
    return true;
}
