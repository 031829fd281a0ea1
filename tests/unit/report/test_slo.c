/* SLOs at the end of a run, in windows, and while it goes. */
#include "report_facts.h"

#include <jansson.h>

#define SECOND_US INT64_C(1000000)

static const char *const phases[] = {"push", "later"};
static const char *const profiles[] = {"ios", "windows"};

static void name_things(struct fixture *f)
{
    f->run.phases = phases;
    f->run.phase_count = 2;
    f->run.profiles = profiles;
    f->run.profile_count = 2;
}

/* One device that ends at `at_us` after `took_us`. */
static void device(struct fixture *f, uint64_t index, unsigned phase, enum outcome_end end, int64_t at_us,
                   int64_t took_us)
{
    struct outcome o = end == OUTCOME_FAILED
                           ? fact_failure(index, at_us - took_us, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE)
                           : fact_device(index, end, at_us - took_us);
    o.phase = phase;
    o.profile = (unsigned)(index % 2);
    o.finished_us = at_us;
    fact_tell(&f->sink, &o);
}

/* A minute in which all is well, but for ten seconds in the middle: they take 5 s instead of 1 s, and half of them fail.
 * 600 devices; 50 fail. */
static void a_bad_moment(struct fixture *f)
{
    name_things(f);
    for (uint64_t i = 0; i < 600; i++) {
        bool bad = i >= 300 && i < 400;
        device(f, i, i < 300 ? 0 : 1, bad && i % 2 == 0 ? OUTCOME_FAILED : OUTCOME_ENROLLED,
               (int64_t)i * 100000 + 1000, bad ? 5 * SECOND_US : SECOND_US);
    }
    f->run.duration_us = 60 * SECOND_US;
}

/* The first check of summary.json. */
static json_t *check(struct fixture *f, const char *expression, struct report_verdict *verdict)
{
    struct buf text;
    struct err e = {0};
    f->run.slo = &expression;
    f->run.slo_count = 1;
    buf_init(&text, (size_t)1 << 20);
    if (!report_summary_json(&f->run, verdict, &text, &e))
        fail_msg("%s: %s", expression, e.text);
    json_t *tree = json_loads(buf_text(&text), 0, NULL);
    json_t *one = json_incref(json_array_get(json_object_get(json_object_get(tree, "slo"), "checks"), 0));
    json_decref(tree);
    buf_clear(&text);
    f->run.slo_count = 0;
    return one;
}

static const struct {
    const char *expression;
    bool ok;
    double value; /* < 0: no data */
} rows[] = {
    {"enrolled >= 90%", true, 550.0 / 600},
    {"enrolled >= 90% over 30s", false, 250.0 / 300},
    {"enrolled >= 90% over 10s", false, 0.5},
    {"failed < 20 over 10s", false, 50},
    {"failed <= 50 over 10s", true, 50},
    {"failed < 1% over 20m", false, 50.0 / 600},
    {"latency.enrollment.p50 < 2s", true, 1000.447},
    {"latency.enrollment.p50 < 2s over 10s", false, 5001.215},
    {"latency.enrollment.p50 < 2s over 60s", true, 1000.447},
    {"latency.enrollment.count > 40 over 10s", true, 50},
    {"latency.enrollment.min > 2s over 10s", false, 1000},
    {"phases.push.latency.enrollment.p95 < 2s", true, 1000.447},
    {"phases.push.latency.enrollment.p95 < 2s over 10s", true, 1000.447},
    {"phases.later.latency.enrollment.p95 < 2s over 10s or abort", false, 5001.215},
    {"phases.later.enrolled >= 80%", true, 250.0 / 300},
    {"phases.later.failed == 50", true, 50},
    {"phases.push.unsent == 0", true, 0},
    {"phases.nobody.latency.enrollment.p95 < 2s over 10s", false, -1},
    {"phases.nobody.enrolled >= 80%", false, -1},
    {"personas.windows.enrolled == 100%", true, 1},
    {"personas.ios.failed < 10%", false, 50.0 / 300},
    {"personas.ios.p50 < 2s over 10s", true, 1000.447},
    {"personas.windows.p50 < 2s over 10s", false, 5001.215},
    {"outcomes.failed.p50 > 4s", true, 5001.215},
    {"outcomes.timed_out.count == 0", true, 0},
    {"outcomes.timed_out.p50 < 1s", false, -1},
    {"steps.pki_operation.p95 < 3s over 60s", false, -1},
    {"failures.scep_failure.count < 10%", true, 50.0 / 600},
    {"failures.scep_failure.share == 100%", true, 1},
    {"failures.request_timeout.count == 0", true, 0},
    {"diagnosis.no-such-cause.share < 5%", true, 0},
    {"duration_s <= 60", true, 60},
    {"correctness.serials_unique == 1", true, 1},
};

static void figures_of_all_kinds(void **state)
{
    struct fixture *f = *state;
    a_bad_moment(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report_verdict verdict;
        json_t *one = check(f, rows[i].expression, &verdict);
        const json_t *value = json_object_get(one, "value");
        if (json_is_null(value) != (rows[i].value < 0))
            fail_msg("%s: data is %s", rows[i].expression, json_is_null(value) ? "missing" : "there");
        double told = json_number_value(value);
        double off = told - rows[i].value, slack = rows[i].value / 1000;
        if (rows[i].value >= 0 && (off > slack + 1e-9 || off < -slack - 1e-9))
            fail_msg("%s: %g, not %g", rows[i].expression, told, rows[i].value);
        if (json_is_true(json_object_get(one, "ok")) != rows[i].ok)
            fail_msg("%s is %s", rows[i].expression, rows[i].ok ? "missed" : "met");
        assert_int_equal(verdict.slo, rows[i].ok ? REPORT_SLO_PASS : REPORT_SLO_FAIL);
        json_decref(one);
    }
}

/* At 64 s the last window of 10 s has four: less than enough devices in it is no miss, a bad share is. */
static void the_last_window_may_be_short(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    name_things(f);
    for (uint64_t i = 0; i < 640; i++)
        device(f, i, 0, i == 639 ? OUTCOME_FAILED : OUTCOME_ENROLLED, (int64_t)i * 100000 + 1000, 1000);
    f->run.duration_us = 64 * SECOND_US;
    static const struct {
        const char *slo;
        bool ok;
    } short_rows[] = {{"enrolled >= 100 over 10s", true},
                      {"latency.enrollment.count > 99 over 10s", true},
                      {"enrolled >= 99% over 10s", false},
                      {"failed < 1 over 10s", false}};
    for (size_t i = 0; i < sizeof short_rows / sizeof short_rows[0]; i++) {
        json_t *one = check(f, short_rows[i].slo, &verdict);
        if (json_is_true(json_object_get(one, "ok")) != short_rows[i].ok)
            fail_msg("%s", short_rows[i].slo);
        json_decref(one);
    }
}

static void the_worst_window_is_told(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    a_bad_moment(f);
    json_t *one = check(f, "latency.enrollment.p50 < 2s over 10s", &verdict);
    assert_int_equal(json_number_value(json_object_get(one, "worst_from_s")), 30);
    json_decref(one);
}

/* ---- while the run goes ---- */

static struct report_watch *watch(struct fixture *f, const char *const *slo, size_t count, uint64_t planned)
{
    struct report_watch *w = NULL;
    struct err e = {0};
    name_things(f);
    f->run.slo = slo;
    f->run.slo_count = count;
    if (!report_watch_new(&f->run, planned, &w, &e))
        fail_msg("%s", e.text);
    f->run.slo_count = 0;
    return w;
}

/* Devices 0 to 99; `told` says at which of them it is given up, -1: never. */
struct story {
    const char *slo;
    int given_up_at;
    const char *why;
};

/* Of 100 devices every fifth fails and takes 5 s, the others 1 s. */
static int run_story(struct fixture *f, struct report_watch *w, const char **why)
{
    *why = NULL;
    for (int i = 0; i < 100; i++) {
        bool bad = i % 5 == 0;
        device(f, (uint64_t)i, i < 50 ? 0 : 1, bad ? OUTCOME_FAILED : OUTCOME_ENROLLED,
               (int64_t)i * SECOND_US + 1000, bad || i % 5 == 1 ? 5 * SECOND_US : SECOND_US);
        if ((*why = report_watch_look(w, (int64_t)i * SECOND_US + 1000)) != NULL)
            return i;
    }
    return -1;
}

static const struct story stories[] = {
    {"enrolled >= 90%", -1, NULL}, /* does not say abort */
    {"enrolled >= 90% or abort", 50, "it will be 89.00% at best"},
    {"enrolled >= 80% or abort", -1, NULL},
    {"enrolled > 80 or abort", 95, "it will be 80 at best"},
    {"failed < 3 or abort", 10, "it will be 3 at best"},
    {"failed == 3 or abort", 15, "it will be 4 at best"},
    {"failed >= 3 or abort", -1, NULL},
    {"failed > 20 or abort", 99, "it will be 20 at best"},
    {"unsent == 0 or abort", -1, NULL},
    {"outcomes.failed.count < 3 or abort", 10, "it will be 3 at best"},
    {"latency.enrollment.max < 4s or abort", 1, "it will be 5.0"},
    {"latency.enrollment.min > 2s or abort", 2, "it will be 1.0"},
    {"latency.enrollment.min > 100ms or abort", -1, NULL},
    /* 46 is the tenth slow one; with ten failures until then at most 90 will count, of which 9 may be slow */
    {"latency.enrollment.p90 < 2s or abort", 46, "it will be 5.0"},
    {"latency.enrollment.p50 < 2s or abort", -1, NULL},
    {"latency.enrollment.p50 > 2s or abort", -1, NULL}, /* the rest might all be slow, or not come at all */
    {"latency.enrollment.mean < 500ms or abort", 28, "it will be 500 ms at best"},
    {"phases.push.failed < 3 or abort", 10, NULL},
    {"phases.later.failed < 3 or abort", 60, NULL},
    {"personas.ios.failed < 3 or abort", 20, NULL}, /* the even ones: 0, 10, 20 */
    {"failures.scep_failure.count < 3% or abort", 10, "it will be 3.00% at best"},
    {"failures.request_timeout.count == 0 or abort", -1, NULL},
    {"correctness.key_mismatch == 0 or abort", -1, NULL},
    {"steps.pki_operation.p99 < 1ms or abort", -1, NULL},
    {"latency.enrollment.max < 4s over 30s or abort", 30, "5.00 s in the 30.0 s from 0 s on"},
    {"phases.later.latency.enrollment.max < 4s over 20s or abort", 60, NULL},
    {"enrolled >= 80% over 20s or abort", -1, NULL},
    {"enrolled >= 90% over 20s or abort", 20, "80.00% in the"},
};

static void hopeless_runs_are_given_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        void *fresh = NULL;
        assert_int_equal(fixture_up(&fresh), 0);
        struct report_watch *w = watch(fresh, &stories[i].slo, 1, 100);
        const char *why = NULL;
        int at = run_story(fresh, w, &why);
        if (at != stories[i].given_up_at)
            fail_msg("%s: given up at %d, not %d: %s", stories[i].slo, at, stories[i].given_up_at,
                     why != NULL ? why : "");
        if (why != NULL && stories[i].why != NULL && strstr(why, stories[i].why) == NULL)
            fail_msg("%s: %s", stories[i].slo, why);
        if (why != NULL)
            assert_non_null(strstr(why, stories[i].slo));
        report_watch_free(w);
        fixture_down(&fresh);
    }
}

/* Whatever is given up would have been missed: the same devices, to their end. */
static void nothing_is_given_up_that_could_be_met(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        void *fresh = NULL;
        assert_int_equal(fixture_up(&fresh), 0);
        struct fixture *f = fresh;
        struct report_watch *w = watch(f, NULL, 0, 100);
        const char *why = NULL;
        struct report_verdict verdict;
        assert_int_equal(run_story(f, w, &why), -1);
        json_t *one = check(f, stories[i].slo, &verdict);
        if (stories[i].given_up_at >= 0 && json_is_true(json_object_get(one, "ok")))
            fail_msg("%s was met", stories[i].slo);
        json_decref(one);
        report_watch_free(w);
        fixture_down(&fresh);
    }
}

/* A closed load starts as many devices as the server lets it: shares and percentiles may always recover. */
static void without_a_count_only_facts_are_final(void **state)
{
    (void)state;
    static const struct story open_ended[] = {
        {"enrolled >= 90% or abort", -1, NULL},
        {"latency.enrollment.p90 < 2s or abort", -1, NULL},
        {"latency.enrollment.mean < 500ms or abort", -1, NULL},
        {"failures.scep_failure.count < 3% or abort", -1, NULL},
        {"failed < 3 or abort", 10, "it will be 3 at best"},
        {"latency.enrollment.max < 4s or abort", 1, NULL},
        {"enrolled >= 90% over 20s or abort", 20, NULL},
    };
    for (size_t i = 0; i < sizeof open_ended / sizeof open_ended[0]; i++) {
        void *fresh = NULL;
        assert_int_equal(fixture_up(&fresh), 0);
        struct report_watch *w = watch(fresh, &open_ended[i].slo, 1, 0);
        const char *why = NULL;
        int at = run_story(fresh, w, &why);
        if (at != open_ended[i].given_up_at)
            fail_msg("%s: given up at %d, not %d", open_ended[i].slo, at, open_ended[i].given_up_at);
        report_watch_free(w);
        fixture_down(&fresh);
    }
}

static void a_watch_looks_once_a_second_and_remembers(void **state)
{
    struct fixture *f = *state;
    const char *slo = "failed == 0 or abort";
    struct report_watch *w = watch(f, &slo, 1, 100);
    assert_null(report_watch_look(w, 0));
    device(f, 0, 0, OUTCOME_FAILED, 1000, 500);
    assert_null(report_watch_look(w, SECOND_US / 2));
    const char *why = report_watch_look(w, SECOND_US);
    assert_non_null(why);
    assert_ptr_equal(report_watch_look(w, SECOND_US + 1), why);
    report_watch_free(w);
    report_watch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(figures_of_all_kinds, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(the_last_window_may_be_short, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(the_worst_window_is_told, fixture_up, fixture_down),
        cmocka_unit_test(hopeless_runs_are_given_up),
        cmocka_unit_test(nothing_is_given_up_that_could_be_met),
        cmocka_unit_test(without_a_count_only_facts_are_final),
        cmocka_unit_test_setup_teardown(a_watch_looks_once_a_second_and_remembers, fixture_up, fixture_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
