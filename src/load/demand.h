/* What a plan will ask of machine and server, before anything is sent: the plan walked in virtual time, every device taking
 * the same assumed time from start to end. That is Little's law (in flight = rate x time), exact also where the rate jumps,
 * and it makes closed phases countable. */
#ifndef LOAD_DEMAND_H
#define LOAD_DEMAND_H

#include "load/load.h"

struct load_demand {
    uint64_t count;
    int64_t first_us, last_us; /* when there are any */
    double peak_per_s;         /* the most arrivals within one second */
    uint64_t in_flight;        /* the most at once, with what is left of earlier phases */
    uint64_t lingering;        /* the most that are under way or ended less than `linger_us` ago */
};

/* `plan` is at its beginning, and used up afterwards. `phases` gets phase_count elements, *total all of them together.
 * Memory: 16 bytes for each device that lingers at once. Fails: REASON_NO_MEMORY. */
bool load_demand_of(struct load_plan *plan, int64_t service_us, int64_t linger_us, struct load_demand *phases,
                    size_t phase_count, struct load_demand *total, struct err *e) MUST_USE;

#endif
