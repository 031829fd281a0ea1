/* The figures of both sides next to each other, and the judgement on all of them at once. */
#include "compare/parts.h"

#include <math.h>

/* A percentile needs some values beyond it, in every run. */
static const uint64_t least_values[COMPARE_QUANTILES] = {20, 100, 500};
static const char *const quantile_names[COMPARE_QUANTILES] = {"p50", "p95", "p99"};

static const double enrollment_weights[COMPARE_QUANTILES] = {8, 12, 4};

/* A change that would be found 95 times of 100 lies so many standard errors above what is just found. */
#define POWER_95 1.645

struct compare_row *table_add(struct table *t, enum compare_unit unit, double weight)
{
    struct compare *c = t->c;
    bool enough = c->base->count >= COMPARE_LEAST_RUNS && c->now->count >= COMPARE_LEAST_RUNS;
    struct compare_row *row = &c->rows[c->row_count++];
    *row = (struct compare_row){.unit = unit,
                                .more_is_worse = true,
                                .chance = 1,
                                .adjusted = 1,
                                .weight = enough ? weight : 0,
                                .verdict = enough ? COMPARE_ROW_SAME : COMPARE_ROW_TOO_FEW};
    return row;
}

struct scatter *table_scatter(const struct table *t, const struct compare_row *row)
{
    return &t->scatters[row - t->c->rows];
}

/* ---- latencies and throughput: ratios ---- */

static double mean_of(const struct scatter_value *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i].value;
    return sum / (double)count;
}

/* The values are logarithms. */
static void fill_ratio(const struct table *t, struct compare_row *row, const struct scatter_value *base,
                       const struct scatter_value *now)
{
    struct scatter *s = table_scatter(t, row);
    scatter_of(base, t->c->base->count, now, t->c->now->count, s);
    double reach = scatter_bound(s, 0.025);
    row->base = exp(mean_of(base, t->c->base->count));
    row->now = exp(mean_of(now, t->c->now->count));
    row->change = expm1(s->change);
    row->low = expm1(s->change - reach);
    row->high = expm1(s->change + reach);
    row->chance = scatter_above(s, row->more_is_worse ? s->change : -s->change);
}

static bool has_values(const struct compare_runs *runs, size_t timing, uint64_t least)
{
    for (size_t i = 0; i < runs->count; i++) {
        if (runs->items[i]->timings[timing].count < least)
            return false;
    }
    return true;
}

static void take_side(const struct compare_runs *runs, size_t timing, size_t quantile,
                      struct scatter_value *out)
{
    for (size_t i = 0; i < runs->count; i++) {
        const struct compare_timing *of = &runs->items[i]->timings[timing];
        out[i] = (struct scatter_value){log(of->ms[quantile]), of->error[quantile] * of->error[quantile]};
    }
}

/* "enrollment", "service", "start_lag", "step.tls": as summary.json calls it, and as people do. */
static void name_row(struct compare_row *row, const char *name, const char *quantile)
{
    const char *step = strncmp(name, "step.", 5) == 0 ? name + 5 : NULL;
    snprintf(row->figure, sizeof row->figure, "%s%s.%s%s", step == NULL ? "latency." : "steps.",
             step == NULL ? name : step, step == NULL ? "" : "latency.", quantile);
    snprintf(row->title, sizeof row->title, "%s %s", step != NULL ? step : name, quantile);
    if (strcmp(name, "start_lag") == 0)
        snprintf(row->title, sizeof row->title, "start lag %s", quantile);
}

static void add_timing(struct table *t, size_t timing, const char *name)
{
    struct scatter_value base[COMPARE_MAX_RUNS], now[COMPARE_MAX_RUNS];
    for (size_t q = 0; q < COMPARE_QUANTILES; q++) {
        struct compare_row *row =
            table_add(t, COMPARE_MS, timing == COMPARE_ENROLLMENT ? enrollment_weights[q] : TABLE_OTHER);
        name_row(row, name, quantile_names[q]);
        take_side(t->c->base, timing, q, base);
        take_side(t->c->now, timing, q, now);
        fill_ratio(t, row, base, now);
        if (compare_timing_is_local(timing))
            row->verdict = COMPARE_ROW_LOCAL;
        else if (!has_values(t->c->base, timing, least_values[q]) ||
                 !has_values(t->c->now, timing, least_values[q]))
            row->verdict = COMPARE_ROW_TOO_FEW;
        if (row->verdict != COMPARE_ROW_SAME)
            row->weight = 0;
    }
}

static bool happened(const struct compare_runs *runs, size_t timing)
{
    for (size_t i = 0; i < runs->count; i++) {
        if (runs->items[i]->timings[timing].count > 0)
            return true;
    }
    return false;
}

/* Steps that some runs made and others did not are told, not compared. */
static void add_timings(struct table *t)
{
    for (size_t i = 0; i < COMPARE_TIMINGS; i++) {
        bool base = happened(t->c->base, i), now = happened(t->c->now, i);
        char name[48];
        compare_timing_name(i, name, sizeof name);
        if (has_values(t->c->base, i, 1) && has_values(t->c->now, i, 1))
            add_timing(t, i, name);
        else if (base != now)
            words_say(&t->c->news, "%s: %s", name,
                      now ? "happens now, and did not before" : "happened before, and does not now");
    }
}

static void add_throughput(struct table *t)
{
    struct scatter_value base[COMPARE_MAX_RUNS] = {{0, 0}}, now[COMPARE_MAX_RUNS] = {{0, 0}};
    bool any = true;
    for (size_t i = 0; i < t->c->base->count; i++) {
        any &= t->c->base->items[i]->enrolled_per_s > 0;
        base[i].value = log(t->c->base->items[i]->enrolled_per_s);
    }
    for (size_t i = 0; i < t->c->now->count; i++) {
        any &= t->c->now->items[i]->enrolled_per_s > 0;
        now[i].value = log(t->c->now->items[i]->enrolled_per_s);
    }
    if (!any) /* nobody enrolled: the success rate says it */
        return;
    struct compare_row *row = table_add(t, COMPARE_PER_S, TABLE_OTHER);
    row->more_is_worse = false;
    snprintf(row->figure, sizeof row->figure, "enrolled_per_s");
    snprintf(row->title, sizeof row->title, "throughput, enrollments");
    fill_ratio(t, row, base, now);
}

/* ---- the judgement ---- */

/* Is the change large enough to matter, in the direction of `sign`? */
static bool matters(const struct compare_options *o, const struct compare_row *row, double sign)
{
    double worse = row->more_is_worse == (sign > 0) ? row->now : row->base;
    double better = row->more_is_worse == (sign > 0) ? row->base : row->now;
    switch (row->unit) {
    case COMPARE_MS:
        return worse >= better * (1 + o->floor_share) && worse - better >= o->floor_ms;
    case COMPARE_PER_S:
        return worse >= better * (1 + o->floor_share);
    case COMPARE_SHARE:
        return worse - better >= o->floor_rate;
    case COMPARE_COUNT:
        return worse > better;
    }
    return false;
}

/* The change that is just found, and so far beyond it that chance does not hide it. */
static double smallest(const struct table *t, const struct compare_row *row, double chance)
{
    const struct compare_options *o = &t->c->options;
    const struct scatter *s = table_scatter(t, row);
    double found = scatter_bound(s, chance), beyond = POWER_95 * s->error;
    if (row->unit == COMPARE_SHARE) {
        double fails = row->more_is_worse ? row->base : 1 - row->base;
        double at = asin(sqrt(fails)) + found + beyond;
        return fmax(o->floor_rate, at >= M_PI_2 ? 1 - fails : sin(at) * sin(at) - fails);
    }
    found = fmax(found, log1p(o->floor_share));
    if (row->unit == COMPARE_MS)
        found = fmax(found, log1p(o->floor_ms / row->base));
    return expm1(found + beyond);
}

static void judge_row(const struct table *t, struct compare_row *row, double all_weights)
{
    const struct compare_options *o = &t->c->options;
    double alpha = COMPARE_ALPHA * row->weight / all_weights, sign = row->more_is_worse ? 1 : -1;
    const struct scatter *s = table_scatter(t, row);
    if (row->unit != COMPARE_COUNT)
        row->smallest = smallest(t, row, alpha);
    if (row->adjusted <= COMPARE_ALPHA)
        row->verdict = matters(o, row, 1) ? COMPARE_ROW_WORSE : COMPARE_ROW_SMALL;
    else if (row->unit != COMPARE_COUNT && scatter_above(s, -sign * s->change) <= alpha &&
             matters(o, row, -1))
        row->verdict = COMPARE_ROW_BETTER;
}

static void judge(const struct table *t)
{
    struct compare *c = t->c;
    double chance[COMPARE_MAX_ROWS] = {0}, weight[COMPARE_MAX_ROWS] = {0}, adjusted[COMPARE_MAX_ROWS],
           all = 0;
    size_t which[COMPARE_MAX_ROWS], count = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        if (c->rows[i].weight <= 0)
            continue;
        which[count] = i;
        chance[count] = c->rows[i].chance;
        weight[count++] = c->rows[i].weight;
        all += c->rows[i].weight;
    }
    family_adjust(chance, weight, count, adjusted);
    for (size_t i = 0; i < count; i++) {
        c->rows[which[i]].adjusted = adjusted[i];
        judge_row(t, &c->rows[which[i]], all);
    }
}

bool rows_make(struct compare *c, struct err *e)
{
    struct table t = {.c = c, .scatters = calloc(COMPARE_MAX_ROWS, sizeof *t.scatters)};
    c->rows = calloc(COMPARE_MAX_ROWS, sizeof *c->rows);
    bool ok = c->rows != NULL && t.scatters != NULL;
    if (ok) {
        rates_add(&t);
        add_timings(&t);
        add_throughput(&t);
        judge(&t);
    } else
        err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the comparison");
    free(t.scatters);
    return ok;
}
