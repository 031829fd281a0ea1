/* What every fuzz target of a parser wants. */
#ifndef SUPPORT_FUZZ_H
#define SUPPORT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Around calls that may succeed or fail: only that they return matters. */
static inline void either_way(bool ok)
{
    (void)ok;
}

#endif
