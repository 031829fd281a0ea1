#include "report/recent.h"

#define SECOND_US INT64_C(1000000)
#define SETS      (sizeof((struct recent *)0)->sets / sizeof(struct recent_set))

bool recent_init(struct recent *r, struct err *e)
{
    *r = (struct recent){0};
    bool ok = histogram_new(&r->window, e);
    for (size_t i = 0; ok && i < SETS; i++)
        ok = histogram_new(&r->sets[i].latency, e);
    if (!ok)
        recent_clear(r);
    return ok;
}

void recent_clear(struct recent *r)
{
    histogram_free(r->window);
    for (size_t i = 0; i < SETS; i++)
        histogram_free(r->sets[i].latency);
    *r = (struct recent){0};
}

static const struct recent_set *kept(const struct recent *r, size_t newest)
{
    return &r->sets[(r->next + SETS - 1 - newest) % SETS];
}

void recent_keep(struct recent *r, const struct recent_counts *counts, const struct histogram *latency,
                 int64_t now_us)
{
    struct recent_set *set = &r->sets[r->next];
    if (r->count > 0 && now_us < kept(r, 0)->at_us + SECOND_US)
        return;
    set->at_us = now_us;
    set->counts = *counts;
    histogram_reset(set->latency);
    if (latency != NULL && !histogram_merge(set->latency, latency))
        return; /* no memory: kept a moment later, or never */
    r->next = (r->next + 1) % SETS;
    r->count += r->count < SETS;
}

/* The newest that is at least so old; the oldest while none is. NULL: there is none. */
static const struct recent_set *from(const struct recent *r, int64_t at_us)
{
    const struct recent_set *set = NULL;
    for (size_t i = 0; i < r->count; i++) {
        set = kept(r, i);
        if (set->at_us <= at_us)
            break;
    }
    return set;
}

const struct histogram *recent_latency(struct recent *r, const struct histogram *latency, int64_t now_us)
{
    const struct recent_set *then = from(r, now_us - RECENT_SECONDS * SECOND_US);
    histogram_reset(r->window);
    if (histogram_merge(r->window, latency) && then != NULL && histogram_count(then->latency) > 0)
        histogram_subtract(r->window, then->latency);
    return r->window;
}

bool recent_rates(const struct recent *r, const struct recent_counts *counts, int64_t now_us,
                  struct recent_rates *out)
{
    const struct recent_set *then = from(r, now_us - RECENT_RATES_S * SECOND_US);
    if (then == NULL || now_us < then->at_us + SECOND_US)
        return false;
    double s = (double)(now_us - then->at_us) / 1e6;
    *out = (struct recent_rates){.offered = (double)(counts->offered - then->counts.offered) / s,
                                 .started = (double)(counts->started - then->counts.started) / s,
                                 .done = (double)(counts->done - then->counts.done) / s,
                                 .failed = (double)(counts->failed - then->counts.failed) / s};
    return true;
}
