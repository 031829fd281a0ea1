/* One HTTP exchange without a socket: what the site is asked, what it answers. */
#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

#include "base/bytes.h"

/* All spans and strings borrowed for the duration of the call. */
struct sim_request {
    const char *method;        /* "GET" */
    struct span target;        /* path and query as on the request line, escapes untouched */
    const char *host;          /* Host header; NULL: absent */
    bool http_1_0;             /* may come without a host */
    const char *authorization; /* Authorization header; NULL: absent */
    struct span body;
    bool body_too_large; /* beyond BYTES_MAX_MESSAGE; `body` is empty then */
    bool tls;
    bool local;          /* the client is on this machine */
    uint64_t connection; /* the same for every request of one connection */
    void **
        session; /* what the site remembers of this connection until it closes; NULL: it can remember nothing */
    int64_t now_us; /* wall clock */
};

#define SIM_LOCATION_BYTES 320

#define SIM_AUTHENTICATE_BYTES 4096

/* Headers are static strings where they are pointers; NULL or "": not sent. */
struct sim_reply {
    int status;
    const char *server;
    const char *content_type;
    char authenticate[SIM_AUTHENTICATE_BYTES]; /* WWW-Authenticate, a header for each line */
    char location[SIM_LOCATION_BYTES];         /* "": none */
    bool close;                                /* the connection ends after this reply */
    unsigned substatus; /* of a 401, as the server's own log would have it; the client never sees it */
    uint32_t win32;
    struct buf body;
};

static inline void sim_reply_init(struct sim_reply *reply)
{
    *reply = (struct sim_reply){0};
    buf_init(&reply->body, BYTES_MAX_MESSAGE);
}

#endif
