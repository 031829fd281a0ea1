/* A healthy simulated server: site, OTP cache and CA together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_rig.h"

static void healthy_urls_answer_as_documented(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    struct ndes_reply reply = get(r, CAPS);
    assert_int_equal(reply.status, 200);
    assert_null(reply.content_type);
    assert_true(span_equal_text(buf_span(&reply.body),
                                "POSTPKIOperation\r\nRenewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n"));
    buf_clear(&reply.body);
    reply = get(r, CERT);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "application/x-x509-ca-ra-cert");
    buf_clear(&reply.body);
    assert_page(r, BARE, 200, IIS);
    assert_page(r, "/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACaps", 200, IIS);
    assert_page(r, "/elsewhere", 404, IIS);
    reply = get(r, "/CERTSRV/mscep_admin");
    assert_int_equal(reply.status, 301);
    assert_string_equal(reply.location, "http://ndes.example/certsrv/mscep_admin/");
    buf_clear(&reply.body);
    reply = ask(r, "DELETE", BARE, span_of(NULL, 0));
    assert_int_equal(reply.status, 405);
    buf_clear(&reply.body);
    free_rig(r);
}

static void host_may_be_missing_in_http_1_0_only(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    for (int old = 0; old < 2; old++) {
        struct ndes_request request = {
            .method = "GET", .target = span_of_text(CAPS), .http_1_0 = old == 1, .now_us = NOW};
        struct ndes_reply reply;
        sim_site_answer(r->site, &request, &reply);
        assert_int_equal(reply.status, old ? 200 : 400);
        buf_clear(&reply.body);
    }
    free_rig(r);
}

static void capabilities_can_be_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *body; /* NULL: refused */
    } cases[] = {{"AES,SHA-256", "AES\r\nSHA-256\r\n"},
                 {"", ""},
                 {"AES,,DES3,", "AES\r\nDES3\r\n"},
                 {"AES DES3", NULL}};
    struct rig *r = make_rig(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_site_config config = {
            .identity = identity, .ca = r->ca, .otp = r->otp, .faults = r->faults, .caps = cases[i].words};
        struct sim_site *site = NULL;
        struct err e = {0};
        assert_int_equal(sim_site_new(&config, &site, &e), cases[i].body != NULL);
        if (site == NULL)
            continue;
        struct ndes_request request = {
            .method = "GET", .target = span_of_text(CAPS), .host = "ndes.example", .now_us = NOW};
        struct ndes_reply reply;
        sim_site_answer(site, &request, &reply);
        assert_true(span_equal_text(buf_span(&reply.body), cases[i].body));
        buf_clear(&reply.body);
        sim_site_free(site);
    }
    free_rig(r);
}

static void otp_page_wants_credentials(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    static const char *const headers[] = {NULL, "Basic bWRtOndyb25n", "Negotiate abc", ""};
    static const char *const targets[] = {OTP, "/certsrv/mscep_admin", "/certsrv/mscep_admin/mscep.dll",
                                          "/certsrv/mscep_admin/mscep.dll?operation=GetCACaps"};
    for (size_t i = 0; i < 4; i++) {
        for (size_t t = 0; t < 4; t++) {
            struct ndes_request request = {.method = "GET",
                                           .target = span_of_text(targets[t]),
                                           .host = "ndes.example",
                                           .authorization = headers[i],
                                           .now_us = NOW};
            struct ndes_reply reply;
            sim_site_answer(r->site, &request, &reply);
            assert_int_equal(reply.status, 401);
            assert_string_equal(reply.authenticate, "Basic realm=\"NDES\"");
            buf_clear(&reply.body);
        }
    }
    assert_page(r, "/certsrv/mscep_admin/mscep.dll?operation=GetCACaps", 200, IIS);
    free_rig(r);
}

static void ca_certificates_are_those_of_an_ndes(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    struct err e = {0};
    assert_int_equal(scep_ca_count(r->served), 3);
    assert_int_equal(scep_ca_role(r->served, 0), SCEP_ROLE_RA_SIGN);
    assert_int_equal(scep_ca_role(r->served, 1), SCEP_ROLE_RA_ENCRYPT);
    assert_int_equal(scep_ca_role(r->served, 2), SCEP_ROLE_CA);
    assert_true(scep_ca_check(r->served, NOW / 1000000, &e));
    for (size_t i = 0; i < 2; i++) {
        const struct pki_cert *ra = scep_ca_cert(r->served, i);
        struct buf name;
        buf_init(&name, 256);
        assert_true(pki_name_to_text(pki_cert_subject(ra), &name, &e));
        assert_string_equal(buf_text(&name), "CN=NDES-MSCEP-RA");
        assert_true(pki_cert_has_eku(ra, PKI_EKU_CERT_REQUEST_AGENT));
        buf_clear(&name);
    }
    free_rig(r);
}

static void phone_enrolls_once_per_password(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    assert_enrolls(r, password);
    assert_refused(r, &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x800B0110));
    assert_refused(r, &(struct sim_device){.password = "0123456789ABCDEF", .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    assert_refused(r, &(struct sim_device){.cipher = PKI_AES128_CBC}, SCEP_BAD_MESSAGE_CHECK,
                   UINT32_C(0x80096004));
    fetch_password(r, password);
    r->now_us += 61 * MINUTE;
    assert_refused(r, &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    free_rig(r);
}

static void every_algorithm_of_the_field_works(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    static const enum pki_digest digests[] = {PKI_SHA1, PKI_SHA256, PKI_SHA384, PKI_SHA512};
    for (enum pki_cipher cipher = 0; cipher < PKI_CIPHER_COUNT; cipher++) {
        if (pki_evp_cipher(cipher) == NULL)
            continue;
        for (size_t i = 0; i < 8; i++) {
            char password[NDES_OTP_TEXT_BYTES];
            fetch_password(r, password);
            struct sim_device d = {.password = password,
                                   .cipher = cipher,
                                   .digest = digests[i % 4],
                                   .transport = i < 4 ? PKI_RSA_PKCS1 : PKI_RSA_OAEP};
            struct scep_certrep rep;
            struct err e = {0};
            if (!enroll(r, &d, &rep, &e))
                fail_msg("%s %s: %s", pki_cipher_name(cipher), pki_digest_name(digests[i % 4]), e.text);
            assert_int_equal(rep.cipher, cipher); /* as the request */
            assert_int_equal(rep.digest, NDES_POLICY_DEFAULTS.reply_digest);
            assert_int_equal(rep.transport, PKI_RSA_PKCS1);
            scep_certrep_clear(&rep);
        }
    }
    free_rig(r);
}

static void certificate_is_what_was_asked_for(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    static const uint8_t san[] = {0x30, 0x0d, 0x82, 0x0b, 'p', 'h', 'o', 'n',
                                  'e',  '.',  'l',  'o',  'c', 'a', 'l'};
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    struct sim_device d = {.password = password,
                           .cipher = PKI_DES3_CBC,
                           .subject = "C=DE,CN=O'Hara\\, Zoë",
                           .san = span_of(san, sizeof san),
                           .key_usage = PKI_KU_DIGITAL_SIGNATURE};
    struct scep_certrep rep;
    struct err e = {0};
    assert_true(enroll(r, &d, &rep, &e));
    assert_string_equal(rep.server_text, "Issued");
    assert_int_equal(rep.certificate_count, 1); /* the leaf alone */
    unsigned usage = 0;
    assert_true(pki_cert_key_usage(rep.issued, &usage));
    assert_int_equal(usage, PKI_KU_DIGITAL_SIGNATURE);
    assert_true(pki_cert_has_eku(rep.issued, PKI_EKU_CLIENT_AUTH));
    assert_false(pki_cert_is_ca(rep.issued));
    assert_true(pki_cert_issued_by(rep.issued, identity->ca));
    assert_true(pki_cert_not_after(rep.issued) - pki_cert_not_before(rep.issued) == 365 * 86400);
    struct span der = pki_cert_der(rep.issued);
    assert_non_null(memmem(der.data, der.len, san, sizeof san));
    scep_certrep_clear(&rep);
    free_rig(r);
}

static void serial_numbers_never_repeat(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    enum { COUNT = 20 };
    uint8_t serials[COUNT][32] = {{0}};
    for (size_t i = 0; i < COUNT; i++) {
        char password[NDES_OTP_TEXT_BYTES];
        fetch_password(r, password);
        struct sim_device d = {.password = password, .cipher = PKI_AES128_CBC};
        struct scep_certrep rep;
        struct err e = {0};
        assert_true(enroll(r, &d, &rep, &e));
        struct span serial = pki_cert_serial(rep.issued);
        assert_int_equal(serial.len, 19);
        memcpy(serials[i], serial.data, serial.len);
        for (size_t before = 0; before < i; before++)
            assert_memory_not_equal(serials[before], serials[i], sizeof serials[i]);
        scep_certrep_clear(&rep);
    }
    free_rig(r);
}

static void ca_refuses_with_its_own_words(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    struct sim_device d = {.password = password, .cipher = PKI_AES128_CBC, .key = short_key};
    struct scep_certrep rep;
    struct err e = {0};
    assert_false(enroll(r, &d, &rep, &e));
    assert_int_equal(rep.fail_info, SCEP_BAD_REQUEST);
    assert_int_equal(rep.hresult, UINT32_C(0x80094811));
    assert_non_null(strstr(rep.server_text, "minimum size"));
    scep_certrep_clear(&rep);
    fetch_password(r, password);
    assert_refused(r,
                   &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC, .type = SCEP_GET_CRL},
                   SCEP_BAD_REQUEST, UINT32_C(0x80070057));
    assert_enrolls(r, password); /* not used up by the GetCRL */
    free_rig(r);
}

static void assert_not_scep(struct rig *r, struct span message)
{
    struct ndes_reply reply = ask(r, "POST", PKI, message);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "text/html");
    buf_clear(&reply.body);
}

static void garbage_gets_a_page_and_no_certrep(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    assert_not_scep(r, span_of_text("GET / HTTP/1.1"));
    assert_not_scep(r, span_of(NULL, 0));
    struct ndes_reply reply = get(r, PKI "&message=!!!");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "text/html");
    buf_clear(&reply.body);

    /* Encrypted to another key: readable to the last attribute, but not for us. */
    struct scep_ca *foreign = NULL;
    struct err e = {0};
    struct ndes_identity *other = NULL;
    struct ndes_identity_spec spec = {.ca_bits = 1024, .ra_bits = 1024, .now_s = NOW / 1000000};
    assert_true(ndes_identity_new(&spec, &other, &e));
    assert_true(scep_ca_parse(buf_span(&other->ca_certs), &foreign, &e));
    struct sim_device d = {.subject = "CN=x",
                           .password = "p",
                           .cipher = PKI_AES128_CBC,
                           .digest = PKI_SHA256,
                           .key = device_key,
                           .now_s = NOW / 1000000};
    assert_true(sim_device_make(&d, foreign, &e));
    assert_not_scep(r, buf_span(&d.message));
    assert_not_scep(r, span_of(d.message.data, d.message.len / 2));
    sim_device_clear(&d);
    scep_ca_free(foreign);
    ndes_identity_free(other);
    free_rig(r);
}

static void get_carries_the_message_as_well(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    struct sim_device d = {.subject = "CN=x",
                           .password = password,
                           .cipher = PKI_AES128_CBC,
                           .digest = PKI_SHA256,
                           .key = device_key,
                           .now_s = NOW / 1000000};
    struct err e = {0};
    assert_true(sim_device_make(&d, r->served, &e));
    struct buf target, base64;
    buf_init(&target, 1 << 16);
    buf_init(&base64, 1 << 16);
    assert_true(text_base64(buf_span(&d.message), &base64));
    buf_append_text(&target, PKI "&message=");
    assert_true(text_percent_encode(buf_span(&base64), &target));
    struct ndes_reply reply = get(r, buf_text(&target));
    struct scep_certrep rep;
    assert_true(sim_device_read(&d, r->served, buf_span(&reply.body), &rep, &e));
    scep_certrep_clear(&rep);
    buf_clear(&reply.body);
    buf_clear(&target);
    buf_clear(&base64);
    sim_device_clear(&d);
    free_rig(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_urls_answer_as_documented),
        cmocka_unit_test(host_may_be_missing_in_http_1_0_only),
        cmocka_unit_test(capabilities_can_be_chosen),
        cmocka_unit_test(otp_page_wants_credentials),
        cmocka_unit_test(ca_certificates_are_those_of_an_ndes),
        cmocka_unit_test(phone_enrolls_once_per_password),
        cmocka_unit_test(every_algorithm_of_the_field_works),
        cmocka_unit_test(certificate_is_what_was_asked_for),
        cmocka_unit_test(serial_numbers_never_repeat),
        cmocka_unit_test(ca_refuses_with_its_own_words),
        cmocka_unit_test(garbage_gets_a_page_and_no_certrep),
        cmocka_unit_test(get_carries_the_message_as_well),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
