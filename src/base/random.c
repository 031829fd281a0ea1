#include "base/random.h"

#include <math.h>
#include <openssl/rand.h>

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/* splitmix64: spreads a small seed over the whole state, as the authors of xoshiro advise. */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void random_seed(struct random_seeded *r, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    uint64_t mixed = splitmix(&state) ^ stream;
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix(&mixed);
}

uint64_t random_next(struct random_seeded *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double random_unit(struct random_seeded *r)
{
    return (double)(random_next(r) >> 11) * 0x1.0p-53;
}

uint64_t random_below(struct random_seeded *r, uint64_t bound)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t draw = random_next(r);
    while (draw >= limit)
        draw = random_next(r);
    return draw % bound;
}

double random_exponential(struct random_seeded *r, double mean)
{
    return -mean * log1p(-random_unit(r));
}

bool random_bytes(void *out, size_t len, struct err *e)
{
    if (len > INT32_MAX || RAND_bytes(out, (int)len) != 1)
        return err_set(e, STAGE_NONE, REASON_CRYPTO, "no random bytes to be had");
    return true;
}
