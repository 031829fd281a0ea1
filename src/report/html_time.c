/* The run over time: what was asked for, what came of it, how long it took; and the passwords held meanwhile. */
#include "report/html_parts.h"

#include <math.h>

#define LOOK_OFFERED 0
#define LOOK_STARTED 1
#define LOOK_DONE    2
#define LOOK_FAILED  3
#define COURSE       30 /* intervals that make a course; shorter runs are told by the second */

/* ---- seconds into bins ---- */

struct bins {
    size_t total, width, count; /* seconds, seconds per bin, bins */
};

static struct bins bins_of(size_t seconds)
{
    size_t width = (seconds + CHART_POINTS - 1) / CHART_POINTS;
    width = width == 0 ? 1 : width;
    return (struct bins){.total = seconds, .width = width, .count = (seconds + width - 1) / width};
}

static void set_axis(struct chart *c, const struct bins *b)
{
    chart_time_axis(&c->x, (double)b->total);
    c->x_name = c->x.title;
    c->points = b->count;
    for (size_t i = 0; i < b->count; i++) {
        c->at[i] = (double)(i * b->width);
        chart_time_name(c->at[i], (double)b->total, c->name[i], sizeof c->name[i]);
    }
}

typedef double reading(const struct measure *m, size_t second);

/* The mean of a bin's seconds, or their worst. */
static void add_series(struct chart *c, const struct measure *m, const struct bins *b, const char *label,
                       unsigned look, reading *read, bool worst)
{
    struct chart_series *s = &c->series[c->series_count++];
    snprintf(s->label, sizeof s->label, "%s", label);
    s->look = look;
    for (size_t i = 0; i < b->count; i++) {
        double sum = 0, top = 0;
        size_t first = i * b->width, last = first + b->width < b->total ? first + b->width : b->total;
        for (size_t k = first; k < last; k++) {
            double value = read(m, k);
            sum += value;
            top = fmax(top, value);
        }
        s->y[i] = worst ? top : sum / (double)(last - first);
    }
}

static double offered(const struct measure *m, size_t second)
{
    return measure_second(m, second).offered;
}

static double started(const struct measure *m, size_t second)
{
    return measure_second(m, second).started;
}

static double enrolled(const struct measure *m, size_t second)
{
    return measure_second(m, second).enrolled;
}

static double failed(const struct measure *m, size_t second)
{
    return measure_second(m, second).failed;
}

static double in_flight(const struct measure *m, size_t second)
{
    return measure_second(m, second).in_flight;
}

static double p50(const struct measure *m, size_t second)
{
    return (double)measure_second(m, second).p50_us;
}

static double p95(const struct measure *m, size_t second)
{
    return (double)measure_second(m, second).p95_us;
}

static double held(const struct measure *m, size_t second)
{
    return measure_otp_second(m, second).held_max;
}

/* ---- the load ---- */

static void put_load(const struct html *h, const struct bins *b)
{
    const struct measure *m = h->run->measure;
    struct chart c = {
        .id = "load",
        .title = "Devices per second",
        .says = "Offered is when devices were due; where started falls behind, they had to wait. Enrolled "
                "and failed are when they ended.",
        .y_title = "devices per second"};
    set_axis(&c, b);
    add_series(&c, m, b, "offered", LOOK_OFFERED, offered, false);
    add_series(&c, m, b, "started", LOOK_STARTED, started, false);
    add_series(&c, m, b, "enrolled", LOOK_DONE, enrolled, false);
    add_series(&c, m, b, "failed", LOOK_FAILED, failed, false);
    chart_draw(&c, h->out);
}

static void put_in_flight(const struct html *h, const struct bins *b)
{
    struct chart c = {
        .id = "in-flight",
        .title = "Devices under way",
        .says = "Started and not yet ended. A line that only climbs is a server that does not keep up.",
        .y_title = "devices"};
    set_axis(&c, b);
    add_series(&c, h->run->measure, b, "under way", LOOK_STARTED, in_flight, true);
    chart_draw(&c, h->out);
}

/* ---- latency ---- */

static void nothing_is_a_gap(struct chart *c)
{
    for (size_t s = 0; s < c->series_count; s++) {
        for (size_t i = 0; i < c->points; i++)
            c->series[s].y[i] = c->series[s].y[i] > 0 ? c->series[s].y[i] : CHART_NONE;
    }
}

/* A short run by the second; where seconds share a bin the worst one stands. */
static void put_latency_by_second(const struct html *h, const struct bins *b)
{
    struct chart c = {.id = "latency-time",
                      .title = "Time to enroll, over the run",
                      .says = "Of the devices that ended in each second, from their scheduled start.",
                      .y_title = "time to enroll",
                      .unit = CHART_DURATION};
    set_axis(&c, b);
    add_series(&c, h->run->measure, b, "median", LOOK_STARTED, p50, true);
    add_series(&c, h->run->measure, b, "p95", LOOK_FAILED, p95, true);
    nothing_is_a_gap(&c);
    html_limits(h, &c);
    chart_draw(&c, h->out);
}

static const struct {
    const char *label;
    double share;
    uint64_t need; /* values, to tell */
    unsigned look;
} shares[] = {{"median", 0.5, 1, LOOK_STARTED}, {"p95", 0.95, 20, LOOK_FAILED}, {"p99", 0.99, 1000, 4}};
#define SHARES (sizeof shares / sizeof shares[0])

static void take_point(struct chart *c, size_t point, const struct histogram *times)
{
    for (size_t k = 0; k < SHARES; k++)
        c->series[k].y[point] = histogram_count(times) >= shares[k].need
                                    ? (double)histogram_quantile(times, shares[k].share)
                                    : CHART_NONE;
}

static bool take_intervals(const struct html *h, struct chart *c, size_t per_point, struct histogram *times)
{
    static const struct measure_filter filter = {MEASURE_ENROLLMENT, MEASURE_THAT_COUNT, MEASURE_ANY,
                                                 MEASURE_ANY};
    const struct series *s = measure_series(h->run->measure);
    double interval_s = (double)series_interval_us(s) / 1e6,
           until_s = interval_s * (double)series_intervals(s);
    chart_time_axis(&c->x, until_s);
    for (size_t i = 0; i < series_intervals(s); c->points++) {
        histogram_reset(times);
        c->at[c->points] = interval_s * (double)i;
        chart_time_name(c->at[c->points], until_s, c->name[c->points], sizeof c->name[0]);
        for (size_t k = 0; k < per_point && i < series_intervals(s); k++, i++) {
            if (!series_sum_interval(s, i, &filter, times))
                return false;
        }
        take_point(c, c->points, times);
    }
    return true;
}

/* A long run by intervals: percentiles of all their values, never of percentiles. */
static void put_latency_by_interval(const struct html *h)
{
    struct chart c = {.id = "latency-time",
                      .title = "Time to enroll, over the run",
                      .says = "Of the devices that ended in each interval, from their scheduled start.",
                      .y_title = "time to enroll",
                      .unit = CHART_DURATION,
                      .series_count = SHARES};
    size_t intervals = series_intervals(measure_series(h->run->measure));
    struct histogram *times = NULL;
    for (size_t k = 0; k < SHARES; k++) {
        snprintf(c.series[k].label, sizeof c.series[k].label, "%s", shares[k].label);
        c.series[k].look = shares[k].look;
    }
    if (histogram_new(&times, NULL) &&
        take_intervals(h, &c, (intervals + CHART_POINTS - 1) / CHART_POINTS, times)) {
        c.x_name = c.x.title;
        html_limits(h, &c);
        chart_draw(&c, h->out);
    }
    histogram_free(times);
}

bool html_has_time(const struct html *h)
{
    return measure_second_count(h->run->measure) > 0;
}

void html_time(const struct html *h)
{
    struct bins b = bins_of(measure_second_count(h->run->measure));
    buf_append_text(h->out, "<div class=\"charts\">\n");
    put_load(h, &b);
    if (series_intervals(measure_series(h->run->measure)) >= COURSE)
        put_latency_by_interval(h);
    else
        put_latency_by_second(h, &b);
    put_in_flight(h, &b);
    html_failure_course(h);
    buf_append_text(h->out, "</div>\n");
}

/* ---- passwords ---- */

bool html_has_otp(const struct html *h)
{
    char words[480];
    words_otp(h->run, words, sizeof words);
    return words[0] != '\0';
}

static void put_held(const struct html *h)
{
    size_t seconds = measure_otp_second_count(h->run->measure);
    struct chart c = {
        .id = "otp-held",
        .title = "Passwords outstanding",
        .says = "Fetched, and not yet used up: each takes a place in the server's cache. At the line "
                "arrivals wait.",
        .y_title = "held at once, at most"};
    if (seconds == 0)
        return;
    struct bins b = bins_of(seconds);
    set_axis(&c, &b);
    add_series(&c, h->run->measure, &b, "held at once, at most", LOOK_STARTED, held, true);
    if (h->run->otp != NULL && h->run->otp->limit > 0) {
        c.marks[0].value = h->run->otp->limit;
        snprintf(c.marks[0].label, sizeof c.marks[0].label, "challenge.outstanding: %u", h->run->otp->limit);
        c.mark_count = 1;
    }
    chart_draw(&c, h->out);
}

void html_otp(const struct html *h)
{
    struct measure_otp o = measure_otp(h->run->measure);
    char words[480];
    words_otp(h->run, words, sizeof words);
    page_element(h->out, "p", NULL, words);
    words_otp_capacity(h->run, words, sizeof words);
    if (otp_capacity(h->run).near)
        page_element(h->out, "p", "warn", words);
    buf_append_text(h->out, "<div class=\"charts\">\n");
    put_held(h);
    buf_append_text(h->out, "<div>");
    page_table(h->out, "How long passwords take", html_time_columns, HTML_TIME_COLUMNS);
    html_time_row(h, "fetch", histogram_count(o.fetch), o.failed, o.fetch);
    html_time_row(h, "age when sent, since its fetch", histogram_count(o.age), 0, o.age);
    html_time_row(h, "held, from its fetch until answered", histogram_count(o.hold), 0, o.hold);
    page_table_end(h->out);
    buf_append_text(h->out, "</div></div>\n");
}
