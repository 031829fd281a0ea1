// room: evidence
/* Any bytes as evidence, first as what they look like, then as what somebody insists that they are: it ends, strings are there and
 * clean, counts add up. .evtx is left out: libevtx reads it in a process of its own. */
#include "evidence/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t records, files;
    size_t bytes; /* touched, so that the sanitizers look at them */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(struct seen *s, const char *text)
{
    require(text != NULL);
    s->bytes += strlen(text);
}

static void check_span(struct seen *s, struct span span)
{
    for (size_t i = 0; i < span.len; i++)
        s->bytes += span.data[i] != 0;
}

static void check_iis(struct seen *s, const struct evidence_iis *i)
{
    const struct span all[] = {i->method, i->stem,  i->query,     i->user,
                               i->client, i->agent, i->server_ip, i->host};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++)
        check_span(s, all[n]);
    require(i->status >= 100 && i->status <= 999 && i->win32 >= -1 && i->win32 <= UINT32_MAX);
}

static void check_httperr(struct seen *s, const struct evidence_httperr *h)
{
    const struct span all[] = {h->client, h->version, h->method, h->uri, h->reason, h->queue};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++)
        check_span(s, all[n]);
    require(h->status >= 0 && h->status <= 999);
}

static void check_event(struct seen *s, const struct evidence_event *e)
{
    const char *const all[] = {e->channel, e->provider, e->computer, e->binary, e->message};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++)
        check_text(s, all[n]);
    require(e->data_count <= EVIDENCE_MAX_DATA && e->level >= 0 && e->level <= 5);
    for (size_t n = 0; n < e->data_count; n++) {
        check_text(s, e->data[n].name);
        check_text(s, e->data[n].value);
    }
}

static void check_state(struct seen *s, const struct evidence_state *row)
{
    check_text(s, row->table);
    require(row->cell_count <= EVIDENCE_MAX_COLUMNS);
    for (size_t n = 0; n < row->cell_count; n++) {
        check_text(s, row->cell[n].name);
        check_text(s, row->cell[n].value);
    }
}

static void record(const struct evidence_record *r, void *user)
{
    struct seen *s = user;
    s->records++;
    require(r->file != NULL && (r->time_us == EVIDENCE_NO_TIME || r->time_us > 0));
    if (r->kind == EVIDENCE_IIS)
        check_iis(s, &r->iis);
    else if (r->kind == EVIDENCE_HTTPERR)
        check_httperr(s, &r->httperr);
    else if (r->kind == EVIDENCE_EVENTS)
        check_event(s, &r->event);
    else if (r->kind == EVIDENCE_STATE)
        check_state(s, &r->state);
    else
        check_text(s, r->text.text);
}

static void file(const struct evidence_file *f, void *user)
{
    struct seen *s = user;
    s->files++;
    require(f->records == s->records && strlen(f->node) < sizeof f->node && f->problem != NULL);
}

static void read_as(struct span bytes, enum evidence_kind kind)
{
    struct seen seen = {0};
    struct err e = {0};
    struct evidence_options options = {.stem = "/scep", .dates = EVIDENCE_DATES_DETECT};
    struct evidence_sink sink = {.record = record, .file = file, .user = &seen};
    bool ok = evidence_read_bytes(bytes, "fuzz", kind, &options, &sink, &e);
    require(ok ? seen.files == 1 : e.reason == REASON_USAGE && seen.records == 0);
}

static bool is_evtx(struct span bytes)
{
    return bytes.len >= 2 && (bytes.data[0] == 'E' || (bytes.data[0] == 0x1F && bytes.data[1] == 0x8B));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    if (is_evtx(bytes))
        return 0;
    read_as(bytes, EVIDENCE_UNKNOWN);
    read_as(bytes, EVIDENCE_PLUGIN);
    return 0;
}
