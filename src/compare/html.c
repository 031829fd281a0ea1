/* A comparison as a page: the verdict, what is new, the changes as a plot with intervals, every figure. One file, no scripts. */
#include "compare/parts.h"

#include "base/markup.h"
#include "page/page.h"
#include "report/wording.h"

#include <math.h>

static const char *class_of(enum compare_verdict verdict)
{
    switch (verdict) {
    case COMPARE_NO_REGRESSION:
        return "good";
    case COMPARE_REGRESSION:
        return "bad";
    case COMPARE_INCONCLUSIVE:
    case COMPARE_NOT_ENOUGH_RUNS:
    case COMPARE_FORCED:
        return "warn";
    }
    return "warn";
}

static const char *row_class(enum compare_row_verdict verdict)
{
    switch (verdict) {
    case COMPARE_ROW_WORSE:
        return "bad";
    case COMPARE_ROW_BETTER:
        return "good";
    case COMPARE_ROW_SAME:
    case COMPARE_ROW_SMALL:
    case COMPARE_ROW_TOO_FEW:
    case COMPARE_ROW_LOCAL:
        return "dim";
    }
    return "dim";
}

static void put_head(const struct compare *c, struct buf *out)
{
    page_element(out, "div", "dim", c->base->items[0]->scenario);
    page_element(out, "h1", class_of(c->verdict), c->headline);
    if (c->sight[0] != '\0')
        page_element(out, "p", "dim", c->sight);
}

static void put_list(struct buf *out, const char *title, const struct compare_words *words)
{
    if (words->count == 0)
        return;
    page_element(out, "h2", NULL, title);
    buf_append_text(out, "<ul>");
    for (size_t i = 0; i < words->count; i++)
        page_element(out, "li", NULL, words->items[i]);
    buf_append_text(out, "</ul>\n");
}

/* ---- the plot: a line per latency of the server, from half to twice as long ---- */

#define LEFT  220
#define WIDE  760
#define LINE  22
#define RANGE 0.6931 /* ln 2 */

static bool is_plotted(const struct compare_row *row)
{
    return row->unit == COMPARE_MS && row->weight > 0;
}

/* The place of a ratio; what is beyond the range lies on its edge. */
static double place(double change)
{
    double at = log(fmax(1e-6, 1 + change));
    return LEFT + (fmin(RANGE, fmax(-RANGE, at)) + RANGE) / (2 * RANGE) * (WIDE - LEFT - 20);
}

static void put_mark(struct buf *out, double change, double bottom, const char *label, const char *anchor)
{
    buf_appendf(
        out,
        "<line class=\"grid\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%.0f\"/><text class=\"axis\" x=\"%.1f\" "
        "y=\"%.0f\" text-anchor=\"%s\">%s</text>\n",
        place(change), place(change), bottom, place(change), bottom + 14, anchor, label);
}

/* Worse ones are thick, so that the plot can be read without colours. */
static void put_whisker(struct buf *out, const struct compare_row *row, double y)
{
    bool worse = row->verdict == COMPARE_ROW_WORSE;
    buf_appendf(out, "<g class=\"%s\" stroke=\"currentColor\" fill=\"currentColor\"><title>",
                row_class(row->verdict));
    markup_text(out, row->title);
    buf_appendf(out, ": %+.1f%%, 95%% interval %+.1f%% to %+.1f%%</title>", row->change * 100, row->low * 100,
                row->high * 100);
    buf_appendf(out, "<line stroke-width=\"%d\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                worse ? 5 : 2, place(row->low), y, place(row->high), y);
    buf_appendf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"/></g>", place(row->change), y, worse ? 6 : 4);
    buf_appendf(out, "<text class=\"name\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 14, y + 4);
    markup_text(out, row->title);
    buf_append_text(out, "</text>\n");
}

static void put_plot(const struct compare *c, struct buf *out)
{
    size_t lines = 0, line = 0;
    for (size_t i = 0; i < c->row_count; i++)
        lines += is_plotted(&c->rows[i]);
    if (lines == 0)
        return;
    double bottom = (double)lines * LINE + 8;
    char floor[16];
    snprintf(floor, sizeof floor, "+%.0f%%", c->options.floor_share * 100);
    buf_appendf(
        out,
        "<h2>Latency, change with its 95%% interval</h2>\n<figure><svg viewBox=\"0 0 %d %.0f\" role=\"img\" "
        "aria-label=\"change of each latency; the table below has the figures\">\n",
        WIDE, bottom + 20);
    put_mark(out, -0.5, bottom, "half", "middle");
    put_mark(out, 0, bottom, "equal", "end");
    put_mark(out, c->options.floor_share, bottom, floor, "start");
    put_mark(out, 1, bottom, "twice", "middle");
    for (size_t i = 0; i < c->row_count; i++) {
        if (is_plotted(&c->rows[i]))
            put_whisker(out, &c->rows[i], (double)line++ * LINE + 14);
    }
    buf_append_text(
        out, "</svg><figcaption>To the right: slower now. Thick: worse beyond chance and floor.</figcaption>"
             "</figure>\n");
}

/* ---- the tables ---- */

static void put_row(struct buf *out, const struct compare_row *row)
{
    char base[32], now[32], change[32], interval[80];
    tell_value(row, row->base, base, sizeof base);
    tell_value(row, row->now, now, sizeof now);
    tell_change(row, row->change, change, sizeof change);
    tell_interval(row, interval, sizeof interval);
    page_row(out, row->title);
    page_cell(out, "n", base);
    page_cell(out, "n", now);
    page_cell(out, "n", change);
    page_cell(out, "n", interval);
    page_cell(out, row_class(row->verdict), tell_verdict(row->verdict));
    page_row_end(out);
}

static void put_table(const struct compare *c, bool dull, const char *caption, struct buf *out)
{
    static const struct page_column columns[] = {{"", false},      {"base", true},         {"now", true},
                                                 {"change", true}, {"95% interval", true}, {"", false}};
    page_table(out, caption, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < c->row_count; i++) {
        if (tell_is_dull(&c->rows[i]) == dull)
            put_row(out, &c->rows[i]);
    }
    page_table_end(out);
}

static void put_side(struct buf *out, const char *title, const struct compare_runs *runs)
{
    page_element(out, "h3", NULL, title);
    buf_append_text(out, "<ul>");
    for (size_t i = 0; i < runs->count; i++) {
        const struct compare_run *run = runs->items[i];
        char enrolled[32], planned[32], line[600];
        words_count(run->enrolled, enrolled, sizeof enrolled);
        words_count(run->planned, planned, sizeof planned);
        snprintf(line, sizeof line, "%s: %s of %s devices enrolled, %s", run->name, enrolled, planned,
                 run->validity);
        page_element(out, "li", NULL, line);
    }
    buf_append_text(out, "</ul>\n");
}

bool html_tell(const struct compare *c, struct buf *out)
{
    char title[200];
    snprintf(title, sizeof title, "%s: before and after", c->base->items[0]->scenario);
    const struct page_head head = {.title = title};
    page_begin(&head, out);
    put_head(c, out);
    put_list(out, "Why they cannot be compared", &c->problems);
    put_list(out, "New", &c->news);
    put_list(out, "The server presents itself differently", &c->drift);
    put_plot(c, out);
    page_element(out, "h2", NULL, "Figures");
    put_table(c, false, "Latencies and throughput: geometric means over runs. Rates: of all devices.", out);
    buf_append_text(out, "<details><summary>Work of this machine, and defects that nobody has</summary>");
    put_table(c, true, "Not judged.", out);
    buf_append_text(out, "</details>\n");
    put_list(out, "To keep in mind", &c->warnings);
    page_element(out, "h2", NULL, "Runs");
    put_side(out, "base", c->base);
    put_side(out, "now", c->now);
    return page_end(out);
}
