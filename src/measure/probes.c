/* Conformance probes: the same verdict on the same probe is counted once. */
#include "measure/parts.h"

static struct measure_probe *find(struct probes *p, const struct outcome_probe *probe)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->items[i].first.verdict == probe->verdict && strcmp(p->items[i].first.probe, probe->probe) == 0)
            return &p->items[i];
    }
    return NULL;
}

static bool make_room(struct probes *p)
{
    if (p->count < p->cap)
        return true;
    size_t cap = p->cap == 0 ? 64 : 2 * p->cap;
    struct measure_probe *items = realloc(p->items, cap * sizeof *items);
    if (items == NULL)
        return false;
    p->items = items;
    p->cap = cap;
    return true;
}

/* As many rows as there are probes and verdicts: the caller's table bounds it. Without memory a row is missing. */
void probes_add(struct probes *p, const struct outcome_probe *probe)
{
    p->totals[probe->verdict]++;
    struct measure_probe *known = find(p, probe);
    if (known != NULL) {
        known->count++;
        return;
    }
    if (!make_room(p))
        return;
    struct measure_probe *row = &p->items[p->count++];
    *row = (struct measure_probe){.first = *probe, .count = 1};
    row->first.control_device = NULL;
    row->first.probe_device = NULL;
}

void probes_clear(struct probes *p)
{
    free(p->items);
    *p = (struct probes){0};
}
