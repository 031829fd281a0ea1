/* Conformance in every file of the results, and in words. */
#include "report_facts.h"

#include "base/file.h"

#include <sqlite3.h>

static void tell(struct fixture *f, const struct outcome_sink *folder, const char *id,
                 enum outcome_probe_verdict verdict, const char *observed)
{
    struct outcome control = fact_device(900, OUTCOME_ENROLLED, 0),
                   probe = fact_device(901, OUTCOME_FAILED, 0);
    snprintf(control.serial, sizeof control.serial, "C0FFEE");
    probe.serial[0] = '\0';
    struct outcome_probe p = {.probe = id,
                              .title = "a title",
                              .rule = "RFC 8894 9.9",
                              .does = "does <b>odd</b> things",
                              .basis = "documented",
                              .verdict = verdict,
                              .expected = "refused with badRequest",
                              .control = "enrolled",
                              .control_device = &control,
                              .probe_device = &probe};
    snprintf(p.observed, sizeof p.observed, "%s", observed);
    f->sink.probe(f->sink.user, &p);
    if (folder != NULL)
        folder->probe(folder->user, &p);
}

static void tell_all(struct fixture *f, const struct outcome_sink *folder)
{
    tell(f, folder, "replay", OUTCOME_PROBE_PASSED, "the certificate of the first time");
    tell(f, folder, "no-challenge", OUTCOME_PROBE_FAILED, "SUCCESS");
    tell(f, folder, "wrong-recipient", OUTCOME_PROBE_ODD, "refused outside SCEP: HTTP 200");
    tell(f, folder, "malformed-csr", OUTCOME_PROBE_SKIPPED, "no answer: \x1b[31m");
    tell(f, folder, "replay", OUTCOME_PROBE_PASSED, "again");
}

static void has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("no '%s' in %.3000s", words, text);
}

static const char *read_file(const struct fixture *f, const char *name, struct buf *text)
{
    struct err e = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    buf_clear(text);
    buf_init(text, (size_t)16 << 20);
    if (!file_read(path, text, &e))
        fail_msg("%s", e.text);
    return buf_text(text);
}

static void an_slo_can_ask_for_it(void **state)
{
    struct fixture *f = *state;
    static const char *const slo[] = {"conformance.failed == 0", "conformance.passed >= 2"};
    struct report_verdict verdict;
    struct err e = {0};
    struct buf text;
    f->run.slo = slo;
    f->run.slo_count = 2;
    fact_enrolled(&f->sink, 0, 3, 0);
    for (int round = 0; round < 3; round++) { /* no data; two passed; one failed beside them */
        if (round == 1) {
            tell(f, NULL, "replay", OUTCOME_PROBE_PASSED, "the certificate of the first time");
            tell(f, NULL, "replay", OUTCOME_PROBE_PASSED, "again");
        }
        if (round == 2)
            tell(f, NULL, "no-challenge", OUTCOME_PROBE_FAILED, "SUCCESS");
        buf_init(&text, (size_t)16 << 20);
        assert_true(report_summary_json(&f->run, &verdict, &text, &e));
        assert_int_equal(verdict.slo, round == 1 ? REPORT_SLO_PASS : REPORT_SLO_FAIL);
        assert_int_equal(verdict.exit_code, round == 1 ? 0 : 3);
        buf_clear(&text);
    }
}

static void it_is_in_every_file(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct report_folder *folder = NULL;
    struct report_verdict verdict;
    struct buf text = {0};
    assert_true(report_folder_open(f->folder, &folder, &e));
    struct outcome_sink sink = report_folder_sink(folder);
    fact_enrolled(&f->sink, 0, 3, 0);
    tell_all(f, &sink);
    assert_true(report_folder_close(folder, &f->run, &verdict, &e));
    assert_int_equal(measure_devices(f->measure).planned, 3);

    const char *json = read_file(f, "summary.json", &text);
    has(json, "\"conformance\": [\n    {\n      \"probe\": \"no-challenge\"");
    has(json, "\"verdict\": \"failed\"");
    has(json, "\"expected\": \"refused with badRequest\"");
    has(json, "\"count\": 2");
    const char *junit = read_file(f, "junit.xml", &text);
    has(junit, "<testsuite name=\"conformance\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\"");
    has(junit, "classname=\"scepstorm.conformance\" name=\"replay\" time=\"0\"/>");
    has(junit, "<failure message=\"SUCCESS, 1 times; expected: refused with badRequest (RFC 8894 9.9); "
               "control: enrolled\"");
    has(junit, "<skipped message=\"no answer: ");
    assert_null(strchr(junit, '\x1b'));
    const char *html = read_file(f, "report.html", &text);
    has(html, "<h2>Conformance</h2>");
    has(html, "1 failed, 1 odd, 1 skipped, 2 passed");
    has(html, "does &lt;b&gt;odd&lt;/b&gt; things");
    has(read_file(f, "issued.csv", &text), "C0FFEE,");
    has(buf_text(&text), ",control,900\n");
    buf_clear(&text);

    char path[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    snprintf(path, sizeof path, "%s/run.sqlite", f->folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    const char *sql = "SELECT sum(count), count(*), min(verdict) FROM conformance";
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 5);
    assert_int_equal(sqlite3_column_int(statement, 1), 4);
    assert_string_equal((const char *)sqlite3_column_text(statement, 2), "failed");
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static char *print(struct fixture *f, size_t *len)
{
    char *all = NULL;
    FILE *to = open_memstream(&all, len);
    report_print(to, &f->run, &(struct report_verdict){0}, "results/x", false, 80);
    fclose(to);
    return all;
}

static void what_passed_is_a_number(void **state)
{
    struct fixture *f = *state;
    size_t len;
    fact_enrolled(&f->sink, 0, 3, 0);
    char *all = print(f, &len);
    assert_null(strstr(all, "Conformance"));
    free(all);
    tell_all(f, NULL);
    all = print(f, &len);
    has(all, "\nConformance\n  probes: 1 failed, 1 odd, 1 skipped, 2 passed\n");
    has(all, "failed   no-challenge: SUCCESS; expected: refused with badRequest");
    has(all, "skipped  malformed-csr: no answer: ?[31m (control: enrolled)");
    assert_null(strstr(all, "replay"));
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_in_every_file, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(what_passed_is_a_number, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(an_slo_can_ask_for_it, fixture_up, fixture_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
