#include "engine/reservoir.h"

#include "engine/fingerprint.h"

#include <stdlib.h>

#define MAX_REFUSED 2
#define SECOND_US   INT64_C(1000000)

struct line {
    bool busy;
    bool logs_on;
    struct taker *taker; /* whom it fetches for; NULL: nobody */
    int64_t asked_us;
};

struct reservoir {
    struct reservoir_config config;
    struct line *lines;
    unsigned held;    /* places taken */
    unsigned busy;    /* lines */
    unsigned logons;  /* of these, such as log on */
    unsigned unowned; /* of these, for nobody: the next taker takes them over */
    unsigned refused;
    bool proven; /* the last logon that ended was accepted */
    bool halted;
    enum reason halted_by;
    bool sulking; /* a prefetch failed: no more before somebody's own fetch succeeds */
    bool closing;
    struct password *stock; /* the one that expires first is first */
    unsigned stocked;
    struct taker *waiting, *waiting_last;
    int64_t next_fetch_us; /* by the rate limit */
    int64_t turned_us;
    struct fingerprints seen;
};

bool reservoir_new(const struct reservoir_config *config, struct reservoir **out, struct err *e)
{
    struct reservoir *r = calloc(1, sizeof *r);
    struct line *lines = calloc(config->lines, sizeof *lines);
    if (r == NULL || lines == NULL || !fingerprints_init(&r->seen, config->salt, e)) {
        free(r);
        free(lines);
        config->supply->kind->free(config->supply);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the passwords");
    }
    r->config = *config;
    r->lines = lines;
    r->next_fetch_us = r->turned_us = INT64_MIN;
    *out = r;
    return true;
}

static int64_t now_of(const struct reservoir *r)
{
    return r->config.now(r->config.user);
}

static void free_password(struct password *password)
{
    secret_free(password->value);
    free(password);
}

/* ---- telling ---- */

static void tell(const struct reservoir *r, struct outcome_otp_event event)
{
    event.held = r->held;
    r->config.tell(r->config.user, &event);
}

static void tell_fetch(const struct reservoir *r, enum outcome_otp_kind kind, int64_t took_us)
{
    tell(r, (struct outcome_otp_event){.kind = kind, .at_us = now_of(r), .took_us = took_us});
}

/* It is no more, and its place is free. */
static void end_password(struct reservoir *r, struct password *password, enum outcome_otp_kind kind)
{
    int64_t now = now_of(r);
    r->held--;
    int64_t idle_us = kind == OUTCOME_OTP_SPENT ? password->idle_us : 0;
    tell(r, (struct outcome_otp_event){.kind = kind,
                                       .at_us = now,
                                       .took_us = password->took_us,
                                       .age_us = now - password->fetched_us - idle_us});
    free_password(password);
}

/* ---- stock ---- */

static void put_in_stock(struct reservoir *r, struct password *password)
{
    struct password **at = &r->stock;
    password->stocked_us = now_of(r);
    while (*at != NULL && (*at)->expires_us < password->expires_us)
        at = &(*at)->next;
    password->next = *at;
    *at = password;
    r->stocked++;
}

static struct password *take_stock(struct reservoir *r)
{
    struct password *password = r->stock;
    if (password == NULL)
        return NULL;
    r->stock = password->next;
    password->next = NULL;
    password->idle_us += now_of(r) - password->stocked_us;
    r->stocked--;
    return password;
}

bool reservoir_is_old(const struct reservoir *r, const struct password *password)
{
    return now_of(r) >= password->expires_us;
}

static void drop_old(struct reservoir *r)
{
    while (r->stock != NULL && reservoir_is_old(r, r->stock))
        end_password(r, take_stock(r), OUTCOME_OTP_EXPIRED);
}

void reservoir_put_back(struct reservoir *r, struct password *password)
{
    if (password->bound)
        reservoir_lose(r, password);
    else
        put_in_stock(r, password);
}

void reservoir_lose(struct reservoir *r, struct password *password)
{
    end_password(r, password, OUTCOME_OTP_BURNT);
}

void reservoir_expire(struct reservoir *r, struct password *password)
{
    end_password(r, password, reservoir_is_old(r, password) ? OUTCOME_OTP_EXPIRED : OUTCOME_OTP_LEFT);
}

void reservoir_spend(struct reservoir *r, struct password *password, int64_t sent_us)
{
    tell(r, (struct outcome_otp_event){.kind = OUTCOME_OTP_SENT,
                                       .at_us = sent_us,
                                       .took_us = password->took_us,
                                       .age_us = sent_us - password->fetched_us});
    end_password(r, password, OUTCOME_OTP_SPENT);
}

void reservoir_burnt(struct reservoir *r, int64_t age_us)
{
    tell(r, (struct outcome_otp_event){.kind = OUTCOME_OTP_BURNT, .at_us = now_of(r), .age_us = age_us});
}

/* ---- those who wait ---- */

static void wait_in_order(struct reservoir *r, struct taker *taker)
{
    *(r->waiting_last != NULL ? &r->waiting_last->next : &r->waiting) = taker;
    r->waiting_last = taker;
    taker->next = NULL;
    taker->waiting = true;
}

static void stop_waiting(struct reservoir *r, struct taker *taker)
{
    struct taker **at = &r->waiting, *before = NULL;
    while (*at != taker) {
        before = *at;
        at = &before->next;
    }
    *at = taker->next;
    if (r->waiting_last == taker)
        r->waiting_last = before;
    taker->waiting = false;
}

static void refuse(struct reservoir *r, struct taker *taker, const struct err *why)
{
    struct supply_answer answer = {.error = *why};
    r->config.served(r->config.user, taker, NULL, &answer);
}

/* ---- what a fetch brought ---- */

static int64_t expiry(const struct reservoir *r, const struct supply_answer *answer, int64_t now_us)
{
    int64_t life = r->config.lifetime_us;
    if (answer->lifetime_us > 0 && (life == 0 || answer->lifetime_us < life))
        life = answer->lifetime_us;
    return life > 0 ? now_us + life : INT64_MAX;
}

/* A password that was handed out before is sent by nobody: the server would rightly refuse it, and the devices that sent it
 * would be blamed. Where everybody is meant to get the same one, it is no mistake. */
static struct password *make_password(struct reservoir *r, struct secret *value,
                                      const struct supply_answer *answer, bool *duplicate, struct err *e)
{
    struct password password = {.value = value, .fetched_us = now_of(r), .bound = r->config.per_device};
    bool known = false;
    password.expires_us = expiry(r, answer, password.fetched_us);
    if (answer->single_use &&
        !fingerprints_add(&r->seen, secret_value(value), &password.fingerprint, &known, e))
        return NULL;
    if (known) {
        *duplicate = true;
        err_set(e, STAGE_OTP, REASON_OTP_ANSWER,
                "the source handed out a password that it had handed out before; it was not sent again (if "
                "everybody is to use the same one, write `source: static`)");
        return NULL;
    }
    struct password *made = malloc(sizeof *made);
    if (made == NULL) {
        err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory for a password");
        return NULL;
    }
    *made = password;
    return made;
}

/* All that are good go into a chain, the first to come first. The fetch's place becomes the first one's. */
static struct password *gather(struct reservoir *r, struct supply_answer *answer, int64_t took_us)
{
    struct password *first = NULL, **last = &first;
    for (size_t i = 0; i < answer->count; i++) {
        struct err why = {0};
        *last = make_password(r, answer->secrets[i], answer, &answer->duplicate, &why);
        if (*last == NULL) {
            answer->error = err_is_set(&answer->error) ? answer->error : why;
            continue;
        }
        answer->secrets[i] = NULL;
        (*last)->took_us = took_us;
        r->held += *last != first;
        tell_fetch(r, OUTCOME_OTP_FETCHED, took_us);
        last = &(*last)->next;
    }
    return first;
}

static void no_more_logons(const struct reservoir *r, struct err *why)
{
    if (r->halted_by == REASON_OTP_SCHEME)
        err_set(why, STAGE_OTP, r->halted_by, "not tried: two fetches found no scheme to log on with");
    else if (r->halted_by == REASON_OTP_TICKET)
        err_set(why, STAGE_OTP, r->halted_by, "not tried: two fetches found no ticket to log on with");
    else
        err_set(
            why, STAGE_OTP, REASON_OTP_AUTH_REFUSED,
            r->config.refusals == 1
                ? "not tried: a logon was refused; with those of other shards, more could lock the account"
                : "not tried: two logons were refused, a third could lock the account");
}

static unsigned refusals_allowed(const struct reservoir *r)
{
    return r->config.refusals > 0 ? r->config.refusals : MAX_REFUSED;
}

static void note_logon(struct reservoir *r, const struct supply_answer *answer)
{
    struct err why = {0};
    if (answer->logon_proven)
        r->proven = true;
    if (!answer->logon_refused)
        return;
    r->proven = false;
    if (++r->refused != refusals_allowed(r))
        return;
    r->halted = true;
    r->halted_by = answer->error.reason;
    no_more_logons(r, &why);
    r->config.halted(r->config.user, &why);
}

static struct taker *free_line(struct reservoir *r, struct line *line)
{
    struct taker *taker = line->taker;
    r->busy--;
    r->logons -= line->logs_on;
    if (taker == NULL)
        r->unowned--;
    else
        taker->fetching = false;
    *line = (struct line){0};
    return taker;
}

static void came_to_nothing(struct reservoir *r, const struct supply_answer *answer, int64_t took_us)
{
    r->held--;
    tell_fetch(r, answer->error.reason == REASON_OTP_CACHE_FULL ? OUTCOME_OTP_CACHE_FULL : OUTCOME_OTP_FAILED,
               took_us);
}

/* One for the taker, the others for whoever comes next. */
static void hand_out(struct reservoir *r, struct taker *taker, struct password *chain,
                     struct supply_answer *answer)
{
    struct password *rest = taker != NULL ? chain->next : chain;
    for (struct password *next; rest != NULL; rest = next) {
        next = rest->next;
        reservoir_put_back(r, rest);
    }
    if (taker == NULL)
        return;
    chain->next = NULL;
    r->config.served(r->config.user, taker, chain, answer);
}

static void on_done(void *user, unsigned number, struct supply_answer *answer)
{
    struct reservoir *r = user;
    int64_t took_us = now_of(r) - r->lines[number].asked_us;
    struct taker *taker = free_line(r, &r->lines[number]);
    struct password *chain = gather(r, answer, took_us);
    if (chain == NULL)
        came_to_nothing(r, answer, took_us);
    if (taker == NULL || chain != NULL)
        r->sulking = chain == NULL;
    if (!r->closing)
        note_logon(r, answer);
    if (chain != NULL)
        hand_out(r, taker, chain, answer);
    else if (taker != NULL)
        r->config.served(r->config.user, taker, NULL, answer);
}

/* ---- fetching ---- */

static bool is_dry(const struct reservoir *r)
{
    const struct supply *s = r->config.supply;
    return s->kind->left != NULL && s->kind->left(s) == 0;
}

static bool logs_on(const struct reservoir *r, unsigned line)
{
    const struct supply *s = r->config.supply;
    return r->config.guarded && (s->kind->logs_on == NULL || s->kind->logs_on(s, line));
}

/* One that is logged on already, if there is such; c->lines when all are busy. */
static unsigned idle_line(const struct reservoir *r)
{
    unsigned found = r->config.lines;
    for (unsigned i = 0; i < r->config.lines; i++) {
        if (r->lines[i].busy)
            continue;
        if (!logs_on(r, i))
            return i;
        found = found == r->config.lines ? i : found;
    }
    return found;
}

/* No more logons at once than may be refused: if the password was changed a moment ago, all of them will be. */
static bool may_log_on(const struct reservoir *r, unsigned line)
{
    if (!r->config.guarded)
        return true;
    if (!r->proven)
        return r->busy == 0;
    return !logs_on(r, line) || r->logons < refusals_allowed(r) - r->refused;
}

/* What stands in the way of one more fetch; *why gets its words. */
static bool may_fetch(const struct reservoir *r, struct err *why)
{
    const struct reservoir_config *c = &r->config;
    if (r->halted) {
        no_more_logons(r, why);
        return false;
    }
    if (is_dry(r))
        return err_set(why, STAGE_OTP, REASON_OTP_EXHAUSTED, "challenge.file: all its passwords are used up");
    if (c->limit > 0 && r->held >= c->limit)
        return err_set(why, STAGE_OTP, REASON_OTP_EXHAUSTED,
                       "challenge.outstanding: all %u passwords were taken", c->limit);
    unsigned line = idle_line(r);
    if (line == c->lines)
        return err_set(why, STAGE_OTP, REASON_OTP_EXHAUSTED,
                       "challenge.connections: all %u fetches were under way", c->lines);
    if (!may_log_on(r, line))
        return err_set(why, STAGE_OTP, REASON_OTP_EXHAUSTED,
                       "as many logons at the challenge source were under way as may be refused");
    if (now_of(r) < r->next_fetch_us)
        return err_set(why, STAGE_OTP, REASON_OTP_EXHAUSTED, "challenge.rate: no more than %g fetches/s",
                       c->rate_per_s);
    return true;
}

static void fetch(struct reservoir *r, struct taker *taker)
{
    const struct reservoir_config *c = &r->config;
    const struct challenge_device *device = NULL;
    struct err e = {0};
    unsigned number = idle_line(r);
    int64_t now = now_of(r);
    r->lines[number] =
        (struct line){.busy = true, .logs_on = logs_on(r, number), .taker = taker, .asked_us = now};
    r->busy++;
    r->logons += r->lines[number].logs_on;
    r->held++;
    r->unowned += taker == NULL;
    if (taker != NULL) {
        taker->fetching = true;
        taker->line = number;
        taker->begun_us = now;
    }
    if (c->rate_per_s > 0)
        r->next_fetch_us = now + (int64_t)((double)SECOND_US / c->rate_per_s);
    tell(r, (struct outcome_otp_event){.kind = OUTCOME_OTP_ASKED, .at_us = now});
    bool known = !c->per_device || (device = c->describe(c->user, taker, &e)) != NULL;
    c->supply->done = on_done;
    c->supply->user = r;
    if (!known || !c->supply->kind->fetch(c->supply, number, device, &e))
        supply_fail(c->supply, number, &e, false);
}

/* A fetch that belongs to nobody becomes this one's. */
static void take_over(struct reservoir *r, struct taker *taker)
{
    unsigned number = 0;
    while (!r->lines[number].busy || r->lines[number].taker != NULL)
        number++;
    r->lines[number].taker = taker;
    r->unowned--;
    taker->fetching = true;
    taker->line = number;
    taker->begun_us = now_of(r);
}

/* False: it has to wait. */
static bool serve(struct reservoir *r, struct taker *taker, struct err *why)
{
    struct password *password = take_stock(r);
    if (password != NULL) {
        taker->begun_us = now_of(r);
        r->config.served(r->config.user, taker, password, NULL);
    } else if (r->unowned > 0) {
        take_over(r, taker);
    } else if (may_fetch(r, why)) {
        fetch(r, taker);
    } else {
        return false;
    }
    return true;
}

/* ---- from outside ---- */

enum reservoir_room reservoir_room(struct reservoir *r, struct err *why)
{
    drop_old(r);
    if (r->waiting != NULL) {
        err_set(why, STAGE_OTP, REASON_OTP_EXHAUSTED, "other devices waited for passwords, too");
        return RESERVOIR_WAIT;
    }
    if (r->stock != NULL || r->unowned > 0 || may_fetch(r, why))
        return RESERVOIR_READY;
    return !r->halted && is_dry(r) ? RESERVOIR_DRY : RESERVOIR_WAIT;
}

void reservoir_ask(struct reservoir *r, struct taker *taker)
{
    struct err why = {0};
    *taker = (struct taker){.asked_us = now_of(r), .begun_us = now_of(r)};
    drop_old(r);
    if (r->waiting != NULL || !serve(r, taker, &why))
        wait_in_order(r, taker);
}

void reservoir_cancel(struct reservoir *r, struct taker *taker)
{
    if (taker->waiting)
        stop_waiting(r, taker);
    if (!taker->fetching)
        return;
    struct line *line = &r->lines[taker->line];
    taker->fetching = false;
    line->taker = NULL; /* a password that comes nevertheless serves the next one */
    r->unowned++;
    if (r->config.per_device)
        r->config.supply->kind->cancel(r->config.supply, taker->line);
}

static void serve_waiting(struct reservoir *r)
{
    while (r->waiting != NULL) {
        struct taker *taker = r->waiting;
        struct err why = {0};
        bool at_hand = r->stock != NULL || r->unowned > 0;
        bool may = at_hand || may_fetch(r, &why);
        if (!may && !r->halted && !is_dry(r))
            return;
        stop_waiting(r, taker);
        if (!may || !serve(r, taker, &why))
            refuse(r, taker, &why);
    }
}

static void prefetch(struct reservoir *r, uint64_t to_come)
{
    const struct reservoir_config *c = &r->config;
    uint64_t wanted = c->prefetch < to_come ? c->prefetch : to_come;
    while (!c->per_device && !r->sulking && r->stocked + r->unowned < wanted && may_fetch(r, NULL))
        fetch(r, NULL);
}

void reservoir_turn(struct reservoir *r, uint64_t to_come)
{
    drop_old(r);
    serve_waiting(r);
    prefetch(r, to_come);
    r->turned_us = now_of(r);
}

int64_t reservoir_due_us(const struct reservoir *r)
{
    int64_t due = r->stock != NULL ? r->stock->expires_us : INT64_MAX;
    if (r->next_fetch_us > r->turned_us && r->next_fetch_us < due)
        due = r->next_fetch_us;
    return due;
}

unsigned reservoir_held(const struct reservoir *r)
{
    return r->held;
}

void reservoir_free(struct reservoir *r)
{
    if (r == NULL)
        return;
    struct supply *supply = r->config.supply;
    r->closing = true;
    for (unsigned i = 0; i < r->config.lines; i++) {
        if (r->lines[i].busy)
            supply->kind->cancel(supply, i);
    }
    for (struct password *password; (password = take_stock(r)) != NULL;)
        end_password(r, password, OUTCOME_OTP_LEFT);
    supply->kind->free(supply);
    fingerprints_clear(&r->seen);
    free(r->lines);
    free(r);
}
