#include "report/suspects.h"

#include "base/clock.h"
#include "report/parts.h"

#define LOOK_EVERY_US INT64_C(2000000)
#define PAUSE_TIMES   100 /* as long as the last diagnosis took */
#define EXPLAINED     0.95

void suspects_clear(struct suspects *s)
{
    diagnose_clear(&s->list);
    *s = (struct suspects){0};
}

void suspects_look(struct suspects *s, const struct report_run *run, int64_t now_us)
{
    struct diagnose_list fresh = {0};
    struct err ignored = {0};
    uint64_t failures = measure_failure_total(run->measure);
    if (failures == s->seen || now_us < s->next_us)
        return;
    int64_t began_us = clock_monotonic_us();
    if (diagnose_run(run->measure, run->target, run->otp, clock_wall_us() / 1000000, &fresh, &ignored)) {
        diagnose_clear(&s->list);
        s->list = fresh;
        s->seen = failures;
    }
    int64_t pause_us = (clock_monotonic_us() - began_us) * PAUSE_TIMES;
    s->next_us = now_us + (pause_us > LOOK_EVERY_US ? pause_us : LOOK_EVERY_US);
}

static bool is_explained(const struct suspects *s, enum stage stage)
{
    for (size_t i = 0; i < s->list.count; i++) {
        if (s->list.items[i].leads && s->list.items[i].stage == stage)
            return true;
    }
    return false;
}

static double tell_causes(const struct suspects *s, struct view *out)
{
    double told = 0;
    for (size_t i = 0; i < s->list.count && out->cause_count < VIEW_MAX_CAUSES; i++) {
        const struct diagnosis *d = &s->list.items[i];
        if (!d->leads || d->share <= 0)
            continue;
        out->causes[out->cause_count].share = d->share;
        snprintf(out->causes[out->cause_count++].words, sizeof out->causes[0].words, "%s, %.0f%% sure: %s",
                 d->cause->id, d->confidence * 100, d->cause->title);
        told += d->share;
    }
    return told;
}

static void tell_group(const struct measure_failure *f, uint64_t all, struct view *out)
{
    char what[120];
    words_failure(f, what, sizeof what);
    out->causes[out->cause_count].share = (double)f->count / (double)all;
    snprintf(out->causes[out->cause_count++].words, sizeof out->causes[0].words, "%s: %s",
             base_stage_id(f->first.error.stage), what);
}

void suspects_tell(const struct suspects *s, const struct measure *m, struct view *out)
{
    struct measure_devices d = measure_devices(m);
    uint64_t all = d.failed + d.unsent;
    out->cause_count = 0;
    double told = tell_causes(s, out);
    for (size_t i = 0; i < measure_failure_count(m) && told < EXPLAINED && out->cause_count < VIEW_MAX_CAUSES;
         i++) {
        const struct measure_failure *f = measure_failure(m, i);
        if (f->after_enrollment || all == 0 || is_explained(s, f->first.error.stage))
            continue;
        tell_group(f, all, out);
        told += (double)f->count / (double)all;
    }
}
