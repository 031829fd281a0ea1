#include "base/random.h"
#include "measure/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct histogram *make(void)
{
    struct histogram *h = NULL;
    assert_true(histogram_new(&h, NULL));
    return h;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void empty_histogram_answers_zero(void **state)
{
    (void)state;
    struct histogram *h = make();
    size_t position = 0;
    struct histogram_bucket bucket;
    assert_int_equal(histogram_count(h), 0);
    assert_int_equal(histogram_min(h), 0);
    assert_int_equal(histogram_max(h), 0);
    assert_int_equal(histogram_quantile(h, 0.99), 0);
    assert_true(histogram_mean(h) == 0);
    assert_false(histogram_next(h, &position, &bucket));
    histogram_free(h);
    histogram_free(NULL);
}

static void out_of_range_values_are_clamped(void **state)
{
    (void)state;
    struct histogram *h = make();
    histogram_record(h, -5);
    histogram_record(h, INT64_MAX);
    assert_int_equal(histogram_min(h), 0);
    assert_int_equal(histogram_max(h), INT64_C(86400000000));
    assert_int_equal(histogram_quantile(h, 1), INT64_C(86400000000));
    histogram_free(h);
}

static void small_values_are_exact(void **state)
{
    (void)state;
    struct histogram *h = make();
    for (int64_t us = 1; us <= 100; us++)
        histogram_record(h, us);
    assert_int_equal(histogram_quantile(h, 0), 1);
    assert_int_equal(histogram_quantile(h, 0.01), 1);
    assert_int_equal(histogram_quantile(h, 0.5), 50);
    assert_int_equal(histogram_quantile(h, 0.99), 99);
    assert_int_equal(histogram_quantile(h, 1), 100);
    assert_true(fabs(histogram_mean(h) - 50.5) < 1e-9);
    histogram_free(h);
}

/* The values that HdrHistogram's documentation gives for three digits: a value stands for the highest that
 * shares its bucket. */
static void buckets_have_hdr_edges(void **state)
{
    (void)state;
    static const struct {
        int64_t us, lower, upper;
    } rows[] = {{0, 0, 0},
                {1, 1, 1},
                {2047, 2047, 2047},
                {2048, 2048, 2049},
                {2049, 2048, 2049},
                {4095, 4094, 4095},
                {4096, 4096, 4099},
                {10000, 10000, 10007},
                {10007, 10000, 10007},
                {10008, 10008, 10015}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct histogram *h = make();
        histogram_record(h, rows[i].us);
        size_t position = 0;
        struct histogram_bucket bucket;
        assert_true(histogram_next(h, &position, &bucket));
        assert_int_equal(bucket.lower_us, rows[i].lower);
        assert_int_equal(bucket.upper_us, rows[i].upper);
        assert_int_equal(bucket.count, 1);
        assert_false(histogram_next(h, &position, &bucket));
        histogram_free(h);
    }
}

#define COUNT 20000
static int64_t values[COUNT];

static void fill(uint64_t seed)
{
    struct random_seeded r;
    random_seed(&r, seed, 0);
    for (size_t i = 0; i < COUNT; i++)
        values[i] = (int64_t)random_exponential(&r, i % 2 ? 300 : 4e6);
}

static void quantiles_agree_with_a_sorted_array(void **state)
{
    (void)state;
    static const double shares[] = {0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1};
    struct histogram *h = make();
    fill(7);
    double sum = 0;
    for (size_t i = 0; i < COUNT; i++) {
        histogram_record(h, values[i]);
        sum += (double)values[i];
    }
    qsort(values, COUNT, sizeof values[0], by_value);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        size_t rank = (size_t)ceil(shares[i] * COUNT);
        int64_t exact = values[rank == 0 ? 0 : rank - 1];
        int64_t told = histogram_quantile(h, shares[i]);
        assert_true(told >= exact);
        assert_true(told - exact <= exact / 1000 + 1);
    }
    assert_int_equal(histogram_min(h), values[0]);
    assert_int_equal(histogram_max(h), values[COUNT - 1]);
    assert_true(fabs(histogram_mean(h) - sum / COUNT) < 1e-3);
    histogram_free(h);
}

static void merging_equals_recording_together(void **state)
{
    (void)state;
    struct histogram *all = make(), *parts[3] = {make(), make(), make()}, *merged = make();
    fill(11);
    for (size_t i = 0; i < COUNT; i++) {
        histogram_record(all, values[i]);
        histogram_record(parts[i % 2], values[i]); /* the third stays empty */
    }
    for (size_t i = 0; i < 3; i++)
        histogram_merge(merged, parts[i]);
    assert_int_equal(histogram_count(merged), COUNT);
    assert_int_equal(histogram_min(merged), histogram_min(all));
    assert_int_equal(histogram_max(merged), histogram_max(all));
    size_t a = 0, b = 0;
    struct histogram_bucket one, other;
    while (histogram_next(all, &a, &one)) {
        assert_true(histogram_next(merged, &b, &other));
        assert_memory_equal(&one, &other, sizeof one);
    }
    assert_false(histogram_next(merged, &b, &other));
    histogram_reset(merged);
    assert_int_equal(histogram_count(merged), 0);
    histogram_record(merged, 3);
    assert_int_equal(histogram_quantile(merged, 0.5), 3);
    histogram_free(all);
    histogram_free(merged);
    for (size_t i = 0; i < 3; i++)
        histogram_free(parts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_histogram_answers_zero),
        cmocka_unit_test(out_of_range_values_are_clamped),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(buckets_have_hdr_edges),
        cmocka_unit_test(quantiles_agree_with_a_sorted_array),
        cmocka_unit_test(merging_equals_recording_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
