#include "page/chart.h"
#include "page/page.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct buf out;

static int up(void **state)
{
    (void)state;
    buf_init(&out, (size_t)1 << 20);
    return 0;
}

static int down(void **state)
{
    (void)state;
    buf_clear(&out);
    return 0;
}

static bool says(const char *words)
{
    return strstr(buf_text(&out), words) != NULL;
}

/* ---- frame ---- */

/* The policy names the style and the scripts by their hashes: nothing else runs. */
static void the_policy_holds_the_hash_of_each_script(void **state)
{
    (void)state;
    const char *script = "let live = 1;";
    uint8_t digest[32];
    struct buf hash;
    buf_init(&hash, 256);
    assert_true(span_sha256(span_of_text(script), digest));
    assert_true(text_base64(span_of(digest, sizeof digest), &hash));
    assert_true(page_begin(&(struct page_head){.title = "<b>&", .script = script, .talks = true}, &out));
    assert_true(page_end(&out));
    assert_true(says(buf_text(&hash)));
    assert_true(says("<title>&lt;b&gt;&amp;</title>"));
    assert_true(says("default-src 'none'"));
    assert_true(says("connect-src 'self'"));
    assert_false(says("unsafe-"));
    buf_clear(&hash);
}

static void a_page_asks_nobody_unless_it_talks(void **state)
{
    (void)state;
    assert_true(page_begin(&(struct page_head){.title = "a"}, &out));
    assert_false(says("connect-src"));
    assert_true(says("<main id=\"content\""));
}

/* ---- tables ---- */

static void tables_have_captions_and_headings(void **state)
{
    static const struct page_column columns[] = {{"a<b", false}, {"n", true}};
    (void)state;
    page_table(&out, "the \"caption\"", columns, 2);
    page_row(&out, "<row>");
    page_cell(&out, "n", "<1>");
    page_row_end(&out);
    page_table_end(&out);
    assert_true(says("<caption>the &quot;caption&quot;</caption>"));
    assert_true(says("<th scope=\"col\">a&lt;b</th><th scope=\"col\" class=\"n\">n</th>"));
    assert_true(says("<th scope=\"row\">&lt;row&gt;</th><td class=\"n\">&lt;1&gt;</td>"));
}

/* ---- charts ---- */

static void fill(struct chart *c, const char *label)
{
    struct chart_series *s = &c->series[c->series_count++];
    snprintf(s->label, sizeof s->label, "%s", label);
    s->look = (unsigned)c->series_count;
    for (size_t i = 0; i < c->points; i++)
        s->y[i] = i % 10 == 3 ? CHART_NONE : (double)i;
}

static struct chart chart_of(size_t points)
{
    struct chart c = {.id = "c", .title = "a & b", .says = "what it <shows>", .y_title = "y", .x_name = "x"};
    c.points = points;
    chart_time_axis(&c.x, (double)points);
    for (size_t i = 0; i < points; i++) {
        c.at[i] = (double)i;
        snprintf(c.name[i], sizeof c.name[i], "%zu", i);
    }
    return c;
}

static void charts_are_named_escaped_and_bounded(void **state)
{
    (void)state;
    struct chart c = chart_of(CHART_POINTS);
    for (size_t s = 0; s < CHART_SERIES - 1; s++)
        fill(&c, "<script>");
    c.mark_count = 1;
    c.marks[0].value = 100;
    snprintf(c.marks[0].label, sizeof c.marks[0].label, "p95 < 4s");
    chart_draw(&c, &out);
    assert_false(out.failed);
    assert_true(says("<title id=\"c-t\">a &amp; b</title>"));
    assert_true(says("<desc id=\"c-d\">what it &lt;shows&gt;</desc>"));
    assert_true(says("p95 &lt; 4s</text>"));
    assert_false(says("<script>"));
    assert_false(says("nan"));
    assert_true(out.len < 150000);
}

static void a_mark_far_above_does_not_press_the_chart_flat(void **state)
{
    (void)state;
    struct chart c = chart_of(10);
    fill(&c, "a");
    c.mark_count = 1;
    c.marks[0].value = 10000;
    chart_draw(&c, &out);
    assert_false(says("class=\"limit\""));
    assert_true(says(">10</text>"));
}

static void charts_without_values_are_drawn(void **state)
{
    (void)state;
    struct chart none = chart_of(0);
    none.stacked = true;
    none.series_count = 1;
    chart_draw(&none, &out);
    chart_draw_bars(&(struct chart_bars){.id = "b", .title = "t", .says = "s", .x_name = "x"}, &out);
    chart_draw_spans(&(struct chart_spans){.id = "s", .title = "t", .says = "s", .now = 1780000000}, &out);
    assert_false(out.failed);
    assert_false(says("nan"));
    assert_false(says("inf"));
}

static void times_are_named_as_they_are_long(void **state)
{
    char name[24];
    (void)state;
    chart_time_name(90, 120, name, sizeof name);
    assert_string_equal(name, "90");
    chart_time_name(90, 600, name, sizeof name);
    assert_string_equal(name, "1:30");
    chart_time_name(5400, 40000, name, sizeof name);
    assert_string_equal(name, "1:30");
    struct chart_axis x;
    static const double lengths[] = {0, 1, 59, 3600, 86400, 604800};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        chart_time_axis(&x, lengths[i]);
        assert_in_range(x.count, 1, CHART_TICKS);
        assert_true(x.to > 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_policy_holds_the_hash_of_each_script),
        TEST(a_page_asks_nobody_unless_it_talks),
        TEST(tables_have_captions_and_headings),
        TEST(charts_are_named_escaped_and_bounded),
        TEST(a_mark_far_above_does_not_press_the_chart_flat),
        TEST(charts_without_values_are_drawn),
        TEST(times_are_named_as_they_are_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
