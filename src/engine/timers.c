#include "engine/internal.h"

static void place(struct timers *t, size_t at, struct timer item)
{
    t->items[at] = item;
    if (item.phone != NULL)
        item.phone->timer = at;
}

static void sift_up(struct timers *t, size_t at)
{
    struct timer item = t->items[at];
    for (size_t above; at > 0 && t->items[above = (at - 1) / 2].due_us > item.due_us; at = above)
        place(t, at, t->items[above]);
    place(t, at, item);
}

static void sift_down(struct timers *t, size_t at)
{
    struct timer item = t->items[at];
    for (size_t below; (below = 2 * at + 1) < t->count; at = below) {
        if (below + 1 < t->count && t->items[below + 1].due_us < t->items[below].due_us)
            below++;
        if (t->items[below].due_us >= item.due_us)
            break;
        place(t, at, t->items[below]);
    }
    place(t, at, item);
}

static int64_t due(const struct phone *p)
{
    return p->wake_us < p->deadline_us ? p->wake_us : p->deadline_us;
}

bool timers_add(struct engine *en, struct phone *p, struct err *e)
{
    struct timers *t = &en->timers;
    if (t->count == t->cap) {
        size_t cap = t->cap == 0 ? 64 : 2 * t->cap;
        struct timer *items = realloc(t->items, cap * sizeof *items);
        if (items == NULL)
            return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a device");
        t->items = items;
        t->cap = cap;
    }
    place(t, t->count++, (struct timer){.due_us = due(p), .phone = p});
    sift_up(t, p->timer);
    return true;
}

void timers_change(struct engine *en, struct phone *p)
{
    en->timers.items[p->timer].due_us = due(p);
    sift_up(&en->timers, p->timer);
    sift_down(&en->timers, p->timer);
    alarm_expect(en, due(p));
}

void timers_remove(struct engine *en, struct phone *p)
{
    struct timers *t = &en->timers;
    size_t at = p->timer;
    t->count--;
    if (at == t->count)
        return;
    place(t, at, t->items[t->count]);
    sift_up(t, at);
    sift_down(t, at); /* one of the two finds nothing to do, so `at` still names the right one */
}

int64_t timers_due_us(const struct engine *en)
{
    return en->timers.count > 0 ? en->timers.items[0].due_us : INT64_MAX;
}

void timers_park(struct engine *en, struct phone *p, struct parked *parked)
{
    struct timer *item = &en->timers.items[p->timer];
    item->parked = parked;
    item->phone = NULL;
}

struct phone *timers_get(struct engine *en, size_t at)
{
    struct timer *item = &en->timers.items[at];
    if (item->phone != NULL)
        return item->phone;
    item->phone = park_return(item->parked);
    if (item->phone == NULL)
        return NULL;
    item->parked = NULL;
    item->phone->timer = at;
    return item->phone;
}

struct phone *timers_first(struct engine *en)
{
    return en->timers.count > 0 ? timers_get(en, 0) : NULL;
}

void timers_clear(struct engine *en)
{
    free(en->timers.items);
    en->timers = (struct timers){0};
}
