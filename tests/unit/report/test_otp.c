#include "measure/otp.h"
#include "report_facts.h"

#include <jansson.h>
#include <math.h>
#include <sqlite3.h>

static json_t *tree;
static char text[1 << 18];

static const json_t *at(const char *path)
{
    const json_t *here = tree;
    char copy[120];
    snprintf(copy, sizeof copy, "%s", path);
    char *rest = NULL;
    for (char *key = strtok_r(copy, ".", &rest); key != NULL; key = strtok_r(NULL, ".", &rest))
        here = json_object_get(here, key);
    return here;
}

static double number(const char *path)
{
    if (!json_is_number(at(path)))
        fail_msg("%s is no number", path);
    return json_number_value(at(path));
}

/* The summary into `tree`, the terminal's words into `text`. */
static struct report_verdict tell(struct fixture *f)
{
    struct report_verdict verdict = {0};
    struct err e = {0};
    struct buf json;
    buf_init(&json, (size_t)16 << 20);
    assert_true(report_summary_json(&f->run, &verdict, &json, &e));
    json_decref(tree);
    tree = json_loadb((const char *)json.data, json.len, 0, NULL);
    assert_non_null(tree);
    buf_clear(&json);
    memset(text, 0, sizeof text);
    FILE *to = fmemopen(text, sizeof text - 1, "w");
    assert_non_null(to);
    report_print(to, &f->run, &verdict, NULL, false, 110);
    fclose(to);
    return verdict;
}

/* Lines are broken where the terminal ends: words are looked for without regard to that. */
static bool says(const char *words)
{
    static char flat[sizeof text];
    size_t used = 0;
    for (const char *c = text; *c != '\0'; c++) {
        bool blank = *c == ' ' || *c == '\n';
        if (!blank || (used > 0 && flat[used - 1] != ' '))
            flat[used++] = blank ? ' ' : *c;
    }
    flat[used] = '\0';
    return strstr(flat, words) != NULL;
}

static unsigned held;

static void event(struct fixture *f, enum outcome_otp_kind kind, int64_t at_us, int64_t took_us,
                  int64_t age_us)
{
    held += kind == OUTCOME_OTP_ASKED;
    held -= kind == OUTCOME_OTP_SPENT || kind == OUTCOME_OTP_FAILED || kind == OUTCOME_OTP_CACHE_FULL ||
            kind == OUTCOME_OTP_EXPIRED;
    const struct outcome_otp_event one = {kind, at_us, took_us, age_us, held};
    f->sink.otp(f->sink.user, &one);
}

/* `count` passwords, one every `gap_us`: 0.2 s to fetch, sent 0.1 s later, answered after 1.8 s in all. */
static void passwords(struct fixture *f, uint64_t count, int64_t gap_us)
{
    for (uint64_t i = 0; i < count; i++) {
        int64_t at_us = (int64_t)i * gap_us;
        event(f, OUTCOME_OTP_ASKED, at_us, 0, 0);
        event(f, OUTCOME_OTP_FETCHED, at_us + 200000, 200000, 0);
        event(f, OUTCOME_OTP_SENT, at_us + 300000, 0, 100000);
        event(f, OUTCOME_OTP_SPENT, at_us + 1800000, 200000, 1600000);
    }
}

/* For a moment, by fetches that came to nothing. */
static void take_all(struct fixture *f)
{
    for (unsigned i = 0; i < f->otp.limit; i++)
        event(f, OUTCOME_OTP_ASKED, 0, 0, 0);
    for (unsigned i = 0; i < f->otp.limit; i++)
        event(f, OUTCOME_OTP_FAILED, 0, 0, 0);
}

static int up(void **state)
{
    if (fixture_up(state) != 0)
        return -1;
    struct fixture *f = *state;
    held = 0;
    f->otp = (struct outcome_otp){.source = "mscep_admin", .scheme = "ntlm", .limit = 5};
    return 0;
}

static int down(void **state)
{
    json_decref(tree);
    tree = NULL;
    return fixture_down(state);
}

static void figures_stand_in_the_summary(void **state)
{
    struct fixture *f = *state;
    passwords(f, 100, 2000000);
    event(f, OUTCOME_OTP_ASKED, 0, 0, 0);
    event(f, OUTCOME_OTP_FETCHED, 0, 200000, 0);
    event(f, OUTCOME_OTP_LEFT, 0, 0, 0);
    fact_enrolled(&f->sink, 0, 100, 0);
    f->run.duration_us = INT64_C(200000000);
    tell(f);
    assert_string_equal(json_string_value(at("otp.source")), "mscep_admin");
    assert_string_equal(json_string_value(at("otp.scheme")), "ntlm");
    assert_true(json_is_false(at("otp.fell_back")));
    assert_true(number("otp.fetched") == 101);
    assert_true(number("otp.used") == 100);
    assert_true(number("otp.left") == 1);
    assert_true(number("otp.lost") == 0);
    assert_true(number("otp.limit") == 5);
    assert_true(number("otp.outstanding_max") == 1);
    assert_true(fabs(number("otp.hold_ms.mean") - 1800) < 1);
    assert_true(fabs(number("otp.fetch_ms.p50") - 200) < 1);
    assert_true(fabs(number("otp.capacity.hold_s") - 1.8) < 1e-6);
    assert_true(fabs(number("otp.capacity.per_hour") - 10000) < 0.01);
    assert_true(number("otp.capacity.cache") == 5);
    assert_true(json_is_true(at("otp.capacity.cache_assumed")));
    assert_true(json_is_false(at("otp.capacity.near"))); /* 1,800 per hour */
    assert_true(says("101 fetched by ntlm, 100 used, 1 left over; at most 1 held at once, allowed are 5"));
    assert_false(says("per hour at most"));
    f->otp.fell_back = true;
    tell(f);
    assert_true(says("100 used (Negotiate failed before: scepstorm causes otp-kerberos-spn), 1 left over"));
}

/* 8,100 of 10,000 per hour. */
static void a_run_near_the_limit_is_told(void **state)
{
    struct fixture *f = *state;
    passwords(f, 90, 444444);
    fact_enrolled(&f->sink, 0, 90, 0);
    f->run.duration_us = INT64_C(40000000);
    assert_int_equal(tell(f).validity, REPORT_VALID);
    assert_true(json_is_true(at("otp.capacity.near")));
    assert_true(
        says("With this cache of 5 (NDES as installed; the page did not say), a password is held 1.80 s on "
             "average: 10,000 devices per hour at most"));
    f->otp.page_cache = 10;
    tell(f);
    assert_true(says("With 5 passwords at once (challenge.outstanding), a password is held"));
    assert_true(number("otp.capacity.cache") == 10);
    f->otp.page_cache = 4;
    tell(f);
    assert_true(
        says("With this cache of 4, a password is held 1.80 s on average: 8,000 devices per hour at most"));
}

/* One in a hundred fetched for a device that failed before it sent it. */
static void lost_passwords_lower_the_limit(void **state)
{
    struct fixture *f = *state;
    passwords(f, 99, 1000000);
    event(f, OUTCOME_OTP_ASKED, 0, 0, 0);
    event(f, OUTCOME_OTP_FETCHED, 0, 200000, 0);
    event(f, OUTCOME_OTP_BURNT, 0, 0, 1000);
    event(f, OUTCOME_OTP_ASKED, 0, 0, 0);
    event(f, OUTCOME_OTP_CACHE_FULL, 0, 1000, 0);
    fact_enrolled(&f->sink, 0, 99, 0);
    f->otp.page_minutes = 60;
    tell(f);
    assert_true(fabs(number("otp.capacity.wasted") - 0.01) < 1e-9);
    assert_true(fabs(number("otp.capacity.per_hour") - 476.417) < 0.01);
    assert_true(says(
        "100 fetched by ntlm, 99 used, 1 of devices that got no certificate; 1 fetch failed, 1 of them at "
        "a full cache"));
    assert_true(
        says("10,000 devices per hour at most; 1 password never came back to the server, which keeps its "
             "place for 1 h 00 min: if devices go on to lose so many, 476 per hour remain"));
    assert_true(fabs(number("otp.capacity.lossless_per_hour") - 10000) < 0.01);
}

static void sources_without_places_have_no_capacity(void **state)
{
    struct fixture *f = *state;
    f->otp = (struct outcome_otp){.source = "file"};
    passwords(f, 10, 1000);
    tell(f);
    assert_true(json_is_null(at("otp.capacity")));
    assert_true(json_is_null(at("otp.scheme")));
    assert_true(says("10 fetched, 10 used"));
    f->otp = (struct outcome_otp){.source = "http", .limit = 20}; /* whose cache nobody knows */
    tell(f);
    assert_true(json_is_null(at("otp.capacity.cache")));
    assert_true(number("otp.capacity.places") == 20);
    f->run.otp = NULL;
    tell(f);
    assert_true(json_is_null(at("otp.capacity")));
    assert_true(json_is_null(at("otp.source")));
}

static void objectives_may_speak_of_it(void **state)
{
    static const struct {
        const char *slo;
        bool ok;
    } rows[] = {{"otp.burnt == 0", true},
                {"otp.lost == 0", true},
                {"otp.unanswered < 1", true},
                {"otp.failed == 0", true},
                {"otp.left == 0", true},
                {"otp.cache_full_onsets == 0", true},
                {"otp.fetch.p95 < 250ms", true},
                {"otp.hold.mean < 1s", false},
                {"otp.capacity.per_hour >= 10000", true},
                {"otp.capacity.per_hour >= 12000", false}};
    struct fixture *f = *state;
    passwords(f, 100, 2000000);
    fact_enrolled(&f->sink, 0, 100, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f->run.slo = &rows[i].slo;
        f->run.slo_count = 1;
        if ((tell(f).slo == REPORT_SLO_PASS) != rows[i].ok)
            fail_msg("%s", rows[i].slo);
    }
    f->run.slo_count = 0;
}

static void late_devices(struct fixture *f)
{
    for (uint64_t i = 0; i < 100; i++) {
        struct outcome o = fact_device(i, OUTCOME_ENROLLED, (int64_t)i * 100000);
        o.started_us += 3000000;
        o.finished_us += 3000000;
        fact_tell(&f->sink, &o);
    }
}

/* Passwords that wait for their devices: nothing that this machine or the CA did. */
static void a_supply_that_was_the_limit_is_named(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 0; i < 100; i++) {
        event(f, OUTCOME_OTP_ASKED, 0, 0, 0);
        event(f, OUTCOME_OTP_FETCHED, 0, 900000, 0);
        event(f, OUTCOME_OTP_SENT, 0, 0, 500000);
        event(f, OUTCOME_OTP_SPENT, 0, 900000, 900000);
    }
    take_all(f);
    late_devices(f);
    f->otp.held_back = true;
    struct report_verdict verdict = tell(f);
    assert_int_equal(verdict.validity, REPORT_SUSPECT);
    assert_int_equal(verdict.exit_code, 0);
    assert_true(
        says("arrivals waited for a one-time password: the password supply, not the CA, was the limit: at "
             "most 10,000 devices per hour; raise challenge.outstanding"));
    assert_true(json_is_true(at("otp.held_back")));
    assert_true(json_is_true(at("otp.capacity.near")));
}

/* The same wait, but a password spends most of its time in a request that the server takes long to answer. */
static void a_slow_server_is_not_excused(void **state)
{
    struct fixture *f = *state;
    passwords(f, 100, 1000);
    take_all(f);
    late_devices(f);
    f->otp.held_back = true;
    assert_int_equal(tell(f).validity, REPORT_SUSPECT);
    assert_true(says(
        "the password supply was the limit, and the answers to the requests take up most of the time that "
        "a password is held: at most 10,000 devices per hour"));
}

static void what_to_raise_is_what_is_narrower(void **state)
{
    struct fixture *f = *state;
    passwords(f, 100, 1000);
    late_devices(f);
    f->otp.held_back = true;
    f->run.duration_us = INT64_C(1000000000);
    tell(f); /* one place was taken at most */
    assert_true(
        says("fetches came too slowly; raise challenge.connections or challenge.rate, or lower the rate"));
    assert_true(json_is_false(at("otp.capacity.near")));
    take_all(f);
    f->otp.page_cache = 5;
    tell(f);
    assert_true(says("raise challenge.outstanding (and the server's cache), or lower the rate"));
    f->otp.page_cache = 4;
    tell(f);
    assert_true(says("raise the server's cache, or lower the rate"));
    f->otp.page_cache = 50;
    tell(f);
    assert_true(says("raise challenge.outstanding (the server has room for more), or lower the rate"));
    f->generator.cpu_wait_us = 4000000; /* of 10 s */
    assert_int_equal(tell(f).validity, REPORT_INVALID);
    assert_true(says("waited for a one-time password, and this machine was short of time, too"));
}

static double query(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    double value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_double(statement, 0) : -1;
    sqlite3_finalize(statement);
    return value;
}

static void read_page(struct fixture *f)
{
    char path[128];
    snprintf(path, sizeof path, "%s/report.html", f->folder);
    FILE *page = fopen(path, "r");
    assert_non_null(page);
    memset(text, 0, sizeof text);
    assert_true(fread(text, 1, sizeof text - 1, page) > 1000);
    fclose(page);
}

static void page_and_database_show_it_over_time(void **state)
{
    struct fixture *f = *state;
    struct report_folder *folder = NULL;
    struct report_verdict verdict;
    struct err e = {0};
    char path[128];
    assert_true(report_folder_open(f->folder, &folder, &e));
    passwords(f, 100, 1000000);
    take_all(f);
    fact_enrolled(&f->sink, 0, 100, 0);
    f->otp.held_back = true;
    assert_true(report_folder_close(folder, &f->run, &verdict, &e));
    read_page(f);
    assert_true(says("<h2>One-time passwords</h2>"));
    assert_true(says("<h3>Passwords outstanding</h3>"));
    assert_true(says("<path class=\"limit\""));
    assert_true(says("challenge.outstanding: 5"));
    assert_true(says("id=\"otp-held-plot\""));
    assert_true(says("10,000 devices per hour at most"));
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/run.sqlite", f->folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_true(query(db, "SELECT count(*) FROM otp_second") == 101);
    assert_true(query(db, "SELECT max(held_max) FROM otp_second") == 5);
    assert_true(query(db, "SELECT sum(count) FROM histogram WHERE name = 'otp_hold'") == 100);
    assert_true(query(db, "SELECT sum(count) FROM histogram WHERE name = 'otp_fetch'") == 105);
    sqlite3_close(db);
}

static void a_run_without_passwords_says_nothing(void **state)
{
    struct fixture *f = *state;
    fact_enrolled(&f->sink, 0, 100, 0);
    tell(f);
    assert_false(says("One-time passwords"));
    assert_true(number("otp.fetched") == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(figures_stand_in_the_summary),        TEST(a_run_near_the_limit_is_told),
        TEST(lost_passwords_lower_the_limit),      TEST(sources_without_places_have_no_capacity),
        TEST(objectives_may_speak_of_it),          TEST(a_supply_that_was_the_limit_is_named),
        TEST(a_slow_server_is_not_excused),        TEST(what_to_raise_is_what_is_narrower),
        TEST(page_and_database_show_it_over_time), TEST(a_run_without_passwords_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
