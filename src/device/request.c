/* The requests before PKIOperation, and what happens when a request fails: another URL, another time, or the end. */
#include "device/table.h"

/* A pause for thought lies between requests, not before the first one. */
static int64_t thoughtful(const struct device *d, const struct device_event *event)
{
    return event->at_us + (d->asked ? d->config.persona->think_time : 0);
}

enum device_state device_next_request(struct device *d, const struct device_event *event,
                                      struct device_actions *out)
{
    static const enum device_state states[PERSONA_OPERATION_COUNT] = {
        [PERSONA_GET_CA_CAPS] = DEVICE_GET_CA_CAPS,
        [PERSONA_GET_CA_CERT] = DEVICE_GET_CA_CERT,
    };
    const struct persona_list *order = &d->config.persona->order;
    enum device_state next = DEVICE_CSR;
    if (d->requests_made < order->count)
        next = states[order->items[d->requests_made++]];
    else if (!d->knows_ca)
        next = DEVICE_GET_CA_CERT; /* whatever the order says: without it there is nobody to encrypt to */
    return device_begin_at(d, next, thoughtful(d, event), event, out);
}

/* When it goes wrong. */

static void status_error(const struct device *d, int status, const char *location, struct err *e)
{
    static const enum persona_operation operations[DEVICE_STATE_COUNT] = {
        [DEVICE_GET_CA_CAPS] = PERSONA_GET_CA_CAPS,
        [DEVICE_GET_CA_CERT] = PERSONA_GET_CA_CERT,
        [DEVICE_READ_CA] = PERSONA_GET_CA_CERT,
        [DEVICE_PKI_OPERATION] = PERSONA_PKI_OPERATION,
        [DEVICE_GET_NEXT_CA_CERT] = PERSONA_GET_NEXT_CA_CERT,
    };
    const char *name = persona_operation_name(operations[d->state]);
    if (status >= 300 && status < 400)
        err_set_detail(e, device_stage(d), REASON_REDIRECTED, ERR_DOMAIN_HTTP, status, "%s: HTTP %d to %s",
                       name, status, location);
    else
        err_set_detail(e, device_stage(d), REASON_HTTP_STATUS, ERR_DOMAIN_HTTP, status, "%s: HTTP %d", name,
                       status);
}

static bool is_ours(enum reason reason)
{
    return reason == REASON_NO_MEMORY || reason == REASON_INTERNAL || reason == REASON_GENERATOR_LIMIT ||
           reason == REASON_ABORTED || reason == REASON_USAGE || reason == REASON_LIMIT;
}

/* The server could not be reached or is broken as a whole: another one may do better. */
static bool fail_over(struct device *d)
{
    if (d->urls_tried + 1 >= d->config.url_count)
        return false;
    d->urls_tried++;
    d->url = (d->url + 1) % d->config.url_count;
    d->outcome.retries++;
    return true;
}

/* A request that carries a message is built anew: a nonce is good for one message. */
static enum device_state retry(struct device *d, const struct device_event *event, struct device_actions *out)
{
    const struct persona *p = d->config.persona;
    bool built = d->state == DEVICE_PKI_OPERATION;
    d->http_retries++;
    d->urls_tried = 0;
    d->outcome.retries++;
    d->new_transaction = built && !d->polling && p->retry_transaction_id == PERSONA_RETRY_NEW;
    return device_begin_at(d, built ? DEVICE_BUILD : d->state, event->at_us + p->http_delay, event, out);
}

static enum device_state request_failed(struct device *d, bool elsewhere, const struct err *why,
                                        const struct device_event *event, struct device_actions *out)
{
    d->setback = *why;
    if (elsewhere && fail_over(d))
        return device_begin(d, d->state, out);
    if (d->http_retries < d->config.persona->http_retries && !is_ours(why->reason))
        return retry(d, event, out);
    d->setback = (struct err){0};
    device_note_time_out(d, event->timed_out);
    return device_over(d, why);
}

enum device_state device_try_again(struct device *d, const struct device_event *event,
                                   struct device_actions *out)
{
    if (event->answer != NULL)
        device_note_answer(d, event->answer);
    return request_failed(d, !is_ours(event->error->reason), event->error, event, out);
}

static enum device_state bad_status(struct device *d, const struct device_event *event,
                                    struct device_actions *out)
{
    struct err e = {0};
    status_error(d, event->answer->status, event->answer->location, &e);
    return request_failed(d, event->answer->status >= 500, &e, event, out);
}

static bool is_good(const struct device_answer *a)
{
    return a->status == 200;
}

static void answered(struct device *d)
{
    d->http_retries = 0;
    d->urls_tried = 0;
}

/* Whether the answer counts although its status is an error. A server that is down as a whole is left for another one even
 * by clients that do not look at the status. */
static bool looks_no_closer(const struct device *d, const struct device_answer *a)
{
    bool more_urls = a->status >= 500 && d->urls_tried + 1 < d->config.url_count;
    return !d->config.persona->http_status && !more_urls;
}

/* The rules. */

/* RFC 8894 3.5.2 lets a client take an HTTP error as "no capabilities" and go on; not every client does, and for the default
 * one the person at the keyboard needs to see a server that is down at the first stage. An empty 200 goes on with the
 * defaults. What a client makes of an error page is told as the HTTP error that it is. */
enum device_state device_take_caps(struct device *d, const struct device_event *event,
                                   struct device_actions *out)
{
    const struct persona *p = d->config.persona;
    const struct device_answer *a = event->answer;
    struct err e = {0};
    struct span body = a->body;
    device_note_answer(d, a);
    if (!is_good(a) && p->caps_http_error == PERSONA_CAPS_ERROR_GOES_ON)
        body = span_of(NULL, 0);
    else if (!is_good(a) && !looks_no_closer(d, a))
        return bad_status(d, event, out);
    if (!persona_choose(p, body, &d->choice, &e))
        return is_good(a) ? device_over(d, &e) : bad_status(d, event, out);
    answered(d);
    return device_next_request(d, event, out);
}

enum device_state device_take_ca(struct device *d, const struct device_event *event,
                                 struct device_actions *out)
{
    const struct device_answer *a = event->answer;
    struct err e = {0};
    device_note_answer(d, a);
    if (!is_good(a) && !looks_no_closer(d, a))
        return bad_status(d, event, out);
    answered(d);
    if (persona_takes_ca_type(d->config.persona, a->content_type))
        return device_begin(d, DEVICE_READ_CA, out);
    if (!is_good(a))
        return bad_status(d, event, out);
    err_set(&e, STAGE_GET_CA_CERT, REASON_CONTENT_TYPE, "GetCACert: Content-Type \"%.80s\", which %s refuses",
            a->content_type, d->config.persona->name);
    return device_over(d, &e);
}

enum device_state device_know_ca(struct device *d, const struct device_event *event,
                                 struct device_actions *out)
{
    d->knows_ca = true;
    return device_next_request(d, event, out);
}

/* What does not parse because it is an error page is an HTTP error to those who mend it. */
enum device_state device_doubt_ca(struct device *d, const struct device_event *event,
                                  struct device_actions *out)
{
    struct err e = {0};
    int status = device_http_status(d);
    if (status == 200)
        return device_fail(d, event, out);
    status_error(d, status, "elsewhere", &e);
    return device_over(d, &e);
}

enum device_state device_take_next_ca(struct device *d, const struct device_event *event,
                                      struct device_actions *out)
{
    device_note_answer(d, event->answer);
    if (!is_good(event->answer))
        return bad_status(d, event, out);
    answered(d);
    return device_begin(d, DEVICE_READ_NEXT_CA, out);
}

/* Some servers put their CertRep into an HTTP 400 or 500, so what the body is counts before the status. */
enum device_state device_take_reply(struct device *d, const struct device_event *event,
                                    struct device_actions *out)
{
    const struct device_answer *a = event->answer;
    enum outcome_body body = device_classify_body(a->server, a->body);
    struct err e = {0};
    device_note_answer(d, a);
    if (body != OUTCOME_BODY_CERTREP && !is_good(a))
        return bad_status(d, event, out);
    answered(d);
    if (body == OUTCOME_BODY_CERTREP)
        return device_begin(d, DEVICE_VERIFY, out);
    err_set(&e, device_stage(d), REASON_NOT_SCEP,
            "PKIOperation: HTTP 200, but the body (%s, %zu bytes) is no CertRep", outcome_body_id(body),
            a->body.len);
    return device_over(d, &e);
}
