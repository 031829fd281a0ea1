#include "evidence/parts.h"

static struct span skip(struct span s, size_t n)
{
    return span_of(s.data + n, s.len - n);
}

static struct span first_line(struct span s)
{
    const uint8_t *end = s.len == 0 ? NULL : memchr(s.data, '\n', s.len);
    return end == NULL ? s : span_of(s.data, (size_t)(end - s.data));
}

static struct span next_line(struct span s)
{
    const uint8_t *end = s.len == 0 ? NULL : memchr(s.data, '\n', s.len);
    return end == NULL ? skip(s, s.len) : scan_from(s, end + 1);
}

struct span csv_preamble(struct span s, uint8_t *separator)
{
    struct span line = scan_trim(first_line(s));
    if (line.len >= 5 && memcmp(line.data, "#TYPE", 5) == 0)
        s = next_line(s);
    line = scan_trim(first_line(s));
    if (line.len == 5 && memcmp(line.data, "sep=", 4) == 0)
        s = next_line(s);
    line = first_line(s);
    *separator = ',';
    static const uint8_t others[] = {';', '\t'};
    for (size_t i = 0; i < sizeof others; i++) {
        if (scan_count(line, others[i]) > scan_count(line, *separator))
            *separator = others[i];
    }
    return s;
}

/* A quote inside quotes is doubled, so counting them all tells inside from outside. */
size_t csv_row_length(struct span s)
{
    struct span rest = s;
    size_t quotes = 0;
    for (const uint8_t *end; rest.len > 0 && (end = memchr(rest.data, '\n', rest.len)) != NULL;) {
        quotes += scan_count(span_of(rest.data, (size_t)(end - rest.data)), '"');
        rest = scan_from(rest, end + 1);
        if (quotes % 2 == 0)
            return s.len - rest.len;
    }
    return 0;
}

static bool is_end_of_cell(const struct csv *c, struct span s)
{
    return s.len == 0 || s.data[0] == c->separator;
}

/* Behind the opening quote; returns what follows the closing one. A single quote inside is text: some do not double them. */
static struct span quoted(struct csv *c, struct arena *a, struct span s)
{
    while (s.len > 0) {
        const uint8_t *quote = memchr(s.data, '"', s.len);
        size_t len = quote == NULL ? s.len : (size_t)(quote - s.data);
        arena_append(a, span_of(s.data, len));
        s = skip(s, len);
        if (s.len == 0 || is_end_of_cell(c, skip(s, 1)))
            return s.len == 0 ? s : skip(s, 1);
        bool doubled = s.data[1] == '"';
        c->malformed = c->malformed || !doubled;
        arena_append_char(a, '"');
        s = skip(s, doubled ? 2 : 1);
    }
    return s;
}

void csv_split(struct csv *c, struct arena *a, struct span row)
{
    while (row.len > 0 && (row.data[row.len - 1] == '\n' || row.data[row.len - 1] == '\r'))
        row.len--;
    struct span whole = row;
    c->count = 0;
    c->malformed = false;
    for (bool more = true; more && c->count < CSV_MAX_CELLS;) {
        size_t from = a->len;
        if (row.len > 0 && row.data[0] == '"')
            row = quoted(c, a, skip(row, 1));
        const uint8_t *end = row.len == 0 ? NULL : memchr(row.data, c->separator, row.len);
        size_t len = end == NULL ? row.len : (size_t)(end - row.data);
        arena_append(a, span_of(row.data, len));
        c->cell[c->count++] = arena_end(a, from);
        more = end != NULL;
        row = skip(row, more ? len + 1 : len);
    }
    c->malformed = c->malformed && scan_count(whole, '\n') > 0;
}

struct cursor {
    struct span rest;
    uint64_t line;
};

static void move_on(struct cursor *c, size_t bytes)
{
    c->line += scan_count(span_of(c->rest.data, bytes), '\n');
    c->rest = skip(c->rest, bytes);
}

static void refuse(struct reading *r)
{
    if (!r->resyncing)
        reading_damaged(r);
    r->resyncing = true;
}

static size_t line_length(struct span s)
{
    return s.len - next_line(s).len;
}

size_t csv_rows(struct reading *r, struct span window, bool last,
                bool (*each)(struct reading *r, struct span row, uint64_t line))
{
    struct cursor c = {.rest = window, .line = r->file.lines + 1};
    while (c.rest.len > 0 && !r->no_memory) {
        size_t len = csv_row_length(c.rest);
        bool whole = len > 0 || (last && scan_count(c.rest, '"') % 2 == 0);
        if (!whole && !last && c.rest.len < EVIDENCE_MAX_UNIT)
            break;
        if (len == 0)
            len = c.rest.len;
        struct span row = span_of(c.rest.data, len);
        if (whole && (scan_trim(row).len == 0 || each(r, row, c.line)))
            r->resyncing = false;
        else {
            refuse(r);
            len = line_length(row);
        }
        move_on(&c, len);
    }
    r->file.lines = c.line - 1;
    return window.len - c.rest.len;
}
