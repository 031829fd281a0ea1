/* Tables of the collector's state/ folder; README.md lists them. A table is known by its columns, in any order and with others
 * beside them; `collector` and `iis` have the same ones and differ by their rows. */
#include "evidence/parts.h"

#include <strings.h>

static const struct {
    const char *name;
    const char *columns[3]; /* no other table has these */
    const char *row;        /* how a row of it begins, where columns do not tell */
} tables[] = {
    {"certificates", {"Thumbprint", "Store", "NotAfter"}, NULL},
    {"registry", {"Path", "Type", "Value"}, NULL},
    {"apppools", {"Name", "State", "IdentityType"}, NULL},
    {"vdirs", {"Path", "Pool", "Anonymous"}, NULL},
    {"bindings", {"Binding", "Site", "CertificateThumbprint"}, NULL},
    {"services", {"Name", "Status", "StartMode"}, NULL},
    {"accounts", {"Name", "Role", "LockedOut"}, NULL},
    {"rights", {"Right", "Accounts", NULL}, NULL},
    {"spns", {"Spn", "Account", NULL}, NULL},
    {"templates", {"Name", "Published", "Enroll"}, NULL},
    {"ca", {"Config", "Reachable", NULL}, NULL},
    {"requests", {"RequestId", "StatusCode", "Disposition"}, NULL},
    {"software", {"Name", "Version", "InstalledAt"}, NULL},
    {"network", {"Target", "Test", "Result"}, NULL},
    {"iis", {"Name", "Value", NULL}, "Feature:"},
    {"iis", {"Name", "Value", NULL}, "IsapiRestriction:"},
    {"iis", {"Name", "Value", NULL}, "ConfigurationError"},
    {"collector", {"Name", "Value", NULL}, "CollectedAt"},
    {"collector", {"Name", "Value", NULL}, "UtcOffsetMinutes"},
    {"collector", {"Name", "Value", NULL}, "Error:"},
    {"collector", {"Name", "Value", NULL}, "Computer"},
};

struct table {
    const char *name;
    struct csv header, row;
};

static bool has_column(const struct csv *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++) {
        if (scan_equal(scan_trim(span_of_text(header->cell[i])), name))
            return true;
    }
    return false;
}

static bool has_columns(const struct csv *header, const char *const *names)
{
    for (size_t i = 0; i < 3 && names[i] != NULL; i++) {
        if (!has_column(header, names[i]))
            return false;
    }
    return true;
}

static bool has_row(struct span rows, const char *begins)
{
    char quoted[40], bare[40];
    snprintf(quoted, sizeof quoted, "\n\"%s", begins);
    snprintf(bare, sizeof bare, "\n%s", begins);
    return scan_find_word(rows, quoted) != NULL || scan_find_word(rows, bare) != NULL;
}

/* NULL: none of them. The cells of the header stay in `arena`. */
static const char *learn(struct csv *header, struct arena *arena, struct span head)
{
    uint8_t separator;
    head = csv_preamble(head, &separator);
    size_t len = csv_row_length(head);
    if (len == 0)
        len = head.len;
    if (len > 4096 || !arena_begin(arena, len))
        return NULL;
    header->separator = separator;
    csv_split(header, arena, span_of(head.data, len));
    /* From the end of the header's line. */
    struct span rows = len == 0 ? head : scan_from(head, head.data + len - 1);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (has_columns(header, tables[i].columns) && (tables[i].row == NULL || has_row(rows, tables[i].row)))
            return tables[i].name;
    }
    return NULL;
}

static bool recognises(struct span head)
{
    struct csv header;
    struct arena arena = {0};
    bool known = learn(&header, &arena, head) != NULL;
    arena_free(&arena);
    return known;
}

static void begin(struct reading *r, struct span head)
{
    struct table *t = r->state;
    t->name = learn(&t->header, &r->header, head);
    t->row.separator = t->header.separator;
    if (t->name == NULL)
        r->no_memory = true;
}

static bool is_header(const struct table *t)
{
    return t->row.count > 0 && strcmp(t->row.cell[0], t->header.cell[0]) == 0;
}

static bool each_row(struct reading *r, struct span row, uint64_t line)
{
    struct table *t = r->state;
    struct evidence_state *state = &r->record.state;
    if (!arena_begin(&r->arena, row.len)) {
        r->no_memory = true;
        return true;
    }
    csv_split(&t->row, &r->arena, row);
    if (is_header(t) || row.data[0] == '#' || (t->row.count == 1 && t->header.count > 1 && line == 1))
        return true;
    if (t->row.malformed || t->row.count != t->header.count)
        return false;
    state->table = t->name;
    state->cell_count = t->row.count < EVIDENCE_MAX_COLUMNS ? t->row.count : EVIDENCE_MAX_COLUMNS;
    for (size_t i = 0; i < state->cell_count; i++) {
        state->cell[i].name = t->header.cell[i];
        state->cell[i].value = t->row.cell[i];
    }
    if (strcmp(evidence_state_cell(state, "Name"), "Computer") == 0 && strcmp(t->name, "collector") == 0)
        reading_computer(r, span_of_text(evidence_state_cell(state, "Value")));
    r->record.time_us = EVIDENCE_NO_TIME;
    reading_tell(r, line);
    return true;
}

const char *evidence_state_cell(const struct evidence_state *row, const char *column)
{
    for (size_t i = 0; i < row->cell_count; i++) {
        if (strcasecmp(row->cell[i].name, column) == 0)
            return row->cell[i].value;
    }
    return "";
}

static size_t take(struct reading *r, struct span window, bool last)
{
    return csv_rows(r, window, last, each_row);
}

const struct reader reader_state = {
    .kind = EVIDENCE_STATE,
    .state_bytes = sizeof(struct table),
    .recognises = recognises,
    .begin = begin,
    .take = take,
};
