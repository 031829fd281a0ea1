/* A struct ndes_reply as libmicrohttpd sends it: headers, body, and the ways a body does not arrive whole. For the listener only. */
#ifndef SIM_RESPONSE_H
#define SIM_RESPONSE_H

#include "ndes/exchange.h"

struct MHD_Response;

/* Lets a connection sleep between two drops of a body. False: it is to end. */
struct sim_drip {
    bool (*pause)(void *user);
    void *user;
};

/* Takes the reply's body, which may hold a one-time password: it is wiped when the last byte is out. NULL: no memory.
 * `now_us` is the wall clock. */
struct MHD_Response *sim_response_make(struct ndes_reply *reply, int64_t now_us, const struct sim_drip *drip);

#endif
