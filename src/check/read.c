/* The part of `check` that only reads: what any device asks for, and where it is when it is not where the URL says. */
#include "base/clock.h"
#include "check/check.h"
#include "scep/caps.h"

#include <stdlib.h>

#define SKEW_S 120

static void keep_time(struct check *c, const char *stage, int64_t took_us)
{
    json_object_set_new(c->timings, stage, json_real((double)took_us / 1e3));
}

static const char *mode_of(int status)
{
    return status == 200   ? ": an NDES with one-time passwords, or another SCEP server"
           : status == 403 ? ": as with Intune's policy module"
                           : "";
}

/* Alive is who answers; what, differs between servers (Go ones say 500 here). */
static bool read_bare(struct check *c, int *status)
{
    struct check_page page;
    char words[256];
    check_get(c, NULL, NULL, STAGE_SETUP, &page);
    bool reached = !err_is_set(&page.error);
    check_why(&page, words, sizeof words);
    check_stage(c, "url", reached ? CHECK_OK : CHECK_CRITICAL, page.took_us, "%s%s%s%s", words,
                page.server[0] != '\0' ? " by " : "", page.server, reached ? mode_of(page.status) : "");
    keep_time(c, "url", page.took_us);
    c->target.bare_url_status = *status = page.status;
    snprintf(c->target.server_header, sizeof c->target.server_header, "%s", page.server);
    if (!reached) {
        bool ours = page.error.reason == REASON_GENERATOR_LIMIT || page.error.reason == REASON_NO_MEMORY;
        check_tell(c, ours ? CHECK_UNKNOWN : CHECK_CRITICAL, "not reached: %s", words);
        check_note_failure(c, &page, STAGE_GET_CA_CAPS, NULL);
    }
    check_page_clear(&page);
    return reached;
}

/* A Date is whole seconds and a moment old; half a minute and more is a clock that is wrong. */
static void judge_date(struct check *c, const struct check_page *page)
{
    if (!page->has_date)
        return;
    int64_t skew = page->date_s - clock_wall_us() / 1000000;
    bool wrong = llabs(skew) > SKEW_S;
    c->target.has_date_skew = true;
    c->target.date_skew_s = skew;
    check_stage(c, "clock", wrong ? CHECK_WARNING : CHECK_OK, -1,
                "the server's clock is %lld s %s this one's", (long long)llabs(skew),
                skew < 0 ? "behind" : "ahead of");
    if (wrong)
        check_tell(c, CHECK_WARNING, "the clocks of server and client are %lld s apart",
                   (long long)llabs(skew));
}

static void keep_caps(struct outcome_target *t, const struct span *found, size_t count)
{
    for (size_t i = 0; i < count; i++)
        snprintf(t->caps[i], sizeof t->caps[0], "%.*s", (int)(found[i].len < 31 ? found[i].len : 31),
                 (const char *)found[i].data);
    t->cap_count = count;
}

static void read_caps(struct check *c, int *status)
{
    struct check_page page;
    struct span found[OUTCOME_MAX_CAPS];
    char words[256], list[OUTCOME_MAX_CAPS * 33 + 1] = "";
    check_get(c, "GetCACaps", NULL, STAGE_GET_CA_CAPS, &page);
    *status = page.status;
    bool html = check_answered(&page) && check_is_html(&page); /* as when the query was lost on the way */
    bool good = check_answered(&page) && !html;
    size_t count = good ? scep_caps_words(buf_span(&page.body), found, OUTCOME_MAX_CAPS) : 0;
    keep_caps(&c->target, found, count);
    for (size_t i = 0, at = 0; i < count; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i > 0 ? " " : "", c->target.caps[i]);
    check_stage(c, "GetCACaps", good ? CHECK_OK : CHECK_WARNING, page.took_us, "%s%s",
                count > 0 ? list : check_why(&page, words, sizeof words),
                html ? ": a page, no capabilities" : "");
    keep_time(c, "get_ca_caps", page.took_us);
    if (!good) {
        check_tell(c, CHECK_WARNING, "GetCACaps: %s", check_why(&page, words, sizeof words));
        if (!html)
            check_note_failure(c, &page, STAGE_GET_CA_CAPS, NULL);
    }
    buf_appendf(&c->perfdata, " caps=%zu get_ca_caps=%.3fs", count, (double)page.took_us / 1e6);
    judge_date(c, &page);
    check_page_clear(&page);
}

/* What NDES wants of its own certificates; other servers have no RA, or one without purposes. */
static void judge_purposes(struct check *c)
{
    for (size_t i = 0; i < scep_ca_count(c->ca); i++) {
        enum scep_role role = scep_ca_role(c->ca, i);
        const struct pki_cert *cert = scep_ca_cert(c->ca, i);
        if ((role == SCEP_ROLE_RA_SIGN || role == SCEP_ROLE_RA_ENCRYPT) &&
            !pki_cert_has_eku(cert, PKI_EKU_CERT_REQUEST_AGENT))
            check_stage(c, "GetCACert", CHECK_OK, -1,
                        "the %s certificate is for no certificate request agent: NDES would not use it",
                        scep_role_name(role));
    }
}

static void judge_ca(struct check *c, const struct check_page *page)
{
    int64_t now_s = clock_wall_us() / 1000000, least = INT64_MAX;
    struct err e = {0};
    check_stage(c, "GetCACert", CHECK_OK, page->took_us, "%zu certificates", scep_ca_count(c->ca));
    for (size_t i = 0; i < scep_ca_count(c->ca); i++) {
        int64_t days =
            check_certificate(c, scep_ca_cert(c->ca, i), scep_role_name(scep_ca_role(c->ca, i)), now_s);
        least = days < least ? days : least;
    }
    judge_purposes(c);
    if (!scep_ca_check(c->ca, now_s, &e)) {
        check_tell(c, CHECK_CRITICAL, "GetCACert: %s", e.text);
        check_note_failure(c, page, STAGE_GET_CA_CERT, &e);
    }
    if (least != INT64_MAX)
        buf_appendf(&c->perfdata, " days_left=%lld;%lld:;%lld:", (long long)least,
                    (long long)c->options.warn_days, (long long)c->options.crit_days);
}

static void read_ca(struct check *c)
{
    struct check_page page;
    struct err e = {0};
    char words[256];
    check_get(c, "GetCACert", NULL, STAGE_GET_CA_CERT, &page);
    buf_appendf(&c->perfdata, " get_ca_cert=%.3fs", (double)page.took_us / 1e6);
    keep_time(c, "get_ca_cert", page.took_us);
    if (!check_answered(&page)) {
        check_stage(c, "GetCACert", CHECK_CRITICAL, page.took_us, "%s",
                    check_why(&page, words, sizeof words));
        check_tell(c, CHECK_CRITICAL, "GetCACert: %s", check_why(&page, words, sizeof words));
        check_note_failure(c, &page, STAGE_GET_CA_CERT, NULL);
    } else if (!scep_ca_parse(buf_span(&page.body), &c->ca, &e)) {
        const char *why = e.text[0] != '\0' ? e.text : base_reason_sentence(e.reason);
        check_stage(c, "GetCACert", CHECK_CRITICAL, page.took_us, "%s", why);
        check_tell(c, CHECK_CRITICAL, "GetCACert: %s", why);
        check_note_failure(c, &page, STAGE_GET_CA_CERT, &e);
    } else {
        judge_ca(c, &page);
    }
    check_page_clear(&page);
}

/* Where NDES usually is. The admin folder is asked for GetCACaps: that makes no password, even where nobody asks for a logon. */
static void try_siblings(struct check *c)
{
    static const char *const paths[] = {"/certsrv/mscep/mscep.dll?operation=GetCACaps",
                                        "/certsrv/mscep/?operation=GetCACaps",
                                        "/certsrv/mscep_admin/mscep.dll?operation=GetCACaps"};
    const char *base = c->scenario->target.url, *host = strstr(base, "://");
    size_t origin = host != NULL ? (size_t)(host + 3 - base) + strcspn(host + 3, "/?#") : 0;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct check_page page;
        char url[2200], words[256];
        snprintf(url, sizeof url, "%.*s%s", (int)origin, base, paths[i]);
        const struct check_ask ask = {.url = url, .stage = STAGE_GET_CA_CAPS};
        check_ask(c, &ask, &page);
        const char *meaning = page.status == 404      ? "it is not there either"
                              : page.status == 401    ? "it is there and wants a logon"
                              : check_answered(&page) ? "it is there: is the URL mistyped?"
                                                      : "no help";
        check_stage(c, "sibling", CHECK_OK, page.took_us, "%.*s: %s by %s: %s", (int)strcspn(paths[i], "?"),
                    paths[i], check_why(&page, words, sizeof words), check_who(&page), meaning);
        check_page_clear(&page);
    }
}

bool check_read(struct check *c)
{
    int bare = 0, caps = 0;
    snprintf(c->target.url, sizeof c->target.url, "%s", c->scenario->target.url);
    if (!read_bare(c, &bare))
        return false;
    read_caps(c, &caps);
    read_ca(c);
    if (caps == 404 || (bare == 404 && c->ca == NULL))
        try_siblings(c);
    return true;
}
