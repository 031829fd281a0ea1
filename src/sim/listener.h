/* HTTP and TLS: knows libmicrohttpd, with sim/response. Turns what arrives on a port into struct ndes_request, and struct
 * ndes_reply into what leaves it. Decides nothing. */
#ifndef SIM_LISTENER_H
#define SIM_LISTENER_H

#include "sim/port.h"
#include "sim/web_cert.h"

struct sim_listener_config {
    struct sim_web_certs *web; /* NULL: plain HTTP. Borrowed for the listener's life */
    const char *client_ca_pem; /* whose client certificates are asked for, when the transport says so */
    unsigned threads;          /* 0: one per core */
    unsigned idle_s;           /* a connection silent for so long is closed; 0: 120, as IIS does */
    unsigned request_s;        /* a request must be complete after so long; 0: 60 */
    /* Runs on several threads at once. Initialises and fills *reply. */
    void (*answer)(const struct ndes_request *request, struct ndes_reply *reply, void *user);
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

/* Opens or blocks the network path, and changes what the TLS handshake shows. Any change cuts the connections that exist.
 * After a failure (somebody else took the port) it may be called again. One thread at a time. */
bool sim_listener_set_transport(struct sim_listener *listener, const struct ndes_transport *transport,
                                struct err *e);

#endif
