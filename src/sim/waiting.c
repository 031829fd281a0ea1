#include "sim/waiting.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define WAITS_MAX  65536
#define EVENTS_MAX 64

struct sim_waiting {
    void (*wake)(struct sim_wait *wait, void *user);
    void *user;
    pthread_t thread;
    bool running;
    int epoll, timer;
    pthread_mutex_t lock; /* of what follows */
    bool stopping;
    struct sim_wait **heap; /* the one due first at the top */
    size_t count, room;
};

/* ---- the heap; `place` is kept so that any wait can be taken out ---- */

static void put(struct sim_waiting *w, size_t at, struct sim_wait *wait)
{
    w->heap[at] = wait;
    wait->place = at;
}

static void sift_up(struct sim_waiting *w, size_t at)
{
    struct sim_wait *wait = w->heap[at];
    for (; at > 0 && w->heap[(at - 1) / 2]->due_us > wait->due_us; at = (at - 1) / 2)
        put(w, at, w->heap[(at - 1) / 2]);
    put(w, at, wait);
}

static void sift_down(struct sim_waiting *w, size_t at)
{
    struct sim_wait *wait = w->heap[at];
    for (size_t child; (child = 2 * at + 1) < w->count; at = child) {
        if (child + 1 < w->count && w->heap[child + 1]->due_us < w->heap[child]->due_us)
            child++;
        if (w->heap[child]->due_us >= wait->due_us)
            break;
        put(w, at, w->heap[child]);
    }
    put(w, at, wait);
}

static bool make_room(struct sim_waiting *w)
{
    if (w->count < w->room)
        return true;
    size_t room = w->room == 0 ? 64 : 2 * w->room;
    struct sim_wait **heap = room > WAITS_MAX ? NULL : realloc(w->heap, room * sizeof(*heap));
    if (heap == NULL)
        return false;
    w->heap = heap;
    w->room = room;
    return true;
}

static void take_out(struct sim_waiting *w, struct sim_wait *wait)
{
    size_t at = wait->place;
    struct sim_wait *last = w->heap[--w->count];
    epoll_ctl(w->epoll, EPOLL_CTL_DEL, wait->fd, NULL);
    if (last == wait)
        return;
    put(w, at, last);
    sift_up(w, at);
    sift_down(w, last->place);
}

/* ---- time ---- */

/* All zero would mean never: what is due already is due in a nanosecond. */
static void set_timer(const struct sim_waiting *w, int64_t due_us)
{
    struct itimerspec at = {.it_value = {.tv_sec = due_us / 1000000, .tv_nsec = due_us % 1000000 * 1000 + 1}};
    timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void wake(struct sim_waiting *w, struct sim_wait *wait, bool gone)
{
    take_out(w, wait);
    wait->gone = gone;
    w->wake(wait, w->user);
}

static void wake_due(struct sim_waiting *w)
{
    int64_t now_us = clock_monotonic_us();
    while (w->count > 0 && w->heap[0]->due_us <= now_us)
        wake(w, w->heap[0], false);
    if (w->count > 0)
        set_timer(w, w->heap[0]->due_us);
}

/* Hang-ups come first: a wait that is woken because it is due may be gone when its event's turn comes. */
static void *run(void *user)
{
    struct sim_waiting *w = user;
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int count = epoll_wait(w->epoll, events, EVENTS_MAX, -1);
        uint64_t ticks;
        (void)!read(w->timer, &ticks, sizeof ticks);
        pthread_mutex_lock(&w->lock);
        for (int i = 0; i < count && !w->stopping; i++) {
            if (events[i].data.ptr != NULL)
                wake(w, events[i].data.ptr, true);
        }
        if (!w->stopping)
            wake_due(w);
        bool stopping = w->stopping;
        pthread_mutex_unlock(&w->lock);
        if (stopping)
            return NULL;
    }
}

/* ---- outside ---- */

static bool open_all(struct sim_waiting *w, struct err *e)
{
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event ticks = {.events = EPOLLIN};
    if (w->epoll < 0 || w->timer < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->timer, &ticks) != 0)
        return err_set_errno(e, REASON_IO, errno, "cannot make a timer");
    int rc = pthread_create(&w->thread, NULL, run, w);
    if (rc != 0)
        return err_set_errno(e, REASON_IO, rc, "cannot start a thread");
    w->running = true;
    return true;
}

bool sim_waiting_start(void (*wake_one)(struct sim_wait *wait, void *user), void *user,
                       struct sim_waiting **out, struct err *e)
{
    struct sim_waiting *w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the listener");
    w->wake = wake_one;
    w->user = user;
    w->epoll = w->timer = -1;
    pthread_mutex_init(&w->lock, NULL);
    if (!open_all(w, e)) {
        sim_waiting_free(w);
        return false;
    }
    *out = w;
    return true;
}

void sim_waiting_stop(struct sim_waiting *w)
{
    if (!w->running)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    set_timer(w, 0);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    w->running = false;
    while (w->count > 0)
        wake(w, w->heap[0], true);
}

void sim_waiting_free(struct sim_waiting *w)
{
    if (w == NULL)
        return;
    if (w->timer >= 0)
        close(w->timer);
    if (w->epoll >= 0)
        close(w->epoll);
    pthread_mutex_destroy(&w->lock);
    free(w->heap);
    free(w);
}

/* A client that closes its side of the connection is not waited for: that is all one sees of a closed socket. */
bool sim_waiting_add(struct sim_waiting *w, struct sim_wait *wait)
{
    struct epoll_event hang_up = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = wait};
    pthread_mutex_lock(&w->lock);
    bool ok = !w->stopping && make_room(w) && epoll_ctl(w->epoll, EPOLL_CTL_ADD, wait->fd, &hang_up) == 0;
    if (ok) {
        put(w, w->count++, wait);
        sift_up(w, wait->place);
        if (wait->place == 0)
            set_timer(w, wait->due_us);
    }
    pthread_mutex_unlock(&w->lock);
    return ok;
}
