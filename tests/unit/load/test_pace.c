/* The operator's hand on the plan: paused, quicker, slower, in virtual time. */
#include "load/load.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static struct load_plan *plan_of(const struct load_phase *phases, size_t n, uint64_t count, uint64_t seed)
{
    struct load_plan *plan = NULL;
    struct err e = {0};
    if (!load_plan_new(phases, n, count, 100000, seed, &plan, &e))
        fail_msg("%s", e.text);
    return plan;
}

static struct load_phase even(double rate, int64_t for_us)
{
    return (struct load_phase){
        .name = "e", .kind = LOAD_LINEAR, .from_per_s = rate, .to_per_s = rate, .duration_us = for_us};
}

/* Takes all that is due; returns how many. */
static unsigned take_until(struct load_plan *plan, int64_t now_us, int64_t *last_us)
{
    unsigned n = 0;
    for (struct load_arrival a; load_plan_next_us(plan) <= now_us && load_plan_next(plan, &a); n++)
        *last_us = a.scheduled_us;
    return n;
}

static void a_pause_moves_what_is_to_come(void **state)
{
    (void)state;
    struct load_phase p = even(10, 10 * SECOND);
    struct load_plan *plan = plan_of(&p, 1, 0, 1);
    struct load_arrival a;
    int64_t last = 0, planned_end = load_plan_end_us(plan);
    assert_int_equal(take_until(plan, 3 * SECOND, &last), 31);
    load_plan_change_pace(plan, 3 * SECOND + 40000, 0);
    assert_true(load_plan_next_us(plan) == INT64_MAX);
    assert_true(load_plan_end_us(plan) == INT64_MAX);
    assert_false(load_plan_next(plan, &a));
    assert_false(load_plan_over(plan));
    load_plan_change_pace(plan, 8 * SECOND + 40000, 1);
    assert_int_equal(load_plan_next_us(plan), 8 * SECOND + 100000);
    assert_int_equal(load_plan_end_us(plan), planned_end + 5 * SECOND);
    assert_int_equal(take_until(plan, INT64_MAX - 1, &last), 69);
    assert_int_equal(last, planned_end + 5 * SECOND);
    assert_true(load_plan_over(plan));
    load_plan_free(plan);
}

static void a_rate_changes_the_rest(void **state)
{
    (void)state;
    struct load_phase p = even(10, 10 * SECOND);
    struct load_plan *plan = plan_of(&p, 1, 0, 1);
    int64_t last = 0;
    assert_int_equal(take_until(plan, 5 * SECOND, &last), 51);
    load_plan_change_pace(plan, 5 * SECOND, 2);
    assert_true(load_plan_pace(plan) == 2);
    assert_int_equal(load_plan_next_us(plan), 5 * SECOND + 50000);
    assert_int_equal(take_until(plan, 6 * SECOND, &last), 20);
    load_plan_change_pace(plan, 6 * SECOND, 0.5);
    assert_int_equal(take_until(plan, 8 * SECOND, &last), 10);
    load_plan_change_pace(plan, 8 * SECOND, 1);
    assert_int_equal(take_until(plan, INT64_MAX - 1, &last), 19);
    assert_int_equal(last, 8 * SECOND + 1900000);
    load_plan_free(plan);
}

/* The same devices in the same order, whatever the hand does, and never back in time. */
static void nothing_is_lost(void **state)
{
    (void)state;
    struct load_phase phases[] = {even(50, 4 * SECOND), even(0, 2 * SECOND), even(200, 3 * SECOND)};
    phases[0].arrivals = phases[2].arrivals = LOAD_POISSON;
    for (uint64_t seed = 1; seed < 30; seed++) {
        struct load_plan *straight = plan_of(phases, 3, 500, seed), *bent = plan_of(phases, 3, 500, seed);
        struct load_arrival a, b;
        int64_t now = 0;
        for (unsigned n = 0; load_plan_next(straight, &a); n++) {
            if (n % 37 == 5) {
                load_plan_change_pace(bent, now + 3, 0);
                load_plan_change_pace(bent, now + 1000003, 0.3 + (double)(n % 5));
                now += 1000003;
            }
            assert_true(load_plan_next(bent, &b));
            assert_int_equal(a.index, b.index);
            assert_int_equal(a.phase, b.phase);
            assert_true(b.scheduled_us >= now);
            now = b.scheduled_us;
        }
        assert_false(load_plan_next(bent, &b));
        load_plan_free(straight);
        load_plan_free(bent);
    }
}

/* A slot of a closed phase that becomes free during a pause begins its own pause when the plan goes on. */
static void slots_stand_still(void **state)
{
    (void)state;
    struct load_phase p = {.name = "c",
                           .kind = LOAD_CLOSED,
                           .slots = 1,
                           .pause_min_us = 2 * SECOND,
                           .pause_max_us = 2 * SECOND,
                           .duration_us = 100 * SECOND};
    struct load_plan *plan = plan_of(&p, 1, 0, 1);
    struct load_arrival a;
    assert_true(load_plan_next(plan, &a));
    load_plan_change_pace(plan, SECOND, 0);
    load_plan_ended(plan, 0, a.index, 3 * SECOND);
    assert_true(load_plan_next_us(plan) == INT64_MAX);
    load_plan_change_pace(plan, 10 * SECOND, 2);
    assert_int_equal(load_plan_next_us(plan), 11 * SECOND);
    load_plan_free(plan);
}

static void a_stop_ends_the_pause(void **state)
{
    (void)state;
    struct load_phase p = even(10, 10 * SECOND);
    struct load_plan *plan = plan_of(&p, 1, 0, 1);
    struct load_arrival a;
    load_plan_change_pace(plan, SECOND, 0);
    load_plan_stop(plan, 2 * SECOND);
    unsigned n = 0;
    while (load_plan_next(plan, &a))
        n++;
    assert_int_equal(n, 100);
    assert_true(load_plan_over(plan));
    load_plan_free(plan);
}

static void the_peak_is_that_of_all_phases(void **state)
{
    (void)state;
    const struct load_phase phases[] = {even(5, SECOND), even(40, SECOND), even(7, SECOND)};
    struct load_plan *plan = plan_of(phases, 3, 0, 1);
    assert_true(load_plan_peak_per_s(plan) == 40);
    load_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_moves_what_is_to_come),
        cmocka_unit_test(a_rate_changes_the_rest),
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(slots_stand_still),
        cmocka_unit_test(a_stop_ends_the_pause),
        cmocka_unit_test(the_peak_is_that_of_all_phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
