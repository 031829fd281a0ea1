/* check --probe: what the way and the server make of requests that are no messages. Their message is garbage, so no password is
 * looked at and nothing is enrolled: NDES answers such a thing with 200 and a page. */
#include "check/check.h"

#define SHORTEST    64
#define LONGEST     30000 /* a published validator asks for 31 kB */
#define MESSAGE_GET 8192  /* messages are shorter, as a rule */
#define POST_BYTES  8192

struct trials {
    struct check *check;
    struct buf url;
    int expected; /* the status of a short one */
};

static void send_get(struct trials *t, size_t query_bytes, const char *tail, struct check_page *page)
{
    static const char head[] = "operation=PKIOperation&message=";
    const char *base = t->check->scenario->target.url;
    size_t fill =
        query_bytes > sizeof head - 1 + strlen(tail) ? query_bytes - (sizeof head - 1) - strlen(tail) : 0;
    buf_reset(&t->url);
    buf_appendf(&t->url, "%s%c%s", base, strchr(base, '?') == NULL ? '?' : '&', head);
    uint8_t *at = buf_reserve(&t->url, fill);
    if (at != NULL) {
        memset(at, 'A', fill);
        t->url.len += fill;
    }
    buf_append_text(&t->url, tail);
    const struct check_ask ask = {.url = buf_text(&t->url), .stage = STAGE_PKI_OPERATION, .fresh = true};
    check_ask(t->check, &ask, page);
}

static void send_post(struct trials *t, size_t bytes, struct check_page *page)
{
    uint8_t body[POST_BYTES];
    const char *base = t->check->scenario->target.url;
    memset(body, 'A', sizeof body);
    buf_reset(&t->url);
    buf_appendf(&t->url, "%s%coperation=PKIOperation", base, strchr(base, '?') == NULL ? '?' : '&');
    const struct check_ask ask = {.url = buf_text(&t->url),
                                  .method = HTTP_POST,
                                  .body = span_of(body, bytes),
                                  .stage = STAGE_PKI_OPERATION,
                                  .fresh = true};
    check_ask(t->check, &ask, page);
}

static bool as_expected(const struct trials *t, const struct check_page *page)
{
    return !err_is_set(&page->error) && page->status == t->expected;
}

/* A failure of the read-only part says more. */
static void note(struct trials *t, const struct check_page *page)
{
    struct check *c = t->check;
    if (err_is_set(&c->failure.error))
        return;
    check_note_failure(c, page, STAGE_PKI_OPERATION, NULL);
    buf_reset(&c->failed_url);
    buf_append_span(&c->failed_url, buf_span(&t->url));
}

/* The longest query that gets through, between one that does and one that does not. */
static size_t bisect(struct trials *t, size_t good, size_t bad, struct check_page *last)
{
    for (unsigned i = 0; i < 20 && bad - good > 1; i++) {
        size_t middle = good + (bad - good) / 2;
        struct check_page page;
        send_get(t, middle, "", &page);
        if (as_expected(t, &page)) {
            good = middle;
            check_page_clear(&page);
        } else {
            bad = middle;
            check_page_clear(last);
            *last = page;
        }
    }
    return good;
}

/* What has this limit by default. `path_bytes`: of the URL before the query. */
static const char *default_of(size_t good, size_t path_bytes)
{
    return good == 2048                    ? ": the default of IIS's maxQueryString"
           : good + path_bytes + 1 == 4096 ? ": the default of IIS's maxUrl"
           : good > 15000 && good <= 16384 ? ": the default of HTTP.sys's MaxFieldLength and MaxRequestBytes"
                                           : "";
}

static size_t path_bytes(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    return path != NULL ? strcspn(path, "?#") : 0;
}

static void tell_limit(struct trials *t, size_t good, struct check_page *refused)
{
    struct check *c = t->check;
    char words[256];
    bool short_of = good < MESSAGE_GET;
    check_why(refused, words, sizeof words);
    check_stage(c, "GET length", short_of ? CHECK_WARNING : CHECK_OK, -1,
                "a query of %zu bytes gets through, one more is %s by %s%s", good, words, check_who(refused),
                default_of(good, path_bytes(c->scenario->target.url)));
    json_object_set_new(c->limits, "get_query_bytes", json_integer((json_int_t)good));
    buf_appendf(&c->perfdata, " get_query_bytes=%zu", good);
    if (!short_of)
        return;
    check_tell(c, CHECK_WARNING, "GET breaks above a query of %zu bytes: %s by %s", good, words,
               check_who(refused));
    struct check_page again;
    send_get(t, good + 1, "", &again); /* so that URL and answer belong together */
    note(t, as_expected(t, &again) ? refused : &again);
    check_page_clear(&again);
}

static void try_lengths(struct trials *t)
{
    struct check_page page;
    send_get(t, LONGEST, "", &page);
    if (as_expected(t, &page)) {
        check_stage(t->check, "GET length", CHECK_OK, page.took_us, "queries of up to %d bytes get through",
                    LONGEST);
        json_object_set_new(t->check->limits, "get_query_bytes", json_integer(LONGEST));
    } else {
        size_t good = bisect(t, SHORTEST, LONGEST, &page);
        tell_limit(t, good, &page);
    }
    check_page_clear(&page);
}

static void try_escapes(struct trials *t)
{
    struct check_page page;
    char words[256];
    send_get(t, 2 * SHORTEST, "%2B%2F%3D%3D", &page);
    bool ok = as_expected(t, &page);
    check_stage(t->check, "GET escapes", ok ? CHECK_OK : CHECK_WARNING, page.took_us,
                "the escaped + / = of base64 %s%s",
                ok ? "get through" : "are refused: ", ok ? "" : check_why(&page, words, sizeof words));
    if (!ok) {
        check_tell(t->check, CHECK_WARNING, "escaped characters of messages are refused by %s",
                   check_who(&page));
        note(t, &page);
    }
    check_page_clear(&page);
}

/* Somebody read it, and did not like it: NDES says 200, others 400 or 500. IIS and HTTP.sys answer for an NDES that is ill. */
static bool is_read(const struct check_page *page)
{
    bool for_ndes = strcmp(check_who(page), "IIS") == 0 || strcmp(check_who(page), "HTTP.sys") == 0;
    return !err_is_set(&page->error) &&
           (page->status == 200 || (!for_ndes && (page->status == 400 || page->status == 500)));
}

static void try_get(struct trials *t, int *status)
{
    struct check_page page;
    char words[256];
    send_get(t, SHORTEST, "", &page);
    t->expected = *status = page.status;
    bool taken = is_read(&page);
    check_stage(t->check, "GET", CHECK_OK, page.took_us, "a message that is garbage is answered %s by %s",
                check_why(&page, words, sizeof words), check_who(&page));
    check_page_clear(&page);
    if (taken) {
        try_escapes(t);
        try_lengths(t);
    } else {
        check_not_tried(t->check, "the length of GETs: not even a short one gets through");
    }
}

static void try_post(struct trials *t, int get_status)
{
    struct check_page page;
    char words[256];
    send_post(t, SHORTEST, &page);
    int small = page.status;
    check_stage(t->check, "POST", CHECK_OK, page.took_us, "a message that is garbage is answered %s by %s",
                check_why(&page, words, sizeof words), check_who(&page));
    if (get_status == 200 && (err_is_set(&page.error) || small != 200)) {
        check_tell(t->check, CHECK_WARNING, "PKIOperation works by GET, not by POST: HTTP %d by %s", small,
                   check_who(&page));
        note(t, &page);
    }
    bool taken = is_read(&page);
    check_page_clear(&page);
    if (!taken) {
        check_not_tried(t->check, "the length of POSTs: not even a short one gets through");
        return;
    }
    send_post(t, POST_BYTES, &page);
    if (err_is_set(&page.error) || page.status != small) {
        check_stage(t->check, "POST length", CHECK_WARNING, page.took_us, "%d bytes are answered %s by %s",
                    POST_BYTES, check_why(&page, words, sizeof words), check_who(&page));
        check_tell(t->check, CHECK_WARNING, "POST breaks at %d bytes: %s by %s", POST_BYTES, words,
                   check_who(&page));
        note(t, &page);
    } else {
        check_stage(t->check, "POST length", CHECK_OK, page.took_us, "%d bytes get through", POST_BYTES);
    }
    check_page_clear(&page);
}

void check_probe(struct check *c)
{
    struct trials t = {.check = c};
    int get_status = 0;
    buf_init(&t.url, BYTES_MAX_MESSAGE);
    try_get(&t, &get_status);
    try_post(&t, get_status);
    buf_clear(&t.url);
    check_made_up_password(c);
}
