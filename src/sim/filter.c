#include "sim/filter.h"

#include <strings.h>

static enum sim_error_page refuse(enum sim_error_page page, unsigned substatus, uint32_t win32,
                                  struct sim_effects *effects)
{
    effects->substatus = substatus;
    effects->win32 = win32;
    return page;
}

static enum sim_error_page refuse_in_kernel(enum sim_error_page page, const char *httperr,
                                            struct sim_effects *effects)
{
    effects->httperr = httperr;
    return page;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

enum sim_error_page sim_filter_kernel(const struct sim_request *request, const struct sim_url *url,
                                      struct sim_effects *effects)
{
    size_t limit = effects->limits.request > 0 ? effects->limits.request : SIM_URL_MAX_TARGET;
    size_t logon = request->authorization != NULL ? strlen(request->authorization) : 0;
    if (larger(request->field_bytes, logon) > limit)
        return refuse_in_kernel(SIM_ERROR_KERNEL_TOO_LONG, "FieldLength", effects);
    if (larger(request->head_bytes, request->target.len) > limit)
        return refuse_in_kernel(SIM_ERROR_KERNEL_TOO_LONG, "RequestLength", effects);
    if (url->refused != SIM_ERROR_NONE)
        return refuse_in_kernel(url->refused, NULL, effects);
    bool no_host = request->host == NULL || request->host[0] == '\0';
    if (no_host && !request->http_1_0)
        return refuse_in_kernel(SIM_ERROR_KERNEL_BAD_HOST, NULL, effects);
    return effects->kernel != SIM_ERROR_NONE ? effects->kernel : effects->kernel_at[url->operation];
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

static enum sim_error_page refuse_length(const struct sim_request *request, struct sim_effects *effects)
{
    const struct sim_limits *limits = &effects->limits;
    if (limits->body > 0 && request->body.len > limits->body)
        return limits->body_page == SIM_ERROR_IIS_413 ? refuse(SIM_ERROR_IIS_413, 1, 0, effects)
                                                      : refuse(SIM_ERROR_IIS_404, 13, 0, effects);
    if (limits->url > 0 && request->target.len > limits->url)
        return refuse(SIM_ERROR_IIS_404, 14, 0, effects);
    if (limits->query > 0 && query_bytes(request->target) > limits->query)
        return refuse(SIM_ERROR_IIS_404, 15, 0, effects);
    return SIM_ERROR_NONE;
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

enum sim_error_page sim_filter_iis(const struct sim_request *request, const struct sim_url *url,
                                   struct sim_effects *effects)
{
    if (url->place == SIM_PLACE_UNKNOWN)
        return refuse(SIM_ERROR_IIS_404, 0, 2, effects);
    if (effects->double_escape_blocked && is_escaped_twice(request->target))
        return refuse(SIM_ERROR_IIS_404, 11, 0, effects);
    if (request->body_too_large)
        return refuse(SIM_ERROR_IIS_413, 1, 0, effects);
    enum sim_error_page page = refuse_length(request, effects);
    if (page != SIM_ERROR_NONE)
        return page;
    if (url->place == SIM_PLACE_MSCEP && strcmp(request->method, "POST") == 0 &&
        effects->post != SIM_ERROR_NONE)
        return refuse(effects->post, effects->post == SIM_ERROR_IIS_404 ? 6 : 0, 0, effects);
    return is_verb_served(request->method) ? SIM_ERROR_NONE : refuse(SIM_ERROR_IIS_405, 0, 1, effects);
}
