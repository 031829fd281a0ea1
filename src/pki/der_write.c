#include "pki/der.h"

#define MAX_SET_ELEMENTS 64

size_t der_begin(struct buf *b, uint8_t tag)
{
    buf_append_byte(b, tag);
    buf_append_byte(b, 0);
    return b->len;
}

/* The length gets one octet at first; longer ones push the content up. */
void der_end(struct buf *b, size_t mark)
{
    if (b->failed)
        return;
    size_t length = b->len - mark;
    if (length < 0x80) {
        b->data[mark - 1] = (uint8_t)length;
        return;
    }
    size_t octets = 0;
    for (size_t rest = length; rest > 0; rest >>= 8)
        octets++;
    if (buf_reserve(b, octets) == NULL)
        return;
    memmove(b->data + mark + octets, b->data + mark, length);
    b->data[mark - 1] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++)
        b->data[mark + i] = (uint8_t)(length >> 8 * (octets - 1 - i));
    b->len += octets;
}

static int compare_encodings(const void *a, const void *b)
{
    const struct span *x = a;
    const struct span *y = b;
    size_t common = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->data, y->data, common);
    if (order != 0)
        return order;
    return x->len < y->len ? -1 : x->len > y->len;
}

void der_end_set_of(struct buf *b, size_t mark)
{
    struct buf copy;
    buf_init(&copy, b->max);
    if (b->failed || !buf_append(&copy, b->data + mark, b->len - mark)) {
        b->failed = true;
        return;
    }
    struct span elements[MAX_SET_ELEMENTS];
    size_t count = 0;
    struct der_reader r = der_reader_of(buf_span(&copy));
    struct der_item item;
    while (!der_at_end(&r) && count < MAX_SET_ELEMENTS && der_next(&r, &item, NULL))
        elements[count++] = item.whole;
    if (der_at_end(&r)) {
        qsort(elements, count, sizeof elements[0], compare_encodings);
        b->len = mark;
        for (size_t i = 0; i < count; i++)
            buf_append_span(b, elements[i]);
    } else {
        b->failed = true;
    }
    buf_wipe(&copy);
    der_end(b, mark);
}

void der_put(struct buf *b, uint8_t tag, struct span content)
{
    size_t mark = der_begin(b, tag);
    buf_append_span(b, content);
    der_end(b, mark);
}

void der_put_oid(struct buf *b, struct span oid_content)
{
    der_put(b, DER_OID, oid_content);
}

void der_put_small_int(struct buf *b, uint64_t value)
{
    uint8_t octets[8];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(value >> 8 * (sizeof octets - 1 - i));
    der_put_integer(b, span_of(octets, sizeof octets));
}

void der_put_integer(struct buf *b, struct span magnitude)
{
    while (magnitude.len > 1 && magnitude.data[0] == 0)
        magnitude = span_of(magnitude.data + 1, magnitude.len - 1);
    size_t mark = der_begin(b, DER_INTEGER);
    if (magnitude.len == 0 || magnitude.data[0] >= 0x80)
        buf_append_byte(b, 0);
    buf_append_span(b, magnitude);
    der_end(b, mark);
}

void der_put_null(struct buf *b)
{
    der_put(b, DER_NULL, span_of(NULL, 0));
}
