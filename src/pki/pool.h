/* The key pool: many key pairs in one private file, made ahead so that a run never waits for key generation.
 *
 * File format 1: "SCEPSTORM-KEYS 1\n", then per key a 32-bit big-endian length and PKCS#8 DER. Mode 0600;
 * a file that others can read is refused. Appending is safe against interruption: a torn last entry is
 * reported and dropped. */
#ifndef PKI_POOL_H
#define PKI_POOL_H

#include "pki/key.h"

struct pki_pool;

/* An empty pool in memory. */
bool pki_pool_new(struct pki_pool **out, struct err *e) MUST_USE;
/* Loads at most `limit` keys (0: all). Fails REASON_IO (missing, unreadable, open to others), REASON_MALFORMED. */
bool pki_pool_load(const char *path, size_t limit, struct pki_pool **out, struct err *e) MUST_USE;
/* Whether loading found the last entry cut short and dropped it. The next pki_pool_append removes it. */
bool pki_pool_was_torn(const struct pki_pool *pool);
void pki_pool_free(struct pki_pool *pool);
size_t pki_pool_count(const struct pki_pool *pool);
/* Borrowed; index below the count. */
struct pki_key *pki_pool_key(const struct pki_pool *pool, size_t index);
/* Takes its own reference. */
bool pki_pool_add(struct pki_pool *pool, struct pki_key *key, struct err *e) MUST_USE;

/* Creates the file (0600) when absent and appends one key. */
bool pki_pool_append(const char *path, const struct pki_key *key, struct err *e) MUST_USE;

#endif
