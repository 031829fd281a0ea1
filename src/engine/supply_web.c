#include "engine/supply_web.h"

#include "engine/hide.h"
#include "engine/internal.h"

#include <strings.h>

#define MAX_REDIRECTS 2 /* ".../mscep_admin" leads to ".../mscep_admin/" */

struct web_line {
    struct web *web;
    unsigned number;
    struct http_session *session; /* a logon belongs to a connection, so each line has its own */
    struct challenge_request request;
    enum http_auth auth; /* of the attempt under way */
    bool logged_on;      /* its connection is, and the server asks no more */
    int64_t spent_us;    /* by the attempts before it */
};

struct web {
    struct supply supply;
    const struct web_kind *kind;
    struct supply_web_config config;
    struct supply_facts *facts;
    enum http_auth scheme; /* once it is chosen */
    bool chosen;
    bool proven;
    bool fell_back;   /* from Negotiate to NTLM */
    bool offers_ntlm; /* the server said so before Negotiate was tried */
    struct web_line *lines;
    struct hide *hide;
};

static const char *const scheme_names[] = {
    [HTTP_AUTH_NONE] = NULL,
    [HTTP_AUTH_BASIC] = "Basic",
    [HTTP_AUTH_NTLM] = "NTLM",
    [HTTP_AUTH_NEGOTIATE] = "Negotiate",
};
static const char *const scheme_ids[] = {
    [HTTP_AUTH_NONE] = NULL,
    [HTTP_AUTH_BASIC] = "basic",
    [HTTP_AUTH_NTLM] = "ntlm",
    [HTTP_AUTH_NEGOTIATE] = "negotiate",
};

/* ---- which scheme ---- */

/* Whether a list of challenges ("Negotiate, NTLM, Basic realm=...") names this scheme. */
static bool offers(const char *authenticate, enum http_auth auth)
{
    const char *name = scheme_names[auth];
    size_t len = name != NULL ? strlen(name) : 0;
    for (const char *at = authenticate; len > 0 && *at != '\0';) {
        at += strspn(at, " ,");
        if (strncasecmp(at, name, len) == 0 && strchr(" ,", at[len]) != NULL)
            return true;
        at += strcspn(at, ",");
    }
    return false;
}

/* Basic shows the password to everybody on the way: without being told to, only where nobody is. */
static bool is_private(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0 || scenario_is_loopback(url);
}

static bool can_use(const struct supply_web_config *c, enum http_auth auth)
{
    bool password = c->user != NULL && c->secret != NULL;
    switch (auth) {
    case HTTP_AUTH_NONE:
        return false;
    case HTTP_AUTH_BASIC:
        return password && is_private(c->url);
    case HTTP_AUTH_NTLM:
        return password && http_can(auth);
    case HTTP_AUTH_NEGOTIATE:
        return c->tickets && http_can(auth);
    }
    return false;
}

static bool choose(struct web *w, const char *authenticate)
{
    static const enum http_auth best_first[] = {HTTP_AUTH_NEGOTIATE, HTTP_AUTH_NTLM, HTTP_AUTH_BASIC};
    w->offers_ntlm = offers(authenticate, HTTP_AUTH_NTLM);
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        if (!offers(authenticate, best_first[i]) || !can_use(&w->config, best_first[i]))
            continue;
        w->scheme = best_first[i];
        w->chosen = true;
        return true;
    }
    return false;
}

/* Once, and only before Negotiate has ever worked: a server without its SPN looks like that. No password was refused. */
static bool fall_back(struct web *w)
{
    if (w->config.challenge->auth != CHALLENGE_AUTH_ANY || w->proven || w->fell_back || !w->offers_ntlm ||
        !can_use(&w->config, HTTP_AUTH_NTLM))
        return false;
    w->fell_back = w->facts->fell_back = true;
    w->scheme = HTTP_AUTH_NTLM;
    return true;
}

/* Whether there is another way to ask, after this answer. */
static bool try_otherwise(struct web_line *line, const struct http_response *r)
{
    struct web *w = line->web;
    bool unauthorized = r->status == 401 && !err_is_set(&r->error);
    if (line->auth == HTTP_AUTH_NEGOTIATE &&
        (unauthorized || (r->error.stage == STAGE_OTP && r->error.reason == REASON_OTP_TICKET)))
        return fall_back(w);
    if (line->auth != HTTP_AUTH_NONE || !unauthorized)
        return false;
    if (w->chosen)
        return w->scheme != HTTP_AUTH_NONE; /* the anonymous leg is over */
    return w->config.challenge->auth == CHALLENGE_AUTH_ANY && choose(w, r->authenticate);
}

/* ---- verdicts ---- */

static bool set_401(struct err *e, enum reason reason, const char *what, const struct http_response *r)
{
    return err_set_detail(e, STAGE_OTP, reason, ERR_DOMAIN_HTTP, 401, "HTTP 401%s; the server offers: %s",
                          what, r->authenticate[0] != '\0' ? r->authenticate : "nothing");
}

static void judge_401(const struct web_line *line, const struct http_response *r,
                      struct supply_answer *answer)
{
    const struct web *w = line->web;
    bool offered = offers(r->authenticate, line->auth);
    char what[80] = "";
    answer->logon_refused = true;
    if (line->auth == HTTP_AUTH_NONE && w->config.challenge->auth == CHALLENGE_AUTH_ANY) {
        set_401(&answer->error, REASON_OTP_SCHEME,
                ", and no scheme that these credentials and this libcurl can use", r);
    } else if (line->auth == HTTP_AUTH_NONE) {
        set_401(&answer->error, REASON_OTP_AUTH_REFUSED, " without a logon", r);
    } else if (line->auth != HTTP_AUTH_BASIC && !r->logon_complete && !offered) {
        snprintf(what, sizeof what, ", and %s is not offered", scheme_names[line->auth]);
        set_401(&answer->error, REASON_OTP_SCHEME, what, r);
    } else if (line->auth == HTTP_AUTH_BASIC && !offered) {
        set_401(&answer->error, REASON_OTP_SCHEME, ", and Basic is not offered", r);
    } else if (line->auth == HTTP_AUTH_NEGOTIATE && !r->logon_complete) {
        set_401(&answer->error, REASON_OTP_TICKET, " before a ticket was shown", r);
    } else {
        set_401(&answer->error, REASON_OTP_AUTH_REFUSED, "", r);
    }
}

void web_keep_page(enum challenge_page page, struct span body, struct buf *kept)
{
    struct err ignored = {0};
    bool foreign = page == CHALLENGE_PAGE_UNKNOWN || page == CHALLENGE_PAGE_LOGIN; /* forms hold tokens */
    if (foreign && !challenge_page_redact(body, kept, &ignored))
        buf_reset(kept);
    if (!foreign && page != CHALLENGE_PAGE_PASSWORD)
        buf_append_span(kept, body);
}

static void keep_any_page(struct span body, struct buf *kept)
{
    struct challenge_page_facts facts = {0};
    struct err ignored = {0};
    if (challenge_page_read(body, &facts, &ignored))
        web_keep_page(facts.kind, body, kept);
    challenge_page_clear(&facts);
}

/* An open page is one that shows a password; another one without logon may be anybody's. */
static void note_proven(struct web_line *line, bool has_password)
{
    struct web *w = line->web;
    if (line->auth != HTTP_AUTH_NONE || (!w->chosen && has_password)) {
        w->scheme = line->auth;
        w->chosen = true;
    }
    w->proven = w->proven || line->auth != HTTP_AUTH_NONE;
}

/* NTLM and Negotiate are for a connection, unless the server wants a logon for each request on it. */
static bool stays_logged_on(const struct web_line *line, const struct http_response *r)
{
    bool of_connection = line->auth == HTTP_AUTH_NTLM || line->auth == HTTP_AUTH_NEGOTIATE;
    bool again = r->logon_complete && !r->new_connection;
    return of_connection && r->status == 200 && !err_is_set(&r->error) && !again;
}

/* What others will read. */
static void hide_secret(const struct web *w, struct http_response *r, struct err *e, struct buf *kept)
{
    hide_in(w->hide, e->text, strlen(e->text));
    hide_in(w->hide, r->location, strlen(r->location));
    hide_in(w->hide, r->server, strlen(r->server));
    hide_in(w->hide, (char *)r->headers.data, r->headers.len);
    hide_in(w->hide, (char *)kept->data, kept->len);
}

static void finish(struct web_line *line, struct http_response *r)
{
    struct web *w = line->web;
    struct secret *secret = NULL;
    struct buf kept;
    struct supply_answer answer = {
        .secrets = &secret, .http = r, .url = w->config.url, .timed_out = r->timed_out};
    buf_init(&kept, BYTES_MAX_MESSAGE);
    line->logged_on = stays_logged_on(line, r);
    if (line->auth != HTTP_AUTH_NONE)
        w->facts->scheme = scheme_ids[line->auth];
    challenge_request_clear(&line->request);
    line->request = (struct challenge_request){0};
    if (err_is_set(&r->error)) {
        answer.error = r->error;
        answer.logon_refused = r->error.reason == REASON_OTP_TICKET || r->error.reason == REASON_OTP_SCHEME;
    } else if (r->status == 401) {
        judge_401(line, r, &answer);
        keep_any_page(buf_span(&r->body), &kept);
    } else {
        answer.logon_proven = r->status == 200;
        w->kind->read(&w->config, w->facts, r, &secret, &answer, &kept);
        if (answer.logon_proven)
            note_proven(line, secret != NULL);
    }
    answer.count = secret != NULL;
    hide_secret(w, r, &answer.error, &kept);
    answer.evidence = buf_span(&kept);
    w->supply.done(w->supply.user, line->number, &answer);
    secret_free(secret);
    buf_wipe(&kept);
    buf_wipe(&r->body); /* may show a password */
}

/* ---- lines ---- */

static bool ask(struct web_line *line, struct err *e);

static void on_response(void *user, struct http_response *r)
{
    struct web_line *line = user;
    line->spent_us += r->timing.total_us;
    if (try_otherwise(line, r)) {
        struct err e = {0};
        line->auth = line->web->scheme;
        if (ask(line, &e))
            return;
        r->error = e;
    }
    finish(line, r);
}

static bool ask(struct web_line *line, struct err *e)
{
    const struct supply_web_config *c = &line->web->config;
    struct challenge_request *q = &line->request;
    bool password = line->auth == HTTP_AUTH_BASIC || line->auth == HTTP_AUTH_NTLM;
    int64_t left_us = c->timeout_us - line->spent_us;
    const struct http_request request = {
        .url = buf_text(&q->url),
        .method = q->post ? HTTP_POST : HTTP_GET,
        .body = buf_span(&q->body),
        .user_agent = ENGINE_USER_AGENT,
        .headers = q->headers.len > 0 ? buf_text(&q->headers) : NULL,
        .address = c->address,
        .auth = line->auth,
        .user = line->auth != HTTP_AUTH_NONE ? c->user : NULL,
        .password = password ? c->secret : NULL,
        .timeout_us = left_us > SECOND_US ? left_us : SECOND_US,
        .max_body = BYTES_MAX_MESSAGE,
        .redirects = q->post ? 0 : MAX_REDIRECTS,
        .confidential = c->secret != NULL,
        .once = true, /* each page costs a password, each refusal a logon */
        .stage = STAGE_OTP,
    };
    if (request.url == NULL)
        return err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory for a request");
    return http_send(line->session, &request, on_response, line, e);
}

static bool fetch(struct supply *supply, unsigned number, const struct challenge_device *device,
                  struct err *e)
{
    struct web *w = (struct web *)supply;
    struct web_line *line = &w->lines[number];
    line->spent_us = 0;
    line->auth = w->chosen && !w->config.challenge->anonymous_first ? w->scheme : HTTP_AUTH_NONE;
    if (w->kind->prepare(&w->config, device, &line->request, e) && ask(line, e))
        return true;
    challenge_request_clear(&line->request);
    line->request = (struct challenge_request){0};
    return false;
}

static bool logs_on(const struct supply *supply, unsigned number)
{
    const struct web *w = (const struct web *)supply;
    return !w->chosen || (w->scheme != HTTP_AUTH_NONE && !w->lines[number].logged_on);
}

static void cancel(struct supply *supply, unsigned number)
{
    http_cancel(((struct web *)supply)->lines[number].session);
}

static void web_free(struct supply *supply)
{
    struct web *w = (struct web *)supply;
    for (unsigned i = 0; w->lines != NULL && i < w->config.lines; i++)
        http_session_free(w->lines[i].session);
    free(w->lines);
    hide_free(w->hide);
    free(w);
}

static const struct supply_kind supply_kind = {
    .fetch = fetch, .logs_on = logs_on, .cancel = cancel, .free = web_free};

/* A scheme that was asked for is used from the first request on. */
static void choose_at_once(struct web *w)
{
    static const enum http_auth schemes[] = {
        [CHALLENGE_AUTH_NONE] = HTTP_AUTH_NONE, [CHALLENGE_AUTH_BASIC] = HTTP_AUTH_BASIC,
        [CHALLENGE_AUTH_NTLM] = HTTP_AUTH_NTLM, [CHALLENGE_AUTH_NEGOTIATE] = HTTP_AUTH_NEGOTIATE,
        [CHALLENGE_AUTH_ANY] = HTTP_AUTH_NONE,
    };
    w->scheme = schemes[w->config.challenge->auth];
    w->chosen = w->config.challenge->auth != CHALLENGE_AUTH_ANY;
}

bool web_new(const struct web_kind *kind, const struct supply_web_config *config, struct supply_facts *facts,
             struct supply **out, struct err *e)
{
    struct web *w = calloc(1, sizeof *w);
    struct web_line *lines = calloc(config->lines, sizeof *lines);
    if (w == NULL || lines == NULL || !hide_new(config->user, config->secret, &w->hide, e)) {
        free(w);
        free(lines);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the passwords");
    }
    w->supply.kind = &supply_kind;
    w->kind = kind;
    w->config = *config;
    w->facts = facts;
    w->lines = lines;
    choose_at_once(w);
    for (unsigned i = 0; i < config->lines; i++) {
        lines[i].web = w;
        lines[i].number = i;
        if (!http_session_new(config->http, &lines[i].session, e)) {
            web_free(&w->supply);
            return false;
        }
    }
    *out = &w->supply;
    return true;
}
