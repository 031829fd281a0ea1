#include "load/segments.h"

#include <math.h>

#define LN2 0.69314718055994530942

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

static int64_t microseconds(double s)
{
    return (int64_t)llround(s * 1e6);
}

/* ---- from mass to time ---- */

static double linear_time(const struct load_segment *s, double mass)
{
    double duration = seconds(s->duration_us), whole = (s->from_per_s + s->to_per_s) / 2 * duration;
    if (mass > whole && s->to_per_s > 0)
        return duration + (mass - whole) / s->to_per_s;
    double slope = duration > 0 ? (s->to_per_s - s->from_per_s) / duration : 0;
    double root = sqrt(fmax(0, s->from_per_s * s->from_per_s + 2 * slope * mass));
    return mass > 0 ? 2 * mass / (s->from_per_s + root) : 0;
}

static double decaying_time(const struct load_segment *s, double mass)
{
    double endless = s->from_per_s * s->half_life_s / LN2;
    double left = fmax(1 - mass / endless, exp2(-seconds(s->duration_us) / s->half_life_s));
    return -s->half_life_s * log2(left);
}

int64_t load_segment_time_us(const struct load_segment *s, double mass)
{
    return microseconds(s->half_life_s > 0 ? decaying_time(s, mass) : linear_time(s, mass));
}

/* ---- from phases to segments ---- */

static bool append(struct load_segments *list, const struct load_segment *s, struct err *e)
{
    if (list->count == list->cap) {
        size_t cap = list->cap == 0 ? 16 : list->cap * 2;
        struct load_segment *items = reallocarray(list->items, cap, sizeof *items);
        if (items == NULL)
            return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the arrival list");
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = *s;
    return true;
}

static bool linear(struct load_segments *list, double from, double to, double for_s, struct err *e)
{
    const struct load_segment s = {.from_per_s = from,
                                   .to_per_s = to,
                                   .duration_us = microseconds(fmax(0, for_s)),
                                   .mass = (from + to) / 2 * fmax(0, for_s)};
    return append(list, &s, e);
}

static bool add_linear(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    return linear(list, p->from_per_s, p->to_per_s, seconds(p->duration_us), e);
}

static bool add_steps(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    double each = seconds(p->duration_us) / p->steps;
    for (unsigned i = 0; i < p->steps; i++) {
        double rate = p->from_per_s + (p->to_per_s - p->from_per_s) * i / (p->steps - 1);
        if (!linear(list, rate, rate, each, e))
            return false;
    }
    return true;
}

static bool add_spike(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    double beside = seconds(p->duration_us - p->peak_us) / 2;
    return linear(list, p->base_per_s, p->base_per_s, beside, e) &&
           linear(list, p->peak_per_s, p->peak_per_s, seconds(p->peak_us), e) &&
           linear(list, p->base_per_s, p->base_per_s, beside, e);
}

/* The open line is silent while the slots do their work. */
static bool add_closed(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    return linear(list, 0, 0, seconds(p->duration_us), e);
}

/* Exponential delays, those that fit into the phase: N(t) = N (1 - 2^(-t/median)) / (1 - 2^(-for/median)). */
static bool add_push(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    double median = seconds(p->median_us), all = (double)p->devices;
    double within = -expm1(-LN2 * seconds(p->duration_us) / median);
    const struct load_segment s = {.from_per_s = all * LN2 / median / within,
                                   .half_life_s = median,
                                   .duration_us = p->duration_us,
                                   .mass = all};
    return append(list, &s, e);
}

static bool add_check_in(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    double duration = seconds(p->duration_us), rate = (double)p->devices / duration;
    return linear(list, rate, rate, duration, e);
}

/* Two independent uniform delays, when it was issued and when the device looks: their sum is a trapezoid. */
static bool add_cliff(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    double duration = seconds(p->duration_us), batch = seconds(p->batch_us);
    double shorter = fmin(batch, duration - batch), longer = fmax(batch, duration - batch);
    double top = (double)p->devices / longer;
    return linear(list, 0, top, shorter, e) && linear(list, top, top, longer - shorter, e) &&
           linear(list, top, 0, shorter, e);
}

/* The queue is empty after T: peak T + base (for - T) = devices. */
static bool add_flush(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    double duration = seconds(p->duration_us), base = p->base_per_s, peak = p->peak_per_s;
    double empty = peak > base ? ((double)p->devices - base * duration) / (peak - base) : duration;
    return linear(list, peak, peak, empty, e) && linear(list, base, base, duration - empty, e);
}

static unsigned waves_of(const struct load_phase *p)
{
    return (unsigned)((p->duration_us + p->every_us - 1) / p->every_us);
}

/* Of the share 1: what the wave with this number has. */
static double wave_share(const struct load_phase *p, unsigned wave)
{
    double rest = 1 - p->success, sum = 0;
    for (unsigned i = 0; i < waves_of(p); i++)
        sum += pow(rest, i);
    return pow(rest, wave) / sum;
}

static bool add_waves(struct load_segments *list, const struct load_phase *p, struct err *e)
{
    double share = wave_share(p, 0);
    for (unsigned i = 0; i < waves_of(p); i++, share *= 1 - p->success) {
        int64_t begins = p->every_us * i;
        int64_t lasts = p->every_us < p->duration_us - begins ? p->every_us : p->duration_us - begins;
        int64_t wide = p->jitter_us < lasts ? p->jitter_us : lasts;
        double rate = (double)p->devices * share / seconds(wide);
        if (!linear(list, rate, rate, seconds(wide), e) || !linear(list, 0, 0, seconds(lasts - wide), e))
            return false;
    }
    return true;
}

/* ---- what makes sense ---- */

static bool wrong(struct err *e, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%s", what);
}

static bool is_ramp(const struct load_phase *p)
{
    return p->from_per_s < p->to_per_s || p->from_per_s > p->to_per_s;
}

static bool check_linear(const struct load_phase *p, struct err *e)
{
    return p->duration_us > 0 || !is_ramp(p) || wrong(e, "a ramp needs a duration");
}

static bool check_steps(const struct load_phase *p, struct err *e)
{
    return (p->steps >= 2 && p->steps <= LOAD_MAX_STAIRS) || wrong(e, "2 to 1000 steps are possible");
}

static bool check_spike(const struct load_phase *p, struct err *e)
{
    if (!(p->peak_per_s > p->base_per_s))
        return wrong(e, "the peak must be above the base");
    return (p->peak_us > 0 && p->peak_us <= p->duration_us) || wrong(e, "the peak must fit into the phase");
}

static bool check_closed(const struct load_phase *p, struct err *e)
{
    if (p->slots == 0)
        return wrong(e, "a closed phase needs at least one device at a time");
    return (p->pause_min_us >= 0 && p->pause_min_us <= p->pause_max_us) ||
           wrong(e, "the pause must go from a shorter to a longer time");
}

static bool check_push(const struct load_phase *p, struct err *e)
{
    return p->median_us > 0 || wrong(e, "the median must be longer than nothing");
}

static bool check_nothing(const struct load_phase *p, struct err *e)
{
    (void)p;
    (void)e;
    return true;
}

static bool check_cliff(const struct load_phase *p, struct err *e)
{
    return (p->batch_us > 0 && p->batch_us <= p->duration_us) ||
           wrong(e, "the batch must fit into the phase");
}

static bool check_flush(const struct load_phase *p, struct err *e)
{
    double duration = seconds(p->duration_us), devices = (double)p->devices;
    if (devices < p->base_per_s * duration)
        return wrong(e, "the base alone brings more devices than there are: nothing is queued");
    return devices <= p->peak_per_s * duration * (1 + 1e-9) ||
           wrong(e,
                 "at this peak the queue is not empty at the end: make the peak higher or the phase longer");
}

static bool check_waves(const struct load_phase *p, struct err *e)
{
    if (p->every_us <= 0 || p->jitter_us <= 0 || p->jitter_us > p->every_us)
        return wrong(e, "the jitter of the waves must be shorter than the time between them");
    if (!(p->success >= 0 && p->success <= 1))
        return wrong(e, "the share that gets through must be between 0 and 100%");
    return (p->duration_us - 1) / p->every_us < LOAD_MAX_STAIRS || wrong(e, "more than 1000 waves");
}

static const struct {
    bool (*check)(const struct load_phase *p, struct err *e);
    bool (*add)(struct load_segments *list, const struct load_phase *p, struct err *e);
    bool shape;
} kinds[] = {
    [LOAD_LINEAR] = {check_linear, add_linear, false},
    [LOAD_STEPS] = {check_steps, add_steps, false},
    [LOAD_SPIKE] = {check_spike, add_spike, false},
    [LOAD_CLOSED] = {check_closed, add_closed, false},
    [LOAD_POLICY_PUSH] = {check_push, add_push, true},
    [LOAD_CHECK_IN] = {check_nothing, add_check_in, true},
    [LOAD_RENEWAL_CLIFF] = {check_cliff, add_cliff, true},
    [LOAD_BACKLOG_FLUSH] = {check_flush, add_flush, true},
    [LOAD_RETRY_STORM] = {check_waves, add_waves, true},
};

bool load_phase_is_shape(const struct load_phase *phase)
{
    return kinds[phase->kind].shape;
}

bool load_phase_check(const struct load_phase *p, bool last, bool counted, struct err *e)
{
    const double rates[] = {p->from_per_s, p->to_per_s, p->base_per_s, p->peak_per_s};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        if (!isfinite(rates[i]) || rates[i] < 0 || p->duration_us < 0)
            return wrong(e, "rates and durations must be finite and not negative");
    }
    bool by_number =
        (p->kind == LOAD_LINEAR && counted) || (p->kind == LOAD_CLOSED && (counted || p->devices > 0));
    if (p->duration_us == 0 && !(last && by_number))
        return wrong(e, "it has no end; give it a duration, or make it the last one and set devices.count");
    return kinds[p->kind].check(p, e);
}

/* Backwards, what every segment has behind it in its phase; the last one takes what rounding left over, and goes on when
 * the phase is to be extended. */
static void finish(struct load_segments *list, size_t first, const struct load_phase *p, unsigned index,
                   bool extended)
{
    double left = 0;
    int64_t rounded_us = p->duration_us;
    for (size_t i = list->count; i-- > first;) {
        struct load_segment *s = &list->items[i];
        left += s->mass;
        rounded_us -= s->duration_us;
        s->mass_left = left;
        s->phase = index;
        s->devices = load_phase_is_shape(p) ? p->devices : 0;
        s->first = i == first;
    }
    struct load_segment *end = &list->items[list->count - 1];
    if (end->duration_us + rounded_us > 0)
        end->duration_us += rounded_us;
    if (extended && end->devices == 0 && end->to_per_s > 0)
        end->mass = HUGE_VAL;
}

bool load_segments_add(struct load_segments *list, const struct load_phase *phase, unsigned index, bool last,
                       bool counted, struct err *e)
{
    size_t first = list->count;
    struct err why = {0};
    if (!load_phase_check(phase, last, counted, &why))
        return err_set(e, STAGE_SETUP, why.reason, "phase '%s': %s", phase->name, why.text);
    if (!kinds[phase->kind].add(list, phase, e))
        return false;
    finish(list, first, phase, index, last && counted);
    return true;
}

void load_segments_clear(struct load_segments *list)
{
    free(list->items);
    *list = (struct load_segments){0};
}

/* ---- what a phase says about itself ---- */

/* Whole milliseconds, at least one: what a scenario can say. */
static void or_else(int64_t *value, int64_t fallback_us)
{
    if (*value == 0)
        *value = fallback_us < 1000 ? 1000 : fallback_us - fallback_us % 1000;
}

void load_phase_complete(struct load_phase *p)
{
    double duration = seconds(p->duration_us);
    if (p->kind == LOAD_POLICY_PUSH)
        or_else(&p->median_us, p->duration_us / 10);
    if (p->kind == LOAD_RENEWAL_CLIFF)
        or_else(&p->batch_us, p->duration_us / 2);
    if (p->kind == LOAD_BACKLOG_FLUSH && !(p->peak_per_s > 0) && p->devices > 0 && duration > 0)
        p->peak_per_s = fmax(0, 2 * (double)p->devices / duration - p->base_per_s);
    if (p->kind == LOAD_RETRY_STORM) {
        or_else(&p->every_us, p->duration_us / 5);
        or_else(&p->jitter_us, p->every_us / 5);
    }
}

double load_phase_devices(const struct load_phase *p)
{
    struct load_segments list = {0};
    struct err ignored = {0};
    double sum = 0;
    if (load_segments_add(&list, p, 0, true, true, &ignored))
        sum = list.items[0].mass_left;
    load_segments_clear(&list);
    return load_phase_is_shape(p) ? (double)p->devices : sum;
}

double load_phase_peak_per_s(const struct load_phase *p)
{
    struct load_segments list = {0};
    struct err ignored = {0};
    double peak = p->kind == LOAD_CLOSED ? p->peak_per_s : 0;
    if (load_segments_add(&list, p, 0, true, true, &ignored)) {
        for (size_t i = 0; i < list.count; i++)
            peak = fmax(peak, fmax(list.items[i].from_per_s, list.items[i].to_per_s));
    }
    load_segments_clear(&list);
    return peak;
}
