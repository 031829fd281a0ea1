/* The parts of summary.json that take histograms apart: by how it ended, by phase, by persona. */
#include "report/parts.h"

/* The histogram that a filter chooses, as JSON; NULL when it has no values and `needed` is false. */
static json_t *chosen_json(const struct report_run *run, struct measure_filter f, bool needed)
{
    struct histogram *h = NULL;
    json_t *out = NULL;
    if (histogram_new(&h, NULL) && series_sum(measure_series(run->measure), &f, h) &&
        (needed || histogram_count(h) > 0))
        out = summary_histogram(h);
    histogram_free(h);
    return out;
}

json_t *breakdown_outcomes(const struct report_run *run, unsigned metric, int phase, int profile)
{
    json_t *out = json_object();
    for (unsigned i = 0; i < MEASURE_RESULTS; i++) {
        const struct measure_filter f = {metric, 1U << i, phase, profile};
        json_object_set_new(out, measure_result_id((enum measure_result)i, metric),
                            chosen_json(run, f, true));
    }
    return out;
}

static json_int_t count_of(const json_t *histogram)
{
    return json_integer_value(json_object_get(histogram, "count"));
}

json_t *breakdown_steps(const struct report_run *run, int phase, int profile)
{
    json_t *steps = json_object();
    for (unsigned i = STAGE_KEY; i < STAGE_COUNT; i++) {
        const struct measure_filter all = {MEASURE_STEP + i, MEASURE_ALL_RESULTS, phase, profile};
        json_t *latency = chosen_json(run, all, false);
        if (latency == NULL)
            continue;
        json_t *step = json_object(), *results = breakdown_outcomes(run, MEASURE_STEP + i, phase, profile);
        json_int_t ok = count_of(json_object_get(results, "ok")), count = count_of(latency);
        json_object_set_new(step, "latency_ms", latency);
        json_object_set_new(step, "outcomes_ms", results);
        json_object_set_new(step, "count", json_integer(count));
        json_object_set_new(step, "failed", json_integer(count - ok));
        json_object_set_new(steps, base_stage_id((enum stage)i), step);
    }
    return steps;
}

static json_t *latencies(const struct report_run *run, int phase)
{
    json_t *out = json_object();
    const struct measure_filter enrollment = {MEASURE_ENROLLMENT, MEASURE_THAT_COUNT, phase, MEASURE_ANY};
    const struct measure_filter service = {MEASURE_SERVICE, MEASURE_THAT_COUNT, phase, MEASURE_ANY};
    const struct measure_filter lag = {MEASURE_START_LAG, MEASURE_ALL_RESULTS, phase, MEASURE_ANY};
    json_object_set_new(out, "enrollment", chosen_json(run, enrollment, true));
    json_object_set_new(out, "service", chosen_json(run, service, true));
    json_object_set_new(out, "start_lag", chosen_json(run, lag, true));
    return out;
}

static json_t *phase_json(const struct report_run *run, unsigned phase)
{
    struct measure_phase p = measure_phase(run->measure, phase);
    json_t *out = json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "warm_up", p.warm_up, "planned",
                            (json_int_t)p.planned, "started", (json_int_t)p.started, "enrolled",
                            (json_int_t)p.enrolled, "failed", (json_int_t)p.failed, "unsent",
                            (json_int_t)p.unsent, "abandoned", (json_int_t)p.abandoned);
    json_object_set_new(out, "latency_ms", latencies(run, (int)phase));
    json_object_set_new(out, "outcomes_ms",
                        breakdown_outcomes(run, MEASURE_ENROLLMENT, (int)phase, MEASURE_ANY));
    json_object_set_new(out, "steps", breakdown_steps(run, (int)phase, MEASURE_ANY));
    return out;
}

json_t *breakdown_phases(const struct report_run *run)
{
    json_t *out = json_object();
    for (unsigned i = 0; i < run->phase_count; i++)
        json_object_set_new(out, run->phases[i], phase_json(run, i));
    return out;
}
