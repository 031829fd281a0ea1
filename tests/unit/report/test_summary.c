#include "report_facts.h"

#include <jansson.h>

static json_t *summary_of(struct fixture *f, struct report_verdict *verdict)
{
    struct err e = {0};
    struct buf text;
    buf_init(&text, (size_t)16 << 20);
    *verdict = (struct report_verdict){0};
    assert_true(report_summary_json(&f->run, verdict, &text, &e));
    json_t *tree = json_loadb((const char *)text.data, text.len, 0, NULL);
    assert_non_null(tree);
    buf_clear(&text);
    return tree;
}

static int exit_of(struct fixture *f)
{
    struct report_verdict verdict;
    json_decref(summary_of(f, &verdict));
    return verdict.exit_code;
}

static void has_keys(const json_t *object, const char *keys)
{
    char list[400];
    snprintf(list, sizeof list, "%s", keys);
    char *rest = NULL;
    for (char *key = strtok_r(list, " ", &rest); key != NULL; key = strtok_r(NULL, " ", &rest)) {
        if (json_object_get(object, key) == NULL)
            fail_msg("no key %s", key);
    }
}

static const json_t *at(const json_t *tree, const char *path)
{
    char copy[120];
    snprintf(copy, sizeof copy, "%s", path);
    char *rest = NULL;
    for (char *key = strtok_r(copy, ".", &rest); key != NULL; key = strtok_r(NULL, ".", &rest))
        tree = json_object_get(tree, key);
    return tree;
}

#define HISTOGRAM "count min mean p50 p90 p95 p99 p999 max"

static void fill_mixed(struct fixture *f)
{
    fact_enrolled(&f->sink, 0, 90, 0);
    struct outcome bad = fact_failure(90, 1000000, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
    bad.http_status = 200;
    bad.body = OUTCOME_BODY_CERTREP;
    bad.fail_info = 1;
    bad.has_hresult = true;
    bad.hresult = 0x80070490;
    bad.otp_fingerprint = 5;
    bad.exemplar.body = span_of_text("x");
    snprintf(bad.text, sizeof bad.text, "refused \xff by\n<policy>");
    fact_step(&f->sink, &bad, STAGE_PKI_OPERATION, 2000);
    fact_repeat(&f->sink, bad, 10);
    f->target.cert_count = 1;
    snprintf(f->target.certs[0].role, sizeof f->target.certs[0].role, "ra");
    snprintf(f->target.certs[0].subject, sizeof f->target.certs[0].subject, "CN=RA");
    f->target.certs[0].not_after = 1900000000;
    f->target.cap_count = 1;
    snprintf(f->target.caps[0], sizeof f->target.caps[0], "SHA-256");
    fixture_diagnose(f);
}

static void every_promised_field_is_there(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    fill_mixed(f);
    json_t *s = summary_of(f, &verdict);
    assert_string_equal(json_string_value(json_object_get(s, "schema")), "scepstorm/summary/1");
    has_keys(s, "tool scenario started_at duration_s target devices rates latency_ms steps failures "
                "diagnosis correctness otp "
                "generator validity slo");
    has_keys(at(s, "tool"), "version openssl libcurl libuv");
    has_keys(at(s, "scenario"), "name sha256 seed");
    has_keys(at(s, "target"), "url server_header capabilities certificates");
    has_keys(json_array_get(at(s, "target.certificates"), 0),
             "role subject issuer serial not_before not_after sha256");
    has_keys(at(s, "devices"), "planned started enrolled failed unsent abandoned refused_as_expected");
    has_keys(at(s, "rates"), "offered_per_s achieved_per_s requests_per_s");
    has_keys(at(s, "latency_ms.enrollment"), HISTOGRAM);
    has_keys(at(s, "latency_ms.service"), HISTOGRAM);
    has_keys(at(s, "latency_ms.start_lag"), HISTOGRAM);
    assert_int_equal(json_object_size(at(s, "steps")), 1); /* only those that happened */
    has_keys(at(s, "steps.pki_operation"), "latency_ms count failed bytes_sent bytes_received");
    has_keys(at(s, "steps.pki_operation.latency_ms"), HISTOGRAM);
    has_keys(at(s, "correctness"),
             "serials_unique key_mismatch subject_mismatch nonce_mismatch transaction_mismatch "
             "chain_failures duplicate_otp expectation_failures renewal_same_certificate "
             "certificate_missing");
    has_keys(at(s, "verdicts.strict"), "accepted refused");
    has_keys(at(s, "verdicts.persona"), "accepted refused");
    has_keys(at(s, "verdicts"), "differ");
    has_keys(at(s, "follow_ups"), "renewal get_cert get_crl get_next_ca_cert");
    has_keys(at(s, "follow_ups.renewal"), "tried ok failed not_announced");
    assert_true(json_is_object(at(s, "personas")));
    has_keys(at(s, "otp"), "source scheme fetched used burnt expired left lost unanswered failed cache_full "
                           "cache_full_onsets outstanding_max limit held_back age_at_use_ms fetch_ms hold_ms "
                           "capacity");
    has_keys(at(s, "otp.age_at_use_ms"), HISTOGRAM);
    has_keys(
        at(s, "generator"),
        "cpu_s cpu_per_enrollment_ms loop_stall_ms peak_rss_bytes bytes_per_device open_connections_max");
    has_keys(at(s, "validity"), "verdict reasons");
    has_keys(at(s, "slo"), "verdict checks");
    has_keys(json_array_get(at(s, "failures"), 0),
             "stage reason http_status fail_info hresult text count share first_at_s last_at_s exemplar");
    has_keys(json_array_get(at(s, "diagnosis"), 0),
             "cause class title confidence share stage evidence look_alikes decided_by "
             "steps resolution device_symptoms sources");
    json_decref(s);
}

static void values_have_the_promised_form(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    fill_mixed(f);
    json_t *s = summary_of(f, &verdict);
    const json_t *failure = json_array_get(at(s, "failures"), 0);
    assert_string_equal(json_string_value(json_object_get(failure, "hresult")), "0x80070490");
    assert_string_equal(json_string_value(json_object_get(failure, "text")), "refused ? by\n<policy>");
    assert_string_equal(json_string_value(json_object_get(failure, "exemplar")),
                        "evidence/01-pki_operation-scep_failure-0x80070490.json");
    assert_int_equal(json_integer_value(json_object_get(failure, "count")), 10);
    assert_true(json_number_value(json_object_get(failure, "share")) == 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(at(s, "diagnosis"), 0), "cause")),
                        "password-wrong");
    assert_int_equal(json_integer_value(at(s, "devices.planned")), 100);
    assert_true(json_number_value(at(s, "latency_ms.enrollment.min")) == 100);
    assert_true(json_is_true(at(s, "correctness.serials_unique")));
    assert_string_equal(json_string_value(at(s, "target.server_header")) == NULL ? "null" : "text", "null");
    json_decref(s);
}

static void nothing_measured_is_0_beside_count_0(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    f->run.otp = NULL;
    json_t *s = summary_of(f, &verdict);
    assert_int_equal(json_integer_value(at(s, "latency_ms.enrollment.count")), 0);
    assert_true(json_is_number(at(s, "latency_ms.enrollment.p95")));
    assert_true(json_number_value(at(s, "latency_ms.enrollment.p95")) == 0);
    assert_int_equal(json_integer_value(at(s, "otp.fetched")), 0);
    assert_true(json_is_null(at(s, "generator.cpu_per_enrollment_ms")));
    assert_string_equal(json_string_value(at(s, "slo.verdict")), "none");
    assert_int_equal(verdict.exit_code, 3);
    assert_true(verdict.none_enrolled);
    json_decref(s);
}

static void passwords_in_urls_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    snprintf(f->target.url, sizeof f->target.url,
             "https://svc:geheim@ndes.example.test/certsrv/mscep/mscep.dll");
    json_t *s = summary_of(f, &verdict);
    assert_string_equal(json_string_value(at(s, "target.url")),
                        "https://ndes.example.test/certsrv/mscep/mscep.dll");
    json_decref(s);
}

struct slo_row {
    const char *expression;
    bool ok;
};

static void slos_follow_paths(void **state)
{
    static const struct slo_row rows[] = {
        {"enrolled >= 90%", true},
        {"enrolled > 90%", false},
        {"failed <= 10%", true},
        {"failed < 10%", false},
        {"enrolled >= 90", true},
        {"latency.enrollment.p95 < 3s", true},
        {"latency.enrollment.p95 < 50ms", false},
        {"latency.enrollment.max < 101ms", true},
        {"steps.pki_operation.p99 < 3ms", true},
        {"steps.pki_operation.p99 < 1ms", false},
        {"steps.get_ca_caps.p99 < 1h", false}, /* no data */
        {"rates.offered_per_s > 10/s", true},
        {"correctness.duplicate_otp == 0", true},
        {"otp.fetched == 0", true},
    };
    struct fixture *f = *state;
    fill_mixed(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report_verdict verdict;
        f->run.slo = &rows[i].expression;
        f->run.slo_count = 1;
        json_t *s = summary_of(f, &verdict);
        const json_t *check = json_array_get(at(s, "slo.checks"), 0);
        has_keys(check, "expression value ok");
        if (json_is_true(json_object_get(check, "ok")) != rows[i].ok ||
            (verdict.slo == REPORT_SLO_PASS) != rows[i].ok)
            fail_msg("%s", rows[i].expression);
        assert_int_equal(verdict.exit_code, rows[i].ok ? 0 : 3);
        json_decref(s);
    }
}

static void exit_codes_follow_the_contract(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(exit_of(f), 3); /* none enrolled */
    fact_enrolled(&f->sink, 0, 100, 0);
    assert_int_equal(exit_of(f), 0);
    f->run.stopped_early = "error budget of 20% spent";
    assert_int_equal(exit_of(f), 3);
    f->generator.limit_errors = 1;
    assert_int_equal(exit_of(f), 4);
    f->run.interrupted = true;
    assert_int_equal(exit_of(f), 130);
    f->run.interrupted = false;
    f->run.stopped_early = NULL;
    f->generator.limit_errors = 0;
    assert_int_equal(exit_of(f), 0);
    struct outcome defect = fact_device(100, OUTCOME_ENROLLED, 0);
    defect.subject_mismatch = true;
    fact_tell(&f->sink, &defect);
    assert_int_equal(exit_of(f), 3);
}

static const char *validity_of(struct fixture *f, char *reasons, size_t bytes)
{
    static char verdict_text[16];
    struct report_verdict verdict;
    json_t *s = summary_of(f, &verdict);
    snprintf(verdict_text, sizeof verdict_text, "%s", json_string_value(at(s, "validity.verdict")));
    reasons[0] = '\0';
    for (size_t i = 0; i < json_array_size(at(s, "validity.reasons")); i++) {
        size_t used = strlen(reasons);
        snprintf(reasons + used, bytes - used, "%s\n",
                 json_string_value(json_array_get(at(s, "validity.reasons"), i)));
    }
    json_decref(s);
    return verdict_text;
}

static void late_device(struct fixture *f, uint64_t device, int64_t lag_us)
{
    struct outcome o = fact_device(device, OUTCOME_ENROLLED, (int64_t)device * 10000);
    o.started_us += lag_us;
    o.finished_us += lag_us;
    fact_tell(&f->sink, &o);
}

static void one_soft_rule_is_suspect_two_are_invalid(void **state)
{
    struct fixture *f = *state;
    char reasons[2000];
    f->run.otp = NULL;
    for (uint64_t i = 0; i < 1000; i++)
        late_device(f, i, i % 20 == 0 ? 20000 : 0);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    assert_non_null(strstr(reasons, "p99 of the start lag is 20"));
    const char *slo = "latency.enrollment.p95 < 3s"; /* 1% of it: 30 ms are fine */
    f->run.slo = &slo;
    f->run.slo_count = 1;
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "valid");
    f->run.slo_count = 0;
    f->generator.cpu_us = 17000000; /* of 2 x 10 s */
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "invalid");
    assert_non_null(strstr(reasons, "85% of the 2 cores"));
}

static void stalls_and_limits_are_judged(void **state)
{
    struct fixture *f = *state;
    char reasons[2000];
    fact_enrolled(&f->sink, 0, 100, 0);
    f->sink.loop_stall(f->sink.user, 100000);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "valid");
    f->sink.loop_stall(f->sink.user, 150000);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    struct outcome unsent = fact_device(200, OUTCOME_UNSENT, 0);
    unsent.error.reason = REASON_OTP_EXHAUSTED; /* the scenario's budget */
    fact_tell(&f->sink, &unsent);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    unsent.error.reason = REASON_IN_FLIGHT;
    fact_tell(&f->sink, &unsent);
    unsent.error.reason = REASON_KEYS_EXHAUSTED;
    fact_tell(&f->sink, &unsent);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "invalid");
    assert_non_null(strstr(reasons, "2 devices were never sent"));
}

/* Whatever was done by hand is no fault of the machine, but no plan either. */
static void a_steered_load_is_suspect_at_most(void **state)
{
    struct fixture *f = *state;
    char reasons[2000];
    fact_enrolled(&f->sink, 0, 100, 0);
    f->run.steered = true;
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    assert_non_null(strstr(reasons, "by keyboard"));
    f->sink.loop_stall(f->sink.user, 150000);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    assert_int_equal(exit_of(f), 0);
}

/* Each by itself makes a run suspect, and says what to change. */
static void the_machine_itself_is_judged(void **state)
{
    struct fixture *f = *state;
    const struct outcome_generator quiet = f->generator;
    const struct {
        struct outcome_generator strained;
        const char *says, *change;
    } rows[] = {
        {{.throttled = 3}, "quota took the processor away 3 times", "raise the CPU limit"},
        {{.loop_cpu_us = 9000000}, "one thread, was busy during 90%", "lower the rate"},
        {{.swapped_in = 12}, "12 pages back from swap", "more memory"},
        {{.clock_step_us = -1}, NULL, NULL}, /* filled in below: a step is no share of anything */
        {{.cpu_us = 19000000}, "95% of the 2 cores", "more cores"},
        {{.cpu_wait_us = 5000000}, "stood in line for a processor during 50%", "stop other work"},
    };
    char reasons[2000];
    fact_enrolled(&f->sink, 0, 100, 0);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "valid");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f->generator = rows[i].strained;
        f->generator.wall_us = quiet.wall_us;
        f->generator.cores = quiet.cores;
        bool step = rows[i].says == NULL;
        f->generator.clock_step_us = step ? 2000000 : 100000; /* 100 ms are allowed */
        assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
        if (strstr(reasons, step ? "was set by 2.00 s" : rows[i].says) == NULL ||
            strstr(reasons, step ? "let NTP settle" : rows[i].change) == NULL)
            fail_msg("%s", reasons);
    }
    f->generator = quiet;
    f->generator.swapped_in = f->generator.throttled = 1;
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "invalid");
}

static void devices_without_passwords_are_suspect_at_most(void **state)
{
    struct fixture *f = *state;
    char reasons[2000];
    fact_enrolled(&f->sink, 0, 100, 0);
    struct outcome unsent = fact_device(100, OUTCOME_UNSENT, 0);
    unsent.error.reason = REASON_OTP_EXHAUSTED;
    fact_tell(&f->sink, &unsent);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    assert_non_null(strstr(reasons, "1 devices were never sent for want of one-time passwords: raise"));
    f->otp.source = "file";
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    assert_non_null(strstr(reasons, "challenge.file ran out"));
}

/* A small password cache is the scenario's budget: never more than suspect, however late the devices were. */
static void waiting_for_passwords_is_suspect_at_most(void **state)
{
    struct fixture *f = *state;
    char reasons[2000];
    f->otp.held_back = true; /* and not one of them fetched: also when the page never answers */
    for (uint64_t i = 0; i < 100; i++)
        late_device(f, i, (int64_t)i * 100000);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    assert_non_null(strstr(reasons, "waited for a one-time password"));
    assert_non_null(strstr(reasons, "of the offered rate"));

    f->generator.held_back = true; /* not only the passwords */
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "invalid");
    assert_non_null(strstr(reasons, "limits.in_flight held arrivals back"));
    f->generator.held_back = false;
    f->otp.held_back = false;
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "invalid");
    assert_non_null(strstr(reasons, "this machine held arrivals back"));
}

/* On a machine that is busy with other things: the excuse of the passwords does not hold. */
static void standing_in_line_for_a_processor_is_judged(void **state)
{
    struct fixture *f = *state;
    char reasons[2000];
    fact_enrolled(&f->sink, 0, 1000, 0);
    f->generator.cpu_wait_us = 1900000; /* of 10 s */
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "valid");
    f->generator.cpu_wait_us = 4500000;
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "suspect");
    assert_non_null(strstr(reasons, "stood in line for a processor during 45% of the run"));
    f->otp.held_back = true;
    for (uint64_t i = 1000; i < 1100; i++)
        late_device(f, i, 20000);
    assert_string_equal(validity_of(f, reasons, sizeof reasons), "invalid");
}

/* Ten devices, one every 10 ms: 100 per second, although the last one started after 90 ms. */
static void rates_count_intervals(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    fact_enrolled(&f->sink, 0, 10, 0);
    json_t *s = summary_of(f, &verdict);
    assert_true(json_number_value(at(s, "rates.offered_per_s")) == 100);
    assert_true(json_number_value(at(s, "rates.achieved_per_s")) == 100);
    json_decref(s);
}

/* A server may call an answer "Issued" that is not for this device: the words are ours then. */
static void failures_have_the_words_of_who_refused(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct outcome bad = fact_failure(0, 0, STAGE_VERIFY, REASON_TRANSACTION_MISMATCH);
    snprintf(bad.text, sizeof bad.text, "Issued");
    snprintf(bad.error.text, sizeof bad.error.text, "transactionID \"A\" instead of \"B\"");
    fact_tell(&f->sink, &bad);
    json_t *s = summary_of(f, &verdict);
    assert_string_equal(json_string_value(json_object_get(json_array_get(at(s, "failures"), 0), "text")),
                        bad.error.text);
    json_decref(s);
}

static void catalogue_is_printed_as_json(void **state)
{
    (void)state;
    struct buf text;
    struct err e = {0};
    buf_init(&text, (size_t)16 << 20);
    const struct cause *all[1000];
    assert_true(causes_count() <= 1000);
    for (size_t i = 0; i < causes_count(); i++)
        all[i] = causes_at(i);
    assert_true(report_causes_json(all, causes_count(), &text, &e));
    json_t *tree = json_loadb((const char *)text.data, text.len, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(tree, "causes")), causes_count());
    has_keys(json_array_get(json_object_get(tree, "causes"), 0),
             "id title mode stage class runbook signature decided_by steps resolution prevention "
             "device_symptoms sources basis "
             "simulated runbook_lines stages codes");
    json_decref(tree);
    buf_reset(&text);
    const struct cause *one = causes_find("otp-cache-full");
    assert_true(report_causes_json(&one, 1, &text, &e));
    tree = json_loadb((const char *)text.data, text.len, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(tree, "causes")), 1);
    json_decref(tree);
    buf_clear(&text);
}

static void the_whole_protocol_is_counted(void **state)
{
    struct fixture *f = *state;
    struct report_verdict verdict;
    struct outcome mix[3];
    static const char *const slo[] = {"personas.ios.p95 < 3s",           "personas.windows.failed == 1",
                                      "follow_ups.renewal.failed == 1",  "verdicts.differ == 1",
                                      "correctness.nonce_mismatch == 1", "refused_as_expected == 0"};
    f->run.slo = slo;
    f->run.slo_count = sizeof slo / sizeof slo[0];
    fixture_mix(f, mix);
    for (size_t i = 0; i < 3; i++)
        fact_tell(&f->sink, &mix[i]);
    json_t *s = summary_of(f, &verdict);
    assert_int_equal(json_integer_value(at(s, "personas.ios.planned")), 2);
    assert_int_equal(json_integer_value(at(s, "personas.ios.enrolled")), 2);
    assert_int_equal(json_integer_value(at(s, "personas.windows.failed")), 1);
    has_keys(at(s, "personas.ios.latency_ms"), HISTOGRAM);
    assert_int_equal(json_integer_value(at(s, "verdicts.strict.accepted")), 2);
    assert_int_equal(json_integer_value(at(s, "verdicts.strict.refused")), 1);
    assert_int_equal(json_integer_value(at(s, "verdicts.persona.accepted")), 3);
    assert_int_equal(json_integer_value(at(s, "verdicts.differ")), 1);
    assert_int_equal(json_integer_value(at(s, "follow_ups.renewal.tried")), 2);
    assert_int_equal(json_integer_value(at(s, "follow_ups.renewal.ok")), 1);
    assert_int_equal(json_integer_value(at(s, "follow_ups.get_next_ca_cert.not_announced")), 1);
    assert_int_equal(json_array_size(at(s, "failures")), 2);
    bool renewal = false;
    for (size_t i = 0; i < 2; i++) {
        const json_t *failure = json_array_get(at(s, "failures"), i);
        assert_true(json_number_value(json_object_get(failure, "share")) == 0.5);
        renewal |= strcmp(json_string_value(json_object_get(failure, "stage")), "renewal") == 0 &&
                   json_is_string(json_object_get(failure, "follow_up"));
    }
    assert_true(renewal);
    for (size_t i = 0; i < f->run.slo_count; i++) {
        const json_t *check = json_array_get(at(s, "slo.checks"), i);
        if (!json_is_true(json_object_get(check, "ok")))
            fail_msg("%s", slo[i]);
    }
    assert_true(verdict.defects);
    assert_int_equal(verdict.exit_code, 3);
    json_decref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)
        TEST(every_promised_field_is_there),
        TEST(values_have_the_promised_form),
        TEST(nothing_measured_is_0_beside_count_0),
        TEST(passwords_in_urls_are_left_out),
        TEST(slos_follow_paths),
        TEST(exit_codes_follow_the_contract),
        TEST(one_soft_rule_is_suspect_two_are_invalid),
        TEST(stalls_and_limits_are_judged),
        TEST(a_steered_load_is_suspect_at_most),
        TEST(the_machine_itself_is_judged),
        TEST(devices_without_passwords_are_suspect_at_most),
        TEST(waiting_for_passwords_is_suspect_at_most),
        TEST(the_whole_protocol_is_counted),
        TEST(standing_in_line_for_a_processor_is_judged),
        TEST(rates_count_intervals),
        TEST(failures_have_the_words_of_who_refused),
        TEST(catalogue_is_printed_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
