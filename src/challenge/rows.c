#include "challenge/rows.h"

#include "challenge/parts.h"

#include <errno.h>
#include <unistd.h>

#define CHUNK_BYTES 65536
#define FIELD_MAX   (2 * CHALLENGE_VALUE_MAX + 2) /* every sign of it a doubled quote */
#define END         (-1)

struct reader {
    int fd;
    const char *path, *column;
    challenge_row_done done;
    void *user;
    struct err *e;
    uint8_t chunk[CHUNK_BYTES];
    size_t at, filled;
    uint64_t offset; /* of chunk[at] in the file */
    uint32_t line;
    struct buf field; /* as written */
    struct challenge_row row;
    size_t fields_per_line; /* CSV: as many as the first line has */
    size_t wanted;          /* CSV: the column's number */
    bool seen_header;
    bool failed;
};

static int fail(struct reader *r, uint32_t line, const char *what)
{
    r->failed = true;
    err_set(r->e, STAGE_SETUP, REASON_USAGE, "%.100s:%u: %s", r->path, (unsigned)line, what);
    return END;
}

/* The next byte without taking it; END at the end of the file, or when reading fails. */
static int peek(struct reader *r)
{
    while (r->at == r->filled && !r->failed) {
        ssize_t got = read(r->fd, r->chunk, sizeof r->chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            r->failed = true;
            err_set_errno(r->e, REASON_IO, errno, "cannot read %.100s", r->path);
        }
        if (got <= 0)
            return END;
        r->at = 0;
        r->filled = (size_t)got;
    }
    return r->failed ? END : r->chunk[r->at];
}

static void skip(struct reader *r)
{
    r->at++;
    r->offset++;
}

static bool keep(struct reader *r, int c)
{
    skip(r);
    if (buf_append_byte(&r->field, (uint8_t)c))
        return true;
    fail(r, r->row.line, "more than 16 KiB are no password");
    return false;
}

static void begin_field(struct reader *r)
{
    buf_reset(&r->field);
    r->row = (struct challenge_row){.offset = r->offset, .line = r->line};
}

/* ---- a field, as written ---- */

static void read_line(struct reader *r)
{
    begin_field(r);
    for (int c = peek(r); c != END && c != '\n'; c = peek(r)) {
        if (!keep(r, c))
            return;
    }
    if (r->field.len > 0 && r->field.data[r->field.len - 1] == '\r')
        r->field.len--;
}

/* From quote to quote, both kept; a doubled one does not end it. */
static void read_quoted(struct reader *r)
{
    bool open = false;
    for (int c = peek(r); c != END && (open || c == '"'); c = peek(r)) {
        open = c == '"' ? !open : open;
        r->line += c == '\n';
        if (!keep(r, c))
            return;
    }
    int next = peek(r);
    if (open)
        fail(r, r->row.line, "a quote is opened and never closed");
    else if (next != END && next != ',' && next != '\n' && next != '\r')
        fail(r, r->row.line, "characters follow a closing quote");
}

static void read_field(struct reader *r)
{
    begin_field(r);
    if (peek(r) == '"') {
        read_quoted(r);
        return;
    }
    for (int c = peek(r); c != END && c != ',' && c != '\n' && c != '\r'; c = peek(r)) {
        if (c == '"')
            fail(r, r->line, "a quote within a field: quote all of it, and double the quote");
        if (r->failed || !keep(r, c))
            return;
    }
}

/* After the last field of a line. */
static void end_line(struct reader *r)
{
    if (peek(r) == '\r')
        skip(r);
    int c = peek(r);
    if (c == '\n')
        skip(r);
    else if (c != END)
        fail(r, r->line, "a carriage return within a line");
    r->line++;
}

/* ---- what it means ---- */

bool challenge_row_value(struct span written, bool csv, struct buf *out)
{
    bool quoted = csv && written.len >= 2 && written.data[0] == '"';
    if (!quoted)
        return buf_append_span(out, written);
    for (size_t i = 1; i + 1 < written.len; i++) {
        buf_append_byte(out, written.data[i]);
        i += written.data[i] == '"';
    }
    return !out->failed;
}

static void take(struct reader *r)
{
    struct buf value;
    buf_init(&value, FIELD_MAX);
    r->row.bytes = (uint32_t)r->field.len;
    bool ok = challenge_row_value(buf_span(&r->field), r->column != NULL, &value);
    const char *flaw = ok ? challenge_value_flaw(buf_span(&value)) : "does not fit into memory";
    char what[80];
    snprintf(what, sizeof what, "the password %s", flaw != NULL ? flaw : "");
    if (flaw != NULL)
        fail(r, r->row.line, what);
    else if (!r->done(r->user, &r->row, buf_span(&value), r->e))
        r->failed = true;
    buf_wipe(&value);
}

static void look_at_name(struct reader *r, size_t number)
{
    struct buf name;
    buf_init(&name, FIELD_MAX);
    challenge_row_value(buf_span(&r->field), true, &name);
    if (span_equal_text(buf_span(&name), r->column)) {
        if (r->wanted < number)
            fail(r, r->line, "two columns have the name that challenge.column says");
        r->wanted = number;
    }
    buf_wipe(&name);
}

/* One record; in the first one the wanted column is looked for. */
static void read_record(struct reader *r)
{
    size_t number = 0;
    uint32_t begin = r->line;
    for (bool more = true; more && !r->failed; number++) {
        read_field(r);
        if (r->failed)
            return;
        if (!r->seen_header)
            look_at_name(r, number);
        else if (number == r->wanted)
            take(r);
        more = peek(r) == ',';
        if (more)
            skip(r);
    }
    if (r->failed)
        return;
    if (!r->seen_header && r->wanted == SIZE_MAX)
        fail(r, begin, "there is no such column as challenge.column says");
    else if (r->seen_header && number != r->fields_per_line)
        fail(r, begin, "more or fewer fields than the first line has");
    else
        end_line(r);
    r->fields_per_line = number;
    r->seen_header = true;
}

static bool at_empty_line(struct reader *r)
{
    int c = peek(r);
    if (c != '\n' && c != '\r')
        return false;
    end_line(r);
    return true;
}

static void read_plain(struct reader *r)
{
    read_line(r);
    if (!r->failed && r->field.len > 0)
        take(r);
    if (!r->failed)
        end_line(r);
}

static void skip_mark(struct reader *r)
{
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};
    bool marked = peek(r) == mark[0] && r->filled >= sizeof mark && memcmp(r->chunk, mark, sizeof mark) == 0;
    for (size_t i = 0; marked && i < sizeof mark; i++)
        skip(r);
}

bool challenge_rows_read(int fd, const char *path, const char *column, challenge_row_done done, void *user,
                         struct err *e)
{
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the list of passwords");
    *r = (struct reader){.fd = fd, .path = path, .column = column, .done = done, .user = user, .e = e};
    r->line = 1;
    r->wanted = SIZE_MAX;
    buf_init(&r->field, FIELD_MAX);
    skip_mark(r);
    while (!r->failed && peek(r) != END) {
        if (at_empty_line(r))
            continue;
        if (column != NULL)
            read_record(r);
        else
            read_plain(r);
    }
    bool ok = !r->failed;
    buf_wipe(&r->field);
    explicit_bzero(r->chunk, sizeof r->chunk);
    free(r);
    return ok;
}
