#include "challenge/challenge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void arguments_stay_arguments(void **state)
{
    (void)state;
    char program[] = "/usr/local/bin/otp", many[] = "--count={count}", who[] = "{subject};{san}",
         empty[] = "";
    char *command[] = {program, many, who, empty};
    const char *names[] = {"dns:a b", "dns:$(c)"};
    struct challenge_device device = {.index = 3, .subject = "CN=`x`", .san = names, .san_count = 2};
    struct challenge_config config = {.source = CHALLENGE_COMMAND, .command = command, .command_count = 4};
    char **argv = NULL;
    struct err e = {0};
    assert_true(challenge_command_make(&config, 50, &device, &argv, &e));
    assert_string_equal(argv[0], program);
    assert_string_equal(argv[1], "--count=50");
    assert_string_equal(argv[2], "CN=`x`;dns:a b,dns:$(c)");
    assert_string_equal(argv[3], "");
    assert_null(argv[4]);
    free(argv);
}

static void command_lines_have_a_limit(void **state)
{
    (void)state;
    static char subject[200000];
    memset(subject, 's', sizeof subject - 1);
    char program[] = "otp", who[] = "{subject}";
    char *command[] = {program, who};
    struct challenge_device device = {.subject = subject};
    struct challenge_config config = {.source = CHALLENGE_COMMAND, .command = command, .command_count = 2};
    char **argv = NULL;
    struct err e = {0};
    assert_false(challenge_command_make(&config, 1, &device, &argv, &e));
    assert_int_equal(e.reason, REASON_LIMIT);
    assert_null(argv);
}

static void lines(void **state)
{
    (void)state;
    static const char *const expected[] = {"one", "two words", "three", "four"};
    struct span rest = span_of_text("one\ntwo words\r\nthree\nfour");
    struct secret *s = NULL;
    struct err e = {0};
    for (size_t i = 0; i < 4; i++) {
        assert_true(challenge_line_take(&rest, &s, &e));
        assert_true(span_equal_text(secret_value(s), expected[i]));
        secret_free(s);
    }
    assert_true(challenge_line_take(&rest, &s, &e));
    assert_null(s);
}

static void lines_that_are_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\n", "\r\nx", " x\n", "x \n", "a\tb\n", "a\rb\n", "a\x7f\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct span rest = span_of_text(wrong[i]);
        struct secret *s = NULL;
        struct err e = {0};
        assert_false(challenge_line_take(&rest, &s, &e));
        assert_int_equal(e.reason, REASON_OTP_COMMAND);
        assert_null(s);
    }
    static char long_line[16386];
    memset(long_line, 'x', sizeof long_line - 1);
    for (size_t len = 16384; len <= 16385; len++) {
        struct span rest = span_of(long_line, len);
        struct secret *s = NULL;
        struct err e = {0};
        assert_int_equal(challenge_line_take(&rest, &s, &e), len == 16384);
        secret_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_stay_arguments),
        cmocka_unit_test(command_lines_have_a_limit),
        cmocka_unit_test(lines),
        cmocka_unit_test(lines_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
