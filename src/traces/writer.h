/* One file that grows: what is written is kept in memory until it is worth a system call. Private to this room. */
#ifndef TRACES_WRITER_H
#define TRACES_WRITER_H

#include "base/bytes.h"

#include <pthread.h>

#define TRACES_PATH_BYTES 1024

struct traces_writer {
    pthread_mutex_t lock; /* held between _begin and _end */
    char path[TRACES_PATH_BYTES];
    int fd; /* -1: not open */
    struct buf pending;
    int64_t written;  /* bytes in front of the tail */
    const char *tail; /* what the file ends with at any moment: "</Events>"; "" */
    bool failed;
    void (*on_failure)(const struct err *e, void *user);
    void *user;
};

void traces_writer_init(struct traces_writer *w, const char *tail,
                        void (*on_failure)(const struct err *e, void *user), void *user);
/* Makes a new file and begins it with `head`. Fails: REASON_IO, also when there is one of that name. */
bool traces_writer_open(struct traces_writer *w, const char *folder, const char *name, const char *head,
                        struct err *e) MUST_USE;
/* Locks; append to the buffer that comes back, then _end. NULL when the file failed or is not open: still call _end. */
struct buf *traces_writer_begin(struct traces_writer *w);
void traces_writer_end(struct traces_writer *w);
/* Everything is in the file. */
void traces_writer_flush(struct traces_writer *w);
void traces_writer_close(struct traces_writer *w);
void traces_writer_clear(struct traces_writer *w);

#endif
