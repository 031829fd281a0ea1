#include "sim/gate.h"

#include "sim/intune.h"
#include "sim/refusals.h"

static const struct sim_refusal *check_password(struct sim_otp *otp, struct span password,
                                                const struct sim_effects *effects, int64_t now_us)
{
    if (effects->passwords_unknown && password.len > 0)
        return &SIM_REFUSE_PASSWORD_UNKNOWN;
    switch (sim_otp_use(otp, password, now_us)) {
    case SIM_OTP_ACCEPTED:
        return NULL;
    case SIM_OTP_UNKNOWN:
        return &SIM_REFUSE_PASSWORD_UNKNOWN;
    case SIM_OTP_USED:
        return &SIM_REFUSE_PASSWORD_USED;
    case SIM_OTP_MISSING:
        return &SIM_REFUSE_PASSWORD_MISSING;
    }
    return &SIM_REFUSE_PASSWORD_UNKNOWN;
}

static const struct sim_refusal *pass_on(const struct sim_gate *gate, const struct sim_effects *effects,
                                         int64_t now_us)
{
    char password[SIM_OTP_TEXT_BYTES] = "";
    struct err e = {0};
    bool fetched =
        !effects->otp_page_replaced && sim_otp_issue(gate->otp, now_us, password, &e) && password[0] != '\0';
    const struct sim_refusal *refusal =
        fetched ? check_password(gate->otp, span_of_text(password), effects, now_us)
                : &SIM_REFUSE_PROXY_GATEWAY;
    explicit_bzero(password, sizeof password);
    return refusal;
}

const struct sim_refusal *sim_gate_check(const struct sim_gate *gate, const struct pki_csr *csr,
                                         const struct sim_effects *effects, int64_t now_us)
{
    struct span challenge = buf_span(&csr->challenge);
    if (effects->module.set) {
        /* NDES's own cache plays no part with a policy module: nothing piles up in it. */
        if (gate->mode == SIM_STANDALONE)
            (void)sim_otp_use(gate->otp, challenge, now_us);
        return &effects->module;
    }
    switch (gate->mode) {
    case SIM_STANDALONE:
        return check_password(gate->otp, challenge, effects, now_us);
    case SIM_INTUNE:
        return sim_intune_check(gate->identity, csr, now_us / 1000000);
    case SIM_PROXY:
        break;
    }
    return sim_otp_use(gate->challenges, challenge, now_us) == SIM_OTP_ACCEPTED
               ? pass_on(gate, effects, now_us)
               : &SIM_REFUSE_PROXY_CHALLENGE;
}
