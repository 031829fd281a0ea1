/* What is asked of an MDM's or a vendor's API, ready for HTTP. */
#include "challenge/parts.h"

#define URL_MAX     ((size_t)8 << 10)
#define HEADERS_MAX ((size_t)64 << 10)

static const char json_type[] = "application/json";

bool challenge_is_per_device(const struct challenge_config *config)
{
    unsigned used = 0;
    if (config->source == CHALLENGE_HTTP || config->source == CHALLENGE_INTUNE) {
        used = challenge_template_uses(config->url) | challenge_template_uses(config->body);
        for (size_t i = 0; i < config->header_count; i++)
            used |= challenge_template_uses(config->headers[i]);
    }
    for (size_t i = 0; config->source == CHALLENGE_COMMAND && i < config->command_count; i++)
        used |= challenge_template_uses(config->command[i]);
    return config->source == CHALLENGE_INTUNE || (used & CHALLENGE_PER_DEVICE) != 0;
}

static bool put_headers(const struct challenge_config *config, const struct challenge_values *values,
                        struct buf *out, struct err *e)
{
    for (size_t i = 0; i < config->header_count; i++) {
        if (!challenge_template_fill(config->headers[i], CHALLENGE_IN_HEADER, values, out, e))
            return false;
        buf_append_byte(out, '\n');
    }
    if (config->body != NULL)
        buf_appendf(out, "Content-Type: %s\n",
                    config->content_type != NULL ? config->content_type : json_type);
    return buf_ok(out, STAGE_OTP, e);
}

static bool put_body(const struct challenge_config *config, const struct challenge_values *values,
                     struct buf *out, struct err *e)
{
    const char *type = config->content_type != NULL ? config->content_type : json_type;
    return config->body == NULL ||
           challenge_template_fill(config->body, challenge_body_place(type), values, out, e);
}

bool challenge_request_make(const struct challenge_config *config, const char *url,
                            const struct challenge_device *device, const struct secret *secret,
                            struct challenge_request *out, struct err *e)
{
    struct challenge_values values = {.device = device, .secret = secret, .count = 1};
    *out = (struct challenge_request){.post = config->post};
    buf_init(&out->url, URL_MAX);
    buf_init(&out->headers, HEADERS_MAX);
    buf_init(&out->body, BYTES_MAX_MESSAGE);
    return challenge_template_fill(url, CHALLENGE_IN_URL, &values, &out->url, e) &&
           put_headers(config, &values, &out->headers, e) && put_body(config, &values, &out->body, e);
}

void challenge_request_clear(struct challenge_request *request)
{
    buf_wipe(&request->url);
    buf_wipe(&request->headers);
    buf_wipe(&request->body);
}
