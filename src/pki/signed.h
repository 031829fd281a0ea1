/* Room-internal: the frame that certificates, CRLs and requests share, SEQUENCE { body, algorithm, BIT STRING }. */
#ifndef PKI_SIGNED_H
#define PKI_SIGNED_H

#include "pki/cert.h"
#include "pki/der.h"

/* AlgorithmIdentifier of SHA*WithRSAEncryption or ecdsa-with-SHA*, as the key is.
 * Fails: REASON_UNSUPPORTED_ALGORITHM (ECDSA with MD5). */
bool pki_put_signature_algorithm(struct buf *b, const struct pki_key *key, enum pki_digest digest,
                                 struct err *e) MUST_USE;
/* Signs what b holds from body_start on; appends algorithm and signature. */
bool pki_put_signature(struct buf *b, size_t body_start, const struct pki_key *key, enum pki_digest digest,
                       struct err *e) MUST_USE;
/* Ends the frame that der_begin opened. */
bool pki_signed_end(struct buf *b, size_t mark, struct err *e) MUST_USE;

/* A frame taken apart; spans into what was read. */
struct pki_signed {
    struct span whole;
    struct der_item body;
    struct span algorithm; /* AlgorithmIdentifier, whole element */
    struct span oid;       /* of that */
    struct span signature; /* the bits */
};
/* Bytes behind the frame are not looked at. `what` names it in errors: "certificate". Fails: REASON_MALFORMED. */
bool pki_signed_read(struct span der, const char *what, struct pki_signed *out, struct err *e) MUST_USE;
/* Whether `issuer` has this name and its key made the signature. What is no RSA with PKCS#1 padding (ECDSA, PSS and whatever
 * else OpenSSL knows) goes to `otherwise`, with the whole frame. */
bool pki_signed_by(const struct pki_signed *s, struct span issuer_name, const struct pki_cert *issuer,
                   bool (*otherwise)(struct span whole, EVP_PKEY *key));

#endif
