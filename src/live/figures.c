#include "live/figures.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_US INT64_C(1000000)
#define READ_BYTES    ((size_t)256 << 10)

/* ---- facts, one at a time ---- */

static struct outcome_sink *to_measure(void *user)
{
    struct live_source *s = user;
    return &s->figures->to;
}

static void on_arrival(void *user, int64_t scheduled_us, bool warm_up)
{
    struct outcome_sink *to = to_measure(user);
    to->arrival(to->user, scheduled_us, warm_up);
}

static void on_start(void *user, int64_t scheduled_us, int64_t started_us, bool warm_up)
{
    struct outcome_sink *to = to_measure(user);
    to->start(to->user, scheduled_us, started_us, warm_up);
}

/* Steps that are a request of their own; connections and cryptography are not, and passwords are fetched for stock. */
static bool is_request(enum stage stage)
{
    static const bool requests[STAGE_COUNT] = {
        [STAGE_GET_CA_CAPS] = true, [STAGE_GET_CA_CERT] = true,     [STAGE_PKI_OPERATION] = true,
        [STAGE_CERT_POLL] = true,   [STAGE_RENEWAL] = true,         [STAGE_GET_CERT] = true,
        [STAGE_GET_CRL] = true,     [STAGE_GET_NEXT_CA_CERT] = true};
    return (unsigned)stage < STAGE_COUNT && requests[stage];
}

static void on_step(void *user, const struct outcome_step *step)
{
    struct live_source *s = user;
    struct outcome_sink *to = to_measure(user);
    s->figures->requests += is_request(step->stage);
    to->step(to->user, step);
}

static void on_device(void *user, const struct outcome *o)
{
    struct outcome_sink *to = to_measure(user);
    to->device(to->user, o);
}

static void on_stall(void *user, int64_t us)
{
    struct outcome_sink *to = to_measure(user);
    to->loop_stall(to->user, us);
}

static void on_probe(void *user, const struct outcome_probe *probe)
{
    struct outcome_sink *to = to_measure(user);
    to->probe(to->user, probe);
}

static void on_otp(void *user, const struct outcome_otp_event *event)
{
    struct live_source *s = user;
    struct outcome_sink *to = to_measure(user);
    struct outcome_otp_event all = *event;
    s->figures->requests += event->kind == OUTCOME_OTP_ASKED;
    s->otp_held = event->held;
    all.held = 0;
    for (size_t i = 0; i < s->figures->source_count; i++)
        all.held += s->figures->sources[i].otp_held;
    to->otp(to->user, &all);
}

static void on_in_flight(void *user, const struct outcome_in_flight *now)
{
    struct live_source *s = user;
    const struct live_figures *f = s->figures;
    struct outcome_in_flight all = {0};
    s->in_flight = *now;
    for (size_t i = 0; i < f->source_count; i++) {
        const struct outcome_in_flight *one = &f->sources[i].in_flight;
        all.waiting += one->waiting;
        for (size_t stage = 0; stage < STAGE_COUNT; stage++) {
            all.busy[stage] += one->busy[stage];
            all.pausing[stage] += one->pausing[stage];
        }
    }
    f->to.in_flight(f->to.user, &all);
}

/* The run is as far as the process that is furthest. */
static void on_clock(void *user, const struct live_clock *clock)
{
    struct live_source *s = user;
    struct report_run *run = &s->figures->run;
    if (clock->now_us < 0 || clock->started_wall_us == 0)
        return;
    s->figures->begun = true;
    if (clock->now_us > run->duration_us)
        run->duration_us = clock->now_us;
    if (run->started_wall_us == 0 || clock->started_wall_us < run->started_wall_us)
        run->started_wall_us = clock->started_wall_us;
}

/* All see the same server; who has seen more of it is believed. */
static void on_target(void *user, const struct outcome_target *target)
{
    struct live_source *s = user;
    struct outcome_target *known = &s->figures->target;
    if (target->cert_count + target->cap_count >= known->cert_count + known->cap_count)
        *known = *target;
}

/* ---- sources ---- */

void live_figures_hear(struct live_source *source, struct span records)
{
    const struct live_hearer hearer = {.sink = {.user = source,
                                                .arrival = on_arrival,
                                                .start = on_start,
                                                .step = on_step,
                                                .device = on_device,
                                                .loop_stall = on_stall,
                                                .probe = on_probe,
                                                .otp = on_otp,
                                                .in_flight = on_in_flight},
                                       .user = source,
                                       .clock = on_clock,
                                       .target = on_target};
    size_t told = live_facts_tell(records, &hearer);
    buf_reset(&source->rest);
    if (told != SIZE_MAX)
        buf_append(&source->rest, records.data + told, records.len - told);
    else if (source->fd >= 0) { /* not one of ours */
        close(source->fd);
        source->fd = -1;
    }
}

void live_figures_read(struct live_source *source)
{
    for (size_t total = 0; source->fd >= 0 && total < LIVE_MAX_QUEUE_BYTES;) {
        uint8_t *to = buf_reserve(&source->rest, READ_BYTES);
        ssize_t got = to != NULL ? read(source->fd, to, READ_BYTES) : 0;
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            close(source->fd);
            source->fd = -1;
            return;
        }
        struct buf records = source->rest;
        records.len += (size_t)got;
        total += (size_t)got;
        buf_init(&source->rest, LIVE_MAX_QUEUE_BYTES);
        live_figures_hear(source, buf_span(&records));
        buf_clear(&records);
    }
}

/* ---- the whole ---- */

bool live_figures_new(const struct live_plan *plan, size_t sources, struct live_figures **out, struct err *e)
{
    struct live_figures *f = calloc(1, sizeof *f);
    if (f == NULL || (f->sources = calloc(sources, sizeof *f->sources)) == NULL ||
        !measure_new(&f->measure, e)) {
        live_figures_free(f);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to watch the run");
    }
    f->source_count = sources;
    for (size_t i = 0; i < sources; i++) {
        f->sources[i].fd = -1;
        f->sources[i].figures = f;
        buf_init(&f->sources[i].rest, LIVE_MAX_QUEUE_BYTES);
    }
    f->to = measure_sink(f->measure);
    f->planned = plan->planned;
    f->run = *plan->run;
    f->run.measure = f->measure;
    f->run.target = &f->target;
    f->run.generator = &f->generator;
    f->run.diagnosis = &f->diagnosis;
    f->run.otp = NULL;
    *out = f;
    return true;
}

void live_figures_free(struct live_figures *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->source_count; i++) {
        if (f->sources[i].fd >= 0)
            close(f->sources[i].fd);
        buf_clear(&f->sources[i].rest);
    }
    free(f->sources);
    diagnose_clear(&f->diagnosis);
    measure_free(f->measure);
    free(f);
}

/* Nothing of it is worth ending the run for: without memory the last look stays. */
void live_figures_look(struct live_figures *f, int64_t monotonic_us)
{
    struct diagnose_list found = {0};
    struct err ignored = {0};
    if (f->looked_us != 0 && monotonic_us - f->looked_us < LOOK_EVERY_US)
        return;
    f->looked_us = monotonic_us;
    f->generator.requests = f->requests;
    f->run.offered_until_us = measure_load(f->measure).offered_last_us;
    if (diagnose_run(f->measure, &f->target, NULL, clock_wall_us() / 1000000, &found, &ignored)) {
        diagnose_clear(&f->diagnosis);
        f->diagnosis = found;
    }
    f->judged = report_judge(&f->run, &f->verdict, &ignored) || f->judged;
}
