/* Every moment the engine waits for, on one absolute timer.
 *
 * A timerfd, because libuv's timers are whole milliseconds relative to a cached time: chained, they drift, and each
 * arrival would be late by half a millisecond before the server had even seen it. On a wake-up everything that is due
 * is done, however late the wake-up was; its lateness is itself a fact. */
#include "engine/internal.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define HEARTBEAT_US 50000 /* the engine looks around this often when nothing else happens */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_due(const struct engine *en)
{
    int64_t due = least(en->heartbeat_us, arrivals_next_us(en));
    due = least(due, least(en->grace_us, arrivals_give_up_us(en)));
    due = least(due, passwords_due_us(en));
    return least(due, timers_due_us(en));
}

static void arm(struct engine *en)
{
    en->armed_us = next_due(en);
    int64_t at = en->zero_us + en->armed_us;
    struct itimerspec spec = {.it_value = {.tv_sec = at / SECOND_US, .tv_nsec = at % SECOND_US * 1000}};
    timerfd_settime(en->alarm_fd, TFD_TIMER_ABSTIME, &spec, NULL); /* in the past: fires at once */
}

/* Certificates that no ledger lists cannot be revoked: better none than those. */
static void watch_results(struct engine *en)
{
    const struct engine_config *c = en->config;
    struct err cause = {0};
    if (en->stopped || c->must_stop == NULL || !c->must_stop(c->must_stop_user))
        return;
    snprintf(en->result->stopped_early, sizeof en->result->stopped_early,
             "the results can no longer be written, so no more certificates are asked for");
    err_set(&cause, STAGE_NONE, REASON_ABORTED, "results can no longer be written");
    engine_stop(en, &cause);
}

static void watch_purpose(struct engine *en, int64_t now)
{
    const struct engine_config *c = en->config;
    struct err cause = {0};
    const char *why = en->stopped || c->give_up == NULL ? NULL : c->give_up(c->give_up_user, now);
    if (why == NULL)
        return;
    snprintf(en->result->stopped_early, sizeof en->result->stopped_early, "%s", why);
    err_set(&cause, STAGE_NONE, REASON_ABORTED, "%s", why);
    engine_stop(en, &cause);
}

static void look_around(struct engine *en, int64_t now)
{
    const struct engine_config *c = en->config;
    en->heartbeat_us = now + HEARTBEAT_US;
    facts_sample(en);
    park_tidy(en, now);
    watch_results(en);
    watch_purpose(en, now);
    if (en->grace_us != INT64_MAX)
        engine_abandon_sleepers(en); /* some fell asleep since */
    engine_tell_in_flight(en);
    if (c->tick != NULL && now >= en->tick_us) {
        en->tick_us = now + c->tick_every_us;
        c->tick(c->tick_user, now);
    }
}

static void wake(struct engine *en, struct seat *seat, int64_t now)
{
    struct phone *p = park_return(seat);
    if (p != NULL) {
        phone_due(p, now);
        return;
    }
    engine_lack_memory(en);
    timers_put_off(en, seat, now + SECOND_US);
}

static void do_all_due(struct engine *en)
{
    int64_t now = engine_now(en);
    arrivals_offer(en, now);
    passwords_turn(en);
    while (timers_due_us(en) <= now)
        wake(en, timers_first(en), now);
    if (now >= en->grace_us) {
        en->grace_us = INT64_MAX;
        engine_abandon_all(en);
    }
    if (now >= arrivals_give_up_us(en))
        arrivals_give_up(en, now);
    arrivals_admit(en);
    if (now >= en->heartbeat_us)
        look_around(en, now);
}

static void on_alarm(uv_poll_t *handle, int status, int events)
{
    struct engine *en = handle->data;
    uint64_t expirations;
    (void)status;
    (void)events;
    if (read(en->alarm_fd, &expirations, sizeof expirations) < 0)
        return; /* rearmed in between: nothing expired */
    /* What was due before the loop began is late for another reason than a stall. */
    int64_t due = en->armed_us > en->began_us ? en->armed_us : en->began_us, late = engine_now(en) - due;
    engine_tell_stall(en, late > 0 ? late : 0);
    do_all_due(en);
    arm(en);
}

bool alarm_open(struct engine *en, struct err *e)
{
    en->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (en->alarm_fd < 0)
        return err_set_errno(e, REASON_GENERATOR_LIMIT, errno, "cannot make a timer");
    int rc = uv_poll_init(&en->loop, &en->alarm, en->alarm_fd);
    if (rc == 0) {
        en->alarm.data = en;
        rc = uv_poll_start(&en->alarm, UV_READABLE, on_alarm);
    }
    return rc == 0 || err_set_detail(e, STAGE_SETUP, REASON_GENERATOR_LIMIT, ERR_DOMAIN_UV, rc,
                                     "cannot watch a timer: %s", uv_strerror(rc));
}

void alarm_start(struct engine *en)
{
    int64_t now_us = clock_wall_us(), start_us = en->config->start_wall_us;
    if (start_us == 0)
        start_us = now_us + 1000; /* the first arrival is a wake-up like any other */
    en->zero_us = clock_monotonic_us() + start_us - now_us;
    en->result->started_wall_us = start_us;
    en->result->late_us = now_us > start_us ? now_us - start_us : 0;
    en->began_us = now_us - start_us;
    arm(en);
}

void alarm_expect(struct engine *en, int64_t at_us)
{
    if (at_us < en->armed_us)
        arm(en);
}

void alarm_close(struct engine *en)
{
    if (en->alarm_fd < 0)
        return;
    if (en->alarm.data != NULL)
        uv_close((uv_handle_t *)&en->alarm, NULL);
    close(en->alarm_fd);
    en->alarm_fd = -1;
}
