#include "report_facts.h"

#include "base/file.h"

#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

static struct report_folder *open_folder(struct fixture *f)
{
    struct err e = {0};
    struct report_folder *folder = NULL;
    if (!report_folder_open(f->folder, &folder, &e))
        fail_msg("%s", e.text);
    return folder;
}

static void tell(struct fixture *f, struct report_folder *folder, const struct outcome *o)
{
    struct outcome_sink sink = report_folder_sink(folder);
    fact_tell(&f->sink, o);
    fact_tell(&sink, o);
    fact_step(&f->sink, o, STAGE_PKI_OPERATION, 2000);
    fact_step(&sink, o, STAGE_PKI_OPERATION, 2000);
}

static char *read_file(const struct fixture *f, const char *name)
{
    static struct buf text;
    struct err e = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    buf_clear(&text);
    buf_init(&text, (size_t)16 << 20);
    if (!file_read(path, &text, &e))
        fail_msg("%s", e.text);
    return (char *)(uintptr_t)buf_text(&text);
}

static bool exists(const struct fixture *f, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return access(path, F_OK) == 0;
}

static struct outcome nasty_device(uint64_t device)
{
    struct outcome o = fact_device(device, OUTCOME_ENROLLED, 0);
    snprintf(o.subject, sizeof o.subject, "CN=<script>alert(1)</script>,O=\"A, B\"");
    return o;
}

static struct outcome otp_failure(uint64_t device)
{
    struct outcome o = fact_failure(device, 500000, STAGE_OTP, REASON_OTP_PAGE_UNKNOWN);
    o.http_status = 200;
    o.body = OUTCOME_BODY_NDES_PAGE;
    snprintf(o.server, sizeof o.server, "<script>evil</script>");
    o.exemplar.url = span_of_text("http://admin:secretpw@ndes.example.test/certsrv/mscep_admin/");
    o.exemplar.headers = span_of_text("HTTP/1.1 302 Found\r\nServer: x\r\nSet-Cookie: sid=topsecret\r\n"
                                      "www-authenticate: Basic realm=\"x\"\nX-Echo: /otp?token=topsecret\r\n"
                                      "Location: https://login.example.test/in?back=/otp?token=topsecret\r\n"
                                      "location: /in?token=topsecret\nlocation: https://u:topsecret@h/\n");
    o.exemplar.body = span_of_text("<B> 8CE317021F690069 </B> and 8ce3 and staticPassword4711x plain");
    return o;
}

static void close_folder(struct fixture *f, struct report_folder *folder, struct report_verdict *verdict)
{
    struct err e = {0};
    fixture_diagnose(f);
    if (!report_folder_close(folder, &f->run, verdict, &e))
        fail_msg("%s", e.text);
}

static void all_files_are_written(void **state)
{
    static const char *const names[] = {"summary.json",
                                        "run.sqlite",
                                        "report.html",
                                        "junit.xml",
                                        "issued.csv",
                                        "scenario.yaml",
                                        "evidence/01-otp-otp_page_unknown.json"};
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct err e = {0};
    struct report_folder *folder = open_folder(f);
    assert_string_equal(report_folder_path(folder), f->folder);
    assert_true(report_folder_put(folder, "scenario.yaml", span_of_text("name: x\n"), &e));
    struct outcome ok = nasty_device(0), bad = otp_failure(1);
    tell(f, folder, &ok);
    tell(f, folder, &bad);
    close_folder(f, folder, &verdict);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!exists(f, names[i]))
            fail_msg("%s is missing", names[i]);
    }
    assert_false(exists(f, "run.sqlite-wal"));
    json_t *tree = json_loads(read_file(f, "summary.json"), 0, NULL);
    assert_non_null(tree);
    json_decref(tree);
}

static void pages_are_escaped(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct report_folder *folder = open_folder(f);
    struct outcome bad = otp_failure(1);
    bad.error.reason = REASON_HTTP_STATUS;
    bad.http_status = 418;
    snprintf(bad.text, sizeof bad.text, "<script>alert(2)</script> & \"quotes\"");
    snprintf(f->target.certs[0].subject, sizeof f->target.certs[0].subject, "CN=<script>alert(3)</script>");
    f->target.cert_count = 1;
    f->run.scenario_name = "<script>name</script>";
    const char *slo = "enrolled >= 99.5%";
    f->run.slo = &slo;
    f->run.slo_count = 1;
    tell(f, folder, &bad);
    close_folder(f, folder, &verdict);
    char *page = read_file(f, "report.html");
    assert_null(strstr(page, "<script>alert"));
    assert_null(strstr(page, "<script>name"));
    assert_non_null(strstr(page, "&lt;script&gt;alert(2)&lt;/script&gt; &amp; &quot;quotes&quot;"));
    assert_non_null(strstr(page, "&lt;script&gt;alert(3)"));
    assert_non_null(strstr(page, "default-src 'none'"));
    assert_null(strstr(page, "unsafe-inline"));
    char *junit = read_file(f, "junit.xml");
    assert_null(strstr(junit, "<script"));
    assert_non_null(strstr(junit, "name=\"enrolled &gt;= 99.5%\""));
}

static void tell_request(const void *asked, struct buf *out)
{
    (void)asked;
    buf_append_text(out,
                    "method: POST\nheader: User-Agent: phone\nheader: Authorization: Basic bWRtOnNlY3JldA==\n"
                    "message.type: PKCSReq (19)\nmessage.signer.subject: CN=a: b\nodd line\n"
                    "csr.challenge_password: [redacted], 16 bytes of PrintableString\n");
}

static void requests_are_told(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct report_folder *folder = open_folder(f);
    struct outcome bad = otp_failure(1);
    bad.exemplar.tell_request = tell_request;
    tell(f, folder, &bad);
    close_folder(f, folder, &verdict);
    json_t *tree = json_loads(read_file(f, "evidence/01-otp-otp_page_unknown.json"), 0, NULL), *request;
    request = json_object_get(tree, "request");
    assert_string_equal(json_string_value(json_object_get(request, "method")), "POST");
    assert_string_equal(json_string_value(json_object_get(request, "url")),
                        "http://ndes.example.test/certsrv/mscep_admin/");
    json_t *headers = json_object_get(request, "headers"), *message = json_object_get(request, "message");
    assert_int_equal(json_array_size(headers), 2);
    assert_string_equal(json_string_value(json_array_get(headers, 1)), "Authorization: [redacted]");
    assert_string_equal(json_string_value(json_object_get(message, "type")), "PKCSReq (19)");
    assert_string_equal(json_string_value(json_object_get(json_object_get(message, "signer"), "subject")),
                        "CN=a: b");
    assert_non_null(json_object_get(json_object_get(request, "csr"), "challenge_password"));
    json_decref(tree);
}

static void secrets_stay_out_of_the_evidence(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct report_folder *folder = open_folder(f);
    struct outcome bad = otp_failure(1);
    tell(f, folder, &bad);
    close_folder(f, folder, &verdict);
    json_t *tree = json_loads(read_file(f, "evidence/01-otp-otp_page_unknown.json"), 0, NULL);
    assert_non_null(tree);
    assert_string_equal(json_string_value(json_object_get(tree, "url")),
                        "http://ndes.example.test/certsrv/mscep_admin/");
    const json_t *headers = json_object_get(tree, "headers");
    static const char *const lines[] = {
        "HTTP/1.1 302 Found",     "Server: x",
        "Set-Cookie: [redacted]", "www-authenticate: Basic realm=\"x\"",
        "X-Echo: [redacted]",     "Location: https://login.example.test/[redacted]",
        "location: [redacted]",   "location: [redacted]"};
    assert_int_equal(json_array_size(headers), sizeof lines / sizeof lines[0]);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_string_equal(json_string_value(json_array_get(headers, i)), lines[i]);
    assert_string_equal(json_string_value(json_object_get(tree, "body_text")),
                        "<B> [redacted] </B> and 8ce3 and [redacted] plain");
    assert_null(strstr(json_string_value(json_object_get(tree, "body_base64")), "OENFMzE3"));
    json_decref(tree);
}

/* The page comes as UTF-16: its password must not survive in base64 either. */
static void passwords_in_utf16_pages_are_redacted(void **state)
{
    static const char ascii[] = "The enrollment challenge password is: <B> 8CE317021F690069 </B>";
    static uint8_t wide[2 * sizeof ascii];
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct report_folder *folder = open_folder(f);
    for (size_t i = 0; i < sizeof ascii - 1; i++)
        wide[2 * i] = (uint8_t)ascii[i];
    struct outcome bad = otp_failure(1);
    bad.exemplar.body = span_of(wide, 2 * (sizeof ascii - 1));
    tell(f, folder, &bad);
    close_folder(f, folder, &verdict);
    json_t *tree = json_loads(read_file(f, "evidence/01-otp-otp_page_unknown.json"), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(tree, "body_text")),
                        "The enrollment challenge password is: <B> [redacted] </B>");
    json_decref(tree);
}

static void long_get_messages_are_cut(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct report_folder *folder = open_folder(f);
    char url[1000];
    int used =
        snprintf(url, sizeof url, "http://ndes.example.test/mscep.dll?operation=PKIOperation&message=");
    memset(url + used, 'A', 500);
    struct outcome bad = fact_failure(0, 0, STAGE_PKI_OPERATION, REASON_NOT_SCEP);
    bad.exemplar.url = span_of(url, (size_t)used + 500);
    tell(f, folder, &bad);
    close_folder(f, folder, &verdict);
    json_t *tree = json_loads(read_file(f, "evidence/01-pki_operation-not_scep.json"), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(tree, "url")),
                        "http://ndes.example.test/mscep.dll?operation=PKIOperation&message=[500 characters]");
    json_decref(tree);
}

static void issued_certificates_are_listed_safely(void **state)
{
    struct fixture *f = *state;
    struct report_folder *folder = open_folder(f);
    struct outcome a = nasty_device(0), b = fact_device(1, OUTCOME_ENROLLED, 0);
    snprintf(b.subject, sizeof b.subject, "=cmd|'/C calc'!A0");
    tell(f, folder, &a);
    tell(f, folder, &b);
    /* readable before the end: every line is flushed */
    char *csv = read_file(f, "issued.csv");
    assert_string_equal(csv, "serial,subject,issuer,not_before,not_after,result,device\n"
                             "2a000000,\"CN=<script>alert(1)</script>,O=\"\"A, B\"\"\",CN=Example Issuing CA,"
                             "2026-01-01T00:00:00.000Z,2027-01-01T00:00:00.000Z,enrolled,0\n"
                             "2a000001,\"'=cmd|'/C calc'!A0\",CN=Example Issuing CA,"
                             "2026-01-01T00:00:00.000Z,2027-01-01T00:00:00.000Z,enrolled,1\n");
    struct report_verdict verdict;
    close_folder(f, folder, &verdict);
}

/* ---- run.sqlite ---- */

static double query(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    double value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_double(statement, 0) : -1;
    sqlite3_finalize(statement);
    return value;
}

/* Every ```sql block of results/README.md is run; the README is where users copy them from. */
static void run_documented_queries(sqlite3 *db)
{
    struct err e = {0};
    struct buf text;
    buf_init(&text, 1 << 20);
    if (!file_read("../results/README.md", &text, &e))
        fail_msg("%s", e.text);
    char *at = (char *)(uintptr_t)buf_text(&text);
    int blocks = 0;
    for (char *block; (block = strstr(at, "```sql\n")) != NULL; blocks++) {
        char *end = strstr(block + 7, "```");
        assert_non_null(end);
        *end = '\0';
        char *error = NULL;
        if (sqlite3_exec(db, block + 7, NULL, NULL, &error) != SQLITE_OK)
            fail_msg("%s: %s", block + 7, error);
        at = end + 1;
    }
    assert_true(blocks >= 4);
    buf_clear(&text);
}

static void database_is_readable_with_the_documented_queries(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct report_folder *folder = open_folder(f);
    for (uint64_t i = 0; i < 50; i++) {
        struct outcome ok = fact_device(i, OUTCOME_ENROLLED, (int64_t)i * 100000);
        tell(f, folder, &ok);
    }
    struct outcome bad = otp_failure(50), mix[3];
    tell(f, folder, &bad);
    fixture_mix(f, mix);
    mix[0].device = 51;
    mix[1].device = 52;
    mix[2].device = 53;
    for (size_t i = 0; i < 3; i++)
        tell(f, folder, &mix[i]);
    close_folder(f, folder, &verdict);
    assert_non_null(strstr(read_file(f, "issued.csv"), "4711,"));
    assert_non_null(strstr(read_file(f, "issued.csv"), ",renewed,51\n"));
    assert_non_null(strstr(read_file(f, "report.html"), "<h2>Personas and phases</h2>"));
    assert_non_null(strstr(read_file(f, "report.html"), "answer that RFC 8894 forbids: nonce"));
    char path[512];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/run.sqlite", f->folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_true(query(db, "SELECT count(*) FROM device") == 54);
    assert_true(query(db, "SELECT count(*) FROM device WHERE strict_ok = 0 AND persona_ok = 1") == 1);
    assert_true(query(db, "SELECT count(*) FROM device WHERE strict_ok IS NULL") == 51);
    assert_true(query(db, "SELECT count(*) FROM device WHERE eku = 'clientAuth'") == 2);
    assert_true(query(db, "SELECT count(*) FROM follow_up") == 3);
    assert_true(query(db, "SELECT polls FROM follow_up WHERE step = 'renewal' AND result = 'ok'") == 2);
    assert_true(query(db, "SELECT fail_info FROM follow_up WHERE result = 'failed'") == 2);
    assert_true(query(db, "SELECT count(*) FROM follow_up WHERE reason = 'not_announced'") == 1);
    assert_true(query(db, "SELECT count(*) FROM device JOIN profile USING(profile) WHERE name = 'windows'") ==
                1);
    assert_true(query(db, "SELECT sum(count) FROM histogram WHERE name = 'persona.ios'") == 52);
    assert_true(query(db, "SELECT count(*) FROM failure WHERE follow_up = 'renewal'") == 1);
    assert_true(query(db, "SELECT count(*) FROM step WHERE stage = 'pki_operation'") == 54);
    assert_true(query(db, "SELECT sum(count) FROM histogram WHERE name = 'enrollment'") == 52);
    assert_true(query(db, "SELECT sum(enrolled) FROM second") == 52);
    assert_true(query(db, "SELECT max(latency_ms) FROM enrollment") == 100);
    assert_true(query(db, "SELECT count(*) FROM failure WHERE reason = 'otp_page_unknown'") == 1);
    assert_true(query(db, "SELECT count(*) FROM not_enrolled") == 2);
    assert_true(
        query(db, "SELECT json_extract(value, '$.devices.enrolled') FROM meta WHERE key = 'summary'") == 52);
    run_documented_queries(db);
    sqlite3_close(db);
}

/* ---- places where results cannot go ---- */

static void refuse(struct fixture *f, enum reason reason, const char *word)
{
    struct report_folder *folder = NULL;
    struct err e = {0};
    assert_false(report_folder_open(f->folder, &folder, &e));
    assert_int_equal(e.reason, reason);
    if (strstr(e.text, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.text, word);
}

static void folders_in_use_are_refused(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    char inner[512];
    snprintf(inner, sizeof inner, "%s/something", f->folder);
    assert_true(file_make_folder(inner, &e));
    refuse(f, REASON_USAGE, "is not empty");
    remove_tree(f->folder);
    assert_true(file_write(f->folder, span_of_text("x"), 0600, &e));
    refuse(f, REASON_USAGE, "is not a folder");
    refuse(f, REASON_USAGE, f->folder);
}

static void unwritable_folders_are_refused(void **state)
{
    struct fixture *f = *state;
    snprintf(f->folder, sizeof f->folder, "/proc/scepstorm");
    refuse(f, REASON_IO, "/proc/scepstorm");
    snprintf(f->folder, sizeof f->folder, "%.50s/file", f->root);
    struct err e = {0};
    assert_true(file_write(f->folder, span_of_text("x"), 0600, &e));
    snprintf(f->folder, sizeof f->folder, "%.50s/file/run", f->root);
    refuse(f, REASON_IO, "/file/run");
}

static void empty_folders_are_taken_and_given_back(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_true(file_make_folder(f->folder, &e));
    struct report_folder *folder = open_folder(f);
    assert_true(report_folder_put(folder, "scenario.yaml", span_of_text("x"), &e));
    report_folder_free(folder); /* no device ended: nothing is left */
    assert_false(exists(f, "run.sqlite"));
    assert_false(exists(f, "scenario.yaml"));
    assert_true(exists(f, ""));
    report_folder_free(open_folder(f));
    report_folder_free(NULL);
}

static void results_of_a_given_up_run_stay(void **state)
{
    struct fixture *f = *state;
    struct report_folder *folder = open_folder(f);
    struct outcome ok = fact_device(0, OUTCOME_ENROLLED, 0);
    tell(f, folder, &ok);
    report_folder_free(folder);
    assert_true(exists(f, "issued.csv"));
}

static void vanished_folders_are_told(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct err e = {0};
    struct report_folder *folder = open_folder(f);
    struct outcome ok = fact_device(0, OUTCOME_ENROLLED, 0);
    tell(f, folder, &ok);
    remove_tree(f->folder);
    assert_false(report_folder_close(folder, &f->run, &verdict, &e));
    assert_int_equal(e.reason, REASON_IO);
    assert_int_equal(verdict.exit_code, 0); /* the caller's error decides, the run itself was fine */
}

/* A limit on file sizes stands for a disk that fills up: writes begin to fail in the middle of the run. */
static void a_full_disk_is_told(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct err e = {0};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 100000, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct report_folder *folder = open_folder(f);
    assert_false(report_folder_failed(folder));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (uint64_t i = 0; i < 3000; i++) {
        struct outcome ok = fact_device(i, OUTCOME_ENROLLED, (int64_t)i * 1000);
        tell(f, folder, &ok);
    }
    assert_true(report_folder_failed(folder));
    assert_false(report_folder_close(folder, &f->run, &verdict, &e));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(e.reason, REASON_IO);
    assert_non_null(strstr(e.text, "issued.csv"));
    assert_true(exists(f, "summary.json")); /* what still fits is written */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)
        TEST(all_files_are_written),
        TEST(pages_are_escaped),
        TEST(requests_are_told),
        TEST(secrets_stay_out_of_the_evidence),
        TEST(passwords_in_utf16_pages_are_redacted),
        TEST(long_get_messages_are_cut),
        TEST(issued_certificates_are_listed_safely),
        TEST(database_is_readable_with_the_documented_queries),
        TEST(folders_in_use_are_refused),
        TEST(unwritable_folders_are_refused),
        TEST(empty_folders_are_taken_and_given_back),
        TEST(results_of_a_given_up_run_stay),
        TEST(vanished_folders_are_told),
        TEST(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
