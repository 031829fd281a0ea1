#include "device/device.h"

#include "device/table.h"

static const struct {
    const char *name;
    enum stage stage;
} states[DEVICE_STATE_COUNT] = {
#define AS_ROW(e, name, stage) [e] = {name, stage},
    DEVICE_STATES(AS_ROW)
#undef AS_ROW
};

static const char *const event_names[DEVICE_EVENT_COUNT] = {
#define AS_NAME(e, name) [e] = name,
    DEVICE_EVENTS(AS_NAME)
#undef AS_NAME
};

static const char *const action_names[DEVICE_ACTION_COUNT] = {
#define AS_NAME(e, name) [e] = name,
    DEVICE_ACTIONS(AS_NAME)
#undef AS_NAME
};

/* What a state asks for when it begins. */
static const struct {
    enum device_action_kind kind;
    enum persona_operation operation;
} beginnings[DEVICE_STATE_COUNT] = {
    [DEVICE_CHALLENGE] = {.kind = DEVICE_FETCH_CHALLENGE},
    [DEVICE_PAUSED] = {.kind = DEVICE_WAIT},
    [DEVICE_GET_CA_CAPS] = {DEVICE_SEND, PERSONA_GET_CA_CAPS},
    [DEVICE_GET_CA_CERT] = {DEVICE_SEND, PERSONA_GET_CA_CERT},
    [DEVICE_READ_CA] = {.kind = DEVICE_PARSE_CA},
    [DEVICE_CSR] = {.kind = DEVICE_MAKE_CSR},
    [DEVICE_BUILD] = {.kind = DEVICE_MAKE_MESSAGE},
    [DEVICE_PKI_OPERATION] = {DEVICE_SEND, PERSONA_PKI_OPERATION},
    [DEVICE_VERIFY] = {.kind = DEVICE_READ_REPLY},
    [DEVICE_GET_NEXT_CA_CERT] = {DEVICE_SEND, PERSONA_GET_NEXT_CA_CERT},
    [DEVICE_READ_NEXT_CA] = {.kind = DEVICE_PARSE_NEXT_CA},
};

const char *device_state_name(enum device_state state)
{
    return states[state].name;
}

const char *device_event_name(enum device_event_kind event)
{
    return event_names[event];
}

const char *device_action_name(enum device_action_kind action)
{
    return action_names[action];
}

void device_init(struct device *d, const struct device_config *config)
{
    *d = (struct device){
        .config = *config,
        .new_transaction = true,
        .outcome = {.device = config->index,
                    .phase = config->phase,
                    .profile = config->profile,
                    .warm_up = config->warm_up,
                    .scheduled_us = config->scheduled_us,
                    .fail_info = -1},
    };
    for (size_t i = 0; i < OUTCOME_FOLLOW_COUNT; i++)
        d->outcome.follow[i].fail_info = -1;
    struct device_config *c = &d->config;
    c->url_count = c->url_count > 0 ? c->url_count : 1;
    random_seed(&d->chance, c->seed, UINT64_C(2) << 40 | c->index);
    if (c->persona->url_order == PERSONA_URLS_RANDOM)
        d->url = (unsigned)random_below(&d->chance, c->url_count);
    /* A device that never asks for capabilities knows of none; a persona that insists on some asks. */
    if (!persona_choose(c->persona, span_of(NULL, 0), &d->choice, NULL))
        d->choice = (struct persona_choice){.digest = PKI_SHA1, .cipher = PKI_DES3_CBC};
}

/* Where it is. */

static enum stage pki_operation_stage(const struct device *d)
{
    static const enum stage stages[DEVICE_ERRAND_COUNT] = {
        [DEVICE_ENROLLS] = STAGE_PKI_OPERATION,
        [DEVICE_RENEWS] = STAGE_RENEWAL,
        [DEVICE_FETCHES_CERT] = STAGE_GET_CERT,
        [DEVICE_FETCHES_CRL] = STAGE_GET_CRL,
        [DEVICE_FETCHES_NEXT_CA] = STAGE_GET_NEXT_CA_CERT,
    };
    return d->polling ? STAGE_CERT_POLL : stages[d->errand];
}

static enum stage stage_in(const struct device *d, enum device_state state)
{
    if (state == DEVICE_PAUSED)
        return d->polling ? STAGE_CERT_POLL : states[d->resume].stage;
    return state == DEVICE_PKI_OPERATION ? pki_operation_stage(d) : states[state].stage;
}

enum stage device_stage(const struct device *d)
{
    return stage_in(d, d->state);
}

enum scep_message_type device_message(const struct device *d)
{
    static const enum scep_message_type renewals[] = {
        [PERSONA_RENEWAL_REQ] = SCEP_RENEWAL_REQ,
        [PERSONA_RENEWAL_UPDATE_REQ] = SCEP_UPDATE_REQ,
        [PERSONA_RENEWAL_PKCS_REQ_SIGNED] = SCEP_PKCS_REQ,
        [PERSONA_RENEWAL_RE_ENROLL] = SCEP_PKCS_REQ,
    };
    if (d->polling)
        return SCEP_CERT_POLL;
    if (d->errand == DEVICE_RENEWS)
        return renewals[d->config.persona->renewal];
    if (d->errand == DEVICE_FETCHES_CERT)
        return SCEP_GET_CERT;
    return d->errand == DEVICE_FETCHES_CRL ? SCEP_GET_CRL : SCEP_PKCS_REQ;
}

bool device_may_rebuild(const struct device *d)
{
    return d->config.persona->failure_retries + d->config.persona->http_retries > 0;
}

/* How it gets further. */

struct device_action *device_add(struct device *d, struct device_actions *out, enum device_action_kind kind)
{
    struct device_action *a = &out->items[out->count++];
    *a = (struct device_action){.kind = kind, .generation = d->generation, .at_us = d->wanted_us};
    return a;
}

/* Every question is a new generation, so the reply to an earlier one is known to be late. */
enum device_state device_begin(struct device *d, enum device_state state, struct device_actions *out)
{
    d->generation++;
    struct device_action *a = device_add(d, out, beginnings[state].kind);
    a->operation = beginnings[state].operation;
    a->stage = stage_in(d, state);
    a->message = device_message(d);
    a->url = d->url;
    if (a->kind == DEVICE_SEND) {
        d->asked = true;
        a->post = state == DEVICE_PKI_OPERATION && d->choice.post;
        device_note_request(d);
    }
    if (a->kind == DEVICE_MAKE_MESSAGE) {
        a->new_transaction = d->new_transaction;
        d->new_transaction = false;
    }
    return state;
}

enum device_state device_begin_at(struct device *d, enum device_state state, int64_t at_us,
                                  const struct device_event *event, struct device_actions *out)
{
    if (at_us <= event->at_us)
        return device_begin(d, state, out);
    d->resume = state;
    d->wanted_us = at_us;
    return device_begin(d, DEVICE_PAUSED, out);
}

enum device_state device_over(struct device *d, const struct err *why)
{
    d->verdict = why != NULL ? *why : (struct err){0};
    return DEVICE_OVER;
}

/* The only place where the state changes. */
static void enter(struct device *d, enum device_state state, int64_t now_us, struct device_actions *out)
{
    if (state == DEVICE_ENDED && d->state != DEVICE_ENDED) {
        d->generation++; /* nothing that was asked before is waited for any more */
        device_add(d, out, DEVICE_END);
    }
    d->state = state;
    d->entered_us = now_us;
}

/* The rules that hold everywhere. */

enum device_state device_go_on(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)event;
    return device_begin(d, d->resume, out);
}

enum device_state device_fail(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)out;
    device_note_time_out(d, event->timed_out);
    if (event->answer != NULL)
        device_note_answer(d, event->answer);
    return device_over(d, event->error);
}

/* In the words of somebody who watches the device. */
static const char *doing(const struct device *d)
{
    static const char *const words[DEVICE_STATE_COUNT] = {
        [DEVICE_START] = "about to begin",
        [DEVICE_CHALLENGE] = "waiting for its challenge",
        [DEVICE_PAUSED] = "pausing before its next request",
        [DEVICE_GET_CA_CAPS] = "waiting for the answer to GetCACaps",
        [DEVICE_GET_CA_CERT] = "waiting for the answer to GetCACert",
        [DEVICE_READ_CA] = "reading the CA certificates",
        [DEVICE_CSR] = "making its certificate request",
        [DEVICE_BUILD] = "building its message",
        [DEVICE_PKI_OPERATION] = "waiting for the answer to PKIOperation",
        [DEVICE_VERIFY] = "checking the answer to PKIOperation",
        [DEVICE_GET_NEXT_CA_CERT] = "waiting for the answer to GetNextCACert",
        [DEVICE_READ_NEXT_CA] = "reading the next CA certificates",
        [DEVICE_OVER] = "between two errands",
        [DEVICE_ENDED] = "done",
    };
    if (d->state == DEVICE_PAUSED && d->resume == DEVICE_BUILD)
        return d->polling ? "waiting to poll again" : "waiting to try again";
    return words[d->state];
}

static enum device_state cut_off(struct device *d, enum outcome_end end, const struct err *why,
                                 const struct device_event *event, struct device_actions *out)
{
    d->wanted_us = event->at_us;
    device_add(d, out, DEVICE_CANCEL);
    device_over(d, why);
    device_settle(d, end, event->at_us);
    return DEVICE_ENDED;
}

enum device_state device_time_out(struct device *d, const struct device_event *event,
                                  struct device_actions *out)
{
    struct err e = {0};
    device_note_time_out(d, true);
    err_set(&e, device_stage(d), REASON_DEVICE_TIMEOUT, "not %s within %.1f s; it was %s",
            d->errand == DEVICE_ENROLLS ? "enrolled" : "done", (double)d->config.timeout_us / 1e6, doing(d));
    return cut_off(d, OUTCOME_FAILED, &e, event, out);
}

enum device_state device_abandon(struct device *d, const struct device_event *event,
                                 struct device_actions *out)
{
    struct err e = {0};
    err_set(&e, device_stage(d), REASON_ABORTED, "the run was stopped while the device was %s", doing(d));
    return cut_off(d, OUTCOME_ABANDONED, &e, event, out);
}

enum device_state device_ignore(struct device *d, const struct device_event *event,
                                struct device_actions *out)
{
    (void)event;
    (void)out;
    d->late++;
    return DEVICE_ENDED;
}

static enum device_state unexpected(struct device *d, const struct device_event *event,
                                    struct device_actions *out)
{
    struct err e = {0};
    err_set(&e, device_stage(d), REASON_UNEXPECTED_EVENT, "\"%s\" came while the device was %s",
            event_names[event->kind], doing(d));
    return cut_off(d, OUTCOME_FAILED, &e, event, out);
}

/* A rule that leads where the table does not allow is this program's mistake. */
static enum device_state apply(struct device *d, const struct device_rule *rule,
                               const struct device_event *event, struct device_actions *out)
{
    struct err e = {0};
    enum device_state next = rule->act(d, event, out);
    if ((rule->to & 1u << next) != 0)
        return next;
    out->count = 0;
    err_set(&e, device_stage(d), REASON_INTERNAL, "%s led from %s to %s", rule->does, states[d->state].name,
            states[next].name);
    return cut_off(d, OUTCOME_FAILED, &e, event, out);
}

static bool is_reply(enum device_event_kind kind)
{
    return kind != DEVICE_STARTS && kind != DEVICE_TIMEOUT && kind != DEVICE_ABORT;
}

void device_step(struct device *d, const struct device_event *event, struct device_actions *out)
{
    out->count = 0;
    if (is_reply(event->kind) && event->generation != d->generation) {
        d->late++;
        return;
    }
    if (event->kind != DEVICE_WAKE)
        d->wanted_us = event->at_us;
    const struct device_rule *rule = &device_table[d->state][event->kind];
    enum device_state next = rule->act == NULL ? unexpected(d, event, out) : apply(d, rule, event, out);
    if (next == DEVICE_OVER)
        next = apply(d, &device_after_errand, event, out);
    enter(d, next, event->at_us, out);
}
