/* The facts of finished runs, told again. Each run has three tables of facts, all numbered in the order in which they were
 * told (`told`): walking them side by side brings that order back. Several runs are walked side by side by time. */
#include "report/results_parts.h"

enum table { EVENTS, STEPS, DEVICES, TABLES };

struct cursor {
    sqlite3_stmt *rows;
    bool has; /* a row stands here */
    int64_t told, at_us;
};

struct stream {
    const struct report_results *results;
    struct cursor cursors[TABLES];
    sqlite3_stmt *follow_ups; /* of one device; NULL: there are none */
    struct cursor *next;      /* NULL: at its end */
    int64_t now_us;           /* never goes back */
    unsigned held;            /* passwords, after its last event */
};

struct playback {
    struct stream *streams;
    size_t count;
    struct outcome_sink sinks[2];
    size_t sink_count;
    unsigned held; /* by all */
    struct err *e;
};

#define TELL(p, call, ...)                                                                                   \
    for (size_t i = 0; i < (p)->sink_count; i++) {                                                           \
        if ((p)->sinks[i].call != NULL)                                                                      \
            (p)->sinks[i].call((p)->sinks[i].user, __VA_ARGS__);                                             \
    }

/* ---- columns ---- */

static const char *text_of(sqlite3_stmt *rows, int column)
{
    return (const char *)sqlite3_column_text(rows, column);
}

static void take_text(sqlite3_stmt *rows, int column, char *out, size_t out_bytes)
{
    const char *text = text_of(rows, column);
    size_t len = text == NULL ? 0 : strnlen(text, out_bytes - 1);
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
}

static bool is_null(sqlite3_stmt *rows, int column)
{
    return sqlite3_column_type(rows, column) == SQLITE_NULL;
}

static unsigned take_unsigned(sqlite3_stmt *rows, int column)
{
    int64_t value = sqlite3_column_int64(rows, column);
    return value < 0 ? 0 : value > UINT16_MAX ? UINT16_MAX : (unsigned)value;
}

static bool take_hresult(sqlite3_stmt *rows, int column, uint32_t *out)
{
    const char *text = text_of(rows, column);
    *out = text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 16);
    return text != NULL;
}

/* Five columns side by side: stage, reason, text, domain, number. */
static bool take_error(sqlite3_stmt *rows, int column, struct err *out)
{
    const char *stage = text_of(rows, column), *reason = text_of(rows, column + 1);
    take_text(rows, column + 2, out->text, sizeof out->text);
    int domain = sqlite3_column_int(rows, column + 3);
    out->domain = domain > ERR_DOMAIN_NONE && domain <= ERR_DOMAIN_FAIL_INFO ? (enum err_domain)domain
                                                                             : ERR_DOMAIN_NONE;
    out->detail = sqlite3_column_int64(rows, column + 4);
    if (stage == NULL && reason == NULL)
        return true;
    return db_stage_of(stage, &out->stage) && db_reason_of(reason, &out->reason);
}

/* ---- tables ---- */

#define DEVICE_COLUMNS                                                                                       \
    "told, finished_us, device, phase, profile, warm_up, result, scheduled_us, started_us,"                  \
    " stage, reason, error_text, error_domain, error_number, timed_out, http_status, body, server,"          \
    " fail_info, hresult, text, defects, strict_ok, persona_ok, failed_checks, polls, retries,"              \
    " refused_as_expected, serial, subject, issuer, not_before, not_after, eku, key_usage, san,"             \
    " differences, challenge, otp_fingerprint, otp_age_us"
#define FROM_DEVICE " FROM device INDEXED BY device_by_told ORDER BY told"

static const char *const selects[TABLES] = {
    [EVENTS] =
        "SELECT told, at_us, kind, scheduled_us, warm_up, took_us, age_us, held FROM event ORDER BY told",
    [STEPS] =
        "SELECT told, finished_us, device, stage, phase, profile, warm_up, failed, timed_out, queued_us,"
        " started_us, bytes_sent, bytes_received, http_status FROM step ORDER BY rowid",
    [DEVICES] = "SELECT " DEVICE_COLUMNS ", address" FROM_DEVICE,
};

/* Earlier runs did not keep the address. */
static const char *select_of(const struct report_results *r, size_t table)
{
    struct err ignored = {0};
    sqlite3_stmt *column =
        results_prepare(r, "SELECT 1 FROM pragma_table_info('device') WHERE name = 'address'", &ignored);
    bool kept = column != NULL && results_step(r, column, &ignored);
    sqlite3_finalize(column);
    return table == DEVICES && !kept ? "SELECT " DEVICE_COLUMNS ", ''" FROM_DEVICE : selects[table];
}

static bool tell_step(const struct playback *p, sqlite3_stmt *rows)
{
    struct outcome_step step = {
        .finished_us = sqlite3_column_int64(rows, 1),
        .device = (uint64_t)sqlite3_column_int64(rows, 2),
        .phase = take_unsigned(rows, 4),
        .profile = take_unsigned(rows, 5),
        .warm_up = sqlite3_column_int(rows, 6) != 0,
        .failed = sqlite3_column_int(rows, 7) != 0,
        .timed_out = sqlite3_column_int(rows, 8) != 0,
        .queued_us = sqlite3_column_int64(rows, 9),
        .started_us = sqlite3_column_int64(rows, 10),
        .bytes_sent = (uint64_t)sqlite3_column_int64(rows, 11),
        .bytes_received = (uint64_t)sqlite3_column_int64(rows, 12),
        .http_status = sqlite3_column_int(rows, 13),
    };
    if (!db_stage_of(text_of(rows, 3), &step.stage))
        return false;
    TELL(p, step, &step)
    return true;
}

/* Passwords of all shards count together. */
static bool tell_otp(struct playback *p, struct stream *s, sqlite3_stmt *rows)
{
    struct outcome_otp_event event = {
        .at_us = sqlite3_column_int64(rows, 1),
        .took_us = sqlite3_column_int64(rows, 5),
        .age_us = sqlite3_column_int64(rows, 6),
    };
    if (!db_otp_of(text_of(rows, 2), &event.kind))
        return false;
    unsigned held = take_unsigned(rows, 7);
    p->held = p->held - s->held + held;
    s->held = held;
    event.held = p->held;
    TELL(p, otp, &event)
    return true;
}

static bool tell_event(struct playback *p, struct stream *s, sqlite3_stmt *rows)
{
    const char *kind = text_of(rows, 2);
    int64_t at_us = sqlite3_column_int64(rows, 1), scheduled_us = sqlite3_column_int64(rows, 3);
    bool warm_up = sqlite3_column_int(rows, 4) != 0;
    if (kind == NULL)
        return false;
    if (strcmp(kind, DB_ARRIVAL) == 0)
        TELL(p, arrival, scheduled_us, warm_up)
    else if (strcmp(kind, DB_START) == 0)
        TELL(p, start, scheduled_us, at_us, warm_up)
    else
        return tell_otp(p, s, rows);
    return true;
}

static bool take_follow_up(sqlite3_stmt *rows, struct outcome *o)
{
    enum outcome_follow which;
    if (!db_follow_of(text_of(rows, 0), &which))
        return false;
    struct outcome_follow_up *f = &o->follow[which];
    bool ok = db_result_of(text_of(rows, 1), &f->result) && take_error(rows, 4, &f->error) &&
              db_body_of(text_of(rows, 11), &f->body) && db_challenge_of(text_of(rows, 18), &f->challenge);
    f->started_us = sqlite3_column_int64(rows, 2);
    f->finished_us = sqlite3_column_int64(rows, 3);
    f->timed_out = sqlite3_column_int(rows, 9) != 0;
    f->http_status = sqlite3_column_int(rows, 10);
    f->fail_info = is_null(rows, 12) ? -1 : sqlite3_column_int(rows, 12);
    f->has_hresult = take_hresult(rows, 13, &f->hresult);
    take_text(rows, 14, f->text, sizeof f->text);
    take_text(rows, 15, f->serial, sizeof f->serial);
    f->not_before = sqlite3_column_int64(rows, 16);
    f->not_after = sqlite3_column_int64(rows, 17);
    f->polls = take_unsigned(rows, 19);
    return ok;
}

static const char follow_up_select[] =
    "SELECT step, result, started_us, finished_us, stage, reason, error_text, error_domain, error_number,"
    " timed_out, http_status, body, fail_info, hresult, text, serial, not_before, not_after, challenge, polls"
    " FROM follow_up INDEXED BY follow_up_by_device WHERE device = ? LIMIT 16";

static bool take_follow_ups(const struct playback *p, const struct stream *s, struct outcome *o)
{
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++)
        o->follow[i].fail_info = -1;
    if (s->follow_ups == NULL)
        return true;
    bool ok = true;
    sqlite3_bind_int64(s->follow_ups, 1, (int64_t)o->device);
    while (ok && results_step(s->results, s->follow_ups, p->e))
        ok = take_follow_up(s->follow_ups, o);
    sqlite3_reset(s->follow_ups);
    return ok && !err_is_set(p->e);
}

/* What it was: columns 2 to 21. */
static bool take_end(sqlite3_stmt *rows, struct outcome *o)
{
    o->finished_us = sqlite3_column_int64(rows, 1);
    o->device = (uint64_t)sqlite3_column_int64(rows, 2);
    o->phase = take_unsigned(rows, 3);
    o->profile = take_unsigned(rows, 4);
    o->warm_up = sqlite3_column_int(rows, 5) != 0;
    o->scheduled_us = sqlite3_column_int64(rows, 7);
    o->started_us = sqlite3_column_int64(rows, 8);
    o->timed_out = sqlite3_column_int(rows, 14) != 0;
    o->http_status = sqlite3_column_int(rows, 15);
    take_text(rows, 17, o->server, sizeof o->server);
    o->fail_info = is_null(rows, 18) ? -1 : sqlite3_column_int(rows, 18);
    o->has_hresult = take_hresult(rows, 19, &o->hresult);
    take_text(rows, 20, o->text, sizeof o->text);
    return db_end_of(text_of(rows, 6), &o->end) && take_error(rows, 9, &o->error) &&
           db_body_of(text_of(rows, 16), &o->body) && db_defects_of(text_of(rows, 21), o);
}

/* How it was judged, and what it got: the columns after those. */
static bool take_certificate(sqlite3_stmt *rows, struct outcome *o)
{
    o->judged = !is_null(rows, 22);
    o->strict_ok = sqlite3_column_int(rows, 22) != 0;
    o->persona_ok = sqlite3_column_int(rows, 23) != 0;
    take_text(rows, 24, o->failed_checks, sizeof o->failed_checks);
    o->polls = take_unsigned(rows, 25);
    o->retries = take_unsigned(rows, 26);
    o->refused_as_expected = sqlite3_column_int(rows, 27) != 0;
    take_text(rows, 28, o->serial, sizeof o->serial);
    take_text(rows, 29, o->subject, sizeof o->subject);
    take_text(rows, 30, o->issuer, sizeof o->issuer);
    o->not_before = sqlite3_column_int64(rows, 31);
    o->not_after = sqlite3_column_int64(rows, 32);
    take_text(rows, 33, o->eku, sizeof o->eku);
    take_text(rows, 34, o->key_usage, sizeof o->key_usage);
    take_text(rows, 35, o->san, sizeof o->san);
    take_text(rows, 36, o->differences, sizeof o->differences);
    o->otp_fingerprint = (uint64_t)sqlite3_column_int64(rows, 38);
    o->otp_age_us = sqlite3_column_int64(rows, 39);
    take_text(rows, 40, o->address, sizeof o->address);
    return db_challenge_of(text_of(rows, 37), &o->challenge);
}

static bool tell_device(const struct playback *p, const struct stream *s, sqlite3_stmt *rows)
{
    struct outcome o = {0};
    if (!take_end(rows, &o) || !take_certificate(rows, &o) || !take_follow_ups(p, s, &o))
        return false;
    exemplars_give(s->results, &o);
    TELL(p, device, &o)
    return true;
}

/* ---- walking ---- */

static void fetch(const struct playback *p, const struct stream *s, struct cursor *c)
{
    c->has = results_step(s->results, c->rows, p->e);
    if (c->has) {
        c->told = sqlite3_column_int64(c->rows, 0);
        c->at_us = sqlite3_column_int64(c->rows, 1);
    }
}

static void choose(struct stream *s)
{
    s->next = NULL;
    for (size_t i = 0; i < TABLES; i++) {
        struct cursor *c = &s->cursors[i];
        if (c->has && (s->next == NULL || c->told < s->next->told))
            s->next = c;
    }
    if (s->next != NULL && s->next->at_us > s->now_us)
        s->now_us = s->next->at_us;
}

static bool open_stream(struct playback *p, struct stream *s, const struct report_results *r)
{
    *s = (struct stream){.results = r, .now_us = INT64_MIN};
    for (size_t i = 0; i < TABLES; i++) {
        s->cursors[i].rows = results_prepare(r, select_of(r, i), p->e);
        if (s->cursors[i].rows == NULL)
            return false;
        fetch(p, s, &s->cursors[i]);
    }
    sqlite3_stmt *any = results_prepare(r, "SELECT 1 FROM follow_up LIMIT 1", p->e);
    if (any != NULL && results_step(r, any, p->e))
        s->follow_ups = results_prepare(r, follow_up_select, p->e);
    sqlite3_finalize(any);
    choose(s);
    return !err_is_set(p->e);
}

static void close_stream(struct stream *s)
{
    for (size_t i = 0; i < TABLES; i++)
        sqlite3_finalize(s->cursors[i].rows);
    sqlite3_finalize(s->follow_ups);
}

static struct stream *earliest(const struct playback *p)
{
    struct stream *first = NULL;
    for (size_t i = 0; i < p->count; i++) {
        struct stream *s = &p->streams[i];
        if (s->next != NULL && (first == NULL || s->now_us < first->now_us))
            first = s;
    }
    return first;
}

static bool tell_next(struct playback *p, struct stream *s)
{
    struct cursor *c = s->next;
    bool ok = false;
    switch ((enum table)(c - s->cursors)) {
    case EVENTS:
        ok = tell_event(p, s, c->rows);
        break;
    case STEPS:
        ok = tell_step(p, c->rows);
        break;
    case DEVICES:
        ok = tell_device(p, s, c->rows);
        break;
    case TABLES:
        break;
    }
    if (!ok)
        return results_damaged(s->results, "a row makes no sense", p->e);
    fetch(p, s, c);
    choose(s);
    return !err_is_set(p->e);
}

static bool walk(struct playback *p)
{
    for (struct stream *s; (s = earliest(p)) != NULL;) {
        if (!tell_next(p, s))
            return false;
    }
    return true;
}

static bool tell_the_rest(struct playback *p, const struct report_results *r, struct measure *m)
{
    if (r->stalls != NULL && !measure_add_stalls(m, r->stalls))
        return err_set(p->e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the figures of the run");
    for (size_t k = 0; k < r->probe_count; k++) {
        for (int64_t n = 0; n < r->probes[k].count; n++)
            TELL(p, probe, &r->probes[k].probe)
    }
    return true;
}

bool report_results_replay(struct report_results *const *parts, size_t count, struct measure *m,
                           const struct outcome_sink *also, struct err *e)
{
    struct err why = {0};
    struct playback p = {.sinks = {measure_sink(m)}, .sink_count = 1, .e = &why};
    if (also != NULL)
        p.sinks[p.sink_count++] = *also;
    p.streams = calloc(count, sizeof *p.streams);
    bool ok = p.streams != NULL || err_set(&why, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the results");
    while (ok && p.count < count) {
        ok = open_stream(&p, &p.streams[p.count], parts[p.count]);
        p.count++;
    }
    ok = ok && walk(&p);
    for (size_t i = 0; ok && i < count; i++)
        ok = tell_the_rest(&p, parts[i], m);
    for (size_t i = 0; i < p.count; i++)
        close_stream(&p.streams[i]);
    free(p.streams);
    if (!ok)
        *e = why;
    return ok;
}
