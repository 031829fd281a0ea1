/* A baseline: runs as JSON, one table for both directions. */
#include "compare/run.h"

#include "report/json_text.h"

#include <jansson.h>
#include <math.h>

#define SCHEMA "scepstorm/runs/1"

enum kind { KIND_CHARS, KIND_COUNT, KIND_INT64, KIND_BOOL, KIND_REAL };

struct field {
    const char *name;
    enum kind kind;
    size_t offset, size;
};
#define FIELD(type, kind, name)                                                                              \
    {                                                                                                        \
#name, kind, offsetof(struct type, name), sizeof((struct type *)0)->name                             \
    }
#define END                                                                                                  \
    {                                                                                                        \
        NULL, KIND_CHARS, 0, 0                                                                               \
    }

static const struct field run_fields[] = {
    FIELD(compare_run, KIND_CHARS, scenario),
    FIELD(compare_run, KIND_CHARS, version),
    FIELD(compare_run, KIND_CHARS, libraries),
    FIELD(compare_run, KIND_COUNT, seed),
    FIELD(compare_run, KIND_INT64, started_us),
    FIELD(compare_run, KIND_INT64, duration_us),
    FIELD(compare_run, KIND_COUNT, cores),
    FIELD(compare_run, KIND_BOOL, interrupted),
    FIELD(compare_run, KIND_BOOL, shard),
    FIELD(compare_run, KIND_BOOL, expect_refused),
    FIELD(compare_run, KIND_CHARS, stopped_early),
    FIELD(compare_run, KIND_CHARS, validity),
    FIELD(compare_run, KIND_CHARS, reasons),
    FIELD(compare_run, KIND_COUNT, planned),
    FIELD(compare_run, KIND_COUNT, started),
    FIELD(compare_run, KIND_COUNT, enrolled),
    FIELD(compare_run, KIND_REAL, enrolled_per_s),
    FIELD(compare_run, KIND_COUNT, page_cache),
    FIELD(compare_run, KIND_COUNT, page_minutes),
    FIELD(compare_run, KIND_CHARS, scheme),
    END,
};

static const struct field target_fields[] = {
    FIELD(outcome_target, KIND_CHARS, url),
    FIELD(outcome_target, KIND_CHARS, server_header),
    END,
};

static const struct field cert_fields[] = {
    FIELD(outcome_target_cert, KIND_CHARS, role),      FIELD(outcome_target_cert, KIND_CHARS, subject),
    FIELD(outcome_target_cert, KIND_CHARS, issuer),    FIELD(outcome_target_cert, KIND_CHARS, serial),
    FIELD(outcome_target_cert, KIND_CHARS, sha256),    FIELD(outcome_target_cert, KIND_INT64, not_before),
    FIELD(outcome_target_cert, KIND_INT64, not_after), END,
};

static const struct field count_fields[] = {
    FIELD(compare_count, KIND_CHARS, id),
    FIELD(compare_count, KIND_CHARS, title),
    FIELD(compare_count, KIND_COUNT, count),
    END,
};

/* ---- writing ---- */

static json_t *field_json(const void *base, const struct field *f)
{
    const void *at = (const char *)base + f->offset;
    switch (f->kind) {
    case KIND_CHARS:
        return json_text(at);
    case KIND_COUNT:
        return json_integer((json_int_t) * (const uint64_t *)at);
    case KIND_INT64:
        return json_integer(*(const int64_t *)at);
    case KIND_BOOL:
        return json_boolean(*(const bool *)at);
    case KIND_REAL:
        return json_real(*(const double *)at);
    }
    return NULL;
}

static json_t *fields_json(const void *base, const struct field *fields)
{
    json_t *out = json_object();
    for (const struct field *f = fields; f->name != NULL; f++)
        json_object_set_new(out, f->name, field_json(base, f));
    return out;
}

static json_t *counts_json(const struct compare_counts *list)
{
    json_t *out = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(out, fields_json(&list->items[i], count_fields));
    return out;
}

static json_t *target_json(const struct outcome_target *t)
{
    json_t *out = fields_json(t, target_fields), *caps = json_array(), *certs = json_array();
    for (size_t i = 0; i < t->cap_count; i++)
        json_array_append_new(caps, json_text(t->caps[i]));
    for (size_t i = 0; i < t->cert_count; i++)
        json_array_append_new(certs, fields_json(&t->certs[i], cert_fields));
    json_object_set_new(out, "capabilities", caps);
    json_object_set_new(out, "certificates", certs);
    return out;
}

static json_t *timings_json(const struct compare_run *run)
{
    json_t *out = json_object();
    for (size_t i = 0; i < COMPARE_TIMINGS; i++) {
        const struct compare_timing *t = &run->timings[i];
        char name[48];
        if (t->count == 0)
            continue;
        compare_timing_name(i, name, sizeof name);
        json_object_set_new(out, name,
                            json_pack("{s:I, s:[f,f,f], s:[f,f,f]}", "count", (json_int_t)t->count, "ms",
                                      t->ms[0], t->ms[1], t->ms[2], "error", t->error[0], t->error[1],
                                      t->error[2]));
    }
    return out;
}

static json_t *run_json(const struct compare_run *run)
{
    json_t *out = fields_json(run, run_fields);
    json_object_set_new(out, "plan", json_text(run->plan));
    json_object_set_new(out, "target", target_json(&run->target));
    json_object_set_new(out, "timings", timings_json(run));
    json_object_set_new(out, "failures", counts_json(&run->failures));
    json_object_set_new(out, "causes", counts_json(&run->causes));
    json_object_set_new(out, "defects", counts_json(&run->defects));
    return out;
}

bool compare_runs_write(const struct compare_runs *runs, struct buf *out, struct err *e)
{
    json_t *tree = json_object(), *list = json_array();
    json_object_set_new(tree, "schema", json_string(SCHEMA));
    for (size_t i = 0; i < runs->count; i++)
        json_array_append_new(list, run_json(runs->items[i]));
    json_object_set_new(tree, "runs", list);
    char *text = json_dumps(tree, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    json_decref(tree);
    if (text == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the baseline");
    buf_append_text(out, text);
    buf_append_byte(out, '\n');
    free(text);
    return buf_ok(out, STAGE_SETUP, e);
}

/* ---- reading ---- */

static bool take_chars(char *at, size_t size, const json_t *value)
{
    return json_is_string(value) && (size_t)snprintf(at, size, "%s", json_string_value(value)) < size;
}

static bool take_field(void *base, const struct field *f, const json_t *value)
{
    void *at = (char *)base + f->offset;
    switch (f->kind) {
    case KIND_CHARS:
        return take_chars(at, f->size, value);
    case KIND_COUNT:
        *(uint64_t *)at = (uint64_t)json_integer_value(value);
        return json_is_integer(value);
    case KIND_INT64:
        *(int64_t *)at = json_integer_value(value);
        return json_is_integer(value) && llabs(json_integer_value(value)) < INT64_C(1) << 60;
    case KIND_BOOL:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    case KIND_REAL:
        *(double *)at = json_number_value(value);
        return json_is_number(value) && json_number_value(value) >= 0 && json_number_value(value) < 1e12;
    }
    return false;
}

static bool take_fields(const json_t *from, void *base, const struct field *fields)
{
    for (const struct field *f = fields; f->name != NULL; f++) {
        if (!take_field(base, f, json_object_get(from, f->name)))
            return false;
    }
    return true;
}

static bool take_counts(const json_t *from, struct compare_counts *list)
{
    size_t count = json_array_size(from);
    if (!json_is_array(from) || count > COMPARE_MAX_COUNTS)
        return false;
    list->items = calloc(count + 1, sizeof *list->items);
    if (list->items == NULL)
        return false;
    for (; list->count < count; list->count++) {
        struct compare_count *c = &list->items[list->count];
        if (!take_fields(json_array_get(from, list->count), c, count_fields) || c->count > UINT32_MAX)
            return false;
    }
    return true;
}

static bool take_target(const json_t *from, struct outcome_target *t)
{
    const json_t *caps = json_object_get(from, "capabilities"),
                 *certs = json_object_get(from, "certificates");
    if (json_array_size(caps) > OUTCOME_MAX_CAPS || json_array_size(certs) > OUTCOME_MAX_CERTS)
        return false;
    for (; t->cap_count < json_array_size(caps); t->cap_count++) {
        if (!take_chars(t->caps[t->cap_count], sizeof t->caps[0], json_array_get(caps, t->cap_count)))
            return false;
    }
    for (; t->cert_count < json_array_size(certs); t->cert_count++) {
        if (!take_fields(json_array_get(certs, t->cert_count), &t->certs[t->cert_count], cert_fields))
            return false;
    }
    return take_fields(from, t, target_fields);
}

static bool take_timing(const json_t *from, struct compare_timing *t)
{
    const json_t *ms = json_object_get(from, "ms"), *error = json_object_get(from, "error");
    json_int_t count = json_integer_value(json_object_get(from, "count"));
    t->count = (uint64_t)count;
    for (size_t i = 0; i < COMPARE_QUANTILES; i++) {
        t->ms[i] = json_number_value(json_array_get(ms, i));
        t->error[i] = json_number_value(json_array_get(error, i));
        if (t->ms[i] < 0.001 || t->ms[i] > 1e8 || t->error[i] < 0 || t->error[i] > 100)
            return false;
    }
    return count > 0 && count < UINT32_MAX;
}

static bool take_timings(const json_t *from, struct compare_run *run)
{
    for (size_t i = 0; i < COMPARE_TIMINGS; i++) {
        char name[48];
        compare_timing_name(i, name, sizeof name);
        const json_t *one = json_object_get(from, name);
        if (one != NULL && !take_timing(one, &run->timings[i]))
            return false;
    }
    return json_is_object(from);
}

static bool take_run(const json_t *from, struct compare_run *run)
{
    const char *plan = json_string_value(json_object_get(from, "plan"));
    run->plan = plan == NULL ? NULL : strdup(plan);
    return run->plan != NULL && take_fields(from, run, run_fields) &&
           take_target(json_object_get(from, "target"), &run->target) &&
           take_timings(json_object_get(from, "timings"), run) &&
           take_counts(json_object_get(from, "failures"), &run->failures) &&
           take_counts(json_object_get(from, "causes"), &run->causes) &&
           take_counts(json_object_get(from, "defects"), &run->defects) && run->enrolled <= run->planned &&
           run->planned <= UINT32_MAX && run->duration_us >= 0;
}

bool compare_runs_add(struct compare_runs *runs, struct compare_run *run, struct err *e)
{
    struct compare_run **grown = realloc(runs->items, (runs->count + 1) * sizeof *grown);
    if (grown != NULL)
        runs->items = grown;
    if (grown == NULL || runs->count == COMPARE_MAX_RUNS) {
        compare_run_free(run);
        return err_set(e, STAGE_SETUP, REASON_USAGE, "at most %d runs on a side", COMPARE_MAX_RUNS);
    }
    runs->items[runs->count++] = run;
    return true;
}

void compare_runs_clear(struct compare_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        compare_run_free(runs->items[i]);
    free(runs->items);
    *runs = (struct compare_runs){0};
}

static bool take_runs(const json_t *list, const char *name, struct compare_runs *runs, struct err *e)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct compare_run *run = calloc(1, sizeof *run);
        if (run == NULL)
            return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the baseline");
        snprintf(run->name, sizeof run->name, "%s %zu", name, i + 1);
        if (!take_run(json_array_get(list, i), run)) {
            compare_run_free(run);
            return err_set(e, STAGE_SETUP, REASON_USAGE, "%.120s is damaged: run %zu makes no sense", name,
                           i + 1);
        }
        if (!compare_runs_add(runs, run, e))
            return false;
    }
    return true;
}

bool compare_runs_parse(struct span text, const char *name, struct compare_runs *runs, struct err *e)
{
    json_t *tree = json_loadb((const char *)text.data, text.len, 0, NULL);
    const char *schema = json_string_value(json_object_get(tree, "schema"));
    const json_t *list = json_object_get(tree, "runs");
    bool ok = (schema != NULL && strcmp(schema, SCHEMA) == 0) ||
              err_set(e, STAGE_SETUP, REASON_USAGE,
                      "%.120s holds no baseline that this version reads (schema %s): save it anew with "
                      "scepstorm compare --save",
                      name, SCHEMA);
    ok = ok &&
         (json_array_size(list) > 0 || err_set(e, STAGE_SETUP, REASON_USAGE, "%.120s holds no runs", name));
    ok = ok && take_runs(list, name, runs, e);
    json_decref(tree);
    return ok;
}
