#include "base/bytes.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdarg.h>

struct span span_of_text(const char *text)
{
    return span_of(text, strlen(text));
}

bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool span_equal_text(struct span a, const char *text)
{
    return span_equal(a, span_of_text(text));
}

bool span_equal_secret(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

bool span_sha256(struct span s, uint8_t out[32])
{
    return EVP_Digest(s.len > 0 ? (const void *)s.data : "", s.len, out, NULL, EVP_sha256(), NULL) == 1;
}

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_clear(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_wipe(struct buf *b)
{
    if (b->data != NULL)
        OPENSSL_cleanse(b->data, b->cap);
    buf_clear(b);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

/* Old memory is wiped before it is given back: a buf may hold a password or a key. */
static bool move(struct buf *b, size_t cap)
{
    uint8_t *data = malloc(cap);
    if (data == NULL)
        return false;
    if (b->data != NULL) {
        memcpy(data, b->data, b->len);
        OPENSSL_cleanse(b->data, b->cap);
        free(b->data);
    }
    b->data = data;
    b->cap = cap;
    return true;
}

static bool grow(struct buf *b, size_t need)
{
    size_t cap = b->cap < 256 ? 256 : b->cap;
    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    return move(b, cap);
}

void buf_fit(struct buf *b)
{
    if (b->len == 0)
        buf_wipe(b);
    else if (b->len < b->cap)
        (void)move(b, b->len);
}

uint8_t *buf_reserve(struct buf *b, size_t len)
{
    if (b->failed || len > b->max - b->len || (b->len + len > b->cap && !grow(b, b->len + len))) {
        b->failed = true;
        return NULL;
    }
    if (b->data == NULL && !grow(b, 1)) {
        b->failed = true;
        return NULL;
    }
    return b->data + b->len;
}

bool buf_append(struct buf *b, const void *data, size_t len)
{
    uint8_t *to = buf_reserve(b, len);
    if (to == NULL)
        return false;
    if (len > 0)
        memcpy(to, data, len);
    b->len += len;
    return true;
}

bool buf_append_span(struct buf *b, struct span s)
{
    return buf_append(b, s.data, s.len);
}

bool buf_append_text(struct buf *b, const char *text)
{
    return buf_append(b, text, strlen(text));
}

bool buf_append_byte(struct buf *b, uint8_t byte)
{
    return buf_append(b, &byte, 1);
}

bool buf_appendf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    uint8_t *to = need < 0 ? NULL : buf_reserve(b, (size_t)need + 1);
    if (to != NULL) {
        vsnprintf((char *)to, (size_t)need + 1, format, again);
        b->len += (size_t)need;
    }
    va_end(again);
    return to != NULL;
}

bool buf_ok(const struct buf *b, enum stage stage, struct err *e)
{
    if (!b->failed)
        return true;
    return err_set(e, stage, REASON_LIMIT, "more than %zu bytes, or out of memory", b->max);
}

const char *buf_text(struct buf *b)
{
    uint8_t *end = buf_reserve(b, 1);
    if (end == NULL)
        return NULL;
    *end = 0;
    return (const char *)b->data;
}
