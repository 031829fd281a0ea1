/* Texts with holes, and text in XML. */
#include "base/utf8.h"
#include "traces/internal.h"

#include <string.h>
#include <time.h>

struct traces_time traces_time_of(int64_t unix_us)
{
    int64_t seconds = unix_us / 1000000, rest = unix_us % 1000000;
    if (rest < 0) {
        seconds--;
        rest += 1000000;
    }
    struct tm tm = {0};
    time_t when = (time_t)seconds;
    gmtime_r(&when, &tm);
    return (struct traces_time){
        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)rest,
    };
}

/* The length of the character at `s`; 0: none that XML 1.0 may hold. */
static size_t character(struct span s)
{
    uint32_t code = 0;
    size_t len = utf8_read(s, &code);
    bool control = code < 0x20 && code != '\t' && code != '\r' && code != '\n';
    return control || code == 0xfffe || code == 0xffff ? 0 : len;
}

void traces_xml(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = character(span_of(text.data + i, text.len - i));
        const char *named = NULL;
        switch (text.data[i]) {
        case '&':
            named = "&amp;";
            break;
        case '<':
            named = "&lt;";
            break;
        case '>':
            named = "&gt;";
            break;
        case '\'':
            named = "&apos;";
            break;
        case '"':
            named = "&quot;";
            break;
        }
        if (named != NULL || len == 0)
            buf_append_text(out, named != NULL ? named : "?");
        else
            buf_append(out, text.data + i, len);
        i += len > 0 ? len : 1;
    }
}

static void put(struct span text, bool xml, struct buf *out)
{
    if (xml)
        traces_xml(text, out);
    else
        buf_append_span(out, text);
}

/* {node} and the like; 0: no such word, the brace is a character. */
static size_t fill_brace(const struct traces *t, struct span at, bool xml, struct buf *out)
{
    const struct traces_facts *f = &t->facts;
    const char *slash = strchr(f->account, '\\');
    const struct {
        const char *word;
        const char *parts[3];
    } words[] = {
        {"{node}", {f->node}},       {"{fqdn}", {f->node, ".", f->domain}},
        {"{domain}", {f->domain}},   {"{netbios}", {f->netbios}},
        {"{account}", {f->account}}, {"{user}", {slash != NULL ? slash + 1 : f->account}},
        {"{pool}", {TRACES_POOL}},   {"{ca}", {f->ca}},
        {"{ca-node}", {f->ca_node}}, {"{ca-fqdn}", {f->ca_node, ".", f->domain}},
        {"{address}", {f->address}}, {"{pid}", {"6732"}},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i].word);
        if (at.len < len || memcmp(at.data, words[i].word, len) != 0)
            continue;
        for (size_t p = 0; p < 3 && words[i].parts[p] != NULL; p++)
            put(span_of_text(words[i].parts[p]), xml, out);
        return len;
    }
    return 0;
}

static struct span part_of(const char *value, char part)
{
    const char *slash = strchr(value, '\\');
    if (part == 'u')
        return span_of_text(slash != NULL ? slash + 1 : value);
    if (part == 'd')
        return slash != NULL ? span_of(value, (size_t)(slash - value)) : span_of_text("");
    return span_of_text(value);
}

/* %1, %12, %u1; 0: the sign is a character. "%%2313" is a word of Windows's own. */
static size_t fill_number(struct span at, const char *const *values, bool xml, struct buf *out)
{
    if (at.len > 1 && at.data[1] == '%') {
        buf_append_text(out, "%%");
        return 2;
    }
    size_t i = 1;
    char part = at.len > 2 && (at.data[1] == 'u' || at.data[1] == 'd') ? (char)at.data[i++] : '\0';
    size_t number = 0, digits = i;
    while (i < at.len && i < digits + 2 && at.data[i] >= '0' && at.data[i] <= '9')
        number = number * 10 + (size_t)(at.data[i++] - '0');
    if (i == digits)
        return 0;
    size_t count = 0;
    while (values != NULL && values[count] != NULL)
        count++;
    if (number >= 1 && number <= count)
        put(part_of(values[number - 1], part), xml, out);
    return i;
}

void traces_fill(const struct traces *t, struct span text, const char *const *values, bool xml,
                 struct buf *out)
{
    for (size_t i = 0; i < text.len;) {
        struct span rest = span_of(text.data + i, text.len - i);
        size_t used = 0;
        if (rest.data[0] == '{')
            used = fill_brace(t, rest, xml, out);
        else if (rest.data[0] == '%')
            used = fill_number(rest, values, xml, out);
        if (used == 0)
            buf_append_byte(out, rest.data[0]);
        i += used > 0 ? used : 1;
    }
}
