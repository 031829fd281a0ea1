/* What NDES and its CA decide about one PKIOperation (ndes.md A.7, B.1, B.2, B.4, B.5). Bytes and time in, a reply out; no
 * socket, no clock. */
#ifndef NDES_CA_H
#define NDES_CA_H

#include "ndes/effects.h"
#include "ndes/identity.h"
#include "ndes/otp.h"
#include "ndes/policy.h"
#include "scep/request.h"

struct ndes_ca;

/* Everything but the policy borrowed for the life of the CA. */
struct ndes_ca_spec {
    struct ndes_policy policy;
    const struct ndes_identity *identity;
    struct ndes_otp *otp;        /* NDES's password cache */
    struct ndes_otp *challenges; /* NDES_PROXY: what devices show to the proxy; else NULL */
};
bool ndes_ca_new(const struct ndes_ca_spec *spec, struct ndes_ca **out, struct err *e) MUST_USE;
void ndes_ca_free(struct ndes_ca *ca);

/* Answers: SUCCESS with the leaf alone, PENDING, FAILURE with failInfo and HRESULT, or a page that is no CertRep for what
 * cannot be decoded or decrypted. A password is used up as soon as it was found right, whatever the CA says then.
 * Thread: any.
 * Fails:  only when this program fails (memory, crypto); the reply is then unusable. */
bool ndes_ca_answer(struct ndes_ca *ca, struct span message, const struct ndes_effects *effects,
                    int64_t now_us, struct ndes_reply *reply, struct err *e) MUST_USE;

/* The answer to a message that could not be read: a page, and an event. */
bool ndes_ca_refuse_unread(enum ndes_unread how, const struct ndes_effects *effects, struct ndes_reply *reply,
                           struct err *e) MUST_USE;

/* Whose certificates the server has as long as `effects` hold: the CA's own identity unless a fault says otherwise. Borrowed
 * from the CA. NULL: they could not be made. */
const struct ndes_identity *ndes_ca_identity(struct ndes_ca *ca, const struct ndes_effects *effects,
                                             struct err *e) MUST_USE;

/* What a restart of the application pool does: NDES knows no earlier transactionID any more. The CA forgets nothing. */
void ndes_ca_restart(struct ndes_ca *ca, int64_t now_us);

#endif
