#include "pki/general_name.h"

#include "pki/der.h"

#include <arpa/inet.h>
#include <strings.h>

#define MAX_NAMES_BYTES 65536

static bool put_ia5(struct buf *b, uint8_t tag, const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f)
            return false;
    }
    der_put(b, tag, span_of_text(value));
    return true;
}

static bool put_dns(struct buf *b, const char *value)
{
    return put_ia5(b, DER_CONTEXT_PRIMITIVE(2), value);
}

static bool put_email(struct buf *b, const char *value)
{
    return strchr(value, '@') != NULL && put_ia5(b, DER_CONTEXT_PRIMITIVE(1), value);
}

static bool put_uri(struct buf *b, const char *value)
{
    return strchr(value, ':') != NULL && put_ia5(b, DER_CONTEXT_PRIMITIVE(6), value);
}

static bool put_ip(struct buf *b, const char *value)
{
    uint8_t address[16];
    if (inet_pton(AF_INET, value, address) == 1)
        der_put(b, DER_CONTEXT_PRIMITIVE(7), span_of(address, 4));
    else if (inet_pton(AF_INET6, value, address) == 1)
        der_put(b, DER_CONTEXT_PRIMITIVE(7), span_of(address, 16));
    else
        return false;
    return true;
}

static bool put_upn(struct buf *b, const char *value)
{
    static const uint8_t upn[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03};
    size_t other = der_begin(b, DER_CONTEXT(0));
    der_put_oid(b, span_of(upn, sizeof upn));
    size_t tagged = der_begin(b, DER_CONTEXT(0));
    der_put(b, DER_UTF8_STRING, span_of_text(value));
    der_end(b, tagged);
    der_end(b, other);
    return true;
}

static const struct kind {
    const char *prefix;
    bool (*put)(struct buf *b, const char *value);
} kinds[] = {{"dns:", put_dns}, {"email:", put_email}, {"uri:", put_uri}, {"ip:", put_ip}, {"upn:", put_upn}};

static bool put_name(struct buf *b, const char *text, struct err *e)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t prefix = strlen(kinds[i].prefix);
        if (strncasecmp(text, kinds[i].prefix, prefix) != 0)
            continue;
        if (text[prefix] != '\0' && kinds[i].put(b, text + prefix))
            return true;
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "alternative name \"%.80s\": no valid %.*s after the colon", text, (int)prefix - 1,
                       text);
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "alternative name \"%.80s\": write dns:, email:, uri:, upn: or ip: and the name", text);
}

bool pki_general_names_from_texts(const char *const *texts, size_t count, struct buf *out, struct err *e)
{
    if (count == 0)
        return true;
    struct buf names;
    buf_init(&names, MAX_NAMES_BYTES);
    size_t list = der_begin(&names, DER_SEQUENCE);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = put_name(&names, texts[i], e);
    der_end(&names, list);
    ok = ok && buf_ok(&names, STAGE_SETUP, e);
    if (ok) {
        buf_append_span(out, buf_span(&names));
        ok = buf_ok(out, STAGE_SETUP, e);
    }
    buf_clear(&names);
    return ok;
}
