#include "base/err.h"

#include <stdarg.h>

static const char *const stage_ids[STAGE_COUNT] = {
#define AS_ID(e, id) [e] = id,
    BASE_STAGES(AS_ID)
#undef AS_ID
};

static const struct {
    const char *id;
    const char *sentence;
} reasons[REASON_COUNT] = {
#define AS_ROW(e, id, sentence) [e] = {id, sentence},
    BASE_REASONS(AS_ROW)
#undef AS_ROW
};

const char *base_stage_id(enum stage stage)
{
    return (unsigned)stage < STAGE_COUNT ? stage_ids[stage] : "unknown";
}

const char *base_reason_id(enum reason reason)
{
    return (unsigned)reason < REASON_COUNT ? reasons[reason].id : "unknown";
}

const char *base_reason_sentence(enum reason reason)
{
    return (unsigned)reason < REASON_COUNT ? reasons[reason].sentence : "unknown reason";
}

static void fill(struct err *e, enum stage stage, enum reason reason, enum err_domain domain, int64_t detail)
{
    e->stage = stage;
    e->reason = reason;
    e->domain = domain;
    e->detail = detail;
    e->text[0] = '\0';
}

bool err_set(struct err *e, enum stage stage, enum reason reason, const char *format, ...)
{
    if (e == NULL || err_is_set(e))
        return false;
    fill(e, stage, reason, ERR_DOMAIN_NONE, 0);
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return false;
}

bool err_set_detail(struct err *e, enum stage stage, enum reason reason, enum err_domain domain,
                    int64_t detail, const char *format, ...)
{
    if (e == NULL || err_is_set(e))
        return false;
    fill(e, stage, reason, domain, detail);
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return false;
}

bool err_set_errno(struct err *e, enum reason reason, int error_number, const char *format, ...)
{
    if (e == NULL || err_is_set(e))
        return false;
    fill(e, STAGE_SETUP, reason, ERR_DOMAIN_ERRNO, error_number);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof e->text) {
        char why[96];
        snprintf(e->text + used, sizeof e->text - (size_t)used, ": %s",
                 strerror_r(error_number, why, sizeof why));
    }
    return false;
}
