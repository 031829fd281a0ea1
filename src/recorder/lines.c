/* The line of a request in the log of IIS or of HTTP.sys, and what else it leaves. */
#include "recorder/recording.h"

#include "base/clock.h"
#include "base/text.h"
#include "ndes/url.h"

#include <stdlib.h>
#include <string.h>

#define LATE_US        100000 /* what leaves earlier is written at once */
#define NO_CREDENTIALS UINT32_C(0x8009030e)

/* ---- lines of replies that leave later: a heap by time ---- */

static bool earlier(const struct recorder_late *a, const struct recorder_late *b)
{
    return a->due_us < b->due_us;
}

static void swap(struct recorder_late *a, struct recorder_late *b)
{
    struct recorder_late c = *a;
    *a = *b;
    *b = c;
}

static void push(struct recorder *r, const struct recorder_late *late)
{
    size_t i = r->late_count++;
    r->late[i] = *late;
    for (; i > 0 && earlier(&r->late[i], &r->late[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&r->late[i], &r->late[(i - 1) / 2]);
}

static struct recorder_late pop(struct recorder *r)
{
    struct recorder_late first = r->late[0];
    r->late[0] = r->late[--r->late_count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < r->late_count; child++) {
            if (earlier(&r->late[child], &r->late[least]))
                least = child;
        }
        if (least == i)
            return first;
        swap(&r->late[i], &r->late[least]);
        i = least;
    }
}

/* Copies the strings of a line into one piece of memory. */
static bool keep(const struct traces_iis *line, struct recorder_late *out)
{
    const char *texts[] = {line->method, line->stem, line->query, line->user, line->client, line->agent};
    enum { COUNT = sizeof texts / sizeof *texts };
    size_t bytes = 0;
    for (size_t i = 0; i < COUNT; i++)
        bytes += texts[i] != NULL ? strlen(texts[i]) + 1 : 0;
    char *at = out->text = malloc(bytes + 1);
    if (at == NULL)
        return false;
    const char *copies[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t len = texts[i] != NULL ? strlen(texts[i]) + 1 : 0;
        copies[i] = texts[i] != NULL ? memcpy(at, texts[i], len) : NULL;
        at += len;
    }
    out->line = *line;
    out->line.method = copies[0];
    out->line.stem = copies[1];
    out->line.query = copies[2];
    out->line.user = copies[3];
    out->line.client = copies[4];
    out->line.agent = copies[5];
    return true;
}

void recorder_iis(struct recorder *r, unsigned node, const struct traces_iis *line, int64_t now_us)
{
    struct recorder_late late = {.node = node, .due_us = r->config.now_us() + line->when_us - now_us};
    bool kept = false;
    if (line->when_us - now_us > LATE_US && keep(line, &late)) {
        pthread_mutex_lock(&r->late_lock);
        kept = r->late_count < RECORDER_LATE;
        if (kept)
            push(r, &late);
        pthread_mutex_unlock(&r->late_lock);
        if (!kept)
            free(late.text);
    }
    if (!kept)
        traces_iis(r->nodes[node], line);
}

void recorder_late_lines(struct recorder *r, int64_t now_us)
{
    pthread_mutex_lock(&r->late_lock);
    while (r->late_count > 0 && r->late[0].due_us <= now_us) {
        struct recorder_late late = pop(r);
        traces_iis(r->nodes[late.node], &late.line);
        free(late.text);
    }
    pthread_mutex_unlock(&r->late_lock);
}

/* ---- one request ---- */

/* A target in two: the path decoded, as IIS logs it, and the query as it came. */
struct target {
    struct buf stem, query, whole;
};

static void target_init(struct span line, struct target *out)
{
    struct span target = ndes_url_without_authority(line);
    const uint8_t *mark = target.len > 0 ? memchr(target.data, '?', target.len) : NULL;
    size_t path = mark != NULL ? (size_t)(mark - target.data) : target.len;
    buf_init(&out->stem, BYTES_MAX_MESSAGE);
    buf_init(&out->query, BYTES_MAX_MESSAGE);
    buf_init(&out->whole, BYTES_MAX_MESSAGE);
    text_percent_decode(span_of(target.data, path), false, &out->stem);
    if (mark != NULL)
        buf_append(&out->query, mark + 1, target.len - path - 1);
    buf_append_span(&out->whole, target);
}

static void target_clear(struct target *t)
{
    buf_clear(&t->stem);
    buf_clear(&t->query);
    buf_clear(&t->whole);
}

/* IIS writes DOMAIN\user, whatever form the client used. */
static const char *user_of(const struct ndes_reply *reply, char *out, size_t bytes)
{
    if (reply->user[0] == '\0')
        return NULL;
    if (strchr(reply->user, '\\') != NULL)
        return reply->user;
    snprintf(out, bytes, "CONTOSO\\%.*s", (int)strcspn(reply->user, "@"), reply->user);
    return out;
}

/* Until the reply leaves; what making it took counts only where nothing was said. */
static int64_t taken(const struct ndes_request *request, const struct ndes_reply *reply)
{
    int64_t spent = request->monotonic_us != 0 ? clock_monotonic_us() - request->monotonic_us : 0;
    return spent > reply->delay_us ? spent : reply->delay_us;
}

static void iis_line(const struct recorder_scene *s, struct target *target)
{
    char user[300];
    const struct ndes_request *request = s->request;
    struct traces_iis line = {
        .when_us = request->now_us + s->taken_us,
        .method = request->method,
        .stem = buf_text(&target->stem),
        .query = buf_text(&target->query),
        .user = user_of(s->reply, user, sizeof user),
        .client = request->client,
        .agent = request->agent,
        .status = s->reply->status,
        .substatus = s->reply->substatus,
        .win32 = s->reply->win32,
        .bytes_sent = s->reply->body.len,
        .bytes_received = request->head_bytes + request->body.len,
        .taken_us = s->taken_us,
    };
    recorder_iis(s->recorder, s->node, &line, request->now_us);
}

/* 503 comes from the queue of the pool; what else HTTP.sys refuses never got to it. A worker that died leaves no status. */
static void httperr_line(const struct recorder_scene *s, struct target *target)
{
    const struct ndes_reply *reply = s->reply;
    bool of_pool = reply->status == 503 || reply->crashed ||
                   (reply->httperr != NULL && strstr(reply->httperr, "AppPool") != NULL);
    struct traces_httperr line = {
        .when_us = s->request->now_us,
        .client = s->request->client,
        .client_port = s->request->client_port,
        .version = s->request->http_1_0 ? "HTTP/1.0" : "HTTP/1.1",
        .method = s->request->method,
        .uri = buf_text(&target->whole),
        .status = reply->crashed ? 0 : reply->status,
        .reason = reply->httperr,
        .queue = of_pool ? "SCEP" : NULL,
    };
    traces_httperr(s->recorder->nodes[s->node], &line);
}

static bool is_leg(const struct ndes_reply *reply)
{
    return reply->status == 401 && (reply->substatus == 2 || reply->win32 == NO_CREDENTIALS);
}

/* Rows of faults for this request. Those of Intune's logs have their place in recorder_intune. */
static void request_rows(const struct recorder_scene *scene, enum ndes_operation op)
{
    struct recorder_rows_at at = {0};
    struct recorder_scene s = *scene;
    const struct fault_trace *row;
    while ((row = recorder_next(scene, op, &at, &s.setting)) != NULL) {
        bool own = row->kind == FAULT_TRACE_EVENT || row->kind == FAULT_TRACE_STATE;
        if (own)
            recorder_row(&s, at.fault, row);
    }
}

/* Whether a fault says the same as a note. */
static bool is_said(const struct recorder_scene *scene, enum ndes_operation op, const char *event)
{
    struct recorder_rows_at at = {0};
    const struct fault_setting *setting = NULL;
    const struct fault_trace *row;
    while ((row = recorder_next(scene, op, &at, &setting)) != NULL) {
        if (row->kind == FAULT_TRACE_EVENT && strcmp(row->what, event) == 0)
            return true;
    }
    return false;
}

static void notes(const struct recorder_scene *scene, enum ndes_operation op)
{
    for (size_t i = 0; i < NDES_NOTES; i++) {
        const struct ndes_note *note = &scene->reply->notes[i];
        const char *values[7] = {NULL};
        size_t count = 6;
        while (count > 0 && note->values[count - 1][0] == '\0')
            count--;
        for (size_t v = 0; v < count; v++)
            values[v] = note->values[v];
        if (note->event != NULL && !is_said(scene, op, note->event))
            recorder_event(scene, note->event, values);
    }
}

static void crash_rows(const struct recorder_scene *scene)
{
    const struct faults *faults = scene->recorder->config.faults;
    unsigned whens = (scene->reply->crashed ? 1u << FAULT_TRACE_CRASH : 0) |
                     (scene->reply->pool_disabled ? 1u << FAULT_TRACE_DISABLE : 0);
    if (whens != 0)
        recorder_crash(scene->recorder, scene->reply->pool_disabled);
    for (size_t i = 0; whens != 0 && i < faults_count(faults); i++) {
        int64_t from_us, for_us;
        struct recorder_scene s = *scene;
        s.setting = faults_at(faults, i, &from_us, &for_us);
        pthread_mutex_lock(&s.recorder->lock);
        if ((scene->reply->bitten & UINT32_C(1) << i) != 0)
            recorder_rows(&s, i, whens);
        pthread_mutex_unlock(&s.recorder->lock);
    }
}

/* The module was asked, and what it met became an HTTP error. */
static bool module_failed(const struct recorder_scene *s)
{
    struct recorder_rows_at at = {0};
    const struct fault_setting *setting = NULL;
    const struct fault_trace *row;
    while (s->reply->status >= 500 &&
           (row = recorder_next(s, NDES_OP_PKI_OPERATION, &at, &setting)) != NULL) {
        if (row->kind == FAULT_TRACE_PLUGIN)
            return true;
    }
    return false;
}

/* Only a message that could be opened gets to the module. */
static bool asks_module(const struct recorder_scene *s, const struct ndes_url *url)
{
    const char *type = s->reply->content_type;
    bool certrep = type != NULL && strcmp(type, "application/x-pki-message") == 0;
    bool asked = certrep || (s->reply->bitten != 0 && s->reply->transaction[0] != '\0');
    return s->recorder->module && url->operation == NDES_OP_PKI_OPERATION &&
           ((asked && s->reply->subject[0] != '\0') || module_failed(s));
}

static void record(const struct recorder_scene *scene)
{
    struct target target;
    target_init(scene->request->target, &target);
    if (scene->reply->layer == NDES_LAYER_KERNEL && scene->reply->httperr != NULL)
        httperr_line(scene, &target);
    else if (scene->reply->layer != NDES_LAYER_FRONT)
        iis_line(scene, &target);
    target_clear(&target);
}

/* What stands for somebody else than the server is not in its logs. */
static bool is_beside(enum ndes_place place)
{
    return place != NDES_PLACE_UNKNOWN && place != NDES_PLACE_MSCEP && place != NDES_PLACE_MSCEP_NO_SLASH &&
           place != NDES_PLACE_ADMIN && place != NDES_PLACE_ADMIN_NO_SLASH;
}

void recorder_answer(struct recorder *r, const struct ndes_request *request, const struct ndes_reply *reply)
{
    struct ndes_url url = ndes_url_parse(request->target);
    if (is_beside(url.place))
        return;
    struct recorder_scene scene = {
        .recorder = r,
        .now_us = request->now_us,
        .node = reply->node < r->node_count ? reply->node : 0,
        .request = request,
        .reply = reply,
        .taken_us = taken(request, reply),
    };
    if (asks_module(&scene, &url))
        recorder_intune(&scene);
    if (r->config.mode != NDES_PROXY)
        record(&scene);
    else if (url.operation != NDES_OP_PKI_OPERATION || !recorder_proxy(&scene))
        return;
    if (is_leg(reply) || (reply->layer == NDES_LAYER_FRONT && r->config.mode != NDES_PROXY))
        return;
    notes(&scene, url.operation);
    recorder_request(&scene);
    request_rows(&scene, url.operation);
    crash_rows(&scene);
}
