/* NDES's page, mscep_admin: one GET, one password. */
#include "engine/supply_web.h"

#define MINUTE_US INT64_C(60000000)

static bool prepare(const struct supply_web_config *config, const struct challenge_device *device,
                    struct challenge_request *out, struct err *e)
{
    (void)device;
    buf_init(&out->url, BYTES_MAX_MESSAGE);
    buf_append_text(&out->url, config->url);
    return buf_ok(&out->url, STAGE_OTP, e);
}

static void set_words(const struct challenge_page_facts *page, size_t bytes, struct err *e)
{
    const char *title = page->title[0] != '\0' ? page->title : "no title";
    switch (page->kind) {
    case CHALLENGE_PAGE_PASSWORD:
        break;
    case CHALLENGE_PAGE_CACHE_FULL:
        err_set(e, STAGE_OTP, REASON_OTP_CACHE_FULL, "the page says that the cache of %u passwords is full",
                page->cache_size);
        break;
    case CHALLENGE_PAGE_NO_PERMISSION:
        err_set(e, STAGE_OTP, REASON_OTP_NO_PERMISSION, "the page says that the account may not enroll");
        break;
    case CHALLENGE_PAGE_BLANK:
        err_set(e, STAGE_OTP, REASON_OTP_PAGE_BLANK, "HTTP 200 with a blank page");
        break;
    case CHALLENGE_PAGE_LOGIN:
        err_set(e, STAGE_OTP, REASON_OTP_LOGIN_PAGE, "HTTP 200 with a login page: %s", title);
        break;
    case CHALLENGE_PAGE_IIS_ERROR:
        err_set(e, STAGE_OTP, REASON_OTP_PAGE_UNKNOWN, "HTTP 200 with an error page of IIS: %s", title);
        break;
    case CHALLENGE_PAGE_HTTPSYS_ERROR:
        err_set(e, STAGE_OTP, REASON_OTP_PAGE_UNKNOWN, "HTTP 200 with an error page of HTTP.sys: %s", title);
        break;
    case CHALLENGE_PAGE_UNKNOWN:
        err_set(e, STAGE_OTP, REASON_OTP_PAGE_UNKNOWN,
                "HTTP 200, %zu bytes without password or known text; title: %s", bytes,
                page->title[0] != '\0' ? page->title : "none");
        break;
    }
}

static void set_status(const struct http_response *r, struct err *e)
{
    if (r->status >= 300 && r->status < 400)
        err_set_detail(e, STAGE_OTP, REASON_REDIRECTED, ERR_DOMAIN_HTTP, r->status, "HTTP %d to %s",
                       r->status, r->location);
    else
        err_set_detail(e, STAGE_OTP, REASON_HTTP_STATUS, ERR_DOMAIN_HTTP, r->status, "OTP page: HTTP %d",
                       r->status);
}

/* A page without the sentence about single use shows everybody the same password (UseSinglePassword). */
static void read_page(const struct supply_web_config *config, struct supply_facts *facts,
                      const struct http_response *r, struct secret **secret, struct supply_answer *answer,
                      struct buf *kept)
{
    struct challenge_page_facts page = {0};
    (void)config;
    if (!challenge_page_read(buf_span(&r->body), &page, &answer->error))
        return;
    web_keep_page(page.kind, buf_span(&r->body), kept);
    if (r->status == 200) {
        set_words(&page, r->body.len, &answer->error);
        answer->single_use = page.single_use;
        answer->lifetime_us =
            page.validity_minutes * MINUTE_US / 100 * 95; /* it may be on its way for a while */
        facts->page_minutes = page.validity_minutes > 0 ? page.validity_minutes : facts->page_minutes;
        facts->page_cache = page.cache_size > 0 ? page.cache_size : facts->page_cache;
        *secret = page.password;
        page.password = NULL;
    } else {
        set_status(r, &answer->error);
    }
    challenge_page_clear(&page);
}

bool supply_page_new(const struct supply_web_config *config, struct supply_facts *facts, struct supply **out,
                     struct err *e)
{
    static const struct web_kind kind = {.prepare = prepare, .read = read_page};
    return web_new(&kind, config, facts, out, e);
}
