/* Who may enroll: the challenge of a first request, judged as the server at hand does. */
#ifndef NDES_GATE_H
#define NDES_GATE_H

#include "ndes/effects.h"
#include "ndes/identity.h"
#include "ndes/otp.h"
#include "ndes/policy.h"
#include "pki/csr.h"

/* All borrowed. */
struct ndes_gate {
    enum ndes_mode mode;
    const struct ndes_identity *identity;
    struct ndes_otp *otp;        /* of NDES */
    struct ndes_otp *challenges; /* of the proxy */
};

/* NULL: welcome. The password is used up as soon as it was found right.
 *
 * NDES_PROXY: the device's challenge is the proxy's; with that the proxy fetches a password from NDES and enrolls with
 * it, so that every cause that NDES has for refusing a password, or a full cache, shows behind the proxy.
 * Thread: any. */
const struct ndes_refusal *ndes_gate_check(const struct ndes_gate *gate, const struct pki_csr *csr,
                                           const struct ndes_effects *effects, int64_t now_us);

#endif
