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

static const struct {
    const char *name;
    enum stage stage;
} operations[] = {
    [DEVICE_OP_GET_CA_CAPS] = {"GetCACaps", STAGE_GET_CA_CAPS},
    [DEVICE_OP_GET_CA_CERT] = {"GetCACert", STAGE_GET_CA_CERT},
    [DEVICE_OP_PKI_OPERATION] = {"PKIOperation", STAGE_PKI_OPERATION},
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

const char *device_operation_name(enum device_operation operation)
{
    return operations[operation].name;
}

enum stage device_operation_stage(enum device_operation operation)
{
    return operations[operation].stage;
}

void device_init(struct device *d, const struct device_config *config)
{
    *d = (struct device){
        .timeout_us = config->timeout_us,
        .outcome = {.device = config->index,
                    .phase = config->phase,
                    .profile = config->profile,
                    .warm_up = config->warm_up,
                    .scheduled_us = config->scheduled_us,
                    .fail_info = -1},
    };
}

static struct device_action *add(struct device *d, struct device_actions *out, enum device_action_kind kind)
{
    struct device_action *a = &out->items[out->count++];
    *a = (struct device_action){.kind = kind, .generation = d->generation};
    return a;
}

/* Every question is a new generation, so the reply to an earlier one is known to be late. */
static struct device_action *ask(struct device *d, struct device_actions *out, enum device_action_kind kind)
{
    d->generation++;
    return add(d, out, kind);
}

static bool send(struct device *d, struct device_actions *out, enum device_operation operation)
{
    d->outcome.http_status = 0; /* the earlier answer decides nothing any more */
    d->outcome.body = OUTCOME_BODY_NONE;
    d->outcome.server[0] = '\0';
    ask(d, out, DEVICE_SEND)->operation = operation;
    return true;
}

/* The only place where the state changes. */
static void enter(struct device *d, enum device_state state, int64_t now_us, struct device_actions *out)
{
    if (state == DEVICE_ENDED && d->state != DEVICE_ENDED) {
        d->outcome.finished_us = now_us;
        ask(d, out, DEVICE_END); /* nothing that was asked before is waited for any more */
    }
    d->state = state;
    d->entered_us = now_us;
}

static bool end_with(struct device *d, enum outcome_end end, const struct err *why)
{
    d->outcome.end = end;
    d->outcome.error = *why;
    return false;
}

static bool fail_with_status(struct device *d, const struct device_answer *a, enum device_operation operation)
{
    struct err e = {0};
    const char *name = device_operation_name(operation);
    enum stage stage = device_operation_stage(operation);
    if (a->status >= 300 && a->status < 400)
        err_set_detail(&e, stage, REASON_REDIRECTED, ERR_DOMAIN_HTTP, a->status, "%s: HTTP %d to %s", name,
                       a->status, a->location);
    else
        err_set_detail(&e, stage, REASON_HTTP_STATUS, ERR_DOMAIN_HTTP, a->status, "%s: HTTP %d", name,
                       a->status);
    return end_with(d, OUTCOME_FAILED, &e);
}

static void note_answer(struct device *d, const struct device_answer *a)
{
    struct outcome *o = &d->outcome;
    o->http_status = a->status;
    o->body = a->status == 0 ? OUTCOME_BODY_NONE : device_classify_body(a->server, a->body);
    snprintf(o->server, sizeof o->server, "%s", a->server);
}

/* The rules. A device always asks for a challenge; a source that has none says so at once. */

bool device_ask_challenge(struct device *d, const struct device_event *event, struct device_actions *out)
{
    d->outcome.started_us = event->at_us;
    add(d, out, DEVICE_DEADLINE)->at_us = event->at_us + d->timeout_us;
    ask(d, out, DEVICE_FETCH_CHALLENGE);
    return true;
}

bool device_ask_caps(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)event;
    return send(d, out, DEVICE_OP_GET_CA_CAPS);
}

/* RFC 8894 3.5.2 lets a client take an HTTP error as "no capabilities" and go on. This one does not: where every URL
 * gives 503 the person at the keyboard needs to see it at the first stage. An empty 200 goes on with the defaults. */
bool device_take_caps(struct device *d, const struct device_event *event, struct device_actions *out)
{
    note_answer(d, event->answer);
    if (event->answer->status != 200)
        return fail_with_status(d, event->answer, DEVICE_OP_GET_CA_CAPS);
    d->caps = scep_caps_parse(event->answer->body);
    return send(d, out, DEVICE_OP_GET_CA_CERT);
}

bool device_take_ca(struct device *d, const struct device_event *event, struct device_actions *out)
{
    note_answer(d, event->answer);
    if (event->answer->status != 200)
        return fail_with_status(d, event->answer, DEVICE_OP_GET_CA_CERT);
    ask(d, out, DEVICE_PARSE_CA);
    return true;
}

bool device_ask_csr(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)event;
    ask(d, out, DEVICE_MAKE_CSR);
    return true;
}

bool device_ask_message(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)event;
    ask(d, out, DEVICE_MAKE_MESSAGE);
    return true;
}

bool device_ask_pki_operation(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)event;
    send(d, out, DEVICE_OP_PKI_OPERATION);
    out->items[out->count - 1].post = (d->caps & SCEP_CAP_POST) != 0;
    return true;
}

/* Some servers put their CertRep into an HTTP 400 or 500, so what the body is counts before the status. */
bool device_take_reply(struct device *d, const struct device_event *event, struct device_actions *out)
{
    note_answer(d, event->answer);
    if (d->outcome.body == OUTCOME_BODY_CERTREP) {
        ask(d, out, DEVICE_READ_REPLY);
        return true;
    }
    if (event->answer->status != 200)
        return fail_with_status(d, event->answer, DEVICE_OP_PKI_OPERATION);
    struct err e = {0};
    err_set(&e, STAGE_PKI_OPERATION, REASON_NOT_SCEP,
            "PKIOperation: HTTP 200, but the body (%s, %zu bytes) is no CertRep",
            outcome_body_id(d->outcome.body), event->answer->body.len);
    return end_with(d, OUTCOME_FAILED, &e);
}

static void note_defects(struct outcome *o, const struct scep_certrep *reply, enum reason reason)
{
    o->nonce_mismatch = (reply->violated & SCEP_CHECK_NONCE) != 0 || reason == REASON_NONCE_MISMATCH;
    o->transaction_mismatch =
        (reply->violated & SCEP_CHECK_TRANSACTION) != 0 || reason == REASON_TRANSACTION_MISMATCH;
    o->key_mismatch = reason == REASON_KEY_MISMATCH;
    o->subject_mismatch = reason == REASON_SUBJECT_MISMATCH;
    o->chain_failure = reason == REASON_CHAIN;
}

static void name_text(struct span der, char *out, size_t out_bytes)
{
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, BYTES_MAX_MESSAGE);
    if (pki_name_to_text(der, &text, &ignored))
        snprintf(out, out_bytes, "%.*s", (int)text.len, (const char *)text.data);
    buf_clear(&text);
}

static void note_certificate(struct outcome *o, const struct pki_cert *cert)
{
    device_serial_text(pki_cert_serial(cert), o->serial, sizeof o->serial);
    name_text(pki_cert_subject(cert), o->subject, sizeof o->subject);
    name_text(pki_cert_issuer(cert), o->issuer, sizeof o->issuer);
    o->not_before = pki_cert_not_before(cert);
    o->not_after = pki_cert_not_after(cert);
}

/* A certificate that came is kept even when it is not the one that was asked for: it exists, and must be revocable. */
bool device_judge(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)out;
    struct outcome *o = &d->outcome;
    const struct scep_certrep *reply = event->reply;
    const char *words = reply->server_text[0] != '\0' ? reply->server_text : reply->fail_info_text;
    o->fail_info = reply->fail_info;
    o->has_hresult = reply->has_hresult;
    o->hresult = reply->hresult;
    snprintf(o->text, sizeof o->text, "%s", words);
    note_defects(o, reply, event->error == NULL ? REASON_NONE : event->error->reason);
    if (reply->issued != NULL)
        note_certificate(o, reply->issued);
    if (event->error != NULL)
        return end_with(d, OUTCOME_FAILED, event->error);
    o->end = OUTCOME_ENROLLED;
    return true;
}

bool device_fail(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)out;
    d->outcome.timed_out = event->timed_out;
    if (event->answer != NULL)
        note_answer(d, event->answer);
    return end_with(d, OUTCOME_FAILED, event->error);
}

bool device_time_out(struct device *d, const struct device_event *event, struct device_actions *out)
{
    struct err e = {0};
    (void)event;
    add(d, out, DEVICE_CANCEL);
    d->outcome.timed_out = true;
    err_set(&e, states[d->state].stage, REASON_DEVICE_TIMEOUT, "not enrolled within %.1f s; it was at %s",
            (double)d->timeout_us / 1e6, states[d->state].name);
    return end_with(d, OUTCOME_FAILED, &e);
}

bool device_abandon(struct device *d, const struct device_event *event, struct device_actions *out)
{
    struct err e = {0};
    (void)event;
    add(d, out, DEVICE_CANCEL);
    err_set(&e, states[d->state].stage, REASON_ABORTED, "the run was stopped while the device was at %s",
            states[d->state].name);
    return end_with(d, OUTCOME_ABANDONED, &e);
}

bool device_ignore(struct device *d, const struct device_event *event, struct device_actions *out)
{
    (void)event;
    (void)out;
    d->late++;
    return true;
}

static void unexpected(struct device *d, const struct device_event *event, struct device_actions *out)
{
    struct err e = {0};
    add(d, out, DEVICE_CANCEL);
    err_set(&e, states[d->state].stage, REASON_UNEXPECTED_EVENT, "%s while the device was at %s",
            event_names[event->kind], states[d->state].name);
    end_with(d, OUTCOME_FAILED, &e);
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
    const struct device_rule *rule = &device_table[d->state][event->kind];
    if (rule->act == NULL)
        unexpected(d, event, out);
    bool goes_on = rule->act != NULL && rule->act(d, event, out);
    enter(d, goes_on ? rule->next : DEVICE_ENDED, event->at_us, out);
}
