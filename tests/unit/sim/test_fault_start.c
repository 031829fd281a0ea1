/* Faults of start-up, passwords, messages, CA and Intune: every one held against the cells of the catalogue where
 * these say no more than a status or a reply; then what start-up, CA and Intune do besides. */
#include "causes/causes.h"
#include "faults/kinds.h"
#include "scep/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_seen.h"

/* ---- the notation of the catalogue ---- */

/* Compares a cell with a page: "ok", "403 (healthy)", "500 @iis ...", "503 @hs ...". Words after it are not looked at. */
static bool page_fits(const char *cell, int status, const char *server)
{
    int wanted = 0;
    if (strncmp(cell, "-", 2) == 0)
        return true;
    if (strncmp(cell, "ok", 2) == 0 || strncmp(cell, "served", 6) == 0)
        return status == 200;
    if (sscanf(cell, "%d", &wanted) != 1)
        return true;
    if (strstr(cell, "@hs") != NULL && strcmp(server, KERNEL) != 0)
        return false;
    return status == wanted;
}

static bool reply_fits(const char *cell, const struct seen *s)
{
    int fail_info = -1;
    unsigned hresult = 0;
    if (strncmp(cell, "nonCMS", 6) == 0)
        return s->status == 200 && !s->certrep;
    if (cell[0] == 'S' || strncmp(cell, "ok", 2) == 0)
        return s->certrep && s->rep.pki_status == SCEP_SUCCESS;
    if (cell[0] == 'P')
        return s->certrep && s->rep.pki_status == SCEP_PENDING;
    if (cell[0] != 'F')
        return page_fits(cell, s->status, s->server);
    if (!s->certrep || s->rep.pki_status != SCEP_FAILURE)
        return false;
    int found = sscanf(cell, "F %d 0x%x", &fail_info, &hresult);
    /* "0x800948xx" stands for any of them: only what was read as eight digits counts */
    return (found < 1 || s->rep.fail_info == fail_info) &&
           (found < 2 || hresult < 0x80000000u || s->rep.hresult == hresult);
}

static void assert_page_cell(struct rig *r, const struct cause *c, const char *cell, const char *target)
{
    struct ndes_reply reply = get(r, target);
    if (!page_fits(cell, reply.status, reply.server))
        fail_msg("%s: %s is %d by %s, not '%s'", c->id, target, reply.status, reply.server, cell);
    buf_clear(&reply.body);
}

/* Faults that show only to a client of another kind, at another time or after something else; each has a test below. */
static const char *const apart[] = {
    "approval-denied",
    "ca-fingerprint-mismatch",
    "client-crypto-incompatible",
    "mdm-otp-bottleneck",
    "mdm-otp-credential-invalid",
    "otp-account-disabled",
    "otp-account-locked",
    "otp-account-password-expired",
    "otp-auth-failed",
    "otp-auth-scheme-mismatch",
    "otp-kerberos-spn",
    "password-already-used",
    "password-bad-encoding",
    "password-lost-on-recycle",
    "pending-forgotten",
    "ra-cert-expired",
    "renewal-needs-challenge",
    "renewal-signer-expired",
    "renewal-subject-mismatch",
    "renewal-unsupported-ca",
    "renewal-wrong-template",
    "unsupported-message-type",
    "mdm-stale-ra-certs",
    "lb-node-affinity-missing",
};

static bool is_apart(const char *id)
{
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        if (strcmp(apart[i], id) == 0)
            return true;
    }
    return false;
}

static bool is_ours(const char *title)
{
    static const char *const ours[] = {"What NDES checks when it starts",
                                       "The page with one-time passwords",
                                       "The challenge password",
                                       "Messages and renewals",
                                       "The certification authority",
                                       "Intune: profile, challenge, connector",
                                       "Intune: policy module and registration point"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strcmp(ours[i], title) == 0)
            return true;
    }
    return false;
}

/* Where the mode is Intune's alone, the server says 403 without an operation, with the fault or without it. */
static void assert_cells(const struct cause *c)
{
    struct rig *r = make_rig(c->id);
    assert_page_cell(r, c, c->at.bare, BARE);
    assert_page_cell(r, c, c->at.caps, CAPS);
    assert_page_cell(r, c, c->at.ca_cert, CERT);
    assert_page_cell(r, c, c->at.otp, OTP);
    if (strcmp(c->at.post, "-") != 0) {
        struct seen s;
        enroll_once(r, &s);
        if (!reply_fits(c->at.post, &s))
            fail_msg("%s: PKIOperation is %d %s, pkiStatus %d, failInfo %d, HRESULT 0x%08x (%s), not '%s'",
                     c->id, s.status, s.certrep ? "CertRep" : "page", s.rep.pki_status, s.rep.fail_info,
                     (unsigned)s.rep.hresult, base_reason_id(s.e.reason), c->at.post);
        forget(&s);
    }
    free_rig(r);
}

static void every_fault_does_what_the_catalogue_says(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t g = 0; g < causes_group_count(); g++) {
        const struct causes_group *group = causes_group_at(g);
        for (size_t i = 0; is_ours(group->title) && i < group->count; i++) {
            const struct cause *c = &group->causes[i];
            if (fault_kind_find(c->id) == NULL || is_apart(c->id))
                continue;
            assert_cells(c);
            count++;
        }
    }
    assert_true(count > 50);
}

/* After its end a fault leaves nothing behind that keeps anybody from enrolling. */
static void every_fault_ends(void **state)
{
    (void)state;
    for (size_t g = 0; g < causes_group_count(); g++) {
        const struct causes_group *group = causes_group_at(g);
        for (size_t i = 0; is_ours(group->title) && i < group->count; i++) {
            const struct cause *c = &group->causes[i];
            char fault[128];
            if (fault_kind_find(c->id) == NULL)
                continue;
            snprintf(fault, sizeof fault, "%s:for=10s", c->id);
            struct rig *r = make_rig(fault);
            struct seen s;
            enroll_once(r, &s);
            forget(&s);
            r->now_us += 10 * SECOND;
            enroll_once(r, &s);
            if (!s.certrep || s.rep.pki_status != SCEP_SUCCESS || s.e.reason != 0)
                fail_msg("%s still bites: %d, %s", c->id, s.status, base_reason_id(s.e.reason));
            forget(&s);
            free_rig(r);
        }
    }
}

/* ---- start-up ---- */

static void waits_for_a_start_of_the_pool(void **state)
{
    (void)state;
    static const char *const faults[] = {"ra-cert-missing:restarted=no", "ra-cert-wrong-ca:restarted=no",
                                         "registry-inconsistent:restarted=no", "ra-cert-expired"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct rig *r = make_rig(faults[i]);
        assert_page(r, CAPS, 200, IIS);
        r->now_us += SECOND;
        struct ndes_reply reply = ask(r, "POST", "/scepstorm/admin/restart", span_of(NULL, 0));
        assert_int_equal(reply.status, 200);
        buf_clear(&reply.body);
        r->now_us += SECOND;
        assert_page(r, CAPS, 500, IIS);
        assert_page(r, OTP, 500, IIS);
        free_rig(r);
    }
}

static enum reason judged(struct rig *r)
{
    struct err e = {0};
    take_ca_certs(r);
    return scep_ca_check(r->served, r->now_us / 1000000, &e) ? REASON_NONE : e.reason;
}

static void ra_certificates_run_out_under_way(void **state)
{
    (void)state;
    struct rig *r = make_rig("ra-cert-expiring:in=1h");
    struct seen s;
    assert_int_equal(judged(r), REASON_NONE);
    assert_true(pki_cert_not_after(scep_ca_cert(r->served, 0)) == NOW / 1000000 + 3600);
    enroll_once(r, &s);
    assert_int_equal(s.rep.pki_status, SCEP_SUCCESS);
    forget(&s);
    r->now_us += 30 * MINUTE; /* a restart while they are good does no harm */
    struct ndes_reply reply = ask(r, "POST", "/scepstorm/admin/restart", span_of(NULL, 0));
    buf_clear(&reply.body);
    r->now_us += 31 * MINUTE;
    assert_page(r, CAPS, 200, IIS);
    assert_int_equal(judged(r), REASON_RA_CERT_EXPIRED);
    enroll_once(r, &s);
    assert_int_equal(s.rep.fail_info, SCEP_BAD_REQUEST);
    assert_int_equal(s.rep.hresult, UINT32_C(0x800b0101));
    assert_string_equal(s.reply.notes[1].event, "NDES 31");
    forget(&s);
    reply = ask(r, "POST", "/scepstorm/admin/restart", span_of(NULL, 0));
    buf_clear(&reply.body);
    r->now_us += SECOND;
    assert_page(r, CAPS, 500, IIS);
    free_rig(r);
}

static void certificates_tell_their_causes(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum reason reason;
        bool enrolls;
    } cases[] = {
        {"ra-cert-expired", REASON_RA_CERT_EXPIRED, true},
        {"ra-cert-wrong-ca:restarted=no", REASON_RA_CHAIN, true},
        {"ca-renewed-ra-stale", REASON_RA_CHAIN, true},
        {"ca-cert-expired:face=served", REASON_CA_CERT_EXPIRED, true},
        {"ca-config-wrong:how=other-ca", REASON_NONE, true},
        {"ca-fingerprint-mismatch", REASON_NONE, true},
        {"mdm-stale-ra-certs:how=renewed", REASON_NONE, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct seen s;
        enum reason reason = judged(r);
        if (reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].fault, base_reason_id(reason));
        enroll_once(r, &s);
        if (!s.certrep || s.rep.pki_status != SCEP_SUCCESS || s.e.reason != REASON_NONE)
            fail_msg("%s: %s", cases[i].fault, s.e.text);
        forget(&s);
        free_rig(r);
    }
}

static void another_ca_is_another_one(void **state)
{
    (void)state;
    struct rig *r = make_rig("ca-fingerprint-mismatch");
    const struct pki_cert *before = scep_ca_cert(r->served, scep_ca_count(r->served) - 1);
    uint8_t hash[32];
    memcpy(hash, pki_cert_sha256(before), sizeof hash);
    take_ca_certs(r);
    const struct pki_cert *ca = scep_ca_cert(r->served, scep_ca_count(r->served) - 1);
    assert_memory_not_equal(hash, pki_cert_sha256(ca), sizeof hash);
    struct buf page = otp_page(r);
    assert_null(strstr(buf_text(&page), identity->ca_thumbprint));
    buf_clear(&page);
    free_rig(r);
}

static void requests_for_renewed_certificates_fail(void **state)
{
    (void)state;
    struct rig *r = make_rig("mdm-stale-ra-certs:how=renewed,from=10s");
    struct seen s;
    char password[NDES_OTP_TEXT_BYTES];
    take_ca_certs(r);
    r->now_us += 10 * SECOND;
    fetch_password(r, password);
    post(r, &(struct sim_device){.password = password}, &s);
    assert_false(s.certrep);
    assert_string_equal(s.reply.notes[0].event, "NDES 18");
    enroll_once(r, &s);
    assert_int_equal(s.rep.pki_status, SCEP_SUCCESS);
    forget(&s);
    free_rig(r);
}

static void missing_module_leaves_an_ordinary_server(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.mode = NDES_INTUNE;
    struct rig *r = make_rig_with("policy-module-missing:for=10s", &policy, NULL);
    assert_page(r, BARE, 200, IIS);
    assert_page(r, OTP, 200, IIS);
    assert_refused(r, &(struct sim_device){.password = "blob", .cipher = PKI_AES128_CBC},
                   SCEP_BAD_MESSAGE_CHECK, UINT32_C(0x80070490));
    r->now_us += 10 * SECOND;
    assert_page(r, BARE, 403, IIS);
    free_rig(r);
}

/* ---- the CA ---- */

static void refusals_say_it_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int fail_info;
        uint32_t hresult;
        const char *text;  /* how it begins; "": there is none */
        const char *first; /* of event 31: how it begins */
        const char *ca_event;
    } cases[] = {
        {"key-too-short", 2, 0x80094811, "The public key does not meet", "The public key does", "CA 53"},
        {"template-permission-denied", 2, 0x80094012, "The permissions on the certificate template",
         "The permissions on the cert", "CA 53"},
        {"template-not-published", 2, 0x80094800, "The requested certificate template is not supported",
         "The requested certificate template is not supported by this CA. ", "CA 53"},
        {"template-name-mismatch:hresult=0x0", 2, 0, "The requested certificate template", "The requested",
         "CA 53"},
        {"ca-enroll-denied:language=de", 2, 0x80094011, "Die Berechtigungen dieser Zert", "Die Berecht",
         NULL},
        {"subject-invalid:fail-info=4", 4, 0x80094001, "The request subject name is invalid", "The req",
         "CA 53"},
        {"ca-crl-offline", 2, 0x80092013, "The revocation function", "The revocation function", "CA 22"},
        {"ca-cert-expired", 2, 0x800b0101, "A required certificate is not", "A required", "CA 22"},
        {"ca-unreachable-rpc", 2, 0x800706ba, "", "0x800706ba", NULL},
        {"ca-service-stopped", 2, 0x800706ba, "", "0x800706ba", NULL},
        {"ca-network-logon-denied:hresult=0x80070005", 2, 0x80070005, "", "0x80070005", NULL},
        {"dcom-denied", 2, 0x80070005, "", "0x80070005", NULL},
        {"ca-db-sessions-exhausted", 2, 0x8009400f, "An attempt was made to open", "An attempt", NULL},
        {"ca-suspended", 2, 0x80094006, "Certificate service has been", "Certificate", NULL},
        {"name-constraint-violation", 2, 0x800b0114, "The certificate has an invalid name", "The cert",
         "CA 53"},
        {"subject-info-required:hresult=0x8009480d", 2, 0x8009480d, "The User Principal Name", "The User",
         "CA 53"},
        {"ra-signature-rejected:hresult=0x8009480b", 2, 0x8009480b, "One or more signatures", "One or",
         "CA 53"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct seen s;
        enroll_once(r, &s);
        size_t len = strlen(cases[i].text);
        bool words =
            len == 0 ? s.rep.server_text[0] == '\0' : strncmp(s.rep.server_text, cases[i].text, len) == 0;
        if (s.rep.fail_info != cases[i].fail_info || s.rep.hresult != cases[i].hresult || !words)
            fail_msg("%s: failInfo %d, HRESULT 0x%08x, '%s'", cases[i].fault, s.rep.fail_info,
                     (unsigned)s.rep.hresult, s.rep.server_text);
        const struct ndes_note *note = &s.reply.notes[cases[i].ca_event != NULL ? 1 : 0];
        assert_string_equal(note->event, "NDES 31");
        assert_int_equal(strncmp(note->values[0], cases[i].first, strlen(cases[i].first)), 0);
        if (cases[i].ca_event != NULL) {
            assert_string_equal(s.reply.notes[0].event, cases[i].ca_event);
            assert_string_equal(note->values[1], "0x80004005");
            assert_non_null(strstr(s.reply.notes[0].values[2], "CN=phone-7"));
        }
        forget(&s);
        free_rig(r);
    }
}

static void slow_refusals_are_told_from_fast_ones(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int64_t at_least_us, at_most_us;
    } cases[] = {{"ca-unreachable-rpc", 20 * SECOND, 60 * SECOND},
                 {"ca-unreachable-rpc:after=45s", 45 * SECOND, 46 * SECOND},
                 {"ca-service-stopped", SECOND / 2, 2 * SECOND},
                 {"dcom-denied", 0, SECOND},
                 {"key-too-short", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct seen s;
        enroll_once(r, &s);
        assert_in_range(s.reply.delay_us, cases[i].at_least_us, cases[i].at_most_us);
        forget(&s);
        post(r, &(struct sim_device){.password = "wrong"}, &s); /* the CA is not asked */
        assert_int_equal(s.reply.delay_us, 0);
        assert_int_equal(s.rep.hresult, UINT32_C(0x80070490));
        assert_string_equal(s.reply.notes[0].event, "NDES 29");
        forget(&s);
        free_rig(r);
    }
}

static void officer_denies_at_the_first_poll(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int fail_info;
        uint32_t hresult;
        const char *event;
    } cases[] = {{"approval-denied", SCEP_BAD_REQUEST, UINT32_C(0x80094014), "CA 53"},
                 {"pending-forgotten", SCEP_BAD_REQUEST, UINT32_C(0x80070490), NULL},
                 {"pending-forgotten:answer=badCertId", SCEP_BAD_CERT_ID, UINT32_C(0x80070490), NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct seen s;
        char password[NDES_OTP_TEXT_BYTES];
        fetch_password(r, password);
        struct sim_device d = {.password = password};
        post(r, &d, &s);
        assert_int_equal(s.rep.pki_status, SCEP_PENDING);
        assert_null(s.reply.notes[0].event);
        forget(&s);
        struct buf name, poll;
        struct err e = {0};
        buf_init(&name, 1024);
        buf_init(&poll, 4096);
        assert_true(pki_name_from_text("CN=phone-7,OU=scepstorm", &name, &e));
        assert_true(scep_content_put_subject(pki_cert_subject(identity->ca), buf_span(&name), &poll, &e));
        struct sim_device again = {.type = SCEP_CERT_POLL,
                                   .content = buf_span(&poll),
                                   .same_transaction = true,
                                   .transaction = d.transaction};
        post(r, &again, &s);
        assert_int_equal(s.rep.pki_status, SCEP_FAILURE);
        assert_int_equal(s.rep.fail_info, cases[i].fail_info);
        assert_int_equal(s.rep.hresult, cases[i].hresult);
        if (cases[i].event != NULL)
            assert_string_equal(s.reply.notes[0].event, cases[i].event);
        else
            assert_null(s.reply.notes[0].event);
        forget(&s);
        buf_clear(&name);
        buf_clear(&poll);
        free_rig(r);
    }
}

/* ---- Intune ---- */

static void intune_refusals_take_other_forms(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int status, fail_info;
        bool hresult;
    } cases[] = {{"connector-stopped:hresult=0x0", 200, 2, false},
                 {"intune-challenge-expired:fail-info=1", 200, 1, true},
                 {"connector-outbound-blocked:face=issued", 200, -1, false},
                 {"policy-client-cert-expired:face=500", 500, -1, false},
                 {"intermediate-in-root-store:face=503", 503, -1, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = make_rig(cases[i].fault);
        struct seen s;
        enroll_once(r, &s);
        assert_int_equal(s.status, cases[i].status);
        assert_int_equal(s.certrep, cases[i].status == 200);
        if (s.certrep) {
            assert_int_equal(s.rep.fail_info, cases[i].fail_info);
            assert_int_equal(s.rep.has_hresult, cases[i].hresult);
            assert_int_equal(s.rep.pki_status, cases[i].fail_info < 0 ? SCEP_SUCCESS : SCEP_FAILURE);
        }
        forget(&s);
        free_rig(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_does_what_the_catalogue_says),
        cmocka_unit_test(every_fault_ends),
        cmocka_unit_test(waits_for_a_start_of_the_pool),
        cmocka_unit_test(ra_certificates_run_out_under_way),
        cmocka_unit_test(certificates_tell_their_causes),
        cmocka_unit_test(another_ca_is_another_one),
        cmocka_unit_test(requests_for_renewed_certificates_fail),
        cmocka_unit_test(missing_module_leaves_an_ordinary_server),
        cmocka_unit_test(refusals_say_it_in_words),
        cmocka_unit_test(slow_refusals_are_told_from_fast_ones),
        cmocka_unit_test(officer_denies_at_the_first_poll),
        cmocka_unit_test(intune_refusals_take_other_forms),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
