/* "key=value,key=value": options of options on command lines. */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include "base/err.h"

#include <stddef.h>

#define PAIRS_KEYS_MAX 32

/* Takes the value of keys[key]. */
typedef bool pairs_setter(void *user, size_t key, const char *value, struct err *e);

/* Hands the pairs of `text` to `set`, in their order, until one fails. `keys` ends with NULL. In *given (NULL: nobody asks) stays a bit
 * for each key that was there.
 * Fails: REASON_USAGE: no pair, no such key (with the nearest one), one given twice; what `set` fails with, behind the
 * key's name; REASON_NO_MEMORY. */
bool pairs_read(const char *text, const char *const *keys, pairs_setter *set, void *user, unsigned *given,
                struct err *e) MUST_USE;

#endif
