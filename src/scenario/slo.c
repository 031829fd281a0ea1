#include "scenario/scenario.h"

#include "base/text.h"

#include <ctype.h>

enum kind {
    KIND_COUNT,
    KIND_DEVICES, /* a count, or a share of the planned ones */
    KIND_RATE,
    KIND_TIME,
    KIND_SHARE,
    KIND_NUMBER
};

/* Where a figure is known, and when. */
enum { RUN = 1, PHASE = 2, PERSONA = 4, WINDOW = 8, LIVE = 16 };

struct figure {
    char path[64]; /* behind "phases.NAME." and "personas.NAME." */
    enum kind kind;
    unsigned can;
};

#define EVERYWHERE  (RUN | PHASE | PERSONA)
#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

static const struct figure fixed[] = {
    {"planned", KIND_DEVICES, EVERYWHERE | LIVE},
    {"started", KIND_DEVICES, RUN | PHASE | LIVE},
    {"enrolled", KIND_DEVICES, EVERYWHERE | WINDOW | LIVE},
    {"failed", KIND_DEVICES, EVERYWHERE | WINDOW | LIVE},
    {"unsent", KIND_DEVICES, RUN | PHASE | LIVE},
    {"abandoned", KIND_DEVICES, RUN | PHASE | LIVE},
    {"refused_as_expected", KIND_DEVICES, RUN},
    {"duration_s", KIND_NUMBER, RUN},
    {"rates.offered_per_s", KIND_RATE, RUN},
    {"rates.achieved_per_s", KIND_RATE, RUN},
    {"rates.requests_per_s", KIND_RATE, RUN},
    {"otp.fetched", KIND_COUNT, RUN},
    {"otp.used", KIND_COUNT, RUN},
    {"otp.burnt", KIND_COUNT, RUN},
    {"otp.expired", KIND_COUNT, RUN},
    {"otp.left", KIND_COUNT, RUN},
    {"otp.lost", KIND_COUNT, RUN},
    {"otp.unanswered", KIND_COUNT, RUN},
    {"otp.failed", KIND_COUNT, RUN},
    {"otp.cache_full", KIND_COUNT, RUN},
    {"otp.cache_full_onsets", KIND_COUNT, RUN},
    {"otp.outstanding_max", KIND_COUNT, RUN},
    {"otp.capacity.per_hour", KIND_COUNT, RUN},
    {"correctness.serials_unique", KIND_COUNT, RUN},
    {"correctness.key_mismatch", KIND_COUNT, RUN | LIVE},
    {"correctness.subject_mismatch", KIND_COUNT, RUN | LIVE},
    {"correctness.nonce_mismatch", KIND_COUNT, RUN | LIVE},
    {"correctness.transaction_mismatch", KIND_COUNT, RUN | LIVE},
    {"correctness.chain_failures", KIND_COUNT, RUN | LIVE},
    {"correctness.duplicate_otp", KIND_COUNT, RUN | LIVE},
    {"correctness.expectation_failures", KIND_COUNT, RUN | LIVE},
    {"correctness.renewal_same_certificate", KIND_COUNT, RUN | LIVE},
    {"correctness.certificate_missing", KIND_COUNT, RUN | LIVE},
    {"verdicts.strict.accepted", KIND_COUNT, RUN},
    {"verdicts.strict.refused", KIND_COUNT, RUN},
    {"verdicts.persona.accepted", KIND_COUNT, RUN},
    {"verdicts.persona.refused", KIND_COUNT, RUN},
    {"verdicts.differ", KIND_COUNT, RUN},
    {"conformance.passed", KIND_COUNT, RUN},
    {"conformance.failed", KIND_COUNT, RUN},
    {"conformance.odd", KIND_COUNT, RUN},
    {"conformance.skipped", KIND_COUNT, RUN},
    {"follow_ups.renewal.tried", KIND_COUNT, RUN},
    {"follow_ups.renewal.ok", KIND_COUNT, RUN},
    {"follow_ups.renewal.failed", KIND_COUNT, RUN},
    {"follow_ups.get_cert.tried", KIND_COUNT, RUN},
    {"follow_ups.get_cert.ok", KIND_COUNT, RUN},
    {"follow_ups.get_cert.failed", KIND_COUNT, RUN},
    {"follow_ups.get_crl.tried", KIND_COUNT, RUN},
    {"follow_ups.get_crl.ok", KIND_COUNT, RUN},
    {"follow_ups.get_crl.failed", KIND_COUNT, RUN},
    {"follow_ups.get_next_ca_cert.tried", KIND_COUNT, RUN},
    {"follow_ups.get_next_ca_cert.ok", KIND_COUNT, RUN},
    {"follow_ups.get_next_ca_cert.failed", KIND_COUNT, RUN},
    {"generator.cpu_s", KIND_NUMBER, RUN},
    {"generator.loop_cpu_s", KIND_NUMBER, RUN},
    {"generator.cpu_wait_s", KIND_NUMBER, RUN},
    {"generator.throttled", KIND_COUNT, RUN},
    {"generator.swapped_in_pages", KIND_COUNT, RUN},
    {"generator.clock_step", KIND_TIME, RUN},
    {"generator.cpu_per_enrollment", KIND_TIME, RUN},
    {"generator.peak_rss_bytes", KIND_COUNT, RUN},
    {"generator.bytes_per_device", KIND_COUNT, RUN},
    {"generator.open_connections_max", KIND_COUNT, RUN},
};

/* Followed by a statistic. The one without a name is the latency of a persona. */
static const struct figure histograms[] = {
    {"latency.enrollment.", KIND_TIME, RUN | PHASE | WINDOW | LIVE},
    {"latency.service.", KIND_TIME, RUN | PHASE | WINDOW | LIVE},
    {"latency.start_lag.", KIND_TIME, RUN | PHASE | WINDOW | LIVE},
    {"", KIND_TIME, PERSONA | WINDOW | LIVE},
    {"outcomes.enrolled.", KIND_TIME, EVERYWHERE | WINDOW | LIVE},
    {"outcomes.failed.", KIND_TIME, EVERYWHERE | WINDOW | LIVE},
    {"outcomes.timed_out.", KIND_TIME, EVERYWHERE | WINDOW | LIVE},
    {"otp.age_at_use.", KIND_TIME, RUN},
    {"otp.fetch.", KIND_TIME, RUN},
    {"otp.hold.", KIND_TIME, RUN},
    {"generator.loop_stall.", KIND_TIME, RUN},
};
/* The same behind "steps.STEP.". Intervals do not tell personas' steps apart: no window there. */
static const struct figure step_histograms[] = {
    {"", KIND_TIME, EVERYWHERE | WINDOW | LIVE},
    {"outcomes.ok.", KIND_TIME, EVERYWHERE | WINDOW | LIVE},
    {"outcomes.failed.", KIND_TIME, EVERYWHERE | WINDOW | LIVE},
    {"outcomes.timed_out.", KIND_TIME, EVERYWHERE | WINDOW | LIVE},
};
static const struct figure step_counts[] = {
    {"failed", KIND_COUNT, EVERYWHERE | LIVE},
    {"bytes_sent", KIND_COUNT, RUN},
    {"bytes_received", KIND_COUNT, RUN},
};
static const char *const statistics[] = {"count", "min", "mean", "p50", "p90", "p95", "p99", "p999", "max"};

/* ---- all figures, one after the other ---- */

/* False ends the walk. */
typedef bool each_figure(void *user, const struct figure *f);

static bool each_statistic(const char *prefix, const struct figure *histogram, each_figure *each, void *user)
{
    for (size_t i = 0; i < COUNT_OF(statistics); i++) {
        struct figure f = {.kind = i == 0 ? KIND_COUNT : KIND_TIME, .can = histogram->can};
        snprintf(f.path, sizeof f.path, "%s%.20s%s", prefix, histogram->path, statistics[i]);
        if (!each(user, &f))
            return false;
    }
    return true;
}

static bool each_of_step(const char *step, each_figure *each, void *user)
{
    char prefix[32];
    snprintf(prefix, sizeof prefix, "steps.%.20s.", step);
    for (size_t i = 0; i < COUNT_OF(step_histograms); i++) {
        if (!each_statistic(prefix, &step_histograms[i], each, user))
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(step_counts); i++) {
        struct figure f = step_counts[i];
        snprintf(f.path, sizeof f.path, "%s%.20s", prefix, step_counts[i].path);
        if (!each(user, &f))
            return false;
    }
    return true;
}

static bool each_of_reason(const char *reason, each_figure *each, void *user)
{
    struct figure count = {.kind = KIND_DEVICES, .can = RUN | LIVE};
    struct figure share = {.kind = KIND_SHARE, .can = RUN};
    snprintf(count.path, sizeof count.path, "failures.%.40s.count", reason);
    snprintf(share.path, sizeof share.path, "failures.%.40s.share", reason);
    return each(user, &count) && each(user, &share);
}

static void walk(each_figure *each, void *user)
{
    bool more = true;
    for (size_t i = 0; more && i < COUNT_OF(fixed); i++)
        more = each(user, &fixed[i]);
    for (size_t i = 0; more && i < COUNT_OF(histograms); i++)
        more = each_statistic("", &histograms[i], each, user);
    for (int i = STAGE_KEY; more && i < STAGE_COUNT; i++)
        more = each_of_step(base_stage_id((enum stage)i), each, user);
    for (int i = REASON_NONE + 1; more && i < REASON_COUNT; i++)
        more = each_of_reason(base_reason_id((enum reason)i), each, user);
}

/* ---- the figure that is meant ---- */

struct search {
    const char *path; /* behind the scope */
    unsigned scope;
    struct figure found;
    char nearest[sizeof(((struct figure *)0)->path)];
};

static bool is_it(void *user, const struct figure *f)
{
    struct search *s = user;
    if ((f->can & s->scope) == 0 || strcmp(f->path, s->path) != 0)
        return true;
    s->found = *f;
    return false;
}

/* Whole paths are long, so a slip in one of their words stays near. */
static bool is_nearer(void *user, const struct figure *f)
{
    struct search *s = user;
    const char *const words[] = {s->nearest, f->path, NULL};
    if ((f->can & s->scope) != 0 && text_nearest(s->path, words) == f->path)
        memcpy(s->nearest, f->path, sizeof s->nearest);
    return true;
}

/* "personas.ios-2.p95": the scope, the name within it, and what follows. */
static unsigned take_scope(const char *path, struct span *name, const char **rest)
{
    static const struct {
        const char *prefix;
        unsigned scope;
    } scopes[] = {{"phases.", PHASE}, {"personas.", PERSONA}};
    for (size_t i = 0; i < COUNT_OF(scopes); i++) {
        size_t len = strlen(scopes[i].prefix);
        const char *dot = strncmp(path, scopes[i].prefix, len) == 0 ? strchr(path + len, '.') : NULL;
        if (dot == NULL)
            continue;
        *name = span_of(path + len, (size_t)(dot - path) - len);
        *rest = dot + 1;
        return scopes[i].scope;
    }
    *name = span_of(path, 0);
    *rest = path;
    return RUN;
}

/* "ios-2" is as good as "ios": the number tells profiles of one persona apart. The nearest one otherwise. */
static const char *persona_of(struct span name)
{
    char text[40];
    snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.data);
    char *dash = strrchr(text, '-');
    size_t digits = dash == NULL ? 0 : strspn(dash + 1, "0123456789");
    if (digits > 0 && digits < 4 && dash[1 + digits] == '\0')
        *dash = '\0';
    return text_nearest(text, persona_names());
}

static bool is_named(struct span name, const char *persona)
{
    size_t len = persona == NULL ? 0 : strlen(persona);
    return len > 0 && name.len >= len && memcmp(name.data, persona, len) == 0 &&
           (name.len == len || (name.data[len] == '-' && name.len <= len + 4 && isdigit(name.data[len + 1])));
}

/* Catalogues of causes are another room's: any name may stand here. */
static bool is_diagnosis(const char *path)
{
    static const char prefix[] = "diagnosis.";
    const char *name = path + sizeof prefix - 1;
    if (strncmp(path, prefix, sizeof prefix - 1) != 0)
        return false;
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && (strcmp(name + len, ".share") == 0 || strcmp(name + len, ".confidence") == 0);
}

static bool fail_unknown(const char *path, const char *scope, struct span name, const char *nearest,
                         struct err *e)
{
    if (nearest[0] == '\0')
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "'%.60s' is no figure of the results; try enrolled, latency.enrollment.p95 or "
                       "steps.pki_operation.p99",
                       path);
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "'%.70s' is no figure of the results; did you mean '%s%.*s%s%s'?", path, scope,
                   (int)name.len, (const char *)name.data, scope[0] != '\0' ? "." : "", nearest);
}

static bool find_figure(const char *path, struct figure *out, struct err *e)
{
    static const char *const scopes[] = {[RUN] = "", [PHASE] = "phases.", [PERSONA] = "personas."};
    struct span name;
    struct search s = {0};
    s.scope = take_scope(path, &name, &s.path);
    walk(is_it, &s);
    if (s.scope == RUN && is_diagnosis(path))
        s.found = (struct figure){.path = "diagnosis", .kind = KIND_SHARE, .can = RUN};
    const char *persona = s.scope == PERSONA ? persona_of(name) : NULL;
    bool known = s.scope != PERSONA || is_named(name, persona);
    *out = s.found;
    if (s.found.can != 0 && known)
        return true;
    if (s.found.can != 0)
        memcpy(s.nearest, s.found.path, sizeof s.nearest);
    else
        walk(is_nearer, &s);
    if (!known && persona == NULL)
        s.nearest[0] = '\0';
    return fail_unknown(path, scopes[s.scope], known ? name : span_of_text(persona != NULL ? persona : ""),
                        s.nearest, e);
}

/* "devices.enrolled" -> "enrolled", "steps.otp.latency.p99" -> "steps.otp.p99", personas likewise. */
static void shorten(char *path)
{
    static const char devices[] = "devices.", latency[] = ".latency.";
    if (strncmp(path, devices, sizeof devices - 1) == 0)
        memmove(path, path + sizeof devices - 1, strlen(path) - (sizeof devices - 1) + 1);
    bool has_inner = strncmp(path, "personas.", 9) == 0 || strncmp(path, "steps.", 6) == 0 ||
                     (strncmp(path, "phases.", 7) == 0 && strstr(path, ".steps.") != NULL);
    char *inner = has_inner ? strstr(path, latency) : NULL;
    if (inner != NULL)
        memmove(inner, inner + sizeof latency - 2, strlen(inner) - (sizeof latency - 2) + 1);
}

/* ---- what it is compared with ---- */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static bool take_operator(const char **at, enum scenario_slo_op *out)
{
    static const struct {
        const char *sign;
        enum scenario_slo_op op;
    } operators[] = {{"<=", SLO_LESS_EQUAL},
                     {">=", SLO_GREATER_EQUAL},
                     {"==", SLO_EQUAL},
                     {"<", SLO_LESS},
                     {">", SLO_GREATER}};
    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        size_t len = strlen(operators[i].sign);
        if (strncmp(*at, operators[i].sign, len) == 0) {
            *out = operators[i].op;
            *at += len;
            return true;
        }
    }
    return false;
}

static bool take_time(const char *text, struct scenario_slo *out, struct err *e)
{
    int64_t us = 0;
    if (!text_parse_duration(text, &us, NULL))
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%s is a time: compare it with a value such as 250ms or 3s, not '%.40s'", out->path,
                       text);
    out->value = (double)us / 1e3;
    return true;
}

static bool take_rate(const char *text, struct scenario_slo *out, struct err *e)
{
    int64_t plain = 0;
    if (text_parse_rate(text, &out->value, NULL))
        return true;
    if (!text_parse_int(text, 0, 1000000, &plain, NULL))
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%s is a rate: compare it with a value such as 20/s or 300/h, not '%.40s'", out->path,
                       text);
    out->value = (double)plain;
    return true;
}

/* "enrolled >= 0.995" would mean a single device: a share has a percent sign here. */
static bool take_count(const char *text, bool may_be_share, struct scenario_slo *out, struct err *e)
{
    int64_t count = 0;
    bool percent = strchr(text, '%') != NULL;
    out->is_share = may_be_share && percent && text_parse_share(text, &out->value, NULL);
    if (out->is_share)
        return true;
    if (!text_parse_int(text, 0, INT64_C(1) << 53, &count, NULL))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%s is a number: compare it with %s, not '%.40s'",
                       out->path,
                       may_be_share ? "a whole number, or a share such as 99.5%" : "a whole number", text);
    out->value = (double)count;
    return true;
}

static bool take_share(const char *text, struct scenario_slo *out, struct err *e)
{
    return text_parse_share(text, &out->value, NULL) ||
           err_set(e, STAGE_SETUP, REASON_USAGE,
                   "%s is a share: compare it with a value such as 5%%, not '%.40s'", out->path, text);
}

static bool take_number(const char *text, struct scenario_slo *out, struct err *e)
{
    char *end = NULL;
    bool plain = text[0] != '\0' && strspn(text, "0123456789.") == strlen(text);
    out->value = plain ? strtod(text, &end) : 0;
    return (plain && *end == '\0') ||
           err_set(e, STAGE_SETUP, REASON_USAGE,
                   "%s is a number: compare it with one such as 12.5, not '%.40s'", out->path, text);
}

static bool take_value(const char *text, enum kind kind, struct scenario_slo *out, struct err *e)
{
    switch (kind) {
    case KIND_TIME:
        out->unit = SLO_TIME;
        return take_time(text, out, e);
    case KIND_RATE:
        return take_rate(text, out, e);
    case KIND_COUNT:
        return take_count(text, false, out, e);
    case KIND_DEVICES: {
        bool ok = take_count(text, true, out, e);
        out->unit = out->is_share ? SLO_SHARE : SLO_NUMBER;
        return ok;
    }
    case KIND_SHARE:
        out->unit = SLO_SHARE;
        return take_share(text, out, e);
    case KIND_NUMBER:
        return take_number(text, out, e);
    }
    return false;
}

/* ---- the expression ---- */

/* The next word; false at the end of the text, or when it is too long. */
static bool take_word(const char **at, char *out, size_t out_bytes)
{
    *at = skip_blanks(*at);
    size_t len = strcspn(*at, " \t");
    if (len == 0 || len >= out_bytes)
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len;
    return true;
}

static bool take_window(const char **at, const struct figure *f, struct scenario_slo *out, struct err *e)
{
    char length[32];
    if (!take_word(at, length, sizeof length) || !text_parse_duration(length, &out->window_us, NULL) ||
        out->window_us < SLO_MIN_WINDOW_US)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "a window of at least 10s must follow 'over', such as 60s");
    bool steps_of_persona = strncmp(out->path, "personas.", 9) == 0 && strncmp(f->path, "steps.", 6) == 0;
    return ((f->can & WINDOW) != 0 && !steps_of_persona) ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "%s is known for the whole run only: leave 'over %s' out",
                   out->path, length);
}

/* "over 60s", "or abort", or both in this order. */
static bool take_options(const char *at, const struct figure *f, struct scenario_slo *out, struct err *e)
{
    char word[16] = "", second[16] = "";
    const char *rest = skip_blanks(at);
    bool more = take_word(&at, word, sizeof word);
    if (more && strcmp(word, "over") == 0) {
        if (!take_window(&at, f, out, e))
            return false;
        rest = skip_blanks(at);
        more = take_word(&at, word, sizeof word);
    }
    if (more && strcmp(word, "or") == 0 && take_word(&at, second, sizeof second) &&
        strcmp(second, "abort") == 0) {
        if ((f->can & LIVE) == 0)
            return err_set(e, STAGE_SETUP, REASON_USAGE,
                           "%s is known at the end of a run only: leave the abort out", out->path);
        out->abort = true;
        rest = skip_blanks(at);
    }
    return rest[0] == '\0' ||
           err_set(e, STAGE_SETUP, REASON_USAGE,
                   "behind the value may stand 'over 60s' and 'or abort', not '%.40s'", rest);
}

bool scenario_slo_parse(const char *expression, struct scenario_slo *out, struct err *e)
{
    struct scenario_slo slo = {0};
    char value[48];
    struct figure figure;
    const char *at = skip_blanks(expression);
    size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
    if (len == 0 || len >= sizeof slo.path)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "an SLO is a figure, a comparison and a value: latency.enrollment.p95 < 3s");
    memcpy(slo.path, at, len);
    shorten(slo.path);
    at = skip_blanks(at + len);
    if (!take_operator(&at, &slo.op))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a comparison (< <= > >= ==) must follow '%s'",
                       slo.path);
    if (!take_word(&at, value, sizeof value))
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "a value such as 3s or 99.5%% must follow the comparison");
    if (!find_figure(slo.path, &figure, e) || !take_value(value, figure.kind, &slo, e) ||
        !take_options(at, &figure, &slo, e))
        return false;
    *out = slo;
    return true;
}
