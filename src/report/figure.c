/* From an SLO's path to what was measured, and that in windows. */
#include "report/slo.h"

static const struct {
    const char *name;
    double share; /* < 0: no percentile */
} statistics[] = {{"count", -1}, {"min", -1},   {"mean", -1},  {"max", -1},    {"p50", 0.5},
                  {"p90", 0.9},  {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

double slo_statistic_share(size_t statistic)
{
    return statistics[statistic].share;
}

const char *slo_statistic_id(size_t statistic)
{
    return statistics[statistic].name;
}

double slo_statistic(const struct histogram *h, size_t statistic)
{
    switch (statistic) {
    case SLO_STATISTIC_COUNT:
        return (double)histogram_count(h);
    case 1:
        return (double)histogram_min(h) / 1000;
    case 2:
        return histogram_mean(h) / 1000;
    case 3:
        return (double)histogram_max(h) / 1000;
    }
    return (double)histogram_quantile(h, statistics[statistic].share) / 1000;
}

/* ---- the figure ---- */

/* Takes the word up to the next dot, or the last one; false at the end. */
static bool take(const char **at, char *word, size_t word_bytes)
{
    size_t len = strcspn(*at, ".");
    if (len == 0 || len >= word_bytes)
        return false;
    memcpy(word, *at, len);
    word[len] = '\0';
    *at += len + ((*at)[len] == '.');
    return true;
}

static int position(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static bool take_scope(const struct report_run *run, const char **at, struct measure_filter *out)
{
    char name[96];
    const struct {
        const char *prefix;
        const char *const *names;
        size_t count;
        int *index;
    } scopes[] = {{"phases.", run->phases, run->phase_count, &out->phase},
                  {"personas.", run->profiles, run->profile_count, &out->profile}};
    for (size_t i = 0; i < COUNT_OF(scopes); i++) {
        size_t len = strlen(scopes[i].prefix);
        if (strncmp(*at, scopes[i].prefix, len) != 0)
            continue;
        *at += len;
        if (!take(at, name, sizeof name))
            return false;
        *scopes[i].index = position(scopes[i].names, scopes[i].count, name);
        return *scopes[i].index >= 0;
    }
    return true;
}

static bool take_statistic(const char **at, struct slo_figure *out)
{
    char name[32];
    if (!take(at, name, sizeof name) || **at != '\0')
        return false;
    for (size_t i = 0; i < COUNT_OF(statistics); i++) {
        if (strcmp(statistics[i].name, name) == 0) {
            out->statistic = i;
            return true;
        }
    }
    return false;
}

/* "failed.p95": the outcome, then the statistic. */
static bool take_outcome(const char **at, struct slo_figure *out)
{
    char name[32];
    if (!take(at, name, sizeof name))
        return false;
    for (unsigned i = 0; i < MEASURE_RESULTS; i++) {
        if (strcmp(measure_result_id((enum measure_result)i, out->filter.metric), name) == 0) {
            out->filter.results = 1U << i;
            return take_statistic(at, out);
        }
    }
    return false;
}

static bool take_latency(const char **at, struct slo_figure *out)
{
    static const char *const metrics[] = {"enrollment", "service", "start_lag"};
    char name[32];
    int metric = take(at, name, sizeof name) ? position(metrics, COUNT_OF(metrics), name) : -1;
    out->filter.metric = metric < 0 ? 0 : (unsigned)metric;
    out->filter.results = metric == MEASURE_START_LAG ? MEASURE_ALL_RESULTS : MEASURE_THAT_COUNT;
    return metric >= 0 && take_statistic(at, out);
}

static bool take_step(const char **at, struct slo_figure *out)
{
    char name[32];
    int stage = STAGE_COUNT;
    if (take(at, name, sizeof name)) {
        for (stage = STAGE_KEY; stage < STAGE_COUNT && strcmp(base_stage_id((enum stage)stage), name) != 0;)
            stage++;
    }
    if (stage == STAGE_COUNT)
        return false;
    out->filter.metric = MEASURE_STEP + (unsigned)stage;
    out->filter.results = MEASURE_ALL_RESULTS;
    if (strcmp(*at, "failed") == 0) {
        out->filter.results = 1U << MEASURE_FAILED | 1U << MEASURE_TIMED_OUT;
        out->statistic = SLO_STATISTIC_COUNT;
        return true;
    }
    const char *rest = *at;
    if (take(&rest, name, sizeof name) && strcmp(name, "outcomes") == 0)
        return take_outcome(&rest, out);
    return take_statistic(at, out);
}

static bool take_named(enum slo_kind kind, const char **at, struct slo_figure *out)
{
    out->kind = kind;
    return take(at, out->name, sizeof out->name) && (**at == '\0' || strcmp(*at, "count") == 0);
}

static bool take_end(const char *word, struct slo_figure *out)
{
    static const char *const ends[] = {
        [SLO_PLANNED] = "planned", [SLO_STARTED] = "started", [SLO_ENROLLED] = "enrolled",
        [SLO_FAILED] = "failed",   [SLO_UNSENT] = "unsent",   [SLO_ABANDONED] = "abandoned"};
    int end = position(ends, COUNT_OF(ends), word);
    out->kind = SLO_ENDS;
    out->end = end < 0 ? SLO_PLANNED : (enum slo_end)end;
    return end >= 0;
}

bool slo_find(const struct report_run *run, const char *path, struct slo_figure *out)
{
    *out =
        (struct slo_figure){.kind = SLO_STATISTIC, .filter = {.phase = MEASURE_ANY, .profile = MEASURE_ANY}};
    const char *at = path;
    char word[48];
    if (!take_scope(run, &at, &out->filter))
        return false;
    const char *whole = at;
    if (!take(&at, word, sizeof word))
        return false;
    if (strcmp(word, "latency") == 0)
        return take_latency(&at, out);
    if (strcmp(word, "outcomes") == 0)
        return take_outcome(&at, out);
    if (strcmp(word, "steps") == 0)
        return take_step(&at, out);
    if (strcmp(word, "failures") == 0)
        return take_named(SLO_FAILURES, &at, out);
    if (strcmp(word, "correctness") == 0)
        return take_named(SLO_DEFECTS, &at, out);
    out->filter.results = MEASURE_THAT_COUNT; /* a persona's own latency */
    return (out->filter.profile != MEASURE_ANY && take_statistic(&whole, out)) ||
           (*at == '\0' && take_end(word, out));
}

/* ---- windows ---- */

struct slo_windows {
    struct slo_figure figure;
    bool is_share;
    struct series_slide *part, *all; /* `all` only for shares */
};

bool slo_windows_new(const struct report_run *run, const struct scenario_slo *slo, struct slo_windows **out,
                     struct err *e)
{
    struct slo_figure f;
    struct slo_windows *w = NULL;
    const struct series *s = measure_series(run->measure);
    if (!slo_find(run, slo->path, &f))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.100s' is not known in windows", slo->path);
    if (f.kind == SLO_ENDS) {
        f.statistic = SLO_STATISTIC_COUNT;
        f.filter.metric = MEASURE_ENROLLMENT;
        f.filter.results =
            f.end == SLO_ENROLLED ? 1U << MEASURE_OK : 1U << MEASURE_FAILED | 1U << MEASURE_TIMED_OUT;
    }
    struct measure_filter all = f.filter;
    all.results = MEASURE_ALL_RESULTS;
    if ((w = calloc(1, sizeof *w)) == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a sliding window");
    *w = (struct slo_windows){.figure = f, .is_share = slo->is_share};
    if (!series_slide_new(s, f.filter, slo->window_us, &w->part, e) ||
        (w->is_share && !series_slide_new(s, all, slo->window_us, &w->all, e))) {
        slo_windows_free(w);
        return false;
    }
    *out = w;
    return true;
}

void slo_windows_free(struct slo_windows *w)
{
    if (w == NULL)
        return;
    series_slide_free(w->part);
    series_slide_free(w->all);
    free(w);
}

bool slo_windows_next(struct slo_windows *w, bool over, double *value, int64_t *from_us)
{
    for (const struct histogram *part; (part = series_slide_next(w->part, over)) != NULL;) {
        const struct histogram *all = w->is_share ? series_slide_next(w->all, over) : NULL;
        uint64_t of = all == NULL ? histogram_count(part) : histogram_count(all);
        if (of == 0 && (w->is_share || w->figure.statistic != SLO_STATISTIC_COUNT))
            continue;
        *value = w->is_share ? (double)histogram_count(part) / (double)of
                             : slo_statistic(part, w->figure.statistic);
        *from_us = series_slide_from_us(w->part);
        return true;
    }
    return false;
}
