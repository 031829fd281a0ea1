/* What `check` found, as metrics: for --textfile, which node_exporter's textfile collector reads, and for --metrics-listen. */
#include "base/clock.h"
#include "base/file.h"
#include "check/check.h"
#include "live/exposition.h"
#include "live/live.h"

#define MAX_TEXT   ((size_t)1 << 20)
#define MAX_STAGES 64

/* The labels that all samples share: which server was looked at, and which of several behind its name. */
static struct live_labels labels_of(const struct check *c, const char *node)
{
    struct live_labels labels = {0};
    live_label(&labels, "target", c->scenario->target.url);
    if (node == NULL)
        node = c->place.pinned != NULL ? c->place.pinned : c->place.count == 1 ? c->place.addresses[0] : "";
    live_label(&labels, "node", node);
    return labels;
}

static void put_status(struct live_writer *w, const struct check *c)
{
    struct live_labels labels = labels_of(c, NULL);
    int64_t now_s = clock_wall_us() / 1000000;
    live_family(w, LIVE_GAUGE, "scepstorm_check_status", "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.");
    live_sample(w, &labels, (double)c->status);
    live_family(w, LIVE_GAUGE, "scepstorm_check_timestamp_seconds", "When this was found, Unix time.");
    live_sample(w, &labels, (double)now_s);
}

/* A stage may have several sentences: it is as good as the worst of them. */
static size_t collect(const struct check *c, const char *names[MAX_STAGES], bool good[MAX_STAGES])
{
    size_t count = 0, i;
    const json_t *row;
    json_array_foreach(c->stages, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "stage"));
        bool ok = json_is_true(json_object_get(row, "ok"));
        size_t at = 0;
        while (name != NULL && at < count && strcmp(names[at], name) != 0)
            at++;
        if (name == NULL || at == MAX_STAGES)
            continue;
        good[at] = at < count ? good[at] && ok : ok;
        names[at] = name;
        count += at == count;
    }
    return count;
}

static void put_stages(struct live_writer *w, const struct check *c)
{
    const char *names[MAX_STAGES];
    bool good[MAX_STAGES];
    size_t count = collect(c, names, good);
    live_family(w, LIVE_GAUGE, "scepstorm_check_stage_ok", "1: nothing was found wrong at this stage.");
    for (size_t i = 0; i < count; i++) {
        struct live_labels labels = labels_of(c, NULL);
        live_label(&labels, "stage", names[i]);
        live_sample(w, &labels, good[i]);
    }
}

static void put_times(struct live_writer *w, const struct check *c)
{
    const char *stage;
    json_t *ms;
    live_family(w, LIVE_GAUGE, "scepstorm_check_stage_duration_seconds", "How long this stage took.");
    json_object_foreach(c->timings, stage, ms)
    {
        struct live_labels labels = labels_of(c, NULL);
        live_label(&labels, "stage", stage);
        live_sample(w, &labels, json_number_value(ms) / 1e3);
    }
}

static bool same_certificate(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "role"), json_object_get(b, "role")) &&
           json_equal(json_object_get(a, "node"), json_object_get(b, "node")) &&
           json_equal(json_object_get(a, "sha256"), json_object_get(b, "sha256"));
}

static bool listed_before(const struct check *c, size_t index)
{
    const json_t *row = json_array_get(c->certificates, index);
    for (size_t i = 0; i < index; i++) {
        if (same_certificate(json_array_get(c->certificates, i), row))
            return true;
    }
    return false;
}

static void put_certificates(struct live_writer *w, const struct check *c)
{
    size_t i;
    const json_t *row;
    live_family(w, LIVE_GAUGE, "scepstorm_certificate_expiry_timestamp_seconds",
                "When a certificate of the server expires, Unix time.");
    json_array_foreach(c->certificates, i, row)
    {
        struct live_labels labels = labels_of(c, json_string_value(json_object_get(row, "node")));
        if (listed_before(c, i))
            continue;
        live_label(&labels, "role", json_string_value(json_object_get(row, "role")));
        live_label(&labels, "serial", json_string_value(json_object_get(row, "serial")));
        live_label(&labels, "subject", json_string_value(json_object_get(row, "subject")));
        live_sample(w, &labels, (double)json_integer_value(json_object_get(row, "expires_at")));
    }
}

bool check_metrics(const struct check *c, bool open_metrics, struct buf *out, struct err *e)
{
    struct live_writer w = {.out = out, .open_metrics = open_metrics};
    put_status(&w, c);
    put_stages(&w, c);
    put_times(&w, c);
    put_certificates(&w, c);
    live_end_of_text(&w);
    return buf_ok(out, STAGE_SETUP, e);
}

bool check_textfile(const struct check *c, struct err *e)
{
    struct buf text;
    buf_init(&text, MAX_TEXT);
    bool ok = check_metrics(c, false, &text, e) && file_write(c->options.textfile, buf_span(&text), 0644, e);
    buf_clear(&text);
    return ok;
}

/* Whoever watches sees less when there is no memory; the check goes on. */
void check_show(struct check *c, bool over)
{
    static const char *const looks[] = {"good", "warn", "bad", "warn"};
    struct buf plain, open;
    struct err ignored = {0};
    if (c->live == NULL)
        return;
    buf_init(&plain, MAX_TEXT);
    buf_init(&open, MAX_TEXT);
    const char *words = buf_text(&c->lines), *url = c->scenario->target.url;
    bool ok = check_metrics(c, false, &plain, &ignored) && check_metrics(c, true, &open, &ignored);
    const struct live_texts texts = {.title = url,
                                     .headline = c->words[0] != '\0' ? c->words : url,
                                     .words = words != NULL ? words : "",
                                     .look = looks[c->status],
                                     .metrics = buf_span(&plain),
                                     .open_metrics = buf_span(&open),
                                     .over = over};
    ok = ok && live_show(c->live, &texts, &ignored);
    (void)ok;
    buf_clear(&plain);
    buf_clear(&open);
}
