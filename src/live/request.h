/* What somebody who connects may ask for. Pure: the head of a request in, which answer it gets out. */
#ifndef LIVE_REQUEST_H
#define LIVE_REQUEST_H

#include "base/err.h"

/* All of it is the client's; NULL: not said. */
struct live_request {
    const char *method;
    const char *path; /* without the query */
    const char *accept;
    const char *host;
    const char *if_none_match;
};

enum live_answer {
    LIVE_PAGE,         /* "/" */
    LIVE_SECTIONS,     /* "/sections": what the page fetches */
    LIVE_METRICS,      /* "/metrics" */
    LIVE_OPEN_METRICS, /* the same for those who accept OpenMetrics */
    LIVE_HEALTH,       /* "/healthz" */
    LIVE_NOT_FOUND,
    LIVE_BAD_METHOD,   /* neither GET nor HEAD */
    LIVE_FOREIGN_HOST, /* a page elsewhere may have led a browser here by a name of its own (DNS rebinding) */
    LIVE_ANSWERS
};

/* `loopback`: we serve this machine only, so no other name than localhost leads here rightly. */
enum live_answer live_request_judge(const struct live_request *r, bool loopback);
/* Whether the client has what this tag names already. */
bool live_request_has(const struct live_request *r, const char *tag);

#endif
