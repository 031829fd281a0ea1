#include "sim/resetter.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SILENT_S 5 /* a client that says nothing is reset after that */

struct sim_resetter {
    pthread_t thread;
    int fd;
    int stop; /* eventfd */
};

/* Closing with a linger time of zero sends RST instead of FIN. */
static void reset_one(int fd)
{
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(client);
}

static void *run(void *user)
{
    const struct sim_resetter *r = user;
    struct pollfd fds[] = {{.fd = r->stop, .events = POLLIN}, {.fd = r->fd, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[0].revents != 0)
            return NULL;
        if (fds[1].revents != 0)
            reset_one(r->fd);
    }
}

bool sim_resetter_start(int fd, struct sim_resetter **out, struct err *e)
{
    struct sim_resetter *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a thread");
    *r = (struct sim_resetter){.fd = fd, .stop = eventfd(0, EFD_CLOEXEC)};
    int wait_s = SILENT_S; /* the kernel hands a connection over with its first bytes */
    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &wait_s, sizeof wait_s);
    int rc = r->stop < 0 ? errno : pthread_create(&r->thread, NULL, run, r);
    if (rc != 0) {
        if (r->stop >= 0)
            close(r->stop);
        free(r);
        return err_set_errno(e, REASON_IO, rc, "cannot start a thread");
    }
    *out = r;
    return true;
}

void sim_resetter_stop(struct sim_resetter *resetter)
{
    if (resetter == NULL)
        return;
    eventfd_write(resetter->stop, 1);
    pthread_join(resetter->thread, NULL);
    close(resetter->stop);
    free(resetter);
}
