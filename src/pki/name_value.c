#include "pki/name_value.h"

#include "base/utf8.h"
#include "pki/name.h"
#include "pki/oid.h"

#include <strings.h>

static const struct type {
    const char *name;
    struct span oid;
    bool ia5;
} types[] = {
#define TYPE(name, bytes, ia5)                                                                               \
    {                                                                                                        \
        name, {(const uint8_t *)bytes, sizeof bytes - 1}, ia5                                                \
    }
    TYPE("CN", "\x55\x04\x03", false),
    TYPE("SN", "\x55\x04\x04", false),
    TYPE("SERIALNUMBER", "\x55\x04\x05", false),
    TYPE("C", "\x55\x04\x06", false),
    TYPE("L", "\x55\x04\x07", false),
    TYPE("ST", "\x55\x04\x08", false),
    TYPE("STREET", "\x55\x04\x09", false),
    TYPE("O", "\x55\x04\x0a", false),
    TYPE("OU", "\x55\x04\x0b", false),
    TYPE("T", "\x55\x04\x0c", false),
    TYPE("GN", "\x55\x04\x2a", false),
    TYPE("UID", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", false),
    TYPE("DC", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", true),
    TYPE("E", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", true),
    TYPE("unstructuredName", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02", false),
    TYPE("unstructuredAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08", false),
    TYPE("emailAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", true),
#undef TYPE
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

bool pki_name_type_from_text(struct span text, struct buf *out_oid)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strlen(types[i].name) == text.len &&
            strncasecmp(types[i].name, (const char *)text.data, text.len) == 0)
            return buf_append_span(out_oid, types[i].oid);
    }
    return pki_oid_from_text(text, out_oid);
}

static const struct type *find_type(struct span oid)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (span_equal(types[i].oid, oid))
            return &types[i];
    }
    return NULL;
}

void pki_name_type_to_text(struct span oid, struct buf *out)
{
    const struct type *type = find_type(oid);
    if (type != NULL)
        buf_append_text(out, type->name);
    else
        pki_oid_to_text(oid, out);
}

bool pki_is_printable(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alphanumeric && (c == 0 || strchr(" '()+,-./:=?", c) == NULL))
            return false;
    }
    return true;
}

static bool is_ascii(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0x80)
            return false;
    }
    return true;
}

void pki_name_put_value(struct span oid, struct span text, struct buf *out)
{
    const struct type *type = find_type(oid);
    if (type != NULL && type->ia5 && is_ascii(text))
        der_put(out, DER_IA5_STRING, text);
    else
        der_put(out, pki_is_printable(text) ? DER_PRINTABLE_STRING : DER_UTF8_STRING, text);
}

static void append_code_point(struct buf *out, uint32_t c)
{
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = 0xfffd;
    if (c < 0x80) {
        buf_append_byte(out, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        buf_append_byte(out, (uint8_t)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            buf_append_byte(out, (uint8_t)(0xe0 | c >> 12));
        } else {
            buf_append_byte(out, (uint8_t)(0xf0 | c >> 18));
            buf_append_byte(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        }
        buf_append_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    buf_append_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
}

static void append_latin1(struct span s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++)
        append_code_point(out, s.data[i]);
}

static void append_utf16be(struct span s, struct buf *out)
{
    for (size_t i = 0; i + 1 < s.len; i += 2) {
        uint32_t c = (uint32_t)s.data[i] << 8 | s.data[i + 1];
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < s.len && (s.data[i + 2] & 0xfc) == 0xdc) {
            uint32_t low = (uint32_t)s.data[i + 2] << 8 | s.data[i + 3];
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        }
        append_code_point(out, c);
    }
    if (s.len % 2 != 0)
        append_code_point(out, 0xfffd);
}

static void append_utf32be(struct span s, struct buf *out)
{
    for (size_t i = 0; i + 3 < s.len; i += 4)
        append_code_point(out, (uint32_t)s.data[i] << 24 | (uint32_t)s.data[i + 1] << 16 |
                                   (uint32_t)s.data[i + 2] << 8 | s.data[i + 3]);
    if (s.len % 4 != 0)
        append_code_point(out, 0xfffd);
}

static void append_utf8(struct span s, struct buf *out)
{
    while (s.len > 0) {
        uint32_t c = 0xfffd;
        size_t len = utf8_read(s, &c), used = len > 0 ? len : 1;
        append_code_point(out, c);
        s = span_of(s.data + used, s.len - used);
    }
}

bool pki_string_to_utf8(const struct der_item *value, struct buf *out)
{
    struct buf scratch;
    buf_init(&scratch, out->max);
    struct span s;
    bool ok = der_string(value, &scratch, &s, NULL);
    if (ok) {
        switch (value->tag & 0xdf) {
        case DER_UTF8_STRING:
        case DER_PRINTABLE_STRING:
        case DER_IA5_STRING:
        case DER_NUMERIC_STRING:
        case DER_VISIBLE_STRING:
            append_utf8(s, out);
            break;
        case DER_T61_STRING:
            append_latin1(s, out);
            break;
        case DER_BMP_STRING:
            append_utf16be(s, out);
            break;
        case DER_UNIVERSAL_STRING:
            append_utf32be(s, out);
            break;
        default:
            ok = false;
        }
    }
    buf_wipe(&scratch);
    return ok && !out->failed;
}
