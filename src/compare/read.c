/* A results folder becomes the figures of one run. */
#include "compare/run.h"

#include "base/file.h"
#include "compare/statistics.h"
#include "report/results.h"
#include "report/wording.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>

const double compare_quantiles[COMPARE_QUANTILES] = {0.5, 0.95, 0.99};

#define LEAST_MS 0.001 /* the histograms' resolution; a logarithm wants no zero */

/* Values in the order in which they ended, for the noise within the run. */
struct values {
    uint32_t *us;
    size_t count, cap;
};

struct reader {
    struct values values[COMPARE_TIMINGS];
    bool failed; /* no memory */
};

void compare_timing_name(size_t timing, char *out, size_t out_bytes)
{
    measure_metric_name((unsigned)timing, out, out_bytes); /* numbered alike */
}

bool compare_timing_is_local(size_t timing)
{
    static const enum stage local[] = {STAGE_NONE, STAGE_SETUP, STAGE_KEY,
                                       STAGE_CSR,  STAGE_BUILD, STAGE_VERIFY};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        if (timing == (size_t)COMPARE_STEP + (size_t)local[i])
            return true;
    }
    return false;
}

uint64_t compare_counts_of(const struct compare_counts *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].id, id) == 0)
            return list->items[i].count;
    }
    return 0;
}

/* ---- while it is told again ---- */

static void keep(struct reader *r, size_t timing, int64_t us)
{
    struct values *v = &r->values[timing];
    if (v->count == v->cap) {
        size_t cap = v->cap == 0 ? 1024 : 2 * v->cap;
        uint32_t *grown = realloc(v->us, cap * sizeof *grown);
        if (grown == NULL) {
            r->failed = true;
            return;
        }
        v->us = grown;
        v->cap = cap;
    }
    v->us[v->count++] = us < 0 ? 0 : us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void on_start(void *user, int64_t scheduled_us, int64_t started_us, bool warm_up)
{
    if (!warm_up)
        keep(user, COMPARE_START_LAG, started_us - scheduled_us);
}

static void on_step(void *user, const struct outcome_step *step)
{
    if (!step->warm_up && (unsigned)step->stage < STAGE_COUNT)
        keep(user, (size_t)COMPARE_STEP + (size_t)step->stage, step->finished_us - step->started_us);
}

static void on_device(void *user, const struct outcome *o)
{
    if (o->warm_up || (o->end != OUTCOME_ENROLLED && !(o->end == OUTCOME_FAILED && o->timed_out)))
        return;
    keep(user, COMPARE_ENROLLMENT, o->finished_us - o->scheduled_us);
    keep(user, COMPARE_SERVICE, o->finished_us - o->started_us);
}

static void on_arrival(void *user, int64_t scheduled_us, bool warm_up)
{
    (void)user, (void)scheduled_us, (void)warm_up;
}

static void on_stall(void *user, int64_t us)
{
    (void)user, (void)us;
}

static void on_probe(void *user, const struct outcome_probe *probe)
{
    (void)user, (void)probe;
}

static void on_otp(void *user, const struct outcome_otp_event *event)
{
    (void)user, (void)event;
}

static struct outcome_sink reader_sink(struct reader *r)
{
    return (struct outcome_sink){.user = r,
                                 .arrival = on_arrival,
                                 .start = on_start,
                                 .step = on_step,
                                 .device = on_device,
                                 .loop_stall = on_stall,
                                 .probe = on_probe,
                                 .otp = on_otp};
}

static void reader_clear(struct reader *r)
{
    for (size_t i = 0; i < COMPARE_TIMINGS; i++)
        free(r->values[i].us);
}

/* ---- percentiles, and how well the run knows them ---- */

static double ms_at(const struct histogram *h, double share)
{
    return fmax(LEAST_MS, (double)histogram_quantile(h, fmin(1, fmax(0, share))) / 1000);
}

/* Woodruff's way (1952): the error of the share at or below a percentile, carried through the distribution. */
static double error_at(const struct values *v, const struct histogram *h, double share, uint8_t *below)
{
    /* A histogram tells the lowest value of a bucket; what shares the bucket counts as below, too. */
    double limit_us = (double)histogram_quantile(h, share) * 1.001;
    for (size_t i = 0; i < v->count; i++)
        below[i] = (double)v->us[i] <= limit_us;
    double error = noise_of_share(below, v->count, share);
    return (log(ms_at(h, share + error)) - log(ms_at(h, share - error))) / 2;
}

static bool take_timing(const struct values *v, const struct histogram *h, struct compare_timing *out)
{
    if (h == NULL || histogram_count(h) == 0)
        return true;
    uint8_t *below = malloc(v->count + 1);
    if (below == NULL)
        return false;
    out->count = histogram_count(h);
    for (size_t i = 0; i < COMPARE_QUANTILES; i++) {
        out->ms[i] = ms_at(h, compare_quantiles[i]);
        out->error[i] = error_at(v, h, compare_quantiles[i], below);
    }
    free(below);
    return true;
}

static bool take_timings(const struct reader *r, const struct measure *m, struct compare_run *run)
{
    bool ok =
        take_timing(&r->values[COMPARE_ENROLLMENT], measure_enrollment(m),
                    &run->timings[COMPARE_ENROLLMENT]) &&
        take_timing(&r->values[COMPARE_SERVICE], measure_service(m), &run->timings[COMPARE_SERVICE]) &&
        take_timing(&r->values[COMPARE_START_LAG], measure_start_lag(m), &run->timings[COMPARE_START_LAG]);
    for (size_t i = 0; ok && i < STAGE_COUNT; i++) {
        struct measure_step step;
        if (measure_step(m, (enum stage)i, &step))
            ok = take_timing(&r->values[COMPARE_STEP + i], step.latency, &run->timings[COMPARE_STEP + i]);
    }
    return ok;
}

/* ---- what was counted ---- */

static struct compare_count *add_count(struct compare_counts *list, const char *id, uint64_t count)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].id, id) == 0) {
            list->items[i].count += count;
            return &list->items[i];
        }
    }
    if (list->count == COMPARE_MAX_COUNTS)
        return NULL;
    struct compare_count *grown = realloc(list->items, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    list->items = grown;
    grown += list->count++;
    *grown = (struct compare_count){.count = count};
    snprintf(grown->id, sizeof grown->id, "%s", id);
    return grown;
}

/* What tells one kind of failure from another, without words of a server that differ from one failure to the next. */
static void failure_id(const struct measure_failure *f, char *out, size_t out_bytes)
{
    const struct outcome *o = &f->first;
    int used = snprintf(out, out_bytes, "%s%s%s.%s", f->after_enrollment ? outcome_follow_id(f->follow) : "",
                        f->after_enrollment ? "." : "", base_stage_id(o->error.stage),
                        base_reason_id(o->error.reason));
    if (o->http_status != 0 && o->http_status != 200)
        used += snprintf(out + used, out_bytes - (size_t)used, ".%d", o->http_status);
    if (o->fail_info >= 0)
        used += snprintf(out + used, out_bytes - (size_t)used, ".failinfo-%d", o->fail_info);
    if (o->has_hresult)
        snprintf(out + used, out_bytes - (size_t)used, ".0x%08x", o->hresult);
}

static void take_failures(const struct measure *m, struct compare_run *run)
{
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        const struct measure_failure *f = measure_failure(m, i);
        char id[160], what[200];
        failure_id(f, id, sizeof id);
        words_failure(f, what, sizeof what);
        struct compare_count *c = add_count(&run->failures, id, f->count);
        if (c != NULL && c->title[0] == '\0')
            snprintf(c->title, sizeof c->title, "%s: %s", base_stage_id(f->first.error.stage), what);
    }
}

static void take_defects(const struct report_run *from, struct compare_run *run)
{
    struct words_defect defects[WORDS_DEFECTS];
    words_defects(from, defects);
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        struct compare_count *c = add_count(&run->defects, defects[i].id, defects[i].count);
        if (c != NULL)
            snprintf(c->title, sizeof c->title, "%s", defects[i].title);
    }
}

/* The likeliest cause of each kind of failure, with about how many failures stand behind it. */
static bool take_causes(const struct report_run *from, struct compare_run *run, struct err *e)
{
    struct diagnose_list list = {0};
    int64_t now_s = (from->started_wall_us + from->duration_us) / 1000000;
    if (!diagnose_run(from->measure, from->target, from->otp, now_s, &list, e))
        return false;
    struct measure_devices d = measure_devices(from->measure);
    for (size_t i = 0; i < list.count; i++) {
        if (!list.items[i].leads)
            continue;
        double behind = list.items[i].share * (double)(d.planned - d.enrolled);
        struct compare_count *c = add_count(&run->causes, list.items[i].cause->id, (uint64_t)llround(behind));
        if (c != NULL)
            snprintf(c->title, sizeof c->title, "%s", list.items[i].cause->title);
    }
    diagnose_clear(&list);
    return true;
}

/* ---- the rest ---- */

static void take_libraries(const char *const *versions, struct compare_run *run)
{
    size_t used = 0;
    for (size_t i = 0; versions != NULL && versions[i] != NULL && versions[i + 1] != NULL; i += 2) {
        int more = snprintf(run->libraries + used, sizeof run->libraries - used, "%s%s %s",
                            used > 0 ? ", " : "", versions[i], versions[i + 1]);
        used += (size_t)more;
        if (used >= sizeof run->libraries)
            return;
    }
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static void take_facts(const struct report_run *from, struct compare_run *run)
{
    struct measure_devices d = measure_devices(from->measure);
    snprintf(run->scenario, sizeof run->scenario, "%s", or_empty(from->scenario_name));
    snprintf(run->version, sizeof run->version, "%s", or_empty(from->version));
    snprintf(run->stopped_early, sizeof run->stopped_early, "%s", or_empty(from->stopped_early));
    take_libraries(from->versions, run);
    run->seed = from->seed;
    run->started_us = from->started_wall_us;
    run->duration_us = from->duration_us;
    run->cores = from->generator->cores;
    run->interrupted = from->interrupted;
    run->shard = from->shard != NULL;
    run->expect_refused = from->expect_refused;
    run->planned = d.planned;
    run->started = d.started;
    run->enrolled = d.enrolled;
    run->enrolled_per_s = from->duration_us > 0 ? (double)d.enrolled * 1e6 / (double)from->duration_us : 0;
    run->target = *from->target;
    if (from->otp != NULL) {
        run->page_cache = from->otp->page_cache;
        run->page_minutes = from->otp->page_minutes;
        snprintf(run->scheme, sizeof run->scheme, "%s", or_empty(from->otp->scheme));
    }
}

/* As the run itself was judged: its summary.json. */
static void take_validity(const char *summary, struct compare_run *run)
{
    json_t *tree = json_loads(summary, 0, NULL);
    const json_t *validity = json_object_get(tree, "validity"),
                 *reasons = json_object_get(validity, "reasons");
    size_t used = 0;
    snprintf(run->validity, sizeof run->validity, "%s",
             or_empty(json_string_value(json_object_get(validity, "verdict"))));
    for (size_t i = 0; i < json_array_size(reasons) && used < sizeof run->reasons; i++)
        used += (size_t)snprintf(run->reasons + used, sizeof run->reasons - used, "%s%s", i > 0 ? "; " : "",
                                 or_empty(json_string_value(json_array_get(reasons, i))));
    json_decref(tree);
}

static bool take_plan(const char *folder, struct compare_run *run, struct err *e)
{
    char path[PATH_MAX];
    struct buf text, plan;
    struct err why = {0};
    buf_init(&text, BYTES_MAX_MESSAGE);
    buf_init(&plan, BYTES_MAX_MESSAGE);
    snprintf(path, sizeof path, "%s/scenario.yaml", folder);
    bool ok = file_read(path, &text, &why) ||
              err_set(e, STAGE_SETUP, REASON_USAGE,
                      "%.120s has no scenario.yaml: nobody can tell what load that was", folder);
    if (ok) {
        const char *kept = compare_plan(buf_span(&text), &plan) ? buf_text(&plan) : NULL;
        run->plan = kept == NULL ? NULL : strdup(kept);
        ok = run->plan != NULL || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the scenario");
    }
    buf_clear(&text);
    buf_clear(&plan);
    return ok;
}

static bool take_all(const struct report_results *results, const struct measure *m, const struct reader *r,
                     struct compare_run *run, struct err *e)
{
    struct report_run from = *report_results_run(results);
    from.measure = m;
    take_facts(&from, run);
    take_failures(m, run);
    take_defects(&from, run);
    take_validity(report_results_summary(results), run);
    if (r->failed || !take_timings(r, m, run))
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the values of %.120s", run->name);
    return take_causes(&from, run, e) && take_plan(report_results_folder(results), run, e);
}

bool compare_run_read(const char *folder, struct compare_run **out, struct err *e)
{
    struct report_results *results = NULL;
    struct measure *measure = NULL;
    struct reader *reader = calloc(1, sizeof *reader);
    struct compare_run *run = calloc(1, sizeof *run);
    bool ok = (reader != NULL && run != NULL) ||
              err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the run %.120s", folder);
    if (ok) {
        struct outcome_sink sink = reader_sink(reader);
        ok = report_results_open(folder, &results, e) && measure_new(&measure, e) &&
             report_results_replay(&results, 1, measure, &sink, e);
    }
    if (ok) {
        snprintf(run->name, sizeof run->name, "%s", report_results_folder(results));
        ok = take_all(results, measure, reader, run, e);
    }
    if (reader != NULL)
        reader_clear(reader);
    free(reader);
    measure_free(measure);
    report_results_close(results);
    if (ok)
        *out = run;
    else
        compare_run_free(run);
    return ok;
}

void compare_run_free(struct compare_run *run)
{
    if (run == NULL)
        return;
    free(run->plan);
    free(run->failures.items);
    free(run->causes.items);
    free(run->defects.items);
    free(run);
}
