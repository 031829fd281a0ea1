/* The rules by which NDES judges a renewal (ndes.md B.5): facts in, a refusal out. */
#ifndef NDES_RENEWAL_H
#define NDES_RENEWAL_H

#include "ndes/effects.h"
#include "scep/renewal.h"

/* Whether a request is one: by its type, or, since many clients renew with a PKCSReq, because it is signed with a
 * certificate of this CA and carries no password. With a password it is an enrollment like any other. */
bool ndes_renewal_is(const struct scep_request *request, const struct pki_csr *csr,
                     const struct scep_renewal *facts);

/* NULL: may be renewed. The certificate is of this CA and valid now, subject and subjectAltName are the same. A password
 * is not looked at. */
const struct ndes_refusal *ndes_renewal_check(const struct scep_renewal *facts);

#endif
