/* Steps, spikes and the shapes of device management: integrals, landmarks, distributions, and how many there are. */
#include "load/load.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define MANY   1000000

static struct load_plan *plan_of(const struct load_phase *phases, size_t n, uint64_t count, uint64_t seed)
{
    struct load_plan *plan = NULL;
    struct err e = {0};
    if (!load_plan_new(phases, n, count, MANY, seed, &plan, &e))
        fail_msg("%s", e.text);
    return plan;
}

static struct load_phase shape(enum load_kind kind, uint64_t devices, int64_t duration_s)
{
    return (struct load_phase){
        .name = "s", .kind = kind, .devices = devices, .duration_us = duration_s * SECOND, .success = 0.5};
}

static const enum load_kind shapes[] = {LOAD_POLICY_PUSH, LOAD_CHECK_IN, LOAD_RENEWAL_CLIFF,
                                        LOAD_BACKLOG_FLUSH, LOAD_RETRY_STORM};
#define SHAPE_COUNT (sizeof shapes / sizeof *shapes)

/* Arrivals of a fresh plan before this second. */
static uint64_t before(const struct load_phase *phases, size_t n, double second)
{
    struct load_plan *plan = plan_of(phases, n, 0, 1);
    struct load_arrival a;
    uint64_t count = 0;
    while (load_plan_next(plan, &a))
        count += (double)a.scheduled_us < second * 1e6;
    load_plan_free(plan);
    return count;
}

static void assert_near(double value, double expected, double off)
{
    if (fabs(value - expected) > off)
        fail_msg("%g is not %g", value, expected);
}

static void steps_are_stairs(void **state)
{
    (void)state;
    struct load_phase p = {.name = "stairs",
                           .kind = LOAD_STEPS,
                           .from_per_s = 10,
                           .to_per_s = 40,
                           .steps = 4,
                           .duration_us = 40 * SECOND};
    const uint64_t counts[] = {100, 300, 600, 1000};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(before(&p, 1, 10 * (i + 1) - 0.0001), counts[i]);
    assert_near(load_phase_devices(&p), 1000, 1e-6);
    assert_near(load_phase_peak_per_s(&p), 40, 1e-9);

    struct load_plan *plan = plan_of(&p, 1, 1040, 1); /* extended at the last stair's rate */
    assert_int_equal(load_plan_end_us(plan), 40975000);
    load_plan_free(plan);
}

static void a_spike_is_in_the_middle(void **state)
{
    (void)state;
    struct load_phase p = {.name = "spike",
                           .kind = LOAD_SPIKE,
                           .base_per_s = 5,
                           .peak_per_s = 100,
                           .peak_us = 4 * SECOND,
                           .duration_us = 20 * SECOND};
    assert_int_equal(before(&p, 1, 7.9999), 40);
    assert_int_equal(before(&p, 1, 11.9999), 440);
    assert_int_equal(before(&p, 1, 20), 480);
    assert_near(load_phase_peak_per_s(&p), 100, 1e-9);
}

static void a_push_halves_with_each_median(void **state)
{
    (void)state;
    struct load_phase p = shape(LOAD_POLICY_PUSH, 100000, 100);
    p.median_us = 10 * SECOND;
    double within = 1 - exp2(-10);
    assert_near((double)before(&p, 1, 10), 50000 / within, 1);
    assert_near((double)before(&p, 1, 20), 75000 / within, 1);
    assert_int_equal(before(&p, 1, 100), 100000);
    assert_near(load_phase_peak_per_s(&p), 100000 * log(2) / 10 / within, 1);
}

static void check_ins_are_spread_evenly(void **state)
{
    (void)state;
    struct load_phase p = shape(LOAD_CHECK_IN, 480, 480 * 60);
    struct load_plan *plan = plan_of(&p, 1, 0, 1);
    struct load_arrival a;
    for (int i = 0; i < 480; i++) {
        assert_true(load_plan_next(plan, &a));
        assert_int_equal(a.scheduled_us, i * 60 * SECOND);
    }
    assert_false(load_plan_next(plan, &a));
    load_plan_free(plan);
}

static void a_cliff_is_a_trapezoid(void **state)
{
    (void)state;
    struct load_phase p = shape(LOAD_RENEWAL_CLIFF, 80000, 100);
    p.batch_us = 20 * SECOND; /* 20 up, 60 flat at 1000/s, 20 down */
    assert_near((double)before(&p, 1, 20), 10000, 1);
    assert_near((double)before(&p, 1, 50), 40000, 1);
    assert_near((double)before(&p, 1, 80), 70000, 1);
    assert_int_equal(before(&p, 1, 100), 80000);
    assert_near(load_phase_peak_per_s(&p), 1000, 1e-6);
    p.batch_us = 80 * SECOND; /* which of the two delays is longer does not matter */
    assert_near((double)before(&p, 1, 20), 10000, 1);
}

static void a_backlog_goes_at_the_cap(void **state)
{
    (void)state;
    struct load_phase p = shape(LOAD_BACKLOG_FLUSH, 2000, 100);
    p.base_per_s = 4;
    p.peak_per_s = 20; /* 20 T + 4 (100 - T) = 2000: T = 100 */
    assert_int_equal(before(&p, 1, 50), 1000);
    p.devices = 1200; /* T = 50 */
    assert_near((double)before(&p, 1, 25), 500, 1);
    assert_near((double)before(&p, 1, 50), 1000, 1);
    assert_near((double)before(&p, 1, 75), 1100, 1);
    assert_int_equal(before(&p, 1, 100), 1200);
}

static void a_storm_comes_in_waves(void **state)
{
    (void)state;
    struct load_phase p = shape(LOAD_RETRY_STORM, 1500, 40);
    p.every_us = 10 * SECOND;
    p.jitter_us = 2 * SECOND; /* 800, 400, 200, 100 */
    const uint64_t sums[] = {800, 1200, 1400, 1500};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(before(&p, 1, 10 * i + 2.00001), sums[i]);
        assert_int_equal(before(&p, 1, 10 * i + 9.99999), sums[i]); /* silence until the next */
    }
    assert_near(load_phase_peak_per_s(&p), 400, 1e-6);
    p.success = 1; /* all get through at once */
    assert_int_equal(before(&p, 1, 2.00001), 1500);
}

/* ---- how many ---- */

static void assert_exact(enum load_kind kind, enum load_arrivals arrivals, uint64_t devices, uint64_t seed)
{
    struct load_phase p[] = {{.name = "a", .from_per_s = 0.7, .to_per_s = 0.7, .duration_us = 10 * SECOND},
                             shape(kind, devices, 50),
                             {.name = "c", .from_per_s = 1, .to_per_s = 1, .duration_us = 10 * SECOND}};
    p[1].arrivals = arrivals;
    struct load_plan *plan = plan_of(p, 3, 0, seed);
    struct load_arrival a;
    uint64_t of_shape = 0, index = 0;
    int64_t last = 0;
    while (load_plan_next(plan, &a)) {
        assert_int_equal(a.index, index++);
        assert_true(a.scheduled_us >= last);
        last = a.scheduled_us;
        of_shape += a.phase == 1;
        if (a.phase == 1)
            assert_true(a.scheduled_us >= 10 * SECOND && a.scheduled_us <= 60 * SECOND);
        if (a.phase == 2)
            assert_true(a.scheduled_us >= 60 * SECOND && a.scheduled_us < 70 * SECOND);
    }
    assert_int_equal(of_shape, devices);
    assert_int_equal(load_plan_count(plan), index);
    assert_int_equal(load_plan_end_us(plan), last);
    assert_true(load_plan_over(plan));
    load_plan_free(plan);
}

static void every_shape_has_its_number(void **state)
{
    (void)state;
    const uint64_t numbers[] = {1, 2, 3, 10, 1000, 12345};
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
            assert_exact(shapes[i], LOAD_EVEN, numbers[n], 1);
            for (uint64_t seed = 1; seed < 6; seed++)
                assert_exact(shapes[i], LOAD_POISSON, numbers[n], seed);
        }
    }
}

static void the_last_shape_takes_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        struct load_phase p[] = {{.name = "a",
                                  .from_per_s = 3,
                                  .to_per_s = 3,
                                  .duration_us = 10 * SECOND,
                                  .arrivals = LOAD_POISSON},
                                 shape(shapes[i], 0, 50)};
        struct load_plan *plan = plan_of(p, 2, 500, 9);
        struct load_arrival a;
        uint64_t n = 0;
        while (load_plan_next(plan, &a))
            n++;
        assert_int_equal(n, 500);
        assert_int_equal(a.phase, 1);
        assert_true(a.scheduled_us > 30 * SECOND && a.scheduled_us <= 60 * SECOND);
        load_plan_free(plan);

        plan = plan_of(p, 2, 5, 9); /* nothing is left for it */
        assert_int_equal(load_plan_count(plan), 5);
        load_plan_free(plan);
    }
}

/* What a phase leaves over goes past the shape into the next one. */
static void a_shape_takes_nothing_from_its_neighbours(void **state)
{
    (void)state;
    struct load_phase p[] = {{.name = "a", .from_per_s = 0.25, .to_per_s = 0.25, .duration_us = 10 * SECOND},
                             shape(LOAD_CHECK_IN, 5, 10),
                             {.name = "c", .from_per_s = 1, .to_per_s = 1, .duration_us = 4 * SECOND}};
    struct load_plan *plan = plan_of(p, 3, 0, 1);
    struct load_arrival a;
    while (load_plan_next(plan, &a) && a.phase < 2)
        continue;
    assert_int_equal(a.scheduled_us, 20500000); /* half an arrival was left over at 10 s */
    load_plan_free(plan);
}

/* ---- distributions ---- */

static double share_push(double t)
{
    return (1 - exp2(-t / 10)) / (1 - exp2(-10));
}
static double share_check_in(double t)
{
    return t / 100;
}
static double share_cliff(double t)
{
    return t < 50 ? 2 * (t / 100) * (t / 100) : 1 - 2 * (1 - t / 100) * (1 - t / 100);
}
static double share_flush(double t)
{
    return fmin(t / 50, 1);
}
static double share_storm(double t)
{
    double sum = 0;
    for (int wave = 0; wave < 5; wave++)
        sum += exp2(-wave) * fmin(fmax(t - 20 * wave, 0) / 4, 1);
    return sum / (2 - exp2(-4));
}

/* Kolmogorov and Smirnov: the largest distance between the list and its law; 1.63 is passed by one good list in a hundred. */
static void random_devices_follow_their_law(void **state)
{
    (void)state;
    double (*const shares[])(double) = {share_push, share_check_in, share_cliff, share_flush, share_storm};
    const double n = 20000;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        /* One that is due at once comes first, so that clock zero is the beginning of the shape. */
        struct load_phase p[] = {{.name = "a", .from_per_s = 1, .to_per_s = 1, .duration_us = SECOND},
                                 shape(shapes[i], (uint64_t)n, 100)};
        p[1].arrivals = LOAD_POISSON;
        struct load_plan *plan = plan_of(p, 2, 0, 4);
        struct load_arrival a;
        double distance = 0;
        assert_true(load_plan_next(plan, &a));
        for (double k = 0; load_plan_next(plan, &a); k++) {
            double law = shares[i]((double)(a.scheduled_us - SECOND) / 1e6);
            distance = fmax(distance, fmax(fabs(law - k / n), fabs(law - (k + 1) / n)));
        }
        load_plan_free(plan);
        if (distance * sqrt(n) > 1.63)
            fail_msg("shape %zu: distance %g", i, distance * sqrt(n));
        assert_true(distance * sqrt(n) > 0.2); /* nor is it too good to be chance */
    }
}

static void gaps_of_poisson_are_exponential(void **state)
{
    (void)state;
    enum { N = 20000, BINS = 20 };
    struct load_phase p = {.name = "p", .from_per_s = 50, .to_per_s = 50, .arrivals = LOAD_POISSON};
    struct load_plan *plan = plan_of(&p, 1, N + 1, 4);
    struct load_arrival a;
    double seen[BINS] = {0}, chi_square = 0;
    int64_t last = 0;
    assert_true(load_plan_next(plan, &a));
    while (load_plan_next(plan, &a)) {
        double law =
            1 - exp(-50 * (double)(a.scheduled_us - last) / 1e6); /* uniform, if the gap is exponential */
        last = a.scheduled_us;
        seen[(int)fmin(law * BINS, BINS - 1)]++;
    }
    for (int i = 0; i < BINS; i++)
        chi_square += (seen[i] - N / BINS) * (seen[i] - N / BINS) / (N / BINS);
    assert_true(chi_square > 6.8 && chi_square < 36.2); /* 19 degrees of freedom: between 0.5% and 99% */
    load_plan_free(plan);
}

static void shards_see_the_same_list(void **state)
{
    (void)state;
    struct load_phase p[] = {shape(LOAD_RETRY_STORM, 700, 50), shape(LOAD_POLICY_PUSH, 700, 50)};
    p[0].arrivals = p[1].arrivals = LOAD_POISSON;
    struct load_plan *whole = plan_of(p, 2, 0, 7), *shard = plan_of(p, 2, 0, 7), *other = plan_of(p, 2, 0, 8);
    struct load_arrival a, b, c;
    uint64_t different = 0;
    while (load_plan_next(whole, &a)) {
        assert_true(load_plan_next(shard, &b) && load_plan_next(other, &c));
        assert_int_equal(a.index, b.index);
        assert_int_equal(a.scheduled_us, b.scheduled_us);
        different += a.scheduled_us != c.scheduled_us;
    }
    assert_true(different > 1300);
    load_plan_free(whole);
    load_plan_free(shard);
    load_plan_free(other);
}

static void assert_refused(struct load_phase p, uint64_t count, const char *words)
{
    struct load_plan *plan = NULL;
    struct err e = {0};
    assert_false(load_plan_new(&p, 1, count, MANY, 1, &plan, &e));
    assert_int_equal(e.reason, REASON_SCENARIO);
    if (strstr(e.text, words) == NULL)
        fail_msg("'%s' lacks '%s'", e.text, words);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct load_phase p = shape(LOAD_CHECK_IN, 0, 10);
    assert_refused(p, 0, "needs a number");
    p = shape(LOAD_CHECK_IN, 5, 0);
    assert_refused(p, 0, "no end");
    assert_refused(p, 5, "no end");
    p = shape(LOAD_CHECK_IN, 5, 10);
    assert_refused(p, 50, "5 of 50");
    p = shape(LOAD_RENEWAL_CLIFF, 5, 10);
    p.batch_us = 11 * SECOND;
    assert_refused(p, 0, "batch");
    p = shape(LOAD_BACKLOG_FLUSH, 100, 10);
    p.peak_per_s = 9;
    assert_refused(p, 0, "not empty");
    p.base_per_s = 11;
    p.peak_per_s = 20;
    assert_refused(p, 0, "nothing is queued");
    p = shape(LOAD_RETRY_STORM, 100, 10);
    p.every_us = SECOND;
    p.jitter_us = 2 * SECOND;
    assert_refused(p, 0, "jitter");
    p.jitter_us = p.every_us = 1000;
    assert_refused(p, 0, "1000 waves");
    p.every_us = SECOND;
    p.success = nan("");
    assert_refused(p, 0, "share");
    p = (struct load_phase){.name = "s",
                            .kind = LOAD_SPIKE,
                            .base_per_s = 1,
                            .peak_per_s = 1,
                            .peak_us = 1,
                            .duration_us = SECOND};
    assert_refused(p, 0, "above the base");
    p.peak_per_s = 2;
    p.peak_us = 2 * SECOND;
    assert_refused(p, 0, "fit");
    p = (struct load_phase){
        .name = "s", .kind = LOAD_STEPS, .to_per_s = 1, .steps = 1, .duration_us = SECOND};
    assert_refused(p, 0, "steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_stairs),
        cmocka_unit_test(a_spike_is_in_the_middle),
        cmocka_unit_test(a_push_halves_with_each_median),
        cmocka_unit_test(check_ins_are_spread_evenly),
        cmocka_unit_test(a_cliff_is_a_trapezoid),
        cmocka_unit_test(a_backlog_goes_at_the_cap),
        cmocka_unit_test(a_storm_comes_in_waves),
        cmocka_unit_test(every_shape_has_its_number),
        cmocka_unit_test(the_last_shape_takes_the_rest),
        cmocka_unit_test(a_shape_takes_nothing_from_its_neighbours),
        cmocka_unit_test(random_devices_follow_their_law),
        cmocka_unit_test(gaps_of_poisson_are_exponential),
        cmocka_unit_test(shards_see_the_same_list),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
