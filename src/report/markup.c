#include "report/parts.h"

/* XML 1.0 forbids most control characters, even as references. */
static bool forbidden(uint8_t c)
{
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

/* Length of the UTF-8 sequence at s, 0 when it is none. */
static size_t utf8_len(const uint8_t *s)
{
    size_t len = s[0] < 0x80                   ? 1
                 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                 : (s[0] & 0xf0) == 0xe0       ? 3
                 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                               : 0;
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) /* also stops at the final NUL */
            return 0;
    }
    return len;
}

bool markup_text(struct buf *out, const char *text)
{
    const uint8_t *s = (const uint8_t *)text;
    for (size_t len; *s != '\0'; s += len) {
        len = utf8_len(s);
        if (len == 0 || forbidden(*s)) {
            len = 1;
            buf_append_text(out, "\xef\xbf\xbd");
        } else if (*s == '&') {
            buf_append_text(out, "&amp;");
        } else if (*s == '<') {
            buf_append_text(out, "&lt;");
        } else if (*s == '>') {
            buf_append_text(out, "&gt;");
        } else if (*s == '"') {
            buf_append_text(out, "&quot;");
        } else if (*s == '\'') {
            buf_append_text(out, "&#39;");
        } else {
            buf_append(out, s, len);
        }
    }
    return !out->failed;
}

void markup_csv(struct buf *line, const char *text)
{
    bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    bool quote = formula || strpbrk(text, ",\"\r\n") != NULL;
    if (!quote) {
        buf_append_text(line, text);
        return;
    }
    buf_append_text(line, formula ? "\"'" : "\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            buf_append_byte(line, '"');
        buf_append_byte(line, (uint8_t)*c);
    }
    buf_append_byte(line, '"');
}

bool markup_markdown(struct buf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        bool control = (unsigned char)*c < 0x20 || *c == 0x7f;
        if (*c == '<' || *c == '>' || *c == '&') /* no HTML, wherever this is pasted */
            buf_append_text(out, *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : "&amp;");
        else if (strchr("\\`*_[]|#!~@", *c) != NULL)
            buf_appendf(out, "\\%c", *c);
        else
            buf_append_byte(out, control ? ' ' : (uint8_t)*c);
    }
    return !out->failed;
}
