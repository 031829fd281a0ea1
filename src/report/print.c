#include "report/parts.h"
#include "report/printer.h"

#include "base/text.h"

#include <limits.h>

/* The words at the end. Whoever reads them is tired: the verdict first, then what to do, then the figures. */

#define MAX_CAUSES   3
#define MAX_EVIDENCE 6
#define MAX_ACTIONS  4
#define LIKELY       0.5
#define MIN_WIDTH    20
#define MAX_WIDTH    110
#define TABLE_WIDTH  69 /* below, a table becomes a list */

/* ---- the verdict ---- */

/* What most readers came for; percentiles that so few values cannot tell are left out. */
static void print_headline(const struct printer *p, const struct report_run *run)
{
    static const struct {
        const char *name;
        double share;
    } shown[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
    struct words_rates rates = words_rates(run);
    char line[240];
    int used = snprintf(line, sizeof line, "%.1f per second offered, %.1f started", rates.offered_per_s,
                        rates.achieved_per_s);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        char time[32];
        words_quantile(measure_enrollment(run->measure), shown[i].share, time, sizeof time);
        if (strcmp(time, "-") != 0)
            used += snprintf(line + used, sizeof line - (size_t)used, "%s %s %s",
                             i == 0 ? "; enrollment" : ",", shown[i].name, time);
    }
    printer_entry(p, 2, "", line);
}

static void print_verdict(const struct printer *p, const struct report_run *run,
                          const struct report_verdict *v)
{
    char line[240], took[32];
    enum ink ink = v->exit_code != 0 ? INK_BAD : v->validity != REPORT_VALID ? INK_WARN : INK_GOOD;
    words_verdict(run, v, line, sizeof line);
    printer_ink(p, ink);
    printer_wrap(p, line, 0, 2);
    printer_ink_off(p, ink);
    struct measure_devices d = measure_devices(run->measure);
    text_duration(run->duration_us, took, sizeof took);
    char ends[200];
    snprintf(ends, sizeof ends, "%llu failed, %llu not sent, %llu abandoned; took %s",
             (unsigned long long)d.failed, (unsigned long long)d.unsent, (unsigned long long)d.abandoned,
             took);
    printer_entry(p, 2, "", ends);
    print_headline(p, run);
    uint64_t follow_ups = 0;
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++)
        follow_ups += measure_follow_up(run->measure, (enum outcome_follow)i).failed;
    if (follow_ups > 0) {
        snprintf(ends, sizeof ends, "%llu renewals and queries failed after the enrollment",
                 (unsigned long long)follow_ups);
        printer_entry(p, 2, "", ends);
    }
    if (run->stopped_early != NULL)
        printer_entry(p, 2, "stopped early: ", run->stopped_early);
}

static void print_reasons(const struct printer *p, const struct judgement *j)
{
    for (size_t i = 0; i < j->rule_count; i++) {
        if (!j->rules[i].broken)
            continue;
        printer_ink(p, INK_WARN);
        printer_entry(p, 2, "! ", j->rules[i].reason);
        printer_ink_off(p, INK_WARN);
    }
}

static void print_slos(const struct printer *p, const struct judgement *j)
{
    if (j->slo_count == 0)
        return;
    printer_heading(p, "Objectives");
    for (size_t i = 0; i < j->slo_count; i++) {
        const struct slo_result *slo = &j->slo[i];
        enum ink ink = slo->ok ? INK_GOOD : INK_BAD;
        char value[40], line[300];
        words_slo_value(slo, value, sizeof value);
        snprintf(line, sizeof line, "%s (%s)", slo->expression, value);
        fputs("  ", p->to);
        printer_ink(p, ink);
        fprintf(p->to, "%-6s", slo->ok ? "met" : "MISSED");
        printer_ink_off(p, ink);
        fputs("  ", p->to);
        printer_wrap(p, line, 10, 10);
    }
}

/* ---- causes and failures ---- */

/* Words of the catalogue: its commands stand between backticks, which a terminal does not need. */
static void prose(const struct printer *p, unsigned indent, const char *label, const char *words)
{
    char plain[4096];
    size_t used = 0;
    for (; *words != '\0' && used < sizeof plain - 1; words++) {
        if (*words != '`')
            plain[used++] = *words;
    }
    plain[used] = '\0';
    printer_entry(p, indent, label, plain);
}

static void print_numbered(const struct printer *p, const char *label, const char *const *items)
{
    printer_entry(p, 5, "", label);
    for (size_t i = 0; i < MAX_ACTIONS && items[i] != NULL; i++) {
        char number[16];
        snprintf(number, sizeof number, "%zu. ", i + 1);
        prose(p, 7, number, items[i]);
    }
}

static void print_look_alikes(const struct printer *p, const struct diagnosis *d)
{
    char line[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < d->look_alike_count && used < sizeof line; i++)
        used +=
            (size_t)snprintf(line + used, sizeof line - used, "%s%s", i == 0 ? "" : ", ", d->look_alikes[i]);
    if (d->look_alike_count > 0)
        printer_entry(p, 5, "looks the same from outside: ", line);
}

/* What to do first comes first: a cure where the cause is likely, else what tells it from its look-alikes. */
static void print_cause(const struct printer *p, const struct diagnosis *d, size_t number, bool with_evidence)
{
    char line[240];
    fputs("  ", p->to);
    printer_ink(p, INK_BOLD);
    snprintf(line, sizeof line, "%zu. %s", number, d->cause->title);
    printer_wrap(p, line, 2, 5);
    printer_ink_off(p, INK_BOLD);
    snprintf(line, sizeof line, "%s: %.0f%% sure, behind %.0f%% of the failures", d->cause->id,
             d->confidence * 100, d->share * 100);
    printer_entry(p, 5, "", line);
    if (d->confidence < LIKELY)
        prose(p, 5, "what settles it: ", d->cause->decided_by);
    print_numbered(p, "what to do:", d->cause->resolution);
    if (d->confidence >= LIKELY)
        prose(p, 5, "what settles it: ", d->cause->decided_by);
    for (size_t i = 0; with_evidence && i < d->evidence_count && i < MAX_EVIDENCE; i++)
        printer_entry(p, 5, "- ", d->evidence[i]);
}

static bool same_failures(const struct diagnosis *a, const struct diagnosis *b)
{
    return a->stage == b->stage && a->evidence_count > 0 && b->evidence_count > 0 &&
           strcmp(a->evidence[0], b->evidence[0]) == 0;
}

/* Causes that explain the same failures share their evidence: it is printed once. */
static void print_causes(const struct printer *p, const struct diagnose_list *list)
{
    if (list == NULL || list->count == 0)
        return;
    printer_heading(p, "Likely causes, best first");
    if (list->items[0].confidence < LIKELY)
        printer_entry(p, 2, "", "From outside these look the same; on the server, what settles it does.");
    for (size_t i = 0; i < list->count && i < MAX_CAUSES; i++) {
        const struct diagnosis *d = &list->items[i];
        print_cause(p, d, i + 1, i == 0 || !same_failures(d, &list->items[i - 1]));
        if (i == 0)
            print_look_alikes(p, d);
    }
    if (list->count > MAX_CAUSES)
        fprintf(p->to, "  Less likely\n");
    for (size_t i = MAX_CAUSES; i < list->count; i++) {
        char line[240];
        const struct diagnosis *d = &list->items[i];
        snprintf(line, sizeof line, "%s (%s, %.0f%%)", d->cause->title, d->cause->id, d->confidence * 100);
        printer_entry(p, 5, "", line);
    }
    char command[120];
    snprintf(command, sizeof command, "scepstorm causes %s", list->items[0].cause->id);
    printer_entry(p, 2, "All about a cause: ", command);
}

static void print_failures(const struct printer *p, const struct measure *m)
{
    if (measure_failure_count(m) == 0)
        return;
    printer_heading(p, "Failures");
    for (size_t i = 0; i < measure_failure_count(m) && i < 10; i++) {
        const struct measure_failure *f = measure_failure(m, i);
        char what[240], line[600], head[64];
        words_failure(f, what, sizeof what);
        const char *words = words_detail(f);
        snprintf(line, sizeof line, "%s%s%s", what, words[0] == '\0' ? "" : ": ", words);
        snprintf(head, sizeof head, p->width < TABLE_WIDTH ? "%llu  %s: " : "%6llu  %-13s ",
                 (unsigned long long)f->count, base_stage_id(f->first.error.stage));
        printer_entry(p, 2, head, line);
    }
    if (measure_failure_count(m) > 10)
        fprintf(p->to, "  and %zu other kinds\n", measure_failure_count(m) - 10);
}

/* ---- figures ---- */

struct column {
    const char *title;
    double share;
    unsigned from_width; /* shown on terminals at least this wide */
};

static const struct column quantile_columns[] = {{"p50", 0.5, TABLE_WIDTH},
                                                 {"p95", 0.95, TABLE_WIDTH},
                                                 {"p99", 0.99, TABLE_WIDTH},
                                                 {"p99.9", 0.999, 91},
                                                 {"max", 1, 80}};
#define QUANTILES (sizeof quantile_columns / sizeof quantile_columns[0])

static void tie(char *words)
{
    for (; *words != '\0'; words++)
        *words = *words == ' ' ? PRINTER_TIE : *words;
}

/* "pki_operation: 1,234; failed 5; p50 41 ms, p95 88 ms, p99 120 ms", wrapped. */
static void print_narrow_row(const struct printer *p, const char *name, const char *count, const char *failed,
                             const struct histogram *h)
{
    char head[40], line[240], time[32];
    int used = snprintf(line, sizeof line, "%s", count);
    if (strcmp(failed, "0") != 0)
        used += snprintf(line + used, sizeof line - (size_t)used, "; failed %s", failed);
    for (size_t i = 0; i < QUANTILES; i++) {
        words_quantile(h, quantile_columns[i].share, time, sizeof time);
        tie(time);
        if (quantile_columns[i].from_width <= TABLE_WIDTH)
            used += snprintf(line + used, sizeof line - (size_t)used, "%s %s%c%s", i == 0 ? ";" : ",",
                             quantile_columns[i].title, PRINTER_TIE, time);
    }
    snprintf(head, sizeof head, "%.32s: ", name);
    printer_entry(p, 2, head, line);
}

static void print_row(const struct printer *p, const char *name, uint64_t count, uint64_t failed,
                      const struct histogram *h)
{
    char number[32], failures[32];
    words_count(count, number, sizeof number);
    words_count(failed, failures, sizeof failures);
    if (p->width < TABLE_WIDTH) {
        print_narrow_row(p, name, number, failures, h);
        return;
    }
    fprintf(p->to, "  %-16s %9s ", name, number);
    printer_ink(p, failed > 0 ? INK_BAD : INK_PLAIN);
    fprintf(p->to, "%7s", failures);
    printer_ink_off(p, failed > 0 ? INK_BAD : INK_PLAIN);
    for (size_t i = 0; i < QUANTILES; i++) {
        if (p->width < quantile_columns[i].from_width)
            continue;
        words_quantile(h, quantile_columns[i].share, number, sizeof number);
        fprintf(p->to, " %10s", number);
    }
    fputc('\n', p->to);
}

static void print_titles(const struct printer *p, const char *title, const char *count)
{
    char words[64];
    snprintf(words, sizeof words, "%s (%s)", title, count);
    printer_heading(p, p->width < TABLE_WIDTH ? words : title);
    if (p->width < TABLE_WIDTH)
        return;
    fprintf(p->to, "  %-16s %9s %7s", "", count, "failed");
    for (size_t i = 0; i < QUANTILES; i++) {
        if (p->width >= quantile_columns[i].from_width)
            fprintf(p->to, " %10s", quantile_columns[i].title);
    }
    fputc('\n', p->to);
}

/* One kind of device alone is the table of times itself. */
static void print_personas(const struct printer *p, const struct report_run *run)
{
    if (run->profile_count < 2)
        return;
    print_titles(p, "Personas", "devices");
    for (size_t i = 0; i < run->profile_count; i++) {
        struct measure_persona one = measure_persona(run->measure, (unsigned)i);
        print_row(p, run->profiles[i], one.planned, one.failed, one.latency);
    }
}

static void print_verdicts(const struct printer *p, const struct report_run *run)
{
    char words[320];
    words_verdicts(run, words, sizeof words);
    if (words[0] == '\0')
        return;
    printer_heading(p, "What the devices would say");
    printer_entry(p, 2, "", words);
}

static void print_follow_ups(const struct printer *p, const struct report_run *run)
{
    bool any = false;
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        char words[160], label[32];
        words_follow_up(run, (enum outcome_follow)i, words, sizeof words);
        if (words[0] == '\0')
            continue;
        if (!any)
            printer_heading(p, "After the enrollment");
        any = true;
        snprintf(label, sizeof label, "%-16s ", outcome_follow_id((enum outcome_follow)i));
        printer_entry(p, 2, label, words);
    }
}

static void print_otp(const struct printer *p, const struct report_run *run)
{
    char words[480];
    words_otp(run, words, sizeof words);
    if (words[0] == '\0')
        return;
    printer_heading(p, "One-time passwords");
    printer_entry(p, 2, "", words);
    if (!otp_capacity(run).near)
        return;
    words_otp_capacity(run, words, sizeof words);
    printer_entry(p, 2, "", words);
}

static void print_figures(const struct printer *p, const struct measure *m)
{
    print_titles(p, "Times", "count");
    print_row(p, "enrollment", histogram_count(measure_enrollment(m)), measure_devices(m).failed,
              measure_enrollment(m));
    print_row(p, p->width < TABLE_WIDTH ? "of it lag" : "  of it lag", histogram_count(measure_start_lag(m)),
              0, measure_start_lag(m));
    for (int s = STAGE_KEY; s < STAGE_COUNT; s++) {
        struct measure_step step;
        if (measure_step(m, (enum stage)s, &step))
            print_row(p, base_stage_id((enum stage)s), step.count, step.failed, step.latency);
    }
}

static void print_defects(const struct printer *p, const struct report_run *run)
{
    struct words_defect defects[WORDS_DEFECTS];
    words_defects(run, defects);
    printer_heading(p, "Correctness");
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        if (defects[i].count == 0)
            continue;
        char count[32];
        snprintf(count, sizeof count, "%llu ", (unsigned long long)defects[i].count);
        printer_ink(p, INK_BAD);
        printer_entry(p, 2, count, defects[i].title);
        printer_ink_off(p, INK_BAD);
    }
}

static void print_no_defects(const struct printer *p, const struct report_run *run)
{
    printer_heading(p, "Correctness");
    printer_entry(
        p, 2, "",
        run->expect_refused
            ? "no defects: no certificate was issued, which is what the scenario expects"
            : "no defects: serial numbers unique; key, subject, nonce, transaction, chain and one-time use "
              "checked on every answer");
}

static enum ink probe_ink(enum outcome_probe_verdict verdict)
{
    return verdict == OUTCOME_PROBE_FAILED ? INK_BAD : verdict == OUTCOME_PROBE_PASSED ? INK_GOOD : INK_WARN;
}

/* What passed is a number; the rest is told. */
static void print_conformance(const struct printer *p, const struct measure *m)
{
    char counts[120], head[80], line[3 * OUTCOME_TEXT_BYTES];
    struct conformance_walk at = {0};
    words_conformance(m, counts, sizeof counts);
    if (counts[0] == '\0')
        return;
    printer_heading(p, "Conformance");
    printer_entry(p, 2, "probes: ", counts);
    for (const struct measure_probe *row; (row = conformance_next(m, &at)) != NULL;) {
        const struct outcome_probe *o = &row->first;
        if (o->verdict == OUTCOME_PROBE_PASSED)
            continue;
        enum ink ink = probe_ink(o->verdict);
        snprintf(head, sizeof head, "%-8s %s: ", outcome_probe_verdict_id(o->verdict), o->probe);
        if (o->verdict == OUTCOME_PROBE_SKIPPED)
            snprintf(line, sizeof line, "%s (control: %s)", o->observed, o->control);
        else
            snprintf(line, sizeof line, "%s; expected: %s (%s)", o->observed, o->expected, o->rule);
        printer_ink(p, ink);
        printer_entry(p, 2, head, line);
        printer_ink_off(p, ink);
    }
}

static void print_foot(const struct printer *p, const struct report_run *run, const char *folder_path)
{
    if (run->note_count > 0)
        printer_heading(p, "Notes");
    for (size_t i = 0; i < run->note_count; i++)
        printer_entry(p, 2, "- ", run->notes[i]);
    printer_heading(p, "Results");
    if (folder_path != NULL) {
        char line[PATH_MAX + 64];
        snprintf(line, sizeof line, "%s/report.html", folder_path);
        printer_entry(p, 2, "open:  ", line);
        snprintf(line, sizeof line, "%s/summary.json, run.sqlite, issued.csv", folder_path);
        printer_entry(p, 2, "data:  ", line);
    }
    if (run->reproduce != NULL)
        printer_command(p, 2, "again: ", run->reproduce);
}

void report_print(FILE *to, const struct report_run *run, const struct report_verdict *verdict,
                  const char *folder_path, bool colour, unsigned width)
{
    struct printer p = {to, colour, width == 0 ? 80 : width, width > 0};
    struct summary s;
    struct err e = {0};
    p.width = p.width < MIN_WIDTH ? MIN_WIDTH : p.width > MAX_WIDTH ? MAX_WIDTH : p.width;
    print_verdict(&p, run, verdict);
    if (verdict->defects)
        print_defects(&p, run);
    if (summary_make(run, &s, &e)) {
        print_reasons(&p, &s.judgement);
        print_slos(&p, &s.judgement);
        print_causes(&p, run->diagnosis);
        print_failures(&p, run->measure);
        summary_clear(&s);
    }
    print_figures(&p, run->measure);
    print_otp(&p, run);
    print_personas(&p, run);
    print_follow_ups(&p, run);
    print_verdicts(&p, run);
    if (!verdict->defects)
        print_no_defects(&p, run);
    print_conformance(&p, run->measure);
    print_foot(&p, run, folder_path);
}
