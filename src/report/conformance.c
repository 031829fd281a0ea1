/* Conformance probes: the findings that need a person first. */
#include "report/parts.h"

#include "base/text.h"

static const enum outcome_probe_verdict order[] = {OUTCOME_PROBE_FAILED, OUTCOME_PROBE_ODD,
                                                   OUTCOME_PROBE_SKIPPED, OUTCOME_PROBE_PASSED};

const struct measure_probe *conformance_next(const struct measure *m, struct conformance_walk *at)
{
    for (; at->verdict < sizeof order / sizeof order[0]; at->verdict++, at->index = 0) {
        while (at->index < measure_probe_count(m)) {
            const struct measure_probe *p = measure_probe(m, at->index++);
            if (p->first.verdict == order[at->verdict])
                return p;
        }
    }
    return NULL;
}

void words_conformance(const struct measure *m, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof order / sizeof order[0] && used < out_bytes; i++) {
        uint64_t n = measure_probe_total(m, order[i]);
        if (n > 0)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%llu %s", used > 0 ? ", " : "",
                                     (unsigned long long)n, outcome_probe_verdict_id(order[i]));
    }
}

static json_t *probe_json(const struct measure_probe *p)
{
    const struct outcome_probe *o = &p->first;
    json_t *out = json_object();
    json_object_set_new(out, "probe", summary_string(o->probe));
    json_object_set_new(out, "title", summary_string(o->title));
    json_object_set_new(out, "rule", summary_string(o->rule));
    json_object_set_new(out, "does", summary_string(o->does));
    json_object_set_new(out, "basis", summary_string(o->basis));
    json_object_set_new(out, "verdict", summary_string(outcome_probe_verdict_id(o->verdict)));
    json_object_set_new(out, "expected", summary_string(o->expected));
    json_object_set_new(out, "observed", summary_string(o->observed));
    json_object_set_new(out, "control", summary_string(o->control));
    json_object_set_new(out, "count", json_integer((json_int_t)p->count));
    return out;
}

json_t *conformance_json(const struct measure *m)
{
    json_t *out = json_array();
    struct conformance_walk at = {0};
    for (const struct measure_probe *p; (p = conformance_next(m, &at)) != NULL;)
        json_array_append_new(out, probe_json(p));
    return out;
}
