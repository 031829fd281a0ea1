/* Metrics as text: Prometheus' exposition format 0.0.4, and OpenMetrics 1.0 for those who ask for it. Whatever a label's value
 * is made of, the text stays valid. One thread. */
#ifndef LIVE_EXPOSITION_H
#define LIVE_EXPOSITION_H

#include "measure/histogram.h"

#include "base/bytes.h"

enum live_type { LIVE_COUNTER, LIVE_GAUGE, LIVE_HISTOGRAM };

/* A family is begun, then come its samples; families do not mix. `out` says whether there was room (buf_ok). */
struct live_writer {
    struct buf *out;
    bool open_metrics;
    const char *name; /* of the family at hand */
    enum live_type type;
};

/* A counter's name comes without its "_total". `name` and `help` are static strings of ours: nothing in them is escaped. */
void live_family(struct live_writer *w, enum live_type type, const char *name, const char *help);
void live_end_of_text(struct live_writer *w);

/* Labels of one sample, ready for print. Begins all zero. */
#define LIVE_LABELS_BYTES 1600
#define LIVE_VALUE_BYTES  200 /* longer values are cut */
struct live_labels {
    char text[LIVE_LABELS_BYTES];
    size_t len;
};
/* `value` is anybody's: what is no UTF-8 is replaced, what would end the value is escaped. A label that finds no room is left
 * out. NULL counts as empty. */
void live_label(struct live_labels *l, const char *name, const char *value);

/* `labels` NULL: none. */
void live_sample(struct live_writer *w, const struct live_labels *labels, double value);
/* Only with LIVE_HISTOGRAM, in seconds. `bounds_us` ascend; the bucket without bound is added. `h` NULL: no values yet. */
void live_buckets(struct live_writer *w, const struct live_labels *labels, const struct histogram *h,
                  const int64_t *bounds_us, size_t count);

#endif
