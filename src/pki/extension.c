#include "pki/extension.h"

#include "pki/oid.h"

bool pki_extension_next(struct der_reader *r, struct pki_extension *out, struct err *e)
{
    struct der_item extension;
    struct der_item item;
    if (!der_expect(r, DER_SEQUENCE, "extension", &extension, e))
        return false;
    struct der_reader inner = der_reader_of(extension.content);
    if (!der_expect(&inner, DER_OID, "extension type", &item, e))
        return false;
    *out = (struct pki_extension){.oid = item.content};
    if (der_optional(&inner, DER_BOOLEAN, &item))
        out->critical = item.content.len == 1 && item.content.data[0] != 0;
    if (!der_expect(&inner, DER_OCTET_STRING, "extension value", &item, e))
        return false;
    out->value = item.content;
    return true;
}

bool pki_key_usage_read(struct span value, unsigned *out_bits)
{
    struct der_reader r = der_reader_of(value);
    struct der_item item;
    if (!der_optional(&r, DER_BIT_STRING, &item) || item.content.len < 1)
        return false;
    unsigned bits = 0;
    for (size_t i = 0; i < 16 && i / 8 + 1 < item.content.len; i++) {
        if ((item.content.data[i / 8 + 1] & 0x80 >> i % 8) != 0)
            bits |= 1u << i;
    }
    *out_bits = bits;
    return true;
}

void pki_extension_put(struct buf *b, struct span oid, bool critical, struct span value)
{
    size_t extension = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, oid);
    if (critical)
        der_put(b, DER_BOOLEAN, span_of("\xff", 1));
    der_put(b, DER_OCTET_STRING, value);
    der_end(b, extension);
}

/* A named bit list: bit 0 is the highest of the first octet, trailing zero bits are dropped. */
void pki_extension_put_key_usage(struct buf *b, unsigned bits, bool critical)
{
    uint8_t content[5] = {DER_BIT_STRING, 0, 0, 0, 0};
    size_t octets = 0;
    uint8_t unused = 0;
    for (size_t i = 0; i < 16; i++) {
        if ((bits & 1u << i) != 0) {
            content[3 + i / 8] |= (uint8_t)(0x80 >> i % 8);
            octets = i / 8 + 1;
            unused = (uint8_t)(7 - i % 8);
        }
    }
    content[1] = (uint8_t)(1 + octets);
    content[2] = unused;
    pki_extension_put(b, PKI_OID_KEY_USAGE, critical, span_of(content, 3 + octets));
}

void pki_extension_put_ekus(struct buf *b, const struct span *ekus, size_t count)
{
    struct buf value;
    buf_init(&value, 4096);
    size_t list = der_begin(&value, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++)
        der_put_oid(&value, ekus[i]);
    der_end(&value, list);
    if (value.failed)
        b->failed = true;
    pki_extension_put(b, PKI_OID_EXT_KEY_USAGE, false, buf_span(&value));
    buf_clear(&value);
}

void pki_extension_put_authority_key_id(struct buf *b, struct span key_id, bool critical)
{
    struct buf value;
    buf_init(&value, 128);
    size_t outer = der_begin(&value, DER_SEQUENCE);
    der_put(&value, DER_CONTEXT_PRIMITIVE(0), key_id);
    der_end(&value, outer);
    if (value.failed)
        b->failed = true;
    pki_extension_put(b, PKI_OID_AUTHORITY_KEY_ID, critical, buf_span(&value));
    buf_clear(&value);
}
