#include "report/parts.h"

#include "base/text.h"

/* Two charts over the time of the run. Drawn with classes, so that the page's style gives the colours, light or
 * dark, on screen or paper. */

#define WIDTH      860
#define HEIGHT     170
#define LEFT       64
#define BOTTOM     22
#define TOP        8
#define MAX_POINTS 430 /* two pixels each: longer runs are drawn in bins of whole seconds */

struct series {
    const char *class_name, *label;
    double (*of)(const struct measure_second *s);
};

static double offered(const struct measure_second *s)
{
    return s->offered;
}

static double enrolled(const struct measure_second *s)
{
    return s->enrolled;
}

static double failed(const struct measure_second *s)
{
    return s->failed;
}

static double p50(const struct measure_second *s)
{
    return (double)s->p50_us / 1000;
}

static double p95(const struct measure_second *s)
{
    return (double)s->p95_us / 1000;
}

struct bins {
    const struct measure *m;
    size_t count, width; /* seconds per bin */
    bool latency;        /* the worst second of a bin stands for it; else its mean */
};

static double bin_value(const struct bins *b, size_t bin, const struct series *series)
{
    size_t first = bin * b->width, last = first + b->width, total = measure_second_count(b->m);
    double sum = 0, worst = 0;
    if (last > total)
        last = total;
    for (size_t i = first; i < last; i++) {
        struct measure_second second = measure_second(b->m, i);
        double value = series->of(&second);
        sum += value;
        if (value > worst)
            worst = value;
    }
    return b->latency ? worst : sum / (double)(last - first);
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
    return nice_ceiling(top);
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
        bool shown = !b->latency || value > 0;
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

static void draw_legend(const struct series *series, size_t count, struct buf *out)
{
    buf_append_text(out, "<figcaption>");
    for (size_t i = 0; i < count; i++)
        buf_appendf(out, "<span class=\"key %s\"></span>%s ", series[i].class_name, series[i].label);
    buf_append_text(out, "</figcaption>\n");
}

static void draw(const struct bins *b, const char *title, const char *unit, const struct series *series,
                 size_t count, struct buf *out)
{
    double top = highest(b, series, count);
    buf_appendf(out, "<figure><h3>%s</h3>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
                title, WIDTH, HEIGHT, title);
    draw_axes(b, top, unit, out);
    for (size_t i = 0; i < count; i++)
        draw_line(b, &series[i], top, out);
    buf_append_text(out, "</svg>\n");
    draw_legend(series, count, out);
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
    struct bins b = {.m = run->measure, .width = (seconds + MAX_POINTS - 1) / MAX_POINTS};
    b.count = (seconds + b.width - 1) / b.width;
    draw(&b, "Devices per second", "", rates, 3, out);
    b.latency = true;
    draw(&b, "Enrollment latency of the devices that ended in each second", " ms", latencies, 2, out);
    return !out->failed;
}
