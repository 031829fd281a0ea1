// links: sim
/* Conformance probes beside a load, and alone: real sockets, the simulator or a server that knows no SCEP. */
#include "engine/engine.h"

#include "check.h"
#include "pki_fixture.h"
#include "sim/sim.h"
#include "web.h"

#include <signal.h>

#define SECOND INT64_C(1000000)

struct told {
    char probe[48];
    enum outcome_probe_verdict verdict;
    char expected[OUTCOME_TEXT_BYTES], observed[OUTCOME_TEXT_BYTES], control[OUTCOME_TEXT_BYTES];
    bool control_made, probe_made;
};

struct bench {
    struct scenario scenario;
    struct scenario_profile profile;
    struct load_phase phase;
    struct engine_config config;
    struct engine_result result;
    struct outcome_sink sink;
    struct load_plan *plan;
    struct pki_pool *keys;
    struct secret *password;
    struct sim *sim;
    struct web *web;
    char scep_url[256], admin_url[256];
    unsigned starts, devices, enrolled, pki_operations, probes, verdicts[OUTCOME_PROBE_VERDICTS];
    unsigned held_max, full_pages; /* passwords */
    struct told told[400];
};

static void on_start(void *user, int64_t scheduled_us, int64_t started_us, bool warm_up)
{
    struct bench *b = user;
    (void)scheduled_us;
    (void)started_us;
    (void)warm_up;
    b->starts++;
}

static void on_step(void *user, const struct outcome_step *step)
{
    struct bench *b = user;
    b->pki_operations += step->stage == STAGE_PKI_OPERATION;
}

static void on_device(void *user, const struct outcome *o)
{
    struct bench *b = user;
    assert_true(o->device < b->scenario.devices.count);
    b->devices++;
    b->enrolled += o->end == OUTCOME_ENROLLED;
}

static void on_otp(void *user, const struct outcome_otp_event *event)
{
    struct bench *b = user;
    b->held_max = event->held > b->held_max ? event->held : b->held_max;
    b->full_pages += event->kind == OUTCOME_OTP_CACHE_FULL;
}

static void on_probe(void *user, const struct outcome_probe *p)
{
    struct bench *b = user;
    assert_true(b->probes < 400);
    struct told *t = &b->told[b->probes++];
    b->verdicts[p->verdict]++;
    snprintf(t->probe, sizeof t->probe, "%s", p->probe);
    snprintf(t->expected, sizeof t->expected, "%s", p->expected);
    snprintf(t->observed, sizeof t->observed, "%s", p->observed);
    snprintf(t->control, sizeof t->control, "%s", p->control);
    t->verdict = p->verdict;
    t->control_made = p->control_device != NULL;
    t->probe_made = p->probe_device != NULL;
}

static struct bench *new_bench(uint64_t devices, const char *probes, uint64_t every)
{
    struct bench *b = calloc(1, sizeof *b);
    struct err e = {0};
    static char name[] = "bench", subject[] = "CN={profile}-{index}", marker[] = "OU=scepstorm";
    static char *words[] = {name};
    struct scenario *s = &b->scenario;
    b->profile = (struct scenario_profile){.name = name, .weight = 1};
    CHECK_OK(persona_find(PERSONA_DEFAULT, &b->profile.persona, &e), &e);
    s->name = name;
    s->seed = 42;
    s->devices.count = devices;
    s->devices.subject = subject;
    s->devices.marker = marker;
    s->devices.key_bits = 2048;
    s->devices.key_reuse = true;
    s->devices.profiles = &b->profile;
    s->devices.profile_count = 1;
    s->challenge.outstanding = 3;
    s->limits.request_timeout_us = 20 * SECOND;
    s->limits.device_timeout_us = 20 * SECOND;
    s->limits.error_budget = 1;
    s->limits.in_flight = 10000;
    s->conformance.words = words;
    s->conformance.word_count = 1;
    s->conformance.every = every;
    CHECK_OK(conformance_choose(probes, s->conformance.chosen, &e), &e);
    b->phase = (struct load_phase){.name = "load", .from_per_s = 100, .to_per_s = 100};
    CHECK_OK(load_plan_new(&b->phase, 1, devices, 1000, 42, &b->plan, &e), &e);
    CHECK_OK(pki_pool_new(&b->keys, &e), &e);
    struct pki_key *key = fixture_key("rsa2048-device");
    CHECK_OK(pki_pool_add(b->keys, key, &e), &e);
    pki_key_free(key);
    CHECK_OK(secret_new(span_of_text("correct horse"), &b->password, &e), &e);
    b->sink = (struct outcome_sink){
        .user = b, .start = on_start, .step = on_step, .device = on_device, .probe = on_probe, .otp = on_otp};
    b->config = (struct engine_config){.scenario = s,
                                       .scep_url = b->scep_url,
                                       .admin_url = b->admin_url,
                                       .user = "mdm",
                                       .secret = b->password,
                                       .keys = b->keys,
                                       .plan = b->plan,
                                       .sinks = &b->sink,
                                       .sink_count = 1,
                                       .run_id = "run",
                                       .threads = 2};
    return b;
}

static void at_sim(struct bench *b, const char *fault)
{
    struct err e = {0};
    const struct sim_config config = {.listen = "127.0.0.1:0",
                                      .schemes = NDES_SCHEME_BASIC,
                                      .accounts =
                                          &(struct logon_account){.name = "mdm", .password = b->password},
                                      .account_count = 1,
                                      .faults = &fault,
                                      .fault_count = fault != NULL};
    CHECK_OK(sim_start(&config, &b->sim, &e), &e);
    b->scenario.challenge.source = CHALLENGE_MSCEP_ADMIN;
    b->scenario.challenge.auth = CHALLENGE_AUTH_BASIC;
    snprintf(b->scep_url, sizeof b->scep_url, "%s/certsrv/mscep/mscep.dll", sim_url(b->sim));
    snprintf(b->admin_url, sizeof b->admin_url, "%s/certsrv/mscep_admin/", sim_url(b->sim));
}

static void run(struct bench *b)
{
    struct err e = {0};
    CHECK_OK(engine_run(&b->config, &b->result, &e), &e);
    assert_int_equal(b->devices, b->scenario.devices.count);
    assert_true(b->held_max <= b->scenario.challenge.outstanding);
    for (unsigned i = 0; i < b->probes; i++) {
        assert_true(b->told[i].expected[0] != '\0');
        assert_true(b->told[i].observed[0] != '\0');
    }
}

static void free_bench(struct bench *b)
{
    if (b->sim != NULL)
        sim_stop(b->sim);
    web_stop(b->web);
    load_plan_free(b->plan);
    pki_pool_free(b->keys);
    secret_free(b->password);
    free(b);
}

static const char *expected_verdict(const char *probe)
{
    static const char *const outside[] = {"corrupted-envelope", "wrong-recipient"};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        if (strcmp(outside[i], probe) == 0)
            return "skipped";
    }
    return "passed";
}

/* Passwords that no server took are not left lying: NDES has room for five. */
static void every_probe_alone(void **state)
{
    (void)state;
    struct bench *b = new_bench(1, "all", 0);
    at_sim(b, NULL);
    run(b);
    assert_int_equal(b->probes, conformance_count());
    for (unsigned i = 0; i < b->probes; i++) {
        const struct told *t = &b->told[i];
        assert_string_equal(t->probe, conformance_probe(i)->id);
        if (strcmp(outcome_probe_verdict_id(t->verdict), expected_verdict(t->probe)) != 0)
            fail_msg("%s: %s: %s (control: %s)", t->probe, outcome_probe_verdict_id(t->verdict), t->observed,
                     t->control);
        assert_string_equal(t->control, "enrolled");
        assert_true(t->control_made && t->probe_made);
    }
    assert_int_equal(b->full_pages, 0);
    free_bench(b);
}

static void probes_stay_out_of_the_load(void **state)
{
    (void)state;
    struct bench *b = new_bench(60, "all", 10);
    at_sim(b, NULL);
    run(b);
    assert_int_equal(b->starts, 60);
    assert_int_equal(b->enrolled, 60);
    assert_int_equal(b->pki_operations, 60);
    assert_int_equal(b->probes, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_string_equal(b->told[i].probe, conformance_probe(i)->id);
    assert_int_equal(b->verdicts[OUTCOME_PROBE_SKIPPED], 1); /* corrupted-envelope: a page answers */
    free_bench(b);
}

static void probes_take_turns(void **state)
{
    (void)state;
    struct bench *b = new_bench(14, "string", 2);
    at_sim(b, NULL);
    run(b);
    assert_int_equal(b->probes, 7);
    for (unsigned i = 4; i < 7; i++)
        assert_string_equal(b->told[i].probe, b->told[i - 4].probe);
    assert_int_equal(b->verdicts[OUTCOME_PROBE_PASSED], 7);
    free_bench(b);
}

/* The control fails, so nothing can be said, and soon nothing is tried any more. */
static void without_a_control_nothing_passes(void **state)
{
    (void)state;
    struct bench *b = new_bench(1, "all", 0);
    at_sim(b, "password-wrong");
    run(b);
    assert_int_equal(b->probes, conformance_count());
    assert_int_equal(b->verdicts[OUTCOME_PROBE_SKIPPED], conformance_count());
    assert_true(b->told[0].control_made && !b->told[0].probe_made);
    assert_non_null(strstr(b->told[0].control, "pki_operation"));
    assert_string_equal(b->told[5].control, "not made");
    free_bench(b);
}

static void say_html(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    (void)request;
    web_answer(reply, 200, "Content-Type: text/html\r\n", span_of_text("<html><body>Welcome</body></html>"));
}

static void html_is_no_answer(void **state)
{
    (void)state;
    struct bench *b = new_bench(2, "all", 0);
    b->web = web_start(say_html, NULL);
    assert_non_null(b->web);
    b->scenario.challenge.source = CHALLENGE_NONE;
    snprintf(b->scep_url, sizeof b->scep_url, "http://127.0.0.1:%u/scep", web_port(b->web));
    run(b);
    assert_int_equal(b->verdicts[OUTCOME_PROBE_SKIPPED], conformance_count());
    assert_int_equal(b->enrolled, 0);
    free_bench(b);
}

/* One password for all: a second use is no offence. */
static void what_does_not_apply_is_skipped(void **state)
{
    (void)state;
    struct bench *b = new_bench(1, "reused-challenge", 0);
    struct err e = {0};
    const struct sim_config config = {.listen = "127.0.0.1:0", .static_password = "1234567890ABCDEF"};
    CHECK_OK(sim_start(&config, &b->sim, &e), &e);
    b->scenario.challenge.source = CHALLENGE_STATIC;
    snprintf(b->scep_url, sizeof b->scep_url, "%s/certsrv/mscep/mscep.dll", sim_url(b->sim));
    struct secret *challenge = NULL;
    CHECK_OK(secret_new(span_of_text("1234567890ABCDEF"), &challenge, &e), &e);
    b->config.secret = challenge;
    run(b);
    assert_int_equal(b->verdicts[OUTCOME_PROBE_SKIPPED], 1);
    assert_string_equal(b->told[0].control, "enrolled");
    assert_non_null(strstr(b->told[0].observed, "one for all"));
    secret_free(challenge);
    free_bench(b);
}

static void stop_at_once(void *user, int64_t now_us)
{
    (void)user;
    if (now_us > SECOND / 10)
        raise(SIGINT);
}

static void an_interruption_ends_probes_too(void **state)
{
    (void)state;
    struct bench *b = new_bench(1, "all", 0);
    at_sim(b, NULL);
    b->config.tick = stop_at_once;
    b->config.tick_every_us = SECOND / 20;
    run(b);
    assert_true(b->result.interrupted);
    assert_int_equal(b->probes, conformance_count());
    assert_true(b->verdicts[OUTCOME_PROBE_SKIPPED] > 0);
    free_bench(b);
}

static int start(void **state)
{
    struct err e = {0};
    (void)state;
    return pki_init(&e) ? 0 : 1;
}

static int stop(void **state)
{
    (void)state;
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_probe_alone),
        cmocka_unit_test(probes_stay_out_of_the_load),
        cmocka_unit_test(probes_take_turns),
        cmocka_unit_test(without_a_control_nothing_passes),
        cmocka_unit_test(html_is_no_answer),
        cmocka_unit_test(what_does_not_apply_is_skipped),
        cmocka_unit_test(an_interruption_ends_probes_too),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
