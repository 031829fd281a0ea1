#include "load/load.h"

#include "base/random.h"
#include "load/pace.h"
#include "load/segments.h"
#include "load/slots.h"

#include <math.h>

/* Open arrivals live on a line of "mass": the integral of the rate. An even load has one arrival at every whole
 * number on it, a Poisson load has exponential gaps of mean one; both become times through the inverse of the
 * integral. Hence nothing is chained: 300/h drifts by no microsecond in a week, and what a phase leaves over
 * goes into the next one.
 *
 * A shape has a number of devices. Even ones stand at whole numbers, too; at random, they are that many independent
 * draws, made in their order: given the earlier ones, the next of n left is the least of n. */

struct cursor {
    struct random_seeded chance;
    size_t segment;
    int64_t start_us;  /* of this segment */
    double mass;       /* of the next arrival, from the start of its segment */
    uint64_t left;     /* of the devices of a shape; 0: outside of one */
    double left_over;  /* mass from before the shape, for the phase after it */
    uint64_t arrivals; /* so far */
};

struct load_plan {
    struct load_phase *phases;
    size_t phase_count;
    struct load_segments segments;
    struct load_slots *closed;
    size_t closed_count;
    uint64_t closed_room; /* devices that all closed phases together may still start */
    uint64_t seed;
    uint64_t count; /* 0: the phases decide */
    uint64_t most;  /* count, or the most there can be */
    uint64_t open;  /* of these, open arrivals, as far as the phases decide */
    bool count_known;
    int64_t end_us;
    struct cursor cursor;
    struct load_arrival next; /* of the open ones */
    bool has_next;
    uint64_t taken;
    struct load_pace pace;  /* everything else here is in the plan's own time */
    unsigned shard, shards; /* it plays every shards-th device, beginning with number `shard`; 0 of 1: all */
};

/* Rounding must not make one arrival more out of 300/h for an hour. */
#define MASS_TOLERANCE 1e-6

/* ---- the open line ---- */

/* How far it is from one arrival to the next; `here` is where the last one was. */
static double gap(const struct load_plan *plan, struct cursor *c, const struct load_segment *s, double here)
{
    if (plan->phases[s->phase].arrivals == LOAD_EVEN)
        return 1;
    double draw = random_exponential(&c->chance, 1.0);
    return c->left == 0 ? draw : -(s->mass_left - here) * expm1(-draw / (double)c->left);
}

static void enter_shape(const struct load_plan *plan, struct cursor *c, const struct load_segment *s)
{
    bool even = plan->phases[s->phase].arrivals == LOAD_EVEN;
    c->left = s->devices;
    c->left_over = fmod(c->mass, 1);
    c->mass = even ? c->left_over : gap(plan, c, s, 0);
}

static void next_segment(const struct load_plan *plan, struct cursor *c)
{
    c->start_us += plan->segments.items[c->segment++].duration_us;
}

/* Leaves a shape whose devices have all come. */
static void leave_shape(const struct load_plan *plan, struct cursor *c)
{
    unsigned phase = plan->segments.items[c->segment].phase;
    while (c->segment < plan->segments.count && plan->segments.items[c->segment].phase == phase)
        next_segment(plan, c);
    c->mass = c->left_over;
}

/* Carries the cursor to the segment of its next arrival; false when the last one has no room left. */
static bool settle(const struct load_plan *plan, struct cursor *c)
{
    while (c->segment < plan->segments.count) {
        const struct load_segment *s = &plan->segments.items[c->segment];
        if (s->first && s->devices > 0 && c->left == 0)
            enter_shape(plan, c, s);
        bool room = c->mass < s->mass - MASS_TOLERANCE;
        bool rounded =
            c->left > 0 && s->mass_left - s->mass < MASS_TOLERANCE; /* its end holds all that is left */
        if (room || rounded)
            return true;
        c->mass = fmax(0, c->mass - s->mass);
        next_segment(plan, c);
    }
    return false;
}

static bool advance(const struct load_plan *plan, struct cursor *c, struct load_arrival *out)
{
    if ((plan->count > 0 && c->arrivals >= plan->count) || !settle(plan, c))
        return false;
    const struct load_segment *s = &plan->segments.items[c->segment];
    double here = isinf(s->mass) ? c->mass : fmin(c->mass, s->mass);
    *out = (struct load_arrival){
        .scheduled_us = c->start_us + load_segment_time_us(s, here),
        .phase = s->phase,
        .warm_up = plan->phases[s->phase].warm_up,
    };
    c->arrivals++;
    if (s->devices > 0 && --c->left == 0)
        leave_shape(plan, c);
    else
        c->mass += gap(plan, c, s, here);
    return true;
}

static struct cursor beginning(uint64_t seed)
{
    struct cursor c = {0};
    random_seed(&c.chance, seed, UINT64_C(0x6c6f6164)); /* "load": a stream of its own */
    return c;
}

/* ---- building a plan ---- */

static bool has_closed(const struct load_phase *phases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (phases[i].kind == LOAD_CLOSED)
            return true;
    }
    return false;
}

static bool can_be_extended(const struct load_plan *plan)
{
    const struct load_phase *last = &plan->phases[plan->phase_count - 1];
    const struct load_segment *end = &plan->segments.items[plan->segments.count - 1];
    return last->kind == LOAD_CLOSED ? last->devices == 0 : isinf(end->mass);
}

static bool add_phase(struct load_plan *plan, size_t i, struct err *e)
{
    struct load_phase *p = &plan->phases[i];
    load_phase_complete(p);
    if (load_phase_is_shape(p) && p->devices == 0)
        return err_set(
            e, STAGE_SETUP, REASON_SCENARIO,
            "phase '%s' needs a number of devices; only the last one may do without, with devices.count",
            p->name);
    return load_segments_add(&plan->segments, p, (unsigned)i, i + 1 == plan->phase_count, plan->count > 0, e);
}

/* Phases from..to-1, where all phases before `from` are in already. */
static bool add_phases(struct load_plan *plan, size_t from, size_t to, struct err *e)
{
    for (size_t i = from; i < to; i++) {
        if (!add_phase(plan, i, e))
            return false;
    }
    return true;
}

/* A shape at the end that names no number takes the devices that are missing. */
static bool give_it_the_rest(struct load_plan *plan, uint64_t seed, struct err *e)
{
    struct load_phase *p = &plan->phases[plan->phase_count - 1];
    if (has_closed(plan->phases, plan->phase_count))
        return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                       "phase '%s' needs a number of devices: nobody knows how many a closed phase leaves",
                       p->name);
    struct cursor c = beginning(seed);
    struct load_arrival ignored;
    while (advance(plan, &c, &ignored))
        continue;
    if (c.arrivals < plan->count)
        p->devices = plan->count - c.arrivals;
    else
        plan->phase_count--;
    return true;
}

static bool add_segments(struct load_plan *plan, uint64_t seed, struct err *e)
{
    size_t last = plan->phase_count - 1;
    const struct load_phase *p = &plan->phases[last];
    if (!add_phases(plan, 0, last, e))
        return false;
    if (load_phase_is_shape(p) && p->devices == 0 && plan->count > 0 && !give_it_the_rest(plan, seed, e))
        return false;
    return add_phases(plan, last, plan->phase_count, e);
}

static bool too_many(uint64_t max_devices, struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_SCENARIO, "the load starts more than the ceiling of %llu devices",
                   (unsigned long long)max_devices);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Walks the open arrivals once: how many there are, and when the last one comes. */
static bool survey(struct load_plan *plan, uint64_t seed, uint64_t max_devices, struct err *e)
{
    struct cursor c = beginning(seed);
    struct load_arrival arrival;
    while (advance(plan, &c, &arrival)) {
        plan->end_us = arrival.scheduled_us;
        if (c.arrivals > max_devices)
            return too_many(max_devices, e);
    }
    plan->most = plan->open = c.arrivals;
    return true;
}

static bool add_slots(struct load_plan *plan, struct err *e)
{
    const struct load_segments *list = &plan->segments;
    int64_t start_us = 0;
    plan->closed = calloc(plan->phase_count, sizeof *plan->closed);
    if (plan->closed == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the arrival list");
    for (size_t i = 0; i < list->count; i++) {
        const struct load_phase *p = &plan->phases[list->items[i].phase];
        if (p->kind == LOAD_CLOSED &&
            !load_slots_init(&plan->closed[plan->closed_count++], p, list->items[i].phase, start_us, e))
            return false;
        start_us += list->items[i].duration_us;
    }
    return true;
}

/* With a device count the last closed phase goes on until it is reached, whatever its duration says. */
static void extend_last_slots(struct load_plan *plan)
{
    if (plan->count == 0 || plan->phases[plan->phase_count - 1].kind != LOAD_CLOSED || !can_be_extended(plan))
        return;
    struct load_slots *s = &plan->closed[plan->closed_count - 1];
    s->end_us = INT64_MAX;
    s->promised = true;
}

/* How many the closed phases add to the open ones. */
static bool count_closed(struct load_plan *plan, uint64_t max_devices, struct err *e)
{
    uint64_t sum = 0;
    bool known = true;
    plan->closed_room = plan->count > 0 ? plan->count : max_devices - plan->most;
    for (size_t i = 0; i < plan->closed_count; i++) {
        const struct load_slots *s = &plan->closed[i];
        known = known && s->promised;
        uint64_t room = plan->closed_room - sum;
        if (s->left > room && s->promised && plan->count == 0)
            return too_many(max_devices, e);
        sum += s->left < room ? s->left : room;
        if (s->end_us != INT64_MAX)
            plan->end_us = later(plan->end_us, s->end_us);
    }
    plan->count_known = known || plan->count > 0;
    plan->most = plan->count > 0 ? plan->count : plan->most + sum;
    return true;
}

static bool check_count(const struct load_plan *plan, struct err *e)
{
    bool closed = has_closed(plan->phases, plan->phase_count);
    if (plan->most == 0 && !closed)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "no device would arrive: every phase is a pause");
    if (plan->count == 0 || plan->most >= plan->count || can_be_extended(plan))
        return true;
    if (closed)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                       "the phases may start fewer than %llu devices, and the last one cannot be extended",
                       (unsigned long long)plan->count);
    return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                   "the phases start %llu of %llu devices, and the last one cannot be extended",
                   (unsigned long long)plan->most, (unsigned long long)plan->count);
}

static bool is_ours(const struct load_plan *plan)
{
    return (plan->cursor.arrivals - 1) % plan->shards == plan->shard;
}

static void look_ahead(struct load_plan *plan)
{
    do
        plan->has_next = advance(plan, &plan->cursor, &plan->next);
    while (plan->has_next && !is_ours(plan));
}

/* Clock zero of a run is its first arrival. */
static void begin(struct load_plan *plan, uint64_t seed)
{
    plan->cursor = beginning(seed);
    look_ahead(plan);
    int64_t zero_us = load_plan_next_us(plan);
    plan->cursor.start_us -= zero_us;
    plan->next.scheduled_us -= zero_us;
    plan->end_us -= zero_us;
    for (size_t i = 0; i < plan->closed_count; i++) {
        struct load_slots *s = &plan->closed[i];
        s->start_us -= zero_us;
        s->ready_us -= zero_us;
        s->end_us -= s->end_us != INT64_MAX ? zero_us : 0;
    }
}

static bool fill(struct load_plan *plan, uint64_t seed, uint64_t max_devices, struct err *e)
{
    if (plan->count > max_devices)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%llu devices are more than the ceiling of %llu",
                       (unsigned long long)plan->count, (unsigned long long)max_devices);
    if (!add_segments(plan, seed, e) || !survey(plan, seed, max_devices, e) || !check_count(plan, e) ||
        !add_slots(plan, e))
        return false;
    extend_last_slots(plan);
    if (!count_closed(plan, max_devices, e))
        return false;
    begin(plan, seed);
    return true;
}

bool load_plan_new(const struct load_phase *phases, size_t phase_count, uint64_t count, uint64_t max_devices,
                   uint64_t seed, struct load_plan **out, struct err *e)
{
    if (phase_count == 0)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "the load has no phases");
    struct load_plan *plan = calloc(1, sizeof *plan);
    struct load_phase *copy = calloc(phase_count, sizeof *copy);
    if (plan == NULL || copy == NULL) {
        free(plan);
        free(copy);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the arrival list");
    }
    memcpy(copy, phases, phase_count * sizeof *copy);
    *plan = (struct load_plan){.phases = copy,
                               .phase_count = phase_count,
                               .count = count,
                               .seed = seed,
                               .pace = {.factor = 1},
                               .shards = 1};
    if (!fill(plan, seed, max_devices, e)) {
        load_plan_free(plan);
        return false;
    }
    *out = plan;
    return true;
}

void load_plan_free(struct load_plan *plan)
{
    if (plan == NULL)
        return;
    for (size_t i = 0; i < plan->closed_count; i++)
        load_slots_clear(&plan->closed[i]);
    free(plan->closed);
    load_segments_clear(&plan->segments);
    free(plan->phases);
    free(plan);
}

uint64_t load_plan_whole(const struct load_plan *plan)
{
    return plan->most;
}

uint64_t load_plan_beyond(const struct load_plan *plan, uint64_t n)
{
    return plan->most + n * plan->shards + plan->shard;
}

uint64_t load_share(uint64_t n, unsigned index, unsigned count)
{
    return n / count + (index <= n % count);
}

static uint64_t share(const struct load_plan *plan, uint64_t n)
{
    return load_share(n, plan->shard + 1, plan->shards);
}

/* The phases decide, and closed ones are shared out by slots. */
uint64_t load_plan_count(const struct load_plan *plan)
{
    if (plan->shards == 1 || plan->count > 0 || plan->closed_count == 0)
        return share(plan, plan->most);
    return share(plan, plan->open) + share(plan, plan->most - plan->open);
}

bool load_plan_count_known(const struct load_plan *plan)
{
    return plan->count_known;
}

int64_t load_plan_end_us(const struct load_plan *plan)
{
    return load_pace_run_us(&plan->pace, plan->end_us);
}

double load_plan_peak_per_s(const struct load_plan *plan)
{
    double peak = 0;
    for (size_t i = 0; i < plan->phase_count; i++)
        peak = fmax(peak, load_phase_peak_per_s(&plan->phases[i]));
    return peak;
}

/* ---- shards ---- */

/* Slot j of the whole begins where it would; the shard's are every shards-th of them. */
static bool share_slots(const struct load_plan *plan, struct load_slots *s, struct err *e)
{
    uint64_t count = share(plan, s->count);
    if (count == 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "phase '%s' keeps %u devices busy, too few for %u shards: use at most %u shards",
                       plan->phases[s->phase].name, s->count, plan->shards, s->count);
    s->count = (unsigned)count;
    s->start_us += plan->shard * s->gap_us;
    s->ready_us = s->start_us;
    s->gap_us *= plan->shards;
    s->left = s->left == UINT64_MAX ? UINT64_MAX : share(plan, s->left);
    return true;
}

bool load_plan_shard(struct load_plan *plan, unsigned index, unsigned count, struct err *e)
{
    plan->shard = index - 1;
    plan->shards = count;
    if (share(plan, plan->most) == 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%llu devices are too few for %u shards: use at most %llu shards",
                       (unsigned long long)plan->most, count, (unsigned long long)plan->most);
    for (size_t i = 0; i < plan->closed_count; i++) {
        if (!share_slots(plan, &plan->closed[i], e))
            return false;
    }
    plan->closed_room = share(plan, plan->closed_room);
    if (plan->has_next && !is_ours(plan))
        look_ahead(plan);
    return true;
}

/* ---- walking it ---- */

static bool all_taken(const struct load_plan *plan)
{
    return plan->count > 0 && plan->taken >= share(plan, plan->count);
}

/* The closed phase whose slot is due first; NULL: none is. */
static struct load_slots *first_slots(const struct load_plan *plan)
{
    struct load_slots *first = NULL;
    for (size_t i = 0; i < plan->closed_count && plan->closed_room > 0; i++) {
        struct load_slots *s = &plan->closed[i];
        int64_t due = load_slots_next_us(s);
        if (due != INT64_MAX && (first == NULL || due < load_slots_next_us(first)))
            first = s;
    }
    return first;
}

/* In the plan's own time. */
static int64_t next_us(const struct load_plan *plan)
{
    if (all_taken(plan))
        return INT64_MAX;
    const struct load_slots *s = first_slots(plan);
    int64_t closed_us = s == NULL ? INT64_MAX : load_slots_next_us(s);
    return plan->has_next && plan->next.scheduled_us <= closed_us ? plan->next.scheduled_us : closed_us;
}

int64_t load_plan_next_us(const struct load_plan *plan)
{
    return load_pace_run_us(&plan->pace, next_us(plan));
}

static void take_slot(struct load_plan *plan, struct load_slots *s, struct load_arrival *out)
{
    *out = (struct load_arrival){
        .scheduled_us = load_slots_take(s), .phase = s->phase, .warm_up = plan->phases[s->phase].warm_up};
    plan->closed_room--;
}

bool load_plan_next(struct load_plan *plan, struct load_arrival *out)
{
    int64_t due = next_us(plan), run_us = load_pace_run_us(&plan->pace, due);
    if (run_us == INT64_MAX)
        return false;
    if (plan->has_next && plan->next.scheduled_us == due) {
        *out = plan->next;
        look_ahead(plan);
    } else {
        take_slot(plan, first_slots(plan), out);
    }
    out->scheduled_us = run_us;
    out->index = plan->taken++ * plan->shards + plan->shard;
    return true;
}

void load_plan_ended(struct load_plan *plan, unsigned phase, uint64_t index, int64_t now_us)
{
    for (size_t i = 0; i < plan->closed_count; i++) {
        if (plan->closed[i].phase == phase)
            load_slots_ended(&plan->closed[i], plan->seed, index, load_pace_plan_us(&plan->pace, now_us));
    }
}

void load_plan_stop(struct load_plan *plan, int64_t now_us)
{
    if (plan->pace.factor <= 0)
        load_pace_change(&plan->pace, now_us, 1);
    for (size_t i = 0; i < plan->closed_count; i++)
        load_slots_stop(&plan->closed[i], load_pace_plan_us(&plan->pace, now_us));
}

void load_plan_change_pace(struct load_plan *plan, int64_t now_us, double factor)
{
    load_pace_change(&plan->pace, now_us, factor);
}

double load_plan_pace(const struct load_plan *plan)
{
    return plan->pace.factor;
}

bool load_plan_over(const struct load_plan *plan)
{
    bool over = !plan->has_next;
    for (size_t i = 0; i < plan->closed_count && plan->closed_room > 0; i++)
        over = over && load_slots_over(&plan->closed[i]);
    return over || all_taken(plan);
}
