/* Room-internal: the frame that certificates and requests share, SEQUENCE { body, algorithm, BIT STRING }. */
#ifndef PKI_SIGNED_H
#define PKI_SIGNED_H

#include "pki/key.h"

/* AlgorithmIdentifier of SHA*WithRSAEncryption or ecdsa-with-SHA*, as the key is.
 * Fails: REASON_UNSUPPORTED_ALGORITHM (ECDSA with MD5). */
bool pki_put_signature_algorithm(struct buf *b, const struct pki_key *key, enum pki_digest digest,
                                 struct err *e) MUST_USE;
/* Signs what b holds from body_start on; appends algorithm and signature. */
bool pki_put_signature(struct buf *b, size_t body_start, const struct pki_key *key, enum pki_digest digest,
                       struct err *e) MUST_USE;
/* Ends the frame that der_begin opened. */
bool pki_signed_end(struct buf *b, size_t mark, struct err *e) MUST_USE;

#endif
