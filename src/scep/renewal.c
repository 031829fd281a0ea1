#include "scep/renewal.h"

#include "pki/san.h"
#include "pki/spki.h"

struct scep_renewal scep_renewal_judge(const struct scep_request *request, const struct pki_csr *csr,
                                       const struct pki_cert *ca, int64_t now_s)
{
    const struct pki_cert *held = request->signer;
    return (struct scep_renewal){
        .by_certificate = pki_cert_issued_by(held, ca),
        .too_early = now_s<pki_cert_not_before(held), .expired = now_s> pki_cert_not_after(held),
        .same_subject = pki_name_same_rdns(pki_cert_subject(held), csr->subject),
        .same_san = pki_san_same(pki_san_find(pki_cert_extensions(held)), pki_san_find(csr->extensions)),
        .same_key = pki_spki_same(pki_cert_spki(held), csr->spki),
    };
}
