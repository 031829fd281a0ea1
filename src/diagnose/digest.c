#include "diagnose/digest.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- servers ---- */

/* The first label, lower case; addresses stay whole. */
static void short_name(const char *name, char out[NODE_BYTES])
{
    bool address = strspn(name, "0123456789.") == strlen(name) || strchr(name, ':') != NULL;
    size_t len = address ? strlen(name) : strcspn(name, ".");
    if (len >= NODE_BYTES)
        len = NODE_BYTES - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[len] = '\0';
}

/* Index 0 is "not known"; servers beyond the table are not known either. */
static unsigned node_of(struct diagnose_logs *d, const char *name)
{
    char wanted[NODE_BYTES];
    short_name(name, wanted);
    if (wanted[0] == '\0')
        return 0;
    for (unsigned i = 1; i < d->node_count; i++) {
        if (strcmp(d->nodes[i], wanted) == 0)
            return i;
    }
    if (d->node_count == MAX_NODES)
        return 0;
    snprintf(d->nodes[d->node_count], NODE_BYTES, "%s", wanted);
    return d->node_count++;
}

static bool is_address(const char *name)
{
    return strspn(name, "0123456789.") == strlen(name) || strchr(name, ':') != NULL;
}

bool digest_same_server(const struct diagnose_logs *d, unsigned a, unsigned b)
{
    if (a == 0 || b == 0 || a == b)
        return true;
    return is_address(d->nodes[a]) != is_address(d->nodes[b]); /* an address may be anybody's */
}

/* ---- pools ---- */

static void pool_learn(struct diagnose_logs *d, struct span name)
{
    char pool[48];
    if (name.len <= 1 || name.len >= sizeof pool || d->pool_count == MAX_POOLS)
        return;
    memcpy(pool, name.data, name.len);
    pool[name.len] = '\0';
    for (unsigned i = 0; i < d->pool_count; i++) {
        if (strcasecmp(d->pools[i], pool) == 0)
            return;
    }
    snprintf(d->pools[d->pool_count++], sizeof d->pools[0], "%s", pool);
}

bool digest_own_pool(const struct diagnose_logs *d, const char *pool)
{
    for (unsigned i = 0; i < d->pool_count; i++) {
        if (strcasecmp(d->pools[i], pool) == 0)
            return true;
    }
    return strcasestr(pool, "scep") != NULL || strcasestr(pool, "ndes") != NULL;
}

/* "Application pool SCEP has been disabled", "of application pool 'SCEP' ..." */
static void pool_in_text(const char *text, char *out, size_t out_bytes)
{
    const char *at = strcasestr(text, "application pool ");
    if (at == NULL)
        return;
    at += strlen("application pool ");
    bool quoted = *at == '\'' || *at == '"';
    at += quoted;
    size_t len = quoted ? strcspn(at, "'\"") : strcspn(at, " .,'\"");
    snprintf(out, out_bytes, "%.*s", (int)(len < 47 ? len : 47), at);
}

static void scope_of_pool(const struct diagnose_logs *d, const struct evidence_event *e, char *out,
                          size_t out_bytes)
{
    for (size_t i = 0; i < e->data_count; i++) {
        if (digest_own_pool(d, e->data[i].value)) {
            snprintf(out, out_bytes, "%s", e->data[i].value);
            return;
        }
    }
    pool_in_text(e->message, out, out_bytes);
    const char *named = marks_data(e, "AppPoolID");
    if (out[0] == '\0' && e->data_count > 0)
        snprintf(out, out_bytes, "%.40s", named[0] != '\0' ? named : e->data[0].value);
    for (unsigned i = 0; out[0] == '\0' && i < d->pool_count; i++) {
        if (strcasestr(e->message, d->pools[i]) != NULL) /* in whatever language */
            snprintf(out, out_bytes, "%s", d->pools[i]);
    }
}

/* The account that an event is about, without its domain, lower case. */
static void scope_of_account(const struct evidence_event *e, char *out, size_t out_bytes)
{
    static const char *const names[] = {"TargetUserName", "AccountName", "param2"};
    const char *name = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0] && name[0] == '\0'; i++)
        name = marks_data(e, names[i]);
    const char *said = strcasestr(e->message, "to log on as ");
    const char *security = strcasestr(e->message, "Account For Which Logon Failed");
    const char *locked = strcasestr(e->message, "Account That Was Locked Out");
    if (name[0] == '\0' && said != NULL)
        name = said + strlen("to log on as ");
    else if (name[0] == '\0' && (security != NULL || locked != NULL)) {
        const char *at = strcasestr(security != NULL ? security : locked, "Account Name:");
        name = at != NULL ? at + strlen("Account Name:") + strspn(at + strlen("Account Name:"), " \t") : "";
    }
    size_t len = strcspn(name, " \t\r\n@");
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '\\') {
            name += i + 1;
            len -= i + 1;
            break;
        }
    }
    snprintf(out, out_bytes, "%.*s", (int)(len < 47 ? len : 47), name);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

/* ---- what was seen ---- */

struct sighting {
    const struct mark *mark;
    unsigned node;
    bool local;
    uint32_t code;
    char scope[48];
    int64_t time_us;
};

static struct seen *seen_entry(struct diagnose_logs *d, const struct sighting *s)
{
    for (size_t i = 0; i < d->seen_count; i++) {
        struct seen *seen = &d->seen[i];
        if (seen->mark == s->mark && seen->node == s->node && seen->local == s->local &&
            seen->code == s->code && strcmp(seen->scope, s->scope) == 0)
            return seen;
    }
    if (d->seen_count == MAX_SEEN) {
        d->lost++;
        return NULL;
    }
    struct seen *seen = &d->seen[d->seen_count++];
    *seen = (struct seen){.mark = s->mark,
                          .node = s->node,
                          .local = s->local,
                          .code = s->code,
                          .first_us = EVIDENCE_NO_TIME,
                          .last_us = EVIDENCE_NO_TIME,
                          .stride = 1};
    memcpy(seen->scope, s->scope, sizeof seen->scope);
    return seen;
}

/* Every stride-th time is kept; when there is no room, every second one of these. */
static void keep_time(struct seen *seen, int64_t time_us)
{
    if (time_us == EVIDENCE_NO_TIME)
        return;
    if (seen->first_us == EVIDENCE_NO_TIME || time_us < seen->first_us)
        seen->first_us = time_us;
    if (seen->last_us == EVIDENCE_NO_TIME || time_us > seen->last_us)
        seen->last_us = time_us;
    if (seen->count % seen->stride != 0)
        return;
    if (seen->time_count == SEEN_TIMES) {
        for (size_t i = 0; i < SEEN_TIMES / 2; i++)
            seen->times[i] = seen->times[2 * i];
        seen->time_count = SEEN_TIMES / 2;
        seen->stride *= 2;
        if (seen->count % seen->stride != 0)
            return;
    }
    seen->times[seen->time_count++] = time_us;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void example_of(const struct evidence_record *r, char *out, size_t out_bytes)
{
    if (r->kind == EVIDENCE_IIS)
        snprintf(out, out_bytes, "%.*s %.*s %d %d %lld",
                 (int)(r->iis.method.len < 10 ? r->iis.method.len : 10), (const char *)r->iis.method.data,
                 (int)(r->iis.stem.len < 60 ? r->iis.stem.len : 60), (const char *)r->iis.stem.data,
                 r->iis.status, r->iis.substatus, (long long)r->iis.win32);
    else if (r->kind == EVIDENCE_HTTPERR)
        snprintf(out, out_bytes, "%.*s %d %.*s", (int)(r->httperr.uri.len < 60 ? r->httperr.uri.len : 60),
                 (const char *)r->httperr.uri.data, r->httperr.status,
                 (int)(r->httperr.reason.len < 40 ? r->httperr.reason.len : 40),
                 (const char *)r->httperr.reason.data);
    else if (r->kind == EVIDENCE_EVENTS)
        snprintf(out, out_bytes, "%.120s",
                 r->event.message[0] != '\0' ? r->event.message
                 : r->event.data_count > 0   ? r->event.data[0].value
                                             : "");
    else if (r->kind == EVIDENCE_PLUGIN || r->kind == EVIDENCE_SVCLOG)
        snprintf(out, out_bytes, "%.120s", r->text.text);
    for (char *c = out; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ')
            *c = ' ';
    }
}

static void see(struct diagnose_logs *d, const struct sighting *s, const struct evidence_record *r)
{
    struct seen *seen = seen_entry(d, s);
    if (seen == NULL)
        return;
    keep_time(seen, s->time_us);
    if (seen->count++ == 0) {
        example_of(r, seen->example, sizeof seen->example);
        snprintf(seen->where, sizeof seen->where, "%.100s:%llu", file_name(r->file->path),
                 (unsigned long long)r->line);
    }
    if (r->kind == EVIDENCE_IIS && r->iis.taken_ms > 0) {
        seen->taken_ms_sum += (uint64_t)r->iis.taken_ms;
        if (r->iis.taken_ms > seen->taken_ms_max)
            seen->taken_ms_max = r->iis.taken_ms;
    }
}

void digest_add(struct diagnose_logs *d, const char *mark, unsigned node, uint64_t count, int64_t first_us,
                int64_t last_us, const char *example)
{
    struct sighting s = {.mark = marks_find(mark), .node = node};
    struct seen *seen = s.mark == NULL ? NULL : seen_entry(d, &s);
    if (seen == NULL || count == 0)
        return;
    keep_time(seen, first_us);
    seen->count += count;
    if (last_us != first_us)
        keep_time(seen, last_us);
    if (seen->example[0] == '\0')
        snprintf(seen->example, sizeof seen->example, "%s", example);
}

/* ---- coverage ---- */

static enum cover cover_of(const struct evidence_record *r)
{
    static const enum cover by_kind[EVIDENCE_KIND_COUNT] = {
        [EVIDENCE_UNKNOWN] = COVER_COUNT,      [EVIDENCE_IIS] = COVER_IIS,
        [EVIDENCE_HTTPERR] = COVER_HTTPERR,    [EVIDENCE_PLUGIN] = COVER_PLUGIN,
        [EVIDENCE_SVCLOG] = COVER_SVCLOG,      [EVIDENCE_STATE] = COVER_STATE,
        [EVIDENCE_EVENTS] = COVER_APPLICATION,
    };
    static const struct {
        const char *part;
        enum cover cover;
    } sources[] = {{"CertificationAuthority", COVER_CA},
                   {"CertificateConnectors", COVER_CONNECTOR},
                   {"NDESConnector", COVER_CONNECTOR},
                   {"Security-Auditing", COVER_SECURITY},
                   {"WAS", COVER_SYSTEM},
                   {"Service Control Manager", COVER_SYSTEM},
                   {"Schannel", COVER_SYSTEM},
                   {"DistributedCOM", COVER_SYSTEM},
                   {"GroupPolicy", COVER_SYSTEM},
                   {"Time-Service", COVER_SYSTEM}};
    if (r->kind != EVIDENCE_EVENTS)
        return by_kind[r->kind];
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (strcasestr(r->event.provider, sources[i].part) != NULL)
            return sources[i].cover;
    }
    if (strcasecmp(r->event.channel, "System") == 0)
        return COVER_SYSTEM;
    if (strcasecmp(r->event.channel, "Security") == 0)
        return COVER_SECURITY;
    return r->event.channel[0] == '\0' || strcasecmp(r->event.channel, "Application") == 0 ? COVER_APPLICATION
                                                                                           : COVER_COUNT;
}

static void cover(struct diagnose_logs *d, const struct evidence_record *r)
{
    enum cover what = cover_of(r);
    if (what == COVER_COUNT)
        return;
    struct span_us *span = &d->cover[what];
    span->local |= r->file->local_time;
    if (r->time_us != EVIDENCE_NO_TIME) {
        if (span->count == 0 || span->first_us == EVIDENCE_NO_TIME || r->time_us < span->first_us)
            span->first_us = r->time_us;
        if (span->count == 0 || span->last_us == EVIDENCE_NO_TIME || r->time_us > span->last_us)
            span->last_us = r->time_us;
    } else if (span->count == 0) {
        span->first_us = span->last_us = EVIDENCE_NO_TIME;
    }
    span->count++;
}

/* Logs begin with the first thing that happened: an hour of grace at both ends. */
bool digest_covers(const struct diagnose_logs *d, enum cover what, int64_t from_us, int64_t to_us)
{
    const int64_t grace = INT64_C(3600) * 1000000;
    const struct span_us *span = &d->cover[what];
    if (span->count == 0)
        return false;
    if (span->first_us == EVIDENCE_NO_TIME || from_us == EVIDENCE_NO_TIME)
        return true;
    return span->first_us <= from_us + grace && span->last_us >= to_us - grace;
}

/* ---- records ---- */

/* Who fetched passwords with what success: an address that never names an account offers no scheme that the page knows. */
static void note_client(struct diagnose_logs *d, const struct evidence_record *r)
{
    char address[48];
    const struct evidence_iis *line = &r->iis;
    snprintf(address, sizeof address, "%.*s", (int)(line->client.len < 47 ? line->client.len : 47),
             (const char *)line->client.data);
    size_t i = 0;
    while (i < d->client_count && strcmp(d->clients[i].address, address) != 0)
        i++;
    if (i == MAX_CLIENTS)
        return;
    struct otp_client *client = &d->clients[i];
    if (i == d->client_count) {
        *client = (struct otp_client){.bare_401 = 0};
        memcpy(client->address, address, sizeof address);
        d->client_count++;
    }
    bool bare = line->status == 401 && line->substatus == 2 && line->user.len == 0;
    client->welcome |= line->status == 200;
    client->first_us = client->bare_401 == 0 ? r->time_us : client->first_us;
    client->bare_401 = bare ? client->bare_401 + 1 : 0;
    client->last_us = r->time_us;
    if (client->bare_401 > client->most) {
        client->most = client->bare_401;
        client->most_first_us = client->first_us;
        client->most_last_us = client->last_us;
    }
}

static void note_post(struct diagnose_logs *d, const struct evidence_iis *line)
{
    int64_t bucket = line->bytes_received / BUCKET_BYTES;
    if (line->bytes_received > 0 && line->status == 200 && bucket < POST_BUCKETS)
        d->posts[bucket]++;
}

static bool wants_code(const struct mark *m)
{
    return m->problem != NULL && strcmp(m->problem, "ca") == 0;
}

static void look(struct diagnose_logs *d, const struct evidence_record *r, const struct mark *m)
{
    struct sighting s = {.mark = m,
                         .local = r->file->local_time,
                         .time_us = r->time_us,
                         .code = wants_code(m) ? marks_code(r) : 0};
    const char *computer =
        r->kind == EVIDENCE_EVENTS && r->event.computer[0] != '\0' ? r->event.computer : r->file->node;
    s.node = node_of(d, computer);
    if (m->scoped && m->anywhere)
        scope_of_account(&r->event, s.scope, sizeof s.scope);
    else if (m->scoped)
        scope_of_pool(d, &r->event, s.scope, sizeof s.scope);
    see(d, &s, r);
}

static void hint_at_offset(struct diagnose_logs *d, const struct evidence_record *r)
{
    int year, month, day, hour, minute, second;
    const char *at = strcasestr(r->event.message, "started at system time ");
    if (!r->file->local_time || at == NULL || r->time_us == EVIDENCE_NO_TIME ||
        d->clock_hint_us != EVIDENCE_NO_TIME)
        return;
    while (*at != '\0' && isdigit((unsigned char)*at) == 0)
        at++;
    if (sscanf(at, "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) != 6)
        return;
    int64_t of_day = (int64_t)hour * 3600 + minute * 60 + second, quarter = INT64_C(900) * 1000000;
    int64_t local_day = (r->time_us / 1000000) % 86400;
    int64_t apart = (local_day - of_day) * 1000000;
    if (apart > INT64_C(50400) * 1000000)
        apart -= INT64_C(86400) * 1000000;
    if (apart < -INT64_C(50400) * 1000000)
        apart += INT64_C(86400) * 1000000;
    d->clock_hint_us = (apart + (apart < 0 ? -quarter : quarter) / 2) / quarter * quarter;
}

static void on_record(const struct evidence_record *r, void *user)
{
    struct diagnose_logs *d = user;
    unsigned asks = r->kind == EVIDENCE_IIS ? marks_asks(&r->iis, d->own_stem) : 0;
    cover(d, r);
    if (r->kind == EVIDENCE_STATE) {
        state_record(d, r);
        return;
    }
    if (r->kind == EVIDENCE_HTTPERR && r->httperr.uri.len > 14 &&
        strncasecmp((const char *)r->httperr.uri.data, "/certsrv/mscep", 14) == 0)
        pool_learn(d, r->httperr.queue);
    if (r->kind == EVIDENCE_IIS && (asks & ASK_OTP) != 0)
        note_client(d, r);
    if (r->kind == EVIDENCE_IIS && (asks & ASK_POST) != 0)
        note_post(d, &r->iis);
    if (r->kind == EVIDENCE_EVENTS)
        hint_at_offset(d, r);
    for (size_t i = 0; i < d->mark_count[r->kind]; i++) {
        if (marks_match(d->marks[r->kind][i], r, asks))
            look(d, r, d->marks[r->kind][i]);
    }
}

static void on_file(const struct evidence_file *f, void *user)
{
    struct diagnose_logs *d = user;
    struct diagnose_file *files = realloc(d->files, (d->file_count + 1) * sizeof *files);
    if (files == NULL)
        return; /* it is only not told of */
    d->files = files;
    struct diagnose_file *to = &files[d->file_count++];
    *to = (struct diagnose_file){.kind = f->kind,
                                 .bytes = f->bytes,
                                 .lines = f->lines,
                                 .records = f->records,
                                 .damaged = f->damaged,
                                 .local_time = f->local_time};
    snprintf(to->path, sizeof to->path, "%s", f->path);
    snprintf(to->node, sizeof to->node, "%s", f->node);
    snprintf(to->problem, sizeof to->problem, "%s", f->problem != NULL ? f->problem : "");
}

/* ---- life ---- */

bool diagnose_logs_new(struct diagnose_logs **out, const char *stem, struct err *e)
{
    struct diagnose_logs *d = calloc(1, sizeof *d);
    struct seen *seen = d == NULL ? NULL : calloc(MAX_SEEN, sizeof *seen);
    if (seen == NULL) {
        free(d);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the logs");
    }
    d->seen = seen;
    d->node_count = 1; /* 0 is "not known" */
    d->clock_hint_us = EVIDENCE_NO_TIME;
    d->now_us = EVIDENCE_NO_TIME;
    pool_learn(d, span_of_text("SCEP"));
    snprintf(d->own_stem, sizeof d->own_stem, "%s", stem != NULL ? stem : "");
    for (size_t i = 0; i < marks_count(); i++) {
        const struct mark *m = marks_at(i);
        if (m->kind != EVIDENCE_UNKNOWN && d->mark_count[m->kind] < MAX_MARKS)
            d->marks[m->kind][d->mark_count[m->kind]++] = m;
    }
    *out = d;
    return true;
}

void diagnose_logs_free(struct diagnose_logs *logs)
{
    if (logs == NULL)
        return;
    free(logs->seen);
    free(logs->files);
    free(logs);
}

struct evidence_sink diagnose_logs_sink(struct diagnose_logs *logs)
{
    return (struct evidence_sink){.record = on_record, .file = on_file, .user = logs};
}
