#include "measure/parts.h"

/* A week; what comes later is counted in the last second. */
#define MAX_SECONDS ((size_t)7 * 24 * 3600)

bool timeline_init(struct timeline *t, struct err *e)
{
    *t = (struct timeline){0};
    return histogram_new(&t->latency, e);
}

void timeline_clear(struct timeline *t)
{
    free(t->seconds);
    histogram_free(t->latency);
    *t = (struct timeline){0};
}

static bool reserve(struct timeline *t, size_t count)
{
    if (count <= t->cap)
        return true;
    size_t cap = t->cap == 0 ? 256 : t->cap * 2;
    while (cap < count)
        cap *= 2;
    struct measure_second *seconds = realloc(t->seconds, cap * sizeof *seconds);
    if (seconds == NULL)
        return false;
    t->seconds = seconds;
    t->cap = cap;
    return true;
}

/* The second of this moment, made if need be; NULL when memory ran out. New seconds begin with the devices
 * that are in flight. */
static struct measure_second *at(struct timeline *t, int64_t us)
{
    size_t second = us < 0 ? 0 : (size_t)(us / 1000000);
    if (second >= MAX_SECONDS)
        second = MAX_SECONDS - 1;
    if (!reserve(t, second + 1))
        return NULL;
    for (; t->count <= second; t->count++)
        t->seconds[t->count] = (struct measure_second){.in_flight = t->in_flight};
    return &t->seconds[second];
}

void timeline_arrival(struct timeline *t, int64_t at_us)
{
    struct measure_second *second = at(t, at_us);
    if (second != NULL)
        second->offered++;
}

void timeline_start(struct timeline *t, int64_t at_us)
{
    struct measure_second *second = at(t, at_us);
    t->in_flight++;
    if (second == NULL)
        return;
    second->started++;
    t->seconds[t->count - 1].in_flight = t->in_flight;
}

static void percentiles(const struct timeline *t, struct measure_second *second)
{
    second->p50_us = histogram_quantile(t->latency, 0.5);
    second->p95_us = histogram_quantile(t->latency, 0.95);
}

/* Devices report their ends in order, but for microseconds: a latecomer joins the second that is open. */
static void record(struct timeline *t, size_t second, int64_t latency_us)
{
    if (second > t->open) {
        if (histogram_count(t->latency) > 0)
            percentiles(t, &t->seconds[t->open]);
        histogram_reset(t->latency);
        t->open = second;
    }
    histogram_record(t->latency, latency_us);
}

void timeline_end(struct timeline *t, enum outcome_end end, int64_t at_us, int64_t latency_us)
{
    struct measure_second *second = at(t, at_us);
    if (end != OUTCOME_UNSENT && t->in_flight > 0)
        t->in_flight--;
    if (second == NULL)
        return;
    second->enrolled += end == OUTCOME_ENROLLED;
    second->failed += end == OUTCOME_FAILED;
    t->seconds[t->count - 1].in_flight = t->in_flight;
    if (latency_us >= 0)
        record(t, (size_t)(second - t->seconds), latency_us);
}

struct measure_second timeline_second(const struct timeline *t, size_t second)
{
    struct measure_second out = t->seconds[second];
    if (second == t->open && histogram_count(t->latency) > 0)
        percentiles(t, &out);
    return out;
}
