#include "base/text.h"
#include "device/device.h"

#include <strings.h>

#define LOOK_AT_BYTES                                                                                        \
    ((size_t)64 << 10) /* error pages are short; what does not show up to here does not count */

static const uint8_t oid_signed_data[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};

static bool has_word(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

/* A ContentInfo of signedData: a SEQUENCE, its length, then the OID. Lengths are not looked at: a truncated one is still
 * an attempt at CMS, and the reader of it says what is wrong. */
static bool is_cms(struct span body)
{
    size_t look = body.len < 32 ? body.len : 32;
    return body.len > 2 && body.data[0] == 0x30 &&
           memmem(body.data, look, oid_signed_data, sizeof oid_signed_data) != NULL;
}

static bool is_text(struct span utf8)
{
    size_t odd = 0;
    for (size_t i = 0; i < utf8.len; i++) {
        uint8_t c = utf8.data[i];
        odd += c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
    }
    return odd == 0;
}

static bool is_html(const char *text)
{
    static const char *const marks[] = {"<html", "<!doctype", "<head", "<body", "<title"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (has_word(text, marks[i]))
            return true;
    }
    return false;
}

static enum outcome_body classify_words(const char *server, struct span utf8, const char *text)
{
    bool readable = is_text(utf8), html = readable && is_html(text);
    if (readable && has_word(text, "Network Device Enrollment Service"))
        return OUTCOME_BODY_NDES_PAGE;
    if (readable && has_word(server, "Microsoft-IIS"))
        return OUTCOME_BODY_IIS;
    if (html)
        return OUTCOME_BODY_HTML;
    return readable ? OUTCOME_BODY_TEXT : OUTCOME_BODY_BINARY;
}

/* HTTP.sys answers before IIS and always names itself; its page is known by the header whatever a proxy made of the
 * body. IIS marks its own error pages the same way, but also what NDES answers, so bytes go first there. */
enum outcome_body device_classify_body(const char *server, struct span body)
{
    if (body.len == 0)
        return OUTCOME_BODY_EMPTY;
    if (is_cms(body))
        return OUTCOME_BODY_CERTREP;
    if (has_word(server, "Microsoft-HTTPAPI"))
        return OUTCOME_BODY_HTTPSYS;
    struct buf utf8;
    buf_init(&utf8, 4 * LOOK_AT_BYTES);
    enum outcome_body kind = OUTCOME_BODY_BINARY;
    struct span look = span_of(body.data, body.len < LOOK_AT_BYTES ? body.len : LOOK_AT_BYTES);
    const char *text = text_to_utf8(look, &utf8) ? buf_text(&utf8) : NULL;
    if (text != NULL)
        kind = classify_words(server, buf_span(&utf8), text);
    buf_clear(&utf8);
    return kind;
}

void device_serial_text(struct span serial, char *out, size_t out_bytes)
{
    if (serial.len > 1 && serial.data[0] == 0)
        serial = span_of(serial.data + 1, serial.len - 1);
    if (2 * serial.len + 1 > out_bytes)
        serial.len = (out_bytes - 1) / 2;
    text_hex(serial, false, out);
}
