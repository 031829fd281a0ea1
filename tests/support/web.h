/* A tiny HTTP server for tests, on plain sockets and one thread of its own: well-behaved, or broken in a chosen way. */
#ifndef SUPPORT_WEB_H
#define SUPPORT_WEB_H

#include "base/bytes.h"

struct web;

enum web_manner {
    WEB_REPLY,       /* send the bytes, keep the connection */
    WEB_REPLY_CLOSE, /* send the bytes, close */
    WEB_RESET,       /* send the bytes (maybe none), then reset the connection */
    WEB_SILENT,      /* never answer, keep the connection */
    WEB_DRIP,        /* send the bytes, then one more byte every 20 ms for ever */
};

struct web_request {
    const char *method;
    const char *target; /* "/path?query" */
    const char *head;   /* all lines */
    struct span body;
    const char *peer;    /* the caller's address */
    unsigned connection; /* number of the connection, from 0 */
    unsigned nth;        /* number of the request on it, from 0 */
};

struct web_reply {
    enum web_manner manner;
    struct buf bytes;
    int delay_ms; /* before the bytes; others are served meanwhile */
};

/* Runs on the server's thread. */
typedef void (*web_handler)(void *user, const struct web_request *request, struct web_reply *reply);

/* On a free loopback port. NULL when that fails. */
struct web *web_start(web_handler handler, void *user);
void web_stop(struct web *web);
unsigned web_port(const struct web *web);
unsigned web_connections(struct web *web); /* accepted so far */
unsigned web_requests(struct web *web);
/* While paused nothing is read or answered: connections are accepted by the kernel only. */
void web_pause(struct web *web, bool paused);

/* A complete answer with Content-Length. `headers`: further lines, each ended by "\r\n". */
void web_answer(struct web_reply *reply, int status, const char *headers, struct span body);
void web_answer_text(struct web_reply *reply, int status, const char *body);

#endif
