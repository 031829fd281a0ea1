#include "base/markup.h"

#include "base/utf8.h"

#include <string.h>

/* XML 1.0 forbids most control characters, even as references. */
static bool forbidden(uint8_t c)
{
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

/* Length of the character at s, 0 when it is none; a text ends with a NUL. */
static size_t character(const uint8_t *s)
{
    return utf8_length(span_of(s, strnlen((const char *)s, 4)));
}

/* One character; returns how many bytes it took. */
static size_t put_character(struct buf *out, const uint8_t *s)
{
    static const char special[] = "&<>\"'";
    static const char *const escaped[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    size_t len = character(s);
    const char *found = strchr(special, *s);
    if (len == 0 || forbidden(*s))
        buf_append_text(out, "\xef\xbf\xbd");
    else if (found != NULL)
        buf_append_text(out, escaped[found - special]);
    else
        buf_append(out, s, len);
    return len == 0 ? 1 : len;
}

bool markup_text(struct buf *out, const char *text)
{
    return markup_excerpt(out, text, SIZE_MAX);
}

bool markup_excerpt(struct buf *out, const char *text, size_t max)
{
    const uint8_t *begin = (const uint8_t *)text, *s = begin;
    while (s != NULL && *s != '\0' && (size_t)(s - begin) < max)
        s += put_character(out, s);
    if (s != NULL && *s != '\0')
        buf_append_text(out, "\xe2\x80\xa6");
    return !out->failed;
}

/* Semicolons and tabs divide cells, too, where a spreadsheet was set so. */
void markup_csv(struct buf *line, const char *text)
{
    bool formula = text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL;
    bool quote = formula || strpbrk(text, ",;\t\"\r\n") != NULL;
    if (quote)
        buf_append_text(line, formula ? "\"'" : "\"");
    const uint8_t *s = (const uint8_t *)text;
    for (size_t len; *s != '\0'; s += len) {
        len = character(s);
        if (len == 0 || forbidden(*s)) {
            len = 1;
            buf_append_text(line, "\xef\xbf\xbd");
        } else {
            buf_append(line, *s == '"' ? "\"\"" : (const char *)s, *s == '"' ? 2 : len);
        }
    }
    if (quote)
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
