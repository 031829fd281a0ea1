#include "load/load.h"

#include "base/random.h"

#include <math.h>

/* Arrivals live on a line of "mass": the integral of the rate. An even load has one arrival at every whole
 * number on it, a Poisson load has exponential gaps of mean one; both become times through the inverse of the
 * integral. Hence nothing is chained: 300/h drifts by no microsecond in a week, and what a phase leaves over
 * goes into the next one. */

struct cursor {
    struct random_seeded chance;
    size_t phase;
    int64_t phase_start_us;
    double mass; /* of the next arrival, from the start of its phase */
    uint64_t index;
};

struct load_plan {
    struct load_phase *phases;
    size_t phase_count;
    uint64_t count;
    int64_t end_us;
    struct cursor start;
    struct cursor cursor;
};

/* Rounding must not make one arrival more out of 300/h for an hour. */
#define MASS_TOLERANCE 1e-6

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

/* Arrivals that this phase has room for; infinite for an open end, and for the last phase when a count rules. */
static double phase_mass(const struct load_plan *plan, size_t index)
{
    const struct load_phase *p = &plan->phases[index];
    if (index + 1 == plan->phase_count && plan->count > 0 && p->to_per_s > 0)
        return HUGE_VAL;
    return (p->from_per_s + p->to_per_s) / 2 * seconds(p->duration_us);
}

/* When the integral of the phase's rate reaches `mass`. A phase that is extended goes on at its last rate. */
static int64_t time_in_phase_us(const struct load_phase *p, double mass)
{
    double duration = seconds(p->duration_us);
    double whole = (p->from_per_s + p->to_per_s) / 2 * duration;
    double t;
    if (mass > whole && p->to_per_s > 0) {
        t = duration + (mass - whole) / p->to_per_s;
    } else {
        double slope = duration > 0 ? (p->to_per_s - p->from_per_s) / duration : 0;
        double root = sqrt(fmax(0, p->from_per_s * p->from_per_s + 2 * slope * mass));
        t = mass > 0 ? 2 * mass / (p->from_per_s + root) : 0;
    }
    return (int64_t)llround(t * 1e6);
}

/* Carries the cursor over the ends of phases; false when the last phase has no room left. */
static bool settle(const struct load_plan *plan, struct cursor *c)
{
    while (c->phase < plan->phase_count) {
        double room = phase_mass(plan, c->phase);
        if (c->mass < room - MASS_TOLERANCE)
            return true;
        c->mass = fmax(0, c->mass - room);
        c->phase_start_us += plan->phases[c->phase].duration_us;
        c->phase++;
    }
    return false;
}

static bool advance(const struct load_plan *plan, struct cursor *c, struct load_arrival *out)
{
    if ((plan->count > 0 && c->index >= plan->count) || !settle(plan, c))
        return false;
    const struct load_phase *p = &plan->phases[c->phase];
    *out = (struct load_arrival){
        .index = c->index++,
        .scheduled_us = c->phase_start_us + time_in_phase_us(p, c->mass),
        .phase = (unsigned)c->phase,
        .warm_up = p->warm_up,
    };
    c->mass += p->arrivals == LOAD_POISSON ? random_exponential(&c->chance, 1.0) : 1.0;
    return true;
}

static bool check_phase(const struct load_phase *p, bool last, uint64_t count, struct err *e)
{
    if (!isfinite(p->from_per_s) || !isfinite(p->to_per_s) || p->from_per_s < 0 || p->to_per_s < 0 ||
        p->duration_us < 0)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                       "phase '%s': rates and durations must be finite and not negative", p->name);
    if (p->duration_us > 0)
        return true;
    if (!last || count == 0)
        return err_set(
            e, STAGE_SETUP, REASON_SCENARIO,
            "phase '%s' has no end; give it a duration, or make it the last one and set devices.count",
            p->name);
    if (p->from_per_s < p->to_per_s || p->from_per_s > p->to_per_s)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "phase '%s' is a ramp and needs a duration", p->name);
    return true;
}

static bool check_phases(const struct load_phase *phases, size_t phase_count, uint64_t count, struct err *e)
{
    if (phase_count == 0)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "the load has no phases");
    for (size_t i = 0; i < phase_count; i++) {
        if (!check_phase(&phases[i], i + 1 == phase_count, count, e))
            return false;
    }
    return true;
}

/* Walks the whole list once: how many there are, and when the last one comes. */
static bool survey(struct load_plan *plan, uint64_t max_devices, struct err *e)
{
    uint64_t wanted = plan->count;
    if (wanted > max_devices)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%llu devices are more than the ceiling of %llu",
                       (unsigned long long)wanted, (unsigned long long)max_devices);
    struct cursor c = plan->start;
    struct load_arrival arrival;
    while (advance(plan, &c, &arrival)) {
        plan->end_us = arrival.scheduled_us;
        if (c.index > max_devices)
            return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                           "the load starts more than the ceiling of %llu devices",
                           (unsigned long long)max_devices);
    }
    if (c.index == 0)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "no device would arrive: every phase is a pause");
    if (c.index < wanted)
        return err_set(
            e, STAGE_SETUP, REASON_SCENARIO,
            "the phases start %llu of %llu devices, and the last one ends at rate 0: it cannot be extended",
            (unsigned long long)c.index, (unsigned long long)wanted);
    plan->count = c.index;
    return true;
}

/* Clock zero of a run is its first arrival, so pauses at the beginning vanish. */
static void place_start(struct load_plan *plan, uint64_t seed)
{
    struct cursor c = {0};
    random_seed(&c.chance, seed, UINT64_C(0x6c6f6164)); /* "load": a stream of its own */
    if (settle(plan, &c))
        c.phase_start_us = 0;
    plan->start = c;
    plan->cursor = c;
}

bool load_plan_new(const struct load_phase *phases, size_t phase_count, uint64_t count, uint64_t max_devices,
                   uint64_t seed, struct load_plan **out, struct err *e)
{
    if (!check_phases(phases, phase_count, count, e))
        return false;
    struct load_plan *plan = calloc(1, sizeof *plan);
    struct load_phase *copy = calloc(phase_count, sizeof *copy);
    if (plan == NULL || copy == NULL) {
        free(plan);
        free(copy);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the arrival list");
    }
    memcpy(copy, phases, phase_count * sizeof *copy);
    *plan = (struct load_plan){.phases = copy, .phase_count = phase_count, .count = count};
    place_start(plan, seed);
    if (!survey(plan, max_devices, e)) {
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
    free(plan->phases);
    free(plan);
}

uint64_t load_plan_count(const struct load_plan *plan)
{
    return plan->count;
}

int64_t load_plan_end_us(const struct load_plan *plan)
{
    return plan->end_us;
}

bool load_plan_next(struct load_plan *plan, struct load_arrival *out)
{
    return advance(plan, &plan->cursor, out);
}
