// links: sim
/* Personas, transactions and verdicts in whole runs against the simulator. */
#include "engine_bench.h"
#include "pki/csr.h"
#include "scep/certrep.h"

static void be(struct bench *b, const char *persona)
{
    struct err e = {0};
    b->profile.name = b->profile.persona.name;
    CHECK_OK(persona_find(persona, &b->profile.persona, &e), &e);
}

static void set(struct bench *b, const char *knob, const char *value)
{
    struct err e = {0};
    CHECK_OK(persona_override(&b->profile.persona, knob, value, &e), &e);
}

/* One-time passwords, and a policy on top of the default. */
static void at_sim_with(struct bench *b, const struct ndes_policy *policy)
{
    at_sim_like(b, (struct sim_config){
                       .listen = "127.0.0.1:0",
                       .schemes = NDES_SCHEME_BASIC,
                       .accounts = &(struct logon_account){.name = "mdm", .password = b->password},
                       .account_count = 1,
                       .policy = policy,
                   });
    b->scenario.challenge.source = CHALLENGE_MSCEP_ADMIN;
    b->scenario.challenge.auth = CHALLENGE_AUTH_BASIC;
    b->config.user = "mdm";
    b->config.secret = b->password;
}

static void all_enroll(struct bench *b)
{
    run(b);
    uint64_t planned = load_plan_count(b->plan);
    for (uint64_t i = 0; i < planned; i++) {
        const struct outcome *o = &b->heard.outcomes[i];
        if (o->end != OUTCOME_ENROLLED)
            fail_msg("%s: device %llu: %s %s: %s", b->profile.persona.name, (unsigned long long)i,
                     base_stage_id(o->error.stage), base_reason_id(o->error.reason), o->error.text);
    }
}

static void every_follow_up_is(const struct bench *b, enum outcome_follow what, enum outcome_result result)
{
    for (uint64_t i = 0; i < load_plan_count(b->plan); i++) {
        const struct outcome_follow_up *f = &b->heard.outcomes[i].follow[what];
        if (f->result != result)
            fail_msg("device %llu, %s: result %d, %s %s: %s", (unsigned long long)i, outcome_follow_id(what),
                     f->result, base_stage_id(f->error.stage), base_reason_id(f->error.reason),
                     f->error.text);
    }
}

/* Personas. */

static void every_persona_enrolls(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned caps, certs, connections; /* per device */
    } cases[] = {{"rfc8894", 1, 1, 1}, {"windows", 1, 1, 1}, {"ios", 1, 1, 3},  {"macos", 1, 1, 3},
                 {"android", 3, 2, 1}, {"cisco", 1, 1, 3},   {"sscep", 2, 1, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *b = new_bench(100, 5);
        at_sim(b, NULL);
        be(b, cases[i].name);
        set(b, "think_time", "0");
        all_enroll(b);
        assert_int_equal(b->heard.steps[STAGE_GET_CA_CAPS], 5 * cases[i].caps);
        assert_int_equal(b->heard.steps[STAGE_GET_CA_CERT], 5 * cases[i].certs);
        assert_int_equal(b->heard.steps[STAGE_TCP], 5 * cases[i].connections);
        assert_true(b->heard.outcomes[0].strict_ok && b->heard.outcomes[0].persona_ok);
        free_bench(b);
    }
}

/* GET for want of POST, in each way of escaping. */
static void every_escaping_arrives(void **state)
{
    (void)state;
    static const char *const styles[] = {"all", "padding", "lines"};
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        struct bench *b = new_bench(100, 4);
        at_sim(b, NULL);
        set(b, "post", "never");
        set(b, "get_escaping", styles[i]);
        all_enroll(b);
        free_bench(b);
    }
}

static void thinking_is_no_lag(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 4);
    at_sim(b, NULL);
    set(b, "think_time", "1s");
    all_enroll(b);
    for (int i = 0; i < 4; i++) {
        const struct outcome *o = &b->heard.outcomes[i];
        assert_true(o->finished_us - o->started_us >= 2 * SECOND); /* before GetCACert and before the CSR */
    }
    assert_true(b->heard.most_lag_us[STAGE_GET_CA_CERT] < SECOND - SECOND / 10);
    assert_true(b->heard.most_lag_us[STAGE_CSR] < SECOND - SECOND / 10);
    free_bench(b);
}

static void dead_server_is_left_for_the_next(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 6);
    static char dead[] = "http://127.0.0.1:1/certsrv/mscep/mscep.dll";
    at_sim(b, NULL);
    char *urls[] = {dead, b->scep_url};
    b->scenario.target.urls = urls;
    b->scenario.target.url_count = 2;
    all_enroll(b);
    assert_int_equal(b->heard.failed_steps[STAGE_TCP], 6); /* once: then it stays with the one that answers */
    assert_int_equal(b->heard.outcomes[0].retries, 1);
    free_bench(b);
}

/* PENDING. */

static void polls_until_approved(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 5);
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    struct err e = {0};
    CHECK_OK(ndes_policy_approval("after-polls=2,then=issue", &policy.approval, &e), &e);
    at_sim_with(b, &policy);
    set(b, "poll_interval", "1s");
    set(b, "poll_first_at_once", "yes");
    all_enroll(b);
    assert_int_equal(b->heard.outcomes[2].polls, 2);
    assert_int_equal(b->heard.steps[STAGE_PKI_OPERATION], 5);
    assert_int_equal(b->heard.steps[STAGE_CERT_POLL], 10);
    assert_int_equal(b->heard.failed_steps[STAGE_CERT_POLL], 0);
    assert_true(b->heard.most_lag_us[STAGE_BUILD] < 900000); /* the interval is a plan, not lag */
    free_bench(b);
}

static void polls_end_by_limit_and_denial(void **state)
{
    (void)state;
    static const struct {
        const char *approval;
        enum reason reason;
        unsigned polls;
    } cases[] = {{"after-polls=9,then=issue", REASON_POLL_LIMIT, 2},
                 {"after-polls=1,then=deny", REASON_SCEP_FAILURE, 1}};
    for (size_t i = 0; i < 2; i++) {
        struct bench *b = new_bench(100, 3);
        struct ndes_policy policy = NDES_POLICY_DEFAULTS;
        struct err e = {0};
        CHECK_OK(ndes_policy_approval(cases[i].approval, &policy.approval, &e), &e);
        at_sim_with(b, &policy);
        set(b, "polls", "2");
        set(b, "poll_interval", "0");
        run(b);
        assert_int_equal(b->heard.reasons[cases[i].reason], 3);
        assert_int_equal(b->heard.outcomes[0].error.stage, STAGE_CERT_POLL);
        assert_int_equal(b->heard.outcomes[0].polls, cases[i].polls);
        free_bench(b);
    }
}

/* What follows. */

static void then(struct bench *b, enum scenario_then what)
{
    b->scenario.devices.then[b->scenario.devices.then_count++] = what;
}

static void everything_follows(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 5);
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    struct err e = {0};
    CHECK_OK(ndes_policy_operations("get-cert,get-crl,get-next-ca-cert", &policy.operations, &e), &e);
    at_sim_with(b, &policy);
    then(b, SCENARIO_THEN_RENEW);
    then(b, SCENARIO_THEN_GET_CERT);
    then(b, SCENARIO_THEN_GET_CRL);
    then(b, SCENARIO_THEN_GET_NEXT_CA_CERT);
    all_enroll(b);
    const enum stage steps[] = {STAGE_RENEWAL, STAGE_GET_CERT, STAGE_GET_CRL, STAGE_GET_NEXT_CA_CERT};
    for (unsigned i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        every_follow_up_is(b, (enum outcome_follow)i, OUTCOME_OK);
        assert_int_equal(b->heard.steps[steps[i]], 5);
        assert_int_equal(b->heard.failed_steps[steps[i]], 0);
    }
    const struct outcome *o = &b->heard.outcomes[3];
    assert_true(o->follow[OUTCOME_RENEWAL].serial[0] != '\0');
    assert_string_not_equal(o->follow[OUTCOME_RENEWAL].serial, o->serial);
    assert_true(o->follow[OUTCOME_RENEWAL].started_us >= o->finished_us);
    assert_int_equal(b->heard.steps[STAGE_PKI_OPERATION], 5);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_SENT], 5); /* a renewal needs none */
    free_bench(b);
}

/* NDES, as it is: no GetCert, no GetCRL, no GetNextCACert. The enrollments are none the worse. */
static void refused_errands_are_told(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 3);
    at_sim(b, NULL);
    then(b, SCENARIO_THEN_GET_CERT);
    then(b, SCENARIO_THEN_GET_CRL);
    then(b, SCENARIO_THEN_GET_NEXT_CA_CERT);
    all_enroll(b);
    every_follow_up_is(b, OUTCOME_GET_CERT, OUTCOME_NOT_OK);
    every_follow_up_is(b, OUTCOME_GET_CRL, OUTCOME_NOT_OK);
    every_follow_up_is(b, OUTCOME_GET_NEXT_CA_CERT, OUTCOME_NOT_TRIED);
    assert_int_equal(b->heard.failed_steps[STAGE_GET_CERT], 3);
    assert_int_equal(b->heard.failed_steps[STAGE_GET_CRL], 3);
    free_bench(b);
}

static void renewals_in_every_way(void **state)
{
    (void)state;
    static const struct {
        const char *how, *key;
        unsigned passwords; /* per device */
    } cases[] = {{"renewal_req", "new", 1},     {"renewal_req", "same", 1}, {"update_req", "new", 1},
                 {"pkcs_req_signed", "new", 1}, {"re_enroll", "new", 2},    {"re_enroll", "same", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *b = new_bench(200, 8);
        struct ndes_policy policy = NDES_POLICY_DEFAULTS;
        struct err e = {0};
        CHECK_OK(ndes_policy_operations("update", &policy.operations, &e), &e);
        at_sim_with(b, &policy);
        set(b, "renewal", cases[i].how);
        set(b, "renewal_key", cases[i].key);
        then(b, SCENARIO_THEN_RENEW);
        all_enroll(b);
        every_follow_up_is(b, OUTCOME_RENEWAL, OUTCOME_OK);
        assert_int_equal(b->heard.otp[OUTCOME_OTP_SENT], 8 * cases[i].passwords);
        assert_int_equal(b->heard.otp[OUTCOME_OTP_CACHE_FULL], 0);
        free_bench(b);
    }
}

static void old_certificate_back_is_caught(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 3);
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    struct err e = {0};
    CHECK_OK(ndes_policy_quirks("same-key-returns-old", &policy.quirks, &e), &e);
    at_sim_with(b, &policy);
    set(b, "renewal_key", "same");
    then(b, SCENARIO_THEN_RENEW);
    all_enroll(b);
    every_follow_up_is(b, OUTCOME_RENEWAL, OUTCOME_NOT_OK);
    const struct outcome *o = &b->heard.outcomes[0];
    assert_int_equal(o->follow[OUTCOME_RENEWAL].error.reason, REASON_RENEWAL_SAME_CERTIFICATE);
    assert_true(o->renewal_same_certificate);
    free_bench(b);
}

static void renewal_waits_for_approval_too(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 3);
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    struct err e = {0};
    CHECK_OK(ndes_policy_approval("after-polls=1,then=issue", &policy.approval, &e), &e);
    at_sim_with(b, &policy);
    set(b, "poll_interval", "0");
    then(b, SCENARIO_THEN_RENEW);
    all_enroll(b);
    every_follow_up_is(b, OUTCOME_RENEWAL, OUTCOME_OK);
    assert_int_equal(b->heard.outcomes[0].polls, 1);
    assert_int_equal(b->heard.outcomes[0].follow[OUTCOME_RENEWAL].polls, 1);
    free_bench(b);
}

static void keys_for_renewals_may_be_missing(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 2); /* two keys, both taken by the enrollments */
    at_sim(b, NULL);
    b->scenario.devices.key_reuse = false;
    then(b, SCENARIO_THEN_RENEW);
    all_enroll(b);
    every_follow_up_is(b, OUTCOME_RENEWAL, OUTCOME_NOT_OK);
    assert_int_equal(b->heard.outcomes[0].follow[OUTCOME_RENEWAL].error.reason, REASON_KEYS_EXHAUSTED);
    free_bench(b);
}

/* Keys, names, expectations. */

static void elliptic_devices_enroll(void **state)
{
    (void)state;
    static const unsigned curves[] = {256, 384};
    for (size_t i = 0; i < 2; i++) {
        struct bench *b = new_bench(100, 5);
        at_sim(b, NULL);
        b->scenario.devices.key_type = SCENARIO_KEY_EC;
        b->scenario.devices.key_curve = curves[i];
        b->scenario.devices.key_reuse = false; /* of RSA keys, which only sign here: two do for five */
        set(b, "renewal", i == 0 ? "re_enroll" : "renewal_req");
        then(b, SCENARIO_THEN_RENEW);
        all_enroll(b);
        every_follow_up_is(b, OUTCOME_RENEWAL, i == 0 ? OUTCOME_OK : OUTCOME_NOT_OK);
        free_bench(b);
    }
}

static void names_are_asked_for_and_compared(void **state)
{
    (void)state;
    static char dns[] = "dns:{profile}-{index}.example.test", upn[] = "upn:user{index}@example.test";
    static char *names[] = {dns, upn};
    struct bench *b = new_bench(100, 3);
    at_sim(b, NULL);
    b->scenario.devices.san = names;
    b->scenario.devices.san_count = 2;
    b->scenario.devices.expect.san_as_requested = true;
    all_enroll(b);
    assert_string_equal(b->heard.outcomes[2].san, "dns:rfc8894-2.example.test, upn:user2@example.test");
    free_bench(b);
}

static void expectations_are_held_against_the_server(void **state)
{
    (void)state;
    static const struct {
        struct scenario_expect expect;
        const char *text; /* NULL: met */
    } cases[] = {
        {{.eku = 1u << PERSONA_EKU_CLIENT_AUTH}, NULL},
        {{.eku = 1u << PERSONA_EKU_SERVER_AUTH}, "serverAuth"},
        {{.key_usage = PKI_KU_DIGITAL_SIGNATURE}, NULL},
        {{.key_usage = PKI_KU_CRL_SIGN}, "key_usage"},
        {{.min_validity_us = 24 * 3600 * SECOND}, NULL},
        {{.min_validity_us = 36500 * (24 * 3600 * SECOND)}, "min_validity"},
        {{.max_validity_us = 24 * 3600 * SECOND}, "max_validity"},
        {{.san_as_requested = true}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *b = new_bench(100, 2);
        at_sim(b, NULL);
        b->scenario.devices.expect = cases[i].expect;
        run(b);
        const struct outcome *o = &b->heard.outcomes[0];
        assert_int_equal(o->end, cases[i].text == NULL ? OUTCOME_ENROLLED : OUTCOME_FAILED);
        assert_true(o->strict_ok);
        if (cases[i].text != NULL) {
            assert_int_equal(o->error.reason, REASON_EXPECTATION);
            assert_non_null(strstr(o->error.text, cases[i].text));
        }
        assert_true(o->eku[0] != '\0');
        free_bench(b);
    }
}

static void refusal_can_be_the_wanted_end(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 30);
    at_sim_like(b, (struct sim_config){.listen = "127.0.0.1:0", .static_password = "another"});
    b->scenario.challenge.source = CHALLENGE_STATIC;
    b->config.secret = b->password;
    b->scenario.devices.expect.refused = true;
    b->scenario.limits.error_budget = 0.1;
    run(b);
    for (int i = 0; i < 30; i++)
        assert_true(b->heard.outcomes[i].refused_as_expected);
    assert_string_equal(b->result.stopped_early, "");
    assert_string_equal(b->heard.outcomes[0].serial, "");
    free_bench(b);
}

/* A server that answers with SUCCESS and gets one thing wrong. */

enum slip { SLIP_NONE, SLIP_SUBJECT, SLIP_NONCE, SLIP_KEY };

struct crooked {
    enum slip slip;
    struct pki_key *ca_key, *other_key;
    struct pki_cert *ca;
};

static struct pki_cert *certify(const struct crooked *c, const char *subject, struct span spki, bool ca)
{
    struct err e = {0};
    struct buf name = fixture_name(subject), issuer = fixture_name("CN=Crooked CA"), der;
    struct pki_cert *cert = NULL;
    int64_t now_s = clock_wall_us() / SECOND;
    const struct pki_cert_spec spec = {.subject = buf_span(&name),
                                       .issuer = buf_span(&issuer),
                                       .spki = spki,
                                       .serial = span_of("\x11\x22", 2),
                                       .not_before = now_s - 3600,
                                       .not_after = now_s + 3600,
                                       .ca = ca};
    buf_init(&der, 65536);
    CHECK_OK(pki_cert_make(&spec, c->ca_key, PKI_SHA256, &der, &e), &e);
    CHECK_OK(pki_cert_from_der(buf_span(&der), &cert, &e), &e);
    buf_clear(&name);
    buf_clear(&issuer);
    buf_clear(&der);
    return cert;
}

static void issue(const struct crooked *c, struct span message, struct buf *out)
{
    struct err e = {0};
    struct scep_request request = {0};
    struct pki_csr csr = {0};
    struct buf subject;
    buf_init(&subject, 4096);
    CHECK_OK(scep_request_open(message, c->ca, c->ca_key, &request, &e), &e);
    CHECK_OK(pki_csr_read(buf_span(&request.content), &csr, &e), &e);
    CHECK_OK(pki_name_to_text(csr.subject, &subject, &e), &e);
    struct pki_cert *leaf = certify(c, c->slip == SLIP_SUBJECT ? "CN=Somebody else" : buf_text(&subject),
                                    c->slip == SLIP_KEY ? pki_key_spki(c->other_key) : csr.spki, false);
    const struct pki_cert *certs[] = {leaf};
    request.transaction.sender_nonce[0] ^= c->slip == SLIP_NONCE;
    const struct scep_certrep_spec spec = {.status = SCEP_SUCCESS,
                                           .request = &request,
                                           .certs = certs,
                                           .cert_count = 1,
                                           .signer = c->ca,
                                           .signer_key = c->ca_key,
                                           .digest = PKI_SHA256,
                                           .cipher = PKI_AES128_CBC,
                                           .transport = PKI_RSA_PKCS1};
    CHECK_OK(scep_certrep_build(&spec, out, &e), &e);
    pki_cert_free(leaf);
    pki_csr_clear(&csr);
    scep_request_clear(&request);
    buf_clear(&subject);
}

static void answer_crookedly(void *user, const struct web_request *request, struct web_reply *reply)
{
    const struct crooked *c = user;
    static const char type[] = "Content-Type: application/x-x509-ca-cert\r\n";
    struct buf body;
    buf_init(&body, BYTES_MAX_MESSAGE);
    if (strstr(request->target, "GetCACaps") != NULL)
        buf_append_text(&body, "POSTPKIOperation\nSHA-256\nAES\n");
    else if (strstr(request->target, "GetCACert") != NULL)
        buf_append_span(&body, pki_cert_der(c->ca));
    else if (strstr(request->target, "PKIOperation") != NULL)
        issue(c, request->body, &body);
    web_answer(reply, 200, type, buf_span(&body));
    buf_clear(&body);
}

static void what_a_client_does_not_check_it_takes(void **state)
{
    (void)state;
    static const struct {
        enum slip slip;
        const char *persona;
        bool any_subject;
        enum reason reason;
        bool taken;
    } cases[] = {
        {SLIP_NONE, "rfc8894", false, REASON_NONE, true},
        {SLIP_NONE, "ios", false, REASON_NONE, true},
        {SLIP_SUBJECT, "rfc8894", false, REASON_SUBJECT_MISMATCH, false},
        {SLIP_SUBJECT, "rfc8894", true, REASON_NONE, true},
        {SLIP_SUBJECT, "ios", false, REASON_SUBJECT_MISMATCH, true},
        {SLIP_NONCE, "rfc8894", false, REASON_NONCE_MISMATCH, false},
        {SLIP_NONCE, "ios", false, REASON_NONCE_MISMATCH, true},
        {SLIP_KEY, "ios", false, REASON_KEY_MISMATCH, false},
    };
    struct crooked server = {.ca_key = fixture_key("rsa2048-ca"), .other_key = fixture_key("rsa2048-other")};
    server.ca = certify(&server, "CN=Crooked CA", pki_key_spki(server.ca_key), true);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *b = new_bench(100, 1);
        b->scenario.challenge.source = CHALLENGE_NONE;
        b->scenario.devices.expect.subject_any = cases[i].any_subject;
        server.slip = cases[i].slip;
        at_web(b, answer_crookedly, &server);
        be(b, cases[i].persona);
        set(b, "think_time", "0");
        run(b);
        const struct outcome *o = &b->heard.outcomes[0];
        if (o->error.reason != cases[i].reason)
            fail_msg("case %zu: %s: %s", i, base_reason_id(o->error.reason), o->error.text);
        assert_int_equal(o->strict_ok, cases[i].reason == REASON_NONE);
        assert_int_equal(o->persona_ok, cases[i].taken);
        assert_int_equal(strstr(o->differences, "another subject") != NULL, cases[i].slip == SLIP_SUBJECT);
        assert_string_equal(o->serial, "1122");
        free_bench(b);
    }
    pki_cert_free(server.ca);
    pki_key_free(server.ca_key);
    pki_key_free(server.other_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_persona_enrolls),
        cmocka_unit_test(every_escaping_arrives),
        cmocka_unit_test(thinking_is_no_lag),
        cmocka_unit_test(dead_server_is_left_for_the_next),
        cmocka_unit_test(polls_until_approved),
        cmocka_unit_test(polls_end_by_limit_and_denial),
        cmocka_unit_test(everything_follows),
        cmocka_unit_test(refused_errands_are_told),
        cmocka_unit_test(renewals_in_every_way),
        cmocka_unit_test(old_certificate_back_is_caught),
        cmocka_unit_test(renewal_waits_for_approval_too),
        cmocka_unit_test(keys_for_renewals_may_be_missing),
        cmocka_unit_test(elliptic_devices_enroll),
        cmocka_unit_test(names_are_asked_for_and_compared),
        cmocka_unit_test(expectations_are_held_against_the_server),
        cmocka_unit_test(refusal_can_be_the_wanted_end),
        cmocka_unit_test(what_a_client_does_not_check_it_takes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
