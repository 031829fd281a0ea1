#include "run_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint64_t sum(const struct measure_course *c)
{
    uint64_t all = 0;
    for (size_t i = 0; i < MEASURE_COURSE_BINS; i++)
        all += c->bins[i];
    return all;
}

static void fail_at(const struct outcome_sink *sink, uint64_t device, int64_t at_s)
{
    struct outcome o = fact_failure(device, at_s * 1000000, STAGE_OTP, REASON_OTP_EXHAUSTED);
    o.finished_us = at_s * 1000000;
    fact_tell(sink, &o);
}

/* However long a run is: all are counted, where they were, in the same room. */
static void courses_grow_coarser_and_lose_nothing(void **state)
{
    (void)state;
    struct measure *m = NULL;
    assert_true(measure_new(&m, NULL));
    struct outcome_sink sink = measure_sink(m);
    for (uint64_t i = 0; i < 100; i++)
        fail_at(&sink, i, 7);
    const struct measure_course *c = &measure_failure(m, 0)->course;
    assert_int_equal(c->width_s, 1);
    assert_int_equal(c->bins[7], 100);
    fail_at(&sink, 100, 1000);
    assert_int_equal(c->width_s, 16); /* 120 bins hold 1,001 seconds from 16 a bin on */
    assert_int_equal(c->bins[0], 100);
    assert_int_equal(c->bins[1000 / 16], 1);
    fail_at(&sink, 101, INT64_C(1) << 40);
    assert_int_equal(sum(c), 102);
    fail_at(&sink, 102, -5);
    assert_int_equal(sum(c), 103);
    measure_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(courses_grow_coarser_and_lose_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
