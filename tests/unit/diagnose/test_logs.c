/* Folders of logs, as administrators gather them, and the cause that must be named. vectors/logs/expected.txt tells which. */
#include "diagnose/digest.h"
#include "diagnose/infer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct diagnose_logs *logs;
static struct diagnose_list list;
static struct err e;

static void begin(void)
{
    e = (struct err){0};
    assert_true(diagnose_logs_new(&logs, NULL, &e));
}

static void diagnose(void)
{
    struct diagnose_case about = {.logs = logs};
    assert_true(diagnose_case(&about, &list, &e));
}

static void end(void)
{
    diagnose_clear(&list);
    diagnose_logs_free(logs);
    logs = NULL;
}

static void read_text(const char *name, const char *text)
{
    struct evidence_sink sink = diagnose_logs_sink(logs);
    struct evidence_options how = {.stem = NULL};
    assert_true(evidence_read_bytes(span_of_text(text), name, EVIDENCE_UNKNOWN, &how, &sink, &e));
}

static const struct diagnosis *entry(const char *id)
{
    for (size_t i = 0; i < list.count; i++) {
        if (strcmp(list.items[i].cause->id, id) == 0)
            return &list.items[i];
    }
    return NULL;
}

static bool named(const char *id)
{
    if (entry(id) != NULL)
        return true;
    for (size_t i = 0; list.count > 0 && i < list.items[0].look_alike_count; i++) {
        if (strcmp(list.items[0].look_alikes[i], id) == 0)
            return true;
    }
    return false;
}

/* ---- folders ---- */

static void check(const char *folder, const char *cause, double least, char *also)
{
    const struct diagnosis *first = list.count > 0 ? &list.items[0] : NULL;
    if (strcmp(cause, "-") == 0) {
        for (size_t i = 0; i < list.count; i++) {
            if (list.items[i].confidence > 0.5)
                fail_msg("%s: invented %s, %f sure", folder, list.items[i].cause->id,
                         list.items[i].confidence);
        }
        return;
    }
    if (first == NULL || strcmp(first->cause->id, cause) != 0)
        fail_msg("%s: %s, not %s", folder, first != NULL ? first->cause->id : "nothing", cause);
    if (first->confidence < least)
        fail_msg("%s: only %f sure", folder, first->confidence);
    assert_true(first->evidence_count > 0);
    if (first->confidence < 0.9 && !first->decided && first->missing[0] == '\0')
        fail_msg("%s: does not say what is missing", folder);
    for (char *rest = also, *id; (id = strtok_r(rest, " \n", &rest)) != NULL;) {
        if (!named(id))
            fail_msg("%s: does not mention %s", folder, id);
    }
}

static void folders_tell_their_cause(void **state)
{
    (void)state;
    char line[400], folder[80], cause[80], path[160];
    double least = 0;
    int at = 0;
    FILE *f = fopen("vectors/logs/expected.txt", "r");
    assert_non_null(f);
    size_t count = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        if (line[0] == '#' || sscanf(line, "%79s %79s %lf%n", folder, cause, &least, &at) != 3)
            continue;
        snprintf(path, sizeof path, "vectors/logs/%s", folder);
        begin();
        struct evidence_sink sink = diagnose_logs_sink(logs);
        struct evidence_options how = {.stem = NULL};
        if (!evidence_read_folder(path, &how, &sink, &e))
            fail_msg("%s: %s", path, e.text);
        diagnose();
        check(folder, cause, least, line + at);
        end();
        count++;
    }
    fclose(f);
    assert_true(count >= 80);
}

/* ---- the tables ---- */

static bool is_problem(const char *id)
{
    for (size_t i = 0; i < diagnose_problem_count; i++) {
        if (strcmp(diagnose_problems[i].id, id) == 0)
            return true;
    }
    return false;
}

static void marks_name_what_there_is(void **state)
{
    (void)state;
    size_t by_kind[EVIDENCE_KIND_COUNT] = {0};
    for (size_t i = 0; i < marks_count(); i++) {
        const struct mark *m = marks_at(i);
        if (marks_find(m->id) != m)
            fail_msg("there are two marks %s", m->id);
        if (m->problem != NULL && !is_problem(m->problem))
            fail_msg("%s: there is no problem %s", m->id, m->problem);
        for (const struct speaks *s = m->speaks; s != NULL && s->cause != NULL; s++) {
            if (causes_find(s->cause) == NULL)
                fail_msg("%s: there is no cause %s", m->id, s->cause);
            assert_true(s->ratio > 0);
        }
        by_kind[m->kind]++;
    }
    for (size_t i = 0; i < EVIDENCE_KIND_COUNT; i++)
        assert_true(by_kind[i] <= MAX_MARKS);
}

/* Every cause that can be told by logs is told by some mark. */
static void causes_have_marks(void **state)
{
    (void)state;
    size_t without = 0;
    for (size_t i = 0; i < causes_count(); i++) {
        bool found = false;
        for (size_t k = 0; k < marks_count() && !found; k++) {
            for (const struct speaks *s = marks_at(k)->speaks; s != NULL && s->cause != NULL; s++)
                found |= strcmp(s->cause, causes_at(i)->id) == 0 && s->ratio > 1;
        }
        without += !found;
    }
    assert_true(without < causes_count() / 3); /* what is visible from outside, and what a code alone tells */
}

/* ---- odd input ---- */

static void nothing_is_wrong_with_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "hello\n",
        "#Fields: \n",
        "#Software: Microsoft Internet Information Services\n#Fields: date time sc-status\nx y z\n1 2 3\n",
        "<Event>",
        "<Events></Events>",
        "\xff\xfe<\0E",
        "{}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        begin();
        read_text("odd.log", texts[i]);
        diagnose();
        assert_int_equal(list.count, 0);
        end();
    }
}

static void memory_stays_bounded(void **state)
{
    (void)state;
    begin();
    struct buf text;
    buf_init(&text, (size_t)16 << 20);
    buf_append_text(
        &text, "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method "
               "cs-uri-stem cs-uri-query c-ip sc-status sc-substatus sc-win32-status time-taken\n");
    for (unsigned i = 0; i < 60000; i++)
        buf_appendf(&text,
                    "2026-05-%02u %02u:%02u:%02u 10.0.%u.%u GET /certsrv/mscep/mscep.dll operation=GetCACaps "
                    "10.1.%u.%u 500 0 "
                    "1346 5\n",
                    1 + i / 3600 % 28, i / 150 % 24, i / 60 % 60, i % 60, i / 250 % 250, i % 250,
                    i / 250 % 250, i % 250);
    struct evidence_sink sink = diagnose_logs_sink(logs);
    struct evidence_options how = {.stem = NULL};
    assert_true(evidence_read_bytes(buf_span(&text), "many.log", EVIDENCE_UNKNOWN, &how, &sink, &e));
    assert_true(logs->seen_count <= MAX_SEEN);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "impersonation-right-missing");
    buf_clear(&text);
    end();
}

/* Local times against UTC: where no event says the offset, the coincidences do. */
static void offset_is_found(void **state)
{
    (void)state;
    struct buf iis, csv;
    buf_init(&iis, (size_t)1 << 20);
    buf_init(&csv, (size_t)1 << 20);
    buf_append_text(&iis, "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip "
                          "cs-method cs-uri-stem "
                          "cs-uri-query c-ip sc-status sc-substatus sc-win32-status time-taken\n");
    buf_append_text(&csv, "\"TimeCreated\",\"Id\",\"LevelDisplayName\",\"ProviderName\",\"Message\"\r\n");
    for (unsigned i = 0; i < 40; i++) {
        unsigned minute = i * i % 59, second = i * 7 % 60, hour = 5 + i / 4;
        buf_appendf(&iis,
                    "2026-05-13 %02u:%02u:%02u 10.0.0.1 POST /certsrv/mscep/mscep.dll operation=PKIOperation "
                    "10.1.1.1 200 0 0 90\n",
                    hour, minute, second);
        buf_appendf(
            &csv,
            "\"13.05.2026 "
            "%02u:%02u:%02u\",\"31\",\"Fehler\",\"Microsoft-Windows-NetworkDeviceEnrollmentService\",\"Die "
            "Zertifikatanforderung kann nicht gesendet werden (0x80094012).\"\r\n",
            hour + 2, minute, second);
    }
    begin();
    struct evidence_sink sink = diagnose_logs_sink(logs);
    struct evidence_options how = {.stem = NULL};
    assert_true(evidence_read_bytes(buf_span(&iis), "u.log", EVIDENCE_UNKNOWN, &how, &sink, &e));
    assert_true(evidence_read_bytes(buf_span(&csv), "e.csv", EVIDENCE_UNKNOWN, &how, &sink, &e));
    diagnose();
    struct diagnose_read read = diagnose_logs_read(logs);
    assert_true(read.local_times && read.offset_known);
    assert_int_equal(read.offset_us / 60000000, 120);
    assert_string_equal(list.items[0].cause->id, "template-permission-denied");
    buf_clear(&iis);
    buf_clear(&csv);
    end();
}

/* ---- a run and the logs of its time ---- */

#define RUN_START INT64_C(1747130400000000) /* 2025-05-13 10:00:00 UTC */

static void run_failed(struct measure *m, unsigned from_s, unsigned to_s, int status, const char *server,
                       enum outcome_body body)
{
    struct outcome_sink sink = measure_sink(m);
    for (unsigned s = from_s; s < to_s; s++) {
        struct outcome o = {.device = s,
                            .end = OUTCOME_FAILED,
                            .scheduled_us = (int64_t)s * 1000000,
                            .started_us = (int64_t)s * 1000000,
                            .finished_us = (int64_t)s * 1000000 + 40000,
                            .http_status = status,
                            .body = body,
                            .fail_info = -1};
        snprintf(o.server, sizeof o.server, "%s", server);
        err_set(&o.error, STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, "GetCACaps: HTTP %d", status);
        sink.arrival(sink.user, o.scheduled_us, false);
        sink.start(sink.user, o.scheduled_us, o.started_us, false);
        sink.device(sink.user, &o);
    }
}

static void diagnose_both(int status, const char *server, enum outcome_body body)
{
    struct measure *m = NULL;
    struct outcome_target target = {.bare_url_status = status};
    assert_true(measure_new(&m, &e));
    run_failed(m, 0, 30, status, server, body);
    struct diagnose_case about = {.measure = m,
                                  .target = &target,
                                  .started_us = RUN_START,
                                  .ended_us = RUN_START + 40 * INT64_C(1000000),
                                  .now_s = RUN_START / 1000000,
                                  .logs = logs};
    assert_true(diagnose_case(&about, &list, &e));
    measure_free(m);
}

static void read_lines(const char *name, const char *head, const char *line, unsigned first_minute,
                       unsigned last_minute)
{
    struct buf text;
    buf_init(&text, (size_t)1 << 20);
    buf_append_text(&text, head);
    for (unsigned s = first_minute * 60; s < last_minute * 60; s += 3)
        buf_appendf(&text, "2025-05-13 10:%02u:%02u %s\n", s / 60, s % 60, line);
    read_text(name, buf_text(&text));
    buf_clear(&text);
}

#define IIS_HEAD                                                                                             \
    "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method "            \
    "cs-uri-stem cs-uri-query c-ip "                                                                         \
    "sc-status sc-substatus sc-win32-status time-taken\n"

static void failing_messages_are_no_failed_start(void **state)
{
    (void)state;
    begin();
    read_lines("u.log", IIS_HEAD,
               "10.0.0.1 GET /certsrv/mscep/mscep.dll operation=GetCACaps 10.1.1.1 200 0 0 5", 0, 2);
    read_lines("u2.log", IIS_HEAD,
               "10.0.0.1 POST /certsrv/mscep/mscep.dll operation=PKIOperation 10.1.1.1 500 0 0 5", 0, 2);
    diagnose();
    assert_non_null(entry("malformed-pkimessage"));
    assert_true(named("message-encrypted-to-wrong-cert"));
    assert_null(entry("ra-cert-expired"));
    end();
}

/* A module that is refused can take its pool along. */
static void a_refused_module_explains_the_dead_pool(void **state)
{
    (void)state;
    begin();
    read_lines("u.log", IIS_HEAD,
               "10.0.0.1 POST /CertificateRegistrationSvc/Certificate/VerifyRequest - 10.0.0.1 401 2 5 5", 0,
               1);
    read_lines("httperr1.log",
               "#Software: Microsoft HTTP API 2.0\n#Fields: date time c-ip c-port s-ip s-port cs-version "
               "cs-method cs-uri sc-status s-siteid s-reason s-queuename\n",
               "10.1.1.1 5000 10.0.0.1 443 HTTP/1.1 GET /certsrv/mscep/mscep.dll?operation=GetCACaps 503 1 "
               "AppOffline SCEP",
               1, 3);
    diagnose();
    assert_true(list.count > 0);
    assert_string_equal(list.items[0].cause->id, "crp-windows-auth");
    end();
}

static void logs_settle_what_a_run_leaves_open(void **state)
{
    (void)state;
    begin();
    read_lines("u.log", IIS_HEAD,
               "10.0.0.1 GET /certsrv/mscep/mscep.dll operation=GetCACaps 10.1.1.1 500 0 1346 5", 0, 2);
    diagnose_both(500, "Microsoft-IIS/10.0", OUTCOME_BODY_IIS);
    assert_string_equal(list.items[0].cause->id, "impersonation-right-missing");
    assert_true(list.items[0].confidence > 0.9 && list.items[0].decided);
    assert_true(list.items[0].share > 0.99);
    assert_int_equal(diagnose_logs_read(logs).contradiction_count, 0);
    end();
}

/* The run saw 502; the server answered everything with 200. */
static void contradictions_are_told(void **state)
{
    (void)state;
    begin();
    read_lines("u.log", IIS_HEAD,
               "10.0.0.1 GET /certsrv/mscep/mscep.dll operation=GetCACaps 10.1.1.1 200 0 0 5", 0, 2);
    diagnose_both(502, "nginx", OUTCOME_BODY_HTML);
    assert_string_equal(list.items[0].cause->id, "app-proxy-bad-gateway");
    assert_true(list.items[0].confidence > 0.8);
    assert_int_equal(diagnose_logs_read(logs).contradiction_count, 1);
    end();
}

/* What happened at another time is no part of the run. */
static void other_times_stay_out(void **state)
{
    (void)state;
    begin();
    read_lines("u.log", IIS_HEAD,
               "10.0.0.1 GET /certsrv/mscep/mscep.dll operation=GetCACaps 10.1.1.1 404 2 1260 5", 30, 40);
    diagnose_both(503, "Microsoft-HTTPAPI/2.0", OUTCOME_BODY_HTTPSYS);
    assert_null(entry("isapi-not-allowed"));
    assert_string_equal(list.items[0].cause->class_id, "L2/L3");
    assert_true(list.items[0].missing[0] != '\0');
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_tell_their_cause),
        cmocka_unit_test(marks_name_what_there_is),
        cmocka_unit_test(causes_have_marks),
        cmocka_unit_test(nothing_is_wrong_with_nothing),
        cmocka_unit_test(logs_settle_what_a_run_leaves_open),
        cmocka_unit_test(failing_messages_are_no_failed_start),
        cmocka_unit_test(a_refused_module_explains_the_dead_pool),
        cmocka_unit_test(contradictions_are_told),
        cmocka_unit_test(other_times_stay_out),
        cmocka_unit_test(memory_stays_bounded),
        cmocka_unit_test(offset_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
