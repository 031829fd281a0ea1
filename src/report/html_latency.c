/* How long an enrollment takes: the whole distribution, and the table of all steps. */
#include "report/html_parts.h"

#include "scenario/scenario.h"

#include <math.h>

#define POINTS 100

bool html_has_latency(const struct html *h)
{
    struct measure_step step;
    bool any = histogram_count(measure_enrollment(h->run->measure)) > 0;
    for (int s = STAGE_KEY; s < STAGE_COUNT && !any; s++)
        any = measure_step(h->run->measure, (enum stage)s, &step);
    return any;
}

/* Percentiles on the scale of HdrHistogram's plots: as far apart as each is rarer than the one before. */
static const struct {
    double share;
    const char *label;
} ticks[] = {{0, "0%"},        {0.5, "50%"},       {0.9, "90%"},        {0.99, "99%"},
             {0.999, "99.9%"}, {0.9999, "99.99%"}, {0.99999, "99.999%"}};

static double rarity(double share)
{
    return -log10(1 - share);
}

static void set_axis(struct chart *c, uint64_t count)
{
    c->x = (struct chart_axis){.to = log10((double)count),
                               .title = "share of the devices that were this fast or faster"};
    if (c->x.to < 1)
        c->x.to = 1;
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0] && rarity(ticks[i].share) <= c->x.to + 1e-9; i++) {
        struct chart_tick *t = &c->x.ticks[c->x.count++];
        t->at = rarity(ticks[i].share);
        snprintf(t->label, sizeof t->label, "%s", ticks[i].label);
    }
    c->points = POINTS;
    for (size_t i = 0; i < POINTS; i++) {
        c->at[i] = c->x.to * (double)i / (POINTS - 1);
        snprintf(c->name[i], sizeof c->name[i], "%.6g%%", 100 * (1 - pow(10, -c->at[i])));
    }
}

static void add_series(struct chart *c, const char *label, unsigned look, const struct histogram *times)
{
    struct chart_series *s = &c->series[c->series_count++];
    snprintf(s->label, sizeof s->label, "%s", label);
    s->look = look;
    for (size_t i = 0; i < c->points; i++)
        s->y[i] = (double)histogram_quantile(times, i + 1 == c->points ? 1 : 1 - pow(10, -c->at[i]));
}

/* Times that the scenario wants enrollments to stay below. */
void html_limits(const struct html *h, struct chart *c)
{
    for (size_t i = 0; i < h->run->slo_count && c->mark_count < CHART_MARKS; i++) {
        struct scenario_slo slo;
        struct err e = {0};
        if (!scenario_slo_parse(h->run->slo[i], &slo, &e) || slo.unit != SLO_TIME ||
            strncmp(slo.path, "latency.enrollment.", 19) != 0)
            continue;
        struct chart_mark *mark = &c->marks[c->mark_count++];
        mark->value = slo.value * 1000;
        snprintf(mark->label, sizeof mark->label, "%.90s", h->run->slo[i] + 19);
    }
}

static void put_distribution(const struct html *h)
{
    const struct measure *m = h->run->measure;
    struct chart c = {
        .id = "percentiles",
        .title = "Percentiles",
        .says = "To the right are the slowest few. Where the two lines part, devices had to wait before they "
                "could start.",
        .x_name = "percentile",
        .y_title = "time to enroll",
        .unit = CHART_DURATION};
    set_axis(&c, histogram_count(measure_enrollment(m)));
    add_series(&c, "from the actual start", 0, measure_service(m));
    add_series(&c, "from the scheduled start", 1, measure_enrollment(m));
    html_limits(h, &c);
    chart_draw(&c, h->out);
}

/* What a step is, for readers who do not know our names. */
static const char *const steps[STAGE_COUNT] = {[STAGE_KEY] = "key pair",
                                               [STAGE_OTP] = "one-time password",
                                               [STAGE_DNS] = "name lookup (DNS)",
                                               [STAGE_TCP] = "TCP connection",
                                               [STAGE_TLS] = "TLS handshake",
                                               [STAGE_GET_CA_CAPS] = "GetCACaps",
                                               [STAGE_GET_CA_CERT] = "GetCACert",
                                               [STAGE_CSR] = "certificate request made",
                                               [STAGE_BUILD] = "message signed and encrypted",
                                               [STAGE_PKI_OPERATION] = "PKIOperation (the enrollment)",
                                               [STAGE_CERT_POLL] = "CertPoll (asked again)",
                                               [STAGE_VERIFY] = "answer checked",
                                               [STAGE_RENEWAL] = "renewal",
                                               [STAGE_GET_CERT] = "GetCert",
                                               [STAGE_GET_CRL] = "GetCRL",
                                               [STAGE_GET_NEXT_CA_CERT] = "GetNextCACert"};

const char *html_step_name(enum stage stage)
{
    const char *name = stage < STAGE_COUNT ? steps[stage] : NULL;
    return name != NULL ? name : base_stage_id(stage);
}

static void put_times(const struct html *h)
{
    const struct measure *m = h->run->measure;
    page_table(h->out, "Times of enrollments and of their steps", html_time_columns, HTML_TIME_COLUMNS);
    html_time_row(h, "enrollment, from the scheduled start", histogram_count(measure_enrollment(m)), 0,
                  measure_enrollment(m));
    html_time_row(h, "enrollment, from the actual start", histogram_count(measure_service(m)), 0,
                  measure_service(m));
    html_time_row(h, "waiting to start", histogram_count(measure_start_lag(m)), 0, measure_start_lag(m));
    for (int s = STAGE_KEY; s < STAGE_COUNT; s++) {
        struct measure_step step;
        if (measure_step(m, (enum stage)s, &step))
            html_time_row(h, html_step_name((enum stage)s), step.count, step.failed, step.latency);
    }
    page_table_end(h->out);
    buf_append_text(h->out,
                    "<p class=\"dim\">A dash: too few values to tell (p99 needs 1,000, p99.9 needs 10,000). "
                    "Warm-up phases are left out; devices that timed out count at their time-out.</p>\n");
}

void html_latency(const struct html *h)
{
    buf_append_text(h->out, "<div class=\"charts\">\n");
    if (histogram_count(measure_enrollment(h->run->measure)) > 0)
        put_distribution(h);
    html_step_bars(h);
    html_step_course(h);
    buf_append_text(h->out, "</div>\n");
    put_times(h);
}
