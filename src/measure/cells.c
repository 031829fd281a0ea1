/* Histograms found by key: an array in order of appearance, and a table of positions in it. */
#include "measure/parts.h"

static size_t hash(struct measure_key k)
{
    uint64_t h = (uint64_t)k.phase << 24 | (uint64_t)k.metric << 16 | (uint64_t)k.result << 8 |
                 (uint64_t)(uint8_t)k.profile;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h >> 32);
}

static bool same(struct measure_key a, struct measure_key b)
{
    return a.phase == b.phase && a.metric == b.metric && a.result == b.result && a.profile == b.profile;
}

/* The slot of this key, or the free one where it belongs. */
static size_t find(const struct cells *c, struct measure_key key)
{
    size_t at = hash(key) & (c->slot_count - 1);
    while (c->slots[at] != 0 && !same(c->items[c->slots[at] - 1].key, key))
        at = (at + 1) & (c->slot_count - 1);
    return at;
}

static bool grow(struct cells *c)
{
    size_t slot_count = c->slot_count == 0 ? 64 : c->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    struct cell *items = realloc(c->items, slot_count / 2 * sizeof *items);
    c->items = items != NULL ? items : c->items;
    if (slots == NULL || items == NULL) {
        free(slots);
        return false;
    }
    free(c->slots);
    c->slots = slots;
    c->slot_count = slot_count;
    for (uint32_t i = 0; i < c->count; i++)
        slots[find(c, items[i].key)] = i + 1;
    return true;
}

struct histogram *cells_get(struct cells *c, struct measure_key key)
{
    if (c->count >= c->slot_count / 2 && !grow(c))
        return NULL;
    size_t at = find(c, key);
    if (c->slots[at] != 0)
        return c->items[c->slots[at] - 1].h;
    struct cell *cell = &c->items[c->count];
    *cell = (struct cell){.key = key};
    if (!histogram_new(&cell->h, NULL))
        return NULL;
    c->slots[at] = (uint32_t)++c->count;
    return cell->h;
}

void cells_clear(struct cells *c)
{
    for (size_t i = 0; i < c->count; i++)
        histogram_free(c->items[i].h);
    free(c->items);
    free(c->slots);
    *c = (struct cells){0};
}
