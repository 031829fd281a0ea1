/* When devices arrive: an open model. Pure arithmetic on a seed; no clock, no sockets. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include "base/err.h"

#include <stddef.h>

enum load_arrivals { LOAD_EVEN, LOAD_POISSON };

/* One phase: the rate goes linearly from `from_per_s` to `to_per_s` (equal: constant; both 0: a pause) in `duration_us`. */
struct load_phase {
    char name[64];
    double from_per_s;
    double to_per_s;
    int64_t duration_us; /* 0: open-ended, allowed in the last phase when a device count is set */
    enum load_arrivals arrivals;
    bool warm_up;
};

struct load_plan; /* the whole arrival list, computed on demand, same for the same seed */

/* `count` devices exactly when > 0 (the last phase is extended or cut), else as many as the phases start.
 * The first arrival is at 0. Fails REASON_SCENARIO when nothing would arrive or more than `max_devices` would. */
bool load_plan_new(const struct load_phase *phases, size_t phase_count, uint64_t count, uint64_t max_devices,
                   uint64_t seed, struct load_plan **out, struct err *e) MUST_USE;
void load_plan_free(struct load_plan *plan);

uint64_t load_plan_count(const struct load_plan *plan);
int64_t load_plan_end_us(const struct load_plan *plan); /* last arrival */

struct load_arrival {
    uint64_t index;
    int64_t scheduled_us;
    unsigned phase;
    bool warm_up;
};
/* Arrivals in order; false after the last one. */
bool load_plan_next(struct load_plan *plan, struct load_arrival *out);

#endif
