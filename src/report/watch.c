/* SLOs that end a run as soon as they cannot be met any more. Each figure has a range of what it may still become; when no
 * value in it would do, waiting for the end helps nobody. */
#include "report/slo.h"

#include "base/text.h"

#include <math.h>

#define LOOK_EVERY_US INT64_C(1000000)

struct watched {
    const char *expression;
    struct scenario_slo slo;
    struct slo_figure figure;
    struct slo_windows *windows; /* NULL: the whole run */
};

struct report_watch {
    struct report_run run; /* only names and measure */
    uint64_t planned;
    struct watched *items;
    size_t count;
    struct histogram *scratch;
    int64_t next_look_us;
    char why[256];
};

struct range {
    double low, high;
};

/* ---- what may still become of a figure ---- */

/* As good as without end, for a plan that does not know how many devices it will start. */
#define UNKNOWN (UINT64_C(1) << 52)

static uint64_t still_to_end(const struct report_watch *w)
{
    struct measure_devices d = measure_devices(w->run.measure);
    uint64_t ended = d.enrolled + d.failed + d.abandoned + d.unsent;
    if (w->planned == 0)
        return UNKNOWN;
    return w->planned > ended ? w->planned - ended : 0;
}

/* At best every value that is still to come is 0: then the percentile sinks to a lower rank of those that are there. How
 * many steps there will be is not known, so theirs may still sink to 0. */
static double least_percentile(const struct histogram *h, uint64_t at_most, double share)
{
    uint64_t rank = histogram_rank(at_most, share), zeros = at_most - histogram_count(h);
    return rank > zeros ? (double)histogram_at_rank(h, rank - zeros) / 1000 : 0;
}

static struct range statistic_range(const struct report_watch *w, const struct slo_figure *f)
{
    struct range r = {0, HUGE_VAL};
    histogram_reset(w->scratch);
    if (!series_sum(measure_series(w->run.measure), &f->filter, w->scratch))
        return r;
    uint64_t count = histogram_count(w->scratch), at_most = count + still_to_end(w);
    bool known = f->filter.metric < MEASURE_STEP;
    double share = slo_statistic_share(f->statistic);
    const char *id = slo_statistic_id(f->statistic);
    if (f->statistic == SLO_STATISTIC_COUNT)
        return (struct range){(double)count, known ? (double)at_most : HUGE_VAL};
    if (count == 0)
        return r;
    if (share >= 0 && known)
        r.low = least_percentile(w->scratch, at_most, share);
    else if (strcmp(id, "max") == 0)
        r.low = slo_statistic(w->scratch, f->statistic);
    else if (strcmp(id, "min") == 0)
        r.high = slo_statistic(w->scratch, f->statistic);
    else if (strcmp(id, "mean") == 0 && known)
        r.low = histogram_sum(w->scratch) / 1000 / (double)at_most;
    return r;
}

static struct measure_phase ends_so_far(const struct report_watch *w, const struct slo_figure *f)
{
    if (f->filter.phase != MEASURE_ANY)
        return measure_phase(w->run.measure, (unsigned)f->filter.phase);
    if (f->filter.profile != MEASURE_ANY) {
        struct measure_persona p = measure_persona(w->run.measure, (unsigned)f->filter.profile);
        return (struct measure_phase){.planned = p.planned, .enrolled = p.enrolled, .failed = p.failed};
    }
    struct measure_devices d = measure_devices(w->run.measure);
    return (struct measure_phase){.planned = d.enrolled + d.failed + d.unsent + d.abandoned,
                                  .started = d.started,
                                  .enrolled = d.enrolled,
                                  .failed = d.failed,
                                  .unsent = d.unsent,
                                  .abandoned = d.abandoned};
}

/* `planned` there are those that have ended; all others may still turn out to belong there. */
static struct range ends_range(const struct report_watch *w, const struct slo_figure *f, bool is_share)
{
    struct measure_phase p = ends_so_far(w, f);
    const uint64_t counts[] = {
        [SLO_PLANNED] = p.planned, [SLO_STARTED] = p.started, [SLO_ENROLLED] = p.enrolled,
        [SLO_FAILED] = p.failed,   [SLO_UNSENT] = p.unsent,   [SLO_ABANDONED] = p.abandoned};
    uint64_t rest = still_to_end(w), planned = p.planned + rest;
    double of = is_share ? (double)planned : 1;
    uint64_t high = counts[f->end] + rest;
    return of > 0
               ? (struct range){(double)counts[f->end] / of, (double)(high < planned ? high : planned) / of}
               : (struct range){0, HUGE_VAL};
}

static struct range failures_range(const struct report_watch *w, const struct slo_figure *f, bool is_share)
{
    uint64_t count = 0;
    for (size_t i = 0; i < measure_failure_count(w->run.measure); i++) {
        const struct measure_failure *group = measure_failure(w->run.measure, i);
        if (strcmp(base_reason_id(group->first.error.reason), f->name) == 0)
            count += group->count;
    }
    double of = !is_share ? 1 : w->planned > 0 ? (double)w->planned : (double)UNKNOWN;
    return (struct range){(double)count / of, HUGE_VAL};
}

static struct range defects_range(const struct report_watch *w, const struct slo_figure *f)
{
    struct words_defect defects[WORDS_DEFECTS];
    struct range r = {0, HUGE_VAL};
    words_defects(&w->run, defects);
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        if (strcmp(defects[i].id, f->name) == 0)
            r.low = (double)defects[i].count;
    }
    return r;
}

static struct range range_of(const struct report_watch *w, const struct watched *one)
{
    switch (one->figure.kind) {
    case SLO_STATISTIC:
        return statistic_range(w, &one->figure);
    case SLO_ENDS:
        return ends_range(w, &one->figure, one->slo.is_share);
    case SLO_FAILURES:
        return failures_range(w, &one->figure, one->slo.is_share);
    case SLO_DEFECTS:
        return defects_range(w, &one->figure);
    }
    return (struct range){0, HUGE_VAL};
}

/* ---- looking ---- */

static void value_text(const struct watched *one, double value, char *out, size_t out_bytes)
{
    const struct slo_result result = {.has_value = true,
                                      .value = value,
                                      .is_time = one->slo.unit == SLO_TIME,
                                      .is_share = one->slo.unit == SLO_SHARE};
    words_slo_value(&result, out, out_bytes);
}

static bool is_hopeless(struct report_watch *w, const struct watched *one)
{
    struct range r = range_of(w, one);
    struct scenario_slo below = one->slo, above = one->slo;
    below.op = one->slo.op == SLO_EQUAL ? SLO_LESS_EQUAL : one->slo.op;
    above.op = one->slo.op == SLO_EQUAL ? SLO_GREATER_EQUAL : one->slo.op;
    bool limit_above = one->slo.op != SLO_GREATER && one->slo.op != SLO_GREATER_EQUAL;
    bool limit_below = one->slo.op != SLO_LESS && one->slo.op != SLO_LESS_EQUAL;
    bool too_high = limit_above && !slo_met(&below, r.low), too_low = limit_below && !slo_met(&above, r.high);
    char value[48];
    if (!too_high && !too_low)
        return false;
    value_text(one, too_high ? r.low : r.high, value, sizeof value);
    snprintf(w->why, sizeof w->why, "SLO '%.80s' cannot be met any more: it will be %s at best",
             one->expression, value);
    return true;
}

static bool is_missed_in_a_window(struct report_watch *w, const struct watched *one)
{
    double value;
    int64_t from_us;
    while (slo_windows_next(one->windows, false, &value, &from_us)) {
        char text[48], length[32];
        if (slo_met(&one->slo, value))
            continue;
        value_text(one, value, text, sizeof text);
        text_duration(one->slo.window_us, length, sizeof length);
        snprintf(w->why, sizeof w->why, "SLO '%.80s' is missed: %s in the %s from %lld s on", one->expression,
                 text, length, (long long)(from_us / 1000000));
        return true;
    }
    return false;
}

const char *report_watch_look(struct report_watch *w, int64_t now_us)
{
    if (w->why[0] != '\0')
        return w->why;
    if (now_us < w->next_look_us)
        return NULL;
    w->next_look_us = now_us + LOOK_EVERY_US;
    for (size_t i = 0; i < w->count; i++) {
        const struct watched *one = &w->items[i];
        if (one->windows != NULL ? is_missed_in_a_window(w, one) : is_hopeless(w, one))
            return w->why;
    }
    return NULL;
}

/* ---- beginning and end ---- */

static bool add(struct report_watch *w, const char *expression, struct err *e)
{
    struct watched one = {.expression = expression};
    if (!scenario_slo_parse(expression, &one.slo, e))
        return false;
    if (!one.slo.abort || !slo_find(&w->run, one.slo.path, &one.figure))
        return true;
    if (one.slo.window_us > 0 && !slo_windows_new(&w->run, &one.slo, &one.windows, e))
        return false;
    w->items[w->count++] = one;
    return true;
}

bool report_watch_new(const struct report_run *run, uint64_t planned, struct report_watch **out,
                      struct err *e)
{
    struct report_watch *w = calloc(1, sizeof *w);
    if (w == NULL || (w->items = calloc(run->slo_count + 1, sizeof *w->items)) == NULL ||
        !histogram_new(&w->scratch, e)) {
        report_watch_free(w);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to watch SLOs");
    }
    w->run = *run;
    w->planned = planned;
    for (size_t i = 0; i < run->slo_count; i++) {
        if (!add(w, run->slo[i], e)) {
            report_watch_free(w);
            return false;
        }
    }
    *out = w;
    return true;
}

void report_watch_free(struct report_watch *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->count; i++)
        slo_windows_free(w->items[i].windows);
    free(w->items);
    histogram_free(w->scratch);
    free(w);
}
