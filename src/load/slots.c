#include "load/slots.h"

#include "base/random.h"

#include <math.h>

#define DEFAULT_PEAK_PER_S 1000

bool load_slots_init(struct load_slots *s, const struct load_phase *phase, unsigned index, int64_t start_us,
                     struct err *e)
{
    double peak = phase->peak_per_s > 0 ? phase->peak_per_s : DEFAULT_PEAK_PER_S;
    *s = (struct load_slots){
        .phase = index,
        .count = phase->slots,
        .start_us = start_us,
        .end_us = phase->duration_us > 0 ? start_us + phase->duration_us : INT64_MAX,
        .gap_us = (int64_t)ceil(1e6 / peak),
        .ready_us = start_us,
        .pause_min_us = phase->pause_min_us,
        .pause_max_us = phase->pause_max_us,
        .left = phase->devices > 0 ? phase->devices : UINT64_MAX,
        .promised = phase->duration_us == 0,
        .due_us = calloc(phase->slots, sizeof *s->due_us),
    };
    return s->due_us != NULL || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for %u slots", s->count);
}

void load_slots_clear(struct load_slots *s)
{
    free(s->due_us);
    s->due_us = NULL;
}

/* A slot's first device is due one gap after that of the slot before. */
static int64_t first_due(const struct load_slots *s)
{
    return s->opened < s->count ? s->start_us + s->opened * s->gap_us : INT64_MAX;
}

static bool from_heap(const struct load_slots *s)
{
    return s->idle > 0 && s->due_us[0] < first_due(s);
}

int64_t load_slots_next_us(const struct load_slots *s)
{
    int64_t due = from_heap(s) ? s->due_us[0] : first_due(s);
    if (s->stopped && s->left > 0)
        return s->ready_us;
    if (s->left == 0 || due == INT64_MAX)
        return INT64_MAX;
    if (due < s->ready_us)
        due = s->ready_us;
    return due < s->end_us ? due : INT64_MAX;
}

static void swap(int64_t *a, int64_t *b)
{
    int64_t kept = *a;
    *a = *b;
    *b = kept;
}

static void push(struct load_slots *s, int64_t due_us)
{
    size_t i = s->idle++;
    s->due_us[i] = due_us;
    for (; i > 0 && s->due_us[i] < s->due_us[(i - 1) / 2]; i = (i - 1) / 2)
        swap(&s->due_us[i], &s->due_us[(i - 1) / 2]);
}

static void pop(struct load_slots *s)
{
    s->due_us[0] = s->due_us[--s->idle];
    for (size_t i = 0, child; (child = 2 * i + 1) < s->idle; i = child) {
        if (child + 1 < s->idle && s->due_us[child + 1] < s->due_us[child])
            child++;
        if (s->due_us[i] <= s->due_us[child])
            return;
        swap(&s->due_us[i], &s->due_us[child]);
    }
}

int64_t load_slots_take(struct load_slots *s)
{
    int64_t due = load_slots_next_us(s);
    s->left--;
    if (s->stopped)
        return due;
    if (from_heap(s))
        pop(s);
    else
        s->opened++;
    s->busy++;
    s->ready_us = due + s->gap_us;
    return due;
}

/* Every pause is a draw of its own, so that it does not matter who ends first. */
static int64_t pause_after(const struct load_slots *s, uint64_t seed, uint64_t index)
{
    struct random_seeded chance;
    random_seed(&chance, seed, UINT64_C(0x7061757365) ^ index << 40); /* "pause" */
    return s->pause_min_us +
           (int64_t)random_below(&chance, (uint64_t)(s->pause_max_us - s->pause_min_us) + 1);
}

void load_slots_ended(struct load_slots *s, uint64_t seed, uint64_t index, int64_t now_us)
{
    if (s->stopped || s->busy == 0)
        return;
    s->busy--;
    push(s, now_us + pause_after(s, seed, index));
}

/* All that is promised comes as if there were always a free slot. */
void load_slots_stop(struct load_slots *s, int64_t now_us)
{
    s->stopped = true;
    s->left = s->promised ? s->left : 0;
    s->ready_us = now_us > s->start_us ? now_us : s->start_us;
}

bool load_slots_over(const struct load_slots *s)
{
    return s->left == 0 || (s->busy == 0 && load_slots_next_us(s) == INT64_MAX);
}
