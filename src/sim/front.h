/* What stands between the client and HTTP.sys, and what it does to requests and answers on their way. */
#ifndef SIM_FRONT_H
#define SIM_FRONT_H

#include "sim/url.h"

/* True: it has answered itself, and the server never hears of the request. */
bool sim_front_answers(const struct sim_request *request, const struct sim_effects *effects,
                       struct sim_reply *reply);
/* The request as the server gets it. Spans point into those of `request`. */
struct sim_request sim_front_passes(const struct sim_request *request, const struct sim_effects *effects);
/* The answer as the client gets it. What the server's logs say about it stays. */
void sim_front_returns(enum sim_operation operation, const struct sim_effects *effects,
                       struct sim_reply *reply);

#endif
