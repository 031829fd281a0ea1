/* Heavy computing off the loop, on threads of our own: libuv's pool is process-wide and shared with name lookup.
 *
 * A job is embedded in whatever it works on, so handing one over cannot fail. From workers_submit until its
 * `done` has been called nobody else touches what the job uses. `done` is called exactly once, on the loop,
 * also for a cancelled job and at the end. */
#ifndef WORKERS_WORKERS_H
#define WORKERS_WORKERS_H

#include "base/err.h"

#include <uv.h>

struct workers;

struct workers_job {
    void (*run)(struct workers_job *job);  /* on a worker; not called when cancelled in time */
    void (*done)(struct workers_job *job); /* on the loop; may submit it again, or free it */

    /* Facts, set by this room. Monotonic microseconds (base/clock.h). When `cancelled`, run was not called and
     * started_us and finished_us are 0. */
    bool cancelled;
    int64_t queued_us;   /* handed over */
    int64_t started_us;  /* taken by a worker: before this it waited */
    int64_t finished_us; /* computed: from started_us on it is compute time */

    struct workers_job *next; /* this room's */
};

/* Starts `threads` threads (0: one per core, 64 at most) that report to `loop`.
 * Fails: REASON_NO_MEMORY, REASON_GENERATOR_LIMIT (no thread to be had). */
bool workers_new(uv_loop_t *loop, unsigned threads, struct workers **out, struct err *e) MUST_USE;

/* Call all of these on the loop's thread. */
void workers_submit(struct workers *w, struct workers_job *job);
/* A job that waits is not run any more; one that runs finishes. `done` comes in both cases, later. */
void workers_cancel(struct workers *w, struct workers_job *job);

/* Cancels what waits, waits for what runs, stops the threads, calls every outstanding `done` before it returns,
 * and gives its memory back on the loop's next turns: run the loop until it is empty afterwards. A job submitted
 * by such a `done` comes back cancelled. */
void workers_free(struct workers *w);

unsigned workers_threads(const struct workers *w);

#endif
