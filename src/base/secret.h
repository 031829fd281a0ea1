/* A password or challenge. Wiped when freed; never printed: no function here formats it. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/bytes.h"

struct secret; /* opaque, so that no struct dump shows it */

bool secret_new(struct span value, struct secret **out, struct err *e) MUST_USE;
void secret_free(struct secret *s);
/* Borrowed; valid until secret_free. The byte after it is NUL, so data may be used as a C string. */
struct span secret_value(const struct secret *s);

/* From an environment variable, and from a file that only its owner may read (0600 or stricter); one trailing
 * line end is dropped. The variable can be read once: its value is wiped where it stands, in what /proc/PID/environ shows, and
 * it is unset. Not while other threads read the environment. */
bool secret_from_env(const char *name, struct secret **out, struct err *e) MUST_USE;
bool secret_from_file(const char *path, struct secret **out, struct err *e) MUST_USE;
/* Asks on the process's terminal, without echo; blocks until there is a line. Signals that end or stop the process do so with
 * the echo restored. Fails: REASON_USAGE: no terminal, nothing entered. */
bool secret_from_terminal(const char *prompt, struct secret **out, struct err *e) MUST_USE;
/* Whether somebody could be asked: there is a terminal, and this process is in its foreground. */
bool secret_has_terminal(void);

#endif
