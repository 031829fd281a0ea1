// links: sim
/* Whole runs in one process: the engine against the simulator, or against a server that misbehaves. */
#include "engine_bench.h"

#include <unistd.h>

static void fifty_devices_enroll(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 50);
    at_sim(b, NULL);
    run(b);
    const struct heard *h = &b->heard;
    for (int i = 0; i < 50; i++) {
        const struct outcome *o = &h->outcomes[i];
        if (o->end != OUTCOME_ENROLLED)
            fail_msg("%s %s: %s", base_stage_id(o->error.stage), base_reason_id(o->error.reason),
                     o->error.text);
        char subject[64];
        snprintf(subject, sizeof subject, "CN=rfc8894-%d", i);
        assert_non_null(strstr(o->subject, subject));
        assert_true(o->serial[0] != '\0');
        assert_true(o->otp_fingerprint != 0);
        assert_true(o->otp_age_us > 0);
        assert_true(o->not_after > o->not_before);
        assert_int_equal(o->http_status, 200);
        for (int k = 0; k < i; k++)
            assert_true(h->outcomes[k].otp_fingerprint != o->otp_fingerprint);
    }
    assert_int_equal(h->arrivals, 50);
    const enum stage once[] = {STAGE_OTP, STAGE_TCP,   STAGE_GET_CA_CAPS,   STAGE_GET_CA_CERT,
                               STAGE_CSR, STAGE_BUILD, STAGE_PKI_OPERATION, STAGE_VERIFY};
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        assert_int_equal(h->steps[once[i]], 50);
        assert_int_equal(h->failed_steps[once[i]], 0);
    }
    assert_int_equal(h->steps[STAGE_DNS], 0); /* an address needs no name lookup */
    const struct engine_result *r = &b->result;
    assert_int_equal(h->otp[OUTCOME_OTP_FETCHED], 50);
    assert_int_equal(h->otp[OUTCOME_OTP_SENT], 50);
    assert_int_equal(h->otp[OUTCOME_OTP_CACHE_FULL], 0);
    assert_true(r->target.cap_count > 3);
    assert_int_equal(r->target.cert_count, 3);
    assert_true(r->target.server_header[0] != '\0');
    assert_int_equal(r->target.bare_url_status, 0); /* nothing failed, so nobody looked */
    assert_true(r->generator.cpu_us > 0);
    assert_true(r->generator.peak_rss_bytes > 0);
    assert_int_equal(r->generator.requests, 50 * 4);
    assert_int_equal(r->generator.limit_errors, 0);
    assert_false(r->interrupted);
    assert_string_equal(r->stopped_early, "");
    free_bench(b);
}

/* Far more devices than places for passwords, all at once: the page must never say that its cache is full. */
static void password_budget_is_never_exceeded(void **state)
{
    (void)state;
    struct bench *b = new_bench(1000, 60);
    at_sim(b, NULL);
    b->scenario.challenge.outstanding = 5;
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 60);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_CACHE_FULL], 0);
    assert_true(b->heard.held_max >= 2);
    free_bench(b);
}

static void two_refused_logons_are_the_last(void **state)
{
    (void)state;
    struct bench *b = new_bench(500, 40);
    struct secret *wrong = NULL;
    struct err e = {0};
    at_sim(b, NULL);
    CHECK_OK(secret_new(span_of_text("Tr0ub4dor"), &wrong, &e), &e);
    b->config.secret = wrong;
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], 2);
    assert_int_equal(b->heard.ends[OUTCOME_UNSENT], 38);
    assert_int_equal(b->heard.reasons[REASON_OTP_AUTH_REFUSED], 40);
    assert_int_equal(b->heard.failed_steps[STAGE_OTP], 2);
    assert_int_equal(b->result.generator.requests, 3); /* and a look at the bare URL */
    assert_int_equal(b->heard.outcomes[0].http_status, 401);
    assert_true(b->result.stopped_early[0] != '\0');
    assert_non_null(strstr(b->heard.failing_url, "mscep_admin"));
    secret_free(wrong);
    free_bench(b);
}

static void full_cache_is_told(void **state)
{
    (void)state;
    struct bench *b = new_bench(200, 10);
    at_sim(b, "otp-cache-full");
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], 10);
    assert_int_equal(b->heard.reasons[REASON_OTP_CACHE_FULL], 10);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_CACHE_FULL], 10);
    assert_int_equal(b->heard.outcomes[3].body, OUTCOME_BODY_NDES_PAGE);
    assert_true(b->heard.evidence_bytes > 0);
    free_bench(b);
}

static void wrong_password_reads_as_such(void **state)
{
    (void)state;
    struct bench *b = new_bench(200, 5); /* a sixth would find the cache full of what nobody could use */
    at_sim(b, "password-wrong");
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], 5);
    const struct outcome *o = &b->heard.outcomes[0];
    assert_int_equal(o->error.stage, STAGE_PKI_OPERATION);
    assert_int_equal(o->error.reason, REASON_SCEP_FAILURE);
    assert_int_equal(o->fail_info, 1);
    assert_true(o->has_hresult);
    assert_int_equal(o->body, OUTCOME_BODY_CERTREP);
    assert_int_equal(b->heard.failed_steps[STAGE_PKI_OPERATION], 5);
    assert_int_equal(b->heard.failed_steps[STAGE_VERIFY], 0);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_SENT], 5);
    assert_true(b->result.target.bare_url_status > 0);
    free_bench(b);
}

/* Without POSTPKIOperation the message travels in the URL, and a raw `+` would arrive as a blank. */
static void server_without_post_gets_get(void **state)
{
    (void)state;
    struct bench *b = new_bench(200, 10);
    at_sim_like(b, (struct sim_config){
                       .listen = "127.0.0.1:0", .static_password = "correct horse", .caps = "SHA-256,AES"});
    b->scenario.challenge.source = CHALLENGE_STATIC;
    b->config.secret = b->password;
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 10);
    assert_int_equal(b->heard.steps[STAGE_OTP], 0);
    assert_int_equal(b->heard.outcomes[0].otp_fingerprint, 0); /* it is no one-time password */
    assert_int_equal(b->heard.otp[OUTCOME_OTP_FETCHED], 0);
    assert_int_equal(b->result.target.cap_count, 2);
    free_bench(b);
}

/* UseSinglePassword: the page shows everybody the same value, which is no defect. */
static void single_password_page_makes_no_duplicates(void **state)
{
    (void)state;
    struct bench *b = new_bench(200, 6);
    at_sim_like(b, (struct sim_config){.listen = "127.0.0.1:0", .static_password = "8CE317021F690069"});
    b->scenario.challenge.source = CHALLENGE_MSCEP_ADMIN;
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 6);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_SENT], 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(b->heard.outcomes[i].otp_fingerprint, 0);
    free_bench(b);
}

static void every_device_makes_its_own_tls(void **state)
{
    (void)state;
    static char path[] = "/tmp/scepstorm-test-ca-XXXXXX";
    struct err e = {0};
    struct buf pem;
    struct sim_config config = {.listen = "127.0.0.1:0", .static_password = "correct horse", .tls = true};
    struct bench *b = new_bench(100, 8);
    buf_init(&pem, 65536);
    at_sim_like(b, config);
    b->scenario.challenge.source = CHALLENGE_STATIC;
    b->config.secret = b->password;
    CHECK_OK(sim_ca_pem(b->sim, &pem, &e), &e);
    close(mkstemp(path));
    CHECK_OK(file_write(path, buf_span(&pem), 0600, &e), &e);
    b->scenario.target.ca_file = path;
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 8);
    assert_int_equal(b->heard.steps[STAGE_TLS], 8);
    assert_int_equal(b->result.generator.requests, 8 * 3);
    unlink(path);
    buf_clear(&pem);

    struct bench *distrustful = new_bench(100, 3);
    distrustful->scenario.challenge.source = CHALLENGE_NONE;
    snprintf(distrustful->scep_url, sizeof distrustful->scep_url, "%s", b->scep_url);
    run(distrustful);
    assert_int_equal(distrustful->heard.reasons[REASON_TLS_UNTRUSTED], 3);
    assert_int_equal(distrustful->heard.failed_steps[STAGE_TLS], 3);
    free_bench(distrustful);
    free_bench(b);
}

static void silent(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    (void)request;
    reply->manner = WEB_SILENT;
}

static void server_that_never_answers_ends_every_device(void **state)
{
    (void)state;
    struct bench *b = new_bench(200, 20);
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->scenario.limits.request_timeout_us = 200000;
    at_web(b, silent, NULL);
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], 20);
    assert_int_equal(b->heard.reasons[REASON_REQUEST_TIMEOUT], 20);
    assert_int_equal(b->heard.failed_steps[STAGE_GET_CA_CAPS], 20);
    assert_true(b->heard.outcomes[0].timed_out);
    assert_int_equal(b->heard.outcomes[0].body, OUTCOME_BODY_NONE);
    assert_in_range(b->heard.most_busy[STAGE_GET_CA_CAPS], 10, 20);
    free_bench(b);

    b = new_bench(200, 20);
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->scenario.limits.request_timeout_us = 1 * SECOND;
    b->scenario.limits.device_timeout_us = 150000;
    at_web(b, silent, NULL);
    run(b);
    assert_int_equal(b->heard.reasons[REASON_DEVICE_TIMEOUT], 20);
    assert_int_equal(b->heard.failed_steps[STAGE_GET_CA_CAPS], 20);
    free_bench(b);
}

static void unavailable(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    (void)request;
    web_answer(reply, 503, "Server: Microsoft-HTTPAPI/2.0\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
               span_of_text("<HTML>Service Unavailable</HTML>"));
}

static void error_budget_stops_the_run(void **state)
{
    (void)state;
    struct bench *b = new_bench(1000, 1000);
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->scenario.limits.error_budget = 0.2;
    at_web(b, unavailable, NULL);
    run(b);
    assert_true(b->heard.ends[OUTCOME_FAILED] >= 20);
    assert_true(b->heard.ends[OUTCOME_UNSENT] > 500);
    assert_int_equal(b->heard.reasons[REASON_HTTP_STATUS], b->heard.ends[OUTCOME_FAILED]);
    assert_int_equal(b->heard.outcomes[0].error.stage, STAGE_GET_CA_CAPS);
    assert_int_equal(b->heard.outcomes[0].body, OUTCOME_BODY_HTTPSYS);
    assert_int_equal(b->heard.outcomes[999].error.reason, REASON_ABORTED);
    assert_non_null(strstr(b->result.stopped_early, "error budget of 20% spent"));
    assert_int_equal(b->result.target.bare_url_status, 503);
    assert_true(b->result.target.date_skew_s < -900000000);
    free_bench(b);
}

static const char *in_vain(void *user, int64_t now_us)
{
    const struct bench *b = user;
    (void)now_us;
    return b->heard.ends[OUTCOME_ENROLLED] >= 20 ? "nobody needs more of them" : NULL;
}

/* Devices under way come to their end, the others are not sent, and say why. */
static void a_run_in_vain_is_given_up(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 500);
    at_sim(b, NULL);
    b->config.give_up = in_vain;
    b->config.give_up_user = b;
    run(b);
    assert_true(b->heard.ends[OUTCOME_ENROLLED] >= 20);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED] + b->heard.ends[OUTCOME_UNSENT], 500);
    assert_true(b->heard.ends[OUTCOME_UNSENT] > 0);
    assert_int_equal(b->heard.outcomes[499].error.reason, REASON_ABORTED);
    assert_string_equal(b->heard.outcomes[499].error.text, "nobody needs more of them");
    assert_string_equal(b->result.stopped_early, "nobody needs more of them");
    free_bench(b);
}

static void nobody_there_is_a_failure_of_tcp(void **state)
{
    (void)state;
    struct bench *b = new_bench(200, 10);
    b->scenario.challenge.source = CHALLENGE_NONE;
    at_web(b, silent, NULL);
    web_stop(b->web);
    b->web = NULL;
    run(b);
    assert_int_equal(b->heard.reasons[REASON_CONNECTION_REFUSED], 10);
    assert_int_equal(b->heard.failed_steps[STAGE_TCP], 10);
    assert_int_equal(b->heard.steps[STAGE_GET_CA_CAPS], 0);
    assert_int_equal(b->result.target.bare_url_status, 0);
    free_bench(b);
}

static void keys_run_out(void **state)
{
    (void)state;
    struct bench *b = new_bench(200, 5);
    b->scenario.devices.key_reuse = false;
    at_sim(b, NULL);
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 2);
    assert_int_equal(b->heard.reasons[REASON_KEYS_EXHAUSTED], 3);
    assert_int_equal(b->heard.outcomes[4].end, OUTCOME_UNSENT);
    assert_int_equal(b->heard.outcomes[4].error.stage, STAGE_KEY);
    free_bench(b);
}

static void refuses_to_begin_without_keys(void **state)
{
    (void)state;
    struct bench *b = new_bench(200, 5);
    struct err e = {0};
    b->config.keys = NULL;
    CHECK_FAILS(engine_run(&b->config, &b->result, &e), &e, REASON_USAGE);
    free_bench(b);
}

static void waits_for_room_and_gives_up_by_cause(void **state)
{
    (void)state;
    struct bench *b = new_bench(1000, 10);
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->scenario.limits.in_flight = 2;
    b->scenario.limits.request_timeout_us = 5 * SECOND;
    b->scenario.limits.device_timeout_us = 300000;
    at_web(b, silent, NULL);
    run(b);
    assert_int_equal(b->result.generator.in_flight_max, 2);
    assert_in_range(b->heard.most_waiting, 4, 8);
    assert_true(b->heard.ends[OUTCOME_UNSENT] >= 4);
    assert_int_equal(b->heard.reasons[REASON_IN_FLIGHT], b->heard.ends[OUTCOME_UNSENT]);
    assert_int_equal(b->heard.arrivals, 10);
    free_bench(b);
}

static void signal_lets_devices_finish(void **state)
{
    (void)state;
    struct bench *b = new_bench(50, 500);
    b->heard.raise_at = 10;
    at_sim(b, NULL);
    run(b);
    assert_true(b->result.interrupted);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED] + b->heard.ends[OUTCOME_ABANDONED], 0);
    assert_true(b->heard.ends[OUTCOME_ENROLLED] >= 10);
    assert_true(b->heard.ends[OUTCOME_UNSENT] > 400);
    assert_int_equal(b->heard.reasons[REASON_ABORTED], b->heard.ends[OUTCOME_UNSENT]);
    assert_true(b->result.offered_until_us < 5 * SECOND);
    free_bench(b);
}

/* The first device pauses for longer than the grace lasts: nobody waits for it. */
static void signal_waits_for_no_sleeper(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 50);
    struct err e = {0};
    b->heard.raise_at = 3;
    CHECK_OK(persona_override(&b->profile.persona, "think_time", "30s", &e), &e);
    at_sim(b, NULL);
    int64_t before = clock_monotonic_us();
    run(b);
    assert_true(clock_monotonic_us() - before < 8 * SECOND); /* the grace is 10 s, the pause 30 s */
    assert_true(b->result.interrupted);
    assert_true(b->heard.ends[OUTCOME_ABANDONED] >= 3);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED] + b->heard.ends[OUTCOME_ENROLLED], 0);
    for (size_t i = 0; i < 50; i++) {
        const struct outcome *o = &b->heard.outcomes[i];
        if (o->end == OUTCOME_ABANDONED && strstr(o->error.text, "the device was ") == NULL)
            fail_msg("%s", o->error.text);
    }
    assert_non_null(strstr(b->heard.outcomes[0].error.text, "pausing before its next request"));
    free_bench(b);
}

static void second_signal_abandons(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 50);
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->heard.raise_at = 10;
    b->heard.raise_again = 1;
    at_web(b, silent, NULL);
    int64_t before = clock_monotonic_us();
    run(b);
    assert_true(clock_monotonic_us() - before <
                5 * SECOND); /* the request time-out is 20 s, the grace 10 s */
    assert_true(b->result.interrupted);
    assert_true(b->heard.ends[OUTCOME_ABANDONED] >= 10);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], 0);
    free_bench(b);
}

/* A password whose device failed before it was sent serves the next device. */
struct half_broken {
    unsigned caps, pages;
};

static void break_every_caps(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct half_broken *h = user;
    if (strncmp(request->target, "/admin", 6) == 0) {
        char page[256];
        snprintf(
            page, sizeof page,
            "<HTML><P>The enrollment challenge password is: <B> %016X </B><P>This password can be used only "
            "once and will expire within 60 minutes.</HTML>",
            ++h->pages);
        web_answer(reply, 200, "Server: Microsoft-IIS/10.0\r\n", span_of_text(page));
        return;
    }
    web_answer_text(reply, 500, "broken");
}

static void unsent_password_serves_the_next_device(void **state)
{
    (void)state;
    struct half_broken server = {0};
    struct bench *b = new_bench(50, 12);
    b->scenario.challenge.source = CHALLENGE_MSCEP_ADMIN;
    at_web(b, break_every_caps, &server);
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], 12);
    assert_true(b->heard.otp[OUTCOME_OTP_FETCHED] <= 3);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_FETCHED], server.pages);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_SENT], 0);
    assert_int_equal(b->heard.outcomes[0].otp_fingerprint, 0);
    free_bench(b);
}

static void odd_page(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    (void)request;
    web_answer(reply, 200, "Server: Microsoft-IIS/10.0\r\n",
               span_of_text("<html>Ihr Kennwort: <b>Tr0ub4dor-and-3</b></html>"));
}

static void unknown_page_is_kept_without_what_may_be_a_password(void **state)
{
    (void)state;
    struct bench *b = new_bench(50, 3);
    b->scenario.challenge.source = CHALLENGE_MSCEP_ADMIN;
    at_web(b, odd_page, NULL);
    run(b);
    assert_int_equal(b->heard.reasons[REASON_OTP_PAGE_UNKNOWN], 3);
    assert_int_equal(b->heard.outcomes[0].body, OUTCOME_BODY_IIS);
    assert_non_null(strstr(b->heard.evidence, "<html>"));
    assert_null(strstr(b->heard.evidence, "Tr0ub4dor"));
    free_bench(b);
}

static void page_not_html(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    if (strstr(request->target, "GetCACaps") != NULL)
        web_answer_text(reply, 200, "");
    else
        web_answer(reply, 200, "", span_of("\x30\x82\xff\xff\x00\x01garbage", 13));
}

static void garbage_instead_of_certificates(void **state)
{
    (void)state;
    struct bench *b = new_bench(50, 3);
    b->scenario.challenge.source = CHALLENGE_NONE;
    at_web(b, page_not_html, NULL);
    run(b);
    assert_int_equal(b->heard.reasons[REASON_CA_CERT_MALFORMED], 3);
    assert_int_equal(b->heard.outcomes[0].error.stage, STAGE_GET_CA_CERT);
    assert_int_equal(b->heard.failed_steps[STAGE_GET_CA_CERT], 3);
    free_bench(b);
}

static void ticks(void *user, int64_t now_us)
{
    int64_t *last = user;
    assert_true(now_us > *last);
    *last = now_us;
}

static void count_first(void *user)
{
    ++*(int *)user;
}

static void first_arrival_and_ticks_are_told(void **state)
{
    (void)state;
    struct bench *b = new_bench(20, 10);
    int64_t last = -1;
    int firsts = 0;
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->config.tick = ticks;
    b->config.tick_user = &last;
    b->config.tick_every_us = 100000;
    b->config.first_arrival = count_first;
    b->config.first_arrival_user = &firsts;
    at_web(b, unavailable, NULL);
    run(b);
    assert_int_equal(firsts, 1);
    assert_true(last > 200000);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_devices_enroll),
        cmocka_unit_test(password_budget_is_never_exceeded),
        cmocka_unit_test(two_refused_logons_are_the_last),
        cmocka_unit_test(full_cache_is_told),
        cmocka_unit_test(wrong_password_reads_as_such),
        cmocka_unit_test(server_without_post_gets_get),
        cmocka_unit_test(single_password_page_makes_no_duplicates),
        cmocka_unit_test(every_device_makes_its_own_tls),
        cmocka_unit_test(server_that_never_answers_ends_every_device),
        cmocka_unit_test(error_budget_stops_the_run),
        cmocka_unit_test(a_run_in_vain_is_given_up),
        cmocka_unit_test(nobody_there_is_a_failure_of_tcp),
        cmocka_unit_test(keys_run_out),
        cmocka_unit_test(refuses_to_begin_without_keys),
        cmocka_unit_test(waits_for_room_and_gives_up_by_cause),
        cmocka_unit_test(signal_lets_devices_finish),
        cmocka_unit_test(signal_waits_for_no_sleeper),
        cmocka_unit_test(second_signal_abandons),
        cmocka_unit_test(unsent_password_serves_the_next_device),
        cmocka_unit_test(unknown_page_is_kept_without_what_may_be_a_password),
        cmocka_unit_test(garbage_instead_of_certificates),
        cmocka_unit_test(first_arrival_and_ticks_are_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
