/* Faults of the OTP page, of passwords, of messages and of renewals, as far as they show to some clients only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_seen.h"

/* ---- the OTP page ---- */

static void logons_are_refused_with_what_the_log_says(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        uint32_t win32;
        const char *status, *sub_status;
    } cases[] = {
        {"otp-auth-failed", 1326, "0xC000006D", "0xC000006A"},
        {"otp-account-locked", 1909, "0xC0000234", "0x0"},
        {"otp-account-password-expired", 1330, "0xC000006E", "0xC0000071"},
        {"otp-account-password-expired:status=1907", 1907, "0xC0000224", "0x0"},
        {"otp-account-disabled", 1331, "0xC000006E", "0xC0000072"},
        {"otp-account-disabled:status=1793", 1793, "0xC000006E", "0xC0000193"},
        {"mdm-otp-credential-invalid", 1326, "0xC000006D", "0xC000006A"},
        {"mdm-otp-credential-invalid:status=1909", 1909, "0xC0000234", "0x0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct ndes_reply reply = get(r, OTP);
        assert_int_equal(reply.status, 401);
        assert_int_equal(reply.substatus, 1);
        assert_int_equal(reply.win32, cases[i].win32);
        assert_string_equal(reply.notes[0].event, "Security 4625");
        assert_string_equal(reply.notes[0].values[0], "mdm");
        assert_string_equal(reply.notes[0].values[1], cases[i].status);
        assert_string_equal(reply.notes[0].values[2], cases[i].sub_status);
        buf_clear(&reply.body);
        assert_page(r, CAPS, 200, IIS);
        free_rig(r);
    }
}

static void first_leg_of_a_logon_is_no_failure(void **state)
{
    (void)state;
    struct rig *r = make_rig("otp-account-locked");
    struct ndes_request request = {
        .method = "GET", .target = span_of_text(OTP), .host = "ndes.example", .now_us = NOW};
    struct ndes_reply reply;
    sim_site_answer(r->site, &request, &reply);
    assert_int_equal(reply.status, 401);
    assert_int_equal(reply.substatus, 2);
    assert_null(reply.notes[0].event);
    buf_clear(&reply.body);
    free_rig(r);
}

static void pages_of_the_folder_and_of_the_program_differ(void **state)
{
    (void)state;
    struct rig *r = make_rig("mscep-admin-default-doc-missing");
    struct ndes_reply reply = get(r, OTP);
    assert_int_equal(reply.status, 403);
    assert_int_equal(reply.substatus, 14);
    buf_clear(&reply.body);
    assert_page(r, "/certsrv/mscep_admin/mscep.dll", 200, IIS);
    free_rig(r);
    r = make_rig("mscep-admin-default-doc-missing:page=404");
    assert_page(r, OTP, 404, IIS);
    free_rig(r);
}

static void page_is_gone_before_any_logon(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int status;
        unsigned substatus;
    } cases[] = {{"otp-endpoint-removed", 404, 0},
                 {"otp-endpoint-removed:how=hidden", 404, 8},
                 {"otp-endpoint-503", 503, 0},
                 {"otp-endpoint-503:pool=otp", 503, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct ndes_request request = {
            .method = "GET", .target = span_of_text(OTP), .host = "ndes.example", .now_us = NOW};
        struct ndes_reply reply;
        sim_site_answer(r->site, &request, &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_int_equal(reply.substatus, cases[i].substatus);
        buf_clear(&reply.body);
        if (i != 2)
            assert_page(r, CAPS, 200, IIS);
        free_rig(r);
    }
}

static void cache_has_as_few_places_as_asked_for(void **state)
{
    (void)state;
    struct rig *r = make_rig("mdm-otp-bottleneck:places=2");
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    fetch_password(r, password);
    struct buf page = otp_page(r);
    assert_non_null(strstr(buf_text(&page), "The password cache is full."));
    assert_non_null(strstr(buf_text(&page), "more than 2 passwords"));
    buf_clear(&page);
    assert_enrolls(r, password);
    fetch_password(r, password);
    free_rig(r);
}

static void static_mode_has_one_password(void **state)
{
    (void)state;
    struct rig *r = make_rig("otp-static-mode");
    char first[NDES_OTP_TEXT_BYTES], second[NDES_OTP_TEXT_BYTES];
    fetch_password(r, first);
    fetch_password(r, second);
    assert_string_equal(first, second);
    struct buf page = otp_page(r);
    assert_null(strstr(buf_text(&page), "only once"));
    buf_clear(&page);
    assert_enrolls(r, first);
    assert_enrolls(r, first);
    free_rig(r);
}

static void unknown_languages_hide_the_texts(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *there, *missing;
    } cases[] = {
        {"otp-page-blank:body=german", "<B> ", "password is:"},
        {"otp-page-blank:body=japanese", "<B> ", "password is:"},
        {"otp-page-blank:body=unknown", "---", "<B> A"},
        {"otp-cache-full:language=fr", "plein", "cache is full"},
        {"otp-insufficient-permission:language=de", "Berechtigungen", "sufficient permission"},
        {"template-permission-denied:face=otp,language=de", "Berechtigungen", "sufficient permission"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct buf page = otp_page(r);
        if (strstr(buf_text(&page), cases[i].there) == NULL ||
            strstr(buf_text(&page), cases[i].missing) != NULL)
            fail_msg("%s: %s", cases[i].fault, buf_text(&page));
        buf_clear(&page);
        free_rig(r);
    }
}

/* ---- passwords ---- */

static void second_device_with_a_password_is_too_late(void **state)
{
    (void)state;
    struct rig *r = make_rig("password-already-used");
    char first[NDES_OTP_TEXT_BYTES], second[NDES_OTP_TEXT_BYTES], third[NDES_OTP_TEXT_BYTES];
    fetch_password(r, first);
    fetch_password(r, second);
    fetch_password(r, third);
    assert_string_equal(first, second);
    assert_string_not_equal(first, third);
    assert_enrolls(r, first);
    assert_refused(r, &(struct sim_device){.password = second, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x800B0110));
    assert_refused(r, &(struct sim_device){.password = "wrong", .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    free_rig(r);
    r = make_rig("password-already-used:how=every,hresult=0x80070490");
    fetch_password(r, first);
    assert_refused(r, &(struct sim_device){.password = first, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    free_rig(r);
}

static void passwords_expire_early(void **state)
{
    (void)state;
    struct rig *r = make_rig("password-expired:validity=2m");
    char password[NDES_OTP_TEXT_BYTES];
    struct buf page = otp_page(r);
    assert_non_null(strstr(buf_text(&page), "expire within 2 minutes"));
    buf_clear(&page);
    fetch_password(r, password);
    r->now_us += 2 * MINUTE - 1;
    assert_enrolls(r, password);
    fetch_password(r, password);
    r->now_us += 2 * MINUTE;
    assert_refused(r, &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    free_rig(r);
}

static void recycling_loses_passwords(void **state)
{
    (void)state;
    struct rig *r = make_rig("password-lost-on-recycle:every=5s");
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    r->now_us += 4 * SECOND;
    assert_enrolls(r, password);
    fetch_password(r, password);
    r->now_us += 1 * SECOND;
    assert_refused(r, &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    fetch_password(r, password);
    assert_enrolls(r, password);
    free_rig(r);
}

/* A password with a character that PrintableString lacks goes as UTF8String. */
static void strings_that_cannot_be_read_are_wrong(void **state)
{
    (void)state;
    struct rig *r = make_rig("password-bad-encoding");
    char password[NDES_OTP_TEXT_BYTES];
    struct seen s;
    fetch_password(r, password);
    assert_enrolls(r, password);
    post(r, &(struct sim_device){.password = "p@ss*word"}, &s);
    assert_int_equal(s.rep.hresult, UINT32_C(0x80070490));
    assert_string_equal(s.reply.notes[0].event, "NDES 29");
    forget(&s);
    free_rig(r);
    r = make_rig("password-bad-encoding:unreadable=printable,hresult=0x0");
    fetch_password(r, password);
    post(r, &(struct sim_device){.password = password}, &s);
    assert_int_equal(s.rep.fail_info, SCEP_BAD_MESSAGE_CHECK);
    assert_false(s.rep.has_hresult);
    forget(&s);
    free_rig(r);
}

/* ---- messages ---- */

static void replies_take_other_forms(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum reason reason; /* of a client that reads all there is */
    } cases[] = {
        {"client-crypto-incompatible", REASON_NONE},
        {"client-crypto-incompatible:reply=aes256", REASON_NONE},
        {"client-crypto-incompatible:reply=des3", REASON_NONE},
        {"client-crypto-incompatible:reply=sha512", REASON_NONE},
        {"client-crypto-incompatible:reply=sha1", REASON_NONE},
        {"client-crypto-incompatible:reply=signer", REASON_SIGNER_UNKNOWN},
        {"client-crypto-incompatible:reply=other-client", REASON_DECRYPT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct seen s;
        enroll_once(r, &s);
        if (s.e.reason != cases[i].reason || s.rep.pki_status != SCEP_SUCCESS)
            fail_msg("%s: %s", cases[i].fault, base_reason_id(s.e.reason));
        assert_int_equal(s.rep.transport, i == 0 ? PKI_RSA_OAEP : PKI_RSA_PKCS1);
        if (i == 1)
            assert_int_equal(s.rep.cipher, PKI_AES256_CBC);
        if (i == 3)
            assert_int_equal(s.rep.digest, PKI_SHA512);
        forget(&s);
        free_rig(r);
    }
}

static void what_cannot_be_read_leaves_its_event(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *event;
        int status;
        bool empty;
    } cases[] = {
        {"message-encrypted-to-wrong-cert", "NDES 18", 200, false},
        {"message-encrypted-to-wrong-cert:answer=empty", "NDES 18", 200, true},
        {"message-encrypted-to-wrong-cert:answer=500", "NDES 18", 500, false},
        {"malformed-pkimessage", "NDES 17", 200, false},
        {"malformed-pkimessage:event=16", "NDES 16", 200, false},
        {"mdm-stale-ra-certs", "NDES 18", 200, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct ndes_reply reply = ask(r, "POST", PKI, span_of_text("whatever"));
        assert_int_equal(reply.status, cases[i].status);
        assert_string_not_equal(reply.content_type, "application/x-pki-message");
        assert_int_equal(reply.body.len == 0, cases[i].empty);
        assert_string_equal(reply.notes[0].event, cases[i].event);
        buf_clear(&reply.body);
        free_rig(r);
    }
}

static void algorithms_are_refused_by_their_age(void **state)
{
    (void)state;
    struct rig *r = make_rig("unsupported-algorithm:algorithms=old");
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    assert_refused(r, &(struct sim_device){.password = password, .cipher = PKI_DES3_CBC}, SCEP_BAD_ALG,
                   UINT32_C(0x80090008));
    assert_enrolls(r, password);
    free_rig(r);
}

static void rarer_messages_are_refused(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.operations = NDES_OPERATION_GET_CERT | NDES_OPERATION_UPDATE;
    struct rig *r = make_rig_with("unsupported-message-type", &policy, NULL);
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    assert_refused(
        r, &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC, .type = SCEP_UPDATE_REQ},
        SCEP_BAD_REQUEST, UINT32_C(0x80070057));
    assert_enrolls(r, password);
    free_rig(r);
}

/* ---- renewals ---- */

static void renewals_alone_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int fail_info;
        uint32_t hresult;
        bool with_password; /* goes through */
    } cases[] = {
        {"renewal-subject-mismatch", SCEP_BAD_REQUEST, UINT32_C(0x80094806), false},
        {"renewal-signer-expired", SCEP_BAD_REQUEST, UINT32_C(0x800B0101), false},
        {"renewal-signer-expired:hresult=0x0,fail-info=3", SCEP_BAD_TIME, 0, false},
        {"renewal-unsupported-ca", SCEP_BAD_REQUEST, 0, false},
        {"renewal-wrong-template", SCEP_BAD_REQUEST, UINT32_C(0x80094802), false},
        {"renewal-needs-challenge", SCEP_BAD_REQUEST, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct seen first, again;
        enroll_once(r, &first);
        assert_int_equal(first.rep.pki_status, SCEP_SUCCESS);
        struct sim_device renewal = {.type = SCEP_RENEWAL_REQ, .holds = first.rep.issued};
        post(r, &renewal, &again);
        if (again.rep.fail_info != cases[i].fail_info || again.rep.hresult != cases[i].hresult ||
            again.rep.pki_status != SCEP_FAILURE)
            fail_msg("%s: failInfo %d, HRESULT 0x%08x", cases[i].fault, again.rep.fail_info,
                     (unsigned)again.rep.hresult);
        bool by_ca = strcmp(cases[i].fault, "renewal-wrong-template") == 0;
        assert_string_equal(again.reply.notes[0].event, by_ca ? "CA 53" : "NDES 28");
        forget(&again);
        if (cases[i].with_password) {
            char password[NDES_OTP_TEXT_BYTES];
            fetch_password(r, password);
            post(r,
                 &(struct sim_device){
                     .type = SCEP_RENEWAL_REQ, .holds = first.rep.issued, .password = password},
                 &again);
            assert_int_equal(again.rep.pki_status, SCEP_SUCCESS);
            forget(&again);
        }
        forget(&first);
        free_rig(r);
    }
}

/* Behind an MDM that is a proxy: what keeps it from passwords is a failed enrollment, its stale certificates are not read. */
static void proxy_stands_between(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int status;
        bool certrep;
    } cases[] = {{"mdm-otp-credential-invalid", 502, false},
                 {"otp-endpoint-removed", 502, false},
                 {"otp-endpoint-503:pool=otp", 502, false},
                 {"otp-cache-full", 502, false},
                 {"mdm-stale-ra-certs", 200, false},
                 {"mdm-stale-ra-certs:how=renewed", 200, true},
                 {"ra-cert-expired", 502, false},
                 {"ra-cert-expiring", 200, true}};
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.mode = NDES_PROXY;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig_with(cases[i].fault, &policy, "for-all");
        struct seen s;
        post(r, &(struct sim_device){.password = "for-all"}, &s);
        if (s.status != cases[i].status || s.certrep != cases[i].certrep)
            fail_msg("%s: %d, %s", cases[i].fault, s.status, s.certrep ? "CertRep" : "page");
        if (s.certrep)
            assert_int_equal(s.rep.pki_status, SCEP_SUCCESS);
        forget(&s);
        free_rig(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logons_are_refused_with_what_the_log_says),
        cmocka_unit_test(first_leg_of_a_logon_is_no_failure),
        cmocka_unit_test(pages_of_the_folder_and_of_the_program_differ),
        cmocka_unit_test(page_is_gone_before_any_logon),
        cmocka_unit_test(cache_has_as_few_places_as_asked_for),
        cmocka_unit_test(static_mode_has_one_password),
        cmocka_unit_test(unknown_languages_hide_the_texts),
        cmocka_unit_test(second_device_with_a_password_is_too_late),
        cmocka_unit_test(passwords_expire_early),
        cmocka_unit_test(recycling_loses_passwords),
        cmocka_unit_test(strings_that_cannot_be_read_are_wrong),
        cmocka_unit_test(replies_take_other_forms),
        cmocka_unit_test(what_cannot_be_read_leaves_its_event),
        cmocka_unit_test(algorithms_are_refused_by_their_age),
        cmocka_unit_test(rarer_messages_are_refused),
        cmocka_unit_test(renewals_alone_are_refused),
        cmocka_unit_test(proxy_stands_between),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
