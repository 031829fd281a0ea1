/* What was a little while ago, so that what happened since can be told: figures of the run, kept for some seconds, one set for
 * each. Costs a copy of one histogram per second, however fast devices end. */
#ifndef REPORT_RECENT_H
#define REPORT_RECENT_H

#include "measure/measure.h"

#define RECENT_SECONDS 10 /* how long latencies count as recent */
#define RECENT_RATES_S 3  /* and counts: a change of the load shows soon */

struct recent_counts {
    uint64_t offered, started, done, failed;
};

struct recent_set {
    int64_t at_us;
    struct recent_counts counts;
    struct histogram *latency; /* of all devices until then */
};

struct recent {
    struct recent_set sets[RECENT_SECONDS + 2]; /* a ring */
    size_t count, next;
    struct histogram *window;
};

bool recent_init(struct recent *r, struct err *e) MUST_USE;
void recent_clear(struct recent *r); /* harmless for zeroes */
/* Keeps what holds now when the last was kept a second ago. Call at any rate. `latency` may be NULL. */
void recent_keep(struct recent *r, const struct recent_counts *counts, const struct histogram *latency,
                 int64_t now_us);
/* Of all these, the values of the last RECENT_SECONDS, or a second more. Borrowed until the next call. */
const struct histogram *recent_latency(struct recent *r, const struct histogram *latency, int64_t now_us);

struct recent_rates {
    double offered, started, done, failed; /* per second */
};
/* False: nothing is known of a second ago. */
bool recent_rates(const struct recent *r, const struct recent_counts *counts, int64_t now_us,
                  struct recent_rates *out);

#endif
