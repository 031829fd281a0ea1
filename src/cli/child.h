/* Ourselves as another process: started with pipes to its stdin and from its stdout, in a process group of its own, so that
 * Ctrl-C is for us. */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include "base/err.h"

#include <sys/types.h>

struct child {
    pid_t pid; /* 0: not started */
    int to, from;
};

#define CHILD_EXTRA_FD 3

/* `argv` as for exec, `entries` are "NAME=value" beside our own environment, NULL-terminated. `what` it is, for errors. */
bool child_start(struct child *c, const char **argv, char *const *entries, const char *what,
                 struct err *e) MUST_USE;
/* The same, and `extra` is its descriptor CHILD_EXTRA_FD; stays the caller's. -1: none. */
bool child_start_with(struct child *c, const char **argv, char *const *entries, int extra, const char *what,
                      struct err *e) MUST_USE;

#endif
