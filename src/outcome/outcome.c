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

const char *outcome_follow_id(enum outcome_follow follow)
{
    static const char *const ids[OUTCOME_FOLLOW_COUNT] = {
        [OUTCOME_RENEWAL] = "renewal",
        [OUTCOME_GET_CERT] = "get_cert",
        [OUTCOME_GET_CRL] = "get_crl",
        [OUTCOME_GET_NEXT_CA_CERT] = "get_next_ca_cert",
    };
    return (unsigned)follow < OUTCOME_FOLLOW_COUNT ? ids[follow] : "unknown";
}

const char *outcome_probe_verdict_id(enum outcome_probe_verdict verdict)
{
    static const char *const ids[OUTCOME_PROBE_VERDICTS] = {
        [OUTCOME_PROBE_PASSED] = "passed",
        [OUTCOME_PROBE_FAILED] = "failed",
        [OUTCOME_PROBE_SKIPPED] = "skipped",
        [OUTCOME_PROBE_ODD] = "odd",
    };
    return (unsigned)verdict < OUTCOME_PROBE_VERDICTS ? ids[verdict] : "unknown";
}
