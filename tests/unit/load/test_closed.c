/* Closed phases, against devices that take a known time. */
#include "load/load.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define MANY   100000
#define MS     INT64_C(1000)

static struct load_plan *plan_of(const struct load_phase *phases, size_t n, uint64_t count, uint64_t seed)
{
    struct load_plan *plan = NULL;
    struct err e = {0};
    if (!load_plan_new(phases, n, count, MANY, seed, &plan, &e))
        fail_msg("%s", e.text);
    return plan;
}

static struct load_phase closed(unsigned slots, int64_t pause_min_us, int64_t pause_max_us, int64_t for_us)
{
    return (struct load_phase){.name = "c",
                               .kind = LOAD_CLOSED,
                               .slots = slots,
                               .pause_min_us = pause_min_us,
                               .pause_max_us = pause_max_us,
                               .duration_us = for_us};
}

/* A server that needs the same time for every device, as many at once as come. */
struct world {
    struct load_plan *plan;
    int64_t service_us;
    int64_t ends[1000]; /* of those under way, in order of their ends, which is that of their starts */
    struct load_arrival who[1000];
    size_t first, last;
    uint64_t started, most_at_once;
    uint64_t by_phase[4];
    int64_t starts[5000];
    int64_t now_us;
};

static void end_one(struct world *w)
{
    struct load_arrival *a = &w->who[w->first % 1000];
    w->now_us = w->ends[w->first++ % 1000];
    load_plan_ended(w->plan, a->phase, a->index, w->now_us);
}

static void start_one(struct world *w)
{
    struct load_arrival a;
    assert_true(load_plan_next(w->plan, &a));
    assert_int_equal(a.index, w->started);
    assert_true(a.scheduled_us >= w->now_us);
    w->now_us = a.scheduled_us;
    w->ends[w->last % 1000] = w->now_us + w->service_us;
    w->who[w->last++ % 1000] = a;
    assert_true(w->last - w->first <= 1000);
    if (w->started < 5000)
        w->starts[w->started] = w->now_us;
    w->started++;
    w->by_phase[a.phase]++;
    if (w->last - w->first > w->most_at_once)
        w->most_at_once = w->last - w->first;
}

/* Until this time, or until all is over. */
static void play(struct world *w, int64_t until_us)
{
    for (;;) {
        int64_t arrives = load_plan_next_us(w->plan);
        int64_t ends = w->first < w->last ? w->ends[w->first % 1000] : INT64_MAX;
        if ((arrives < ends ? arrives : ends) > until_us || (arrives == INT64_MAX && ends == INT64_MAX))
            return;
        if (ends <= arrives)
            end_one(w);
        else
            start_one(w);
    }
}

static void slots_take_turns(void **state)
{
    (void)state;
    struct load_phase p = closed(10, 2 * SECOND, 2 * SECOND, 0);
    struct world w = {.plan = plan_of(&p, 1, 205, 1), .service_us = SECOND};
    assert_true(load_plan_count_known(w.plan));
    assert_int_equal(load_plan_count(w.plan), 205);
    play(&w, INT64_MAX);
    assert_int_equal(w.started, 205);
    assert_int_equal(w.most_at_once, 10);
    for (uint64_t i = 0; i < 205; i++) /* a turn takes 3 s; slots begin a millisecond apart */
        assert_int_equal(w.starts[i], (int64_t)(i / 10) * 3 * SECOND + (int64_t)(i % 10) * MS);
    assert_true(load_plan_over(w.plan));
    load_plan_free(w.plan);
}

/* The rate follows from the server: slots / (service + pause). That is what makes it another model. */
static void a_slow_server_slows_it_down(void **state)
{
    (void)state;
    struct load_phase p = closed(20, 0, 2 * SECOND, 1000 * SECOND);
    for (int64_t service_s = 1; service_s <= 4; service_s++) {
        struct world w = {.plan = plan_of(&p, 1, 0, 1), .service_us = service_s * SECOND};
        assert_false(load_plan_count_known(w.plan));
        assert_int_equal(load_plan_count(w.plan), MANY);
        assert_int_equal(load_plan_end_us(w.plan), 1000 * SECOND);
        play(&w, INT64_MAX);
        double expected = 20.0 * 1000 / (double)(service_s + 1);
        assert_true((double)w.started > expected * 0.98 && (double)w.started < expected * 1.02);
        assert_int_equal(w.most_at_once, 20);
        assert_true(w.now_us <= 1000 * SECOND + w.service_us);
        assert_true(load_plan_over(w.plan));
        load_plan_free(w.plan);
    }
}

static void pauses_are_seeded(void **state)
{
    (void)state;
    struct load_phase p = closed(3, SECOND, 5 * SECOND, 0);
    struct world a = {.plan = plan_of(&p, 1, 300, 1), .service_us = SECOND};
    struct world b = {.plan = plan_of(&p, 1, 300, 1), .service_us = SECOND};
    struct world c = {.plan = plan_of(&p, 1, 300, 2), .service_us = SECOND};
    play(&a, INT64_MAX);
    play(&b, INT64_MAX);
    play(&c, INT64_MAX);
    assert_memory_equal(a.starts, b.starts, 300 * sizeof *a.starts);
    assert_memory_not_equal(a.starts, c.starts, 300 * sizeof *a.starts);
    double mean = (double)a.starts[299] / 1e6 / 100; /* 100 turns of 1 s and a pause of 3 s on average */
    assert_true(mean > 3.6 && mean < 4.4);
    load_plan_free(a.plan);
    load_plan_free(b.plan);
    load_plan_free(c.plan);
}

static void the_ceiling_of_the_rate_holds(void **state)
{
    (void)state;
    struct load_phase p = closed(50, 0, 0, 10 * SECOND);
    p.peak_per_s = 20;
    struct world w = {.plan = plan_of(&p, 1, 0, 1), .service_us = 10 * MS};
    play(&w, INT64_MAX);
    assert_int_equal(w.started, 200);
    for (uint64_t i = 1; i < w.started; i++)
        assert_int_equal(w.starts[i] - w.starts[i - 1], 50 * MS);
    load_plan_free(w.plan);
}

static void open_phases_around_it_keep_their_times(void **state)
{
    (void)state;
    struct load_phase p[] = {
        {.name = "a", .from_per_s = 10, .to_per_s = 10, .duration_us = SECOND, .warm_up = true},
        closed(5, SECOND, SECOND, 20 * SECOND),
        {.name = "b", .from_per_s = 4, .to_per_s = 4, .duration_us = 5 * SECOND}};
    struct world w = {.plan = plan_of(p, 3, 0, 1), .service_us = 3 * SECOND};
    play(&w, INT64_MAX);
    assert_int_equal(w.by_phase[0], 10);
    assert_int_equal(w.by_phase[1], 25); /* 5 slots, a turn every 4 s, 5 of them in 20 s */
    assert_int_equal(w.by_phase[2], 20);
    assert_int_equal(w.starts[10], SECOND);
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(w.starts[35 + i], 21 * SECOND + (int64_t)i * 250 * MS);
    load_plan_free(w.plan);

    w = (struct world){.plan = plan_of(p, 3, 100, 1),
                       .service_us = 3 * SECOND}; /* the last one is extended */
    play(&w, INT64_MAX);
    assert_int_equal(w.started, 100);
    assert_int_equal(w.by_phase[2], 65);
    load_plan_free(w.plan);

    w = (struct world){.plan = plan_of(p, 3, 20, 1), .service_us = 3 * SECOND}; /* cut in the middle */
    play(&w, INT64_MAX);
    assert_int_equal(w.started, 20);
    assert_int_equal(w.by_phase[1], 10);
    assert_true(load_plan_over(w.plan));
    load_plan_free(w.plan);
}

static void a_number_ends_it(void **state)
{
    (void)state;
    struct load_phase p = closed(4, 0, 0, 0);
    p.devices = 30;
    struct world w = {.plan = plan_of(&p, 1, 0, 1), .service_us = SECOND};
    assert_true(load_plan_count_known(w.plan));
    assert_int_equal(load_plan_count(w.plan), 30);
    play(&w, INT64_MAX);
    assert_int_equal(w.started, 30);
    load_plan_free(w.plan);

    p.duration_us = 3 * SECOND; /* whichever comes first */
    w = (struct world){.plan = plan_of(&p, 1, 0, 1), .service_us = SECOND};
    assert_false(load_plan_count_known(w.plan));
    play(&w, INT64_MAX);
    assert_int_equal(w.started, 12);
    load_plan_free(w.plan);
}

/* What was promised as a number still comes, all at once; what only time would have brought does not. */
static void a_stop_keeps_promises_only(void **state)
{
    (void)state;
    struct load_phase p = closed(4, SECOND, SECOND, 0);
    struct load_arrival a;
    struct world w = {.plan = plan_of(&p, 1, 50, 1), .service_us = SECOND};
    play(&w, 10 * SECOND);
    load_plan_stop(w.plan, 10 * SECOND);
    uint64_t all = w.started;
    assert_true(all > 15 && all < 30);
    for (; load_plan_next(w.plan, &a); all++) {
        assert_int_equal(a.scheduled_us, 10 * SECOND);
        load_plan_ended(w.plan, a.phase, a.index, 10 * SECOND);
    }
    assert_int_equal(all, 50);
    assert_true(load_plan_over(w.plan));
    load_plan_free(w.plan);

    p.duration_us = 100 * SECOND;
    w = (struct world){.plan = plan_of(&p, 1, 0, 1), .service_us = SECOND};
    play(&w, 10 * SECOND);
    load_plan_stop(w.plan, 10 * SECOND);
    assert_false(load_plan_next(w.plan, &a));
    assert_true(load_plan_over(w.plan));
    load_plan_free(w.plan);
}

static void it_is_not_over_while_a_device_may_make_room(void **state)
{
    (void)state;
    struct load_phase p = closed(1, 0, 0, 0);
    struct load_plan *plan = plan_of(&p, 1, 2, 1);
    struct load_arrival a;
    assert_true(load_plan_next(plan, &a));
    assert_int_equal(load_plan_next_us(plan), INT64_MAX);
    assert_false(load_plan_over(plan));
    load_plan_ended(plan, 0, 0, 7 * SECOND);
    assert_int_equal(load_plan_next_us(plan), 7 * SECOND);
    assert_true(load_plan_next(plan, &a));
    assert_true(load_plan_over(plan)); /* two were wanted */
    load_plan_free(plan);
}

static void assert_refused(const struct load_phase *p, size_t n, uint64_t count, uint64_t max,
                           const char *words)
{
    struct load_plan *plan = NULL;
    struct err e = {0};
    assert_false(load_plan_new(p, n, count, max, 1, &plan, &e));
    assert_int_equal(e.reason, REASON_SCENARIO);
    if (strstr(e.text, words) == NULL)
        fail_msg("'%s' lacks '%s'", e.text, words);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct load_phase p[] = {closed(5, 0, 0, 0), closed(5, 0, 0, SECOND)};
    assert_refused(p, 1, 0, MANY, "no end");
    assert_refused(p, 2, 0, MANY, "no end");
    p[0].duration_us = SECOND;
    p[1].devices = 5;
    assert_refused(p, 2, 100, MANY, "may start fewer than 100");
    p[1] = (struct load_phase){.name = "s", .kind = LOAD_CHECK_IN, .duration_us = SECOND};
    assert_refused(p, 2, 100, MANY, "nobody knows");
    p[0] = closed(0, 0, 0, SECOND);
    assert_refused(p, 1, 0, MANY, "at least one");
    p[0] = closed(1, 2, 1, SECOND);
    assert_refused(p, 1, 0, MANY, "pause");
    p[0] = closed(1, 0, 0, 0);
    p[0].devices = 50;
    assert_refused(p, 1, 0, 49, "ceiling of 49");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_take_turns),
        cmocka_unit_test(a_slow_server_slows_it_down),
        cmocka_unit_test(pauses_are_seeded),
        cmocka_unit_test(the_ceiling_of_the_rate_holds),
        cmocka_unit_test(open_phases_around_it_keep_their_times),
        cmocka_unit_test(a_number_ends_it),
        cmocka_unit_test(a_stop_keeps_promises_only),
        cmocka_unit_test(it_is_not_over_while_a_device_may_make_room),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
