/* What HTTP.sys and the request filtering of IIS refuse by the looks of it: length, escapes, verb (ndes.md B.7, E.1). */
#ifndef SIM_FILTER_H
#define SIM_FILTER_H

#include "sim/url.h"

/* Each returns the page of the refusal, and writes into `effects` what the logs say about it. */
enum sim_error_page sim_filter_kernel(const struct sim_request *request, const struct sim_url *url,
                                      struct sim_effects *effects);
enum sim_error_page sim_filter_iis(const struct sim_request *request, const struct sim_url *url,
                                   struct sim_effects *effects);

#endif
