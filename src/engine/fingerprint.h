/* Which passwords a run has seen, without keeping any: salted hashes. For this room only. */
#ifndef ENGINE_FINGERPRINT_H
#define ENGINE_FINGERPRINT_H

#include "base/bytes.h"

struct fingerprints {
    uint8_t salt[16];
    uint64_t *items; /* open addressing; 0: free */
    size_t count, cap;
};

/* `salt`: of sizeof f->salt bytes, for prints that are to be compared with those of others; NULL: at random.
 * Fails: REASON_CRYPTO. */
bool fingerprints_init(struct fingerprints *f, const uint8_t *salt, struct err *e) MUST_USE;
void fingerprints_clear(struct fingerprints *f);
/* Equal values have equal prints within a run, never 0; nobody can get from one to the value. *known: it was here before.
 * Fails: REASON_NO_MEMORY, REASON_CRYPTO. */
bool fingerprints_add(struct fingerprints *f, struct span value, uint64_t *print, bool *known,
                      struct err *e) MUST_USE;

#endif
