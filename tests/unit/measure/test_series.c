#include "base/random.h"
#include "measure/measure.h"
#include "run_facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND_US INT64_C(1000000)
#define INTERVAL  (10 * SECOND_US)

static struct histogram *make(void)
{
    struct histogram *h = NULL;
    assert_true(histogram_new(&h, NULL));
    return h;
}

static struct series *series(size_t max_bytes)
{
    struct series *s = NULL;
    assert_true(series_new(INTERVAL, max_bytes, &s, NULL));
    return s;
}

static struct measure_key key_of(uint16_t phase, unsigned metric, enum measure_result result, int8_t profile)
{
    return (struct measure_key){
        .phase = phase, .metric = (uint8_t)metric, .result = (uint8_t)result, .profile = profile};
}

static void assert_equal(const struct histogram *a, const struct histogram *b)
{
    size_t at = 0, other_at = 0;
    struct histogram_bucket one, other;
    assert_int_equal(histogram_count(a), histogram_count(b));
    assert_int_equal(histogram_min(a), histogram_min(b));
    assert_int_equal(histogram_max(a), histogram_max(b));
    assert_true(histogram_sum(a) == histogram_sum(b));
    while (histogram_next(a, &at, &one))
        assert_true(histogram_next(b, &other_at, &other) && one.index == other.index &&
                    one.count == other.count);
    assert_false(histogram_next(b, &other_at, &other));
}

static const struct measure_filter all = {MEASURE_ENROLLMENT, MEASURE_ALL_RESULTS, MEASURE_ANY, MEASURE_ANY};

/* `count` values over `seconds`, spread over phases, results and profiles; each in `everything`, too. */
static void fill(struct series *s, struct histogram *everything, uint64_t seed, size_t count, int64_t seconds)
{
    struct random_seeded r;
    random_seed(&r, seed, 0);
    for (size_t i = 0; i < count; i++) {
        int64_t value = (int64_t)random_exponential(&r, 90000);
        struct measure_key key = key_of((uint16_t)(i * 3 / count), MEASURE_ENROLLMENT,
                                        (enum measure_result)(i % MEASURE_RESULTS), (int8_t)(i % 5));
        assert_true(series_record(s, key, (int64_t)i * seconds * SECOND_US / (int64_t)count, value));
        if (everything != NULL)
            histogram_record(everything, value);
    }
}

static void parts_add_up(void **state)
{
    (void)state;
    struct series *s = series((size_t)1 << 30);
    struct histogram *everything = make(), *run = make(), *intervals = make(), *parts = make();
    fill(s, everything, 5, 30000, 600);
    assert_true(series_sum(s, &all, run));
    assert_equal(everything, run);
    assert_int_equal(series_intervals(s), 60);
    for (size_t i = 0; i < series_intervals(s); i++)
        assert_true(series_sum_interval(s, i, &all, intervals));
    assert_equal(everything, intervals);
    for (int phase = 0; phase < 3; phase++) {
        for (int profile = 0; profile < 5; profile++) {
            for (unsigned result = 0; result < MEASURE_RESULTS; result++) {
                const struct measure_filter f = {MEASURE_ENROLLMENT, 1U << result, phase, profile};
                assert_true(series_sum(s, &f, parts));
            }
        }
    }
    assert_equal(everything, parts);
    histogram_free(everything);
    histogram_free(run);
    histogram_free(intervals);
    histogram_free(parts);
    series_free(s);
}

static void warm_ups_count_only_where_asked_for(void **state)
{
    (void)state;
    struct series *s = series((size_t)1 << 30);
    struct histogram *h = make();
    struct measure_key key = key_of(0, MEASURE_ENROLLMENT, MEASURE_OK, 0);
    key.warm_up = true;
    series_record(s, key, 0, 100);
    series_record(s, key_of(1, MEASURE_ENROLLMENT, MEASURE_OK, 0), 1, 200);
    assert_true(series_sum(s, &all, h));
    assert_int_equal(histogram_count(h), 1);
    const struct measure_filter warm_up = {MEASURE_ENROLLMENT, MEASURE_ALL_RESULTS, 0, MEASURE_ANY};
    assert_true(series_sum(s, &warm_up, h));
    assert_int_equal(histogram_count(h), 2);
    assert_int_equal(histogram_min(h), 100);
    histogram_free(h);
    series_free(s);
}

static void gaps_and_latecomers_are_no_trouble(void **state)
{
    (void)state;
    struct series *s = series((size_t)1 << 30);
    struct histogram *h = make();
    struct measure_key key = key_of(0, MEASURE_ENROLLMENT, MEASURE_OK, 0);
    assert_int_equal(series_intervals(s), 0);
    series_record(s, key, 5 * INTERVAL, 7);
    series_record(s, key, 2 * INTERVAL, 8); /* told late: joins the open one */
    series_record(s, key, -1, 9);
    assert_int_equal(series_intervals(s), 6);
    for (size_t i = 0; i < 5; i++)
        assert_true(series_sum_interval(s, i, &all, h));
    assert_int_equal(histogram_count(h), 0);
    assert_true(series_sum_interval(s, 5, &all, h));
    assert_int_equal(histogram_count(h), 3);
    histogram_free(h);
    series_free(s);
}

/* Above its ceiling the course becomes coarser; nothing is lost, and what is kept stays small. */
static void a_long_run_stays_small(void **state)
{
    (void)state;
    enum { CEILING = 100000 };
    struct series *s = series(CEILING);
    struct histogram *everything = make(), *intervals = make();
    fill(s, everything, 9, 60000, 24 * 3600);
    assert_true(series_bytes(s) <= CEILING);
    assert_true(series_interval_us(s) > INTERVAL);
    assert_int_equal((int64_t)series_intervals(s), (24 * 3600 - 2) * SECOND_US / series_interval_us(s) + 1);
    for (size_t i = 0; i < series_intervals(s); i++)
        assert_true(series_sum_interval(s, i, &all, intervals));
    assert_equal(everything, intervals);
    histogram_free(everything);
    histogram_free(intervals);
    series_free(s);
}

/* Every window against one that is added up by hand. */
static void windows_hold_their_intervals(void **state)
{
    (void)state;
    struct series *s = series((size_t)1 << 30);
    struct series_slide *w = NULL;
    struct histogram *by_hand = make();
    fill(s, NULL, 3, 5000, 200);
    assert_true(series_slide_new(s, all, 55 * SECOND_US, &w, NULL)); /* six intervals */
    size_t from = 0;
    for (const struct histogram *h; (h = series_slide_next(w, true)) != NULL; from++) {
        assert_int_equal(series_slide_from_us(w), (int64_t)from * INTERVAL);
        histogram_reset(by_hand);
        for (size_t i = 0; i < 6; i++)
            assert_true(series_sum_interval(s, from + i, &all, by_hand));
        assert_int_equal(histogram_count(h), histogram_count(by_hand));
        assert_true(histogram_sum(h) == histogram_sum(by_hand));
        for (int i = 1; i < 100; i++) {
            int64_t exact = histogram_quantile(by_hand, i / 100.0), told = histogram_quantile(h, i / 100.0);
            assert_true(told >= exact && told - exact <= exact / 1000 + 1);
        }
    }
    assert_int_equal(from, 20 - 6 + 1);
    series_slide_free(w);
    histogram_free(by_hand);
    series_free(s);
}

static void windows_come_when_they_are_complete(void **state)
{
    (void)state;
    struct series *s = series((size_t)1 << 30);
    struct series_slide *w = NULL;
    struct measure_key key = key_of(0, MEASURE_ENROLLMENT, MEASURE_OK, 0);
    assert_true(series_slide_new(s, all, 2 * INTERVAL, &w, NULL));
    assert_null(series_slide_next(w, false));
    assert_null(series_slide_next(w, true));
    series_record(s, key, 0, 1);
    series_record(s, key, INTERVAL, 2);
    assert_null(series_slide_next(w, false));
    series_record(s, key, 2 * INTERVAL, 3);
    assert_int_equal(histogram_count(series_slide_next(w, false)), 2);
    assert_null(series_slide_next(w, false));
    assert_int_equal(histogram_max(series_slide_next(w, true)), 3);
    assert_null(series_slide_next(w, true));
    series_slide_free(w);
    assert_true(series_slide_new(s, all, 100 * INTERVAL, &w, NULL)); /* longer than the run */
    assert_null(series_slide_next(w, false));
    assert_int_equal(histogram_count(series_slide_next(w, true)), 3);
    assert_null(series_slide_next(w, true));
    series_slide_free(w);
    series_free(s);
}

/* What a run tells: outcomes and steps by phase and profile. */
static void facts_find_their_place(void **state)
{
    (void)state;
    struct measure *m = NULL;
    assert_true(measure_new(&m, NULL));
    struct outcome_sink sink = measure_sink(m);
    struct outcome ok = fact_device(0, OUTCOME_ENROLLED, 0);
    struct outcome late = fact_failure(1, 0, STAGE_PKI_OPERATION, REASON_REQUEST_TIMEOUT);
    struct outcome refused = fact_failure(2, 0, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
    ok.phase = late.phase = 1;
    late.timed_out = true;
    refused.profile = 3;
    fact_tell(&sink, &ok);
    fact_tell(&sink, &late);
    fact_tell(&sink, &refused);
    struct outcome_step step = {
        .stage = STAGE_OTP, .phase = 1, .profile = 3, .failed = true, .finished_us = 5};
    sink.step(sink.user, &step);
    struct histogram *h = make();
    const struct measure_filter that_count = {MEASURE_ENROLLMENT, MEASURE_THAT_COUNT, MEASURE_ANY,
                                              MEASURE_ANY};
    assert_true(series_sum(measure_series(m), &that_count, h));
    assert_equal(h, measure_enrollment(m));
    const struct measure_filter failed = {MEASURE_SERVICE, 1U << MEASURE_FAILED, MEASURE_ANY, 3};
    assert_true(series_sum(measure_series(m), &failed, h));
    assert_int_equal(histogram_count(h), 3);
    const struct measure_filter otp = {MEASURE_STEP + STAGE_OTP, 1U << MEASURE_FAILED, 1, 3};
    assert_true(series_sum(measure_series(m), &otp, h));
    assert_int_equal(histogram_count(h), 4);
    assert_int_equal(measure_phase(m, 0).planned, 1);
    assert_int_equal(measure_phase(m, 1).enrolled, 1);
    assert_int_equal(measure_phase(m, 1).failed, 1);
    assert_int_equal(measure_phase(m, 7).planned, 0);
    histogram_free(h);
    measure_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(warm_ups_count_only_where_asked_for),
        cmocka_unit_test(gaps_and_latecomers_are_no_trouble),
        cmocka_unit_test(a_long_run_stays_small),
        cmocka_unit_test(windows_hold_their_intervals),
        cmocka_unit_test(windows_come_when_they_are_complete),
        cmocka_unit_test(facts_find_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
