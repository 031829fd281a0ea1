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
    int64_t now_us;      /* wall clock */
};

#define SIM_LOCATION_BYTES 320

/* Headers are static strings, NULL: not sent. */
struct sim_reply {
    int status;
    const char *server;
    const char *content_type;
    const char *authenticate;          /* WWW-Authenticate */
    char location[SIM_LOCATION_BYTES]; /* "": none */
    bool close;                        /* the connection ends after this reply */
    struct buf body;
};

static inline void sim_reply_init(struct sim_reply *reply)
{
    *reply = (struct sim_reply){0};
    buf_init(&reply->body, BYTES_MAX_MESSAGE);
}

#endif
