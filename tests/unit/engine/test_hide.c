#include "engine/hide.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_hidden(const char *user, const char *secret, const char *text, const char *expected)
{
    struct secret *value = NULL;
    struct hide *h = NULL;
    struct err e = {0};
    char shown[200];
    snprintf(shown, sizeof shown, "%s", text);
    assert_true(secret == NULL || secret_new(span_of_text(secret), &value, &e));
    assert_true(hide_new(user, value, &h, &e));
    hide_in(h, shown, strlen(shown));
    hide_in(h, NULL, 0);
    assert_string_equal(shown, expected);
    hide_free(h);
    secret_free(value);
}

static void secret_is_hidden_in_every_form(void **state)
{
    (void)state;
    assert_hidden(NULL, "pass/word", "a pass/word b", "a ********* b");
    assert_hidden(NULL, "pass/word", "?t=pass%2Fword&pass%2fWORD", "?t=***********&***********");
    assert_hidden(NULL, "pass/word", "cGFzcy93b3Jk!", "************!");
    assert_hidden("mdm", "pass/word", "Basic bWRtOnBhc3Mvd29yZA==", "Basic ********************");
    assert_hidden(NULL, "pass/word", "pass/wordpass/word", "******************");
}

static void what_was_cut_off_is_hidden_too(void **state)
{
    (void)state;
    assert_hidden(NULL, "pass/word", "is pass/w", "is ******");
    assert_hidden(NULL, "pass/word", "is pas", "is pas");
    assert_hidden(NULL, "pass/word", "pass over", "pass over");
}

static void without_a_secret_nothing_is_hidden(void **state)
{
    (void)state;
    assert_hidden("mdm", NULL, "mdm: a text", "mdm: a text");
    assert_hidden("mdm", "abc", "abc abc", "abc abc");
    assert_hidden(NULL, "pass/word", "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_is_hidden_in_every_form),
        cmocka_unit_test(what_was_cut_off_is_hidden_too),
        cmocka_unit_test(without_a_secret_nothing_is_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
