/* The simulator in the place of Intune's cloud with its policy module, and of an MDM that is a SCEP proxy. */
#include "ndes/intune.h"
#include "sim/mint.h"

#include "pki/general_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_rig.h"

#define MINT      "/scepstorm/intune/mint"
#define CHALLENGE "/scepstorm/proxy/challenge"

static struct rig *rig_in(enum ndes_mode mode, const char *fault, const char *challenge)
{
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.mode = mode;
    return make_rig_with(fault, &policy, challenge);
}

/* What the answer calls "challenge". The caller frees. */
static char *challenge_of(struct ndes_reply *reply)
{
    const char *text = buf_text(&reply->body);
    if (reply->status != 200)
        fail_msg("%d: %s", reply->status, text);
    assert_string_equal(reply->content_type, "application/json");
    const char *start = strstr(text, "\"challenge\":\"");
    assert_non_null(start);
    start += strlen("\"challenge\":\"");
    char *challenge = strndup(start, strcspn(start, "\""));
    buf_clear(&reply->body);
    return challenge;
}

static char *mint(struct rig *r, const char *json)
{
    struct ndes_reply reply = ask(r, "POST", MINT, span_of_text(json));
    return challenge_of(&reply);
}

static void assert_status(struct rig *r, const char *method, const char *target, int status)
{
    struct ndes_reply reply = ask(r, method, target, span_of(NULL, 0));
    if (reply.status != status)
        fail_msg("%s %s: %d", method, target, reply.status);
    buf_clear(&reply.body);
}

/* ---- Intune ---- */

static void intune_closes_the_pages_of_ndes(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    assert_page(r, BARE, 403, IIS);
    assert_page(r, OTP, 403, IIS);
    assert_page(r, CAPS, 200, IIS);
    assert_page(r, CERT, 200, IIS);
    free_rig(r);
}

static void challenges_are_as_long_as_intunes(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    for (int i = 0; i < 20; i++) {
        char *challenge = mint(r, "{\"subject\": \"CN=a\"}");
        size_t len = strlen(challenge);
        assert_true(len >= NDES_INTUNE_CHARACTERS_MIN && len <= NDES_INTUNE_CHARACTERS_MAX);
        assert_int_equal(
            strspn(challenge, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="), len);
        free(challenge);
    }
    free_rig(r);
}

#define FULL                                                                                                 \
    "{\"subject\": \"OU=scepstorm,CN=phone-7\", \"san\": [\"dns:a\"], \"eku\": [\"clientAuth\"], "           \
    "\"key_usage\": [\"digitalSignature\", \"keyEncipherment\"], \"key_length\": 2048, \"expires_in\": 600}"

static const uint8_t dns_a[] = {0x30, 3, 0x82, 1, 'a'}, dns_b[] = {0x30, 3, 0x82, 1, 'b'};

/* What FULL asks for. */
static struct sim_device fitting(const char *challenge)
{
    return (struct sim_device){.password = challenge,
                               .cipher = PKI_AES128_CBC,
                               .san = span_of(dns_a, sizeof dns_a),
                               .ekus = &PKI_EKU_CLIENT_AUTH,
                               .eku_count = 1,
                               .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT};
}

static void assert_welcome(struct rig *r, struct sim_device *d)
{
    struct scep_certrep rep;
    struct err e = {0};
    if (!enroll(r, d, &rep, &e))
        fail_msg("%s: %s", base_reason_id(e.reason), rep.server_text);
    scep_certrep_clear(&rep);
}

static void assert_reason(struct rig *r, struct sim_device *d, const char *text)
{
    struct scep_certrep rep;
    struct err e = {0};
    assert_false(enroll(r, d, &rep, &e));
    assert_int_equal(e.reason, REASON_SCEP_FAILURE);
    assert_int_equal(rep.fail_info, SCEP_BAD_REQUEST);
    assert_int_equal(rep.hresult, 0x80004005);
    assert_string_equal(rep.server_text, text);
    scep_certrep_clear(&rep);
}

static void a_fitting_request_is_welcome_until_the_challenge_expires(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    char *challenge = mint(r, FULL);
    struct sim_device d = fitting(challenge);
    assert_welcome(r, &d);
    d = fitting(challenge);
    assert_welcome(r, &d); /* another transaction with it: nothing is known of one use only */
    r->now_us += 10 * MINUTE;
    d = fitting(challenge);
    assert_reason(r, &d, "Challenge expired");
    free(challenge);
    free_rig(r);
}

static void what_is_not_claimed_is_not_checked(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    char *challenge = mint(r, "{\"subject\": \"CN=phone-7,OU=scepstorm\"}");
    struct sim_device d = fitting(challenge);
    assert_welcome(r, &d);
    d = (struct sim_device){.password = challenge, .cipher = PKI_AES128_CBC};
    assert_welcome(r, &d);
    r->now_us += 60 * MINUTE;
    d.password = challenge;
    assert_reason(r, &d, "Challenge expired"); /* an hour, when nothing is said */
    free(challenge);
    free_rig(r);
}

static void every_mismatch_has_its_word(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    char *challenge = mint(r, FULL);
    struct sim_device d = fitting(challenge);
    d.subject = "CN=phone-8,OU=scepstorm";
    assert_reason(r, &d, "Subject name mismatch");
    d = fitting(challenge);
    d.san = span_of(dns_b, sizeof dns_b);
    assert_reason(r, &d, "Subject alternative name mismatch");
    d = fitting(challenge);
    d.san = span_of(NULL, 0);
    assert_reason(r, &d, "Subject alternative name missing");
    d = fitting(challenge);
    d.eku_count = 0;
    assert_reason(r, &d, "Extended key usage missing");
    d = fitting(challenge);
    d.ekus = &PKI_EKU_SERVER_AUTH;
    assert_reason(r, &d, "Extended key usage mismatch");
    const struct span two[] = {PKI_EKU_SERVER_AUTH, PKI_EKU_CLIENT_AUTH};
    d = fitting(challenge);
    d.ekus = two;
    d.eku_count = 2;
    assert_reason(r, &d, "Extended key usage mismatch");
    d = fitting(challenge);
    d.key_usage = PKI_KU_DIGITAL_SIGNATURE;
    assert_reason(r, &d, "Key usage mismatch");
    d = fitting(challenge);
    d.key = short_key;
    d.signer_key = device_key;
    assert_reason(r, &d, "Key length mismatch");
    free(challenge);
    free_rig(r);
}

static void challenges_from_elsewhere_are_refused(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    struct sim_device d = fitting(NULL);
    assert_reason(r, &d, "Challenge password missing");
    d = fitting("not base64!");
    assert_reason(r, &d, "Challenge decoding error");
    d = fitting("MAMCAQE=");
    assert_reason(r, &d, "Challenge deserialization error");
    char *challenge = mint(r, FULL);
    challenge[60] = challenge[60] == 'A' ? 'B' : 'A'; /* inside the statement */
    d = fitting(challenge);
    struct scep_certrep rep;
    struct err e = {0};
    assert_false(enroll(r, &d, &rep, &e));
    assert_true(strcmp(rep.server_text, "Signature validation failed") == 0 ||
                strcmp(rep.server_text, "Challenge deserialization error") == 0);
    scep_certrep_clear(&rep);
    free(challenge);
    free_rig(r);
}

/* Claims with another signature: those of a simulator that was started earlier. */
static void challenges_of_another_cloud_are_refused(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    struct ndes_identity *mine = identity, *other = NULL;
    struct ndes_identity_spec spec = {.ca_bits = 1024, .ra_bits = 1024, .now_s = NOW / 1000000};
    struct err e = {0};
    assert_true(ndes_identity_new(&spec, &other, &e));
    struct ndes_reply reply;
    ndes_reply_init(&reply);
    sim_mint_intune(other, span_of_text(FULL), NOW, &reply);
    char *challenge = challenge_of(&reply);
    assert_ptr_equal(identity, mine);
    struct sim_device d = fitting(challenge);
    assert_reason(r, &d, "Signature validation failed");
    free(challenge);
    ndes_identity_free(other);
    free_rig(r);
}

static void faults_of_the_connector_refuse_good_challenges(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, "connector-stopped", NULL);
    char *challenge = mint(r, FULL);
    struct sim_device d = fitting(challenge);
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80004005);
    free(challenge);
    free_rig(r);
}

static void renewals_show_a_challenge_too(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    char *challenge = mint(r, FULL);
    struct sim_device d = fitting(challenge);
    struct scep_certrep rep;
    struct err e = {0};
    assert_true(enroll(r, &d, &rep, &e));
    d = fitting(NULL);
    d.type = SCEP_RENEWAL_REQ;
    d.holds = rep.issued;
    assert_reason(r, &d, "Challenge password missing");
    d.password = challenge;
    assert_welcome(r, &d);
    scep_certrep_clear(&rep);
    free(challenge);
    free_rig(r);
}

/* ---- minting ---- */

static void minting_is_for_this_machine_and_mode(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_INTUNE, NULL, NULL);
    assert_status(r, "GET", MINT, 405);
    assert_status(r, "POST", CHALLENGE, 404);
    assert_status(r, "POST", MINT, 400);
    assert_status(r, "POST", MINT "/more", 404);
    struct ndes_request request = {.method = "POST",
                                   .target = span_of_text(MINT),
                                   .host = "ndes.example",
                                   .body = span_of_text(FULL),
                                   .now_us = NOW};
    struct ndes_reply reply;
    sim_site_answer(r->site, &request, &reply); /* from another machine */
    assert_int_equal(reply.status, 403);
    buf_clear(&reply.body);
    free_rig(r);
    r = make_rig(NULL);
    assert_status(r, "POST", MINT, 404);
    assert_status(r, "POST", CHALLENGE, 404);
    free_rig(r);
}

static void wrong_json_is_told_by_key(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *said;
    } cases[] = {
        {"", "no JSON: line"},
        {"{\"subject\"", "no JSON: line 1"},
        {"[]", "a JSON object is wanted"},
        {"{}", "subject: missing"},
        {"{\"subject\": 5}", "subject: a text like"},
        {"{\"subject\": \"XY=1\"}", "XY"},
        {"{\"subject\": \"CN=a\", \"subject\": \"CN=b\"}", "duplicate"},
        {"{\"subject\": \"CN=a\", \"sans\": []}", "'sans' is none of subject, san, eku"},
        {"{\"subject\": \"CN=a\", \"san\": []}", "san: a list of 1 to 16 texts"},
        {"{\"subject\": \"CN=a\", \"san\": \"dns:a\"}", "san: a list"},
        {"{\"subject\": \"CN=a\", \"san\": [1]}", "san: a list"},
        {"{\"subject\": \"CN=a\", \"san\": [\"fax:1\"]}", "fax"},
        {"{\"subject\": \"CN=a\", \"eku\": [\"clientauth\"]}", "eku: clientAuth, serverAuth"},
        {"{\"subject\": \"CN=a\", \"key_usage\": [\"signing\"]}", "key_usage: words like"},
        {"{\"subject\": \"CN=a\", \"key_length\": 1}", "key_length: a number of bits"},
        {"{\"subject\": \"CN=a\", \"key_length\": \"2048\"}", "key_length: a number of bits"},
        {"{\"subject\": \"CN=a\", \"expires_in\": -1}", "expires_in: 0 seconds to 366 days"},
        {"{\"subject\": \"CN=a\", \"expires_in\": \"soon\"}", "expires_in: seconds, or a text"},
        {"{\"subject\": \"CN=a\", \"expires_in\": true}", "expires_in: seconds, or a text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndes_intune_claims claims;
        struct err e = {0};
        if (sim_mint_read(span_of_text(cases[i].json), 0, &claims, &e))
            fail_msg("'%s' is accepted", cases[i].json);
        if (strstr(e.text, cases[i].said) == NULL)
            fail_msg("'%s' gives: %s", cases[i].json, e.text);
        ndes_intune_claims_clear(&claims);
    }
}

static void json_becomes_claims(void **state)
{
    (void)state;
    struct ndes_intune_claims claims;
    struct err e = {0};
    static const char json[] = "{\"expires_in\": \"5m\", \"subject\": \"CN=a\", \"eku\": [\"1.2.3\", "
                               "\"smartcardLogon\"], \"key_usage\": [\"keyAgreement\"]}";
    assert_true(sim_mint_read(span_of_text(json), 1000, &claims, &e));
    assert_int_equal(claims.expires_s, 1300);
    assert_int_equal(claims.key_usage, PKI_KU_KEY_AGREEMENT);
    assert_int_equal(claims.key_length, 0);
    assert_int_equal(claims.san.len, 0);
    static const uint8_t ekus[] = {0x30, 0x10, 6, 2, 0x2a, 3,    6,    10, 0x2b,
                                   6,    1,    4, 1, 0x82, 0x37, 0x14, 2,  2};
    assert_int_equal(claims.ekus.len, sizeof ekus);
    assert_memory_equal(claims.ekus.data, ekus, sizeof ekus);
    ndes_intune_claims_clear(&claims);
}

static void claims_that_do_not_fit_are_told(void **state)
{
    (void)state;
    char json[8192];
    struct ndes_reply reply;
    size_t used = (size_t)snprintf(json, sizeof json, "{\"subject\": \"CN=a\", \"san\": [");
    for (int i = 0; i < 16; i++)
        used += (size_t)snprintf(json + used, sizeof json - used, "%s\"uri:https://%0230d/\"",
                                 i > 0 ? "," : "", i);
    snprintf(json + used, sizeof json - used, "]}");
    ndes_reply_init(&reply);
    sim_mint_intune(identity, span_of_text(json), NOW, &reply);
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(buf_text(&reply.body), "{\"error\":\""));
    buf_clear(&reply.body);
}

/* ---- proxy ---- */

static void the_proxy_takes_one_challenge_for_all(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_PROXY, NULL, "of the profile");
    for (int i = 0; i < 20; i++) { /* NDES's cache of five is refilled behind the scenes */
        struct sim_device d = {.password = "of the profile", .cipher = PKI_AES128_CBC};
        assert_welcome(r, &d);
    }
    assert_status(r, "POST", CHALLENGE, 404);
    free_rig(r);
}

static void the_proxy_hands_out_a_challenge_per_device(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_PROXY, NULL, NULL);
    struct ndes_reply reply = ask(r, "POST", CHALLENGE, span_of(NULL, 0));
    char *challenge = challenge_of(&reply);
    struct sim_device d = {.password = challenge, .cipher = PKI_AES128_CBC};
    assert_welcome(r, &d);
    d = (struct sim_device){.password = challenge, .cipher = PKI_AES128_CBC};
    struct scep_certrep rep;
    struct err e = {0};
    assert_false(enroll(r, &d, &rep, &e));
    assert_int_equal(rep.fail_info, SCEP_BAD_MESSAGE_CHECK);
    assert_false(rep.has_hresult); /* Microsoft's attribute is NDES's, and NDES was not asked */
    scep_certrep_clear(&rep);
    free(challenge);
    for (int i = 0; i < 5; i++) {
        reply = ask(r, "POST", CHALLENGE, span_of(NULL, 0));
        assert_int_equal(reply.status, 200);
        buf_clear(&reply.body);
    }
    reply = ask(r, "POST", CHALLENGE, span_of(NULL, 0)); /* the rig keeps five */
    assert_int_equal(reply.status, 409);
    buf_clear(&reply.body);
    free_rig(r);
}

static void the_proxy_hides_ndes(void **state)
{
    (void)state;
    struct rig *r = rig_in(NDES_PROXY, NULL, "x");
    assert_page(r, BARE, 200, "scepstorm-mdm");
    assert_page(r, CAPS, 200, "scepstorm-mdm");
    assert_page(r, OTP, 404, "scepstorm-mdm");
    free_rig(r);
    /* What breaks NDES breaks PKIOperation, and nothing else. */
    static const char *const faults[] = {"app-pool-stopped", "ra-cert-expired",
                                         "ra-cert-expired:restarted=yes", "service-account-locked:face=500"};
    for (size_t i = 0; i < 4; i++) {
        r = rig_in(NDES_PROXY, faults[i], "x");
        assert_page(r, CAPS, 200, "scepstorm-mdm");
        assert_page(r, CERT, 200, "scepstorm-mdm");
        assert_page(r, PKI, 502, "scepstorm-mdm");
        struct ndes_reply reply = get(r, CERT);
        assert_true(span_equal(buf_span(&reply.body), buf_span(&identity->ca_certs)));
        buf_clear(&reply.body);
        free_rig(r);
    }
}

static void ndes_refuses_the_proxy_and_the_device_hears_less(void **state)
{
    (void)state;
    static const char *const faults[] = {"password-wrong", "template-permission-denied"};
    for (size_t i = 0; i < 2; i++) {
        struct rig *r = rig_in(NDES_PROXY, faults[i], "x");
        struct sim_device d = {.password = "x", .cipher = PKI_AES128_CBC};
        struct scep_certrep rep;
        struct err e = {0};
        assert_false(enroll(r, &d, &rep, &e));
        assert_int_equal(e.reason, REASON_SCEP_FAILURE);
        assert_int_equal(rep.fail_info, i == 0 ? SCEP_BAD_MESSAGE_CHECK : SCEP_BAD_REQUEST);
        assert_false(rep.has_hresult);
        assert_string_equal(rep.server_text, "");
        scep_certrep_clear(&rep);
        free_rig(r);
    }
    struct rig *r = rig_in(NDES_PROXY, "otp-cache-full", "x"); /* then there is no CertRep at all */
    struct sim_device d = {.subject = "CN=a", .password = "x", .key = device_key, .digest = PKI_SHA256};
    d.now_s = NOW / 1000000;
    struct err e = {0};
    assert_true(sim_device_make(&d, r->served, &e));
    struct ndes_reply reply = ask(r, "POST", PKI, buf_span(&d.message));
    assert_int_equal(reply.status, 502);
    buf_clear(&reply.body);
    sim_device_clear(&d);
    free_rig(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intune_closes_the_pages_of_ndes),
        cmocka_unit_test(challenges_are_as_long_as_intunes),
        cmocka_unit_test(a_fitting_request_is_welcome_until_the_challenge_expires),
        cmocka_unit_test(what_is_not_claimed_is_not_checked),
        cmocka_unit_test(every_mismatch_has_its_word),
        cmocka_unit_test(challenges_from_elsewhere_are_refused),
        cmocka_unit_test(challenges_of_another_cloud_are_refused),
        cmocka_unit_test(faults_of_the_connector_refuse_good_challenges),
        cmocka_unit_test(renewals_show_a_challenge_too),
        cmocka_unit_test(minting_is_for_this_machine_and_mode),
        cmocka_unit_test(wrong_json_is_told_by_key),
        cmocka_unit_test(json_becomes_claims),
        cmocka_unit_test(claims_that_do_not_fit_are_told),
        cmocka_unit_test(the_proxy_takes_one_challenge_for_all),
        cmocka_unit_test(the_proxy_hands_out_a_challenge_per_device),
        cmocka_unit_test(the_proxy_hides_ndes),
        cmocka_unit_test(ndes_refuses_the_proxy_and_the_device_hears_less),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
