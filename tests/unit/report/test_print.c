#include "report_facts.h"

static char text[65536];

static const char *printed(struct fixture *f, bool colour, unsigned width)
{
    struct report_verdict verdict = {0};
    struct err e = {0};
    struct buf json;
    buf_init(&json, (size_t)16 << 20);
    assert_true(report_summary_json(&f->run, &verdict, &json, &e));
    buf_clear(&json);
    FILE *to = fmemopen(text, sizeof text - 1, "w");
    assert_non_null(to);
    report_print(to, &f->run, &verdict, "results/x", colour, width);
    fclose(to);
    return text;
}

static void first_line_is(const char *all, const char *line)
{
    size_t len = strcspn(all, "\n");
    assert_int_equal(len, strlen(line));
    assert_memory_equal(all, line, len);
}

static void verdict_comes_first(void **state)
{
    struct fixture *f = *state;
    const char *slo = "enrolled >= 99.5%";
    fact_enrolled(&f->sink, 0, 1234, 0);
    f->run.duration_us = 12440000;
    f->run.slo = &slo;
    f->run.slo_count = 1;
    const char *all = printed(f, false, 100);
    first_line_is(all, "1,234 of 1,234 devices enrolled; SLO passed; run valid");
    assert_null(strchr(all, '\033'));
    assert_non_null(strstr(all, "no defects"));
    assert_non_null(strstr(all, "results/x/report.html"));
    assert_non_null(strstr(all, "scepstorm run a-test.yaml --seed 42"));
    assert_null(strstr(all, "Likely causes"));
    assert_non_null(strchr(printed(f, true, 100), '\033'));
}

static void causes_come_with_what_to_do(void **state)
{
    struct fixture *f = *state;
    struct outcome bad = fact_failure(0, 0, STAGE_OTP, REASON_OTP_CACHE_FULL);
    bad.http_status = 200;
    fact_repeat(&f->sink, bad, 30);
    fixture_diagnose(f);
    const char *all = printed(f, false, 80);
    first_line_is(all, "0 of 30 devices enrolled; no SLO set; run valid");
    assert_non_null(strstr(all, "otp-cache-full"));
    const char *cause = strstr(all, "\n     otp-cache-full: ");
    assert_non_null(cause);
    assert_non_null(strstr(cause, "% sure, behind 100% of the failures\n"));
    assert_non_null(strstr(all, "what settles it:"));
    assert_non_null(strstr(all, "1. Use up or wait out"));
}

static void percentiles_are_honest(void **state)
{
    struct fixture *f = *state;
    fact_enrolled(&f->sink, 0, 999, 0);
    char *row = strstr(printed(f, false, 110), "\n  enrollment") + 1;
    row[strcspn(row, "\n")] = '\0';
    assert_non_null(strstr(row, " - ")); /* p99 and p99.9 need more */
    fact_enrolled(&f->sink, 999, 1, 0);
    row = strstr(printed(f, false, 80), "\n  enrollment") + 1;
    row[strcspn(row, "\n")] = '\0';
    assert_null(strstr(row, " - "));
}

/* Only a word that is too long by itself may be, and that stands as far to the left as it can. */
static void fits(const char *line, unsigned width)
{
    size_t len = strcspn(line, "\n"), last = len;
    while (last > 0 && line[last - 1] != ' ')
        last--;
    if (len > width && last > 10)
        fail_msg("longer than %u: %.*s", width, (int)len, line);
}

static void lines_fit_the_terminal(void **state)
{
    struct fixture *f = *state;
    struct outcome bad = fact_failure(0, 0, STAGE_GET_CA_CAPS, REASON_HTTP_STATUS);
    bad.http_status = 503;
    bad.body = OUTCOME_BODY_HTTPSYS;
    snprintf(bad.text, sizeof bad.text, "evil \033[2J text");
    fact_enrolled(&f->sink, 1000, 30, 0);
    fact_repeat(&f->sink, bad, 30);
    fixture_diagnose(f);
    static const unsigned widths[] = {20, 40, 60, 68, 69, 80, 100, 200};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        const char *all = printed(f, false, widths[i]);
        assert_null(strchr(all, '\033'));
        for (const char *line = all; *line != '\0'; line += strcspn(line, "\n") + 1)
            fits(line, widths[i]);
    }
}

/* Narrow or wide, the same is told. */
static void tables_become_lists(void **state)
{
    struct fixture *f = *state;
    struct outcome bad = fact_failure(2000, 0, STAGE_PKI_OPERATION, REASON_HTTP_STATUS);
    fact_enrolled(&f->sink, 0, 1999, 0);
    fact_step(&f->sink, &bad, STAGE_PKI_OPERATION, 41000);
    fact_tell(&f->sink, &bad);
    const char *wide = printed(f, false, 80);
    assert_non_null(strstr(wide, "\nTimes\n"));
    assert_non_null(
        strstr(wide, "\n  enrollment           1,999       1     100 ms     100 ms     100 ms     100 ms\n"));
    assert_non_null(strstr(wide, "\n  pki_operation            1       1      41 ms      41 ms          -"));
    const char *narrow = printed(f, false, 40);
    assert_non_null(strstr(narrow, "\nTimes (count)\n"));
    assert_non_null(
        strstr(narrow, "\n  enrollment: 1,999; failed 1;\n    p50 100 ms, p95 100 ms, p99 100 ms\n"));
    assert_non_null(strstr(narrow, "\n  pki_operation: 1; failed 1; p50"));
}

/* Who copies the folded command gets the command; who looks for it in a file finds it. */
static void commands_can_be_copied(void **state)
{
    struct fixture *f = *state;
    f->run.reproduce = "scepstorm run a-test.yaml --set 'name=a  very long name indeed' --seed 42";
    fact_enrolled(&f->sink, 0, 1, 0);
    assert_non_null(strstr(printed(f, false, 40), "  again: scepstorm run a-test.yaml \\\n"
                                                  "    --set \\\n    'name=a  very long name indeed' \\\n"
                                                  "    --seed 42\n"));
    assert_non_null(strstr(printed(f, false, 0), f->run.reproduce));
}

static void progress_is_a_line_every_five_seconds_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct report_progress *p = NULL;
    struct err e = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/progress", f->root);
    FILE *to = fopen(path, "w+");
    assert_non_null(to);
    fact_enrolled(&f->sink, 0, 40, 0);
    assert_true(report_progress_new(to, &f->run, 100, &p, &e));
    report_progress_keys(p, "p pause");
    for (int64_t us = 0; us <= 11000000; us += 100000) {
        report_progress_state(p, us > 7000000 ? "PAUSED" : "");
        report_progress_show(p, us, INT64_MAX);
    }
    fact_repeat(&f->sink, fact_failure(40, 11000000, STAGE_OTP, REASON_OTP_CACHE_FULL), 10);
    for (int64_t us = 11000000; us <= 21000000; us += 100000)
        report_progress_show(p, us, INT64_MAX);
    report_progress_say(p, "said");
    report_progress_free(p);
    rewind(to);
    size_t len = fread(text, 1, sizeof text - 1, to);
    text[len] = '\0';
    fclose(to);
    int lines = 0;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 1 + 4 + 1 + 1); /* of the four, one is followed by the cause, once */
    assert_ptr_equal(strstr(text, "keys: p pause\n"), text);
    const char *first =
        strstr(text, "\n5.00 s  offered 40  started 40  done 40  in flight 0  ok 100.0%  p50 100 ms");
    const char *cause = strstr(text, "\n15.0 s  failing, 100% of it: otp-cache-full, ");
    assert_true(first != NULL && cause != NULL && first < cause);
    assert_non_null(strstr(text, "p95 100 ms  PAUSED\n"));
    assert_non_null(strstr(text, "\nsaid\n"));
    assert_null(strchr(text, '\r'));
    assert_null(strchr(text, '\033'));
}

static void tell_mix(struct fixture *f)
{
    struct outcome mix[3];
    fixture_mix(f, mix);
    for (size_t i = 0; i < 3; i++)
        fact_tell(&f->sink, &mix[i]);
}

static void defects_outrank_latency(void **state)
{
    struct fixture *f = *state;
    tell_mix(f);
    const char *all = printed(f, false, 110);
    first_line_is(all, "CORRECTNESS DEFECTS: 1 answers with a foreign nonce; 2 of 3 devices enrolled; no SLO "
                       "set; run valid");
    const char *correctness = strstr(all, "\nCorrectness"), *times = strstr(all, "\nTimes");
    assert_true(correctness != NULL && times != NULL && correctness < times);
}

static void personas_verdicts_and_follow_ups_are_told(void **state)
{
    struct fixture *f = *state;
    tell_mix(f);
    const char *all = printed(f, false, 100);
    assert_non_null(strstr(all, "\n  1 renewals and queries failed after the enrollment\n"));
    assert_non_null(strstr(all, "\nPersonas\n"));
    assert_non_null(strstr(all, "\n  ios "));
    assert_non_null(strstr(all, "\n  windows "));
    assert_non_null(strstr(all, "1 device would have accepted an answer that RFC 8894 forbids: nonce"));
    assert_non_null(strstr(all, "renewal          1 of 2 succeeded, 1 failed"));
    assert_non_null(strstr(all, "get_next_ca_cert 1 devices did not try: the server does not announce it"));
    for (unsigned width = 60; width <= 110; width += 10) {
        for (const char *line = printed(f, false, width); *line != '\0'; line += strcspn(line, "\n") + 1) {
            if (strcspn(line, "\n") > width)
                fail_msg("longer than %u: %.*s", width, (int)strcspn(line, "\n"), line);
        }
    }
}

static void wanted_refusals_are_called_that(void **state)
{
    struct fixture *f = *state;
    struct outcome o = fact_device(0, OUTCOME_ENROLLED, 0);
    o.serial[0] = '\0';
    o.refused_as_expected = true;
    f->run.expect_refused = true;
    fact_repeat(&f->sink, o, 20);
    const char *all = printed(f, false, 100);
    first_line_is(all, "20 of 20 devices refused as expected; no SLO set; run valid");
    assert_null(strstr(all, "enrolled"));
    assert_non_null(strstr(all, "no certificate was issued"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)
        TEST(verdict_comes_first),
        TEST(causes_come_with_what_to_do),
        TEST(percentiles_are_honest),
        TEST(lines_fit_the_terminal),
        TEST(tables_become_lists),
        TEST(commands_can_be_copied),
        TEST(defects_outrank_latency),
        TEST(personas_verdicts_and_follow_ups_are_told),
        TEST(wanted_refusals_are_called_that),
        TEST(progress_is_a_line_every_five_seconds_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
