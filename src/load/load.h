/* When devices arrive. Pure arithmetic on a seed; no clock, no sockets.
 *
 * Open phases say when: their arrivals are the same whatever the server does. A closed phase keeps a number of devices busy,
 * so its next arrival depends on one that ended: the engine tells the plan, and the plan says when the slot is due again.
 * Nothing is kept for a device that has not arrived yet; walking the plan is the only way through it, and everybody who
 * walks an open plan with the same seed sees the same list. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include "base/err.h"

#include <stddef.h>

enum load_arrivals { LOAD_EVEN, LOAD_POISSON };

/* What a phase is; below, the fields that each of them reads beside name, duration_us, arrivals and warm_up. The last five are
 * shapes: `devices` of them arrive in `duration_us`, however they are spread. */
enum load_kind {
    LOAD_LINEAR, /* from_per_s to to_per_s; equal: constant; both 0: a pause */
    LOAD_STEPS,  /* the same way in `steps` equal stairs, the first at from_per_s, the last at to_per_s */
    LOAD_SPIKE,  /* base_per_s, in the middle peak_per_s for peak_us */
    LOAD_CLOSED, /* `slots` devices at a time; each slot pauses between two devices */
    LOAD_POLICY_PUSH,   /* all are called at once, half of those still missing come within each median_us */
    LOAD_CHECK_IN,      /* spread evenly */
    LOAD_RENEWAL_CLIFF, /* certificates issued within batch_us, looked at every (duration_us - batch_us) */
    LOAD_BACKLOG_FLUSH, /* peak_per_s while the queue lasts, then base_per_s */
    LOAD_RETRY_STORM,   /* waves every `every_us`, each jitter_us wide and smaller by `success` */
};

struct load_phase {
    char name[64];
    enum load_kind kind;
    double from_per_s;
    double to_per_s;
    int64_t duration_us; /* 0: open-ended, allowed in the last phase when a device count is set */
    enum load_arrivals arrivals;
    bool warm_up;

    unsigned steps;
    double base_per_s;
    double peak_per_s; /* closed: never more starts than this; 0: 1000/s */
    int64_t peak_us;

    uint64_t
        devices; /* shapes: 0 in the last phase means what is missing to the device count. Closed: at most; 0: any */
    int64_t median_us;
    int64_t batch_us;
    int64_t every_us;
    int64_t jitter_us;
    double success; /* share of a wave that gets through, 0..1 */

    unsigned slots;
    int64_t pause_min_us, pause_max_us; /* drawn from the seed, between these */
};

#define LOAD_MAX_STAIRS 1000 /* stairs of a phase, and waves */

/* Fills in what is 0 and has a default that follows from the rest of the phase: median_us, batch_us, every_us, jitter_us, the
 * peak of a backlog. */
void load_phase_complete(struct load_phase *phase);
/* Whether a complete phase makes sense. `last` of the load, whose devices are `counted` over all phases.
 * Fails: REASON_SCENARIO without the phase's name; REASON_NO_MEMORY. */
bool load_phase_check(const struct load_phase *phase, bool last, bool counted, struct err *e) MUST_USE;
bool load_phase_is_shape(const struct load_phase *phase);
/* As a complete phase says by itself; closed: 0 devices, and the most that may start in a second. */
double load_phase_devices(const struct load_phase *phase);
double load_phase_peak_per_s(const struct load_phase *phase);

struct load_plan; /* the whole arrival list, computed on demand, same for the same seed */

/* `count` devices exactly when > 0 (the last phase is extended or cut), else as many as the phases start.
 * The first arrival is at 0: what is silent before it vanishes. Fails REASON_SCENARIO when nothing would arrive, more than
 * `max_devices` would, or a phase makes no sense; REASON_NO_MEMORY. */
bool load_plan_new(const struct load_phase *phases, size_t phase_count, uint64_t count, uint64_t max_devices,
                   uint64_t seed, struct load_plan **out, struct err *e) MUST_USE;
void load_plan_free(struct load_plan *plan);

/* Leaves what shard `index` (1 to `count`) plays of the plan, before it is walked: of open arrivals every count-th, with the
 * numbers and times that they have in the whole; of closed phases its share of slots, of devices and of their rate. All shards
 * together play the whole plan.
 * Fails: REASON_USAGE: nothing would be left for it; it says what to do. */
bool load_plan_shard(struct load_plan *plan, unsigned index, unsigned count, struct err *e) MUST_USE;
/* Of n things, how many shard `index` has when they are dealt out in turns. */
uint64_t load_share(uint64_t n, unsigned index, unsigned count);
/* The number of an n-th device (from 0) that stands in no shard's plan; every shard has its own. */
uint64_t load_plan_beyond(const struct load_plan *plan, uint64_t n);
uint64_t load_plan_whole(const struct load_plan *plan); /* the same as load_plan_count, of all shards */

/* How many there are. With a closed phase that ends by time alone nobody knows: then it is the most there can be, and
 * load_plan_count_known is false. */
uint64_t load_plan_count(const struct load_plan *plan);
bool load_plan_count_known(const struct load_plan *plan);
/* No arrival whose time is known comes later; INT64_MAX while some cannot come because of the pace. */
int64_t load_plan_end_us(const struct load_plan *plan);

struct load_arrival {
    uint64_t index;
    int64_t scheduled_us;
    unsigned phase;
    bool warm_up;
};
/* When the next arrival is due; INT64_MAX: none, or none before a device of a closed phase has ended. */
int64_t load_plan_next_us(const struct load_plan *plan);
/* Takes it. Arrivals come in order; false where load_plan_next_us is INT64_MAX. */
bool load_plan_next(struct load_plan *plan, struct load_arrival *out);
/* A device of this phase has ended, or will never start: a closed phase's slot is free again. Harmless in open phases. */
void load_plan_ended(struct load_plan *plan, unsigned phase, uint64_t index, int64_t now_us);
/* The devices that are still to come as a number come at once from now on, the others not at all: after this the plan can be
 * walked to its end without any device ending. */
void load_plan_stop(struct load_plan *plan, int64_t now_us);
bool load_plan_over(const struct load_plan *plan); /* nothing more will ever come */

/* The operator's hand: what is to come after now_us comes `factor` times as quickly as planned, at 0 not before the next change.
 * It is rescheduled, not delayed: all times that the functions above tell and take are the new ones. What is due at now_us is to be
 * taken before; numbers, phases and order stay. */
void load_plan_change_pace(struct load_plan *plan, int64_t now_us, double factor);
double load_plan_pace(const struct load_plan *plan);       /* 1: as planned */
double load_plan_peak_per_s(const struct load_plan *plan); /* of all phases, as planned */

#endif
