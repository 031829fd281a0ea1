/* Events as people export them to CSV: Get-WinEvent or Get-EventLog with Export-Csv, whose columns are named in English whatever the
 * server's language, and Event Viewer, whose header is translated but whose columns stand in one order: level, date and time,
 * source, event id, task category, and the message without a header. Times are the server's local ones as its settings write
 * them, so the file is read twice: first for the order of day and month. */
#include "evidence/parts.h"

#include <strings.h>

enum column { TIME, ID, LEVEL, PROVIDER, MESSAGE, COMPUTER, CHANNEL, RECORD, COLUMN_COUNT };

/* The first name that a file has is taken. */
static const struct {
    const char *name;
    enum column column;
} names[] = {
    {"TimeCreated", TIME},
    {"Date and Time", TIME},
    {"TimeGenerated", TIME},
    {"TimeWritten", TIME},
    {"SystemTime", TIME},
    {"Time", TIME},
    {"Date", TIME},
    {"Id", ID},
    {"EventID", ID},
    {"Event ID", ID},
    {"InstanceId", ID},
    {"LevelDisplayName", LEVEL},
    {"Level", LEVEL},
    {"EntryType", LEVEL},
    {"ProviderName", PROVIDER},
    {"Provider", PROVIDER},
    {"Source", PROVIDER},
    {"Message", MESSAGE},
    {"Description", MESSAGE},
    {"MachineName", COMPUTER},
    {"Computer", COMPUTER},
    {"ComputerName", COMPUTER},
    {"LogName", CHANNEL},
    {"Log", CHANNEL},
    {"Channel", CHANNEL},
    {"RecordId", RECORD},
    {"EventRecordID", RECORD},
    {"Index", RECORD},
};

struct table {
    struct csv row;
    size_t header_cells;
    bool header_taken;
    int place[COLUMN_COUNT]; /* -1: no such column */
    struct when_survey survey;
    struct when_order order;
    bool order_known;
};

static void by_names(struct table *t, const struct csv *header)
{
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        t->place[c] = -1;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        for (size_t i = 0; i < header->count; i++) {
            if (t->place[names[n].column] < 0 &&
                scan_equal(scan_trim(span_of_text(header->cell[i])), names[n].name))
                t->place[names[n].column] = (int)i;
        }
    }
    if (t->place[MESSAGE] < 0) /* Event Viewer's has no name */
        t->place[MESSAGE] = (int)header->count;
}

static bool is_date(const char *text)
{
    int64_t us;
    bool zoned;
    struct span s = span_of_text(text);
    return when_local(s, false, &us, &zoned) || when_local(s, true, &us, &zoned);
}

/* Event Viewer in any language, by the first row below the header. */
static bool by_shape(struct table *t, const struct csv *header, const struct csv *first)
{
    if (header->count != 5 || first->count < 5 || first->count > 6 || !is_date(first->cell[1]) ||
        scan_number(scan_trim(span_of_text(first->cell[3])), 65535) < 0)
        return false;
    static const enum column viewer[] = {LEVEL, TIME, PROVIDER, ID};
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        t->place[c] = -1;
    for (size_t i = 0; i < sizeof viewer / sizeof *viewer; i++)
        t->place[viewer[i]] = (int)i;
    t->place[MESSAGE] = 5;
    return true;
}

static size_t first_row_length(struct span s)
{
    size_t len = csv_row_length(s);
    return len == 0 ? s.len : len;
}

/* Header and first row out of the file's head; false: these are no events. */
static bool learn(struct table *t, struct span head)
{
    struct arena arena = {0};
    struct csv header, first;
    head = csv_preamble(head, &header.separator);
    first.separator = t->row.separator = header.separator;
    if (!arena_begin(&arena, head.len))
        return false;
    size_t len = first_row_length(head);
    csv_split(&header, &arena, span_of(head.data, len));
    head = scan_from(head, head.data + len);
    csv_split(&first, &arena, span_of(head.data, first_row_length(head)));
    t->header_cells = header.count;
    by_names(t, &header);
    bool known = t->place[TIME] >= 0 && t->place[ID] >= 0 && header.count >= 3;
    known = known || by_shape(t, &header, &first);
    arena_free(&arena);
    return known;
}

static bool recognises(struct span head)
{
    struct table t = {0};
    return learn(&t, head);
}

static void begin(struct reading *r, struct span head)
{
    struct table *t = r->state;
    if (!learn(t, head))
        r->no_memory = true;
}

/* By the beginning of the word, in the languages that Windows servers are installed in. */
static int level_of(const char *word)
{
    static const struct {
        const char *begins;
        int level;
    } words[] = {
        {"crit", 1},   {"krit", 1},   {"crít", 1},   {"крит", 1},    {"重大", 1},   {"위험", 1},
        {"err", 2},    {"fehl", 2},   {"fout", 2},   {"fel", 2},     {"błąd", 2},   {"chyb", 2},
        {"hata", 2},   {"erro", 2},   {"feil", 2},   {"fejl", 2},    {"hiba", 2},   {"virhe", 2},
        {"ошиб", 2},   {"エラー", 2}, {"오류", 2},   {"错误", 2},    {"錯誤", 2},   {"warn", 3},
        {"avert", 3},  {"advert", 3}, {"avvis", 3},  {"waarsch", 3}, {"varn", 3},   {"ostrze", 3},
        {"upozor", 3}, {"uyar", 3},   {"aviso", 3},  {"advars", 3},  {"figyel", 3}, {"varoit", 3},
        {"предуп", 3}, {"警告", 3},   {"경고", 3},   {"info", 4},    {"tájék", 4},  {"bilgi", 4},
        {"tiedo", 4},  {"oplys", 4},  {"сведен", 4}, {"情報", 4},    {"정보", 4},   {"信息", 4},
        {"資訊", 4},
    };
    if (word[0] >= '1' && word[0] <= '5' && word[1] == '\0')
        return word[0] - '0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncasecmp(word, words[i].begins, strlen(words[i].begins)) == 0)
            return words[i].level;
    }
    return 0;
}

static const char *cell(const struct table *t, enum column column)
{
    int place = t->place[column];
    return place < 0 || (size_t)place >= t->row.count ? "" : t->row.cell[place];
}

static int64_t number(const struct table *t, enum column column, int64_t max)
{
    return scan_number(scan_trim(span_of_text(cell(t, column))), max);
}

/* At the first row of the second pass. */
static void decide(struct reading *r, struct table *t)
{
    t->order_known = true;
    t->order = when_decide(&t->survey);
    if (r->options != NULL && r->options->dates != EVIDENCE_DATES_DETECT)
        t->order.month_first = r->options->dates == EVIDENCE_DATES_MONTH_FIRST;
    r->file.dates_doubtful = t->order.doubtful;
}

/* False: no row of events. */
static bool tell(struct reading *r, struct table *t, uint64_t line)
{
    int64_t us, id = number(t, ID, UINT32_MAX), record = number(t, RECORD, INT64_MAX);
    bool zoned;
    if (!t->order_known)
        decide(r, t);
    if (id < 0 || !when_local(span_of_text(cell(t, TIME)), t->order.month_first, &us, &zoned))
        return false;
    r->record.event = (struct evidence_event){
        .channel = cell(t, CHANNEL),
        .provider = cell(t, PROVIDER),
        .computer = cell(t, COMPUTER),
        .id = (uint32_t)id,
        .level = level_of(cell(t, LEVEL)),
        .record = record < 0 ? 0 : (uint64_t)record,
        .binary = "",
        .message = cell(t, MESSAGE),
    };
    r->record.time_us = us;
    r->file.local_time = r->file.local_time || !zoned;
    reading_computer(r, span_of_text(r->record.event.computer));
    reading_tell(r, line);
    return true;
}

static bool is_preamble(struct span row)
{
    row = scan_trim(row);
    return (row.len >= 5 && memcmp(row.data, "#TYPE", 5) == 0) ||
           (row.len == 5 && memcmp(row.data, "sep=", 4) == 0);
}

static bool each_row(struct reading *r, struct span row, uint64_t line)
{
    struct table *t = r->state;
    if (!t->header_taken) {
        t->header_taken = !is_preamble(row);
        return true;
    }
    if (!arena_begin(&r->arena, row.len)) {
        r->no_memory = true;
        return true;
    }
    csv_split(&t->row, &r->arena, row);
    if (t->row.malformed)
        return false;
    if (!r->surveying)
        return tell(r, t, line);
    when_note(&t->survey, span_of_text(cell(t, TIME)));
    return is_date(cell(t, TIME));
}

static size_t take(struct reading *r, struct span window, bool last)
{
    size_t used = csv_rows(r, window, last, each_row);
    if (last)
        ((struct table *)r->state)->header_taken = false;
    return used;
}

const struct reader reader_events_csv = {
    .kind = EVIDENCE_EVENTS,
    .state_bytes = sizeof(struct table),
    .surveys = true,
    .recognises = recognises,
    .begin = begin,
    .take = take,
};
