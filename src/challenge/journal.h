/* What of a list has been handed out: one line for each, 16 hex digits of its SHA-256. */
#ifndef CHALLENGE_JOURNAL_H
#define CHALLENGE_JOURNAL_H

#include "base/bytes.h"

struct challenge_journal; /* an open, locked file */

/* The same for equal values; false when the library refuses. Nobody can get from it to a long password. */
bool challenge_print_of(struct span value, uint64_t *out);

/* Opens or makes the file (0600) and locks it against other processes; what it holds is given to `used`, line by line. A last
 * line that a killed process left half written is cut off: its password was never handed out.
 * Fails: REASON_USAGE: locked, or no journal; nothing is changed then. REASON_IO, REASON_NO_MEMORY. */
bool challenge_journal_open(const char *path, void (*used)(void *user, uint64_t print), void *user,
                            struct challenge_journal **out, struct err *e) MUST_USE;
void challenge_journal_close(struct challenge_journal *journal);
/* In the kernel's hands when it returns: it survives this process, not a power failure. Fails: REASON_IO, leaving no half
 * line behind. */
bool challenge_journal_add(struct challenge_journal *journal, uint64_t print, struct err *e) MUST_USE;

#endif
