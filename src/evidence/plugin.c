/* NDESPlugin.log, in each of three forms, also mixed: Configuration Manager's envelope around a text of one or more lines; lines as
 * CMTrace copies them, with tabs, in local time; bare text without times (ndes.md G.3). */
#include "evidence/parts.h"

static const char envelope_start[] = "<![LOG[", envelope_end[] = "]LOG]!>";

struct plugin {
    struct when_survey survey;
    struct when_order order;
    bool order_known;
};

static bool begins(struct span s, const char *word)
{
    size_t len = strlen(word);
    return s.len >= len && scan_equal(span_of(s.data, len), word);
}

static bool is_phrase(struct span line)
{
    static const char *const phrases[] = {
        "Calling VerifyRequest",
        "Sending request to certificate registration point",
        "Verify challenge returns",
        "Exiting VerifyRequest",
        "Calling Notify",
        "Exiting Notify",
        "Failed to send http request /CertificateRegistrationSvc",
        NULL,
    };
    line = scan_trim(line);
    if (begins(line, envelope_start))
        line = span_of(line.data + sizeof envelope_start - 1, line.len - (sizeof envelope_start - 1));
    for (size_t i = 0; phrases[i] != NULL; i++) {
        if (begins(line, phrases[i]))
            return true;
    }
    return false;
}

static bool recognises(struct span head)
{
    if (scan_find(head, "component=\"NDESPlugin\"") != NULL || scan_find(head, "\tNDESPlugin\t") != NULL)
        return true;
    while (head.len > 0) {
        const uint8_t *end = memchr(head.data, '\n', head.len);
        size_t len = end == NULL ? head.len : (size_t)(end - head.data);
        if (is_phrase(span_of(head.data, len)))
            return true;
        head = scan_from(head, head.data + len + (end != NULL));
    }
    return false;
}

static void tell(struct reading *r, struct span text, int level, int64_t time_us, uint64_t line)
{
    if (r->surveying)
        return;
    if (!arena_begin(&r->arena, text.len)) {
        r->no_memory = true;
        return;
    }
    r->record.text = (struct evidence_text){.text = arena_text(&r->arena, scan_trim(text)), .level = level};
    r->record.time_us = time_us;
    reading_tell(r, line);
}

/* "12:30:13.123+000": behind the sign the minutes to add for UTC, as Windows counts its bias. */
static bool envelope_clock(struct span s, int64_t *out_us, bool *zoned)
{
    size_t clock = 0;
    while (clock < s.len && s.data[clock] != '+' && s.data[clock] != '-')
        clock++;
    *zoned = clock < s.len;
    if (!when_clock(span_of(s.data, clock), out_us))
        return false;
    if (!*zoned)
        return true;
    int64_t minutes = scan_number(scan_from(s, s.data + clock + 1), 14 * 60);
    if (minutes < 0)
        return false;
    *out_us += (s.data[clock] == '-' ? -minutes : minutes) * INT64_C(60000000);
    return true;
}

/* "08-05-2025", month first. */
static bool envelope_date(struct span s, int64_t *out_us)
{
    return s.len == 10 && s.data[2] == '-' && s.data[5] == '-' &&
           when_make(scan_number(span_of(s.data + 6, 4), 9999), scan_number(span_of(s.data, 2), 99),
                     scan_number(span_of(s.data + 3, 2), 99), out_us);
}

static void tell_envelope(struct reading *r, struct span text, struct span attributes, uint64_t line)
{
    static const int levels[] = {0, 4, 3, 2};
    int64_t clock = 0, day = 0, type = 0;
    bool zoned = false, has_clock = false, has_day = false;
    struct span name, value;
    while (xml_attribute_next(&attributes, &name, &value)) {
        if (span_equal_text(name, "time"))
            has_clock = envelope_clock(value, &clock, &zoned);
        else if (span_equal_text(name, "date"))
            has_day = envelope_date(value, &day);
        else if (span_equal_text(name, "type"))
            type = scan_number(value, 3);
    }
    if (!has_clock || !has_day)
        reading_damaged(r);
    else if (!r->surveying)
        r->file.local_time = r->file.local_time || !zoned;
    tell(r, text, type < 0 ? 0 : levels[type], has_clock && has_day ? day + clock : EVIDENCE_NO_TIME, line);
}

/* Cuts the last cell off. */
static struct span last_cell(struct span *line)
{
    const uint8_t *tab = line->len == 0 ? NULL : memrchr(line->data, '\t', line->len);
    if (tab == NULL)
        return span_of("", 0);
    struct span cell = scan_from(*line, tab + 1);
    line->len = (size_t)(tab - line->data);
    return cell;
}

/* "text TAB component TAB 8/5/2025 12:30:13 AM TAB 2632 (0x0A48)" */
static bool tell_copied(struct reading *r, struct span line, uint64_t number)
{
    struct plugin *p = r->state;
    int64_t us;
    bool zoned;
    struct span thread = last_cell(&line), when = last_cell(&line);
    last_cell(&line);
    if (thread.len == 0 || when.len == 0)
        return false;
    if (r->surveying) {
        when_note(&p->survey, when);
        return true;
    }
    if (!when_local(when, p->order.month_first, &us, &zoned))
        return false;
    r->file.local_time = r->file.local_time || !zoned;
    r->file.dates_doubtful = p->order.doubtful;
    tell(r, line, 0, us, number);
    return true;
}

static void one_line(struct reading *r, struct span line, uint64_t number)
{
    if (scan_trim(line).len > 0 && !tell_copied(r, line, number))
        tell(r, line, 0, EVIDENCE_NO_TIME, number);
}

/* Bytes of the envelope at the beginning of `s`, told; 0: its end is not in sight; SIZE_MAX: it has none. */
static size_t one_envelope(struct reading *r, struct span s, uint64_t line)
{
    struct span body = scan_from(s, s.data + sizeof envelope_start - 1);
    /* The next one first: of thousands without an end none is looked through to the end of the window. */
    const uint8_t *next = scan_find(body, envelope_start);
    const uint8_t *end =
        scan_find(next == NULL ? body : span_of(body.data, (size_t)(next - body.data)), envelope_end);
    if (end == NULL)
        return next != NULL ? SIZE_MAX : 0;
    struct span tail = scan_from(body, end + sizeof envelope_end - 1);
    const uint8_t *eol = tail.len == 0 ? NULL : memchr(tail.data, '\n', tail.len);
    const uint8_t *close = tail.len == 0 ? NULL : memchr(tail.data, '>', tail.len);
    if (close == NULL && eol == NULL)
        return 0;
    size_t len = eol == NULL || (close != NULL && close < eol) ? (size_t)(close - tail.data)
                                                               : (size_t)(eol - tail.data);
    struct span attributes = span_of(tail.data, len);
    if (attributes.len > 0 && attributes.data[0] == '<')
        attributes = scan_from(attributes, attributes.data + 1);
    tell_envelope(r, span_of(body.data, (size_t)(end - body.data)), attributes, line);
    return (size_t)(tail.data + len - s.data) + (close != NULL && (eol == NULL || close < eol));
}

static void decide(struct reading *r)
{
    struct plugin *p = r->state;
    if (r->surveying || p->order_known)
        return;
    p->order_known = true;
    p->order = when_decide(&p->survey);
    if (r->options != NULL && r->options->dates != EVIDENCE_DATES_DETECT)
        p->order.month_first = r->options->dates == EVIDENCE_DATES_MONTH_FIRST;
}

/* Bytes of the unit at the beginning of `s`; 0: more is needed. */
static size_t one_unit(struct reading *r, struct span s, bool last, uint64_t line)
{
    bool full = last || s.len >= EVIDENCE_MAX_UNIT;
    bool damaged = false;
    if (begins(s, envelope_start)) {
        size_t used = one_envelope(r, s, line);
        if (used != SIZE_MAX && (used > 0 || !full))
            return used;
        damaged = true;
    }
    const uint8_t *eol = memchr(s.data, '\n', s.len);
    if (eol == NULL && !full)
        return 0;
    size_t len = eol == NULL ? s.len : (size_t)(eol - s.data);
    if (damaged || (eol == NULL && !last))
        reading_damaged(r);
    else
        one_line(r, span_of(s.data, len), line);
    return len + (eol != NULL);
}

static size_t take(struct reading *r, struct span window, bool last)
{
    struct span rest = window;
    uint64_t line = r->file.lines + 1;
    decide(r);
    while (rest.len > 0 && !r->no_memory) {
        size_t used = one_unit(r, rest, last, line);
        if (used == 0)
            break;
        line += scan_count(span_of(rest.data, used), '\n');
        rest = scan_from(rest, rest.data + used);
    }
    r->file.lines = line - 1;
    return window.len - rest.len;
}

const struct reader reader_plugin = {
    .kind = EVIDENCE_PLUGIN,
    .state_bytes = sizeof(struct plugin),
    .surveys = true,
    .recognises = recognises,
    .take = take,
};
