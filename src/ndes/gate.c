#include "ndes/gate.h"

#include "ndes/intune.h"
#include "ndes/refusals.h"
#include "pki/der.h"

static const struct ndes_refusal *refusal_of(enum ndes_otp_verdict verdict)
{
    switch (verdict) {
    case NDES_OTP_ACCEPTED:
        return NULL;
    case NDES_OTP_UNKNOWN:
        return &NDES_REFUSE_PASSWORD_UNKNOWN;
    case NDES_OTP_USED:
        return &NDES_REFUSE_PASSWORD_USED;
    case NDES_OTP_MISSING:
        return &NDES_REFUSE_PASSWORD_MISSING;
    }
    return &NDES_REFUSE_PASSWORD_UNKNOWN;
}

static enum ndes_otp_verdict judge(struct ndes_otp *otp, struct span password,
                                   const struct ndes_effects *effects, int64_t now_us)
{
    bool sent = password.len > 0;
    switch (effects->password) {
    case NDES_PASSWORD_FINE:
        break;
    case NDES_PASSWORD_UNKNOWN:
        return sent ? NDES_OTP_UNKNOWN : NDES_OTP_MISSING;
    case NDES_PASSWORD_USED:
        return sent ? NDES_OTP_USED : NDES_OTP_MISSING;
    case NDES_PASSWORD_STRIPPED:
        return NDES_OTP_MISSING;
    }
    return ndes_otp_use_twisted(otp, &effects->otp, password, now_us);
}

static const struct ndes_refusal *check_password(struct ndes_otp *otp, struct span password,
                                                 const struct ndes_effects *effects, int64_t now_us)
{
    enum ndes_otp_verdict verdict = judge(otp, password, effects, now_us);
    bool other = verdict == NDES_OTP_USED && effects->password_refusal.set;
    return other ? &effects->password_refusal : refusal_of(verdict);
}

static unsigned string_of(uint8_t tag)
{
    return tag == DER_PRINTABLE_STRING ? NDES_STRING_PRINTABLE
           : tag == DER_UTF8_STRING    ? NDES_STRING_UTF8
                                       : NDES_STRING_OTHER;
}

/* What NDES reads out of a challengePassword of a type that it cannot read is no password of its. */
static const struct ndes_refusal *check_string(const struct ndes_gate *gate, const struct pki_csr *csr,
                                               const struct ndes_effects *effects, int64_t now_us)
{
    struct span challenge = buf_span(&csr->challenge);
    bool readable = challenge.len == 0 || (string_of(csr->challenge_tag) & effects->unreadable_string) == 0;
    if (readable)
        return check_password(gate->otp, challenge, effects, now_us);
    return effects->password_refusal.set ? &effects->password_refusal : &NDES_REFUSE_PASSWORD_UNKNOWN;
}

static const struct ndes_refusal *pass_on(const struct ndes_gate *gate, const struct ndes_effects *effects,
                                          int64_t now_us)
{
    char password[NDES_OTP_TEXT_BYTES] = "";
    struct err e = {0};
    bool fetched = !effects->otp_page_replaced &&
                   ndes_otp_issue_twisted(gate->otp, &effects->otp, now_us, password, &e) &&
                   password[0] != '\0';
    const struct ndes_refusal *refusal =
        fetched ? check_password(gate->otp, span_of_text(password), effects, now_us)
                : &NDES_REFUSE_PROXY_GATEWAY;
    explicit_bzero(password, sizeof password);
    return refusal;
}

const struct ndes_refusal *ndes_gate_check(const struct ndes_gate *gate, const struct pki_csr *csr,
                                           const struct ndes_effects *effects, int64_t now_us)
{
    struct span challenge = buf_span(&csr->challenge);
    if (effects->module.set) {
        /* NDES's own cache plays no part with a policy module: nothing piles up in it. */
        if (gate->mode == NDES_STANDALONE)
            (void)ndes_otp_use(gate->otp, challenge, now_us);
        return &effects->module;
    }
    switch (gate->mode) {
    case NDES_STANDALONE:
        return check_string(gate, csr, effects, now_us);
    case NDES_INTUNE:
        if (effects->module_missing)
            return check_string(gate, csr, effects, now_us);
        return ndes_intune_check(gate->identity, csr, now_us / 1000000);
    case NDES_PROXY:
        break;
    }
    return ndes_otp_use(gate->challenges, challenge, now_us) == NDES_OTP_ACCEPTED
               ? pass_on(gate, effects, now_us)
               : &NDES_REFUSE_PROXY_CHALLENGE;
}
