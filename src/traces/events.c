/* Events as `wevtutil qe LOG /f:RenderedXml /e:Events` writes them (ndes.md G.4). */
#include "traces/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX   24
#define EVENT_BYTES ((size_t)128 * 1024)

/* The data of one event, filled in. */
struct items {
    size_t count;
    struct span name[ITEMS_MAX];
    size_t from[ITEMS_MAX + 1]; /* into `text`; each value ends with NUL */
    struct buf text;
};

bool traces_event_exists(const char *kind)
{
    return traces_kind_find(kind, NULL, NULL, NULL) != NULL;
}

/* "0A2B" -> "0a 2b", as certificate enrollment names certificates. */
static void put_thumbprint(const char *hex, struct buf *out)
{
    for (size_t i = 0; hex[i] != '\0'; i++) {
        if (i > 0 && i % 2 == 0)
            buf_append_byte(out, ' ');
        buf_append_byte(out,
                        hex[i] >= 'A' && hex[i] <= 'F' ? (uint8_t)(hex[i] - 'A' + 'a') : (uint8_t)hex[i]);
    }
}

/* One item of a list in event_kinds.h; *next counts the values that have been taken. */
static void add_item(const struct traces *t, struct span item, const char *const *values, size_t *next,
                     struct items *items)
{
    size_t name = 0;
    while (name < item.len && item.data[name] != '?' && item.data[name] != '=')
        name++;
    bool fixed = name < item.len && item.data[name] == '=';
    struct span rest = name < item.len ? span_of(item.data + name + 1, item.len - name - 1) : span_of("", 0);
    items->name[items->count] = span_of(item.data, name);
    items->from[items->count++] = items->text.len;
    bool given = !fixed && values != NULL && values[*next] != NULL;
    if (given && span_equal_text(items->name[items->count - 1], "ObjId"))
        put_thumbprint(values[(*next)++], &items->text);
    else if (given)
        buf_append_text(&items->text, values[(*next)++]);
    else
        traces_fill(t, rest, fixed ? values : NULL, false, &items->text);
    buf_append_byte(&items->text, 0);
}

static void read_items(const struct traces *t, const char *list, const char *const *values,
                       struct items *items)
{
    size_t next = 0;
    for (const char *item = list; item != NULL && items->count < ITEMS_MAX;) {
        size_t len = strcspn(item, "|");
        add_item(t, span_of(item, len), values, &next, items);
        item = item[len] == '|' ? item + len + 1 : NULL;
    }
}

static const char *item_text(const struct items *items, size_t i)
{
    return (const char *)items->text.data + items->from[i];
}

/* 0x8007052E -> 2E050780: as it lies in memory. */
static void put_binary(const char *code, struct buf *out)
{
    unsigned long value = strtoul(code, NULL, 16);
    if (code[0] == '\0')
        return;
    buf_appendf(out, "<Binary>%02lX%02lX%02lX%02lX</Binary>", value & 0xff, value >> 8 & 0xff,
                value >> 16 & 0xff, value >> 24 & 0xff);
}

static void put_data(const struct traces_kind *kind, const struct items *items, struct buf *out)
{
    if (items->count == 0) {
        buf_append_text(out, "<EventData/>");
        return;
    }
    buf_append_text(out, "<EventData");
    if (kind->data_name != NULL)
        buf_appendf(out, " Name='%s'", kind->data_name);
    buf_append_text(out, ">");
    for (size_t i = 0; i < items->count; i++) {
        if (span_equal_text(items->name[i], "#")) {
            put_binary(item_text(items, i), out);
            continue;
        }
        buf_append_text(out, "<Data");
        if (items->name[i].len > 0)
            buf_appendf(out, " Name='%.*s'", (int)items->name[i].len, (const char *)items->name[i].data);
        buf_append_text(out, ">");
        traces_xml(span_of_text(item_text(items, i)), out);
        buf_append_text(out, "</Data>");
    }
    buf_append_text(out, "</EventData>");
}

static const char *keywords_of(const struct traces_kind *kind, const struct traces_provider *who)
{
    if (kind->level == TRACES_AUDIT && !who->classic)
        return kind->failure ? "0x8010000000000000" : "0x8020000000000000";
    if (kind->level == TRACES_AUDIT)
        return kind->failure ? "0x90000000000000" : "0xa0000000000000";
    if (who->classic)
        return "0x80000000000000";
    return who->source != NULL ? "0x8080000000000000" : "0x8000000000000000";
}

struct place {
    const struct traces_kind *kind;
    const struct traces_provider *who;
    enum traces_export export;
    unsigned id;
    uint64_t record;
    int64_t when_us;
};

static void put_system(const struct traces *t, const struct place *p, struct buf *out)
{
    const struct traces_provider *who = p->who;
    const struct traces_facts *f = &t->facts;
    struct traces_time at = traces_time_of(p->when_us);
    buf_appendf(out,
                "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
                "Name='%s'",
                who->name);
    if (who->guid != NULL)
        buf_appendf(out, " Guid='%s'", who->guid);
    if (who->source != NULL)
        buf_appendf(out, " EventSourceName='%s'", who->source);
    buf_append_text(out, "/><EventID");
    if (who->classic || who->source != NULL)
        buf_appendf(out, " Qualifiers='%u'", p->kind->qualifiers);
    buf_appendf(out,
                ">%u</EventID><Version>0</Version><Level>%d</Level><Task>%u</Task><Opcode>0</Opcode>"
                "<Keywords>%s</Keywords>",
                p->id, p->kind->level, p->kind->task, keywords_of(p->kind, who));
    buf_appendf(out, "<TimeCreated SystemTime='%04d-%02d-%02dT%02d:%02d:%02d.%06d%uZ'/>", at.year, at.month,
                at.day, at.hour, at.minute, at.second, at.microsecond, (unsigned)(p->record % 10));
    const char *computer = p->export == TRACES_CA       ? f->ca_node
                           : p->export == TRACES_DEVICE ? "LT-2207"
                                                        : f->node;
    /* Classic sources have no process; which one it is tells nobody anything here. */
    unsigned process = who->classic ? 0 : who->user != NULL ? 6732 : 718;
    buf_appendf(out,
                "<EventRecordID>%" PRIu64 "</EventRecordID><Correlation/><Execution ProcessID='%u' "
                "ThreadID='%u'/><Channel>%s</Channel><Computer>",
                p->record, process, who->classic ? 0 : 700 + (unsigned)(p->record * 52 % 8000), who->channel);
    traces_xml(span_of_text(computer), out);
    buf_append_text(out, ".");
    traces_xml(span_of_text(f->domain), out);
    buf_append_text(out, "</Computer>");
    if (who->user != NULL)
        buf_appendf(out, "<Security UserID='%s'/>", who->user);
    else
        buf_append_text(out, "<Security/>");
    buf_append_text(out, "</System>");
}

static void put_rendering(const struct traces *t, const struct place *p, const char *const *items,
                          struct buf *out)
{
    static const char *const levels[] = {
        [TRACES_AUDIT] = "Information", [TRACES_CRITICAL] = "Critical",       [TRACES_ERROR] = "Error",
        [TRACES_WARNING] = "Warning",   [TRACES_INFORMATION] = "Information",
    };
    const char *keyword = p->kind->level == TRACES_AUDIT
                              ? (p->kind->failure ? "Audit Failure" : "Audit Success")
                          : p->who->classic ? "Classic"
                                            : NULL;
    buf_append_text(out, "<RenderingInfo Culture='en-US'><Message>");
    struct buf message;
    buf_init(&message, EVENT_BYTES);
    traces_fill(t, span_of_text(p->kind->message), items, false, &message);
    traces_xml(buf_span(&message), out);
    buf_clear(&message);
    bool own_channel = strchr(p->who->channel, '/') == NULL; /* wevtutil leaves out the others' */
    buf_appendf(out,
                "</Message><Level>%s</Level><Task></Task><Opcode>Info</Opcode><Channel>%s</Channel>"
                "<Provider>%s</Provider><Keywords>",
                levels[p->kind->level], own_channel ? p->who->channel : "", p->who->name);
    if (keyword != NULL)
        buf_appendf(out, "<Keyword>%s</Keyword>", keyword);
    buf_append_text(out, "</Keywords></RenderingInfo></Event>\r\n");
}

static void put_event(const struct traces *t, const struct place *p, const char *const *values,
                      struct buf *out)
{
    struct items items = {0};
    const char *texts[ITEMS_MAX + 1] = {NULL};
    buf_init(&items.text, EVENT_BYTES);
    put_system(t, p, out);
    if (p->kind->data != NULL && p->kind->data[0] == '<') {
        buf_append_text(out, "<UserData>");
        traces_fill(t, span_of_text(p->kind->data), values, true, out);
        buf_append_text(out, "</UserData>");
    } else {
        read_items(t, p->kind->data, values, &items);
        if (items.text.failed)
            items.count = 0;
        put_data(p->kind, &items, out);
        for (size_t i = 0; i < items.count; i++)
            texts[i] = item_text(&items, i);
    }
    put_rendering(t, p, texts, out);
    buf_clear(&items.text);
}

/* The export of a device, with its first event. */
static struct buf *open_late(struct traces *t)
{
    struct traces_writer *w = &t->exports[TRACES_DEVICE];
    struct err e = {0};
    if (w->failed)
        return NULL;
    if (traces_open_export(t, TRACES_DEVICE, &e))
        return &w->pending;
    if (!w->failed)
        w->on_failure(&e, w->user);
    w->failed = true;
    return NULL;
}

bool traces_event(struct traces *t, int64_t when_us, const char *kind, const char *const *values)
{
    struct place p = {.when_us = when_us};
    p.kind = traces_kind_find(kind, &p.who, &p.export, &p.id);
    if (p.kind == NULL)
        return false;
    struct buf *out = traces_writer_begin(&t->exports[p.export]);
    if (out == NULL && p.export == TRACES_DEVICE)
        out = open_late(t);
    p.record = ++t->records[p.export];
    if (out != NULL)
        put_event(t, &p, values, out);
    traces_writer_end(&t->exports[p.export]);
    return true;
}
