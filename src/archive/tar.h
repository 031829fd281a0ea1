/* Heads of files in a tar archive, POSIX.1-1988 (ustar): 512 bytes each. For this room only. */
#ifndef ARCHIVE_TAR_H
#define ARCHIVE_TAR_H

#include "archive/archive.h"

#define TAR_BLOCK 512

enum tar_kind {
    TAR_FILE,
    TAR_FOLDER,
    TAR_REMARK, /* what pax says about the file behind it: passed over */
    TAR_END     /* a block of zeros */
};

struct tar_head {
    enum tar_kind kind;
    char name[ARCHIVE_NAME_BYTES];
    uint64_t bytes;
};

/* Fails REASON_USAGE: the name is too long. */
bool tar_head_write(const char *name, uint64_t bytes, int64_t mtime_s, uint8_t out[TAR_BLOCK],
                    struct err *e) MUST_USE;
/* Fails REASON_USAGE: not a head, or one of something else than files and folders, or a name that leads elsewhere. */
bool tar_head_read(const uint8_t block[TAR_BLOCK], struct tar_head *out, struct err *e) MUST_USE;
/* Zeros that fill the last block of so many bytes. */
static inline size_t tar_padding(uint64_t bytes)
{
    return (size_t)((TAR_BLOCK - bytes % TAR_BLOCK) % TAR_BLOCK);
}

#endif
