/* Facts become figures: counters, mergeable histograms, a time series, failures grouped. One thread. */
#ifndef MEASURE_MEASURE_H
#define MEASURE_MEASURE_H

#include "measure/series.h"
#include "outcome/outcome.h"

struct measure;

bool measure_new(struct measure **out, struct err *e) MUST_USE;
void measure_free(struct measure *m);
/* Where the engine sends its facts; valid as long as m. */
struct outcome_sink measure_sink(struct measure *m);
/* Stalls of the loop as an earlier run counted them: they are told one by one only while it runs. False: no memory. */
bool measure_add_stalls(struct measure *m, const struct histogram *stalls);

struct measure_devices {
    uint64_t planned, started, enrolled, failed, unsent, abandoned; /* warm-up phases included */
    uint64_t refused_as_expected;                                   /* of the enrolled: their wanted end */
};
struct measure_devices measure_devices(const struct measure *m);

/* The devices of one profile of the scenario. Profiles beyond the last join it. */
#define MEASURE_MAX_PROFILES 20
struct measure_persona {
    uint64_t planned, enrolled, failed; /* warm-up included; the rest of planned is unsent or abandoned */
    const struct histogram *latency;    /* enrollment, as measure_enrollment; NULL: no value */
};
struct measure_persona measure_persona(const struct measure *m, unsigned profile);

/* The devices of one phase of the scenario's load, all 0 for a phase that none belongs to. */
struct measure_phase {
    bool warm_up;
    uint64_t planned, started, enrolled, failed, unsent, abandoned;
};
struct measure_phase measure_phase(const struct measure *m, unsigned phase);

/* All histograms by what they are about; in intervals of 10 s, longer in runs of many hours. */
const struct series *measure_series(const struct measure *m);

/* Judgements on answers that said SUCCESS. Warm-up included. */
struct measure_verdicts {
    uint64_t strict_accepted, strict_refused;   /* by RFC 8894 */
    uint64_t persona_accepted, persona_refused; /* by what the devices would have looked at */
    uint64_t lenient;                           /* the device accepts what RFC 8894 forbids */
    uint64_t picky;                             /* the other way round */
    char lenient_checks[160];                   /* what those answers failed: "nonce, signer" */
};
struct measure_verdicts measure_verdicts(const struct measure *m);

/* What devices did after their enrollment. Warm-up included. Times are those of the step of this name. */
struct measure_follow_up {
    uint64_t tried, ok, failed;
    uint64_t impossible; /* not tried, with a reason: the server does not announce it */
};
struct measure_follow_up measure_follow_up(const struct measure *m, enum outcome_follow follow);

/* Where devices are now, as told last. Borrowed; changes while the run goes on. */
const struct outcome_in_flight *measure_in_flight(const struct measure *m);

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
/* Age of the oldest one-time password that a server accepted; 0: none. */
int64_t measure_otp_accepted_age_us(const struct measure *m);

struct measure_correctness {
    bool serials_unique;
    uint64_t duplicate_serials, key_mismatch, subject_mismatch, nonce_mismatch, transaction_mismatch,
        chain_failures, duplicate_otp, expectation_failures, renewal_same_certificate, certificate_missing;
};
struct measure_correctness measure_correctness(const struct measure *m);

/* How many ended when: in bins of whole seconds, twice as long whenever the run outgrows them. */
#define MEASURE_COURSE_BINS 120
struct measure_course {
    uint32_t width_s; /* a power of two; 0: nothing yet */
    uint32_t bins[MEASURE_COURSE_BINS];
};

/* Failed and unsent devices that look the same; or enrolled ones whose follow-up failed in the same way. `first` is the
 * first of them, without its borrowed spans; of a follow-up it holds the facts of that, while `end` stays. */
struct measure_failure {
    struct outcome first;
    bool after_enrollment; /* a follow-up failed: */
    enum outcome_follow follow;
    uint64_t count;
    int64_t first_us, last_us;              /* finished_us of the first and the last */
    struct measure_course course;           /* and of all */
    int64_t latency_min_us, latency_max_us; /* service time of the failing step */
    uint64_t enrolled_before;               /* devices enrolled when the first of these failed */
    uint64_t enrolled_until;                /* and when the last of them did */
    struct {                                /* of the failing request, as sent, headers included */
        uint64_t first, least, most;        /* 0: not known */
    } bytes;
    struct { /* the one-time passwords that they had sent */
        uint64_t sent;
        uint64_t used_before; /* sent by a device that enrolled earlier */
        int64_t age_min_us, age_max_us;
        int64_t fetched_last_us; /* the youngest of them was fetched then */
        uint64_t accepted_after; /* passwords fetched later than that one, and accepted */
    } otp;
    struct buf request;            /* as struct outcome_exemplar tells it */
    struct buf url, headers, body; /* exemplar of the deciding answer, cut to 64 KiB */
};
#define MEASURE_MAX_FAILURES       256 /* more kinds than that join the last one */
#define MEASURE_MAX_EXEMPLAR_BYTES ((size_t)64 << 10)
size_t measure_failure_count(const struct measure *m);
const struct measure_failure *measure_failure(const struct measure *m,
                                              size_t index); /* most frequent first */
uint64_t measure_failure_total(const struct measure *m);     /* their counts, added up */

/* How long the PKIOperations of a profile were that went well between two moments (some at their edges are left out), as sent:
 * what a limit of length is told by. */
struct measure_lengths {
    uint64_t count, least, most;
};
struct measure_lengths measure_passed(const struct measure *m, unsigned profile, int64_t from_us,
                                      int64_t to_us);

/* Conformance probes that came to the same verdict. They count in nothing else here. */
struct measure_probe {
    struct outcome_probe first; /* without its devices */
    uint64_t count;
};
size_t measure_probe_count(const struct measure *m);
const struct measure_probe *measure_probe(const struct measure *m, size_t index); /* in order of appearance */
uint64_t measure_probe_total(const struct measure *m, enum outcome_probe_verdict verdict);

/* One second of the run. */
struct measure_second {
    uint32_t offered, started, enrolled, failed;
    uint32_t in_flight;     /* at its end */
    int64_t p50_us, p95_us; /* enrollment latency of those that ended in it; 0: none */
};
size_t measure_second_count(const struct measure *m);
struct measure_second measure_second(const struct measure *m, size_t second);

#endif
