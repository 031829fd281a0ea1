#include "pki/purpose.h"

#include "pki/extension.h"
#include "pki/oid.h"

#include <arpa/inet.h>

#define MAX_LISTED 64

static const struct {
    const char *name;
    const char *oid;
} purposes[] = {
    {"clientAuth", "\x2b\x06\x01\x05\x05\x07\x03\x02"},
    {"serverAuth", "\x2b\x06\x01\x05\x05\x07\x03\x01"},
    {"codeSigning", "\x2b\x06\x01\x05\x05\x07\x03\x03"},
    {"emailProtection", "\x2b\x06\x01\x05\x05\x07\x03\x04"},
    {"timeStamping", "\x2b\x06\x01\x05\x05\x07\x03\x08"},
    {"ipsecIKE", "\x2b\x06\x01\x05\x05\x07\x03\x11"},
    {"smartcardLogon", "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x02"},
};

static const char *const usages[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                     "dataEncipherment", "keyAgreement",   "keyCertSign",
                                     "cRLSign",          "encipherOnly",   "decipherOnly"};

struct span pki_eku_named(const char *name)
{
    static const uint8_t any[] = {0x55, 0x1d, 0x25, 0}; /* holds a zero, so it is no text */
    if (strcmp(name, "any") == 0)
        return span_of(any, sizeof any);
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        if (strcmp(name, purposes[i].name) == 0)
            return span_of_text(purposes[i].oid);
    }
    return span_of(NULL, 0);
}

static void put_comma(struct buf *out, size_t start)
{
    if (out->len > start)
        buf_append_text(out, ", ");
}

static void put_purpose(struct span oid, struct buf *out)
{
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        if (span_equal_text(oid, purposes[i].oid)) {
            buf_append_text(out, purposes[i].name);
            return;
        }
    }
    if (span_equal(oid, pki_eku_named("any")))
        buf_append_text(out, "any");
    else
        pki_oid_to_text(oid, out);
}

static bool find_extension(struct span extensions, struct span oid, struct span *out)
{
    struct der_reader r = der_reader_of(extensions);
    struct pki_extension x;
    while (!der_at_end(&r) && pki_extension_next(&r, &x, NULL)) {
        if (span_equal(x.oid, oid)) {
            *out = x.value;
            return true;
        }
    }
    return false;
}

void pki_eku_text(const struct pki_cert *cert, struct buf *out)
{
    struct span value;
    struct der_item item;
    size_t start = out->len;
    if (!find_extension(pki_cert_extensions(cert), PKI_OID_EXT_KEY_USAGE, &value))
        return;
    struct der_reader r = der_reader_of(value);
    if (!der_optional(&r, DER_SEQUENCE, &item))
        return;
    r = der_reader_of(item.content);
    for (size_t i = 0; i < MAX_LISTED && der_optional(&r, DER_OID, &item); i++) {
        put_comma(out, start);
        put_purpose(item.content, out);
    }
}

void pki_key_usage_text(unsigned bits, struct buf *out)
{
    size_t start = out->len;
    for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++) {
        if ((bits & 1u << i) == 0)
            continue;
        put_comma(out, start);
        buf_append_text(out, usages[i]);
    }
}

/* Alternative names. */

static void put_printable(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++)
        buf_append_byte(out, text.data[i] < 0x20 || text.data[i] == 0x7f ? '?' : text.data[i]);
}

static void put_address(struct span bytes, struct buf *out)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (bytes.len == 4 || bytes.len == 16)
        inet_ntop(bytes.len == 4 ? AF_INET : AF_INET6, bytes.data, text, sizeof text);
    buf_append_text(out, text);
}

/* otherName: the user principal name by its value, others by their type. */
static void put_other(struct span content, struct buf *out)
{
    static const uint8_t upn[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03};
    struct der_reader r = der_reader_of(content);
    struct der_item type;
    struct der_item value;
    if (!der_optional(&r, DER_OID, &type)) {
        buf_append_text(out, "other:?");
        return;
    }
    bool named =
        span_equal(type.content, span_of(upn, sizeof upn)) && der_optional(&r, DER_CONTEXT(0), &value);
    struct der_reader inner = der_reader_of(named ? value.content : span_of(NULL, 0));
    if (named && der_optional(&inner, DER_UTF8_STRING, &value)) {
        buf_append_text(out, "upn:");
        put_printable(value.content, out);
        return;
    }
    buf_append_text(out, "other:");
    pki_oid_to_text(type.content, out);
}

static void put_directory(struct span name, struct buf *out)
{
    buf_append_text(out, "dir:");
    if (!pki_name_to_text(name, out, NULL))
        buf_append_byte(out, '?');
}

static void put_name(const struct der_item *name, struct buf *out)
{
    static const struct {
        uint8_t tag;
        const char *prefix;
    } texts[] = {{DER_CONTEXT_PRIMITIVE(1), "email:"},
                 {DER_CONTEXT_PRIMITIVE(2), "dns:"},
                 {DER_CONTEXT_PRIMITIVE(6), "uri:"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (name->tag == texts[i].tag) {
            buf_append_text(out, texts[i].prefix);
            put_printable(name->content, out);
            return;
        }
    }
    if (name->tag == DER_CONTEXT_PRIMITIVE(7)) {
        buf_append_text(out, "ip:");
        put_address(name->content, out);
    } else if (name->tag == DER_CONTEXT(0)) {
        put_other(name->content, out);
    } else if (name->tag == DER_CONTEXT(4)) {
        put_directory(name->content, out);
    } else {
        buf_appendf(out, "[%u]", name->tag & 0x1fu);
    }
}

void pki_san_text(struct span names, struct buf *out)
{
    struct der_reader r = der_reader_of(names);
    struct der_item name;
    size_t start = out->len;
    if (!der_optional(&r, DER_SEQUENCE, &name))
        return;
    r = der_reader_of(name.content);
    for (size_t i = 0; i < MAX_LISTED && !der_at_end(&r) && der_next(&r, &name, NULL); i++) {
        put_comma(out, start);
        put_name(&name, out);
    }
}
