/* What a server can see of a request that may be a renewal (RFC 8894 2.3 to 2.5). Facts only: what follows from them is the
 * server's policy (NDES refuses another subject or another subjectAltName, and an expired signer). */
#ifndef SCEP_RENEWAL_H
#define SCEP_RENEWAL_H

#include "pki/csr.h"
#include "scep/request.h"

struct scep_renewal {
    bool by_certificate; /* `ca` issued the signer; false: a temporary certificate, so a first enrollment */
    bool too_early;      /* the signer is not yet valid */
    bool expired;        /* not any more */
    bool same_subject;   /* as a set of RDNs */
    bool same_san;       /* as a set of names; both without counts as the same */
    bool same_key;       /* the request is for the key that the signer has already */
};

/* Compares an opened request's signer with what it asks for. `csr` was read from its content.
 * The signature is not looked at: scep_request_open did. Revocation is the server's affair. */
struct scep_renewal scep_renewal_judge(const struct scep_request *request, const struct pki_csr *csr,
                                       const struct pki_cert *ca, int64_t now_s);

#endif
