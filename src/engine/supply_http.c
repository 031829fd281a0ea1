/* An API that hands out challenges: an MDM's webhook, a vendor's service, the simulator's stand-in for Intune. */
#include "engine/internal.h"
#include "engine/supply_web.h"

#include <strings.h>

static bool has_user_agent(struct span headers)
{
    static const char name[] = "User-Agent:";
    for (size_t i = 0; i + sizeof name - 1 <= headers.len; i++) {
        if ((i == 0 || headers.data[i - 1] == '\n') &&
            strncasecmp((const char *)headers.data + i, name, sizeof name - 1) == 0)
            return true;
    }
    return false;
}

static bool prepare(const struct supply_web_config *config, const struct challenge_device *device,
                    struct challenge_request *out, struct err *e)
{
    static const struct challenge_device nobody = {.name = "", .profile = "", .run = "", .subject = ""};
    if (!challenge_request_make(config->challenge, config->url, device != NULL ? device : &nobody,
                                config->secret, out, e))
        return false;
    if (!has_user_agent(buf_span(&out->headers)))
        buf_append_text(&out->headers, "User-Agent: " ENGINE_USER_AGENT "\n");
    return buf_ok(&out->headers, STAGE_OTP, e);
}

/* A good answer is no evidence, since it holds the challenge somewhere; others may quote what they were sent. */
static void read_answer(const struct supply_web_config *config, struct supply_facts *facts,
                        const struct http_response *r, struct secret **secret, struct supply_answer *answer,
                        struct buf *kept)
{
    (void)facts;
    answer->single_use = true;
    if (r->status >= 200 && r->status < 300) {
        answer->logon_proven = true;
        if (!challenge_answer_read(config->challenge, buf_span(&r->body), secret, &answer->error))
            err_set(&answer->error, STAGE_OTP, REASON_OTP_ANSWER, "the answer holds no challenge");
        return;
    }
    web_keep_page(CHALLENGE_PAGE_UNKNOWN, buf_span(&r->body), kept);
    if (r->status < 400 && r->location[0] != '\0')
        err_set_detail(&answer->error, STAGE_OTP, REASON_REDIRECTED, ERR_DOMAIN_HTTP, r->status,
                       "challenge source: HTTP %d to %.*s, not followed", r->status,
                       (int)strcspn(r->location, "?#"), r->location);
    else
        err_set_detail(&answer->error, STAGE_OTP, REASON_HTTP_STATUS, ERR_DOMAIN_HTTP, r->status,
                       "challenge source: HTTP %d", r->status);
}

bool supply_http_new(const struct supply_web_config *config, struct supply_facts *facts, struct supply **out,
                     struct err *e)
{
    static const struct web_kind kind = {.prepare = prepare, .read = read_answer};
    return web_new(&kind, config, facts, out, e);
}
