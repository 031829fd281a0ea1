/* Room-internal: the frame that certificates and requests share, SEQUENCE { body, algorithm, BIT STRING }. */
#ifndef PKI_SIGNED_H
#define PKI_SIGNED_H

#include "pki/key.h"

/* AlgorithmIdentifier of SHA*WithRSAEncryption. */
void pki_put_signature_algorithm(struct buf *b, enum pki_digest digest);
/* Signs what b holds from body_start on; appends algorithm and signature. */
bool pki_put_signature(struct buf *b, size_t body_start, const struct pki_key *key, enum pki_digest digest,
                       struct err *e) MUST_USE;
/* Ends the frame that der_begin opened. */
bool pki_signed_end(struct buf *b, size_t mark, struct err *e) MUST_USE;

#endif
