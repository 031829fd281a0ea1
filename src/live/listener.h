/* HTTP for whoever watches: GET and HEAD of a few documents. Heads of requests, connections and patience are bounded; a client
 * that reads slowly or not at all costs one of LIVE_MAX_CONNECTIONS places and nothing else. Everything happens within
 * live_listener_turn, on the caller's thread. */
#ifndef LIVE_LISTENER_H
#define LIVE_LISTENER_H

#include "base/bytes.h"
#include "live/request.h"

#define LIVE_MAX_CONNECTIONS 32
#define LIVE_MAX_HEAD_BYTES  ((size_t)16 << 10)
#define LIVE_IDLE_S          10
#define LIVE_TAG_BYTES       48

/* What stands at a path now. */
struct live_document {
    struct span body;         /* borrowed until the next call */
    char tag[LIVE_TAG_BYTES]; /* as long as it is the same, so is the body; letters, figures and '-' */
    const char *state;        /* told in a header of its own, Scepstorm-State */
    const char *policy;       /* Content-Security-Policy; NULL: none */
};
/* Called for LIVE_PAGE to LIVE_HEALTH. False: it cannot be made now. */
typedef bool live_find(void *user, enum live_answer answer, struct live_document *out);

struct live_listener;
/* `fd` listens; it is the listener's from here on, also when this fails. */
bool live_listener_new(int fd, bool loopback, live_find *find, void *user, struct live_listener **out,
                       struct err *e) MUST_USE;
void live_listener_free(struct live_listener *l);
/* Serves what there is to serve, and waits for it for at most so long. */
void live_listener_turn(struct live_listener *l, int wait_ms);

#endif
