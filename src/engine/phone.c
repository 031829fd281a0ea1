/* A device in flight: its state machine fed with events, its actions carried out, its end told. */
#include "base/random.h"
#include "engine/internal.h"

static unsigned choose_profile(const struct scenario *s, uint64_t device)
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

static void link_in(struct engine *en, struct phone *p)
{
    p->previous = en->last;
    if (en->last != NULL)
        en->last->next = p;
    else
        en->first = p;
    en->last = p;
    en->phones++;
    if (++en->in_flight > en->result->generator.in_flight_max)
        en->result->generator.in_flight_max = en->in_flight;
}

static void link_out(struct engine *en, struct phone *p)
{
    *(p->previous != NULL ? &p->previous->next : &en->first) = p->next;
    *(p->next != NULL ? &p->next->previous : &en->last) = p->previous;
    en->in_flight--;
}

/* Out of memory or descriptors at the very start is no device's failure: the caller books it as unsent. */
bool phone_start(struct engine *en, const struct load_arrival *a, const struct pki_key *key, struct err *e)
{
    struct phone *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a device");
    if (!http_session_new(en->http, &p->session, e)) {
        free(p);
        return false;
    }
    int64_t now = engine_now(en), timeout = en->config->scenario->limits.device_timeout_us;
    struct buf *const bufs[] = {&p->url, &p->headers, &p->body,   &p->subject,
                                &p->csr, &p->signer,  &p->message};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_init(bufs[i], BYTES_MAX_MESSAGE);
    p->engine = en;
    p->key = key;
    p->deadline_us = now + timeout;
    device_init(&p->device, &(struct device_config){.index = a->index,
                                                    .phase = a->phase,
                                                    .profile = choose_profile(en->config->scenario, a->index),
                                                    .warm_up = a->warm_up,
                                                    .scheduled_us = a->scheduled_us,
                                                    .timeout_us = timeout});
    link_in(en, p);
    engine_tell_start(en, a, now);
    phone_feed(p, &(struct device_event){.kind = DEVICE_STARTS});
    return true;
}

/* Only when no job is out: one may still be reading the challenge. */
static void free_phone(struct phone *p)
{
    reservoir_return(p);
    http_session_free(p->session);
    scep_ca_free(p->ca);
    scep_certrep_clear(&p->reply);
    buf_wipe(&p->csr); /* holds the challenge */
    struct buf *const bufs[] = {&p->url, &p->headers, &p->body, &p->subject, &p->signer, &p->message};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_clear(bufs[i]);
    p->engine->phones--;
    free(p);
}

/* Tells the steps whose verdict was out. The one in whose stage the device failed is the failed one. */
static void tell_held(struct phone *p)
{
    const struct outcome *o = &p->device.outcome;
    for (size_t i = 0; i < p->held_count; i++) {
        p->held[i].failed |= p->ended && o->error.reason != REASON_NONE && o->error.stage == p->held[i].stage;
        engine_tell_step(p->engine, &p->held[i]);
    }
    p->held_count = 0;
}

void phone_hold(struct phone *p, enum stage stage, int64_t queued_us, int64_t started_us,
                const struct http_response *r)
{
    if (p->held_count == ENGINE_MAX_HELD)
        tell_held(p);
    struct outcome_step *step = &p->held[p->held_count++];
    *step = (struct outcome_step){
        .device = p->device.outcome.device,
        .stage = stage,
        .warm_up = p->device.outcome.warm_up,
        .queued_us = queued_us,
        .started_us = started_us < queued_us ? queued_us : started_us,
        .finished_us = engine_now(p->engine),
    };
    if (r != NULL) {
        step->failed = err_is_set(&r->error);
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
    if (o->end == OUTCOME_FAILED) {
        o->request_url = buf_span(&p->url);
        o->response_headers = buf_span(&p->headers);
        o->response_body = buf_span(&p->body);
    }
    engine_tell_device(en, o);
}

static void perform(struct phone *p, const struct device_action *action)
{
    switch (action->kind) {
    case DEVICE_DEADLINE:
        p->deadline_us = action->at_us;
        break;
    case DEVICE_FETCH_CHALLENGE:
        reservoir_fetch(p->engine->reservoir, p, action->generation);
        break;
    case DEVICE_SEND:
        requests_send(p, action);
        break;
    case DEVICE_PARSE_CA:
        requests_parse_ca(p, action->generation);
        break;
    case DEVICE_MAKE_CSR:
        crypto_begin(p, JOB_CSR, action->generation);
        break;
    case DEVICE_MAKE_MESSAGE:
        crypto_begin(p, JOB_MESSAGE, action->generation);
        break;
    case DEVICE_READ_REPLY:
        crypto_begin(p, JOB_REPLY, action->generation);
        break;
    case DEVICE_CANCEL:
        p->cancelling = true;
        requests_cancel(p);
        reservoir_cancel(p->engine->reservoir, p);
        crypto_cancel(p);
        p->cancelling = false;
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

/* An action may have its answer at once (a static challenge, a cached CA certificate). It is taken up here, in a loop, so
 * that the stack stays flat. The phone may be gone when this returns. */
void phone_feed(struct phone *p, const struct device_event *event)
{
    struct device_event now = *event;
    do {
        struct device_actions actions;
        now.at_us = engine_now(p->engine);
        p->has_event = false;
        device_step(&p->device, &now, &actions);
        for (size_t i = 0; i < actions.count; i++)
            perform(p, &actions.items[i]);
        now = p->event;
    } while (p->has_event);
    if (p->device.state != DEVICE_VERIFY)
        tell_held(p); /* the verdict on PKIOperation is only known after the reply was read */
    if (p->ended && !p->crypto.busy)
        free_phone(p);
}

void phone_timeout(struct phone *p)
{
    phone_feed(p, &(struct device_event){.kind = DEVICE_TIMEOUT});
}

void phone_abort(struct phone *p)
{
    phone_feed(p, &(struct device_event){.kind = DEVICE_ABORT});
}
