#include "measure/parts.h"

static void merge(struct length_slot *into, const struct length_slot *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->least < into->least)
        into->least = from->least;
    if (from->most > into->most)
        into->most = from->most;
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
    merge(&l->slots[profile][step->finished_us / l->width_us], &(struct length_slot){1, bytes, bytes});
}

struct measure_lengths lengths_between(const struct lengths *l, unsigned profile, int64_t from_us,
                                       int64_t to_us)
{
    struct length_slot all = {.count = 0};
    profile = profile < MEASURE_MAX_PROFILES ? profile : MEASURE_MAX_PROFILES - 1;
    for (int64_t i = 0; l->width_us > 0 && i < LENGTH_SLOTS; i++) {
        if (i * l->width_us >= from_us && (i + 1) * l->width_us <= to_us)
            merge(&all, &l->slots[profile][i]);
    }
    return (struct measure_lengths){all.count, all.least, all.most};
}
