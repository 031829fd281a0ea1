#include "sim/renewal.h"

#include "sim/refusals.h"

bool sim_renewal_is(const struct scep_request *request, const struct pki_csr *csr,
                    const struct scep_renewal *facts)
{
    return request->type != SCEP_PKCS_REQ || (facts->by_certificate && csr->challenge.len == 0);
}

const struct sim_refusal *sim_renewal_check(const struct scep_renewal *facts)
{
    if (!facts->by_certificate)
        return &SIM_REFUSE_RENEWAL_SIGNER;
    if (facts->expired || facts->too_early)
        return &SIM_REFUSE_RENEWAL_EXPIRED;
    return facts->same_subject && facts->same_san ? NULL : &SIM_REFUSE_RENEWAL_SUBJECT;
}
