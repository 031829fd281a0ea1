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

/* The same for a URL with a query and with {variables} behind the host; whose host it is stands fast. Their names are not
 * checked here. */
bool scenario_url_parse_template(const char *text, struct scenario_url *out, struct err *e) MUST_USE;
/* True when the host of a URL, or of a template, is loopback. */
bool scenario_url_is_loopback(const char *text);

/* An IPv4 or IPv6 address in figures, without brackets. */
bool scenario_is_address(const char *text);

#endif
