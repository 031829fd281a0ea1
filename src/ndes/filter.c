#include "ndes/filter.h"

#include <strings.h>

static enum ndes_error_page refuse(enum ndes_error_page page, unsigned substatus, uint32_t win32,
                                   struct ndes_effects *effects)
{
    effects->substatus = substatus;
    effects->win32 = win32;
    return page;
}

static enum ndes_error_page refuse_in_kernel(enum ndes_error_page page, const char *httperr,
                                             struct ndes_effects *effects)
{
    effects->httperr = httperr;
    return page;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

enum ndes_error_page ndes_filter_kernel(const struct ndes_request *request, const struct ndes_url *url,
                                        struct ndes_effects *effects)
{
    size_t limit = effects->limits.request > 0 ? effects->limits.request : NDES_URL_MAX_TARGET;
    size_t logon = request->authorization != NULL ? strlen(request->authorization) : 0;
    if (larger(request->field_bytes, logon) > limit)
        return refuse_in_kernel(NDES_ERROR_KERNEL_TOO_LONG, "FieldLength", effects);
    if (larger(request->head_bytes, request->target.len) > limit)
        return refuse_in_kernel(NDES_ERROR_KERNEL_TOO_LONG, "RequestLength", effects);
    if (url->refused != NDES_ERROR_NONE)
        return refuse_in_kernel(url->refused, NULL, effects);
    bool no_host = request->host == NULL || request->host[0] == '\0';
    if (no_host && !request->http_1_0)
        return refuse_in_kernel(NDES_ERROR_KERNEL_BAD_HOST, NULL, effects);
    return effects->kernel != NDES_ERROR_NONE ? effects->kernel : effects->kernel_at[url->operation];
}

/* %2B and %25: what comes out of them would decode once more. */
static bool is_escaped_twice(struct span target)
{
    for (size_t i = 0; i + 2 < target.len; i++) {
        if (target.data[i] == '%' && target.data[i + 1] == '2' &&
            (target.data[i + 2] == '5' || target.data[i + 2] == 'B' || target.data[i + 2] == 'b'))
            return true;
    }
    return false;
}

static size_t query_bytes(struct span target)
{
    const uint8_t *mark = target.len > 0 ? memchr(target.data, '?', target.len) : NULL;
    return mark != NULL ? target.len - (size_t)(mark - target.data) - 1 : 0;
}

static enum ndes_error_page refuse_length(const struct ndes_request *request, struct ndes_effects *effects)
{
    const struct ndes_limits *limits = &effects->limits;
    if (limits->body > 0 && request->body.len > limits->body)
        return limits->body_page == NDES_ERROR_IIS_413 ? refuse(NDES_ERROR_IIS_413, 1, 0, effects)
                                                       : refuse(NDES_ERROR_IIS_404, 13, 0, effects);
    if (limits->url > 0 && request->target.len > limits->url)
        return refuse(NDES_ERROR_IIS_404, 14, 0, effects);
    if (limits->query > 0 && query_bytes(request->target) > limits->query)
        return refuse(NDES_ERROR_IIS_404, 15, 0, effects);
    return NDES_ERROR_NONE;
}

static bool is_verb_served(const char *method)
{
    static const char *const methods[] = {"GET", "POST", "HEAD"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(method, methods[i]) == 0)
            return true;
    }
    return false;
}

enum ndes_error_page ndes_filter_iis(const struct ndes_request *request, const struct ndes_url *url,
                                     struct ndes_effects *effects)
{
    if (url->place == NDES_PLACE_UNKNOWN)
        return refuse(NDES_ERROR_IIS_404, 0, 2, effects);
    if (effects->double_escape_blocked && is_escaped_twice(request->target))
        return refuse(NDES_ERROR_IIS_404, 11, 0, effects);
    if (request->body_too_large)
        return refuse(NDES_ERROR_IIS_413, 1, 0, effects);
    enum ndes_error_page page = refuse_length(request, effects);
    if (page != NDES_ERROR_NONE)
        return page;
    if (url->place == NDES_PLACE_MSCEP && strcmp(request->method, "POST") == 0 &&
        effects->post != NDES_ERROR_NONE)
        return refuse(effects->post, effects->post == NDES_ERROR_IIS_404 ? 6 : 0, 0, effects);
    return is_verb_served(request->method) ? NDES_ERROR_NONE : refuse(NDES_ERROR_IIS_405, 0, 1, effects);
}
