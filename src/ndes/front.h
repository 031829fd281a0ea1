/* What stands between the client and HTTP.sys, and what it does to requests and answers on their way. */
#ifndef NDES_FRONT_H
#define NDES_FRONT_H

#include "ndes/url.h"

/* True: it has answered itself, and the server never hears of the request. */
bool ndes_front_answers(const struct ndes_request *request, const struct ndes_effects *effects,
                        struct ndes_reply *reply);
/* The request as the server gets it. Spans point into those of `request`. */
struct ndes_request ndes_front_passes(const struct ndes_request *request, const struct ndes_effects *effects);
/* The answer as the client gets it. What the server's logs say about it stays. */
void ndes_front_returns(enum ndes_operation operation, const struct ndes_effects *effects,
                        struct ndes_reply *reply);

#endif
