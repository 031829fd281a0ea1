#include "pki/ec.h"

#include "pki/der.h"
#include "pki/fail.h"
#include "pki/oid.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/x509.h>

bool pki_ec_generate(unsigned bits, EVP_PKEY **out, struct err *e)
{
    const char *curve = bits == 256 ? "P-256" : bits == 384 ? "P-384" : bits == 521 ? "P-521" : NULL;
    if (curve == NULL)
        return err_set(e, STAGE_KEY, REASON_USAGE, "an EC key of %u bits; 256, 384 and 521 are possible",
                       bits);
    *out = EVP_EC_gen(curve);
    return *out != NULL || pki_fail(e, STAGE_KEY, REASON_CRYPTO, "generating an EC key");
}

/* PKCS#8: version 0, algorithm, OCTET STRING. SEC 1: version 1, OCTET STRING. */
static bool is_ec(struct span der)
{
    struct der_reader r = der_reader_of(der);
    struct der_item item;
    if (!der_optional(&r, DER_SEQUENCE, &item))
        return false;
    r = der_reader_of(item.content);
    if (!der_optional(&r, DER_INTEGER, &item))
        return false;
    if (item.content.len == 1 && item.content.data[0] == 1 && der_optional(&r, DER_OCTET_STRING, &item))
        return true;
    if (!der_optional(&r, DER_SEQUENCE, &item))
        return false;
    r = der_reader_of(item.content);
    return der_optional(&r, DER_OID, &item) && span_equal(item.content, PKI_OID_EC_PUBLIC_KEY);
}

bool pki_ec_private_decode(struct span der, bool *out_is_ec, EVP_PKEY **out, struct err *e)
{
    *out_is_ec = is_ec(der);
    if (!*out_is_ec)
        return true;
    const unsigned char *at = der.data;
    *out = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
    if (*out != NULL && EVP_PKEY_is_a(*out, "EC"))
        return true;
    EVP_PKEY_free(*out);
    *out = NULL;
    return pki_fail(e, STAGE_NONE, REASON_MALFORMED, "EC private key");
}

bool pki_ec_put_spki(const EVP_PKEY *key, struct buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    bool ok = len > 0 && buf_append(out, der, (size_t)len);
    OPENSSL_free(der);
    return ok;
}
