/* Histograms by what they are about: what was measured, how it ended, in which phase, at which kind of device; over the
 * whole run and interval by interval.
 *
 * The interval at hand is kept as histograms; those that are over are kept encoded, some bytes per value or bucket, so
 * that thousands of them stay small. When they would take more than their ceiling, neighbours are merged and the interval
 * is twice as long from then on: a long run has a coarser course, never a wrong figure. One thread. */
#ifndef MEASURE_SERIES_H
#define MEASURE_SERIES_H

#include "base/bytes.h"
#include "measure/histogram.h"

/* What was measured: these, and MEASURE_STEP + a stage. */
enum measure_metric { MEASURE_ENROLLMENT, MEASURE_SERVICE, MEASURE_START_LAG, MEASURE_STEP };
#define MEASURE_METRICS ((unsigned)MEASURE_STEP + (unsigned)STAGE_COUNT)

enum measure_result { MEASURE_OK, MEASURE_FAILED, MEASURE_TIMED_OUT, MEASURE_RESULTS };
/* "enrolled" or "ok" (of a step), "failed", "timed_out" */
const char *measure_result_id(enum measure_result result, unsigned metric);
/* "enrollment", "service", "start_lag", "step.<step>" */
void measure_metric_name(unsigned metric, char *out, size_t out_bytes);

#define MEASURE_ANY (-1)
/* Fixed width: it is written down as it is. */
struct measure_key {
    uint16_t phase;
    uint8_t metric, result;
    int8_t profile; /* MEASURE_ANY for the steps of an interval: there profiles share a histogram */
    bool warm_up;   /* of its phase */
};

/* Which histograms to add up. */
struct measure_filter {
    unsigned metric;
    unsigned results; /* bits 1 << enum measure_result */
    int phase;        /* MEASURE_ANY: all but warm-ups */
    int profile;      /* MEASURE_ANY: all; else no steps of intervals */
};
#define MEASURE_ALL_RESULTS ((1U << MEASURE_RESULTS) - 1)
#define MEASURE_THAT_COUNT  (1U << MEASURE_OK | 1U << MEASURE_TIMED_OUT) /* in latency.enrollment */

struct series;

/* Owns:  *out is the caller's. `interval_us` is the first interval's length, `max_bytes` the ceiling for encoded ones. */
bool series_new(int64_t interval_us, size_t max_bytes, struct series **out, struct err *e) MUST_USE;
void series_free(struct series *s);
/* `at_us` is when it ended and says in which interval; latecomers join the one that is open. False: no memory. */
bool series_record(struct series *s, struct measure_key key, int64_t at_us, int64_t value_us);

/* Adds what the filter chooses. False: no memory. */
bool series_sum(const struct series *s, const struct measure_filter *f, struct histogram *into);
/* The same of one interval, below series_intervals. */
bool series_sum_interval(const struct series *s, size_t interval, const struct measure_filter *f,
                         struct histogram *into);
size_t series_intervals(const struct series *s);    /* the open one included */
int64_t series_interval_us(const struct series *s); /* may double while the run goes on */
size_t series_bytes(const struct series *s);        /* of all encoded intervals */

/* Every histogram, for writing them down. `interval` is MEASURE_ANY for those of the whole run; `h` is borrowed during
 * the call. Ends when `each` says false, and returns that. */
typedef bool series_each(void *user, int64_t interval, struct measure_key key, const struct histogram *h);
bool series_walk(const struct series *s, series_each *each, void *user);

/* A window that slides over the run, one interval at a time. It holds whole intervals: as many as cover `window_us`. */
struct series_slide;
bool series_slide_new(const struct series *s, struct measure_filter f, int64_t window_us,
                      struct series_slide **out, struct err *e) MUST_USE;
void series_slide_free(struct series_slide *w);
/* The next window that is complete; when the run is `over`, the last one too, and the only one of a run that is shorter.
 * NULL: none (yet). Borrowed until the next call. */
const struct histogram *series_slide_next(struct series_slide *w, bool over);
int64_t series_slide_from_us(const struct series_slide *w); /* where the window just given begins */

#endif
