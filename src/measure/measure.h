/* Facts become figures: counters, mergeable histograms, a time series, failures grouped. One thread. */
#ifndef MEASURE_MEASURE_H
#define MEASURE_MEASURE_H

#include "measure/histogram.h"
#include "outcome/outcome.h"

struct measure;

bool measure_new(struct measure **out, struct err *e) MUST_USE;
void measure_free(struct measure *m);
/* Where the engine sends its facts; valid as long as m. */
struct outcome_sink measure_sink(struct measure *m);

struct measure_devices {
    uint64_t planned, started, enrolled, failed, unsent, abandoned; /* warm-up phases included */
};
struct measure_devices measure_devices(const struct measure *m);

struct measure_step {
    uint64_t count, failed, bytes_sent, bytes_received;
    const struct histogram *latency; /* finished - started, microseconds; warm-up excluded */
    const struct histogram *queue;   /* started - queued */
};
/* False when the step never happened outside warm-up. */
bool measure_step(const struct measure *m, enum stage stage, struct measure_step *out);

const struct histogram *measure_enrollment(const struct measure *m); /* from the scheduled start */
const struct histogram *measure_service(const struct measure *m);    /* from the actual start */
const struct histogram *measure_start_lag(const struct measure *m);
const struct histogram *measure_loop_stall(const struct measure *m);
const struct histogram *measure_otp_age(const struct measure *m);

struct measure_correctness {
    bool serials_unique;
    uint64_t duplicate_serials, key_mismatch, subject_mismatch, nonce_mismatch, transaction_mismatch, chain_failures, duplicate_otp;
};
struct measure_correctness measure_correctness(const struct measure *m);

/* Failed and unsent devices that look the same. `first` is the first of them, without its borrowed spans. */
struct measure_failure {
    struct outcome first;
    uint64_t count;
    int64_t first_us, last_us;   /* finished_us of the first and the last */
    int64_t latency_min_us, latency_max_us; /* service time of the failing step */
    struct buf url, headers, body; /* exemplar of the deciding answer, cut to 64 KiB */
};
size_t measure_failure_count(const struct measure *m);
const struct measure_failure *measure_failure(const struct measure *m, size_t index); /* most frequent first */

/* One second of the run. */
struct measure_second {
    uint32_t offered, started, enrolled, failed, in_flight;
    int64_t p50_us, p95_us; /* enrollment latency of those that ended in it; 0: none */
};
size_t measure_second_count(const struct measure *m);
struct measure_second measure_second(const struct measure *m, size_t second);

#endif
