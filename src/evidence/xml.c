#include "evidence/parts.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span skip(struct span s, size_t n)
{
    return span_of(s.data + n, s.len - n);
}

/* Up to the '>' of a tag; a '>' inside quotes is none. */
static const uint8_t *tag_end(struct span s)
{
    uint8_t quote = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (quote != 0)
            quote = s.data[i] == quote ? 0 : quote;
        else if (s.data[i] == '"' || s.data[i] == '\'')
            quote = s.data[i];
        else if (s.data[i] == '>')
            return s.data + i;
    }
    return NULL;
}

static struct span local_name(struct span name)
{
    const uint8_t *colon = name.len == 0 ? NULL : memchr(name.data, ':', name.len);
    return colon == NULL ? name : scan_from(name, colon + 1);
}

/* <!--, <!DOCTYPE, <?xml: true when it was skipped. <![CDATA[ is handed out by the caller. */
static bool skip_other(struct xml *x)
{
    const char *end = x->rest.data[1] == '?' ? "?>" : ">";
    if (x->rest.len >= 4 && memcmp(x->rest.data, "<!--", 4) == 0)
        end = "-->";
    const uint8_t *at = scan_find(x->rest, end);
    if (at == NULL)
        return false;
    x->rest = scan_from(x->rest, at + strlen(end));
    return true;
}

static enum xml_token take_cdata(struct xml *x)
{
    x->rest = skip(x->rest, 9);
    const uint8_t *end = scan_find(x->rest, "]]>");
    if (end == NULL)
        return XML_BROKEN;
    x->text = span_of(x->rest.data, (size_t)(end - x->rest.data));
    x->rest = scan_from(x->rest, end + 3);
    return XML_CDATA;
}

static enum xml_token take_tag(struct xml *x)
{
    const uint8_t *end = tag_end(x->rest);
    if (end == NULL)
        return XML_BROKEN;
    struct span tag = span_of(x->rest.data + 1, (size_t)(end - x->rest.data - 1));
    x->rest = scan_from(x->rest, end + 1);
    bool closing = tag.len > 0 && tag.data[0] == '/';
    bool empty = tag.len > 0 && tag.data[tag.len - 1] == '/';
    tag = span_of(tag.data + closing, tag.len - closing);
    tag.len -= empty && tag.len > 0;
    size_t len = 0;
    while (len < tag.len && !is_blank(tag.data[len]))
        len++;
    x->name = local_name(span_of(tag.data, len));
    x->attributes = skip(tag, len);
    if (x->name.len == 0)
        return XML_BROKEN;
    return closing ? XML_CLOSE : empty ? XML_EMPTY : XML_OPEN;
}

enum xml_token xml_next(struct xml *x)
{
    while (x->rest.len > 0) {
        if (x->rest.data[0] != '<') {
            const uint8_t *tag = memchr(x->rest.data, '<', x->rest.len);
            size_t len = tag == NULL ? x->rest.len : (size_t)(tag - x->rest.data);
            x->text = span_of(x->rest.data, len);
            x->rest = skip(x->rest, len);
            return XML_TEXT;
        }
        if (x->rest.len >= 9 && memcmp(x->rest.data, "<![CDATA[", 9) == 0)
            return take_cdata(x);
        if (x->rest.len < 2 || (x->rest.data[1] != '!' && x->rest.data[1] != '?'))
            return take_tag(x);
        if (!skip_other(x))
            return XML_BROKEN;
    }
    return XML_END;
}

bool xml_attribute_next(struct span *attributes, struct span *name, struct span *value)
{
    struct span s = scan_trim(*attributes);
    const uint8_t *equals = s.len == 0 ? NULL : memchr(s.data, '=', s.len);
    if (equals == NULL)
        return false;
    *name = local_name(scan_trim(span_of(s.data, (size_t)(equals - s.data))));
    s = scan_trim(scan_from(s, equals + 1));
    if (s.len < 2 || (s.data[0] != '"' && s.data[0] != '\''))
        return false;
    const uint8_t *end = memchr(s.data + 1, s.data[0], s.len - 1);
    if (end == NULL)
        return false;
    *value = span_of(s.data + 1, (size_t)(end - s.data - 1));
    *attributes = scan_from(s, end + 1);
    return true;
}

struct span xml_attribute(const struct xml *x, const char *wanted)
{
    struct span attributes = x->attributes, name, value;
    while (xml_attribute_next(&attributes, &name, &value)) {
        if (span_equal_text(name, wanted))
            return value;
    }
    return span_of("", 0);
}

/* &#x10FFFF; and &#65; */
static bool append_number(struct arena *a, struct span digits)
{
    bool hex = digits.len > 1 && (digits.data[0] == 'x' || digits.data[0] == 'X');
    uint32_t code = 0;
    size_t i = hex;
    for (; i < digits.len && code <= 0x10FFFF; i++) {
        uint8_t c = digits.data[i];
        uint32_t letter = (uint32_t)(c | 0x20);
        if (c >= '0' && c <= '9')
            code = code * (hex ? 16 : 10) + (uint32_t)(c - '0');
        else if (hex && letter >= 'a' && letter <= 'f')
            code = code * 16 + letter - 'a' + 10;
        else
            return false;
    }
    if (i == hex || i != digits.len)
        return false;
    arena_append_char(a, code);
    return true;
}

/* `name` without '&' and ';'. */
static bool append_entity(struct arena *a, struct span name)
{
    static const struct {
        const char *name;
        char is;
    } known[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    if (name.len > 1 && name.data[0] == '#')
        return append_number(a, skip(name, 1));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (span_equal_text(name, known[i].name)) {
            arena_append_char(a, (uint32_t)known[i].is);
            return true;
        }
    }
    return false;
}

/* What is no entity stays as it is. */
void xml_append(struct arena *a, struct span raw)
{
    while (raw.len > 0) {
        const uint8_t *mark = memchr(raw.data, '&', raw.len);
        size_t plain = mark == NULL ? raw.len : (size_t)(mark - raw.data);
        arena_append(a, span_of(raw.data, plain));
        raw = skip(raw, plain);
        if (mark == NULL)
            return;
        const uint8_t *end = memchr(raw.data, ';', raw.len < 12 ? raw.len : 12);
        if (end != NULL && append_entity(a, span_of(raw.data + 1, (size_t)(end - raw.data - 1)))) {
            raw = scan_from(raw, end + 1);
            continue;
        }
        arena_append_char(a, '&');
        raw = skip(raw, 1);
    }
}

const char *xml_text(struct arena *a, struct span raw)
{
    size_t from = a->len;
    xml_append(a, raw);
    return arena_end(a, from);
}

/* ---- elements ---- */

/* "<Event" followed by what cannot continue the name. */
static const uint8_t *find_start(struct span s, const char *name)
{
    char tag[40];
    size_t len = (size_t)snprintf(tag, sizeof tag, "<%s", name);
    for (const uint8_t *at; (at = scan_find(s, tag)) != NULL; s = scan_from(s, at + len)) {
        struct span after = scan_from(s, at + len);
        if (after.len == 0 || is_blank(after.data[0]) || after.data[0] == '>')
            return at;
    }
    return NULL;
}

/* The last complete beginning of an element in `s`, which begins with one; those before it lack their end. */
static struct span last_start(struct reading *r, struct span s, const char *name)
{
    for (const uint8_t *at; (at = find_start(skip(s, 1), name)) != NULL; s = scan_from(s, at))
        reading_damaged(r);
    return s;
}

struct cut {
    struct span window, rest;
    uint64_t line; /* of rest.data */
};

static void move_on(struct cut *c, struct span rest)
{
    c->line += scan_count(span_of(c->rest.data, c->rest.len - rest.len), '\n');
    c->rest = rest;
}

/* No end in sight: waits for more, or drops what can never be one. Returns where to go on. */
static struct span give_up(struct reading *r, struct span rest, bool last, const char *name)
{
    if (!last && rest.len < EVIDENCE_MAX_UNIT)
        return rest;
    struct span tail = last_start(r, rest, name);
    if (!last && tail.len < EVIDENCE_MAX_UNIT)
        return tail;
    reading_damaged(r);
    return last ? span_of(tail.data + tail.len, 0) : skip(tail, 1);
}

size_t xml_elements(struct reading *r, struct span window, bool last, const char *name,
                    void (*each)(struct reading *r, struct span element, uint64_t line))
{
    char end_tag[40];
    size_t end_len = (size_t)snprintf(end_tag, sizeof end_tag, "</%s>", name);
    struct cut c = {.window = window, .rest = window, .line = r->file.lines + 1};
    for (;;) {
        const uint8_t *start = find_start(c.rest, name);
        if (start == NULL) {
            /* The beginning of a tag may be cut by the window. */
            size_t keep = last ? 0 : c.rest.len < 40 ? c.rest.len : 40;
            move_on(&c, skip(c.rest, c.rest.len - keep));
            break;
        }
        move_on(&c, scan_from(c.rest, start));
        const uint8_t *end = scan_find(c.rest, end_tag);
        if (end == NULL) {
            move_on(&c, give_up(r, c.rest, last, name));
            if (last || c.rest.data[0] == '<')
                break;
            continue;
        }
        end += end_len;
        struct span whole = last_start(r, span_of(c.rest.data, (size_t)(end - c.rest.data)), name);
        move_on(&c, scan_from(c.rest, whole.data));
        each(r, whole, c.line);
        move_on(&c, scan_from(c.rest, end));
    }
    r->file.lines = c.line - 1;
    return window.len - c.rest.len;
}
