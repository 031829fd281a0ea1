#include "report/parts.h"

#include "base/text.h"

/* JUnit XML as CI servers read it: suites of cases, each passed, skipped or with one failure. */

/* The head of a suite counts its cases, so they are written first, beside. */
struct suite {
    const char *name;
    size_t tests, failures, skipped;
    struct buf cases;
};

struct junit {
    const struct summary *summary;
    size_t tests, failures;
    struct buf suites;
};

/* ---- cases ---- */

static void open_case(struct suite *s, const char *name)
{
    s->tests++;
    buf_appendf(&s->cases, "    <testcase classname=\"scepstorm.%s\" name=\"", s->name);
    markup_text(&s->cases, name);
    buf_append_text(&s->cases, "\" time=\"0\"");
}

/* The words stand twice: some readers show the attribute, some the element. */
static void put_case(struct suite *s, const char *name, bool ok, const char *why)
{
    open_case(s, name);
    if (ok) {
        buf_append_text(&s->cases, "/>\n");
        return;
    }
    s->failures++;
    buf_append_text(&s->cases, ">\n      <failure message=\"");
    markup_text(&s->cases, why);
    buf_appendf(&s->cases, "\" type=\"%s\">", s->name);
    markup_text(&s->cases, why);
    buf_append_text(&s->cases, "</failure>\n    </testcase>\n");
}

static void put_skipped(struct suite *s, const char *name, const char *why)
{
    s->skipped++;
    open_case(s, name);
    buf_append_text(&s->cases, ">\n      <skipped message=\"");
    markup_text(&s->cases, why);
    buf_append_text(&s->cases, "\"/>\n    </testcase>\n");
}

static void put_note(struct suite *s, const char *name, const char *note)
{
    open_case(s, name);
    buf_append_text(&s->cases, ">\n      <system-out>");
    markup_text(&s->cases, note);
    buf_append_text(&s->cases, "</system-out>\n    </testcase>\n");
}

/* ---- suites ---- */

/* What ends a run with an exit code whatever its figures are. */
static void run_suite(const struct summary *summary, struct suite *s)
{
    const struct report_run *run = summary->run;
    bool sent = measure_devices(run->measure).planned > 0;
    put_case(s, "not interrupted", !run->interrupted,
             "a signal ended the run: these are its results until then");
    put_case(s, "ran to its end", run->stopped_early == NULL,
             run->stopped_early == NULL ? "" : run->stopped_early);
    put_case(s, run->expect_refused ? "any device was refused as expected" : "any device enrolled",
             !sent || !summary->judgement.verdict.none_enrolled, "none did");
}

static void correctness_suite(const struct summary *summary, struct suite *s)
{
    struct words_defect defects[WORDS_DEFECTS];
    words_defects(summary->run, defects);
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        char why[120];
        snprintf(why, sizeof why, "%llu %s", (unsigned long long)defects[i].count, defects[i].title);
        put_case(s, defects[i].id, defects[i].count == 0, why);
    }
}

static void slo_suite(const struct summary *summary, struct suite *s)
{
    const struct judgement *j = &summary->judgement;
    for (size_t i = 0; i < j->slo_count; i++) {
        char value[40], why[120];
        words_slo_value(&j->slo[i], value, sizeof value);
        snprintf(why, sizeof why, "measured: %s", value);
        put_case(s, j->slo[i].expression, j->slo[i].ok, why);
    }
}

/* A run that is only suspect passes, with its reasons as output: the exit code does the same. */
static void validity_suite(const struct summary *summary, struct suite *s)
{
    const struct judgement *j = &summary->judgement;
    bool invalid = j->verdict.validity == REPORT_INVALID;
    for (size_t i = 0; i < j->rule_count; i++) {
        const struct rule_result *r = &j->rules[i];
        if (r->broken && !invalid)
            put_note(s, r->name, r->reason);
        else
            put_case(s, r->name, !r->broken, r->reason);
    }
}

/* Rows come worst first, a row for each verdict of a probe: its case is the first one. */
static bool is_first(const struct measure *m, const struct measure_probe *p)
{
    struct conformance_walk at = {0};
    const struct measure_probe *other = conformance_next(m, &at);
    while (other != NULL && other != p && strcmp(other->first.probe, p->first.probe) != 0)
        other = conformance_next(m, &at);
    return other == p;
}

static void put_probe(struct suite *s, const struct measure_probe *p)
{
    const struct outcome_probe *o = &p->first;
    char why[4 * OUTCOME_TEXT_BYTES];
    snprintf(why, sizeof why, "%s, %llu times; expected: %s (%s); control: %s", o->observed,
             (unsigned long long)p->count, o->expected, o->rule, o->control);
    switch (o->verdict) {
    case OUTCOME_PROBE_PASSED:
    case OUTCOME_PROBE_FAILED:
        put_case(s, o->probe, o->verdict == OUTCOME_PROBE_PASSED, why);
        break;
    case OUTCOME_PROBE_SKIPPED:
        put_skipped(s, o->probe, why);
        break;
    case OUTCOME_PROBE_ODD:
        put_note(s, o->probe, why);
        break;
    case OUTCOME_PROBE_VERDICTS:
        break;
    }
}

/* A failed probe is a failure here, whether or not an SLO makes it one of the run. */
static void conformance_suite(const struct summary *summary, struct suite *s)
{
    const struct measure *m = summary->run->measure;
    const struct measure_probe *p;
    for (struct conformance_walk at = {0}; (p = conformance_next(m, &at)) != NULL;) {
        if (is_first(m, p))
            put_probe(s, p);
    }
}

/* ---- the file ---- */

/* "2026-05-09T21:30:11": without fraction and zone, as the schemas that go around have it. UTC. */
static void put_started(const struct report_run *run, struct buf *out)
{
    char when[40];
    text_utc(run->started_wall_us, when, sizeof when);
    buf_appendf(out, " timestamp=\"%.19s\"", when);
}

static void put_suite(struct junit *j, const char *name,
                      void (*cases)(const struct summary *, struct suite *))
{
    struct suite s = {.name = name};
    buf_init(&s.cases, REPORT_MAX_FILE_BYTES);
    cases(j->summary, &s);
    if (s.tests > 0) {
        buf_appendf(
            &j->suites,
            "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\"",
            name, s.tests, s.failures, s.skipped);
        put_started(j->summary->run, &j->suites);
        buf_append_text(&j->suites, ">\n");
        buf_append_span(&j->suites, buf_span(&s.cases));
        buf_append_text(&j->suites, "  </testsuite>\n");
    }
    j->suites.failed |= s.cases.failed;
    j->tests += s.tests;
    j->failures += s.failures;
    buf_clear(&s.cases);
}

bool junit_write(const struct summary *s, struct buf *out, struct err *e)
{
    struct junit j = {.summary = s};
    buf_init(&j.suites, REPORT_MAX_FILE_BYTES);
    put_suite(&j, "run", run_suite);
    put_suite(&j, "correctness", correctness_suite); /* a wrong certificate outranks any latency */
    put_suite(&j, "slo", slo_suite);
    put_suite(&j, "validity", validity_suite);
    put_suite(&j, "conformance", conformance_suite);
    buf_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"scepstorm ");
    markup_text(out, s->run->scenario_name == NULL ? "" : s->run->scenario_name);
    buf_appendf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"%.3f\">\n", j.tests, j.failures,
                (double)s->run->duration_us / 1e6);
    buf_append_span(out, buf_span(&j.suites));
    buf_append_text(out, "</testsuites>\n");
    bool ok = buf_ok(&j.suites, STAGE_SETUP, e);
    buf_clear(&j.suites);
    return buf_ok(out, STAGE_SETUP, e) && ok;
}
