/* The formats, byte for byte: what parsers that we did not write make of them is for tests/integration/traces.sh. */
#include "check.h"

#include "base/file.h"
#include "traces/event_kinds.h"
#include "traces/traces.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AT INT64_C(1778362211004738) /* 2026-05-09T21:30:11.004738Z */

struct place {
    char root[64], logs[96];
    struct traces *t;
};

static struct traces_config config_in(const char *folder)
{
    return (struct traces_config){
        .folder = folder,
        .node = "NDES01",
        .domain = "contoso.example",
        .ca_node = "CA01",
        .account = "CONTOSO\\svc-ndes",
        .address = "192.0.2.10",
        .port = 443,
        .connector = true,
    };
}

static int open_logs(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    struct err e = {0};
    snprintf(p->root, sizeof p->root, "/tmp/scepstorm-traces-XXXXXX");
    if (p == NULL || mkdtemp(p->root) == NULL)
        return -1;
    snprintf(p->logs, sizeof p->logs, "%s/logs", p->root);
    const struct traces_config config = config_in(p->logs);
    CHECK_OK(traces_open(&config, &p->t, &e), &e);
    *state = p;
    return 0;
}

static int remove_logs(void **state)
{
    struct place *p = *state;
    char command[128];
    traces_close(p->t, NULL);
    snprintf(command, sizeof command, "rm -rf %s", p->root);
    int rc = system(command);
    free(p);
    return rc;
}

static void finish(struct place *p)
{
    struct err e = {0};
    CHECK_OK(traces_close(p->t, &e), &e);
    p->t = NULL;
}

/* The file's text; the caller's. */
static char *read_file(const struct place *p, const char *name)
{
    char path[160];
    struct buf text;
    struct err e = {0};
    buf_init(&text, (size_t)16 << 20);
    snprintf(path, sizeof path, "%s/%s", p->logs, name);
    CHECK_OK(file_read(path, &text, &e), &e);
    char *copy = strdup(buf_text(&text) != NULL ? buf_text(&text) : "");
    buf_clear(&text);
    return copy;
}

static void check_file(const struct place *p, const char *name, const char *wanted)
{
    char *text = read_file(p, name);
    assert_string_equal(text, wanted);
    free(text);
}

static void check_holds(const struct place *p, const char *name, const char *wanted)
{
    char *text = read_file(p, name);
    if (strstr(text, wanted) == NULL)
        fail_msg("%s lacks '%s': %s", name, wanted, text);
    free(text);
}

#define IIS_HEAD                                                                                             \
    "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n"                           \
    "#Date: 2026-05-09 21:30:11\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port "       \
    "cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes "           \
    "cs-bytes time-taken\r\n"

static void iis_lines_have_the_default_fields_and_bytes(void **state)
{
    struct place *p = *state;
    const struct traces_iis line = {
        .when_us = AT,
        .method = "GET",
        .stem = "/certsrv/mscep_admin/",
        .client = "198.51.100.7",
        .agent = "Wget/1.20.3 (linux-gnu)",
        .status = 401,
        .substatus = 1,
        .win32 = UINT32_C(2148074254),
        .bytes_sent = 1293,
        .bytes_received = 412,
        .taken_us = 175999,
    };
    traces_iis(p->t, &line);
    struct traces_iis bare = {
        .when_us = AT, .user = "CONTOSO\\svc mdm", .query = "", .port = 80, .status = 200};
    traces_iis(p->t, &bare);
    finish(p);
    check_file(p, "u_ex260509.log",
               IIS_HEAD "2026-05-09 21:30:11 192.0.2.10 GET /certsrv/mscep_admin/ - 443 - 198.51.100.7 "
                        "Wget/1.20.3+(linux-gnu) - 401 1 2148074254 1293 412 175\r\n"
                        "2026-05-09 21:30:11 192.0.2.10 - - - 80 CONTOSO\\svc+mdm - - - 200 0 0 0 0 0\r\n");
}

/* A browser of long ago says who it is in Latin-1. */
static void iis_writes_utf8_whatever_comes_in(void **state)
{
    struct place *p = *state;
    const struct traces_iis line = {
        .when_us = AT, .stem = "/Z\xc3\xbcrich", .agent = "Z\xfcrich\xe2\x82 1", .status = 200};
    traces_iis(p->t, &line);
    finish(p);
    check_holds(p, "u_ex260509.log", " - /Z\xc3\xbcrich - 443 - - Z?rich??+1 - 200 ");
}

static void long_queries_are_left_out(void **state)
{
    struct place *p = *state;
    char query[4098];
    memset(query, 'a', sizeof query - 1);
    query[4096] = '\0';
    struct traces_iis line = {.when_us = AT, .method = "GET", .stem = "/x", .query = query, .status = 200};
    traces_iis(p->t, &line);
    query[4096] = 'a';
    query[4097] = '\0';
    traces_iis(p->t, &line);
    finish(p);
    char *text = read_file(p, "u_ex260509.log");
    char *second = strstr(strstr(text, "/x ") + 1, "/x ");
    assert_int_equal(strspn(strstr(text, "/x ") + 3, "a"), 4096);
    assert_memory_equal(second, "/x ... 443 ", 11);
    free(text);
}

static void iis_begins_a_file_each_day(void **state)
{
    struct place *p = *state;
    struct traces_iis line = {.when_us = AT, .method = "GET", .status = 200};
    traces_iis(p->t, &line);
    line.when_us = AT + INT64_C(10800000000);
    traces_iis(p->t, &line);
    line.when_us = AT; /* answered before midnight, written after it */
    traces_iis(p->t, &line);
    finish(p);
    check_holds(p, "u_ex260510.log", "#Date: 2026-05-10 00:30:11\r\n");
    check_holds(p, "u_ex260510.log", "\r\n2026-05-09 21:30:11 ");
    char *text = read_file(p, "u_ex260509.log");
    assert_int_equal(strlen(text),
                     strlen(IIS_HEAD) + strlen("2026-05-09 21:30:11 192.0.2.10 GET - - 443 - - - "
                                               "- 200 0 0 0 0 0\r\n"));
    free(text);
}

static void httperr_has_reason_and_queue(void **state)
{
    struct place *p = *state;
    const struct traces_httperr down = {.when_us = AT,
                                        .client = "198.51.100.7",
                                        .client_port = 50111,
                                        .version = "HTTP/1.1",
                                        .method = "GET",
                                        .uri = "/certsrv/mscep/mscep.dll?operation=GetCACaps",
                                        .status = 503,
                                        .reason = "AppOffline",
                                        .queue = "SCEP"};
    const struct traces_httperr idle = {
        .when_us = AT, .client = "192.0.2.9", .client_port = 61000, .reason = "Timer_ConnectionIdle"};
    traces_httperr(p->t, &down);
    traces_httperr(p->t, &idle);
    finish(p);
    check_file(p, "httperr1.log",
               "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-05-09 21:30:11\r\n"
               "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid "
               "s-reason s-queuename\r\n"
               "2026-05-09 21:30:11 198.51.100.7 50111 192.0.2.10 443 HTTP/1.1 GET "
               "/certsrv/mscep/mscep.dll?operation=GetCACaps 503 1 AppOffline SCEP\r\n"
               "2026-05-09 21:30:11 192.0.2.9 61000 192.0.2.10 443 - - - - - Timer_ConnectionIdle -\r\n");
}

/* The form that published reports of event 31 have (ndes.md G.4). */
static void events_look_as_wevtutil_writes_them(void **state)
{
    struct place *p = *state;
    const char *values[] = {"The requested <template> is not supported by this CA. ", "0x80004005", NULL};
    assert_true(traces_event(p->t, AT, "NDES 31", values));
    finish(p);
    check_file(
        p, "application.xml",
        "<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
        "Name='Microsoft-Windows-NetworkDeviceEnrollmentService' "
        "Guid='{73144342-19d1-47a4-94de-d38e6a054ad5}'/><EventID>31</EventID><Version>0</Version>"
        "<Level>2</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords>"
        "<TimeCreated SystemTime='2026-05-09T21:30:11.0047381Z'/><EventRecordID>61021</EventRecordID>"
        "<Correlation/><Execution ProcessID='6732' ThreadID='5792'/><Channel>Application</Channel>"
        "<Computer>NDES01.contoso.example</Computer><Security "
        "UserID='S-1-5-21-2722513726-2198987228-2052758583-1605'/></System>"
        "<EventData Name='EVENT_MSCEP_FAIL_SUBMIT'><Data Name='ErrorCode'>The requested &lt;template&gt; is "
        "not supported by this CA. </Data><Data Name='ErrorMessage'>0x80004005</Data></EventData>"
        "<RenderingInfo Culture='en-US'><Message>The Network Device Enrollment Service cannot submit the "
        "certificate request (The requested &lt;template&gt; is not supported by this CA. ).  "
        "0x80004005</Message><Level>Error</Level><Task></Task><Opcode>Info</Opcode>"
        "<Channel>Application</Channel><Provider>Microsoft-Windows-NetworkDeviceEnrollmentService</Provider>"
        "<Keywords></Keywords></RenderingInfo></Event>\r\n</Events>\r\n");
}

static void classic_events_carry_codes_in_binary(void **state)
{
    struct place *p = *state;
    const char *values[] = {"SCEP", "0x8007052E", NULL};
    assert_true(traces_event(p->t, AT, "WAS 5057", values));
    assert_true(traces_event(p->t, AT, "WAS 5059", NULL));
    finish(p);
    check_holds(p, "system.xml", "EventSourceName='WAS'/><EventID Qualifiers='32768'>5057</EventID>");
    check_holds(p, "system.xml",
                "<EventData><Data Name='AppPoolID'>SCEP</Data><Binary>2E050780</Binary></EventData>");
    check_holds(p, "system.xml", "<Data Name='AppPoolID'>SCEP</Data></EventData>");
    check_holds(p, "system.xml", "<Keywords><Keyword>Classic</Keyword></Keywords>");
}

static void logon_failures_split_the_account(void **state)
{
    struct place *p = *state;
    const char *values[] = {"CONTOSO\\svc-ndes", "0xC000006E", "0xC0000071", "4", "-", "%%2309", NULL};
    assert_true(traces_event(p->t, AT, "Security 4625", values));
    assert_true(traces_event(p->t, AT, "CA-Security 4625", values));
    finish(p);
    check_holds(p, "security.xml", "<Keywords>0x8010000000000000</Keywords>");
    check_holds(p, "security.xml",
                "<Data Name='TargetUserName'>svc-ndes</Data><Data Name='TargetDomainName'>CONTOSO</Data>"
                "<Data Name='Status'>0xC000006E</Data><Data Name='FailureReason'>%%2309</Data>"
                "<Data Name='SubStatus'>0xC0000071</Data><Data Name='LogonType'>4</Data>");
    check_holds(p, "ca.xml", "<Channel>Security</Channel><Computer>CA01.contoso.example</Computer>");
}

static void exports_are_whole_at_any_moment(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    check_file(p, "ca.xml", "<Events></Events>\r\n");
    for (int i = 0; i < 300; i++)
        assert_true(traces_event(p->t, AT, "NDES 29", NULL));
    check_holds(p, "application.xml", "</Event>\r\n</Events>\r\n");
    CHECK_OK(traces_flush(p->t, &e), &e);
    char *text = read_file(p, "application.xml");
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "<EventID>29<")) != NULL; at++)
        count++;
    assert_int_equal(count, 300);
    assert_ptr_equal(strstr(text, "</Events>"), text + strlen(text) - strlen("</Events>\r\n"));
    free(text);
}

/* Every kind has a provider and fills all its holes; nothing that a client sends breaks the XML. */
static void every_kind_can_be_written(void **state)
{
    struct place *p = *state;
    const char *nasty[] = {"<&'\">", "\x01\xff\xc3\x28", "]]>", "%1", "{node}", "a\r\nb", NULL};
    const struct traces_kind *kind;
    for (size_t i = 0; (kind = traces_kind_at(i)) != NULL; i++) {
        char elsewhere[64];
        assert_true(traces_event_exists(kind->name));
        assert_true(traces_event(p->t, AT, kind->name, NULL));
        assert_true(traces_event(p->t, AT, kind->name, nasty));
        snprintf(elsewhere, sizeof elsewhere, "CA-%s", kind->name);
        assert_true(traces_event_exists(elsewhere));
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(traces_kind_at(other)->name, kind->name);
    }
    assert_false(traces_event_exists("NDES 99"));
    assert_false(traces_event_exists("Nobody 1"));
    assert_false(traces_event(p->t, AT, "NDES", NULL));
    finish(p);
    char *text = read_file(p, "application.xml");
    assert_null(strchr(text, '\x01'));
    assert_null(strstr(text, "{pool}"));
    free(text);
}

static void module_and_registration_point_have_logs(void **state)
{
    struct place *p = *state;
    traces_plugin(p->t, AT, "Verify challenge returns true");
    traces_plugin(p->t, AT, "Exiting VerifyRequest with 0x80004005");
    traces_svclog(p->t, AT, "Validation Phase 1 finished with status False.");
    finish(p);
    check_holds(p, "NDESPlugin.log",
                "<![LOG[Verify challenge returns true]LOG]!><time=\"21:30:11.004+000\" date=\"05-09-2026\" "
                "component=\"NDESPlugin\" context=\"\" type=\"1\" ");
    check_holds(p, "NDESPlugin.log",
                "0x80004005]LOG]!><time=\"21:30:11.004+000\" date=\"05-09-2026\" "
                "component=\"NDESPlugin\" context=\"\" type=\"3\" ");
    check_holds(p, "CertificateRegistrationPoint_1.svclog",
                "<ApplicationData>Validation Phase 1 finished with status False.</ApplicationData>"
                "</E2ETraceEvent>\r\n");
}

static void tables_change_and_change_back(void **state)
{
    struct place *p = *state;
    struct buf before;
    buf_init(&before, 100);
    assert_true(traces_state_get(p->t, "apppools", "SCEP", "State", &before));
    assert_string_equal(buf_text(&before), "Started");
    buf_clear(&before);
    assert_true(traces_state(p->t, "apppools", "SCEP", "State", "Stopped"));
    assert_true(traces_state(p->t, "requests", "4711", "Message", "say \"no\""));
    assert_true(traces_state(p->t, "spns", "HTTP/NDES01", "Spn", ""));
    assert_true(traces_state(p->t, "spns", "HTTP/NDES01.contoso.example", "Spn", ""));
    assert_true(
        traces_state(p->t, "spns", "HTTP/NDES01.contoso.example", "Spn", "HTTP/NDES01.contoso.example"));
    assert_false(traces_state(p->t, "apppools", "SCEP", "Mood", "good"));
    assert_false(traces_state(p->t, "moods", "SCEP", "State", "good"));
    assert_true(traces_state_exists("certificates", "KeyReaders"));
    assert_false(traces_state_exists("certificates", "Readers"));
    finish(p);
    check_holds(
        p, "state/apppools.csv",
        "\xef\xbb\xbf\"Name\",\"State\",\"IdentityType\",\"UserName\",\"AutoStart\",\"QueueLength\","
        "\"MaxProcesses\",\"RapidFailProtection\",\"IdleTimeoutMinutes\",\"RecyclePeriodMinutes\"\r\n"
        "\"SCEP\",\"Stopped\",\"SpecificUser\",\"CONTOSO\\svc-ndes\",\"True\",\"1000\",\"1\",\"True\","
        "\"0\",\"0\"\r\n");
    check_holds(p, "state/requests.csv", "\"4711\",\"\",\"\",\"\",\"\",\"\",\"say \"\"no\"\"\"\r\n");
    check_file(
        p, "state/spns.csv",
        "\xef\xbb\xbf\"Spn\",\"Account\"\r\n\"HTTP/NDES01.contoso.example\",\"CONTOSO\\svc-ndes\"\r\n");
}

static void a_folder_that_is_in_use_is_refused(void **state)
{
    const struct place *p = *state;
    struct traces *other = NULL;
    struct err e = {0};
    const struct traces_config config = config_in(p->logs);
    CHECK_FAILS(traces_open(&config, &other, &e), &e, REASON_USAGE);
    assert_null(other);
}

static unsigned told;

static void count_failures(const struct err *e, void *user)
{
    (void)user;
    assert_int_equal(e->reason, REASON_IO);
    told++;
}

/* The folder goes away under it: told once, and again by whoever closes. */
static void a_failure_is_told_once(void **state)
{
    const struct place *p = *state;
    char logs[128], command[256];
    struct traces *t = NULL;
    struct err e = {0};
    snprintf(logs, sizeof logs, "%s/lost", p->root);
    struct traces_config config = config_in(logs);
    config.failed = count_failures;
    told = 0;
    CHECK_OK(traces_open(&config, &t, &e), &e);
    snprintf(command, sizeof command, "rm -rf %s", logs);
    assert_int_equal(system(command), 0);
    const struct traces_iis line = {.when_us = AT, .method = "GET", .status = 200};
    const struct traces_httperr other = {.when_us = AT, .status = 503};
    for (int i = 0; i < 3; i++) {
        traces_iis(t, &line);
        traces_httperr(t, &other);
    }
    assert_int_equal(told, 1);
    CHECK_FAILS(traces_close(t, &e), &e, REASON_IO);
    assert_int_equal(told, 1);
}

static void *write_many(void *user)
{
    struct traces *t = user;
    const struct traces_iis line = {.when_us = AT, .method = "GET", .stem = "/certsrv/mscep/", .status = 200};
    for (int i = 0; i < 2000; i++) {
        traces_iis(t, &line);
        if (i % 10 == 0)
            traces_event(t, AT, "NDES 29", NULL);
    }
    return NULL;
}

static void threads_do_not_mix_lines(void **state)
{
    struct place *p = *state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, p->t), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    finish(p);
    char *text = read_file(p, "u_ex260509.log");
    static const char line[] =
        "2026-05-09 21:30:11 192.0.2.10 GET /certsrv/mscep/ - 443 - - - - 200 0 0 0 0 0\r\n";
    size_t len = strlen(line);
    assert_int_equal(strlen(text), strlen(IIS_HEAD) + 8000 * len);
    for (size_t i = 0; i < 8000; i++)
        assert_memory_equal(text + strlen(IIS_HEAD) + i * len, line, len);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(iis_lines_have_the_default_fields_and_bytes, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(iis_writes_utf8_whatever_comes_in, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(long_queries_are_left_out, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(iis_begins_a_file_each_day, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(httperr_has_reason_and_queue, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(events_look_as_wevtutil_writes_them, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(classic_events_carry_codes_in_binary, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(logon_failures_split_the_account, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(exports_are_whole_at_any_moment, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(every_kind_can_be_written, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(module_and_registration_point_have_logs, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(tables_change_and_change_back, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(a_folder_that_is_in_use_is_refused, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(a_failure_is_told_once, open_logs, remove_logs),
        cmocka_unit_test_setup_teardown(threads_do_not_mix_lines, open_logs, remove_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
