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

/* How well the plan was kept. Warm-up included. */
struct measure_load {
    uint64_t offered;        /* arrivals of the plan, whether or not they started */
    int64_t offered_last_us; /* scheduled time of the last of them */
    uint64_t started;
    int64_t started_last_us;
};
struct measure_load measure_load(const struct measure *m);

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
/* Age of the oldest one-time password that a server accepted; 0: none. */
int64_t measure_otp_accepted_age_us(const struct measure *m);

struct measure_correctness {
    bool serials_unique;
    uint64_t duplicate_serials, key_mismatch, subject_mismatch, nonce_mismatch, transaction_mismatch,
        chain_failures, duplicate_otp;
};
struct measure_correctness measure_correctness(const struct measure *m);

/* Failed and unsent devices that look the same. `first` is the first of them, without its borrowed spans. */
struct measure_failure {
    struct outcome first;
    uint64_t count;
    int64_t first_us, last_us;              /* finished_us of the first and the last */
    int64_t latency_min_us, latency_max_us; /* service time of the failing step */
    uint64_t enrolled_before;               /* devices enrolled when the first of these failed */
    uint64_t enrolled_until;                /* and when the last of them did */
    struct {                                /* the one-time passwords that they had sent */
        uint64_t sent;
        uint64_t used_before; /* sent by a device that enrolled earlier */
        int64_t age_min_us, age_max_us;
        int64_t fetched_last_us; /* the youngest of them was fetched then */
        uint64_t accepted_after; /* passwords fetched later than that one, and accepted */
    } otp;
    struct buf url, headers, body; /* exemplar of the deciding answer, cut to 64 KiB */
};
#define MEASURE_MAX_FAILURES       256 /* more kinds than that join the last one */
#define MEASURE_MAX_EXEMPLAR_BYTES ((size_t)64 << 10)
size_t measure_failure_count(const struct measure *m);
const struct measure_failure *measure_failure(const struct measure *m,
                                              size_t index); /* most frequent first */

/* One second of the run. */
struct measure_second {
    uint32_t offered, started, enrolled, failed;
    uint32_t in_flight;     /* at its end */
    int64_t p50_us, p95_us; /* enrollment latency of those that ended in it; 0: none */
};
size_t measure_second_count(const struct measure *m);
struct measure_second measure_second(const struct measure *m, size_t second);

#endif
