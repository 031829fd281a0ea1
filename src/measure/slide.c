/* A sliding window: the interval that enters is added, the one that leaves is taken away, so its length costs nothing. */
#include "measure/series.h"

struct series_slide {
    const struct series *series;
    struct measure_filter filter;
    int64_t window_us, interval_us;
    size_t length; /* intervals of a window */
    size_t next;   /* the interval that enters next */
    struct histogram *sum, *one;
};

/* Also when neighbours were merged: what was seen is seen again, in coarser steps. */
static void begin(struct series_slide *w)
{
    w->interval_us = series_interval_us(w->series);
    w->length = (size_t)((w->window_us + w->interval_us - 1) / w->interval_us);
    w->next = 0;
    histogram_reset(w->sum);
}

bool series_slide_new(const struct series *s, struct measure_filter f, int64_t window_us,
                      struct series_slide **out, struct err *e)
{
    struct series_slide *w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a sliding window");
    *w = (struct series_slide){.series = s, .filter = f, .window_us = window_us > 0 ? window_us : 1};
    if (!histogram_new(&w->sum, e) || !histogram_new(&w->one, e)) {
        series_slide_free(w);
        return false;
    }
    begin(w);
    *out = w;
    return true;
}

void series_slide_free(struct series_slide *w)
{
    if (w == NULL)
        return;
    histogram_free(w->sum);
    histogram_free(w->one);
    free(w);
}

static bool fetch(struct series_slide *w, size_t interval)
{
    histogram_reset(w->one);
    return series_sum_interval(w->series, interval, &w->filter, w->one);
}

static bool enter(struct series_slide *w)
{
    if (w->next >= w->length) {
        if (!fetch(w, w->next - w->length))
            return false;
        histogram_subtract(w->sum, w->one);
    }
    return fetch(w, w->next++) && histogram_merge(w->sum, w->one);
}

const struct histogram *series_slide_next(struct series_slide *w, bool over)
{
    if (w->interval_us != series_interval_us(w->series))
        begin(w);
    size_t all = series_intervals(w->series), ready = over || all == 0 ? all : all - 1;
    while (w->next < ready) {
        if (!enter(w))
            return NULL;
        if (w->next >= w->length || (over && w->next == all))
            return w->sum;
    }
    return NULL;
}

int64_t series_slide_from_us(const struct series_slide *w)
{
    return w->next > w->length ? (int64_t)(w->next - w->length) * w->interval_us : 0;
}
