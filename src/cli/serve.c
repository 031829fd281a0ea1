#include "cli/serve.h"

#include <stdio.h>
#include <string.h>

/* "9464", "127.0.0.1:0": whether the port was left to us. */
static bool leaves_port(const char *listen)
{
    const char *colon = strrchr(listen, ':');
    const char *port = colon != NULL ? colon + 1 : listen;
    return strspn(port, "0") == strlen(port);
}

bool serve_open(const char *listen, const char *command, bool quiet, struct live **out, struct err *e)
{
    if (listen == NULL)
        return true;
    if (!live_open(listen, out, e))
        return false;
    if (!quiet || leaves_port(listen))
        fprintf(stderr, "metrics on %s\n", live_url(*out));
    if (live_is_public(*out))
        fprintf(stderr,
                "scepstorm %s: whoever reaches %s may read along: names of servers, certificates and "
                "failures, no "
                "passwords\n",
                command, live_url(*out));
    return true;
}

void serve_linger(struct live *l, const char *command, bool quiet, const volatile sig_atomic_t *stop)
{
    bool said = quiet;
    while (l != NULL && *stop == 0 && live_linger(l)) {
        if (!said)
            fprintf(stderr,
                    "scepstorm %s: a moment more, until who watches has seen the end (Ctrl-C: at once)\n",
                    command);
        said = true;
    }
}
