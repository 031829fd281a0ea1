#include "report/parts.h"

#include "base/text.h"

#include <stdarg.h>

/* The words at the end. Whoever reads them is tired: the verdict first, then what to do, then the figures. */

#define MAX_CAUSES   3
#define MAX_EVIDENCE 6
#define MAX_ACTIONS  4
#define MIN_WIDTH    40
#define MAX_WIDTH    110

struct printer {
    FILE *to;
    bool colour;
    unsigned width;
};

enum ink { INK_PLAIN, INK_GOOD, INK_BAD, INK_WARN, INK_BOLD };

static const char *ink_on(const struct printer *p, enum ink ink)
{
    static const char *const codes[] = {"", "\033[32m", "\033[31m", "\033[33m", "\033[1m"};
    return p->colour ? codes[ink] : "";
}

static const char *ink_off(const struct printer *p, enum ink ink)
{
    return p->colour && ink != INK_PLAIN ? "\033[0m" : "";
}

/* Control characters from servers must not drive the terminal. */
static void put_clean(const struct printer *p, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        fputc(c < 0x20 || c == 0x7f ? '?' : c, p->to);
    }
}

/* Characters, not bytes: UTF-8 continuation bytes take no column. */
static size_t columns(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Prints words from column `at` on, broken at blanks; further lines begin at `indent`. */
static void wrap(const struct printer *p, const char *text, unsigned at, unsigned indent)
{
    unsigned column = at;
    bool first = true;
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        size_t wide = columns(text, word);
        bool fits = column + (first ? 0 : 1) + wide <= p->width;
        if (!fits && column > indent) {
            fprintf(p->to, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', p->to);
            column++;
        }
        put_clean(p, text, word);
        column += (unsigned)wide;
        first = false;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', p->to);
}

/* "  label: words wrapped" with further lines under the words. */
static void entry(const struct printer *p, unsigned indent, const char *label, const char *words)
{
    fprintf(p->to, "%*s%s", (int)indent, "", label);
    unsigned at = indent + (unsigned)strlen(label);
    wrap(p, words, at, at <= 24 ? at : indent + 2);
}

static void heading(const struct printer *p, const char *words)
{
    fprintf(p->to, "\n%s%s%s\n", ink_on(p, INK_BOLD), words, ink_off(p, INK_BOLD));
}

/* ---- the verdict ---- */

static void print_verdict(const struct printer *p, const struct report_run *run,
                          const struct report_verdict *v)
{
    char line[240], took[32];
    enum ink ink = v->exit_code != 0 ? INK_BAD : v->validity != REPORT_VALID ? INK_WARN : INK_GOOD;
    words_verdict(run, v, line, sizeof line);
    fprintf(p->to, "%s", ink_on(p, ink));
    wrap(p, line, 0, 2);
    fprintf(p->to, "%s", ink_off(p, ink));
    struct measure_devices d = measure_devices(run->measure);
    text_duration(run->duration_us, took, sizeof took);
    char ends[200];
    snprintf(ends, sizeof ends,
             "%llu failed, %llu not sent, %llu abandoned; %.1f offered per second, took %s",
             (unsigned long long)d.failed, (unsigned long long)d.unsent, (unsigned long long)d.abandoned,
             words_rates(run).offered_per_s, took);
    entry(p, 2, "", ends);
    uint64_t follow_ups = 0;
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++)
        follow_ups += measure_follow_up(run->measure, (enum outcome_follow)i).failed;
    if (follow_ups > 0) {
        snprintf(ends, sizeof ends, "%llu renewals and queries failed after the enrollment",
                 (unsigned long long)follow_ups);
        entry(p, 2, "", ends);
    }
    if (run->stopped_early != NULL)
        entry(p, 2, "stopped early: ", run->stopped_early);
}

static void print_reasons(const struct printer *p, const struct judgement *j)
{
    for (size_t i = 0; i < j->rule_count; i++) {
        if (!j->rules[i].broken)
            continue;
        fprintf(p->to, "%s", ink_on(p, INK_WARN));
        entry(p, 2, "! ", j->rules[i].reason);
        fprintf(p->to, "%s", ink_off(p, INK_WARN));
    }
}

static void print_slos(const struct printer *p, const struct judgement *j)
{
    if (j->slo_count == 0)
        return;
    heading(p, "Objectives");
    for (size_t i = 0; i < j->slo_count; i++) {
        const struct slo_result *slo = &j->slo[i];
        enum ink ink = slo->ok ? INK_GOOD : INK_BAD;
        char value[40];
        words_slo_value(slo, value, sizeof value);
        fprintf(p->to, "  %s%-6s%s  %s  (%s)\n", ink_on(p, ink), slo->ok ? "met" : "MISSED", ink_off(p, ink),
                slo->expression, value);
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
    entry(p, indent, label, plain);
}

static void print_numbered(const struct printer *p, const char *label, const char *const *items)
{
    fprintf(p->to, "     %s\n", label);
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
        entry(p, 5, "looks the same from outside: ", line);
}

static void print_cause(const struct printer *p, const struct diagnosis *d, size_t number, bool with_evidence)
{
    char line[240];
    fprintf(p->to, "  %s", ink_on(p, INK_BOLD));
    snprintf(line, sizeof line, "%zu. %s", number, d->cause->title);
    wrap(p, line, 2, 5);
    fprintf(p->to, "%s", ink_off(p, INK_BOLD));
    snprintf(line, sizeof line, "%s: %.0f%% sure, behind %.0f%% of the failures", d->cause->id,
             d->confidence * 100, d->share * 100);
    entry(p, 5, "", line);
    for (size_t i = 0; with_evidence && i < d->evidence_count && i < MAX_EVIDENCE; i++)
        entry(p, 5, "- ", d->evidence[i]);
    prose(p, 5, "what settles it: ", d->cause->decided_by);
    print_numbered(p, "what to do:", d->cause->resolution);
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
    heading(p, "Likely causes, best first");
    if (list->items[0].confidence < 0.5)
        entry(p, 2, "", "From outside these look the same; on the server, what settles it does.");
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
        entry(p, 5, "", line);
    }
    fprintf(p->to, "  All about a cause: scepstorm causes %s\n", list->items[0].cause->id);
}

static void print_failures(const struct printer *p, const struct measure *m)
{
    if (measure_failure_count(m) == 0)
        return;
    heading(p, "Failures");
    for (size_t i = 0; i < measure_failure_count(m) && i < 10; i++) {
        const struct measure_failure *f = measure_failure(m, i);
        char what[240], line[600], head[64];
        words_failure(f, what, sizeof what);
        const char *words = words_detail(f);
        snprintf(line, sizeof line, "%s%s%s", what, words[0] == '\0' ? "" : ": ", words);
        snprintf(head, sizeof head, "%6llu  %-13s ", (unsigned long long)f->count,
                 base_stage_id(f->first.error.stage));
        entry(p, 2, head, line);
    }
    if (measure_failure_count(m) > 10)
        fprintf(p->to, "  and %zu other kinds: see report.html\n", measure_failure_count(m) - 10);
}

/* ---- figures ---- */

struct column {
    const char *title;
    double share;
    unsigned from_width; /* shown on terminals at least this wide */
};

static const struct column quantile_columns[] = {
    {"p50", 0.5, 0}, {"p95", 0.95, 0}, {"p99", 0.99, 80}, {"p99.9", 0.999, 91}, {"max", 1, 69}};
#define QUANTILES (sizeof quantile_columns / sizeof quantile_columns[0])

static void print_row(const struct printer *p, const char *name, uint64_t count, uint64_t failed,
                      const struct histogram *h)
{
    char number[32];
    words_count(count, number, sizeof number);
    fprintf(p->to, "  %-16s %9s", name, number);
    words_count(failed, number, sizeof number);
    fprintf(p->to, "%s %7s%s", failed > 0 ? ink_on(p, INK_BAD) : "", number,
            failed > 0 ? ink_off(p, INK_BAD) : "");
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
    heading(p, title);
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
    heading(p, "What the devices would say");
    entry(p, 2, "", words);
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
            heading(p, "After the enrollment");
        any = true;
        snprintf(label, sizeof label, "%-16s ", outcome_follow_id((enum outcome_follow)i));
        entry(p, 2, label, words);
    }
}

static void print_otp(const struct printer *p, const struct report_run *run)
{
    char words[480];
    words_otp(run, words, sizeof words);
    if (words[0] == '\0')
        return;
    heading(p, "One-time passwords");
    entry(p, 2, "", words);
    if (!otp_capacity(run).near)
        return;
    words_otp_capacity(run, words, sizeof words);
    entry(p, 2, "", words);
}

static void print_figures(const struct printer *p, const struct measure *m)
{
    print_titles(p, "Times", "count");
    print_row(p, "enrollment", histogram_count(measure_enrollment(m)), measure_devices(m).failed,
              measure_enrollment(m));
    print_row(p, "  of it lag", histogram_count(measure_start_lag(m)), 0, measure_start_lag(m));
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
    heading(p, "Correctness");
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        if (defects[i].count == 0)
            continue;
        fprintf(p->to, "  %s%llu %s%s\n", ink_on(p, INK_BAD), (unsigned long long)defects[i].count,
                defects[i].title, ink_off(p, INK_BAD));
    }
}

static void print_no_defects(const struct printer *p, const struct report_run *run)
{
    heading(p, "Correctness");
    entry(p, 2, "",
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
    heading(p, "Conformance");
    entry(p, 2, "probes: ", counts);
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
        fprintf(p->to, "%s", ink_on(p, ink));
        entry(p, 2, head, line);
        fprintf(p->to, "%s", ink_off(p, ink));
    }
}

static void print_foot(const struct printer *p, const struct report_run *run, const char *folder_path)
{
    if (run->note_count > 0)
        heading(p, "Notes");
    for (size_t i = 0; i < run->note_count; i++)
        entry(p, 2, "- ", run->notes[i]);
    heading(p, "Results");
    if (folder_path != NULL)
        fprintf(p->to, "  open:  %s/report.html\n  data:  %s/summary.json, run.sqlite, issued.csv\n",
                folder_path, folder_path);
    if (run->reproduce != NULL)
        fprintf(p->to, "  again: %s\n", run->reproduce);
}

void report_print(FILE *to, const struct report_run *run, const struct report_verdict *verdict,
                  const char *folder_path, bool colour, unsigned width)
{
    struct printer p = {to, colour, width == 0 ? 80 : width};
    struct summary s;
    struct err e = {0};
    p.width = p.width < MIN_WIDTH ? MIN_WIDTH : p.width > MAX_WIDTH ? MAX_WIDTH : p.width;
    print_verdict(&p, run, verdict);
    if (verdict->defects)
        print_defects(&p, run);
    if (summary_make(run, &s, &e)) {
        print_reasons(&p, &s.judgement);
        print_causes(&p, run->diagnosis);
        print_failures(&p, run->measure);
        print_slos(&p, &s.judgement);
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
