#include "ndes/renewal.h"

#include "ndes/refusals.h"

bool ndes_renewal_is(const struct scep_request *request, const struct pki_csr *csr,
                     const struct scep_renewal *facts)
{
    return request->type != SCEP_PKCS_REQ || (facts->by_certificate && csr->challenge.len == 0);
}

const struct ndes_refusal *ndes_renewal_check(const struct scep_renewal *facts)
{
    if (!facts->by_certificate)
        return &NDES_REFUSE_RENEWAL_SIGNER;
    if (facts->expired || facts->too_early)
        return &NDES_REFUSE_RENEWAL_EXPIRED;
    return facts->same_subject && facts->same_san ? NULL : &NDES_REFUSE_RENEWAL_SUBJECT;
}
