/* Figures by phase, persona, outcome and time: in summary.json, in run.sqlite, in histograms.hlog. */
#include "report_facts.h"

#include "base/file.h"
#include "measure/hdr.h"

#include <jansson.h>
#include <sqlite3.h>

static const char *const phases[] = {"warm-up", "push", "push-2"};
static const char *const profiles[] = {"ios", "windows"};

/* A warm-up, then two phases of 20 s, in which every tenth device fails and every 25th times out. */
static void fill(struct fixture *f)
{
    f->run.phases = phases;
    f->run.phase_count = 3;
    f->run.profiles = profiles;
    f->run.profile_count = 2;
    f->run.duration_us = 45000000;
    for (uint64_t i = 0; i < 500; i++) {
        struct outcome o = fact_device(i, OUTCOME_ENROLLED, (int64_t)i * 90000);
        if (i % 10 == 9)
            o = fact_failure(i, (int64_t)i * 90000, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
        o.phase = i < 50 ? 0 : i < 275 ? 1 : 2;
        o.profile = i % 2;
        o.warm_up = o.phase == 0;
        o.finished_us = o.scheduled_us + 50000 + (int64_t)i * 777 % 400000;
        struct outcome_step step = {.device = i,
                                    .stage = STAGE_PKI_OPERATION,
                                    .phase = o.phase,
                                    .profile = o.profile,
                                    .warm_up = o.warm_up,
                                    .failed = o.end == OUTCOME_FAILED,
                                    .started_us = o.started_us,
                                    .finished_us = o.finished_us - 1000};
        o.timed_out = step.timed_out = o.end == OUTCOME_FAILED && i % 25 == 24;
        f->sink.step(f->sink.user, &step);
        fact_tell(&f->sink, &o);
    }
}

static json_int_t count_at(const json_t *at, const char *path)
{
    char name[128], *rest = NULL;
    snprintf(name, sizeof name, "%s", path);
    for (char *part = strtok_r(name, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest))
        at = json_object_get(at, part);
    if (!json_is_integer(at))
        fail_msg("no number at %s", path);
    return json_integer_value(at);
}

static void summary_has_parts(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct buf text;
    struct err e = {0};
    fill(f);
    buf_init(&text, (size_t)1 << 20);
    assert_true(report_summary_json(&f->run, &verdict, &text, &e));
    json_t *tree = json_loads(buf_text(&text), 0, NULL);
    assert_int_equal(count_at(tree, "phases/warm-up/planned"), 50);
    assert_int_equal(count_at(tree, "phases/warm-up/latency_ms/enrollment/count"),
                     46); /* one of them timed out */
    assert_int_equal(count_at(tree, "phases/push/planned"), 225);
    assert_int_equal(count_at(tree, "phases/push/failed"), 22);
    assert_int_equal(count_at(tree, "phases/push-2/failed"), 23);
    assert_int_equal(count_at(tree, "outcomes_ms/enrolled/count"), 405);
    assert_int_equal(
        count_at(tree, "outcomes_ms/failed/count") + count_at(tree, "outcomes_ms/timed_out/count"), 45);
    assert_int_equal(count_at(tree, "outcomes_ms/enrolled/count") +
                         count_at(tree, "outcomes_ms/timed_out/count"),
                     count_at(tree, "latency_ms/enrollment/count"));
    assert_int_equal(count_at(tree, "personas/ios/outcomes_ms/enrolled/count"), 225);
    assert_int_equal(count_at(tree, "personas/windows/steps/pki_operation/failed"), 45);
    assert_int_equal(count_at(tree, "phases/push/steps/pki_operation/outcomes_ms/ok/count"), 203);
    assert_int_equal(count_at(tree, "steps/pki_operation/outcomes_ms/ok/count"), 405);
    json_decref(tree);
    buf_clear(&text);
}

static void close_run(struct fixture *f)
{
    struct report_folder *folder = NULL;
    struct report_verdict verdict;
    struct err e = {0};
    if (!report_folder_open(f->folder, &folder, &e) || !report_folder_close(folder, &f->run, &verdict, &e))
        fail_msg("%s", e.text);
}

/* What a merge does with the rows of one shard. */
static void add_rows(sqlite3 *db, const char *where, struct histogram *into)
{
    char sql[256];
    sqlite3_stmt *row = NULL;
    snprintf(sql, sizeof sql, "SELECT encoding, min_us, max_us, sum_us, count FROM histograms WHERE %s",
             where);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW) {
        struct histogram *h = NULL;
        struct err e = {0};
        assert_true(histogram_new(&h, NULL));
        if (!hdr_decode_text((const char *)sqlite3_column_text(row, 0), h, &e))
            fail_msg("%s", e.text);
        assert_true(histogram_restore(h, sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2),
                                      (double)sqlite3_column_int64(row, 3)));
        assert_int_equal(histogram_count(h), sqlite3_column_int64(row, 4));
        assert_true(histogram_merge(into, h));
        histogram_free(h);
    }
    sqlite3_finalize(row);
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

static void rows_add_up_to_the_run(void **state)
{
    static const char *const scopes[] = {"run", "interval"};
    struct fixture *f = *state;
    char path[128], where[160];
    sqlite3 *db = NULL;
    fill(f);
    close_run(f);
    snprintf(path, sizeof path, "%s/run.sqlite", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < 2; i++) {
        struct histogram *h = NULL;
        assert_true(histogram_new(&h, NULL));
        snprintf(where, sizeof where,
                 "scope = '%s' AND name = 'enrollment' AND result <> 'failed' AND NOT warm_up", scopes[i]);
        add_rows(db, where, h);
        assert_equal(h, measure_enrollment(f->measure));
        histogram_reset(h);
        snprintf(where, sizeof where, "scope = '%s' AND name = 'step.pki_operation' AND NOT warm_up",
                 scopes[i]);
        add_rows(db, where, h);
        struct measure_step step;
        assert_true(measure_step(f->measure, STAGE_PKI_OPERATION, &step));
        assert_equal(h, step.latency);
        histogram_free(h);
    }
    sqlite3_close(db);
}

/* Every line is tag, times, and an encoding; those without a tag add up to the latency of enrollments. */
static void log_adds_up_to_the_run(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct err e = {0};
    struct histogram *all = NULL;
    char path[128], *rest = NULL;
    unsigned tagged = 0;
    fill(f);
    close_run(f);
    snprintf(path, sizeof path, "%s/histograms.hlog", f->folder);
    buf_init(&text, (size_t)1 << 20);
    assert_true(histogram_new(&all, NULL) && file_read(path, &text, &e));
    char *copy = strdup(buf_text(&text));
    assert_non_null(copy);
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] == '#' || line[0] == '"')
            continue;
        tagged += strncmp(line, "Tag=", 4) == 0;
        double from, length, max;
        int used = 0;
        if (strncmp(line, "Tag=", 4) == 0)
            continue;
        assert_int_equal(sscanf(line, "%lf,%lf,%lf,%n", &from, &length, &max, &used), 3);
        assert_true(from + length <= 45.001 && length <= 10 && max > 0);
        assert_true(hdr_decode_text(line + used, all, &e));
    }
    assert_int_equal(histogram_count(all), histogram_count(measure_enrollment(f->measure)));
    assert_int_equal(histogram_quantile(all, 0.9), histogram_quantile(measure_enrollment(f->measure), 0.9));
    assert_true(tagged > 5 * 4);
    assert_non_null(strstr(buf_text(&text), "\nTag=step.pki_operation.timed_out,"));
    free(copy);
    histogram_free(all);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(summary_has_parts, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(rows_add_up_to_the_run, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(log_adds_up_to_the_run, fixture_up, fixture_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
