/* URLs of targets, taken apart strictly: what another reader could understand differently is refused. */
#ifndef SCENARIO_URL_H
#define SCENARIO_URL_H

#include "base/bytes.h"

struct scenario_url {
    bool https;
    char host[256];   /* as written; IPv6 without brackets */
    unsigned port;    /* 0: the scheme's */
    const char *path; /* borrowed from the text; "" when there is none */
};

/* Fails: REASON_USAGE, what is wrong, without the URL. */
bool scenario_url_parse(const char *text, struct scenario_url *out, struct err *e) MUST_USE;

#endif
