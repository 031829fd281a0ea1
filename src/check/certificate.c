/* Certificates as `check` tells them, and the revocation lists that they name. */
#include "base/clock.h"
#include "base/text.h"
#include "check/check.h"
#include "pki/crl.h"
#include "pki/purpose.h"

#include <openssl/x509v3.h>

#define DAY_S    86400
#define MAX_CRLS 8
#define MAX_URL  512

/* ---- one certificate ---- */

static const char *name_text(struct span name, char *out, size_t out_bytes)
{
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, BYTES_MAX_MESSAGE);
    bool ok = pki_name_to_text(name, &text, &ignored) && buf_text(&text) != NULL;
    snprintf(out, out_bytes, "%s", ok ? buf_text(&text) : "?");
    buf_clear(&text);
    return out;
}

static void fill(struct outcome_target_cert *out, const struct pki_cert *cert, const char *role)
{
    struct span serial = pki_cert_serial(cert);
    snprintf(out->role, sizeof out->role, "%s", role);
    name_text(pki_cert_subject(cert), out->subject, sizeof out->subject);
    name_text(pki_cert_issuer(cert), out->issuer, sizeof out->issuer);
    text_hex(span_of(pki_cert_sha256(cert), 32), false, out->sha256);
    if (serial.len <= 32)
        text_hex(serial, false, out->serial);
    out->not_before = pki_cert_not_before(cert);
    out->not_after = pki_cert_not_after(cert);
}

/* "digitalSignature; certificateRequestAgent" */
static const char *purpose_text(const struct pki_cert *cert, char *out, size_t out_bytes)
{
    struct buf text;
    unsigned bits = 0;
    buf_init(&text, 4096);
    if (pki_cert_key_usage(cert, &bits))
        pki_key_usage_text(bits, &text);
    size_t usage = text.len;
    buf_append_text(&text, usage > 0 ? "; " : "");
    size_t before = text.len;
    if (pki_cert_has_eku(cert, PKI_EKU_CERT_REQUEST_AGENT))
        buf_append_text(&text, "certificate request agent");
    else
        pki_eku_text(cert, &text);
    if (text.len == before)
        text.len = usage;
    snprintf(out, out_bytes, "%.*s", (int)text.len, text.data != NULL ? (const char *)text.data : "");
    buf_clear(&text);
    return out;
}

static void date_text(int64_t unix_s, char out[32])
{
    text_utc(unix_s * 1000000, out, 32);
    out[10] = '\0';
}

static void keep_row(struct check *c, const struct outcome_target_cert *cert, const char *purpose,
                     int64_t days)
{
    char from[32], until[32];
    date_text(cert->not_before, from);
    date_text(cert->not_after, until);
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s?}", "role", cert->role, "subject",
                  cert->subject, "issuer", cert->issuer, "serial", cert->serial, "not_before", from,
                  "not_after", until, "sha256", cert->sha256, "purpose", purpose, "days_left",
                  (json_int_t)days, "expires_at", (json_int_t)cert->not_after, "node", c->node);
    if (row != NULL) /* not, when a name is no UTF-8 */
        json_array_append_new(c->certificates, row);
}

int64_t check_certificate(struct check *c, const struct pki_cert *cert, const char *role, int64_t now_s)
{
    struct outcome_target_cert facts = {0};
    char until[32], purpose[200];
    int64_t days = (pki_cert_not_after(cert) - now_s) / DAY_S;
    bool expired = pki_cert_not_after(cert)<now_s, early = pki_cert_not_before(cert)> now_s;
    fill(&facts, cert, role);
    if (strcmp(role, "tls") != 0 && c->target.cert_count < OUTCOME_MAX_CERTS)
        c->target.certs[c->target.cert_count++] = facts;
    purpose_text(cert, purpose, sizeof purpose);
    date_text(facts.not_after, until);
    buf_appendf(&c->lines, "  certificate  %-13s %s, until %s, %s", role, facts.subject, until,
                expired ? "EXPIRED" : "");
    if (!expired)
        buf_appendf(&c->lines, "%lld days left", (long long)days);
    buf_appendf(&c->lines, "%s%s%s; issued by %s\n", early ? ", NOT YET VALID" : "",
                purpose[0] != '\0' ? "; for " : "", purpose, facts.issuer);
    keep_row(c, &facts, purpose, days);
    if (expired)
        check_tell(c, CHECK_CRITICAL, "the %s certificate has expired", role);
    else if (early)
        check_tell(c, CHECK_CRITICAL, "the %s certificate is not valid yet", role);
    else if (days < c->options.warn_days || days < c->options.crit_days)
        check_tell(c, days < c->options.crit_days ? CHECK_CRITICAL : CHECK_WARNING,
                   "the %s certificate expires in %lld days", role, (long long)days);
    return days;
}

/* ---- revocation lists ---- */

struct crl_urls {
    char items[MAX_CRLS][MAX_URL];
    size_t count, others; /* others: ldap and the like */
};

static void add_url(struct crl_urls *urls, const ASN1_STRING *text)
{
    const char *at = (const char *)ASN1_STRING_get0_data(text);
    size_t len = (size_t)ASN1_STRING_length(text);
    if (len < 8 || len >= MAX_URL || strncmp(at, "http://", 7) != 0 || memchr(at, '\0', len) != NULL) {
        urls->others++;
        return;
    }
    for (size_t i = 0; i < urls->count; i++) {
        if (strlen(urls->items[i]) == len && memcmp(urls->items[i], at, len) == 0)
            return;
    }
    if (urls->count < MAX_CRLS)
        snprintf(urls->items[urls->count++], MAX_URL, "%.*s", (int)len, at);
}

static void add_points(struct crl_urls *urls, const struct pki_cert *cert)
{
    struct span der = pki_cert_der(cert);
    const unsigned char *at = der.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
    CRL_DIST_POINTS *points =
        x509 != NULL ? X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL) : NULL;
    for (int i = 0; points != NULL && i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT *point = sk_DIST_POINT_value(points, i);
        if (point->distpoint == NULL || point->distpoint->type != 0)
            continue;
        const GENERAL_NAMES *names = point->distpoint->name.fullname;
        for (int k = 0; k < sk_GENERAL_NAME_num(names); k++) {
            const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, k);
            if (name->type == GEN_URI)
                add_url(urls, name->d.uniformResourceIdentifier);
        }
    }
    CRL_DIST_POINTS_free(points);
    X509_free(x509);
}

/* Permission covers the target, not whatever its certificates name. */
static bool may_ask(const struct check *c, const char *url)
{
    size_t len = strlen(c->place.host);
    return scenario_is_loopback(url) || (len > 0 && strncmp(url + 7, c->place.host, len) == 0 &&
                                         (url[7 + len] == '/' || url[7 + len] == ':'));
}

static void judge_crl(struct check *c, const char *url, const struct check_page *page)
{
    struct pki_crl *crl = NULL;
    struct err e = {0};
    char next[32] = "it does not say when";
    if (!pki_crl_from_der(buf_span(&page->body), &crl, &e)) {
        check_stage(c, "crl", CHECK_WARNING, page->took_us, "%s is no revocation list", url);
        check_tell(c, CHECK_WARNING, "%s is no revocation list", url);
        return;
    }
    bool stale = pki_crl_next_update(crl) < clock_wall_us() / 1000000;
    if (pki_crl_next_update(crl) != INT64_MAX)
        date_text(pki_crl_next_update(crl), next);
    check_stage(c, "crl", stale ? CHECK_WARNING : CHECK_OK, page->took_us,
                "%s has %zu entries, next update %s%s", url, pki_crl_count(crl), next,
                stale ? ": OVERDUE" : "");
    if (stale)
        check_tell(c, CHECK_WARNING, "the revocation list %s is overdue: NDES does not start without", url);
    pki_crl_free(crl);
}

static void try_crl(struct check *c, const char *url)
{
    struct check_page page;
    char words[256];
    const struct check_ask ask = {.url = url, .stage = STAGE_GET_CRL};
    if (!may_ask(c, url)) {
        check_not_tried(c, "%s: a revocation list on another host than the target", url);
        return;
    }
    check_ask(c, &ask, &page);
    if (check_answered(&page)) {
        judge_crl(c, url, &page);
    } else {
        check_stage(c, "crl", CHECK_WARNING, page.took_us, "%s: %s", url,
                    check_why(&page, words, sizeof words));
        check_tell(c, CHECK_WARNING, "the revocation list %s is out of reach", url);
    }
    check_page_clear(&page);
}

void check_crls(struct check *c)
{
    struct crl_urls *urls = calloc(1, sizeof *urls);
    if (urls == NULL || c->ca == NULL) {
        free(urls);
        return;
    }
    for (size_t i = 0; i < scep_ca_count(c->ca); i++)
        add_points(urls, scep_ca_cert(c->ca, i));
    for (size_t i = 0; i < urls->count; i++)
        try_crl(c, urls->items[i]);
    if (urls->others > 0)
        check_not_tried(c, "%zu revocation lists by other means than http", urls->others);
    free(urls);
}
