#include "pki/fail.h"

#include <openssl/err.h>

bool pki_fail(struct err *e, enum stage stage, enum reason reason, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code == 0 ? NULL : ERR_reason_error_string(code);
    ERR_clear_error();
    if (why == NULL)
        return err_set(e, stage, reason, "%s", what);
    return err_set_detail(e, stage, reason, ERR_DOMAIN_OPENSSL, (int64_t)code, "%s: %s", what, why);
}

void pki_forget_errors(void)
{
    ERR_clear_error();
}

bool pki_at_stage(bool ok, enum stage stage, struct err *e)
{
    if (!ok && e != NULL && err_is_set(e) && e->stage == STAGE_NONE)
        e->stage = stage;
    return ok;
}
