#include "page/chart_parts.h"

#include "base/text.h"

#include <math.h>

void chart_begin(const char *id, const char *title, const char *says, int height, struct buf *out)
{
    buf_appendf(out, "<figure class=\"chart\" id=\"%s\"><figcaption>", id);
    page_element(out, "h3", NULL, title);
    page_element(out, "p", "dim", says);
    buf_appendf(out,
                "</figcaption>\n<div class=\"plot\" id=\"%s-plot\"><svg viewBox=\"0 0 %d %d\" role=\"img\" "
                "aria-labelledby=\"%s-t\" aria-describedby=\"%s-d\"><title id=\"%s-t\">",
                id, CHART_WIDTH, height, id, id, id);
    markup_text(out, title);
    buf_appendf(out, "</title><desc id=\"%s-d\">", id);
    markup_text(out, says);
    buf_append_text(out, "</desc>\n");
}

void chart_end_drawing(struct buf *out)
{
    buf_append_text(out, "</svg></div>\n");
}

void chart_end(struct buf *out)
{
    buf_append_text(out, "</figure>\n");
}

/* ---- legend ---- */

static void swatch(unsigned look, struct buf *out)
{
    buf_appendf(out,
                "<svg class=\"swatch\" viewBox=\"0 0 30 12\" aria-hidden=\"true\"><path class=\"fill k%u\" "
                "d=\"M0 0H30V12H0z\"/><path class=\"line k%u\" d=\"M0 6H30\"/></svg>",
                look, look);
}

void chart_legend(const char *id, size_t count, const char *(*label)(const void *of, size_t i),
                  unsigned (*look)(const void *of, size_t i), const void *of, bool choose, struct buf *out)
{
    buf_append_text(out, choose
                             ? "<fieldset class=\"legend\"><legend class=\"sr\">Shown in the chart</legend>"
                             : "<p class=\"legend filled\">");
    for (size_t i = 0; i < count; i++) {
        if (choose)
            buf_appendf(out, "<label><input type=\"checkbox\" id=\"%s-s%zu\" class=\"t%zu\" checked>", id, i,
                        i);
        else
            buf_append_text(out, "<span>");
        swatch(look(of, i), out);
        markup_text(out, label(of, i));
        buf_append_text(out, choose ? "</label>\n" : "</span>\n");
    }
    buf_append_text(out, choose ? "</fieldset>\n" : "</p>\n");
}

/* ---- the values as a table ---- */

void chart_table_begin(const char *id, const char *title, struct buf *out)
{
    buf_appendf(out,
                "<details class=\"data\" id=\"%s-data\"><summary>Values as a table</summary>"
                "<div class=\"scroll\"><table>",
                id);
    page_element(out, "caption", NULL, title);
    buf_append_text(out, "<thead><tr>");
}

void chart_table_end(struct buf *out)
{
    buf_append_text(out, "</tbody></table></div></details>\n");
}

/* ---- numbers ---- */

struct chart_scale chart_scale_of(enum chart_unit unit, double top)
{
    static const struct chart_scale scales[] = {
        {"\xc2\xb5s", 1}, {"ms", 1e3}, {"s", 1e6}, {"min", 6e7}, {"h", 3.6e9}};
    static const double up_to[] = {2e3, 5e6, 3e8, 1.8e10};
    size_t i = 0;
    if (unit == CHART_NUMBER)
        return (struct chart_scale){"", 1};
    while (i < sizeof up_to / sizeof up_to[0] && top >= up_to[i])
        i++;
    return scales[i];
}

double chart_step(double top, bool whole)
{
    static const double steps[] = {1, 2, 5, 10};
    if (!(top > 0) || !isfinite(top))
        return 1;
    double least = top / 5, scale = pow(10, floor(log10(least)));
    size_t i = 0;
    while (i < sizeof steps / sizeof steps[0] - 1 && steps[i] * scale < least * (1 - 1e-9))
        i++;
    double step = steps[i] * scale;
    return whole && step < 1 ? 1 : step;
}

void chart_value(enum chart_unit unit, double value, char *out, size_t out_bytes)
{
    if (isnan(value))
        snprintf(out, out_bytes, "-");
    else if (unit == CHART_DURATION)
        text_duration((int64_t)value, out, out_bytes);
    else
        snprintf(out, out_bytes, value == floor(value) ? "%.0f" : "%.1f", value);
}

/* ---- time ---- */

static const double ticks_s[] = {1,   2,    5,    10,   20,   30,    60,    120,   300,
                                 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400, 172800};

void chart_time_name(double at_s, double until_s, char *out, size_t out_bytes)
{
    unsigned s = (unsigned)at_s;
    if (until_s <= 180)
        snprintf(out, out_bytes, "%u", s);
    else if (until_s <= 7200)
        snprintf(out, out_bytes, "%u:%02u", s / 60, s % 60);
    else
        snprintf(out, out_bytes, "%u:%02u", s / 3600, s / 60 % 60);
}

void chart_time_axis(struct chart_axis *x, double until_s)
{
    size_t step = 0;
    while (step + 1 < sizeof ticks_s / sizeof ticks_s[0] && until_s / ticks_s[step] > 6)
        step++;
    *x = (struct chart_axis){.to = until_s > 0 ? until_s : 1};
    x->title = until_s <= 180    ? "seconds since the start"
               : until_s <= 7200 ? "min:s since the start"
                                 : "h:min since the start";
    for (; x->count < CHART_TICKS && (double)x->count * ticks_s[step] <= until_s; x->count++) {
        struct chart_tick *t = &x->ticks[x->count];
        t->at = (double)x->count * ticks_s[step];
        chart_time_name(t->at, until_s, t->label, sizeof t->label);
    }
}
