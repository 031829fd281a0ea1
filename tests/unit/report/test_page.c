#include "report_facts.h"

static struct buf page;

static int up(void **state)
{
    buf_init(&page, REPORT_MAX_FILE_BYTES);
    return fixture_up(state);
}

static int down(void **state)
{
    buf_clear(&page);
    return fixture_down(state);
}

static bool says(const char *words)
{
    return strstr(buf_text(&page), words) != NULL;
}

static size_t count(const char *words)
{
    size_t found = 0;
    for (const char *at = buf_text(&page); (at = strstr(at, words)) != NULL; at++)
        found++;
    return found;
}

/* `devices` of them, spread over the time, every tenth a failure of one of `kinds`. */
static void fill(struct fixture *f, uint64_t devices, int64_t over_s, unsigned kinds)
{
    for (uint64_t i = 0; i < devices; i++) {
        int64_t at_us = (int64_t)((double)i / (double)devices * (double)over_s * 1e6);
        struct outcome o = fact_device(i, OUTCOME_ENROLLED, at_us);
        if (i % 10 == 9)
            o = fact_failure(i, at_us, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
        o.finished_us = at_us + 50000 + (int64_t)(i % 97) * 3000;
        snprintf(o.text, sizeof o.text, "<script>kind %llu", (unsigned long long)(i / 10 % kinds));
        o.profile = (unsigned)(i % 2);
        fact_tell(&f->sink, &o);
        fact_step(&f->sink, &o, STAGE_GET_CA_CAPS, 10000);
        fact_step(&f->sink, &o, STAGE_PKI_OPERATION, 30000);
    }
    f->run.duration_us = over_s * 1000000;
}

static void render(struct fixture *f)
{
    struct err e = {0};
    buf_reset(&page);
    fixture_diagnose(f);
    assert_true(report_render(&f->run, REPORT_HTML, &page, &e));
    diagnose_clear(&f->diagnosis);
}

static void the_first_screen_says_what_came_of_it(void **state)
{
    static const char *const slo[] = {"enrolled >= 99%", "latency.enrollment.p95 < 5s"};
    struct fixture *f = *state;
    f->run.slo = slo;
    f->run.slo_count = 2;
    fill(f, 100, 20, 1);
    render(f);
    assert_true(says("<h1 class=\"bad\">90 of 100 devices got their certificate</h1>"));
    assert_true(says("<b>Missed</b><p>enrolled &gt;= 99%: measured 90.00%</p>"));
    assert_true(says("<b>No defect found</b>"));
    assert_true(says("<pre>scepstorm run a-test.yaml --seed 42</pre>"));
    assert_false(says("<script>kind"));
    assert_true(says("&lt;script&gt;kind 0"));
}

/* A wrong certificate outranks everything: its light comes first, and its table before any latency. */
static void defects_come_first(void **state)
{
    struct fixture *f = *state;
    struct outcome mix[3];
    fixture_mix(f, mix);
    for (size_t i = 0; i < 3; i++)
        fact_tell(&f->sink, &mix[i]);
    render(f);
    const char *text = buf_text(&page), *light = strstr(text, "<b>DEFECTS</b>");
    const char *table = strstr(text, "<section id=\"defects\">");
    assert_non_null(light);
    assert_non_null(table);
    assert_true(light < strstr(text, ">Objectives<"));
    assert_true(table < strstr(text, "<section id=\"time\">"));
    assert_true(says("1 answers with a foreign nonce"));
}

/* However long a run was, and however many failed in however many ways. */
static void size_does_not_grow_with_the_run(void **state)
{
    static const char *const profiles[] = {"ios", "windows"};
    struct fixture *f = *state;
    f->run.profiles = profiles;
    f->run.profile_count = 2;
    fill(f, 60000, 7200, 300);
    render(f);
    assert_true(page.len < 500000);
    assert_true(says("id=\"steps-time\""));
    assert_true(says("h3>Time to enroll, over the run</h3>"));
    assert_int_equal(count("class=\"n\">p99</th>"), 3); /* two tables of times, and the course */
    assert_true(says("other kinds"));
    assert_true(count("<svg") < 60);
    assert_false(says("nan"));
}

/* The live page shows the same, without what is only known at the end. */
static void a_run_that_goes_on_has_no_verdict(void **state)
{
    static const char *const slo[] = {"enrolled >= 99%"};
    struct fixture *f = *state;
    struct err e = {0};
    f->run.slo = slo;
    f->run.slo_count = 1;
    f->run.diagnosis = NULL;
    assert_true(report_page_sections(&f->run, &page, &e)); /* before the first device */
    assert_false(says("nan"));
    fill(f, 100, 20, 3);
    buf_reset(&page);
    assert_true(report_page_sections(&f->run, &page, &e));
    assert_true(says("Still running: 90 of 100 devices"));
    assert_true(says("Judged at the end"));
    assert_true(says("<figure class=\"chart\" id=\"load\">"));
    assert_false(says("<main"));
    assert_false(says("Missed"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_screen_says_what_came_of_it),
        TEST(defects_come_first),
        TEST(size_does_not_grow_with_the_run),
        TEST(a_run_that_goes_on_has_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
