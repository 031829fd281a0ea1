/* Whole files and folders. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"

/* Reads a regular file of at most max bytes; appends to out (which is buf_init'ed by the caller). */
bool file_read(const char *path, struct buf *out, struct err *e) MUST_USE;
/* Writes through a temporary file in the same folder and renames it: readers see the old or the new content,
 * never half of it. `mode` as for open(2). */
bool file_write(const char *path, struct span content, unsigned mode, struct err *e) MUST_USE;
/* SHA-256 of a regular file, and how long it is. */
bool file_sha256(const char *path, uint8_t out[32], uint64_t *bytes, struct err *e) MUST_USE;
/* Makes the folder and its parents. */
bool file_make_folder(const char *path, struct err *e) MUST_USE;

#endif
