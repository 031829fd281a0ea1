#include "engine/fingerprint.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64 /* a power of two; at most half of it is used */

bool fingerprints_init(struct fingerprints *f, const uint8_t *salt, struct err *e)
{
    *f = (struct fingerprints){0};
    if (salt != NULL) {
        memcpy(f->salt, salt, sizeof f->salt);
        return true;
    }
    return random_bytes(f->salt, sizeof f->salt, e);
}

void fingerprints_clear(struct fingerprints *f)
{
    free(f->items);
    explicit_bzero(f->salt, sizeof f->salt);
    *f = (struct fingerprints){0};
}

static bool make(const struct fingerprints *f, struct span value, uint64_t *print, struct err *e)
{
    struct buf salted;
    uint8_t hash[32];
    buf_init(&salted, BYTES_MAX_MESSAGE);
    bool ok = buf_append(&salted, f->salt, sizeof f->salt) && buf_append_span(&salted, value) &&
              span_sha256(buf_span(&salted), hash);
    buf_wipe(&salted);
    if (!ok)
        return err_set(e, STAGE_OTP, REASON_CRYPTO, "a password could not be hashed");
    memcpy(print, hash, sizeof *print);
    *print += *print == 0;
    return true;
}

/* Where it is, or where it belongs. */
static uint64_t *find(uint64_t *items, size_t cap, uint64_t print)
{
    size_t at = (size_t)print & (cap - 1);
    while (items[at] != 0 && items[at] != print)
        at = (at + 1) & (cap - 1);
    return &items[at];
}

static bool make_room(struct fingerprints *f)
{
    if (2 * (f->count + 1) <= f->cap)
        return true;
    size_t cap = f->cap == 0 ? FIRST_CAP : 2 * f->cap;
    uint64_t *items = calloc(cap, sizeof *items);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < f->cap; i++) {
        if (f->items[i] != 0)
            *find(items, cap, f->items[i]) = f->items[i];
    }
    free(f->items);
    f->items = items;
    f->cap = cap;
    return true;
}

bool fingerprints_add(struct fingerprints *f, struct span value, uint64_t *print, bool *known, struct err *e)
{
    if (!make(f, value, print, e))
        return false;
    if (!make_room(f))
        return err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory to remember which passwords were used");
    uint64_t *place = find(f->items, f->cap, *print);
    *known = *place != 0;
    f->count += !*known;
    *place = *print;
    return true;
}
