#include "scenario/scenario.h"

#include "base/text.h"

#include <ctype.h>

enum kind { KIND_COUNT, KIND_DEVICES, KIND_RATE, KIND_TIME };

/* What may stand in a path: fixed names, names followed by a statistic, steps. */
static const struct {
    const char *path;
    enum kind kind;
} figures[] = {
    {"planned", KIND_DEVICES},
    {"started", KIND_DEVICES},
    {"enrolled", KIND_DEVICES},
    {"failed", KIND_DEVICES},
    {"unsent", KIND_DEVICES},
    {"abandoned", KIND_DEVICES},
    {"refused_as_expected", KIND_DEVICES},
    {"rates.offered_per_s", KIND_RATE},
    {"rates.achieved_per_s", KIND_RATE},
    {"rates.requests_per_s", KIND_RATE},
    {"otp.fetched", KIND_COUNT},
    {"otp.used", KIND_COUNT},
    {"otp.burnt", KIND_COUNT},
    {"otp.expired", KIND_COUNT},
    {"otp.left", KIND_COUNT},
    {"otp.lost", KIND_COUNT},
    {"otp.unanswered", KIND_COUNT},
    {"otp.failed", KIND_COUNT},
    {"otp.cache_full", KIND_COUNT},
    {"otp.cache_full_onsets", KIND_COUNT},
    {"otp.outstanding_max", KIND_COUNT},
    {"otp.capacity.per_hour", KIND_COUNT},
    {"correctness.key_mismatch", KIND_COUNT},
    {"correctness.subject_mismatch", KIND_COUNT},
    {"correctness.nonce_mismatch", KIND_COUNT},
    {"correctness.transaction_mismatch", KIND_COUNT},
    {"correctness.chain_failures", KIND_COUNT},
    {"correctness.duplicate_otp", KIND_COUNT},
    {"correctness.expectation_failures", KIND_COUNT},
    {"correctness.renewal_same_certificate", KIND_COUNT},
    {"verdicts.strict.accepted", KIND_COUNT},
    {"verdicts.strict.refused", KIND_COUNT},
    {"verdicts.persona.accepted", KIND_COUNT},
    {"verdicts.persona.refused", KIND_COUNT},
    {"verdicts.differ", KIND_COUNT},
    {"follow_ups.renewal.tried", KIND_COUNT},
    {"follow_ups.renewal.ok", KIND_COUNT},
    {"follow_ups.renewal.failed", KIND_COUNT},
    {"follow_ups.get_cert.tried", KIND_COUNT},
    {"follow_ups.get_cert.ok", KIND_COUNT},
    {"follow_ups.get_cert.failed", KIND_COUNT},
    {"follow_ups.get_crl.tried", KIND_COUNT},
    {"follow_ups.get_crl.ok", KIND_COUNT},
    {"follow_ups.get_crl.failed", KIND_COUNT},
    {"follow_ups.get_next_ca_cert.tried", KIND_COUNT},
    {"follow_ups.get_next_ca_cert.ok", KIND_COUNT},
    {"follow_ups.get_next_ca_cert.failed", KIND_COUNT},
};
static const char *const histograms[] = {"latency.enrollment",  "latency.service", "latency.start_lag",
                                         "otp.age_at_use",      "otp.fetch",       "otp.hold",
                                         "generator.loop_stall"};
static const struct {
    const char *name;
    enum kind kind;
} statistics[] = {{"count", KIND_COUNT}, {"min", KIND_TIME},  {"mean", KIND_TIME},
                  {"p50", KIND_TIME},    {"p90", KIND_TIME},  {"p95", KIND_TIME},
                  {"p99", KIND_TIME},    {"p999", KIND_TIME}, {"max", KIND_TIME}};
static const char *const step_counts[] = {"failed", "bytes_sent", "bytes_received"};
static const char *const persona_counts[] = {"planned", "enrolled", "failed"};

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))
#define PATH_BYTES  sizeof(((struct scenario_slo *)0)->path)

struct known {
    char path[PATH_BYTES];
    enum kind kind;
};

static bool persona_path(size_t n, struct known *out)
{
    size_t stats = COUNT_OF(statistics), per_persona = stats + COUNT_OF(persona_counts);
    size_t part = n % per_persona;
    const char *const *names = persona_names();
    for (size_t i = 0; i <= n / per_persona; i++, names++) {
        if (*names == NULL)
            return false;
    }
    snprintf(out->path, sizeof out->path, "personas.%s.%s", names[-1],
             part < stats ? statistics[part].name : persona_counts[part - stats]);
    out->kind = part < stats ? statistics[part].kind : KIND_COUNT;
    return true;
}

/* The n-th of all known paths; false behind the last. */
static bool known_path(size_t n, struct known *out)
{
    if (n < COUNT_OF(figures)) {
        snprintf(out->path, sizeof out->path, "%s", figures[n].path);
        out->kind = figures[n].kind;
        return true;
    }
    n -= COUNT_OF(figures);
    size_t stats = COUNT_OF(statistics);
    if (n < COUNT_OF(histograms) * stats) {
        snprintf(out->path, sizeof out->path, "%s.%s", histograms[n / stats], statistics[n % stats].name);
        out->kind = statistics[n % stats].kind;
        return true;
    }
    n -= COUNT_OF(histograms) * stats;
    size_t per_step = stats + COUNT_OF(step_counts);
    size_t step = STAGE_KEY + n / per_step, part = n % per_step;
    if (step >= STAGE_COUNT)
        return persona_path(n - (STAGE_COUNT - STAGE_KEY) * per_step, out);
    snprintf(out->path, sizeof out->path, "steps.%s.%s", base_stage_id((enum stage)step),
             part < stats ? statistics[part].name : step_counts[part - stats]);
    out->kind = part < stats ? statistics[part].kind : KIND_COUNT;
    return true;
}

/* "devices.enrolled" -> "enrolled", "steps.otp.latency.p99" -> "steps.otp.p99", personas likewise. */
static void shorten(char *path)
{
    static const char devices[] = "devices.", latency[] = ".latency.";
    if (strncmp(path, devices, sizeof devices - 1) == 0)
        memmove(path, path + sizeof devices - 1, strlen(path) - (sizeof devices - 1) + 1);
    bool has_inner = strncmp(path, "steps.", 6) == 0 || strncmp(path, "personas.", 9) == 0;
    char *inner = has_inner ? strstr(path, latency) : NULL;
    if (inner != NULL)
        memmove(inner, inner + sizeof latency - 2, strlen(inner) - (sizeof latency - 2) + 1);
}

/* Of all paths the nearest one; whole paths are long, so a slip in one of their words stays near. */
static bool nearest(const char *path, char out[PATH_BYTES])
{
    struct known k;
    out[0] = '\0';
    for (size_t n = 0; known_path(n, &k); n++) {
        const char *const words[] = {out, k.path, NULL};
        if (text_nearest(path, words) == k.path)
            memcpy(out, k.path, sizeof k.path);
    }
    return out[0] != '\0';
}

/* "personas.ios-2.p95" is as good as "personas.ios.p95": the number tells profiles of one persona apart. */
static void without_number(const char *path, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s", path);
    char *dash = strncmp(path, "personas.", 9) == 0 ? strchr(out, '-') : NULL;
    size_t digits = dash == NULL ? 0 : strspn(dash + 1, "0123456789");
    if (digits > 0 && digits < 4 && dash[1 + digits] == '.')
        memmove(dash, dash + 1 + digits, strlen(dash + 1 + digits) + 1);
}

static bool find_path(const char *path, enum kind *kind, struct err *e)
{
    struct known k;
    char plain[PATH_BYTES];
    without_number(path, plain);
    for (size_t n = 0; known_path(n, &k); n++) {
        if (strcmp(k.path, plain) == 0) {
            *kind = k.kind;
            return true;
        }
    }
    char near[PATH_BYTES];
    if (nearest(path, near))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%s' is no figure of the results; did you mean '%s'?",
                       path, near);
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "'%s' is no figure of the results; try enrolled, latency.enrollment.p95 or "
                   "steps.pki_operation.p99",
                   path);
}

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

static bool take_value(const char *text, enum kind kind, struct scenario_slo *out, struct err *e)
{
    switch (kind) {
    case KIND_TIME:
        return take_time(text, out, e);
    case KIND_RATE:
        return take_rate(text, out, e);
    case KIND_COUNT:
        return take_count(text, false, out, e);
    case KIND_DEVICES:
        return take_count(text, true, out, e);
    }
    return false;
}

bool scenario_slo_parse(const char *expression, struct scenario_slo *out, struct err *e)
{
    struct scenario_slo slo = {0};
    char value[48];
    enum kind kind = KIND_COUNT;
    const char *at = skip_blanks(expression);
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
    if (len == 0 || len >= sizeof slo.path)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "an SLO is a figure, a comparison and a value: latency.enrollment.p95 < 3s");
    memcpy(slo.path, at, len);
    shorten(slo.path);
    at = skip_blanks(at + len);
    if (!take_operator(&at, &slo.op))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a comparison (< <= > >= ==) must follow '%s'",
                       slo.path);
    at = skip_blanks(at);
    len = strlen(at);
    while (len > 0 && isspace((unsigned char)at[len - 1]))
        len--;
    if (len == 0 || len >= sizeof value)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "a value such as 3s or 99.5%% must follow the comparison");
    memcpy(value, at, len);
    value[len] = '\0';
    if (!find_path(slo.path, &kind, e) || !take_value(value, kind, &slo, e))
        return false;
    *out = slo;
    return true;
}
