// links: sim
/* An operator who pauses the load and changes its rate. */
#include "engine_bench.h"

/* Holds from a moment of the run on. */
struct wish {
    int64_t from_us;
    struct engine_pace pace;
};

static struct engine_pace by_list(void *user, int64_t now_us)
{
    const struct wish *list = user;
    struct engine_pace pace = {.factor = 1};
    for (; list->from_us != INT64_MAX && list->from_us <= now_us; list++)
        pace = list->pace;
    return pace;
}

/* Nothing is scheduled or starts in the pause, nobody is lost, and what comes after it is not late because of it. */
static void a_pause_lets_nothing_start(void **state)
{
    (void)state;
    static struct wish list[] = {{150000, {.factor = 1, .paused = true}},
                                 {600000, {.factor = 1}},
                                 {700000, {.factor = 2}},
                                 {INT64_MAX, {.factor = 1}}};
    struct bench *b = new_bench(50, 40);
    at_sim(b, NULL);
    b->config.pace = by_list;
    b->config.pace_user = list;
    run(b);
    const struct engine_result *r = &b->result;
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 40);
    assert_int_equal(r->change_count, 3);
    assert_true(r->changes[0].pace.paused);
    assert_false(r->changes[1].pace.paused);
    assert_true(r->changes[2].pace.factor == 2);
    int64_t from_us = r->changes[0].at_us, until_us = r->changes[1].at_us, paused_us = until_us - from_us;
    assert_true(from_us >= 150000 && until_us >= 600000);
    unsigned before = 0;
    for (int i = 0; i < 40; i++) {
        const struct outcome *o = &b->heard.outcomes[i];
        assert_true(o->scheduled_us <= from_us || o->scheduled_us > until_us);
        assert_true(o->started_us <= from_us || o->started_us >= until_us);
        before += o->scheduled_us <= from_us;
        if (o->scheduled_us > until_us && o->scheduled_us <= r->changes[2].at_us)
            assert_int_equal(o->scheduled_us, (int64_t)i * 20000 + paused_us);
    }
    assert_true(before >= 8 && before < 40);
    free_bench(b);
}

/* Those that were due before wait, and their wait is not hidden. */
static void what_was_due_waits_and_says_so(void **state)
{
    (void)state;
    static struct wish list[] = {
        {100000, {.factor = 1, .paused = true}}, {500000, {.factor = 1}}, {INT64_MAX, {.factor = 1}}};
    struct bench *b = new_bench(1000, 30); /* all are due before the pause */
    at_sim(b, NULL);
    b->scenario.limits.in_flight = 1;
    b->config.pace = by_list;
    b->config.pace_user = list;
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 30);
    const struct outcome *last = &b->heard.outcomes[29];
    if (b->result.change_count == 2) /* it was not over by then */
        assert_true(last->started_us >= b->result.changes[1].at_us && last->scheduled_us == 29000);
    free_bench(b);
}

static void an_interruption_ends_a_pause(void **state)
{
    (void)state;
    static struct wish list[] = {{100000, {.factor = 1, .paused = true}}, {INT64_MAX, {.factor = 1}}};
    struct bench *b = new_bench(100, 200);
    at_sim(b, NULL);
    b->config.pace = by_list;
    b->config.pace_user = list;
    b->heard.raise_at = 5;
    run(b);
    assert_true(b->result.interrupted);
    assert_true(b->heard.ends[OUTCOME_UNSENT] > 100);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_lets_nothing_start),
        cmocka_unit_test(what_was_due_waits_and_says_so),
        cmocka_unit_test(an_interruption_ends_a_pause),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
