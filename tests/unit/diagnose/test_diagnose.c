#include "diagnose/parts.h"
#include "run_facts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 1780000000 /* 2026-05-28 */

/* One kind of failure, and what it must be called. */
struct row {
    const char *what;
    enum stage stage;
    enum reason reason;
    int status;
    enum outcome_body body;
    const char *server;
    int fail_info;    /* 0: none */
    uint32_t hresult; /* 0: none */
    const char *text;
    int bare; /* status of the bare URL */
    bool unsent;
    const char *first; /* NULL: no cause */
    double at_least;   /* its confidence */
    double at_most;    /* 0: anything */
    const char *also;  /* blank-separated ids that must be listed, too */
};

#define HS  "Microsoft-HTTPAPI/2.0"
#define IIS "Microsoft-IIS/10.0"

static const struct row rows[] = {
    {"no such name", STAGE_DNS, REASON_DNS_FAILED, .first = "dns-failure", .at_least = 0.9},
    {"dropped", STAGE_TCP, REASON_CONNECT_TIMEOUT, .first = "network-path-blocked", .at_least = 0.8},
    {"rejected", STAGE_TCP, REASON_CONNECTION_REFUSED, .first = "network-path-blocked", .at_least = 0.33,
     .also = "w3svc-stopped"},
    {"no route", STAGE_TCP, REASON_UNREACHABLE, .first = "network-path-blocked", .at_least = 0.8},
    {"pool down, caps", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 503, OUTCOME_BODY_HTTPSYS, HS, .bare = 503,
     .first = "service-account-password-expired", .at_least = 0.17,
     .also = "app-pool-stopped service-account-locked app-pool-identity-mismatch"},
    {"pool down, OTP page", STAGE_OTP, REASON_HTTP_STATUS, 503, OUTCOME_BODY_HTTPSYS, HS, .bare = 503,
     .first = "service-account-password-expired", .at_least = 0.17,
     .also = "app-pool-stopped service-account-locked"},
    {"start failed", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 500, OUTCOME_BODY_IIS, IIS, .bare = 500,
     .first = "ra-cert-expired", .at_least = 0.1,
     .also = "ra-key-access-denied service-account-password-expired"},
    {"start failed, seen at PKI", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 500, OUTCOME_BODY_IIS, IIS,
     .bare = 500, .first = "ra-cert-expired", .at_least = 0.1},
    {"only messages fail", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 500, OUTCOME_BODY_IIS, IIS, .bare = 200,
     .first = "malformed-pkimessage", .at_least = 0.15,
     .also = "message-encrypted-to-wrong-cert payload-truncated"},
    {"answer cut", STAGE_VERIFY, REASON_MALFORMED, 200, .first = "payload-truncated", .at_least = 0.4},
    {"message cut off", STAGE_PKI_OPERATION, REASON_CONNECTION_LOST, 200, .first = "payload-truncated",
     .at_least = 0.25, .also = "app-pool-crashing network-path-blocked"},
    {"a gateway finds nobody", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 503, OUTCOME_BODY_HTML,
     "Microsoft-Azure-Application-Gateway/v2", .bare = 503, .first = "app-pool-crashing", .at_least = 0.1,
     .also = "app-pool-stopped app-proxy-connector-down"},
    {"client refuses RA", STAGE_GET_CA_CERT, REASON_RA_CERT_EXPIRED, 200, .first = "ra-cert-expired",
     .at_least = 0.9},
    {"client refuses CA", STAGE_GET_CA_CERT, REASON_CA_CERT_EXPIRED, 200, .first = "ca-cert-expired",
     .at_least = 0.9},
    {"RA of the old CA", STAGE_GET_CA_CERT, REASON_RA_CHAIN, 200, .first = "ca-renewed-ra-stale",
     .at_least = 0.4},
    {"cache full", STAGE_OTP, REASON_OTP_CACHE_FULL, 200, .first = "otp-cache-full", .at_least = 0.9},
    {"cache full, unsent", STAGE_OTP, REASON_OTP_CACHE_FULL, .unsent = true, .first = "otp-cache-full",
     .at_least = 0.9},
    {"no permission page", STAGE_OTP, REASON_OTP_NO_PERMISSION, 200, .first = "template-permission-denied",
     .at_least = 0.33, .also = "otp-insufficient-permission template-not-published"},
    {"logon refused", STAGE_OTP, REASON_OTP_AUTH_REFUSED, 401, .first = "otp-auth-failed", .at_least = 0.35,
     .also = "otp-account-locked otp-account-password-expired otp-account-disabled"},
    {"no scheme in common", STAGE_OTP, REASON_OTP_SCHEME, 401, .first = "otp-auth-scheme-mismatch",
     .at_least = 0.9},
    {"logon refused, unsent", STAGE_OTP, REASON_OTP_AUTH_REFUSED, .unsent = true, .first = "otp-auth-failed",
     .at_least = 0.35},
    {"no OTP page", STAGE_OTP, REASON_HTTP_STATUS, 404, OUTCOME_BODY_IIS, IIS, .bare = 200,
     .first = "otp-endpoint-removed", .at_least = 0.8},
    {"blank page", STAGE_OTP, REASON_OTP_PAGE_BLANK, 200, .first = "otp-page-blank", .at_least = 0.4},
    {"unknown password", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 1,
     0x80070490, .bare = 200, .first = "password-wrong", .at_least = 0.4},
    {"used password", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 1, 0x800B0110,
     .bare = 200, .first = "password-already-used", .at_least = 0.8},
    {"no password", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 1, 0x80096004,
     .bare = 200, .first = "password-missing", .at_least = 0.9},
    {"template", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80094012,
     .bare = 200, .first = "template-permission-denied", .at_least = 0.9},
    {"template, with Intune", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x80094012, .bare = 403, .first = "template-permission-denied", .at_least = 0.9},
    {"template, in words", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x80004005,
     "The permissions on the certificate template do not allow the current user to enroll for this type of "
     "certificate.",
     .bare = 200, .first = "template-permission-denied", .at_least = 0.9},
    {"template unknown", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x80094800, .first = "template-not-published", .at_least = 0.33, .also = "template-name-mismatch"},
    {"short key", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80094811,
     .first = "key-too-short", .at_least = 0.9},
    {"CA down", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x800706BA,
     .first = "ca-service-stopped", .at_least = 0.33, .also = "dcom-denied"},
    {"waits for approval", STAGE_PKI_OPERATION, REASON_SCEP_PENDING, 200, OUTCOME_BODY_CERTREP, IIS,
     .first = "pending-approval", .at_least = 0.9},
    {"still waits after many polls", STAGE_CERT_POLL, REASON_POLL_LIMIT, 200, OUTCOME_BODY_CERTREP, IIS,
     .first = "pending-approval", .at_least = 0.9},
    {"still waits when the device's time is over", STAGE_CERT_POLL, REASON_DEVICE_TIMEOUT, 200,
     OUTCOME_BODY_CERTREP, IIS, .first = "pending-approval", .at_least = 0.8},
    {"no answer to polls", STAGE_CERT_POLL, REASON_DEVICE_TIMEOUT, .first = NULL},
    {"denied", STAGE_CERT_POLL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80094014,
     .first = "approval-denied", .at_least = 0.9},
    {"poll for nothing", STAGE_CERT_POLL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 4, 0,
     .first = "pending-forgotten", .at_least = 0.4, .also = "app-pool-recycled"},
    {"poll for nothing, not found", STAGE_CERT_POLL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x80070490, .first = "pending-forgotten", .at_least = 0.4},
    {"poll meets a CA that is down", STAGE_CERT_POLL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x800706BA, .first = "ca-service-stopped", .at_least = 0.33},
    {"renewal, bad subject", STAGE_RENEWAL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x80094806, .first = "renewal-subject-mismatch", .at_least = 0.85},
    {"renewal, template", STAGE_RENEWAL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80094801,
     .first = "renewal-wrong-template", .at_least = 0.6},
    {"renewal, no code", STAGE_RENEWAL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0,
     .first = "renewal-unsupported-ca", .at_least = 0.2,
     .also = "renewal-subject-mismatch renewal-wrong-template"},
    {"renewal, unknown message", STAGE_RENEWAL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x80070057, .first = "renewal-unsupported-ca", .at_least = 0.35, .also = "unsupported-message-type"},
    {"renewal meets a CA that is down", STAGE_RENEWAL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x800706BA, .first = "ca-service-stopped", .at_least = 0.33},
    {"renewal with a wrong password", STAGE_RENEWAL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 1,
     0x80070490, .bare = 200, .first = "password-wrong", .at_least = 0.33},
    {"renewal waits", STAGE_RENEWAL, REASON_POLL_LIMIT, 200, OUTCOME_BODY_CERTREP, IIS,
     .first = "pending-approval", .at_least = 0.9},
    {"no GetCRL", STAGE_GET_CRL, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80070057,
     .first = "unsupported-message-type", .at_least = 0.9},
    {"no GetCert", STAGE_GET_CERT, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80070057,
     .first = "unsupported-message-type", .at_least = 0.9},
    {"cannot decrypt", STAGE_PKI_OPERATION, REASON_NOT_SCEP, 200, OUTCOME_BODY_EMPTY, IIS, .bare = 200,
     .first = "malformed-pkimessage", .at_least = 0.2, .also = "message-encrypted-to-wrong-cert"},
    {"a portal's page", STAGE_PKI_OPERATION, REASON_NOT_SCEP, 200, OUTCOME_BODY_HTML, "portal", .bare = 200,
     .first = NULL},
    {"cannot open the answer", STAGE_VERIFY, REASON_DECRYPT, 200, OUTCOME_BODY_CERTREP, IIS,
     .first = "client-crypto-incompatible", .at_least = 0.7},
    {"cannot verify the answer", STAGE_VERIFY, REASON_SIGNER_UNKNOWN, 200, OUTCOME_BODY_CERTREP, IIS,
     .first = "client-crypto-incompatible", .at_least = 0.25, .also = "ca-renewed-ra-stale"},
    {"CRL", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80092013,
     .first = "ca-crl-offline", .at_least = 0.8},
    {"Intune refuses", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     .bare = 403, .first = "connector-stopped", .at_least = 0.15, .also = "connector-outdated"},
    {"Intune fails", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 500, OUTCOME_BODY_IIS, IIS, .bare = 403,
     .first = "connector-stopped", .at_least = 0.15, .also = "connector-outdated"},
    {"wrong path", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 404, OUTCOME_BODY_IIS, IIS, .bare = 404,
     .first = "wrong-scep-url", .at_least = 0.33},
    {"no IIS", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 404, OUTCOME_BODY_HTTPSYS, HS, .bare = 404,
     .first = "w3svc-stopped", .at_least = 0.33},
    {"sent to a logon page", STAGE_GET_CA_CAPS, REASON_REDIRECTED, 302, OUTCOME_BODY_HTML, .bare = 302,
     .first = "app-proxy-preauth-enabled", .at_least = 0.25, .also = "wrong-scep-url"},
    {"a page instead of certificates", STAGE_GET_CA_CERT, REASON_CA_CERT_MALFORMED, 200, OUTCOME_BODY_HTML,
     .bare = 200, .first = "app-proxy-preauth-enabled", .at_least = 0.25, .also = "wrong-scep-url"},
    {"garbage instead of certificates", STAGE_GET_CA_CERT, REASON_CA_CERT_MALFORMED, 200, OUTCOME_BODY_BINARY,
     .bare = 200, .first = NULL},
    {"proxy", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 502, OUTCOME_BODY_HTML, "nginx", .bare = 502,
     .first = "app-proxy-bad-gateway", .at_least = 0.6},
    {"OTP page closed by Intune", STAGE_OTP, REASON_HTTP_STATUS, 403, OUTCOME_BODY_IIS, IIS, .bare = 403,
     .first = "otp-with-policy-module", .at_least = 0.4, .also = "ip-restricted"},
    /* nothing to blame on the server */
    {"cannot make the message", STAGE_BUILD, REASON_UNSUPPORTED_ALGORITHM, .first = NULL},
    {"aborted", STAGE_PKI_OPERATION, REASON_ABORTED, .first = NULL},
    {"our limits", STAGE_TCP, REASON_GENERATOR_LIMIT, .unsent = true, .first = NULL},
    {"403 on GetCACaps", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 403, OUTCOME_BODY_IIS, IIS, .bare = 403,
     .first = "ip-restricted", .at_least = 0.15,
     .also = "ssl-client-cert-required execute-denied https-required"},
    {"403 of a proxy", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 403, OUTCOME_BODY_HTML, "nginx", .bare = 403,
     .first = "app-proxy-preauth-enabled", .at_least = 0.25, .also = "ip-restricted"},
    {"401 on GetCACaps", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 401, OUTCOME_BODY_IIS, IIS, .bare = 401,
     .first = "anonymous-disabled", .at_least = 0.6, .also = "file-acl-denied"},
    {"GET is too long for a proxy", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 414, OUTCOME_BODY_HTML, "nginx",
     .bare = 200, .first = "proxy-url-too-long", .at_least = 0.8},
    {"GET is too long for HTTP.sys", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 400, OUTCOME_BODY_HTTPSYS, HS,
     .bare = 200, .first = "httpsys-request-too-long", .at_least = 0.8},
    {"GET is too long for IIS", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 404, OUTCOME_BODY_IIS, IIS,
     .bare = 200, .first = "iis-query-too-long", .at_least = 0.33,
     .also = "iis-url-too-long double-escape-blocked"},
    {"body too large", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 413, OUTCOME_BODY_IIS, IIS, .bare = 200,
     .first = "iis-body-too-large", .at_least = 0.7},
    {"no POST", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 405, OUTCOME_BODY_IIS, IIS, .bare = 200,
     .first = "post-not-accepted", .at_least = 0.6},
    {"GetCACert alone fails", STAGE_GET_CA_CERT, REASON_HTTP_STATUS, 500, OUTCOME_BODY_IIS, IIS, .bare = 200,
     .first = "ca-config-wrong", .at_least = 0.4},
    {"handshake", STAGE_TLS, REASON_TLS_FAILED, .first = "tls-version-mismatch", .at_least = 0.25,
     .also = "tls-binding-missing"},
    {"page instead of certificates", STAGE_GET_CA_CERT, REASON_CA_CERT_MALFORMED, 200, OUTCOME_BODY_NDES_PAGE,
     IIS, .bare = 200, .first = "proxy-strips-query-or-body", .at_least = 0.4, .also = "payload-truncated"},
    {"name constraint", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x800B0114, .first = "name-constraint-violation", .at_least = 0.9},
    {"DNS name wanted", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x8009480F, .first = "subject-info-required", .at_least = 0.9},
    {"signature wanted", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x8009480A, .first = "ra-signature-rejected", .at_least = 0.9},
    {"bad data", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80090005,
     .first = "message-encrypted-to-wrong-cert", .at_least = 0.6, .also = "mdm-stale-ra-certs"},
    {"tries again until its time is over", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 503, OUTCOME_BODY_HTTPSYS,
     HS, .bare = 503, .first = "service-account-password-expired", .at_least = 0.17,
     .also = "app-pool-stopped"},
    {"slow server", STAGE_PKI_OPERATION, REASON_REQUEST_TIMEOUT, .first = "ca-slow", .at_least = 0.15,
     .at_most = 0.5, .also = "server-busy ca-unreachable-rpc"},
    {"slow server, device", STAGE_PKI_OPERATION, REASON_DEVICE_TIMEOUT, .first = "ca-slow", .at_least = 0.15,
     .at_most = 0.5},
    {"file is used up", STAGE_OTP, REASON_OTP_EXHAUSTED, .unsent = true, .first = NULL},
    {"no rule knows it", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 418, OUTCOME_BODY_TEXT, "teapot", .bare = 418,
     .first = NULL},
    {"unknown HRESULT", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2,
     0x8badf00d, .bare = 200, .first = NULL},
};
#define ROWS (sizeof rows / sizeof rows[0])

static struct outcome outcome_of(const struct row *row, uint64_t device, int64_t at_us)
{
    struct outcome o = fact_failure(device, at_us, row->stage, row->reason);
    o.end = row->unsent ? OUTCOME_UNSENT : OUTCOME_FAILED;
    o.http_status = row->status;
    o.body = row->body;
    o.fail_info = row->fail_info == 0 ? -1 : row->fail_info;
    o.has_hresult = row->hresult != 0;
    o.hresult = row->hresult;
    snprintf(o.server, sizeof o.server, "%s", row->server == NULL ? "" : row->server);
    snprintf(o.text, sizeof o.text, "%s", row->text == NULL ? "" : row->text);
    return o;
}

static struct measure *m;
static struct outcome_sink sink;
static struct outcome_target target;
static struct outcome_otp otp;
static struct diagnose_list list;

static int set_up(void **state)
{
    (void)state;
    target = (struct outcome_target){0};
    otp = (struct outcome_otp){0};
    list = (struct diagnose_list){0};
    if (!measure_new(&m, NULL))
        return -1;
    sink = measure_sink(m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    diagnose_clear(&list);
    measure_free(m);
    return 0;
}

static void diagnose(void)
{
    struct err e = {0};
    diagnose_clear(&list);
    assert_true(diagnose_run(m, &target, &otp, NOW, &list, &e));
}

static const struct diagnosis *entry(const char *id)
{
    for (size_t i = 0; i < list.count; i++) {
        if (strcmp(list.items[i].cause->id, id) == 0)
            return &list.items[i];
    }
    return NULL;
}

static void check_list(const char *what)
{
    double sum = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct diagnosis *d = &list.items[i];
        sum += d->confidence;
        assert_true(d->confidence > 0 && d->confidence <= 1);
        assert_true(d->share > 0 && d->share <= 1.0000001);
        assert_true(d->evidence_count >= 2);
        for (size_t k = 0; k < d->look_alike_count; k++)
            assert_non_null(causes_find(d->look_alikes[k]));
    }
    if (sum > 1.0000001)
        fail_msg("%s: confidences add up to %f", what, sum);
}

static void check_also(const struct row *row)
{
    char ids[200];
    snprintf(ids, sizeof ids, "%s", row->also == NULL ? "" : row->also);
    char *rest = ids;
    for (char *id = strtok_r(rest, " ", &rest); id != NULL; id = strtok_r(NULL, " ", &rest)) {
        if (entry(id) == NULL)
            fail_msg("%s: %s is not listed", row->what, id);
    }
}

static void one_kind_of_failure_has_its_cause(void **state)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        tear_down(state);
        set_up(state);
        target.bare_url_status = row->bare;
        fact_repeat(&sink, outcome_of(row, 0, 0), 40);
        diagnose();
        if (row->first == NULL) {
            if (list.count != 0)
                fail_msg("%s: invented %s", row->what, list.items[0].cause->id);
            continue;
        }
        if (list.count == 0 || strcmp(list.items[0].cause->id, row->first) != 0)
            fail_msg("%s: %s, not %s", row->what, list.count == 0 ? "nothing" : list.items[0].cause->id,
                     row->first);
        if (list.items[0].confidence < row->at_least)
            fail_msg("%s: confidence %f", row->what, list.items[0].confidence);
        assert_true(row->at_most <= 0 || list.items[0].confidence <= row->at_most);
        assert_true(fabs(list.items[0].share - 1) < 1e-9);
        check_list(row->what);
        check_also(row);
    }
}

static void healthy_run_has_no_cause(void **state)
{
    (void)state;
    fact_enrolled(&sink, 0, 100, 0);
    diagnose();
    assert_int_equal(list.count, 0);
}

static bool offers(const struct candidate *candidates, const char *id)
{
    for (const struct candidate *c = candidates; c != NULL && c->id != NULL; c++) {
        if (causes_find(c->id) == NULL)
            fail_msg("%s is not in the catalogue", c->id);
        if (strcmp(c->id, id) == 0)
            return true;
    }
    return false;
}

/* Facts about a configuration, no failures: `check` tells them. */
static bool no_failure(const char *id)
{
    static const char *const ids[] = {"otp-page-encoding-mishandled", "profile-not-delivered",
                                      "ca-fingerprint-mismatch"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (strcmp(ids[i], id) == 0)
            return true;
    }
    return false;
}

/* Every id that a rule can name is in the catalogue, and every cause is named by some rule. */
static void rules_and_catalogue_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < causes_count(); i++) {
        const char *id = causes_at(i)->id;
        bool named = no_failure(id);
        for (size_t r = 0; r < diagnose_rule_count; r++)
            named |= offers(diagnose_rules[r].candidates, id);
        for (size_t r = 0; r < diagnose_otp_rule_count; r++)
            named |= offers(diagnose_otp_rules[r].candidates, id);
        for (size_t r = 0; r < diagnose_problem_count; r++)
            named |= offers(diagnose_problems[r].candidates, id);
        if (!named)
            fail_msg("no rule names %s", id);
    }
}

static void expired_ra_certificates_win_wherever_devices_fail(void **state)
{
    target.cert_count = 2;
    snprintf(target.certs[0].role, sizeof target.certs[0].role, "ca");
    target.certs[0].not_after = NOW + 1000000;
    snprintf(target.certs[1].role, sizeof target.certs[1].role, "ra_signing");
    snprintf(target.certs[1].subject, sizeof target.certs[1].subject, "CN=NDES01-MSCEP-RA");
    target.certs[1].not_after = NOW - 86400;
    struct outcome_target expired = target;
    static const struct row fails[] = {
        {.what = "", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 500, OUTCOME_BODY_IIS, IIS},
        {.what = "", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2},
        {.what = "", STAGE_PKI_OPERATION, REASON_NOT_SCEP, 200, OUTCOME_BODY_HTML, IIS},
    };
    for (size_t i = 0; i < sizeof fails / sizeof fails[0]; i++) {
        tear_down(state);
        set_up(state);
        target = expired;
        fact_repeat(&sink, outcome_of(&fails[i], 0, 0), 10);
        diagnose();
        assert_true(list.count > 0);
        assert_string_equal(list.items[0].cause->id, "ra-cert-expired");
        assert_true(list.items[0].confidence > 0.8);
        bool told = false;
        for (size_t k = 0; k < list.items[0].evidence_count; k++)
            told |= strstr(list.items[0].evidence[k], "CN=NDES01-MSCEP-RA") != NULL;
        assert_true(told);
    }
}

static void valid_ra_certificates_speak_against_expiry(void **state)
{
    (void)state;
    target.cert_count = 1;
    snprintf(target.certs[0].role, sizeof target.certs[0].role, "ra");
    target.certs[0].not_after = NOW + 1000000;
    target.bare_url_status = 500;
    const struct row row = {.what = "", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 500, OUTCOME_BODY_IIS, IIS};
    fact_repeat(&sink, outcome_of(&row, 0, 0), 10);
    diagnose();
    assert_null(entry("ra-cert-expired"));
    assert_string_equal(list.items[0].cause->id, "service-account-password-expired");
}

static struct outcome refused_otp(uint64_t device, int64_t at_us, uint64_t fingerprint, int64_t age_us)
{
    const struct row row = {
        .what = "", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 1, 0x80070490};
    struct outcome o = outcome_of(&row, device, at_us);
    o.otp_fingerprint = fingerprint;
    o.otp_age_us = age_us;
    return o;
}

static struct outcome accepted_otp(uint64_t device, int64_t at_us, uint64_t fingerprint, int64_t age_us)
{
    struct outcome o = fact_device(device, OUTCOME_ENROLLED, at_us);
    o.otp_fingerprint = fingerprint;
    o.otp_age_us = age_us;
    return o;
}

#define MINUTE INT64_C(60000000)

static void old_passwords_have_expired(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10; i++) {
        struct outcome o = refused_otp(i, 0, 100 + i, 61 * MINUTE);
        fact_tell(&sink, &o);
    }
    diagnose();
    assert_string_equal(list.items[0].cause->id, "password-expired");
    assert_true(list.items[0].confidence > 0.7);
}

static void shorter_validities_are_noticed_by_the_oldest_accepted_password(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10; i++) {
        struct outcome ok = accepted_otp(i, 0, 100 + i, 2 * MINUTE);
        struct outcome bad = refused_otp(20 + i, 0, 200 + i, 6 * MINUTE);
        fact_tell(&sink, &ok);
        fact_tell(&sink, &bad);
    }
    diagnose();
    assert_string_equal(list.items[0].cause->id, "password-expired");
}

static void used_passwords_are_recognised(void **state)
{
    (void)state;
    struct outcome ok = accepted_otp(0, 0, 7, 1000);
    fact_tell(&sink, &ok);
    for (uint64_t i = 1; i < 10; i++) {
        struct outcome o = refused_otp(i, (int64_t)i * 10000, 7, 2000);
        fact_tell(&sink, &o);
    }
    diagnose();
    assert_string_equal(list.items[0].cause->id, "password-already-used");
    assert_true(list.items[0].confidence > 0.7);
}

static void a_clean_cut_in_time_is_a_restart(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 30; i++) {
        struct outcome o = accepted_otp(i, (int64_t)i * 100000, 100 + i, 50000);
        fact_tell(&sink, &o);
    }
    for (uint64_t i = 0; i < 5; i++) { /* fetched before 3 s, used after */
        struct outcome o = refused_otp(30 + i, 3000000 + (int64_t)i * 100000, 200 + i, 700000);
        fact_tell(&sink, &o);
    }
    for (uint64_t i = 0; i < 30; i++) {
        struct outcome o = accepted_otp(40 + i, 3600000 + (int64_t)i * 100000, 300 + i, 50000);
        fact_tell(&sink, &o);
    }
    diagnose();
    assert_string_equal(list.items[0].cause->id, "password-lost-on-recycle");
    assert_non_null(entry("app-pool-recycled"));
}

/* In a window of refusals passwords fetched within it are refused, too: no restart. */
static void a_window_of_refusals_is_a_wrong_password(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 90; i++) {
        int64_t at = (int64_t)i * 100000;
        struct outcome o =
            i >= 30 && i < 60 ? refused_otp(i, at, 100 + i, 50000) : accepted_otp(i, at, 100 + i, 50000);
        fact_tell(&sink, &o);
    }
    diagnose();
    assert_string_equal(list.items[0].cause->id, "password-wrong");
}

static void a_steady_fraction_adds_the_missing_affinity(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 90; i++) {
        int64_t at = (int64_t)i * 100000;
        struct outcome o = i % 2 ? refused_otp(i, at, 100 + i, 50000) : accepted_otp(i, at, 100 + i, 50000);
        fact_tell(&sink, &o);
    }
    diagnose();
    assert_string_equal(list.items[0].cause->id, "password-wrong");
    assert_true(entry("lb-node-affinity-missing")->confidence > 0.25);
}

/* Refused passwords stay in the cache: what fills it is the refusals. */
static void a_cache_filled_by_refusals_is_their_consequence(void **state)
{
    (void)state;
    const struct row full = {.what = "", .stage = STAGE_OTP, .reason = REASON_OTP_CACHE_FULL, .status = 200};
    for (uint64_t i = 0; i < 5; i++) {
        struct outcome o = refused_otp(i, (int64_t)i * 100000, 100 + i, 50000);
        fact_tell(&sink, &o);
    }
    fact_repeat(&sink, outcome_of(&full, 10, 700000), 95);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "password-wrong");
    assert_true(fabs(list.items[0].share - 1) < 1e-9);
    assert_non_null(entry("otp-cache-full"));
    check_list("cache filled by refusals");
}

static void slow_rpc_failures_are_a_blocked_path(void **state)
{
    (void)state;
    const struct row row = {
        .what = "", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x800706BA};
    struct outcome o = outcome_of(&row, 0, 0);
    o.finished_us = 21000000;
    fact_tell(&sink, &o);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "ca-unreachable-rpc");
}

static void overload_is_told_by_the_successes_between(void **state)
{
    (void)state;
    const struct row row = {.what = "", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 503, OUTCOME_BODY_HTTPSYS, HS};
    for (uint64_t i = 0; i < 100; i++) {
        int64_t at = (int64_t)i * 100000;
        struct outcome o = i % 2 ? outcome_of(&row, i, at) : fact_device(i, OUTCOME_ENROLLED, at);
        fact_tell(&sink, &o);
    }
    diagnose();
    assert_string_equal(list.items[0].cause->id, "app-pool-queue-full");
}

static void basic_not_offered_is_a_scheme_mismatch(void **state)
{
    (void)state;
    const struct row row = {.what = "", STAGE_OTP, REASON_OTP_AUTH_REFUSED, 401, OUTCOME_BODY_IIS, IIS};
    otp.scheme = "basic";
    struct outcome o = outcome_of(&row, 0, 0);
    o.exemplar.headers =
        span_of_text("Server: Microsoft-IIS/10.0\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\n");
    fact_tell(&sink, &o);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "otp-auth-scheme-mismatch");
}

static void a_clock_far_off_explains_expired_certificates(void **state)
{
    (void)state;
    target.has_date_skew = true;
    target.date_skew_s = -400 * 86400;
    const struct row row = {.what = "", STAGE_GET_CA_CERT, REASON_RA_CERT_EXPIRED, 200};
    fact_repeat(&sink, outcome_of(&row, 0, 0), 3);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "clock-skew");
}

static void several_kinds_have_several_causes(void **state)
{
    (void)state;
    const struct row caps = {
        .what = "", STAGE_GET_CA_CAPS, REASON_HTTP_STATUS, 503, OUTCOME_BODY_HTTPSYS, HS};
    const struct row pki = {
        .what = "", STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 503, OUTCOME_BODY_HTTPSYS, HS};
    const struct row key = {
        .what = "", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2, 0x80094811};
    const struct row odd = {
        .what = "", STAGE_PKI_OPERATION, REASON_NONCE_MISMATCH, 200, OUTCOME_BODY_CERTREP, IIS};
    fact_repeat(&sink, outcome_of(&caps, 0, 0), 20);
    fact_repeat(&sink, outcome_of(&pki, 20, 0), 10);
    fact_repeat(&sink, outcome_of(&key, 30, 0), 60);
    fact_repeat(&sink, outcome_of(&odd, 90, 0), 10);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "key-too-short");
    assert_true(fabs(list.items[0].share - 0.6) < 1e-9);
    assert_true(fabs(entry("app-pool-stopped")->share - 0.3) < 1e-9); /* two groups, one cause */
    assert_int_equal(entry("app-pool-stopped")->stage, STAGE_GET_CA_CAPS);
}

/* failInfo 0 cannot stand in a row, where 0 means none. */
static void bad_algorithm_is_named(void **state)
{
    (void)state;
    struct row row = {.what = "", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS};
    struct outcome o = outcome_of(&row, 0, 0);
    o.fail_info = 0;
    fact_repeat(&sink, o, 10);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "unsupported-algorithm");
}

/* A device that enrolled and then could not renew. */
static struct outcome not_renewed(int64_t not_after, uint32_t hresult)
{
    struct outcome o = fact_device(0, OUTCOME_ENROLLED, 0);
    struct outcome_follow_up *f = &o.follow[OUTCOME_RENEWAL];
    o.not_after = not_after;
    f->result = OUTCOME_NOT_OK;
    f->started_us = 200000;
    f->finished_us = 300000;
    f->http_status = 200;
    f->body = OUTCOME_BODY_CERTREP;
    f->fail_info = 2;
    f->has_hresult = hresult != 0;
    f->hresult = hresult;
    f->error.stage = STAGE_RENEWAL;
    f->error.reason = REASON_SCEP_FAILURE;
    return o;
}

static bool tells(const struct diagnosis *d, const char *words)
{
    for (size_t i = 0; i < d->evidence_count; i++) {
        if (strstr(d->evidence[i], words) != NULL)
            return true;
    }
    return false;
}

static void follow_ups_have_causes_too(void **state)
{
    (void)state;
    fact_repeat(&sink, not_renewed(NOW + 1000, 0), 20);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "renewal-unsupported-ca");
    assert_true(tells(&list.items[0], "fresh enrollments work"));
    assert_true(fabs(list.items[0].share - 1) < 1e-9);
}

/* Somebody else's server, without a word: it may want with a renewal what it wanted with the enrollment. */
static void a_challenge_left_out_decides(void **state)
{
    (void)state;
    struct outcome o = not_renewed(NOW + 1000, 0);
    o.challenge = OUTCOME_CHALLENGE_WORD;
    o.follow[OUTCOME_RENEWAL].challenge = OUTCOME_CHALLENGE_NONE;
    fact_repeat(&sink, o, 20);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "renewal-needs-challenge");
    assert_true(list.items[0].confidence > 0.3 && list.items[0].confidence < 0.7);
    assert_true(tells(&list.items[0], "the renewals, signed by the certificate, carry none"));
    assert_non_null(entry("renewal-unsupported-ca"));
}

static void ndes_wants_no_challenge_with_renewals(void **state)
{
    (void)state;
    struct outcome o = not_renewed(NOW + 1000, 0x80070057);
    o.challenge = OUTCOME_CHALLENGE_WORD;
    o.follow[OUTCOME_RENEWAL].challenge = OUTCOME_CHALLENGE_NONE;
    fact_repeat(&sink, o, 20);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "renewal-unsupported-ca");
}

/* What was sent decides before the connector is suspected. */
static void intune_wants_its_own_challenge(void **state)
{
    struct row row = {
        .what = "", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2};
    static const struct {
        enum outcome_challenge challenge;
        const char *first;
    } cases[] = {{OUTCOME_CHALLENGE_NONE, "intune-challenge-missing"},
                 {OUTCOME_CHALLENGE_WORD, "intune-challenge-missing"},
                 {OUTCOME_CHALLENGE_BLOB, "connector-stopped"},
                 {OUTCOME_CHALLENGE_UNKNOWN, "connector-stopped"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tear_down(state);
        set_up(state);
        target.bare_url_status = 403;
        struct outcome o = outcome_of(&row, 0, 0);
        o.challenge = cases[i].challenge;
        fact_repeat(&sink, o, 20);
        diagnose();
        assert_string_equal(list.items[0].cause->id, cases[i].first);
        check_list(cases[i].first);
        assert_int_equal(tells(&list.items[0], "this run has none to send"), i == 0);
        assert_int_equal(tells(&list.items[0], "is a plain password"), i == 1);
    }
}

static void old_intune_challenges_have_expired(void **state)
{
    (void)state;
    struct row row = {
        .what = "", STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, OUTCOME_BODY_CERTREP, IIS, 2};
    struct outcome o = outcome_of(&row, 0, 0);
    target.bare_url_status = 403;
    o.challenge = OUTCOME_CHALLENGE_BLOB;
    o.otp_fingerprint = 7;
    o.otp_age_us = INT64_C(61) * 60 * 1000000;
    fact_repeat(&sink, o, 20);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "intune-challenge-expired");
}

static void the_dates_of_the_signer_decide(void **state)
{
    (void)state;
    fact_repeat(&sink, not_renewed(NOW - 86400, 0), 20);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "renewal-signer-expired");
    assert_true(list.items[0].confidence > 0.6);
    assert_true(tells(&list.items[0], "was valid until 2026-05-2"));
}

/* CERT_E_EXPIRED would be about the chain, were the signer not over. */
static void the_dates_of_the_signer_explain_the_code(void **state)
{
    (void)state;
    fact_repeat(&sink, not_renewed(NOW - 86400, 0x800B0101), 20);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "renewal-signer-expired");
}

static void a_rewritten_subject_decides(void **state)
{
    (void)state;
    struct outcome o = not_renewed(NOW + 1000, 0);
    snprintf(o.differences, sizeof o.differences, "subject: CN=host instead of CN=a");
    fact_repeat(&sink, o, 20);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "renewal-subject-mismatch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(one_kind_of_failure_has_its_cause),
        TEST(healthy_run_has_no_cause),
        TEST(rules_and_catalogue_agree),
        TEST(expired_ra_certificates_win_wherever_devices_fail),
        TEST(valid_ra_certificates_speak_against_expiry),
        TEST(old_passwords_have_expired),
        TEST(shorter_validities_are_noticed_by_the_oldest_accepted_password),
        TEST(used_passwords_are_recognised),
        TEST(a_clean_cut_in_time_is_a_restart),
        TEST(a_window_of_refusals_is_a_wrong_password),
        TEST(a_steady_fraction_adds_the_missing_affinity),
        TEST(a_cache_filled_by_refusals_is_their_consequence),
        TEST(slow_rpc_failures_are_a_blocked_path),
        TEST(overload_is_told_by_the_successes_between),
        TEST(basic_not_offered_is_a_scheme_mismatch),
        TEST(a_clock_far_off_explains_expired_certificates),
        TEST(several_kinds_have_several_causes),
        TEST(bad_algorithm_is_named),
        TEST(follow_ups_have_causes_too),
        TEST(a_challenge_left_out_decides),
        TEST(ndes_wants_no_challenge_with_renewals),
        TEST(intune_wants_its_own_challenge),
        TEST(old_intune_challenges_have_expired),
        TEST(the_dates_of_the_signer_decide),
        TEST(the_dates_of_the_signer_explain_the_code),
        TEST(a_rewritten_subject_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
