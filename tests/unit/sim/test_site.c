/* The simulated server as a function: site, OTP cache, CA and faults together, in virtual time. */
#include "sim/site.h"

#include "base/text.h"
#include "causes/causes.h"
#include "scep/caps.h"
#include "sim/fault_kinds.h"
#include "sim/sim.h"
#include "sim_device.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW    (INT64_C(1780000000) * 1000000)
#define MINUTE INT64_C(60000000)

static struct sim_identity *identity;
static struct pki_key *device_key, *short_key;

struct rig {
    struct sim_otp *otp;
    struct sim_faults *faults;
    struct sim_ca *ca;
    struct sim_site *site;
    struct secret *password;
    struct scep_ca *served; /* GetCACert, read */
    int64_t now_us;
};

static struct rig *make_rig(const char *fault)
{
    struct rig *r = calloc(1, sizeof *r);
    struct err e = {0};
    struct sim_otp_config otp = {.max = 5, .validity_us = 60 * MINUTE, .bytes = 8};
    assert_true(sim_otp_new(&otp, &r->otp, &e));
    assert_true(sim_faults_parse(&fault, fault != NULL, &r->faults, &e));
    assert_true(sim_ca_new(&SIM_CA_DEFAULTS, identity, r->otp, &r->ca, &e));
    assert_true(secret_new(span_of_text("secret"), &r->password, &e));
    struct sim_site_config site = {
        .identity = identity,
        .ca = r->ca,
        .otp = r->otp,
        .faults = r->faults,
        .basic_auth = true,
        .user = "mdm",
        .password = r->password,
        .otp_max = 5,
        .otp_validity_us = 60 * MINUTE,
    };
    assert_true(sim_site_new(&site, &r->site, &e));
    assert_true(scep_ca_parse(buf_span(&identity->ca_certs), &r->served, &e));
    r->now_us = NOW;
    sim_faults_start(r->faults, NOW);
    return r;
}

static void free_rig(struct rig *r)
{
    scep_ca_free(r->served);
    sim_site_free(r->site);
    sim_ca_free(r->ca);
    sim_otp_free(r->otp);
    sim_faults_free(r->faults);
    secret_free(r->password);
    free(r);
}

static struct sim_reply ask(struct rig *r, const char *method, const char *target, struct span body)
{
    struct sim_request request = {
        .method = method,
        .target = span_of_text(target),
        .host = "ndes.example",
        .authorization = "Basic bWRtOnNlY3JldA==", /* mdm:secret */
        .body = body,
        .now_us = r->now_us,
    };
    struct sim_reply reply;
    sim_site_answer(r->site, &request, &reply);
    return reply;
}

static struct sim_reply get(struct rig *r, const char *target)
{
    return ask(r, "GET", target, span_of(NULL, 0));
}

static void assert_page(struct rig *r, const char *target, int status, const char *server)
{
    struct sim_reply reply = get(r, target);
    if (reply.status != status || strcmp(reply.server, server) != 0)
        fail_msg("%s: %d by %s", target, reply.status, reply.server);
    buf_clear(&reply.body);
}

#define IIS    "Microsoft-IIS/10.0"
#define KERNEL "Microsoft-HTTPAPI/2.0"
#define CAPS   "/certsrv/mscep/mscep.dll?operation=GetCACaps"
#define CERT   "/certsrv/mscep/mscep.dll?operation=GetCACert&message=x"
#define PKI    "/certsrv/mscep/mscep.dll?operation=PKIOperation"
#define BARE   "/certsrv/mscep/mscep.dll"
#define OTP    "/certsrv/mscep_admin/"

/* The OTP page as text. */
static struct buf otp_page(struct rig *r)
{
    struct sim_reply reply = get(r, OTP);
    assert_int_equal(reply.status, 200);
    struct buf text;
    buf_init(&text, 1 << 16);
    assert_true(text_to_utf8(buf_span(&reply.body), &text));
    assert_non_null(buf_text(&text));
    buf_clear(&reply.body);
    return text;
}

static void fetch_password(struct rig *r, char out[SIM_OTP_TEXT_BYTES])
{
    struct buf page = otp_page(r);
    const char *at = strstr(buf_text(&page), "password is: <B> ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "password is: <B> %16[0-9A-F] </B>", out), 1);
    buf_clear(&page);
}

/* One PKIOperation by POST. The result is that of scep_certrep_read. */
static bool enroll(struct rig *r, struct sim_device *d, struct scep_certrep *rep, struct err *e)
{
    if (d->subject == NULL)
        d->subject = "CN=phone-7,OU=scepstorm";
    if (d->key == NULL)
        d->key = device_key;
    if (d->digest == PKI_MD5)
        d->digest = PKI_SHA256;
    d->now_s = r->now_us / 1000000;
    struct err made = {0};
    if (!sim_device_make(d, r->served, &made))
        fail_msg("the request: %s", made.text);
    struct sim_reply reply = ask(r, "POST", PKI, buf_span(&d->message));
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "application/x-pki-message");
    bool ok = sim_device_read(d, r->served, buf_span(&reply.body), rep, e);
    buf_clear(&reply.body);
    sim_device_clear(d);
    return ok;
}

static void assert_refused(struct rig *r, struct sim_device *d, int fail_info, uint32_t hresult)
{
    struct scep_certrep rep;
    struct err e = {0};
    assert_false(enroll(r, d, &rep, &e));
    if (e.reason != REASON_SCEP_FAILURE || rep.fail_info != fail_info || rep.hresult != hresult)
        fail_msg("%s: failInfo %d, HRESULT 0x%08x", base_reason_id(e.reason), rep.fail_info,
                 (unsigned)rep.hresult);
    assert_true(rep.one_byte_content);
    assert_int_equal(rep.violated, 0);
    scep_certrep_clear(&rep);
}

static void assert_enrolls(struct rig *r, const char *password)
{
    struct sim_device d = {.password = password, .cipher = PKI_AES128_CBC};
    struct scep_certrep rep;
    struct err e = {0};
    if (!enroll(r, &d, &rep, &e))
        fail_msg("%s: %s", base_reason_id(e.reason), e.text);
    assert_int_equal(rep.violated, 0);
    scep_certrep_clear(&rep);
}

static void healthy_urls_answer_as_documented(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    struct sim_reply reply = get(r, CAPS);
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
        struct sim_request request = {.method = "GET", .target = span_of_text(CAPS), .now_us = NOW};
        struct sim_reply reply;
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
            struct sim_request request = {.method = "GET",
                                          .target = span_of_text(targets[t]),
                                          .authorization = headers[i],
                                          .now_us = NOW};
            struct sim_reply reply;
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
    char password[SIM_OTP_TEXT_BYTES];
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
            char password[SIM_OTP_TEXT_BYTES];
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
            assert_int_equal(rep.digest, SIM_CA_DEFAULTS.reply_digest);
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
    char password[SIM_OTP_TEXT_BYTES];
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
        char password[SIM_OTP_TEXT_BYTES];
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
    char password[SIM_OTP_TEXT_BYTES];
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
    struct sim_reply reply = ask(r, "POST", PKI, message);
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
    struct sim_reply reply = get(r, PKI "&message=!!!");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "text/html");
    buf_clear(&reply.body);

    /* Encrypted to another key: readable to the last attribute, but not for us. */
    struct scep_ca *foreign = NULL;
    struct err e = {0};
    struct sim_identity *other = NULL;
    struct sim_identity_spec spec = {.ca_bits = 1024, .ra_bits = 1024, .now_s = NOW / 1000000};
    assert_true(sim_identity_new(&spec, &other, &e));
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
    sim_identity_free(other);
    free_rig(r);
}

static void get_carries_the_message_as_well(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    char password[SIM_OTP_TEXT_BYTES];
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
    struct sim_reply reply = get(r, buf_text(&target));
    struct scep_certrep rep;
    assert_true(sim_device_read(&d, r->served, buf_span(&reply.body), &rep, &e));
    scep_certrep_clear(&rep);
    buf_clear(&reply.body);
    buf_clear(&target);
    buf_clear(&base64);
    sim_device_clear(&d);
    free_rig(r);
}

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
        struct sim_request request = {.method = "GET", .target = span_of_text(OTP), .now_us = NOW};
        struct sim_reply reply;
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
        struct sim_request request = {.method = "GET", .target = span_of_text(OTP), .now_us = NOW};
        struct sim_reply reply;
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
    struct sim_reply reply = get(r, CERT);
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
    char password[SIM_OTP_TEXT_BYTES];
    fetch_password(r, password);
    assert_enrolls(r, password);
    free_rig(r);
}

static void template_permission_has_two_faces(void **state)
{
    (void)state;
    struct rig *r = make_rig("template-permission-denied");
    char password[SIM_OTP_TEXT_BYTES];
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
        assert_page(r, OTP, 403, IIS);
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
    char password[SIM_OTP_TEXT_BYTES];
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
    char password[SIM_OTP_TEXT_BYTES];
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
    char password[SIM_OTP_TEXT_BYTES];
    fetch_password(r, password);
    r->now_us += 6 * 1000000;
    assert_refused(r, &(struct sim_device){.password = password, .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    fetch_password(r, password);
    assert_enrolls(r, password);
    free_rig(r);
}

/* The catalogue promises a fault, the simulator has it; and the other way round. */
static void catalogue_and_faults_agree(void **state)
{
    (void)state;
    for (size_t i = 0; sim_fault_id(i) != NULL; i++) {
        const struct cause *cause = causes_find(sim_fault_id(i));
        if (cause == NULL || !cause->simulated)
            fail_msg("%s is a fault, but the catalogue does not say so", sim_fault_id(i));
    }
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *cause = causes_at(i);
        if (cause->simulated && sim_fault_kind_find(cause->id) == NULL)
            fail_msg("the catalogue calls %s simulated, but there is no such fault", cause->id);
    }
}

static int make_keys(void **state)
{
    (void)state;
    struct err e = {0};
    struct sim_identity_spec spec = {.ca_bits = 2048, .ra_bits = 2048, .now_s = NOW / 1000000};
    bool ok = pki_init(&e) && sim_identity_new(&spec, &identity, &e) &&
              pki_key_generate_rsa(2048, &device_key, &e) && pki_key_generate_rsa(1024, &short_key, &e);
    if (!ok)
        fprintf(stderr, "%s\n", e.text);
    return ok ? 0 : 1;
}

static int free_keys(void **state)
{
    (void)state;
    sim_identity_free(identity);
    pki_key_free(device_key);
    pki_key_free(short_key);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_urls_answer_as_documented),
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
