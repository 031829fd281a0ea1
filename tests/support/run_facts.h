/* Hand-made facts of a run, for the rooms that read them. */
#ifndef SUPPORT_RUN_FACTS_H
#define SUPPORT_RUN_FACTS_H

#include "measure/measure.h"

/* A device that began when it was scheduled and failed or enrolled 100 ms later. */
static inline struct outcome fact_device(uint64_t device, enum outcome_end end, int64_t at_us)
{
    struct outcome o = {.device = device,
                        .end = end,
                        .scheduled_us = at_us,
                        .started_us = at_us,
                        .finished_us = at_us + 100000,
                        .fail_info = -1};
    if (end == OUTCOME_ENROLLED) {
        o.http_status = 200;
        o.body = OUTCOME_BODY_CERTREP;
        snprintf(o.serial, sizeof o.serial, "2a%06llx", (unsigned long long)device);
        snprintf(o.subject, sizeof o.subject, "CN=device-%llu,OU=scepstorm", (unsigned long long)device);
        snprintf(o.issuer, sizeof o.issuer, "CN=Example Issuing CA");
        o.not_before = 1767225600;
        o.not_after = 1798761600;
    }
    return o;
}

static inline struct outcome fact_failure(uint64_t device, int64_t at_us, enum stage stage,
                                          enum reason reason)
{
    struct outcome o = fact_device(device, OUTCOME_FAILED, at_us);
    o.error.stage = stage;
    o.error.reason = reason;
    return o;
}

/* Everything that the engine would tell about this device. */
static inline void fact_tell(const struct outcome_sink *sink, const struct outcome *o)
{
    sink->arrival(sink->user, o->scheduled_us, o->warm_up);
    if (o->end != OUTCOME_UNSENT)
        sink->start(sink->user, o->scheduled_us, o->started_us, o->warm_up);
    sink->device(sink->user, o);
}

static inline void fact_step(const struct outcome_sink *sink, const struct outcome *o, enum stage stage,
                             int64_t took_us)
{
    struct outcome_step step = {.device = o->device,
                                .stage = stage,
                                .warm_up = o->warm_up,
                                .failed = o->error.reason != REASON_NONE && o->error.stage == stage,
                                .queued_us = o->started_us,
                                .started_us = o->started_us,
                                .finished_us = o->started_us + took_us,
                                .bytes_sent = 100,
                                .bytes_received = 1000,
                                .http_status = o->http_status};
    sink->step(sink->user, &step);
}

/* `count` devices that enroll, one every 10 ms from at_us. */
static inline void fact_enrolled(const struct outcome_sink *sink, uint64_t first, uint64_t count,
                                 int64_t at_us)
{
    for (uint64_t i = 0; i < count; i++) {
        struct outcome o = fact_device(first + i, OUTCOME_ENROLLED, at_us + (int64_t)i * 10000);
        fact_tell(sink, &o);
    }
}

/* `count` devices that end like this one, one every 10 ms. */
static inline void fact_repeat(const struct outcome_sink *sink, struct outcome o, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        fact_tell(sink, &o);
        o.device++;
        o.scheduled_us += 10000;
        o.started_us += 10000;
        o.finished_us += 10000;
    }
}

#endif
