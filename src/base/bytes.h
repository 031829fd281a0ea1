/* Bytes borrowed (struct span) and bytes owned (struct buf).
 *
 * A buf always has a ceiling: growing past it fails, it never eats the machine. `data` may be NULL while
 * `len` is 0. Not safe for use by two threads at once. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* A borrowed view; somebody else keeps the bytes alive. */
struct span {
    const uint8_t *data;
    size_t len;
};

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;  /* ceiling in bytes */
    bool failed; /* an append was refused (no memory or ceiling); sticky */
};

/* Common ceilings. */
#define BYTES_MAX_MESSAGE ((size_t)1 << 20) /* any SCEP message or page: 1 MiB */

static inline struct span span_of(const void *data, size_t len)
{
    return (struct span){.data = data, .len = len};
}

struct span span_of_text(const char *text);
bool span_equal(struct span a, struct span b);
bool span_equal_text(struct span a, const char *text);
/* In constant time, for nonces and passwords. */
bool span_equal_secret(struct span a, struct span b);
/* SHA-256; false when the library refuses. */
bool span_sha256(struct span s, uint8_t out[32]);

void buf_init(struct buf *b, size_t max);
/* Frees; the buf may be used again after buf_init. Harmless on a zeroed or cleared buf. */
void buf_clear(struct buf *b);
/* The same after wiping the bytes. */
void buf_wipe(struct buf *b);
/* Gives back the room that is not used, wiped; kept when there is no memory to move to. */
void buf_fit(struct buf *b);
/* Keeps the memory, forgets the content. */
void buf_reset(struct buf *b);

/* Appends. On failure nothing is appended, `failed` is set and false is returned; callers may therefore
 * append many times and ask buf_ok once. */
bool buf_append(struct buf *b, const void *data, size_t len);
bool buf_append_span(struct buf *b, struct span s);
bool buf_append_text(struct buf *b, const char *text);
bool buf_append_byte(struct buf *b, uint8_t byte);
bool buf_appendf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Makes room for `len` bytes at the end and returns where they go; NULL on failure. Add to b->len yourself. */
uint8_t *buf_reserve(struct buf *b, size_t len);

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){.data = b->data, .len = b->len};
}

/* True when no append failed; else fills e with REASON_LIMIT or REASON_NO_MEMORY at `stage`. */
bool buf_ok(const struct buf *b, enum stage stage, struct err *e) MUST_USE;

/* The content as a NUL-terminated string, still owned by b; NULL when memory ran out. */
const char *buf_text(struct buf *b);

#endif
