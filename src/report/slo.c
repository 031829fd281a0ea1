/* SLOs at the end of a run. Their paths lead into the tree of summary.json; windows are looked at in the measurements. */
#include "report/slo.h"

#include <math.h>

/* The figures of a histogram without values are 0 beside count 0: no data, not a good result. */
static const json_t *figure(const json_t *at, const char *name)
{
    bool histogram = json_object_get(at, "p50") != NULL;
    bool empty = histogram && json_integer_value(json_object_get(at, "count")) == 0;
    return empty && strcmp(name, "count") != 0 ? NULL : json_object_get(at, name);
}

/* "latency" finds "latency_ms"; within a step, "p99" finds latency_ms.p99; "enrolled" finds devices.enrolled. */
static const json_t *child(const json_t *at, const char *name)
{
    char with_unit[80];
    snprintf(with_unit, sizeof with_unit, "%s_ms", name);
    const json_t *found = figure(at, name);
    if (found == NULL)
        found = json_object_get(at, with_unit);
    if (found == NULL)
        found = figure(json_object_get(at, "latency_ms"), name);
    return found;
}

static const json_t *follow(const json_t *at, const char *path)
{
    char name[sizeof(((struct scenario_slo *)0)->path)];
    snprintf(name, sizeof name, "%s", path);
    char *rest = NULL;
    for (char *part = strtok_r(name, ".", &rest); part != NULL; part = strtok_r(NULL, ".", &rest))
        at = child(at, part);
    return at;
}

/* The sum of one field over the elements of a list that have this word: failures by reason, diagnoses by cause, probes by
 * verdict. What is not in the list did not happen: 0 is its value. */
static double sum_of(const json_t *list, const char *key, const char *word, size_t word_len,
                     const char *field)
{
    double sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *has = json_string_value(json_object_get(one, key));
        if (has != NULL && strlen(has) == word_len && strncmp(has, word, word_len) == 0)
            sum += json_number_value(json_object_get(one, field));
    }
    return sum;
}

static bool look_up_list(const json_t *summary, const char *path, double *out)
{
    static const struct {
        const char *prefix, *list, *key;
        bool wants_any; /* an empty list says nothing: no probe was made */
    } lists[] = {{"failures.", "failures", "reason", false},
                 {"diagnosis.", "diagnosis", "cause", false},
                 {"conformance.", "conformance", "verdict", true}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        size_t len = strlen(lists[i].prefix);
        const json_t *list = json_object_get(summary, lists[i].list);
        if (strncmp(path, lists[i].prefix, len) != 0 || (lists[i].wants_any && json_array_size(list) == 0))
            continue;
        size_t word = strcspn(path + len, ".");
        *out = sum_of(list, lists[i].key, path + len, word,
                      path[len + word] == '.' ? path + len + word + 1 : "count");
        return true;
    }
    return false;
}

static bool look_up(const json_t *summary, const char *path, double *out)
{
    if (look_up_list(summary, path, out))
        return true;
    const json_t *value = NULL;
    if (strchr(path, '.') == NULL)
        value = follow(json_object_get(summary, "devices"), path);
    if (value == NULL)
        value = follow(summary, path);
    *out = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
    return json_is_number(value) || json_is_boolean(value);
}

/* How many devices were planned where the path looks: in its phase, of its persona, or in all. */
static double planned(const json_t *summary, const char *path)
{
    char where[sizeof(((struct scenario_slo *)0)->path) + 8] = "devices.planned";
    double count = 0;
    const char *name_end = strncmp(path, "phases.", 7) == 0     ? strchr(path + 7, '.')
                           : strncmp(path, "personas.", 9) == 0 ? strchr(path + 9, '.')
                                                                : NULL;
    if (name_end != NULL)
        snprintf(where, sizeof where, "%.*s.planned", (int)(name_end - path), path);
    return look_up(summary, where, &count) ? count : 0;
}

bool slo_met(const struct scenario_slo *slo, double value)
{
    /* 99.5% of 1,000 is 995, although neither 0.995 has an exact binary form */
    bool equal = fabs(value - slo->value) <= 1e-9 * fmax(1, fabs(slo->value));
    switch (slo->op) {
    case SLO_LESS:
        return value < slo->value && !equal;
    case SLO_LESS_EQUAL:
        return value < slo->value || equal;
    case SLO_GREATER:
        return value > slo->value && !equal;
    case SLO_GREATER_EQUAL:
        return value > slo->value || equal;
    case SLO_EQUAL:
        return equal;
    }
    return false;
}

/* Is `value` the one that people want to hear of? The higher one where a limit is above, and so on. */
static bool is_worse(const struct scenario_slo *slo, double value, double than)
{
    switch (slo->op) {
    case SLO_LESS:
    case SLO_LESS_EQUAL:
        return value > than;
    case SLO_GREATER:
    case SLO_GREATER_EQUAL:
        return value < than;
    case SLO_EQUAL:
        return fabs(value - slo->value) > fabs(than - slo->value);
    }
    return false;
}

/* The last window may be cut short by the end of the run: too little in it means nothing then. */
static bool is_cut_short(const struct report_run *run, const struct scenario_slo *slo, int64_t from_us)
{
    bool wants_enough = slo->unit == SLO_NUMBER && (slo->op == SLO_GREATER || slo->op == SLO_GREATER_EQUAL);
    return wants_enough && from_us > 0 && from_us + slo->window_us > run->duration_us;
}

static bool check_windows(const struct report_run *run, const struct scenario_slo *slo,
                          struct slo_result *out, struct err *e)
{
    struct slo_windows *w = NULL;
    struct slo_figure ignored;
    double value;
    int64_t from_us;
    if (!slo_find(run, slo->path, &ignored))
        return true; /* no such phase or profile: no data */
    if (!slo_windows_new(run, slo, &w, e))
        return false;
    while (slo_windows_next(w, true, &value, &from_us)) {
        if (is_cut_short(run, slo, from_us) || (out->has_value && !is_worse(slo, value, out->value)))
            continue;
        out->has_value = true;
        out->value = value;
        out->worst_from_us = from_us;
    }
    slo_windows_free(w);
    return true;
}

bool slo_check(const struct report_run *run, const json_t *summary, const char *expression,
               struct slo_result *out, struct err *e)
{
    struct scenario_slo slo;
    *out = (struct slo_result){.expression = expression};
    if (!scenario_slo_parse(expression, &slo, e))
        return false;
    out->is_time = slo.unit == SLO_TIME;
    out->is_share = slo.unit == SLO_SHARE;
    out->window_us = slo.window_us;
    if (slo.window_us > 0) {
        if (!check_windows(run, &slo, out, e))
            return false;
    } else {
        double of = slo.is_share ? planned(summary, slo.path) : 1;
        out->has_value = look_up(summary, slo.path, &out->value) && of > 0;
        out->value = out->has_value ? out->value / of : 0;
    }
    out->ok = out->has_value && slo_met(&slo, out->value); /* no data: not ok */
    return true;
}
