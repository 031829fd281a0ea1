#include "live/thread.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICENESS 10

int live_thread(pthread_t *out, void *(*run)(void *user), void *user)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(out, NULL, run, user);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/* Linux counts niceness by thread. */
void live_thread_give_way(void)
{
    (void)!setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}
