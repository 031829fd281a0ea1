/* What happened in the last seconds, out of totals. */
#include "report/recent.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define S INT64_C(1000000)

/* Ten devices per second for 30 s, from 20 s on three times as slow, and one of ten fails. */
static void the_last_seconds_are_told_from_the_rest(void **state)
{
    struct recent r;
    struct recent_rates rates = {0};
    struct recent_counts counts = {0};
    struct histogram *all = NULL;
    (void)state;
    assert_true(recent_init(&r, NULL));
    assert_true(histogram_new(&all, NULL));
    assert_false(recent_rates(&r, &counts, 0, &rates));
    assert_int_equal(histogram_count(recent_latency(&r, all, 0)), 0);
    for (int64_t now = 0; now <= 30 * S; now += S / 10) {
        recent_keep(&r, &counts, all, now);
        counts.offered++;
        counts.started++;
        counts.done += counts.offered > 5;
        counts.failed += counts.offered % 10 == 0 && now >= 20 * S;
        histogram_record(all, now < 20 * S ? 100000 : 300000);
        if (now == 4 * S) /* all there was until now */
            assert_int_equal(histogram_count(recent_latency(&r, all, now)), histogram_count(all));
    }
    assert_true(recent_rates(&r, &counts, 30 * S, &rates));
    assert_true(rates.offered > 9.9 && rates.offered < 10.5);
    assert_true(rates.done > 9.9 && rates.done < 10.5);
    assert_true(rates.failed > 0.9 && rates.failed < 1.5);
    const struct histogram *last = recent_latency(&r, all, 30 * S);
    assert_in_range(histogram_count(last), 100, 111);
    assert_in_range(histogram_quantile(last, 0.5), 299000, 301000);
    assert_in_range(histogram_quantile(all, 0.5), 99000, 101000);
    recent_clear(&r);
    recent_clear(&r);
    histogram_free(all);
}

/* Nothing is told of the first second, and of several processes no latency. */
static void a_second_must_have_passed(void **state)
{
    struct recent r;
    struct recent_rates rates = {0};
    struct recent_counts counts = {0};
    (void)state;
    assert_true(recent_init(&r, NULL));
    recent_keep(&r, &counts, NULL, 0);
    counts.offered = 5;
    assert_false(recent_rates(&r, &counts, S / 2, &rates));
    assert_true(recent_rates(&r, &counts, S, &rates));
    assert_true(rates.offered > 4.9 && rates.offered < 5.1);
    recent_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_seconds_are_told_from_the_rest),
        cmocka_unit_test(a_second_must_have_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
