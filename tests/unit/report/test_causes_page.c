// links: causes
/* The page is read in a viewer of Markdown: tables must have equal rows, links must lead somewhere, code must be closed. */
#include "causes/own.h"
#include "report/report.h"

#include <ctype.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MAX_CAUSES 1000

struct page {
    const struct cause *list[MAX_CAUSES];
    size_t count;
    struct causes_own *own;
    struct buf text;
};

static int set_up(void **state)
{
    static struct page p;
    struct err e = {0};
    p = (struct page){0};
    for (; p.count < causes_count(); p.count++)
        p.list[p.count] = causes_at(p.count);
    assert_true(causes_own_read(span_of_text("[our-waf]\ntitle: A | bar, <tag> & *star*\nsignature: s_a_b\n"
                                             "decided_by: `a | b`\nstep: x\nresolution: y\n"),
                                "own.txt", &p.own, &e));
    p.list[p.count++] = causes_own_at(p.own, 0);
    buf_init(&p.text, (size_t)16 << 20);
    assert_true(report_causes_page(p.list, p.count, &p.text, &e));
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    struct page *p = *state;
    buf_clear(&p->text);
    causes_own_free(p->own);
    return 0;
}

/* Bars that part cells: not those with a backslash before them. */
static size_t cells(const char *line, size_t len)
{
    size_t bars = 0;
    for (size_t i = 0; i < len; i++)
        bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    return bars;
}

static void lines_are_well_formed(void **state)
{
    struct page *p = *state;
    size_t columns = 0, tables = 0;
    for (const char *line = buf_text(&p->text); *line != '\0';) {
        size_t len = strcspn(line, "\n"), ticks = 0;
        for (size_t i = 0; i < len; i++)
            ticks += line[i] == '`';
        if (ticks % 2 != 0 || len > 6000)
            fail_msg("code is not closed, or the line is too long: %.*s", (int)len, line);
        if (line[0] == '|') {
            tables += columns == 0;
            if (columns == 0)
                columns = cells(line, len);
            if (cells(line, len) != columns)
                fail_msg("a row with other cells than its table: %.*s", (int)len, line);
        } else {
            columns = 0;
        }
        line += len + (line[len] == '\n');
    }
    assert_true(tables > p->count);
}

/* GitHub and its kin make the anchor of "### Class L6c" from its lower case, with hyphens for blanks. */
static bool has_heading(const char *text, const char *anchor, size_t len)
{
    for (const char *at = text; (at = strstr(at, "\n### ")) != NULL;) {
        at += 5;
        size_t i = 0;
        for (; i < len && anchor[i] == (at[i] == ' ' ? '-' : (char)tolower((unsigned char)at[i]));)
            i++;
        if (i == len && at[len] == '\n')
            return true;
    }
    return false;
}

static void links_lead_to_headings(void **state)
{
    struct page *p = *state;
    const char *text = buf_text(&p->text);
    size_t links = 0;
    for (const char *at = text; (at = strstr(at, "](#")) != NULL; links++) {
        at += 3;
        if (!has_heading(text, at, strcspn(at, ")")))
            fail_msg("a link to nowhere: %.*s", (int)strcspn(at, ")"), at);
    }
    assert_true(links > 2 * p->count);
}

static void every_cause_has_its_section(void **state)
{
    struct page *p = *state;
    const char *text = buf_text(&p->text);
    for (size_t i = 0; i < p->count; i++) {
        if (!has_heading(text, p->list[i]->id, strlen(p->list[i]->id)))
            fail_msg("%s is not on the page", p->list[i]->id);
    }
    assert_non_null(strstr(text, "\n## Your own\n"));
    assert_non_null(strstr(text, "**A \\| bar, \\<tag> \\& \\*star\\***"));
    assert_non_null(strstr(text, "`a | b`"));
    assert_true(strstr(text, "## What you see") < strstr(text, "### app-pool-stopped"));
}

static bool is(const json_t *o, const char *key, json_type type)
{
    const json_t *value = json_object_get(o, key);
    return value != NULL && json_typeof(value) == type;
}

/* The form that the contract and the room's readme promise. */
static void json_has_the_documented_form(void **state)
{
    struct page *p = *state;
    struct buf text;
    struct err e = {0};
    static const char *const strings[] = {"id", "title", "mode", "stage", "signature", "decided_by", "basis"};
    static const char *const lists[] = {"runbook_lines", "codes",      "steps",
                                        "resolution",    "prevention", "sources"};
    static const char *const symptoms[] = {"ios", "android", "windows", "macos", "console"};
    static const char *const stages[] = {"transport",         "bare_url", "get_ca_caps",
                                         "get_ca_cert",       "otp",      "pki_operation_post",
                                         "pki_operation_get", "cert_poll"};
    buf_init(&text, (size_t)16 << 20);
    assert_true(report_causes_json(p->list, p->count, &text, &e));
    json_t *tree = json_loadb((const char *)text.data, text.len, 0, NULL);
    const json_t *causes = json_object_get(tree, "causes"), *c;
    size_t i, k;
    assert_int_equal(json_array_size(causes), p->count);
    json_array_foreach(causes, i, c)
    {
        for (k = 0; k < sizeof strings / sizeof strings[0]; k++)
            assert_true(is(c, strings[k], JSON_STRING));
        for (k = 0; k < sizeof lists / sizeof lists[0]; k++) {
            const json_t *list = json_object_get(c, lists[k]), *item;
            size_t n;
            assert_true(json_is_array(list));
            json_array_foreach(list, n, item) assert_true(json_is_string(item));
        }
        for (k = 0; k < sizeof symptoms / sizeof symptoms[0]; k++)
            assert_true(is(json_object_get(c, "device_symptoms"), symptoms[k], JSON_STRING));
        for (k = 0; k < sizeof stages / sizeof stages[0]; k++)
            assert_true(is(json_object_get(c, "stages"), stages[k], JSON_STRING));
        assert_true(is(c, "class", JSON_STRING) || is(c, "class", JSON_NULL));
        assert_true(is(c, "runbook", JSON_STRING) || is(c, "runbook", JSON_NULL));
        assert_true(json_is_boolean(json_object_get(c, "simulated")));
        assert_true(is(c, "not_simulated", JSON_STRING) || is(c, "not_simulated", JSON_NULL));
        assert_int_equal(json_object_size(c), 19);
    }
    json_decref(tree);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_well_formed),
        cmocka_unit_test(links_lead_to_headings),
        cmocka_unit_test(every_cause_has_its_section),
        cmocka_unit_test(json_has_the_documented_form),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
