// room: archive
/* An archive from anybody, not packed: reading it ends, and every name that comes out stays below its folder. */
#include "archive/archive.h"

#include "../support/fuzz.h"

static uint64_t told, left;

static bool on_file(void *user, const char *name, uint64_t bytes, struct err *e)
{
    (void)user;
    (void)e;
    if (left != 0 || name[0] == '/' || name[0] == '\0' || strlen(name) >= ARCHIVE_NAME_BYTES ||
        strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 || strstr(name, "/../") != NULL ||
        bytes >= ARCHIVE_MAX_BYTES)
        abort();
    left = bytes;
    return ++told < 100000;
}

static bool on_data(void *user, struct span piece, struct err *e)
{
    (void)user;
    (void)e;
    if (piece.len == 0 || piece.len > left)
        abort();
    left -= piece.len;
    return true;
}

static bool on_end(void *user, struct err *e)
{
    (void)user;
    (void)e;
    if (left != 0)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    const struct archive_sink sink = {.file = on_file, .data = on_data, .end = on_end};
    told = left = 0;
    either_way(archive_read_bytes(span_of(data, size), &sink, &e));
    return 0;
}
