/* Certificates and keys as text. Reading it is the affair of cert.h and key.h. */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include "base/bytes.h"

/* Appends `der` between lines that say what it is: "CERTIFICATE", "PRIVATE KEY". Thread: any. Leaves no copy of it behind.
 * Fails: REASON_NO_MEMORY, REASON_LIMIT. Spec: RFC 7468. */
bool pki_pem_append(struct span der, const char *label, struct buf *out, struct err *e) MUST_USE;

#endif
