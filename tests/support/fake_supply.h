/* A reservoir without an engine: a supply whose fetches end when the test says so, and a clock that the test moves. */
#ifndef SUPPORT_FAKE_SUPPLY_H
#define SUPPORT_FAKE_SUPPLY_H

#include "engine/reservoir.h"

#include "check.h"

#define FAKE_LINES  8
#define FAKE_TAKERS 64

struct fake {
    struct supply supply; /* first */
    bool under_way[FAKE_LINES];
    bool stays_logged_on; /* no fetch logs on */
    bool at_once;         /* fetches end where they begin */
    uint64_t next_value;
    uint64_t left; /* UINT64_MAX: nobody knows */
    unsigned fetches, cancelled;
    bool freed;

    int64_t now_us;
    struct reservoir *r;
    struct taker takers[FAKE_TAKERS];
    struct password *passwords[FAKE_TAKERS]; /* that they hold */
    unsigned served[FAKE_TAKERS];            /* times told */
    enum reason refused[FAKE_TAKERS];
    unsigned served_in_order[FAKE_TAKERS * 64], served_count;
    unsigned events[OUTCOME_OTP_KINDS];
    unsigned held, halted;
    struct outcome_otp_event last;
};

static inline struct secret *fake_secret(uint64_t value)
{
    char text[24];
    struct secret *out = NULL;
    struct err e = {0};
    snprintf(text, sizeof text, "%016llX", (unsigned long long)value);
    CHECK_OK(secret_new(span_of_text(text), &out, &e), &e);
    return out;
}

static inline void fake_finish(struct fake *f, unsigned line, struct supply_answer *answer)
{
    assert_true(f->under_way[line]);
    f->under_way[line] = false;
    f->supply.done(f->supply.user, line, answer);
}

/* `count` new passwords. */
static inline void fake_bring(struct fake *f, unsigned line, unsigned count, bool single_use)
{
    struct secret *secrets[16] = {NULL};
    assert_true(count <= 16);
    for (unsigned i = 0; i < count; i++)
        secrets[i] = fake_secret(f->next_value++);
    struct supply_answer answer = {
        .secrets = secrets, .count = count, .single_use = single_use, .logon_proven = true};
    fake_finish(f, line, &answer);
    for (unsigned i = 0; i < count; i++)
        secret_free(secrets[i]);
}

static inline void fake_fail(struct fake *f, unsigned line, enum reason reason, bool refused)
{
    struct supply_answer answer = {.logon_refused = refused};
    err_set(&answer.error, STAGE_OTP, reason, "as the test wants it");
    fake_finish(f, line, &answer);
}

static inline bool fake_fetch(struct supply *supply, unsigned line, const struct challenge_device *device,
                              struct err *e)
{
    struct fake *f = (struct fake *)supply;
    (void)device;
    assert_true(line < FAKE_LINES);
    assert_false(f->under_way[line]);
    if (f->left == 0)
        return err_set(e, STAGE_OTP, REASON_OTP_EXHAUSTED, "none left");
    f->left -= f->left != UINT64_MAX;
    f->under_way[line] = true;
    f->fetches++;
    if (f->at_once)
        fake_bring(f, line, 1, true);
    return true;
}

static inline void fake_cancel(struct supply *supply, unsigned line)
{
    struct fake *f = (struct fake *)supply;
    f->cancelled++;
    fake_fail(f, line, REASON_ABORTED, false);
}

static inline uint64_t fake_left(const struct supply *supply)
{
    return ((const struct fake *)supply)->left;
}

static inline void fake_free(struct supply *supply)
{
    struct fake *f = (struct fake *)supply;
    for (unsigned i = 0; i < FAKE_LINES; i++)
        assert_false(f->under_way[i]);
    f->freed = true;
}

static inline int64_t fake_now(void *user)
{
    return ((struct fake *)user)->now_us;
}

static inline const struct challenge_device *fake_describe(void *user, struct taker *taker, struct err *e)
{
    static const struct challenge_device device = {.name = "", .profile = "", .run = "", .subject = ""};
    (void)user;
    (void)taker;
    (void)e;
    return &device;
}

static inline void fake_served(void *user, struct taker *taker, struct password *password,
                               struct supply_answer *answer)
{
    struct fake *f = user;
    ptrdiff_t i = taker - f->takers;
    assert_true(i >= 0 && i < FAKE_TAKERS);
    assert_true(password != NULL || answer != NULL);
    assert_null(f->passwords[i]);
    f->passwords[i] = password;
    f->refused[i] = password == NULL ? answer->error.reason : REASON_NONE;
    f->served[i]++;
    if (f->served_count < sizeof f->served_in_order / sizeof *f->served_in_order)
        f->served_in_order[f->served_count++] = (unsigned)i;
}

static inline void fake_tell(void *user, const struct outcome_otp_event *event)
{
    struct fake *f = user;
    f->events[event->kind]++;
    f->held = event->held;
    f->last = *event;
}

static inline void fake_halted(void *user, const struct err *why)
{
    struct fake *f = user;
    assert_int_equal(why->reason, REASON_OTP_AUTH_REFUSED);
    f->halted++;
}

static inline bool fake_logs_on(const struct supply *supply, unsigned line)
{
    (void)line;
    return !((const struct fake *)supply)->stays_logged_on;
}

static inline struct fake *fake_new(struct reservoir_config config)
{
    static const struct supply_kind kind = {.fetch = fake_fetch,
                                            .logs_on = fake_logs_on,
                                            .cancel = fake_cancel,
                                            .left = fake_left,
                                            .free = fake_free};
    struct fake *f = calloc(1, sizeof *f);
    struct err e = {0};
    assert_non_null(f);
    f->supply.kind = &kind;
    f->left = UINT64_MAX;
    f->next_value = 1;
    config.supply = &f->supply;
    config.user = f;
    config.now = fake_now;
    config.describe = fake_describe;
    config.served = fake_served;
    config.tell = fake_tell;
    config.halted = fake_halted;
    config.lines = config.lines > 0 ? config.lines : FAKE_LINES;
    CHECK_OK(reservoir_new(&config, &f->r, &e), &e);
    return f;
}

/* Ends the run; what then holds, holds always. */
static inline void fake_end(struct fake *f)
{
    for (unsigned i = 0; i < FAKE_TAKERS; i++) {
        reservoir_cancel(f->r, &f->takers[i]);
        if (f->passwords[i] != NULL)
            reservoir_put_back(f->r, f->passwords[i]);
    }
    reservoir_free(f->r);
    assert_true(f->freed);
    assert_int_equal(f->held, 0);
    const unsigned *n = f->events;
    assert_int_equal(n[OUTCOME_OTP_SENT], n[OUTCOME_OTP_SPENT]);
    assert_true(n[OUTCOME_OTP_FETCHED] >= n[OUTCOME_OTP_SENT] + n[OUTCOME_OTP_EXPIRED] + n[OUTCOME_OTP_LEFT]);
    assert_true(n[OUTCOME_OTP_BURNT] <= n[OUTCOME_OTP_FETCHED]);
    free(f);
}

static inline void fake_ask(struct fake *f, unsigned taker)
{
    reservoir_ask(f->r, &f->takers[taker]);
}

/* The device has sent its password, and an answer came. */
static inline void fake_spend(struct fake *f, unsigned taker)
{
    assert_non_null(f->passwords[taker]);
    reservoir_spend(f->r, f->passwords[taker], f->now_us);
    f->passwords[taker] = NULL;
}

#endif
