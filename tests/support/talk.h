/* The plainest HTTP client there is: bytes out, bytes in until the peer closes. For servers under test. */
#ifndef SUPPORT_TALK_H
#define SUPPORT_TALK_H

#include "base/bytes.h"

/* To a loopback port. -1 when refused or not answered within a second (errno says which). */
int talk_connect(unsigned port);
/* Sends the bytes on a new connection and reads until it ends (10 s at most). False: no connection or no end. */
bool talk(unsigned port, struct span request, struct buf *reply);
/* "GET target" with Connection: close; `headers` are further lines, each ended by "\r\n". */
bool talk_get(unsigned port, const char *target, const char *headers, struct buf *reply);
bool talk_post(unsigned port, const char *target, struct span body, struct buf *reply);
/* Reads until the peer closes. */
bool talk_drain(int fd, struct buf *reply);

/* Of a complete reply. */
int talk_status(struct buf *reply);
/* The value of a header, up to the end of its line; empty when absent. */
struct span talk_header(const struct buf *reply, const char *name);
struct span talk_body(const struct buf *reply);
unsigned talk_port(const char *url); /* "http://127.0.0.1:4711" */

#endif
