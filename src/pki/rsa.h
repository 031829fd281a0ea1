/* Room-internal: private RSA operations, through OpenSSL's older RSA functions.
 *
 * Why not EVP: a fresh key's first operation there costs as much as two, because it draws a blinding factor, and again on
 * the next thread. A device uses its key three times, often on two threads, so blinding would be half of what an
 * enrollment costs, and the interface of EVP cannot leave it out. Blinding hides the private key from those who time
 * many operations of their choice; these keys belong to made-up devices and a made-up CA, and guard nothing. */
#ifndef PKI_RSA_H
#define PKI_RSA_H

#include "pki/algorithm.h"

/* n, e, d, p, q, dp, dq, qinv as in PKCS#1. The key works as any other EVP_PKEY too. */
#define PKI_RSA_NUMBERS 8
bool pki_rsa_private_new(const struct span numbers[PKI_RSA_NUMBERS], EVP_PKEY **out, struct err *e) MUST_USE;

/* With keys of pki_rsa_private_new only. Both append. */
bool pki_rsa_sign(EVP_PKEY *key, enum pki_digest digest, struct span data, struct buf *out,
                  struct err *e) MUST_USE;
bool pki_rsa_unwrap(EVP_PKEY *key, enum pki_transport transport, struct span wrapped, struct buf *out,
                    struct err *e) MUST_USE;

#endif
