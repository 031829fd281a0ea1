#include "sim/gate.h"

#include "pki/der.h"
#include "sim/intune.h"
#include "sim/refusals.h"

static const struct sim_refusal *refusal_of(enum sim_otp_verdict verdict)
{
    switch (verdict) {
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

static enum sim_otp_verdict judge(struct sim_otp *otp, struct span password,
                                  const struct sim_effects *effects, int64_t now_us)
{
    bool sent = password.len > 0;
    switch (effects->password) {
    case SIM_PASSWORD_FINE:
        break;
    case SIM_PASSWORD_UNKNOWN:
        return sent ? SIM_OTP_UNKNOWN : SIM_OTP_MISSING;
    case SIM_PASSWORD_USED:
        return sent ? SIM_OTP_USED : SIM_OTP_MISSING;
    case SIM_PASSWORD_STRIPPED:
        return SIM_OTP_MISSING;
    }
    return sim_otp_use_twisted(otp, &effects->otp, password, now_us);
}

static const struct sim_refusal *check_password(struct sim_otp *otp, struct span password,
                                                const struct sim_effects *effects, int64_t now_us)
{
    enum sim_otp_verdict verdict = judge(otp, password, effects, now_us);
    bool other = verdict == SIM_OTP_USED && effects->password_refusal.set;
    return other ? &effects->password_refusal : refusal_of(verdict);
}

static unsigned string_of(uint8_t tag)
{
    return tag == DER_PRINTABLE_STRING ? SIM_STRING_PRINTABLE
           : tag == DER_UTF8_STRING    ? SIM_STRING_UTF8
                                       : SIM_STRING_OTHER;
}

/* What NDES reads out of a challengePassword of a type that it cannot read is no password of its. */
static const struct sim_refusal *check_string(const struct sim_gate *gate, const struct pki_csr *csr,
                                              const struct sim_effects *effects, int64_t now_us)
{
    struct span challenge = buf_span(&csr->challenge);
    bool readable = challenge.len == 0 || (string_of(csr->challenge_tag) & effects->unreadable_string) == 0;
    if (readable)
        return check_password(gate->otp, challenge, effects, now_us);
    return effects->password_refusal.set ? &effects->password_refusal : &SIM_REFUSE_PASSWORD_UNKNOWN;
}

static const struct sim_refusal *pass_on(const struct sim_gate *gate, const struct sim_effects *effects,
                                         int64_t now_us)
{
    char password[SIM_OTP_TEXT_BYTES] = "";
    struct err e = {0};
    bool fetched = !effects->otp_page_replaced &&
                   sim_otp_issue_twisted(gate->otp, &effects->otp, now_us, password, &e) &&
                   password[0] != '\0';
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
        return check_string(gate, csr, effects, now_us);
    case SIM_INTUNE:
        if (effects->module_missing)
            return check_string(gate, csr, effects, now_us);
        return sim_intune_check(gate->identity, csr, now_us / 1000000);
    case SIM_PROXY:
        break;
    }
    return sim_otp_use(gate->challenges, challenge, now_us) == SIM_OTP_ACCEPTED
               ? pass_on(gate, effects, now_us)
               : &SIM_REFUSE_PROXY_CHALLENGE;
}
