/* A run for a ticket or a pull request: what the terminal says at the end, as short, in Markdown. */
#include "report/parts.h"

#include "base/text.h"

#define MAX_CAUSES   3
#define MAX_FAILURES 10
#define MAX_EVIDENCE 3
#define MAX_ACTIONS  3

static void put_item(struct buf *out, const char *bullet, const char *text)
{
    buf_append_text(out, bullet);
    markup_markdown(out, text);
    buf_append_byte(out, '\n');
}

static const char *verdict_word(const struct report_verdict *v)
{
    return v->exit_code == 130 ? "Interrupted"
           : v->exit_code == 4 ? "Invalid"
           : v->exit_code == 0 ? "Passed"
                               : "Failed";
}

static void put_target(const struct report_run *run, struct buf *out)
{
    struct buf url;
    buf_init(&url, sizeof run->target->url * 4);
    evidence_url(span_of_text(run->target->url), &url);
    put_item(out, "- target: ", buf_text(&url) == NULL ? "" : buf_text(&url));
    buf_clear(&url);
}

/* The verdict in the first line: that one is read. */
static void put_head(const struct summary *s, struct buf *out)
{
    char verdict[240], when[40], took[32];
    const struct report_run *run = s->run;
    words_verdict(run, &s->judgement.verdict, verdict, sizeof verdict);
    text_utc(run->started_wall_us, when, sizeof when);
    text_duration(run->duration_us, took, sizeof took);
    buf_appendf(out, "## %s: ", verdict_word(&s->judgement.verdict));
    markup_markdown(out, verdict);
    put_item(out, "\n\n- scenario: ", run->scenario_name == NULL ? "" : run->scenario_name);
    put_target(run, out);
    buf_appendf(out, "- started %s, took %s, %.1f devices offered per second\n", when, took,
                words_rates(run).offered_per_s);
    if (run->authorized != NULL)
        put_item(out, "- authorized: ", run->authorized);
    if (run->stopped_early != NULL)
        put_item(out, "- stopped early: ", run->stopped_early);
    for (size_t i = 0; i < s->judgement.rule_count; i++) {
        if (s->judgement.rules[i].broken)
            put_item(out, "- validity: ", s->judgement.rules[i].reason);
    }
}

static void put_defects(const struct summary *s, struct buf *out)
{
    struct words_defect defects[WORDS_DEFECTS];
    if (!s->judgement.verdict.defects)
        return;
    words_defects(s->run, defects);
    buf_append_text(out, "\n### Correctness\n\n");
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        if (defects[i].count > 0)
            buf_appendf(out, "- **%llu** %s\n", (unsigned long long)defects[i].count, defects[i].title);
    }
}

static void put_slos(const struct summary *s, struct buf *out)
{
    if (s->judgement.slo_count == 0)
        return;
    buf_append_text(out, "\n### Objectives\n\n| | objective | value |\n|---|---|---|\n");
    for (size_t i = 0; i < s->judgement.slo_count; i++) {
        const struct slo_result *slo = &s->judgement.slo[i];
        char value[40];
        words_slo_value(slo, value, sizeof value);
        buf_appendf(out, "| %s | ", slo->ok ? "met" : "**missed**");
        markup_markdown(out, slo->expression);
        buf_append_text(out, " | ");
        markup_markdown(out, value);
        buf_append_text(out, " |\n");
    }
}

static void put_causes(const struct summary *s, struct buf *out)
{
    const struct diagnose_list *list = s->run->diagnosis;
    if (list == NULL || list->count == 0)
        return;
    buf_append_text(out, "\n### Likely causes\n\n");
    for (size_t i = 0; i < list->count && i < MAX_CAUSES; i++) {
        const struct diagnosis *d = &list->items[i];
        buf_appendf(out, "%zu. **", i + 1);
        markup_markdown(out, d->cause->title);
        buf_appendf(out, "** (`%s`): %.0f %% sure, behind %.0f %% of the failures\n", d->cause->id,
                    d->confidence * 100, d->share * 100);
        for (size_t k = 0; k < d->evidence_count && k < MAX_EVIDENCE; k++)
            put_item(out, "   - ", d->evidence[k]);
        put_item(out, "   - what settles it: ", d->cause->decided_by);
        for (size_t k = 0; k < MAX_ACTIONS && d->cause->resolution[k] != NULL; k++)
            put_item(out, "   - to do: ", d->cause->resolution[k]);
    }
}

static void put_failures(const struct summary *s, struct buf *out)
{
    const struct measure *m = s->run->measure;
    if (measure_failure_count(m) == 0)
        return;
    buf_append_text(out, "\n### Failures\n\n| count | step | what |\n|---:|---|---|\n");
    for (size_t i = 0; i < measure_failure_count(m) && i < MAX_FAILURES; i++) {
        const struct measure_failure *f = measure_failure(m, i);
        char what[240];
        words_failure(f, what, sizeof what);
        buf_appendf(out, "| %llu | %s | ", (unsigned long long)f->count, base_stage_id(f->first.error.stage));
        markup_markdown(out, what);
        if (words_detail(f)[0] != '\0')
            buf_append_text(out, ": ");
        markup_markdown(out, words_detail(f));
        buf_append_text(out, " |\n");
    }
}

static void put_times_row(struct buf *out, const char *name, uint64_t count, uint64_t failed,
                          const struct histogram *h)
{
    static const double shares[] = {0.5, 0.95, 0.99, 1};
    buf_appendf(out, "| %s | %llu | %llu |", name, (unsigned long long)count, (unsigned long long)failed);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        char value[32];
        words_quantile(h, shares[i], value, sizeof value);
        buf_appendf(out, " %s |", value);
    }
    buf_append_byte(out, '\n');
}

static void put_times(const struct summary *s, struct buf *out)
{
    const struct measure *m = s->run->measure;
    buf_append_text(out, "\n### Times\n\n| | count | failed | p50 | p95 | p99 | max |\n"
                         "|---|---:|---:|---:|---:|---:|---:|\n");
    put_times_row(out, "enrollment", histogram_count(measure_enrollment(m)), measure_devices(m).failed,
                  measure_enrollment(m));
    for (int i = STAGE_KEY; i < STAGE_COUNT; i++) {
        struct measure_step step;
        if (measure_step(m, (enum stage)i, &step))
            put_times_row(out, base_stage_id((enum stage)i), step.count, step.failed, step.latency);
    }
}

static void put_foot(const struct summary *s, struct buf *out)
{
    if (s->run->note_count > 0)
        buf_append_text(out, "\n### Notes\n\n");
    for (size_t i = 0; i < s->run->note_count; i++)
        put_item(out, "- ", s->run->notes[i]);
    if (s->run->reproduce != NULL && strchr(s->run->reproduce, '`') == NULL &&
        strchr(s->run->reproduce, '\n') == NULL)
        buf_appendf(out, "\nAgain: `%s`\n", s->run->reproduce);
}

bool markdown_write(const struct summary *s, struct buf *out, struct err *e)
{
    put_head(s, out);
    put_defects(s, out);
    put_slos(s, out);
    put_causes(s, out);
    put_failures(s, out);
    put_times(s, out);
    put_foot(s, out);
    return buf_ok(out, STAGE_SETUP, e);
}
