#include "compare/parts.h"

#include <math.h>
#include <stdarg.h>

#define MAX_WORDS 200

struct compare_options compare_defaults(void)
{
    return (struct compare_options){.floor_share = 0.10, .floor_ms = 5, .floor_rate = 0.005, .detect = 0.5};
}

const char *compare_verdict_id(enum compare_verdict verdict)
{
    switch (verdict) {
    case COMPARE_NO_REGRESSION:
        return "no_regression";
    case COMPARE_REGRESSION:
        return "regression";
    case COMPARE_INCONCLUSIVE:
        return "inconclusive";
    case COMPARE_NOT_ENOUGH_RUNS:
        return "not_enough_runs";
    case COMPARE_FORCED:
        return "forced";
    }
    return "unknown";
}

void words_say(struct compare_words *words, const char *format, ...)
{
    char text[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (words->count == MAX_WORDS)
        return;
    char **grown = realloc(words->items, (words->count + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    words->items = grown;
    words->items[words->count] = strdup(text);
    words->count += words->items[words->count] != NULL;
}

void words_free(struct compare_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
    *words = (struct compare_words){0};
}

static const struct compare_row *find_row(const struct compare *c, const char *figure)
{
    for (size_t i = 0; i < c->row_count; i++) {
        if (strcmp(c->rows[i].figure, figure) == 0)
            return &c->rows[i];
    }
    return NULL;
}

/* The figure that a comparison must be able to see: the slow end of the enrollment, as far as there are values for it. */
static const struct compare_row *main_row(const struct compare *c)
{
    static const char *const figures[] = {"latency.enrollment.p95", "latency.enrollment.p50"};
    for (size_t i = 0; i < 2; i++) {
        const struct compare_row *row = find_row(c, figures[i]);
        if (row != NULL && row->weight > 0)
            return row;
    }
    return NULL;
}

static bool is_blind(struct compare *c)
{
    const struct compare_row *row = main_row(c);
    if (row == NULL) {
        snprintf(c->sight, sizeof c->sight,
                 "Too few enrollments to judge their latency: p50 takes 20 in every run, p95 100.");
        return true;
    }
    snprintf(c->sight, sizeof c->sight,
             "%s: an increase of %.0f%% or more would have been found in 95 of 100 such comparisons.",
             row->title, row->smallest * 100);
    return row->smallest > fmax(c->options.detect, 2 * c->options.floor_share);
}

static bool any_worse(const struct compare *c)
{
    for (size_t i = 0; i < c->row_count; i++) {
        if (c->rows[i].verdict == COMPARE_ROW_WORSE)
            return true;
    }
    return false;
}

static enum compare_verdict judge(struct compare *c)
{
    bool few = c->base->count < COMPARE_LEAST_RUNS || c->now->count < COMPARE_LEAST_RUNS;
    bool blind = !few && is_blind(c);
    if (c->problems.count > 0)
        return COMPARE_FORCED;
    if (c->defects || any_worse(c))
        return COMPARE_REGRESSION;
    if (few)
        return COMPARE_NOT_ENOUGH_RUNS;
    return blind ? COMPARE_INCONCLUSIVE : COMPARE_NO_REGRESSION;
}

bool compare_sides(const struct compare_runs *base, const struct compare_runs *now,
                   const struct compare_options *options, struct compare *out, struct err *e)
{
    *out = (struct compare){.base = base, .now = now, .options = *options};
    if (base->count == 0 || now->count == 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "both sides need runs");
    usable_look(out);
    if (out->problems.count > 0 && !options->force)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "these runs cannot be compared");
    drift_look(out);
    if (!rows_make(out, e))
        return false;
    out->verdict = judge(out);
    tell_headline(out);
    return true;
}

void compare_clear(struct compare *c)
{
    free(c->rows);
    words_free(&c->problems);
    words_free(&c->warnings);
    words_free(&c->news);
    words_free(&c->drift);
    c->rows = NULL;
    c->row_count = 0;
}

bool compare_render(const struct compare *c, enum compare_form form, struct buf *out, struct err *e)
{
    typedef bool writer(const struct compare *what, struct buf *to);
    static writer *const writers[COMPARE_FORMS] = {[COMPARE_HTML] = html_tell,
                                                   [COMPARE_MARKDOWN] = markdown_tell,
                                                   [COMPARE_JUNIT] = junit_tell,
                                                   [COMPARE_JSON] = json_tell};
    if (!writers[form](c, out) && !out->failed)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the comparison");
    return buf_ok(out, STAGE_SETUP, e);
}
