#include "diagnose/parts.h"

#include "diagnose/codes.h"

#include <strings.h>

static bool is_ra(const struct outcome_target_cert *cert)
{
    return strncmp(cert->role, "ra", 2) == 0;
}

static void look_at_certs(struct run_facts *run, int64_t now_s)
{
    for (size_t i = 0; i < run->target->cert_count; i++) {
        const struct outcome_target_cert *cert = &run->target->certs[i];
        if (!is_ra(cert))
            continue;
        run->certs_seen = true;
        if (cert->not_after < now_s &&
            (run->expired_ra == NULL || cert->not_after < run->expired_ra->not_after))
            run->expired_ra = cert;
    }
}

struct run_facts facts_of_run(const struct measure *m, const struct outcome_target *target,
                              const struct outcome_otp *otp, int64_t now_s)
{
    struct run_facts run = {.measure = m,
                            .target = target,
                            .otp = otp,
                            .devices = measure_devices(m),
                            .now_s = now_s,
                            .policy_module = target->bare_url_status == 403};
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        const struct measure_failure *failure = measure_failure(m, i);
        enum reason reason = failure->first.error.reason;
        run.resets |= reason == REASON_CONNECTION_LOST;
        run.not_enrolled +=
            reason == REASON_ABORTED ? 0 : failure->count; /* stopped by us: nobody's failure */
    }
    look_at_certs(&run, now_s);
    return run;
}

static enum layer layer_of(const struct outcome *o)
{
    if (o->http_status == 0)
        return LAYER_NONE;
    if (o->body == OUTCOME_BODY_HTTPSYS || strncasecmp(o->server, "Microsoft-HTTPAPI", 17) == 0)
        return LAYER_HTTPSYS;
    if (o->body == OUTCOME_BODY_IIS || o->body == OUTCOME_BODY_NDES_PAGE ||
        strncasecmp(o->server, "Microsoft-IIS", 13) == 0)
        return LAYER_IIS;
    return LAYER_OTHER;
}

/* E_FAIL is a wrapper: the words say more. */
static uint32_t hresult_of(const struct outcome *o)
{
    if (o->has_hresult && o->hresult != 0x80004005)
        return o->hresult;
    uint32_t said = codes_of_text(o->text);
    return said != 0 ? said : o->has_hresult ? o->hresult : 0;
}

const struct measure_failure *facts_leader(const struct measure_failure *failure, const struct measure *m)
{
    if (failure->first.error.reason != REASON_OTP_CACHE_FULL)
        return NULL;
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        const struct measure_failure *other = measure_failure(m, i);
        bool password = other->first.error.reason == REASON_SCEP_FAILURE &&
                        other->otp.sent > other->otp.used_before && hresult_of(&other->first) == 0x80070490;
        if (password && other->first_us < failure->first_us)
            return other;
    }
    return NULL;
}

struct facts facts_of_failure(const struct measure_failure *failure, const struct run_facts *run)
{
    uint64_t between = failure->enrolled_until - failure->enrolled_before;
    return (struct facts){.failure = failure,
                          .first = &failure->first,
                          .run = run,
                          .layer = layer_of(&failure->first),
                          .hresult = hresult_of(&failure->first),
                          .late = failure->enrolled_before > 0,
                          .recovered = run->devices.enrolled > failure->enrolled_until,
                          .mixed = (double)between / (double)(between + failure->count)};
}
