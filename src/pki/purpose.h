/* What a certificate is for, in words: key usage, extended key usage, alternative names. */
#ifndef PKI_PURPOSE_H
#define PKI_PURPOSE_H

#include "pki/cert.h"

/* "clientAuth" and the other names that OpenSSL's tools use; content bytes of the OID. Empty: not known. */
struct span pki_eku_named(const char *name);

/* Each appends, ", " between: "clientAuth, 1.3.6.1.4.1.311.10.3.4" · "digitalSignature, keyEncipherment" ·
 * "dns:a.example, upn:a@example". Nothing without the extension; values that cannot be read are left out, control
 * characters become "?". */
void pki_eku_text(const struct pki_cert *cert, struct buf *out);
void pki_key_usage_text(unsigned bits, struct buf *out);
/* `names`: DER GeneralNames, as pki_san_find gives them. */
void pki_san_text(struct span names, struct buf *out);

#endif
