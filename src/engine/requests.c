/* The device's HTTP requests: URLs out, answers and timed steps back. */
#include "engine/lab.h"

#include <arpa/inet.h>

#define HEADER_BYTES 2048

/* Headers are the same for every device of a profile. */
static struct buf *headers_of(const struct engine *en, unsigned profile, bool post)
{
    return &en->headers[2 * profile + post];
}

bool requests_prepare(struct engine *en, struct err *e)
{
    const struct scenario *s = en->config->scenario;
    en->headers = calloc(2 * s->devices.profile_count, sizeof *en->headers);
    if (en->headers == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for request headers");
    for (unsigned i = 0; i < 2 * s->devices.profile_count; i++) {
        struct buf *b = headers_of(en, i / 2, i % 2 == 1);
        buf_init(b, HEADER_BYTES);
        if (!persona_headers(&s->devices.profiles[i / 2].persona, i % 2 == 1, b, e) || buf_text(b) == NULL)
            return buf_ok(b, STAGE_SETUP, e);
    }
    return true;
}

void requests_forget(struct engine *en)
{
    for (size_t i = 0; en->headers != NULL && i < 2 * en->config->scenario->devices.profile_count; i++)
        buf_clear(&en->headers[i]);
    free(en->headers);
    en->headers = NULL;
}

struct span requests_headers(const struct phone *p, bool post)
{
    return buf_span(headers_of(p->engine, p->device.outcome.profile, post));
}

static const char *base_url(const struct engine *en, unsigned url)
{
    const struct scenario *s = en->config->scenario;
    return url < s->target.url_count ? s->target.urls[url] : en->config->scep_url;
}

static const char *make_url(struct phone *p, const struct device_action *action, struct err *e)
{
    bool by_get = action->operation == PERSONA_PKI_OPERATION && !action->post;
    struct span message = by_get ? buf_span(&p->message) : span_of(NULL, 0);
    buf_reset(&p->url);
    const char *url = NULL;
    if (persona_url(p->persona, base_url(p->engine, action->url), action->operation, action->post, message,
                    &p->url, e))
        url = buf_text(&p->url);
    if (url == NULL)
        err_set(e, action->stage, REASON_NO_MEMORY, "no memory for a URL");
    return url;
}

/* An address needs no name lookup. */
static bool is_numeric_host(const char *url)
{
    const char *host = strstr(url, "://");
    struct in_addr v4;
    char text[64];
    host = host == NULL ? url : host + 3;
    if (host[0] == '[')
        return true;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(host, ":/?"), host);
    return inet_pton(AF_INET, text, &v4) == 1;
}

/* Where the request connects to: a pinned address needs no name lookup, and a proxy looks names up itself. */
static bool looks_nothing_up(const struct phone *p)
{
    const struct scenario *s = p->engine->config->scenario;
    const char *url = s->target.proxy != NULL ? s->target.proxy : base_url(p->engine, p->sent.url);
    return s->target.address_count > 0 || is_numeric_host(url);
}

/* The parts of a new connection, as steps of their own; returns when the request itself could begin. */
static int64_t hold_connection(struct phone *p, const struct http_response *r)
{
    const struct {
        enum stage stage;
        int64_t us;
    } parts[] = {
        {STAGE_DNS, looks_nothing_up(p) ? 0 : r->timing.dns_us},
        {STAGE_TCP, r->timing.tcp_us},
        {STAGE_TLS, r->timing.tls_us},
    };
    int64_t at = p->asked_us;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bool failed = r->error.stage == parts[i].stage && err_is_set(&r->error);
        if (parts[i].us == 0 && !failed)
            continue;
        phone_hold(p, parts[i].stage, at, at, NULL);
        struct outcome_step *step = &p->held_steps[p->held_count - 1];
        step->failed = failed;
        step->timed_out = failed && r->error.reason == REASON_CONNECT_TIMEOUT;
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
        phone_hold(p, p->sent.stage, p->sent.at_us, ready, r);
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

/* Which node of a farm it was. */
static void note_address(struct phone *p, const struct http_response *r)
{
    struct outcome *o = &p->device.outcome;
    bool direct = p->engine->config->scenario->target.proxy == NULL;
    if (direct && r->status != 0)
        snprintf(o->address, sizeof o->address, "%s", r->peer);
}

static void on_response(void *user, struct http_response *r)
{
    struct seat *seat = user;
    struct phone *p = park_return(seat);
    if (p == NULL) { /* its answer is lost, and its time-out will end it */
        engine_lack_memory(seat->engine);
        return;
    }
    hold_steps(p, r);
    bool kept = p->trial != NULL && lab_keeps_password(p);
    if (p->sent.operation == PERSONA_PKI_OPERATION && r->sent && !kept)
        passwords_used(p, p->asked_us + r->timing.ready_us);
    if (p->cancelling)
        return; /* the device asked for it and waits for nothing */
    note_address(p, r);
    facts_answer(p->engine, p->sent.operation, r);
    keep_evidence(p, r);
    const struct device_answer answer = {.status = r->status,
                                         .server = r->server,
                                         .location = r->location,
                                         .content_type = r->content_type,
                                         .body = buf_span(&p->body)};
    const struct device_event event = {
        .kind = err_is_set(&r->error) ? DEVICE_FAILED : DEVICE_ANSWER,
        .generation = p->sent.generation,
        .error = &r->error,
        .timed_out = r->timed_out,
        .answer = &answer,
    };
    phone_feed(p, &event);
}

/* Round robin, so that each address bears the same share of ports. */
static const char *source_of(const struct phone *p)
{
    const struct scenario *s = p->engine->config->scenario;
    return s->target.source_count == 0 ? NULL
                                       : s->target.sources[p->device.outcome.device % s->target.source_count];
}

/* As for sources. A device stays with its node. */
static const char *address_of(const struct phone *p)
{
    const struct scenario *s = p->engine->config->scenario;
    size_t count = s->target.address_count;
    return count == 0 ? NULL : s->target.addresses[p->device.outcome.device % count];
}

void requests_send(struct phone *p, const struct device_action *action)
{
    struct err e = {0};
    const struct persona *persona = p->persona;
    int64_t timeout = persona->request_timeout;
    buf_clear(&p->headers); /* others come; until then a device that waits holds none */
    buf_clear(&p->body);
    const struct http_request request = {
        .url = make_url(p, action, &e),
        .method = action->post ? HTTP_POST : HTTP_GET,
        .body = action->post ? buf_span(&p->message) : span_of(NULL, 0),
        .headers = buf_text(headers_of(p->engine, p->device.outcome.profile, action->post)),
        .http_1_0 = persona->http_version == PERSONA_HTTP_1_0,
        .fresh = persona->connection == PERSONA_CONNECTION_PER_REQUEST,
        .source = source_of(p),
        .address = address_of(p),
        .timeout_us = timeout > 0 ? timeout : p->engine->config->scenario->limits.request_timeout_us,
        .max_body = BYTES_MAX_MESSAGE,
        .once = action->operation == PERSONA_PKI_OPERATION, /* its password is good for one use */
        .stage = action->stage,
    };
    p->asked_us = engine_now(p->engine);
    p->sent = *action;
    if (request.url == NULL || !http_send(p->session, &request, on_response, p->seat, &e))
        phone_answer_now(p, DEVICE_FAILED, action->generation, &e);
    buf_fit(&p->url); /* libcurl has a copy; this one is evidence */
}

void requests_cancel(struct phone *p)
{
    http_cancel(p->session);
}

void requests_parse_ca(struct phone *p, uint32_t generation)
{
    struct err e = {0};
    scep_ca_free(p->ca); /* some clients ask twice */
    p->ca = NULL;
    bool ok = facts_ca(p->engine, buf_span(&p->body), &p->ca, &e);
    if (ok)
        buf_clear(&p->body);
    phone_answer_now(p, ok ? DEVICE_DONE : DEVICE_FAILED, generation, ok ? NULL : &e);
}
