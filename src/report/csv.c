/* Every latency of a run as a row, for spreadsheets: what, how many, how long in milliseconds. */
#include "report/parts.h"

static const char *const columns[] = {"min", "mean", "p50", "p90", "p95", "p99", "p999", "max"};
#define COLUMNS (sizeof columns / sizeof columns[0])

struct table {
    struct buf *out;
    char what[256]; /* where in summary.json we are: "phases.push.steps" */
};

static void put_row(const struct table *t, const char *name, const json_t *histogram)
{
    char what[400];
    snprintf(what, sizeof what, "%s%s%s", t->what, t->what[0] != '\0' ? "." : "", name);
    markup_csv(t->out, what);
    buf_appendf(t->out, ",%lld", (long long)json_integer_value(json_object_get(histogram, "count")));
    for (size_t i = 0; i < COLUMNS; i++)
        buf_appendf(t->out, ",%.3f", json_number_value(json_object_get(histogram, columns[i])));
    buf_append_byte(t->out, '\n');
}

static bool is_histogram(const json_t *value)
{
    return json_is_integer(json_object_get(value, "count")) && json_is_number(json_object_get(value, "p999"));
}

static void put_histograms(struct table *t, json_t *tree, unsigned depth);

static void descend(struct table *t, const char *name, json_t *value, unsigned depth)
{
    size_t used = strlen(t->what);
    if (depth == 0)
        return;
    snprintf(t->what + used, sizeof t->what - used, "%s%s", used > 0 ? "." : "", name);
    put_histograms(t, value, depth - 1);
    t->what[used] = '\0';
}

/* Whatever summary.json has histograms of; those without values say nothing. */
static void put_histograms(struct table *t, json_t *tree, unsigned depth)
{
    const char *name;
    json_t *value;
    json_object_foreach(tree, name, value)
    {
        if (is_histogram(value)) {
            if (json_integer_value(json_object_get(value, "count")) > 0)
                put_row(t, name, value);
        } else if (json_is_object(value))
            descend(t, name, value, depth);
    }
}

bool csv_write(const struct summary *s, struct buf *out, struct err *e)
{
    struct table t = {.out = out};
    buf_append_text(out, "figure,count");
    for (size_t i = 0; i < COLUMNS; i++)
        buf_appendf(out, ",%s_ms", columns[i]);
    buf_append_byte(out, '\n');
    put_histograms(&t, s->tree, 5);
    return buf_ok(out, STAGE_SETUP, e);
}
