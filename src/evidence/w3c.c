#include "evidence/parts.h"

#define DAY_US INT64_C(86400000000)

static const struct {
    const char *name;
    enum w3c_column column;
} names[] = {
    {"date", W3C_DATE},
    {"time", W3C_TIME},
    {"s-ip", W3C_SERVER_IP},
    {"s-computername", W3C_COMPUTER},
    {"cs-method", W3C_METHOD},
    {"cs-uri-stem", W3C_STEM},
    {"cs-uri-query", W3C_QUERY},
    {"cs-username", W3C_USER},
    {"c-ip", W3C_CLIENT},
    {"cs(User-Agent)", W3C_AGENT},
    {"cs-host", W3C_HOST},
    {"cs(Host)", W3C_HOST},
    {"sc-status", W3C_STATUS},
    {"sc-substatus", W3C_SUBSTATUS},
    {"sc-win32-status", W3C_WIN32},
    {"sc-bytes", W3C_SENT},
    {"cs-bytes", W3C_RECEIVED},
    {"time-taken", W3C_TAKEN},
    {"cs-version", W3C_VERSION},
    {"cs-uri", W3C_URI},
    {"s-reason", W3C_REASON},
    {"s-queuename", W3C_QUEUE},
};

void w3c_begin(struct w3c *w)
{
    for (size_t i = 0; i < W3C_COLUMN_COUNT; i++)
        w->place[i] = -1;
    w->columns = 0;
    w->day_us = EVIDENCE_NO_TIME;
    w->clock_us = 0;
}

static bool take_word(struct span *s, struct span *word)
{
    while (s->len > 0 && (s->data[0] == ' ' || s->data[0] == '\t'))
        *s = span_of(s->data + 1, s->len - 1);
    size_t len = 0;
    while (len < s->len && s->data[len] != ' ' && s->data[len] != '\t')
        len++;
    *word = span_of(s->data, len);
    *s = span_of(s->data + len, s->len - len);
    return len > 0;
}

static void set_fields(struct w3c *w, struct span fields)
{
    for (size_t i = 0; i < W3C_COLUMN_COUNT; i++)
        w->place[i] = -1;
    w->columns = 0;
    for (struct span word; w->columns < W3C_MAX_COLUMNS && take_word(&fields, &word); w->columns++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            if (scan_equal(word, names[i].name) && w->place[names[i].column] < 0)
                w->place[names[i].column] = (int)w->columns;
        }
    }
}

static bool begins(struct span *s, const char *word)
{
    size_t len = strlen(word);
    if (s->len < len || !scan_equal(span_of(s->data, len), word))
        return false;
    *s = span_of(s->data + len, s->len - len);
    return true;
}

void w3c_directive(struct w3c *w, struct span line)
{
    int64_t us;
    bool zoned;
    if (begins(&line, "#Fields:"))
        set_fields(w, line);
    else if (begins(&line, "#Date:") && when_iso(line, &us, &zoned)) {
        w->day_us = us - us % DAY_US;
        w->clock_us = us % DAY_US;
    }
}

bool w3c_split(struct w3c *w, struct span line)
{
    size_t i = 0;
    while (i < w->columns) {
        const uint8_t *blank = line.len == 0 ? NULL : memchr(line.data, ' ', line.len);
        w->cell[i++] = span_of(line.data, blank == NULL ? line.len : (size_t)(blank - line.data));
        if (blank == NULL)
            break;
        line = scan_from(line, blank + 1);
    }
    return i == w->columns && i > 0;
}

struct span w3c_cell(const struct w3c *w, enum w3c_column column)
{
    if (w->place[column] < 0)
        return span_of("", 0);
    struct span cell = w->cell[w->place[column]];
    return span_equal_text(cell, "-") ? span_of("", 0) : cell;
}

int64_t w3c_number(const struct w3c *w, enum w3c_column column, int64_t max)
{
    return scan_number(w3c_cell(w, column), max);
}

/* Without a column of dates the day is that of #Date, and the next one whenever the clock falls back by half a day. */
static int64_t running_day(struct w3c *w, int64_t clock_us)
{
    if (w->day_us == EVIDENCE_NO_TIME)
        return EVIDENCE_NO_TIME;
    if (w->clock_us - clock_us > DAY_US / 2)
        w->day_us += DAY_US;
    w->clock_us = clock_us;
    return w->day_us;
}

bool w3c_time(struct w3c *w, int64_t *out_us)
{
    int64_t day = EVIDENCE_NO_TIME, clock;
    *out_us = EVIDENCE_NO_TIME;
    if (w->place[W3C_TIME] < 0)
        return w->place[W3C_DATE] < 0 || when_date(w3c_cell(w, W3C_DATE), &day);
    if (!when_clock(w3c_cell(w, W3C_TIME), &clock))
        return false;
    if (w->place[W3C_DATE] < 0)
        day = running_day(w, clock);
    else if (!when_date(w3c_cell(w, W3C_DATE), &day))
        return false;
    if (day != EVIDENCE_NO_TIME)
        *out_us = day + clock;
    return true;
}

static bool is_plausible(struct w3c *w)
{
    int64_t us;
    struct span status = w3c_cell(w, W3C_STATUS);
    return w3c_time(w, &us) && w->cell[w->place[W3C_CLIENT]].len >= 2 &&
           (scan_number(status, 999) >= 100 || (status.len == 0 && w->place[W3C_REASON] >= 0));
}

bool w3c_guess(struct w3c *w, struct span line, const char *const *field_sets)
{
    size_t columns = scan_count(line, ' ') + 1;
    for (; *field_sets != NULL; field_sets++) {
        set_fields(w, span_of_text(*field_sets));
        if (w->columns == columns && w3c_split(w, line) && is_plausible(w))
            return true;
    }
    w->columns = 0;
    return false;
}
