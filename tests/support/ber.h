/* Turns DER into the BER that some peers send: indefinite lengths, OCTET STRINGs in pieces. */
#ifndef SUPPORT_BER_H
#define SUPPORT_BER_H

#include "pki/der.h"

#define BER_PIECE 100

static inline void ber_end(struct buf *out)
{
    buf_append(out, "\0\0", 2);
}

/* 0x80 is [0] IMPLICIT OCTET STRING here: encryptedContent. */
static inline void ber_string(const struct der_item *item, struct buf *out)
{
    buf_append_byte(out, (uint8_t)(item->tag | 0x20));
    buf_append_byte(out, 0x80);
    for (size_t at = 0; at < item->content.len; at += BER_PIECE) {
        size_t len = item->content.len - at < BER_PIECE ? item->content.len - at : BER_PIECE;
        der_put(out, DER_OCTET_STRING, span_of(item->content.data + at, len));
    }
    ber_end(out);
}

/* `keep`: elements with this tag at this depth stay as they are (certificates, whose signature covers their bytes). */
static inline void ber_from_der(struct span der, unsigned depth, unsigned keep_depth, uint8_t keep_tag,
                                struct buf *out)
{
    struct der_reader r = der_reader_of(der);
    struct der_item item;
    while (!der_at_end(&r) && der_next(&r, &item, NULL)) {
        if (depth == keep_depth && item.tag == keep_tag) {
            buf_append_span(out, item.whole);
        } else if ((item.tag & 0x20) != 0) {
            buf_append_byte(out, item.tag);
            buf_append_byte(out, 0x80);
            ber_from_der(item.content, depth + 1, keep_depth, keep_tag, out);
            ber_end(out);
        } else if ((item.tag == DER_OCTET_STRING && item.content.len > 16) ||
                   item.tag == DER_CONTEXT_PRIMITIVE(0)) {
            ber_string(&item, out);
        } else {
            buf_append_span(out, item.whole);
        }
    }
}

#endif
