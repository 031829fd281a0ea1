/* A page as evidence. What may be a password is replaced by its length: rather a word too many than a password too few. */
#include "base/text.h"
#include "base/utf8.h"
#include "challenge/page.h"

#include <strings.h>

#define LOOK_BYTES      ((size_t)64 << 10)
#define HEX_RUN         6 /* PasswordLength 3; shorter ones are no passwords */
#define MIXED_WORD      6 /* letters and digits together, as generators make them */
#define MARKED_UP_WORDS 5

static void put_redacted(struct buf *out, size_t characters)
{
    buf_appendf(out, "[redacted, %zu characters]", characters);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_gap(uint8_t c)
{
    return c <= ' ' || strchr("<>\"'=", c) != NULL;
}

/* Clean UTF-8, whatever comes in. */
static void put_plain(struct buf *out, struct span s)
{
    while (s.len > 0) {
        size_t len = utf8_length(s), step = len > 0 ? len : 1;
        bool control = len == 1 && s.data[0] < 0x20 && strchr("\t\r\n", s.data[0]) == NULL;
        if (len == 0 || control || s.data[0] == 0x7f || s.data[0] == 0)
            buf_append_byte(out, '?');
        else
            buf_append(out, s.data, len);
        s = span_of(s.data + step, s.len - step);
    }
}

static void put_without_hex(struct buf *out, struct span s)
{
    for (size_t at = 0; at < s.len;) {
        size_t begin = at;
        while (at < s.len && is_hex(s.data[at]))
            at++;
        if (at - begin >= HEX_RUN) {
            put_redacted(out, at - begin);
            continue;
        }
        while (at < s.len && !is_hex(s.data[at]))
            at++;
        put_plain(out, span_of(s.data + begin, at - begin));
    }
}

static bool is_mixed(struct span word)
{
    bool digit = false, letter = false;
    for (size_t i = 0; i < word.len; i++) {
        digit |= is_digit(word.data[i]);
        letter |= is_letter(word.data[i]);
    }
    return digit && letter && word.len >= MIXED_WORD;
}

static void put_text(struct buf *out, struct span text)
{
    for (size_t at = 0; at < text.len;) {
        size_t begin = at;
        while (at < text.len && is_gap(text.data[at]))
            at++;
        put_plain(out, span_of(text.data + begin, at - begin));
        begin = at;
        while (at < text.len && !is_gap(text.data[at]))
            at++;
        struct span word = span_of(text.data + begin, at - begin);
        if (is_mixed(word))
            put_redacted(out, word.len);
        else
            put_without_hex(out, word);
    }
}

/* Values of form fields go whatever they look like. */
static void put_tag(struct buf *out, struct span tag)
{
    struct span value = challenge_page_attribute(tag, "value");
    if (value.len == 0) {
        put_without_hex(out, tag);
        return;
    }
    size_t before = (size_t)(value.data - tag.data);
    put_without_hex(out, span_of(tag.data, before));
    put_redacted(out, value.len);
    put_without_hex(out, span_of(value.data + value.len, tag.len - before - value.len));
}

/* What pages put values into. */
static bool is_mark_up(struct span tag)
{
    static const char *const names[MARKED_UP_WORDS] = {"b", "strong", "code", "tt", "pre"};
    for (size_t i = 0; i < MARKED_UP_WORDS; i++) {
        size_t len = strlen(names[i]);
        if (tag.len > len + 1 && strncasecmp((const char *)tag.data + 1, names[i], len) == 0 &&
            strchr(" \t\r\n/>", tag.data[len + 1]) != NULL)
            return true;
    }
    return false;
}

/* All up to the next tag, when it is one word. */
static struct span lone_word(struct span text)
{
    while (text.len > 0 && text.data[0] <= ' ')
        text = span_of(text.data + 1, text.len - 1);
    while (text.len > 0 && text.data[text.len - 1] <= ' ')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ')
            return span_of(NULL, 0);
    }
    return text;
}

static void put_stretch(struct buf *out, struct span text, bool marked_up)
{
    struct span word = marked_up ? lone_word(text) : span_of(NULL, 0);
    if (word.len > 0)
        put_redacted(out, word.len);
    else
        put_text(out, text);
}

static bool begins_tag(struct span html, size_t at)
{
    return html.data[at] == '<' && html.len - at > 1 &&
           (is_letter(html.data[at + 1]) || html.data[at + 1] == '/' ||
            (html.data[at + 1] == '!' && html.len - at > 2 && html.data[at + 2] != '-'));
}

static void put_page(struct buf *out, struct span html)
{
    bool marked_up = false;
    for (size_t at = 0; at < html.len && !out->failed;) {
        size_t begin = at;
        if (begins_tag(html, at)) {
            const uint8_t *end = memchr(html.data + at, '>', html.len - at);
            at = end != NULL ? (size_t)(end - html.data) + 1 : html.len;
            struct span tag = span_of(html.data + begin, at - begin);
            marked_up = is_mark_up(tag);
            put_tag(out, tag);
            continue;
        }
        do
            at++;
        while (at < html.len && !begins_tag(html, at));
        put_stretch(out, span_of(html.data + begin, at - begin), marked_up);
        marked_up = false;
    }
}

bool challenge_text_redact(struct span utf8, struct buf *out, struct err *e)
{
    put_text(out, utf8);
    return buf_ok(out, STAGE_OTP, e);
}

bool challenge_page_redact(struct span body, struct buf *out, struct err *e)
{
    struct buf utf8;
    buf_init(&utf8, 2 * LOOK_BYTES + 4);
    body.len = body.len < LOOK_BYTES ? body.len : LOOK_BYTES;
    bool ok = text_to_utf8(body, &utf8) || buf_ok(&utf8, STAGE_OTP, e);
    if (ok)
        put_page(out, buf_span(&utf8));
    buf_wipe(&utf8);
    return ok && buf_ok(out, STAGE_OTP, e);
}
