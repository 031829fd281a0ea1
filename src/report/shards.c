/* What a merged run says about the shards that it was made of. */
#include "report/parts.h"

#include "base/text.h"

#include <stdarg.h>

#define LATE_US INT64_C(1000000)

static void say(struct rule_result *r, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct rule_result *r, const char *format, ...)
{
    size_t used = strlen(r->reason);
    va_list values;
    if (used > 0 && used + 2 < sizeof r->reason)
        used += (size_t)snprintf(r->reason + used, sizeof r->reason - used, "; ");
    va_start(values, format);
    vsnprintf(r->reason + used, sizeof r->reason - used, format, values);
    va_end(values);
}

static unsigned count_missing(const struct report_run *run)
{
    unsigned missing = 0;
    for (size_t i = 0; i < run->part_count; i++)
        missing += run->parts[i].missing;
    return missing;
}

/* "shards 2, 5 of 8 are missing: ..." */
static void say_missing(const struct report_run *run, struct rule_result *r)
{
    char names[120] = "";
    unsigned missing = count_missing(run);
    size_t used = 0;
    for (size_t i = 0; i < run->part_count && used < sizeof names; i++) {
        if (run->parts[i].missing)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%u", used > 0 ? ", " : "",
                                     run->parts[i].shard.index);
    }
    if (missing > 0)
        say(r,
            "shard%s %s of %zu %s missing: %s devices are in no figure, and the server had that much less to "
            "do",
            missing > 1 ? "s" : "", names, run->part_count, missing > 1 ? "are" : "is",
            missing > 1 ? "their" : "its");
}

static void say_part(const struct report_part *p, struct rule_result *r)
{
    char late[32];
    text_duration(p->shard.late_us, late, sizeof late);
    if (p->missing)
        return;
    if (strcmp(p->validity, "invalid") == 0) {
        r->weight = RULE_HARD;
        say(r, "shard %u is invalid: %.150s", p->shard.index, p->reason);
    } else if (strcmp(p->validity, "valid") != 0)
        say(r, "shard %u is suspect: %.150s", p->shard.index, p->reason);
    if (p->interrupted)
        say(r, "shard %u was interrupted", p->shard.index);
    if (p->shard.late_us > LATE_US)
        say(r, "shard %u began %s late, so its load came at another time than planned", p->shard.index, late);
}

void judge_shards(const struct report_run *run, struct rule_result *out)
{
    say_missing(run, out);
    for (size_t i = 0; i < run->part_count; i++)
        say_part(&run->parts[i], out);
    out->broken = out->reason[0] != '\0';
}

static json_t *part_json(const struct report_part *p)
{
    json_t *out = json_object();
    json_object_set_new(out, "index", json_integer(p->shard.index));
    json_object_set_new(out, "missing", json_boolean(p->missing));
    if (p->missing)
        return out;
    json_object_set_new(out, "late_s", json_real((double)p->shard.late_us / 1e6));
    json_object_set_new(out, "interrupted", json_boolean(p->interrupted));
    json_object_set_new(out, "planned", json_integer((json_int_t)p->planned));
    json_object_set_new(out, "enrolled", json_integer((json_int_t)p->enrolled));
    json_object_set_new(out, "validity", summary_string(p->validity));
    json_object_set_new(out, "reason", summary_string(p->reason));
    return out;
}

json_t *shards_json(const struct report_run *run)
{
    if (run->part_count == 0)
        return json_null();
    json_t *out = json_object(), *parts = json_array();
    for (size_t i = 0; i < run->part_count; i++)
        json_array_append_new(parts, part_json(&run->parts[i]));
    json_object_set_new(out, "count", json_integer((json_int_t)run->part_count));
    json_object_set_new(out, "missing", json_integer(count_missing(run)));
    json_object_set_new(out, "parts", parts);
    return out;
}

json_t *shard_json(const struct report_run *run)
{
    if (run->shard == NULL)
        return json_null();
    json_t *out = json_object();
    json_object_set_new(out, "index", json_integer(run->shard->index));
    json_object_set_new(out, "count", json_integer(run->shard->count));
    json_object_set_new(out, "start_at_s", json_integer(run->shard->start_at_s));
    json_object_set_new(out, "late_s", json_real((double)run->shard->late_us / 1e6));
    return out;
}
