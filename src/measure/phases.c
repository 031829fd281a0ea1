/* What became of the devices of each phase. */
#include "measure/parts.h"

#define MAX_PHASES 65536

static struct measure_phase *at(struct phases *p, unsigned phase)
{
    if (phase < p->count)
        return &p->items[phase];
    if (phase >= MAX_PHASES)
        return NULL;
    if (phase >= p->cap) {
        size_t cap = 2 * (size_t)phase + 4;
        struct measure_phase *items = realloc(p->items, cap * sizeof *items);
        if (items == NULL)
            return NULL;
        p->items = items;
        p->cap = cap;
    }
    for (; p->count <= phase; p->count++)
        p->items[p->count] = (struct measure_phase){0};
    return &p->items[phase];
}

void phases_add(struct phases *p, const struct outcome *o)
{
    struct measure_phase *phase = at(p, o->phase);
    if (phase == NULL)
        return;
    phase->warm_up = o->warm_up;
    phase->planned++;
    phase->started += o->end != OUTCOME_UNSENT;
    phase->enrolled += o->end == OUTCOME_ENROLLED;
    phase->failed += o->end == OUTCOME_FAILED;
    phase->unsent += o->end == OUTCOME_UNSENT;
    phase->abandoned += o->end == OUTCOME_ABANDONED;
}

void phases_clear(struct phases *p)
{
    free(p->items);
    *p = (struct phases){0};
}
