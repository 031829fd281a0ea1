/* A log-linear histogram of microseconds, three significant digits from 1 us to 24 h, laid out like
 * HdrHistogram so that its V2 encoding can be written (measure/hdr.h). Merging is exact; averaging percentiles never
 * happens. Only the stretches that hold counts take memory: an empty one takes 1 KiB, a typical latency 10 to 20. */
#ifndef MEASURE_HISTOGRAM_H
#define MEASURE_HISTOGRAM_H

#include "base/err.h"

#include <stddef.h>

#define HISTOGRAM_MAX_US INT64_C(86400000000)

struct histogram;

bool histogram_new(struct histogram **out, struct err *e) MUST_USE;
void histogram_free(struct histogram *h);
/* Below 0 counts as 0, above 24 h as 24 h. False: no memory, the value is left out. */
bool histogram_record(struct histogram *h, int64_t us);
/* False: no memory; some values of `from` are left out. */
bool histogram_merge(struct histogram *into, const struct histogram *from);
/* Takes away what was merged before. Min and max are those of the remaining buckets afterwards. */
void histogram_subtract(struct histogram *from, const struct histogram *what);
void histogram_reset(struct histogram *h);

uint64_t histogram_count(const struct histogram *h);
int64_t histogram_min(const struct histogram *h);
int64_t histogram_max(const struct histogram *h);
double histogram_sum(const struct histogram *h); /* exact below 2^53 us */
double histogram_mean(const struct histogram *h);
/* Smallest recorded value that at least this share (0..1) of all values do not exceed, within the resolution; 0 when empty. */
int64_t histogram_quantile(const struct histogram *h, double share);
/* The position of that value among `count` sorted ones, 1 to count; 0 when count is 0. */
uint64_t histogram_rank(uint64_t count, double share);
/* The value at a position, within the resolution; 0 for position 0. */
int64_t histogram_at_rank(const struct histogram *h, uint64_t rank);

/* The buckets, for writing a histogram down. A bucket holds the values lower_us..upper_us, both included. */
struct histogram_bucket {
    int64_t lower_us, upper_us;
    uint64_t count;
    size_t index; /* HdrHistogram's, below HISTOGRAM_BUCKETS */
};
#define HISTOGRAM_BUCKETS 28672
/* The next bucket that is not empty. Start with *position 0; false after the last one. */
bool histogram_next(const struct histogram *h, size_t *position, struct histogram_bucket *out);

/* For reading one back: adds values to a bucket by its number, as if each were the bucket's lowest. False: the bucket is
 * above 24 h, or there would be more than 2^53 values, or no memory. */
bool histogram_add(struct histogram *h, size_t index, uint64_t count) MUST_USE;
/* What buckets do not tell exactly. False, and nothing changes, when it contradicts them. */
bool histogram_restore(struct histogram *h, int64_t min_us, int64_t max_us, double sum_us) MUST_USE;

#endif
