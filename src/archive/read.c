#include "archive/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define MAX_REMARK_BYTES ((uint64_t)1 << 20)

/* Takes pieces of any size, and knows where it stands between them. */
struct unpacking {
    const struct archive_sink *sink;
    uint8_t block[TAR_BLOCK]; /* of a head: as much as came */
    size_t filled;
    bool wanted;    /* what follows is a file's; else it is passed over */
    uint64_t left;  /* of the contents at hand */
    size_t padding; /* behind them */
    uint64_t bytes; /* of all files */
    unsigned files;
    bool ended;
};

static bool refuse(struct err *e, const char *why)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "the archive cannot be taken: %s", why);
}

static bool begin(struct unpacking *u, struct err *e)
{
    struct tar_head head;
    if (!tar_head_read(u->block, &head, e))
        return false;
    u->ended = head.kind == TAR_END;
    u->wanted = head.kind == TAR_FILE;
    u->left = head.bytes;
    u->padding = tar_padding(head.bytes);
    u->bytes += head.bytes;
    if (!u->ended && ++u->files > ARCHIVE_MAX_FILES)
        return refuse(e, "it holds too many files");
    if (u->bytes >= ARCHIVE_MAX_BYTES || (!u->wanted && head.bytes > MAX_REMARK_BYTES))
        return refuse(e, "it holds too much");
    const struct archive_sink *sink = u->sink;
    return !u->wanted ||
           (sink->file(sink->user, head.name, head.bytes, e) && (head.bytes > 0 || sink->end(sink->user, e)));
}

static bool take_head(struct unpacking *u, struct span *from, struct err *e)
{
    size_t len = TAR_BLOCK - u->filled < from->len ? TAR_BLOCK - u->filled : from->len;
    memcpy(u->block + u->filled, from->data, len);
    u->filled += len;
    *from = span_of(from->data + len, from->len - len);
    if (u->filled < TAR_BLOCK)
        return true;
    u->filled = 0;
    return begin(u, e);
}

static bool take_contents(struct unpacking *u, struct span *from, struct err *e)
{
    const struct archive_sink *sink = u->sink;
    size_t len = u->left < from->len ? (size_t)u->left : from->len;
    struct span piece = span_of(from->data, len);
    *from = span_of(from->data + len, from->len - len);
    u->left -= len;
    return !u->wanted || (sink->data(sink->user, piece, e) && (u->left > 0 || sink->end(sink->user, e)));
}

static void take_padding(struct unpacking *u, struct span *from)
{
    size_t len = u->padding < from->len ? u->padding : from->len;
    *from = span_of(from->data + len, from->len - len);
    u->padding -= len;
}

static bool feed(struct unpacking *u, struct span piece, struct err *e)
{
    bool ok = true;
    while (ok && piece.len > 0 && !u->ended) {
        if (u->left > 0)
            ok = take_contents(u, &piece, e);
        else if (u->padding > 0)
            take_padding(u, &piece);
        else
            ok = take_head(u, &piece, e);
    }
    return ok;
}

static bool finish(const struct unpacking *u, struct err *e)
{
    return u->ended || refuse(e, "its end is missing");
}

bool archive_read_bytes(struct span tar, const struct archive_sink *sink, struct err *e)
{
    struct unpacking u = {.sink = sink};
    return feed(&u, tar, e) && finish(&u, e);
}

/* Once the end was seen, what follows is nobody's. */
static bool read_all(gzFile from, struct unpacking *u, const char *path, struct err *e)
{
    uint8_t piece[1 << 16];
    int got = 0, why = Z_OK;
    while (!u->ended && (got = gzread(from, piece, sizeof piece)) > 0) {
        if (!feed(u, span_of(piece, (size_t)got), e))
            return false;
    }
    (void)gzerror(from, &why);
    if (got < 0 || (why != Z_OK && why != Z_STREAM_END && !u->ended))
        return why == Z_ERRNO ? err_set_errno(e, REASON_IO, errno, "cannot read %.120s", path)
                              : refuse(e, "it is damaged, or cut off");
    return finish(u, e);
}

bool archive_read(const char *path, const struct archive_sink *sink, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot read %.120s", path);
    gzFile from = gzdopen(fd, "rb");
    if (from == NULL) {
        close(fd);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for an archive");
    }
    struct unpacking u = {.sink = sink};
    bool ok = read_all(from, &u, path, e);
    (void)gzclose_r(from);
    return ok;
}

bool archive_is(const char *path)
{
    uint8_t magic[2] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is none, and must not hold us up */
    if (fd < 0)
        return false;
    ssize_t got = read(fd, magic, sizeof magic);
    close(fd);
    return got == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}
