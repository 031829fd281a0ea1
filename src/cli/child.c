#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static size_t count(char *const *list)
{
    size_t n = 0;
    while (list[n] != NULL)
        n++;
    return n;
}

/* The returned array is freed by the caller, the strings are not its own. */
static char **make_environment(char *const *entries)
{
    size_t ours = count(environ), more = count(entries);
    char **env = calloc(ours + more + 1, sizeof *env);
    if (env == NULL)
        return NULL;
    memcpy(env, environ, ours * sizeof *env);
    memcpy(env + ours, entries, more * sizeof *env);
    return env;
}

static int spawn(pid_t *pid, int in, int out, int extra, const char **argv, char **env)
{
    /* POSIX declares the strings writable but promises to leave them alone. */
    union {
        const char **ours;
        char **posix;
    } arguments = {.ours = argv};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (extra >= 0)
        posix_spawn_file_actions_adddup2(&actions, extra, CHILD_EXTRA_FD);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    int rc = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, arguments.posix, env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

bool child_start(struct child *c, const char **argv, char *const *entries, const char *what, struct err *e)
{
    return child_start_with(c, argv, entries, -1, what, e);
}

bool child_start_with(struct child *c, const char **argv, char *const *entries, int extra, const char *what,
                      struct err *e)
{
    int in[2], out[2];
    *c = (struct child){.to = -1, .from = -1};
    if (pipe2(in, O_CLOEXEC) != 0)
        return err_set_errno(e, REASON_IO, errno, "cannot start %s", what);
    if (pipe2(out, O_CLOEXEC) != 0) {
        err_set_errno(e, REASON_IO, errno, "cannot start %s", what);
        close(in[0]);
        close(in[1]);
        return false;
    }
    char **env = make_environment(entries);
    int rc = env != NULL ? spawn(&c->pid, in[0], out[1], extra, argv, env) : ENOMEM;
    free(env);
    close(in[0]);
    close(out[1]);
    c->to = in[1];
    c->from = out[0];
    if (rc == 0)
        return true;
    c->pid = 0;
    return err_set_errno(e, REASON_IO, rc, "cannot start %s", what);
}
