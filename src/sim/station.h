/* Where requests wait for somebody to serve them: the CA, the OTP page, and so on. A station per operation: first come,
 * first served, so many at a time, each for a time drawn by seed. All in virtual time: who enters is told at once when it
 * will be served, and nothing ticks meanwhile. A client that goes away is served all the same, as a real one's request.
 *
 *     pki_operation:median=120ms,p99=900ms,servers=4      lognormal
 *     otp:fixed=200ms,servers=1,queue=1000                more than 1000 waiting: 503 by HTTP.sys
 *     get_ca_caps:file=samples.txt,seed=7                 drawn from a file: a duration in the first column of each line
 *
 * What faults make of a station is struct ndes_strain. */
#ifndef SIM_STATION_H
#define SIM_STATION_H

#include "ndes/effects.h"

#define SIM_STATION_MAX_SERVERS 1000
#define SIM_STATION_MAX_INSIDE  100000 /* beyond: as a full queue */

struct sim_latency {
    int64_t median_us; /* 0 and no samples: no time at all */
    int64_t p99_us;    /* 0: the median each time */
    int64_t *samples;
    size_t sample_count;
    unsigned servers; /* 0: as many as there are requests */
    unsigned queue;   /* who finds more waiting is turned away; 0: any number may */
    uint64_t seed;
};

struct sim_latencies {
    struct sim_latency of[NDES_OP_COUNT];
};

/* Reads one line as above into *out. Fails: REASON_USAGE (what is wrong, and the nearest known word), REASON_IO. */
bool sim_latency_parse(const char *text, struct sim_latencies *out, struct err *e) MUST_USE;
void sim_latencies_clear(struct sim_latencies *latencies);

struct sim_stations;

/* `latencies` are borrowed. Fails: REASON_NO_MEMORY. */
bool sim_stations_new(const struct sim_latencies *latencies, struct sim_stations **out,
                      struct err *e) MUST_USE;
void sim_stations_free(struct sim_stations *stations);

struct sim_visit {
    bool queue_full; /* turned away: too many wait */
    const struct ndes_refusal
        *answer;                 /* turned away by a crowd: the answer, out of `effects`; NULL: served */
    int64_t wait_us, service_us; /* when served */
};

/* A request passes through the queue of the application pool, which only a fault makes one (effects->queue). Any thread. */
struct sim_visit sim_stations_queue(struct sim_stations *stations, int64_t now_us,
                                    const struct ndes_effects *effects);

/* A request for `op` arrives. Any thread. `now_us` is monotonic; a little backwards is fine. */
struct sim_visit sim_stations_enter(struct sim_stations *stations, enum ndes_operation op, int64_t now_us,
                                    const struct ndes_effects *effects);

#endif
