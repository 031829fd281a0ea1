#include "pki/oid.h"

#include <inttypes.h>

#define DEFINE_OID(name, bytes) const struct span name = {(const uint8_t *)bytes, sizeof bytes - 1};
PKI_OIDS(DEFINE_OID)

static bool take_number(struct span *text, uint64_t *out)
{
    size_t digits = 0;
    uint64_t value = 0;
    while (digits < text->len && text->data[digits] >= '0' && text->data[digits] <= '9') {
        if (value > UINT32_MAX)
            return false;
        value = value * 10 + (uint64_t)(text->data[digits++] - '0');
    }
    *text = span_of(text->data + digits, text->len - digits);
    *out = value;
    return digits > 0;
}

static void append_arc(struct buf *out, uint64_t value)
{
    uint8_t octets[10];
    size_t at = sizeof octets;
    octets[--at] = value & 0x7f;
    while (value >>= 7)
        octets[--at] = (uint8_t)(0x80 | (value & 0x7f));
    buf_append(out, octets + at, sizeof octets - at);
}

bool pki_oid_from_text(struct span text, struct buf *out)
{
    struct buf oid;
    buf_init(&oid, 256);
    uint64_t first = 0;
    size_t arcs = 0;
    bool ok = true;
    while (ok) {
        uint64_t arc;
        ok = take_number(&text, &arc);
        if (ok && arcs == 0) {
            ok = arc <= 2;
            first = arc;
        } else if (ok && arcs == 1) {
            ok = first == 2 || arc < 40;
            append_arc(&oid, first * 40 + arc);
        } else if (ok) {
            append_arc(&oid, arc);
        }
        arcs++;
        if (!ok || text.len == 0)
            break;
        ok = text.data[0] == '.';
        text = span_of(text.data + 1, text.len - 1);
    }
    ok = ok && arcs >= 2 && !oid.failed && buf_append_span(out, buf_span(&oid));
    buf_clear(&oid);
    return ok;
}

static bool take_arc(struct span oid, size_t *at, uint64_t *out)
{
    *out = 0;
    for (size_t octets = 0; *at < oid.len && octets < 9; octets++) {
        uint8_t octet = oid.data[(*at)++];
        *out = *out << 7 | (octet & 0x7f);
        if ((octet & 0x80) == 0)
            return true;
    }
    return false;
}

void pki_oid_to_text(struct span oid, struct buf *out)
{
    size_t at = 0;
    uint64_t arc;
    if (!take_arc(oid, &at, &arc)) {
        buf_append_text(out, "?");
        return;
    }
    uint64_t top = arc < 80 ? arc / 40 : 2;
    buf_appendf(out, "%" PRIu64 ".%" PRIu64, top, arc - top * 40);
    while (at < oid.len) {
        if (!take_arc(oid, &at, &arc)) {
            buf_append_text(out, ".?");
            return;
        }
        buf_appendf(out, ".%" PRIu64, arc);
    }
}

const char *pki_oid_text(struct span oid, char *out, size_t out_bytes)
{
    struct buf text;
    buf_init(&text, 1024);
    pki_oid_to_text(oid, &text);
    snprintf(out, out_bytes, "%.*s", (int)text.len, text.data == NULL ? "" : (const char *)text.data);
    buf_clear(&text);
    return out;
}
