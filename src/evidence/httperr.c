/* What HTTP.sys refused, or lost with its worker. Every line is told: there are few. */
#include "evidence/parts.h"

static const char *const usual_fields[] = {
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason "
    "s-queuename",
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid streamid_ex sc-status s-siteid "
    "s-reason "
    "s-queuename transport",
    NULL,
};

static bool recognises(struct span head)
{
    if (scan_find(head, "#Software: Microsoft HTTP API") != NULL)
        return true;
    const uint8_t *at = scan_find(head, "#Fields:");
    if (at != NULL) {
        const uint8_t *end = memchr(at, '\n', scan_from(head, at).len);
        struct span line = end == NULL ? scan_from(head, at) : span_of(at, (size_t)(end - at));
        return scan_find(line, "s-reason") != NULL;
    }
    struct w3c w;
    w3c_begin(&w);
    for (size_t i = 0; i < 3 && head.len > 0; i++) {
        const uint8_t *end = memchr(head.data, '\n', head.len);
        if (end == NULL)
            return false;
        if (w3c_guess(&w, scan_trim(span_of(head.data, (size_t)(end - head.data))), usual_fields))
            return true;
        head = scan_from(head, end + 1);
    }
    return false;
}

static void begin(struct reading *r, struct span head)
{
    (void)head;
    w3c_begin(r->state);
}

static struct span kept(struct reading *r, const struct w3c *w, enum w3c_column column)
{
    struct span cell = w3c_cell(w, column);
    if (arena_is_utf8(cell))
        return cell;
    return span_of_text(arena_text(&r->arena, cell));
}

static void each_line(struct reading *r, struct span line)
{
    struct w3c *w = r->state;
    int64_t us;
    if (line.len > 0 && line.data[0] == '#') {
        w3c_directive(w, line);
        return;
    }
    if (!arena_begin(&r->arena, line.len)) {
        r->no_memory = true;
        return;
    }
    bool known = w->columns > 0 || w3c_guess(w, line, usual_fields);
    if (!known || !w3c_split(w, line) || !w3c_time(w, &us)) {
        reading_damaged(r);
        return;
    }
    reading_address(r, w3c_cell(w, W3C_SERVER_IP));
    int64_t status = w3c_number(w, W3C_STATUS, 999);
    r->record.httperr = (struct evidence_httperr){
        .client = kept(r, w, W3C_CLIENT),
        .version = kept(r, w, W3C_VERSION),
        .method = kept(r, w, W3C_METHOD),
        .uri = kept(r, w, W3C_URI),
        .reason = kept(r, w, W3C_REASON),
        .queue = kept(r, w, W3C_QUEUE),
        .status = status < 0 ? 0 : (int)status,
    };
    r->record.time_us = us;
    reading_tell(r, r->file.lines);
}

static size_t take(struct reading *r, struct span window, bool last)
{
    return reading_lines(r, window, last, each_line);
}

const struct reader reader_httperr = {
    .kind = EVIDENCE_HTTPERR,
    .state_bytes = sizeof(struct w3c),
    .recognises = recognises,
    .begin = begin,
    .take = take,
};
