/* The supply of challenges.
 *
 * NDES holds a handful of unused passwords at a time and gives each out once, so a whole run may hold no more than
 * `outstanding`: being fetched, waiting with a device, or in stock. A place is free again when the message that carried
 * the password has been answered. A password whose device failed before that goes into stock for the next one.
 *
 * A refused logon counts against the MDM's account, and Windows locks accounts. So until a logon has succeeded, and again
 * after one was refused, only one fetch is under way at a time, and after the second refusal there are no more. */
#include "base/random.h"
#include "engine/internal.h"
#include "pki/algorithm.h"

#define MAX_REFUSED   2
#define PASSWORD_US   (57 * 60 * SECOND_US) /* NDES forgets them after 60 minutes */
#define MAX_REDIRECTS 2                     /* ".../mscep_admin" leads to ".../mscep_admin/" */

/* One fetch at a time, on a connection of its own: a logon belongs to a connection. */
struct fetcher {
    struct reservoir *reservoir;
    struct http_session *session;
    struct phone *phone; /* whom it fetches for; NULL: idle */
    uint32_t generation;
    int64_t asked_us;
};

struct reservoir {
    struct engine *engine;
    enum challenge_source source;
    unsigned outstanding; /* the limit */
    unsigned held;        /* places taken */
    unsigned fetching;
    unsigned refused;
    bool proven; /* the last logon that ended was accepted */
    struct password *stock, *stock_last;
    struct phone *waiting,
        *waiting_last; /* devices under way that need another password, first in, first out */
    uint8_t salt[16];
    struct fetcher *fetchers; /* `outstanding` of them */
};

bool reservoir_new(struct engine *en, struct reservoir **out, struct err *e)
{
    const struct challenge_config *c = &en->config->scenario->challenge;
    struct reservoir *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the passwords");
    *out = r; /* the engine frees it, also when the rest fails */
    r->engine = en;
    r->source = c->source;
    r->outstanding = c->outstanding > 0 ? c->outstanding : 1;
    if (r->source != CHALLENGE_MSCEP_ADMIN)
        return true;
    r->fetchers = calloc(r->outstanding, sizeof *r->fetchers);
    if (r->fetchers == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the passwords");
    for (unsigned i = 0; i < r->outstanding; i++) {
        r->fetchers[i].reservoir = r;
        if (!http_session_new(en->http, &r->fetchers[i].session, e))
            return false;
    }
    return random_bytes(r->salt, sizeof r->salt, e);
}

static void free_password(struct password *password)
{
    if (password != NULL)
        secret_free(password->value);
    free(password);
}

void reservoir_free(struct reservoir *r)
{
    if (r == NULL)
        return;
    for (struct password *next; r->stock != NULL; r->stock = next) {
        next = r->stock->next;
        free_password(r->stock);
    }
    for (unsigned i = 0; r->fetchers != NULL && i < r->outstanding; i++)
        http_session_free(r->fetchers[i].session);
    free(r->fetchers);
    free(r);
}

static bool is_old(const struct password *password, int64_t now_us)
{
    return now_us - password->fetched_us > PASSWORD_US;
}

bool reservoir_ready(const struct reservoir *r, int64_t now_us)
{
    if (r->source != CHALLENGE_MSCEP_ADMIN)
        return true;
    if (r->stock_last != NULL && !is_old(r->stock_last, now_us))
        return true;
    if (r->refused >= MAX_REFUSED || (!r->proven && r->fetching > 0))
        return false;
    /* What is in stock now is old: its places become free when it is dropped. */
    return r->held < r->outstanding || r->stock != NULL;
}

static struct password *take_stock(struct reservoir *r)
{
    struct password *password = r->stock;
    r->stock = password->next;
    if (r->stock == NULL)
        r->stock_last = NULL;
    password->next = NULL;
    return password;
}

/* The oldest that is still good; older ones are dropped. */
static struct password *from_stock(struct reservoir *r, int64_t now_us)
{
    while (r->stock != NULL) {
        struct password *password = take_stock(r);
        if (!is_old(password, now_us))
            return password;
        free_password(password);
        r->held--;
        r->engine->result->otp.expired++;
    }
    return NULL;
}

/* Equal passwords have equal fingerprints within a run; nobody can get from one to the password. */
static uint64_t fingerprint(const struct reservoir *r, struct span value)
{
    struct buf salted;
    struct err ignored = {0};
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t len = 0;
    uint64_t print = 0;
    buf_init(&salted, BYTES_MAX_MESSAGE);
    if (buf_append(&salted, r->salt, sizeof r->salt) && buf_append_span(&salted, value) &&
        pki_hash(PKI_SHA256, buf_span(&salted), hash, &len, &ignored))
        memcpy(&print, hash, sizeof print);
    buf_wipe(&salted);
    return print == 0 ? 1 : print;
}

/* A page without the sentence about single use shows everybody the same password (UseSinglePassword): that is no
 * duplicate to be counted, so it gets no fingerprint. */
static bool keep_password(struct reservoir *r, struct phone *p, struct challenge_page_facts *facts,
                          struct err *e)
{
    p->password = calloc(1, sizeof *p->password);
    if (p->password == NULL)
        return err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory for a password");
    p->password->value = facts->password;
    p->password->fetched_us = engine_now(r->engine);
    p->password->fingerprint = facts->single_use ? fingerprint(r, secret_value(facts->password)) : 0;
    facts->password = NULL;
    r->engine->result->otp.fetched++;
    return true;
}

static bool judge_page(struct reservoir *r, struct phone *p, struct span body, bool *keep_body, struct err *e)
{
    struct challenge_page_facts facts = {0};
    bool ok = false;
    *keep_body = false;
    if (!challenge_page_read(body, &facts, e))
        return false;
    switch (facts.kind) {
    case CHALLENGE_PAGE_PASSWORD:
        ok = keep_password(r, p, &facts, e);
        break;
    case CHALLENGE_PAGE_CACHE_FULL:
        *keep_body = true;
        r->engine->result->otp.cache_full++;
        err_set(e, STAGE_OTP, REASON_OTP_CACHE_FULL, "the page says that the cache of %u passwords is full",
                facts.cache_size);
        break;
    case CHALLENGE_PAGE_NO_PERMISSION:
        *keep_body = true;
        err_set(e, STAGE_OTP, REASON_OTP_NO_PERMISSION, "the page says that the account may not enroll");
        break;
    case CHALLENGE_PAGE_BLANK:
        err_set(e, STAGE_OTP, REASON_OTP_PAGE_BLANK, "HTTP 200 with a blank page");
        break;
    case CHALLENGE_PAGE_LOGIN:
    case CHALLENGE_PAGE_IIS_ERROR:
    case CHALLENGE_PAGE_HTTPSYS_ERROR:
    case CHALLENGE_PAGE_UNKNOWN: /* not kept as evidence: it may hold a password that was not recognised */
        err_set(e, STAGE_OTP, REASON_OTP_PAGE_UNKNOWN, "HTTP 200, %zu bytes without password or known text",
                body.len);
        break;
    }
    challenge_page_clear(&facts);
    return ok;
}

static void refused(struct reservoir *r)
{
    struct err cause = {0};
    r->proven = false;
    if (++r->refused < MAX_REFUSED)
        return;
    struct engine_result *result = r->engine->result;
    err_set(&cause, STAGE_OTP, REASON_OTP_AUTH_REFUSED,
            "not tried: two logons were refused, a third could lock the account");
    if (!r->engine->stopped)
        snprintf(result->stopped_early, sizeof result->stopped_early,
                 "the OTP page refused two logons; no more are tried, so that the account is not locked");
    engine_stop(r->engine, &cause);
}

/* Reads what the page answered; true: p holds a password. */
static bool judge_answer(struct reservoir *r, struct phone *p, const struct http_response *a, bool *keep_body,
                         struct err *e)
{
    *keep_body = true;
    if (err_is_set(&a->error)) {
        *e = a->error;
        return false;
    }
    if (a->status == 200) {
        r->proven = true;
        return judge_page(r, p, buf_span(&a->body), keep_body, e);
    }
    if (a->status == 401)
        return err_set_detail(e, STAGE_OTP, REASON_OTP_AUTH_REFUSED, ERR_DOMAIN_HTTP, 401,
                              "HTTP 401; the page wants: %s",
                              a->authenticate[0] != '\0' ? a->authenticate : "nothing named");
    if (a->status >= 300 && a->status < 400)
        return err_set_detail(e, STAGE_OTP, REASON_REDIRECTED, ERR_DOMAIN_HTTP, a->status, "HTTP %d to %s",
                              a->status, a->location);
    return err_set_detail(e, STAGE_OTP, REASON_HTTP_STATUS, ERR_DOMAIN_HTTP, a->status, "OTP page: HTTP %d",
                          a->status);
}

static void keep_evidence(struct phone *p, struct http_response *a)
{
    buf_reset(&p->url);
    buf_append_text(&p->url, p->engine->config->admin_url);
    buf_clear(&p->headers);
    p->headers = a->headers;
    a->headers = (struct buf){0};
}

static void tell_phone(struct phone *p, uint32_t generation, const struct http_response *a,
                       const struct err *why)
{
    const struct device_answer answer = {
        .status = a->status, .server = a->server, .location = a->location, .body = buf_span(&a->body)};
    const struct device_event event = {
        .kind = why == NULL ? DEVICE_DONE : DEVICE_FAILED,
        .generation = generation,
        .error = why,
        .timed_out = a->timed_out,
        .answer = &answer,
    };
    phone_feed(p, &event);
}

static void on_page(void *user, struct http_response *a)
{
    struct fetcher *f = user;
    struct reservoir *r = f->reservoir;
    struct phone *p = f->phone;
    struct err e = {0};
    bool keep_body = false;
    f->phone = NULL;
    r->fetching--;
    bool ok = !p->cancelling && judge_answer(r, p, a, &keep_body, &e);
    r->held -= !ok;
    phone_hold(p, STAGE_OTP, f->asked_us, f->asked_us + a->timing.ready_us, a);
    p->held_steps[p->held_count - 1].failed = !ok;
    if (!p->cancelling) {
        keep_evidence(p, a);
        if (keep_body)
            buf_append_span(&p->body, buf_span(&a->body));
        if (e.reason == REASON_OTP_AUTH_REFUSED)
            refused(r);
        tell_phone(p, f->generation, a, ok ? NULL : &e);
    }
    buf_wipe(&a->body); /* may show a password */
}

static struct fetcher *idle_fetcher(struct reservoir *r)
{
    for (unsigned i = 0; i < r->outstanding; i++) {
        if (r->fetchers[i].phone == NULL)
            return &r->fetchers[i];
    }
    return NULL;
}

static bool start_fetch(struct reservoir *r, struct phone *p, uint32_t generation, struct err *e)
{
    const struct engine_config *c = r->engine->config;
    struct fetcher *f = idle_fetcher(r);
    if (f == NULL)
        return err_set(e, STAGE_OTP, REASON_INTERNAL, "more fetches than places");
    const struct http_request request = {
        .url = c->admin_url,
        .user_agent = ENGINE_USER_AGENT,
        .auth = c->user != NULL ? HTTP_AUTH_BASIC : HTTP_AUTH_NONE,
        .user = c->user,
        .password = c->user != NULL ? c->secret : NULL,
        .timeout_us = c->scenario->limits.request_timeout_us,
        .max_body = BYTES_MAX_MESSAGE,
        .redirects = MAX_REDIRECTS,
        .once = true, /* each page costs a password, each refusal a logon */
        .stage = STAGE_OTP,
    };
    f->phone = p;
    f->generation = generation;
    f->asked_us = engine_now(r->engine);
    if (!http_send(f->session, &request, on_page, f, e)) {
        f->phone = NULL;
        return false;
    }
    r->fetching++;
    if (++r->held > r->engine->result->otp.outstanding_max)
        r->engine->result->otp.outstanding_max = r->held;
    return true;
}

static void fetch_now(struct reservoir *r, struct phone *p, uint32_t generation, struct device_event *event,
                      struct err *e)
{
    event->kind = DEVICE_DONE;
    event->generation = generation;
    if (r->source != CHALLENGE_MSCEP_ADMIN || (p->password = from_stock(r, engine_now(r->engine))) != NULL)
        return;
    event->kind = DEVICE_FAILED;
    event->error = e;
    if (start_fetch(r, p, generation, e))
        event->kind = DEVICE_EVENT_COUNT; /* later */
}

/* For its enrollment a device starts only when there is a password to be had. For another one it waits its turn. */
void reservoir_fetch(struct reservoir *r, struct phone *p, uint32_t generation)
{
    struct err e = {0};
    struct device_event event = {0};
    if (p->device.errand != DEVICE_ENROLLS && r->source == CHALLENGE_MSCEP_ADMIN) {
        *(r->waiting_last != NULL ? &r->waiting_last->next_waiting : &r->waiting) = p;
        r->waiting_last = p;
        p->next_waiting = NULL;
        p->waiting = true;
        p->waiting_generation = generation;
        return;
    }
    fetch_now(r, p, generation, &event, &e);
    if (event.kind != DEVICE_EVENT_COUNT)
        phone_answer_now(p, event.kind, generation, event.error);
}

static void stop_waiting(struct reservoir *r, struct phone *p)
{
    struct phone **at = &r->waiting, *before = NULL;
    while (*at != p) {
        before = *at;
        at = &before->next_waiting;
    }
    *at = p->next_waiting;
    if (r->waiting_last == p)
        r->waiting_last = before;
    p->waiting = false;
}

static bool no_more_logons(const struct reservoir *r, struct err *e)
{
    return r->refused >= MAX_REFUSED &&
           !err_set(e, STAGE_OTP, REASON_OTP_AUTH_REFUSED,
                    "not tried: two logons were refused, a third could lock the account");
}

void reservoir_serve(struct reservoir *r)
{
    while (r->waiting != NULL) {
        struct phone *p = r->waiting;
        struct err e = {0};
        struct device_event event = {.kind = DEVICE_FAILED, .generation = p->waiting_generation, .error = &e};
        if (!no_more_logons(r, &e)) {
            if (!reservoir_ready(r, engine_now(r->engine)))
                return;
            fetch_now(r, p, p->waiting_generation, &event, &e);
        }
        stop_waiting(r, p);
        if (event.kind != DEVICE_EVENT_COUNT)
            phone_feed(p, &event);
    }
}

void reservoir_cancel(struct reservoir *r, struct phone *p)
{
    if (p->waiting)
        stop_waiting(r, p);
    for (unsigned i = 0; r->fetchers != NULL && i < r->outstanding; i++) {
        if (r->fetchers[i].phone == p)
            http_cancel(r->fetchers[i].session);
    }
}

struct span reservoir_challenge(const struct phone *p)
{
    const struct engine_config *c = p->engine->config;
    if (p->password != NULL)
        return secret_value(p->password->value);
    if (c->scenario->challenge.source == CHALLENGE_STATIC && c->secret != NULL)
        return secret_value(c->secret);
    return span_of(NULL, 0);
}

void reservoir_used(struct phone *p, int64_t sent_us)
{
    if (p->password == NULL)
        return;
    struct outcome *o = &p->device.outcome;
    if (p->device.errand == DEVICE_ENROLLS) {
        o->otp_fingerprint = p->password->fingerprint;
        o->otp_age_us = sent_us - p->password->fetched_us;
    }
    p->engine->result->otp.used++;
    p->engine->reservoir->held--;
    free_password(p->password);
    p->password = NULL;
}

void reservoir_drop(struct reservoir *r, struct password **place)
{
    if (*place == NULL)
        return;
    free_password(*place);
    *place = NULL;
    r->held--;
}

void reservoir_keep(struct phone *p, struct password **place)
{
    if (p->password == NULL)
        return;
    reservoir_drop(p->engine->reservoir, place);
    *place = p->password;
    p->password = NULL;
}

bool reservoir_give(struct phone *p, struct password **place)
{
    if (*place != NULL && is_old(*place, engine_now(p->engine)))
        reservoir_drop(p->engine->reservoir, place);
    if (*place == NULL)
        return false;
    p->password = *place;
    *place = NULL;
    return true;
}

void reservoir_return(struct phone *p)
{
    struct reservoir *r = p->engine->reservoir;
    struct password *password = p->password;
    p->password = NULL;
    if (password == NULL)
        return;
    password->next = NULL;
    *(r->stock_last != NULL ? &r->stock_last->next : &r->stock) = password;
    r->stock_last = password;
}
