/* What a reader of evidence tells, as text: a line per record, to be compared with what a test expects. */
#ifndef SUPPORT_TOLD_H
#define SUPPORT_TOLD_H

#include "base/text.h"
#include "evidence/evidence.h"

#define TOLD_MAX ((size_t)64 << 20)

struct told {
    struct buf trace;
    struct evidence_file file; /* of the last file; its path is not kept */
    size_t files, records;
    bool ok;
    struct err error;
};

static inline void told_span(struct buf *b, struct span s)
{
    buf_append_byte(b, ' ');
    if (s.len == 0)
        buf_append_byte(b, '-');
    buf_append_span(b, s);
}

static inline void told_iis(struct buf *b, const struct evidence_iis *i)
{
    told_span(b, i->method);
    told_span(b, i->stem);
    told_span(b, i->query);
    told_span(b, i->client);
    buf_appendf(b, " %d.%d.%lld %lldms", i->status, i->substatus, (long long)i->win32,
                (long long)i->taken_ms);
    if (i->user.len > 0)
        told_span(b, i->user);
    if (i->agent.len > 0)
        told_span(b, i->agent);
}

static inline void told_httperr(struct buf *b, const struct evidence_httperr *h)
{
    told_span(b, h->client);
    told_span(b, h->method);
    told_span(b, h->uri);
    buf_appendf(b, " %d", h->status);
    told_span(b, h->reason);
    told_span(b, h->queue);
}

static inline void told_event(struct buf *b, const struct evidence_event *v)
{
    buf_appendf(b, " %s|%s|%s %u level %d #%llu", v->channel, v->provider, v->computer, v->id, v->level,
                (unsigned long long)v->record);
    for (size_t i = 0; i < v->data_count; i++)
        buf_appendf(b, " {%s=%s}", v->data[i].name, v->data[i].value);
    if (*v->binary != '\0')
        buf_appendf(b, " binary %s", v->binary);
    if (*v->message != '\0')
        buf_appendf(b, " \"%s\"", v->message);
}

static inline void told_record(const struct evidence_record *r, void *user)
{
    struct told *t = user;
    struct buf *b = &t->trace;
    char when[32] = "-";
    t->records++;
    if (r->time_us != EVIDENCE_NO_TIME)
        text_utc(r->time_us, when, sizeof when);
    buf_appendf(b, "%llu %s", (unsigned long long)r->line, when);
    if (r->kind == EVIDENCE_IIS)
        told_iis(b, &r->iis);
    else if (r->kind == EVIDENCE_HTTPERR)
        told_httperr(b, &r->httperr);
    else if (r->kind == EVIDENCE_EVENTS)
        told_event(b, &r->event);
    else if (r->kind == EVIDENCE_STATE)
        for (size_t i = 0; i < r->state.cell_count; i++)
            buf_appendf(b, "%s%s=%s", i == 0 ? " " : "; ", r->state.cell[i].name, r->state.cell[i].value);
    else
        buf_appendf(b, " level %d %s", r->text.level, r->text.text);
    buf_append_byte(b, '\n');
}

static inline void told_file(const struct evidence_file *f, void *user)
{
    struct told *t = user;
    t->file = *f;
    t->file.path = "";
    t->files++;
}

static inline struct evidence_sink told_begin(struct told *t)
{
    *t = (struct told){0};
    buf_init(&t->trace, TOLD_MAX);
    return (struct evidence_sink){.record = told_record, .file = told_file, .user = t};
}

static inline void told_bytes(struct told *t, struct span bytes, enum evidence_kind kind,
                              const struct evidence_options *options)
{
    struct evidence_sink sink = told_begin(t);
    t->ok = evidence_read_bytes(bytes, "log", kind, options, &sink, &t->error);
}

static inline void told_text(struct told *t, const char *text)
{
    told_bytes(t, span_of_text(text), EVIDENCE_UNKNOWN, NULL);
}

static inline void told_path(struct told *t, const char *path)
{
    struct evidence_sink sink = told_begin(t);
    t->ok = evidence_read(path, EVIDENCE_UNKNOWN, NULL, &sink, &t->error);
}

static inline const char *told_trace(struct told *t)
{
    const char *text = buf_text(&t->trace);
    return text == NULL ? "" : text;
}

static inline void told_clear(struct told *t)
{
    buf_clear(&t->trace);
}

#endif
