#include "compare/compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct sides {
    struct compare_runs base, now;
};

static void set_timing(struct compare_run *run, size_t timing, uint64_t count, double p50)
{
    run->timings[timing] = (struct compare_timing){count, {p50, 2.5 * p50, 4 * p50}, {0.01, 0.02, 0.04}};
}

static void add_count(struct compare_counts *list, const char *id, uint64_t count)
{
    list->items = realloc(list->items, (list->count + 1) * sizeof *list->items);
    assert_non_null(list->items);
    struct compare_count *c = &list->items[list->count++];
    *c = (struct compare_count){.count = count};
    snprintf(c->id, sizeof c->id, "%s", id);
    snprintf(c->title, sizeof c->title, "<%s>", id);
}

static struct compare_run *new_run(int number, double p50)
{
    struct compare_run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    snprintf(run->name, sizeof run->name, "run-%d", number);
    snprintf(run->scenario, sizeof run->scenario, "monday");
    snprintf(run->version, sizeof run->version, "1.0");
    snprintf(run->validity, sizeof run->validity, "valid");
    run->plan = strdup("devices:\n  count: 1000\n");
    run->seed = (uint64_t)(number % 10);
    run->started_us = INT64_C(1780000000000000) + number * INT64_C(60000000);
    run->duration_us = 20000000;
    run->cores = 2;
    run->planned = run->started = run->enrolled = 1000;
    run->enrolled_per_s = 50;
    set_timing(run, COMPARE_ENROLLMENT, 1000, p50);
    set_timing(run, (size_t)COMPARE_STEP + STAGE_PKI_OPERATION, 1000, 0.8 * p50);
    set_timing(run, (size_t)COMPARE_STEP + STAGE_CSR, 1000, 3);
    add_count(&run->defects, "key_mismatch", 0);
    return run;
}

/* `count` runs a side; those of now are `slower` times as slow. */
static int sides_up(struct sides *s, int count, double slower)
{
    static const double jitter[] = {1, 1.01, 0.985, 1.005, 0.995};
    struct err e = {0};
    *s = (struct sides){0};
    for (int i = 0; i < count; i++) {
        assert_true(compare_runs_add(&s->base, new_run(i, 200 * jitter[i % 5]), &e));
        assert_true(compare_runs_add(&s->now, new_run(10 + i, 200 * slower * jitter[(i + 2) % 5]), &e));
    }
    return 0;
}

static void sides_down(struct sides *s)
{
    compare_runs_clear(&s->base);
    compare_runs_clear(&s->now);
}

static struct compare compare(const struct sides *s)
{
    struct compare c;
    struct err e = {0};
    struct compare_options options = compare_defaults();
    if (!compare_sides(&s->base, &s->now, &options, &c, &e))
        fail_msg("%s: %s", e.text, c.problems.count > 0 ? c.problems.items[0] : "");
    return c;
}

static const struct compare_row *row(const struct compare *c, const char *figure)
{
    for (size_t i = 0; i < c->row_count; i++) {
        if (strcmp(c->rows[i].figure, figure) == 0)
            return &c->rows[i];
    }
    fail_msg("no row %s", figure);
    return NULL;
}

static void expect_verdict(const struct sides *s, enum compare_verdict verdict)
{
    struct compare c = compare(s);
    if (c.verdict != verdict)
        fail_msg("%s instead of %s: %s", compare_verdict_id(c.verdict), compare_verdict_id(verdict),
                 c.headline);
    compare_clear(&c);
}

/* The comparison must be refused, and say this. */
static void expect_problem(const struct sides *s, const char *words)
{
    struct compare c;
    struct err e = {0};
    struct compare_options options = compare_defaults();
    assert_false(compare_sides(&s->base, &s->now, &options, &c, &e));
    assert_int_equal(e.reason, REASON_USAGE);
    bool said = false;
    for (size_t i = 0; i < c.problems.count; i++)
        said |= strstr(c.problems.items[i], words) != NULL;
    if (!said)
        fail_msg("nobody says '%s' but '%s'", words, c.problems.count > 0 ? c.problems.items[0] : "");
    compare_clear(&c);
    options.force = true;
    e = (struct err){0};
    assert_true(compare_sides(&s->base, &s->now, &options, &c, &e));
    assert_int_equal(c.verdict, COMPARE_FORCED);
    compare_clear(&c);
}

static void equal_servers_pass(void **state)
{
    (void)state;
    struct sides s;
    sides_up(&s, 3, 1);
    struct compare c = compare(&s);
    assert_int_equal(c.verdict, COMPARE_NO_REGRESSION);
    assert_int_equal(row(&c, "latency.enrollment.p95")->verdict, COMPARE_ROW_SAME);
    assert_int_equal(row(&c, "steps.csr.latency.p95")->verdict, COMPARE_ROW_LOCAL);
    double smallest = row(&c, "latency.enrollment.p95")->smallest;
    assert_true(smallest > 0.1 && smallest < 0.3);
    compare_clear(&c);
    sides_down(&s);
}

static void a_slower_server_is_found(void **state)
{
    (void)state;
    struct sides s;
    sides_up(&s, 3, 1.25);
    struct compare c = compare(&s);
    const struct compare_row *p95 = row(&c, "latency.enrollment.p95");
    assert_int_equal(c.verdict, COMPARE_REGRESSION);
    assert_int_equal(p95->verdict, COMPARE_ROW_WORSE);
    assert_true(p95->low < 0.25 && p95->high > 0.25 && fabs(p95->change - 0.25) < 0.01);
    assert_non_null(strstr(c.headline, "REGRESSION: enrollment p"));
    compare_clear(&c);
    sides_down(&s);
}

/* Beyond chance, but not large enough to matter; and the other direction. */
static void small_changes_and_faster_servers_pass(void **state)
{
    (void)state;
    struct sides s;
    sides_up(&s, 5, 1.07);
    expect_verdict(&s, COMPARE_NO_REGRESSION);
    sides_down(&s);
    sides_up(&s, 3, 0.7);
    struct compare c = compare(&s);
    assert_int_equal(c.verdict, COMPARE_NO_REGRESSION);
    assert_int_equal(row(&c, "latency.enrollment.p95")->verdict, COMPARE_ROW_BETTER);
    compare_clear(&c);
    sides_down(&s);
}

static void two_runs_give_no_verdict(void **state)
{
    (void)state;
    struct sides s;
    sides_up(&s, 2, 2);
    struct compare c = compare(&s);
    assert_int_equal(c.verdict, COMPARE_NOT_ENOUGH_RUNS);
    assert_true(fabs(row(&c, "latency.enrollment.p50")->change - 1) < 0.05);
    compare_clear(&c);
    sides_down(&s);
}

/* A server whose runs differ by a third: a gate that says "no regression" would lie. */
static void noise_is_no_pass(void **state)
{
    static const double factors[] = {0.6, 1, 1.6};
    (void)state;
    struct sides s;
    sides_up(&s, 3, 1);
    for (size_t i = 0; i < 3; i++) {
        set_timing(s.base.items[i], COMPARE_ENROLLMENT, 1000, 200 * factors[i]);
        set_timing(s.now.items[i], COMPARE_ENROLLMENT, 1000, 200 * factors[2 - i]);
    }
    struct compare c = compare(&s);
    assert_int_equal(c.verdict, COMPARE_INCONCLUSIVE);
    assert_non_null(strstr(c.sight, "would have been found"));
    compare_clear(&c);
    for (size_t i = 0; i < 3; i++)
        s.now.items[i]->timings[COMPARE_ENROLLMENT].count = 10;
    expect_verdict(&s, COMPARE_INCONCLUSIVE);
    sides_down(&s);
}

/* One wrong certificate is enough, with a single run, too. */
static void any_new_defect_is_a_regression(void **state)
{
    (void)state;
    for (int runs = 1; runs <= 3; runs += 2) {
        struct sides s;
        sides_up(&s, runs, 1);
        s.now.items[0]->defects.items[0].count = 1;
        struct compare c = compare(&s);
        assert_int_equal(c.verdict, COMPARE_REGRESSION);
        assert_non_null(strstr(c.headline, "CORRECTNESS"));
        compare_clear(&c);
        s.base.items[0]->defects.items[0].count = 1; /* the base had it, too */
        expect_verdict(&s, runs == 1 ? COMPARE_NOT_ENOUGH_RUNS : COMPARE_NO_REGRESSION);
        sides_down(&s);
    }
}

static void fail_devices(struct compare_run *run, const char *id, uint64_t count)
{
    run->enrolled -= count;
    add_count(&run->failures, id, count);
    add_count(&run->causes, "app-pool-stopped", count);
}

static void failures_count_by_run(void **state)
{
    (void)state;
    struct sides s;
    sides_up(&s, 3, 1);
    fail_devices(s.now.items[0], "pki_operation.http_status.503", 2);
    struct compare c = compare(&s);
    assert_int_equal(c.verdict, COMPARE_NO_REGRESSION); /* two of 3,000: told, not held against it */
    assert_int_equal(c.news.count, 2);
    assert_non_null(strstr(c.news.items[0], "new kind of failure"));
    assert_non_null(strstr(c.news.items[1], "app-pool-stopped"));
    compare_clear(&c);
    for (size_t i = 0; i < 3; i++)
        fail_devices(s.now.items[i], "verify.chain", 40);
    c = compare(&s);
    assert_int_equal(c.verdict, COMPARE_REGRESSION);
    assert_int_equal(row(&c, "enrolled")->verdict, COMPARE_ROW_WORSE);
    assert_true(row(&c, "enrolled")->change < -0.03);
    assert_true(row(&c, "enrolled")->exact[1].low < 0.96 && row(&c, "enrolled")->exact[1].high > 0.96);
    assert_int_equal(row(&c, "failures.verify.chain")->verdict, COMPARE_ROW_WORSE);
    compare_clear(&c);
    sides_down(&s);
}

/* All failures in one run of three: devices say it is certain, runs do not. */
static void one_bad_run_is_not_three(void **state)
{
    (void)state;
    struct sides s;
    sides_up(&s, 3, 1);
    fail_devices(s.now.items[1], "otp.request_timeout", 30);
    struct compare c = compare(&s);
    assert_int_equal(row(&c, "enrolled")->verdict, COMPARE_ROW_SAME);
    compare_clear(&c);
    sides_down(&s);
}

static void what_cannot_be_compared_is_refused(void **state)
{
    (void)state;
    struct sides s;
    sides_up(&s, 3, 1);
    struct compare_run *run = s.now.items[1];
    run->interrupted = true;
    expect_problem(&s, "run-11 was interrupted");
    run->interrupted = false;
    run->shard = true;
    expect_problem(&s, "is a shard");
    run->shard = false;
    snprintf(run->validity, sizeof run->validity, "invalid");
    snprintf(run->reasons, sizeof run->reasons, "devices started late");
    expect_problem(&s, "invalid, this machine was the limit: devices started late");
    snprintf(run->validity, sizeof run->validity, "valid");
    free(run->plan);
    run->plan = strdup("devices:\n  count: 5000\n");
    expect_problem(&s, "'count: 1000' there, 'count: 5000' here");
    free(run->plan);
    run->plan = strdup("devices:\n");
    expect_problem(&s, "'count: 1000' there, 'nothing' here");
    free(run->plan);
    run->plan = strdup(s.base.items[0]->plan);
    run->started_us = s.base.items[2]->started_us;
    run->seed = s.base.items[2]->seed;
    expect_problem(&s, "run-2 and run-11 are the same run");
    run->started_us++;
    s.base.items[0]->enrolled = 0;
    expect_problem(&s, "nobody enrolled");
    sides_down(&s);
}

static void drift_is_told(void **state)
{
    (void)state;
    struct sides s;
    sides_up(&s, 3, 1);
    for (size_t i = 0; i < 3; i++) {
        struct outcome_target *was = &s.base.items[i]->target, *is = &s.now.items[i]->target;
        snprintf(was->server_header, sizeof was->server_header, "Microsoft-IIS/10.0");
        snprintf(is->server_header, sizeof is->server_header, "nginx");
        was->cap_count = 2;
        is->cap_count = 1;
        snprintf(was->caps[0], sizeof was->caps[0], "SHA-256");
        snprintf(was->caps[1], sizeof was->caps[1], "Renewal");
        snprintf(is->caps[0], sizeof is->caps[0], "SHA-256");
        is->cert_count = 1;
        snprintf(is->certs[0].role, sizeof is->certs[0].role, "ra");
        snprintf(is->certs[0].sha256, sizeof is->certs[0].sha256, "aa");
        s.base.items[i]->page_cache = 5;
        s.now.items[i]->page_cache = 50;
    }
    struct compare c = compare(&s);
    assert_int_equal(c.verdict, COMPARE_NO_REGRESSION);
    assert_int_equal(c.drift.count, 4);
    assert_string_equal(c.drift.items[0], "Server header: 'Microsoft-IIS/10.0' before, 'nginx' now");
    assert_string_equal(c.drift.items[1], "capability Renewal is gone");
    assert_non_null(strstr(c.drift.items[2], "ra certificate"));
    assert_non_null(strstr(c.drift.items[3], "5 before, 50 now"));
    compare_clear(&c);
    sides_down(&s);
}

/* ---- forms ---- */

static void every_form_is_told_and_escaped(void **state)
{
    static const char *const wanted[COMPARE_FORMS] = {[COMPARE_HTML] = "&lt;verify.chain&gt;",
                                                      [COMPARE_MARKDOWN] = "&lt;verify.chain&gt;",
                                                      [COMPARE_JUNIT] = "failures.verify.chain",
                                                      [COMPARE_JSON] = "\"verdict\": \"regression\""};
    (void)state;
    struct sides s;
    sides_up(&s, 3, 1.5);
    for (size_t i = 0; i < 3; i++)
        fail_devices(s.now.items[i], "verify.chain", 200);
    struct compare c = compare(&s);
    for (int i = 0; i < COMPARE_FORMS; i++) {
        struct buf out, again;
        struct err e = {0};
        buf_init(&out, REPORT_MAX_FILE_BYTES);
        buf_init(&again, REPORT_MAX_FILE_BYTES);
        assert_true(compare_render(&c, (enum compare_form)i, &out, &e));
        assert_true(compare_render(&c, (enum compare_form)i, &again, &e));
        assert_true(span_equal(buf_span(&out), buf_span(&again)));
        const char *text = buf_text(&out);
        if (strstr(text, wanted[i]) == NULL || (i != COMPARE_JSON && strstr(text, "<verify.chain>") != NULL))
            fail_msg("form %d lacks '%s'", i, wanted[i]);
        buf_clear(&out);
        buf_clear(&again);
    }
    compare_clear(&c);
    sides_down(&s);
}

/* ---- baselines and plans ---- */

static void a_baseline_comes_back_as_it_was(void **state)
{
    (void)state;
    struct sides s;
    struct compare_runs back = {0};
    struct buf text, again;
    struct err e = {0};
    sides_up(&s, 3, 1);
    fail_devices(s.base.items[1], "verify.chain", 3);
    s.base.items[2]->target.cap_count = 1;
    snprintf(s.base.items[2]->target.caps[0], 32, "SHA-256");
    buf_init(&text, COMPARE_MAX_FILE_BYTES);
    buf_init(&again, COMPARE_MAX_FILE_BYTES);
    assert_true(compare_runs_write(&s.base, &text, &e));
    if (!compare_runs_parse(buf_span(&text), "@monday", &back, &e))
        fail_msg("%s", e.text);
    assert_int_equal(back.count, 3);
    assert_string_equal(back.items[1]->name, "@monday 2");
    assert_true(compare_runs_write(&back, &again, &e));
    assert_true(span_equal(buf_span(&text), buf_span(&again)));
    text.data[text.len / 2] = 0;
    compare_runs_clear(&back);
    assert_false(compare_runs_parse(buf_span(&text), "@monday", &back, &e));
    assert_int_equal(e.reason, REASON_USAGE);
    compare_runs_clear(&back);
    buf_clear(&text);
    buf_clear(&again);
    sides_down(&s);
}

static void plans_leave_out_the_server(void **state)
{
    static const char yaml[] =
        "name: monday\nseed: 4\ntarget:\n  url: sim\n  tls:\n    verify: true\nsimulator:\n"
        "  mode: standalone\nchallenge:\n  source: mscep_admin\n  url: http://a\n  user: 'b'\n"
        "devices:\n  count: 9\n  key:\n    type: rsa\n    pool: keys\n    bits: 2048\nload:\n"
        "  - {phase: name, rate: 5/s}\nslo:\n  - \"enrolled >= 99%\"\n";
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    assert_true(compare_plan(span_of_text(yaml), &out));
    assert_string_equal(buf_text(&out),
                        "challenge:\n  source: mscep_admin\ndevices:\n  count: 9\n  key:\n"
                        "    type: rsa\n    bits: 2048\nload:\n  - {phase: name, rate: 5/s}\n");
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_servers_pass),
        cmocka_unit_test(a_slower_server_is_found),
        cmocka_unit_test(small_changes_and_faster_servers_pass),
        cmocka_unit_test(two_runs_give_no_verdict),
        cmocka_unit_test(noise_is_no_pass),
        cmocka_unit_test(any_new_defect_is_a_regression),
        cmocka_unit_test(failures_count_by_run),
        cmocka_unit_test(one_bad_run_is_not_three),
        cmocka_unit_test(what_cannot_be_compared_is_refused),
        cmocka_unit_test(drift_is_told),
        cmocka_unit_test(every_form_is_told_and_escaped),
        cmocka_unit_test(a_baseline_comes_back_as_it_was),
        cmocka_unit_test(plans_leave_out_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
