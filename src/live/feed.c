/* The sending half of a run that is watched from another process. */
#include "live/live.h"
#include "live/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define SEND_EVERY_MS 50
#define PATIENCE_MS   2000 /* at the end, for a reader who does not read */

struct live_feed {
    struct live_queue *queue;
    pthread_t thread;
    bool running;
    int fd;
    pthread_mutex_t lock; /* guards: */
    bool stopping;
};

static bool is_stopping(struct live_feed *f)
{
    pthread_mutex_lock(&f->lock);
    bool stopping = f->stopping;
    pthread_mutex_unlock(&f->lock);
    return stopping;
}

/* Waits for room. False: nobody reads any more, or not in time once the end has come. */
static bool await_room(struct live_feed *f)
{
    for (;;) {
        bool last = is_stopping(f);
        struct pollfd room = {.fd = f->fd, .events = POLLOUT};
        int ready = poll(&room, 1, PATIENCE_MS);
        if (ready > 0)
            return (room.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
        if (last || (ready < 0 && errno != EINTR))
            return false;
    }
}

static bool send_all(struct live_feed *f, struct span bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t sent = write(f->fd, bytes.data + done, bytes.len - done);
        if (sent > 0)
            done += (size_t)sent;
        else if (errno != EINTR && (errno != EAGAIN || !await_room(f)))
            return false;
    }
    return true;
}

static void *send_facts(void *user)
{
    struct live_feed *f = user;
    struct buf records;
    live_thread_give_way();
    buf_init(&records, LIVE_MAX_QUEUE_BYTES);
    for (bool last = false, ok = true; ok && !last;) {
        last = is_stopping(f); /* before the look, so that nothing is left behind */
        while (ok && live_queue_take(f->queue, &records))
            ok = send_all(f, buf_span(&records));
        if (!last)
            poll(NULL, 0, SEND_EVERY_MS);
    }
    buf_clear(&records);
    return NULL;
}

bool live_feed_open(int fd, struct live_feed **out, struct err *e)
{
    struct live_feed *f = calloc(1, sizeof *f);
    if (f == NULL) {
        close(fd);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to tell what happens");
    }
    f->fd = fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC); /* a program that prints passwords shall not hold it open */
    pthread_mutex_init(&f->lock, NULL);
    int rc =
        live_queue_new(LIVE_MAX_QUEUE_BYTES, true, &f->queue, e) ? live_thread(&f->thread, send_facts, f) : 0;
    f->running = f->queue != NULL && rc == 0;
    if (f->running) {
        *out = f;
        return true;
    }
    if (rc != 0)
        err_set_errno(e, REASON_GENERATOR_LIMIT, rc, "cannot start a thread");
    live_feed_close(f);
    return false;
}

struct outcome_sink live_feed_sink(struct live_feed *f)
{
    return live_queue_sink(f->queue);
}

void live_feed_tick(struct live_feed *f, const struct live_clock *clock, const struct outcome_target *target)
{
    live_queue_tick(f->queue, clock, target);
}

void live_feed_close(struct live_feed *f)
{
    if (f == NULL)
        return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_mutex_unlock(&f->lock);
    if (f->running)
        pthread_join(f->thread, NULL);
    close(f->fd);
    live_queue_free(f->queue);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
