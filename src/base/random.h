/* Two kinds of chance, never mixed up: repeatable draws for the plan of a run (which device, when), and
 * unpredictable bytes for everything that a server sees (nonces, keys, passwords). */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/bytes.h"

/* xoshiro256** (Blackman and Vigna). Same seed, same draws, on every machine. Not for secrets. */
struct random_seeded {
    uint64_t s[4];
};

/* Streams with the same seed and another `stream` are independent of each other. */
void random_seed(struct random_seeded *r, uint64_t seed, uint64_t stream);
uint64_t random_next(struct random_seeded *r);
double random_unit(struct random_seeded *r);                     /* in [0, 1) */
uint64_t random_below(struct random_seeded *r, uint64_t bound);  /* in [0, bound), unbiased; bound > 0 */
double random_exponential(struct random_seeded *r, double mean); /* > 0 */

/* From the operating system's generator through OpenSSL. Any thread. */
bool random_bytes(void *out, size_t len, struct err *e) MUST_USE;

#endif
