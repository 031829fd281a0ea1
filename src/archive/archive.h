/* Files in one archive: POSIX ustar inside gzip. What is written depends on names, contents and one time alone, so equal files
 * make equal bytes. What is read may come from anybody: names stay below one folder, sizes have ceilings, links are refused. */
#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "base/bytes.h"

#define ARCHIVE_NAME_BYTES 256                 /* of a name with its folders, and the NUL */
#define ARCHIVE_MAX_FILES  10000               /* more than that is refused */
#define ARCHIVE_MAX_BYTES  (UINT64_C(8) << 30) /* of all files together: as much as ustar says of one */

/* ---- writing ---- */

struct archive_writer;

/* Writes through a temporary file in the same folder, as file_write does. `mtime_s`: of every file in it, Unix seconds. */
bool archive_create(const char *path, int64_t mtime_s, struct archive_writer **out, struct err *e) MUST_USE;
/* `name`: "folder/file", slashes between, at most 155 bytes before the last one and 100 behind it. */
bool archive_put(struct archive_writer *w, const char *name, struct span content, struct err *e) MUST_USE;
/* The first `bytes` of the file `path`. Fails REASON_IO: it is shorter. */
bool archive_put_file(struct archive_writer *w, const char *name, const char *path, uint64_t bytes,
                      struct err *e) MUST_USE;
/* The archive has its name only after this. Frees, also when it fails. */
bool archive_close(struct archive_writer *w, struct err *e) MUST_USE;
/* Gives up: nothing stays. NULL is harmless. */
void archive_discard(struct archive_writer *w);

/* ---- reading ---- */

/* Where the files of an archive go, one after the other: `file`, its `data` in pieces, `end`. What returns false, with *e set,
 * ends the reading. */
struct archive_sink {
    void *user;
    bool (*file)(void *user, const char *name, uint64_t bytes,
                 struct err *e); /* name: relative, without ".." */
    bool (*data)(void *user, struct span piece, struct err *e);
    bool (*end)(void *user, struct err *e);
};

/* Folders are passed over: what lies in them says so itself.
 * Fails: REASON_USAGE: no archive, a damaged or cut one, one with names or sizes that are refused; REASON_IO; what the
 * sink says. */
bool archive_read(const char *path, const struct archive_sink *sink, struct err *e) MUST_USE;
/* The same of bytes that are not packed. */
bool archive_read_bytes(struct span tar, const struct archive_sink *sink, struct err *e) MUST_USE;
/* Whether the file begins as something packed with gzip does. */
bool archive_is(const char *path);

#endif
