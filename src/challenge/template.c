/* Text with variables, and how values are written so that they stay values. */
#include "base/text.h"
#include "challenge/parts.h"

#include <ctype.h>
#include <strings.h>

#define WORD_BYTES 32

static const char *const words[] = {
    [CHALLENGE_VAR_INDEX] = "index",     [CHALLENGE_VAR_NAME] = "name",
    [CHALLENGE_VAR_PROFILE] = "profile", [CHALLENGE_VAR_RUN] = "run",
    [CHALLENGE_VAR_SUBJECT] = "subject", [CHALLENGE_VAR_SAN] = "san",
    [CHALLENGE_VAR_SECRET] = "secret",   [CHALLENGE_VAR_COUNT] = "count",
    [CHALLENGE_VARIABLES] = NULL,
};

/* ---- reading ---- */

enum piece { PIECE_TEXT, PIECE_VARIABLE, PIECE_BROKEN };

/* A stretch of the template: literal text, or one variable. */
struct part {
    enum piece piece;
    struct span text; /* literal; else what stands between the braces, as far as it goes */
    enum challenge_variable variable;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static enum challenge_variable find_word(struct span word)
{
    unsigned i = 0;
    while (i < CHALLENGE_VARIABLES && !span_equal_text(word, words[i]))
        i++;
    return (enum challenge_variable)i;
}

static struct part read_variable(const char **at)
{
    const char *begin = *at + 1;
    size_t len = strcspn(begin, "{}");
    struct part part = {.piece = PIECE_BROKEN, .text = span_of(begin, len)};
    *at = begin + len + (begin[len] == '}');
    part.variable = find_word(part.text);
    if (begin[len] == '}' && part.variable != CHALLENGE_VARIABLES)
        part.piece = PIECE_VARIABLE;
    return part;
}

/* Takes the next piece; *at must not be at the end. */
static struct part take_part(const char **at)
{
    const char *begin = *at;
    if (begin[0] == '{' && is_letter(begin[1]))
        return read_variable(at);
    size_t len = begin[0] == '{' ? 1 : strcspn(begin, "{");
    *at = begin + len + (begin[0] == '{' && begin[1] == '{');
    return (struct part){.piece = PIECE_TEXT, .text = span_of(begin, len)};
}

unsigned challenge_template_uses(const char *text)
{
    unsigned used = 0;
    while (text != NULL && *text != '\0') {
        struct part part = take_part(&text);
        if (part.piece == PIECE_VARIABLE)
            used |= CHALLENGE_BIT(part.variable);
    }
    return used;
}

/* ---- checking ---- */

static bool fail_unknown(struct span written, unsigned allowed, struct err *e)
{
    char word[WORD_BYTES], known[96] = "";
    const char *offered[CHALLENGE_VARIABLES + 1] = {NULL};
    size_t count = 0, used = 0;
    snprintf(word, sizeof word, "%.*s", (int)(written.len < WORD_BYTES ? written.len : WORD_BYTES - 1),
             (const char *)written.data);
    for (unsigned i = 0; i < CHALLENGE_VARIABLES; i++) {
        if ((allowed & CHALLENGE_BIT(i)) == 0)
            continue;
        offered[count++] = words[i];
        int n = snprintf(known + used, sizeof known - used, " {%s}", words[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    const char *near = text_nearest(word, offered);
    if (near != NULL)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "there is no variable {%s} here; did you mean {%s}?",
                       word, near);
    return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                   "there is no variable {%s} here; there are%s, and {{ is a brace", word, known);
}

bool challenge_template_check(const char *text, unsigned allowed, struct err *e)
{
    while (*text != '\0') {
        struct part part = take_part(&text);
        if (part.piece == PIECE_TEXT)
            continue;
        if (part.piece == PIECE_BROKEN && text[-1] != '}')
            return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                           "a variable that begins with '{' has no '}'; {{ is a brace");
        if (part.piece == PIECE_BROKEN || (allowed & CHALLENGE_BIT(part.variable)) == 0)
            return fail_unknown(part.text, allowed, e);
    }
    return true;
}

/* ---- filling in ---- */

static void put_json(struct buf *out, struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (c < 0x20 || c == 0x7f)
            buf_appendf(out, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            buf_appendf(out, "\\%c", c);
        else
            buf_append_byte(out, c);
    }
}

static void put_xml(struct buf *out, struct span value)
{
    static const struct {
        char sign;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < value.len; i++) {
        const char *entity = NULL;
        for (size_t k = 0; k < sizeof entities / sizeof *entities; k++)
            entity = value.data[i] == (uint8_t)entities[k].sign ? entities[k].entity : entity;
        if (entity != NULL)
            buf_append_text(out, entity);
        else
            buf_append_byte(out, value.data[i]);
    }
}

static bool put_header(struct buf *out, struct span value, struct err *e)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] == 0x7f)
            return err_set(e, STAGE_OTP, REASON_USAGE,
                           "a value for challenge.headers has a control character: it would end the header");
    }
    return buf_append_span(out, value) || buf_ok(out, STAGE_OTP, e);
}

static bool put(struct buf *out, enum challenge_place place, struct span value, struct err *e)
{
    switch (place) {
    case CHALLENGE_IN_TEXT:
        buf_append_span(out, value);
        return true;
    case CHALLENGE_IN_URL:
        text_percent_encode(value, out);
        return true;
    case CHALLENGE_IN_HEADER:
        return put_header(out, value, e);
    case CHALLENGE_IN_JSON:
        put_json(out, value);
        return true;
    case CHALLENGE_IN_XML:
        put_xml(out, value);
        return true;
    }
    return false;
}

static struct span text_or_empty(const char *text)
{
    return span_of_text(text != NULL ? text : "");
}

/* Commas between; in JSON a whole list. */
static bool put_san(struct buf *out, enum challenge_place place, const struct challenge_device *device,
                    struct err *e)
{
    size_t count = device != NULL ? device->san_count : 0;
    bool list = place == CHALLENGE_IN_JSON, ok = true;
    if (list)
        buf_append_byte(out, '[');
    for (size_t i = 0; ok && i < count; i++) {
        buf_append_text(out, i > 0 ? "," : "");
        buf_append_text(out, list ? "\"" : "");
        ok = put(out, place, span_of_text(device->san[i]), e);
        buf_append_text(out, list ? "\"" : "");
    }
    if (list)
        buf_append_byte(out, ']');
    return ok;
}

static bool put_variable(struct buf *out, enum challenge_place place, enum challenge_variable variable,
                         const struct challenge_values *v, struct err *e)
{
    static const struct challenge_device nobody;
    const struct challenge_device *d = v->device != NULL ? v->device : &nobody;
    switch (variable) {
    case CHALLENGE_VAR_INDEX:
        return v->device == NULL || buf_appendf(out, "%llu", (unsigned long long)d->index) ||
               buf_ok(out, STAGE_OTP, e);
    case CHALLENGE_VAR_NAME:
        return put(out, place, text_or_empty(d->name), e);
    case CHALLENGE_VAR_PROFILE:
        return put(out, place, text_or_empty(d->profile), e);
    case CHALLENGE_VAR_RUN:
        return put(out, place, text_or_empty(d->run), e);
    case CHALLENGE_VAR_SUBJECT:
        return put(out, place, text_or_empty(d->subject), e);
    case CHALLENGE_VAR_SAN:
        return put_san(out, place, v->device, e);
    case CHALLENGE_VAR_SECRET:
        return v->secret == NULL || put(out, place, secret_value(v->secret), e);
    case CHALLENGE_VAR_COUNT:
        return buf_appendf(out, "%u", v->count) || buf_ok(out, STAGE_OTP, e);
    case CHALLENGE_VARIABLES:
        break;
    }
    return err_set(e, STAGE_OTP, REASON_INTERNAL, "a template was not checked");
}

bool challenge_template_fill(const char *text, enum challenge_place place,
                             const struct challenge_values *values, struct buf *out, struct err *e)
{
    while (*text != '\0') {
        struct part part = take_part(&text);
        if (part.piece == PIECE_TEXT)
            buf_append_span(out, part.text);
        else if (!put_variable(out, place, part.variable, values, e))
            return false;
    }
    return buf_ok(out, STAGE_OTP, e);
}

enum challenge_place challenge_body_place(const char *content_type)
{
    static const struct {
        const char *word;
        enum challenge_place place;
    } types[] = {
        {"json", CHALLENGE_IN_JSON}, {"x-www-form-urlencoded", CHALLENGE_IN_URL}, {"xml", CHALLENGE_IN_XML}};
    for (size_t i = 0; content_type != NULL && i < sizeof types / sizeof *types; i++) {
        if (strcasestr(content_type, types[i].word) != NULL)
            return types[i].place;
    }
    return CHALLENGE_IN_TEXT;
}
