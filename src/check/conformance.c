/* The part of `check` that enrolls: one device, then every chosen probe beside a control of its own. */
#include "base/clock.h"
#include "base/text.h"
#include "check/check.h"
#include "engine/engine.h"
#include "prelude/keys.h"
#include "report/report.h"

#define KEYS 2

/* All that it owns. */
struct trials {
    struct check *check;
    const struct scenario *scenario;
    const struct secret *made_up; /* a password that nobody gave out; NULL: c->challenges know */
    struct pki_pool *keys;
    struct load_plan *plan;
    struct measure *measure;
    struct report_folder *folder;
    struct engine_result result;
    struct diagnose_list diagnosis;
    char run_id[32];
};

static bool keep_key(struct pki_key *key, void *user, struct err *e)
{
    return pki_pool_add(user, key, e);
}

static bool get_ready(struct trials *t, struct err *e)
{
    struct check *c = t->check;
    const struct scenario *s = t->scenario;
    const char *folder = t->made_up == NULL ? c->options.out : NULL;
    char now[32];
    text_utc(clock_wall_us(), now, sizeof now);
    snprintf(t->run_id, sizeof t->run_id, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", now, now + 5, now + 8, now + 11,
             now + 14, now + 17);
    return (t->made_up != NULL || check_challenges(c, e)) &&
           (folder == NULL || report_folder_open(folder, &t->folder, e)) && measure_new(&t->measure, e) &&
           pki_pool_new(&t->keys, e) && prelude_keys_make(s->devices.key_bits, KEYS, keep_key, t->keys, e) &&
           load_plan_new(s->phases, s->phase_count, s->devices.count, s->limits.devices, s->seed, &t->plan,
                         e);
}

static bool run(struct trials *t, struct err *e)
{
    const struct scenario *s = t->scenario;
    struct outcome_sink sinks[2] = {measure_sink(t->measure)};
    size_t count = 1;
    if (t->folder != NULL)
        sinks[count++] = report_folder_sink(t->folder);
    struct engine_config config = {
        .scenario = s,
        .scep_url = s->target.url,
        .keys = t->keys,
        .plan = t->plan,
        .sinks = sinks,
        .sink_count = count,
        .run_id = t->run_id,
    };
    if (t->made_up != NULL)
        config.secret = t->made_up;
    else
        prelude_challenges_configure(&t->check->challenges, &config);
    return engine_run(&config, &t->result, e) && diagnose_run(t->measure, &t->result.target, &t->result.otp,
                                                              clock_wall_us() / 1000000, &t->diagnosis, e);
}

/* The two lists of summary.json that scripts look at; the folder, when one is wanted. */
static bool report(struct trials *t, struct err *e)
{
    const struct check *c = t->check;
    const struct report_run facts = {
        .scenario_name = c->scenario->name,
        .scenario_sha256 = c->scenario->sha256,
        .seed = c->scenario->seed,
        .authorized = c->options.authorized,
        .versions = c->versions,
        .started_wall_us = t->result.started_wall_us,
        .duration_us = t->result.duration_us,
        .offered_until_us = t->result.offered_until_us,
        .interrupted = t->result.interrupted,
        .stopped_early = t->result.stopped_early[0] != '\0' ? t->result.stopped_early : NULL,
        .measure = t->measure,
        .target = &t->result.target,
        .otp = prelude_challenges_count(c->scenario) ? &t->result.otp : NULL,
        .generator = &t->result.generator,
        .diagnosis = &t->diagnosis,
    };
    struct report_verdict verdict;
    struct buf text;
    buf_init(&text, (size_t)16 << 20);
    bool ok = report_summary_json(&facts, &verdict, &text, e);
    json_t *summary = ok ? json_loadb((const char *)text.data, text.len, 0, NULL) : NULL;
    if (summary != NULL) {
        json_decref(t->check->conformance);
        t->check->conformance = json_incref(json_object_get(summary, "conformance"));
        json_decref(t->check->diagnosis);
        t->check->diagnosis = json_incref(json_object_get(summary, "diagnosis"));
    }
    json_decref(summary);
    buf_clear(&text);
    if (t->folder == NULL)
        return ok;
    struct report_folder *folder = t->folder;
    t->folder = NULL;
    return report_folder_close(folder, &facts, &verdict, e) && ok;
}

static unsigned long long total(const struct trials *t, enum outcome_probe_verdict verdict)
{
    return (unsigned long long)measure_probe_total(t->measure, verdict);
}

static void tell_row(struct buf *lines, const struct outcome_probe *p)
{
    buf_appendf(lines, "  %-7s  %-30s  %s", outcome_probe_verdict_id(p->verdict), p->probe, p->observed);
    if (p->verdict == OUTCOME_PROBE_SKIPPED)
        buf_appendf(lines, "; control: %s", p->control);
    else if (p->verdict != OUTCOME_PROBE_PASSED)
        buf_appendf(lines, "; expected: %s (%s)", p->expected, p->rule);
    buf_append_byte(lines, '\n');
}

/* Those that were never tried are all alike: a number says it. */
static void tell_rows(struct trials *t)
{
    unsigned long long untried = 0;
    const char *why = "";
    for (size_t i = 0; i < measure_probe_count(t->measure); i++) {
        const struct outcome_probe *p = &measure_probe(t->measure, i)->first;
        if (strcmp(p->control, "not made") != 0) {
            tell_row(&t->check->lines, p);
            continue;
        }
        untried++;
        why = p->observed;
    }
    if (untried > 0)
        buf_appendf(&t->check->lines, "  skipped  %llu more: %s\n", untried, why);
}

static void judge(struct trials *t)
{
    struct check *c = t->check;
    unsigned long long passed = total(t, OUTCOME_PROBE_PASSED), failed = total(t, OUTCOME_PROBE_FAILED),
                       odd = total(t, OUTCOME_PROBE_ODD), skipped = total(t, OUTCOME_PROBE_SKIPPED),
                       all = passed + failed + odd + skipped;
    unsigned long long enrolled = (unsigned long long)measure_devices(t->measure).enrolled;
    buf_appendf(&c->perfdata, " enrolled=%llu", enrolled);
    if (c->options.probes != NULL)
        buf_appendf(&c->perfdata, " passed=%llu failed=%llu odd=%llu skipped=%llu", passed, failed, odd,
                    skipped);
    buf_appendf(&c->perfdata, " time=%.3fs", (double)t->result.generator.wall_us / 1e6);
    if (enrolled == 0 && measure_failure_count(t->measure) > 0) {
        const struct err *why = &measure_failure(t->measure, 0)->first.error;
        check_tell(c, CHECK_CRITICAL, "nothing enrolled: %s: %s", base_stage_id(why->stage),
                   why->text[0] != '\0' ? why->text : base_reason_sentence(why->reason));
    } else if (c->options.probes == NULL) {
        check_tell(c, CHECK_OK, "a device enrolled");
    } else if (failed > 0) {
        check_tell(c, CHECK_CRITICAL, "%llu of %llu probes failed", failed, all);
    } else if (odd + skipped > 0) {
        check_tell(c, CHECK_WARNING, "%llu of %llu probes odd, %llu skipped", odd, all, skipped);
    } else {
        check_tell(c, CHECK_OK, "enrolled, %llu of %llu probes passed", passed, all);
    }
    if (t->diagnosis.count > 0)
        buf_appendf(&c->lines, "  likely cause: %s (scepstorm causes %s)\n",
                    t->diagnosis.items[0].cause->title, t->diagnosis.items[0].cause->id);
}

static void clear(struct trials *t)
{
    diagnose_clear(&t->diagnosis);
    report_folder_free(t->folder);
    measure_free(t->measure);
    load_plan_free(t->plan);
    pki_pool_free(t->keys);
}

/* How long each step of the device took. */
static void tell_steps(struct trials *t)
{
    static const enum stage steps[] = {STAGE_OTP,   STAGE_GET_CA_CAPS,   STAGE_GET_CA_CERT, STAGE_CSR,
                                       STAGE_BUILD, STAGE_PKI_OPERATION, STAGE_CERT_POLL,   STAGE_VERIFY};
    struct check *c = t->check;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct measure_step step;
        if (!measure_step(t->measure, steps[i], &step) || histogram_count(step.latency) == 0)
            continue;
        int64_t took = (int64_t)histogram_mean(step.latency);
        char name[48];
        snprintf(name, sizeof name, "enroll_%s", base_stage_id(steps[i]));
        check_stage(c, "enroll", step.failed > 0 ? CHECK_CRITICAL : CHECK_OK, took, "%s%s",
                    base_stage_id(steps[i]), step.failed > 0 ? ": failed" : "");
        json_object_set_new(c->timings, name, json_real((double)took / 1e3));
    }
}

void check_enroll(struct check *c)
{
    struct trials t = {.check = c, .scenario = c->scenario};
    struct err e = {0};
    if (get_ready(&t, &e) && run(&t, &e) && report(&t, &e)) {
        if (c->options.enroll)
            tell_steps(&t);
        if (c->scenario->challenge.source == CHALLENGE_NONE)
            check_stage(c, "enroll", CHECK_OK, -1,
                        "without a password: give one with --user and --password-env, or --challenge-env");
        judge(&t);
        tell_rows(&t);
        if (t.result.interrupted)
            check_tell(c, CHECK_UNKNOWN, "interrupted");
    } else {
        check_tell(c, CHECK_UNKNOWN, "%s", e.text[0] != '\0' ? e.text : base_reason_sentence(e.reason));
    }
    clear(&t);
}

/* ---- is the password looked at? ---- */

static const char *words_of(const struct err *e)
{
    return e->text[0] != '\0' ? e->text : base_reason_sentence(e->reason);
}

/* CERTSRV_E_...: what the CA says, whom requests reach once NDES has taken their password. */
static bool is_of_ca(const struct outcome *o)
{
    return o->has_hresult && o->hresult >> 12 == 0x80094;
}

/* A request that is as it should be, but for its password, came to no SCEP answer: that is no matter of passwords. Where the
 * read-only part failed already, that says more. */
static void note_unanswered(struct check *c, const struct measure_failure *failure)
{
    const struct err *why = &failure->first.error;
    check_stage(c, "password", CHECK_WARNING, -1, "whether it is checked cannot be told: %s", words_of(why));
    if (err_is_set(&c->failure.error) || why->stage != STAGE_PKI_OPERATION)
        return;
    check_tell(c, CHECK_CRITICAL, "a well-formed request gets no SCEP answer: %s", words_of(why));
    c->failure = failure->first;
    buf_reset(&c->failed_url);
    buf_append_span(&c->failed_url, buf_span(&failure->url));
}

static void judge_made_up(struct trials *t)
{
    struct check *c = t->check;
    const struct measure_failure *failure =
        measure_failure_count(t->measure) > 0 ? measure_failure(t->measure, 0) : NULL;
    if (measure_devices(t->measure).enrolled > 0) {
        check_stage(c, "password", CHECK_CRITICAL, -1,
                    "a device enrolled with a password that nobody gave out: anybody can (its certificate "
                    "has OU=scepstorm in the subject; revoke it)");
        check_tell(c, CHECK_CRITICAL, "the password is not checked: anybody can enroll");
    } else if (failure == NULL) {
        check_stage(c, "password", CHECK_WARNING, -1,
                    "whether it is checked cannot be told: it was not sent");
    } else if (failure->first.error.reason != REASON_SCEP_FAILURE) {
        note_unanswered(c, failure);
    } else if (is_of_ca(&failure->first)) {
        check_stage(c, "password", CHECK_WARNING, -1,
                    "a password that nobody gave out got as far as the CA, which refuses the request: %s",
                    words_of(&failure->first.error));
        check_tell(c, CHECK_WARNING, "the password does not seem to be checked: the CA refuses, not NDES");
    } else {
        check_stage(c, "password", CHECK_OK, -1, "a password that nobody gave out is refused: %s",
                    words_of(&failure->first.error));
    }
}

void check_made_up_password(struct check *c)
{
    static const char password[] = "5CE957012BADC0DE"; /* of the form and length that NDES gives out */
    struct trials t = {.check = c};
    struct scenario *scenario = NULL;
    struct secret *made_up = NULL;
    struct err e = {0};
    bool ok = check_scenario_made_up(c, &scenario, &e) && secret_new(span_of_text(password), &made_up, &e);
    t.scenario = scenario;
    t.made_up = made_up;
    if (ok && get_ready(&t, &e) && run(&t, &e))
        judge_made_up(&t);
    else
        check_tell(c, CHECK_UNKNOWN, "%s", e.text[0] != '\0' ? e.text : base_reason_sentence(e.reason));
    clear(&t);
    secret_free(made_up);
    scenario_free(scenario);
}
