/* GetNextCACert (RFC 8894 4.7): the certificates of the time after the current CA certificate, in a SignedData that the
 * current CA signed. */
#ifndef SCEP_NEXT_CA_H
#define SCEP_NEXT_CA_H

#include "scep/ca.h"

/* Reads the reply and checks it against the certificates at hand before anything of it is believed.
 * Owns:    *out is the caller's: roles and recipient as of a GetCACert reply. scep_ca_free it.
 * Fails:   STAGE_GET_NEXT_CA_CERT with REASON_NOT_SCEP (no SignedData at all), REASON_MALFORMED,
 *          REASON_UNSUPPORTED_ALGORITHM, REASON_NEXT_CA_SIGNATURE (nobody of `current` signed, or the signature or the
 *          digest is wrong), REASON_CA_CERT_MALFORMED (no certificates inside), REASON_CA_CERT_NO_RECIPIENT.
 * Ignores: validity of either side (scep_ca_check at the time that matters), whether the new CA is a different one.
 * Thread:  any. */
bool scep_next_ca_read(struct span body, const struct scep_ca *current, struct scep_ca **out,
                       struct err *e) MUST_USE;

/* Server half. */
struct scep_next_ca_spec {
    const struct pki_cert *const *certs; /* the next CA certificate first */
    size_t cert_count;
    const struct pki_cert *signer; /* the current CA, or its RA */
    const struct pki_key *signer_key;
    bool include_signer;
    enum pki_digest digest;
};
/* Appends the DER reply. */
bool scep_next_ca_make(const struct scep_next_ca_spec *spec, struct buf *out, struct err *e) MUST_USE;

#endif
