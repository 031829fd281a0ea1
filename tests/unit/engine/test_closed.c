// links: sim
/* Closed phases in a whole run: one device's end is what makes the next one due. */
#include "engine_bench.h"

static struct bench *closed_bench(unsigned slots, uint64_t count, int64_t for_us)
{
    struct bench *b = new_bench(100, 1);
    struct err e = {0};
    b->phase = (struct load_phase){.name = "hammer",
                                   .kind = LOAD_CLOSED,
                                   .slots = slots,
                                   .pause_min_us = 10000,
                                   .pause_max_us = 30000,
                                   .duration_us = for_us};
    load_plan_free(b->plan);
    CHECK_OK(load_plan_new(&b->phase, 1, count, MANY, 42, &b->plan, &e), &e);
    b->config.plan = b->plan;
    return b;
}

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* At every start, devices that have started less those that have ended. */
static unsigned most_at_once(const struct heard *h)
{
    int64_t starts[MANY], ends[MANY];
    unsigned n = h->devices, most = 0;
    for (unsigned i = 0; i < n; i++) {
        starts[i] = h->outcomes[i].started_us;
        ends[i] = h->outcomes[i].finished_us;
    }
    qsort(starts, n, sizeof *starts, by_time);
    qsort(ends, n, sizeof *ends, by_time);
    for (unsigned i = 0, ended = 0; i < n; i++) {
        while (ended < n && ends[ended] <= starts[i])
            ended++;
        if (i + 1 - ended > most)
            most = i + 1 - ended;
    }
    return most;
}

static void slots_enroll_one_after_another(void **state)
{
    (void)state;
    struct bench *b = closed_bench(4, 40, 0);
    at_sim(b, NULL);
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 40);
    assert_true(most_at_once(&b->heard) <= 4);
    int64_t last = 0;
    for (unsigned i = 0; i < 40; i++) { /* identities are numbered as they come */
        assert_true(b->heard.outcomes[i].scheduled_us >= last);
        last = b->heard.outcomes[i].scheduled_us;
    }
    assert_int_equal(b->result.offered_until_us, last);
    free_bench(b);
}

static void time_ends_it(void **state)
{
    (void)state;
    struct bench *b = closed_bench(3, 0, SECOND / 2);
    struct err e = {0};
    at_sim(b, NULL);
    CHECK_OK(engine_run(&b->config, &b->result, &e), &e);
    assert_true(b->heard.devices >= 3);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], b->heard.devices);
    for (unsigned i = 0; i < b->heard.devices; i++) {
        assert_int_equal(b->heard.times_told[i], 1);
        assert_true(b->heard.outcomes[i].scheduled_us < SECOND / 2);
    }
    free_bench(b);
}

/* A signal: what was asked for as a number is told as unsent, to the last one. */
static void a_stopped_number_is_still_whole(void **state)
{
    (void)state;
    struct bench *b = closed_bench(4, 200, 0);
    at_sim(b, NULL);
    b->heard.raise_at = 10;
    run(b);
    assert_true(b->result.interrupted);
    assert_true(b->heard.ends[OUTCOME_UNSENT] > 150);
    free_bench(b);
}

static void refuse(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    (void)request;
    web_answer(reply, 401, "WWW-Authenticate: Basic realm=\"x\"\r\n", span_of_text("no"));
}

/* Passwords cannot be had: whoever waits gives up in the end, and so do those who would come after. */
static void slots_that_starve_do_not_hang(void **state)
{
    (void)state;
    struct bench *b = closed_bench(3, 50, 0);
    at_web(b, refuse, NULL);
    b->scenario.challenge.source = CHALLENGE_MSCEP_ADMIN;
    b->scenario.limits.device_timeout_us = SECOND / 2;
    b->config.user = "mdm";
    b->config.secret = b->password;
    run(b);
    assert_true(b->heard.ends[OUTCOME_UNSENT] >= 45);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_enroll_one_after_another),
        cmocka_unit_test(time_ends_it),
        cmocka_unit_test(a_stopped_number_is_still_whole),
        cmocka_unit_test(slots_that_starve_do_not_hang),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
