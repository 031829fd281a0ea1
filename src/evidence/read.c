#include "evidence/parts.h"

static const char *const kind_ids[EVIDENCE_KIND_COUNT] = {
    [EVIDENCE_UNKNOWN] = "unknown", [EVIDENCE_IIS] = "iis",       [EVIDENCE_HTTPERR] = "httperr",
    [EVIDENCE_EVENTS] = "events",   [EVIDENCE_PLUGIN] = "plugin", [EVIDENCE_SVCLOG] = "svclog",
    [EVIDENCE_STATE] = "state",
};

const char *evidence_kind_id(enum evidence_kind kind)
{
    return kind_ids[kind];
}

/* ---- what readers tell ---- */

void reading_tell(struct reading *r, uint64_t line)
{
    r->file.records++;
    r->record.file = &r->file;
    r->record.kind = r->reader->kind;
    r->record.line = r->no_lines ? 0 : line;
    if (r->sink->record != NULL)
        r->sink->record(&r->record, r->sink->user);
}

void reading_damaged(struct reading *r)
{
    r->file.damaged += !r->surveying;
}

static void set_node(struct reading *r, struct span node)
{
    int len = (int)(node.len < sizeof r->file.node ? node.len : sizeof r->file.node - 1);
    snprintf(r->file.node, sizeof r->file.node, "%.*s", len, (const char *)node.data);
}

void reading_address(struct reading *r, struct span address)
{
    if (r->file.node[0] == '\0' && address.len > 0)
        set_node(r, address);
}

void reading_computer(struct reading *r, struct span name)
{
    if (r->computer_known || name.len == 0)
        return;
    r->computer_known = true;
    set_node(r, name);
}

/* A server that lost its power leaves a run of NULs, and writes on behind it. */
static struct span line_of(struct span s)
{
    while (s.len > 0 && s.data[0] == 0)
        s = span_of(s.data + 1, s.len - 1);
    if (s.len > 0 && s.data[s.len - 1] == '\r')
        s.len--;
    return s;
}

static void one_line(struct reading *r, struct span raw, void (*each)(struct reading *r, struct span line))
{
    r->file.lines++;
    if (r->skipping) {
        r->skipping = false;
        return;
    }
    struct span line = line_of(raw);
    if (line.len > 0)
        each(r, line);
}

size_t reading_lines(struct reading *r, struct span window, bool last,
                     void (*each)(struct reading *r, struct span line))
{
    struct span rest = window;
    for (const uint8_t *end; rest.len > 0 && (end = memchr(rest.data, '\n', rest.len)) != NULL;) {
        one_line(r, span_of(rest.data, (size_t)(end - rest.data)), each);
        rest = scan_from(rest, end + 1);
    }
    if (last && rest.len > 0) {
        one_line(r, rest, each);
        rest.len = 0;
    } else if (rest.len >= EVIDENCE_MAX_UNIT) {
        if (!r->skipping)
            reading_damaged(r);
        r->skipping = true;
        rest.len = 0;
    }
    return window.len - rest.len;
}

/* ---- one file ---- */

/* Begins small, for folders of small files; grows as long as there is more to read than room. */
struct window {
    uint8_t *data;
    size_t len, cap;
};

static bool grow(struct window *w)
{
    size_t cap = w->cap == 0 ? EVIDENCE_CHUNK / 32 : 2 * w->cap;
    if (cap > EVIDENCE_MAX_UNIT + EVIDENCE_CHUNK)
        cap = EVIDENCE_MAX_UNIT + EVIDENCE_CHUNK;
    uint8_t *data = realloc(w->data, cap);
    if (data == NULL)
        return false;
    w->data = data;
    w->cap = cap;
    return true;
}

/* One pass over the source. */
static void pump(struct reading *r, struct source *s, struct window *w)
{
    w->len = 0;
    for (bool last = false, full = w->cap == 0; !last && !r->no_memory;) {
        if (full && w->cap - w->len < EVIDENCE_CHUNK && !grow(w)) {
            r->no_memory = true;
            return;
        }
        size_t room = w->cap - w->len < EVIDENCE_CHUNK ? w->cap - w->len : EVIDENCE_CHUNK;
        size_t got = source_read(s, w->data + w->len, room);
        last = got == 0;
        full = got + 8 > room; /* a character may not have fitted */
        w->len += got;
        size_t used = r->reader->take(r, span_of(w->data, w->len), last);
        w->len -= used;
        memmove(w->data, w->data + used, w->len);
    }
}

static void survey(struct reading *r, struct source *s, struct window *w)
{
    r->surveying = true;
    pump(r, s, w);
    r->surveying = false;
    r->skipping = false;
    r->resyncing = false;
    r->file.lines = 0;
    if (!source_rewind(s))
        r->no_memory = true;
}

void reading_run(struct reading *r, struct source *s, const struct reader *reader)
{
    struct window window = {0};
    r->reader = reader;
    r->file.kind = reader->kind;
    r->state = reader->state_bytes > 0 ? calloc(1, reader->state_bytes) : NULL;
    r->no_memory = reader->state_bytes > 0 && r->state == NULL;
    if (!r->no_memory && reader->begin != NULL)
        reader->begin(r, source_head(s));
    if (!r->no_memory && reader->surveys)
        survey(r, s, &window);
    if (!r->no_memory)
        pump(r, s, &window);
    free(window.data);
    free(r->state);
    arena_free(&r->arena);
    arena_free(&r->header);
}

static bool read_source(struct reading *r, struct source *s, enum evidence_kind kind, struct err *e)
{
    struct span head = source_is_evtx(s) ? span_of("", 0) : source_head(s);
    const struct reader *reader = recognise(head, kind);
    bool evtx_fits = !source_is_evtx(s) || kind == EVIDENCE_EVENTS;
    if (kind != EVIDENCE_UNKNOWN && (!evtx_fits || (head.len > 0 && reader == NULL)))
        return err_set(
            e, STAGE_SETUP, REASON_USAGE,
            "%s is no %s log: name the option that fits it, or put it into a folder for --evidence",
            r->file.path, evidence_kind_id(kind));
    r->file.kind = kind;
    r->file.problem = "";
    if (source_is_evtx(s))
        evtx_read(r, s);
    else if (reader != NULL)
        reading_run(r, s, reader);
    if (r->no_memory)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to read %s", r->file.path);
    if (!source_is_evtx(s))
        r->file.bytes = source_bytes(s);
    if (*r->file.problem == '\0')
        r->file.problem = source_problem(s);
    if (r->sink->file != NULL)
        r->sink->file(&r->file, r->sink->user);
    return true;
}

static struct reading *reading_new(const char *shown, const char *node,
                                   const struct evidence_options *options, const struct evidence_sink *sink,
                                   struct err *e)
{
    struct reading *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to read %s", shown);
        return NULL;
    }
    r->options = options;
    r->sink = sink;
    r->file.path = shown;
    r->file.problem = "";
    snprintf(r->file.node, sizeof r->file.node, "%s", node);
    return r;
}

bool read_one(const char *path, const char *shown, const char *node, enum evidence_kind kind,
              const struct evidence_options *options, const struct evidence_sink *sink, struct err *e)
{
    struct source *s;
    if (!source_open(path, &s, e))
        return false;
    struct reading *r = reading_new(shown, node, options, sink, e);
    bool ok = r != NULL && read_source(r, s, kind, e);
    free(r);
    source_close(s);
    return ok;
}

bool evidence_read(const char *path, enum evidence_kind kind, const struct evidence_options *options,
                   const struct evidence_sink *sink, struct err *e)
{
    return read_one(path, path, "", kind, options, sink, e);
}

bool evidence_read_bytes(struct span bytes, const char *name, enum evidence_kind kind,
                         const struct evidence_options *options, const struct evidence_sink *sink,
                         struct err *e)
{
    struct source *s;
    if (!source_memory(bytes, &s, e))
        return false;
    struct reading *r = reading_new(name, "", options, sink, e);
    bool ok = r != NULL && read_source(r, s, kind, e);
    free(r);
    source_close(s);
    return ok;
}
