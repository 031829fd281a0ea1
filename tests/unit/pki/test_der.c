#include "check.h"
#include "pki/der.h"

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

static struct err e;

static bool next(struct span bytes, struct der_item *out)
{
    struct der_reader r = der_reader_of(bytes);
    return der_next(&r, out, &e);
}

static void reads_definite_lengths(void **state)
{
    (void)state;
    struct der_item item;
    assert_true(next(BYTES(0x04, 0x02, 0xaa, 0xbb, 0x05, 0x00), &item));
    assert_int_equal(item.tag, DER_OCTET_STRING);
    assert_int_equal(item.content.len, 2);
    assert_int_equal(item.whole.len, 4);
    assert_true(next(BYTES(0x04, 0x81, 0x01, 0xaa), &item)); /* BER: longer than needed */
    assert_int_equal(item.content.len, 1);
    assert_true(next(BYTES(0x04, 0x88, 0, 0, 0, 0, 0, 0, 0, 1, 0xaa), &item));
    assert_int_equal(item.content.len, 1);
    assert_true(next(BYTES(0x30, 0x00), &item));
    assert_int_equal(item.content.len, 0);
}

static void refuses_broken_headers(void **state)
{
    (void)state;
    static const uint8_t broken[][12] = {
        {1, 0x30},                                   /* ends early */
        {2, 0x30, 0x01},                             /* longer than the input */
        {2, 0x1f, 0x00},                             /* tag above 30 */
        {2, 0x00, 0x00},                             /* end of contents without a beginning */
        {3, 0x30, 0x82, 0x01},                       /* length cut */
        {3, 0x30, 0x81, 0x05},                       /* long form, longer than the input */
        {2, 0x04, 0x80},                             /* indefinite primitive */
        {4, 0x30, 0x80, 0x05, 0x00},                 /* indefinite, never ends */
        {3, 0x30, 0x80, 0x00},                       /* half an end */
        {11, 0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0}, /* nine length octets */
        {10, 0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, /* would overflow */
        {2, 0x30, 0xff},                                                  /* reserved */
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct der_item item;
        CHECK_FAILS(next(span_of(broken[i] + 1, broken[i][0]), &item), &e, REASON_MALFORMED);
    }
    struct der_item item;
    CHECK_FAILS(next(span_of(NULL, 0), &item), &e, REASON_MALFORMED);
}

static void reads_nested_indefinite_lengths(void **state)
{
    (void)state;
    struct der_item item;
    struct span s = BYTES(0x30, 0x80, 0x30, 0x80, 0x04, 0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0x07, 0x00,
                          0x00, 0x05, 0x00);
    assert_true(next(s, &item));
    assert_true(item.indefinite);
    assert_int_equal(item.whole.len, 15);
    assert_int_equal(item.content.len, 11);
    struct der_reader r = der_reader_of(item.content);
    struct der_item inner;
    CHECK_OK(der_expect(&r, DER_SEQUENCE, "list", &inner, &e), &e);
    assert_int_equal(inner.content.len, 4); /* the zeros inside the OCTET STRING end nothing */
    CHECK_OK(der_expect(&r, DER_INTEGER, "number", &inner, &e), &e);
    assert_true(der_at_end(&r));
}

static void bounds_the_depth(void **state)
{
    (void)state;
    uint8_t deep[400];
    for (size_t i = 0; i < sizeof deep; i += 2) {
        deep[i] = i < sizeof deep / 2 ? 0x30 : 0x00;
        deep[i + 1] = i < sizeof deep / 2 ? 0x80 : 0x00;
    }
    struct der_item item;
    CHECK_FAILS(next(span_of(deep, sizeof deep), &item), &e, REASON_MALFORMED);

    /* Definite nesting is no matter for der_next, but for what walks down. */
    uint8_t strings[2 * 60];
    for (size_t i = 0; i < 60; i++) {
        strings[2 * i] = 0x24;
        strings[2 * i + 1] = (uint8_t)(2 * (59 - i));
    }
    struct buf out;
    buf_init(&out, 1000);
    assert_true(next(span_of(strings, sizeof strings), &item));
    CHECK_FAILS(der_string_bytes(&item, &out, &e), &e, REASON_MALFORMED);
    CHECK_FAILS(der_canonical(&item, &out, &e), &e, REASON_MALFORMED);
    buf_clear(&out);
}

static void joins_constructed_strings(void **state)
{
    (void)state;
    struct der_reader r = der_reader_of(
        BYTES(0x24, 0x80, 0x04, 0x02, 'a', 'b', 0x24, 0x03, 0x04, 0x01, 'c', 0x04, 0x00, 0x00, 0x00));
    struct der_item item;
    CHECK_OK(der_expect(&r, DER_OCTET_STRING, "text", &item, &e), &e);
    struct buf out;
    buf_init(&out, 100);
    CHECK_OK(der_string_bytes(&item, &out, &e), &e);
    CHECK_SPAN(buf_span(&out), "abc");
    struct span joined;
    buf_reset(&out);
    CHECK_OK(der_string(&item, &out, &joined, &e), &e);
    CHECK_SPAN(joined, "abc");

    assert_true(next(BYTES(0x24, 0x03, 0x02, 0x01, 0x07), &item)); /* an INTEGER in a string */
    CHECK_FAILS(der_string_bytes(&item, &out, &e), &e, REASON_MALFORMED);
    buf_clear(&out);

    struct buf tiny;
    buf_init(&tiny, 1);
    assert_true(next(BYTES(0x04, 0x02, 'a', 'b'), &item));
    CHECK_FAILS(der_string_bytes(&item, &tiny, &e), &e, REASON_LIMIT);
    buf_clear(&tiny);
}

static void expects_and_tries(void **state)
{
    (void)state;
    struct der_reader r = der_reader_of(BYTES(0x02, 0x01, 0x05));
    struct der_item item;
    assert_false(der_optional(&r, DER_SEQUENCE, &item));
    CHECK_FAILS(der_expect(&r, DER_SEQUENCE, "a list", &item, &e), &e, REASON_MALFORMED);
    assert_true(der_optional(&r, DER_INTEGER, &item));
    assert_false(der_optional(&r, DER_INTEGER, &item));
    CHECK_FAILS(der_expect(&r, DER_INTEGER, "a number", &item, &e), &e, REASON_MALFORMED);
}

static void reads_small_integers(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[11];
        int64_t value;
    } cases[] = {
        {{3, 0x02, 0x01, 0x00}, 0},
        {{3, 0x02, 0x01, 0x7f}, 127},
        {{3, 0x02, 0x01, 0xff}, -1},
        {{4, 0x02, 0x02, 0x00, 0x80}, 128},
        {{5, 0x02, 0x03, 0x00, 0x00, 0x05}, 5},
        {{10, 0x02, 0x08, 0x80, 0, 0, 0, 0, 0, 0, 0}, INT64_MIN},
    };
    struct der_item item;
    int64_t value;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(next(span_of(cases[i].bytes + 1, cases[i].bytes[0]), &item));
        CHECK_OK(der_small_int(&item, &value, &e), &e);
        assert_int_equal(value, cases[i].value);
    }
    assert_true(next(BYTES(0x02, 0x00), &item));
    CHECK_FAILS(der_small_int(&item, &value, &e), &e, REASON_MALFORMED);
    assert_true(next(BYTES(0x02, 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0), &item));
    CHECK_FAILS(der_small_int(&item, &value, &e), &e, REASON_MALFORMED);
}

static void writes_lengths_of_all_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
    uint8_t *zeros = calloc(1, 70000);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf b;
        buf_init(&b, 100000);
        size_t outer = der_begin(&b, DER_SEQUENCE);
        der_put(&b, DER_OCTET_STRING, span_of(zeros, sizes[i]));
        der_end(&b, outer);
        struct der_reader r = der_reader_of(buf_span(&b));
        struct der_item item;
        CHECK_OK(der_expect(&r, DER_SEQUENCE, "list", &item, &e), &e);
        assert_true(der_at_end(&r));
        r = der_reader_of(item.content);
        CHECK_OK(der_expect(&r, DER_OCTET_STRING, "string", &item, &e), &e);
        assert_int_equal(item.content.len, sizes[i]);
        buf_clear(&b);
    }
    free(zeros);
}

static void writes_integers(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    der_put_small_int(&b, 0);
    der_put_small_int(&b, 127);
    der_put_small_int(&b, 128);
    der_put_integer(&b, BYTES(0, 0, 0x01, 0x00));
    der_put_integer(&b, span_of(NULL, 0));
    static const uint8_t expected[] = {2, 1, 0, 2, 1, 127, 2, 2, 0, 128, 2, 2, 1, 0, 2, 1, 0};
    assert_int_equal(b.len, sizeof expected);
    assert_memory_equal(b.data, expected, sizeof expected);
    buf_clear(&b);
}

static void sorts_sets(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    size_t set = der_begin(&b, DER_SET);
    der_put_small_int(&b, 300);
    der_put_small_int(&b, 9);
    der_put_small_int(&b, 3);
    der_end_set_of(&b, set);
    static const uint8_t expected[] = {0x31, 10, 2, 1, 3, 2, 1, 9, 2, 2, 1, 0x2c};
    assert_int_equal(b.len, sizeof expected);
    assert_memory_equal(b.data, expected, sizeof expected);
    buf_clear(&b);
}

static void makes_der_of_ber(void **state)
{
    (void)state;
    struct der_item item;
    struct buf out;
    buf_init(&out, 100);
    assert_true(next(BYTES(0x31, 0x80, 0x24, 0x80, 0x04, 0x81, 0x01, 'b', 0x04, 0x01, 'c', 0x00, 0x00, 0x02,
                           0x01, 0x01, 0x00, 0x00),
                     &item));
    CHECK_OK(der_canonical(&item, &out, &e), &e);
    static const uint8_t expected[] = {0x31, 7, 2, 1, 1, 4, 2, 'b', 'c'};
    assert_int_equal(out.len, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    buf_clear(&out);
}

static bool read_time(const char *text, uint8_t tag, int64_t *out)
{
    struct der_item item = {.tag = tag, .content = span_of_text(text)};
    return der_time(&item, out, &e);
}

static void reads_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t tag;
        int64_t unix_s;
    } good[] = {
        {"700101000000Z", DER_UTC_TIME, 0},
        {"260101000000Z", DER_UTC_TIME, 1767225600},
        {"491231235959Z", DER_UTC_TIME, 2524607999},
        {"500101000000Z", DER_UTC_TIME, -631152000},
        {"2601010000Z", DER_UTC_TIME, 1767225600},
        {"260101013000+0130", DER_UTC_TIME, 1767225600},
        {"251231190000-0500", DER_UTC_TIME, 1767225600},
        {"20260101000000Z", DER_GENERALIZED_TIME, 1767225600},
        {"20260101000000.123Z", DER_GENERALIZED_TIME, 1767225600},
        {"20240229120000Z", DER_GENERALIZED_TIME, 1709208000},
        {"99991231235959Z", DER_GENERALIZED_TIME, 253402300799},
        {"20260101000000", DER_GENERALIZED_TIME, 1767225600},
    };
    int64_t t;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_OK(read_time(good[i].text, good[i].tag, &t), &e);
        assert_int_equal(t, good[i].unix_s);
    }
    static const char *const bad[] = {"",
                                      "26",
                                      "2613010000Z",
                                      "260101250000Z",
                                      "260101000000X",
                                      "2601010",
                                      "260101000000ZZ",
                                      "26010100000a0Z",
                                      "260101000000+99"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_FAILS(read_time(bad[i], DER_UTC_TIME, &t), &e, REASON_MALFORMED);
    CHECK_FAILS(read_time("260101000000Z", DER_OCTET_STRING, &t), &e, REASON_MALFORMED);
}

static void writes_the_times_it_reads(void **state)
{
    (void)state;
    static const int64_t times[] = {-631152001, -1,         0,          951782400,
                                    1767225600, 2524607999, 2524608000, 253402300799};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct buf b;
        buf_init(&b, 100);
        der_put_time(&b, times[i]);
        struct der_item item;
        assert_true(next(buf_span(&b), &item));
        assert_int_equal(item.tag, times[i] >= -631152000 && times[i] < 2524608000 ? DER_UTC_TIME
                                                                                   : DER_GENERALIZED_TIME);
        int64_t back;
        CHECK_OK(der_time(&item, &back, &e), &e);
        assert_int_equal(back, times[i]);
        buf_clear(&b);
    }
    struct buf b;
    buf_init(&b, 100);
    der_put_time(&b, INT64_MAX);
    assert_true(b.failed);
    buf_clear(&b);
}

static void survives_a_full_buffer(void **state)
{
    (void)state;
    for (size_t max = 1; max < 40; max++) {
        struct buf b;
        buf_init(&b, max);
        size_t outer = der_begin(&b, DER_SEQUENCE);
        size_t set = der_begin(&b, DER_SET);
        der_put_small_int(&b, 70000);
        der_put_time(&b, 0);
        der_end_set_of(&b, set);
        der_put_null(&b);
        der_end(&b, outer);
        assert_true(buf_ok(&b, STAGE_NONE, NULL) == (max >= 26));
        buf_clear(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_definite_lengths),
        cmocka_unit_test(refuses_broken_headers),
        cmocka_unit_test(reads_nested_indefinite_lengths),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(joins_constructed_strings),
        cmocka_unit_test(expects_and_tries),
        cmocka_unit_test(reads_small_integers),
        cmocka_unit_test(writes_lengths_of_all_sizes),
        cmocka_unit_test(writes_integers),
        cmocka_unit_test(sorts_sets),
        cmocka_unit_test(makes_der_of_ber),
        cmocka_unit_test(reads_times),
        cmocka_unit_test(writes_the_times_it_reads),
        cmocka_unit_test(survives_a_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
