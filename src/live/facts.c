#include "live/facts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    FACT_ARRIVAL = 1,
    FACT_START,
    FACT_STEP,
    FACT_DEVICE,
    FACT_STALL,
    FACT_PROBE,
    FACT_OTP,
    FACT_IN_FLIGHT,
    FACT_CLOCK,
    FACT_TARGET,
    FACT_KINDS
};

struct arrival {
    int64_t scheduled_us, started_us;
    bool warm_up;
};

/* Every record is one of these, then what the kind says. Both sides are the same program, so its structs are the format. */
struct head {
    uint32_t kind, bytes;
};

struct live_queue {
    pthread_mutex_t lock; /* guards the rest but the last two */
    struct buf records;
    uint64_t dropped;
    bool abroad;
    struct outcome_target told; /* of the engine's thread */
};

bool live_queue_new(size_t max_bytes, bool abroad, struct live_queue **out, struct err *e)
{
    struct live_queue *q = calloc(1, sizeof *q);
    if (q == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to watch the run");
    q->abroad = abroad;
    pthread_mutex_init(&q->lock, NULL);
    buf_init(&q->records, max_bytes);
    *out = q;
    return true;
}

void live_queue_free(struct live_queue *q)
{
    if (q == NULL)
        return;
    buf_clear(&q->records);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static void put(struct live_queue *q, enum kind kind, const void *fact, size_t bytes)
{
    const struct head head = {kind, (uint32_t)bytes};
    pthread_mutex_lock(&q->lock);
    uint8_t *to = buf_reserve(&q->records, sizeof head + bytes);
    if (to != NULL) {
        memcpy(to, &head, sizeof head);
        memcpy(to + sizeof head, fact, bytes);
        q->records.len += sizeof head + bytes;
    } else {
        q->records.failed = false;
        q->dropped++;
    }
    pthread_mutex_unlock(&q->lock);
}

/* ---- the engine's thread ---- */

static void on_arrival(void *user, int64_t scheduled_us, bool warm_up)
{
    const struct arrival fact = {.scheduled_us = scheduled_us, .warm_up = warm_up};
    put(user, FACT_ARRIVAL, &fact, sizeof fact);
}

static void on_start(void *user, int64_t scheduled_us, int64_t started_us, bool warm_up)
{
    const struct arrival fact = {scheduled_us, started_us, warm_up};
    put(user, FACT_START, &fact, sizeof fact);
}

static void on_step(void *user, const struct outcome_step *step)
{
    put(user, FACT_STEP, step, sizeof *step);
}

static void on_device(void *user, const struct outcome *o)
{
    struct outcome fact = *o;
    fact.exemplar = (struct outcome_exemplar){0};
    for (size_t i = 0; i < OUTCOME_FOLLOW_COUNT; i++)
        fact.follow[i].exemplar = (struct outcome_exemplar){0};
    put(user, FACT_DEVICE, &fact, sizeof fact);
}

static void on_stall(void *user, int64_t us)
{
    put(user, FACT_STALL, &us, sizeof us);
}

static void on_probe(void *user, const struct outcome_probe *probe)
{
    struct live_queue *q = user;
    struct outcome_probe fact = *probe;
    fact.control_device = fact.probe_device = NULL;
    if (!q->abroad)
        put(q, FACT_PROBE, &fact, sizeof fact);
}

static void on_otp(void *user, const struct outcome_otp_event *event)
{
    put(user, FACT_OTP, event, sizeof *event);
}

static void on_in_flight(void *user, const struct outcome_in_flight *now)
{
    put(user, FACT_IN_FLIGHT, now, sizeof *now);
}

struct outcome_sink live_queue_sink(struct live_queue *q)
{
    return (struct outcome_sink){.user = q,
                                 .arrival = on_arrival,
                                 .start = on_start,
                                 .step = on_step,
                                 .device = on_device,
                                 .loop_stall = on_stall,
                                 .probe = on_probe,
                                 .otp = on_otp,
                                 .in_flight = on_in_flight};
}

/* What can change while the load runs. */
static bool differ(const struct outcome_target *a, const struct outcome_target *b)
{
    return a->cert_count != b->cert_count || a->cap_count != b->cap_count ||
           a->bare_url_status != b->bare_url_status || a->has_date_skew != b->has_date_skew ||
           strcmp(a->server_header, b->server_header) != 0 || strcmp(a->url, b->url) != 0;
}

void live_queue_tick(struct live_queue *q, const struct live_clock *clock,
                     const struct outcome_target *target)
{
    put(q, FACT_CLOCK, clock, sizeof *clock);
    if (!differ(&q->told, target))
        return;
    q->told = *target;
    put(q, FACT_TARGET, target, sizeof *target);
}

/* ---- the other thread ---- */

bool live_queue_take(struct live_queue *q, struct buf *into)
{
    buf_reset(into);
    pthread_mutex_lock(&q->lock);
    struct buf taken = q->records;
    q->records = *into;
    pthread_mutex_unlock(&q->lock);
    *into = taken;
    return taken.len > 0;
}

uint64_t live_queue_dropped(struct live_queue *q)
{
    pthread_mutex_lock(&q->lock);
    uint64_t dropped = q->dropped;
    pthread_mutex_unlock(&q->lock);
    return dropped;
}

/* Of every kind; aligned for them, which a record in a buffer is not. */
union fact {
    struct arrival arrival;
    struct outcome_step step;
    struct outcome device;
    int64_t stall_us;
    struct outcome_probe probe;
    struct outcome_otp_event otp;
    struct outcome_in_flight in_flight;
    struct live_clock clock;
    struct outcome_target target;
};

static const size_t sizes[FACT_KINDS] = {[FACT_ARRIVAL] = sizeof(struct arrival),
                                         [FACT_START] = sizeof(struct arrival),
                                         [FACT_STEP] = sizeof(struct outcome_step),
                                         [FACT_DEVICE] = sizeof(struct outcome),
                                         [FACT_STALL] = sizeof(int64_t),
                                         [FACT_PROBE] = sizeof(struct outcome_probe),
                                         [FACT_OTP] = sizeof(struct outcome_otp_event),
                                         [FACT_IN_FLIGHT] = sizeof(struct outcome_in_flight),
                                         [FACT_CLOCK] = sizeof(struct live_clock),
                                         [FACT_TARGET] = sizeof(struct outcome_target)};

static void tell(enum kind kind, const union fact *f, const struct live_hearer *to)
{
    switch (kind) {
    case FACT_ARRIVAL:
        to->sink.arrival(to->sink.user, f->arrival.scheduled_us, f->arrival.warm_up);
        break;
    case FACT_START:
        to->sink.start(to->sink.user, f->arrival.scheduled_us, f->arrival.started_us, f->arrival.warm_up);
        break;
    case FACT_STEP:
        to->sink.step(to->sink.user, &f->step);
        break;
    case FACT_DEVICE:
        to->sink.device(to->sink.user, &f->device);
        break;
    case FACT_STALL:
        to->sink.loop_stall(to->sink.user, f->stall_us);
        break;
    case FACT_PROBE:
        to->sink.probe(to->sink.user, &f->probe);
        break;
    case FACT_OTP:
        to->sink.otp(to->sink.user, &f->otp);
        break;
    case FACT_IN_FLIGHT:
        to->sink.in_flight(to->sink.user, &f->in_flight);
        break;
    case FACT_CLOCK:
        to->clock(to->user, &f->clock);
        break;
    case FACT_TARGET:
        to->target(to->user, &f->target);
        break;
    case FACT_KINDS:
        break;
    }
}

size_t live_facts_tell(struct span records, const struct live_hearer *to)
{
    size_t at = 0;
    struct head head;
    union fact fact;
    while (records.len - at >= sizeof head) {
        memcpy(&head, records.data + at, sizeof head);
        if (head.kind == 0 || head.kind >= FACT_KINDS || head.bytes != sizes[head.kind])
            return SIZE_MAX;
        if (records.len - at - sizeof head < head.bytes)
            break;
        memcpy(&fact, records.data + at + sizeof head, head.bytes);
        tell((enum kind)head.kind, &fact, to);
        at += sizeof head + head.bytes;
    }
    return at;
}
