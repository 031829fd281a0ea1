/* A whole run in one process, and what its sinks heard. Link sim. */
#ifndef SUPPORT_ENGINE_BENCH_H
#define SUPPORT_ENGINE_BENCH_H

#include "engine/engine.h"

#include "base/clock.h"
#include "check.h"
#include "pki_fixture.h"
#include "sim/sim.h"
#include "web.h"

#include <signal.h>

#define SECOND INT64_C(1000000)
#define MANY   2000

/* What the sinks heard. */
struct heard {
    unsigned arrivals, starts, devices;
    unsigned ends[4];
    unsigned reasons[REASON_COUNT];
    unsigned steps[STAGE_COUNT], failed_steps[STAGE_COUNT];
    int64_t most_lag_us[STAGE_COUNT]; /* between wanted and begun */
    struct outcome outcomes[MANY];    /* by device */
    unsigned times_told[MANY];
    char failing_url[256];
    size_t evidence_bytes;
    char evidence[1024]; /* its beginning */
    char asked[2048];    /* the beginning of what is told of the request */
    int raise_at;        /* SIGINT when so many have started; 0: never */
    int raise_again;
    int64_t last_finished_us;
    unsigned otp[OUTCOME_OTP_KINDS]; /* events */
    unsigned held, held_max;
    unsigned most_busy[STAGE_COUNT], most_waiting; /* at a time */
};

struct bench {
    struct scenario scenario;
    struct scenario_profile profile;
    struct load_phase phase;
    struct engine_config config;
    struct engine_result result;
    struct outcome_sink sink;
    struct heard heard;
    struct load_plan *plan;
    struct pki_pool *keys;
    struct secret *password;
    struct sim *sim;
    struct web *web;
    char scep_url[256], admin_url[256];
};

static inline void on_arrival(void *user, int64_t scheduled_us, bool warm_up)
{
    (void)scheduled_us;
    (void)warm_up;
    ((struct heard *)user)->arrivals++;
}

static inline void on_start(void *user, int64_t scheduled_us, int64_t started_us, bool warm_up)
{
    struct heard *h = user;
    (void)warm_up;
    assert_true(started_us >= scheduled_us);
    h->starts++;
    if (h->raise_at > 0 && (int)h->starts >= h->raise_at) {
        h->raise_at = 0;
        raise(SIGINT);
    }
}

static inline void on_step(void *user, const struct outcome_step *step)
{
    struct heard *h = user;
    assert_true(step->queued_us <= step->started_us);
    assert_true(step->started_us <= step->finished_us);
    h->steps[step->stage]++;
    h->failed_steps[step->stage] += step->failed;
    if (step->started_us - step->queued_us > h->most_lag_us[step->stage])
        h->most_lag_us[step->stage] = step->started_us - step->queued_us;
}

static inline void keep_asked(struct heard *h, const struct outcome_exemplar *exemplar)
{
    struct buf told;
    buf_init(&told, BYTES_MAX_MESSAGE);
    if (exemplar->tell_request != NULL)
        exemplar->tell_request(exemplar->asked, &told);
    snprintf(h->asked, sizeof h->asked, "%.*s", (int)told.len, (const char *)told.data);
    buf_clear(&told);
}

static inline void on_device(void *user, const struct outcome *o)
{
    struct heard *h = user;
    assert_true(o->device < MANY);
    h->devices++;
    h->ends[o->end]++;
    h->reasons[o->error.reason]++;
    h->times_told[o->device]++;
    h->outcomes[o->device] = *o;
    if (o->end == OUTCOME_FAILED) {
        snprintf(h->failing_url, sizeof h->failing_url, "%.*s", (int)o->exemplar.url.len,
                 (const char *)o->exemplar.url.data);
        h->evidence_bytes = o->exemplar.body.len;
        snprintf(h->evidence, sizeof h->evidence, "%.*s", (int)o->exemplar.body.len,
                 (const char *)o->exemplar.body.data);
        keep_asked(h, &o->exemplar);
    }
    if (o->end != OUTCOME_UNSENT && o->finished_us > h->last_finished_us)
        h->last_finished_us = o->finished_us;
    if (h->raise_again && o->end == OUTCOME_UNSENT) {
        h->raise_again = 0;
        raise(SIGTERM);
    }
}

static inline void on_otp(void *user, const struct outcome_otp_event *event)
{
    struct heard *h = user;
    assert_true(event->at_us >= 0 && event->took_us >= 0 && event->age_us >= 0);
    h->otp[event->kind]++;
    h->held = event->held;
    h->held_max = event->held > h->held_max ? event->held : h->held_max;
}

/* Whatever happens, every device that has started and not ended stands in one place. */
static inline void on_in_flight(void *user, const struct outcome_in_flight *now)
{
    struct heard *h = user;
    unsigned standing = 0,
             ended = h->ends[OUTCOME_ENROLLED] + h->ends[OUTCOME_FAILED] + h->ends[OUTCOME_ABANDONED];
    for (int s = 0; s < STAGE_COUNT; s++) {
        standing += now->busy[s] + now->pausing[s];
        h->most_busy[s] = now->busy[s] > h->most_busy[s] ? now->busy[s] : h->most_busy[s];
    }
    h->most_waiting = now->waiting > h->most_waiting ? (unsigned)now->waiting : h->most_waiting;
    assert_int_equal(standing, h->starts - ended);
}

static inline void on_stall(void *user, int64_t us)
{
    (void)user;
    assert_true(us >= 0);
}

static inline struct bench *new_bench(double rate, uint64_t count)
{
    struct bench *b = calloc(1, sizeof *b);
    struct err e = {0};
    static char name[] = "bench", subject[] = "CN={profile}-{index}", marker[] = "OU=scepstorm",
                rfc[] = "rfc8894";
    b->profile = (struct scenario_profile){.name = rfc, .weight = 1};
    CHECK_OK(persona_find("rfc8894", &b->profile.persona, &e), &e);
    b->scenario.name = name;
    b->scenario.seed = 42;
    b->scenario.devices.subject = subject;
    b->scenario.devices.marker = marker;
    b->scenario.devices.key_bits = 2048;
    b->scenario.devices.key_reuse = true;
    b->scenario.devices.profiles = &b->profile;
    b->scenario.devices.profile_count = 1;
    b->scenario.challenge.outstanding = 3;
    b->scenario.limits.request_timeout_us = 20 * SECOND;
    b->scenario.limits.device_timeout_us = 60 * SECOND;
    b->scenario.limits.error_budget = 1;
    b->scenario.limits.in_flight = 10000;
    b->phase = (struct load_phase){.name = "load", .from_per_s = rate, .to_per_s = rate};
    CHECK_OK(load_plan_new(&b->phase, 1, count, MANY, 42, &b->plan, &e), &e);
    CHECK_OK(pki_pool_new(&b->keys, &e), &e);
    const char *const keys[] = {"rsa2048-device", "rsa2048-other"};
    for (size_t i = 0; i < 2; i++) {
        struct pki_key *key = fixture_key(keys[i]);
        CHECK_OK(pki_pool_add(b->keys, key, &e), &e);
        pki_key_free(key);
    }
    CHECK_OK(secret_new(span_of_text("correct horse"), &b->password, &e), &e);
    b->sink = (struct outcome_sink){.user = &b->heard,
                                    .arrival = on_arrival,
                                    .start = on_start,
                                    .step = on_step,
                                    .device = on_device,
                                    .loop_stall = on_stall,
                                    .otp = on_otp,
                                    .in_flight = on_in_flight};
    b->config = (struct engine_config){.scenario = &b->scenario,
                                       .scep_url = b->scep_url,
                                       .admin_url = b->admin_url,
                                       .keys = b->keys,
                                       .plan = b->plan,
                                       .sinks = &b->sink,
                                       .sink_count = 1,
                                       .run_id = "run",
                                       .threads = 2};
    return b;
}

static inline void at_sim_like(struct bench *b, struct sim_config config)
{
    struct err e = {0};
    CHECK_OK(sim_start(&config, &b->sim, &e), &e);
    snprintf(b->scep_url, sizeof b->scep_url, "%s/certsrv/mscep/mscep.dll", sim_url(b->sim));
    snprintf(b->admin_url, sizeof b->admin_url, "%s/certsrv/mscep_admin/", sim_url(b->sim));
}

static inline void at_sim(struct bench *b, const char *fault)
{
    const struct sim_config config = {
        .listen = "127.0.0.1:0",
        .schemes = NDES_SCHEME_BASIC,
        .accounts = &(struct logon_account){.name = "mdm", .password = b->password},
        .account_count = 1,
        .otp_cache = 5,
        .otp_validity_us = 3600 * SECOND,
        .otp_bytes = 8,
        .ca_bits = 2048,
        .ra_bits = 2048,
        .faults = &fault,
        .fault_count = fault != NULL,
    };
    at_sim_like(b, config);
    b->scenario.challenge.source = CHALLENGE_MSCEP_ADMIN;
    b->scenario.challenge.auth = CHALLENGE_AUTH_BASIC;
    b->config.user = "mdm";
    b->config.secret = b->password;
}

static inline void at_web(struct bench *b, web_handler handler, void *user)
{
    b->web = web_start(handler, user);
    assert_non_null(b->web);
    snprintf(b->scep_url, sizeof b->scep_url, "http://127.0.0.1:%u/scep", web_port(b->web));
    snprintf(b->admin_url, sizeof b->admin_url, "http://127.0.0.1:%u/admin", web_port(b->web));
}

/* Runs, and checks what holds for every run. */
static inline void run(struct bench *b)
{
    struct err e = {0};
    struct heard *h = &b->heard;
    CHECK_OK(engine_run(&b->config, &b->result, &e), &e);
    uint64_t planned = load_plan_count(b->plan);
    assert_int_equal(h->devices, planned);
    for (uint64_t i = 0; i < planned; i++)
        assert_int_equal(h->times_told[i], 1);
    assert_int_equal(planned, h->starts + h->ends[OUTCOME_UNSENT]);
    assert_int_equal(h->starts,
                     h->ends[OUTCOME_ENROLLED] + h->ends[OUTCOME_FAILED] + h->ends[OUTCOME_ABANDONED]);
    const unsigned *otp = h->otp;
    if (b->result.otp.limit > 0)
        assert_true(h->held_max <= b->result.otp.limit);
    assert_int_equal(h->held, 0);
    assert_int_equal(otp[OUTCOME_OTP_SENT], otp[OUTCOME_OTP_SPENT]);
    assert_true(otp[OUTCOME_OTP_FETCHED] >=
                otp[OUTCOME_OTP_SENT] + otp[OUTCOME_OTP_EXPIRED] + otp[OUTCOME_OTP_LEFT]);
    assert_true(otp[OUTCOME_OTP_BURNT] <= otp[OUTCOME_OTP_FETCHED]);
    assert_true(b->result.duration_us >= h->last_finished_us);
}

static inline void free_bench(struct bench *b)
{
    if (b->sim != NULL)
        sim_stop(b->sim);
    web_stop(b->web);
    load_plan_free(b->plan);
    pki_pool_free(b->keys);
    secret_free(b->password);
    free(b);
}

static inline int set_up(void **state)
{
    (void)state;
    struct err e = {0};
    return pki_init(&e) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    pki_cleanup();
    return 0;
}

#endif
