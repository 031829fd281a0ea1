/* Traces of the certificate registration point and the old connector: <E2ETraceEvent> elements one after the other, without a root.
 * The text is everything below ApplicationData, whatever elements it is wrapped in. */
#include "evidence/parts.h"

static bool recognises(struct span head)
{
    return scan_find(head, "<E2ETraceEvent") != NULL;
}

static int level_of(struct span name)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = {{"Critical", 1}, {"Error", 2}, {"Warning", 3}, {"Information", 4}, {"Verbose", 5}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (scan_equal(name, levels[i].name))
            return levels[i].level;
    }
    return 0;
}

struct parsing {
    struct reading *r;
    struct xml x;
    int level;
    bool inside, has_text; /* ApplicationData */
    bool in_computer;
};

static void opened(struct parsing *p, bool empty)
{
    bool zoned;
    if (span_equal_text(p->x.name, "ApplicationData"))
        p->inside = !empty;
    else if (p->inside)
        return;
    else if (span_equal_text(p->x.name, "SubType"))
        p->level = level_of(xml_attribute(&p->x, "Name"));
    else if (span_equal_text(p->x.name, "TimeCreated") &&
             !when_iso(xml_attribute(&p->x, "SystemTime"), &p->r->record.time_us, &zoned))
        p->r->record.time_us = EVIDENCE_NO_TIME;
    p->in_computer = !empty && span_equal_text(p->x.name, "Computer");
}

/* Pieces from different elements are kept apart by a blank. */
static void text(struct parsing *p, bool cdata)
{
    struct span s = scan_trim(p->x.text);
    struct arena *a = &p->r->arena;
    if (p->in_computer)
        reading_computer(p->r, s);
    if (!p->inside || s.len == 0)
        return;
    if (p->has_text)
        arena_append_char(a, ' ');
    p->has_text = true;
    if (cdata)
        arena_append(a, s);
    else
        xml_append(a, s);
}

static bool parse(struct parsing *p, struct span element)
{
    p->x.rest = element;
    for (;;) {
        switch (xml_next(&p->x)) {
        case XML_OPEN:
            opened(p, false);
            break;
        case XML_EMPTY:
            opened(p, true);
            break;
        case XML_CLOSE:
            p->inside = p->inside && !span_equal_text(p->x.name, "ApplicationData");
            p->in_computer = false;
            break;
        case XML_TEXT:
            text(p, false);
            break;
        case XML_CDATA:
            text(p, true);
            break;
        case XML_BROKEN:
            return false;
        case XML_END:
            return true;
        }
    }
}

static void each_trace(struct reading *r, struct span element, uint64_t line)
{
    if (!arena_begin(&r->arena, 2 * element.len)) {
        r->no_memory = true;
        return;
    }
    struct parsing p = {.r = r};
    r->record.time_us = EVIDENCE_NO_TIME;
    if (!parse(&p, element)) {
        reading_damaged(r);
        return;
    }
    r->record.text = (struct evidence_text){.text = arena_end(&r->arena, 0), .level = p.level};
    reading_tell(r, line);
}

static size_t take(struct reading *r, struct span window, bool last)
{
    return xml_elements(r, window, last, "E2ETraceEvent", each_trace);
}

const struct reader reader_svclog = {
    .kind = EVIDENCE_SVCLOG,
    .recognises = recognises,
    .take = take,
};
