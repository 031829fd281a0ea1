/* The passwords in a file of lines or CSV: where they are, not what they are. */
#ifndef CHALLENGE_ROWS_H
#define CHALLENGE_ROWS_H

#include "base/bytes.h"

#define CHALLENGE_ROWS_MAX 10000000

struct challenge_row {
    uint64_t offset; /* of the field as written, quotes included */
    uint32_t bytes;
    uint32_t line; /* counted from 1 */
};

/* Called for each password in the order of the file. `value` is borrowed and wiped afterwards. False ends the reading. */
typedef bool (*challenge_row_done)(void *user, const struct challenge_row *row, struct span value,
                                   struct err *e);

/* Reads the open file from its beginning. Lines: LF or CRLF, empty ones are skipped. With `column` RFC 4180: a line of column
 * names first; quoted fields may hold commas, quotes ("") and line breaks. A byte-order mark is skipped.
 * Fails: REASON_USAGE, "PATH:LINE: what"; never quoting a value. */
bool challenge_rows_read(int fd, const char *path, const char *column, challenge_row_done done, void *user,
                         struct err *e) MUST_USE;

/* The password of a field as written: without its quotes. Appends to `out`. */
bool challenge_row_value(struct span written, bool csv, struct buf *out);

#endif
