/* A log-linear histogram of microseconds, three significant digits from 1 us to 24 h, laid out like
 * HdrHistogram so that its V2 encoding can be written. Merging is exact; averaging percentiles never happens. */
#ifndef MEASURE_HISTOGRAM_H
#define MEASURE_HISTOGRAM_H

#include "base/err.h"

#include <stddef.h>

struct histogram;

bool histogram_new(struct histogram **out, struct err *e) MUST_USE;
void histogram_free(struct histogram *h);
void histogram_record(struct histogram *h, int64_t us); /* below 0 counts as 0, above 24 h as 24 h */
void histogram_merge(struct histogram *into, const struct histogram *from);
void histogram_reset(struct histogram *h);

uint64_t histogram_count(const struct histogram *h);
int64_t histogram_min(const struct histogram *h);
int64_t histogram_max(const struct histogram *h);
double histogram_mean(const struct histogram *h);
/* Smallest recorded value that at least this share (0..1) of all values do not exceed, within the resolution; 0 when empty. */
int64_t histogram_quantile(const struct histogram *h, double share);

/* The buckets, for writing a histogram down. A bucket holds the values lower_us..upper_us, both included. */
struct histogram_bucket {
    int64_t lower_us, upper_us;
    uint64_t count;
};
/* The next bucket that is not empty. Start with *position 0; false after the last one. */
bool histogram_next(const struct histogram *h, size_t *position, struct histogram_bucket *out);

#endif
