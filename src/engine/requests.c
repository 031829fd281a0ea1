/* The device's HTTP requests: URLs out, answers and timed steps back. */
#include "base/text.h"
#include "engine/internal.h"

/* RFC 8894 4.1: the message of a GET is base64, percent-encoded as a whole: a raw `+` is a blank to many servers. */
static bool put_message(struct buf *url, struct span message)
{
    struct buf base64;
    buf_init(&base64, 2 * BYTES_MAX_MESSAGE);
    bool ok = text_base64(message, &base64) && buf_append_text(url, "&message=") &&
              text_percent_encode(buf_span(&base64), url);
    buf_clear(&base64);
    return ok;
}

static const char *make_url(struct phone *p, const struct device_action *action)
{
    const char *base = p->engine->config->scep_url;
    buf_reset(&p->url);
    buf_appendf(&p->url, "%s%coperation=%s", base, strchr(base, '?') == NULL ? '?' : '&',
                device_operation_name(action->operation));
    if (action->operation == DEVICE_OP_PKI_OPERATION && !action->post)
        put_message(&p->url, buf_span(&p->message));
    return p->url.failed ? NULL : buf_text(&p->url);
}

/* The parts of a new connection, as steps of their own; returns when the request itself could begin. */
static int64_t hold_connection(struct phone *p, const struct http_response *r)
{
    const struct {
        enum stage stage;
        int64_t us;
    } parts[] = {
        {STAGE_DNS, p->engine->numeric_host ? 0 : r->timing.dns_us},
        {STAGE_TCP, r->timing.tcp_us},
        {STAGE_TLS, r->timing.tls_us},
    };
    int64_t at = p->asked_us;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bool failed = r->error.stage == parts[i].stage && err_is_set(&r->error);
        if (parts[i].us == 0 && !failed)
            continue;
        phone_hold(p, parts[i].stage, at, at, NULL);
        struct outcome_step *step = &p->held[p->held_count - 1];
        step->failed = failed;
        if (!failed)
            step->finished_us = at + parts[i].us;
        at += parts[i].us;
    }
    return p->asked_us + r->timing.ready_us;
}

static void hold_steps(struct phone *p, const struct http_response *r)
{
    int64_t ready = hold_connection(p, r);
    bool connecting =
        r->error.stage == STAGE_DNS || r->error.stage == STAGE_TCP || r->error.stage == STAGE_TLS;
    if (!connecting)
        phone_hold(p, device_operation_stage(p->operation), p->asked_us, ready, r);
}

static void keep_evidence(struct phone *p, struct http_response *r)
{
    buf_clear(&p->headers);
    buf_clear(&p->body);
    p->headers = r->headers;
    p->body = r->body;
    r->headers = (struct buf){0};
    r->body = (struct buf){0};
}

static void on_response(void *user, struct http_response *r)
{
    struct phone *p = user;
    hold_steps(p, r);
    if (p->operation == DEVICE_OP_PKI_OPERATION) {
        buf_clear(&p->message);
        if (r->sent)
            reservoir_used(p, p->asked_us + r->timing.ready_us);
    }
    if (p->cancelling)
        return; /* the device asked for it and waits for nothing */
    facts_answer(p->engine, p->operation, r);
    keep_evidence(p, r);
    const struct device_answer answer = {
        .status = r->status, .server = r->server, .location = r->location, .body = buf_span(&p->body)};
    const struct device_event event = {
        .kind = err_is_set(&r->error) ? DEVICE_FAILED : DEVICE_ANSWER,
        .generation = p->asked_generation,
        .error = &r->error,
        .timed_out = r->timed_out,
        .answer = &answer,
    };
    phone_feed(p, &event);
}

void requests_send(struct phone *p, const struct device_action *action)
{
    struct err e = {0};
    enum stage stage = device_operation_stage(action->operation);
    buf_reset(&p->headers);
    buf_reset(&p->body);
    const char *url = make_url(p, action);
    const struct http_request request = {
        .url = url,
        .method = action->post ? HTTP_POST : HTTP_GET,
        .body = buf_span(&p->message),
        .content_type = "application/x-pki-message",
        .user_agent = ENGINE_USER_AGENT,
        .timeout_us = p->engine->config->scenario->limits.request_timeout_us,
        .max_body = BYTES_MAX_MESSAGE,
        .once =
            action->operation == DEVICE_OP_PKI_OPERATION, /* it carries a password that is good for one use */
        .stage = stage,
    };
    p->asked_us = engine_now(p->engine);
    p->asked_generation = action->generation;
    p->operation = action->operation;
    if (url == NULL)
        err_set(&e, stage, REASON_NO_MEMORY, "no memory for a URL");
    else if (http_send(p->session, &request, on_response, p, &e))
        return;
    phone_answer_now(p, DEVICE_FAILED, action->generation, &e);
}

void requests_cancel(struct phone *p)
{
    http_cancel(p->session);
}

void requests_parse_ca(struct phone *p, uint32_t generation)
{
    struct err e = {0};
    bool ok = facts_ca(p->engine, buf_span(&p->body), &p->ca, &e);
    phone_answer_now(p, ok ? DEVICE_DONE : DEVICE_FAILED, generation, ok ? NULL : &e);
}
