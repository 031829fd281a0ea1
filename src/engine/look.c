/* Read-only looks at the server, as soon as a device has failed: after the load it may be well again. */
#include "engine/internal.h"

#include "base/text.h"

#define LOOK_MAX_US INT64_C(10000000)
#define PAGE_FILE   "mscep.dll"
#define PAGE_LOOKS  5
#define MAX_URL     2048

/* Everything may be over but these looks. */
static void go_on(struct engine *en)
{
    look_turn(en);
    if (en->over && !look_goes_on(en))
        uv_stop(&en->loop);
}

static void on_bare_url(void *user, struct http_response *response)
{
    struct engine *en = user;
    en->result->target.bare_url_status = response->status;
    go_on(en);
}

/* It is there when it always is: what fails now and then lets one of several pass. */
static void on_page_file(void *user, struct http_response *response)
{
    struct engine *en = user;
    bool there = response->status == 200 || response->status == 401;
    en->result->target.otp_file_there = there;
    if (!there)
        en->page_looks = 0;
    go_on(en);
}

/* Without an answer nothing is known, as before. */
static void look_at(struct engine *en, const char *url, const char *address, http_done done)
{
    struct err ignored = {0};
    int64_t timeout = en->config->scenario->limits.request_timeout_us;
    const struct http_request request = {
        .url = url,
        .user_agent = ENGINE_USER_AGENT,
        .address = address,
        .timeout_us = timeout < LOOK_MAX_US ? timeout : LOOK_MAX_US,
        .max_body = BYTES_MAX_MESSAGE,
        .stage = STAGE_SETUP,
    };
    bool sent = (en->look != NULL || http_session_new(en->http, &en->look, &ignored)) &&
                http_send(en->look, &request, done, en, &ignored);
    (void)sent;
}

/* Whether the URL itself answers at all tells a broken path from a broken operation. */
static void look_at_bare_url(struct engine *en)
{
    const struct scenario *s = en->config->scenario;
    en->looked = true;
    look_at(en, en->config->scep_url, s->target.address_count > 0 ? s->target.addresses[0] : NULL,
            on_bare_url);
}

/* The folder of the OTP page is not there: is the file in it? Nobody logs on, so where a logon is wanted it says 401 and keeps
 * its passwords. */
static void look_at_page_file(struct engine *en)
{
    const char *folder = en->config->admin_url;
    size_t len = folder != NULL ? strlen(folder) : 0;
    char url[MAX_URL];
    en->page_looks--;
    if (len == 0 || folder[len - 1] != '/' || len + sizeof PAGE_FILE > sizeof url)
        return;
    snprintf(url, sizeof url, "%s" PAGE_FILE, folder);
    look_at(en, url, NULL, on_page_file);
}

bool look_goes_on(const struct engine *en)
{
    return en->look != NULL && http_is_busy(en->look);
}

void look_turn(struct engine *en)
{
    if (en->failed == 0 || en->result->interrupted || look_goes_on(en))
        return;
    if (!en->looked)
        look_at_bare_url(en);
    else if (en->page_looks > 0)
        look_at_page_file(en);
}

/* Where nobody has to log on, each look costs a password. */
void look_for_page(struct engine *en)
{
    if (en->asked_for_page)
        return;
    en->asked_for_page = true;
    en->page_looks = en->config->scenario->challenge.auth == CHALLENGE_AUTH_NONE ? 1 : PAGE_LOOKS;
}
