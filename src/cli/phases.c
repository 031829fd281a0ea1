/* A phase of the load in words. */
#include "base/text.h"
#include "cli/cli.h"

#include <stdio.h>

/* 600/h reads better than 0.166667/s. */
static void say_rate(double per_s, char out[32])
{
    bool slow = per_s > 0 && per_s < 1;
    snprintf(out, 32, "%g%s", slow ? per_s * 3600 : per_s, slow ? "/h" : "/s");
}

struct words {
    char from[32], to[32], base[32], peak[32];
    char lasts[40], peak_for[32], median[32], batch[32], every[32], jitter[32], pause_min[32], pause_max[32];
    char devices[40];
};

static void fill(const struct load_phase *p, struct words *w)
{
    say_rate(p->from_per_s, w->from);
    say_rate(p->to_per_s, w->to);
    say_rate(p->base_per_s, w->base);
    say_rate(p->peak_per_s, w->peak);
    text_duration(p->duration_us, w->lasts, sizeof w->lasts);
    if (p->duration_us == 0)
        snprintf(w->lasts, sizeof w->lasts, "until all devices have started");
    text_duration(p->peak_us, w->peak_for, sizeof w->peak_for);
    text_duration(p->median_us, w->median, sizeof w->median);
    text_duration(p->batch_us, w->batch, sizeof w->batch);
    text_duration(p->every_us, w->every, sizeof w->every);
    text_duration(p->jitter_us, w->jitter, sizeof w->jitter);
    text_duration(p->pause_min_us, w->pause_min, sizeof w->pause_min);
    text_duration(p->pause_max_us, w->pause_max, sizeof w->pause_max);
    if (p->devices > 0)
        snprintf(w->devices, sizeof w->devices, "%llu devices", (unsigned long long)p->devices);
    else
        snprintf(w->devices, sizeof w->devices, "all the others");
}

static int say_linear(const struct load_phase *p, const struct words *w, char *out, size_t n)
{
    bool ramp = p->from_per_s < p->to_per_s || p->from_per_s > p->to_per_s;
    if (!ramp && !(p->to_per_s > 0))
        return snprintf(out, n, "nothing, %s", w->lasts);
    return ramp ? snprintf(out, n, "%s to %s, %s", w->from, w->to, w->lasts)
                : snprintf(out, n, "%s, %s", w->from, w->lasts);
}

static int say_closed(const struct load_phase *p, const struct words *w, char *out, size_t n)
{
    if (p->pause_min_us == p->pause_max_us)
        return snprintf(out, n, "closed: %u at a time, %s between two, %s", p->slots, w->pause_max, w->lasts);
    return snprintf(out, n, "closed: %u at a time, %s to %s between two, %s", p->slots, w->pause_min,
                    w->pause_max, w->lasts);
}

static int say(const struct load_phase *p, const struct words *w, char *out, size_t n)
{
    switch (p->kind) {
    case LOAD_LINEAR:
        return say_linear(p, w, out, n);
    case LOAD_STEPS:
        return snprintf(out, n, "%s to %s in %u stairs, %s", w->from, w->to, p->steps, w->lasts);
    case LOAD_SPIKE:
        return snprintf(out, n, "%s, in the middle %s for %s, %s", w->base, w->peak, w->peak_for, w->lasts);
    case LOAD_CLOSED:
        return say_closed(p, w, out, n);
    case LOAD_POLICY_PUSH:
        return snprintf(out, n, "policy push: %s, half of them within %s, %s", w->devices, w->median,
                        w->lasts);
    case LOAD_CHECK_IN:
        return snprintf(out, n, "check-ins: %s, %s", w->devices, w->lasts);
    case LOAD_RENEWAL_CLIFF:
        return snprintf(out, n, "renewal cliff: %s, issued within %s, %s", w->devices, w->batch, w->lasts);
    case LOAD_BACKLOG_FLUSH:
        return snprintf(out, n, "backlog flush: %s, at %s while the queue lasts, then %s, %s", w->devices,
                        p->peak_per_s > 0 ? w->peak : "twice their mean rate", w->base, w->lasts);
    case LOAD_RETRY_STORM:
        return snprintf(out, n, "retry storm: %s, waves every %s, %s wide, %g%% of each get through, %s",
                        w->devices, w->every, w->jitter, p->success * 100, w->lasts);
    }
    return 0;
}

void cli_phase_words(const struct load_phase *p, char *out, size_t out_bytes)
{
    struct words w;
    fill(p, &w);
    int used = say(p, &w, out, out_bytes);
    if (used > 0 && (size_t)used < out_bytes)
        snprintf(out + used, out_bytes - (size_t)used, "%s%s",
                 p->arrivals == LOAD_POISSON ? ", at random (Poisson)" : "", p->warm_up ? ", warm-up" : "");
}
