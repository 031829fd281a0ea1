#include "report/parts.h"

/* JUnit XML as CI servers read it: suites of cases, each passed or with one failure. */

static void open_case(struct buf *out, const char *suite, const char *name)
{
    buf_append_text(out, "    <testcase classname=\"scepstorm.");
    markup_text(out, suite);
    buf_append_text(out, "\" name=\"");
    markup_text(out, name);
    buf_append_text(out, "\" time=\"0\"");
}

static void put_case(struct buf *out, const char *suite, const char *name, bool ok, const char *why)
{
    open_case(out, suite, name);
    if (ok) {
        buf_append_text(out, "/>\n");
        return;
    }
    buf_append_text(out, ">\n      <failure message=\"");
    markup_text(out, why);
    buf_append_text(out, "\"/>\n    </testcase>\n");
}

static void put_skipped(struct buf *out, const char *suite, const char *name, const char *why)
{
    open_case(out, suite, name);
    buf_append_text(out, ">\n      <skipped message=\"");
    markup_text(out, why);
    buf_append_text(out, "\"/>\n    </testcase>\n");
}

static void put_note(struct buf *out, const char *suite, const char *name, const char *note)
{
    open_case(out, suite, name);
    buf_append_text(out, ">\n      <system-out>");
    markup_text(out, note);
    buf_append_text(out, "</system-out>\n    </testcase>\n");
}

static void open_suite(struct buf *out, const char *name, size_t tests, size_t failures, size_t skipped)
{
    buf_appendf(
        out,
        "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\">\n",
        name, tests, failures, skipped);
}

static void close_suite(struct buf *out)
{
    buf_append_text(out, "  </testsuite>\n");
}

static size_t slo_failures(const struct judgement *j)
{
    size_t failures = 0;
    for (size_t i = 0; i < j->slo_count; i++)
        failures += !j->slo[i].ok;
    return failures;
}

static void slo_suite(const struct judgement *j, struct buf *out)
{
    open_suite(out, "slo", j->slo_count, slo_failures(j), 0);
    for (size_t i = 0; i < j->slo_count; i++) {
        char value[40], why[120];
        words_slo_value(&j->slo[i], value, sizeof value);
        snprintf(why, sizeof why, "measured: %s", value);
        put_case(out, "slo", j->slo[i].expression, j->slo[i].ok, why);
    }
    close_suite(out);
}

/* A run that is only suspect passes, with its reasons as output: the exit code does the same. */
static void validity_suite(const struct judgement *j, struct buf *out)
{
    bool invalid = j->verdict.validity == REPORT_INVALID;
    size_t failures = 0;
    for (size_t i = 0; i < j->rule_count; i++)
        failures += invalid && j->rules[i].broken;
    open_suite(out, "validity", j->rule_count, failures, 0);
    for (size_t i = 0; i < j->rule_count; i++) {
        const struct rule_result *r = &j->rules[i];
        if (r->broken && !invalid)
            put_note(out, "validity", r->name, r->reason);
        else
            put_case(out, "validity", r->name, !r->broken, r->reason);
    }
    close_suite(out);
}

static void correctness_suite(const struct report_run *run, struct buf *out)
{
    struct words_defect defects[WORDS_DEFECTS];
    words_defects(run, defects);
    size_t failures = 0;
    for (size_t i = 0; i < WORDS_DEFECTS; i++)
        failures += defects[i].count > 0;
    open_suite(out, "correctness", WORDS_DEFECTS, failures, 0);
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        char why[120];
        snprintf(why, sizeof why, "%llu %s", (unsigned long long)defects[i].count, defects[i].title);
        put_case(out, "correctness", defects[i].id, defects[i].count == 0, why);
    }
    close_suite(out);
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

static void put_probe(const struct measure_probe *p, struct buf *out)
{
    const struct outcome_probe *o = &p->first;
    char why[4 * OUTCOME_TEXT_BYTES];
    snprintf(why, sizeof why, "%s, %llu times; expected: %s (%s); control: %s", o->observed,
             (unsigned long long)p->count, o->expected, o->rule, o->control);
    switch (o->verdict) {
    case OUTCOME_PROBE_PASSED:
    case OUTCOME_PROBE_FAILED:
        put_case(out, "conformance", o->probe, o->verdict == OUTCOME_PROBE_PASSED, why);
        break;
    case OUTCOME_PROBE_SKIPPED:
        put_skipped(out, "conformance", o->probe, why);
        break;
    case OUTCOME_PROBE_ODD:
        put_note(out, "conformance", o->probe, why);
        break;
    case OUTCOME_PROBE_VERDICTS:
        break;
    }
}

/* A failed probe is a failure here, whether or not an SLO makes it one of the run. */
static void conformance_suite(const struct measure *m, struct buf *out)
{
    size_t tests = 0, failures = 0, skipped = 0;
    const struct measure_probe *p;
    for (struct conformance_walk at = {0}; (p = conformance_next(m, &at)) != NULL;) {
        bool counts = is_first(m, p);
        tests += counts;
        failures += counts && p->first.verdict == OUTCOME_PROBE_FAILED;
        skipped += counts && p->first.verdict == OUTCOME_PROBE_SKIPPED;
    }
    if (tests == 0)
        return;
    open_suite(out, "conformance", tests, failures, skipped);
    for (struct conformance_walk at = {0}; (p = conformance_next(m, &at)) != NULL;) {
        if (is_first(m, p))
            put_probe(p, out);
    }
    close_suite(out);
}

bool junit_write(const struct summary *s, struct buf *out, struct err *e)
{
    buf_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"scepstorm ");
    markup_text(out, s->run->scenario_name == NULL ? "" : s->run->scenario_name);
    buf_appendf(out, "\" time=\"%.3f\">\n", (double)s->run->duration_us / 1e6);
    correctness_suite(s->run, out); /* a wrong certificate outranks any latency */
    slo_suite(&s->judgement, out);
    validity_suite(&s->judgement, out);
    conformance_suite(s->run->measure, out);
    buf_append_text(out, "</testsuites>\n");
    return buf_ok(out, STAGE_SETUP, e);
}
