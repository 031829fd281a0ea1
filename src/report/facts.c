#include "report/facts.h"

/* One table for each struct, read in both directions: what is written is what comes back. */

enum kind { KIND_INT, KIND_INT64, KIND_UINT, KIND_UINT64, KIND_BOOL, KIND_CHARS, KIND_TEXT };

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
        NULL, KIND_INT, 0, 0                                                                                 \
    }

static const struct field run_fields[] = {
    FIELD(report_run, KIND_TEXT, scenario_name),
    FIELD(report_run, KIND_TEXT, scenario_sha256),
    FIELD(report_run, KIND_UINT64, seed),
    FIELD(report_run, KIND_TEXT, authorized),
    FIELD(report_run, KIND_TEXT, reproduce),
    FIELD(report_run, KIND_INT64, started_wall_us),
    FIELD(report_run, KIND_INT64, duration_us),
    FIELD(report_run, KIND_INT64, offered_until_us),
    FIELD(report_run, KIND_BOOL, interrupted),
    FIELD(report_run, KIND_TEXT, stopped_early),
    FIELD(report_run, KIND_BOOL, steered),
    FIELD(report_run, KIND_BOOL, expect_refused),
    END,
};

static const struct field target_fields[] = {
    FIELD(outcome_target, KIND_CHARS, url),
    FIELD(outcome_target, KIND_CHARS, server_header),
    FIELD(outcome_target, KIND_INT, bare_url_status),
    FIELD(outcome_target, KIND_BOOL, otp_file_there),
    FIELD(outcome_target, KIND_BOOL, has_date_skew),
    FIELD(outcome_target, KIND_INT64, date_skew_s),
    END,
};

static const struct field cert_fields[] = {
    FIELD(outcome_target_cert, KIND_CHARS, role),      FIELD(outcome_target_cert, KIND_CHARS, subject),
    FIELD(outcome_target_cert, KIND_CHARS, issuer),    FIELD(outcome_target_cert, KIND_CHARS, serial),
    FIELD(outcome_target_cert, KIND_CHARS, sha256),    FIELD(outcome_target_cert, KIND_INT64, not_before),
    FIELD(outcome_target_cert, KIND_INT64, not_after), END,
};

static const struct field otp_fields[] = {
    FIELD(outcome_otp, KIND_TEXT, source),
    FIELD(outcome_otp, KIND_TEXT, scheme),
    FIELD(outcome_otp, KIND_BOOL, fell_back),
    FIELD(outcome_otp, KIND_UINT, limit),
    FIELD(outcome_otp, KIND_UINT, page_cache),
    FIELD(outcome_otp, KIND_UINT, page_minutes),
    FIELD(outcome_otp, KIND_INT64, lifetime_us),
    FIELD(outcome_otp, KIND_BOOL, held_back),
    END,
};

static const struct field generator_fields[] = {
    FIELD(outcome_generator, KIND_INT64, cpu_us),
    FIELD(outcome_generator, KIND_INT64, wall_us),
    FIELD(outcome_generator, KIND_UINT64, peak_rss_bytes),
    FIELD(outcome_generator, KIND_UINT64, bytes_per_device),
    FIELD(outcome_generator, KIND_UINT64, open_connections_max),
    FIELD(outcome_generator, KIND_UINT64, in_flight_max),
    FIELD(outcome_generator, KIND_UINT64, requests),
    FIELD(outcome_generator, KIND_UINT64, limit_errors),
    FIELD(outcome_generator, KIND_BOOL, held_back),
    FIELD(outcome_generator, KIND_INT64, cpu_wait_us),
    FIELD(outcome_generator, KIND_UINT, cores),
    FIELD(outcome_generator, KIND_INT64, loop_cpu_us),
    FIELD(outcome_generator, KIND_UINT64, throttled),
    FIELD(outcome_generator, KIND_UINT64, swapped_in),
    FIELD(outcome_generator, KIND_INT64, clock_step_us),
    END,
};

static const struct field shard_fields[] = {
    FIELD(report_shard, KIND_UINT, index),
    FIELD(report_shard, KIND_UINT, count),
    FIELD(report_shard, KIND_INT64, start_at_s),
    FIELD(report_shard, KIND_INT64, late_us),
    FIELD(report_shard, KIND_CHARS, salt),
    FIELD(report_shard, KIND_CHARS, host),
    END,
};

static const struct field part_fields[] = {
    FIELD(report_part, KIND_BOOL, missing),
    FIELD(report_part, KIND_BOOL, interrupted),
    FIELD(report_part, KIND_UINT64, planned),
    FIELD(report_part, KIND_UINT64, enrolled),
    FIELD(report_part, KIND_CHARS, validity),
    FIELD(report_part, KIND_CHARS, reason),
    END,
};

/* ---- writing ---- */

/* Bytes that are no UTF-8 come back as '?': such a text is a server's, and reports show it that way, too. */
static json_t *field_json(const void *base, const struct field *f)
{
    const char *at = (const char *)base + f->offset;
    switch (f->kind) {
    case KIND_INT:
        return json_integer(*(const int *)(const void *)at);
    case KIND_INT64:
        return json_integer(*(const int64_t *)(const void *)at);
    case KIND_UINT:
        return json_integer(*(const unsigned *)(const void *)at);
    case KIND_UINT64:
        return json_integer((json_int_t) * (const uint64_t *)(const void *)at);
    case KIND_BOOL:
        return json_boolean(*(const bool *)(const void *)at);
    case KIND_CHARS:
        return summary_string(at);
    case KIND_TEXT:
        return summary_string(*(const char *const *)(const void *)at);
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

static json_t *list_json(const char *const *items, size_t count)
{
    json_t *out = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, summary_string(items[i]));
    return out;
}

static json_t *versions_json(const struct report_run *run)
{
    size_t count = 0;
    while (run->versions != NULL && run->versions[count] != NULL)
        count++;
    return list_json(run->versions, count);
}

static json_t *whole_target_json(const struct outcome_target *t)
{
    json_t *out = fields_json(t, target_fields), *caps = json_array(), *certs = json_array();
    for (size_t i = 0; i < t->cap_count; i++)
        json_array_append_new(caps, summary_string(t->caps[i]));
    for (size_t i = 0; i < t->cert_count; i++)
        json_array_append_new(certs, fields_json(&t->certs[i], cert_fields));
    json_object_set_new(out, "caps", caps);
    json_object_set_new(out, "certs", certs);
    return out;
}

static json_t *parts_json(const struct report_run *run)
{
    json_t *out = json_array();
    for (size_t i = 0; i < run->part_count; i++) {
        json_t *one = fields_json(&run->parts[i], part_fields);
        json_object_set_new(one, "shard", fields_json(&run->parts[i].shard, shard_fields));
        json_array_append_new(out, one);
    }
    return out;
}

json_t *facts_tree(const struct report_run *run)
{
    json_t *out = fields_json(run, run_fields);
    json_object_set_new(out, "version", json_string(run->version != NULL ? run->version : SCEPSTORM_VERSION));
    json_object_set_new(out, "versions", versions_json(run));
    json_object_set_new(out, "profiles", list_json(run->profiles, run->profile_count));
    json_object_set_new(out, "phases", list_json(run->phases, run->phase_count));
    json_object_set_new(out, "slo", list_json(run->slo, run->slo_count));
    json_object_set_new(out, "notes", list_json(run->notes, run->note_count));
    json_object_set_new(out, "target", whole_target_json(run->target));
    json_object_set_new(out, "otp", run->otp == NULL ? json_null() : fields_json(run->otp, otp_fields));
    json_object_set_new(out, "generator", fields_json(run->generator, generator_fields));
    json_object_set_new(out, "shard",
                        run->shard == NULL ? json_null() : fields_json(run->shard, shard_fields));
    json_object_set_new(out, "parts", parts_json(run));
    return out;
}

/* ---- reading ---- */

static bool damaged(struct err *e, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "what it says about the run is damaged (%s)", what);
}

static bool fits(const json_t *value, int64_t min, int64_t max)
{
    return json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max;
}

static bool take_chars(char *at, size_t size, const json_t *value)
{
    if (json_is_null(value)) {
        at[0] = '\0';
        return true;
    }
    return json_is_string(value) && (size_t)snprintf(at, size, "%s", json_string_value(value)) < size;
}

static bool take_field(void *base, const struct field *f, const json_t *value)
{
    char *at = (char *)base + f->offset;
    switch (f->kind) {
    case KIND_INT:
        *(int *)(void *)at = (int)json_integer_value(value);
        return fits(value, INT32_MIN, INT32_MAX);
    case KIND_INT64:
        *(int64_t *)(void *)at = json_integer_value(value);
        return json_is_integer(value);
    case KIND_UINT:
        *(unsigned *)(void *)at = (unsigned)json_integer_value(value);
        return fits(value, 0, UINT32_MAX);
    case KIND_UINT64:
        *(uint64_t *)(void *)at = (uint64_t)json_integer_value(value);
        return json_is_integer(value);
    case KIND_BOOL:
        *(bool *)(void *)at = json_is_true(value);
        return value == NULL || json_is_boolean(value); /* results of before it was known: false */
    case KIND_CHARS:
        return take_chars(at, f->size, value);
    case KIND_TEXT:
        *(const char **)(void *)at = json_string_value(value); /* NULL for null */
        return json_is_string(value) || json_is_null(value);
    }
    return false;
}

static bool take_fields(const json_t *from, void *base, const struct field *fields, struct err *e)
{
    for (const struct field *f = fields; f->name != NULL; f++) {
        if (!take_field(base, f, json_object_get(from, f->name)))
            return damaged(e, f->name);
    }
    return true;
}

/* A list of texts; NULL-terminated, which versions need. */
static bool take_list(struct facts *facts, size_t which, const char *name, const char *const **out,
                      size_t *count, struct err *e)
{
    const json_t *list = json_object_get(facts->tree, name);
    *count = json_array_size(list);
    if (!json_is_array(list) || *count > FACTS_MAX_LIST)
        return damaged(e, name);
    facts->lists[which] = calloc(*count + 1, sizeof *facts->lists[which]);
    if (facts->lists[which] == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the results");
    for (size_t i = 0; i < *count; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item) && !json_is_null(item))
            return damaged(e, name);
        facts->lists[which][i] = json_is_null(item) ? "" : json_string_value(item);
    }
    *out = facts->lists[which];
    return true;
}

static bool take_lists(struct facts *f, struct err *e)
{
    size_t versions = 0;
    return take_list(f, 0, "versions", &f->run.versions, &versions, e) &&
           take_list(f, 1, "profiles", &f->run.profiles, &f->run.profile_count, e) &&
           take_list(f, 2, "phases", &f->run.phases, &f->run.phase_count, e) &&
           take_list(f, 3, "slo", &f->run.slo, &f->run.slo_count, e) &&
           take_list(f, 4, "notes", &f->run.notes, &f->run.note_count, e);
}

static bool take_target(const json_t *from, struct outcome_target *t, struct err *e)
{
    const json_t *caps = json_object_get(from, "caps"), *certs = json_object_get(from, "certs");
    t->cap_count = json_array_size(caps);
    t->cert_count = json_array_size(certs);
    if (t->cap_count > OUTCOME_MAX_CAPS || t->cert_count > OUTCOME_MAX_CERTS)
        return damaged(e, "target");
    for (size_t i = 0; i < t->cap_count; i++) {
        if (!take_chars(t->caps[i], sizeof t->caps[i], json_array_get(caps, i)))
            return damaged(e, "caps");
    }
    for (size_t i = 0; i < t->cert_count; i++) {
        if (!take_fields(json_array_get(certs, i), &t->certs[i], cert_fields, e))
            return false;
    }
    return take_fields(from, t, target_fields, e);
}

static bool take_shard(const json_t *from, struct report_shard *shard, struct err *e)
{
    return take_fields(from, shard, shard_fields, e) &&
           ((shard->index >= 1 && shard->index <= shard->count && shard->count <= FACTS_MAX_LIST) ||
            damaged(e, "shard"));
}

static bool take_parts(struct facts *f, struct err *e)
{
    const json_t *list = json_object_get(f->tree, "parts");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > FACTS_MAX_LIST)
        return damaged(e, "parts");
    f->parts = calloc(count + 1, sizeof *f->parts);
    if (f->parts == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the results");
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(list, i);
        if (!take_fields(one, &f->parts[i], part_fields, e) ||
            !take_shard(json_object_get(one, "shard"), &f->parts[i].shard, e))
            return false;
    }
    f->run.parts = count > 0 ? f->parts : NULL;
    f->run.part_count = count;
    return true;
}

/* Figures of a shard's own, and what reports count in: no negative lengths, no profile beyond the last. */
static bool check(const struct facts *f, struct err *e)
{
    return (f->run.profile_count <= MEASURE_MAX_PROFILES && f->run.duration_us >= 0) || damaged(e, "run");
}

bool facts_read(json_t *tree, struct facts *out, struct err *e)
{
    *out = (struct facts){.tree = tree};
    out->run.target = &out->target;
    out->run.generator = &out->generator;
    out->run.version = json_string_value(json_object_get(tree, "version"));
    const json_t *otp = json_object_get(tree, "otp"), *shard = json_object_get(tree, "shard");
    if (!take_fields(tree, &out->run, run_fields, e) || !take_lists(out, e) ||
        !take_target(json_object_get(tree, "target"), &out->target, e) ||
        !take_fields(json_object_get(tree, "generator"), &out->generator, generator_fields, e) ||
        !take_parts(out, e))
        return false;
    if (json_is_object(otp)) {
        out->run.otp = &out->otp;
        if (!take_fields(otp, &out->otp, otp_fields, e))
            return false;
    }
    if (json_is_object(shard)) {
        out->run.shard = &out->shard;
        if (!take_shard(shard, &out->shard, e))
            return false;
    }
    return check(out, e);
}

void facts_clear(struct facts *f)
{
    for (size_t i = 0; i < sizeof f->lists / sizeof f->lists[0]; i++)
        free(f->lists[i]);
    free(f->parts);
    json_decref(f->tree);
    *f = (struct facts){0};
}
