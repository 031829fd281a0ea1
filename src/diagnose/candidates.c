#include "diagnose/candidates.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Which causes look like what. Priors say how common a cause is among its look-alikes, judged from what administrators
 * report; factors weigh them by the facts of the run. Nothing here is taken from the simulator. */

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

/* A worker that dies takes with it whatever it is asked, not messages alone. */
static double crash_elsewhere(const struct facts *f)
{
    for (size_t i = 0; i < measure_failure_count(f->run->measure); i++) {
        enum stage stage = measure_failure(f->run->measure, i)->first.error.stage;
        if (stage == STAGE_GET_CA_CAPS || stage == STAGE_GET_CA_CERT)
            return 10;
    }
    return 1;
}

static double under_load(const struct facts *f)
{
    return f->crowd > 0.5 ? 120 : f->mixed > 0.2 ? 20 : 0.3;
}

/* What does not start serves nobody, and does not wait for a crowd. */
static double crowded_out(const struct facts *f)
{
    return f->crowd > 0.5 ? 400 : f->mixed > 0.2 ? 1 : 0.1;
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

/* NDES reads PrintableString; what it makes of other types is nowhere written. */
static double unreadable(const struct facts *f)
{
    struct span request = buf_span(&f->failure->request);
    static const char word[] = "UTF8String";
    for (size_t i = 0; i + sizeof word - 1 <= request.len; i++) {
        if (memcmp(request.data + i, word, sizeof word - 1) == 0)
            return 30;
    }
    return nobody_enrolled(f);
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

bool signer_has_expired(const struct facts *f)
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
    double coded = f->hresult != 0 ? 1 : 0.4; /* the CA says it by a code */
    return strcasestr(f->first->differences, "subject") != NULL ? 10 : coded;
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
    return !left_out ? 0 : f->hresult != 0 ? 0.1 : f->layer == LAYER_IIS ? 1 : 3;
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

/* An NDES without the module takes Intune's challenge for a password, and does not know it. */
static double blob_without_module(const struct facts *f)
{
    return f->run->policy_module ? 0 : 1;
}

static double blob_unread(const struct facts *f)
{
    if (f->first->challenge == OUTCOME_CHALLENGE_BLOB)
        return 200;
    return f->run->devices.enrolled == 0 ? 1 : 0.1;
}

/* ---- passwords: the client's own book-keeping tells what event 29 does not ---- */

static double otp_expired(const struct facts *f)
{
    int64_t youngest = f->failure->otp.age_min_us, accepted = measure_otp_accepted_age_us(f->run->measure);
    if (f->failure->otp.sent == 0)
        return 0.05;
    if (youngest >= 60 * MINUTE)
        return 60;
    /* Many of both, and age alone parts them: refused ones were younger passwords' neighbours, not their elders by a restart. */
    if (f->failure->otp.sent >= 8 && f->run->devices.enrolled >= 8 && accepted > 0 && youngest > accepted)
        return 12;
    return accepted > 0 && youngest > accepted && youngest >= MINUTE ? 8 : 0.05;
}

static double otp_used(const struct facts *f)
{
    if (f->failure->otp.used_before == 0)
        return 0.05;
    return 60 * (double)f->failure->otp.used_before / (double)f->failure->otp.sent;
}

/* What was read from the page a moment ago is not mistyped; when some of it is taken and some not, least of all. */
static double typed(const struct facts *f)
{
    const struct outcome_otp *otp = f->run->otp;
    bool fetched = otp != NULL && otp->source != NULL && strcmp(otp->source, "mscep_admin") == 0;
    return fetched && f->mixed > 0.1 && f->mixed < 0.9 ? 0.4 : 1;
}

/* A clean cut: what was fetched before the first refusal is refused, what was fetched later is accepted. */
static double otp_cut(const struct facts *f)
{
    const struct measure_failure *g = f->failure;
    bool cut = g->otp.sent >= 3 && g->otp.accepted_after > 0 && g->otp.fetched_last_us <= g->first_us &&
               f->mixed < 0.34;
    return cut ? 80 : 0.2;
}

static double otp_by_node(const struct facts *f)
{
    return f->mixed > 0.1 && f->mixed < 0.9 ? 2 : 0.2;
}

/* ---- the request: what was sent, and how long it was ---- */

static double plain_http(const struct facts *f)
{
    const char *url = f->run->target->url;
    return strncasecmp(url, "http://", 7) == 0 ? 6 : url[0] == '\0' ? 1 : 0.05;
}

static double says_version(const struct facts *f)
{
    return strcasestr(f->first->error.text, "version") != NULL ||
                   strcasestr(f->first->error.text, "protocol") != NULL
               ? 12
               : 1;
}

static double says_certificate(const struct facts *f)
{
    return strcasestr(f->first->error.text, "certificate required") != NULL ? 60 : 1;
}

static double at_intune(const struct facts *f)
{
    return f->run->policy_module ? 5 : 1;
}

/* Workers die first and are missed then: what stands in front says 502, and 503 after some of them. */
static double then_down(const struct facts *f)
{
    for (size_t i = 0; i < measure_failure_count(f->run->measure); i++) {
        if (measure_failure(f->run->measure, i)->first.http_status == 503)
            return 150;
    }
    return 1;
}

/* What publishes servers to the internet signs its own pages. */
static double by_gateway(const struct facts *f)
{
    return strcasestr(f->first->server, "azure") != NULL || facts_header_says(f, "x-ms-proxy") ? 4 : 1;
}

/* Others enrolled meanwhile, by GET. */
static double post_alone(const struct facts *f)
{
    bool post = f->failure->url.len > 0 && facts_query_bytes(f) == 0;
    return !post ? 0.05 : f->mixed > 0.2 ? 12 : 0.3;
}

/* A path is blocked for everybody; a few answers of many that never come may be anything. */
static double for_all(const struct facts *f)
{
    bool few = f->failure->count < 5 && f->run->devices.enrolled > 20;
    return f->mixed > 0.5 || few ? 0.2 : 1;
}

static double in_handshake(const struct facts *f)
{
    return f->stage == STAGE_TLS ? 1 : 0;
}

/* What needs no CA waits in vain, too. */
static double all_stall(const struct facts *f)
{
    for (size_t i = 0; i < measure_failure_count(f->run->measure); i++) {
        const struct err *e = &measure_failure(f->run->measure, i)->first.error;
        bool waited = e->reason == REASON_REQUEST_TIMEOUT;
        if (waited && (e->stage == STAGE_GET_CA_CAPS || e->stage == STAGE_GET_CA_CERT))
            return 60;
    }
    return 1;
}

/* ---- candidates ---- */

#define LOOK_ALIKE(name, ...) const struct candidate name[] = {__VA_ARGS__, END}

LOOK_ALIKE(may_dns, {"dns-failure", 1, NULL, NULL});
LOOK_ALIKE(may_dropped, {"network-path-blocked", 0.9, NULL, NULL},
           {"mdm-cannot-reach-ndes", 0.02, NULL, NULL}, {"w3svc-stopped", 0.03, NULL, NULL});
LOOK_ALIKE(may_refused, {"network-path-blocked", 0.46, NULL, NULL},
           {"w3svc-stopped", 0.44, service_stop, NULL}, {"mdm-cannot-reach-ndes", 0.02, NULL, NULL});
LOOK_ALIKE(may_reset, {"network-path-blocked", 0.5, NULL, NULL}, {"app-pool-crashing", 0.3, NULL, NULL},
           {"w3svc-stopped", 0.1, service_stop, NULL});
LOOK_ALIKE(may_stalled, {"network-path-blocked", 0.6, for_all, NULL},
           {"server-busy", 0.12, under_load, tell_mixed},
           {"app-pool-queue-full", 0.04, under_load, tell_mixed},
           {"app-proxy-connector-down", 0.06, NULL, NULL}, {"app-pool-crashing", 0.04, crash, tell_resets},
           {"tls-binding-missing", 0.05, in_handshake, NULL}, {"mdm-cannot-reach-ndes", 0.02, NULL, NULL},
           {"w3svc-stopped", 0.01, NULL, NULL});
LOOK_ALIKE(may_tls, {"tls-chain-untrusted", 0.4, NULL, NULL},
           {"tls-cert-expired", 0.25, tls_says_expired, NULL},
           {"tls-cert-name-mismatch", 0.25, tls_says_name, NULL}, {"clock-skew", 0.1, skew, tell_date_skew});

LOOK_ALIKE(may_pool_down, {"app-pool-stopped", 0.22, by_hand, NULL},
           {"service-account-password-expired", 0.24, at_logon, NULL},
           {"app-pool-identity-mismatch", 0.14, at_logon, NULL},
           {"service-account-locked", 0.14, at_logon, NULL}, {"app-pool-crashing", 0.08, crash, tell_resets},
           {"service-account-disabled", 0.05, at_logon, NULL},
           {"service-account-logon-right-missing", 0.05, at_logon, NULL},
           {"app-pool-queue-full", 0.04, under_load, tell_mixed}, {"otp-endpoint-503", 0, NULL, NULL},
           {"policy-client-cert-expired", 0.003, at_intune, NULL},
           {"intermediate-in-root-store", 0.003, at_intune, NULL},
           {"crp-windows-auth", 0.001, at_intune, NULL},
           {"crp-client-cert-untrusted", 0.001, at_intune, NULL},
           {"crp-tls-name-mismatch", 0.001, at_intune, NULL}, {"crp-temp-permission", 0.001, at_intune, NULL},
           {"policy-challenge-verify-false", 0.001, at_intune, NULL});
LOOK_ALIKE(may_start_failed, {"ra-cert-expired", 0.2, ra_dates, tell_expired_ra},
           {"service-account-password-expired", 0.14, at_logon, NULL},
           {"ra-key-access-denied", 0.12, NULL, NULL}, {"app-pool-identity-mismatch", 0.1, at_logon, NULL},
           {"service-account-locked", 0.08, at_logon, NULL}, {"crl-unreachable", 0.08, NULL, NULL},
           {"impersonation-right-missing", 0.06, NULL, NULL}, {"ra-cert-missing", 0.05, NULL, NULL},
           {"registry-inconsistent", 0.03, NULL, NULL}, {"ra-cert-wrong-ca", 0.03, NULL, NULL},
           {"iis-config-invalid", 0.03, NULL, NULL}, {"policy-module-load-failed", 0.02, NULL, NULL},
           {"static-password-undecryptable", 0.02, NULL, NULL}, {"handler-order-conflict", 0.02, NULL, NULL},
           {"ra-cert-revoked", 0.02, NULL, NULL}, {"file-acl-denied", 0.01, NULL, NULL},
           {"ra-key-cng-provider", 0.01, NULL, NULL}, {"static-password-key-unwritable", 0.01, NULL, NULL},
           {"ca-config-wrong", 0.01, NULL, NULL}, {"server-busy", 0.02, crowded_out, tell_mixed},
           {"service-account-disabled", 0.02, at_logon, NULL},
           {"service-account-logon-right-missing", 0.02, at_logon, NULL});
LOOK_ALIKE(may_message_failed, {"malformed-pkimessage", 0.3, lengths_any, NULL},
           {"message-encrypted-to-wrong-cert", 0.3, lengths_any, NULL},
           {"payload-truncated", 0.08, lengths_above, tell_lengths},
           {"post-not-accepted", 0.08, post_alone, NULL}, {"proxy-strips-query-or-body", 0.05, NULL, NULL},
           {"mdm-stale-ra-certs", 0.04, lengths_any, NULL}, {"server-busy", 0.04, crowded_out, tell_mixed},
           {"app-pool-crashing", 0.04, crash, tell_resets});
LOOK_ALIKE(may_reply_cut, {"payload-truncated", 0.8, NULL, NULL},
           {"client-crypto-incompatible", 0.1, NULL, NULL}, {"proxy-strips-query-or-body", 0.05, NULL, NULL});
LOOK_ALIKE(may_message_lost, {"payload-truncated", 0.45, NULL, NULL},
           {"app-pool-crashing", 0.2, crash_elsewhere, NULL}, {"network-path-blocked", 0.25, NULL, NULL});
LOOK_ALIKE(may_download, {"isapi-feature-missing", 1, NULL, NULL});
LOOK_ALIKE(may_gateway_unavailable, {"app-pool-crashing", 0.3, crash, tell_resets},
           {"app-pool-stopped", 0.2, by_hand, NULL}, {"app-proxy-connector-down", 0.05, NULL, NULL},
           {"service-account-password-expired", 0.1, at_logon, NULL},
           {"app-proxy-bad-gateway", 0.1, NULL, NULL}, {"server-busy", 0.02, crowded_out, tell_mixed});
LOOK_ALIKE(may_busy, {"server-busy", 0.6, NULL, tell_mixed}, {"app-pool-crashing", 0.3, crash, tell_resets});
LOOK_ALIKE(may_not_found, {"wrong-scep-url", 0.42, NULL, NULL}, {"role-not-configured", 0.2, NULL, NULL},
           {"isapi-not-allowed", 0.18, NULL, NULL}, {"isapi-feature-missing", 0.13, NULL, NULL});
LOOK_ALIKE(may_not_found_httpsys, {"w3svc-stopped", 0.6, NULL, NULL}, {"wrong-scep-url", 0.3, NULL, NULL});
LOOK_ALIKE(may_not_found_proxy, {"wrong-scep-url", 0.5, NULL, NULL},
           {"app-proxy-wrong-url", 0.4, by_gateway, NULL});
LOOK_ALIKE(may_login_page, {"app-proxy-preauth-enabled", 0.5, goes_to_logon, NULL},
           {"wrong-scep-url", 0.3, NULL, NULL}, {"app-proxy-wrong-url", 0.1, NULL, NULL});
LOOK_ALIKE(may_bad_gateway, {"app-proxy-bad-gateway", 1, NULL, NULL},
           {"app-pool-crashing", 0.003, then_down, NULL}, {"mdm-cannot-reach-ndes", 0.006, NULL, NULL});
/* An MDM that is the SCEP proxy answers the rest itself. */
LOOK_ALIKE(may_behind_mdm, {"mdm-cannot-reach-ndes", 0.4, NULL, NULL},
           {"app-proxy-bad-gateway", 0.12, NULL, NULL}, {"mdm-otp-credential-invalid", 0.08, NULL, NULL},
           {"app-pool-stopped", 0.08, by_hand, NULL},
           {"service-account-password-expired", 0.08, at_logon, NULL},
           {"ra-cert-expired", 0.06, ra_dates, tell_expired_ra},
           {"mdm-otp-bottleneck", 0.05, under_load, NULL}, {"app-proxy-connector-down", 0.04, NULL, NULL},
           {"app-pool-crashing", 0.04, crash, tell_resets}, {"service-account-locked", 0.03, at_logon, NULL},
           {"w3svc-stopped", 0.03, service_stop, NULL}, {"ra-key-access-denied", 0.02, NULL, NULL});
LOOK_ALIKE(may_gateway_timeout, {"app-proxy-connector-down", 0.95, NULL, NULL},
           {"app-proxy-bad-gateway", 0.04, NULL, NULL});

LOOK_ALIKE(may_ra_expired, {"ra-cert-expired", 0.95, NULL, tell_expired_ra},
           {"clock-skew", 0.05, skew, tell_date_skew});
LOOK_ALIKE(may_ca_expired, {"ca-cert-expired", 0.95, NULL, NULL}, {"clock-skew", 0.05, skew, tell_date_skew});
LOOK_ALIKE(may_ra_chain, {"ca-renewed-ra-stale", 0.6, NULL, NULL}, {"ra-cert-wrong-ca", 0.4, NULL, NULL});

LOOK_ALIKE(may_password, {"password-wrong", 0.4, typed, NULL},
           {"lb-node-affinity-missing", 0.1, otp_by_node, tell_mixed},
           {"password-lost-on-recycle", 0.1, otp_cut, tell_otp_cut},
           {"app-pool-recycled", 0.03, otp_cut, tell_otp_cut},
           {"password-expired", 0.1, otp_expired, tell_otp_age},
           {"password-already-used", 0.08, otp_used, tell_otp_used},
           {"password-bad-encoding", 0.08, unreadable, NULL},
           {"policy-module-missing", 0.05, blob_unread, NULL});
LOOK_ALIKE(may_already_used, {"password-already-used", 1, NULL, NULL});
LOOK_ALIKE(may_missing, {"password-missing", 1, NULL, NULL});

LOOK_ALIKE(may_template_denied, {"template-permission-denied", 0.97, NULL, NULL},
           {"app-pool-identity-mismatch", 0.006, NULL, NULL});
LOOK_ALIKE(may_ca_denied, {"ca-enroll-denied", 1, NULL, NULL});
LOOK_ALIKE(may_template_unknown, {"template-not-published", 0.55, NULL, NULL},
           {"template-name-mismatch", 0.4, NULL, NULL});
LOOK_ALIKE(may_key_short, {"key-too-short", 1, NULL, NULL});
LOOK_ALIKE(may_subject, {"subject-invalid", 1, NULL, NULL});
LOOK_ALIKE(may_crl, {"ca-crl-offline", 1, NULL, NULL});
LOOK_ALIKE(may_validity, {"ca-cert-expired", 0.7, NULL, NULL},
           {"ra-cert-expired", 0.2, ra_dates, tell_expired_ra}, {"clock-skew", 0.1, skew, tell_date_skew});
LOOK_ALIKE(may_rpc, {"ca-unreachable-rpc", 0.4, slow_refusal, NULL}, {"ca-service-stopped", 0.35, NULL, NULL},
           {"ca-network-logon-denied", 0.1, NULL, NULL}, {"dcom-denied", 0.1, NULL, NULL});
LOOK_ALIKE(may_dcom, {"dcom-denied", 0.55, NULL, NULL}, {"ca-network-logon-denied", 0.4, NULL, NULL});
LOOK_ALIKE(may_sessions, {"ca-db-sessions-exhausted", 1, NULL, NULL});
LOOK_ALIKE(may_suspended, {"ca-suspended", 1, NULL, NULL});

LOOK_ALIKE(may_pending, {"pending-approval", 1, NULL, NULL});
LOOK_ALIKE(may_denied, {"approval-denied", 1, NULL, NULL});
LOOK_ALIKE(may_forgotten, {"pending-forgotten", 0.75, NULL, NULL}, {"app-pool-recycled", 0.2, NULL, NULL});

LOOK_ALIKE(may_renewal_subject, {"renewal-subject-mismatch", 1, NULL, tell_fresh_works});
LOOK_ALIKE(may_renewal_expired, {"renewal-signer-expired", 0.8, NULL, tell_signer_dates},
           {"ca-cert-expired", 0.08, NULL, NULL}, {"clock-skew", 0.05, skew, tell_date_skew});
LOOK_ALIKE(may_renewal_template, {"renewal-wrong-template", 0.95, NULL, tell_fresh_works},
           {"renewal-subject-mismatch", 0.15, subject_rewritten, NULL},
           {"template-not-published", 0.05, NULL, NULL});
LOOK_ALIKE(may_renewal, {"renewal-unsupported-ca", 0.4, none_renewed, tell_fresh_works},
           {"renewal-subject-mismatch", 0.3, subject_rewritten, tell_fresh_works},
           {"renewal-signer-expired", 0.3, signer_expired, tell_signer_dates},
           {"renewal-needs-challenge", 0.3, challenge_left_out, tell_no_challenge},
           {"renewal-wrong-template", 0.15, at_windows, NULL});
LOOK_ALIKE(may_renewal_unknown, {"renewal-unsupported-ca", 0.5, none_renewed, tell_fresh_works},
           {"unsupported-message-type", 0.5, none_renewed, NULL},
           {"renewal-signer-expired", 0.1, signer_expired, tell_signer_dates});
LOOK_ALIKE(may_message_type, {"unsupported-message-type", 1, NULL, tell_fresh_works});
LOOK_ALIKE(may_algorithm, {"unsupported-algorithm", 1, NULL, NULL});
LOOK_ALIKE(may_client_crypto, {"client-crypto-incompatible", 1, NULL, NULL});
LOOK_ALIKE(may_signer_unknown, {"client-crypto-incompatible", 0.6, NULL, NULL},
           {"ca-renewed-ra-stale", 0.4, NULL, NULL});
LOOK_ALIKE(may_no_certrep, {"message-encrypted-to-wrong-cert", 0.45, lengths_any, NULL},
           {"malformed-pkimessage", 0.45, lengths_any, NULL},
           {"payload-truncated", 0.2, lengths_above, tell_lengths},
           {"mdm-stale-ra-certs", 0.06, lengths_any, NULL},
           {"proxy-strips-query-or-body", 0.1, lengths_any, NULL});

LOOK_ALIKE(may_connector, {"connector-stopped", 0.3, all_refused, tell_policy_module},
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
           {"crp-temp-permission", 0.02, all_refused, NULL}, {"crp-windows-auth", 0.01, all_refused, NULL},
           {"policy-module-missing", 0.02, blob_without_module, NULL});

LOOK_ALIKE(may_handshake, {"tls-version-mismatch", 0.4, says_version, NULL},
           {"tls-binding-missing", 0.35, NULL, NULL}, {"network-path-blocked", 0.1, NULL, NULL},
           {"ssl-client-cert-required", 0.08, says_certificate, NULL});
LOOK_ALIKE(may_forbidden, {"ip-restricted", 0.25, NULL, NULL}, {"ssl-client-cert-required", 0.25, NULL, NULL},
           {"execute-denied", 0.2, NULL, NULL}, {"https-required", 0.15, plain_http, NULL},
           {"proxy-strips-query-or-body", 0.05, NULL, NULL}, {"otp-with-policy-module", 0.004, NULL, NULL});
LOOK_ALIKE(may_forbidden_proxy, {"app-proxy-preauth-enabled", 0.6, NULL, NULL},
           {"ip-restricted", 0.15, NULL, NULL}, {"proxy-url-too-long", 0.15, lengths_long_get, NULL});
LOOK_ALIKE(may_unauthorized, {"anonymous-disabled", 0.8, NULL, NULL}, {"file-acl-denied", 0.15, NULL, NULL});
LOOK_ALIKE(may_too_long_proxy, {"proxy-url-too-long", 1, NULL, NULL});
LOOK_ALIKE(may_too_long_httpsys, {"httpsys-request-too-long", 0.9, NULL, NULL},
           {"proxy-url-too-long", 0.05, NULL, NULL});
LOOK_ALIKE(may_too_long, {"iis-query-too-long", 0.5, lengths_query, tell_lengths},
           {"iis-url-too-long", 0.25, lengths_url, tell_lengths},
           {"double-escape-blocked", 0.08, lengths_sometimes, tell_lengths},
           {"iis-body-too-large", 0.02, NULL, NULL}, {"httpsys-request-too-long", 0.02, NULL, NULL},
           {"proxy-url-too-long", 0.03, NULL, NULL});
LOOK_ALIKE(may_post_refused, {"post-not-accepted", 0.7, lengths_no_post, NULL},
           {"iis-body-too-large", 0.15, lengths_above, tell_lengths});
LOOK_ALIKE(may_body_too_large, {"iis-body-too-large", 0.85, NULL, NULL},
           {"proxy-url-too-long", 0.03, NULL, NULL});
LOOK_ALIKE(may_otp_forbidden, {"mscep-admin-default-doc-missing", 0.5, otp_file_there, tell_otp_file},
           {"ip-restricted", 0.15, NULL, NULL}, {"ssl-client-cert-required", 0.1, NULL, NULL},
           {"otp-with-policy-module", 0.1, NULL, NULL}, {"execute-denied", 0.1, NULL, NULL},
           {"https-required", 0.05, plain_http, NULL});
LOOK_ALIKE(may_ca_info, {"ca-config-wrong", 0.75, NULL, NULL}, {"ca-unreachable-rpc", 0.05, NULL, NULL},
           {"ra-cert-missing", 0.05, NULL, NULL});
LOOK_ALIKE(may_other_ca, {"ca-config-wrong", 0.4, NULL, NULL}, {"ra-cert-wrong-ca", 0.4, NULL, NULL},
           {"ca-renewed-ra-stale", 0.2, NULL, NULL});
LOOK_ALIKE(may_slow, {"ca-slow", 0.45, NULL, NULL}, {"ca-unreachable-rpc", 0.2, NULL, NULL},
           {"server-busy", 0.2, NULL, NULL}, {"app-pool-queue-full", 0.05, NULL, NULL},
           {"network-path-blocked", 0.02, all_stall, NULL});
LOOK_ALIKE(may_load, {"app-pool-queue-full", 0.4, NULL, NULL}, {"server-busy", 0.4, NULL, NULL},
           {"ca-slow", 0.2, NULL, NULL});
LOOK_ALIKE(may_stripped, {"proxy-strips-query-or-body", 0.7, NULL, NULL},
           {"payload-truncated", 0.2, NULL, NULL}, {"wrong-scep-url", 0.1, NULL, NULL});
LOOK_ALIKE(may_skewed_clock, {"clock-skew", 1, NULL, tell_date_skew});
LOOK_ALIKE(may_name_constraint, {"name-constraint-violation", 1, NULL, NULL});
LOOK_ALIKE(may_subject_info, {"subject-info-required", 1, NULL, NULL});
LOOK_ALIKE(may_ra_signature, {"ra-signature-rejected", 1, NULL, NULL});
LOOK_ALIKE(may_no_template, {"template-name-mismatch", 0.5, NULL, NULL},
           {"template-not-published", 0.2, NULL, NULL}, {"ca-config-wrong", 0.1, NULL, NULL});
LOOK_ALIKE(may_not_encrypted, {"message-encrypted-to-wrong-cert", 0.75, NULL, NULL},
           {"mdm-stale-ra-certs", 0.2, NULL, NULL});
LOOK_ALIKE(may_not_decoded, {"malformed-pkimessage", 0.65, lengths_any, NULL},
           {"payload-truncated", 0.2, lengths_above, tell_lengths},
           {"proxy-strips-query-or-body", 0.1, NULL, NULL});
LOOK_ALIKE(may_account_refused, {"service-account-password-expired", 0.5, NULL, NULL},
           {"service-account-locked", 0.2, NULL, NULL}, {"service-account-disabled", 0.1, NULL, NULL},
           {"app-pool-identity-mismatch", 0.15, NULL, NULL});
LOOK_ALIKE(may_ca_refused, {"template-permission-denied", 0.2, NULL, NULL},
           {"ca-enroll-denied", 0.1, NULL, NULL}, {"template-not-published", 0.15, NULL, NULL},
           {"key-too-short", 0.08, NULL, NULL}, {"subject-invalid", 0.08, NULL, NULL},
           {"ca-crl-offline", 0.1, NULL, NULL}, {"ca-unreachable-rpc", 0.08, NULL, NULL},
           {"ca-service-stopped", 0.06, NULL, NULL});
LOOK_ALIKE(may_reporting, {"issued-not-reported", 0.5, NULL, NULL},
           {"connector-outbound-blocked", 0.4, NULL, NULL});
LOOK_ALIKE(may_installing, {"device-cert-not-installed", 0.8, NULL, NULL},
           {"ca-renewed-ra-stale", 0.1, NULL, NULL});
LOOK_ALIKE(may_expiring, {"ra-cert-expiring", 0.35, NULL, NULL}, {"ra-cert-expired", 0.08, NULL, NULL});
LOOK_ALIKE(may_astray, {"wrong-scep-url", 1, NULL, NULL});
LOOK_ALIKE(may_otp_gone, {"otp-endpoint-removed", 0.6, NULL, NULL},
           {"mscep-admin-default-doc-missing", 0.2, NULL, NULL}, {"otp-with-policy-module", 0.1, NULL, NULL},
           {"role-not-configured", 0.05, NULL, NULL}, {"wrong-scep-url", 0.02, NULL, NULL});
LOOK_ALIKE(may_otp_permission, {"template-permission-denied", 0.45, NULL, NULL},
           {"otp-insufficient-permission", 0.35, NULL, NULL}, {"template-not-published", 0.2, NULL, NULL});
LOOK_ALIKE(may_otp_logon, {"otp-auth-failed", 0.4, NULL, NULL}, {"otp-account-locked", 0.15, NULL, NULL},
           {"otp-account-password-expired", 0.15, NULL, NULL}, {"otp-auth-scheme-mismatch", 0.1, NULL, NULL},
           {"otp-account-disabled", 0.05, NULL, NULL}, {"otp-kerberos-spn", 0.1, NULL, NULL},
           {"clock-skew", 0.02, NULL, NULL}, {"mdm-otp-credential-invalid", 0.03, NULL, NULL});
