/* Sections that are tables: objectives, personas and phases, what came after, correctness, conformance. */
#include "report/html_parts.h"

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

/* ---- objectives ---- */

bool html_has_objectives(const struct html *h)
{
    return h->judgement->slo_count > 0;
}

void html_objectives(const struct html *h)
{
    static const struct page_column columns[] = {{"objective", false}, {"measured", true}, {"", true}};
    page_table(h->out, "What the scenario asks for, and what was measured", columns, COUNT_OF(columns));
    for (size_t i = 0; i < h->judgement->slo_count; i++) {
        const struct slo_result *slo = &h->judgement->slo[i];
        char value[40];
        words_slo_value(slo, value, sizeof value);
        page_row(h->out, slo->expression);
        page_cell(h->out, "n", value);
        page_cell(h->out, slo->ok ? "n good" : "n bad", slo->ok ? "met" : "MISSED");
        page_row_end(h->out);
    }
    page_table_end(h->out);
}

/* ---- personas and phases ---- */

bool html_has_groups(const struct html *h)
{
    return h->run->profile_count > 1 || h->run->phase_count > 1;
}

static void put_personas(const struct html *h)
{
    if (h->run->profile_count < 2)
        return;
    page_table(h->out, "Personas: time to enroll from the scheduled start", html_time_columns,
               HTML_TIME_COLUMNS);
    for (size_t i = 0; i < h->run->profile_count; i++) {
        struct measure_persona p = measure_persona(h->run->measure, (unsigned)i);
        html_time_row(h, h->run->profiles[i], p.planned, p.failed, p.latency);
    }
    page_table_end(h->out);
}

static void put_phases(const struct html *h)
{
    if (h->run->phase_count < 2)
        return;
    page_table(h->out, "Phases: time to enroll from the scheduled start", html_time_columns,
               HTML_TIME_COLUMNS);
    for (size_t i = 0; i < h->run->phase_count; i++) {
        struct measure_phase p = measure_phase(h->run->measure, (unsigned)i);
        const struct measure_filter f = {MEASURE_ENROLLMENT, MEASURE_THAT_COUNT, (int)i, MEASURE_ANY};
        struct histogram *times = html_chosen(h, f);
        char name[120];
        snprintf(name, sizeof name, "%.100s%s", h->run->phases[i], p.warm_up ? " (warm-up)" : "");
        html_time_row(h, name, p.planned, p.failed, times);
        histogram_free(times);
    }
    page_table_end(h->out);
}

void html_groups(const struct html *h)
{
    put_personas(h);
    put_phases(h);
}

/* ---- after the enrollment ---- */

bool html_has_follow_ups(const struct html *h)
{
    char words[160];
    bool any = false;
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        words_follow_up(h->run, (enum outcome_follow)i, words, sizeof words);
        any |= words[0] != '\0';
    }
    return any;
}

void html_follow_ups(const struct html *h)
{
    static const struct page_column columns[] = {{"step", false}, {"what came of it", false}};
    page_table(h->out, "What devices did once they were enrolled", columns, COUNT_OF(columns));
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        char words[160];
        words_follow_up(h->run, (enum outcome_follow)i, words, sizeof words);
        if (words[0] == '\0')
            continue;
        bool failed = measure_follow_up(h->run->measure, (enum outcome_follow)i).failed > 0;
        page_row(h->out, outcome_follow_id((enum outcome_follow)i));
        page_cell(h->out, failed ? "bad" : NULL, words);
        page_row_end(h->out);
    }
    page_table_end(h->out);
}

bool html_has_verdicts(const struct html *h)
{
    char words[320];
    words_verdicts(h->run, words, sizeof words);
    return words[0] != '\0';
}

void html_verdicts(const struct html *h)
{
    char words[320];
    words_verdicts(h->run, words, sizeof words);
    page_element(h->out, "p", "warn", words);
}

/* ---- correctness ---- */

void html_correctness(const struct html *h)
{
    static const struct page_column columns[] = {{"defect", false}, {"found", true}};
    struct words_defect defects[WORDS_DEFECTS];
    words_defects(h->run, defects);
    page_table(h->out, "What must never happen, whatever the load", columns, COUNT_OF(columns));
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        page_row(h->out, defects[i].title);
        html_count_cell(h, defects[i].count, defects[i].count > 0 ? "n bad" : "n");
        page_row_end(h->out);
    }
    page_table_end(h->out);
}

/* ---- conformance ---- */

bool html_has_conformance(const struct html *h)
{
    return measure_probe_count(h->run->measure) > 0;
}

static void put_probe(const struct html *h, const struct measure_probe *p)
{
    static const char *const classes[OUTCOME_PROBE_VERDICTS] = {[OUTCOME_PROBE_PASSED] = "good",
                                                                [OUTCOME_PROBE_FAILED] = "bad",
                                                                [OUTCOME_PROBE_SKIPPED] = "warn",
                                                                [OUTCOME_PROBE_ODD] = "warn"};
    const struct outcome_probe *o = &p->first;
    page_row(h->out, o->probe);
    page_cell(h->out, classes[o->verdict], outcome_probe_verdict_id(o->verdict));
    page_cell(h->out, "text", o->does);
    page_cell(h->out, "text", o->expected);
    page_cell(h->out, "text", o->observed);
    page_cell(h->out, "dim", o->rule);
    page_cell(h->out, "dim", o->control);
    html_count_cell(h, p->count, "n");
    page_row_end(h->out);
}

void html_conformance(const struct html *h)
{
    static const struct page_column columns[] = {
        {"probe", false},    {"verdict", false}, {"the request", false}, {"expected", false},
        {"observed", false}, {"rule", false},    {"control", false},     {"count", true}};
    struct conformance_walk at = {0};
    char counts[120];
    words_conformance(h->run->measure, counts, sizeof counts);
    page_element(h->out, "p", NULL, counts);
    page_table(h->out, "Requests that are wrong in one place each, and what the server made of them", columns,
               COUNT_OF(columns));
    for (const struct measure_probe *p; (p = conformance_next(h->run->measure, &at)) != NULL;)
        put_probe(h, p);
    page_table_end(h->out);
}
