#include "diagnose/parts.h"

#include <strings.h>

/* What failures look like from outside, and which causes look like that. Priors say how common a cause is among
 * its look-alikes, judged from what administrators report; factors weigh them by the facts of the run.
 * Nothing here is taken from the simulator. */

#define BIT(x)    (UINT64_C(1) << (x))
#define CA_STAGES (BIT(STAGE_GET_CA_CAPS) | BIT(STAGE_GET_CA_CERT))
#define NOT_PKI   (CA_STAGES | BIT(STAGE_OTP))
#define PKI       (BIT(STAGE_PKI_OPERATION) | BIT(STAGE_CERT_POLL))
#define RENEWAL   BIT(STAGE_RENEWAL)
#define QUERIES   (BIT(STAGE_GET_CERT) | BIT(STAGE_GET_CRL))
#define MESSAGES  (PKI | RENEWAL | QUERIES) /* whatever goes as a pkiMessage */

_Static_assert(STAGE_COUNT <= 64, "stages are kept as bits");

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

/* ---- factors ---- */

static double by_hand(const struct facts *f) /* somebody stopped it: suddenly, and for everybody */
{
    return (f->late ? 1.3 : 1) * (f->mixed > 0.2 ? 0.2 : 1);
}

static double at_logon(const struct facts *f) /* bites when the pool starts, and then stays */
{
    return (f->late ? 0.8 : 1) * (f->recovered ? 0.7 : 1) * (f->mixed > 0.2 ? 0.1 : 1);
}

static double crash(const struct facts *f)
{
    return (f->run->resets ? 4 : 1) * (f->recovered ? 1.3 : 1);
}

static double under_load(const struct facts *f)
{
    return f->mixed > 0.2 ? 20 : 0.3;
}

static double service_stop(const struct facts *f)
{
    return f->late ? 1.15 : 1;
}

static double ra_dates(const struct facts *f)
{
    if (f->run->expired_ra != NULL)
        return 10;
    return f->run->certs_seen ? 0.05 : 1; /* seen, and in order */
}

static double skew(const struct facts *f)
{
    return f->run->target->has_date_skew && llabs(f->run->target->date_skew_s) > 300 ? 30 : 0.02;
}

static double nobody_enrolled(const struct facts *f)
{
    return f->run->devices.enrolled == 0 ? 1 : 0.1;
}

static double some_enrolled(const struct facts *f)
{
    return f->mixed > 0.05 ? 3 : 1;
}

static double all_refused(const struct facts *f)
{
    return f->mixed > 0.05 ? 0.3 : 1;
}

static double slow_refusal(const struct facts *f)
{
    return f->failure->latency_min_us >= 10 * SECOND  ? 10
           : f->failure->latency_min_us >= 3 * SECOND ? 1
                                                      : 0.1;
}

static double error_text_says(const struct facts *f, const char *word)
{
    return strcasestr(f->first->error.text, word) != NULL ? 20 : 1;
}

static double tls_says_expired(const struct facts *f)
{
    return error_text_says(f, "expired");
}

static double goes_to_logon(const struct facts *f)
{
    return error_text_says(f, "login.");
}

static double tls_says_name(const struct facts *f)
{
    return error_text_says(f, "name");
}

/* ---- renewals: the device holds what the server compares with ---- */

static bool signer_has_expired(const struct facts *f)
{
    return f->first->not_after != 0 && f->first->not_after < f->run->now_s;
}

static double signer_expired(const struct facts *f)
{
    return signer_has_expired(f) ? 60 : 0.1;
}

/* The certificate held has another subject than the one that was, and is again, asked for. */
static double subject_rewritten(const struct facts *f)
{
    return strcasestr(f->first->differences, "subject") != NULL ? 10 : 1;
}

/* A certification authority that takes no renewals takes none. */
static double none_renewed(const struct facts *f)
{
    return measure_follow_up(f->run->measure, OUTCOME_RENEWAL).ok == 0 ? 1 : 0.05;
}

/* It goes without a challenge, where the enrollment of the same device had one. NDES wants none with renewals, and says
 * what it dislikes by a code. */
static double challenge_left_out(const struct facts *f)
{
    bool left_out = f->failure->after_enrollment && f->failure->follow == OUTCOME_RENEWAL &&
                    f->first->follow[OUTCOME_RENEWAL].challenge == OUTCOME_CHALLENGE_NONE &&
                    f->first->challenge > OUTCOME_CHALLENGE_NONE;
    return !left_out ? 0 : f->layer == LAYER_IIS || f->hresult != 0 ? 0.1 : 3;
}

/* Templates are Microsoft's. */
static double at_windows(const struct facts *f)
{
    return f->layer == LAYER_IIS || f->hresult != 0 ? 1 : 0.1;
}

/* ---- Intune: the run knows what its challenges looked like ---- */

static bool no_blob(const struct facts *f)
{
    return f->first->challenge == OUTCOME_CHALLENGE_NONE || f->first->challenge == OUTCOME_CHALLENGE_WORD;
}

/* A refusal needs no other explanation; an HTTP error does. */
static double blob_missing(const struct facts *f)
{
    if (!no_blob(f))
        return f->first->challenge == OUTCOME_CHALLENGE_BLOB ? 0 : 1;
    return f->first->error.reason == REASON_SCEP_FAILURE ? 60 : 4;
}

static double blob_expired(const struct facts *f)
{
    if (no_blob(f))
        return 0.02;
    return f->failure->otp.sent > 0 && f->failure->otp.age_min_us >= 60 * MINUTE ? 30 : some_enrolled(f);
}

static double blob_mismatch(const struct facts *f)
{
    return no_blob(f) ? 0.02 : some_enrolled(f);
}

/* ---- passwords: the client's own book-keeping tells what event 29 does not ---- */

static double otp_expired(const struct facts *f)
{
    int64_t youngest = f->failure->otp.age_min_us, accepted = measure_otp_accepted_age_us(f->run->measure);
    if (f->failure->otp.sent == 0)
        return 0.05;
    if (youngest >= 60 * MINUTE)
        return 60;
    return accepted > 0 && youngest > accepted && youngest >= MINUTE ? 8 : 0.05;
}

static double otp_used(const struct facts *f)
{
    if (f->failure->otp.used_before == 0)
        return 0.05;
    return 60 * (double)f->failure->otp.used_before / (double)f->failure->otp.sent;
}

/* A clean cut: what was fetched before the first refusal is refused, what was fetched later is accepted. */
static double otp_cut(const struct facts *f)
{
    const struct measure_failure *g = f->failure;
    bool cut = g->otp.sent >= 3 && g->otp.accepted_after > 0 && g->otp.fetched_last_us <= g->first_us &&
               f->mixed < 0.34;
    return cut ? 40 : 0.2;
}

static double otp_by_node(const struct facts *f)
{
    return f->mixed > 0.1 && f->mixed < 0.9 ? 2 : 0.2;
}

/* ---- conditions ---- */

static bool everywhere(const struct facts *f) /* not only the last step: its neighbours answer the same */
{
    return (BIT(f->first->error.stage) & NOT_PKI) != 0 ||
           f->run->target->bare_url_status == f->first->http_status;
}

static bool mixed_with_success(const struct facts *f)
{
    return f->mixed > 0.2;
}

/* One of the CA's codes about templates and requests. */
static bool template_code(const struct facts *f)
{
    return f->hresult >= 0x80094800 && f->hresult <= 0x800948FF;
}

/* A renewal that enrolls again carries a password. */
static bool no_password_code(const struct facts *f)
{
    return f->hresult != 0x80070490 && f->hresult != 0x800B0110 && f->hresult != 0x80096004;
}

static bool bad_algorithm(const struct facts *f)
{
    return f->first->fail_info == 0;
}

/* Not a page that a proxy or a login portal made. */
static bool answered_without_page(const struct facts *f)
{
    return f->first->http_status == 200 && f->layer != LAYER_HTTPSYS &&
           (f->layer == LAYER_IIS || f->first->body != OUTCOME_BODY_HTML);
}

static bool got_a_page(const struct facts *f)
{
    return f->first->body == OUTCOME_BODY_HTML || f->first->body == OUTCOME_BODY_IIS ||
           f->first->body == OUTCOME_BODY_NDES_PAGE;
}

static bool policy_module(const struct facts *f)
{
    return f->run->policy_module;
}

static bool password_sent_no_hresult(const struct facts *f)
{
    return f->hresult == 0 && f->first->fail_info == 1 && f->failure->otp.sent > 0;
}

/* The device's own time ran out while it polled; every answer it had was PENDING. */
static bool polls_answered(const struct facts *f)
{
    return f->first->http_status == 200 && f->first->body == OUTCOME_BODY_CERTREP;
}

/* Told so at a poll, and by no code that says more. */
static bool poll_not_known(const struct facts *f)
{
    return f->first->fail_info == 2 || f->first->fail_info == 4;
}

/* Expired RA certificates explain a start failure (500) and any refusal that names no other reason. */
static bool ra_expired_fits(const struct facts *f)
{
    if (f->run->expired_ra == NULL)
        return false;
    if (f->first->error.reason == REASON_HTTP_STATUS)
        return f->first->http_status == 500;
    return f->hresult == 0 || f->hresult == 0x800B0101;
}

/* ---- candidates ---- */

CANDIDATES(dns, {"dns-failure", 1, NULL, NULL});
CANDIDATES(dropped, {"network-path-blocked", 0.9, NULL, NULL}, {"mdm-cannot-reach-ndes", 0.02, NULL, NULL},
           {"w3svc-stopped", 0.03, NULL, NULL});
CANDIDATES(refused, {"network-path-blocked", 0.5, NULL, NULL}, {"w3svc-stopped", 0.4, service_stop, NULL},
           {"mdm-cannot-reach-ndes", 0.02, NULL, NULL});
CANDIDATES(reset, {"network-path-blocked", 0.5, NULL, NULL}, {"app-pool-crashing", 0.3, NULL, NULL},
           {"w3svc-stopped", 0.1, service_stop, NULL});
CANDIDATES(tls, {"tls-chain-untrusted", 0.4, NULL, NULL}, {"tls-cert-expired", 0.25, tls_says_expired, NULL},
           {"tls-cert-name-mismatch", 0.25, tls_says_name, NULL}, {"clock-skew", 0.1, skew, tell_date_skew});

CANDIDATES(pool_down, {"app-pool-stopped", 0.22, by_hand, NULL},
           {"service-account-password-expired", 0.24, at_logon, NULL},
           {"app-pool-identity-mismatch", 0.14, at_logon, NULL},
           {"service-account-locked", 0.14, at_logon, NULL}, {"app-pool-crashing", 0.08, crash, tell_resets},
           {"service-account-disabled", 0.05, at_logon, NULL},
           {"service-account-logon-right-missing", 0.05, at_logon, NULL},
           {"app-pool-queue-full", 0.04, under_load, tell_mixed}, {"otp-endpoint-503", 0, NULL, NULL},
           {"policy-client-cert-expired", 0, NULL, NULL}, {"intermediate-in-root-store", 0, NULL, NULL});
CANDIDATES(start_failed, {"ra-cert-expired", 0.2, ra_dates, tell_expired_ra},
           {"service-account-password-expired", 0.14, at_logon, NULL},
           {"ra-key-access-denied", 0.12, NULL, NULL}, {"app-pool-identity-mismatch", 0.1, at_logon, NULL},
           {"service-account-locked", 0.08, at_logon, NULL}, {"crl-unreachable", 0.08, NULL, NULL},
           {"impersonation-right-missing", 0.06, NULL, NULL}, {"ra-cert-missing", 0.05, NULL, NULL},
           {"registry-inconsistent", 0.03, NULL, NULL}, {"ra-cert-wrong-ca", 0.03, NULL, NULL},
           {"iis-config-invalid", 0.03, NULL, NULL}, {"policy-module-load-failed", 0.02, NULL, NULL},
           {"static-password-undecryptable", 0.02, NULL, NULL}, {"handler-order-conflict", 0.02, NULL, NULL},
           {"ra-cert-revoked", 0.02, NULL, NULL}, {"file-acl-denied", 0.01, NULL, NULL},
           {"ra-key-cng-provider", 0.01, NULL, NULL}, {"static-password-key-unwritable", 0.01, NULL, NULL});
CANDIDATES(busy, {"server-busy", 0.6, NULL, tell_mixed}, {"app-pool-crashing", 0.3, crash, tell_resets});
CANDIDATES(not_found, {"wrong-scep-url", 0.5, NULL, NULL}, {"role-not-configured", 0.2, NULL, NULL},
           {"isapi-not-allowed", 0.15, NULL, NULL}, {"isapi-feature-missing", 0.1, NULL, NULL});
CANDIDATES(not_found_httpsys, {"w3svc-stopped", 0.6, NULL, NULL}, {"wrong-scep-url", 0.3, NULL, NULL});
CANDIDATES(not_found_proxy, {"wrong-scep-url", 0.5, NULL, NULL}, {"app-proxy-wrong-url", 0.4, NULL, NULL});
CANDIDATES(login_page, {"app-proxy-preauth-enabled", 0.5, goes_to_logon, NULL},
           {"wrong-scep-url", 0.3, NULL, NULL}, {"app-proxy-wrong-url", 0.1, NULL, NULL});
CANDIDATES(bad_gateway, {"app-proxy-bad-gateway", 1, NULL, NULL});
CANDIDATES(gateway_timeout, {"app-proxy-connector-down", 0.6, NULL, NULL},
           {"app-proxy-bad-gateway", 0.3, NULL, NULL});

CANDIDATES(ra_expired, {"ra-cert-expired", 0.95, NULL, tell_expired_ra},
           {"clock-skew", 0.05, skew, tell_date_skew});
CANDIDATES(ca_expired, {"ca-cert-expired", 0.95, NULL, NULL}, {"clock-skew", 0.05, skew, tell_date_skew});
CANDIDATES(ra_chain, {"ca-renewed-ra-stale", 0.6, NULL, NULL}, {"ra-cert-wrong-ca", 0.4, NULL, NULL});

CANDIDATES(password, {"password-wrong", 0.4, NULL, NULL},
           {"lb-node-affinity-missing", 0.15, otp_by_node, tell_mixed},
           {"password-lost-on-recycle", 0.1, otp_cut, tell_otp_cut},
           {"app-pool-recycled", 0.03, otp_cut, tell_otp_cut},
           {"password-expired", 0.1, otp_expired, tell_otp_age},
           {"password-already-used", 0.08, otp_used, tell_otp_used},
           {"password-bad-encoding", 0.08, nobody_enrolled, NULL},
           {"policy-module-missing", 0.05, nobody_enrolled, NULL});
CANDIDATES(already_used, {"password-already-used", 1, NULL, NULL});
CANDIDATES(missing, {"password-missing", 1, NULL, NULL});

CANDIDATES(template_denied, {"template-permission-denied", 1, NULL, NULL});
CANDIDATES(ca_denied, {"ca-enroll-denied", 1, NULL, NULL});
CANDIDATES(template_unknown, {"template-not-published", 0.55, NULL, NULL},
           {"template-name-mismatch", 0.4, NULL, NULL});
CANDIDATES(key_short, {"key-too-short", 1, NULL, NULL});
CANDIDATES(subject, {"subject-invalid", 1, NULL, NULL});
CANDIDATES(crl, {"ca-crl-offline", 1, NULL, NULL});
CANDIDATES(validity, {"ca-cert-expired", 0.7, NULL, NULL},
           {"ra-cert-expired", 0.2, ra_dates, tell_expired_ra}, {"clock-skew", 0.1, skew, tell_date_skew});
CANDIDATES(rpc, {"ca-unreachable-rpc", 0.4, slow_refusal, NULL}, {"ca-service-stopped", 0.35, NULL, NULL},
           {"ca-network-logon-denied", 0.1, NULL, NULL}, {"dcom-denied", 0.1, NULL, NULL});
CANDIDATES(dcom, {"dcom-denied", 0.55, NULL, NULL}, {"ca-network-logon-denied", 0.4, NULL, NULL});
CANDIDATES(sessions, {"ca-db-sessions-exhausted", 1, NULL, NULL});
CANDIDATES(suspended, {"ca-suspended", 1, NULL, NULL});

CANDIDATES(pending, {"pending-approval", 1, NULL, NULL});
CANDIDATES(denied, {"approval-denied", 1, NULL, NULL});
CANDIDATES(forgotten, {"pending-forgotten", 0.75, NULL, NULL}, {"app-pool-recycled", 0.2, NULL, NULL});

CANDIDATES(renewal_subject, {"renewal-subject-mismatch", 1, NULL, tell_fresh_works});
CANDIDATES(renewal_template, {"renewal-wrong-template", 0.75, NULL, tell_fresh_works},
           {"renewal-subject-mismatch", 0.15, subject_rewritten, NULL},
           {"template-not-published", 0.05, NULL, NULL});
CANDIDATES(renewal, {"renewal-unsupported-ca", 0.4, none_renewed, tell_fresh_works},
           {"renewal-subject-mismatch", 0.3, subject_rewritten, tell_fresh_works},
           {"renewal-signer-expired", 0.3, signer_expired, tell_signer_dates},
           {"renewal-needs-challenge", 0.3, challenge_left_out, tell_no_challenge},
           {"renewal-wrong-template", 0.15, at_windows, NULL});
CANDIDATES(renewal_unknown, {"renewal-unsupported-ca", 0.5, none_renewed, tell_fresh_works},
           {"unsupported-message-type", 0.5, none_renewed, NULL},
           {"renewal-signer-expired", 0.1, signer_expired, tell_signer_dates});
CANDIDATES(message_type, {"unsupported-message-type", 1, NULL, tell_fresh_works});
CANDIDATES(algorithm, {"unsupported-algorithm", 1, NULL, NULL});
CANDIDATES(client_crypto, {"client-crypto-incompatible", 1, NULL, NULL});
CANDIDATES(signer_unknown, {"client-crypto-incompatible", 0.6, NULL, NULL},
           {"ca-renewed-ra-stale", 0.4, NULL, NULL});
CANDIDATES(no_certrep, {"message-encrypted-to-wrong-cert", 0.5, NULL, NULL},
           {"malformed-pkimessage", 0.5, NULL, NULL});

CANDIDATES(connector, {"connector-stopped", 0.3, all_refused, tell_policy_module},
           {"connector-outdated", 0.16, all_refused, tell_policy_module},
           {"policy-client-cert-expired", 0.1, all_refused, tell_policy_module},
           {"intune-challenge-missing", 0.05, blob_missing, tell_no_blob},
           {"intune-challenge-expired", 0.08, blob_expired, tell_policy_module},
           {"intune-challenge-mismatch", 0.08, blob_mismatch, tell_policy_module},
           {"connector-outbound-blocked", 0.07, all_refused, tell_policy_module},
           {"policy-challenge-verify-false", 0.05, NULL, tell_policy_module},
           {"crp-client-cert-untrusted", 0.04, all_refused, NULL},
           {"intermediate-in-root-store", 0.04, all_refused, NULL},
           {"connector-signing-cert-missing", 0.03, all_refused, NULL},
           {"intune-profile-not-targeted", 0.02, some_enrolled, NULL},
           {"crp-tls-name-mismatch", 0.02, all_refused, NULL},
           {"crp-temp-permission", 0.02, all_refused, NULL}, {"crp-windows-auth", 0.01, all_refused, NULL});

/* ---- rules, the telling ones first ---- */

#define REFUSED(code, share, list)                                                                           \
    {                                                                                                        \
        .stages = PKI | RENEWAL, .reasons = {REASON_SCEP_FAILURE}, .hresult = (code), .certainty = (share),  \
        .candidates = (list)                                                                                 \
    }

const struct rule diagnose_rules[] = {
    /* never reached the server */
    {.reasons = {REASON_DNS_FAILED}, .certainty = 0.95, .candidates = dns},
    {.reasons = {REASON_CONNECT_TIMEOUT, REASON_UNREACHABLE}, .certainty = 0.95, .candidates = dropped},
    {.stages = BIT(STAGE_TCP), .reasons = {REASON_REQUEST_TIMEOUT}, .certainty = 0.9, .candidates = dropped},
    {.reasons = {REASON_CONNECTION_REFUSED}, .certainty = 0.95, .candidates = refused},
    {.stages = NOT_PKI | BIT(STAGE_TCP),
     .reasons = {REASON_CONNECTION_LOST},
     .certainty = 0.6,
     .candidates = reset},
    {.reasons = {REASON_TLS_UNTRUSTED}, .certainty = 0.95, .candidates = tls},
    /* the server's certificates */
    {.reasons = {REASON_RA_CERT_EXPIRED}, .certainty = 0.97, .candidates = ra_expired},
    {.reasons = {REASON_CA_CERT_EXPIRED}, .certainty = 0.97, .candidates = ca_expired},
    {.reasons = {REASON_RA_CHAIN}, .certainty = 0.9, .candidates = ra_chain},
    {.reasons = {REASON_HTTP_STATUS, REASON_SCEP_FAILURE, REASON_NOT_SCEP, REASON_SIGNER_UNKNOWN},
     .when = ra_expired_fits,
     .certainty = 0.9,
     .candidates = ra_expired},
    /* renewals, where a code means something of its own */
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .when = signer_has_expired,
     .certainty = 0.9,
     .candidates = renewal},
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .hresult = 0x80094806,
     .certainty = 0.9,
     .candidates = renewal_subject},
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .when = template_code,
     .certainty = 0.85,
     .candidates = renewal_template},
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .hresult = 0x80070057,
     .certainty = 0.8,
     .candidates = renewal_unknown},
    /* what the server does not know */
    {.stages = QUERIES,
     .reasons = {REASON_SCEP_FAILURE},
     .hresult = 0x80070057,
     .certainty = 0.95,
     .candidates = message_type},
    {.stages = MESSAGES,
     .reasons = {REASON_SCEP_FAILURE},
     .when = bad_algorithm,
     .certainty = 0.8,
     .candidates = algorithm},
    /* the CA's own words */
    REFUSED(0x80094012, 0.95, template_denied),
    REFUSED(0x80094011, 0.95, ca_denied),
    REFUSED(0x80094800, 0.95, template_unknown),
    REFUSED(0x80094811, 0.97, key_short),
    REFUSED(0x80094001, 0.93, subject),
    REFUSED(0x80092013, 0.9, crl),
    REFUSED(0x800B0101, 0.9, validity),
    REFUSED(0x800706BA, 0.9, rpc),
    REFUSED(0x80070005, 0.8, dcom),
    REFUSED(0x8009400F, 0.95, sessions),
    REFUSED(0x80094006, 0.95, suspended),
    /* requests that wait for a decision */
    {.reasons = {REASON_SCEP_PENDING, REASON_POLL_LIMIT}, .certainty = 0.97, .candidates = pending},
    {.stages = BIT(STAGE_CERT_POLL),
     .reasons = {REASON_DEVICE_TIMEOUT},
     .when = polls_answered,
     .certainty = 0.9,
     .candidates = pending},
    REFUSED(0x80094014, 0.95, denied),
    {.stages = BIT(STAGE_CERT_POLL),
     .reasons = {REASON_SCEP_FAILURE},
     .when = poll_not_known,
     .certainty = 0.7,
     .candidates = forgotten},
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .when = no_password_code,
     .certainty = 0.7,
     .candidates = renewal},
    /* Intune checks the challenge elsewhere */
    {.stages = PKI,
     .reasons = {REASON_SCEP_FAILURE, REASON_NOT_SCEP, REASON_HTTP_STATUS},
     .when = policy_module,
     .certainty = 0.9,
     .candidates = connector},
    /* answers that are none, and answers that the client cannot read */
    {.stages = MESSAGES,
     .reasons = {REASON_NOT_SCEP},
     .when = answered_without_page,
     .certainty = 0.6,
     .candidates = no_certrep},
    {.stages = MESSAGES | BIT(STAGE_VERIFY) | BIT(STAGE_GET_CA_CAPS),
     .reasons = {REASON_DECRYPT, REASON_UNSUPPORTED_ALGORITHM},
     .certainty = 0.8,
     .candidates = client_crypto},
    {.reasons = {REASON_SIGNER_UNKNOWN}, .certainty = 0.6, .candidates = signer_unknown},
    /* the password in the request */
    REFUSED(0x80096004, 0.93, missing),
    REFUSED(0x800B0110, 0.9, already_used),
    REFUSED(0x80070490, 0.95, password),
    {.stages = PKI,
     .reasons = {REASON_SCEP_FAILURE},
     .when = password_sent_no_hresult,
     .certainty = 0.6,
     .candidates = password},
    /* HTTP errors, by status and by who wrote the answer */
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 503,
     .layer = LAYER_HTTPSYS,
     .certainty = 0.95,
     .candidates = pool_down},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 500,
     .layer = LAYER_IIS,
     .when = everywhere,
     .certainty = 0.95,
     .candidates = start_failed},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 500,
     .layer = LAYER_IIS,
     .when = mixed_with_success,
     .certainty = 0.5,
     .candidates = busy},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 503,
     .layer = LAYER_IIS,
     .certainty = 0.6,
     .candidates = busy},
    {.stages = NOT_PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_IIS,
     .certainty = 0.9,
     .candidates = not_found},
    {.stages = NOT_PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_HTTPSYS,
     .certainty = 0.9,
     .candidates = not_found_httpsys},
    {.stages = NOT_PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_OTHER,
     .certainty = 0.8,
     .candidates = not_found_proxy},
    {.stages = NOT_PKI, .reasons = {REASON_REDIRECTED}, .certainty = 0.7, .candidates = login_page},
    {.stages = CA_STAGES,
     .reasons = {REASON_CA_CERT_MALFORMED},
     .when = got_a_page,
     .certainty = 0.7,
     .candidates = login_page},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 502,
     .layer = LAYER_OTHER,
     .certainty = 0.7,
     .candidates = bad_gateway},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 504,
     .layer = LAYER_OTHER,
     .certainty = 0.8,
     .candidates = gateway_timeout},
};
const size_t diagnose_rule_count = sizeof diagnose_rules / sizeof diagnose_rules[0];
