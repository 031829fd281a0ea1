#include "base/text.h"

#include "check.h"

static void base64_round_trips_every_length(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 251);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct buf coded = fresh_buf(), back = fresh_buf();
        struct err e = {0};
        assert_true(text_base64(span_of(bytes, len), &coded));
        assert_true(text_unbase64(buf_span(&coded), &back, &e));
        assert_true(span_equal(buf_span(&back), span_of(bytes, len)));
        buf_clear(&coded);
        buf_clear(&back);
    }
}

static void base64_forgives_line_breaks_and_missing_padding_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected; /* NULL: refused */
    } cases[] = {
        {"aGVs\r\nbG8=", "hello"}, {"aGVsbG8", "hello"}, {"", ""},           {"a", NULL},
        {"aGV$bG8=", NULL},        {"aGVs=bG8", NULL},   {"aGVsbG8-", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = fresh_buf();
        struct err e = {0};
        bool ok = text_unbase64(span_of_text(cases[i].text), &out, &e);
        assert_int_equal(ok, cases[i].expected != NULL);
        assert_int_equal(err_is_set(&e), !ok);
        if (ok)
            assert_true(span_equal_text(buf_span(&out), cases[i].expected));
        buf_clear(&out);
    }
}

static void percent_coding_keeps_what_it_must(void **state)
{
    (void)state;
    struct buf out = fresh_buf();
    text_percent_encode(span_of_text("a+b/c=~ "), &out);
    assert_string_equal(buf_text(&out), "a%2Bb%2Fc%3D~%20");
    buf_reset(&out);
    text_percent_decode(span_of_text("a+b%2Bc%zz%4"), false, &out);
    assert_string_equal(buf_text(&out), "a+b+c%zz%4");
    buf_reset(&out);
    text_percent_decode(span_of_text("a+b"), true, &out);
    assert_string_equal(buf_text(&out), "a b");
    buf_clear(&out);
}

static void pages_become_utf8_by_their_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *expected;
    } cases[] = {
        {"<\0H\0\xe4\0", 6, "<H\xc3\xa4"},
        {"\xff\xfe<\0H\0", 6, "<H"},
        {"\xfe\xff\0<\0H", 6, "<H"},
        {"\xef\xbb\xbf<H", 5, "<H"},
        {"\0<\0H\0T", 6, "<HT"},
        {"plain", 5, "plain"},
        {"\xff\xfe\x3d\xd8\x00\xde", 6, "\xf0\x9f\x98\x80"}, /* a surrogate pair */
        {"\xff\xfe\x3d\xd8", 4, "\xef\xbf\xbd"},             /* half of one */
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = fresh_buf();
        assert_true(text_to_utf8(span_of(cases[i].bytes, cases[i].len), &out));
        assert_string_equal(buf_text(&out), cases[i].expected);
        buf_clear(&out);
    }
}

static void durations_rates_and_shares(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t us = 0;
    double value = 0;
    assert_true(text_parse_duration("300ms", &us, &e) && us == 300000);
    assert_true(text_parse_duration("1.5h", &us, &e) && us == INT64_C(5400000000));
    assert_true(text_parse_rate("300/h", &value, &e));
    assert_true(value > 0.08333 && value < 0.08334);
    assert_true(text_parse_share("30%", &value, &e) && value > 0.299 && value < 0.301);
    assert_true(text_parse_share("0.3", &value, &e));
    static const char *const bad_durations[] = {"",     "10",     "s",      "-1s", "1 s",
                                                "0x1s", "1e999s", "40000d", "nans"};
    for (size_t i = 0; i < sizeof bad_durations / sizeof *bad_durations; i++) {
        struct err why = {0};
        assert_false(text_parse_duration(bad_durations[i], &us, &why));
        assert_true(err_is_set(&why));
    }
    static const char *const bad_shares[] = {"", "130%", "1.1", "x", "-5%", "5 %"};
    for (size_t i = 0; i < sizeof bad_shares / sizeof *bad_shares; i++) {
        struct err why = {0};
        assert_false(text_parse_share(bad_shares[i], &value, &why));
    }
}

static void whole_numbers(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t n = 0;
    assert_true(text_parse_int("42", 0, 100, &n, &e) && n == 42);
    static const char *const bad[] = {"", "4x", "101", "-1", "+4", " 4", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err why = {0};
        assert_false(text_parse_int(bad[i], 0, 100, &n, &why));
    }
}

static void the_nearest_word(void **state)
{
    (void)state;
    static const char *const words[] = {"subject", "count", "profiles", NULL};
    assert_string_equal(text_nearest("subjct", words), "subject");
    assert_string_equal(text_nearest("profile", words), "profiles");
    assert_null(text_nearest("zzzzzz", words));
}

static void durations_for_people(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *expected;
    } cases[] = {
        {999, "999 us"},      {1500, "1.5 ms"},          {12345, "12 ms"},           {1234567, "1.23 s"},
        {61000000, "61.0 s"}, {125000000, "2 min 05 s"}, {3720000000, "1 h 02 min"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        text_duration(cases[i].us, text, sizeof text);
        assert_string_equal(text, cases[i].expected);
    }
    char when[32];
    text_utc(INT64_C(1778362211004738), when, sizeof when);
    assert_string_equal(when, "2026-05-09T21:30:11.004Z");
    text_utc(-1, when, sizeof when);
    assert_string_equal(when, "1969-12-31T23:59:59.999Z");
}

static void a_buf_never_passes_its_ceiling(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    assert_true(buf_append_text(&b, "0123456789"));
    assert_false(buf_append_byte(&b, 'x'));
    assert_int_equal(b.len, 10);
    struct err e = {0};
    assert_false(buf_ok(&b, STAGE_SETUP, &e));
    assert_int_equal(e.reason, REASON_LIMIT);
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_round_trips_every_length),
        cmocka_unit_test(base64_forgives_line_breaks_and_missing_padding_only),
        cmocka_unit_test(percent_coding_keeps_what_it_must),
        cmocka_unit_test(pages_become_utf8_by_their_bytes),
        cmocka_unit_test(durations_rates_and_shares),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(the_nearest_word),
        cmocka_unit_test(durations_for_people),
        cmocka_unit_test(a_buf_never_passes_its_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
