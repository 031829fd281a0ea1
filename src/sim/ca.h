/* What NDES and its CA decide about one PKIOperation (ndes.md A.7, B.1, B.2). Bytes and time in, a reply out; no socket, no
 * clock. */
#ifndef SIM_CA_H
#define SIM_CA_H

#include "scep/request.h"
#include "sim/effects.h"
#include "sim/identity.h"
#include "sim/otp.h"

/* Choices where NDES is known to vary, with the evidence for each beside SIM_CA_DEFAULTS. */
struct sim_ca_config {
    enum pki_digest reply_digest;
    enum pki_transport reply_transport;
    unsigned min_key_bits; /* of the certificate template */
    int64_t cert_validity_s;
};
extern const struct sim_ca_config SIM_CA_DEFAULTS;

struct sim_ca;

/* `identity` and `otp` are borrowed for the life of the CA. */
bool sim_ca_new(const struct sim_ca_config *config, const struct sim_identity *identity, struct sim_otp *otp,
                struct sim_ca **out, struct err *e) MUST_USE;
void sim_ca_free(struct sim_ca *ca);

/* Answers: SUCCESS with the leaf alone, FAILURE with failInfo and HRESULT, or a page that is no CertRep for what cannot be
 * decoded or decrypted. A password is used up as soon as it was found right, whatever the CA says then.
 * Thread: any.
 * Fails:  only when this program fails (memory, crypto); the reply is then unusable. */
bool sim_ca_answer(struct sim_ca *ca, struct span message, const struct sim_effects *effects, int64_t now_us,
                   struct sim_reply *reply, struct err *e) MUST_USE;

#endif
