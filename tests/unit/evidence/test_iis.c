#include "check.h"
#include "told.h"

#define HEADER                                                                                               \
    "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-06-18 "         \
    "00:00:12\r\n"                                                                                           \
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "     \
    "cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n"

#define CAPS                                                                                                 \
    "2026-06-18 10:00:00 10.0.0.5 GET /certsrv/mscep/mscep.dll operation=GetCACaps 443 - 192.0.2.7 "         \
    "profiled/1.0+CFNetwork/1410 - 200 0 0 15\r\n"

#define OTHER                                                                                                \
    "2026-06-18 10:00:00 10.0.0.5 GET /wsus/index.html - 443 - 192.0.2.9 Mozilla/5.0+(Windows) - 200 0 0 "   \
    "3\r\n"

static void expect(const char *text, const char *trace, uint64_t damaged)
{
    struct told t;
    told_text(&t, text);
    assert_true(t.ok);
    assert_int_equal(t.file.kind, EVIDENCE_IIS);
    assert_string_equal(told_trace(&t), trace);
    assert_int_equal(t.file.damaged, damaged);
    told_clear(&t);
}

static void tells_scep_and_server_errors_only(void **state)
{
    (void)state;
    expect(
        HEADER CAPS OTHER
        "2026-06-18 10:00:01 10.0.0.5 GET /wsus/index.html - 443 - 192.0.2.9 Mozilla/5.0 - 503 2 64 3\r\n"
        "2026-06-18 10:00:02 10.0.0.5 GET /CERTSRV/mscep_admin/ - 443 CONTOSO\\adm 192.0.2.9 - - 200 0 0 "
        "3\r\n"
        "2026-06-18 10:00:03 10.0.0.5 POST /CertificateRegistrationSvc/Certificate/VerifyRequest - 443 - "
        "10.0.0.5 "
        "NDES_Plugin - 201 0 0 3\r\n",
        "5 2026-06-18T10:00:00.000Z GET /certsrv/mscep/mscep.dll operation=GetCACaps 192.0.2.7 200.0.0 15ms "
        "profiled/1.0 CFNetwork/1410\n"
        "7 2026-06-18T10:00:01.000Z GET /wsus/index.html - 192.0.2.9 503.2.64 3ms Mozilla/5.0\n"
        "8 2026-06-18T10:00:02.000Z GET /CERTSRV/mscep_admin/ - 192.0.2.9 200.0.0 3ms CONTOSO\\adm\n"
        "9 2026-06-18T10:00:03.000Z POST /CertificateRegistrationSvc/Certificate/VerifyRequest - 10.0.0.5 "
        "201.0.0 "
        "3ms NDES_Plugin\n",
        0);
}

static void leaves_ftp_alone(void **state)
{
    (void)state;
    expect("#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method "
           "cs-uri-stem sc-status\n"
           "2026-06-18 10:00:00 PASS *** 530\n2026-06-18 10:00:00 GET / 530\n",
           "4 2026-06-18T10:00:00.000Z GET / - - 530.-1.-1 -1ms\n", 0);
}

static void tells_the_path_of_the_run(void **state)
{
    (void)state;
    struct told t;
    struct evidence_options options = {.stem = "/SCEP/proxy"};
    told_bytes(&t,
               span_of_text(HEADER OTHER
                            "2026-06-18 10:00:00 10.0.0.5 GET /scep/proxy - 443 - 192.0.2.7 - - 404 0 2 1\n"),
               EVIDENCE_UNKNOWN, &options);
    assert_true(t.ok);
    assert_int_equal(t.records, 1);
    told_clear(&t);
}

static void follows_fields_that_change(void **state)
{
    (void)state;
    expect("#Fields: time c-ip sc-status cs-uri-stem date\n"
           "10:00:00 192.0.2.7 404 /certsrv/mscep/ 2026-06-18\n"
           "#Software: Microsoft Internet Information Services 10.0\n"
           "#Fields: date time cs-uri-stem sc-status sc-win32-status\n"
           "2026-06-18 11:00:00 /certsrv/mscep/ 500 2148204809\n",
           "2 2026-06-18T10:00:00.000Z - /certsrv/mscep/ - 192.0.2.7 404.-1.-1 -1ms\n"
           "5 2026-06-18T11:00:00.000Z - /certsrv/mscep/ - - 500.-1.2148204809 -1ms\n",
           0);
}

static void counts_days_where_dates_are_missing(void **state)
{
    (void)state;
    expect("#Date: 2026-12-31 23:59:00\n#Fields: time cs-uri-stem sc-status\n"
           "23:59:30 /certsrv/mscep/ 200\n00:00:10 /other 200\n00:00:11 /certsrv/mscep/ 200\n",
           "3 2026-12-31T23:59:30.000Z - /certsrv/mscep/ - - 200.-1.-1 -1ms\n"
           "5 2027-01-01T00:00:11.000Z - /certsrv/mscep/ - - 200.-1.-1 -1ms\n",
           0);
    expect("#Fields: cs-method cs-uri-stem sc-status\nGET /certsrv/mscep/ 200\n",
           "2 - GET /certsrv/mscep/ - - 200.-1.-1 -1ms\n", 0);
}

static void takes_more_columns_than_promised(void **state)
{
    (void)state;
    expect("#Fields: date time cs-uri-stem sc-status\n2026-06-18 10:00:00 /certsrv/mscep/ 500 0 1346 31\n",
           "2 2026-06-18T10:00:00.000Z - /certsrv/mscep/ - - 500.-1.-1 -1ms\n", 0);
}

static void counts_damaged_lines(void **state)
{
    (void)state;
    expect(
        HEADER
        "2026-06-18 10:00:00 10.0.0.5 GET /certsrv/ms\n" CAPS
        "1601-01-01 10:00:00 10.0.0.5 GET /certsrv/mscep/mscep.dll - 443 - 192.0.2.7 - - 200 0 0 15\r\n"
        "2026-02-30 10:00:00 10.0.0.5 GET /certsrv/mscep/mscep.dll - 443 - 192.0.2.7 - - 200 0 0 15\r\n"
        "complete nonsense\n",
        "6 2026-06-18T10:00:00.000Z GET /certsrv/mscep/mscep.dll operation=GetCACaps 192.0.2.7 200.0.0 15ms "
        "profiled/1.0 CFNetwork/1410\n",
        4);
}

static void reads_behind_a_run_of_nuls(void **state)
{
    (void)state;
    struct buf log;
    struct told t;
    uint8_t nuls[5000] = {0};
    buf_init(&log, 100000);
    buf_append_text(&log, HEADER CAPS);
    buf_append(&log, nuls, sizeof nuls);
    buf_append_text(&log, HEADER CAPS);
    told_bytes(&t, buf_span(&log), EVIDENCE_UNKNOWN, NULL);
    assert_true(t.ok);
    assert_int_equal(t.records, 2);
    assert_int_equal(t.file.damaged, 0);
    told_clear(&t);
    buf_clear(&log);
}

static void append_long(struct buf *log, size_t len)
{
    buf_append_text(
        log, "2026-06-18 10:00:00 10.0.0.5 GET /certsrv/mscep/mscep.dll operation=PKIOperation&message=");
    for (size_t i = 0; i < len; i++)
        buf_append_byte(log, 'A');
    buf_append_text(log, " 443 - 192.0.2.7 - - 200 0 0 15\r\n");
}

/* In GET mode the whole message is in the query. */
static void takes_lines_up_to_a_mebibyte(void **state)
{
    (void)state;
    struct buf log;
    struct told t;
    buf_init(&log, (size_t)8 << 20);
    buf_append_text(&log, HEADER);
    append_long(&log, 1000000);
    append_long(&log, 3000000);
    buf_append_text(&log, CAPS);
    told_bytes(&t, buf_span(&log), EVIDENCE_UNKNOWN, NULL);
    assert_true(t.ok);
    assert_int_equal(t.records, 2);
    assert_int_equal(t.file.damaged, 1);
    assert_int_equal(t.file.lines, 7);
    told_clear(&t);
    buf_clear(&log);
}

static void guesses_the_fields_of_a_log_without_beginning(void **state)
{
    (void)state;
    expect(
        "gzilla/5.0 - 200 0 0 3\r\n" CAPS OTHER,
        "2 2026-06-18T10:00:00.000Z GET /certsrv/mscep/mscep.dll operation=GetCACaps 192.0.2.7 200.0.0 15ms "
        "profiled/1.0 CFNetwork/1410\n",
        1);
}

static void cleans_what_is_not_utf8(void **state)
{
    (void)state;
    expect("#Fields: date time cs-uri-stem cs-username sc-status\n"
           "2026-06-18 10:00:00 /certsrv/mscep/ CONTOSO\\J\xF6rg 200\n",
           "2 2026-06-18T10:00:00.000Z - /certsrv/mscep/ - - 200.-1.-1 -1ms CONTOSO\\J\xC3\xB6rg\n", 0);
}

static void takes_a_header_alone(void **state)
{
    (void)state;
    expect("#Software: Microsoft Internet Information Services 10.0\r\n", "", 0);
}

static void reads_a_cut_incident(void **state)
{
    (void)state;
    struct told t;
    told_path(&t, "vectors/evidence/u_ex260618.log");
    assert_true(t.ok);
    assert_int_equal(t.file.lines, 40);
    assert_int_equal(t.file.records, 35); /* one is a scanner's */
    assert_string_equal(t.file.node, "10.29.6.15");
    told_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_scep_and_server_errors_only),
        cmocka_unit_test(leaves_ftp_alone),
        cmocka_unit_test(tells_the_path_of_the_run),
        cmocka_unit_test(follows_fields_that_change),
        cmocka_unit_test(counts_days_where_dates_are_missing),
        cmocka_unit_test(takes_more_columns_than_promised),
        cmocka_unit_test(counts_damaged_lines),
        cmocka_unit_test(reads_behind_a_run_of_nuls),
        cmocka_unit_test(takes_lines_up_to_a_mebibyte),
        cmocka_unit_test(guesses_the_fields_of_a_log_without_beginning),
        cmocka_unit_test(cleans_what_is_not_utf8),
        cmocka_unit_test(takes_a_header_alone),
        cmocka_unit_test(reads_a_cut_incident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
