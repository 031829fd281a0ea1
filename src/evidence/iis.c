/* IIS W3C extended log. Most lines of a large one are other people's: each line costs a search for its end, a count of its
 * blanks, and a look at path and status; only what is told is taken apart. */
#include "evidence/parts.h"

#include <strings.h>

/* What IIS 8 and later write unless told otherwise, and IIS 7. */
static const char *const usual_fields[] = {
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status "
    "sc-substatus sc-win32-status time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status "
    "sc-substatus "
    "sc-win32-status time-taken",
    NULL,
};

static bool has_fields(struct span head)
{
    for (const uint8_t *at; (at = scan_find(head, "#Fields:")) != NULL;) {
        head = scan_from(head, at);
        const uint8_t *end = memchr(head.data, '\n', head.len);
        struct span line = span_of(head.data, end == NULL ? head.len : (size_t)(end - head.data));
        if (scan_find(line, "cs-uri-stem") != NULL ||
            (scan_find(line, "sc-status") != NULL && scan_find(line, "cs-uri") == NULL))
            return true;
        head = scan_from(head, head.data + 8);
    }
    return false;
}

/* The second and third line of a log whose beginning is lost; the first is rarely whole. */
static bool looks_headless(struct span head)
{
    struct w3c w;
    w3c_begin(&w);
    for (size_t i = 0; i < 3 && head.len > 0; i++) {
        const uint8_t *end = memchr(head.data, '\n', head.len);
        struct span line = span_of(head.data, end == NULL ? head.len : (size_t)(end - head.data));
        if (w3c_guess(&w, scan_trim(line), usual_fields))
            return true;
        if (end == NULL)
            return false;
        head = scan_from(head, end + 1);
    }
    return false;
}

static bool recognises(struct span head)
{
    return scan_find(head, "#Software: Microsoft Internet Information Services") != NULL ||
           has_fields(head) || looks_headless(head);
}

static void begin(struct reading *r, struct span head)
{
    (void)head;
    w3c_begin(r->state);
}

/* A path of NDES, its registration point, or the run's own. */
static bool names_ndes(const struct reading *r, struct span stem)
{
    const char *own = r->options == NULL ? NULL : r->options->stem;
    if (own != NULL && *own != '\0' && stem.len >= strlen(own) &&
        strncasecmp((const char *)stem.data, own, strlen(own)) == 0)
        return true;
    static const char certsrv[] = "/certsrv/", registration[] = "/certificateregistrationsvc/";
    for (struct span rest = stem; rest.len >= sizeof certsrv - 1;) {
        const uint8_t *slash = memchr(rest.data, '/', rest.len);
        if (slash == NULL)
            return false;
        rest = scan_from(rest, slash);
        if (rest.len >= sizeof certsrv - 1 &&
            strncasecmp((const char *)rest.data, certsrv, sizeof certsrv - 1) == 0)
            return true;
        if (rest.len >= sizeof registration - 1 &&
            strncasecmp((const char *)rest.data, registration, sizeof registration - 1) == 0)
            return true;
        rest = scan_from(rest, rest.data + 1);
    }
    return false;
}

/* The cell at `place`, counted from whichever end is nearer; the line has exactly `columns`. */
static struct span cell_at(struct span line, size_t place, size_t columns)
{
    const uint8_t *from = line.data, *end = line.data + line.len;
    if (place * 2 <= columns) {
        for (; place > 0; place--)
            from = (const uint8_t *)memchr(from, ' ', (size_t)(end - from)) + 1;
        const uint8_t *blank = memchr(from, ' ', (size_t)(end - from));
        return span_of(from, (size_t)((blank == NULL ? end : blank) - from));
    }
    for (size_t behind = columns - 1 - place; behind > 0; behind--) {
        while (end[-1] != ' ')
            end--;
        end--;
    }
    const uint8_t *start = end;
    while (start > from && start[-1] != ' ')
        start--;
    return span_of(start, (size_t)(end - start));
}

/* True when the line is whole and nobody asks for it. */
static bool is_foreign(const struct reading *r, const struct w3c *w, struct span line)
{
    if (w->place[W3C_STATUS] < 0 || scan_count(line, ' ') + 1 != w->columns)
        return false;
    struct span status = cell_at(line, (size_t)w->place[W3C_STATUS], w->columns);
    if (status.len != 3 || status.data[0] < '1' || status.data[0] > '4')
        return false;
    return w->place[W3C_STEM] < 0 || !names_ndes(r, cell_at(line, (size_t)w->place[W3C_STEM], w->columns));
}

/* IIS writes '+' for every blank of a header. */
static struct span with_blanks(struct arena *a, struct span s)
{
    size_t from = a->len;
    for (const uint8_t *plus; s.len > 0 && (plus = memchr(s.data, '+', s.len)) != NULL;) {
        arena_append(a, span_of(s.data, (size_t)(plus - s.data)));
        arena_append_char(a, ' ');
        s = scan_from(s, plus + 1);
    }
    arena_append(a, s);
    size_t len = a->len - from;
    return span_of(arena_end(a, from), len);
}

static void fill(struct reading *r, struct w3c *w)
{
    struct evidence_iis *iis = &r->record.iis;
    *iis = (struct evidence_iis){
        .method = w3c_cell(w, W3C_METHOD),
        .stem = w3c_cell(w, W3C_STEM),
        .query = w3c_cell(w, W3C_QUERY),
        .user = w3c_cell(w, W3C_USER),
        .client = w3c_cell(w, W3C_CLIENT),
        .server_ip = w3c_cell(w, W3C_SERVER_IP),
        .host = w3c_cell(w, W3C_HOST),
        .status = (int)w3c_number(w, W3C_STATUS, 999),
        .substatus = (int)w3c_number(w, W3C_SUBSTATUS, 9999),
        .win32 = w3c_number(w, W3C_WIN32, UINT32_MAX),
        .taken_ms = w3c_number(w, W3C_TAKEN, INT64_MAX),
        .bytes_sent = w3c_number(w, W3C_SENT, INT64_MAX),
        .bytes_received = w3c_number(w, W3C_RECEIVED, INT64_MAX),
    };
    iis->agent = with_blanks(&r->arena, w3c_cell(w, W3C_AGENT));
}

/* The line in clean UTF-8, in the arena when it was none. */
static struct span cleaned(struct reading *r, struct span line)
{
    if (arena_is_utf8(line))
        return line;
    size_t from = r->arena.len;
    arena_append(&r->arena, line);
    size_t len = r->arena.len - from;
    return span_of(arena_end(&r->arena, from), len);
}

/* FTP and SMTP write the same files and have 5xx of their own. */
static bool is_http(struct span method)
{
    static const char *const known[] = {"GET",         "HEAD",         "POST",      "PUT",     "DELETE",
                                        "OPTIONS",     "PATCH",        "TRACE",     "CONNECT", "PROPFIND",
                                        "RPC_IN_DATA", "RPC_OUT_DATA", "BITS_POST", NULL};
    for (size_t i = 0; known[i] != NULL; i++) {
        if (span_equal_text(method, known[i]))
            return true;
    }
    return method.len == 0;
}

static bool is_wanted(const struct reading *r, const struct w3c *w, int64_t status)
{
    return names_ndes(r, w3c_cell(w, W3C_STEM)) || (status / 100 == 5 && is_http(w3c_cell(w, W3C_METHOD)));
}

static void tell(struct reading *r, struct w3c *w, struct span line)
{
    int64_t us;
    if (!arena_begin(&r->arena, 2 * line.len)) {
        r->no_memory = true;
        return;
    }
    line = cleaned(r, line);
    if (!w3c_split(w, line) || !w3c_time(w, &us) || w3c_number(w, W3C_STATUS, 999) < 100) {
        reading_damaged(r);
        return;
    }
    reading_computer(r, w3c_cell(w, W3C_COMPUTER));
    reading_address(r, w3c_cell(w, W3C_SERVER_IP));
    int64_t status = w3c_number(w, W3C_STATUS, 999);
    if (!is_wanted(r, w, status))
        return;
    fill(r, w);
    r->record.time_us = us;
    reading_tell(r, r->file.lines);
}

static void each_line(struct reading *r, struct span line)
{
    struct w3c *w = r->state;
    if (line.len > 0 && line.data[0] == '#') {
        w3c_directive(w, line);
        return;
    }
    if (w->columns == 0 && !w3c_guess(w, line, usual_fields)) {
        reading_damaged(r);
        return;
    }
    /* The days of a log without dates are counted by every line; the server's name is in the first. */
    bool whole = w->place[W3C_DATE] < 0 || r->file.node[0] == '\0';
    if (!whole && is_foreign(r, w, line))
        return;
    tell(r, w, line);
}

static size_t take(struct reading *r, struct span window, bool last)
{
    return reading_lines(r, window, last, each_line);
}

const struct reader reader_iis = {
    .kind = EVIDENCE_IIS,
    .state_bytes = sizeof(struct w3c),
    .recognises = recognises,
    .begin = begin,
    .take = take,
};
