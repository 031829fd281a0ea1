#include "base/utf8.h"

#include "check.h"

/* Every character there is, and every number that is none. */
static void reads_what_it_would_write(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x120000; c++) {
        uint8_t b[4] = {(uint8_t)c};
        size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = len, rest = c; len > 1 && i-- > 0; rest >>= 6)
            b[i] = (uint8_t)(i > 0 ? 0x80 | (rest & 0x3f) : (0xf00u >> len) | rest);
        uint32_t got = 7;
        bool none = c > 0x10ffff || (c >= 0xd800 && c < 0xe000);
        assert_int_equal(utf8_read(span_of(b, len), &got), none ? 0 : len);
        assert_int_equal(got, none ? 7 : c);
        assert_int_equal(utf8_length(span_of(b, len - 1)), 0); /* cut off */
    }
}

static void takes_nothing_else(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\x80",         "\xbf",         "\xc0\x80",     "\xc1\xbf",
                                        "\xc3(",        "\xe0\x9f\xbf", "\xe2\x82(",    "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80", "\xf5\x80\x80", "\xff\xfe\xfd", "a\xfc"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (utf8_valid(span_of_text(wrong[i])))
            fail_msg("the one at %zu is valid", i);
    }
    assert_true(utf8_valid(span_of_text("Z\xc3\xbcrich \xf0\x9f\x93\xb1")));
    assert_true(utf8_valid(span_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_would_write),
        cmocka_unit_test(takes_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
