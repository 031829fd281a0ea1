/* Where the time of an enrollment goes: mean times, which add up as percentiles never do. */
#include "report/html_parts.h"

/* Steps that belong together; what no step explains is pauses and queues. */
#define STEP(s) (UINT32_C(1) << (s))
static const struct part {
    const char *label;
    uint32_t stages;
} parts[] = {
    {"waiting to start", 0},
    {"request to the CA (PKIOperation)", STEP(STAGE_PKI_OPERATION)},
    {"one-time password", STEP(STAGE_OTP)},
    {"connecting (DNS, TCP, TLS)", STEP(STAGE_DNS) | STEP(STAGE_TCP) | STEP(STAGE_TLS)},
    {"GetCACaps, GetCACert", STEP(STAGE_GET_CA_CAPS) | STEP(STAGE_GET_CA_CERT)},
    {"polling for approval", STEP(STAGE_CERT_POLL)},
    {"the device's own work", STEP(STAGE_KEY) | STEP(STAGE_CSR) | STEP(STAGE_BUILD) | STEP(STAGE_VERIFY)},
    {"pauses of the client, and queues", 0}};
#define PARTS (sizeof parts / sizeof parts[0])
#define LAST  (PARTS - 1)

/* Which devices, and when; interval MEASURE_ANY: the whole run. */
struct scope {
    int phase, profile;
    int64_t interval;
};

static double sum_of(const struct html *h, const struct scope *scope, unsigned metric, uint64_t *count)
{
    const struct measure_filter f = {metric, MEASURE_ALL_RESULTS, scope->phase, scope->profile};
    const struct series *s = measure_series(h->run->measure);
    struct histogram *times = NULL;
    double sum = 0;
    if (histogram_new(&times, NULL) &&
        (scope->interval < 0 ? series_sum(s, &f, times)
                             : series_sum_interval(s, (size_t)scope->interval, &f, times))) {
        sum = histogram_sum(times);
        *count += histogram_count(times);
    }
    histogram_free(times);
    return sum;
}

static double sum_of_part(const struct html *h, const struct scope *scope, const struct part *part)
{
    double sum = 0;
    uint64_t ignored = 0;
    for (unsigned s = STAGE_KEY; s < STAGE_COUNT; s++) {
        if ((part->stages & STEP(s)) != 0)
            sum += sum_of(h, scope, MEASURE_STEP + s, &ignored);
    }
    return sum;
}

/* Sums of the parts; returns how many devices ended there. */
static uint64_t take(const struct html *h, const struct scope *scope, double out[PARTS])
{
    uint64_t devices = 0, ignored = 0;
    double rest = sum_of(h, scope, MEASURE_ENROLLMENT, &devices);
    out[0] = sum_of(h, scope, MEASURE_START_LAG, &ignored);
    rest -= out[0];
    for (size_t i = 1; i < LAST; i++) {
        out[i] = sum_of_part(h, scope, &parts[i]);
        rest -= out[i];
    }
    out[LAST] = rest > 0 ? rest : 0; /* steps of devices that were cut off have no end to hold them against */
    return devices;
}

/* ---- bars ---- */

static void add_bar(const struct html *h, struct chart_bars *c, const char *kind, const char *name, int phase,
                    int profile)
{
    const struct scope scope = {phase, profile, MEASURE_ANY};
    double sums[PARTS];
    uint64_t devices = c->row_count < CHART_ROWS ? take(h, &scope, sums) : 0;
    if (devices == 0)
        return;
    struct chart_bar *bar = &c->rows[c->row_count++];
    snprintf(bar->label, sizeof bar->label, "%s%.70s", kind, name);
    for (size_t i = 0; i < PARTS; i++)
        bar->value[i] = sums[i] / (double)devices;
}

void html_step_bars(const struct html *h)
{
    const struct report_run *run = h->run;
    struct chart_bars c = {
        .id = "steps",
        .title = "Where the time goes",
        .says = "Mean time of a device from its scheduled start to its end, failed ones included.",
        .x_name = "devices",
        .unit = CHART_DURATION,
        .part_count = PARTS};
    for (size_t i = 0; i < PARTS; i++)
        c.parts[i] = parts[i].label;
    add_bar(h, &c, "", "all devices", MEASURE_ANY, MEASURE_ANY);
    for (size_t i = 0; i < run->profile_count && run->profile_count > 1; i++)
        add_bar(h, &c, "persona ", run->profiles[i], MEASURE_ANY, (int)i);
    for (size_t i = 0; i < run->phase_count && run->phase_count > 1; i++)
        add_bar(h, &c, "phase ", run->phases[i], (int)i, MEASURE_ANY);
    if (c.row_count > 0)
        chart_draw_bars(&c, h->out);
}

/* ---- over time ---- */

#define LEAST_POINTS 6
#define MOST_POINTS  60

static void take_point(const struct html *h, struct chart *c, size_t from, size_t to)
{
    double sums[PARTS] = {0}, some[PARTS];
    uint64_t devices = 0;
    for (size_t i = from; i < to; i++) {
        const struct scope scope = {MEASURE_ANY, MEASURE_ANY, (int64_t)i};
        devices += take(h, &scope, some);
        for (size_t k = 0; k < PARTS; k++)
            sums[k] += some[k];
    }
    for (size_t k = 0; k < PARTS; k++)
        c->series[k].y[c->points] = devices > 0 ? sums[k] / (double)devices : CHART_NONE;
}

void html_step_course(const struct html *h)
{
    const struct series *s = measure_series(h->run->measure);
    size_t intervals = series_intervals(s), per_point = (intervals + MOST_POINTS - 1) / MOST_POINTS;
    double interval_s = (double)series_interval_us(s) / 1e6, until_s = interval_s * (double)intervals;
    struct chart c = {.id = "steps-time",
                      .title = "Where the time goes, over the run",
                      .says = "Mean time of the devices that ended in each interval.",
                      .y_title = "mean time",
                      .unit = CHART_DURATION,
                      .stacked = true,
                      .width = interval_s * (double)per_point,
                      .series_count = PARTS};
    if (intervals < LEAST_POINTS)
        return;
    chart_time_axis(&c.x, until_s);
    c.x_name = c.x.title;
    for (size_t k = 0; k < PARTS; k++) {
        snprintf(c.series[k].label, sizeof c.series[k].label, "%s", parts[k].label);
        c.series[k].look = (unsigned)k;
    }
    for (size_t i = 0; i < intervals; i += per_point, c.points++) {
        c.at[c.points] = interval_s * (double)i;
        chart_time_name(c.at[c.points], until_s, c.name[c.points], sizeof c.name[0]);
        take_point(h, &c, i, i + per_point < intervals ? i + per_point : intervals);
    }
    chart_draw(&c, h->out);
}
