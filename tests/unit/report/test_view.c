/* The live view, line for line: what it says, and what it leaves out where there is little room. */
#include "report/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct histogram *latency;
static struct outcome_in_flight places;
static struct view_lines lines;

static int up(void **state)
{
    (void)state;
    places = (struct outcome_in_flight){0};
    if (!histogram_new(&latency, NULL))
        return -1;
    for (int i = 1; i <= 1200; i++)
        histogram_record(latency, i * 100);
    return 0;
}

static int down(void **state)
{
    (void)state;
    histogram_free(latency);
    return 0;
}

static struct view calm(void)
{
    places.busy[STAGE_PKI_OPERATION] = 28;
    places.busy[STAGE_OTP] = 3;
    places.pausing[STAGE_CERT_POLL] = 4;
    places.pausing[STAGE_GET_CA_CAPS] = 1;
    places.pausing[STAGE_PKI_OPERATION] = 1;
    return (struct view){.now_us = 62300000,
                         .end_us = 100000000,
                         .planned = 5000,
                         .state = "",
                         .keys = "p pause, + - rate, q stop, ? help",
                         .devices = {.started = 3115, .enrolled = 3078},
                         .offered = 3115,
                         .per_s = {true, 50, 50.04, 49.8, 0},
                         .recent = latency,
                         .total = latency,
                         .in_flight = &places,
                         .judged = true,
                         .valid = true,
                         .lag_us = 310,
                         .stall_us = 4200};
}

static struct view troubled(void)
{
    struct view v = calm();
    v.state = "PAUSED, rate x1.25";
    v.devices.failed = 12;
    v.devices.unsent = 3;
    v.per_s.failed = 1.5;
    v.causes[0].share = 0.8;
    snprintf(v.causes[0].words, sizeof v.causes[0].words,
             "app-pool-stopped, 91%% sure: the application pool of NDES stands still");
    v.causes[1].share = 0.2;
    snprintf(v.causes[1].words, sizeof v.causes[1].words,
             "get_ca_caps: HTTP 418 from tea\033[2Jpot \xc3\xa4");
    v.cause_count = 2;
    snprintf(v.broken, sizeof v.broken, "start lag, planned load");
    places.waiting = 7;
    return v;
}

static void says(const char *const *want, size_t count)
{
    for (size_t i = 0; i < count && i < lines.count; i++)
        assert_string_equal(lines.text[i], want[i]);
    assert_int_equal(lines.count, count);
}
#define SAYS(want) says(want, sizeof want / sizeof want[0])

static void all_is_said_where_there_is_room(void **state)
{
    static const char *const want[] = {
        " [############################..................]  61%  3,078 of 5,000  1:02, 0:38 left",
        " per second offered 50.0   started 50.0   done 49.8",
        " last 10 s  p50 60 ms     p95 114 ms    p99 119 ms    max 120 ms    1,200 devices",
        " in total   p50 60 ms     p95 114 ms    p99 119 ms    max 120 ms    1,200 devices",
        " in flight  37      pki_operation 28   next poll 4   otp 3   pausing 2",
        " failed     none",
        " validity   ok so far   start lag p99 310 us   longest stall 4.2 ms",
        " p pause, + - rate, q stop, ? help",
    };
    struct view v = calm();
    (void)state;
    view_draw(&v, 87, 23, false, &lines);
    SAYS(want);
}

static void trouble_is_told(void **state)
{
    static const char *const want[] = {
        " PAUSED, rate x1.25  [##################............]  61%  3,090 of 5,000  1:02, 0:38 left",
        " per second offered 50.0   started 50.0   done 49.8   failed 1.5",
        " last 10 s  p50 60 ms     p95 114 ms    p99 119 ms    max 120 ms    1,200 devices",
        " in total   p50 60 ms     p95 114 ms    p99 119 ms    max 120 ms    1,200 devices",
        " in flight  37      7 wait to start   pki_operation 28   next poll 4   otp 3   pausing 2",
        " failed     12 of 3,090 (0.4%)   3 not sent",
        "       80%  app-pool-stopped, 91% sure: the application pool of NDES stands still",
        "       20%  get_ca_caps: HTTP 418 from tea?[2Jpot ??",
        " validity   suspect: start lag, planned load   start lag p99 310 us   longest stall 4.2 ms",
        " p pause, + - rate, q stop, ? help",
    };
    struct view v = troubled();
    (void)state;
    view_draw(&v, 91, 23, false, &lines);
    SAYS(want);
}

static void narrow_terminals_read_the_same_in_short(void **state)
{
    static const char *const want[] = {
        " [##########.......]  61%  1:02, 0:38 left", " per second offered 50.0  done 49.8",
        " last 10 s  p50 60 ms    p95 114 ms ",       " in total   p50 60 ms    p95 114 ms ",
        " in flight  37     pki_operation 28",        " failed     none",
        " validity   ok so far  lag p99 310 us",      " p pause, + - rate, q stop, ? help",
    };
    struct view v = calm();
    (void)state;
    view_draw(&v, 42, 23, false, &lines);
    SAYS(want);
}

static void one_line_is_enough_for_a_slit(void **state)
{
    static const char *const want[] = {" 61%  in flight 37"}, *const stopped[] = {" STOPPING  61%"};
    struct view v = calm();
    (void)state;
    view_draw(&v, 19, 23, false, &lines);
    SAYS(want);
    v.state = "STOPPING";
    view_draw(&v, 19, 23, false, &lines);
    SAYS(stopped);
}

/* From 1 to 240 columns and 1 to 24 rows nothing is wider or higher than it may be, and foreign bytes never come through. */
static void nothing_leaves_its_room(void **state)
{
    struct view views[] = {calm(), troubled(), troubled(), troubled()};
    (void)state;
    views[2].planned = 0; /* nobody knows how many, and until when */
    views[2].end_us = INT64_MAX;
    views[3].devices.started = views[3].devices.enrolled = views[3].offered = UINT64_C(123456789012);
    views[3].now_us = INT64_C(400) * 3600 * 1000000;
    views[3].per_s.offered = views[3].per_s.done = 1e9;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        for (unsigned columns = 1; columns <= 240; columns++) {
            for (unsigned rows = 1; rows <= 24; rows++) {
                view_draw(&views[i], columns, rows, false, &lines);
                assert_in_range(lines.count, 1, rows);
                for (size_t k = 0; k < lines.count; k++) {
                    if (strlen(lines.text[k]) > columns)
                        fail_msg("view %zu: longer than %u: '%s'", i, columns, lines.text[k]);
                    for (const char *c = lines.text[k]; *c != '\0'; c++)
                        assert_in_range(*c, ' ', '~');
                }
            }
        }
    }
}

/* Colours add escapes, and no column. */
static void colours_take_no_room(void **state)
{
    struct view v = troubled();
    struct view_lines plain;
    (void)state;
    for (unsigned columns = 10; columns <= 200; columns += 10) {
        view_draw(&v, columns, 24, false, &plain);
        view_draw(&v, columns, 24, true, &lines);
        assert_int_equal(lines.count, plain.count);
        for (size_t i = 0; i < lines.count; i++) {
            char text[VIEW_LINE_BYTES];
            size_t len = 0;
            for (const char *c = lines.text[i]; *c != '\0'; c++) {
                if (*c == '\033')
                    c += strcspn(c, "m");
                else
                    text[len++] = *c;
            }
            text[len] = '\0';
            assert_string_equal(text, plain.text[i]);
        }
    }
}

static void few_rows_keep_what_matters(void **state)
{
    struct view v = troubled();
    (void)state;
    view_draw(&v, 80, 1, false, &lines);
    assert_int_equal(lines.count, 1);
    assert_non_null(strstr(lines.text[0], "PAUSED"));
    view_draw(&v, 80, 4, false, &lines);
    assert_int_equal(lines.count, 4);
    assert_non_null(strstr(lines.text[1], "in flight"));
    assert_non_null(strstr(lines.text[2], "failed"));
    assert_non_null(strstr(lines.text[3], "suspect"));
}

static void what_nobody_knows_is_not_said(void **state)
{
    struct histogram *empty = NULL;
    struct view v = calm();
    (void)state;
    assert_true(histogram_new(&empty, NULL));
    v.planned = 0;
    v.end_us = INT64_MAX;
    v.per_s.known = false;
    v.recent = v.total = empty;
    v.judged = false;
    v.in_flight = NULL;
    v.keys = NULL;
    view_draw(&v, 80, 24, false, &lines);
    static const char *const want[] = {" 3,078 done  1:02",          " per second -",
                                       " last 10 s  no latency yet", " in total   no latency yet",
                                       " in flight  37   ",          " failed     none"};
    SAYS(want);
    histogram_free(empty);
}

/* 100% is not said before the last device; hours are hours. */
static void the_end_is_not_told_early(void **state)
{
    struct view v = calm();
    (void)state;
    v.devices.enrolled = 4999;
    v.now_us = INT64_C(3723) * 1000000;
    v.end_us = v.now_us;
    view_draw(&v, 80, 1, false, &lines);
    assert_non_null(strstr(lines.text[0], " 99%  4,999 of 5,000  1:02:03, waiting for the last"));
    v.devices.enrolled = 5000;
    v.end_us = INT64_MAX;
    view_draw(&v, 80, 1, false, &lines);
    assert_non_null(strstr(lines.text[0], "100%  5,000 of 5,000  1:02:03"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)
        TEST(all_is_said_where_there_is_room),
        TEST(trouble_is_told),
        TEST(narrow_terminals_read_the_same_in_short),
        TEST(one_line_is_enough_for_a_slit),
        TEST(nothing_leaves_its_room),
        TEST(colours_take_no_room),
        TEST(few_rows_keep_what_matters),
        TEST(what_nobody_knows_is_not_said),
        TEST(the_end_is_not_told_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
