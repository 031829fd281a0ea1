/* Room-internal: RSA keys between DER and OpenSSL, without OpenSSL's decoder chain (which costs as much as a
 * signature check). */
#ifndef PKI_SPKI_H
#define PKI_SPKI_H

#include "base/bytes.h"

#include <openssl/evp.h>

/* Any SubjectPublicKeyInfo; RSA by the short way, the rest through OpenSSL. The caller frees. */
bool pki_spki_decode(struct span spki, EVP_PKEY **out, struct err *e) MUST_USE;
/* Algorithm is rsaEncryption. Also finds the RSAPublicKey inside, when `out` is not NULL. */
bool pki_spki_is_rsa(struct span spki, struct span *out_rsa_public);
/* The bits of subjectPublicKey (after the count of unused bits): what key identifiers are hashed over. */
bool pki_spki_key_bits(struct span spki, struct span *out);

/* The same key, with or without the NULL that belongs behind rsaEncryption. */
bool pki_spki_same(struct span a, struct span b);

/* PKCS#1 RSAPrivateKey; also returns the modulus and exponent, borrowed from `der`. */
bool pki_rsa_private_decode(struct span der, EVP_PKEY **out, struct span *out_n, struct span *out_e,
                            struct err *e) MUST_USE;
/* The PKCS#1 structure inside PKCS#8 of an RSA key. */
bool pki_pkcs8_open(struct span der, struct span *out_pkcs1, struct err *e) MUST_USE;

#endif
