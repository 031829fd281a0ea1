#include "traces/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORTH_WRITING ((size_t)64 * 1024)
#define PENDING_MAX   ((size_t)1 << 20)

void traces_writer_init(struct traces_writer *w, const char *tail,
                        void (*on_failure)(const struct err *e, void *user), void *user)
{
    *w = (struct traces_writer){.fd = -1, .tail = tail, .on_failure = on_failure, .user = user};
    pthread_mutex_init(&w->lock, NULL);
    buf_init(&w->pending, PENDING_MAX);
}

static void fail(struct traces_writer *w, int error_number)
{
    struct err e = {0};
    w->failed = true;
    buf_reset(&w->pending);
    err_set_errno(&e, REASON_IO, error_number, "cannot write %.150s", w->path);
    w->on_failure(&e, w->user);
}

static bool write_all(struct traces_writer *w, const uint8_t *data, size_t len, int64_t at)
{
    while (len > 0) {
        ssize_t done = pwrite(w->fd, data, len, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            fail(w, done < 0 ? errno : ENOSPC);
            return false;
        }
        data += done;
        len -= (size_t)done;
        at += done;
    }
    return true;
}

/* The tail is written behind whatever is there, and over the tail from before. */
static void write_out(struct traces_writer *w)
{
    size_t len = w->pending.len;
    if (w->failed || w->fd < 0 || len == 0)
        return;
    if (!buf_append_text(&w->pending, w->tail)) {
        fail(w, ENOMEM);
        return;
    }
    if (write_all(w, w->pending.data, w->pending.len, w->written))
        w->written += (int64_t)len;
    buf_reset(&w->pending);
}

bool traces_writer_open(struct traces_writer *w, const char *folder, const char *name, const char *head,
                        struct err *e)
{
    int len = snprintf(w->path, sizeof w->path, "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof w->path)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a path longer than %d characters",
                       TRACES_PATH_BYTES - 1);
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (w->fd < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot make %.150s", w->path);
    w->written = 0;
    w->failed = !buf_append_text(&w->pending, head);
    write_out(w);
    return !w->failed || err_set(e, STAGE_SETUP, REASON_IO, "cannot write %.150s", w->path);
}

struct buf *traces_writer_begin(struct traces_writer *w)
{
    pthread_mutex_lock(&w->lock);
    return w->failed || w->fd < 0 ? NULL : &w->pending;
}

void traces_writer_end(struct traces_writer *w)
{
    if (w->pending.failed)
        fail(w, ENOMEM);
    else if (w->pending.len >= WORTH_WRITING)
        write_out(w);
    pthread_mutex_unlock(&w->lock);
}

void traces_writer_flush(struct traces_writer *w)
{
    pthread_mutex_lock(&w->lock);
    write_out(w);
    pthread_mutex_unlock(&w->lock);
}

/* The caller holds the lock, or is the only one left. A disk over the network may say only now that it is full. */
void traces_writer_close(struct traces_writer *w)
{
    write_out(w);
    if (w->fd >= 0 && close(w->fd) != 0 && !w->failed)
        fail(w, errno);
    w->fd = -1;
}

void traces_writer_clear(struct traces_writer *w)
{
    traces_writer_close(w);
    buf_clear(&w->pending);
    pthread_mutex_destroy(&w->lock);
}
