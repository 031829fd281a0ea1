/* One request after the other, each told as a page. */
#include "check/check.h"
#include "device/device.h"

#include <strings.h>

#define TIMEOUT_US INT64_C(20000000)
#define USER_AGENT "scepstorm/" SCEPSTORM_VERSION

struct check_web {
    uv_loop_t loop;
    struct http *http;
    struct http_session *session;
};

bool check_web_open(struct check *c, struct err *e)
{
    struct check_web *web = calloc(1, sizeof *web);
    const char *proxy = c->scenario->target.proxy;
    if (web == NULL || uv_loop_init(&web->loop) != 0) {
        free(web);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "cannot make an event loop");
    }
    c->web = web;
    return http_new(&web->loop, c->scenario->target.ca_file, &web->http, e) &&
           (proxy == NULL || http_set_proxy(web->http, proxy, e)) &&
           http_session_new(web->http, &web->session, e);
}

void check_web_close(struct check *c)
{
    struct check_web *web = c->web;
    if (web == NULL)
        return;
    http_session_free(web->session);
    http_free(web->http);
    uv_run(&web->loop, UV_RUN_DEFAULT);
    uv_loop_close(&web->loop);
    free(web);
    c->web = NULL;
}

static void on_page(void *user, struct http_response *r)
{
    struct check_page *page = user;
    page->error = r->error;
    page->status = r->status;
    page->timed_out = r->timed_out;
    page->took_us = r->timing.total_us;
    page->has_date = r->has_date;
    page->date_s = r->date_s;
    page->logon_complete = r->logon_complete;
    snprintf(page->server, sizeof page->server, "%s", r->server);
    snprintf(page->location, sizeof page->location, "%s", r->location);
    snprintf(page->authenticate, sizeof page->authenticate, "%s", r->authenticate);
    buf_clear(&page->body);
    page->body = r->body;
    r->body = (struct buf){0};
}

/* Scheme, host and port are the target's. */
static bool is_target(const struct check *c, const char *url)
{
    const char *base = c->scenario->target.url, *host = strstr(base, "://");
    size_t origin = host != NULL ? (size_t)(host + 3 - base) + strcspn(host + 3, "/?#") : 0;
    return origin > 0 && strncasecmp(url, base, origin) == 0 && strchr("/?#", url[origin]) != NULL;
}

void check_ask(struct check *c, const struct check_ask *ask, struct check_page *page)
{
    *page = (struct check_page){0};
    const char *address = ask->address == NULL && is_target(c, ask->url) ? c->place.pinned : ask->address;
    const struct http_request request = {.url = ask->url,
                                         .address = address,
                                         .method = ask->method,
                                         .body = ask->body,
                                         .content_type = "application/x-pki-message",
                                         .user_agent = USER_AGENT,
                                         .auth = ask->auth,
                                         .user = ask->user,
                                         .password = ask->password,
                                         .confidential = ask->auth != HTTP_AUTH_NONE || ask->once,
                                         .once = ask->once,
                                         .fresh = ask->fresh || ask->address != NULL,
                                         .timeout_us = TIMEOUT_US,
                                         .max_body = BYTES_MAX_MESSAGE,
                                         .stage = ask->stage};
    if (http_send(c->web->session, &request, on_page, page, &page->error))
        uv_run(&c->web->loop, UV_RUN_DEFAULT); /* until nothing is outstanding */
}

void check_page_clear(struct check_page *page)
{
    buf_wipe(&page->body); /* it may hold a password */
}

void check_get(struct check *c, const char *operation, const char *address, enum stage stage,
               struct check_page *page)
{
    const char *base = c->scenario->target.url;
    char url[2200];
    if (operation == NULL)
        snprintf(url, sizeof url, "%s", base);
    else
        snprintf(url, sizeof url, "%s%coperation=%s", base, strchr(base, '?') == NULL ? '?' : '&', operation);
    const struct check_ask ask = {.url = url, .address = address, .stage = stage};
    check_ask(c, &ask, page);
}

bool check_answered(const struct check_page *page)
{
    return !err_is_set(&page->error) && page->status == 200;
}

static enum outcome_body body_of(const struct check_page *page)
{
    return device_classify_body(page->server, buf_span(&page->body));
}

/* By its first character: the Server header says who answered, not what. */
bool check_is_html(const struct check_page *page)
{
    struct span body = buf_span(&page->body);
    size_t at = 0;
    while (at < body.len && at < 64 && strchr(" \t\r\n\xef\xbb\xbf\xff\xfe", body.data[at]) != NULL)
        at++;
    return at < body.len && body.data[at] == '<';
}

const char *check_why(const struct check_page *page, char *out, size_t out_bytes)
{
    if (err_is_set(&page->error))
        snprintf(out, out_bytes, "%s",
                 page->error.text[0] != '\0' ? page->error.text : base_reason_sentence(page->error.reason));
    else
        snprintf(out, out_bytes, "HTTP %d (%s)", page->status, outcome_body_id(body_of(page)));
    return out;
}

const char *check_who(const struct check_page *page)
{
    enum outcome_body body = body_of(page);
    if (body == OUTCOME_BODY_HTTPSYS || strncasecmp(page->server, "Microsoft-HTTPAPI", 17) == 0)
        return "HTTP.sys";
    if (body == OUTCOME_BODY_NDES_PAGE || body == OUTCOME_BODY_CERTREP)
        return "NDES";
    if (strncasecmp(page->server, "Microsoft-IIS", 13) == 0)
        return "IIS";
    return page->server[0] != '\0' ? page->server : "a server without a name";
}

void check_note_failure(struct check *c, const struct check_page *page, enum stage stage, const struct err *e)
{
    struct outcome *o = &c->failure;
    *o = (struct outcome){.end = OUTCOME_FAILED, .finished_us = page->took_us, .fail_info = -1};
    o->http_status = page->status;
    o->timed_out = page->timed_out;
    o->body = page->status == 0 ? OUTCOME_BODY_NONE : body_of(page);
    snprintf(o->server, sizeof o->server, "%s", page->server);
    if (e != NULL)
        o->error = *e;
    else if (err_is_set(&page->error))
        o->error = page->error;
    else if (page->status >= 300 && page->status < 400)
        err_set(&o->error, stage, REASON_REDIRECTED, "HTTP %d to %s", page->status, page->location);
    else
        err_set(&o->error, stage, REASON_HTTP_STATUS, "HTTP %d", page->status);
    o->error.stage = o->error.stage == STAGE_NONE ? stage : o->error.stage;
}
