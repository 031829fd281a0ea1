#include "scep/attributes.h"

#include "pki/name_value.h"
#include "scep/oid.h"

#include <stddef.h>

/* A decimal number that fits; windows writes HRESULTs as negative ones. */
static bool decimal(struct span s, int64_t *out)
{
    bool negative = s.len > 0 && s.data[0] == '-';
    size_t i = negative ? 1 : 0;
    int64_t value = 0;
    if (s.len == i || s.len - i > 11)
        return false;
    for (; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        value = value * 10 + (s.data[i] - '0');
    }
    *out = negative ? -value : value;
    return true;
}

/* All small values are text in some string type; long ones cannot be numbers. */
static bool read_decimal(const struct der_item *value, int64_t *out)
{
    struct buf text;
    buf_init(&text, 64);
    bool ok = der_string_bytes(value, &text, NULL) && decimal(buf_span(&text), out);
    buf_clear(&text);
    return ok;
}

static bool set_number(void *field, const struct der_item *value, struct err *e)
{
    (void)e;
    int *number = field;
    int64_t n;
    if (*number == -1 && read_decimal(value, &n) && n >= 0 && n <= INT32_MAX)
        *number = (int)n;
    return true;
}

/* 0x80070057 comes as -2147024809; the unsigned form is taken too. */
static bool set_hresult(void *field, const struct der_item *value, struct err *e)
{
    (void)e;
    struct scep_attributes *a = field;
    int64_t n;
    if (!a->has_hresult && read_decimal(value, &n) && n >= INT32_MIN && n <= UINT32_MAX) {
        a->hresult = (uint32_t)n;
        a->has_hresult = true;
    }
    return true;
}

static bool set_octets(void *field, const struct der_item *value, struct err *e)
{
    struct scep_octets *octets = field;
    if (octets->present)
        return true;
    struct buf bytes;
    buf_init(&bytes, SCEP_OCTETS_MAX);
    bool ok = (value->tag & 0xdf) == DER_OCTET_STRING && der_string_bytes(value, &bytes, NULL);
    if (ok) {
        octets->present = true;
        octets->len = bytes.len;
        if (bytes.len > 0)
            memcpy(octets->bytes, bytes.data, bytes.len);
    }
    buf_clear(&bytes);
    return ok || err_set(e, STAGE_NONE, REASON_MALFORMED,
                         "a nonce or digest is no OCTET STRING of at most %d bytes", SCEP_OCTETS_MAX);
}

static bool set_oid(void *field, const struct der_item *value, struct err *e)
{
    struct span *oid = field;
    (void)e;
    if (oid->len == 0 && value->tag == DER_OID)
        *oid = value->content;
    return true;
}

static bool set_transaction_id(void *field, const struct der_item *value, struct err *e)
{
    char *id = field;
    if (id[0] != '\0')
        return true;
    struct buf text;
    buf_init(&text, SCEP_TRANSACTION_ID_MAX);
    bool ok =
        der_string_bytes(value, &text, NULL) && (text.len == 0 || memchr(text.data, 0, text.len) == NULL);
    if (ok && text.len > 0)
        memcpy(id, text.data, text.len);
    if (ok)
        id[text.len] = '\0';
    buf_clear(&text);
    return ok || err_set(e, STAGE_NONE, REASON_MALFORMED,
                         "the transactionID is no text of at most %d characters", SCEP_TRANSACTION_ID_MAX);
}

/* Text of the server, for people: control characters become blanks, the end is cut at a whole character. */
static bool set_text(void *field, const struct der_item *value, struct err *e)
{
    (void)e;
    char *out = field;
    struct buf text;
    buf_init(&text, BYTES_MAX_MESSAGE);
    if (out[0] == '\0' && pki_string_to_utf8(value, &text)) {
        size_t len = text.len < SCEP_TEXT_BYTES ? text.len : SCEP_TEXT_BYTES - 1;
        while (len > 0 && len < text.len && (text.data[len] & 0xc0) == 0x80)
            len--;
        for (size_t i = 0; i < len; i++)
            out[i] = text.data[i] < 0x20 || text.data[i] == 0x7f ? ' ' : (char)text.data[i];
        while (len > 0 && out[len - 1] == ' ')
            len--;
        out[len] = '\0';
    }
    buf_clear(&text);
    return true;
}

static const struct known {
    const struct span *oid;
    bool (*set)(void *field, const struct der_item *value, struct err *e);
    size_t offset;
} known[] = {
    {&SCEP_OID_CONTENT_TYPE, set_oid, offsetof(struct scep_attributes, content_type)},
    {&SCEP_OID_MESSAGE_TYPE, set_number, offsetof(struct scep_attributes, message_type)},
    {&SCEP_OID_PKI_STATUS, set_number, offsetof(struct scep_attributes, pki_status)},
    {&SCEP_OID_FAIL_INFO, set_number, offsetof(struct scep_attributes, fail_info)},
    {&SCEP_OID_MS_HRESULT, set_hresult, 0},
    {&SCEP_OID_TRANSACTION_ID, set_transaction_id, offsetof(struct scep_attributes, transaction_id)},
    {&SCEP_OID_SENDER_NONCE, set_octets, offsetof(struct scep_attributes, sender_nonce)},
    {&SCEP_OID_RECIPIENT_NONCE, set_octets, offsetof(struct scep_attributes, recipient_nonce)},
    {&SCEP_OID_MESSAGE_DIGEST, set_octets, offsetof(struct scep_attributes, message_digest)},
    {&SCEP_OID_FAIL_INFO_TEXT, set_text, offsetof(struct scep_attributes, fail_info_text)},
    {&SCEP_OID_MS_SERVER_TEXT, set_text, offsetof(struct scep_attributes, server_text)},
};

static bool read_attribute(struct span attribute, struct scep_attributes *out, struct err *e)
{
    struct der_reader r = der_reader_of(attribute);
    struct der_item oid;
    struct der_item values;
    struct der_item value;
    if (!der_expect(&r, DER_OID, "attribute type", &oid, e) ||
        !der_expect(&r, DER_SET, "attribute values", &values, e))
        return false;
    r = der_reader_of(values.content);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!span_equal(oid.content, *known[i].oid))
            continue;
        return der_next(&r, &value, e) && known[i].set((uint8_t *)out + known[i].offset, &value, e);
    }
    return true;
}

bool scep_attributes_read(const struct der_item *set, struct scep_attributes *out, struct err *e)
{
    *out = (struct scep_attributes){.message_type = -1, .pki_status = -1, .fail_info = -1};
    struct der_reader r = der_reader_of(set->content);
    while (!der_at_end(&r)) {
        struct der_item attribute;
        if (!der_expect(&r, DER_SEQUENCE, "attribute", &attribute, e) ||
            !read_attribute(attribute.content, out, e))
            return false;
    }
    return true;
}
