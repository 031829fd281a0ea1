/* Whether devices enroll, how they fail, and what should never happen. A rate is worse when both believe it: Fisher's exact test,
 * which takes devices for independent, and the scatter between runs, which does not. */
#include "compare/parts.h"

#include "report/wording.h"

#include <math.h>

#define MAX_KINDS 40 /* of failures that get rows of their own */

struct rate {
    uint64_t base[COMPARE_MAX_RUNS], now[COMPARE_MAX_RUNS]; /* events */
    uint64_t base_of[COMPARE_MAX_RUNS], now_of[COMPARE_MAX_RUNS];
    uint64_t all_base, all_now, all_base_of, all_now_of;
};

static const struct compare_counts *failures_of(const struct compare_run *run)
{
    return &run->failures;
}

static const struct compare_counts *causes_of(const struct compare_run *run)
{
    return &run->causes;
}

static const struct compare_counts *defects_of(const struct compare_run *run)
{
    return &run->defects;
}

typedef const struct compare_counts *list_of(const struct compare_run *run);

static uint64_t events_of(const struct compare_run *run, list_of *list, const char *id)
{
    uint64_t events = list == NULL ? run->planned - run->enrolled : compare_counts_of(list(run), id);
    return events < run->planned ? events : run->planned;
}

/* Without a list: devices that did not enroll. */
static void take(const struct compare *c, list_of *list, const char *id, struct rate *out)
{
    *out = (struct rate){0};
    for (size_t i = 0; i < c->base->count; i++) {
        out->all_base += out->base[i] = events_of(c->base->items[i], list, id);
        out->all_base_of += out->base_of[i] = c->base->items[i]->planned;
    }
    for (size_t i = 0; i < c->now->count; i++) {
        out->all_now += out->now[i] = events_of(c->now->items[i], list, id);
        out->all_now_of += out->now_of[i] = c->now->items[i]->planned;
    }
}

/* Anscombe's transformation (1948): the variance is the same for all rates, also near none. */
static void transform(const uint64_t *events, const uint64_t *of, size_t count, struct scatter_value *out)
{
    for (size_t i = 0; i < count; i++) {
        double share = fmin(1, ((double)events[i] + 0.375) / ((double)of[i] + 0.75));
        out[i] = (struct scatter_value){asin(sqrt(share)), 1 / (4 * (double)of[i] + 2)};
    }
}

static struct exact_interval interval(const uint64_t *events, const uint64_t *of, size_t count, uint64_t all,
                                      uint64_t all_of)
{
    double effect = exact_design_effect(events, of, count);
    return exact_share((double)all / effect, (double)all_of / effect, 0.95);
}

/* Of the difference: the square-and-add rule of Newcombe (1998) upon exact intervals. */
static void fill_difference(struct compare_row *row, double p, struct exact_interval base, double q,
                            struct exact_interval now)
{
    row->change = q - p;
    row->low = row->change - hypot(q - now.low, base.high - p);
    row->high = row->change + hypot(now.high - q, p - base.low);
}

static void fill_rate(const struct table *t, struct compare_row *row, const struct rate *r)
{
    const struct compare *c = t->c;
    struct scatter_value base[COMPARE_MAX_RUNS], now[COMPARE_MAX_RUNS];
    struct scatter *s = table_scatter(t, row);
    struct exact_interval was = interval(r->base, r->base_of, c->base->count, r->all_base, r->all_base_of);
    struct exact_interval is = interval(r->now, r->now_of, c->now->count, r->all_now, r->all_now_of);
    transform(r->base, r->base_of, c->base->count, base);
    transform(r->now, r->now_of, c->now->count, now);
    scatter_of(base, c->base->count, now, c->now->count, s);
    row->chance =
        fmax(exact_more(r->all_base, r->all_base_of, r->all_now, r->all_now_of), scatter_above(s, s->change));
    row->base = (double)r->all_base / fmax(1, (double)r->all_base_of);
    row->now = (double)r->all_now / fmax(1, (double)r->all_now_of);
    row->exact[0].low = was.low;
    row->exact[0].high = was.high;
    row->exact[1].low = is.low;
    row->exact[1].high = is.high;
    fill_difference(row, row->base, was, row->now, is);
}

/* Failures are judged, success is told: the same figure from its other end. */
static void turn_over(const struct table *t, struct compare_row *row)
{
    struct scatter *s = table_scatter(t, row);
    row->more_is_worse = false;
    row->base = 1 - row->base;
    row->now = 1 - row->now;
    row->change = 0 - row->change; /* and not -0 */
    double low = row->low;
    row->low = 0 - row->high;
    row->high = 0 - low;
    for (size_t i = 0; i < 2; i++) {
        low = row->exact[i].low;
        row->exact[i].low = 1 - row->exact[i].high;
        row->exact[i].high = 1 - low;
    }
    s->change = -s->change;
}

static void add_success(struct table *t)
{
    struct rate r;
    struct compare_row *row = table_add(t, COMPARE_SHARE, TABLE_SUCCESS);
    take(t->c, NULL, NULL, &r);
    snprintf(row->figure, sizeof row->figure, "enrolled");
    snprintf(row->title, sizeof row->title, "enrolled");
    fill_rate(t, row, &r);
    turn_over(t, row);
}

/* ---- lists of both sides, each id once ---- */

static bool is_told(const struct compare *c, list_of *list, size_t run, const char *id)
{
    for (size_t i = 0; i < run; i++) {
        const struct compare_run *earlier =
            i < c->now->count ? c->now->items[i] : c->base->items[i - c->now->count];
        for (size_t k = 0; k < list(earlier)->count; k++) {
            if (strcmp(list(earlier)->items[k].id, id) == 0)
                return true;
        }
    }
    return false;
}

typedef void each_kind(struct table *t, list_of *list, const struct compare_count *kind);

static void walk(struct table *t, list_of *list, each_kind *each)
{
    const struct compare *c = t->c;
    for (size_t run = 0; run < c->now->count + c->base->count; run++) {
        const struct compare_run *at =
            run < c->now->count ? c->now->items[run] : c->base->items[run - c->now->count];
        for (size_t k = 0; k < list(at)->count; k++) {
            if (!is_told(c, list, run, list(at)->items[k].id))
                each(t, list, &list(at)->items[k]);
        }
    }
}

static size_t runs_with(const struct rate *r, size_t count)
{
    size_t with = 0;
    for (size_t i = 0; i < count; i++)
        with += r->now[i] > 0;
    return with;
}

static void tell_new(struct table *t, const struct rate *r, const char *what, const char *title,
                     const char *id)
{
    char some[32], all[32];
    if (r->all_base > 0 || r->all_now == 0)
        return;
    words_count(r->all_now, some, sizeof some);
    words_count(r->all_now_of, all, sizeof all);
    words_say(&t->c->news, "new %s: %s (%s), %s of %s devices, in %zu of %zu runs", what, title, id, some,
              all, runs_with(r, t->c->now->count), t->c->now->count);
}

static void add_failure(struct table *t, list_of *list, const struct compare_count *kind)
{
    struct rate r;
    take(t->c, list, kind->id, &r);
    tell_new(t, &r, "kind of failure", kind->title, kind->id);
    if (t->c->row_count >= MAX_KINDS)
        return;
    struct compare_row *row = table_add(t, COMPARE_SHARE, TABLE_OTHER);
    snprintf(row->figure, sizeof row->figure, "failures.%s", kind->id);
    snprintf(row->title, sizeof row->title, "%s", kind->title);
    fill_rate(t, row, &r);
}

static void add_cause(struct table *t, list_of *list, const struct compare_count *kind)
{
    struct rate r;
    take(t->c, list, kind->id, &r);
    tell_new(t, &r, "likely cause", kind->title, kind->id);
}

/* One is too many, whatever chance says. Where the base had it, too, it must have become more frequent. */
static void add_defect(struct table *t, list_of *list, const struct compare_count *kind)
{
    struct rate r;
    take(t->c, list, kind->id, &r);
    tell_new(t, &r, "DEFECT", kind->title, kind->id);
    t->c->defects |= r.all_base == 0 && r.all_now > 0;
    if (t->c->row_count >= MAX_KINDS + WORDS_DEFECTS)
        return;
    struct compare_row *row = table_add(t, COMPARE_COUNT, r.all_base > 0 ? TABLE_OTHER : 0);
    snprintf(row->figure, sizeof row->figure, "correctness.%s", kind->id);
    snprintf(row->title, sizeof row->title, "%s", kind->title);
    fill_rate(t, row, &r);
    row->base = (double)r.all_base;
    row->now = (double)r.all_now;
    row->change = row->low = row->high = row->now - row->base;
    row->verdict = r.all_base == 0 && r.all_now > 0 ? COMPARE_ROW_WORSE : COMPARE_ROW_SAME;
}

void rates_add(struct table *t)
{
    add_success(t);
    walk(t, failures_of, add_failure);
    walk(t, causes_of, add_cause);
    walk(t, defects_of, add_defect);
}
