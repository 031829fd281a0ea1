#include "outcome/outcome.h"

const char *outcome_body_id(enum outcome_body body)
{
    static const char *const ids[OUTCOME_BODY_COUNT] = {
        [OUTCOME_BODY_NONE] = "none",       [OUTCOME_BODY_EMPTY] = "empty",
        [OUTCOME_BODY_CERTREP] = "certrep", [OUTCOME_BODY_HTTPSYS] = "httpsys",
        [OUTCOME_BODY_IIS] = "iis",         [OUTCOME_BODY_NDES_PAGE] = "ndes_page",
        [OUTCOME_BODY_HTML] = "html",       [OUTCOME_BODY_TEXT] = "text",
        [OUTCOME_BODY_BINARY] = "binary",
    };
    return (unsigned)body < OUTCOME_BODY_COUNT ? ids[body] : "unknown";
}

const char *outcome_end_id(enum outcome_end end)
{
    static const char *const ids[] = {
        [OUTCOME_ENROLLED] = "enrolled",
        [OUTCOME_FAILED] = "failed",
        [OUTCOME_ABANDONED] = "abandoned",
        [OUTCOME_UNSENT] = "unsent",
    };
    return (unsigned)end <= OUTCOME_UNSENT ? ids[end] : "unknown";
}
