#include "diagnose/parts.h"

#include "diagnose/codes.h"

#include <string.h>

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

static bool says(struct span text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (strncasecmp((const char *)text.data + i, word, len) == 0)
            return true;
    }
    return false;
}

static bool url_has(const struct measure_failure *failure, const char *word)
{
    return says(buf_span(&failure->url), word);
}

bool facts_header_says(const struct facts *f, const char *word)
{
    return says(buf_span(&f->failure->headers), word);
}

/* Devices that try again fail in the end because their time is over, wherever they are then. */
static bool tried_again(const struct outcome *o)
{
    return o->error.reason == REASON_DEVICE_TIMEOUT && o->http_status >= 400;
}

/* A refusal whose signature nobody can check gives its reason all the same. */
static bool refused_unsigned(const struct outcome *o)
{
    return o->error.stage == STAGE_VERIFY && o->has_hresult && o->fail_info >= 0;
}

static enum reason reason_of(const struct outcome *o)
{
    return tried_again(o) ? REASON_HTTP_STATUS : refused_unsigned(o) ? REASON_SCEP_FAILURE : o->error.reason;
}

static enum stage stage_of(const struct measure_failure *failure)
{
    static const struct {
        const char *word;
        enum stage stage;
    } urls[] = {{"operation=pkioperation", STAGE_PKI_OPERATION},
                {"operation=getcacert", STAGE_GET_CA_CERT},
                {"operation=getcacaps", STAGE_GET_CA_CAPS},
                {"mscep_admin", STAGE_OTP}};
    for (size_t i = 0; tried_again(&failure->first) && i < sizeof urls / sizeof urls[0]; i++) {
        if (url_has(failure, urls[i].word))
            return urls[i].stage;
    }
    return refused_unsigned(&failure->first) ? STAGE_PKI_OPERATION : failure->first.error.stage;
}

const struct measure_failure *facts_leader(const struct measure_failure *failure, const struct measure *m)
{
    if (failure->first.error.reason != REASON_OTP_CACHE_FULL)
        return NULL;
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        const struct measure_failure *other = measure_failure(m, i);
        uint32_t code = other->first.error.reason == REASON_SCEP_FAILURE ? hresult_of(&other->first) : 0;
        bool unread = other->first.error.reason == REASON_SCEP_FAILURE && other->first.fail_info == 0;
        bool refused =
            unread || (code == 0x80070490 && other->otp.sent > other->otp.used_before) || code == 0x80096004;
        /* what never came to NDES did not use its password up either */
        bool unheard = stage_of(other) == STAGE_PKI_OPERATION &&
                       (other->first.http_status >= 400 || other->first.error.reason == REASON_NOT_SCEP);
        if ((refused || unheard) && other->first_us < failure->first_us)
            return other;
    }
    return NULL;
}

/* In results the message is cut out: "message=[3420 characters]". */
size_t facts_query_bytes(const struct facts *f)
{
    struct span url = buf_span(&f->failure->url);
    for (size_t i = 0; i + 9 <= url.len; i++) {
        if (strncasecmp((const char *)url.data + i, "message=", 8) != 0)
            continue;
        size_t cut = 0;
        for (size_t k = i + 9; url.data[i + 8] == '[' && k < url.len && url.data[k] >= '0' &&
                               url.data[k] <= '9' && cut < 1000000;
             k++)
            cut = cut * 10 + (size_t)(url.data[k] - '0');
        const uint8_t *query = memchr(url.data, '?', i);
        size_t before = query != NULL ? (size_t)(url.data + i + 8 - query) - 1 : 8;
        size_t bytes = cut > 0 ? before + cut : before + url.len - i - 8;
        return stage_of(f->failure) == STAGE_PKI_OPERATION || bytes > 600 ? bytes : 0;
    }
    return 0;
}

/* Load tells itself by when it fails: while more devices come than usual. */
static double crowd_of(const struct measure_failure *failure, const struct run_facts *run)
{
    size_t first = (size_t)(failure->first_us / 1000000), last = (size_t)(failure->last_us / 1000000);
    size_t seconds = 0, calm = 0, all = 0, count = measure_second_count(run->measure);
    double during = 0;
    for (size_t i = first; i <= last && i < count; i++) {
        during += measure_second(run->measure, i).offered;
        seconds++;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t offered = measure_second(run->measure, i).offered;
        all += offered > 0;
        calm += offered > 0 && 2.0 * offered * (double)seconds < during;
    }
    return all > 0 ? (double)calm / (double)all : 0;
}

struct facts facts_of_failure(const struct measure_failure *failure, const struct run_facts *run)
{
    uint64_t between = failure->enrolled_until - failure->enrolled_before;
    return (struct facts){.failure = failure,
                          .first = &failure->first,
                          .run = run,
                          .layer = layer_of(&failure->first),
                          .stage = stage_of(failure),
                          .reason = reason_of(&failure->first),
                          .hresult = hresult_of(&failure->first),
                          .late = failure->enrolled_before > 0,
                          .recovered = run->devices.enrolled > failure->enrolled_until,
                          .mixed = (double)between / (double)(between + failure->count),
                          .crowd = crowd_of(failure, run)};
}
