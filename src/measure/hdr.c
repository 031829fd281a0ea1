#include "measure/hdr.h"

#include "base/text.h"

#define ZLIB_CONST
#include <zlib.h>

/* The low digit after the base says how wide a word is; readers must not look at it in V2. */
#define COOKIE            UINT32_C(0x1c849303)
#define COOKIE_COMPRESSED UINT32_C(0x1c849304)
#define WORD_DIGIT        UINT32_C(0x10)
#define COOKIE_MASK       UINT32_C(0xffffff0f)

#define HEADER_BYTES            40
#define COMPRESSED_HEADER_BYTES 8
#define DIGITS                  3
#define LOWEST_US               1
#define RATIO_BITS              UINT64_C(0x3ff0000000000000) /* 1.0: a value is a value */

static bool malformed(struct err *e, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_MALFORMED, "a histogram cannot be read: %s", what);
}

/* ---- numbers ---- */

static void put_be(struct buf *out, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0)
        buf_append_byte(out, (uint8_t)(value >> 8 * bytes));
}

static uint64_t get_be(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* Seven bits a byte, the low ones first; a ninth byte holds eight. */
static void put_leb(struct buf *out, int64_t value)
{
    uint64_t rest = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    for (unsigned i = 0; i < 8; i++) {
        bool last = rest < 0x80;
        buf_append_byte(out, (uint8_t)(last ? rest : (rest & 0x7f) | 0x80));
        if (last)
            return;
        rest >>= 7;
    }
    buf_append_byte(out, (uint8_t)rest);
}

static bool take_leb(struct span *in, int64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 9 && i < in->len; i++) {
        uint8_t byte = in->data[i];
        bool last = i == 8 || (byte & 0x80) == 0;
        value |= (uint64_t)(i == 8 ? byte : byte & 0x7f) << 7 * i;
        if (!last)
            continue;
        *in = span_of(in->data + i + 1, in->len - i - 1);
        *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
        return true;
    }
    return false;
}

/* ---- counts ---- */

/* A single empty bucket is a zero like any other count, as HdrHistogram writes it. */
static void put_gap(struct buf *out, size_t empty)
{
    if (empty > 0)
        put_leb(out, empty == 1 ? 0 : -(int64_t)empty);
}

bool hdr_put_counts(const struct histogram *h, struct buf *out)
{
    size_t position = 0, next = 0;
    struct histogram_bucket bucket;
    while (histogram_next(h, &position, &bucket)) {
        put_gap(out, bucket.index - next);
        put_leb(out, (int64_t)bucket.count);
        next = bucket.index + 1;
    }
    if (next == 0)
        put_leb(out, 0);
    return !out->failed;
}

bool hdr_take_counts(struct span counts, struct histogram *into, struct err *e)
{
    size_t index = 0;
    while (counts.len > 0) {
        int64_t value;
        if (!take_leb(&counts, &value))
            return malformed(e, "it ends within a number");
        if (index >= HISTOGRAM_BUCKETS || (value < 0 && value < -(int64_t)(HISTOGRAM_BUCKETS - index)))
            return malformed(e, "it has more buckets than 24 hours");
        if (value < 0)
            index += (size_t)-value;
        else if (!histogram_add(into, index++, (uint64_t)value))
            return err_set(e, STAGE_SETUP, REASON_LIMIT,
                           "a histogram holds values above 24 hours, or too many");
    }
    return true;
}

/* ---- with a header ---- */

static void put_header(struct buf *out, size_t payload)
{
    put_be(out, COOKIE | WORD_DIGIT, 4);
    put_be(out, payload, 4);
    put_be(out, 0, 4); /* offset by which HdrHistogram may have shifted its buckets */
    put_be(out, DIGITS, 4);
    put_be(out, LOWEST_US, 8);
    put_be(out, (uint64_t)HISTOGRAM_MAX_US, 8);
    put_be(out, RATIO_BITS, 8);
}

bool hdr_encode(const struct histogram *h, struct buf *out, struct err *e)
{
    struct buf counts;
    buf_init(&counts, HDR_MAX_BYTES);
    bool ok = hdr_put_counts(h, &counts);
    put_header(out, counts.len);
    buf_append_span(out, buf_span(&counts));
    buf_clear(&counts);
    return (ok || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a histogram")) &&
           buf_ok(out, STAGE_SETUP, e);
}

static bool decode_plain(struct span in, struct histogram *into, struct err *e)
{
    if (in.len < HEADER_BYTES)
        return malformed(e, "it is shorter than its header");
    if (get_be(in.data + 4, 4) != in.len - HEADER_BYTES)
        return malformed(e, "it is not as long as its header says");
    if (get_be(in.data + 8, 4) != 0 || get_be(in.data + 12, 4) != DIGITS ||
        get_be(in.data + 16, 8) != LOWEST_US || get_be(in.data + 32, 8) != RATIO_BITS)
        return err_set(e, STAGE_SETUP, REASON_LIMIT,
                       "a histogram has another layout than 3 significant digits from 1 us");
    return hdr_take_counts(span_of(in.data + HEADER_BYTES, in.len - HEADER_BYTES), into, e);
}

/* A small window and little effort: a run has tens of thousands of these, of some hundred bytes each. */
static bool deflate_into(struct span plain, uint8_t *room, size_t *room_len)
{
    z_stream z = {
        .next_in = plain.data, .avail_in = (uInt)plain.len, .next_out = room, .avail_out = (uInt)*room_len};
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 12, 5, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    bool ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
    *room_len -= z.avail_out;
    deflateEnd(&z);
    return ok;
}

static bool compress_into(struct span plain, struct buf *out)
{
    size_t len = plain.len + plain.len / 8 + 64; /* what does not shrink grows by some bytes a block */
    uint8_t *room = buf_reserve(out, COMPRESSED_HEADER_BYTES + len);
    if (room == NULL || !deflate_into(plain, room + COMPRESSED_HEADER_BYTES, &len))
        return false;
    put_be(out, COOKIE_COMPRESSED | WORD_DIGIT, 4);
    put_be(out, len, 4);
    out->len += len;
    return true;
}

bool hdr_encode_text(const struct histogram *h, struct buf *out, struct err *e)
{
    struct buf plain, packed;
    buf_init(&plain, HDR_MAX_BYTES);
    buf_init(&packed, HDR_MAX_TEXT_BYTES);
    bool ok = hdr_encode(h, &plain, e) &&
              (compress_into(buf_span(&plain), &packed) ||
               err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a histogram")) &&
              (text_base64(buf_span(&packed), out) || buf_ok(out, STAGE_SETUP, e));
    buf_clear(&plain);
    buf_clear(&packed);
    return ok;
}

static bool decode_compressed(struct span in, struct histogram *into, struct err *e)
{
    if (in.len < COMPRESSED_HEADER_BYTES || get_be(in.data + 4, 4) != in.len - COMPRESSED_HEADER_BYTES)
        return malformed(e, "it is not as long as its header says");
    uint8_t *plain = malloc(HDR_MAX_BYTES);
    if (plain == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a histogram");
    uLongf len = HDR_MAX_BYTES;
    int rc =
        uncompress(plain, &len, in.data + COMPRESSED_HEADER_BYTES, (uLong)(in.len - COMPRESSED_HEADER_BYTES));
    bool ok = rc == Z_OK && len >= 4 && ((uint32_t)get_be(plain, 4) & COOKIE_MASK) == COOKIE
                  ? decode_plain(span_of(plain, len), into, e)
                  : malformed(e, "its compressed part is broken");
    free(plain);
    return ok;
}

bool hdr_decode(struct span encoded, struct histogram *into, struct err *e)
{
    uint32_t cookie = encoded.len < 4 ? 0 : (uint32_t)get_be(encoded.data, 4) & COOKIE_MASK;
    if (cookie == COOKIE)
        return decode_plain(encoded, into, e);
    if (cookie == COOKIE_COMPRESSED)
        return decode_compressed(encoded, into, e);
    return malformed(e, "it is no HdrHistogram V2 encoding");
}

bool hdr_decode_text(const char *base64, struct histogram *into, struct err *e)
{
    struct buf raw;
    struct err why = {0};
    buf_init(&raw, HDR_MAX_TEXT_BYTES);
    bool ok = (text_unbase64(span_of_text(base64), &raw, &why) || malformed(e, "it is no base64")) &&
              hdr_decode(buf_span(&raw), into, e);
    buf_clear(&raw);
    return ok;
}
