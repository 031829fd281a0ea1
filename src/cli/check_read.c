/* The part of `check` that only reads: three GETs, one after the other. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/check.h"
#include "device/device.h"
#include "http/http.h"
#include "scep/caps.h"

#define TIMEOUT_US INT64_C(20000000)
#define DAY_S      86400
#define MAX_CAPS   24
#define USER_AGENT "scepstorm/" SCEPSTORM_VERSION

/* What came of one GET. */
struct page {
    struct err error;
    int status;
    char server[64], location[256];
    struct buf body;
    int64_t took_us;
};

struct reader {
    struct check *check;
    uv_loop_t loop;
    struct http *http;
    struct http_session *session;
};

static void on_page(void *user, struct http_response *r)
{
    struct page *page = user;
    page->error = r->error;
    page->status = r->status;
    page->took_us = r->timing.total_us;
    snprintf(page->server, sizeof page->server, "%s", r->server);
    snprintf(page->location, sizeof page->location, "%s", r->location);
    buf_clear(&page->body);
    page->body = r->body;
    r->body = (struct buf){0};
}

static void get(struct reader *r, const char *operation, enum stage stage, struct page *page)
{
    const char *base = r->check->scenario->target.url;
    char url[2200];
    *page = (struct page){0};
    if (operation == NULL)
        snprintf(url, sizeof url, "%s", base);
    else
        snprintf(url, sizeof url, "%s%coperation=%s", base, strchr(base, '?') == NULL ? '?' : '&', operation);
    const struct http_request request = {.url = url,
                                         .user_agent = USER_AGENT,
                                         .timeout_us = TIMEOUT_US,
                                         .max_body = BYTES_MAX_MESSAGE,
                                         .stage = stage};
    if (http_send(r->session, &request, on_page, page, &page->error))
        uv_run(&r->loop, UV_RUN_DEFAULT); /* until nothing is outstanding */
}

static const char *why(const struct page *page, char *out, size_t out_bytes)
{
    if (err_is_set(&page->error))
        snprintf(out, out_bytes, "%s",
                 page->error.text[0] != '\0' ? page->error.text : base_reason_sentence(page->error.reason));
    else
        snprintf(out, out_bytes, "HTTP %d (%s)", page->status,
                 outcome_body_id(device_classify_body(page->server, buf_span(&page->body))));
    return out;
}

static bool answered(const struct page *page)
{
    return !err_is_set(&page->error) && page->status == 200;
}

/* As a device would book it; `e`: what is wrong with the answer, NULL: the page's own error or status. */
static void note_failure(struct check *c, const struct page *page, enum stage stage, const struct err *e)
{
    struct outcome *o = &c->failure;
    *o = (struct outcome){.end = OUTCOME_FAILED, .finished_us = page->took_us, .fail_info = -1};
    o->http_status = page->status;
    o->body =
        page->status == 0 ? OUTCOME_BODY_NONE : device_classify_body(page->server, buf_span(&page->body));
    snprintf(o->server, sizeof o->server, "%s", page->server);
    if (e != NULL)
        o->error = *e;
    else if (err_is_set(&page->error))
        o->error = page->error;
    else if (page->status >= 300 && page->status < 400)
        err_set(&o->error, stage, REASON_REDIRECTED, "HTTP %d to %s", page->status, page->location);
    else
        err_set(&o->error, stage, REASON_HTTP_STATUS, "HTTP %d", page->status);
    o->error.stage = o->error.stage == STAGE_NONE ? stage : o->error.stage;
}

/* Alive is who answers; what, differs between servers (Go ones say 500 here). */
static bool read_bare(struct reader *r)
{
    struct page page;
    char words[256];
    get(r, NULL, STAGE_SETUP, &page);
    bool reached = !err_is_set(&page.error);
    why(&page, words, sizeof words);
    buf_appendf(&r->check->lines, "  url          %s%s%s\n", words, page.server[0] != '\0' ? " by " : "",
                page.server);
    r->check->target.bare_url_status = page.status;
    if (!reached) {
        bool ours = page.error.reason == REASON_GENERATOR_LIMIT || page.error.reason == REASON_NO_MEMORY;
        check_tell(r->check, ours ? CHECK_UNKNOWN : CHECK_CRITICAL, "not reached: %s", words);
        note_failure(r->check, &page, STAGE_GET_CA_CAPS, NULL);
    }
    buf_clear(&page.body);
    return reached;
}

static void read_caps(struct reader *r)
{
    struct page page;
    struct span found[MAX_CAPS];
    char words[256];
    get(r, "GetCACaps", STAGE_GET_CA_CAPS, &page);
    size_t count = answered(&page) ? scep_caps_words(buf_span(&page.body), found, MAX_CAPS) : 0;
    buf_append_text(&r->check->lines, "  GetCACaps    ");
    for (size_t i = 0; i < count; i++)
        buf_appendf(&r->check->lines, "%s%.*s", i > 0 ? " " : "",
                    (int)(found[i].len < 40 ? found[i].len : 40), (const char *)found[i].data);
    buf_appendf(&r->check->lines, "%s\n", count > 0 ? "" : why(&page, words, sizeof words));
    if (!answered(&page)) {
        check_tell(r->check, CHECK_WARNING, "GetCACaps: %s", why(&page, words, sizeof words));
        note_failure(r->check, &page, STAGE_GET_CA_CAPS, NULL);
    }
    buf_appendf(&r->check->perfdata, " caps=%zu get_ca_caps=%.3fs", count, (double)page.took_us / 1e6);
    buf_clear(&page.body);
}

static void note_certificate(struct outcome_target *t, const struct pki_cert *cert, enum scep_role role,
                             const char *subject)
{
    if (t->cert_count == OUTCOME_MAX_CERTS)
        return;
    struct outcome_target_cert *noted = &t->certs[t->cert_count++];
    snprintf(noted->role, sizeof noted->role, "%s", scep_role_name(role));
    snprintf(noted->subject, sizeof noted->subject, "%s", subject != NULL ? subject : "");
    noted->not_before = pki_cert_not_before(cert);
    noted->not_after = pki_cert_not_after(cert);
}

/* Returns the days left. */
static int64_t tell_certificate(struct check *c, const struct pki_cert *cert, enum scep_role role,
                                int64_t now_s)
{
    struct buf subject;
    struct err ignored = {0};
    char until[40];
    int64_t days = (pki_cert_not_after(cert) - now_s) / DAY_S;
    buf_init(&subject, BYTES_MAX_MESSAGE);
    if (!pki_name_to_text(pki_cert_subject(cert), &subject, &ignored))
        buf_reset(&subject);
    const char *name = buf_text(&subject);
    note_certificate(&c->target, cert, role, name);
    text_utc(pki_cert_not_after(cert) * 1000000, until, sizeof until);
    until[10] = '\0';
    bool expired = pki_cert_not_after(cert) < now_s;
    buf_appendf(&c->lines, "  certificate  %-13s %s, until %s, %s", scep_role_name(role),
                name != NULL ? name : "", until, expired ? "EXPIRED" : "");
    if (!expired)
        buf_appendf(&c->lines, "%lld days left", (long long)days);
    buf_append_byte(&c->lines, '\n');
    json_t *row = json_pack("{s:s, s:s?, s:s, s:I}", "role", scep_role_name(role), "subject", name,
                            "not_after", until, "days_left", (json_int_t)days);
    if (row != NULL) /* not, when the name is no UTF-8 */
        json_array_append_new(c->certificates, row);
    if (expired)
        check_tell(c, CHECK_CRITICAL, "the %s certificate has expired", scep_role_name(role));
    else if (days < c->options.warn_days || days < c->options.crit_days)
        check_tell(c, days < c->options.crit_days ? CHECK_CRITICAL : CHECK_WARNING,
                   "the %s certificate expires in %lld days", scep_role_name(role), (long long)days);
    buf_clear(&subject);
    return days;
}

static void judge_ca(struct check *c, const struct page *page, const struct scep_ca *ca)
{
    int64_t now_s = clock_wall_us() / 1000000, least = INT64_MAX;
    struct err e = {0};
    for (size_t i = 0; i < scep_ca_count(ca); i++) {
        int64_t days = tell_certificate(c, scep_ca_cert(ca, i), scep_ca_role(ca, i), now_s);
        least = days < least ? days : least;
    }
    if (!scep_ca_check(ca, now_s, &e)) {
        check_tell(c, CHECK_CRITICAL, "GetCACert: %s", e.text);
        note_failure(c, page, STAGE_GET_CA_CERT, &e);
    }
    if (least != INT64_MAX)
        buf_appendf(&c->perfdata, " days_left=%lld;%lld:;%lld:", (long long)least,
                    (long long)c->options.warn_days, (long long)c->options.crit_days);
}

static void read_ca(struct reader *r)
{
    struct page page;
    struct scep_ca *ca = NULL;
    struct err e = {0};
    char words[256];
    get(r, "GetCACert", STAGE_GET_CA_CERT, &page);
    buf_appendf(&r->check->perfdata, " get_ca_cert=%.3fs", (double)page.took_us / 1e6);
    if (!answered(&page)) {
        check_tell(r->check, CHECK_CRITICAL, "GetCACert: %s", why(&page, words, sizeof words));
        note_failure(r->check, &page, STAGE_GET_CA_CERT, NULL);
    } else if (!scep_ca_parse(buf_span(&page.body), &ca, &e)) {
        check_tell(r->check, CHECK_CRITICAL, "GetCACert: %s",
                   e.text[0] != '\0' ? e.text : base_reason_sentence(e.reason));
        note_failure(r->check, &page, STAGE_GET_CA_CERT, &e);
    } else {
        judge_ca(r->check, &page, ca);
    }
    scep_ca_free(ca);
    buf_clear(&page.body);
}

bool check_read(struct check *c)
{
    struct reader r = {.check = c};
    struct err e = {0};
    bool reached = false;
    if (uv_loop_init(&r.loop) != 0) {
        check_tell(c, CHECK_UNKNOWN, "cannot make an event loop");
        return false;
    }
    const char *proxy = c->scenario->target.proxy;
    if (http_new(&r.loop, c->scenario->target.ca_file, &r.http, &e) &&
        (proxy == NULL || http_set_proxy(r.http, proxy, &e)) && http_session_new(r.http, &r.session, &e)) {
        reached = read_bare(&r);
        if (reached) {
            read_caps(&r);
            read_ca(&r);
        }
    } else {
        check_tell(c, CHECK_UNKNOWN, "%s", e.text);
    }
    http_session_free(r.session);
    http_free(r.http);
    uv_run(&r.loop, UV_RUN_DEFAULT);
    uv_loop_close(&r.loop);
    return reached;
}
