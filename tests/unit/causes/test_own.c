#include "causes/own.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NEEDED                                                                                               \
    "title: Our WAF cuts POSTs\nsignature: a page of the WAF\ndecided_by: rule 4711\n"                       \
    "step: look\nresolution: exempt it\n"

static struct causes_own *read_text(const char *text, struct err *e)
{
    struct causes_own *own = NULL;
    *e = (struct err){0};
    bool ok = causes_own_read(span_of_text(text), "own.txt", &own, e);
    assert_true(ok == (own != NULL) && ok == !err_is_set(e));
    return own;
}

static void assert_refused(const char *text, const char *message)
{
    struct err e;
    struct causes_own *own = read_text(text, &e);
    if (own != NULL || strstr(e.text, message) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", own != NULL ? "accepted" : e.text, message);
    assert_true(e.reason == REASON_USAGE);
}

static void a_short_entry_gets_defaults(void **state)
{
    (void)state;
    struct err e;
    struct causes_own *own = read_text("# ours\n\n[our-waf]\n" NEEDED, &e);
    assert_non_null(own);
    assert_int_equal(causes_own_count(own), 1);
    const struct cause *c = causes_own_at(own, 0);
    assert_string_equal(c->id, "our-waf");
    assert_string_equal(c->title, "Our WAF cuts POSTs");
    assert_string_equal(c->mode, "*");
    assert_string_equal(c->stage, "any");
    assert_string_equal(c->class_id, "");
    assert_string_equal(c->steps[0], "look");
    assert_null(c->steps[1]);
    assert_null(c->prevention[0]);
    assert_null(c->sources[0]);
    assert_string_equal(c->symptom_ios, "-");
    assert_string_equal(c->at.poll, "-");
    assert_true(c->basis == CAUSES_OBSERVED && !c->simulated);
    assert_null(causes_own_at(own, 1));
    causes_own_free(own);
}

static void a_full_entry_says_everything(void **state)
{
    (void)state;
    struct err e;
    struct causes_own *own =
        read_text("[our-waf]\r\nmode: SJ\r\nstage: pki_operation\r\nclass: L10/L5\r\nbasis: documented\r\n"
                  "pki_operation_post: 403 @px\r\nios: 22013 always\r\nconsole: Failed\r\ncode: http 403\r\n"
                  "code: text Rule 4711\r\nrunbook: page 7\r\nprevention: tell them\r\nsource: "
                  "https://wiki.example.com/waf\r\n"
                  "step: first\r\n  and\r\n\tmore\r\nstep: second\r\n# remark\r\n\r\n"
                  "title: T: with a colon\r\nsignature: s\r\ndecided_by: d\r\nresolution: r\r\n"
                  "[our-second]\r\n" NEEDED,
                  &e);
    assert_non_null(own);
    assert_int_equal(causes_own_count(own), 2);
    const struct cause *c = causes_own_at(own, 0);
    assert_string_equal(c->title, "T: with a colon");
    assert_string_equal(c->mode, "SJ");
    assert_string_equal(c->at.post, "403 @px");
    assert_string_equal(c->steps[0], "first and more");
    assert_string_equal(c->steps[1], "second");
    assert_string_equal(c->codes[1], "text Rule 4711");
    assert_string_equal(c->runbook[0], "page 7");
    assert_true(c->basis == CAUSES_DOCUMENTED);
    assert_true(causes_look_alike(c, causes_find("malformed-pkimessage")));
    assert_true(causes_match(c, "Rule 4711") == CAUSES_CODE);
    causes_own_free(own);
}

static void text_of_a_windows_editor_is_read(void **state)
{
    (void)state;
    static const char text[] = "[our-waf]\n" NEEDED;
    uint8_t wide[2 * sizeof text] = {0xff, 0xfe};
    for (size_t i = 0; i + 1 < sizeof text; i++)
        wide[2 + 2 * i] = (uint8_t)text[i];
    struct causes_own *own = NULL;
    struct err e = {0};
    assert_true(causes_own_read(span_of(wide, 2 * sizeof text), "own.txt", &own, &e));
    assert_string_equal(causes_own_at(own, 0)->id, "our-waf");
    causes_own_free(own);
}

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    assert_refused("", "own.txt:1: holds no cause");
    assert_refused("title: x\n", "own.txt:1: a cause begins with its id");
    assert_refused("[our-waf]\nnonsense\n", "own.txt:2: neither [id] nor key: value");
    assert_refused("[our-waf]\n\ntitel: x\n", "own.txt:3: 'titel' is no key of a cause; did you mean title?");
    assert_refused("[our-waf]\ntitle:\n", "own.txt:2: 'title' has no value");
    assert_refused("[our-waf]\ntitle: a\ntitle: b\n", "own.txt:3: 'title' stands in this cause twice");
    assert_refused("[Our WAF]\n", "own.txt:1: 'Our WAF' is no id");
    assert_refused("[our-waf\n", "own.txt:1: a cause begins with its id in square brackets");
    assert_refused("[otp-cache-full]\n", "own.txt:1: 'otp-cache-full' is in the catalogue already");
    assert_refused("[our-waf]\n" NEEDED "[our-waf]\n", "own.txt:7: 'our-waf' stands in this file twice");
    assert_refused("\n[our-waf]\ntitle: x\n", "own.txt:2: 'our-waf' needs title, signature");
    assert_refused("[our-waf]\n" NEEDED "class: L99\n", "own.txt:1: 'L99' is no look-alike class");
    assert_refused("[our-waf]\n" NEEDED "class: L1/\n", "is no look-alike class");
    assert_refused("[our-waf]\n" NEEDED "mode: X\n", "'X' is no mode");
    assert_refused("[our-waf]\n" NEEDED "stage: lunch\n", "'lunch' is no stage");
    assert_refused("[our-waf]\n" NEEDED "basis: rumour\n", "'rumour' is no basis");
    assert_refused("[our-waf]\n" NEEDED "source: wiki\n", "'wiki' is no source");
    assert_refused("[our-waf]\n" NEEDED "source: https://a b\n", "is no URL");
    assert_refused("  lost: x\n", "own.txt:1: a line that begins with a blank");
    assert_refused("[our-waf]\ntitle: \x01\n", "own.txt:2: a control character");
}

static void lists_and_files_have_ceilings(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, (size_t)8 << 20);
    buf_append_text(&text, "[our-waf]\n" NEEDED);
    for (int i = 0; i < CAUSES_OWN_MAX_ITEMS; i++)
        buf_append_text(&text, "step: again\n");
    assert_refused(buf_text(&text), "'step' comes too often (40 at most)");
    buf_reset(&text);
    for (int i = 0; i <= CAUSES_OWN_MAX; i++)
        buf_appendf(&text, "[our-%d]\n" NEEDED, i);
    assert_refused(buf_text(&text), "more causes than a file may hold");
    buf_reset(&text);
    while (text.len <= CAUSES_OWN_MAX_BYTES)
        buf_append_text(&text, "# a remark\n");
    assert_refused(buf_text(&text), "own.txt:1: cannot be read as text of at most 1 MiB");
    buf_clear(&text);
    causes_own_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_entry_gets_defaults),
        cmocka_unit_test(a_full_entry_says_everything),
        cmocka_unit_test(text_of_a_windows_editor_is_read),
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(lists_and_files_have_ceilings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
