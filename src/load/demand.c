#include "load/demand.h"

#define SECOND_US INT64_C(1000000)

/* Arrivals of the latest past, oldest first; three fingers on them: who is still under way, who came within the last
 * second, who lingers. */
struct past {
    struct load_arrival *items; /* a ring */
    size_t cap, head, count;
    size_t ended, older; /* of `count`, from the head: have ended; came more than a second ago */
};

static const struct load_arrival *item(const struct past *p, size_t i)
{
    return &p->items[(p->head + i) % p->cap];
}

static bool grow(struct past *p, struct err *e)
{
    size_t cap = p->cap == 0 ? 256 : 2 * p->cap;
    struct load_arrival *items = calloc(cap, sizeof *items);
    if (items == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to think the load through");
    for (size_t i = 0; i < p->count; i++)
        items[i] = *item(p, i);
    free(p->items);
    p->items = items;
    p->cap = cap;
    p->head = 0;
    return true;
}

static bool push(struct past *p, const struct load_arrival *a, struct err *e)
{
    if (p->count == p->cap && !grow(p, e))
        return false;
    p->items[(p->head + p->count++) % p->cap] = *a;
    return true;
}

struct walk {
    struct load_plan *plan;
    struct past past;
    int64_t service_us, linger_us;
};

static int64_t next_end(const struct walk *w)
{
    const struct past *p = &w->past;
    return p->ended < p->count ? item(p, p->ended)->scheduled_us + w->service_us : INT64_MAX;
}

static void end_one(struct walk *w)
{
    int64_t at = next_end(w);
    const struct load_arrival *a = item(&w->past, w->past.ended++);
    load_plan_ended(w->plan, a->phase, a->index, at);
}

/* Forgets what is past at this moment. */
static void forget(struct walk *w, int64_t now_us)
{
    struct past *p = &w->past;
    while (p->older < p->count && item(p, p->older)->scheduled_us <= now_us - SECOND_US)
        p->older++;
    while (p->ended > 0 && p->older > 0 &&
           item(p, 0)->scheduled_us <= now_us - w->service_us - w->linger_us) {
        p->head = (p->head + 1) % p->cap;
        p->count--;
        p->ended--;
        p->older--;
    }
}

static void add(struct load_demand *d, const struct walk *w, int64_t at_us)
{
    const struct past *p = &w->past;
    double within = (double)(p->count - p->older);
    uint64_t in_flight = p->count - p->ended, lingering = p->count;
    d->first_us = d->count++ == 0 ? at_us : d->first_us;
    d->last_us = at_us;
    d->peak_per_s = within > d->peak_per_s ? within : d->peak_per_s;
    d->in_flight = in_flight > d->in_flight ? in_flight : d->in_flight;
    d->lingering = lingering > d->lingering ? lingering : d->lingering;
}

static bool start_one(struct walk *w, struct load_demand *phases, struct load_demand *total, struct err *e)
{
    struct load_arrival a = {0};
    if (!load_plan_next(w->plan, &a) || !push(&w->past, &a, e))
        return false;
    forget(w, a.scheduled_us);
    add(&phases[a.phase], w, a.scheduled_us);
    add(total, w, a.scheduled_us);
    return true;
}

bool load_demand_of(struct load_plan *plan, int64_t service_us, int64_t linger_us, struct load_demand *phases,
                    size_t phase_count, struct load_demand *total, struct err *e)
{
    struct walk w = {.plan = plan, .service_us = service_us, .linger_us = linger_us};
    bool ok = true;
    memset(phases, 0, phase_count * sizeof *phases);
    *total = (struct load_demand){0};
    while (ok) {
        int64_t arrives = load_plan_next_us(plan), ends = next_end(&w);
        if (arrives == INT64_MAX && ends == INT64_MAX)
            break;
        if (ends <= arrives)
            end_one(&w);
        else
            ok = start_one(&w, phases, total, e);
    }
    free(w.past.items);
    return ok;
}
