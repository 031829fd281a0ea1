#include "pki/name.h"

#include "pki/der.h"
#include "pki/name_value.h"

#define MAX_ATTRIBUTES 64
#define MAX_NAME_BYTES 65536

/* Writing. */

struct text_cursor {
    const char *text;
    size_t at;
};

static bool bad_text(const struct text_cursor *c, const char *what, struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "name \"%.80s\", character %zu: %s", c->text, c->at + 1,
                   what);
}

static void skip_blanks(struct text_cursor *c)
{
    while (c->text[c->at] == ' ')
        c->at++;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After a backslash: two hex digits make a byte, anything else stands for itself. */
static bool read_escape(struct text_cursor *c, struct buf *out, struct err *e)
{
    const char *s = c->text + ++c->at;
    if (s[0] == '\0')
        return bad_text(c, "nothing after the backslash", e);
    int high = hex_digit(s[0]);
    int low = high < 0 ? -1 : hex_digit(s[1]);
    if (low >= 0)
        buf_append_byte(out, (uint8_t)(high << 4 | low));
    else
        buf_append_byte(out, (uint8_t)s[0]);
    c->at += low >= 0 ? 2 : 1;
    return true;
}

/* Up to an unescaped `,` or `+`; blanks at both ends do not belong to the value unless escaped. */
static bool read_value(struct text_cursor *c, struct buf *out, struct err *e)
{
    skip_blanks(c);
    size_t keep = 0;
    while (c->text[c->at] != '\0' && c->text[c->at] != ',' && c->text[c->at] != '+') {
        bool blank = c->text[c->at] == ' ';
        if (c->text[c->at] == '\\') {
            if (!read_escape(c, out, e))
                return false;
        } else {
            buf_append_byte(out, (uint8_t)c->text[c->at++]);
        }
        if (!blank)
            keep = out->len;
    }
    out->len = keep;
    return keep > 0 || bad_text(c, "the value is empty", e);
}

static bool write_attribute(struct text_cursor *c, struct buf *oid, struct buf *value, struct buf *out,
                            struct err *e)
{
    skip_blanks(c);
    size_t length = strcspn(c->text + c->at, "=,+");
    if (c->text[c->at + length] != '=')
        return bad_text(c, "no '=' after the attribute type", e);
    size_t type_length = length;
    while (type_length > 0 && c->text[c->at + type_length - 1] == ' ')
        type_length--;
    if (!pki_name_type_from_text(span_of(c->text + c->at, type_length), oid))
        return bad_text(c, "unknown attribute type (CN OU O C ST L DC UID E ..., or a dotted OID)", e);
    c->at += length + 1;
    if (!read_value(c, value, e))
        return false;
    size_t attribute = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, buf_span(oid));
    pki_name_put_value(buf_span(oid), buf_span(value), out);
    der_end(out, attribute);
    return true;
}

static bool write_rdn(struct text_cursor *c, struct buf *out, struct err *e)
{
    size_t rdn = der_begin(out, DER_SET);
    struct buf oid;
    struct buf value;
    buf_init(&oid, 256);
    buf_init(&value, MAX_NAME_BYTES);
    bool ok;
    bool more = true;
    do {
        buf_reset(&oid);
        buf_reset(&value);
        ok = write_attribute(c, &oid, &value, out, e);
        more = ok && c->text[c->at] == '+';
        c->at += more ? 1 : 0;
    } while (more);
    buf_clear(&oid);
    buf_clear(&value);
    der_end_set_of(out, rdn);
    return ok;
}

bool pki_name_from_text(const char *text, struct buf *out_der, struct err *e)
{
    struct text_cursor c = {.text = text};
    skip_blanks(&c);
    if (text[c.at] == '\0')
        return bad_text(&c, "the name is empty", e);
    struct buf name;
    buf_init(&name, MAX_NAME_BYTES);
    size_t mark = der_begin(&name, DER_SEQUENCE);
    bool ok = write_rdn(&c, &name, e);
    while (ok && text[c.at] == ',') {
        c.at++;
        ok = write_rdn(&c, &name, e);
    }
    der_end(&name, mark);
    ok = ok && buf_ok(&name, STAGE_SETUP, e);
    if (ok) {
        buf_append_span(out_der, buf_span(&name));
        ok = buf_ok(out_der, STAGE_SETUP, e);
    }
    buf_clear(&name);
    return ok;
}

/* Reading: a Name as a flat list; RDN boundaries only matter for showing it. */

struct attribute {
    struct span oid;
    struct der_item value;
    bool joined; /* in the same RDN as the one before */
};

static bool read_rdn(const struct der_item *rdn, struct attribute *out, size_t *count, struct err *e)
{
    struct der_reader r = der_reader_of(rdn->content);
    for (bool joined = false; !der_at_end(&r); joined = true) {
        struct der_item pair;
        struct der_item oid;
        struct attribute *a = &out[*count];
        if (*count == MAX_ATTRIBUTES)
            return err_set(e, STAGE_NONE, REASON_LIMIT, "a name with more than %d attributes",
                           MAX_ATTRIBUTES);
        if (!der_expect(&r, DER_SEQUENCE, "name attribute", &pair, e))
            return false;
        struct der_reader inner = der_reader_of(pair.content);
        if (!der_expect(&inner, DER_OID, "name attribute type", &oid, e) || !der_next(&inner, &a->value, e))
            return false;
        a->oid = oid.content;
        a->joined = joined;
        (*count)++;
    }
    return true;
}

static bool read_name(struct span der, struct attribute *out, size_t *count, struct err *e)
{
    *count = 0;
    struct der_reader r = der_reader_of(der);
    struct der_item name;
    if (der.len > MAX_NAME_BYTES)
        return err_set(e, STAGE_NONE, REASON_LIMIT, "a name of %zu bytes", der.len);
    if (!der_expect(&r, DER_SEQUENCE, "name", &name, e))
        return false;
    r = der_reader_of(name.content);
    while (!der_at_end(&r)) {
        struct der_item rdn;
        if (!der_expect(&r, DER_SET, "relative name", &rdn, e) || !read_rdn(&rdn, out, count, e))
            return false;
    }
    return true;
}

static void append_escaped(struct span value, struct buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        bool at_edge = (i == 0 || i + 1 == value.len) && c == ' ';
        if (c < 0x20 || c == 0x7f) {
            buf_appendf(out, "\\%02X", c);
            continue;
        }
        if (at_edge || strchr(",+\\\"", c) != NULL)
            buf_append_byte(out, '\\');
        buf_append_byte(out, c);
    }
}

static void append_hex_value(struct span whole, struct buf *out)
{
    buf_append_byte(out, '#');
    for (size_t i = 0; i < whole.len; i++)
        buf_appendf(out, "%02x", whole.data[i]);
}

bool pki_name_to_text(struct span der, struct buf *out, struct err *e)
{
    struct attribute attributes[MAX_ATTRIBUTES];
    size_t count;
    if (!read_name(der, attributes, &count, e))
        return false;
    struct buf value;
    buf_init(&value, 4 * MAX_NAME_BYTES);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_text(out, attributes[i].joined ? "+" : ", ");
        pki_name_type_to_text(attributes[i].oid, out);
        buf_append_byte(out, '=');
        buf_reset(&value);
        if (pki_string_to_utf8(&attributes[i].value, &value))
            append_escaped(buf_span(&value), out);
        else
            append_hex_value(attributes[i].value.whole, out);
    }
    buf_clear(&value);
    return buf_ok(out, STAGE_NONE, e);
}

void pki_name_common_name(struct span der, struct buf *out)
{
    static const uint8_t cn[] = {0x55, 0x04, 0x03};
    struct attribute attributes[MAX_ATTRIBUTES];
    size_t count;
    if (!read_name(der, attributes, &count, NULL))
        return;
    for (size_t i = 0; i < count; i++) {
        if (span_equal(attributes[i].oid, span_of(cn, sizeof cn)) &&
            pki_string_to_utf8(&attributes[i].value, out))
            return;
    }
}

/* Comparing. */

/* Blanks at the ends go, runs of blanks become one, ASCII letters become small. In place. */
static void fold(struct buf *b)
{
    size_t to = 0;
    for (size_t i = 0; i < b->len; i++) {
        uint8_t c = b->data[i];
        if (c == ' ' && (to == 0 || b->data[to - 1] == ' '))
            continue;
        b->data[to++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
    }
    b->len = to > 0 && b->data[to - 1] == ' ' ? to - 1 : to;
}

static bool same_value(const struct der_item *a, const struct der_item *b)
{
    if (span_equal(a->whole, b->whole))
        return true;
    struct buf x;
    struct buf y;
    buf_init(&x, 4 * MAX_NAME_BYTES);
    buf_init(&y, 4 * MAX_NAME_BYTES);
    bool same = pki_string_to_utf8(a, &x) && pki_string_to_utf8(b, &y);
    if (same) {
        fold(&x);
        fold(&y);
        same = span_equal(buf_span(&x), buf_span(&y));
    }
    buf_clear(&x);
    buf_clear(&y);
    return same;
}

bool pki_name_same_rdns(struct span der_a, struct span der_b)
{
    struct attribute a[MAX_ATTRIBUTES];
    struct attribute b[MAX_ATTRIBUTES];
    size_t a_count;
    size_t b_count;
    if (!read_name(der_a, a, &a_count, NULL) || !read_name(der_b, b, &b_count, NULL) || a_count != b_count)
        return false;
    bool taken[MAX_ATTRIBUTES] = {false};
    for (size_t i = 0; i < a_count; i++) {
        size_t j = 0;
        while (j < b_count &&
               (taken[j] || !span_equal(a[i].oid, b[j].oid) || !same_value(&a[i].value, &b[j].value)))
            j++;
        if (j == b_count)
            return false;
        taken[j] = true;
    }
    return true;
}
