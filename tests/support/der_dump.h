/* BER as an outline that people can compare: one line per element. */
#ifndef SUPPORT_DER_DUMP_H
#define SUPPORT_DER_DUMP_H

#include "check.h"
#include "pki/der.h"
#include "pki/oid.h"

#define DUMP_SHOWN_BYTES 24

static inline const char *dump_tag(uint8_t tag, char *room, size_t room_bytes)
{
    static const struct {
        uint8_t tag;
        const char *name;
    } names[] = {
        {DER_BOOLEAN, "BOOLEAN"},
        {DER_INTEGER, "INTEGER"},
        {DER_BIT_STRING, "BIT STRING"},
        {DER_OCTET_STRING, "OCTETS"},
        {DER_NULL, "NULL"},
        {DER_OID, "OID"},
        {DER_UTF8_STRING, "UTF8"},
        {DER_PRINTABLE_STRING, "PRINTABLE"},
        {DER_IA5_STRING, "IA5"},
        {DER_UTC_TIME, "UTCTIME"},
        {DER_BMP_STRING, "BMP"},
        {DER_SEQUENCE, "SEQUENCE"},
        {DER_SET, "SET"},
        {DER_GENERALIZED_TIME, "TIME"},
        {DER_T61_STRING, "T61"},
        {DER_OCTET_STRING | 0x20, "OCTETS in pieces"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].tag == tag)
            return names[i].name;
    }
    snprintf(room, room_bytes, "[%d]", tag & 0x1f);
    return room;
}

static inline void dump_value(const struct der_item *item, struct buf *out)
{
    bool text = item->content.len > 0;
    for (size_t i = 0; i < item->content.len; i++)
        text = text && item->content.data[i] >= 0x20 && item->content.data[i] < 0x7f;
    if (item->tag == DER_OID) {
        char oid[128];
        buf_appendf(out, " %s", pki_oid_text(item->content, oid, sizeof oid));
    } else if (text && item->content.len <= 100 && item->tag != DER_INTEGER &&
               item->tag != DER_OCTET_STRING) {
        buf_appendf(out, " \"%.*s\"", (int)item->content.len, (const char *)item->content.data);
    } else if (item->content.len <= DUMP_SHOWN_BYTES) {
        buf_append_text(out, item->content.len > 0 ? " " : "");
        for (size_t i = 0; i < item->content.len; i++)
            buf_appendf(out, "%02x", item->content.data[i]);
    } else {
        buf_appendf(out, " (%zu bytes)", item->content.len);
    }
}

static inline void dump_der(struct span bytes, unsigned depth, struct buf *out)
{
    struct err e = {0};
    struct der_reader r = der_reader_of(bytes);
    while (!der_at_end(&r)) {
        struct der_item item;
        char room[16];
        CHECK_OK(der_next(&r, &item, &e), &e);
        uint8_t tag = item.whole.data[0];
        buf_appendf(out, "%*s%s%s", (int)(2 * depth), "", dump_tag(tag, room, sizeof room),
                    item.indefinite ? " indefinite" : "");
        if ((tag & 0x20) == 0)
            dump_value(&item, out);
        buf_append_byte(out, '\n');
        if ((tag & 0x20) != 0)
            dump_der(item.content, depth + 1, out);
    }
}

#endif
