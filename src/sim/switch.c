#include "sim/switch.h"

#include "base/text.h"
#include "ndes/pages.h"

#include <jansson.h>

#define LINE_BYTES 256
#define US         1e6

/* The lines of one request, in order. */
struct changes {
    char lines[FAULTS_MAX][LINE_BYTES];
    size_t count;
};

static bool refuse(struct ndes_reply *reply, const char *why)
{
    reply->status = 400;
    reply->content_type = "text/plain";
    buf_appendf(&reply->body, "%s\n", why);
    return false;
}

static json_t *view_json(const struct fault_view *v)
{
    json_t *json = json_pack("{s:s,s:s,s:b,s:f}", "id", v->id, "fault", v->text, "holds", v->holds, "since_s",
                             (double)v->since_us / US);
    if (json != NULL && v->left_us != INT64_MAX)
        json_object_set_new(json, "left_s", json_real((double)v->left_us / US));
    return json;
}

static void list(const struct faults *faults, int64_t now_us, struct ndes_reply *reply)
{
    json_t *all = json_array();
    for (size_t i = 0; i < faults_count(faults); i++) {
        struct fault_view v = faults_view(faults, i, now_us);
        if (!v.over)
            json_array_append_new(all, view_json(&v));
    }
    json_t *root = json_pack("{s:o}", "faults", all);
    char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(12)); /* microseconds, and no more */
    reply->status = 200;
    reply->content_type = "application/json";
    buf_append_text(&reply->body, text != NULL ? text : "");
    buf_append_byte(&reply->body, '\n');
    reply->body.failed = reply->body.failed || text == NULL;
    free(text);
    json_decref(root);
}

/* ---- what is asked for ---- */

static bool add_line(struct changes *c, struct span line, struct err *e)
{
    while (line.len > 0 && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == ' '))
        line.len--;
    if (line.len == 0)
        return true;
    if (c->count == FAULTS_MAX)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "at most %d lines at once", FAULTS_MAX);
    if (line.len >= LINE_BYTES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a line is longer than %d characters", LINE_BYTES - 1);
    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] < ' ' || line.data[i] > '~')
            return err_set(e, STAGE_SETUP, REASON_USAGE, "write ID[:KEY=VALUE,...] or -ID, a line for each");
    }
    memcpy(c->lines[c->count++], line.data, line.len);
    return true;
}

static bool read_lines(struct span body, struct changes *out, struct err *e)
{
    while (body.len > 0) {
        const uint8_t *end = memchr(body.data, '\n', body.len);
        size_t len = end != NULL ? (size_t)(end - body.data) : body.len;
        if (!add_line(out, span_of(body.data, len), e))
            return false;
        size_t used = len + (end != NULL);
        body = span_of(body.data + used, body.len - used);
    }
    return out->count > 0 || err_set(e, STAGE_SETUP, REASON_USAGE,
                                     "no fault named: write ID[:KEY=VALUE,...] or -ID, a line for each");
}

static bool read_path(struct span target, struct changes *out, struct err *e)
{
    static const char folder[] = SIM_SWITCH_PATH "/";
    size_t len = sizeof folder - 1;
    if (target.len <= len || strncasecmp((const char *)target.data, folder, len) != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "no fault named: DELETE " SIM_SWITCH_PATH "/ID");
    out->lines[0][0] = '-';
    size_t rest = target.len - len;
    if (rest + 2 > LINE_BYTES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "the id is too long");
    memcpy(out->lines[0] + 1, target.data + len, rest);
    out->count = 1;
    return true;
}

/* ---- all or nothing ---- */

static bool is_there(const struct faults *faults, const char *id, int64_t now_us)
{
    for (size_t i = 0; i < faults_count(faults); i++) {
        struct fault_view v = faults_view(faults, i, now_us);
        if (!v.over && strcmp(v.id, id) == 0)
            return true;
    }
    return false;
}

/* The new ones as if they were a simulator's own, so that nothing of them is wrong when they begin. */
static bool check(const struct changes *c, const struct faults *faults, const struct ndes_request *request,
                  struct err *e)
{
    const char *added[FAULTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        const char *line = c->lines[i];
        if (line[0] != '-')
            added[count++] = line;
        else if (!is_there(faults, line + 1, request->now_us))
            return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.60s' does not hold, and is not to come",
                           line + 1);
    }
    struct faults *trial = NULL;
    bool ok = faults_parse(added, count, &trial, e) && faults_check(trial, request->tls, e);
    faults_free(trial);
    return ok;
}

static bool change(const struct changes *c, struct faults *faults, int64_t now_us, struct err *e)
{
    for (size_t i = 0; i < c->count; i++) {
        const char *line = c->lines[i];
        if (line[0] == '-')
            faults_end(faults, line + 1, now_us);
        else if (!faults_add(faults, line, now_us, e))
            return false;
    }
    return true;
}

bool sim_switch_answer(struct faults *faults, const struct ndes_request *request, struct ndes_reply *reply)
{
    struct changes changes = {0};
    struct err e = {0};
    bool post = strcmp(request->method, "POST") == 0;
    if (!request->local || request->of_page) {
        ndes_page_error(NDES_ERROR_IIS_403, reply);
        return false;
    }
    if (strcmp(request->method, "GET") == 0) {
        list(faults, request->now_us, reply);
        return false;
    }
    if (!post && strcmp(request->method, "DELETE") != 0) {
        ndes_page_error(NDES_ERROR_IIS_405, reply);
        return false;
    }
    bool ok = (post ? read_lines(request->body, &changes, &e) : read_path(request->target, &changes, &e)) &&
              check(&changes, faults, request, &e) && change(&changes, faults, request->now_us, &e);
    if (!ok)
        return refuse(reply, e.text);
    list(faults, request->now_us, reply);
    return true;
}
