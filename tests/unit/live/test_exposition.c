#include "check.h"

#include "live/exposition.h"

#include <math.h>
#include <string.h>

static struct buf out;

static int begin(void **state)
{
    (void)state;
    buf_init(&out, 65536);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_clear(&out);
    return 0;
}

static void check_text(const char *wanted)
{
    assert_string_equal(buf_text(&out), wanted);
}

static void counters_end_in_total(void **state)
{
    (void)state;
    struct live_writer w = {.out = &out};
    live_family(&w, LIVE_COUNTER, "x", "What it is.");
    live_sample(&w, NULL, 3);
    live_end_of_text(&w);
    check_text("# HELP x_total What it is.\n# TYPE x_total counter\nx_total 3\n");
}

static void openmetrics_names_the_family_without(void **state)
{
    (void)state;
    struct live_writer w = {.out = &out, .open_metrics = true};
    live_family(&w, LIVE_COUNTER, "x", "What it is.");
    live_sample(&w, NULL, 3);
    live_end_of_text(&w);
    check_text("# HELP x What it is.\n# TYPE x counter\nx_total 3\n# EOF\n");
}

static void numbers_are_prometheus_numbers(void **state)
{
    (void)state;
    struct live_writer w = {.out = &out};
    w.name = "x";
    w.type = LIVE_GAUGE;
    live_sample(&w, NULL, 1e15);
    live_sample(&w, NULL, 0.25);
    live_sample(&w, NULL, (double)NAN);
    live_sample(&w, NULL, (double)-INFINITY);
    check_text("x 1e+15\nx 0.25\nx NaN\nx -Inf\n");
}

static void label_values_cannot_break_out(void **state)
{
    (void)state;
    struct live_writer w = {.out = &out, .name = "x", .type = LIVE_GAUGE};
    struct live_labels labels = {0};
    live_label(&labels, "a", "\"} 1\nevil 2\\");
    live_label(&labels, "b", "tab\tand \x01 bell");
    live_label(&labels, "c", "caf\xc3\xa9 \xff");
    live_label(&labels, "d", NULL);
    live_sample(&w, &labels, 1);
    check_text(
        "x{a=\"\\\"} 1\\nevil 2\\\\\",b=\"tab and   bell\",c=\"caf\xc3\xa9 \xef\xbf\xbd\",d=\"\"} 1\n");
}

/* Cut between characters. */
static void long_values_are_cut(void **state)
{
    (void)state;
    char value[LIVE_VALUE_BYTES + 20];
    struct live_labels labels = {0};
    memset(value, 'a', sizeof value);
    memcpy(value + LIVE_VALUE_BYTES - 1, "\xc3\xa9", 3);
    live_label(&labels, "n", value);
    assert_int_equal(labels.len, strlen("n=\"\"") + LIVE_VALUE_BYTES - 1);
}

static void labels_without_room_are_left_out(void **state)
{
    (void)state;
    char value[LIVE_VALUE_BYTES + 1];
    struct live_labels labels = {0};
    memset(value, '"', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (int i = 0; i < 20; i++)
        live_label(&labels, "n", value);
    assert_true(labels.len < sizeof labels.text);
    assert_int_equal(labels.text[labels.len - 1], '"');
    assert_int_equal(labels.len, strlen(labels.text));
}

static void buckets_add_up(void **state)
{
    (void)state;
    static const int64_t bounds[] = {1000, 250000, 1000000};
    struct histogram *h = NULL;
    struct err e = {0};
    CHECK_OK(histogram_new(&h, &e), &e);
    const int64_t values[] = {1, 1000, 1001, 250000, 2000000};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_true(histogram_record(h, values[i]));
    struct live_writer w = {.out = &out};
    struct live_labels labels = {0};
    live_label(&labels, "step", "otp");
    live_family(&w, LIVE_HISTOGRAM, "x_seconds", "Y.");
    live_buckets(&w, &labels, h, bounds, 3);
    check_text("# HELP x_seconds Y.\n# TYPE x_seconds histogram\n"
               "x_seconds_bucket{step=\"otp\",le=\"0.001\"} 2\n"
               "x_seconds_bucket{step=\"otp\",le=\"0.25\"} 4\n"
               "x_seconds_bucket{step=\"otp\",le=\"1.0\"} 4\n"
               "x_seconds_bucket{step=\"otp\",le=\"+Inf\"} 5\n"
               "x_seconds_sum{step=\"otp\"} 2.252002\n"
               "x_seconds_count{step=\"otp\"} 5\n");
    histogram_free(h);
}

static void no_histogram_has_empty_buckets(void **state)
{
    (void)state;
    static const int64_t bounds[] = {1000};
    struct live_writer w = {.out = &out};
    w.name = "x";
    w.type = LIVE_HISTOGRAM;
    live_buckets(&w, NULL, NULL, bounds, 1);
    check_text("x_bucket{le=\"0.001\"} 0\nx_bucket{le=\"+Inf\"} 0\nx_sum 0\nx_count 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counters_end_in_total, begin, end),
        cmocka_unit_test_setup_teardown(openmetrics_names_the_family_without, begin, end),
        cmocka_unit_test_setup_teardown(numbers_are_prometheus_numbers, begin, end),
        cmocka_unit_test_setup_teardown(label_values_cannot_break_out, begin, end),
        cmocka_unit_test_setup_teardown(long_values_are_cut, begin, end),
        cmocka_unit_test_setup_teardown(labels_without_room_are_left_out, begin, end),
        cmocka_unit_test_setup_teardown(buckets_add_up, begin, end),
        cmocka_unit_test_setup_teardown(no_histogram_has_empty_buckets, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
