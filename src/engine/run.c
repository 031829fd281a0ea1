/* The run as a whole: from set-up to the last fact. */
#include "engine/lab.h"

#include <signal.h>

#define GRACE_US (10 * SECOND_US) /* for devices in flight after the first signal */

int64_t engine_now(const struct engine *en)
{
    return clock_monotonic_us() - en->zero_us;
}

#define TELL(en, call, ...)                                                                                  \
    for (size_t i = 0; i < (en)->config->sink_count; i++) {                                                  \
        const struct outcome_sink *sink = &(en)->config->sinks[i];                                           \
        if (sink->call != NULL)                                                                              \
            sink->call(sink->user, __VA_ARGS__);                                                             \
    }

void engine_tell_arrival(struct engine *en, const struct load_arrival *a)
{
    en->offered++;
    TELL(en, arrival, a->scheduled_us, a->warm_up)
}

void engine_tell_start(struct engine *en, const struct load_arrival *a, int64_t now_us)
{
    TELL(en, start, a->scheduled_us, now_us, a->warm_up)
}

void engine_tell_step(struct engine *en, const struct outcome_step *step)
{
    TELL(en, step, step)
}

void engine_tell_stall(struct engine *en, int64_t us)
{
    TELL(en, loop_stall, us)
}

void engine_tell_otp(struct engine *en, const struct outcome_otp_event *event)
{
    TELL(en, otp, event)
}

void engine_tell_probe(struct engine *en, const struct outcome_probe *probe)
{
    TELL(en, probe, probe)
}

void engine_tell_in_flight(struct engine *en)
{
    en->whereabouts.waiting = en->queue.count;
    TELL(en, in_flight, &en->whereabouts)
}

void engine_stop(struct engine *en, const struct err *cause)
{
    if (en->stopped)
        return;
    en->stopped = true;
    arrivals_stop(en, cause);
    lab_stop(en->lab);
}

/* A share of failures says nothing before some devices have ended. */
static void watch_budget(struct engine *en)
{
    double budget = en->config->scenario->limits.error_budget;
    if (en->stopped || en->ended < 20 || (double)en->failed <= budget * (double)en->ended)
        return;
    struct err cause = {0};
    snprintf(en->result->stopped_early, sizeof en->result->stopped_early,
             "error budget of %g%% spent: %llu of %llu devices failed", budget * 100,
             (unsigned long long)en->failed, (unsigned long long)en->ended);
    err_set(&cause, STAGE_NONE, REASON_ABORTED, "error budget spent");
    engine_stop(en, &cause);
}

void engine_tell_device(struct engine *en, const struct outcome *o)
{
    TELL(en, device, o)
    arrivals_ended(en, o);
    if (o->end == OUTCOME_UNSENT)
        return;
    en->result->duration_us = engine_now(en); /* what followed its enrollment included */
    en->ended += o->end != OUTCOME_ABANDONED;
    if (o->error.stage == STAGE_OTP && (o->http_status == 404 || o->http_status == 403))
        look_for_page(en);
    en->failed += o->end == OUTCOME_FAILED;
    watch_budget(en);
}

void engine_lack_memory(struct engine *en)
{
    struct err cause = {0};
    if (en->stopped)
        return;
    snprintf(en->result->stopped_early, sizeof en->result->stopped_early,
             "no memory was left for the devices in flight: fewer of them, or a larger machine");
    err_set(&cause, STAGE_NONE, REASON_NO_MEMORY, "no memory for the devices in flight");
    engine_stop(en, &cause);
}

void engine_abandon_all(struct engine *en)
{
    for (struct phone *p; en->timers.count > 0 && (p = park_return(timers_first(en))) != NULL;)
        phone_abort(p);
    if (en->timers.count == 0)
        return;
    en->grace_us = engine_now(en) + SECOND_US; /* no memory for the others now */
    alarm_expect(en, en->grace_us);
}

static bool sleeps_too_long(const struct seat *seat)
{
    return seat->wake_us != INT64_MAX && seat->wake_us > seat->engine->grace_us;
}

/* Their next poll, retry or request would come after the grace: waiting for them helps nobody. One that leaves changes the
 * places of others, so it takes passes. */
void engine_abandon_sleepers(struct engine *en)
{
    for (bool found = true; found;) {
        found = false;
        for (size_t i = en->timers.count; i-- > 0;) {
            struct seat *seat = i < en->timers.count ? en->timers.items[i].seat : NULL;
            struct phone *p = seat != NULL && sleeps_too_long(seat) ? park_return(seat) : NULL;
            if (p == NULL)
                continue;
            found = true;
            phone_abort(p);
        }
    }
}

static void interrupt(struct engine *en)
{
    struct err cause = {0};
    err_set(&cause, STAGE_NONE, REASON_ABORTED, "interrupted");
    en->result->interrupted = true;
    en->grace_us = engine_now(en) + GRACE_US;
    engine_stop(en, &cause);
    engine_abandon_sleepers(en);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct engine *en = handle->data;
    (void)number;
    if (en->result->interrupted)
        engine_abandon_all(en);
    else
        interrupt(en);
    if (en->look != NULL)
        http_cancel(en->look);
}

/* Before the loop sleeps: devices that ended may have made room, and perhaps everything is over. */
static void on_turn(uv_prepare_t *handle)
{
    struct engine *en = handle->data;
    passwords_turn(en);
    arrivals_admit(en);
    lab_turn(en->lab);
    alarm_expect(en, passwords_due_us(en));
    look_turn(en);
    if (!arrivals_over(en) || en->phones > 0 || !lab_over(en->lab) || en->over)
        return;
    en->over = true;
    engine_tell_in_flight(en);
    facts_end(en);
    if (!look_goes_on(en))
        uv_stop(&en->loop);
}

static bool watch_signals(struct engine *en, struct err *e)
{
    uv_signal_t *const handles[] = {&en->sigint, &en->sigterm};
    const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        int rc = uv_signal_init(&en->loop, handles[i]);
        if (rc == 0) {
            handles[i]->data = en;
            rc = uv_signal_start(handles[i], on_signal, numbers[i]);
        }
        if (rc != 0)
            return err_set_detail(e, STAGE_SETUP, REASON_GENERATOR_LIMIT, ERR_DOMAIN_UV, rc,
                                  "cannot watch for signals: %s", uv_strerror(rc));
    }
    return true;
}

static bool use_proxy(struct engine *en, struct err *e)
{
    const char *proxy = en->config->scenario->target.proxy;
    return proxy == NULL || http_set_proxy(en->http, proxy, e);
}

static bool open_engine(struct engine *en, struct err *e)
{
    const struct engine_config *c = en->config;
    uv_prepare_init(&en->loop, &en->turn); /* these two cannot fail */
    uv_prepare_start(&en->turn, on_turn);
    en->turn.data = en;
    return alarm_open(en, e) && watch_signals(en, e) &&
           http_new(&en->loop, c->scenario->target.ca_file, &en->http, e) && use_proxy(en, e) &&
           workers_new(&en->loop, c->threads, &en->workers, e) && requests_prepare(en, e) &&
           passwords_new(en, &en->passwords, e) && signers_new(en, &en->signers, e) &&
           lab_new(en, &en->lab, e);
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->data != NULL && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Order matters: sessions before the client, and everything before the loop runs dry. */
static void close_engine(struct engine *en)
{
    workers_free(en->workers);
    http_session_free(en->look);
    lab_free(en->lab);
    signers_free(en->signers);
    passwords_free(en->passwords);
    http_free(en->http);
    alarm_close(en);
    close_handle((uv_handle_t *)&en->turn);
    close_handle((uv_handle_t *)&en->sigint);
    close_handle((uv_handle_t *)&en->sigterm);
    uv_run(&en->loop, UV_RUN_DEFAULT);
    uv_loop_close(&en->loop);
    arrivals_clear(en);
    timers_clear(en);
    requests_forget(en);
    for (size_t i = 0; i < ENGINE_CA_CACHE; i++)
        scep_ca_free(en->ca_cache[i].ca);
}

static bool was_interrupted(const struct engine_config *c)
{
    return c->interrupted != NULL && *c->interrupted != 0;
}

static bool on_the_web(enum challenge_source source)
{
    return source == CHALLENGE_MSCEP_ADMIN || source == CHALLENGE_HTTP || source == CHALLENGE_INTUNE;
}

static bool check_config(const struct engine_config *c, struct err *e)
{
    if (was_interrupted(c))
        return true;
    if (c->keys == NULL || pki_pool_count(c->keys) == 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "the key pool is empty: fill it with scepstorm keygen");
    if (c->scep_url == NULL || c->scep_url[0] == '\0')
        return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no URL to enroll at");
    if (on_the_web(c->scenario->challenge.source) && c->admin_url == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no URL to fetch passwords from");
    return true;
}

bool engine_run(const struct engine_config *config, struct engine_result *out, struct err *e)
{
    *out = (struct engine_result){0};
    if (!check_config(config, e))
        return false;
    struct engine *en = calloc(1, sizeof *en);
    int rc = en == NULL ? UV_ENOMEM : uv_loop_init(&en->loop);
    if (rc != 0) {
        free(en);
        return err_set_detail(e, STAGE_SETUP, REASON_GENERATOR_LIMIT, ERR_DOMAIN_UV, rc,
                              "cannot make an event loop: %s", uv_strerror(rc));
    }
    en->config = config;
    en->result = out;
    en->alarm_fd = -1;
    en->grace_us = INT64_MAX;
    bool ok = open_engine(en, e);
    if (ok) {
        facts_begin(en);
        alarm_start(en);
        if (was_interrupted(config))
            interrupt(en);
        uv_run(&en->loop, UV_RUN_DEFAULT);
    }
    close_engine(en);
    free(en);
    return ok;
}
