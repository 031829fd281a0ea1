#include "measure/set.h"

#include "base/hash.h"

#define ITEMS_MAX ((size_t)1 << 31)

void set_init(struct set *s)
{
    *s = (struct set){0};
    buf_init(&s->items, ITEMS_MAX);
}

void set_clear(struct set *s)
{
    free(s->slots);
    buf_clear(&s->items);
    set_init(s);
}

/* The upper half takes part: the tables look at the lower one. */
static uint64_t hash(struct span item)
{
    uint64_t h = hash_span(item);
    return h ^ (h >> 32);
}

static struct span item_at(const struct set *s, size_t at)
{
    const uint8_t *record = s->items.data + at;
    return span_of(record + 1, record[0]);
}

/* The slot of this item, or the free one where it belongs. */
static size_t find(const struct set *s, struct span item)
{
    size_t mask = s->slot_count - 1;
    size_t at = (size_t)hash(item) & mask;
    while (s->slots[at] != 0 && !span_equal(item_at(s, s->slots[at] - 1), item))
        at = (at + 1) & mask;
    return at;
}

static bool grow(struct set *s)
{
    size_t count = s->slot_count == 0 ? 1024 : s->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    free(s->slots);
    s->slots = slots;
    s->slot_count = count;
    for (size_t i = 0; i < s->items.len; i += 1 + (size_t)s->items.data[i])
        s->slots[find(s, item_at(s, i))] = (uint32_t)i + 1;
    return true;
}

static struct span cut(struct span item)
{
    return item.len > SET_MAX_ITEM_BYTES ? span_of(item.data, SET_MAX_ITEM_BYTES) : item;
}

enum set_added set_add(struct set *s, struct span item)
{
    item = cut(item);
    if ((s->item_count + 1) * 2 > s->slot_count && !grow(s))
        return SET_FULL;
    size_t at = find(s, item);
    if (s->slots[at] != 0)
        return SET_KNOWN;
    uint8_t *record = buf_reserve(&s->items, 1 + item.len);
    if (record == NULL)
        return SET_FULL;
    record[0] = (uint8_t)item.len;
    if (item.len > 0)
        memcpy(record + 1, item.data, item.len);
    s->slots[at] = (uint32_t)s->items.len + 1;
    s->items.len += 1 + item.len;
    s->item_count++;
    return SET_NEW;
}

bool set_has(const struct set *s, struct span item)
{
    return s->slot_count > 0 && s->slots[find(s, cut(item))] != 0;
}
