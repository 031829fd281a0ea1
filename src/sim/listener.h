/* HTTP and TLS: the only file that knows libmicrohttpd. Turns what arrives on a port into struct sim_request, and struct
 * sim_reply into what leaves it. Decides nothing. */
#ifndef SIM_LISTENER_H
#define SIM_LISTENER_H

#include "sim/effects.h"
#include "sim/port.h"

struct sim_listener_config {
    const char *tls_key_pem, *tls_cert_pem; /* NULL: plain HTTP. Borrowed for the listener's life */
    unsigned threads;                       /* 0: one per core */
    unsigned idle_s;    /* a connection silent for so long is closed; 0: 120, as IIS does */
    unsigned request_s; /* a request must be complete after so long; 0: 60 */
    /* Runs on several threads at once. Initialises and fills *reply. */
    void (*answer)(const struct sim_request *request, struct sim_reply *reply, void *user);
    /* A connection has closed; `session` is what `answer` left in *request.session, not NULL. Any thread. */
    void (*forget)(void *session, void *user);
    int64_t (*now_us)(void);
    void *user;
};

struct sim_listener;

/* Serves on `port`, which it keeps (and changes) from then on; `fd` is what sim_port_bind gave, owned from here.
 * Fails: REASON_IO. */
bool sim_listener_start(const struct sim_listener_config *config, struct sim_port *port, int fd,
                        struct sim_listener **out, struct err *e) MUST_USE;
/* Cuts all connections. */
void sim_listener_stop(struct sim_listener *listener);

/* Opens or blocks the network path. Blocking cuts the connections that exist. After a failure (somebody else took the port)
 * it may be called again. One thread at a time. */
bool sim_listener_set_network(struct sim_listener *listener, enum sim_network state, struct err *e);

#endif
