/* Event exports of wevtutil and Event Viewer, and what evtx.c makes of .evtx files: a stream of <Event> elements, with or without
 * a root. What the file declares about its encoding is not asked: editors save it differently (ndes.md G.5). */
#include "evidence/parts.h"

#define MAX_DEPTH 32

struct place {
    struct span name[MAX_DEPTH]; /* the open elements, [0] is Event */
    size_t depth;
    size_t unnamed; /* deeper ones, not kept */
};

struct parsing {
    struct reading *r;
    struct evidence_event *event;
    struct xml x;
    struct place place;
    bool has_id;
    const char *data_name;
    size_t text_from; /* in the arena: the text of the element that is open */
    bool collecting;
};

/* Others have events too. */
static bool recognises(struct span head)
{
    bool event = scan_find(head, "<Event ") != NULL || scan_find(head, "<Event>") != NULL;
    return event &&
           (scan_find(head, "<System>") != NULL || scan_find(head, "/win/2004/08/events/event") != NULL);
}

static bool is_at(const struct place *p, size_t level, const char *name)
{
    return p->depth > level && span_equal_text(p->name[level], name);
}

static void push(struct place *p, struct span name)
{
    if (p->depth < MAX_DEPTH)
        p->name[p->depth++] = name;
    else
        p->unnamed++;
}

/* False: the element that ends is not the one that is open. */
static bool pop(struct place *p, struct span name)
{
    if (p->unnamed > 0) {
        p->unnamed--;
        return true;
    }
    return p->depth > 0 && span_equal(p->name[--p->depth], name);
}

/* When there is no room the last one is overwritten: results stand at the end. */
static void add_data(struct evidence_event *event, const char *name, const char *value)
{
    size_t at = event->data_count < EVIDENCE_MAX_DATA ? event->data_count++ : EVIDENCE_MAX_DATA - 1;
    event->data[at].name = name;
    event->data[at].value = value;
}

/* Chains of CAPI2 describe every certificate's algorithms and cache file. */
static bool is_noise(struct span element, struct span attribute)
{
    static const char *const elements[] = {"SignatureAlgorithm", "PublicKeyAlgorithm", "CorrelationAuxInfo",
                                           "Flags", NULL};
    for (size_t i = 0; elements[i] != NULL; i++) {
        if (span_equal_text(element, elements[i]))
            return true;
    }
    return span_equal_text(attribute, "fileRef") || span_equal_text(attribute, "xmlns");
}

static void set_level(struct evidence_event *event, const char *text)
{
    int64_t level = scan_number(span_of_text(text), 5);
    event->level = level < 0 ? 0 : (int)level;
}

static void set_id(struct parsing *p, const char *text)
{
    int64_t id = scan_number(scan_trim(span_of_text(text)), UINT32_MAX);
    p->has_id = id >= 0;
    p->event->id = id < 0 ? 0 : (uint32_t)id;
}

static void set_record(struct evidence_event *event, const char *text)
{
    int64_t record = scan_number(scan_trim(span_of_text(text)), INT64_MAX);
    event->record = record < 0 ? 0 : (uint64_t)record;
}

/* The text of an element of <System>. */
static void take_system(struct parsing *p, struct span name, const char *text)
{
    if (span_equal_text(name, "EventID"))
        set_id(p, text);
    else if (span_equal_text(name, "Level"))
        set_level(p->event, text);
    else if (span_equal_text(name, "EventRecordID"))
        set_record(p->event, text);
    else if (span_equal_text(name, "Channel"))
        p->event->channel = text;
    else if (span_equal_text(name, "Computer"))
        p->event->computer = text;
}

static void read_time(struct parsing *p)
{
    bool zoned;
    if (!when_iso(xml_attribute(&p->x, "SystemTime"), &p->r->record.time_us, &zoned))
        p->r->record.time_us = EVIDENCE_NO_TIME;
}

/* <UserData><X><Result value="800B0109">text</Result>: the value is "Result.value", the text "Result". */
static void take_attributes(struct parsing *p)
{
    struct span attributes = p->x.attributes, name, value;
    struct arena *a = &p->r->arena;
    while (xml_attribute_next(&attributes, &name, &value)) {
        if (is_noise(p->x.name, name))
            continue;
        size_t from = a->len;
        arena_append(a, p->x.name);
        arena_append_char(a, '.');
        arena_append(a, name);
        const char *full = arena_end(a, from);
        add_data(p->event, full, xml_text(a, value));
    }
}

static void opened(struct parsing *p)
{
    const struct place *at = &p->place;
    struct arena *a = &p->r->arena;
    if (is_at(at, 1, "System") && at->depth == 2) {
        if (span_equal_text(p->x.name, "Provider"))
            p->event->provider = xml_text(a, xml_attribute(&p->x, "Name"));
        else if (span_equal_text(p->x.name, "TimeCreated"))
            read_time(p);
    }
    if (is_at(at, 1, "EventData") && at->depth == 2)
        p->data_name = xml_text(a, xml_attribute(&p->x, "Name"));
    if (is_at(at, 1, "UserData") && at->depth >= 3)
        take_attributes(p);
    /* Text inside <Data> may have tags of its own; only its beginning counts. */
    bool inside_data = at->depth >= 3 && is_at(at, 1, "EventData");
    if (!inside_data) {
        p->text_from = a->len;
        p->collecting = true;
    }
}

static void closed(struct parsing *p, const char *text)
{
    const struct place *at = &p->place; /* what closes is still in it */
    struct span name = at->name[at->depth - 1];
    if (at->depth == 3 && is_at(at, 1, "System"))
        take_system(p, name, text);
    else if (at->depth == 3 && is_at(at, 1, "EventData")) {
        if (span_equal_text(name, "Binary"))
            p->event->binary = text;
        else
            add_data(p->event, p->data_name, text);
    } else if (at->depth >= 3 && is_at(at, 1, "UserData") && *text != '\0')
        add_data(p->event, arena_text(&p->r->arena, name), text);
    else if (at->depth == 3 && is_at(at, 1, "RenderingInfo") && span_equal_text(name, "Message"))
        p->event->message = text;
}

static const char *trimmed(struct arena *a, size_t from)
{
    char *text = a->data + from;
    struct span s = scan_trim(span_of(text, a->len - from));
    if (s.len > 0)
        memmove(text, s.data, s.len);
    a->len = from + s.len;
    return arena_end(a, from);
}

static bool step_close(struct parsing *p)
{
    if (p->place.unnamed == 0 && p->place.depth > 0) {
        bool inside_data = p->place.depth > 3 && is_at(&p->place, 1, "EventData");
        if (!inside_data) {
            closed(p, p->collecting ? trimmed(&p->r->arena, p->text_from) : "");
            p->collecting = false;
        }
    }
    return pop(&p->place, p->x.name);
}

/* One token; false: the element is damaged. */
static bool step(struct parsing *p, enum xml_token token)
{
    switch (token) {
    case XML_OPEN:
        opened(p);
        push(&p->place, p->x.name);
        return true;
    case XML_EMPTY:
        opened(p);
        push(&p->place, p->x.name);
        return step_close(p);
    case XML_CLOSE:
        return step_close(p);
    case XML_TEXT:
        if (p->collecting)
            xml_append(&p->r->arena, p->x.text);
        return true;
    case XML_CDATA:
        if (p->collecting)
            arena_append(&p->r->arena, p->x.text);
        return true;
    case XML_END:
    case XML_BROKEN:
        return false;
    }
    return false;
}

static bool parse(struct parsing *p, struct span element)
{
    p->x.rest = element;
    for (enum xml_token token; (token = xml_next(&p->x)) != XML_END;) {
        if (!step(p, token))
            return false;
    }
    return p->has_id && p->place.depth == 0;
}

static void each_event(struct reading *r, struct span element, uint64_t line)
{
    if (!arena_begin(&r->arena, element.len)) {
        r->no_memory = true;
        return;
    }
    struct evidence_event *event = &r->record.event;
    event->channel = event->provider = event->computer = event->binary = event->message = "";
    event->id = 0;
    event->level = 0;
    event->record = 0;
    event->data_count = 0;
    r->record.time_us = EVIDENCE_NO_TIME;
    struct parsing p = {.r = r, .event = event, .data_name = ""};
    if (!parse(&p, element)) {
        reading_damaged(r);
        return;
    }
    reading_computer(r, span_of_text(event->computer));
    reading_tell(r, line);
}

static size_t take(struct reading *r, struct span window, bool last)
{
    return xml_elements(r, window, last, "Event", each_event);
}

const struct reader reader_events_xml = {
    .kind = EVIDENCE_EVENTS,
    .recognises = recognises,
    .take = take,
};
