#include "pki/der.h"

#define CONSTRUCTED       0x20
#define TAG_NUMBER        0x1f
#define CONTEXT           0x80
#define CLASS             0xc0
#define MAX_LENGTH_OCTETS 8

static bool malformed(struct err *e, const char *what)
{
    return err_set(e, STAGE_NONE, REASON_MALFORMED, "ASN.1: %s", what);
}

struct header {
    uint8_t tag;
    bool indefinite;
    size_t bytes;  /* of identifier and length */
    size_t length; /* of the content; 0 when indefinite */
};

static bool read_long_length(struct span s, struct header *h, struct err *e)
{
    size_t octets = s.data[1] & 0x7f;
    if (octets > MAX_LENGTH_OCTETS || octets > s.len - 2)
        return malformed(e, "bad length");
    uint64_t length = 0;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | s.data[2 + i];
    h->bytes = 2 + octets;
    if (length > s.len - h->bytes)
        return malformed(e, "an element is longer than its surroundings");
    h->length = (size_t)length;
    return true;
}

static bool read_header(struct span s, struct header *h, struct err *e)
{
    if (s.len < 2)
        return malformed(e, "ends early");
    *h = (struct header){.tag = s.data[0], .bytes = 2};
    if ((h->tag & TAG_NUMBER) == TAG_NUMBER || h->tag == 0)
        return malformed(e, "unexpected tag");
    if (s.data[1] == 0x80) {
        h->indefinite = true;
        return (h->tag & CONSTRUCTED) != 0 || malformed(e, "indefinite length of a primitive");
    }
    if (s.data[1] > 0x80)
        return read_long_length(s, h, e);
    h->length = s.data[1];
    return h->length <= s.len - 2 || malformed(e, "an element is longer than its surroundings");
}

/* How many bytes lie before the end-of-contents octets that close an indefinite element. Definite elements
 * are stepped over, nested indefinite ones counted. */
static bool find_end(struct span s, size_t *out_length, struct err *e)
{
    size_t at = 0;
    unsigned depth = 1;
    for (;;) {
        struct span rest = span_of(s.data + at, s.len - at);
        if (rest.len >= 2 && rest.data[0] == 0 && rest.data[1] == 0) {
            if (--depth == 0) {
                *out_length = at;
                return true;
            }
            at += 2;
            continue;
        }
        struct header h = {0};
        if (!read_header(rest, &h, e))
            return false;
        if (h.indefinite && ++depth > DER_MAX_DEPTH)
            return malformed(e, "nested too deeply");
        at += h.bytes + h.length;
    }
}

struct der_reader der_reader_of(struct span bytes)
{
    return (struct der_reader){.rest = bytes};
}

bool der_at_end(const struct der_reader *r)
{
    return r->rest.len == 0;
}

bool der_next(struct der_reader *r, struct der_item *out, struct err *e)
{
    struct header h = {0};
    if (!read_header(r->rest, &h, e))
        return false;
    size_t length = h.length;
    struct span after = span_of(r->rest.data + h.bytes, r->rest.len - h.bytes);
    if (h.indefinite && !find_end(after, &length, e))
        return false;
    size_t whole = h.bytes + length + (h.indefinite ? 2 : 0);
    *out = (struct der_item){
        .tag = h.tag,
        .indefinite = h.indefinite,
        .content = span_of(after.data, length),
        .whole = span_of(r->rest.data, whole),
    };
    r->rest = span_of(r->rest.data + whole, r->rest.len - whole);
    return true;
}

static bool is_string(uint8_t tag)
{
    static const uint8_t strings[] = {DER_OCTET_STRING,     DER_UTF8_STRING,      DER_NUMERIC_STRING,
                                      DER_PRINTABLE_STRING, DER_T61_STRING,       DER_IA5_STRING,
                                      DER_VISIBLE_STRING,   DER_UNIVERSAL_STRING, DER_BMP_STRING};
    return memchr(strings, tag & ~CONSTRUCTED, sizeof strings) != NULL;
}

/* A context-specific primitive is an implicitly tagged string wherever SCEP has one, so it too may come in
 * pieces. */
static bool tag_matches(uint8_t want, uint8_t got)
{
    if (got == want)
        return true;
    bool may_be_constructed = (want & CLASS) == CONTEXT ? (want & CONSTRUCTED) == 0 : is_string(want);
    return may_be_constructed && got == (want | CONSTRUCTED);
}

bool der_expect(struct der_reader *r, uint8_t tag, const char *what, struct der_item *out, struct err *e)
{
    if (r->rest.len == 0)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "ASN.1: no %s", what);
    if (!tag_matches(tag, r->rest.data[0]))
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "ASN.1: tag %02x in place of %s", r->rest.data[0],
                       what);
    return der_next(r, out, e);
}

bool der_optional(struct der_reader *r, uint8_t tag, struct der_item *out)
{
    if (r->rest.len == 0 || !tag_matches(tag, r->rest.data[0]))
        return false;
    struct der_reader ahead = *r;
    if (!der_next(&ahead, out, NULL))
        return false;
    *r = ahead;
    return true;
}

static bool append_pieces(struct span content, unsigned depth, struct buf *out, struct err *e)
{
    if (depth > DER_MAX_DEPTH)
        return malformed(e, "nested too deeply");
    struct der_reader r = der_reader_of(content);
    while (!der_at_end(&r)) {
        struct der_item piece;
        if (!der_next(&r, &piece, e))
            return false;
        if (!is_string(piece.tag))
            return malformed(e, "a string holds something else");
        bool ok = (piece.tag & CONSTRUCTED) != 0
                      ? append_pieces(piece.content, depth + 1, out, e)
                      : buf_append_span(out, piece.content) || buf_ok(out, STAGE_NONE, e);
        if (!ok)
            return false;
    }
    return true;
}

bool der_string_bytes(const struct der_item *item, struct buf *out, struct err *e)
{
    if ((item->tag & CONSTRUCTED) != 0)
        return append_pieces(item->content, 1, out, e);
    return buf_append_span(out, item->content) || buf_ok(out, STAGE_NONE, e);
}

bool der_string(const struct der_item *item, struct buf *scratch, struct span *out, struct err *e)
{
    *out = item->content;
    if ((item->tag & CONSTRUCTED) == 0)
        return true;
    size_t start = scratch->len;
    if (!der_string_bytes(item, scratch, e))
        return false;
    *out = scratch->data == NULL ? span_of(NULL, 0) : span_of(scratch->data + start, scratch->len - start);
    return true;
}

static bool canonical(const struct der_item *item, unsigned depth, struct buf *out, struct err *e)
{
    if (depth > DER_MAX_DEPTH)
        return malformed(e, "nested too deeply");
    bool constructed = (item->tag & CONSTRUCTED) != 0;
    if (!constructed || is_string(item->tag)) {
        size_t mark = der_begin(out, (uint8_t)(is_string(item->tag) ? item->tag & ~CONSTRUCTED : item->tag));
        bool ok = der_string_bytes(item, out, e);
        der_end(out, mark);
        return ok;
    }
    size_t mark = der_begin(out, item->tag);
    struct der_reader r = der_reader_of(item->content);
    while (!der_at_end(&r)) {
        struct der_item inner;
        if (!der_next(&r, &inner, e) || !canonical(&inner, depth + 1, out, e))
            return false;
    }
    if (item->tag == DER_SET)
        der_end_set_of(out, mark);
    else
        der_end(out, mark);
    return true;
}

bool der_canonical(const struct der_item *item, struct buf *out, struct err *e)
{
    return canonical(item, 1, out, e) && buf_ok(out, STAGE_NONE, e);
}

struct span der_integer_trimmed(struct span s)
{
    while (s.len > 1 && ((s.data[0] == 0x00 && s.data[1] < 0x80) || (s.data[0] == 0xff && s.data[1] >= 0x80)))
        s = span_of(s.data + 1, s.len - 1);
    return s;
}

bool der_small_int(const struct der_item *item, int64_t *out, struct err *e)
{
    struct span s = der_integer_trimmed(item->content);
    if (s.len == 0 || s.len > sizeof *out)
        return malformed(e, "an integer is empty or too large");
    uint64_t value = s.data[0] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < s.len; i++)
        value = value << 8 | s.data[i];
    *out = (int64_t)value;
    return true;
}
