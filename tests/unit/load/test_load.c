#include "load/load.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define MANY   1000000

static struct load_phase phase(double from, double to, int64_t duration_s, enum load_arrivals arrivals)
{
    return (struct load_phase){.name = "p",
                               .from_per_s = from,
                               .to_per_s = to,
                               .duration_us = duration_s * SECOND,
                               .arrivals = arrivals};
}

static struct load_plan *plan_of(const struct load_phase *phases, size_t n, uint64_t count, uint64_t seed)
{
    struct load_plan *plan = NULL;
    struct err e = {0};
    if (!load_plan_new(phases, n, count, MANY, seed, &plan, &e))
        fail_msg("%s", e.text);
    return plan;
}

static uint64_t drain(struct load_plan *plan, struct load_arrival *last)
{
    uint64_t n = 0;
    int64_t before = 0;
    while (load_plan_next(plan, last)) {
        assert_int_equal(last->index, n);
        assert_true(last->scheduled_us >= before);
        before = last->scheduled_us;
        n++;
    }
    return n;
}

static void constant_rate_is_even(void **state)
{
    (void)state;
    struct load_phase p = phase(5, 5, 10, LOAD_EVEN);
    struct load_plan *plan = plan_of(&p, 1, 0, 1);
    assert_int_equal(load_plan_count(plan), 50);
    assert_int_equal(load_plan_end_us(plan), 9800000);
    struct load_arrival a;
    for (int i = 0; i < 50; i++) {
        assert_true(load_plan_next(plan, &a));
        assert_int_equal(a.scheduled_us, i * 200000);
    }
    assert_false(load_plan_next(plan, &a));
    load_plan_free(plan);
}

static void rational_rate_does_not_drift(void **state)
{
    (void)state;
    struct load_phase p = phase(300.0 / 3600, 300.0 / 3600, 7 * 24 * 3600, LOAD_EVEN);
    struct load_plan *plan = plan_of(&p, 1, 0, 1);
    assert_int_equal(load_plan_count(plan), 300 * 24 * 7);
    struct load_arrival a;
    for (int i = 0; i < 300 * 24 * 7; i++) {
        assert_true(load_plan_next(plan, &a));
        assert_true(llabs(a.scheduled_us - i * 12 * SECOND) <= 1);
    }
    load_plan_free(plan);
}

static void ramp_integrates(void **state)
{
    (void)state;
    struct load_phase p = phase(0, 100, 20, LOAD_EVEN);
    struct load_plan *plan = plan_of(&p, 1, 0, 1);
    assert_int_equal(load_plan_count(plan), 1000);
    struct load_arrival a;
    uint64_t first_half = 0;
    while (load_plan_next(plan, &a))
        first_half += a.scheduled_us < 10 * SECOND;
    assert_int_equal(first_half, 250); /* a quarter of the triangle */
    load_plan_free(plan);

    struct load_phase down = phase(100, 0, 20, LOAD_EVEN);
    plan = plan_of(&down, 1, 0, 1);
    assert_int_equal(drain(plan, &a), 1000);
    assert_true(a.scheduled_us < 20 * SECOND);
    load_plan_free(plan);
}

static void first_arrival_is_at_zero_whatever_comes_first(void **state)
{
    (void)state;
    struct load_phase p[] = {phase(0, 0, 60, LOAD_EVEN), phase(0, 10, 10, LOAD_POISSON)};
    struct load_plan *plan = plan_of(p, 2, 0, 7);
    struct load_arrival a;
    assert_true(load_plan_next(plan, &a));
    assert_int_equal(a.scheduled_us, 0);
    assert_int_equal(a.phase, 1);
    load_plan_free(plan);
}

static void pause_between_phases_is_silent(void **state)
{
    (void)state;
    struct load_phase p[] = {phase(10, 10, 1, LOAD_EVEN), phase(0, 0, 5, LOAD_EVEN),
                             phase(10, 10, 1, LOAD_EVEN)};
    p[0].warm_up = true;
    struct load_plan *plan = plan_of(p, 3, 0, 1);
    assert_int_equal(load_plan_count(plan), 20);
    struct load_arrival a;
    while (load_plan_next(plan, &a)) {
        assert_int_equal(a.phase, a.index < 10 ? 0 : 2);
        assert_int_equal(a.warm_up, a.index < 10);
        if (a.index == 10)
            assert_int_equal(a.scheduled_us, 6 * SECOND);
    }
    load_plan_free(plan);
}

static void fractions_go_into_the_next_phase(void **state)
{
    (void)state;
    struct load_phase p[] = {phase(0.25, 0.25, 10, LOAD_EVEN), phase(1, 1, 4, LOAD_EVEN)};
    struct load_plan *plan = plan_of(p, 2, 0, 1);
    const int64_t expected[] = {0, 4000000, 8000000, 10500000, 11500000, 12500000, 13500000};
    struct load_arrival a;
    for (size_t i = 0; i < 7; i++) {
        assert_true(load_plan_next(plan, &a));
        assert_int_equal(a.scheduled_us, expected[i]);
    }
    assert_false(load_plan_next(plan, &a));
    load_plan_free(plan);
}

static void count_cuts_and_extends(void **state)
{
    (void)state;
    struct load_phase p[] = {phase(10, 10, 2, LOAD_EVEN), phase(10, 20, 2, LOAD_EVEN)};
    struct load_arrival a;
    struct load_plan *plan = plan_of(p, 2, 33, 1);
    assert_int_equal(drain(plan, &a), 33);
    assert_true(a.scheduled_us < 4 * SECOND);
    load_plan_free(plan);

    plan = plan_of(p, 2, 5, 1); /* not even the first phase is used up */
    assert_int_equal(drain(plan, &a), 5);
    assert_int_equal(a.phase, 0);
    load_plan_free(plan);

    plan = plan_of(p, 2, 90, 1); /* 20 + 30 by the phases, 40 more at the ramp's last rate */
    assert_int_equal(load_plan_count(plan), 90);
    assert_int_equal(drain(plan, &a), 90);
    assert_int_equal(a.phase, 1);
    assert_int_equal(a.scheduled_us, 5950000);
    load_plan_free(plan);
}

static void last_phase_may_be_open(void **state)
{
    (void)state;
    struct load_phase p = phase(40, 40, 0, LOAD_EVEN);
    struct load_plan *plan = plan_of(&p, 1, 1000, 1);
    assert_int_equal(load_plan_count(plan), 1000);
    assert_int_equal(load_plan_end_us(plan), 24975000);
    load_plan_free(plan);
}

static void same_seed_same_list(void **state)
{
    (void)state;
    struct load_phase p = phase(50, 100, 20, LOAD_POISSON);
    struct load_plan *a = plan_of(&p, 1, 0, 42), *b = plan_of(&p, 1, 0, 42), *c = plan_of(&p, 1, 0, 43);
    struct load_arrival x, y, z;
    uint64_t different = 0;
    while (load_plan_next(a, &x)) {
        assert_true(load_plan_next(b, &y));
        assert_int_equal(x.scheduled_us, y.scheduled_us);
        if (load_plan_next(c, &z))
            different += z.scheduled_us != x.scheduled_us;
    }
    assert_false(load_plan_next(b, &y));
    assert_true(different > 1000);
    load_plan_free(a);
    load_plan_free(b);
    load_plan_free(c);
}

/* Of a Poisson process: as many as the rate says (within five sigma), gaps as scattered as their mean. */
static void poisson_has_mean_and_spread(void **state)
{
    (void)state;
    struct load_phase p = phase(100, 100, 1000, LOAD_POISSON);
    struct load_plan *plan = plan_of(&p, 1, 0, 5);
    double n = (double)load_plan_count(plan);
    assert_true(fabs(n - 100000) < 5 * sqrt(100000));
    double sum = 0, squares = 0;
    int64_t before = 0;
    struct load_arrival a;
    while (load_plan_next(plan, &a)) {
        double gap = (double)(a.scheduled_us - before) / 1e6;
        before = a.scheduled_us;
        sum += gap;
        squares += gap * gap;
    }
    double mean = sum / n, deviation = sqrt(squares / n - mean * mean);
    assert_true(fabs(mean - 0.01) < 0.0002);
    assert_true(fabs(deviation / mean - 1) < 0.03);
    load_plan_free(plan);
}

static void poisson_count_is_exact(void **state)
{
    (void)state;
    struct load_phase p = phase(100, 100, 1, LOAD_POISSON);
    struct load_plan *plan = plan_of(&p, 1, 777, 5);
    struct load_arrival a;
    assert_int_equal(drain(plan, &a), 777);
    assert_int_equal(load_plan_end_us(plan), a.scheduled_us);
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
    assert_null(plan);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct load_phase pause = phase(0, 0, 10, LOAD_EVEN), open = phase(5, 5, 0, LOAD_EVEN);
    struct load_phase open_ramp = phase(5, 9, 0, LOAD_EVEN), fast = phase(1000, 1000, 1000, LOAD_EVEN);
    struct load_phase down = phase(10, 0, 10, LOAD_EVEN), negative = phase(-1, 1, 10, LOAD_EVEN);
    struct load_phase endless = phase(HUGE_VAL, 1, 10, LOAD_EVEN);
    assert_refused(NULL, 0, 0, MANY, "no phases");
    assert_refused(&pause, 1, 0, MANY, "pause");
    assert_refused(&pause, 1, 10, MANY, "pause");
    assert_refused(&open, 1, 0, MANY, "no end");
    assert_refused(&open_ramp, 1, 10, MANY, "ramp");
    assert_refused(&fast, 1, 0, 1000, "ceiling of 1000");
    assert_refused(&fast, 1, 2000, 1000, "ceiling of 1000");
    assert_refused(&down, 1, 80, MANY, "50 of 80");
    assert_refused(&negative, 1, 0, MANY, "negative");
    assert_refused(&endless, 1, 0, MANY, "finite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_rate_is_even),
        cmocka_unit_test(rational_rate_does_not_drift),
        cmocka_unit_test(ramp_integrates),
        cmocka_unit_test(first_arrival_is_at_zero_whatever_comes_first),
        cmocka_unit_test(pause_between_phases_is_silent),
        cmocka_unit_test(fractions_go_into_the_next_phase),
        cmocka_unit_test(count_cuts_and_extends),
        cmocka_unit_test(last_phase_may_be_open),
        cmocka_unit_test(same_seed_same_list),
        cmocka_unit_test(poisson_has_mean_and_spread),
        cmocka_unit_test(poisson_count_is_exact),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
