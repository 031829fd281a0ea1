/* What HTTP.sys and the request filtering of IIS refuse by the looks of it: length, escapes, verb (ndes.md B.7, E.1). */
#ifndef NDES_FILTER_H
#define NDES_FILTER_H

#include "ndes/url.h"

/* Each returns the page of the refusal, and writes into `effects` what the logs say about it. */
enum ndes_error_page ndes_filter_kernel(const struct ndes_request *request, const struct ndes_url *url,
                                        struct ndes_effects *effects);
enum ndes_error_page ndes_filter_iis(const struct ndes_request *request, const struct ndes_url *url,
                                     struct ndes_effects *effects);

#endif
