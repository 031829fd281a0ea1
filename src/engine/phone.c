/* A device in flight: its state machine fed with events, its actions carried out, its end told. */
#include "base/random.h"
#include "engine/lab.h"

unsigned phone_profile(const struct scenario *s, uint64_t device)
{
    struct random_seeded chance;
    double total = 0, at = 0;
    if (s->devices.profile_count < 2)
        return 0;
    for (size_t i = 0; i < s->devices.profile_count; i++)
        total += s->devices.profiles[i].weight;
    random_seed(&chance, s->seed,
                UINT64_C(1) << 40 | device); /* a stream per device: the same whoever runs it */
    double drawn = random_unit(&chance) * total;
    for (size_t i = 0; i < s->devices.profile_count; i++) {
        at += s->devices.profiles[i].weight;
        if (drawn < at)
            return (unsigned)i;
    }
    return (unsigned)(s->devices.profile_count - 1);
}

static bool link_in(struct engine *en, struct phone *p, int64_t deadline_us, struct err *e)
{
    struct seat *seat = calloc(1, sizeof *seat);
    if (seat == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a device");
    *seat = (struct seat){.engine = en, .deadline_us = deadline_us, .wake_us = INT64_MAX, .phone = p};
    if (!timers_add(en, seat, e)) {
        free(seat);
        return false;
    }
    p->seat = seat;
    en->phones++;
    if (++en->in_flight > en->result->generator.in_flight_max)
        en->result->generator.in_flight_max = en->in_flight;
    return true;
}

static void link_out(struct engine *en, struct phone *p)
{
    timers_remove(en, p->seat);
    en->in_flight--;
}

/* The scenario's words for it: what follows an enrollment. */
static const enum outcome_follow follows[SCENARIO_THEN_COUNT] = {
    [SCENARIO_THEN_RENEW] = OUTCOME_RENEWAL,
    [SCENARIO_THEN_GET_CERT] = OUTCOME_GET_CERT,
    [SCENARIO_THEN_GET_CRL] = OUTCOME_GET_CRL,
    [SCENARIO_THEN_GET_NEXT_CA_CERT] = OUTCOME_GET_NEXT_CA_CERT,
};

static void init_device(struct phone *p, const struct load_arrival *a, int64_t timeout_us)
{
    const struct scenario *s = p->engine->config->scenario;
    unsigned profile = phone_profile(s, a->index);
    p->persona = &s->devices.profiles[profile].persona;
    if (p->trial != NULL)
        p->persona = lab_persona(p->trial, p->persona);
    for (size_t i = 0; i < s->devices.then_count; i++)
        p->then[i] = follows[s->devices.then[i]];
    device_init(&p->device, &(struct device_config){
                                .persona = p->persona,
                                .index = a->index,
                                .phase = a->phase,
                                .profile = profile,
                                .warm_up = a->warm_up,
                                .scheduled_us = a->scheduled_us,
                                .timeout_us = timeout_us,
                                .renew_after_us = s->devices.renewal_after_us,
                                .seed = s->seed,
                                .url_count = (unsigned)s->target.url_count,
                                .expect_refused = s->devices.expect.refused && p->trial == NULL,
                                .then = p->then,
                                .then_count = p->trial == NULL ? s->devices.then_count : 0,
                            });
}

#define BUFS(p)                                                                                              \
    {                                                                                                        \
        &(p)->url, &(p)->headers, &(p)->body, &(p)->subject, &(p)->san, &(p)->csr, &(p)->signer,             \
            &(p)->message                                                                                    \
    }

/* Out of memory or descriptors at the very start is no device's failure: the caller books it as unsent. */
bool phone_start(struct engine *en, const struct load_arrival *a, struct trial *trial, struct err *e)
{
    struct phone *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a device");
    int64_t now = engine_now(en), timeout = en->config->scenario->limits.device_timeout_us;
    if (!http_session_new(en->http, &p->session, e) || !link_in(en, p, now + timeout, e)) {
        http_session_free(p->session);
        free(p);
        return false;
    }
    struct buf *const bufs[] = BUFS(p);
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_init(bufs[i], BYTES_MAX_MESSAGE);
    p->engine = en;
    p->trial = trial;
    init_device(p, a, timeout);
    if (trial == NULL) {
        engine_tell_start(en, a, now);
        lab_device_started(en->lab);
    }
    phone_feed(p, &(struct device_event){.kind = DEVICE_STARTS});
    return true;
}

/* Only when no job is out: one may still be reading the challenge. */
static void free_phone(struct phone *p)
{
    crypto_cancel(p); /* it may stand in line */
    if (p->trial != NULL)
        lab_take(p);
    passwords_return(p);
    http_session_free(p->session);
    scep_ca_free(p->ca);
    scep_certrep_clear(&p->reply);
    free(p->finding);
    keys_clear(p);
    exemplar_clear(p);
    buf_wipe(&p->csr); /* may hold the challenge */
    struct buf *const bufs[] = BUFS(p);
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_clear(bufs[i]);
    p->engine->phones--;
    free(p->seat);
    free(p);
}

/* Tells the steps whose verdict was out. The one in whose stage something failed is the failed one, whether the device
 * ended there or went on. */
static void tell_held(struct phone *p)
{
    const struct err *failure = &p->device.outcome.error, *setback = &p->device.setback;
    for (size_t i = 0; i < p->held_count; i++) {
        struct outcome_step *step = &p->held_steps[i];
        step->failed |= p->ended && err_is_set(failure) && failure->stage == step->stage;
        step->failed |= err_is_set(setback) && setback->stage == step->stage;
        step->timed_out |=
            step->failed && p->ended && p->device.outcome.timed_out && failure->stage == step->stage;
        if (p->trial == NULL)
            engine_tell_step(p->engine, step);
    }
    p->held_count = 0;
}

void phone_hold(struct phone *p, enum stage stage, int64_t queued_us, int64_t started_us,
                const struct http_response *r)
{
    if (p->held_count == ENGINE_MAX_HELD)
        tell_held(p);
    struct outcome_step *step = &p->held_steps[p->held_count++];
    *step = (struct outcome_step){
        .device = p->device.outcome.device,
        .stage = stage,
        .phase = p->device.outcome.phase,
        .profile = p->device.outcome.profile,
        .warm_up = p->device.outcome.warm_up,
        .queued_us = queued_us,
        .started_us = started_us < queued_us ? queued_us : started_us,
        .finished_us = engine_now(p->engine),
    };
    if (r != NULL) {
        step->failed = err_is_set(&r->error);
        step->timed_out =
            r->error.reason == REASON_REQUEST_TIMEOUT || r->error.reason == REASON_CONNECT_TIMEOUT;
        step->bytes_sent = r->bytes_sent;
        step->bytes_received = r->bytes_received;
        step->http_status = r->status;
    }
}

static void end(struct phone *p)
{
    struct engine *en = p->engine;
    struct outcome *o = &p->device.outcome;
    p->ended = true;
    link_out(en, p);
    tell_held(p);
    passwords_settle(p);
    if (p->trial != NULL)
        return;
    struct asked asked[OUTCOME_FOLLOW_COUNT + 1];
    exemplar_hand(p, asked);
    engine_tell_device(en, o);
}

static void set_deadline(struct phone *p, int64_t at_us)
{
    p->seat->deadline_us = at_us;
    timers_change(p->engine, p->seat);
}

static void set_wake(struct phone *p, int64_t at_us, uint32_t generation)
{
    p->seat->wake_us = at_us;
    p->wake_generation = generation;
    timers_change(p->engine, p->seat);
}

static void make_csr(struct phone *p, const struct device_action *action)
{
    struct err e = {0};
    if (p->trial != NULL)
        lab_note_challenge(p);
    if (keys_choose(p, &e))
        crypto_begin(p, action);
    else
        phone_answer_now(p, DEVICE_FAILED, action->generation, &e);
}

static void fetch_challenge(struct phone *p, const struct device_action *action)
{
    if (p->trial != NULL && lab_has_challenge(p))
        phone_answer_now(p, DEVICE_DONE, action->generation, NULL);
    else
        passwords_fetch(p, action->generation);
}

static void send_request(struct phone *p, const struct device_action *action)
{
    struct device_action a = *action;
    if (p->trial != NULL)
        lab_alter(p, &a);
    requests_send(p, &a);
}

static void cancel(struct phone *p)
{
    p->cancelling = true;
    requests_cancel(p);
    passwords_cancel(p);
    crypto_cancel(p);
    p->cancelling = false;
}

static void perform(struct phone *p, const struct device_action *action)
{
    switch (action->kind) {
    case DEVICE_DEADLINE:
        set_deadline(p, action->at_us);
        break;
    case DEVICE_WAIT:
        set_wake(p, action->at_us, action->generation);
        break;
    case DEVICE_FETCH_CHALLENGE:
        fetch_challenge(p, action);
        break;
    case DEVICE_SEND:
        send_request(p, action);
        break;
    case DEVICE_PARSE_CA:
        requests_parse_ca(p, action->generation);
        break;
    case DEVICE_MAKE_CSR:
        make_csr(p, action);
        break;
    case DEVICE_MAKE_MESSAGE:
    case DEVICE_READ_REPLY:
    case DEVICE_PARSE_NEXT_CA:
        crypto_begin(p, action);
        break;
    case DEVICE_CANCEL:
        cancel(p);
        break;
    case DEVICE_END:
        end(p);
        break;
    case DEVICE_ACTION_COUNT:
        break;
    }
}

void phone_answer_now(struct phone *p, enum device_event_kind kind, uint32_t generation,
                      const struct err *why)
{
    if (why != NULL)
        p->error = *why;
    p->has_event = true;
    p->event = (struct device_event){
        .kind = kind, .generation = generation, .error = why != NULL ? &p->error : NULL};
}

/* Where this device is counted; NULL: nowhere. */
static uint32_t *whereabouts(struct phone *p)
{
    const struct device *d = &p->device;
    struct outcome_in_flight *now = &p->engine->whereabouts;
    if (p->trial != NULL || d->state == DEVICE_START || d->state == DEVICE_ENDED)
        return NULL;
    return d->state == DEVICE_PAUSED ? &now->pausing[device_stage(d)] : &now->busy[device_stage(d)];
}

static void step(struct phone *p, const struct device_event *event, struct device_actions *actions)
{
    uint32_t *left = whereabouts(p);
    device_step(&p->device, event, actions);
    uint32_t *entered = whereabouts(p);
    if (left != NULL)
        --*left;
    if (entered != NULL)
        ++*entered;
}

/* An action may have its answer at once (a static challenge, a cached CA certificate). It is taken up here, in a loop, so
 * that the stack stays flat. The phone may be gone when this returns. */
void phone_feed(struct phone *p, const struct device_event *event)
{
    struct device_event now = *event;
    do {
        struct device_actions actions;
        now.at_us = engine_now(p->engine);
        p->has_event = false;
        step(p, &now, &actions);
        exemplar_keep(p);
        for (size_t i = 0; i < actions.count; i++)
            perform(p, &actions.items[i]);
        now = p->event;
    } while (p->has_event);
    if (p->device.state != DEVICE_VERIFY && p->device.state != DEVICE_READ_NEXT_CA)
        tell_held(p); /* the verdict on PKIOperation is only known after the reply was read */
    p->device.setback = (struct err){0};
    if (p->ended && !p->crypto.busy)
        free_phone(p);
    else
        park(p);
}

void phone_due(struct phone *p, int64_t now_us)
{
    bool late = p->seat->deadline_us <= now_us;
    const struct device_event event = {.kind = late ? DEVICE_TIMEOUT : DEVICE_WAKE,
                                       .generation = p->wake_generation};
    set_wake(p, INT64_MAX, 0);
    phone_feed(p, &event);
}

void phone_abort(struct phone *p)
{
    phone_feed(p, &(struct device_event){.kind = DEVICE_ABORT});
}
