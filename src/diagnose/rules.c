#include "diagnose/candidates.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What failures look like from outside, and which causes look like that: the first rule that fits speaks. */

#define BIT(x)    (UINT64_C(1) << (x))
#define CA_STAGES (BIT(STAGE_GET_CA_CAPS) | BIT(STAGE_GET_CA_CERT))
#define NOT_PKI   (CA_STAGES | BIT(STAGE_OTP))
#define PKI       (BIT(STAGE_PKI_OPERATION) | BIT(STAGE_CERT_POLL))
#define RENEWAL   BIT(STAGE_RENEWAL)
#define QUERIES   (BIT(STAGE_GET_CERT) | BIT(STAGE_GET_CRL))
#define MESSAGES  (PKI | RENEWAL | QUERIES) /* whatever goes as a pkiMessage */

_Static_assert(STAGE_COUNT <= 64, "stages are kept as bits");

/* ---- conditions ---- */

static bool everywhere(const struct facts *f) /* not only the last step: its neighbours answer the same */
{
    return (BIT(f->stage) & NOT_PKI) != 0 || f->run->target->bare_url_status == f->first->http_status;
}

/* The messages fail, while the same extension answers all else. */
static bool messages_only(const struct facts *f)
{
    int bare = f->run->target->bare_url_status;
    return bare == 200 && (BIT(f->stage) & PKI) != 0;
}

/* What a browser would offer to save: the file itself. */
static bool downloaded(const struct facts *f)
{
    return facts_header_says(f, "x-msdownload");
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

/* Intune's challenge, whatever the server looks like now: the module may be gone, or was when somebody looked. */
static bool sent_a_blob(const struct facts *f)
{
    return f->first->challenge == OUTCOME_CHALLENGE_BLOB && (f->hresult == 0 || f->hresult == 0x80004005);
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

static bool ndes_page(const struct facts *f)
{
    return f->first->body == OUTCOME_BODY_NDES_PAGE;
}

static bool by_get(const struct facts *f)
{
    return facts_query_bytes(f) > 0;
}

static bool by_post(const struct facts *f)
{
    return f->failure->url.len > 0 && !by_get(f);
}

/* What is asked before a message fails in the same way: it is not about messages. */
static bool fails_before(const struct facts *f)
{
    for (size_t i = 0; i < measure_failure_count(f->run->measure); i++) {
        const struct outcome *o = &measure_failure(f->run->measure, i)->first;
        if (o->http_status == f->first->http_status && (BIT(o->error.stage) & NOT_PKI) != 0)
            return true;
    }
    return false;
}

/* Nothing else was answered so: who answers here takes the rest itself. */
static bool answers_the_rest(const struct facts *f)
{
    int bare = f->run->target->bare_url_status;
    return !fails_before(f) && (bare == 200 || bare == 403);
}

static bool in_front(const struct facts *f)
{
    return f->layer == LAYER_OTHER && by_get(f);
}

static bool not_everywhere(const struct facts *f)
{
    return f->run->target->bare_url_status == 200 || f->run->target->bare_url_status == 403;
}

/* A server that fails at random fails at GetCACaps, too, where nothing is asked of the CA. */
static bool certificates_alone(const struct facts *f)
{
    for (size_t i = 0; i < measure_failure_count(f->run->measure); i++) {
        const struct outcome *o = &measure_failure(f->run->measure, i)->first;
        if (o->http_status == f->first->http_status && o->error.stage == STAGE_GET_CA_CAPS)
            return false;
    }
    return not_everywhere(f);
}

/* The SCEP URL as well, which with the policy module only the bare one is. */
static bool all_forbidden(const struct facts *f)
{
    return f->run->target->bare_url_status == 403;
}

static bool clock_off(const struct facts *f)
{
    return f->run->target->has_date_skew && llabs(f->run->target->date_skew_s) > 120;
}

/* ---- rules, the telling ones first ---- */

#define REFUSED(code, share, list)                                                                           \
    {                                                                                                        \
        .stages = PKI | RENEWAL, .reasons = {REASON_SCEP_FAILURE}, .hresult = (code), .certainty = (share),  \
        .candidates = (list)                                                                                 \
    }

const struct rule diagnose_rules[] = {
    {.http_status = 200, .when = downloaded, .certainty = 0.9, .candidates = may_download},
    /* never reached the server */
    {.reasons = {REASON_DNS_FAILED}, .certainty = 0.95, .candidates = may_dns},
    {.reasons = {REASON_CONNECT_TIMEOUT, REASON_UNREACHABLE}, .certainty = 0.95, .candidates = may_dropped},
    {.stages = BIT(STAGE_TCP),
     .reasons = {REASON_REQUEST_TIMEOUT},
     .certainty = 0.9,
     .candidates = may_dropped},
    {.stages = NOT_PKI | BIT(STAGE_TLS),
     .reasons = {REASON_REQUEST_TIMEOUT},
     .certainty = 0.8,
     .candidates = may_stalled},
    {.reasons = {REASON_CONNECTION_REFUSED}, .certainty = 0.95, .candidates = may_refused},
    {.stages = NOT_PKI | BIT(STAGE_TCP),
     .reasons = {REASON_CONNECTION_LOST},
     .certainty = 0.6,
     .candidates = may_reset},
    {.reasons = {REASON_TLS_UNTRUSTED}, .certainty = 0.95, .candidates = may_tls},
    /* the server's certificates */
    {.reasons = {REASON_RA_CERT_EXPIRED}, .certainty = 0.97, .candidates = may_ra_expired},
    {.reasons = {REASON_CA_CERT_EXPIRED}, .certainty = 0.97, .candidates = may_ca_expired},
    {.reasons = {REASON_RA_CHAIN}, .certainty = 0.9, .candidates = may_ra_chain},
    {.reasons = {REASON_HTTP_STATUS, REASON_SCEP_FAILURE, REASON_NOT_SCEP, REASON_SIGNER_UNKNOWN},
     .when = ra_expired_fits,
     .certainty = 0.9,
     .candidates = may_ra_expired},
    /* renewals, where a code means something of its own */
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .when = signer_has_expired,
     .certainty = 0.9,
     .candidates = may_renewal},
    {.stages = RENEWAL, /* the CA's own certificate was good enough for the enrollment before */
     .reasons = {REASON_SCEP_FAILURE},
     .hresult = 0x800B0101,
     .certainty = 0.85,
     .candidates = may_renewal_expired},
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .hresult = 0x80094806,
     .certainty = 0.9,
     .candidates = may_renewal_subject},
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .when = template_code,
     .certainty = 0.95,
     .candidates = may_renewal_template},
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .hresult = 0x80070057,
     .certainty = 0.8,
     .candidates = may_renewal_unknown},
    /* what the server does not know */
    {.stages = QUERIES,
     .reasons = {REASON_SCEP_FAILURE},
     .hresult = 0x80070057,
     .certainty = 0.95,
     .candidates = may_message_type},
    {.stages = MESSAGES,
     .reasons = {REASON_SCEP_FAILURE},
     .when = bad_algorithm,
     .certainty = 0.92,
     .candidates = may_algorithm},
    /* the CA's own words */
    REFUSED(0x80094012, 0.95, may_template_denied),
    REFUSED(0x80094011, 0.95, may_ca_denied),
    REFUSED(0x80094800, 0.95, may_template_unknown),
    REFUSED(0x80094811, 0.97, may_key_short),
    REFUSED(0x80094001, 0.93, may_subject),
    REFUSED(0x80092013, 0.9, may_crl),
    REFUSED(0x800B0101, 0.95, may_validity),
    REFUSED(0x800706BA, 0.9, may_rpc),
    REFUSED(0x80070005, 0.8, may_dcom),
    REFUSED(0x8009400F, 0.95, may_sessions),
    REFUSED(0x80094006, 0.95, may_suspended),
    REFUSED(0x800B0114, 0.95, may_name_constraint),
    REFUSED(0x8009480D, 0.9, may_subject_info),
    REFUSED(0x8009480E, 0.9, may_subject_info),
    REFUSED(0x8009480F, 0.95, may_subject_info),
    REFUSED(0x80094810, 0.9, may_subject_info),
    REFUSED(0x80094809, 0.95, may_ra_signature),
    REFUSED(0x8009480A, 0.95, may_ra_signature),
    REFUSED(0x8009480B, 0.95, may_ra_signature),
    REFUSED(0x80094801, 0.7, may_no_template),
    REFUSED(0x80092012, 0.8, may_crl),
    REFUSED(0x80090005, 0.9, may_not_encrypted),
    REFUSED(0x8009310B, 0.85, may_not_decoded),
    REFUSED(0x80070057, 0.6, may_message_type),
    REFUSED(0x8007052E, 0.7, may_account_refused),
    /* requests that wait for a decision */
    {.reasons = {REASON_SCEP_PENDING, REASON_POLL_LIMIT}, .certainty = 0.97, .candidates = may_pending},
    {.stages = BIT(STAGE_CERT_POLL),
     .reasons = {REASON_DEVICE_TIMEOUT},
     .when = polls_answered,
     .certainty = 0.9,
     .candidates = may_pending},
    REFUSED(0x80094014, 0.95, may_denied),
    {.stages = BIT(STAGE_CERT_POLL),
     .reasons = {REASON_SCEP_FAILURE},
     .when = poll_not_known,
     .certainty = 0.7,
     .candidates = may_forgotten},
    {.stages = RENEWAL,
     .reasons = {REASON_SCEP_FAILURE},
     .when = no_password_code,
     .certainty = 0.7,
     .candidates = may_renewal},
    /* long GETs, and POSTs */
    {.reasons = {REASON_HTTP_STATUS}, .http_status = 414, .certainty = 0.9, .candidates = may_too_long_proxy},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 413,
     .certainty = 0.85,
     .candidates = may_body_too_large},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 400,
     .layer = LAYER_HTTPSYS,
     .certainty = 0.9,
     .candidates = may_too_long_httpsys},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .when = in_front,
     .certainty = 0.9,
     .candidates = may_too_long_proxy},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 405,
     .certainty = 0.85,
     .candidates = may_post_refused},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_IIS,
     .when = fails_before,
     .certainty = 0.85,
     .candidates = may_not_found},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_IIS,
     .when = by_post,
     .certainty = 0.75,
     .candidates = may_post_refused},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_IIS,
     .certainty = 0.9,
     .candidates = may_too_long},
    {.stages = PKI | CA_STAGES,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 403,
     .layer = LAYER_IIS,
     .certainty = 0.9,
     .candidates = may_forbidden},
    {.stages = PKI | CA_STAGES,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 403,
     .layer = LAYER_OTHER,
     .certainty = 0.7,
     .candidates = may_forbidden_proxy},
    {.stages = PKI | CA_STAGES,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 401,
     .layer = LAYER_IIS,
     .certainty = 0.9,
     .candidates = may_unauthorized},
    {.stages = BIT(STAGE_GET_CA_CERT),
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 500,
     .layer = LAYER_IIS,
     .when = certificates_alone,
     .certainty = 0.8,
     .candidates = may_ca_info},
    /* Intune checks the challenge elsewhere */
    {.stages = PKI,
     .reasons = {REASON_SCEP_FAILURE, REASON_NOT_SCEP, REASON_HTTP_STATUS},
     .when = policy_module,
     .certainty = 0.9,
     .candidates = may_connector},
    /* the page for people, where a message should be */
    {.stages = CA_STAGES,
     .reasons = {REASON_CA_CERT_MALFORMED},
     .when = ndes_page,
     .certainty = 0.85,
     .candidates = may_stripped},
    /* answers that are none, and answers that the client cannot read */
    {.stages = MESSAGES,
     .reasons = {REASON_NOT_SCEP},
     .when = answered_without_page,
     .certainty = 0.75,
     .candidates = may_no_certrep},
    {.stages = MESSAGES | BIT(STAGE_VERIFY) | BIT(STAGE_GET_CA_CAPS),
     .reasons = {REASON_DECRYPT, REASON_UNSUPPORTED_ALGORITHM},
     .certainty = 0.8,
     .candidates = may_client_crypto},
    {.stages = MESSAGES | BIT(STAGE_VERIFY),
     .reasons = {REASON_MALFORMED},
     .http_status = 200,
     .certainty = 0.75,
     .candidates = may_reply_cut},
    {.stages = MESSAGES,
     .reasons = {REASON_CONNECTION_LOST},
     .certainty = 0.7,
     .candidates = may_message_lost},
    {.reasons = {REASON_SIGNER_UNKNOWN}, .certainty = 0.5, .candidates = may_signer_unknown},
    /* the password in the request */
    REFUSED(0x80096004, 0.93, may_missing),
    REFUSED(0x800B0110, 0.9, may_already_used),
    REFUSED(0x80070490, 0.95, may_password),
    {.stages = PKI,
     .reasons = {REASON_SCEP_FAILURE},
     .when = sent_a_blob,
     .certainty = 0.85,
     .candidates = may_connector},
    {.stages = PKI,
     .reasons = {REASON_SCEP_FAILURE},
     .when = password_sent_no_hresult,
     .certainty = 0.6,
     .candidates = may_password},
    /* HTTP errors, by status and by who wrote the answer */
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 503,
     .layer = LAYER_HTTPSYS,
     .certainty = 0.95,
     .candidates = may_pool_down},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 500,
     .layer = LAYER_IIS,
     .when = everywhere,
     .certainty = 0.95,
     .candidates = may_start_failed},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 500,
     .layer = LAYER_IIS,
     .when = messages_only,
     .certainty = 0.75,
     .candidates = may_message_failed},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 503,
     .layer = LAYER_OTHER,
     .certainty = 0.6,
     .candidates = may_gateway_unavailable},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 500,
     .layer = LAYER_IIS,
     .when = mixed_with_success,
     .certainty = 0.5,
     .candidates = may_busy},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 503,
     .layer = LAYER_IIS,
     .certainty = 0.6,
     .candidates = may_busy},
    {.stages = NOT_PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_IIS,
     .certainty = 0.9,
     .candidates = may_not_found},
    {.stages = NOT_PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_HTTPSYS,
     .certainty = 0.9,
     .candidates = may_not_found_httpsys},
    {.stages = NOT_PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 404,
     .layer = LAYER_OTHER,
     .certainty = 0.8,
     .candidates = may_not_found_proxy},
    {.stages = NOT_PKI, .reasons = {REASON_REDIRECTED}, .certainty = 0.7, .candidates = may_login_page},
    {.stages = CA_STAGES,
     .reasons = {REASON_CA_CERT_MALFORMED},
     .when = got_a_page,
     .certainty = 0.7,
     .candidates = may_login_page},
    {.stages = PKI,
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 502,
     .layer = LAYER_OTHER,
     .when = answers_the_rest,
     .certainty = 0.75,
     .candidates = may_behind_mdm},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 502,
     .layer = LAYER_OTHER,
     .certainty = 0.97,
     .candidates = may_bad_gateway},
    {.reasons = {REASON_HTTP_STATUS},
     .http_status = 504,
     .layer = LAYER_OTHER,
     .certainty = 0.95,
     .candidates = may_gateway_timeout},
    {.stages = BIT(STAGE_OTP),
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 403,
     .layer = LAYER_IIS,
     .when = all_forbidden,
     .certainty = 0.9,
     .candidates = may_forbidden},
    {.stages = BIT(STAGE_OTP),
     .reasons = {REASON_HTTP_STATUS},
     .http_status = 403,
     .layer = LAYER_IIS,
     .certainty = 0.8,
     .candidates = may_otp_forbidden},
    {.reasons = {REASON_TLS_FAILED}, .certainty = 0.9, .candidates = may_handshake},
    {.stages = BIT(STAGE_TLS),
     .reasons = {REASON_CONNECTION_LOST},
     .certainty = 0.8,
     .candidates = may_handshake},
    {.reasons = {REASON_CERT_EXPIRED}, .when = clock_off, .certainty = 0.9, .candidates = may_skewed_clock},
    {.stages = BIT(STAGE_PKI_OPERATION),
     .reasons = {REASON_REQUEST_TIMEOUT, REASON_DEVICE_TIMEOUT},
     .certainty = 0.55,
     .candidates = may_slow},
};
const size_t diagnose_rule_count = sizeof diagnose_rules / sizeof diagnose_rules[0];

const struct rule *diagnose_rule_of_code(uint32_t code)
{
    for (size_t i = 0; code != 0 && i < diagnose_rule_count; i++) {
        const struct rule *rule = &diagnose_rules[i];
        if (rule->hresult == code && (rule->stages & PKI) != 0)
            return rule;
    }
    return NULL;
}
