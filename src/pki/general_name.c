#include "pki/general_name.h"

#include "pki/der.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <strings.h>

#define MAX_NAMES_BYTES 65536

/* Each of these appends one name, or says what is wrong with it: NULL when it was right. */

#define LABEL_MAX 63  /* RFC 1035 2.3.4 */
#define DNS_MAX   253 /* the same without the root, as people write it */

static bool is_ascii(const char *value)
{
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value >= 0x80)
            return false;
    }
    return true;
}

/* IA5String, and nothing in it that no name of any kind has. */
static bool is_visible(const char *value)
{
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value <= 0x20 || (unsigned char)*value >= 0x7f)
            return false;
    }
    return true;
}

/* RFC 5280 4.2.1.6 wants the preferred syntax; '_' and a leading '*' are seen in the field all the same. */
static const char *put_dns(struct buf *b, const char *value)
{
    if (!is_ascii(value))
        return "a DNS name is ASCII; write it in punycode (xn--...)";
    for (const char *c = value; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_.*", *c) == NULL)
            return "a DNS name has letters, digits, '-', '_' and '.'";
    }
    for (const char *label = value;; label++) {
        size_t len = strcspn(label, ".");
        if (len == 0 || len > LABEL_MAX)
            return "between its dots a DNS name has 1 to 63 characters";
        label += len;
        if (*label == '\0')
            break;
    }
    if (strlen(value) > DNS_MAX)
        return "a DNS name has at most 253 characters";
    der_put(b, DER_CONTEXT_PRIMITIVE(2), span_of_text(value));
    return NULL;
}

static const char *put_email(struct buf *b, const char *value)
{
    const char *at = strrchr(value, '@');
    if (!is_ascii(value))
        return "a mail address is ASCII here; write its domain in punycode (xn--...)";
    if (at == NULL || at == value || at[1] == '\0' || !is_visible(value))
        return "a mail address has the form somebody@example.com";
    der_put(b, DER_CONTEXT_PRIMITIVE(1), span_of_text(value));
    return NULL;
}

static const char *put_uri(struct buf *b, const char *value)
{
    size_t scheme = strcspn(value, ":");
    if (!is_ascii(value))
        return "a URI is ASCII; percent-encode it, and its host in punycode (xn--...)";
    bool begins =
        isalpha((unsigned char)value[0]) &&
        scheme == strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    if (!begins || value[scheme] == '\0' || value[scheme + 1] == '\0' || !is_visible(value))
        return "a URI has a scheme, a colon and more: urn:uuid:..., https://...";
    der_put(b, DER_CONTEXT_PRIMITIVE(6), span_of_text(value));
    return NULL;
}

static const char *put_ip(struct buf *b, const char *value)
{
    uint8_t address[16];
    if (inet_pton(AF_INET, value, address) == 1)
        der_put(b, DER_CONTEXT_PRIMITIVE(7), span_of(address, 4));
    else if (inet_pton(AF_INET6, value, address) == 1)
        der_put(b, DER_CONTEXT_PRIMITIVE(7), span_of(address, 16));
    else
        return "an IP address has the form 192.0.2.1 or 2001:db8::1";
    return NULL;
}

static const char *put_upn(struct buf *b, const char *value)
{
    static const uint8_t upn[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03};
    size_t other = der_begin(b, DER_CONTEXT(0));
    der_put_oid(b, span_of(upn, sizeof upn));
    size_t tagged = der_begin(b, DER_CONTEXT(0));
    der_put(b, DER_UTF8_STRING, span_of_text(value));
    der_end(b, tagged);
    der_end(b, other);
    return NULL;
}

static const struct kind {
    const char *prefix;
    const char *(*put)(struct buf *b, const char *value);
} kinds[] = {{"dns:", put_dns}, {"email:", put_email}, {"uri:", put_uri}, {"ip:", put_ip}, {"upn:", put_upn}};

static bool put_name(struct buf *b, const char *text, struct err *e)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t prefix = strlen(kinds[i].prefix);
        if (strncasecmp(text, kinds[i].prefix, prefix) != 0)
            continue;
        const char *why = text[prefix] == '\0' ? "nothing follows the colon" : kinds[i].put(b, text + prefix);
        return why == NULL ||
               err_set(e, STAGE_SETUP, REASON_USAGE, "alternative name \"%.80s\": %s", text, why);
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
