#include "base/markup.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char words[256];

static const char *text(const char *s, size_t max)
{
    struct buf out;
    buf_init(&out, sizeof words - 1);
    assert_true(max == 0 ? markup_text(&out, s) : markup_excerpt(&out, s, max));
    snprintf(words, sizeof words, "%s", buf_text(&out));
    buf_clear(&out);
    return words;
}

static void markup_is_escaped(void **state)
{
    (void)state;
    assert_string_equal(text("<a href='x'>\"&\"</a>", 0),
                        "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    assert_string_equal(text(NULL, 0), "");
}

static void what_no_xml_may_hold_is_replaced(void **state)
{
    (void)state;
    assert_string_equal(text("a\x01\xffz", 0), "a\xef\xbf\xbd\xef\xbf\xbdz");
    assert_string_equal(text("\xc3", 0), "\xef\xbf\xbd");
    assert_string_equal(text("gr\xc3\xbc\xc3\x9f"
                             "e\n",
                             0),
                        "gr\xc3\xbc\xc3\x9f"
                        "e\n");
}

static void excerpts_end_between_characters(void **state)
{
    (void)state;
    assert_string_equal(text("abc", 3), "abc");
    assert_string_equal(text("abcd", 3), "abc\xe2\x80\xa6");
    assert_string_equal(text("ab\xc3\xbc!", 3), "ab\xc3\xbc\xe2\x80\xa6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_escaped),
        cmocka_unit_test(what_no_xml_may_hold_is_replaced),
        cmocka_unit_test(excerpts_end_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
