/* Failures: what they looked like, and when. */
#include "report/html_parts.h"

#include "base/text.h"

#define ON_TOP 20 /* rows of the table that are not folded */
#define KINDS  7  /* drawn by themselves; the rest are one */

bool html_has_failures(const struct html *h)
{
    return measure_failure_count(h->run->measure) > 0;
}

/* ---- over time ---- */

static uint32_t widest(const struct measure *m)
{
    uint32_t width = (uint32_t)(measure_second_count(m) / MEASURE_COURSE_BINS + 1);
    uint32_t power = 1;
    while (power < width)
        power *= 2;
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        uint32_t own = measure_failure(m, i)->course.width_s;
        power = own > power ? own : power;
    }
    return power;
}

/* Widths are powers of two, so bins fall into each other whole. */
static void add_course(struct chart_series *s, const struct measure_course *course, uint32_t width)
{
    for (size_t i = 0; i < MEASURE_COURSE_BINS && course->width_s > 0; i++) {
        size_t point = (size_t)((uint64_t)i * course->width_s / width);
        if (course->bins[i] > 0 && point < CHART_POINTS)
            s->y[point] += course->bins[i];
    }
}

/* Refusals without a code differ by the server's words only. */
static void name_kind(const struct measure_failure *f, char *out, size_t out_bytes)
{
    const struct outcome *o = &f->first;
    bool by_words = o->error.reason == REASON_SCEP_FAILURE && !o->has_hresult && o->text[0] != '\0';
    char what[240];
    words_failure(f, what, sizeof what);
    snprintf(out, out_bytes, "%.30s: %.90s", html_step_name(o->error.stage), by_words ? o->text : what);
}

static void add_kinds(const struct measure *m, struct chart *c, uint32_t width)
{
    static const unsigned looks[KINDS + 1] = {3, 1, 5, 4, 2, 8, 7, 0};
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        const struct measure_failure *f = measure_failure(m, i);
        size_t at = i < KINDS ? i : KINDS;
        struct chart_series *s = &c->series[at];
        if (at == c->series_count) {
            s->look = looks[c->series_count++];
            if (i < KINDS)
                name_kind(f, s->label, sizeof s->label);
            else
                snprintf(s->label, sizeof s->label, "%zu other kinds", measure_failure_count(m) - KINDS);
        }
        add_course(s, &f->course, width);
    }
}

void html_failure_course(const struct html *h)
{
    const struct measure *m = h->run->measure;
    struct chart c = {.id = "failures-time",
                      .title = "Failures over time, by what was seen",
                      .says = "How many devices failed in each column's time, and how.",
                      .y_title = "devices",
                      .stacked = true};
    if (measure_failure_count(m) == 0 || measure_second_count(m) == 0)
        return;
    uint32_t width = widest(m);
    double until_s = (double)measure_second_count(m);
    chart_time_axis(&c.x, until_s);
    c.x_name = c.x.title;
    c.width = width;
    for (; (double)c.points * width < until_s && c.points < CHART_POINTS; c.points++) {
        c.at[c.points] = (double)c.points * width;
        chart_time_name(c.at[c.points], until_s, c.name[c.points], sizeof c.name[0]);
    }
    add_kinds(m, &c, width);
    chart_draw(&c, h->out);
}

/* ---- the table ---- */

static void put_what(const struct html *h, size_t index)
{
    const struct measure_failure *f = measure_failure(h->run->measure, index);
    size_t exemplar = h->over ? html_exemplar(h->run->measure, index) : 0;
    char what[240];
    words_failure(f, what, sizeof what);
    buf_append_text(h->out, "<td class=\"text\">");
    if (exemplar > 0)
        buf_appendf(h->out, "<a href=\"#exemplar-%zu\">", exemplar);
    markup_text(h->out, what);
    if (exemplar > 0)
        buf_append_text(h->out, "</a>");
    buf_append_text(h->out, "</td>");
}

static void put_row(const struct html *h, size_t index)
{
    const struct measure_failure *f = measure_failure(h->run->measure, index);
    char first[32], last[32];
    text_duration(f->first_us, first, sizeof first);
    text_duration(f->last_us, last, sizeof last);
    page_row(h->out, html_step_name(f->first.error.stage));
    put_what(h, index);
    page_cell(h->out, "text", words_detail(f));
    html_count_cell(h, f->count, "n");
    page_cell(h->out, "n", first);
    page_cell(h->out, "n", last);
    page_row_end(h->out);
}

static void put_rows(const struct html *h, const char *caption, size_t from, size_t to)
{
    static const struct page_column columns[] = {{"step", false},    {"what happened", false},
                                                 {"details", false}, {"devices", true},
                                                 {"first", true},    {"last", true}};
    page_table(h->out, caption, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = from; i < to; i++)
        put_row(h, i);
    page_table_end(h->out);
}

void html_failures(const struct html *h)
{
    size_t count = measure_failure_count(h->run->measure), top = count < ON_TOP ? count : ON_TOP;
    put_rows(h, "Kinds of failures, the most frequent first; times since the start", 0, top);
    if (top == count)
        return;
    buf_appendf(h->out, "<details class=\"paper\" id=\"failures-more\"><summary>%zu kinds more</summary>\n",
                count - top);
    put_rows(h, "Rarer kinds of failures", top, count);
    buf_append_text(h->out, "</details>\n");
}
