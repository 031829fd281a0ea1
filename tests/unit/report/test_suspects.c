/* Causes named while the run goes on. */
#include "report/suspects.h"

#include "report_facts.h"

static struct suspects suspects;
static struct view view;

static void look(struct fixture *f, int64_t now_us)
{
    suspects_look(&suspects, &f->run, now_us);
    suspects_tell(&suspects, f->measure, &view);
}

static int down(void **state)
{
    suspects_clear(&suspects);
    return fixture_down(state);
}

static struct outcome full_cache(void)
{
    struct outcome o = fact_failure(0, 0, STAGE_OTP, REASON_OTP_CACHE_FULL);
    o.http_status = 200;
    return o;
}

static void causes_are_named_as_soon_as_they_can_be(void **state)
{
    struct fixture *f = *state;
    look(f, 0);
    assert_int_equal(view.cause_count, 0);
    fact_repeat(&f->sink, full_cache(), 30);
    look(f, 1000000);
    assert_int_equal(view.cause_count, 1);
    assert_ptr_equal(strstr(view.causes[0].words, "otp-cache-full, "), view.causes[0].words);
    assert_true(view.causes[0].share > 0.99);
    uint64_t seen = suspects.seen;
    look(f, 90000000); /* nothing new: nobody is asked again */
    assert_int_equal(suspects.next_us < 90000000, 1);
    assert_int_equal(suspects.seen, seen);
}

static void what_has_no_cause_yet_is_told_by_stage_and_reason(void **state)
{
    struct fixture *f = *state;
    struct outcome odd = fact_failure(100, 0, STAGE_VERIFY, REASON_UNEXPECTED_EVENT);
    fact_repeat(&f->sink, full_cache(), 30);
    fact_repeat(&f->sink, odd, 10);
    look(f, 1000000);
    assert_int_equal(view.cause_count, 2);
    assert_ptr_equal(strstr(view.causes[0].words, "otp-cache-full, "), view.causes[0].words);
    assert_ptr_equal(strstr(view.causes[1].words, "verify: "), view.causes[1].words);
    assert_true(view.causes[1].share > 0.24 && view.causes[1].share < 0.26);
}

/* Two seconds between two looks, however fast devices fail. */
static void the_load_has_the_time(void **state)
{
    struct fixture *f = *state;
    fact_repeat(&f->sink, full_cache(), 10);
    look(f, 1000000);
    fact_repeat(&f->sink, full_cache(), 10);
    look(f, 2900000);
    assert_int_equal(suspects.seen, 10);
    look(f, 1000000000);
    assert_int_equal(suspects.seen, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_up, down)
        TEST(causes_are_named_as_soon_as_they_can_be),
        TEST(what_has_no_cause_yet_is_told_by_stage_and_reason),
        TEST(the_load_has_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
