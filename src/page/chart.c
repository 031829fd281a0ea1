/* Lines and columns over time, or over anything else that has an order. */
#include "page/chart_parts.h"

#include <math.h>

#define HEIGHT 236
#define LEFT   56
#define RIGHT  12
#define TOP    24
#define BOTTOM 40
#define WIDE   (CHART_WIDTH - LEFT - RIGHT)
#define HIGH   (HEIGHT - TOP - BOTTOM)

struct drawing {
    const struct chart *c;
    struct buf *out;
    struct chart_scale scale;
    double top, step; /* of the y axis, in the chart's unit */
};

static double x_of(const struct drawing *d, double at)
{
    const struct chart_axis *x = &d->c->x;
    double part = x->to > x->from ? (at - x->from) / (x->to - x->from) : 0;
    return LEFT + WIDE * (part < 0 ? 0 : part > 1 ? 1 : part);
}

static double y_of(const struct drawing *d, double value)
{
    double part = value / d->top;
    return TOP + HIGH * (1 - (part > 1 ? 1 : part));
}

/* ---- how high ---- */

static double sum_at(const struct chart *c, size_t point)
{
    double sum = 0;
    for (size_t s = 0; s < c->series_count; s++)
        sum += isnan(c->series[s].y[point]) ? 0 : c->series[s].y[point];
    return sum;
}

static double highest(const struct chart *c)
{
    double top = 0;
    for (size_t i = 0; i < c->points; i++) {
        if (c->stacked)
            top = fmax(top, sum_at(c, i));
        for (size_t s = 0; s < c->series_count; s++)
            top = fmax(top, c->series[s].y[i]); /* fmax ignores NAN */
    }
    return top;
}

/* A mark far above everything would press it flat: it is then named, not drawn. */
static bool shown(const struct chart_mark *m, double top)
{
    return m->value > 0 && (top <= 0 || m->value <= 3 * top);
}

static struct drawing drawing_of(const struct chart *c, struct buf *out)
{
    double top = highest(c), data = top;
    for (size_t i = 0; i < c->mark_count; i++) {
        if (shown(&c->marks[i], data))
            top = fmax(top, c->marks[i].value);
    }
    struct chart_scale scale = chart_scale_of(c->unit, top);
    double step = chart_step(top / scale.by, c->unit == CHART_NUMBER) * scale.by;
    return (struct drawing){
        .c = c, .out = out, .scale = scale, .step = step, .top = fmax(1, ceil(top / step - 1e-9)) * step};
}

/* ---- axes ---- */

static void put_axis_text(const struct drawing *d, double x, double y, const char *anchor, const char *text)
{
    buf_appendf(d->out, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    markup_text(d->out, text);
    buf_append_text(d->out, "</text>\n");
}

static void draw_y_axis(const struct drawing *d)
{
    char label[64];
    for (int i = 0; i * d->step <= d->top * 1.001; i++) {
        double value = i * d->step, y = y_of(d, value);
        snprintf(label, sizeof label, "%.6g", value / d->scale.by);
        buf_appendf(d->out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, CHART_WIDTH - RIGHT);
        put_axis_text(d, LEFT - 6, y + 4, "end", label);
    }
    snprintf(label, sizeof label, "%s%s%s", d->c->y_title, d->scale.unit[0] != '\0' ? ", " : "",
             d->scale.unit);
    put_axis_text(d, 0, 12, "start", label);
}

static void draw_x_axis(const struct drawing *d)
{
    const struct chart_axis *x = &d->c->x;
    for (size_t i = 0; i < x->count; i++) {
        double at = x_of(d, x->ticks[i].at);
        buf_appendf(d->out, "<path class=\"grid\" d=\"M%.1f %dv5\"/>", at, TOP + HIGH);
        put_axis_text(d, at, TOP + HIGH + 18, "middle", x->ticks[i].label);
    }
    put_axis_text(d, CHART_WIDTH - RIGHT, HEIGHT - 4, "end", x->title);
}

static void draw_marks(const struct drawing *d)
{
    double data = highest(d->c);
    for (size_t i = 0; i < d->c->mark_count; i++) {
        const struct chart_mark *m = &d->c->marks[i];
        if (!shown(m, data))
            continue;
        double y = y_of(d, m->value);
        buf_appendf(d->out, "<path class=\"limit\" d=\"M%d %.1fH%d\"/>", LEFT, y, CHART_WIDTH - RIGHT);
        buf_appendf(d->out, "<text class=\"axis halo\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
                    CHART_WIDTH - RIGHT - 2, y < TOP + 16 ? y + 14 : y - 4);
        markup_text(d->out, m->label);
        buf_append_text(d->out, "</text>\n");
    }
}

/* ---- lines ---- */

/* A sign every now and then, another one for each look, beside colour and dash. */
static void draw_signs(const struct drawing *d, const struct chart_series *s)
{
    static const char *const signs[] = {"m-3-3h6v6h-6z",  "m0-4 4 7h-8z",      "m0-4 4 4-4 4-4-4z",
                                        "m-4 0h8m-4-4v8", "m-3-3 6 6m0-6-6 6", "m0 4 4-7h-8z",
                                        "m-4-2h8v4h-8z",  "m-2-4h4v8h-4z",     "m-3 0 6-4v8z"};
    size_t every = d->c->points / 8 + 1;
    buf_appendf(d->out, "<path class=\"sign k%u s%td\" d=\"", s->look, s - d->c->series);
    for (size_t i = every / 2; i < d->c->points; i += every) {
        if (!isnan(s->y[i]))
            buf_appendf(d->out, "M%.1f %.1f%s", x_of(d, d->c->at[i]), y_of(d, s->y[i]), signs[s->look]);
    }
    buf_append_text(d->out, "\"/>\n");
}

static void draw_line(const struct drawing *d, const struct chart_series *s)
{
    bool pen_down = false;
    buf_appendf(d->out, "<path class=\"line k%u s%td\" d=\"", s->look, s - d->c->series);
    for (size_t i = 0; i < d->c->points; i++) {
        bool there = !isnan(s->y[i]);
        if (there)
            buf_appendf(d->out, "%c%.1f %.1f", pen_down ? 'L' : 'M', x_of(d, d->c->at[i]), y_of(d, s->y[i]));
        if (there && !pen_down)
            buf_append_text(d->out, "h.1"); /* a lone point is still visible */
        pen_down = there;
    }
    buf_append_text(d->out, "\"/>\n");
    draw_signs(d, s);
}

/* ---- columns ---- */

static void draw_columns(const struct drawing *d, size_t series, double *base)
{
    const struct chart *c = d->c;
    buf_appendf(d->out, "<path class=\"fill k%u s%zu\" d=\"", c->series[series].look, series);
    for (size_t i = 0; i < c->points; i++) {
        double value = c->series[series].y[i];
        if (isnan(value) || value <= 0)
            continue;
        double from = y_of(d, base[i]), to = y_of(d, base[i] + value);
        double left = x_of(d, c->at[i]), right = x_of(d, c->at[i] + c->width);
        double gap = right - left > 4 ? 1 : 0;
        buf_appendf(d->out, "M%.1f %.1fV%.1fH%.1fV%.1fz", left, from, to, right - gap, from);
        base[i] += value;
    }
    buf_append_text(d->out, "\"/>\n");
}

static void draw_series(const struct drawing *d)
{
    double base[CHART_POINTS] = {0};
    for (size_t s = 0; s < d->c->series_count && d->c->stacked; s++)
        draw_columns(d, s, base);
    for (size_t s = d->c->series_count; s-- > 0 && !d->c->stacked;) /* the first lies on top */
        draw_line(d, &d->c->series[s]);
}

/* ---- around it ---- */

static const char *label_of(const void *of, size_t i)
{
    return ((const struct chart *)of)->series[i].label;
}

static unsigned look_of(const void *of, size_t i)
{
    return ((const struct chart *)of)->series[i].look;
}

static void put_column_heads(const struct chart *c, struct buf *out)
{
    buf_append_text(out, "<th scope=\"col\">");
    markup_text(out, c->x_name);
    buf_append_text(out, "</th>");
    for (size_t s = 0; s < c->series_count; s++) {
        buf_append_text(out, "<th scope=\"col\" class=\"n\">");
        markup_text(out, c->series[s].label);
        buf_append_text(out, "</th>");
    }
    buf_append_text(out, "</tr></thead><tbody>\n");
}

/* The rows hold where in the drawing they are: the script needs nothing else. */
static void put_table(const struct drawing *d)
{
    const struct chart *c = d->c;
    char words[40];
    chart_table_begin(c->id, c->title, d->out);
    put_column_heads(c, d->out);
    for (size_t i = 0; i < c->points; i++) {
        double at = c->at[i] + (c->stacked ? c->width / 2 : 0);
        buf_appendf(d->out, "<tr data-x=\"%.1f\"><th scope=\"row\">", x_of(d, at));
        markup_text(d->out, c->name[i]);
        buf_append_text(d->out, "</th>");
        for (size_t s = 0; s < c->series_count; s++) {
            chart_value(c->unit, c->series[s].y[i], words, sizeof words);
            page_cell(d->out, "n", words);
        }
        page_row_end(d->out);
    }
    chart_table_end(d->out);
}

void chart_draw(const struct chart *c, struct buf *out)
{
    struct drawing d = drawing_of(c, out);
    chart_begin(c->id, c->title, c->says, HEIGHT, out);
    draw_y_axis(&d);
    draw_x_axis(&d);
    draw_series(&d);
    draw_marks(&d);
    chart_end_drawing(out);
    if (c->series_count > 1)
        chart_legend(c->id, c->series_count, label_of, look_of, c, !c->stacked, out);
    put_table(&d);
    chart_end(out);
}
