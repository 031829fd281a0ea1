/* Answers that are ready but not yet due. One thread wakes each in its time, or earlier when its client hangs up; nobody
 * else sleeps for it. Knows nothing of HTTP. */
#ifndef SIM_WAITING_H
#define SIM_WAITING_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Part of whatever waits; untouched by its owner from sim_waiting_add until `wake`. */
struct sim_wait {
    int64_t due_us; /* clock_monotonic_us */
    int fd;         /* the client's socket */
    size_t place;
    bool gone; /* woken, because the client hung up or all ends: nobody wants the answer any more */
};

struct sim_waiting;

/* `wake` runs on the thread of its own, or on the one that calls sim_waiting_stop, and takes the wait away for good; it
 * must not call back. Fails: REASON_IO, REASON_NO_MEMORY. */
bool sim_waiting_start(void (*wake)(struct sim_wait *wait, void *user), void *user, struct sim_waiting **out,
                       struct err *e) MUST_USE;
/* From then on sim_waiting_add fails; all that still wait are woken as `gone`, before this returns. May be called again. */
void sim_waiting_stop(struct sim_waiting *waiting);
/* After sim_waiting_stop. NULL is fine. */
void sim_waiting_free(struct sim_waiting *waiting);

/* False: it will not be woken, because there is no memory or all ends. Any thread. */
bool sim_waiting_add(struct sim_waiting *waiting, struct sim_wait *wait) MUST_USE;

#endif
