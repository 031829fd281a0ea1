/* Makes key pairs on all cores, before a run's clock starts or to fill a pool file. */
#ifndef PRELUDE_KEYS_H
#define PRELUDE_KEYS_H

#include "pki/key.h"

/* Calls `each` once per finished key, one call at a time, from the calling thread; the key is borrowed. `each`
 * returning false ends the work early without an error. Blocks until all threads have ended.
 * Fails: REASON_CRYPTO, or what `each` put into *e before returning false. */
bool prelude_keys_make(unsigned bits, size_t count,
                       bool (*each)(struct pki_key *key, void *user, struct err *e), void *user,
                       struct err *e) MUST_USE;

#endif
