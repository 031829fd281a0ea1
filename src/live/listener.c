#include "live/listener.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last response for an answer: connections that still send an older one keep that alive by themselves. */
struct kept {
    struct MHD_Response *response; /* NULL: none yet */
    char tag[LIVE_TAG_BYTES];
};

struct live_listener {
    struct MHD_Daemon *daemon;
    live_find *find;
    void *user;
    bool loopback;
    struct kept kept[LIVE_ANSWERS];
};

static const struct {
    unsigned status;
    const char *type, *words; /* words: the whole body of those that are nobody's document */
} kinds[LIVE_ANSWERS] = {
    [LIVE_PAGE] = {MHD_HTTP_OK, "text/html; charset=utf-8", NULL},
    [LIVE_SECTIONS] = {MHD_HTTP_OK, "text/html; charset=utf-8", NULL},
    [LIVE_METRICS] = {MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", NULL},
    [LIVE_OPEN_METRICS] = {MHD_HTTP_OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", NULL},
    [LIVE_HEALTH] = {MHD_HTTP_OK, "text/plain; charset=utf-8", NULL},
    [LIVE_NOT_FOUND] = {MHD_HTTP_NOT_FOUND, "text/plain; charset=utf-8",
                        "here are /, /metrics and /healthz\n"},
    [LIVE_BAD_METHOD] = {MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "GET and HEAD only\n"},
    [LIVE_FOREIGN_HOST] = {MHD_HTTP_FORBIDDEN, "text/plain; charset=utf-8",
                           "this listener is for its own machine: ask for it as localhost or 127.0.0.1\n"},
};

/* ---- responses ---- */

static void add_headers(struct MHD_Response *r, enum live_answer answer, const struct live_document *d)
{
    char tag[LIVE_TAG_BYTES + 4];
    const struct {
        const char *name, *value;
    } headers[] = {{"Content-Type", kinds[answer].type},
                   {"Cache-Control", "no-store"},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"},
                   {"Cross-Origin-Resource-Policy", "same-origin"},
                   {"Allow", answer == LIVE_BAD_METHOD ? "GET, HEAD" : NULL},
                   {"Content-Security-Policy", d->policy},
                   {"Scepstorm-State", d->state},
                   {"ETag", d->tag[0] != '\0' ? tag : NULL}};
    snprintf(tag, sizeof tag, "\"%s\"", d->tag);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        if (headers[i].value != NULL)
            MHD_add_response_header(r, headers[i].name, headers[i].value);
    }
}

static struct MHD_Response *make(enum live_answer answer, const struct live_document *d)
{
    /* MHD_RESPMEM_MUST_COPY: it never writes into the bytes, whatever its prototype says. */
    union {
        const void *ours;
        void *theirs;
    } bytes = {.ours = d->body.data};
    struct MHD_Response *r =
        MHD_create_response_from_buffer(d->body.len, bytes.theirs, MHD_RESPMEM_MUST_COPY);
    if (r != NULL)
        add_headers(r, answer, d);
    return r;
}

static enum MHD_Result send_kept(struct live_listener *l, struct MHD_Connection *connection,
                                 enum live_answer answer, const struct live_document *d)
{
    struct kept *k = &l->kept[answer];
    if (k->response == NULL || strcmp(k->tag, d->tag) != 0) {
        if (k->response != NULL)
            MHD_destroy_response(k->response);
        k->response = make(answer, d);
        snprintf(k->tag, sizeof k->tag, "%s", d->tag);
    }
    return k->response != NULL ? MHD_queue_response(connection, kinds[answer].status, k->response) : MHD_NO;
}

static enum MHD_Result send_not_modified(struct MHD_Connection *connection, enum live_answer answer,
                                         const struct live_document *d)
{
    const struct live_document bare = {.state = d->state};
    struct MHD_Response *r = make(answer, &bare);
    enum MHD_Result sent = r != NULL ? MHD_queue_response(connection, MHD_HTTP_NOT_MODIFIED, r) : MHD_NO;
    if (r != NULL)
        MHD_destroy_response(r);
    return sent;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The answer goes out with the head: a body that somebody sends is neither wanted nor read. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_bytes, void **context)
{
    (void)version;
    (void)data;
    (void)data_bytes;
    (void)context;
    struct live_listener *l = user;
    struct live_document d = {0};
    const struct live_request request = {.method = method,
                                         .path = path,
                                         .accept = header(connection, MHD_HTTP_HEADER_ACCEPT),
                                         .host = header(connection, MHD_HTTP_HEADER_HOST),
                                         .if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH)};
    enum live_answer answer = live_request_judge(&request, l->loopback);
    if (kinds[answer].words != NULL)
        d.body = span_of_text(kinds[answer].words);
    else if (!l->find(l->user, answer, &d))
        return MHD_NO;
    if (live_request_has(&request, d.tag))
        return send_not_modified(connection, answer, &d);
    return send_kept(l, connection, answer, &d);
}

/* ---- beginning, turns, end ---- */

bool live_listener_new(int fd, bool loopback, live_find *find, void *user, struct live_listener **out,
                       struct err *e)
{
    struct live_listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        close(fd);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the listener of --metrics-listen");
    }
    *l = (struct live_listener){.find = find, .user = user, .loopback = loopback};
    l->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, l, MHD_OPTION_LISTEN_SOCKET, fd,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIVE_MAX_CONNECTIONS,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIVE_IDLE_S,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, LIVE_MAX_HEAD_BYTES, MHD_OPTION_END);
    if (l->daemon == NULL) {
        close(fd);
        free(l);
        return err_set(e, STAGE_SETUP, REASON_IO, "--metrics-listen: cannot serve (out of descriptors?)");
    }
    *out = l;
    return true;
}

void live_listener_free(struct live_listener *l)
{
    if (l == NULL)
        return;
    MHD_stop_daemon(l->daemon); /* closes the socket, too */
    for (size_t i = 0; i < LIVE_ANSWERS; i++) {
        if (l->kept[i].response != NULL)
            MHD_destroy_response(l->kept[i].response);
    }
    free(l);
}

void live_listener_turn(struct live_listener *l, int wait_ms)
{
    if (MHD_run_wait(l->daemon, wait_ms) != MHD_YES)
        poll(NULL, 0, wait_ms); /* no memory for now: not at full speed */
}
