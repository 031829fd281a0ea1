/* Exemplars of failures, read back from evidence/. What was taken out of them stays out. */
#include "report/results_parts.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#define MAX_FILE  ((size_t)8 << 20)
#define MAX_DEPTH 4

static void put_json_text(struct buf *out, const json_t *value)
{
    if (json_is_string(value))
        buf_append(out, json_string_value(value), json_string_length(value));
}

static void put_lines(struct buf *out, const json_t *list, const char *before)
{
    size_t i;
    const json_t *line;
    json_array_foreach(list, i, line)
    {
        buf_append_text(out, before);
        put_json_text(out, line);
        buf_append_byte(out, '\n');
    }
}

/* Back to lines of "message.signer.subject: ...". */
static void flatten(struct buf *out, json_t *object, const char *path, unsigned depth)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        char full[128];
        int len = snprintf(full, sizeof full, "%s%s%s", path, path[0] != '\0' ? "." : "", name);
        if (len < 0 || (size_t)len >= sizeof full)
            continue;
        if (json_is_object(value) && depth < MAX_DEPTH)
            flatten(out, value, full, depth + 1);
        else if (json_is_array(value))
            put_lines(out, value, "header: ");
        else if (json_is_string(value) && strcmp(full, "url") != 0) {
            buf_appendf(out, "%s: ", full);
            put_json_text(out, value);
            buf_append_byte(out, '\n');
        }
    }
}

static bool take(struct exemplar *x, json_t *tree, struct err *e)
{
    const json_t *device = json_object_get(tree, "device"), *follow = json_object_get(tree, "follow_up");
    const json_t *base64 = json_object_get(tree, "body_base64");
    enum outcome_follow of = OUTCOME_RENEWAL;
    if (!json_is_integer(device) || (json_is_string(follow) && !db_follow_of(json_string_value(follow), &of)))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "it is no exemplar");
    x->device = json_integer_value(device);
    x->follow = json_is_string(follow) ? (int)of : -1;
    put_json_text(&x->url, json_object_get(tree, "url"));
    put_lines(&x->headers, json_object_get(tree, "headers"), "");
    flatten(&x->request, json_object_get(tree, "request"), "", 0);
    return !json_is_string(base64) ||
           text_unbase64(span_of(json_string_value(base64), json_string_length(base64)), &x->body, e);
}

static void exemplar_init(struct exemplar *x)
{
    buf_init(&x->url, MAX_FILE);
    buf_init(&x->headers, MAX_FILE);
    buf_init(&x->body, MAX_FILE);
    buf_init(&x->request, MAX_FILE);
}

static void exemplar_free(struct exemplar *x)
{
    buf_clear(&x->url);
    buf_clear(&x->headers);
    buf_clear(&x->body);
    buf_clear(&x->request);
}

static bool parse(struct report_results *r, const struct buf *text, const char *name, struct err *e)
{
    struct err why = {0};
    json_t *tree = json_loadb(text->data == NULL ? "" : (const char *)text->data, text->len, 0, NULL);
    struct exemplar *x = &r->exemplars[r->exemplar_count++];
    exemplar_init(x);
    snprintf(x->name, sizeof x->name, "%s", name);
    bool ok = take(x, tree, &why);
    json_decref(tree);
    return ok || err_set(e, STAGE_SETUP, REASON_USAGE, "%.100s/%.60s cannot be read: %.30s", r->name, name,
                         why.text);
}

/* Somebody may have passed the folder on without its evidence: then there is none. */
static bool read_one(struct report_results *r, const char *name, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    static const char place[] = "evidence/";
    size_t len = strlen(name);
    if (strncmp(name, place, sizeof place - 1) != 0 || strchr(name + sizeof place - 1, '/') != NULL ||
        len < sizeof place + 5 || len >= sizeof r->exemplars->name || strcmp(name + len - 5, ".json") != 0)
        return results_damaged(r, "an exemplar lies elsewhere", e);
    snprintf(path, sizeof path, "%s/%s", r->folder, name);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    buf_init(&text, MAX_FILE);
    bool ok = file_read(path, &text, e) && parse(r, &text, name, e);
    buf_clear(&text);
    return ok;
}

bool exemplars_read(struct report_results *r, struct err *e)
{
    struct err why = {0};
    sqlite3_stmt *rows = results_prepare(
        r, "SELECT exemplar FROM failure WHERE exemplar IS NOT NULL ORDER BY failure LIMIT 4096", e);
    r->exemplars = calloc(RESULTS_MAX_ROWS, sizeof *r->exemplars);
    if (rows == NULL || r->exemplars == NULL) {
        sqlite3_finalize(rows);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for exemplars");
    }
    bool ok = true;
    while (ok && r->exemplar_count < RESULTS_MAX_ROWS && results_step(r, rows, &why))
        ok = read_one(r, (const char *)sqlite3_column_text(rows, 0), &why);
    sqlite3_finalize(rows);
    if (err_is_set(&why))
        *e = why;
    return !err_is_set(&why);
}

void exemplars_clear(struct report_results *r)
{
    for (size_t i = 0; i < r->exemplar_count; i++)
        exemplar_free(&r->exemplars[i]);
    free(r->exemplars);
}

static void tell_request(const void *asked, struct buf *out)
{
    const struct exemplar *x = asked;
    buf_append_span(out, buf_span(&x->request));
}

void exemplars_give(const struct report_results *r, struct outcome *o)
{
    for (size_t i = 0; i < r->exemplar_count; i++) {
        const struct exemplar *x = &r->exemplars[i];
        if (x->device != (int64_t)o->device)
            continue;
        struct outcome_exemplar *to = x->follow < 0 ? &o->exemplar : &o->follow[x->follow].exemplar;
        *to = (struct outcome_exemplar){.url = buf_span(&x->url),
                                        .headers = buf_span(&x->headers),
                                        .body = buf_span(&x->body),
                                        .tell_request = x->request.len > 0 ? tell_request : NULL,
                                        .asked = x};
    }
}
