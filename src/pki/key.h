/* Key pairs and what they do. Immutable after creation, reference-counted, usable from any thread. */
#ifndef PKI_KEY_H
#define PKI_KEY_H

#include "pki/algorithm.h"

struct pki_key;

/* RSA of 1024 to 8192 bits: 0.2 s and more for 2048. Run it on a worker, never on the loop. */
bool pki_key_generate_rsa(unsigned bits, struct pki_key **out, struct err *e) MUST_USE;
/* EC of 256 (P-256), 384 or 521 bits. Such a key signs its CSR; it cannot sign pkiMessages, since replies are encrypted to
 * the signer: a temporary RSA key does that. */
bool pki_key_generate_ec(unsigned bits, struct pki_key **out, struct err *e) MUST_USE;
/* PKCS#8, PKCS#1 or SEC 1 private key, DER. */
bool pki_key_from_der(struct span der, struct pki_key **out, struct err *e) MUST_USE;
bool pki_key_from_pem(struct span pem, struct pki_key **out, struct err *e) MUST_USE;
/* PKCS#8 DER; wipe `out` (buf_wipe) after use. */
bool pki_key_to_der(const struct pki_key *key, struct buf *out, struct err *e) MUST_USE;

struct pki_key *pki_key_ref(struct pki_key *key);
void pki_key_free(struct pki_key *key);

unsigned pki_key_bits(const struct pki_key *key);
bool pki_key_is_rsa(const struct pki_key *key);
/* Pre-encoded SubjectPublicKeyInfo, and the PKCS#1 RSAPublicKey inside it (empty for EC keys). Borrowed. */
struct span pki_key_spki(const struct pki_key *key);
struct span pki_key_rsa_public(const struct pki_key *key);
EVP_PKEY *pki_key_evp(const struct pki_key *key); /* borrowed */

/* RSASSA-PKCS1-v1_5, or ECDSA, over `data` (hashed here). Appends the signature. */
bool pki_key_sign(const struct pki_key *key, enum pki_digest digest, struct span data, struct buf *out,
                  struct err *e) MUST_USE;
/* Opens a transported content key. Fails REASON_DECRYPT. Wipe `out`. */
bool pki_key_unwrap(const struct pki_key *key, enum pki_transport transport, struct span wrapped,
                    struct buf *out, struct err *e) MUST_USE;

/* Bits of an RSA public key; 0 for other kinds. */
unsigned pki_rsa_bits(const EVP_PKEY *public_key);
/* With a public key alone (borrowed EVP_PKEY of a certificate). Fails REASON_BAD_SIGNATURE. */
bool pki_verify(EVP_PKEY *public_key, enum pki_digest digest, struct span data, struct span signature,
                struct err *e) MUST_USE;
bool pki_wrap(EVP_PKEY *public_key, enum pki_transport transport, struct span secret, struct buf *out,
              struct err *e) MUST_USE;

#endif
