/* Look-alikes that facts of the run, or one more line of a log, tell apart. */
#include "diagnose/digest.h"
#include "diagnose/parts.h"
#include "run_facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW        1780000000 /* 2026-05-28 */
#define IIS        "Microsoft-IIS/10.0"
#define HEAD_BYTES 150 /* of a request, beside its query */

static struct measure *m;
static struct outcome_sink sink;
static struct outcome_target target;
static struct outcome_otp otp;
static struct diagnose_list list;

static int set_up(void **state)
{
    (void)state;
    target = (struct outcome_target){.bare_url_status = 200};
    snprintf(target.url, sizeof target.url, "https://ndes.example/certsrv/mscep/mscep.dll");
    otp = (struct outcome_otp){0};
    list = (struct diagnose_list){0};
    if (!measure_new(&m, NULL))
        return -1;
    sink = measure_sink(m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    diagnose_clear(&list);
    measure_free(m);
    return 0;
}

static const char *diagnose(void)
{
    struct err e = {0};
    diagnose_clear(&list);
    assert_true(diagnose_run(m, &target, &otp, NOW, &list, &e));
    assert_true(list.count > 0);
    return list.items[0].cause->id;
}

static bool tells(const char *words)
{
    for (size_t i = 0; i < list.items[0].evidence_count; i++) {
        if (strstr(list.items[0].evidence[i], words) != NULL)
            return true;
    }
    return false;
}

static bool has_look_alike(const char *id)
{
    for (size_t i = 0; i < list.items[0].look_alike_count; i++) {
        if (strcmp(list.items[0].look_alikes[i], id) == 0)
            return true;
    }
    return false;
}

/* ---- lengths ---- */

/* A message of so many bytes, as a query or as a body, and what became of it. */
static void message(uint64_t device, size_t bytes, bool by_get, int status, enum reason reason)
{
    char url[sizeof target.url + 100];
    int64_t at_us = (int64_t)device * 100000;
    struct outcome o = reason == REASON_NONE ? fact_device(device, OUTCOME_ENROLLED, at_us)
                                             : fact_failure(device, at_us, STAGE_PKI_OPERATION, reason);
    snprintf(url, sizeof url, "%s?operation=PKIOperation%s", target.url, by_get ? "&message=" : "");
    size_t before = strlen("operation=PKIOperation&message=");
    if (by_get)
        snprintf(url + strlen(url), sizeof url - strlen(url), "[%zu characters]", bytes - before);
    o.http_status = status;
    o.body = reason == REASON_NONE ? OUTCOME_BODY_CERTREP : OUTCOME_BODY_IIS;
    snprintf(o.server, sizeof o.server, IIS);
    o.exemplar.url = span_of_text(url);
    const struct outcome_step step = {.device = device,
                                      .stage = STAGE_PKI_OPERATION,
                                      .failed = reason != REASON_NONE,
                                      .queued_us = at_us,
                                      .started_us = at_us,
                                      .finished_us = o.finished_us,
                                      .bytes_sent = HEAD_BYTES + bytes,
                                      .http_status = status};
    sink.step(sink.user, &step);
    fact_tell(&sink, &o);
}

/* Lengths from 1600 to 5200, in no order; those from `limit` on fail. */
static void many(size_t limit, bool by_get, int status, enum reason reason)
{
    for (unsigned i = 0; i < 80; i++) {
        size_t bytes = 1600 + i * 37 % 80 * 45;
        bool fails = bytes >= limit;
        message(i, bytes, by_get, fails ? status : 200, fails ? reason : REASON_NONE);
    }
}

static void a_line_at_4096_is_the_url(void **state)
{
    (void)state;
    many(4096 - strlen("/certsrv/mscep/mscep.dll"), true, 404, REASON_HTTP_STATUS);
    assert_string_equal(diagnose(), "iis-url-too-long");
    assert_true(list.items[0].confidence > 0.6);
    assert_true(tells("meanwhile those of"));
}

static void a_line_at_2048_is_the_query(void **state)
{
    (void)state;
    many(2049, true, 404, REASON_HTTP_STATUS);
    assert_string_equal(diagnose(), "iis-query-too-long");
    assert_true(list.items[0].confidence > 0.5);
}

/* As often among short ones as among long ones: no limit. */
static void no_line_is_what_stands_in_them(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 80; i++) {
        bool fails = i % 3 == 0;
        message(i, 1600 + i * 37 % 80 * 45, true, fails ? 404 : 200,
                fails ? REASON_HTTP_STATUS : REASON_NONE);
    }
    assert_string_equal(diagnose(), "double-escape-blocked");
}

static void a_refused_verb_knows_no_length(void **state)
{
    (void)state;
    target.cap_count = 1;
    snprintf(target.caps[0], sizeof target.caps[0], "POSTPKIOperation");
    many(0, false, 404, REASON_HTTP_STATUS);
    assert_string_equal(diagnose(), "post-not-accepted");
    assert_true(has_look_alike("iis-body-too-large"));
}

static void long_bodies_alone_are_a_limit(void **state)
{
    (void)state;
    many(3000, false, 404, REASON_HTTP_STATUS);
    assert_string_equal(diagnose(), "iis-body-too-large");
}

static void long_messages_alone_are_cut(void **state)
{
    (void)state;
    many(3000, false, 200, REASON_NOT_SCEP);
    assert_string_equal(diagnose(), "payload-truncated");
}

/* Where a share of the long ones gets through, too, the shortest that failed still tells. */
static void a_limit_on_one_of_two_servers(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 120; i++) {
        size_t bytes = 1600 + i * 37 % 80 * 45;
        bool fails = bytes >= 4072 && i % 2 == 0;
        message(i, bytes, true, fails ? 404 : 200, fails ? REASON_HTTP_STATUS : REASON_NONE);
    }
    diagnose();
    assert_string_not_equal(list.items[0].cause->id, "double-escape-blocked");
}

/* ---- who answers ---- */

static struct outcome answered(enum stage stage, int status, const char *server)
{
    struct outcome o = fact_failure(0, 0, stage, REASON_HTTP_STATUS);
    o.http_status = status;
    o.body = OUTCOME_BODY_HTML;
    snprintf(o.server, sizeof o.server, "%s", server);
    return o;
}

static void who_answers_all_but_messages_is_an_mdm(void **state)
{
    (void)state;
    fact_repeat(&sink, answered(STAGE_PKI_OPERATION, 502, "mdm"), 20);
    assert_string_equal(diagnose(), "mdm-cannot-reach-ndes");
    assert_true(has_look_alike("app-proxy-bad-gateway"));
}

static void a_gateway_fails_with_all(void **state)
{
    (void)state;
    fact_repeat(&sink, answered(STAGE_PKI_OPERATION, 502, "nginx"), 20);
    fact_repeat(&sink, answered(STAGE_GET_CA_CAPS, 502, "nginx"), 5);
    assert_string_equal(diagnose(), "app-proxy-bad-gateway");
}

static void no_answer_at_all_is_the_path(void **state)
{
    (void)state;
    fact_repeat(&sink, fact_failure(0, 0, STAGE_GET_CA_CAPS, REASON_REQUEST_TIMEOUT), 20);
    assert_string_equal(diagnose(), "network-path-blocked");
    assert_true(has_look_alike("server-busy"));
    fact_repeat(&sink, fact_failure(0, 0, STAGE_PKI_OPERATION, REASON_REQUEST_TIMEOUT), 5);
    assert_string_equal(diagnose(), "network-path-blocked");
}

static void the_file_tells_of_the_folder(void **state)
{
    (void)state;
    struct outcome o = answered(STAGE_OTP, 404, IIS);
    o.body = OUTCOME_BODY_IIS;
    fact_repeat(&sink, o, 20);
    assert_string_equal(diagnose(), "otp-endpoint-removed");
    assert_true(has_look_alike("mscep-admin-default-doc-missing"));
    target.otp_file_there = true;
    assert_string_equal(diagnose(), "mscep-admin-default-doc-missing");
    assert_true(list.items[0].confidence > 0.8);
    assert_true(tells("mscep.dll in it is there"));
}

/* The module was gone when somebody looked; what it refused is still its own. */
static void a_blob_is_verified_by_intune(void **state)
{
    (void)state;
    struct outcome o = fact_failure(0, 0, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
    o.http_status = 200;
    o.body = OUTCOME_BODY_CERTREP;
    o.fail_info = 2;
    o.challenge = OUTCOME_CHALLENGE_BLOB;
    fact_repeat(&sink, o, 20);
    assert_string_equal(diagnose(), "connector-stopped");
    assert_true(has_look_alike("policy-challenge-verify-false"));
}

/* ---- what arrived ---- */

static struct diagnose_logs *read_iis(const char *line, unsigned times)
{
    struct buf text;
    struct err e = {0};
    struct diagnose_logs *logs = NULL;
    buf_init(&text, (size_t)1 << 20);
    buf_append_text(&text, "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip "
                           "cs-method cs-uri-stem cs-uri-query c-ip sc-status sc-substatus sc-win32-status "
                           "sc-bytes cs-bytes time-taken\n");
    for (unsigned i = 0; i < times; i++)
        buf_appendf(&text, "2026-05-13 10:00:%02u 10.0.0.1 %s\n", i, line);
    assert_true(diagnose_logs_new(&logs, NULL, &e));
    struct evidence_sink to = diagnose_logs_sink(logs);
    struct evidence_options how = {.stem = NULL};
    assert_true(evidence_read_bytes(buf_span(&text), "u.log", EVIDENCE_UNKNOWN, &how, &to, &e));
    buf_clear(&text);
    return logs;
}

static const char *diagnose_with(struct diagnose_logs *logs, bool with_run)
{
    struct err e = {0};
    struct diagnose_case c = {.measure = with_run ? m : NULL, .target = &target, .now_s = NOW, .logs = logs};
    diagnose_clear(&list);
    assert_true(diagnose_case(&c, &list, &e));
    diagnose_logs_free(logs);
    assert_true(list.count > 0);
    return list.items[0].cause->id;
}

#define POSTED(bytes) "POST /certsrv/mscep/mscep.dll operation=PKIOperation 10.1.1.1 200 0 0 900 " bytes " 20"

static void bytes_that_never_arrived_were_cut(void **state)
{
    (void)state;
    many(0, false, 200, REASON_NOT_SCEP);
    assert_string_equal(diagnose(), "malformed-pkimessage");
    assert_string_equal(diagnose_with(read_iis(POSTED("1324"), 50), true), "payload-truncated");
    assert_string_not_equal(diagnose_with(read_iis(POSTED("3324"), 50), true), "payload-truncated");
}

/* The run sent 1750 bytes and more; headers alone arrived, where whole messages had before. */
static void a_message_without_its_body_was_stripped(void **state)
{
    (void)state;
    many(0, false, 200, REASON_NOT_SCEP);
    struct diagnose_logs *logs = read_iis(POSTED("312"), 50);
    struct evidence_sink to = diagnose_logs_sink(logs);
    struct evidence_options how = {.stem = NULL};
    struct err e = {0};
    assert_true(evidence_read_bytes(
        span_of_text("#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status cs-bytes\n"
                     "2026-05-13 09:00:00 POST /certsrv/mscep/mscep.dll operation=PKIOperation 200 3100\n"
                     "2026-05-13 09:00:01 POST /certsrv/mscep/mscep.dll operation=PKIOperation 200 3100\n"
                     "2026-05-13 09:00:02 POST /certsrv/mscep/mscep.dll operation=PKIOperation 200 3100\n"),
        "u.log", EVIDENCE_UNKNOWN, &how, &to, &e));
    assert_string_equal(diagnose_with(logs, true), "proxy-strips-query-or-body");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_line_at_4096_is_the_url),         TEST(a_line_at_2048_is_the_query),
        TEST(no_line_is_what_stands_in_them),    TEST(a_refused_verb_knows_no_length),
        TEST(long_bodies_alone_are_a_limit),     TEST(long_messages_alone_are_cut),
        TEST(a_limit_on_one_of_two_servers),     TEST(who_answers_all_but_messages_is_an_mdm),
        TEST(a_gateway_fails_with_all),          TEST(no_answer_at_all_is_the_path),
        TEST(the_file_tells_of_the_folder),      TEST(a_blob_is_verified_by_intune),
        TEST(bytes_that_never_arrived_were_cut), TEST(a_message_without_its_body_was_stripped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
