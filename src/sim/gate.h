/* Who may enroll: the challenge of a first request, judged as the server at hand does. */
#ifndef SIM_GATE_H
#define SIM_GATE_H

#include "pki/csr.h"
#include "sim/effects.h"
#include "sim/identity.h"
#include "sim/otp.h"
#include "sim/policy.h"

/* All borrowed. */
struct sim_gate {
    enum sim_mode mode;
    const struct sim_identity *identity;
    struct sim_otp *otp;        /* of NDES */
    struct sim_otp *challenges; /* of the proxy */
};

/* NULL: welcome. The password is used up as soon as it was found right.
 *
 * SIM_PROXY: the device's challenge is the proxy's; with that the proxy fetches a password from NDES and enrolls with
 * it, so that every cause that NDES has for refusing a password, or a full cache, shows behind the proxy.
 * Thread: any. */
const struct sim_refusal *sim_gate_check(const struct sim_gate *gate, const struct pki_csr *csr,
                                         const struct sim_effects *effects, int64_t now_us);

#endif
