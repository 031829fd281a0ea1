/* Subject alternative names, found and compared: what a certificate has against what was asked for. */
#ifndef PKI_SAN_H
#define PKI_SAN_H

#include "base/bytes.h"

/* The GeneralNames (DER, whole) of the subjectAltName among `extensions`: Extension elements back to back, as
 * pki_cert_extensions and struct pki_csr have them. Empty when there is none. */
struct span pki_san_find(struct span extensions);

/* True when both are the same set of names, whatever the order. DNS names compare without regard to ASCII case, directory
 * names by their RDNs, the rest by bytes. Both empty is the same; garbage, and more than 256 names, never is. */
bool pki_san_same(struct span a, struct span b);

#endif
