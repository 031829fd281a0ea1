#include "scenario/csv.h"

#include "base/file.h"
#include "base/utf8.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)
#define COLUMNS_MAX    64
#define NAME_BYTES_MAX 31 /* as a variable of a template */
#define NAME_CHARS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

/* Fields are cut in place: `text` holds them all, each with its NUL; cells are offsets into it, row after row. */
struct scenario_csv {
    char *text;
    const char *columns[COLUMNS_MAX + 1];
    size_t column_count;
    uint32_t *cells;
    uint32_t *lines; /* per row */
    size_t row_count, row_cap;
};

struct reader {
    const char *name;
    struct scenario_csv *csv;
    char *at, *end, *write;
    size_t line;
    uint32_t fields[COLUMNS_MAX];
    size_t field_count;
};

static bool fail(const struct reader *r, struct err *e, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%.80s:%zu: %s", r->name, r->line, what);
}

static bool no_memory(struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the rows of devices.csv");
}

static bool at_line_end(const struct reader *r)
{
    return r->at == r->end || *r->at == '\n' || (*r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n');
}

/* A line break of a quoted field, CR LF or LF, stays in it as it is. */
static bool take_break(struct reader *r)
{
    bool pair = *r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n';
    if (*r->at != '\n' && !pair)
        return false;
    if (pair)
        *r->write++ = *r->at++;
    *r->write++ = *r->at;
    r->line++;
    return true;
}

/* Fields never grow: a quote or a separator is at least one byte longer than the NUL that follows the field. */
static bool take_quoted(struct reader *r, struct err *e)
{
    size_t first = r->line;
    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at == '"' && !(r->at + 1 < r->end && r->at[1] == '"')) {
            r->at++;
            return at_line_end(r) || *r->at == ',' || fail(r, e, "after a closing quote a comma must follow");
        }
        if (take_break(r))
            continue;
        r->at += *r->at == '"';
        if ((unsigned char)*r->at < 0x20 || *r->at == 0x7f)
            return fail(r, e, "a field has a control character");
        *r->write++ = *r->at;
    }
    r->line = first; /* not the file's last one: nobody would look there */
    return fail(r, e, "the quote that begins here is not closed");
}

static bool take_plain(struct reader *r, struct err *e)
{
    for (; !at_line_end(r) && *r->at != ','; r->at++) {
        if (*r->at == '"')
            return fail(r, e,
                        "a quote within a field: write the whole field in quotes, and \"\" for the quote");
        if ((unsigned char)*r->at < 0x20 || *r->at == 0x7f)
            return fail(r, e, "a field has a control character");
        *r->write++ = *r->at;
    }
    return true;
}

/* One record into r->fields, a line but for the line breaks in quotes; its end is consumed. */
static bool take_record(struct reader *r, struct err *e)
{
    r->field_count = 0;
    for (bool more = true; more;) {
        if (r->field_count == COLUMNS_MAX)
            return fail(r, e, "more than 64 fields");
        r->fields[r->field_count++] = (uint32_t)(r->write - r->csv->text);
        if (!(r->at < r->end && *r->at == '"' ? take_quoted(r, e) : take_plain(r, e)))
            return false;
        more = r->at < r->end && *r->at == ',';
        if (r->at < r->end)
            r->at += *r->at == '\r' ? 2 : 1;
        *r->write++ = '\0';
        if (!utf8_valid(span_of_text(r->csv->text + r->fields[r->field_count - 1])))
            return fail(r, e, "it is not UTF-8");
    }
    return true;
}

static bool is_taken(const char *name)
{
    static const char *const builtin[] = {"index", "profile", "run", "name"};
    for (size_t i = 0; i < sizeof builtin / sizeof *builtin; i++) {
        if (strcmp(name, builtin[i]) == 0)
            return true;
    }
    return false;
}

static bool take_columns(struct reader *r, struct err *e)
{
    struct scenario_csv *csv = r->csv;
    if (r->at == r->end)
        return fail(r, e, "there is nothing in it; the first line names the columns");
    if (!take_record(r, e))
        return false;
    for (size_t i = 0; i < r->field_count; i++) {
        const char *name = csv->text + r->fields[i];
        size_t len = strlen(name);
        if (len == 0 || len > NAME_BYTES_MAX || name[strspn(name, NAME_CHARS)] != '\0')
            return fail(r, e, "a column is named with 1 to 31 letters, digits, '_' and '-'");
        if (is_taken(name))
            return fail(r, e, "{index} {profile} {run} {name} are there already: name the column otherwise");
        for (size_t k = 0; k < i; k++) {
            if (strcmp(csv->columns[k], name) == 0)
                return fail(r, e, "two columns have the same name");
        }
        csv->columns[i] = name;
    }
    csv->column_count = r->field_count;
    return true;
}

static bool grow(struct scenario_csv *csv, struct err *e)
{
    size_t cap = csv->row_cap == 0 ? 256 : csv->row_cap * 2;
    uint32_t *cells = realloc(csv->cells, cap * csv->column_count * sizeof *cells);
    if (cells == NULL)
        return no_memory(e);
    csv->cells = cells;
    uint32_t *lines = realloc(csv->lines, cap * sizeof *lines);
    if (lines == NULL)
        return no_memory(e);
    csv->lines = lines;
    csv->row_cap = cap;
    return true;
}

static bool take_row(struct reader *r, struct err *e)
{
    struct scenario_csv *csv = r->csv;
    size_t first = r->line;
    if (!take_record(r, e))
        return false;
    bool empty = r->field_count == 1 && csv->text[r->fields[0]] == '\0';
    if (empty && csv->column_count > 1)
        return true;
    if (r->field_count != csv->column_count)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%.80s:%zu: %zu fields, but %zu columns", r->name,
                       first, r->field_count, csv->column_count);
    if (empty)
        return true;
    if (csv->row_count == csv->row_cap && !grow(csv, e))
        return false;
    memcpy(csv->cells + csv->row_count * csv->column_count, r->fields,
           csv->column_count * sizeof *csv->cells);
    csv->lines[csv->row_count++] = (uint32_t)first;
    return true;
}

static bool take_all(struct reader *r, struct err *e)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (r->end - r->at >= 3 && memcmp(r->at, mark, 3) == 0)
        r->at += 3;
    r->line = 1;
    if (!take_columns(r, e))
        return false;
    while (r->at < r->end) {
        r->line++;
        if (!take_row(r, e))
            return false;
    }
    return r->csv->row_count > 0 || fail(r, e, "there are no rows below the names of the columns");
}

bool scenario_csv_parse(const char *name, struct span text, struct scenario_csv **out, struct err *e)
{
    struct scenario_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL)
        return no_memory(e);
    csv->text = malloc(text.len + 1); /* the last field may end without a line end */
    if (csv->text == NULL) {
        free(csv);
        return no_memory(e);
    }
    if (text.len > 0)
        memcpy(csv->text, text.data, text.len);
    struct reader r = {
        .name = name, .csv = csv, .at = csv->text, .end = csv->text + text.len, .write = csv->text};
    if (!take_all(&r, e)) {
        scenario_csv_free(csv);
        return false;
    }
    *out = csv;
    return true;
}

bool scenario_csv_load(const char *path, struct scenario_csv **out, struct err *e)
{
    struct buf text;
    struct err why = {0};
    buf_init(&text, FILE_MAX_BYTES);
    bool ok = file_read(path, &text, &why) || err_set(e, STAGE_SETUP, REASON_SCENARIO, "%s", why.text);
    ok = ok && scenario_csv_parse(path, buf_span(&text), out, e);
    buf_clear(&text);
    return ok;
}

void scenario_csv_free(struct scenario_csv *csv)
{
    if (csv == NULL)
        return;
    free(csv->text);
    free(csv->cells);
    free(csv->lines);
    free(csv);
}

size_t scenario_csv_rows(const struct scenario_csv *csv)
{
    return csv->row_count;
}

const char *const *scenario_csv_columns(const struct scenario_csv *csv)
{
    return csv->columns;
}

const char *scenario_csv_cell(const struct scenario_csv *csv, size_t row, size_t column)
{
    return csv->text + csv->cells[row * csv->column_count + column];
}

size_t scenario_csv_line(const struct scenario_csv *csv, size_t row)
{
    return csv->lines[row];
}
