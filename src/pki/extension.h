/* Room-internal: X.509 extensions, read and written. */
#ifndef PKI_EXTENSION_H
#define PKI_EXTENSION_H

#include "pki/der.h"

struct pki_extension {
    struct span oid;
    bool critical;
    struct span value; /* inside the OCTET STRING */
};
/* The next Extension of a SEQUENCE OF Extension. */
bool pki_extension_next(struct der_reader *r, struct pki_extension *out, struct err *e) MUST_USE;

/* KeyUsage BIT STRING to PKI_KU_* bits. */
bool pki_key_usage_read(struct span value, unsigned *out_bits);

void pki_extension_put(struct buf *b, struct span oid, bool critical, struct span value);
void pki_extension_put_key_usage(struct buf *b, unsigned bits, bool critical);
void pki_extension_put_ekus(struct buf *b, const struct span *ekus, size_t count);
void pki_extension_put_authority_key_id(struct buf *b, struct span key_id, bool critical);

#endif
