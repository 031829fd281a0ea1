/* From the plan to started devices. Whatever is due is offered; what may not start yet waits in order. */
#include "engine/internal.h"

enum admission { ADMIT, WAIT, REFUSE };

static bool push(struct arrival_queue *q, const struct load_arrival *a)
{
    if (q->count == q->cap) {
        size_t cap = q->cap == 0 ? 64 : q->cap * 2;
        struct load_arrival *items = calloc(cap, sizeof *items);
        if (items == NULL)
            return false;
        for (size_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->head + i) % q->cap];
        free(q->items);
        *q = (struct arrival_queue){.items = items, .cap = cap, .count = q->count};
    }
    q->items[(q->head + q->count++) % q->cap] = *a;
    return true;
}

static struct load_arrival pop(struct arrival_queue *q)
{
    struct load_arrival a = q->items[q->head];
    q->head = (q->head + 1) % q->cap;
    q->count--;
    return a;
}

static void tell_unsent(struct engine *en, const struct load_arrival *a, const struct err *cause)
{
    struct outcome o = {
        .device = a->index,
        .phase = a->phase,
        .profile = phone_profile(en->config->scenario, a->index),
        .warm_up = a->warm_up,
        .end = OUTCOME_UNSENT,
        .scheduled_us = a->scheduled_us,
        .finished_us = engine_now(en),
        .error = *cause,
        .fail_info = -1,
    };
    engine_tell_device(en, &o);
}

/* Why the next one may not start; its words are the cause when it never does. */
static enum admission admission(struct engine *en, const struct load_arrival *a, struct err *why)
{
    const struct scenario *s = en->config->scenario;
    if (!keys_suffice(en, a->index)) {
        err_set(why, STAGE_KEY, REASON_KEYS_EXHAUSTED, "the pool has %zu keys and keys are not reused",
                pki_pool_count(en->config->keys));
        return REFUSE;
    }
    if (en->in_flight >= s->limits.in_flight) {
        err_set(why, STAGE_SETUP, REASON_IN_FLIGHT, "limits.in_flight: %llu devices were under way",
                (unsigned long long)s->limits.in_flight);
        return WAIT;
    }
    static const enum admission by_room[] = {
        [RESERVOIR_READY] = ADMIT, [RESERVOIR_WAIT] = WAIT, [RESERVOIR_DRY] = REFUSE};
    return by_room[passwords_room(en, why)];
}

static void offer(struct engine *en, const struct load_arrival *a)
{
    const struct engine_config *c = en->config;
    if (!en->first_seen && c->first_arrival != NULL)
        c->first_arrival(c->first_arrival_user);
    en->first_seen = true;
    engine_tell_arrival(en, a);
    en->result->offered_until_us = a->scheduled_us;
    if (!push(&en->queue, a)) {
        struct err e = {.stage = STAGE_SETUP, .reason = REASON_NO_MEMORY};
        tell_unsent(en, a, &e);
    }
}

static void note_pace(struct engine_result *result, int64_t now_us, struct engine_pace pace)
{
    if (result->change_count < ENGINE_MAX_CHANGES)
        result->changes[result->change_count] = (struct engine_change){.at_us = now_us, .pace = pace};
    result->change_count++;
}

/* What is due by now keeps its schedule, so this comes after it. */
static void follow_the_operator(struct engine *en, int64_t now_us)
{
    const struct engine_config *c = en->config;
    if (c->pace == NULL)
        return;
    struct engine_pace pace = c->pace(c->pace_user, now_us);
    double factor = pace.paused ? 0 : pace.factor, before = load_plan_pace(c->plan);
    if (en->stopped || arrivals_over(en) || (factor >= before && factor <= before))
        return;
    load_plan_change_pace(c->plan, now_us, factor);
    note_pace(en->result, now_us, pace);
}

static bool is_paused(const struct engine *en)
{
    return load_plan_pace(en->config->plan) <= 0;
}

void arrivals_offer(struct engine *en, int64_t now_us)
{
    struct load_arrival a;
    while (arrivals_next_us(en) <= now_us && load_plan_next(en->config->plan, &a))
        offer(en, &a);
    follow_the_operator(en, now_us);
}

void arrivals_admit(struct engine *en)
{
    while (en->queue.count > 0 && !en->stopped && !is_paused(en)) {
        struct err why = {0};
        enum admission verdict = admission(en, &en->queue.items[en->queue.head], &why);
        if (verdict == WAIT) {
            en->result->otp.held_back |= why.reason == REASON_OTP_EXHAUSTED;
            en->result->generator.held_back |= why.reason == REASON_IN_FLIGHT;
            return;
        }
        struct load_arrival a = pop(&en->queue);
        if (verdict == REFUSE || !phone_start(en, &a, NULL, &why))
            tell_unsent(en, &a, &why);
    }
}

static void flush(struct engine *en, const struct err *cause)
{
    while (en->queue.count > 0) {
        struct load_arrival a = pop(&en->queue);
        tell_unsent(en, &a, cause);
    }
}

/* What is still to come has no better prospects than those that wait. */
static void end_all(struct engine *en, int64_t now_us, const struct err *cause)
{
    struct load_arrival a;
    load_plan_stop(en->config->plan, now_us);
    flush(en, cause);
    while (load_plan_next(en->config->plan, &a))
        tell_unsent(en, &a, cause);
}

void arrivals_give_up(struct engine *en, int64_t now_us)
{
    struct err why = {0};
    if (admission(en, &en->queue.items[en->queue.head], &why) != ADMIT)
        end_all(en, now_us, &why);
}

void arrivals_stop(struct engine *en, const struct err *cause)
{
    end_all(en, engine_now(en), cause);
}

void arrivals_clear(struct engine *en)
{
    free(en->queue.items);
    en->queue = (struct arrival_queue){0};
}

int64_t arrivals_next_us(const struct engine *en)
{
    return en->stopped ? INT64_MAX : load_plan_next_us(en->config->plan);
}

int64_t arrivals_give_up_us(const struct engine *en)
{
    int64_t planned = load_plan_end_us(en->config->plan), offered = en->result->offered_until_us;
    if (en->queue.count == 0 || is_paused(en) || load_plan_next_us(en->config->plan) != INT64_MAX)
        return INT64_MAX;
    return (planned > offered ? planned : offered) + en->config->scenario->limits.device_timeout_us;
}

bool arrivals_over(const struct engine *en)
{
    return load_plan_over(en->config->plan) && en->queue.count == 0;
}

void arrivals_ended(struct engine *en, const struct outcome *o)
{
    load_plan_ended(en->config->plan, o->phase, o->device, engine_now(en));
    alarm_expect(en, arrivals_next_us(en));
}
