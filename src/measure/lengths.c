#include "measure/parts.h"

static void merge(struct length_slot *into, const struct length_slot *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0) {
        *into = *from;
        return;
    }
    into->least = from->least < into->least ? from->least : into->least;
    into->most = from->most > into->most ? from->most : into->most;
    into->first_us = from->first_us < into->first_us ? from->first_us : into->first_us;
    into->last_us = from->last_us > into->last_us ? from->last_us : into->last_us;
    into->count += from->count;
}

/* What is later than the last slot makes all of them twice as wide. */
static void widen(struct lengths *l)
{
    for (size_t p = 0; p < MEASURE_MAX_PROFILES; p++) {
        struct length_slot *slots = l->slots[p];
        for (size_t i = 0; i < LENGTH_SLOTS; i++) {
            struct length_slot slot = slots[i];
            slots[i] = (struct length_slot){.count = 0};
            merge(&slots[i / 2], &slot);
        }
    }
    l->width_us *= 2;
}

void lengths_add(struct lengths *l, const struct outcome_step *step)
{
    if (step->stage != STAGE_PKI_OPERATION || step->failed || step->bytes_sent == 0 ||
        step->bytes_sent > UINT32_MAX || step->finished_us < 0)
        return;
    if (l->width_us == 0)
        l->width_us = LENGTH_WIDTH_US;
    while (step->finished_us / l->width_us >= LENGTH_SLOTS)
        widen(l);
    unsigned profile = step->profile < MEASURE_MAX_PROFILES ? step->profile : MEASURE_MAX_PROFILES - 1;
    uint32_t bytes = (uint32_t)step->bytes_sent;
    const struct length_slot one = {1, bytes, bytes, step->finished_us, step->finished_us};
    merge(&l->slots[profile][step->finished_us / l->width_us], &one);
}

struct measure_lengths lengths_between(const struct lengths *l, unsigned profile, int64_t from_us,
                                       int64_t to_us)
{
    struct length_slot all = {.count = 0};
    profile = profile < MEASURE_MAX_PROFILES ? profile : MEASURE_MAX_PROFILES - 1;
    for (size_t i = 0; i < LENGTH_SLOTS; i++) {
        const struct length_slot *slot = &l->slots[profile][i];
        if (slot->first_us >= from_us && slot->last_us <= to_us)
            merge(&all, slot);
    }
    return (struct measure_lengths){all.count, all.least, all.most};
}
