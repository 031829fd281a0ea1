#include "report/parts.h"

#include "base/text.h"

/* Charts over the time of the run. Drawn with classes, so that the page's style gives the colours, light or
 * dark, on screen or paper. */

#define WIDTH      860
#define HEIGHT     170
#define LEFT       64
#define BOTTOM     22
#define TOP        8
#define MAX_POINTS 430 /* two pixels each: longer runs are drawn in bins of whole seconds */

struct series {
    const char *class_name, *label;
    double (*of)(const struct measure *m, size_t second);
};

/* A horizontal line to compare with; value 0: none. */
struct mark {
    const char *class_name;
    char label[64];
    double value;
};

static double offered(const struct measure *m, size_t second)
{
    return measure_second(m, second).offered;
}

static double enrolled(const struct measure *m, size_t second)
{
    return measure_second(m, second).enrolled;
}

static double failed(const struct measure *m, size_t second)
{
    return measure_second(m, second).failed;
}

static double p50(const struct measure *m, size_t second)
{
    return (double)measure_second(m, second).p50_us / 1000;
}

static double p95(const struct measure *m, size_t second)
{
    return (double)measure_second(m, second).p95_us / 1000;
}

static double held(const struct measure *m, size_t second)
{
    return measure_otp_second(m, second).held_max;
}

struct bins {
    const struct measure *m;
    size_t total;        /* seconds */
    size_t count, width; /* bins, seconds per bin */
    bool worst;          /* the worst second of a bin stands for it; else its mean */
    bool gaps;           /* nothing is drawn where there is no value */
};

static struct bins bins_of(const struct measure *m, size_t seconds)
{
    size_t width = (seconds + MAX_POINTS - 1) / MAX_POINTS;
    return (struct bins){.m = m, .total = seconds, .width = width, .count = (seconds + width - 1) / width};
}

static double bin_value(const struct bins *b, size_t bin, const struct series *series)
{
    size_t first = bin * b->width, last = first + b->width;
    double sum = 0, worst = 0;
    if (last > b->total)
        last = b->total;
    for (size_t i = first; i < last; i++) {
        double value = series->of(b->m, i);
        sum += value;
        if (value > worst)
            worst = value;
    }
    return b->worst ? worst : sum / (double)(last - first);
}

/* The next of 1, 2, 5, 10, 20, 50 ... */
static double nice_ceiling(double value)
{
    static const double steps[] = {1, 2, 5};
    double scale = 1;
    for (int power = 0; power < 12; power++, scale *= 10) {
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            if (value <= steps[i] * scale)
                return steps[i] * scale;
        }
    }
    return value;
}

static double highest(const struct bins *b, const struct series *series, size_t count)
{
    double top = 0;
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < b->count; i++) {
            double value = bin_value(b, i, &series[s]);
            if (value > top)
                top = value;
        }
    }
    return top;
}

static double x_of(const struct bins *b, size_t bin)
{
    double share = b->count < 2 ? 0 : (double)bin / (double)(b->count - 1);
    return LEFT + share * (WIDTH - LEFT - 8);
}

static double y_of(double value, double top)
{
    return TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
}

/* Seconds without any device that ended have no latency: the line has a gap there, it does not fall to zero. */
static void draw_line(const struct bins *b, const struct series *series, double top, struct buf *out)
{
    bool pen_down = false;
    buf_appendf(out, "<path class=\"line %s\" d=\"", series->class_name);
    for (size_t i = 0; i < b->count; i++) {
        double value = bin_value(b, i, series);
        bool shown = !b->gaps || value > 0;
        if (shown)
            buf_appendf(out, "%c%.1f %.1f", pen_down ? 'L' : 'M', x_of(b, i), y_of(value, top));
        if (shown && !pen_down)
            buf_append_text(out, "h.1"); /* a lone point is still visible */
        pen_down = shown;
    }
    buf_append_text(out, "\"/>\n");
}

static void draw_axes(const struct bins *b, double top, const char *unit, struct buf *out)
{
    for (int i = 0; i <= 2; i++) {
        double value = top * i / 2;
        buf_appendf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y_of(value, top), WIDTH - 8);
        buf_appendf(out, "<text class=\"axis\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.10g%s</text>\n",
                    LEFT - 6, y_of(value, top) + 4, value, unit);
    }
    for (int i = 0; i <= 4 && b->count > 1; i++) {
        size_t bin = (b->count - 1) * (size_t)i / 4;
        const char *anchor = i == 0 ? "start" : i == 4 ? "end" : "middle";
        buf_appendf(out, "<text class=\"axis\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%zu s</text>\n",
                    x_of(b, bin), HEIGHT - 4, anchor, bin * b->width);
    }
}

static void draw_legend(const struct series *series, size_t count, const struct mark *mark, struct buf *out)
{
    buf_append_text(out, "<figcaption>");
    for (size_t i = 0; i < count; i++)
        buf_appendf(out, "<span class=\"key %s\"></span>%s ", series[i].class_name, series[i].label);
    if (mark != NULL && mark->value > 0)
        buf_appendf(out, "<span class=\"key %s\"></span>%s ", mark->class_name, mark->label);
    buf_append_text(out, "</figcaption>\n");
}

/* `mark` may be NULL. */
static void draw(const struct bins *b, const char *title, const char *unit, const struct series *series,
                 size_t count, const struct mark *mark, struct buf *out)
{
    bool marked = mark != NULL && mark->value > 0;
    double top = highest(b, series, count);
    if (marked && mark->value > top)
        top = mark->value;
    top = nice_ceiling(top);
    buf_appendf(out, "<figure><h3>%s</h3>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
                title, WIDTH, HEIGHT, title);
    draw_axes(b, top, unit, out);
    if (marked)
        buf_appendf(out, "<path class=\"line %s\" d=\"M%d %.1fH%d\"/>\n", mark->class_name, LEFT,
                    y_of(mark->value, top), WIDTH - 8);
    for (size_t i = 0; i < count; i++)
        draw_line(b, &series[i], top, out);
    buf_append_text(out, "</svg>\n");
    draw_legend(series, count, mark, out);
    buf_append_text(out, "</figure>\n");
}

bool chart_write(const struct report_run *run, struct buf *out)
{
    static const struct series rates[] = {
        {"offered", "offered", offered}, {"enrolled", "enrolled", enrolled}, {"failed", "failed", failed}};
    static const struct series latencies[] = {{"p50", "median", p50}, {"p95", "p95", p95}};
    size_t seconds = measure_second_count(run->measure);
    if (seconds == 0)
        return true;
    struct bins b = bins_of(run->measure, seconds);
    draw(&b, "Devices per second", "", rates, 3, NULL, out);
    b.worst = b.gaps = true;
    draw(&b, "Enrollment latency of the devices that ended in each second", " ms", latencies, 2, NULL, out);
    return !out->failed;
}

bool chart_write_otp(const struct report_run *run, struct buf *out)
{
    static const struct series places[] = {{"held", "held at once, at most, in each second", held}};
    size_t seconds = measure_otp_second_count(run->measure);
    if (seconds == 0)
        return true;
    struct bins b = bins_of(run->measure, seconds);
    struct mark budget = {.class_name = "limit", .value = run->otp == NULL ? 0 : run->otp->limit};
    snprintf(budget.label, sizeof budget.label, "challenge.outstanding: %u", (unsigned)budget.value);
    b.worst = true;
    draw(&b, "Passwords outstanding", "", places, 1, &budget, out);
    return !out->failed;
}
