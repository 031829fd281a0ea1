/* How the threads of this room are started. For this room only. */
#ifndef LIVE_THREAD_H
#define LIVE_THREAD_H

#include <pthread.h>

/* Signals stay with the engine's thread, and so does the processor when both want it. Returns 0 or an errno. */
int live_thread(pthread_t *out, void *(*run)(void *user), void *user);
/* To be called by such a thread first. */
void live_thread_give_way(void);

#endif
