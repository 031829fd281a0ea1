/* What a device does after its enrollment, and what it makes of answers. */
#include "device_lab.h"

#include "pki_fixture.h"

static const enum outcome_follow everything[] = {OUTCOME_RENEWAL, OUTCOME_GET_CERT, OUTCOME_GET_CRL,
                                                 OUTCOME_GET_NEXT_CA_CERT};
#define THEN(n)                                                                                              \
    &(struct device_config)                                                                                  \
    {                                                                                                        \
        .then = everything, .then_count = n                                                                  \
    }

/* Enrolled, and at the first errand; the trace begins there. */
static void enroll(struct lab *lab)
{
    until(lab, DEVICE_VERIFY);
    buf_reset(&lab->trace);
    issued(lab);
}

static void refused_with(struct lab *lab, enum stage stage, enum reason reason)
{
    const struct scep_certrep reply = {.message_type = 3, .pki_status = SCEP_FAILURE, .fail_info = 4};
    const struct err e = {.stage = stage, .reason = reason};
    step(lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .error = &e});
}

static void one_errand_after_the_other(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", THEN(4));
    enroll(&lab);
    lab.d.choice.caps |= SCEP_CAP_GET_NEXT_CA_CERT;
    until(&lab, DEVICE_ENDED);
    const struct outcome *o = &lab.d.outcome;
    assert_int_equal(o->end, OUTCOME_ENROLLED);
    assert_int_equal(o->finished_us, 9 * SECOND); /* what follows does not make the enrollment longer */
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++)
        assert_int_equal(o->follow[i].result, OUTCOME_OK);
    assert_int_equal(o->follow[OUTCOME_RENEWAL].started_us, 9 * SECOND);
    assert_int_equal(o->follow[OUTCOME_RENEWAL].finished_us, 13 * SECOND);
    assert_int_equal(o->follow[OUTCOME_GET_NEXT_CA_CERT].finished_us, 21 * SECOND);
    assert_int_equal(o->follow[OUTCOME_GET_CERT].http_status, 200);
    close_lab(&lab,
              " 9 verify + reply -> csr: deadline 69 s, make_csr\n"
              "10 csr + done -> build: make_message RenewalReq\n"
              "11 build + done -> pki_operation: send PKIOperation POST (renewal)\n"
              "12 pki_operation + answer -> verify: read_reply\n"
              "13 verify + reply -> build: deadline 73 s, make_message GetCert\n"
              "14 build + done -> pki_operation: send PKIOperation POST (get_cert)\n"
              "15 pki_operation + answer -> verify: read_reply\n"
              "16 verify + reply -> build: deadline 76 s, make_message GetCRL\n"
              "17 build + done -> pki_operation: send PKIOperation POST (get_crl)\n"
              "18 pki_operation + answer -> verify: read_reply\n"
              "19 verify + reply -> get_next_ca_cert: deadline 79 s, send GetNextCACert (get_next_ca_cert)\n"
              "20 get_next_ca_cert + answer -> read_next_ca: parse_next_ca\n"
              "21 read_next_ca + done -> ended: end\n");
}

/* RFC 8894 3.5.2; and PKCSReq, which every server knows, needs no announcement. */
static void what_is_not_announced_is_not_tried(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", THEN(4));
    enroll(&lab);
    until(&lab, DEVICE_ENDED);
    const struct outcome_follow_up *next = &lab.d.outcome.follow[OUTCOME_GET_NEXT_CA_CERT];
    assert_int_equal(next->result, OUTCOME_NOT_TRIED);
    assert_int_equal(next->error.reason, REASON_NOT_ANNOUNCED);
    close_lab(&lab, NULL);

    static const struct {
        const char *how;
        const char *first;
    } cases[] = {{"update_req", NULL}, {"pkcs_req_signed", "make_csr"}, {"re_enroll", "fetch_challenge"}};
    for (size_t i = 0; i < 3; i++) {
        open_as(&lab, "rfc8894", THEN(1));
        set(&lab, "renewal", cases[i].how);
        enroll(&lab);
        bool tried = lab.d.state != DEVICE_ENDED;
        assert_int_equal(tried, cases[i].first != NULL);
        assert_true(!tried || strstr(buf_text(&lab.trace), cases[i].first) != NULL);
        until(&lab, DEVICE_ENDED);
        assert_int_equal(lab.d.outcome.follow[OUTCOME_RENEWAL].result,
                         tried ? OUTCOME_OK : OUTCOME_NOT_TRIED);
        close_lab(&lab, NULL);
    }
}

static void enrolling_again_skips_what_is_known(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "ios", THEN(1));
    enroll(&lab);
    until(&lab, DEVICE_ENDED);
    close_lab(&lab, "10.6 verify + reply -> paused: deadline 71.4 s, wait 11.4 s\n"
                    "11.4 paused + wake -> challenge: fetch_challenge\n"
                    "12.4 challenge + done -> csr: make_csr\n"
                    "13.4 csr + done -> build: make_message PKCSReq\n"
                    "14.4 build + done -> pki_operation: send PKIOperation POST (renewal)\n"
                    "15.4 pki_operation + answer -> verify: read_reply\n"
                    "16.4 verify + reply -> ended: end\n");
}

/* A failed errand is told for itself; the enrollment stays what it was, and the next errand is run. */
static void failed_errand_changes_nothing_else(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", THEN(3));
    enroll(&lab);
    until(&lab, DEVICE_VERIFY);
    refused_with(&lab, STAGE_RENEWAL, REASON_SCEP_FAILURE);
    assert_int_equal(lab.d.setback.stage, STAGE_RENEWAL); /* its step failed */
    until(&lab, DEVICE_PKI_OPERATION);
    answers(&lab, 500, "", "broken");
    assert_int_equal(lab.d.setback.stage, STAGE_GET_CERT);
    until(&lab, DEVICE_PKI_OPERATION);
    happens(&lab, DEVICE_TIMEOUT);
    const struct outcome *o = &lab.d.outcome;
    assert_int_equal(o->end, OUTCOME_ENROLLED);
    assert_int_equal(o->error.reason, REASON_NONE);
    assert_int_equal(o->http_status, 200);
    assert_int_equal(o->fail_info, -1);
    assert_false(o->timed_out);
    assert_int_equal(o->follow[OUTCOME_RENEWAL].error.reason, REASON_SCEP_FAILURE);
    assert_int_equal(o->follow[OUTCOME_RENEWAL].fail_info, 4);
    assert_int_equal(o->follow[OUTCOME_GET_CERT].error.stage, STAGE_GET_CERT);
    assert_int_equal(o->follow[OUTCOME_GET_CERT].error.detail, 500);
    assert_int_equal(o->follow[OUTCOME_GET_CRL].error.reason, REASON_DEVICE_TIMEOUT);
    assert_int_equal(o->follow[OUTCOME_GET_CRL].error.stage, STAGE_GET_CRL);
    assert_true(o->follow[OUTCOME_GET_CRL].timed_out);
    for (int i = 0; i < 3; i++)
        assert_int_equal(o->follow[i].result, OUTCOME_NOT_OK);
    close_lab(&lab, NULL);
}

static void renewal_may_have_to_wait(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", THEN(1));
    enroll(&lab);
    until(&lab, DEVICE_VERIFY);
    pending(&lab, 0);
    until(&lab, DEVICE_VERIFY);
    assert_non_null(strstr(buf_text(&lab.trace), "make_message CertPoll"));
    issued(&lab);
    assert_int_equal(lab.d.outcome.polls, 0);
    assert_int_equal(lab.d.outcome.follow[OUTCOME_RENEWAL].polls, 1);
    assert_int_equal(lab.d.outcome.follow[OUTCOME_RENEWAL].result, OUTCOME_OK);
    close_lab(&lab, NULL);
}

static void old_certificate_back_is_a_defect(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", THEN(1));
    enroll(&lab);
    until(&lab, DEVICE_VERIFY);
    const struct scep_certrep reply = {.message_type = 3, .pki_status = SCEP_SUCCESS, .fail_info = -1};
    const struct err e = {.stage = STAGE_VERIFY, .reason = REASON_RENEWAL_SAME_CERTIFICATE};
    step(&lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .error = &e});
    assert_true(lab.d.outcome.renewal_same_certificate);
    assert_int_equal(lab.d.outcome.end, OUTCOME_ENROLLED);
    assert_int_equal(lab.d.outcome.follow[OUTCOME_RENEWAL].result, OUTCOME_NOT_OK);
    close_lab(&lab, NULL);
}

static void failed_enrollment_has_no_errands(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", THEN(4));
    until(&lab, DEVICE_VERIFY);
    refused(&lab);
    assert_int_equal(lab.d.state, DEVICE_ENDED);
    assert_int_equal(lab.d.outcome.follow[OUTCOME_RENEWAL].result, OUTCOME_NOT_TRIED);
    assert_int_equal(lab.d.outcome.follow[OUTCOME_RENEWAL].error.reason, REASON_NONE);
    close_lab(&lab, NULL);
}

static void stopped_run_leaves_the_enrollment(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", THEN(2));
    enroll(&lab);
    happens(&lab, DEVICE_ABORT);
    assert_int_equal(lab.d.outcome.end, OUTCOME_ENROLLED);
    assert_int_equal(lab.d.outcome.follow[OUTCOME_RENEWAL].error.reason, REASON_ABORTED);
    assert_int_equal(lab.d.outcome.follow[OUTCOME_GET_CERT].result, OUTCOME_NOT_TRIED);
    close_lab(&lab, NULL);
}

/* Verdicts. */

/* What each persona makes of a SUCCESS in which one check fails. */
static void two_verdicts_on_one_answer(void **state)
{
    (void)state;
    static const struct {
        const char *persona;
        unsigned failed;
        enum reason reason;
        bool taken;
        const char *names;
    } cases[] = {
        {"rfc8894", SCEP_CHECK_NONCE, REASON_NONCE_MISMATCH, false, "nonce"},
        {"ios", SCEP_CHECK_NONCE, REASON_NONCE_MISMATCH, true, "nonce"},
        {"ios", SCEP_CHECK_NONCE | SCEP_CHECK_TRANSACTION, REASON_TRANSACTION_MISMATCH, true,
         "transaction, nonce"},
        {"ios", SCEP_CHECK_SIGNATURE, REASON_BAD_SIGNATURE, false, "signature"},
        {"sscep", SCEP_CHECK_NONCE, REASON_NONCE_MISMATCH, true, "nonce"},
        {"sscep", SCEP_CHECK_NONCE | SCEP_CHECK_NONCE_PRESENT, REASON_NONCE_MISMATCH, false,
         "nonce, nonce_present"},
        {"sscep", SCEP_CHECK_TRANSACTION, REASON_TRANSACTION_MISMATCH, false, "transaction"},
        {"android", SCEP_CHECK_NONCE, REASON_NONCE_MISMATCH, false, "nonce"},
        {"ios", PERSONA_CHECK_SUBJECT, REASON_SUBJECT_MISMATCH, true, "subject"},
        {"ios", PERSONA_CHECK_KEY, REASON_KEY_MISMATCH, false, "key"},
    };
    struct pki_cert *cert = fixture_cert_file("vectors/ndes-ra-signing.pem");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab lab;
        const struct scep_certrep reply = {.message_type = 3,
                                           .pki_status = SCEP_SUCCESS,
                                           .fail_info = -1,
                                           .violated = cases[i].failed & 0xffff};
        const struct device_finding finding = {.failed_checks = cases[i].failed, .taken = cert};
        const struct err e = {.stage = STAGE_VERIFY, .reason = cases[i].reason};
        open_as(&lab, cases[i].persona, &(struct device_config){0});
        until(&lab, DEVICE_VERIFY);
        step(&lab,
             (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .error = &e, .finding = &finding});
        const struct outcome *o = &lab.d.outcome;
        assert_int_equal(o->end, OUTCOME_FAILED); /* "enrolled" is the strict verdict */
        assert_int_equal(o->error.reason, cases[i].reason);
        assert_true(o->judged);
        assert_false(o->strict_ok);
        assert_int_equal(o->persona_ok, cases[i].taken);
        assert_string_equal(o->failed_checks, cases[i].names);
        assert_true(o->serial[0] != '\0'); /* it exists, and must be revocable */
        close_lab(&lab, NULL);
    }
    pki_cert_free(cert);
}

static void nothing_to_take_is_taken_by_nobody(void **state)
{
    (void)state;
    struct lab lab;
    const struct scep_certrep reply = {.message_type = 3, .pki_status = SCEP_SUCCESS, .fail_info = -1};
    const struct device_finding finding = {0};
    const struct err e = {.stage = STAGE_VERIFY, .reason = REASON_DECRYPT};
    open_as(&lab, "ios", &(struct device_config){0});
    until(&lab, DEVICE_VERIFY);
    step(&lab,
         (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .error = &e, .finding = &finding});
    assert_true(lab.d.outcome.judged);
    assert_false(lab.d.outcome.persona_ok);
    close_lab(&lab, NULL);
}

static void facts_of_the_certificate_are_kept(void **state)
{
    (void)state;
    struct lab lab;
    const struct scep_certrep reply = {.message_type = 3, .pki_status = SCEP_SUCCESS, .fail_info = -1};
    const struct device_finding finding = {.eku = "clientAuth", .differences = "no serverAuth"};
    open_lab(&lab);
    until(&lab, DEVICE_VERIFY);
    step(&lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .finding = &finding});
    assert_int_equal(lab.d.outcome.end, OUTCOME_ENROLLED);
    assert_true(lab.d.outcome.strict_ok && lab.d.outcome.persona_ok);
    assert_string_equal(lab.d.outcome.eku, "clientAuth");
    assert_string_equal(lab.d.outcome.differences, "no serverAuth");
    close_lab(&lab, NULL);
}

static void expectation_fails_the_device_not_the_verdicts(void **state)
{
    (void)state;
    struct lab lab;
    const struct scep_certrep reply = {.message_type = 3, .pki_status = SCEP_SUCCESS, .fail_info = -1};
    const struct device_finding finding = {
        .expectation = {.stage = STAGE_VERIFY, .reason = REASON_EXPECTATION, .text = "no serverAuth"}};
    open_lab(&lab);
    until(&lab, DEVICE_VERIFY);
    step(&lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .finding = &finding});
    const struct outcome *o = &lab.d.outcome;
    assert_int_equal(o->end, OUTCOME_FAILED);
    assert_int_equal(o->error.reason, REASON_EXPECTATION);
    assert_true(o->expectation_failure && o->strict_ok && o->persona_ok);
    close_lab(&lab, NULL);
}

static void refusal_can_be_the_wanted_end(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894",
            &(struct device_config){.expect_refused = true, .then = everything, .then_count = 4});
    set(&lab, "failure_retries", "3");
    until(&lab, DEVICE_VERIFY);
    refused(&lab);
    assert_int_equal(lab.d.outcome.end, OUTCOME_ENROLLED);
    assert_true(lab.d.outcome.refused_as_expected);
    assert_int_equal(lab.d.outcome.error.reason, REASON_NONE);
    assert_int_equal(lab.d.outcome.fail_info, 2);
    assert_int_equal(lab.d.outcome.retries, 0);
    close_lab(&lab, NULL);

    open_as(&lab, "rfc8894", &(struct device_config){.expect_refused = true});
    until(&lab, DEVICE_VERIFY);
    issued(&lab);
    assert_int_equal(lab.d.outcome.end, OUTCOME_FAILED);
    assert_int_equal(lab.d.outcome.error.reason, REASON_EXPECTATION);
    assert_false(lab.d.outcome.refused_as_expected);
    close_lab(&lab, NULL);

    open_as(&lab, "rfc8894", &(struct device_config){.expect_refused = true});
    until(&lab, DEVICE_PKI_OPERATION);
    answers(&lab, 500, "", ""); /* no refusal: an accident */
    assert_int_equal(lab.d.outcome.error.reason, REASON_HTTP_STATUS);
    close_lab(&lab, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_errand_after_the_other),
        cmocka_unit_test(what_is_not_announced_is_not_tried),
        cmocka_unit_test(enrolling_again_skips_what_is_known),
        cmocka_unit_test(failed_errand_changes_nothing_else),
        cmocka_unit_test(renewal_may_have_to_wait),
        cmocka_unit_test(old_certificate_back_is_a_defect),
        cmocka_unit_test(failed_enrollment_has_no_errands),
        cmocka_unit_test(stopped_run_leaves_the_enrollment),
        cmocka_unit_test(two_verdicts_on_one_answer),
        cmocka_unit_test(nothing_to_take_is_taken_by_nobody),
        cmocka_unit_test(facts_of_the_certificate_are_kept),
        cmocka_unit_test(expectation_fails_the_device_not_the_verdicts),
        cmocka_unit_test(refusal_can_be_the_wanted_end),
    };
    return cmocka_run_group_tests(tests, start_pki, stop_pki);
}
