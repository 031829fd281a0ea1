/* Each persona's way through an enrollment, as a trace in virtual time; a step takes a second. */
#include "device_lab.h"

static void ends_like(struct lab *lab, const char *trace)
{
    until(lab, DEVICE_ENDED);
    assert_int_equal(lab->d.outcome.end, OUTCOME_ENROLLED);
    close_lab(lab, trace);
}

#define MAKE_AND_SEND(a, b, c, d, e)                                                                         \
    a " csr + done -> build: make_message\n" b " build + done -> pki_operation: send PKIOperation POST\n" c  \
      " pki_operation + answer -> verify: read_reply\n" d " verify + reply -> ended: end\n" e

static void windows_goes_the_short_way(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "windows", &(struct device_config){0});
    ends_like(&lab, " 1 start + start -> challenge: deadline 61 s, fetch_challenge\n"
                    " 2 challenge + done -> get_ca_caps: send GetCACaps\n"
                    " 3 get_ca_caps + answer -> get_ca_cert: send GetCACert\n"
                    " 4 get_ca_cert + answer -> read_ca: parse_ca\n"
                    " 5 read_ca + done -> csr: make_csr\n" MAKE_AND_SEND(" 6", " 7", " 8", " 9", ""));
}

/* Certificates first, and a thought between requests. */
static void ios_asks_for_certificates_first(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "ios", &(struct device_config){0});
    ends_like(&lab, " 1 start + start -> challenge: deadline 61 s, fetch_challenge\n"
                    " 2 challenge + done -> get_ca_cert: send GetCACert\n"
                    " 3 get_ca_cert + answer -> read_ca: parse_ca\n"
                    " 4 read_ca + done -> paused: wait 4.8 s\n"
                    "4.8 paused + wake -> get_ca_caps: send GetCACaps\n"
                    "5.8 get_ca_caps + answer -> paused: wait 6.6 s\n"
                    "6.6 paused + wake -> csr: make_csr\n" MAKE_AND_SEND("7.6", "8.6", "9.6", "10.6", ""));
}

static void macos_asks_for_capabilities_first(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "macos", &(struct device_config){0});
    ends_like(&lab, " 1 start + start -> challenge: deadline 61 s, fetch_challenge\n"
                    " 2 challenge + done -> get_ca_caps: send GetCACaps\n"
                    " 3 get_ca_caps + answer -> get_ca_cert: send GetCACert\n"
                    " 4 get_ca_cert + answer -> read_ca: parse_ca\n"
                    " 5 read_ca + done -> csr: make_csr\n" MAKE_AND_SEND(" 6", " 7", " 8", " 9", ""));
}

static void android_asks_five_times(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "android", &(struct device_config){0});
    ends_like(&lab, " 1 start + start -> challenge: deadline 61 s, fetch_challenge\n"
                    " 2 challenge + done -> get_ca_caps: send GetCACaps\n"
                    " 3 get_ca_caps + answer -> get_ca_cert: send GetCACert\n"
                    " 4 get_ca_cert + answer -> read_ca: parse_ca\n"
                    " 5 read_ca + done -> get_ca_caps: send GetCACaps\n"
                    " 6 get_ca_caps + answer -> get_ca_cert: send GetCACert\n"
                    " 7 get_ca_cert + answer -> read_ca: parse_ca\n"
                    " 8 read_ca + done -> get_ca_caps: send GetCACaps\n"
                    " 9 get_ca_caps + answer -> csr: make_csr\n" MAKE_AND_SEND("10", "11", "12", "13", ""));
}

static void cisco_authenticates_then_enrolls(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "cisco", &(struct device_config){0});
    ends_like(&lab, " 1 start + start -> challenge: deadline 61 s, fetch_challenge\n"
                    " 2 challenge + done -> get_ca_cert: send GetCACert\n"
                    " 3 get_ca_cert + answer -> read_ca: parse_ca\n"
                    " 4 read_ca + done -> get_ca_caps: send GetCACaps\n"
                    " 5 get_ca_caps + answer -> csr: make_csr\n" MAKE_AND_SEND(" 6", " 7", " 8", " 9", ""));
}

static void sscep_asks_before_each_operation(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "sscep", &(struct device_config){0});
    ends_like(&lab, " 1 start + start -> challenge: deadline 61 s, fetch_challenge\n"
                    " 2 challenge + done -> get_ca_caps: send GetCACaps\n"
                    " 3 get_ca_caps + answer -> get_ca_cert: send GetCACert\n"
                    " 4 get_ca_cert + answer -> read_ca: parse_ca\n"
                    " 5 read_ca + done -> get_ca_caps: send GetCACaps\n"
                    " 6 get_ca_caps + answer -> csr: make_csr\n" MAKE_AND_SEND(" 7", " 8", " 9", "10", ""));
}

/* Whatever the order says, somebody must be encrypted to. */
static void certificates_are_fetched_in_any_case(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    set(&lab, "order", "get_ca_caps");
    until(&lab, DEVICE_GET_CA_CERT);
    until(&lab, DEVICE_CSR);
    happens(&lab, DEVICE_ABORT);
    close_lab(&lab, NULL);
}

/* What stops a client, or does not. */

static void ios_stops_without_a_digest(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "ios", &(struct device_config){0});
    until(&lab, DEVICE_GET_CA_CAPS);
    answers(&lab, 200, "", "POSTPKIOperation\nAES\n");
    assert_int_equal(lab.d.outcome.error.stage, STAGE_GET_CA_CAPS);
    assert_int_equal(lab.d.outcome.error.reason, REASON_UNSUPPORTED_ALGORITHM);
    assert_false(lab.d.outcome.judged);
    close_lab(&lab, NULL);
}

static void ios_wants_the_exact_content_type(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "ios", &(struct device_config){0});
    until(&lab, DEVICE_GET_CA_CERT);
    answers_as(&lab, 200, "application/x-x509-ca-ra-cert; charset=utf-8", "certificates");
    assert_int_equal(lab.d.outcome.error.reason, REASON_CONTENT_TYPE);
    assert_non_null(strstr(lab.d.outcome.error.text, "charset"));
    close_lab(&lab, NULL);
}

/* It would call an error page bad content; whoever has to mend the server needs the status. */
static void error_page_is_an_http_error_to_everybody(void **state)
{
    (void)state;
    static const char *const names[] = {"ios", "macos", "sscep", "rfc8894", "windows", "cisco"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct lab lab;
        struct err malformed = {.stage = STAGE_GET_CA_CERT, .reason = REASON_CA_CERT_MALFORMED};
        open_as(&lab, names[i], &(struct device_config){0});
        set(&lab, "http_retries", "0");
        until(&lab, DEVICE_GET_CA_CERT);
        answers_as(&lab, 503, "application/x-x509-ca-cert", "<html>Service Unavailable</html>");
        if (lab.d.state == DEVICE_READ_CA)
            step(&lab, (struct device_event){.kind = DEVICE_FAILED, .error = &malformed});
        assert_int_equal(lab.d.outcome.error.stage, STAGE_GET_CA_CERT);
        assert_int_equal(lab.d.outcome.error.reason, REASON_HTTP_STATUS);
        assert_int_equal(lab.d.outcome.error.detail, 503);
        close_lab(&lab, NULL);
    }
}

static void android_goes_on_without_capabilities(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "android", &(struct device_config){0});
    until(&lab, DEVICE_GET_CA_CAPS);
    answers(&lab, 500, "", "SHA-256\nPOSTPKIOperation");
    assert_int_equal(lab.d.state, DEVICE_GET_CA_CERT);
    assert_int_equal(lab.d.choice.caps, 0);
    happens(&lab, DEVICE_ABORT);
    close_lab(&lab, NULL);
}

/* PENDING. */

static void polls_until_approved(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    set(&lab, "poll_interval", "5s");
    until(&lab, DEVICE_VERIFY);
    buf_reset(&lab.trace);
    pending(&lab, 0);
    until(&lab, DEVICE_VERIFY);
    pending(&lab, 0);
    comes(&lab);
    assert_int_equal(lab.wanted_us, lab.planned_us);
    assert_int_equal(lab.d.outcome.polls, 1);
    until(&lab, DEVICE_ENDED);
    assert_int_equal(lab.d.outcome.polls, 2);
    assert_int_equal(lab.d.outcome.end, OUTCOME_ENROLLED);
    assert_true(lab.d.outcome.strict_ok);
    close_lab(&lab, " 9 verify + reply -> paused: wait 14 s\n"
                    "14 paused + wake -> build: make_message CertPoll, same transaction\n"
                    "15 build + done -> pki_operation: send PKIOperation POST (cert_poll)\n"
                    "16 pki_operation + answer -> verify: read_reply\n"
                    "17 verify + reply -> paused: wait 22 s\n"
                    "22 paused + wake -> build: make_message CertPoll, same transaction\n"
                    "23 build + done -> pki_operation: send PKIOperation POST (cert_poll)\n"
                    "24 pki_operation + answer -> verify: read_reply\n"
                    "25 verify + reply -> ended: end\n");
}

static void ios_polls_at_once_and_three_times(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "ios", &(struct device_config){0});
    until(&lab, DEVICE_VERIFY);
    pending(&lab, 0);
    assert_int_equal(lab.d.state, DEVICE_BUILD); /* no pause */
    for (int i = 0; i < 3; i++) {
        until(&lab, DEVICE_VERIFY);
        pending(&lab, 0);
    }
    assert_int_equal(lab.d.outcome.error.stage, STAGE_CERT_POLL);
    assert_int_equal(lab.d.outcome.error.reason, REASON_POLL_LIMIT);
    assert_int_equal(lab.d.outcome.polls, 3);
    close_lab(&lab, NULL);
}

static void denial_ends_polling(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    set(&lab, "failure_retries", "5"); /* a decision is no mishap: not asked again */
    until(&lab, DEVICE_VERIFY);
    pending(&lab, 0);
    until(&lab, DEVICE_VERIFY);
    refused(&lab);
    assert_int_equal(lab.d.outcome.error.reason, REASON_SCEP_FAILURE);
    assert_int_equal(lab.d.outcome.fail_info, 2);
    close_lab(&lab, NULL);
}

static void client_without_polls_ends_pending(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    set(&lab, "polls", "0");
    until(&lab, DEVICE_VERIFY);
    pending(&lab, 0);
    assert_int_equal(lab.d.outcome.error.reason, REASON_SCEP_PENDING);
    close_lab(&lab, NULL);
}

static void device_may_time_out_while_it_waits(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "windows", &(struct device_config){0});
    until(&lab, DEVICE_VERIFY);
    pending(&lab, 0);
    assert_int_equal(lab.d.state, DEVICE_PAUSED);
    uint32_t generation = lab.d.generation;
    happens(&lab, DEVICE_TIMEOUT);
    assert_int_equal(lab.d.outcome.error.stage, STAGE_CERT_POLL);
    assert_int_equal(lab.d.outcome.error.reason, REASON_DEVICE_TIMEOUT);
    step(&lab, (struct device_event){.kind = DEVICE_WAKE, .generation = generation});
    assert_int_equal(lab.d.late, 1);
    close_lab(&lab, NULL);
}

/* An iPhone never looks at the nonce: it polls on and takes the certificate. RFC 8894 does not. */
static void defect_on_the_way_counts_at_the_end(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "ios", &(struct device_config){0});
    until(&lab, DEVICE_VERIFY);
    pending(&lab, SCEP_CHECK_NONCE);
    assert_int_equal(lab.d.state, DEVICE_BUILD);
    until(&lab, DEVICE_ENDED);
    assert_int_equal(lab.d.outcome.end, OUTCOME_FAILED);
    assert_int_equal(lab.d.outcome.error.reason, REASON_NONCE_MISMATCH);
    assert_true(lab.d.outcome.nonce_mismatch);
    assert_true(lab.d.outcome.judged);
    assert_false(lab.d.outcome.strict_ok);
    assert_true(lab.d.outcome.persona_ok);
    close_lab(&lab, NULL);

    open_lab(&lab);
    until(&lab, DEVICE_VERIFY);
    pending(&lab, SCEP_CHECK_NONCE); /* a careful client does not believe it */
    assert_int_equal(lab.d.outcome.error.reason, REASON_NONCE_MISMATCH);
    close_lab(&lab, NULL);
}

/* Attempts. */

static void failure_is_tried_again_where_the_persona_does(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    set(&lab, "failure_retries", "1");
    set(&lab, "failure_delay", "30s");
    assert_true(device_may_rebuild(&lab.d));
    until(&lab, DEVICE_VERIFY);
    buf_reset(&lab.trace);
    refused(&lab);
    assert_int_equal(lab.d.setback.reason, REASON_SCEP_FAILURE);
    until(&lab, DEVICE_VERIFY);
    refused(&lab);
    assert_int_equal(lab.d.outcome.retries, 1);
    assert_int_equal(lab.d.outcome.error.reason, REASON_SCEP_FAILURE);
    close_lab(&lab, " 9 verify + reply -> paused: wait 39 s\n"
                    "39 paused + wake -> build: make_message\n"
                    "40 build + done -> pki_operation: send PKIOperation POST\n"
                    "41 pki_operation + answer -> verify: read_reply\n"
                    "42 verify + reply -> ended: end\n");
}

static void cisco_tries_again_after_a_minute(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "cisco", &(struct device_config){0});
    set(&lab, "http_retries", "2");
    until(&lab, DEVICE_GET_CA_CERT);
    buf_reset(&lab.trace);
    fails(&lab, STAGE_TCP, REASON_CONNECTION_REFUSED);
    wakes(&lab);
    answers(&lab, 503, "", "");
    wakes(&lab);
    until(&lab, DEVICE_GET_CA_CAPS); /* the count is per request */
    fails(&lab, STAGE_TCP, REASON_CONNECTION_REFUSED);
    wakes(&lab);
    fails(&lab, STAGE_TCP, REASON_CONNECTION_REFUSED);
    wakes(&lab);
    fails(&lab, STAGE_TCP, REASON_CONNECTION_LOST);
    assert_int_equal(lab.d.outcome.retries, 4);
    assert_int_equal(lab.d.outcome.error.reason, REASON_CONNECTION_LOST);
    close_lab(&lab, " 3 get_ca_cert + failed -> paused: wait 63 s\n"
                    "63 paused + wake -> get_ca_cert: send GetCACert\n"
                    "64 get_ca_cert + answer -> paused: wait 124 s\n"
                    "124 paused + wake -> get_ca_cert: send GetCACert\n"
                    "125 get_ca_cert + answer -> read_ca: parse_ca\n"
                    "126 read_ca + done -> get_ca_caps: send GetCACaps\n"
                    "127 get_ca_caps + failed -> paused: wait 187 s\n"
                    "187 paused + wake -> get_ca_caps: send GetCACaps\n"
                    "188 get_ca_caps + failed -> paused: wait 248 s\n"
                    "248 paused + wake -> get_ca_caps: send GetCACaps\n"
                    "249 get_ca_caps + failed -> ended: end\n");
}

static void lost_message_is_built_anew(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "cisco", &(struct device_config){0});
    set(&lab, "http_retries", "1");
    set(&lab, "http_delay", "0");
    set(&lab, "retry_transaction_id", "same");
    until(&lab, DEVICE_PKI_OPERATION);
    buf_reset(&lab.trace);
    fails(&lab, STAGE_PKI_OPERATION, REASON_CONNECTION_LOST);
    happens(&lab, DEVICE_DONE);
    fails(&lab, STAGE_PKI_OPERATION, REASON_CONNECTION_LOST);
    close_lab(&lab, " 8 pki_operation + failed -> build: make_message, same transaction\n"
                    " 9 build + done -> pki_operation: send PKIOperation POST\n"
                    "10 pki_operation + failed -> ended: end\n");
}

static void server_that_is_down_is_left_for_the_next(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", &(struct device_config){.url_count = 3});
    happens(&lab, DEVICE_STARTS);
    happens(&lab, DEVICE_DONE);
    fails(&lab, STAGE_TCP, REASON_CONNECTION_REFUSED);
    answers(&lab, 503, "", "");
    answers(&lab, 200, "", "AES");
    answers(&lab, 404, "", ""); /* somebody is at home there */
    assert_int_equal(lab.d.outcome.retries, 2);
    assert_int_equal(lab.d.outcome.error.detail, 404);
    close_lab(&lab, " 1 start + start -> challenge: deadline 61 s, fetch_challenge\n"
                    " 2 challenge + done -> get_ca_caps: send GetCACaps\n"
                    " 3 get_ca_caps + failed -> get_ca_caps: send GetCACaps to url 1\n"
                    " 4 get_ca_caps + answer -> get_ca_caps: send GetCACaps to url 2\n"
                    " 5 get_ca_caps + answer -> get_ca_cert: send GetCACert to url 2\n"
                    " 6 get_ca_cert + answer -> ended: end\n");
}

static void every_url_is_tried_once_per_attempt(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "rfc8894", &(struct device_config){.url_count = 2});
    set(&lab, "http_retries", "1");
    until(&lab, DEVICE_PKI_OPERATION);
    buf_reset(&lab.trace);
    for (int i = 0; i < 2; i++)
        fails(&lab, STAGE_PKI_OPERATION, REASON_REQUEST_TIMEOUT);
    until(&lab, DEVICE_PKI_OPERATION);
    for (int i = 0; i < 2; i++)
        answers(&lab, 500, "", "");
    assert_int_equal(lab.d.outcome.error.detail, 500);
    assert_false(lab.d.outcome.timed_out);
    close_lab(&lab, " 8 pki_operation + failed -> pki_operation: send PKIOperation POST to url 1\n"
                    " 9 pki_operation + failed -> build: make_message\n"
                    "10 build + done -> pki_operation: send PKIOperation POST to url 1\n"
                    "11 pki_operation + answer -> pki_operation: send PKIOperation POST\n"
                    "12 pki_operation + answer -> ended: end\n");
}

static void our_own_trouble_is_not_tried_elsewhere(void **state)
{
    (void)state;
    struct lab lab;
    open_as(&lab, "cisco", &(struct device_config){.url_count = 2});
    until(&lab, DEVICE_GET_CA_CERT);
    fails(&lab, STAGE_TCP, REASON_GENERATOR_LIMIT);
    assert_int_equal(lab.d.outcome.error.reason, REASON_GENERATOR_LIMIT);
    close_lab(&lab, NULL);
}

static void random_order_spreads_devices(void **state)
{
    (void)state;
    struct persona windows;
    unsigned first[3] = {0};
    assert_true(persona_find("windows", &windows, NULL));
    for (uint64_t i = 0; i < 300; i++) {
        struct device d;
        device_init(&d, &(struct device_config){.persona = &windows, .index = i, .seed = 1, .url_count = 3});
        first[d.url]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(first[i], 70, 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_goes_the_short_way),
        cmocka_unit_test(ios_asks_for_certificates_first),
        cmocka_unit_test(macos_asks_for_capabilities_first),
        cmocka_unit_test(android_asks_five_times),
        cmocka_unit_test(cisco_authenticates_then_enrolls),
        cmocka_unit_test(sscep_asks_before_each_operation),
        cmocka_unit_test(certificates_are_fetched_in_any_case),
        cmocka_unit_test(ios_stops_without_a_digest),
        cmocka_unit_test(ios_wants_the_exact_content_type),
        cmocka_unit_test(error_page_is_an_http_error_to_everybody),
        cmocka_unit_test(android_goes_on_without_capabilities),
        cmocka_unit_test(polls_until_approved),
        cmocka_unit_test(ios_polls_at_once_and_three_times),
        cmocka_unit_test(denial_ends_polling),
        cmocka_unit_test(client_without_polls_ends_pending),
        cmocka_unit_test(device_may_time_out_while_it_waits),
        cmocka_unit_test(defect_on_the_way_counts_at_the_end),
        cmocka_unit_test(failure_is_tried_again_where_the_persona_does),
        cmocka_unit_test(cisco_tries_again_after_a_minute),
        cmocka_unit_test(lost_message_is_built_anew),
        cmocka_unit_test(server_that_is_down_is_left_for_the_next),
        cmocka_unit_test(every_url_is_tried_once_per_attempt),
        cmocka_unit_test(our_own_trouble_is_not_tried_elsewhere),
        cmocka_unit_test(random_order_spreads_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
