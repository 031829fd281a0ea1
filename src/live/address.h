/* Where the live view listens: parsed, and bound at once, so that a port in use is known before anything else begins. */
#ifndef LIVE_ADDRESS_H
#define LIVE_ADDRESS_H

#include "base/err.h"

#include <stddef.h>
#include <sys/socket.h>

struct live_address {
    struct sockaddr_storage socket; /* with the real port once bound */
    socklen_t socket_len;
};

/* "127.0.0.1:9464", "[::1]:0", "localhost:9464"; a port alone ("9464", ":9464") is one of this machine's own, 127.0.0.1. Addresses in
 * figures only: no name is looked up. Fails: REASON_USAGE. */
bool live_address_parse(const char *text, struct live_address *out, struct err *e) MUST_USE;
/* Takes the port (0: a free one) and listens. The descriptor is the caller's. Fails: REASON_IO. */
bool live_address_listen(struct live_address *address, int *out_fd, struct err *e) MUST_USE;
bool live_address_is_loopback(const struct live_address *address);
/* "http://127.0.0.1:40123/" */
#define LIVE_URL_BYTES 80
void live_address_url(const struct live_address *address, char out[LIVE_URL_BYTES]);

#endif
