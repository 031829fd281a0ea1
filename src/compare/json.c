#include "compare/parts.h"

#include "report/json_text.h"

#include <jansson.h>

static json_t *words_json(const struct compare_words *words)
{
    json_t *out = json_array();
    for (size_t i = 0; i < words->count; i++)
        json_array_append_new(out, json_text(words->items[i]));
    return out;
}

static const char *unit_id(enum compare_unit unit)
{
    switch (unit) {
    case COMPARE_MS:
        return "ms";
    case COMPARE_SHARE:
        return "share";
    case COMPARE_PER_S:
        return "per_s";
    case COMPARE_COUNT:
        return "count";
    }
    return "unknown";
}

static json_t *pair_json(double low, double high)
{
    return json_pack("[f,f]", low, high);
}

static json_t *row_json(const struct compare_row *row)
{
    json_t *out = json_object();
    bool judged = row->weight > 0;
    json_object_set_new(out, "figure", json_text(row->figure));
    json_object_set_new(out, "title", json_text(row->title));
    json_object_set_new(out, "unit", json_string(unit_id(row->unit)));
    json_object_set_new(out, "base", json_real(row->base));
    json_object_set_new(out, "now", json_real(row->now));
    json_object_set_new(out, "change", json_real(row->change));
    json_object_set_new(out, "interval",
                        row->unit == COMPARE_COUNT ? json_null() : pair_json(row->low, row->high));
    if (row->unit == COMPARE_SHARE) {
        json_object_set_new(out, "base_interval", pair_json(row->exact[0].low, row->exact[0].high));
        json_object_set_new(out, "now_interval", pair_json(row->exact[1].low, row->exact[1].high));
    }
    json_object_set_new(out, "chance", judged ? json_real(row->chance) : json_null());
    json_object_set_new(out, "adjusted", judged ? json_real(row->adjusted) : json_null());
    json_object_set_new(out, "smallest", row->smallest > 0 ? json_real(row->smallest) : json_null());
    json_object_set_new(out, "verdict", json_string(compare_row_verdict_id(row->verdict)));
    return out;
}

static json_t *side_json(const struct compare_runs *runs)
{
    json_t *out = json_array();
    for (size_t i = 0; i < runs->count; i++) {
        const struct compare_run *run = runs->items[i];
        json_array_append_new(out,
                              json_pack("{s:o, s:I, s:I, s:I, s:s, s:o}", "run", json_text(run->name), "seed",
                                        (json_int_t)run->seed, "planned", (json_int_t)run->planned,
                                        "enrolled", (json_int_t)run->enrolled, "validity", run->validity,
                                        "scepstorm", json_text(run->version)));
    }
    return out;
}

static json_t *options_json(const struct compare_options *o)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:i}", "floor_share", o->floor_share, "floor_ms", o->floor_ms,
                     "floor_rate", o->floor_rate, "detect", o->detect, "alpha", COMPARE_ALPHA, "least_runs",
                     COMPARE_LEAST_RUNS);
}

bool json_tell(const struct compare *c, struct buf *out)
{
    json_t *tree = json_object(), *rows = json_array();
    json_object_set_new(tree, "schema", json_string("scepstorm/comparison/1"));
    json_object_set_new(tree, "verdict", json_string(compare_verdict_id(c->verdict)));
    json_object_set_new(tree, "headline", json_text(c->headline));
    json_object_set_new(tree, "sight", json_text(c->sight));
    json_object_set_new(tree, "problems", words_json(&c->problems));
    json_object_set_new(tree, "warnings", words_json(&c->warnings));
    json_object_set_new(tree, "news", words_json(&c->news));
    json_object_set_new(tree, "drift", words_json(&c->drift));
    for (size_t i = 0; i < c->row_count; i++)
        json_array_append_new(rows, row_json(&c->rows[i]));
    json_object_set_new(tree, "figures", rows);
    json_object_set_new(tree, "base", side_json(c->base));
    json_object_set_new(tree, "now", side_json(c->now));
    json_object_set_new(tree, "options", options_json(&c->options));
    char *text = json_dumps(tree, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(tree);
    bool ok = text != NULL && buf_append_text(out, text) && buf_append_byte(out, '\n');
    free(text);
    return ok;
}
