/* --metrics-listen ADDR:PORT, for the commands that have it. */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "live/live.h"

/* Takes the address and says on stderr where it serves: always what must be known (which port was free, that others can read along),
 * the rest unless `quiet`. `listen` NULL: does nothing, *out stays NULL. */
bool serve_open(const char *listen, const char *command, bool quiet, struct live **out,
                struct err *e) MUST_USE;

/* After the end: waits for those who watch, until they have seen it or *stop is set. Harmless for NULL. */
void serve_linger(struct live *l, const char *command, bool quiet, const volatile sig_atomic_t *stop);

#endif
