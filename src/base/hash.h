/* FNV-1a, 64 bits: for tables, and to tell things apart. Nobody is hindered from finding two that are the same. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/bytes.h"

static inline uint64_t hash_span(struct span s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ s.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
