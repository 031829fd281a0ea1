/* What products in front of NDES answer in its place. Their error pages are their own, and so are their Server and Via
 * headers: both tell them from HTTP.sys and IIS (ndes.md F.1). The forms are inferred from what these products commonly
 * send; administrators can change all of them. */
#ifndef NDES_PROXIES_H
#define NDES_PROXIES_H

#include "ndes/effects.h"

/* The product's page for `status`, which may be any error. `reply` is prepared as for ndes_page_error. */
void ndes_proxy_page(enum ndes_proxy proxy, int status, struct ndes_reply *reply);
/* What it adds to an answer that it lets through. */
void ndes_proxy_passes(enum ndes_proxy proxy, struct ndes_reply *reply);

/* Words for command lines, in the order of enum ndes_proxy; ends with NULL. */
extern const char *const ndes_proxy_choices[];

#endif
