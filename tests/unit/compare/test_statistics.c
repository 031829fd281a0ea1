#include "compare/statistics.h"

#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_near(double value, double wanted, double off)
{
    if (!(fabs(value - wanted) <= off))
        fail_msg("%.10g is not within %g of %.10g", value, off, wanted);
}

/* Newcombe 1998, table I, "exact". */
static void intervals_are_the_published_ones(void **state)
{
    static const struct {
        double events, trials, low, high;
    } published[] = {
        {81, 263, 0.2527, 0.3676}, {15, 148, 0.0578, 0.1617}, {0, 20, 0, 0.1684}, {1, 29, 0.0009, 0.1776}};
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        struct exact_interval x = exact_share(published[i].events, published[i].trials, 0.95);
        assert_near(x.low, published[i].low, 0.00006);
        assert_near(x.high, published[i].high, 0.00006);
    }
    struct exact_interval all = exact_share(20, 20, 0.95), none = exact_share(0, 0, 0.95);
    assert_near(all.low, 1 - 0.16843, 0.00001);
    assert_near(all.high, 1, 0);
    assert_near(none.high - none.low, 1, 0);
}

/* With many trials, and with fractions of events, as a design effect makes them. */
static void intervals_hold_for_large_and_odd_numbers(void **state)
{
    (void)state;
    struct exact_interval million = exact_share(1000, 1000000, 0.95), half = exact_share(2.5, 50, 0.95);
    assert_near(million.low, 0.000938995, 0.0000001);
    assert_near(million.high, 0.001063957, 0.0000001);
    assert_true(half.low > exact_share(2, 50, 0.95).low && half.low < exact_share(3, 50, 0.95).low);
    assert_true(half.high > exact_share(2, 50, 0.95).high && half.high < exact_share(3, 50, 0.95).high);
}

/* Fisher's lady and her eight cups. */
static void fisher_counts_cups(void **state)
{
    (void)state;
    assert_near(exact_more(0, 4, 4, 4), 1.0 / 70, 1e-12);
    assert_near(exact_more(1, 4, 3, 4), 17.0 / 70, 1e-12);
    assert_near(exact_more(4, 4, 0, 4), 1, 0);
    assert_near(exact_more(0, 3000, 0, 3000), 1, 0);
    assert_near(exact_more(0, 3000000, 6, 3000000), 1.0 / 64, 1e-5);
    assert_near(exact_more(3000, 3000, 3000, 3000), 1, 1e-9);
}

static void runs_that_scatter_weigh_less(void **state)
{
    static const uint64_t even[] = {10, 11, 9}, clumped[] = {0, 0, 30}, of[] = {1000, 1000, 1000};
    (void)state;
    assert_near(exact_design_effect(even, of, 3), 1, 0);
    assert_near(exact_design_effect(clumped, of, 3), 60 / (2 * 0.99), 0.1);
    assert_near(exact_design_effect(even, of, 1), 1, 0);
}

/* The example of R's p.adjust, and weights. */
static void holm_steps_down(void **state)
{
    static const double chance[] = {0.01, 0.04, 0.03, 0.005}, equal[] = {1, 1, 1, 1}, more[] = {1, 1, 1, 4};
    static const double wanted[] = {0.03, 0.06, 0.06, 0.02};
    double adjusted[4];
    (void)state;
    family_adjust(chance, equal, 4, adjusted);
    for (size_t i = 0; i < 4; i++)
        assert_near(adjusted[i], wanted[i], 1e-12);
    family_adjust(chance, more, 4, adjusted);
    assert_near(adjusted[3], 0.005 * 7 / 4, 1e-12);
    assert_near(adjusted[0], 0.03, 1e-12);
}

static void noise_sees_bursts(void **state)
{
    uint8_t shuffled[1600], bursts[1600];
    (void)state;
    for (size_t i = 0; i < 1600; i++) {
        shuffled[i] = i % 20 != 0;
        bursts[i] = i % 800 >= 40;
    }
    assert_near(noise_of_share(shuffled, 1600, 0.95), sqrt(0.05 * 0.95 / 1600), 1e-12);
    assert_true(noise_of_share(bursts, 1600, 0.95) > 3 * sqrt(0.05 * 0.95 / 1600));
    assert_near(noise_of_share(bursts, 20, 0.95), sqrt(0.05 * 0.95 / 20), 1e-12);
    assert_near(noise_of_share(bursts, 0, 0.5), 1, 0);
}

/* ---- runs ---- */

static double normal(struct random_seeded *r)
{
    return sqrt(-2 * log(1 - random_unit(r))) * cos(2 * M_PI * random_unit(r));
}

static void draw_side(struct random_seeded *r, double scatter, double noise, struct scatter_value *out,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (struct scatter_value){5 + scatter * normal(r) + noise * normal(r), noise * noise};
}

/* The integral against a bootstrap that is really drawn: a scatter, then runs, then their means. */
static void the_integral_is_the_bootstrap(void **state)
{
    const struct scatter_value base[] = {{1.00, 0.0009}, {1.06, 0.0009}, {0.97, 0.0009}};
    const struct scatter_value now[] = {{1.11, 0.0009}, {1.16, 0.0009}, {1.08, 0.0009}};
    struct scatter s;
    struct random_seeded r;
    int above = 0, draws = 100000;
    (void)state;
    scatter_of(base, 3, now, 3, &s);
    random_seed(&r, 1, 0);
    for (int i = 0; i < draws; i++) {
        double at = random_unit(&r);
        size_t k = 0;
        while (k + 1 < SCATTER_GRID && at >= s.weight[k])
            at -= s.weight[k++];
        double run = s.errors[k] * sqrt(3.0 / 2),
               difference = 0; /* what one run's standard deviation must be */
        for (int n = 0; n < 3; n++)
            difference += (run * normal(&r) - run * normal(&r)) / 3;
        above += difference >= 0.06;
    }
    assert_near((double)above / draws, scatter_above(&s, 0.06), 0.003);
    assert_near(s.change, 0.32 / 3, 1e-12);
}

static void bounds_are_where_chances_are(void **state)
{
    const struct scatter_value base[] = {{0, 0.0004}, {0.02, 0.0004}, {-0.03, 0.0004}},
                               now[] = {{0.1, 0.0004}};
    struct scatter s, again;
    (void)state;
    scatter_of(base, 3, now, 1, &s);
    for (double chance = 0.4; chance > 1e-7; chance /= 10)
        assert_near(scatter_above(&s, scatter_bound(&s, chance)) / chance, 1, 1e-6);
    assert_near(scatter_above(&s, 0), 0.5, 1e-12);
    scatter_of(base, 3, now, 1, &again);
    assert_memory_equal(&s, &again, sizeof s);
}

/* Equal servers: the chance must not be smaller than it says, also when runs scatter more than is usual. */
static void equal_servers_are_equal(void **state)
{
    static const double scatters[] = {0, 0.02, 0.05};
    (void)state;
    for (size_t k = 0; k < sizeof scatters / sizeof scatters[0]; k++) {
        struct random_seeded r;
        int low = 0, pairs = 10000;
        random_seed(&r, 7, k);
        for (int i = 0; i < pairs; i++) {
            struct scatter_value base[3], now[3];
            struct scatter s;
            draw_side(&r, scatters[k], 0.02, base, 3);
            draw_side(&r, scatters[k], 0.02, now, 3);
            scatter_of(base, 3, now, 3, &s);
            low += scatter_above(&s, s.change) <= 0.01;
        }
        if (low > pairs / 50)
            fail_msg("with a scatter of %g, %d of %d chances are below 1 %%", scatters[k], low, pairs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_the_published_ones),
        cmocka_unit_test(intervals_hold_for_large_and_odd_numbers),
        cmocka_unit_test(fisher_counts_cups),
        cmocka_unit_test(runs_that_scatter_weigh_less),
        cmocka_unit_test(holm_steps_down),
        cmocka_unit_test(noise_sees_bursts),
        cmocka_unit_test(the_integral_is_the_bootstrap),
        cmocka_unit_test(bounds_are_where_chances_are),
        cmocka_unit_test(equal_servers_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
