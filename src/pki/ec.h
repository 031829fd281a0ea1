/* Room-internal: EC keys, all through OpenSSL. Devices with EC keys are few, so the short ways that RSA has are not
 * worth their lines here. */
#ifndef PKI_EC_H
#define PKI_EC_H

#include "base/bytes.h"

#include <openssl/evp.h>

/* P-256, P-384 or P-521 by size. */
bool pki_ec_generate(unsigned bits, EVP_PKEY **out, struct err *e) MUST_USE;
/* PKCS#8, or SEC 1 ECPrivateKey as in "EC PRIVATE KEY". *out_is_ec false, and nothing decoded, for anything else. */
bool pki_ec_private_decode(struct span der, bool *out_is_ec, EVP_PKEY **out, struct err *e) MUST_USE;
/* SubjectPublicKeyInfo, appended. */
bool pki_ec_put_spki(const EVP_PKEY *key, struct buf *out);

#endif
