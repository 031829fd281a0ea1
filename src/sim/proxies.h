/* What products in front of NDES answer in its place. Their error pages are their own, and so are their Server and Via
 * headers: both tell them from HTTP.sys and IIS (ndes.md F.1). The forms are inferred from what these products commonly
 * send; administrators can change all of them. */
#ifndef SIM_PROXIES_H
#define SIM_PROXIES_H

#include "sim/effects.h"

/* The product's page for `status`, which may be any error. `reply` is prepared as for sim_page_error. */
void sim_proxy_page(enum sim_proxy proxy, int status, struct sim_reply *reply);
/* What it adds to an answer that it lets through. */
void sim_proxy_passes(enum sim_proxy proxy, struct sim_reply *reply);

/* Words for command lines, in the order of enum sim_proxy; ends with NULL. */
extern const char *const sim_proxy_choices[];

#endif
