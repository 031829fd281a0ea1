#include "scep/ber.h"

#include "pki/der.h"

#define PIECE_BYTES  1000
#define MAX_CHILDREN 2

/* Which elements change, from the outside in; what a shape does not name is copied as it is. */
struct shape {
    uint8_t tag;
    bool in_pieces; /* a string, else an element around others */
    const struct shape *children[MAX_CHILDREN];
};

static const struct shape octets = {.tag = DER_OCTET_STRING, .in_pieces = true};
static const struct shape octets_explicit = {.tag = DER_CONTEXT(0), .children = {&octets}};
static const struct shape encapsulated = {.tag = DER_SEQUENCE, .children = {&octets_explicit}};
static const struct shape certificates = {.tag = DER_CONTEXT(0)};
static const struct shape signed_data = {.tag = DER_SEQUENCE, .children = {&encapsulated, &certificates}};
static const struct shape signed_explicit = {.tag = DER_CONTEXT(0), .children = {&signed_data}};
static const struct shape signed_info = {.tag = DER_SEQUENCE, .children = {&signed_explicit}};

static const struct shape encrypted = {.tag = DER_CONTEXT_PRIMITIVE(0), .in_pieces = true};
static const struct shape encrypted_info = {.tag = DER_SEQUENCE, .children = {&encrypted}};
static const struct shape enveloped_data = {.tag = DER_SEQUENCE, .children = {&encrypted_info}};
static const struct shape enveloped_explicit = {.tag = DER_CONTEXT(0), .children = {&enveloped_data}};
static const struct shape enveloped_info = {.tag = DER_SEQUENCE, .children = {&enveloped_explicit}};

#define CONSTRUCTED 0x20
#define INDEFINITE  0x80

static void put_in_pieces(struct span content, struct buf *out)
{
    for (size_t at = 0; at < content.len; at += PIECE_BYTES) {
        size_t left = content.len - at;
        der_put(out, DER_OCTET_STRING, span_of(content.data + at, left < PIECE_BYTES ? left : PIECE_BYTES));
    }
}

/* Recursion ends with the shapes: at most six deep. */
static bool put(const struct shape *shape, const struct der_item *item, struct buf *out, struct err *e)
{
    buf_append_byte(out, shape->tag | CONSTRUCTED);
    buf_append_byte(out, INDEFINITE);
    struct der_reader r = der_reader_of(item->content);
    if (shape->in_pieces) {
        put_in_pieces(item->content, out);
        r = der_reader_of(span_of(NULL, 0));
    }
    while (!der_at_end(&r)) {
        struct der_item child;
        if (!der_next(&r, &child, e))
            return false;
        const struct shape *found = NULL;
        for (size_t i = 0; i < MAX_CHILDREN && shape->children[i] != NULL; i++) {
            if (shape->children[i]->tag == child.tag)
                found = shape->children[i];
        }
        if (found == NULL)
            buf_append_span(out, child.whole);
        else if (!put(found, &child, out, e))
            return false;
    }
    buf_append(out, "\0\0", 2); /* end of contents */
    return true;
}

static bool put_whole(const struct shape *shape, struct span der, struct buf *out, struct err *e)
{
    struct der_reader r = der_reader_of(der);
    struct der_item item;
    return der_expect(&r, shape->tag, "message to be written as BER", &item, e) &&
           put(shape, &item, out, e) && buf_ok(out, STAGE_NONE, e);
}

bool scep_ber_signed(struct span der, struct buf *out, struct err *e)
{
    return put_whole(&signed_info, der, out, e);
}

bool scep_ber_enveloped(struct span der, struct buf *out, struct err *e)
{
    return put_whole(&enveloped_info, der, out, e);
}
