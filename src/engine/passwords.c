/* Between devices and the supply of challenges: which source a scenario means, what a device is told, what is kept as evidence. */
#include "engine/internal.h"

#define TEXT_BYTES 8192
#define MAX_SAN    64

struct passwords {
    struct engine *engine;
    struct reservoir *reservoir;
    struct supply_facts facts;

    /* For whom a challenge is asked, while it is. */
    struct challenge_device device;
    struct buf subject, san[MAX_SAN];
    const char *san_texts[MAX_SAN];
};

static const char *const source_names[] = {
    [CHALLENGE_NONE] = "none",     [CHALLENGE_STATIC] = "static", [CHALLENGE_MSCEP_ADMIN] = "mscep_admin",
    [CHALLENGE_HTTP] = "http",     [CHALLENGE_FILE] = "file",     [CHALLENGE_COMMAND] = "command",
    [CHALLENGE_INTUNE] = "intune",
};

static const struct challenge_config *config_of(const struct engine *en)
{
    return &en->config->scenario->challenge;
}

static struct phone *phone_of(struct taker *taker)
{
    void *phone = (char *)taker - offsetof(struct phone, taker);
    return phone;
}

/* ---- what the reservoir asks of us ---- */

static int64_t clock_now(void *user)
{
    return engine_now(((struct passwords *)user)->engine);
}

static bool describe_san(struct passwords *w, const struct phone *p, struct err *e)
{
    const struct engine_config *c = w->engine->config;
    size_t count = c->scenario->devices.san_count;
    w->device.san_count = count < MAX_SAN ? count : MAX_SAN;
    for (size_t i = 0; i < w->device.san_count; i++) {
        buf_reset(&w->san[i]);
        if (!scenario_san(c->scenario, p->device.outcome.device, p->device.outcome.profile, c->run_id, i,
                          &w->san[i], e))
            return false;
        w->san_texts[i] = buf_text(&w->san[i]);
        if (w->san_texts[i] == NULL)
            return buf_ok(&w->san[i], STAGE_OTP, e);
    }
    return true;
}

static const struct challenge_device *describe(void *user, struct taker *taker, struct err *e)
{
    struct passwords *w = user;
    const struct engine_config *c = w->engine->config;
    const struct phone *p = phone_of(taker);
    unsigned profile = p->device.outcome.profile;
    buf_reset(&w->subject);
    if (!scenario_subject(c->scenario, p->device.outcome.device, profile, c->run_id, &w->subject, e))
        return NULL;
    w->device = (struct challenge_device){
        .index = p->device.outcome.device,
        .name = c->scenario->name,
        .profile = c->scenario->devices.profiles[profile].name,
        .run = c->run_id,
        .subject = buf_text(&w->subject),
        .san = w->san_texts,
    };
    if (w->device.subject == NULL)
        err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory for a subject");
    return w->device.subject != NULL && describe_san(w, p, e) ? &w->device : NULL;
}

static void keep_evidence(struct phone *p, const struct supply_answer *a)
{
    if (a->http == NULL)
        return;
    buf_reset(&p->url);
    buf_append_text(&p->url, a->url);
    buf_clear(&p->headers);
    p->headers = a->http->headers;
    a->http->headers = (struct buf){0};
    buf_reset(&p->body);
    buf_append_span(&p->body, a->evidence);
}

static void hold_step(struct phone *p, const struct supply_answer *a, bool failed)
{
    const struct http_response *http = a != NULL ? a->http : NULL;
    const struct taker *t = &p->taker;
    phone_hold(p, STAGE_OTP, t->asked_us, t->begun_us + (http != NULL ? http->timing.ready_us : 0), http);
    struct outcome_step *step = &p->held_steps[p->held_count - 1];
    step->failed = failed;
    step->timed_out = failed && a != NULL && a->timed_out;
}

static void tell_phone(struct phone *p, const struct supply_answer *a, bool failed)
{
    const struct http_response *http = a != NULL ? a->http : NULL;
    const struct err *why = failed ? &a->error : NULL;
    enum device_event_kind kind = failed ? DEVICE_FAILED : DEVICE_DONE;
    struct device_answer answer = {0};
    if (http != NULL)
        answer = (struct device_answer){.status = http->status,
                                        .server = http->server,
                                        .location = http->location,
                                        .body = buf_span(&http->body)};
    const struct device_event event = {
        .kind = kind,
        .generation = p->taker_generation,
        .error = why,
        .timed_out = a != NULL && a->timed_out,
        .answer = http != NULL ? &answer : NULL,
    };
    if (p->asking)
        phone_answer_now(p, kind, p->taker_generation, why);
    else
        phone_feed(p, &event);
}

static void on_served(void *user, struct taker *taker, struct password *password,
                      struct supply_answer *answer)
{
    struct phone *p = phone_of(taker);
    (void)user;
    p->password = password;
    hold_step(p, answer, password == NULL);
    if (answer != NULL) {
        p->device.outcome.duplicate_otp |= answer->duplicate;
        keep_evidence(p, answer);
    }
    tell_phone(p, answer, password == NULL);
}

static void on_event(void *user, const struct outcome_otp_event *event)
{
    engine_tell_otp(((struct passwords *)user)->engine, event);
}

static void on_halted(void *user, const struct err *why)
{
    struct engine *en = ((struct passwords *)user)->engine;
    if (!en->stopped)
        snprintf(en->result->stopped_early, sizeof en->result->stopped_early, "%s",
                 why->reason == REASON_OTP_AUTH_REFUSED
                     ? "the challenge source refused two logons; no more are tried, so that the account is "
                       "not locked"
                     : "two fetches found no way to log on at the challenge source; no more are tried");
    engine_stop(en, why);
}

/* ---- opening ---- */

static bool on_the_web(enum challenge_source source)
{
    return source == CHALLENGE_MSCEP_ADMIN || source == CHALLENGE_HTTP || source == CHALLENGE_INTUNE;
}

static unsigned lines_of(const struct challenge_config *c)
{
    unsigned places = c->outstanding > 0 ? c->outstanding : 1;
    if (c->source == CHALLENGE_FILE)
        return 1;
    return c->connections == 0 || (on_the_web(c->source) && c->connections > places) ? places
                                                                                     : c->connections;
}

/* Host and port of a URL. */
static struct span authority_of(const char *url)
{
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    return span_of(host, strcspn(host, "/?#"));
}

/* A page on the target's own host is asked where the target is pinned. */
static const char *pinned_address(const struct engine *en, const char *url)
{
    const struct scenario *s = en->config->scenario;
    if (s->target.address_count == 0 || url == NULL)
        return NULL;
    struct span page = authority_of(url), target = authority_of(en->config->scep_url);
    bool same = page.len == target.len &&
                strncasecmp((const char *)page.data, (const char *)target.data, page.len) == 0;
    return same ? s->target.addresses[0] : NULL;
}

static bool open_supply(struct passwords *w, struct supply **out, struct err *e)
{
    struct engine *en = w->engine;
    const struct challenge_config *c = config_of(en);
    int64_t timeout = c->timeout_us > 0 ? c->timeout_us : en->config->scenario->limits.request_timeout_us;
    const struct supply_web_config web = {
        .http = en->http,
        .challenge = c,
        .url = en->config->admin_url,
        .address = pinned_address(en, en->config->admin_url),
        .user = en->config->user,
        .secret = en->config->secret,
        .tickets = en->config->tickets,
        .timeout_us = timeout,
        .lines = lines_of(c),
    };
    if (c->source == CHALLENGE_MSCEP_ADMIN)
        return supply_page_new(&web, &w->facts, out, e);
    if (c->source == CHALLENGE_FILE)
        return supply_list_new(en->config->passwords, out, e);
    if (c->source == CHALLENGE_COMMAND)
        return supply_command_new(&en->loop, c, timeout, lines_of(c), out, e);
    return supply_http_new(&web, &w->facts, out, e);
}

static bool open_reservoir(struct passwords *w, struct err *e)
{
    const struct challenge_config *c = config_of(w->engine);
    struct supply *supply = NULL;
    if (!open_supply(w, &supply, e))
        return false;
    const struct reservoir_config config = {
        .limit = w->engine->result->otp.limit,
        .lines = lines_of(c),
        .prefetch = c->prefetch,
        .rate_per_s = c->rate_per_s,
        .lifetime_us = c->lifetime_us,
        .per_device = challenge_is_per_device(c),
        .guarded =
            c->source == CHALLENGE_MSCEP_ADMIN ||
            (on_the_web(c->source) && (c->auth != CHALLENGE_AUTH_NONE || w->engine->config->secret != NULL)),
        .refusals = w->engine->config->refusals,
        .salt = w->engine->config->otp_salt,
        .supply = supply,
        .user = w,
        .now = clock_now,
        .describe = describe,
        .served = on_served,
        .tell = on_event,
        .halted = on_halted,
    };
    return reservoir_new(&config, &w->reservoir, e);
}

bool passwords_new(struct engine *en, struct passwords **out, struct err *e)
{
    const struct challenge_config *c = config_of(en);
    struct outcome_otp *facts = &en->result->otp;
    facts->source = source_names[c->source];
    facts->lifetime_us = c->lifetime_us;
    if (c->source == CHALLENGE_NONE || c->source == CHALLENGE_STATIC)
        return true;
    if (on_the_web(c->source))
        facts->limit = c->outstanding > 0 ? c->outstanding : 1;
    struct passwords *w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the passwords");
    *out = w; /* the engine frees it, also when the rest fails */
    w->engine = en;
    buf_init(&w->subject, TEXT_BYTES);
    for (size_t i = 0; i < MAX_SAN; i++)
        buf_init(&w->san[i], TEXT_BYTES);
    return open_reservoir(w, e);
}

void passwords_free(struct passwords *w)
{
    if (w == NULL)
        return;
    struct outcome_otp *o = &w->engine->result->otp;
    reservoir_free(w->reservoir);
    o->scheme = w->facts.scheme;
    o->fell_back = w->facts.fell_back;
    o->page_cache = w->facts.page_cache;
    o->page_minutes = w->facts.page_minutes;
    buf_clear(&w->subject);
    for (size_t i = 0; i < MAX_SAN; i++)
        buf_clear(&w->san[i]);
    free(w);
}

/* ---- the run's side ---- */

enum reservoir_room passwords_room(struct engine *en, struct err *why)
{
    return en->passwords == NULL ? RESERVOIR_READY : reservoir_room(en->passwords->reservoir, why);
}

void passwords_turn(struct engine *en)
{
    if (en->passwords == NULL)
        return;
    uint64_t planned = load_plan_count(en->config->plan), to_come = 0;
    if (!en->stopped && !arrivals_over(en))
        to_come = en->queue.count + (planned > en->offered ? planned - en->offered : 0);
    reservoir_turn(en->passwords->reservoir, to_come);
}

int64_t passwords_due_us(const struct engine *en)
{
    return en->passwords == NULL ? INT64_MAX : reservoir_due_us(en->passwords->reservoir);
}

/* ---- the devices' side ---- */

void passwords_fetch(struct phone *p, uint32_t generation)
{
    struct passwords *w = p->engine->passwords;
    if (w == NULL) {
        phone_answer_now(p, DEVICE_DONE, generation, NULL);
        return;
    }
    p->taker_generation = generation;
    p->asking = true;
    reservoir_ask(w->reservoir, &p->taker);
    p->asking = false;
}

void passwords_cancel(struct phone *p)
{
    if (!p->taker.waiting && !p->taker.fetching)
        return;
    reservoir_cancel(p->engine->passwords->reservoir, &p->taker);
    hold_step(p, NULL, true);
}

struct span passwords_challenge(const struct phone *p)
{
    const struct engine_config *c = p->engine->config;
    if (p->password != NULL)
        return secret_value(p->password->value);
    if (c->scenario->challenge.source == CHALLENGE_STATIC && c->secret != NULL)
        return secret_value(c->secret);
    return span_of(NULL, 0);
}

static void burnt(struct phone *p, struct sent_password *sent)
{
    if (sent->was)
        reservoir_burnt(p->engine->passwords->reservoir, engine_now(p->engine) - sent->fetched_us);
    sent->was = false;
}

/* A device that needs another one for the same end got nothing for the first. */
void passwords_used(struct phone *p, int64_t sent_us)
{
    if (p->password == NULL)
        return;
    struct outcome *o = &p->device.outcome;
    bool enrolls = p->device.errand == DEVICE_ENROLLS;
    struct sent_password *sent = enrolls ? &p->sent_for_enrollment : &p->sent_for_renewal;
    burnt(p, sent);
    *sent = (struct sent_password){.was = true, .fetched_us = p->password->fetched_us};
    if (enrolls) {
        o->otp_fingerprint = p->password->fingerprint;
        o->otp_age_us = sent_us - p->password->fetched_us;
    }
    reservoir_spend(p->engine->passwords->reservoir, p->password, sent_us);
    p->password = NULL;
}

void passwords_settle(struct phone *p)
{
    const struct outcome *o = &p->device.outcome;
    if (o->serial[0] == '\0')
        burnt(p, &p->sent_for_enrollment);
    if (o->follow[OUTCOME_RENEWAL].result != OUTCOME_OK)
        burnt(p, &p->sent_for_renewal);
}

void passwords_return(struct phone *p)
{
    if (p->password == NULL)
        return;
    reservoir_put_back(p->engine->passwords->reservoir, p->password);
    p->password = NULL;
}

/* ---- the lab's side ---- */

void passwords_keep(struct phone *p, struct password **place)
{
    struct password *password = p->password;
    p->password = NULL;
    if (password == NULL)
        return;
    bool bound = password->bound;
    struct password *useless = bound ? password : *place;
    if (useless != NULL)
        reservoir_lose(p->engine->passwords->reservoir, useless);
    if (!bound)
        *place = password;
}

bool passwords_give(struct phone *p, struct password **place)
{
    if (*place != NULL && reservoir_is_old(p->engine->passwords->reservoir, *place))
        passwords_drop(p->engine, place);
    if (*place == NULL)
        return false;
    p->password = *place;
    *place = NULL;
    return true;
}

void passwords_drop(struct engine *en, struct password **place)
{
    if (*place != NULL)
        reservoir_expire(en->passwords->reservoir, *place);
    *place = NULL;
}
