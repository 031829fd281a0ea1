/* check --otp: the page of one-time passwords, once by each scheme that the server offers and we can. */
#include "check/check.h"

#include <openssl/evp.h>
#include <strings.h>

/* A typing error must not lock an account. */
#define MAX_REFUSALS 2

#define OPENLY "without a logon"

struct visits {
    struct check *check;
    const char *url;
    unsigned fetched, refused, failed;
    char offered[256]; /* WWW-Authenticate */
};

static const struct {
    enum http_auth http;
    enum challenge_auth wanted;
    const char *name;
} schemes[] = {{HTTP_AUTH_NEGOTIATE, CHALLENGE_AUTH_NEGOTIATE, "Negotiate"},
               {HTTP_AUTH_NTLM, CHALLENGE_AUTH_NTLM, "NTLM"},
               {HTTP_AUTH_BASIC, CHALLENGE_AUTH_BASIC, "Basic"}};

/* The header lists schemes with parameters between commas: a scheme is a word at the beginning of an item. */
static bool offers(const char *header, const char *scheme)
{
    size_t len = strlen(scheme);
    for (const char *at = header; at != NULL && *at != '\0';) {
        at += strspn(at, " ,");
        if (strncasecmp(at, scheme, len) == 0 && strchr(" ,", at[len]) != NULL)
            return true;
        at = strchr(at, ',');
    }
    return false;
}

static enum reason reason_of(enum challenge_page kind)
{
    switch (kind) {
    case CHALLENGE_PAGE_PASSWORD:
        return REASON_NONE;
    case CHALLENGE_PAGE_CACHE_FULL:
        return REASON_OTP_CACHE_FULL;
    case CHALLENGE_PAGE_NO_PERMISSION:
        return REASON_OTP_NO_PERMISSION;
    case CHALLENGE_PAGE_BLANK:
        return REASON_OTP_PAGE_BLANK;
    case CHALLENGE_PAGE_LOGIN:
        return REASON_OTP_LOGIN_PAGE;
    case CHALLENGE_PAGE_IIS_ERROR:
    case CHALLENGE_PAGE_HTTPSYS_ERROR:
    case CHALLENGE_PAGE_UNKNOWN:
        break;
    }
    return REASON_OTP_PAGE_UNKNOWN;
}

static void fail(struct visits *v, const char *scheme, const struct check_page *page, enum reason reason)
{
    struct check *c = v->check;
    struct err e = page->error;
    char words[256];
    v->failed++;
    if (!err_is_set(&e) && reason != REASON_NONE)
        err_set(&e, STAGE_OTP, reason, "%s", base_reason_sentence(reason));
    check_note_failure(c, page, STAGE_OTP, err_is_set(&e) ? &e : NULL);
    const char *why =
        reason != REASON_NONE ? base_reason_sentence(reason) : check_why(page, words, sizeof words);
    check_stage(c, "otp", CHECK_CRITICAL, page->took_us, "%s: %s", scheme, why);
    check_tell(c, CHECK_CRITICAL, "OTP page %s%s: %s", strcmp(scheme, OPENLY) == 0 ? "" : "by ", scheme, why);
}

/* The page shows the MD5 of the CA certificate: another one than GetCACert's is another server. */
static const char *thumbprint_words(const struct check *c, const char *shown)
{
    for (size_t i = 0; shown[0] != '\0' && c->ca != NULL && i < scep_ca_count(c->ca); i++) {
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned len = 0;
        char hex[2 * EVP_MAX_MD_SIZE + 1];
        struct span der = pki_cert_der(scep_ca_cert(c->ca, i));
        if (EVP_Digest(der.data, der.len, digest, &len, EVP_md5(), NULL) != 1)
            return "";
        for (unsigned k = 0; k < len; k++)
            snprintf(hex + 2 * (size_t)k, 3, "%02x", digest[k]);
        if (strcasecmp(hex, shown) == 0)
            return ", for the CA of GetCACert";
    }
    return shown[0] != '\0' && c->ca != NULL ? ", for ANOTHER CA than GetCACert's" : "";
}

static void tell_password(struct visits *v, const char *scheme, const struct check_page *page,
                          const struct challenge_page_facts *facts)
{
    struct check *c = v->check;
    const char *ca = thumbprint_words(c, facts->ca_thumbprint);
    bool other = strstr(ca, "ANOTHER") != NULL;
    v->fetched++;
    check_stage(c, "otp", other ? CHECK_WARNING : CHECK_OK, page->took_us,
                "%s: a password of %zu characters, %s%s", scheme, secret_value(facts->password).len,
                facts->single_use ? "for one use" : "the same for everybody", ca);
    if (facts->validity_minutes > 0)
        check_stage(c, "otp", CHECK_OK, -1, "it takes a place in the server's cache for %u minutes",
                    facts->validity_minutes);
    if (other)
        check_tell(c, CHECK_WARNING, "the OTP page belongs to another CA than GetCACert");
}

static void read_page(struct visits *v, const char *scheme, const struct check_page *page)
{
    struct challenge_page_facts facts = {0};
    struct err e = {0};
    if (!challenge_page_read(buf_span(&page->body), &facts, &e)) {
        check_tell(v->check, CHECK_UNKNOWN, "%s", e.text);
        return;
    }
    if (facts.kind == CHALLENGE_PAGE_PASSWORD && facts.password != NULL)
        tell_password(v, scheme, page, &facts);
    else
        fail(v, scheme, page, reason_of(facts.kind));
    challenge_page_clear(&facts);
}

static void visit(struct visits *v, const char *scheme, enum http_auth auth)
{
    struct check_page page;
    const struct prelude_challenges *challenges = &v->check->challenges;
    const struct check_ask ask = {.url = v->url,
                                  .stage = STAGE_OTP,
                                  .once = true,
                                  .fresh = true,
                                  .auth = auth,
                                  .user = auth != HTTP_AUTH_NONE ? challenges->user : NULL,
                                  .password = auth != HTTP_AUTH_NONE ? challenges->secret : NULL};
    check_ask(v->check, &ask, &page);
    if (auth == HTTP_AUTH_NONE && page.status == 401) {
        snprintf(v->offered, sizeof v->offered, "%s", page.authenticate);
        check_stage(v->check, "otp", CHECK_OK, page.took_us, "the page wants a logon: %s",
                    v->offered[0] != '\0' ? v->offered : "it does not say how");
    } else if (check_answered(&page)) {
        read_page(v, scheme, &page);
    } else {
        v->refused += page.status == 401;
        fail(v, scheme, &page, page.status == 401 ? REASON_OTP_AUTH_REFUSED : REASON_NONE);
    }
    check_page_clear(&page);
}

/* In the clear only to this machine, or when it was asked for. */
static bool basic_is_safe(const struct visits *v)
{
    return strncasecmp(v->url, "https://", 8) == 0 || scenario_is_loopback(v->url) ||
           v->check->scenario->challenge.auth == CHALLENGE_AUTH_BASIC;
}

/* NULL: it can be tried. */
static const char *obstacle(const struct visits *v, size_t i)
{
    const struct prelude_challenges *challenges = &v->check->challenges;
    if (v->refused >= MAX_REFUSALS)
        return "two refused logons are enough";
    if (schemes[i].http == HTTP_AUTH_NEGOTIATE && !challenges->tickets)
        return "there is no Kerberos ticket (--user NAME@REALM, or --auth negotiate)";
    if (schemes[i].http != HTTP_AUTH_NEGOTIATE && (challenges->user == NULL || challenges->secret == NULL))
        return "it needs --user and --password-env";
    if (schemes[i].http == HTTP_AUTH_BASIC && !basic_is_safe(v))
        return "the password would go in the clear (--auth basic does it)";
    return http_can(schemes[i].http) ? NULL : "this libcurl cannot";
}

static void visit_each(struct visits *v)
{
    enum challenge_auth wanted = v->check->scenario->challenge.auth;
    unsigned tried = 0;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        bool offered = offers(v->offered, schemes[i].name);
        if (wanted != CHALLENGE_AUTH_ANY && wanted != CHALLENGE_AUTH_NONE && wanted != schemes[i].wanted)
            continue;
        if (!offered) {
            if (wanted == schemes[i].wanted)
                check_stage(v->check, "otp", CHECK_CRITICAL, -1, "%s is not offered", schemes[i].name);
            continue;
        }
        const char *why_not = obstacle(v, i);
        if (why_not != NULL) {
            check_not_tried(v->check, "OTP page by %s: %s", schemes[i].name, why_not);
            continue;
        }
        tried++;
        visit(v, schemes[i].name, schemes[i].http);
    }
    if (tried == 0) {
        struct check_page none = {.status = 401};
        fail(v, "any scheme", &none, REASON_OTP_SCHEME);
    }
}

void check_otp(struct check *c)
{
    struct visits v = {.check = c};
    struct err e = {0};
    if (!check_challenges(c, &e)) {
        check_tell(c, CHECK_UNKNOWN, "%s", e.text);
        return;
    }
    v.url = buf_text(&c->challenges.url);
    if (v.url == NULL || v.url[0] == '\0') {
        check_tell(c, CHECK_UNKNOWN, "--otp needs the page of NDES, not --challenge-env");
        return;
    }
    visit(&v, OPENLY, HTTP_AUTH_NONE);
    if (v.offered[0] != '\0')
        visit_each(&v);
    buf_appendf(&c->perfdata, " passwords=%u", v.fetched);
    if (v.fetched > 0)
        check_stage(c, "otp", CHECK_OK, -1, "this took %u password%s, which nobody will use", v.fetched,
                    v.fetched == 1 ? "" : "s");
}
