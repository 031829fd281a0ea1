/* The TCP port of the simulator: parsed, bound, listening, closed or silent. No HTTP here. */
#ifndef SIM_PORT_H
#define SIM_PORT_H

#include "base/err.h"

#include <stddef.h>
#include <sys/socket.h>

#define SIM_PORT_FILLERS 8

struct sim_port {
    char host[256];                  /* as written, without brackets */
    struct sockaddr_storage address; /* with the real port once bound */
    socklen_t address_len;
    int fillers[SIM_PORT_FILLERS]; /* connections that keep a silent port silent; -1: none */
};

/* "127.0.0.1:8080", "[::1]:0", "localhost:8080"; looks a name up. Fails: REASON_USAGE. */
bool sim_port_parse(const char *text, struct sim_port *out, struct err *e) MUST_USE;

/* Takes the port (port 0: a free one, the same one from then on) without listening: connections are refused.
 * Fails: REASON_IO. The descriptor is the caller's. */
bool sim_port_bind(struct sim_port *port, int *out_fd, struct err *e) MUST_USE;
bool sim_port_listen(const struct sim_port *port, int fd, struct err *e) MUST_USE;
/* Listens without ever accepting and fills the queue, so that the kernel drops further connection requests: they go
 * unanswered, as behind a firewall. Ends with sim_port_unsilence and closing `fd`. */
bool sim_port_silence(struct sim_port *port, int fd, struct err *e) MUST_USE;
void sim_port_unsilence(struct sim_port *port);

unsigned sim_port_number(const struct sim_port *port);
bool sim_port_is_loopback(const struct sim_port *port);
bool sim_port_address_is_loopback(const struct sockaddr *address);
/* "http://127.0.0.1:40123" */
void sim_port_url(const struct sim_port *port, bool tls, char *out, size_t out_bytes);

#endif
