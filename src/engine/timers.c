#include "engine/internal.h"

static void place(struct timers *t, size_t at, struct phone *p)
{
    t->items[at] = p;
    p->timer = at;
}

static void sift_up(struct timers *t, size_t at)
{
    struct phone *p = t->items[at];
    for (size_t above; at > 0 && t->items[above = (at - 1) / 2]->due_us > p->due_us; at = above)
        place(t, at, t->items[above]);
    place(t, at, p);
}

static void sift_down(struct timers *t, size_t at)
{
    struct phone *p = t->items[at];
    for (size_t below; (below = 2 * at + 1) < t->count; at = below) {
        if (below + 1 < t->count && t->items[below + 1]->due_us < t->items[below]->due_us)
            below++;
        if (t->items[below]->due_us >= p->due_us)
            break;
        place(t, at, t->items[below]);
    }
    place(t, at, p);
}

bool timers_add(struct engine *en, struct phone *p, struct err *e)
{
    struct timers *t = &en->timers;
    if (t->count == t->cap) {
        size_t cap = t->cap == 0 ? 64 : 2 * t->cap;
        struct phone **items = realloc(t->items, cap * sizeof *items);
        if (items == NULL)
            return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a device");
        t->items = items;
        t->cap = cap;
    }
    place(t, t->count++, p);
    sift_up(t, p->timer);
    return true;
}

void timers_change(struct engine *en, struct phone *p)
{
    p->due_us = p->wake_us < p->deadline_us ? p->wake_us : p->deadline_us;
    sift_up(&en->timers, p->timer);
    sift_down(&en->timers, p->timer);
    alarm_expect(en, p->due_us);
}

void timers_remove(struct engine *en, struct phone *p)
{
    struct timers *t = &en->timers;
    struct phone *last = t->items[--t->count];
    if (last == p)
        return;
    place(t, p->timer, last);
    sift_up(t, last->timer);
    sift_down(t, last->timer);
}

struct phone *timers_first(const struct engine *en)
{
    return en->timers.count > 0 ? en->timers.items[0] : NULL;
}

void timers_clear(struct engine *en)
{
    free(en->timers.items);
    en->timers = (struct timers){0};
}
