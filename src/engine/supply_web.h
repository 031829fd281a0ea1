/* What sources on the web have in common: lines that are connections, and logons. For supply_page.c and supply_http.c. */
#ifndef ENGINE_SUPPLY_WEB_H
#define ENGINE_SUPPLY_WEB_H

#include "engine/supply.h"

struct web;

struct web_kind {
    /* Fills in what is asked; `out` is zeroed. */
    bool (*prepare)(const struct supply_web_config *config, const struct challenge_device *device,
                    struct challenge_request *out, struct err *e) MUST_USE;
    /* Judges a complete answer whose status is not 401: one secret, or answer->error. `kept` is where evidence goes; what
     * it is given becomes answer->evidence. */
    void (*read)(const struct supply_web_config *config, struct supply_facts *facts,
                 const struct http_response *response, struct secret **secret, struct supply_answer *answer,
                 struct buf *kept);
};

bool web_new(const struct web_kind *kind, const struct supply_web_config *config, struct supply_facts *facts,
             struct supply **out, struct err *e) MUST_USE;

/* For evidence: pages that are known as they are, others redacted, those with a password never. */
void web_keep_page(enum challenge_page page, struct span body, struct buf *kept);

#endif
