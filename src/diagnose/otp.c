#include "diagnose/candidates.h"

#include <strings.h>

/* The page that hands out passwords: what its refusals look like, and which causes look like that. A logon tells more than
 * its 401 does: by which scheme it was made, what was offered instead, and what Kerberos said before. */

#define BIT(x) (UINT64_C(1) << (x))

#define DEFAULT_CACHE 5
#define SKEW_S        300 /* what Kerberos tolerates */

static bool has_word(struct span text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (strncasecmp((const char *)text.data + i, word, len) == 0)
            return true;
    }
    return false;
}

/* ---- the scheme ---- */

static const char *scheme_of(const struct facts *f)
{
    return f->run->otp == NULL || f->run->otp->scheme == NULL ? "" : f->run->otp->scheme;
}

static bool by_kerberos(const struct facts *f)
{
    return strcmp(scheme_of(f), "negotiate") == 0;
}

/* Appends what the page offers: "Negotiate, NTLM". Empty: it does not say. */
static void offered(const struct facts *f, char *out, size_t out_bytes)
{
    static const char *const names[] = {"Negotiate", "NTLM", "Basic", "Digest", "Bearer"};
    struct span headers = buf_span(&f->failure->headers);
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[48];
        snprintf(line, sizeof line, "www-authenticate: %s", names[i]);
        if (has_word(headers, line) && used < out_bytes)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? ", " : "", names[i]);
    }
}

static double scheme_missing(const struct facts *f)
{
    char schemes[80];
    offered(f, schemes, sizeof schemes);
    if (schemes[0] == '\0')
        return 0.1;
    if (scheme_of(f)[0] == '\0')
        return 1;
    return has_word(span_of_text(schemes), scheme_of(f)) ? 0.1 : 30;
}

static void tell_scheme(const struct facts *f, struct diagnosis *d)
{
    char schemes[80];
    offered(f, schemes, sizeof schemes);
    if (schemes[0] != '\0')
        evidence_add(d, "the page offers %s; this run used %s", schemes,
                     scheme_of(f)[0] == '\0' ? "none of them" : scheme_of(f));
    else if (scheme_of(f)[0] != '\0' && f->first->end != OUTCOME_UNSENT)
        evidence_add(d, "this run logs on by %s", scheme_of(f));
}

/* ---- Kerberos ---- */

/* Who holds a ticket has shown the password to a domain controller: what the web server then refuses is the ticket. */
static double password_doubted(const struct facts *f)
{
    return by_kerberos(f) ? 0.03 : 1;
}

static double ticket_doubted(const struct facts *f)
{
    return by_kerberos(f) ? 40 : scheme_of(f)[0] != '\0' ? 0.02 : 1;
}

static double ticket_time_doubted(const struct facts *f)
{
    bool skewed = f->run->target->has_date_skew && llabs(f->run->target->date_skew_s) > SKEW_S;
    return by_kerberos(f) && skewed ? 200 : 0;
}

static void tell_kerberos(const struct facts *f, struct diagnosis *d)
{
    if (by_kerberos(f))
        evidence_add(d, "a ticket was granted, so the account and its password are good; the web server does "
                        "not take the ticket. A run with auth: ntlm tells: it works when the SPN is wrong");
}

static bool ticket_says(const struct facts *f, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcasestr(f->first->error.text, words[i]) != NULL)
            return true;
    }
    return false;
}

/* What MIT Kerberos says, and what stands behind it. Anything else is between this machine and its KDC. */
static bool ticket_skew(const struct facts *f)
{
    static const char *const words[] = {"Clock skew", "Ticket not yet valid", "Ticket expired", NULL};
    return ticket_says(f, words);
}

static bool ticket_spn(const struct facts *f)
{
    static const char *const words[] = {"Server not found in Kerberos database",
                                        "Matching credential not found", NULL};
    return ticket_says(f, words);
}

static bool ticket_password(const struct facts *f)
{
    static const char *const words[] = {"Preauthentication failed", "Client not found in Kerberos database",
                                        "Password incorrect", NULL};
    return ticket_says(f, words);
}

static bool ticket_expired(const struct facts *f)
{
    static const char *const words[] = {"Password has expired", "Client's entry in database has expired",
                                        NULL};
    return ticket_says(f, words);
}

static bool ticket_revoked(const struct facts *f)
{
    static const char *const words[] = {"credentials have been revoked", NULL};
    return ticket_says(f, words);
}

static void tell_ticket(const struct facts *f, struct diagnosis *d)
{
    evidence_add(d, "Kerberos says: %.170s", f->first->error.text);
}

/* ---- the cache: who filled it ---- */

static unsigned cache_of(const struct facts *f)
{
    return f->run->otp != NULL && f->run->otp->page_cache > 0 ? f->run->otp->page_cache : DEFAULT_CACHE;
}

/* Ours in the server's cache, as far as we know, when it was full. */
static bool filled_by_budget(const struct facts *f)
{
    return measure_otp(f->run->measure).onset_held_max >= cache_of(f);
}

/* Many devices at once: the cache has room for them at any other time. */
static double in_bursts(const struct facts *f)
{
    return !filled_by_budget(f) ? 0 : f->crowd > 0.5 ? 30 : 1;
}

static void tell_cache(const struct facts *f, struct diagnosis *d)
{
    struct measure_otp o = measure_otp(f->run->measure);
    unsigned cache = cache_of(f), ours = o.onset_held_max;
    uint64_t stuck = o.lost + o.unanswered + o.expired;
    bool said = f->run->otp != NULL && f->run->otp->page_cache > 0;
    if (o.asked == 0)
        return;
    evidence_add(
        d, "the cache has %u places (%s); this run held %u when it became full, which happened %llu time%s",
        cache, said ? "so the page" : "the default, the page does not say", ours,
        (unsigned long long)o.cache_full_onsets, o.cache_full_onsets == 1 ? "" : "s");
    if (filled_by_budget(f))
        evidence_add(d, "this run filled it alone: challenge.outstanding is %u, set it to %u at most",
                     f->run->otp == NULL ? ours : f->run->otp->limit, cache);
    else if (stuck > 0 && ours + stuck >= cache)
        evidence_add(
            d,
            "%llu passwords of this run never came back to the server (unsent, unanswered or refused): "
            "each keeps its place until it expires",
            (unsigned long long)stuck);
    else
        evidence_add(d,
                     "this run cannot have filled it: somebody else's devices, monitoring, or an earlier run "
                     "hold at least %llu places",
                     (unsigned long long)(cache - ours - stuck));
}

/* ---- conditions ---- */

/* Passwords and the module do not go together: where anybody had one, it is something else. The module leaves SCEP itself open. */
static bool policy_module(const struct facts *f)
{
    if (!f->run->policy_module || f->run->devices.enrolled > 0)
        return false;
    for (size_t i = 0; i < measure_failure_count(f->run->measure); i++) {
        const struct outcome *o = &measure_failure(f->run->measure, i)->first;
        if (o->http_status == 403 && o->error.stage != STAGE_OTP)
            return false;
    }
    return true;
}

static double scep_is_open(const struct facts *f)
{
    return f->run->target->cap_count > 0 ? 8 : 1;
}

/* The page offers no scheme at all, and the SCEP URL does not let anybody in either: no question of schemes. */
static double closed_to_all(const struct facts *f)
{
    return f->run->target->bare_url_status == 401 ? 40 : 0;
}

static bool bare_url_fine(const struct facts *f)
{
    return f->run->target->bare_url_status == 200 || f->run->target->bare_url_status == 403;
}

/* Led away to where people log on. */
static bool to_login(const struct facts *f)
{
    static const char *const words[] = {"login", "logon", "signin", "saml", "oauth", "adfs", "/sso"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(f->first->error.text, words[i]) != NULL)
            return true;
    }
    return false;
}

/* The same value twice: one static password, or a cache that forgets what it gave. */
static bool handed_out_before(const struct facts *f)
{
    return strcasestr(f->first->error.text, "handed out before") != NULL;
}

/* The extension itself came, as a file: what a browser would offer to save. */
static bool downloaded(const struct facts *f)
{
    return facts_header_says(f, "x-msdownload");
}

static bool iis_page(const struct facts *f)
{
    return f->first->body == OUTCOME_BODY_IIS;
}

static double ra_dates(const struct facts *f)
{
    return f->run->expired_ra != NULL ? 10 : f->run->certs_seen ? 0.05 : 1;
}

/* The page of the static mode says neither "only once" nor for how long. */
static double lives_for_ever(const struct facts *f)
{
    return f->run->otp != NULL && f->run->otp->page_minutes > 0 ? 0.05 : 1;
}

/* The folder is not the page any more; the file in it is. */
double otp_file_there(const struct facts *f)
{
    return f->run->target->otp_file_there ? 100 : 1;
}

static double folder_alone(const struct facts *f)
{
    return f->run->target->otp_file_there ? 0.1 : 1;
}

void tell_otp_file(const struct facts *f, struct diagnosis *d)
{
    if (f->run->target->otp_file_there)
        evidence_add(d, "the folder of the OTP page answers %d, mscep.dll in it is there",
                     f->first->http_status);
}

static void tell_page(const struct facts *f, struct diagnosis *d)
{
    if (f->first->error.text[0] != '\0')
        evidence_add(d, "the page: %.170s", f->first->error.text);
}

/* ---- candidates ---- */

CANDIDATES(cache_full, {"otp-cache-full", 1, NULL, tell_cache},
           {"mdm-otp-bottleneck", 0.15, in_bursts, NULL});
CANDIDATES(no_permission, {"template-permission-denied", 0.45, NULL, NULL},
           {"otp-insufficient-permission", 0.3, NULL, NULL}, {"template-not-published", 0.2, NULL, NULL});
CANDIDATES(refused, {"otp-auth-failed", 0.42, password_doubted, tell_scheme},
           {"otp-account-locked", 0.18, password_doubted, tell_scheme},
           {"otp-account-password-expired", 0.18, password_doubted, tell_scheme},
           {"otp-auth-scheme-mismatch", 0.1, scheme_missing, tell_scheme},
           {"otp-account-disabled", 0.07, password_doubted, tell_scheme},
           {"otp-kerberos-spn", 0.02, ticket_doubted, tell_kerberos},
           {"clock-skew", 0.02, ticket_time_doubted, tell_date_skew},
           {"mdm-otp-credential-invalid", 0, NULL, NULL});
CANDIDATES(scheme, {"otp-auth-scheme-mismatch", 1, NULL, tell_scheme},
           {"file-acl-denied", 0.5, closed_to_all, NULL}, {"anonymous-disabled", 0.1, closed_to_all, NULL});
CANDIDATES(skewed, {"clock-skew", 1, NULL, tell_ticket});
CANDIDATES(no_spn, {"otp-kerberos-spn", 1, NULL, tell_ticket});
CANDIDATES(kdc_refused, {"otp-auth-failed", 1, NULL, tell_ticket});
CANDIDATES(kdc_expired, {"otp-account-password-expired", 0.8, NULL, tell_ticket},
           {"otp-account-disabled", 0.2, NULL, tell_ticket});
CANDIDATES(kdc_revoked, {"otp-account-locked", 0.5, NULL, tell_ticket},
           {"otp-account-disabled", 0.5, NULL, tell_ticket});
CANDIDATES(repeated, {"otp-static-mode", 0.55, lives_for_ever, tell_page},
           {"password-already-used", 0.4, NULL, NULL});
CANDIDATES(removed, {"otp-endpoint-removed", 1, folder_alone, NULL},
           {"mscep-admin-default-doc-missing", 0.08, otp_file_there, tell_otp_file});
CANDIDATES(module, {"otp-with-policy-module", 0.5, scep_is_open, tell_policy_module},
           {"ip-restricted", 0.15, NULL, NULL}, {"https-required", 0.12, NULL, NULL},
           {"execute-denied", 0.1, NULL, NULL}, {"ssl-client-cert-required", 0.08, NULL, NULL});
CANDIDATES(login, {"app-proxy-preauth-enabled", 1, NULL, tell_page});
CANDIDATES(blank, {"otp-page-blank", 1, NULL, tell_page});
CANDIDATES(download, {"isapi-feature-missing", 1, NULL, tell_page});
CANDIDATES(httpsys_page, {"otp-endpoint-503", 0.4, NULL, tell_page}, {"app-pool-stopped", 0.2, NULL, NULL},
           {"service-account-password-expired", 0.2, NULL, NULL}, {"otp-page-blank", 0.2, NULL, NULL});
CANDIDATES(iis_error, {"otp-page-blank", 0.6, NULL, tell_page},
           {"ra-cert-expired", 0.2, ra_dates, tell_expired_ra}, {"ra-key-access-denied", 0.1, NULL, NULL},
           {"service-account-password-expired", 0.1, NULL, NULL});

/* ---- rules ---- */

#define STATUS(code, fits, share, list)                                                                      \
    {                                                                                                        \
        .stages = BIT(STAGE_OTP), .reasons = {REASON_HTTP_STATUS}, .http_status = (code), .when = (fits),    \
        .certainty = (share), .candidates = (list)                                                           \
    }
#define TICKET(says, share, list)                                                                            \
    {                                                                                                        \
        .reasons = {REASON_OTP_TICKET, REASON_OTP_AUTH_REFUSED}, .when = (says), .certainty = (share),       \
        .candidates = (list)                                                                                 \
    }

const struct rule diagnose_otp_rules[] = {
    {.reasons = {REASON_OTP_CACHE_FULL}, .certainty = 0.97, .candidates = cache_full},
    {.stages = BIT(STAGE_OTP),
     .reasons = {REASON_OTP_ANSWER},
     .when = handed_out_before,
     .certainty = 0.85,
     .candidates = repeated},
    {.reasons = {REASON_OTP_NO_PERMISSION}, .certainty = 0.95, .candidates = no_permission},
    {.reasons = {REASON_OTP_SCHEME}, .certainty = 0.95, .candidates = scheme},
    TICKET(ticket_skew, 0.95, skewed),
    TICKET(ticket_spn, 0.9, no_spn),
    TICKET(ticket_password, 0.9, kdc_refused),
    TICKET(ticket_expired, 0.9, kdc_expired),
    TICKET(ticket_revoked, 0.9, kdc_revoked),
    {.reasons = {REASON_OTP_AUTH_REFUSED}, .certainty = 0.95, .candidates = refused},
    STATUS(401, NULL, 0.95, refused),
    {.reasons = {REASON_OTP_LOGIN_PAGE}, .certainty = 0.85, .candidates = login},
    {.stages = BIT(STAGE_OTP) | BIT(STAGE_GET_CA_CAPS) | BIT(STAGE_GET_CA_CERT),
     .reasons = {REASON_REDIRECTED},
     .when = to_login,
     .certainty = 0.85,
     .candidates = login},
    {.reasons = {REASON_OTP_PAGE_UNKNOWN},
     .layer = LAYER_HTTPSYS,
     .certainty = 0.8,
     .candidates = httpsys_page},
    {.reasons = {REASON_OTP_PAGE_UNKNOWN}, .when = downloaded, .certainty = 0.9, .candidates = download},
    {.reasons = {REASON_OTP_PAGE_UNKNOWN}, .when = iis_page, .certainty = 0.6, .candidates = iis_error},
    {.reasons = {REASON_OTP_PAGE_BLANK, REASON_OTP_PAGE_UNKNOWN}, .certainty = 0.92, .candidates = blank},
    STATUS(403, policy_module, 0.9, module),
    STATUS(404, bare_url_fine, 0.92, removed),
};
const size_t diagnose_otp_rule_count = sizeof diagnose_otp_rules / sizeof diagnose_otp_rules[0];
