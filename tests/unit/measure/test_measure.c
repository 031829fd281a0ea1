#include "measure/measure.h"
#include "run_facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct measure *m;
static struct outcome_sink sink;

static int set_up(void **state)
{
    (void)state;
    if (!measure_new(&m, NULL))
        return -1;
    sink = measure_sink(m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    measure_free(m);
    return 0;
}

static void tell(struct outcome o)
{
    fact_tell(&sink, &o);
}

static void ends_are_counted(void **state)
{
    (void)state;
    fact_enrolled(&sink, 0, 3, 0);
    tell(fact_failure(3, 0, STAGE_TCP, REASON_CONNECTION_REFUSED));
    tell(fact_device(4, OUTCOME_ABANDONED, 0));
    struct outcome unsent = fact_device(5, OUTCOME_UNSENT, 0);
    unsent.error.reason = REASON_GENERATOR_LIMIT;
    tell(unsent);
    struct measure_devices d = measure_devices(m);
    assert_int_equal(d.planned, 6);
    assert_int_equal(d.started, 5);
    assert_int_equal(d.enrolled, 3);
    assert_int_equal(d.failed, 1);
    assert_int_equal(d.unsent, 1);
    assert_int_equal(d.abandoned, 1);
    assert_int_equal(d.started, d.enrolled + d.failed + d.abandoned);
    assert_int_equal(measure_load(m).offered, 6);
    assert_int_equal(measure_load(m).offered_last_us, 20000);
    assert_int_equal(measure_failure_count(m),
                     2); /* failed and unsent; abandoned says nothing about the server */
}

static void warm_up_counts_in_devices_only(void **state)
{
    (void)state;
    struct outcome o = fact_device(0, OUTCOME_ENROLLED, 0);
    o.warm_up = true;
    fact_step(&sink, &o, STAGE_PKI_OPERATION, 5000);
    tell(o);
    struct measure_step step;
    assert_int_equal(measure_devices(m).enrolled, 1);
    assert_int_equal(histogram_count(measure_enrollment(m)), 0);
    assert_int_equal(histogram_count(measure_start_lag(m)), 0);
    assert_false(measure_step(m, STAGE_PKI_OPERATION, &step));
}

static void latency_runs_from_the_schedule_and_counts_time_outs(void **state)
{
    (void)state;
    struct outcome o = fact_device(0, OUTCOME_ENROLLED, 0);
    o.started_us = 40000;
    tell(o);
    struct outcome late = fact_failure(1, 0, STAGE_PKI_OPERATION, REASON_REQUEST_TIMEOUT);
    late.timed_out = true;
    late.finished_us = 30000000;
    tell(late);
    tell(fact_failure(2, 0, STAGE_TCP, REASON_CONNECTION_REFUSED)); /* fast failures are no latency */
    assert_int_equal(histogram_count(measure_enrollment(m)), 2);
    assert_int_equal(histogram_min(measure_enrollment(m)), 100000);
    assert_int_equal(histogram_min(measure_service(m)), 60000);
    assert_int_equal(histogram_max(measure_enrollment(m)), 30000000);
    assert_int_equal(histogram_max(measure_start_lag(m)), 40000);
    assert_int_equal(histogram_count(measure_start_lag(m)), 3);
}

static void steps_add_up(void **state)
{
    (void)state;
    struct outcome ok = fact_device(0, OUTCOME_ENROLLED, 0);
    struct outcome bad = fact_failure(1, 0, STAGE_GET_CA_CERT, REASON_HTTP_STATUS);
    fact_step(&sink, &ok, STAGE_GET_CA_CERT, 3000);
    fact_step(&sink, &bad, STAGE_GET_CA_CERT, 4000);
    struct measure_step step;
    assert_true(measure_step(m, STAGE_GET_CA_CERT, &step));
    assert_int_equal(step.count, 2);
    assert_int_equal(step.failed, 1);
    assert_int_equal(step.bytes_sent, 200);
    assert_int_equal(step.bytes_received, 2000);
    assert_int_equal(histogram_max(step.latency), 4000);
    tell(bad);
    assert_int_equal(measure_failure(m, 0)->latency_max_us, 4000);
}

static void same_failures_share_a_group_most_frequent_first(void **state)
{
    (void)state;
    struct outcome a = fact_failure(0, 0, STAGE_GET_CA_CAPS, REASON_HTTP_STATUS);
    a.http_status = 503;
    a.exemplar.url = span_of_text("http://ndes.test/certsrv/mscep/mscep.dll?operation=GetCACaps");
    a.exemplar.headers = span_of_text("Server: Microsoft-HTTPAPI/2.0\n");
    a.exemplar.body = span_of_text("Service Unavailable");
    struct outcome b = a;
    b.http_status = 500;
    struct outcome c = b;
    c.has_hresult = true;
    c.hresult = 0x80070490;
    tell(a);
    fact_repeat(&sink, b, 3);
    fact_repeat(&sink, c, 2);
    assert_int_equal(measure_failure_count(m), 3);
    assert_int_equal(measure_failure(m, 0)->first.http_status, 500);
    assert_int_equal(measure_failure(m, 0)->count, 3);
    assert_int_equal(measure_failure(m, 0)->first_us, 100000);
    assert_int_equal(measure_failure(m, 0)->last_us, 120000);
    assert_int_equal(measure_failure(m, 1)->count, 2);
    const struct measure_failure *last = measure_failure(m, 2);
    assert_true(span_equal_text(buf_span(&last->body), "Service Unavailable"));
    assert_null(last->first.exemplar.body.data); /* borrowed spans do not survive */
}

/* Each refusal in other words is another failure; what a broken answer says beside it is not even true. */
static void words_count_only_in_refusals(void **state)
{
    (void)state;
    struct outcome lie = fact_failure(0, 0, STAGE_VERIFY, REASON_BAD_SIGNATURE);
    struct outcome refusal = fact_failure(1, 0, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
    const char *words[] = {"Issued", "Issuee", "Jssued"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(lie.text, sizeof lie.text, "%s", words[i]);
        snprintf(refusal.text, sizeof refusal.text, "%s", words[i]);
        tell(lie);
        tell(refusal);
    }
    assert_int_equal(measure_failure_count(m), 4);
    assert_int_equal(measure_failure(m, 0)->count, 3);
}

static void exemplars_are_cut(void **state)
{
    (void)state;
    static uint8_t big[100000];
    struct outcome o = fact_failure(0, 0, STAGE_PKI_OPERATION, REASON_NOT_SCEP);
    o.exemplar.body = span_of(big, sizeof big);
    tell(o);
    assert_int_equal(measure_failure(m, 0)->body.len, 65536);
}

static void failure_kinds_have_a_ceiling(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        struct outcome o = fact_failure(i, 0, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
        snprintf(o.text, sizeof o.text, "text %u", i);
        tell(o);
    }
    assert_int_equal(measure_failure_count(m), MEASURE_MAX_FAILURES);
    uint64_t sum = 0;
    for (size_t i = 0; i < MEASURE_MAX_FAILURES; i++)
        sum += measure_failure(m, i)->count;
    assert_int_equal(sum, 1000);
}

static void duplicates_are_noticed(void **state)
{
    (void)state;
    fact_enrolled(&sink, 0, 5000, 0);
    assert_true(measure_correctness(m).serials_unique);
    struct outcome again = fact_device(7, OUTCOME_ENROLLED, 0);
    snprintf(again.issuer, sizeof again.issuer, "CN=Another CA");
    tell(again); /* the same number from another issuer */
    assert_true(measure_correctness(m).serials_unique);
    tell(fact_device(7, OUTCOME_ENROLLED, 0));
    assert_false(measure_correctness(m).serials_unique);
    assert_int_equal(measure_correctness(m).duplicate_serials, 1);
}

static void duplicate_passwords_count_between_enrolled_devices(void **state)
{
    (void)state;
    struct outcome ok = fact_device(0, OUTCOME_ENROLLED, 0);
    ok.otp_fingerprint = 77;
    struct outcome refused = fact_failure(1, 0, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
    refused.otp_fingerprint = 77;
    tell(refused);
    tell(ok);
    tell(refused);
    assert_int_equal(measure_correctness(m).duplicate_otp, 0);
    assert_int_equal(measure_failure(m, 0)->otp.sent, 2);
    assert_int_equal(measure_failure(m, 0)->otp.used_before, 1);
    ok.device = 2;
    snprintf(ok.serial, sizeof ok.serial, "99");
    tell(ok);
    assert_int_equal(measure_correctness(m).duplicate_otp, 1);
    assert_int_equal(measure_otp_accepted_age_us(m), 0);
    ok.device = 3;
    ok.otp_fingerprint = 0;
    ok.otp_age_us = 0;
    ok.duplicate_otp = true; /* its source had handed it out before */
    tell(ok);
    assert_int_equal(measure_correctness(m).duplicate_otp, 2);
}

static void defects_are_counted(void **state)
{
    (void)state;
    struct outcome o = fact_failure(0, 0, STAGE_VERIFY, REASON_NONCE_MISMATCH);
    o.nonce_mismatch = o.transaction_mismatch = o.key_mismatch = o.subject_mismatch = o.chain_failure = true;
    tell(o);
    struct measure_correctness c = measure_correctness(m);
    assert_int_equal(c.nonce_mismatch, 1);
    assert_int_equal(c.transaction_mismatch, 1);
    assert_int_equal(c.key_mismatch, 1);
    assert_int_equal(c.subject_mismatch, 1);
    assert_int_equal(c.chain_failures, 1);
}

static void seconds_follow_the_run(void **state)
{
    (void)state;
    fact_enrolled(&sink, 0, 10, 0); /* all end in second 0 */
    struct outcome slow = fact_device(10, OUTCOME_ENROLLED, 500000);
    slow.finished_us = 3200000;
    tell(slow);
    tell(fact_failure(11, 3300000, STAGE_TCP, REASON_CONNECTION_REFUSED));
    assert_int_equal(measure_second_count(m), 4);
    struct measure_second s = measure_second(m, 0);
    assert_int_equal(s.offered, 11);
    assert_int_equal(s.started, 11);
    assert_int_equal(s.enrolled, 10);
    assert_int_equal(s.in_flight, 1);
    assert_true(s.p50_us >= 100000 && s.p50_us <= 100100);
    assert_int_equal(measure_second(m, 1).in_flight, 1);
    assert_int_equal(measure_second(m, 1).p50_us, 0);
    s = measure_second(m, 3);
    assert_int_equal(s.enrolled, 1);
    assert_int_equal(s.failed, 1);
    assert_int_equal(s.in_flight, 0);
    assert_true(s.p95_us >= 2700000 && s.p95_us <= 2703000);
}

static void personas_are_counted_apart(void **state)
{
    (void)state;
    struct outcome o = fact_device(0, OUTCOME_ENROLLED, 0);
    o.profile = 1;
    fact_repeat(&sink, o, 3);
    struct outcome bad = fact_failure(3, 0, STAGE_TCP, REASON_CONNECTION_REFUSED);
    bad.profile = 1;
    tell(bad);
    struct outcome other = fact_device(4, OUTCOME_ABANDONED, 0);
    other.profile = 2;
    tell(other);
    struct measure_persona p = measure_persona(m, 1);
    assert_int_equal(p.planned, 4);
    assert_int_equal(p.enrolled, 3);
    assert_int_equal(p.failed, 1);
    assert_int_equal(histogram_count(p.latency), 3);
    assert_int_equal(measure_persona(m, 2).planned, 1);
    assert_null(measure_persona(m, 2).latency);
    assert_int_equal(measure_persona(m, 0).planned, 0);
    assert_int_equal(measure_persona(m, 9999).planned, 0);
}

static void judge(uint64_t device, bool strict_ok, bool persona_ok, const char *failed_checks)
{
    struct outcome o = fact_device(device, strict_ok ? OUTCOME_ENROLLED : OUTCOME_FAILED, 0);
    o.judged = true;
    o.strict_ok = strict_ok;
    o.persona_ok = persona_ok;
    snprintf(o.failed_checks, sizeof o.failed_checks, "%s", failed_checks);
    tell(o);
}

static void two_verdicts(void **state)
{
    (void)state;
    tell(fact_failure(9, 0, STAGE_TCP, REASON_CONNECTION_REFUSED)); /* nothing to judge */
    judge(0, true, true, "");
    judge(1, false, true, "nonce");
    judge(2, false, true, "signer, nonce");
    judge(3, false, false, "key");
    judge(4, true, false, "validity");
    struct measure_verdicts v = measure_verdicts(m);
    assert_int_equal(v.strict_accepted, 2);
    assert_int_equal(v.strict_refused, 3);
    assert_int_equal(v.persona_accepted, 3);
    assert_int_equal(v.persona_refused, 2);
    assert_int_equal(v.lenient, 2);
    assert_int_equal(v.picky, 1);
    assert_string_equal(v.lenient_checks, "nonce, signer");
}

static struct outcome followed(uint64_t device, enum outcome_follow follow, enum outcome_result result,
                               enum reason reason)
{
    struct outcome o = fact_device(device, OUTCOME_ENROLLED, 0);
    struct outcome_follow_up *f = &o.follow[follow];
    f->result = result;
    f->started_us = 200000;
    f->finished_us = 250000;
    f->fail_info = -1;
    f->error.reason = reason;
    f->error.stage = reason == REASON_NONE ? STAGE_NONE : STAGE_PKI_OPERATION;
    return o;
}

static void tell_kind(const void *asked, struct buf *out)
{
    buf_appendf(out, "method: %s\n", (const char *)asked);
}

static void follow_ups_fail_beside_the_enrollment(void **state)
{
    (void)state;
    tell(followed(0, OUTCOME_RENEWAL, OUTCOME_OK, REASON_NONE));
    struct outcome o = followed(1, OUTCOME_RENEWAL, OUTCOME_NOT_OK, REASON_SCEP_FAILURE);
    o.follow[OUTCOME_RENEWAL].fail_info = 2;
    o.otp_fingerprint = 77;
    o.follow[OUTCOME_RENEWAL].exemplar = (struct outcome_exemplar){
        .body = span_of_text("no renewal"), .tell_request = tell_kind, .asked = "POST"};
    o.follow[OUTCOME_GET_CRL] = o.follow[OUTCOME_RENEWAL];
    o.follow[OUTCOME_GET_CRL].exemplar =
        (struct outcome_exemplar){.body = span_of_text("no CRL"), .tell_request = tell_kind, .asked = "GET"};
    o.follow[OUTCOME_GET_CRL].finished_us = 400000;
    tell(o);
    tell(followed(2, OUTCOME_GET_NEXT_CA_CERT, OUTCOME_NOT_TRIED, REASON_UNSUPPORTED_ALGORITHM));
    assert_int_equal(measure_devices(m).enrolled, 3);
    assert_int_equal(measure_devices(m).failed, 0);
    struct measure_follow_up f = measure_follow_up(m, OUTCOME_RENEWAL);
    assert_int_equal(f.tried, 2);
    assert_int_equal(f.ok, 1);
    assert_int_equal(f.failed, 1);
    assert_int_equal(measure_follow_up(m, OUTCOME_GET_CRL).failed, 1);
    assert_int_equal(measure_follow_up(m, OUTCOME_GET_NEXT_CA_CERT).tried, 0);
    assert_int_equal(measure_follow_up(m, OUTCOME_GET_NEXT_CA_CERT).impossible, 1);
    assert_int_equal(measure_failure_count(m), 2);
    assert_int_equal(measure_failure_total(m), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct measure_failure *g = measure_failure(m, i);
        assert_true(g->after_enrollment);
        assert_int_equal(g->first.error.reason, REASON_SCEP_FAILURE);
        assert_int_equal(g->first.fail_info, 2);
        assert_int_equal(g->otp.sent, 0);
        bool crl = g->follow == OUTCOME_GET_CRL;
        assert_true(span_equal_text(buf_span(&g->body), crl ? "no CRL" : "no renewal"));
        assert_true(span_equal_text(buf_span(&g->request), crl ? "method: GET\n" : "method: POST\n"));
        assert_null(g->first.exemplar.asked);
    }
}

static void renewed_serials_are_serials_too(void **state)
{
    (void)state;
    struct outcome o = followed(0, OUTCOME_RENEWAL, OUTCOME_OK, REASON_NONE);
    snprintf(o.follow[OUTCOME_RENEWAL].serial, sizeof o.serial, "ff01");
    tell(o);
    assert_true(measure_correctness(m).serials_unique);
    o = followed(1, OUTCOME_RENEWAL, OUTCOME_NOT_OK, REASON_RENEWAL_SAME_CERTIFICATE);
    snprintf(o.follow[OUTCOME_RENEWAL].serial, sizeof o.serial, "%s", o.serial);
    o.renewal_same_certificate = true;
    tell(o);
    assert_true(measure_correctness(m).serials_unique);
    assert_int_equal(measure_correctness(m).renewal_same_certificate, 1);
    assert_int_equal(measure_correctness(m).certificate_missing, 0);
    o = followed(2, OUTCOME_RENEWAL, OUTCOME_OK, REASON_NONE);
    snprintf(o.follow[OUTCOME_RENEWAL].serial, sizeof o.serial, "ff01");
    tell(o);
    assert_false(measure_correctness(m).serials_unique);
}

static void a_wanted_refusal_accepts_no_password(void **state)
{
    (void)state;
    struct outcome o = fact_device(0, OUTCOME_ENROLLED, 0);
    o.serial[0] = '\0';
    o.refused_as_expected = true;
    o.otp_fingerprint = 5;
    fact_repeat(&sink, o, 3);
    struct outcome bad = fact_failure(3, 0, STAGE_VERIFY, REASON_EXPECTATION);
    bad.expectation_failure = true;
    tell(bad);
    struct measure_devices d = measure_devices(m);
    assert_int_equal(d.refused_as_expected, 3);
    assert_int_equal(d.started, d.enrolled + d.failed + d.abandoned);
    assert_int_equal(measure_correctness(m).duplicate_otp, 0);
    assert_int_equal(measure_correctness(m).expectation_failures, 1);
}

static void probe(const char *id, enum outcome_probe_verdict verdict, const char *observed)
{
    struct outcome_probe p = {.probe = id, .verdict = verdict};
    snprintf(p.observed, sizeof p.observed, "%s", observed);
    sink.probe(sink.user, &p);
}

static void probes_are_counted_by_verdict_and_nowhere_else(void **state)
{
    (void)state;
    assert_int_equal(measure_probe_count(m), 0);
    probe("replay", OUTCOME_PROBE_PASSED, "the same");
    probe("replay", OUTCOME_PROBE_FAILED, "another");
    probe("replay", OUTCOME_PROBE_PASSED, "the same again");
    for (int i = 0; i < 300; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%d", i % 100);
        struct outcome_probe p = {.probe = strdup(id), .verdict = OUTCOME_PROBE_ODD};
        sink.probe(sink.user, &p);
        if (i >= 100) /* known already: not kept */
            free((void *)(uintptr_t)p.probe);
    }
    assert_int_equal(measure_probe_count(m), 102);
    assert_string_equal(measure_probe(m, 0)->first.observed, "the same");
    assert_int_equal(measure_probe(m, 0)->count, 2);
    assert_int_equal(measure_probe(m, 1)->first.verdict, OUTCOME_PROBE_FAILED);
    assert_int_equal(measure_probe(m, 2)->count, 3);
    assert_int_equal(measure_probe_total(m, OUTCOME_PROBE_PASSED), 2);
    assert_int_equal(measure_probe_total(m, OUTCOME_PROBE_ODD), 300);
    assert_int_equal(measure_probe_total(m, OUTCOME_PROBE_SKIPPED), 0);
    assert_int_equal(measure_devices(m).planned, 0);
    for (size_t i = 2; i < measure_probe_count(m); i++)
        free((void *)(uintptr_t)measure_probe(m, i)->first.probe);
}

static void sent(unsigned profile, int64_t at_us, uint64_t bytes, bool failed)
{
    const struct outcome_step step = {.stage = STAGE_PKI_OPERATION,
                                      .profile = profile,
                                      .failed = failed,
                                      .finished_us = at_us,
                                      .bytes_sent = bytes};
    sink.step(sink.user, &step);
}

/* Also when a long run made the slots wide. */
static void lengths_that_passed_are_told_by_profile_and_time(void **state)
{
    (void)state;
    for (int64_t second = 0; second < 1000; second++) {
        sent(1, second * 1000000, 2000 + (uint64_t)second, false);
        sent(1, second * 1000000, 9000, true);
        sent(2, second * 1000000, 500, false);
    }
    struct measure_lengths some = measure_passed(m, 1, INT64_C(300) * 1000000, INT64_C(600) * 1000000);
    assert_true(some.count > 200 && some.count <= 301);
    assert_true(some.least >= 2300 && some.most <= 2600);
    assert_int_equal(measure_passed(m, 1, 0, INT64_MAX).count, 1000);
    assert_int_equal(measure_passed(m, 3, 0, INT64_MAX).count, 0);
    assert_int_equal(measure_passed(m, 2, 0, INT64_MAX).most, 500);
}

static void a_failure_knows_how_long_its_requests_were(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct outcome o = fact_failure(i, 0, STAGE_PKI_OPERATION, REASON_HTTP_STATUS);
        const struct outcome_step step = {
            .device = i, .stage = STAGE_PKI_OPERATION, .failed = true, .bytes_sent = 3000 - i * 100};
        sink.step(sink.user, &step);
        tell(o);
    }
    const struct measure_failure *f = measure_failure(m, 0);
    assert_int_equal(f->bytes.first, 3000);
    assert_int_equal(f->bytes.least, 2800);
    assert_int_equal(f->bytes.most, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(ends_are_counted),
        TEST(warm_up_counts_in_devices_only),
        TEST(latency_runs_from_the_schedule_and_counts_time_outs),
        TEST(steps_add_up),
        TEST(same_failures_share_a_group_most_frequent_first),
        TEST(words_count_only_in_refusals),
        TEST(lengths_that_passed_are_told_by_profile_and_time),
        TEST(a_failure_knows_how_long_its_requests_were),
        TEST(exemplars_are_cut),
        TEST(failure_kinds_have_a_ceiling),
        TEST(duplicates_are_noticed),
        TEST(duplicate_passwords_count_between_enrolled_devices),
        TEST(defects_are_counted),
        TEST(seconds_follow_the_run),
        TEST(personas_are_counted_apart),
        TEST(two_verdicts),
        TEST(follow_ups_fail_beside_the_enrollment),
        TEST(renewed_serials_are_serials_too),
        TEST(a_wanted_refusal_accepts_no_password),
        TEST(probes_are_counted_by_verdict_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
