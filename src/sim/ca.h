/* What NDES and its CA decide about one PKIOperation (ndes.md A.7, B.1, B.2, B.4, B.5). Bytes and time in, a reply out; no
 * socket, no clock. */
#ifndef SIM_CA_H
#define SIM_CA_H

#include "scep/request.h"
#include "sim/effects.h"
#include "sim/identity.h"
#include "sim/otp.h"
#include "sim/policy.h"

struct sim_ca;

/* Everything but the policy borrowed for the life of the CA. */
struct sim_ca_spec {
    struct sim_policy policy;
    const struct sim_identity *identity;
    struct sim_otp *otp;        /* NDES's password cache */
    struct sim_otp *challenges; /* SIM_PROXY: what devices show to the proxy; else NULL */
};
bool sim_ca_new(const struct sim_ca_spec *spec, struct sim_ca **out, struct err *e) MUST_USE;
void sim_ca_free(struct sim_ca *ca);

/* Answers: SUCCESS with the leaf alone, PENDING, FAILURE with failInfo and HRESULT, or a page that is no CertRep for what
 * cannot be decoded or decrypted. A password is used up as soon as it was found right, whatever the CA says then.
 * Thread: any.
 * Fails:  only when this program fails (memory, crypto); the reply is then unusable. */
bool sim_ca_answer(struct sim_ca *ca, struct span message, const struct sim_effects *effects, int64_t now_us,
                   struct sim_reply *reply, struct err *e) MUST_USE;

/* The answer to a message that could not be read: a page, and an event. */
bool sim_ca_refuse_unread(enum sim_unread how, const struct sim_effects *effects, struct sim_reply *reply,
                          struct err *e) MUST_USE;

/* Whose certificates the server has as long as `effects` hold: the CA's own identity unless a fault says otherwise. Borrowed
 * from the CA. NULL: they could not be made. */
const struct sim_identity *sim_ca_identity(struct sim_ca *ca, const struct sim_effects *effects,
                                           struct err *e) MUST_USE;

/* What a restart of the application pool does: NDES knows no earlier transactionID any more. The CA forgets nothing. */
void sim_ca_restart(struct sim_ca *ca, int64_t now_us);

#endif
