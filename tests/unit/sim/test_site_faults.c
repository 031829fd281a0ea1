/* What each fault makes a client see. */
#include "causes/causes.h"
#include "faults/kinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_rig.h"

static void dead_pool_answers_503_everywhere_before_authentication(void **state)
{
    (void)state;
    static const char *const faults[] = {"app-pool-stopped", "app-pool-identity-mismatch",
                                         "service-account-password-expired", "service-account-locked"};
    static const char *const targets[] = {CAPS, CERT, PKI, BARE, OTP, "/elsewhere"};
    for (size_t f = 0; f < 4; f++) {
        struct rig *r = make_rig(faults[f]);
        for (size_t t = 0; t < 6; t++)
            assert_page(r, targets[t], 503, KERNEL);
        struct ndes_request request = {
            .method = "GET", .target = span_of_text(OTP), .host = "ndes.example", .now_us = NOW};
        struct ndes_reply reply;
        sim_site_answer(r->site, &request, &reply);
        assert_int_equal(reply.status, 503);
        buf_clear(&reply.body);
        free_rig(r);
    }
}

static void failed_start_answers_500_after_authentication(void **state)
{
    (void)state;
    static const char *const faults[] = {"ra-cert-expired:restarted=yes",
                                         "app-pool-identity-mismatch:face=500",
                                         "service-account-password-expired:face=500"};
    static const char *const targets[] = {CAPS, CERT, PKI, BARE, OTP};
    for (size_t f = 0; f < 3; f++) {
        struct rig *r = make_rig(faults[f]);
        for (size_t t = 0; t < 5; t++)
            assert_page(r, targets[t], 500, IIS);
        struct ndes_request request = {
            .method = "GET", .target = span_of_text(OTP), .host = "ndes.example", .now_us = NOW};
        struct ndes_reply reply;
        sim_site_answer(r->site, &request, &reply);
        assert_int_equal(reply.status, 401);
        buf_clear(&reply.body);
        free_rig(r);
    }
}

static void expired_ra_certificates_show_in_getcacert_only(void **state)
{
    (void)state;
    struct rig *r = make_rig("ra-cert-expired");
    struct ndes_reply reply = get(r, CERT);
    struct scep_ca *aged = NULL;
    struct err e = {0};
    assert_true(scep_ca_parse(buf_span(&reply.body), &aged, &e));
    assert_false(scep_ca_check(aged, NOW / 1000000, &e));
    assert_int_equal(e.reason, REASON_RA_CERT_EXPIRED);
    for (size_t i = 0; i < 2; i++)
        assert_true(pki_cert_not_after(scep_ca_cert(aged, i)) == NOW / 1000000 - 3 * 86400);
    buf_clear(&reply.body);
    /* A client that does not look at dates enrolls all the same. */
    scep_ca_free(r->served);
    r->served = aged;
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    assert_enrolls(r, password);
    free_rig(r);
}

static void template_permission_has_two_faces(void **state)
{
    (void)state;
    struct rig *r = make_rig("template-permission-denied");
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    assert_refused(r, &(struct sim_device){.password = "wrong", .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    struct sim_device d = {.password = password, .cipher = PKI_AES128_CBC};
    struct scep_certrep rep;
    struct err e = {0};
    assert_false(enroll(r, &d, &rep, &e));
    assert_int_equal(rep.fail_info, SCEP_BAD_REQUEST);
    assert_int_equal(rep.hresult, UINT32_C(0x80094012));
    assert_memory_equal(rep.server_text, "The permissions on the certificate template do not allow", 56);
    scep_certrep_clear(&rep);
    free_rig(r);

    r = make_rig("template-permission-denied:face=otp");
    struct buf page = otp_page(r);
    assert_non_null(strstr(buf_text(&page), "You do not have sufficient permission to enroll with SCEP."));
    buf_clear(&page);
    free_rig(r);
}

static void intune_attached_server_refuses_what_it_cannot_verify(void **state)
{
    (void)state;
    static const char *const faults[] = {"connector-stopped", "connector-outdated"};
    for (size_t i = 0; i < 2; i++) {
        struct rig *r = make_rig(faults[i]);
        assert_page(r, BARE, 403, IIS);
        assert_page(r, CAPS, 200, IIS);
        assert_page(r, CERT, 200, IIS);
        assert_refused(r, &(struct sim_device){.password = "blob", .cipher = PKI_AES128_CBC},
                       SCEP_BAD_REQUEST, UINT32_C(0x80004005));
        free_rig(r);
    }
}

static void full_cache_shows_its_page(void **state)
{
    (void)state;
    struct rig *r = make_rig("otp-cache-full:for=10s");
    struct buf page = otp_page(r);
    assert_non_null(strstr(buf_text(&page), "The password cache is full."));
    buf_clear(&page);
    r->now_us += 10 * 1000000;
    char password[NDES_OTP_TEXT_BYTES];
    for (int i = 0; i < 5; i++)
        fetch_password(r, password);
    page = otp_page(r); /* five outstanding: full without any fault */
    assert_non_null(strstr(buf_text(&page), "The password cache is full."));
    buf_clear(&page);
    free_rig(r);
}

static void wrong_password_fault_refuses_right_ones(void **state)
{
    (void)state;
    struct rig *r = make_rig("password-wrong:for=10s");
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    assert_refused(r, &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    r->now_us += 10 * 1000000;
    assert_enrolls(r, password);
    free_rig(r);
}

static void restart_of_the_pool_empties_the_cache(void **state)
{
    (void)state;
    struct rig *r = make_rig("app-pool-stopped:from=1s,for=5s");
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    r->now_us += 6 * 1000000;
    assert_refused(r, &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    fetch_password(r, password);
    assert_enrolls(r, password);
    free_rig(r);
}

/* Every cause has a fault or a reason why not; the catalogue promises a fault, the simulator has it. */
static void catalogue_and_faults_agree(void **state)
{
    (void)state;
    for (size_t i = 0; fault_id(i) != NULL; i++) {
        const struct cause *cause = causes_find(fault_id(i));
        if (cause == NULL || !cause->simulated)
            fail_msg("%s is a fault, but the catalogue does not say so", fault_id(i));
    }
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *cause = causes_at(i);
        if (cause->simulated && fault_kind_find(cause->id) == NULL)
            fail_msg("the catalogue calls %s simulated, but there is no such fault", cause->id);
        if (cause->simulated != (cause->not_simulated == NULL))
            fail_msg("%s has neither a fault nor a reason, or both", cause->id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_pool_answers_503_everywhere_before_authentication),
        cmocka_unit_test(failed_start_answers_500_after_authentication),
        cmocka_unit_test(expired_ra_certificates_show_in_getcacert_only),
        cmocka_unit_test(template_permission_has_two_faces),
        cmocka_unit_test(intune_attached_server_refuses_what_it_cannot_verify),
        cmocka_unit_test(full_cache_shows_its_page),
        cmocka_unit_test(wrong_password_fault_refuses_right_ones),
        cmocka_unit_test(restart_of_the_pool_empties_the_cache),
        cmocka_unit_test(catalogue_and_faults_agree),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
