/* Internal: a closed phase. Slots that are free wait for the end of their pause in a heap; busy ones are only counted. */
#ifndef LOAD_SLOTS_H
#define LOAD_SLOTS_H

#include "load/load.h"

struct load_slots {
    unsigned phase;
    unsigned count, opened, busy;
    int64_t start_us, end_us; /* end_us INT64_MAX: by number only */
    int64_t gap_us;           /* between two starts, at least */
    int64_t ready_us;         /* not before this, because of the gap */
    int64_t pause_min_us, pause_max_us;
    uint64_t left;   /* devices it may still start */
    bool promised;   /* that number was asked for, and comes in any case */
    bool stopped;    /* nobody waits for slots any more */
    int64_t *due_us; /* a binary heap */
    size_t idle;
};

/* Fails: REASON_NO_MEMORY. */
bool load_slots_init(struct load_slots *s, const struct load_phase *phase, unsigned index, int64_t start_us,
                     struct err *e) MUST_USE;
void load_slots_clear(struct load_slots *s);

int64_t load_slots_next_us(const struct load_slots *s); /* INT64_MAX: none, or none before a device ends */
int64_t load_slots_take(struct load_slots *s);          /* only where there is one; when it is due */
void load_slots_ended(struct load_slots *s, uint64_t seed, uint64_t index, int64_t now_us);
void load_slots_stop(struct load_slots *s, int64_t now_us);
bool load_slots_over(const struct load_slots *s);

#endif
