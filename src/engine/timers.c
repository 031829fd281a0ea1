#include "engine/internal.h"

static void place(struct timers *t, size_t at, struct timer item)
{
    t->items[at] = item;
    item.seat->timer = at;
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

static int64_t due(const struct seat *seat)
{
    return seat->wake_us < seat->deadline_us ? seat->wake_us : seat->deadline_us;
}

bool timers_add(struct engine *en, struct seat *seat, struct err *e)
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
    place(t, t->count++, (struct timer){.due_us = due(seat), .seat = seat});
    sift_up(t, seat->timer);
    return true;
}

void timers_change(struct engine *en, struct seat *seat)
{
    en->timers.items[seat->timer].due_us = due(seat);
    sift_up(&en->timers, seat->timer);
    sift_down(&en->timers, seat->timer);
    alarm_expect(en, due(seat));
}

void timers_put_off(struct engine *en, struct seat *seat, int64_t until_us)
{
    en->timers.items[seat->timer].due_us = until_us;
    sift_down(&en->timers, seat->timer);
}

void timers_remove(struct engine *en, struct seat *seat)
{
    struct timers *t = &en->timers;
    size_t at = seat->timer;
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

struct seat *timers_first(const struct engine *en)
{
    return en->timers.count > 0 ? en->timers.items[0].seat : NULL;
}

void timers_clear(struct engine *en)
{
    free(en->timers.items);
    en->timers = (struct timers){0};
}
