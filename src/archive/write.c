#include "archive/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct archive_writer {
    char path[PATH_MAX], temporary[PATH_MAX];
    gzFile to;
    int64_t mtime_s;
};

static bool cannot_write(const struct archive_writer *w, struct err *e)
{
    return err_set_errno(e, REASON_IO, errno == 0 ? EIO : errno, "cannot write %.120s", w->path);
}

static bool begin(struct archive_writer *w, struct err *e)
{
    int fd = mkostemp(w->temporary, O_CLOEXEC);
    if (fd < 0) {
        w->temporary[0] = '\0'; /* nothing to remove */
        return cannot_write(w, e);
    }
    if (fchmod(fd, 0644) != 0 || (w->to = gzdopen(fd, "wb6")) == NULL) {
        close(fd);
        return cannot_write(w, e);
    }
    return true;
}

bool archive_create(const char *path, int64_t mtime_s, struct archive_writer **out, struct err *e)
{
    struct archive_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for an archive");
    w->mtime_s = mtime_s;
    int len = snprintf(w->path, sizeof w->path, "%s", path);
    int more = snprintf(w->temporary, sizeof w->temporary, "%s.XXXXXX", path);
    if (len <= 0 || more <= len || (size_t)more >= sizeof w->temporary) {
        w->temporary[0] = '\0';
        err_set(e, STAGE_SETUP, REASON_USAGE, "the archive needs a name of 1 to %d characters", PATH_MAX - 8);
    } else if (begin(w, e)) {
        *out = w;
        return true;
    }
    archive_discard(w);
    return false;
}

static bool put(struct archive_writer *w, const void *data, size_t len, struct err *e)
{
    errno = 0;
    return len == 0 || gzwrite(w->to, data, (unsigned)len) == (int)len || cannot_write(w, e);
}

static bool put_head(struct archive_writer *w, const char *name, uint64_t bytes, struct err *e)
{
    uint8_t head[TAR_BLOCK];
    return tar_head_write(name, bytes, w->mtime_s, head, e) && put(w, head, sizeof head, e);
}

static bool put_padding(struct archive_writer *w, uint64_t bytes, struct err *e)
{
    static const uint8_t zeros[TAR_BLOCK];
    return put(w, zeros, tar_padding(bytes), e);
}

/* zlib takes int sizes. */
#define PIECE ((size_t)1 << 16)

bool archive_put(struct archive_writer *w, const char *name, struct span content, struct err *e)
{
    bool ok = put_head(w, name, content.len, e);
    for (size_t at = 0; ok && at < content.len; at += PIECE)
        ok = put(w, content.data + at, content.len - at < PIECE ? content.len - at : PIECE, e);
    return ok && put_padding(w, content.len, e);
}

static bool copy(struct archive_writer *w, int from, const char *path, uint64_t bytes, struct err *e)
{
    uint8_t piece[PIECE];
    while (bytes > 0) {
        errno = 0;
        ssize_t got = read(from, piece, bytes < PIECE ? (size_t)bytes : PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_set_errno(e, REASON_IO, got < 0 ? errno : ENODATA, "cannot read %.120s", path);
        if (!put(w, piece, (size_t)got, e))
            return false;
        bytes -= (uint64_t)got;
    }
    return true;
}

bool archive_put_file(struct archive_writer *w, const char *name, const char *path, uint64_t bytes,
                      struct err *e)
{
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot read %.120s", path);
    bool ok = put_head(w, name, bytes, e) && copy(w, from, path, bytes, e) && put_padding(w, bytes, e);
    close(from);
    return ok;
}

bool archive_close(struct archive_writer *w, struct err *e)
{
    static const uint8_t end[2 * TAR_BLOCK];
    bool ok = put(w, end, sizeof end, e);
    errno = 0;
    if (gzclose(w->to) != Z_OK)
        ok = cannot_write(w, e);
    w->to = NULL;
    errno = 0;
    if (ok && rename(w->temporary, w->path) != 0)
        ok = cannot_write(w, e);
    if (ok)
        w->temporary[0] = '\0';
    archive_discard(w);
    return ok;
}

void archive_discard(struct archive_writer *w)
{
    if (w == NULL)
        return;
    if (w->to != NULL)
        (void)gzclose(w->to);
    if (w->temporary[0] != '\0')
        unlink(w->temporary);
    free(w);
}
