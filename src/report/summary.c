#include "report/parts.h"

#include "base/text.h"
#include "report/json_text.h"

/* jansson's _new setters own the value also when they fail; without memory a key is missing, nothing leaks. */

/* null for nothing */
json_t *summary_string(const char *text)
{
    if (text == NULL || text[0] == '\0')
        return json_null();
    return json_text(text);
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *ms(int64_t us)
{
    return json_real((double)us / 1000);
}

/* Always numbers; a reader must look at count first: 0 means that there were no values. */
json_t *summary_histogram(const struct histogram *h)
{
    static const struct {
        const char *name;
        double share;
    } quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};
    json_t *out = json_object();
    json_object_set_new(out, "count", count(h == NULL ? 0 : histogram_count(h)));
    json_object_set_new(out, "min", ms(h == NULL ? 0 : histogram_min(h)));
    json_object_set_new(out, "mean", json_real(h == NULL ? 0 : histogram_mean(h) / 1000));
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
        json_object_set_new(out, quantiles[i].name,
                            ms(h == NULL ? 0 : histogram_quantile(h, quantiles[i].share)));
    json_object_set_new(out, "max", ms(h == NULL ? 0 : histogram_max(h)));
    return out;
}

static json_t *utc(int64_t unix_s)
{
    char text[40];
    text_utc(unix_s * 1000000, text, sizeof text);
    return json_string(text);
}

static json_t *tool_json(const struct report_run *run)
{
    static const char *const names[] = {"openssl", "libcurl", "libuv"};
    json_t *out = json_object();
    json_object_set_new(out, "version", json_string(run->version != NULL ? run->version : SCEPSTORM_VERSION));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        json_object_set_new(out, names[i], json_null());
    for (size_t i = 0; run->versions != NULL && run->versions[i] != NULL && run->versions[i + 1] != NULL;
         i += 2)
        json_object_set_new(out, run->versions[i], json_string(run->versions[i + 1]));
    return out;
}

static json_t *scenario_json(const struct report_run *run)
{
    json_t *out = json_object();
    json_object_set_new(out, "name", summary_string(run->scenario_name));
    json_object_set_new(out, "sha256", summary_string(run->scenario_sha256));
    json_object_set_new(out, "seed", count(run->seed));
    return out;
}

static json_t *certificate_json(const struct outcome_target_cert *cert)
{
    json_t *out = json_object();
    json_object_set_new(out, "role", summary_string(cert->role));
    json_object_set_new(out, "subject", summary_string(cert->subject));
    json_object_set_new(out, "issuer", summary_string(cert->issuer));
    json_object_set_new(out, "serial", summary_string(cert->serial));
    json_object_set_new(out, "not_before", utc(cert->not_before));
    json_object_set_new(out, "not_after", utc(cert->not_after));
    json_object_set_new(out, "sha256", summary_string(cert->sha256));
    return out;
}

static json_t *target_json(const struct report_run *run)
{
    const struct outcome_target *t = run->target;
    json_t *out = json_object(), *caps = json_array(), *certs = json_array();
    struct buf url;
    buf_init(&url, 4 * sizeof t->url);
    evidence_url(span_of_text(t->url), &url);
    json_object_set_new(out, "url", summary_string(buf_text(&url)));
    buf_clear(&url);
    json_object_set_new(out, "server_header", summary_string(t->server_header));
    for (size_t i = 0; i < t->cap_count; i++)
        json_array_append_new(caps, summary_string(t->caps[i]));
    for (size_t i = 0; i < t->cert_count; i++)
        json_array_append_new(certs, certificate_json(&t->certs[i]));
    json_object_set_new(out, "capabilities", caps);
    json_object_set_new(out, "certificates", certs);
    json_object_set_new(out, "bare_url_status",
                        t->bare_url_status == 0 ? json_null() : json_integer(t->bare_url_status));
    json_object_set_new(out, "date_skew_s", t->has_date_skew ? json_integer(t->date_skew_s) : json_null());
    json_object_set_new(out, "authorized", summary_string(run->authorized));
    return out;
}

static json_t *devices_json(const struct measure *m)
{
    struct measure_devices d = measure_devices(m);
    json_t *out = json_object();
    json_object_set_new(out, "planned", count(d.planned));
    json_object_set_new(out, "started", count(d.started));
    json_object_set_new(out, "enrolled", count(d.enrolled));
    json_object_set_new(out, "failed", count(d.failed));
    json_object_set_new(out, "unsent", count(d.unsent));
    json_object_set_new(out, "abandoned", count(d.abandoned));
    json_object_set_new(out, "refused_as_expected", count(d.refused_as_expected));
    return out;
}

static json_t *verdicts_json(const struct measure *m)
{
    struct measure_verdicts v = measure_verdicts(m);
    json_t *out = json_object(), *strict = json_object(), *persona = json_object();
    json_object_set_new(strict, "accepted", count(v.strict_accepted));
    json_object_set_new(strict, "refused", count(v.strict_refused));
    json_object_set_new(persona, "accepted", count(v.persona_accepted));
    json_object_set_new(persona, "refused", count(v.persona_refused));
    json_object_set_new(out, "strict", strict);
    json_object_set_new(out, "persona", persona);
    json_object_set_new(out, "differ", count(v.lenient + v.picky));
    json_object_set_new(out, "accepted_against_rfc8894", summary_string(v.lenient_checks));
    return out;
}

static json_t *personas_json(const struct report_run *run)
{
    json_t *out = json_object();
    for (size_t i = 0; i < run->profile_count; i++) {
        struct measure_persona p = measure_persona(run->measure, (unsigned)i);
        json_t *one = json_object();
        json_object_set_new(one, "planned", count(p.planned));
        json_object_set_new(one, "enrolled", count(p.enrolled));
        json_object_set_new(one, "failed", count(p.failed));
        json_object_set_new(one, "latency_ms", summary_histogram(p.latency));
        json_object_set_new(one, "outcomes_ms",
                            breakdown_outcomes(run, MEASURE_ENROLLMENT, MEASURE_ANY, (int)i));
        json_object_set_new(one, "steps", breakdown_steps(run, MEASURE_ANY, (int)i));
        json_object_set_new(out, run->profiles[i], one);
    }
    return out;
}

static json_t *follow_ups_json(const struct measure *m)
{
    json_t *out = json_object();
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        struct measure_follow_up f = measure_follow_up(m, (enum outcome_follow)i);
        json_t *one = json_object();
        json_object_set_new(one, "tried", count(f.tried));
        json_object_set_new(one, "ok", count(f.ok));
        json_object_set_new(one, "failed", count(f.failed));
        json_object_set_new(one, "not_announced", count(f.impossible));
        json_object_set_new(out, outcome_follow_id((enum outcome_follow)i), one);
    }
    return out;
}

static json_t *rates_json(const struct report_run *run)
{
    struct words_rates r = words_rates(run);
    json_t *out = json_object();
    json_object_set_new(out, "offered_per_s", json_real(r.offered_per_s));
    json_object_set_new(out, "achieved_per_s", json_real(r.achieved_per_s));
    json_object_set_new(out, "requests_per_s", json_real(r.requests_per_s));
    return out;
}

static json_t *latency_json(const struct measure *m)
{
    json_t *out = json_object();
    json_object_set_new(out, "enrollment", summary_histogram(measure_enrollment(m)));
    json_object_set_new(out, "service", summary_histogram(measure_service(m)));
    json_object_set_new(out, "start_lag", summary_histogram(measure_start_lag(m)));
    return out;
}

static json_t *steps_json(const struct report_run *run)
{
    const struct measure *m = run->measure;
    json_t *out = json_object();
    for (int s = STAGE_KEY; s < STAGE_COUNT; s++) {
        struct measure_step step;
        if (!measure_step(m, (enum stage)s, &step))
            continue;
        json_t *one = json_object();
        json_object_set_new(one, "latency_ms", summary_histogram(step.latency));
        json_object_set_new(one, "outcomes_ms",
                            breakdown_outcomes(run, MEASURE_STEP + (unsigned)s, MEASURE_ANY, MEASURE_ANY));
        json_object_set_new(one, "count", count(step.count));
        json_object_set_new(one, "failed", count(step.failed));
        json_object_set_new(one, "bytes_sent", count(step.bytes_sent));
        json_object_set_new(one, "bytes_received", count(step.bytes_received));
        json_object_set_new(out, base_stage_id((enum stage)s), one);
    }
    return out;
}

static json_t *hresult_json(const struct outcome *o)
{
    if (!o->has_hresult)
        return json_null();
    char text[16];
    snprintf(text, sizeof text, "0x%08x", o->hresult);
    return json_string(text);
}

/* The server's words when it refused, else ours: "Issued" says nothing about an answer that was a lie. */
static json_t *failure_text(const struct outcome *o)
{
    bool refused = o->error.reason == REASON_SCEP_FAILURE || o->error.reason == REASON_SCEP_PENDING;
    return summary_string(o->text[0] != '\0' && (refused || o->error.text[0] == '\0') ? o->text
                                                                                      : o->error.text);
}

static json_t *failure_json(const struct measure *m, size_t index)
{
    const struct measure_failure *f = measure_failure(m, index);
    const struct outcome *o = &f->first;
    char name[160];
    evidence_name(m, index, name, sizeof name);
    json_t *out = json_object();
    json_object_set_new(out, "stage", json_string(base_stage_id(o->error.stage)));
    json_object_set_new(out, "follow_up",
                        f->after_enrollment ? json_string(outcome_follow_id(f->follow)) : json_null());
    json_object_set_new(out, "reason", json_string(base_reason_id(o->error.reason)));
    json_object_set_new(out, "http_status", o->http_status == 0 ? json_null() : json_integer(o->http_status));
    json_object_set_new(out, "fail_info", o->fail_info < 0 ? json_null() : json_integer(o->fail_info));
    json_object_set_new(out, "hresult", hresult_json(o));
    json_object_set_new(out, "text", failure_text(o));
    json_object_set_new(out, "count", count(f->count));
    json_object_set_new(out, "share", json_real((double)f->count / (double)measure_failure_total(m)));
    json_object_set_new(out, "first_at_s", json_real((double)f->first_us / 1e6));
    json_object_set_new(out, "last_at_s", json_real((double)f->last_us / 1e6));
    json_object_set_new(out, "exemplar", evidence_has(f) ? json_string(name) : json_null());
    return out;
}

static json_t *failures_json(const struct measure *m)
{
    json_t *out = json_array();
    for (size_t i = 0; i < measure_failure_count(m); i++)
        json_array_append_new(out, failure_json(m, i));
    return out;
}

json_t *summary_strings(const char *const *list)
{
    json_t *out = json_array();
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        json_array_append_new(out, summary_string(list[i]));
    return out;
}

json_t *summary_symptoms(const struct cause *c)
{
    json_t *out = json_object();
    json_object_set_new(out, "ios", summary_string(c->symptom_ios));
    json_object_set_new(out, "android", summary_string(c->symptom_android));
    json_object_set_new(out, "windows", summary_string(c->symptom_windows));
    json_object_set_new(out, "macos", summary_string(c->symptom_macos));
    json_object_set_new(out, "console", summary_string(c->symptom_console));
    return out;
}

static json_t *against_json(const struct diagnosis *d)
{
    json_t *out = json_array();
    for (size_t i = 0; i < d->against_count; i++)
        json_array_append_new(out, summary_string(d->against[i]));
    return out;
}

static json_t *diagnosis_json(const struct diagnosis *d)
{
    const struct cause *c = d->cause;
    json_t *out = json_object(), *evidence = json_array(), *look_alikes = json_array();
    for (size_t i = 0; i < d->evidence_count; i++)
        json_array_append_new(evidence, summary_string(d->evidence[i]));
    for (size_t i = 0; i < d->look_alike_count; i++)
        json_array_append_new(look_alikes, json_string(d->look_alikes[i]));
    json_object_set_new(out, "cause", json_string(c->id));
    json_object_set_new(out, "class", summary_string(c->class_id));
    json_object_set_new(out, "title", json_string(c->title));
    json_object_set_new(out, "confidence", json_real(d->confidence));
    json_object_set_new(out, "share", json_real(d->share));
    json_object_set_new(out, "stage", json_string(base_stage_id(d->stage)));
    json_object_set_new(out, "evidence", evidence);
    json_object_set_new(out, "look_alikes", look_alikes);
    json_object_set_new(out, "against", against_json(d));
    json_object_set_new(out, "decided_by", json_string(c->decided_by));
    json_object_set_new(out, "missing", summary_string(d->missing));
    json_object_set_new(out, "node", summary_string(d->node));
    json_object_set_new(out, "steps", summary_strings(c->steps));
    json_object_set_new(out, "resolution", summary_strings(c->resolution));
    json_object_set_new(out, "device_symptoms", summary_symptoms(c));
    json_object_set_new(out, "sources", summary_strings(c->sources));
    return out;
}

static json_t *diagnoses_json(const struct diagnose_list *list)
{
    json_t *out = json_array();
    for (size_t i = 0; list != NULL && i < list->count; i++)
        json_array_append_new(out, diagnosis_json(&list->items[i]));
    return out;
}

bool report_diagnosis_json(const struct diagnose_list *list, struct buf *out, struct err *e)
{
    json_t *tree = diagnoses_json(list);
    char *text = json_dumps(tree, JSON_REAL_PRECISION(15));
    json_decref(tree);
    bool ok = text != NULL && buf_append_text(out, text);
    free(text);
    return ok || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the diagnosis");
}

static json_t *correctness_json(const struct report_run *run)
{
    json_t *out = json_object();
    struct words_defect defects[WORDS_DEFECTS];
    words_defects(run, defects);
    json_object_set_new(out, "serials_unique",
                        json_boolean(measure_correctness(run->measure).serials_unique));
    for (size_t i = 1; i < WORDS_DEFECTS; i++)
        json_object_set_new(out, defects[i].id, count(defects[i].count));
    return out;
}

static json_t *generator_json(const struct report_run *run)
{
    const struct outcome_generator *g = run->generator;
    uint64_t enrolled = measure_devices(run->measure).enrolled;
    json_t *out = json_object();
    json_object_set_new(out, "cpu_s", json_real((double)g->cpu_us / 1e6));
    json_object_set_new(out, "loop_cpu_s", json_real((double)g->loop_cpu_us / 1e6));
    json_object_set_new(out, "cpu_wait_s", json_real((double)g->cpu_wait_us / 1e6));
    json_object_set_new(out, "throttled", count(g->throttled));
    json_object_set_new(out, "swapped_in_pages", count(g->swapped_in));
    json_object_set_new(out, "clock_step_ms", json_real((double)g->clock_step_us / 1e3));
    json_object_set_new(out, "cpu_per_enrollment_ms",
                        enrolled == 0 ? json_null() : json_real((double)g->cpu_us / 1000 / (double)enrolled));
    json_object_set_new(out, "loop_stall_ms", summary_histogram(measure_loop_stall(run->measure)));
    json_object_set_new(out, "peak_rss_bytes", count(g->peak_rss_bytes));
    json_object_set_new(out, "bytes_per_device",
                        g->bytes_per_device == 0 ? json_null() : count(g->bytes_per_device));
    json_object_set_new(out, "open_connections_max", count(g->open_connections_max));
    return out;
}

static json_t *validity_json(const struct judgement *j)
{
    json_t *out = json_object(), *reasons = json_array();
    for (size_t i = 0; i < j->rule_count; i++) {
        if (j->rules[i].broken)
            json_array_append_new(reasons, json_string(j->rules[i].reason));
    }
    json_object_set_new(out, "verdict", json_string(judge_validity_id(j->verdict.validity)));
    json_object_set_new(out, "reasons", reasons);
    return out;
}

static json_t *slo_json(const struct judgement *j)
{
    json_t *out = json_object(), *checks = json_array();
    for (size_t i = 0; i < j->slo_count; i++) {
        const struct slo_result *slo = &j->slo[i];
        json_t *check = json_object();
        json_object_set_new(check, "expression", json_string(slo->expression));
        json_object_set_new(check, "value", slo->has_value ? json_real(slo->value) : json_null());
        json_object_set_new(check, "ok", json_boolean(slo->ok));
        if (slo->window_us > 0)
            json_object_set_new(check, "worst_from_s",
                                slo->has_value ? json_real((double)slo->worst_from_us / 1e6) : json_null());
        json_array_append_new(checks, check);
    }
    json_object_set_new(out, "verdict", json_string(judge_slo_id(j->verdict.slo)));
    json_object_set_new(out, "checks", checks);
    return out;
}

static json_t *notes_json(const struct report_run *run)
{
    json_t *out = json_array();
    for (size_t i = 0; i < run->note_count; i++)
        json_array_append_new(out, summary_string(run->notes[i]));
    return out;
}

/* Everything but the verdicts. */
static json_t *facts_json(const struct report_run *run)
{
    char started[40];
    text_utc(run->started_wall_us, started, sizeof started);
    json_t *out = json_object();
    json_object_set_new(out, "schema", json_string("scepstorm/summary/1"));
    json_object_set_new(out, "tool", tool_json(run));
    json_object_set_new(out, "scenario", scenario_json(run));
    json_object_set_new(out, "started_at", json_string(started));
    json_object_set_new(out, "duration_s", json_real((double)run->duration_us / 1e6));
    json_object_set_new(out, "interrupted", json_boolean(run->interrupted));
    json_object_set_new(out, "stopped_early", summary_string(run->stopped_early));
    json_object_set_new(out, "target", target_json(run));
    json_object_set_new(out, "devices", devices_json(run->measure));
    json_object_set_new(out, "rates", rates_json(run));
    json_object_set_new(out, "latency_ms", latency_json(run->measure));
    json_object_set_new(out, "outcomes_ms",
                        breakdown_outcomes(run, MEASURE_ENROLLMENT, MEASURE_ANY, MEASURE_ANY));
    json_object_set_new(out, "steps", steps_json(run));
    json_object_set_new(out, "phases", breakdown_phases(run));
    json_object_set_new(out, "personas", personas_json(run));
    json_object_set_new(out, "verdicts", verdicts_json(run->measure));
    json_object_set_new(out, "follow_ups", follow_ups_json(run->measure));
    json_object_set_new(out, "failures", failures_json(run->measure));
    json_object_set_new(out, "diagnosis", diagnoses_json(run->diagnosis));
    json_object_set_new(out, "correctness", correctness_json(run));
    json_object_set_new(out, "conformance", conformance_json(run->measure));
    json_object_set_new(out, "otp", otp_json(run));
    json_object_set_new(out, "generator", generator_json(run));
    json_object_set_new(out, "shard", shard_json(run));
    json_object_set_new(out, "shards", shards_json(run));
    json_object_set_new(out, "notes", notes_json(run));
    json_object_set_new(out, "reproduce", summary_string(run->reproduce));
    return out;
}

bool summary_make(const struct report_run *run, struct summary *out, struct err *e)
{
    *out = (struct summary){.run = run, .tree = facts_json(run)};
    if (out->tree == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the summary");
    if (!judge_run(run, out->tree, &out->judgement, e)) {
        summary_clear(out);
        return false;
    }
    json_object_set_new(out->tree, "validity", validity_json(&out->judgement));
    json_object_set_new(out->tree, "slo", slo_json(&out->judgement));
    return true;
}

void summary_clear(struct summary *s)
{
    json_decref(s->tree);
    judge_clear(&s->judgement);
    *s = (struct summary){0};
}

bool summary_text(const struct summary *s, struct buf *out, struct err *e)
{
    char *text = json_dumps(s->tree, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    if (text == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for summary.json");
    buf_append_text(out, text);
    buf_append_byte(out, '\n');
    free(text);
    return buf_ok(out, STAGE_SETUP, e);
}

bool report_summary_json(const struct report_run *run, struct report_verdict *verdict, struct buf *out,
                         struct err *e)
{
    struct summary s;
    if (!summary_make(run, &s, e))
        return false;
    *verdict = s.judgement.verdict;
    bool ok = summary_text(&s, out, e);
    summary_clear(&s);
    return ok;
}
