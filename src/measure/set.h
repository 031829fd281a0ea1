/* A set of short byte strings, to notice what must be unique and came twice. Exact: it keeps the strings. */
#ifndef MEASURE_SET_H
#define MEASURE_SET_H

#include "base/bytes.h"

#define SET_MAX_ITEM_BYTES 72

struct set {
    uint32_t *slots;   /* where in `items`, + 1; 0: free */
    size_t slot_count; /* a power of two, at most half full */
    size_t item_count;
    struct buf items; /* one after the other: length byte, bytes */
};

void set_init(struct set *s);
void set_clear(struct set *s);

enum set_added { SET_NEW, SET_KNOWN, SET_FULL /* out of memory: nothing was added */ };
/* `item` is cut to SET_MAX_ITEM_BYTES, in both. */
enum set_added set_add(struct set *s, struct span item);
bool set_has(const struct set *s, struct span item);

#endif
