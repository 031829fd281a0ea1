/* Bars that lie: of parts that add up, and of time. */
#include "page/chart_parts.h"

#include "base/text.h"

#include <math.h>

#define LINE_HIGH 50 /* a label above its bar */
#define BAR_HIGH  20
#define BAR_Y     22
#define VALUE     64 /* room for the sum behind the bar */

/* ---- parts that add up ---- */

static double sum_of(const struct chart_bars *c, const struct chart_bar *row)
{
    double sum = 0;
    for (size_t i = 0; i < c->part_count; i++)
        sum += row->value[i];
    return sum;
}

/* Its share stands in a part that has room for it. */
static void put_share(double x, double y, double width, double share, struct buf *out)
{
    if (width >= 34)
        buf_appendf(out, "<text class=\"inside\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.0f%%</text>",
                    x + width / 2, y + 14, share * 100);
}

static void draw_bar(const struct chart_bars *c, size_t row, double longest, struct buf *out)
{
    const struct chart_bar *bar = &c->rows[row];
    double y = (double)row * LINE_HIGH, x = 0, sum = sum_of(c, bar);
    double per = longest > 0 ? (CHART_WIDTH - VALUE) / longest : 0;
    char words[40];
    buf_appendf(out, "<text class=\"name\" x=\"0\" y=\"%.1f\">", y + 14);
    markup_text(out, bar->label);
    buf_append_text(out, "</text>\n");
    for (size_t i = 0; i < c->part_count; i++) {
        double width = bar->value[i] * per;
        if (width < 0.05)
            continue;
        buf_appendf(out, "<path class=\"fill k%zu\" d=\"M%.1f %.1fh%.1fv%dH%.1fz\"/>", i, x, y + BAR_Y,
                    width > 2 ? width - 1 : width, BAR_HIGH, x);
        put_share(x, y + BAR_Y, width, bar->value[i] / sum, out);
        x += width;
    }
    chart_value(c->unit, sum, words, sizeof words);
    buf_appendf(out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x + 6, y + BAR_Y + 15, words);
}

static const char *part_of(const void *of, size_t i)
{
    return ((const struct chart_bars *)of)->parts[i];
}

static unsigned look_of_part(const void *of, size_t i)
{
    (void)of;
    return (unsigned)i;
}

static void put_table(const struct chart_bars *c, struct buf *out)
{
    char words[40];
    chart_table_begin(c->id, c->title, out);
    buf_append_text(out, "<th scope=\"col\">");
    markup_text(out, c->x_name);
    buf_append_text(out, "</th>");
    for (size_t i = 0; i < c->part_count; i++) {
        buf_append_text(out, "<th scope=\"col\" class=\"n\">");
        markup_text(out, c->parts[i]);
        buf_append_text(out, "</th>");
    }
    buf_append_text(out, "</tr></thead><tbody>\n");
    for (size_t r = 0; r < c->row_count; r++) {
        page_row(out, c->rows[r].label);
        for (size_t i = 0; i < c->part_count; i++) {
            chart_value(c->unit, c->rows[r].value[i], words, sizeof words);
            page_cell(out, "n", words);
        }
        page_row_end(out);
    }
    chart_table_end(out);
}

void chart_draw_bars(const struct chart_bars *c, struct buf *out)
{
    double longest = 0;
    for (size_t i = 0; i < c->row_count; i++)
        longest = fmax(longest, sum_of(c, &c->rows[i]));
    chart_begin(c->id, c->title, c->says, (int)c->row_count * LINE_HIGH, out);
    for (size_t i = 0; i < c->row_count; i++)
        draw_bar(c, i, longest, out);
    chart_end_drawing(out);
    chart_legend(c->id, c->part_count, part_of, look_of_part, c, false, out);
    put_table(c, out);
    chart_end(out);
}

/* ---- time ---- */

#define YEAR   INT64_C(31557600)
#define BEFORE (2 * YEAR)
#define AFTER  (10 * YEAR)
#define AXIS   26

struct calendar {
    int64_t from, to;
};

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* From the first day to the last, but not a century of an offline root. */
static struct calendar calendar_of(const struct chart_spans *c)
{
    struct calendar k = {c->now, c->now};
    for (size_t i = 0; i < c->row_count; i++) {
        k.from = c->rows[i].from < k.from ? c->rows[i].from : k.from;
        k.to = c->rows[i].to > k.to ? c->rows[i].to : k.to;
    }
    k.from = clamp(k.from, c->now - BEFORE, c->now - YEAR / 12);
    k.to = clamp(k.to, c->now + YEAR / 12, c->now + AFTER);
    return k;
}

static double x_of(const struct calendar *k, int64_t when)
{
    double part = (double)(clamp(when, k->from, k->to) - k->from) / (double)(k->to - k->from);
    return part * CHART_WIDTH;
}

static void draw_span(const struct chart_spans *c, const struct calendar *k, size_t row, struct buf *out)
{
    const struct chart_span *s = &c->rows[row];
    double y = (double)row * LINE_HIGH, left = x_of(k, s->from), right = x_of(k, s->to);
    buf_appendf(out, "<text class=\"name\" x=\"0\" y=\"%.1f\">", y + 14);
    markup_text(out, s->label);
    buf_appendf(out, "</text><text class=\"name %s\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", s->class_name,
                CHART_WIDTH, y + 14);
    markup_text(out, s->note);
    buf_appendf(out, "</text><path class=\"span %s\" d=\"M%.1f %.1fH%.1fv%dH%.1fz\"/>\n", s->class_name, left,
                y + BAR_Y, right > left + 2 ? right : left + 2, BAR_HIGH, left);
}

/* The first of January of some years, some tens of units apart. */
static void draw_years(const struct calendar *k, double bottom, struct buf *out)
{
    char when[40];
    int64_t step = (k->to - k->from) / YEAR / 6 + 1;
    for (int64_t year = k->from / YEAR; year <= k->to / YEAR + 1; year++) {
        int64_t at = year * YEAR; /* of the Julian kind: within a day of it */
        if (at < k->from || at > k->to || year % step != 0)
            continue;
        text_utc((at + 5 * 86400) * 1000000, when, sizeof when);
        when[4] = '\0';
        double x = x_of(k, at);
        buf_appendf(out,
                    "<path class=\"grid\" d=\"M%.1f 0V%.1f\"/><text class=\"axis\" x=\"%.1f\" y=\"%.1f\" "
                    "text-anchor=\"%s\">%s</text>\n",
                    x, bottom, x, bottom + 16,
                    x < 20                 ? "start"
                    : x > CHART_WIDTH - 20 ? "end"
                                           : "middle",
                    when);
    }
}

void chart_draw_spans(const struct chart_spans *c, struct buf *out)
{
    struct calendar k = calendar_of(c);
    int bottom = (int)c->row_count * LINE_HIGH;
    chart_begin(c->id, c->title, c->says, bottom + AXIS, out);
    draw_years(&k, bottom, out);
    for (size_t i = 0; i < c->row_count; i++)
        draw_span(c, &k, i, out);
    double now = x_of(&k, c->now);
    buf_appendf(out,
                "<path class=\"limit\" d=\"M%.1f 0V%d\"/><text class=\"axis halo\" x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"%s\">the run</text>\n",
                now, bottom, now, bottom + 16, now < CHART_WIDTH / 2.0 ? "start" : "end");
    chart_end_drawing(out);
    chart_end(out);
}
