/* Tables of state/: cells in memory, CSV as PowerShell's Export-Csv writes it. */
#include "traces/state_tables.h"

#include "base/file.h"
#include "traces/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_MAX  16
#define ROWS_MAX    5000 /* of one table: later ones are dropped */
#define CELL_BYTES  ((size_t)4096)
#define TABLE_BYTES ((size_t)16 << 20)

struct row {
    char *key; /* also when the row is gone */
    char *cells[TRACES_COLUMNS_MAX];
    bool gone;
};

struct table {
    struct row *rows;
    size_t count, room;
};

struct traces_state_tables {
    pthread_mutex_t lock;
    struct table tables[TABLES_MAX];
};

static const struct traces_table_form *form_of(const char *name, size_t *index)
{
    for (size_t i = 0; i < traces_table_count; i++) {
        if (strcmp(traces_tables[i].name, name) == 0) {
            *index = i;
            return &traces_tables[i];
        }
    }
    return NULL;
}

/* The number of a column; TRACES_COLUMNS_MAX: there is none of that name. */
static size_t column_of(const struct traces_table_form *form, const char *name)
{
    const char *at = form->columns;
    for (size_t i = 0; i < TRACES_COLUMNS_MAX; i++) {
        size_t len = strcspn(at, "|");
        if (strlen(name) == len && strncmp(at, name, len) == 0)
            return i;
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    return TRACES_COLUMNS_MAX;
}

bool traces_state_exists(const char *table, const char *column)
{
    size_t index = 0;
    const struct traces_table_form *form = form_of(table, &index);
    return form != NULL && column_of(form, column) < TRACES_COLUMNS_MAX;
}

static struct row *row_of(struct table *table, const char *key)
{
    for (size_t i = table->count; i-- > 0;) { /* the latest is the likeliest */
        if (strcmp(table->rows[i].key, key) == 0)
            return &table->rows[i];
    }
    return NULL;
}

static struct row *add_row(struct table *table, const char *key)
{
    if (table->count == ROWS_MAX)
        return NULL;
    if (table->count == table->room) {
        size_t room = table->room != 0 ? 2 * table->room : 16;
        struct row *rows = realloc(table->rows, room * sizeof *rows);
        if (rows == NULL)
            return NULL;
        table->rows = rows;
        table->room = room;
    }
    struct row row = {.key = strdup(key), .cells = {strdup(key)}};
    if (row.key == NULL || row.cells[0] == NULL) {
        free(row.key);
        free(row.cells[0]);
        return NULL;
    }
    table->rows[table->count] = row;
    return &table->rows[table->count++];
}

static bool set_cell(struct table *table, const char *key, size_t column, const char *value)
{
    struct row *row = row_of(table, key);
    if (row == NULL && column == 0 && value[0] == '\0')
        return true;
    if (row == NULL)
        row = add_row(table, key);
    if (row == NULL)
        return false;
    if (column == 0) {
        row->gone = value[0] == '\0';
        return true;
    }
    char *copy = strdup(value);
    if (copy == NULL)
        return false;
    free(row->cells[column]);
    row->cells[column] = copy;
    return true;
}

bool traces_state(struct traces *t, const char *table, const char *row, const char *column, const char *value)
{
    size_t index = 0;
    const struct traces_table_form *form = form_of(table, &index);
    size_t at = form != NULL ? column_of(form, column) : TRACES_COLUMNS_MAX;
    if (at == TRACES_COLUMNS_MAX)
        return false;
    pthread_mutex_lock(&t->state->lock);
    bool ok = set_cell(&t->state->tables[index], row, at, value != NULL ? value : "");
    pthread_mutex_unlock(&t->state->lock);
    return ok;
}

bool traces_state_get(struct traces *t, const char *table, const char *row, const char *column,
                      struct buf *out)
{
    size_t index = 0;
    const struct traces_table_form *form = form_of(table, &index);
    size_t at = form != NULL ? column_of(form, column) : TRACES_COLUMNS_MAX;
    if (at == TRACES_COLUMNS_MAX)
        return false;
    pthread_mutex_lock(&t->state->lock);
    const struct row *found = row_of(&t->state->tables[index], row);
    if (found != NULL && found->cells[at] != NULL && !(at == 0 && found->gone))
        buf_append_text(out, found->cells[at]);
    pthread_mutex_unlock(&t->state->lock);
    return true;
}

/* "SCEP|Started|..." with braces filled in first. */
static bool add_healthy(const struct traces *t, struct table *table, const char *line)
{
    struct buf text;
    buf_init(&text, CELL_BYTES);
    traces_fill(t, span_of_text(line), NULL, false, &text);
    const char *at = buf_text(&text);
    const char *end = at != NULL ? at + strcspn(at, "|") : NULL;
    char *key = at != NULL ? strndup(at, (size_t)(end - at)) : NULL;
    bool ok = key != NULL && add_row(table, key) != NULL;
    for (size_t column = 1; ok && *end == '|' && column < TRACES_COLUMNS_MAX; column++) {
        const char *from = end + 1;
        end = from + strcspn(from, "|");
        char *cell = strndup(from, (size_t)(end - from));
        ok = cell != NULL && set_cell(table, key, column, cell);
        free(cell);
    }
    free(key);
    buf_clear(&text);
    return ok;
}

static bool add_all(const struct traces *t, struct table *table, const char *const *lines)
{
    for (size_t i = 0; lines != NULL && lines[i] != NULL; i++) {
        if (!add_healthy(t, table, lines[i]))
            return false;
    }
    return true;
}

bool traces_state_new(const struct traces *t, struct traces_state_tables **out, struct err *e)
{
    struct traces_state_tables *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the server's tables");
    pthread_mutex_init(&s->lock, NULL);
    bool ok = true;
    for (size_t i = 0; ok && i < traces_table_count && i < TABLES_MAX; i++) {
        ok = add_all(t, &s->tables[i], traces_tables[i].rows) &&
             (!t->connector || add_all(t, &s->tables[i], traces_tables[i].connector));
    }
    if (!ok) {
        traces_state_free(s);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the server's tables");
    }
    *out = s;
    return true;
}

void traces_state_free(struct traces_state_tables *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < TABLES_MAX; i++) {
        for (size_t r = 0; r < s->tables[i].count; r++) {
            free(s->tables[i].rows[r].key);
            for (size_t c = 0; c < TRACES_COLUMNS_MAX; c++)
                free(s->tables[i].rows[r].cells[c]);
        }
        free(s->tables[i].rows);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void put_quoted(struct span text, bool last, struct buf *out)
{
    buf_append_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            buf_append_byte(out, '"');
        buf_append_byte(out, text.data[i]);
    }
    buf_append_text(out, last ? "\"\r\n" : "\",");
}

static size_t put_header(const char *columns, struct buf *out)
{
    size_t count = 0;
    buf_append_text(out, "\xef\xbb\xbf");
    for (const char *at = columns; at != NULL; count++) {
        size_t len = strcspn(at, "|");
        bool last = at[len] == '\0';
        put_quoted(span_of(at, len), last, out);
        at = last ? NULL : at + len + 1;
    }
    return count;
}

static bool write_table(struct traces *t, size_t index, struct err *e)
{
    char path[TRACES_PATH_BYTES + 40];
    const struct table *table = &t->state->tables[index];
    struct buf text;
    buf_init(&text, TABLE_BYTES);
    size_t columns = put_header(traces_tables[index].columns, &text);
    for (size_t r = 0; r < table->count; r++) {
        const struct row *row = &table->rows[r];
        for (size_t c = 0; !row->gone && c < columns; c++)
            put_quoted(span_of_text(row->cells[c] != NULL ? row->cells[c] : ""), c + 1 == columns, &text);
    }
    snprintf(path, sizeof path, "%s/%s.csv", t->state_folder, traces_tables[index].name);
    bool ok = buf_ok(&text, STAGE_SETUP, e) && file_write(path, buf_span(&text), 0644, e);
    buf_clear(&text);
    return ok;
}

bool traces_state_write(struct traces *t, struct err *e)
{
    bool ok = true;
    pthread_mutex_lock(&t->state->lock);
    for (size_t i = 0; ok && i < traces_table_count && i < TABLES_MAX; i++)
        ok = write_table(t, i, e);
    pthread_mutex_unlock(&t->state->lock);
    return ok;
}
