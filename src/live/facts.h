/* The facts of a run on their way from the engine's thread to whoever watches it: copied into a queue, one after the other,
 * and told again to a sink on the other side; in another process, too. The engine never waits for the watcher: who takes facts
 * out swaps two buffers under the lock, and a fact that finds no room is counted as dropped. */
#ifndef LIVE_FACTS_H
#define LIVE_FACTS_H

#include "outcome/outcome.h"

#define LIVE_MAX_QUEUE_BYTES ((size_t)32 << 20)

/* Where the run's clock stands. */
struct live_clock {
    int64_t now_us;          /* since clock zero; below 0: not there yet */
    int64_t started_wall_us; /* clock zero by the wall clock; 0: not known yet */
};

struct live_queue;
/* `abroad`: the facts leave this process, so what points into its memory (conformance probes) stays at home. */
bool live_queue_new(size_t max_bytes, bool abroad, struct live_queue **out, struct err *e) MUST_USE;
void live_queue_free(struct live_queue *q);

/* ---- the engine's thread ---- */

/* Valid as long as q. Exemplars of failures are left behind: they are borrowed, and large. */
struct outcome_sink live_queue_sink(struct live_queue *q);
/* `target` is queued when it has changed. */
void live_queue_tick(struct live_queue *q, const struct live_clock *clock,
                     const struct outcome_target *target);

/* ---- the other thread ---- */

/* All that is there, as records; `into` (initialised by buf_init with the queue's ceiling) is emptied first and changes places with
 * the queue's own. False: nothing was there. */
bool live_queue_take(struct live_queue *q, struct buf *into);
uint64_t live_queue_dropped(struct live_queue *q);

/* Who hears the facts on the other side. */
struct live_hearer {
    struct outcome_sink sink;
    void *user;
    void (*clock)(void *user, const struct live_clock *clock);
    void (*target)(void *user, const struct outcome_target *target);
};
/* Tells all whole records in `records` and returns how many bytes those were: the rest is the begin of one more. SIZE_MAX: these
 * are no records. Thread: any; touches only its arguments. */
size_t live_facts_tell(struct span records, const struct live_hearer *to);

#endif
