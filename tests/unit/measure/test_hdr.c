#include "base/random.h"
#include "measure/hdr.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct histogram *make(void)
{
    struct histogram *h = NULL;
    assert_true(histogram_new(&h, NULL));
    return h;
}

static void assert_same_counts(const struct histogram *a, const struct histogram *b)
{
    size_t at = 0, other_at = 0;
    struct histogram_bucket one, other;
    assert_int_equal(histogram_count(a), histogram_count(b));
    while (histogram_next(a, &at, &one)) {
        assert_true(histogram_next(b, &other_at, &other));
        assert_int_equal(one.index, other.index);
        assert_int_equal(one.count, other.count);
    }
    assert_false(histogram_next(b, &other_at, &other));
}

static struct histogram *random_one(uint64_t seed, size_t values)
{
    struct random_seeded r;
    struct histogram *h = make();
    random_seed(&r, seed, 0);
    for (size_t i = 0; i < values; i++)
        histogram_record(h, (int64_t)random_exponential(&r, i % 3 == 0 ? 40 : i % 3 == 1 ? 9e4 : 3e9));
    return h;
}

static void there_and_back(const struct histogram *h)
{
    struct buf plain, text;
    struct histogram *a = make(), *b = make();
    buf_init(&plain, HDR_MAX_BYTES);
    buf_init(&text, HDR_MAX_TEXT_BYTES);
    struct err e = {0};
    assert_true(hdr_encode(h, &plain, &e));
    assert_true(hdr_decode(buf_span(&plain), a, &e));
    assert_true(hdr_encode_text(h, &text, &e));
    assert_true(hdr_decode_text(buf_text(&text), b, &e));
    assert_same_counts(h, a);
    assert_same_counts(h, b);
    assert_true(histogram_restore(a, histogram_min(h), histogram_max(h), histogram_sum(h)));
    for (int i = 0; i <= 1000; i++)
        assert_int_equal(histogram_quantile(a, i / 1000.0), histogram_quantile(h, i / 1000.0));
    assert_true(histogram_mean(a) == histogram_mean(h));
    histogram_free(a);
    histogram_free(b);
    buf_clear(&plain);
    buf_clear(&text);
}

static void encodings_come_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct histogram *h = random_one(seed, (size_t)(seed * seed * 7));
        there_and_back(h);
        histogram_free(h);
    }
    struct histogram *h = make();
    there_and_back(h);
    histogram_record(h, 0);
    histogram_record(h, INT64_MAX);
    there_and_back(h);
    histogram_free(h);
}

/* Bytes by the published format: header, then -2 (two empty buckets), 1, 0 (one empty bucket), 300. */
static void bytes_are_those_of_the_format(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x1c, 0x84, 0x93, 0x13, 0,    0,    0,    5,    0,    0,    0, 0,
                                       0,    0,    0,    3,    0,    0,    0,    0,    0,    0,    0, 1,
                                       0,    0,    0,    0x14, 0x1d, 0xd7, 0x60, 0,    0x3f, 0xf0, 0, 0,
                                       0,    0,    0,    0,    0x03, 0x02, 0x00, 0xd8, 0x04};
    struct histogram *h = make();
    struct buf out;
    buf_init(&out, HDR_MAX_BYTES);
    histogram_record(h, 2);
    for (int i = 0; i < 300; i++)
        histogram_record(h, 4);
    assert_true(hdr_encode(h, &out, NULL));
    assert_int_equal(out.len, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    buf_clear(&out);
    histogram_free(h);
}

static void large_counts_take_nine_bytes_at_most(void **state)
{
    (void)state;
    struct histogram *h = make(), *back = make();
    struct buf out;
    buf_init(&out, 64);
    assert_true(histogram_add(h, 7, UINT64_C(1) << 53));
    assert_false(histogram_add(h, 7, 1));
    assert_true(hdr_put_counts(h, &out));
    assert_true(hdr_take_counts(buf_span(&out), back, NULL));
    assert_same_counts(h, back);
    static const uint8_t nine[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    histogram_reset(back);
    assert_false(hdr_take_counts(span_of(nine, sizeof nine), back, NULL)); /* INT64_MIN */
    assert_false(hdr_take_counts(span_of(nine, 8), back, NULL));
    histogram_free(h);
    histogram_free(back);
    buf_clear(&out);
}

static void wrong_ones_are_refused(void **state)
{
    (void)state;
    struct histogram *h = random_one(3, 500), *into = make();
    struct buf out;
    struct err e = {0};
    buf_init(&out, HDR_MAX_BYTES);
    assert_true(hdr_encode(h, &out, NULL));
    for (size_t len = 0; len < out.len; len++)
        assert_false(hdr_decode(span_of(out.data, len), into, NULL));
    static const size_t header[] = {0, 1, 2, 7, 11, 15, 23, 32, 39};
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        out.data[header[i]] ^= 2;
        assert_false(hdr_decode(buf_span(&out), into, NULL));
        out.data[header[i]] ^= 2;
    }
    out.data[15] = 2; /* two digits */
    assert_false(hdr_decode(buf_span(&out), into, &e));
    assert_int_equal(e.reason, REASON_LIMIT);
    assert_false(hdr_decode_text("HISTFAAAA", into, NULL));
    assert_false(hdr_decode_text("", into, NULL));
    assert_false(hdr_decode_text("!", into, NULL));
    histogram_free(h);
    histogram_free(into);
    buf_clear(&out);
}

static void restored_figures_must_fit_the_buckets(void **state)
{
    (void)state;
    struct histogram *h = make();
    assert_true(histogram_restore(h, 0, 0, 0));
    assert_false(histogram_restore(h, 0, 1, 0));
    histogram_record(h, 10001); /* 10000..10007 */
    histogram_record(h, 20005); /* 20000..20015 */
    assert_true(histogram_restore(h, 10007, 20000, 30007));
    assert_false(histogram_restore(h, 10008, 20000, 30008));
    assert_false(histogram_restore(h, 9999, 20000, 30008));
    assert_false(histogram_restore(h, 10000, 20016, 30008));
    assert_false(histogram_restore(h, 10000, 20015, 29999));
    assert_false(histogram_restore(h, 10000, 20015, 30023));
    assert_int_equal(histogram_min(h), 10007);
    histogram_free(h);
}

/* What HdrHistogram's reference implementation wrote, and what it says about it; tests/integration/hdr.sh makes it. It
 * tells the upper edge of a bucket where we tell the exact maximum, which an encoding does not hold. */
static void others_are_understood(void **state)
{
    (void)state;
    static const double shares[] = {0.5, 0.9, 0.95, 0.99, 0.999};
    static char encoded[8192];
    unsigned long long count;
    long long min, max, told[5];
    unsigned lines = 0;
    FILE *file = fopen("vectors/hdrhistogram.txt", "r");
    assert_non_null(file);
    for (; fscanf(file, "%llu %lld %lld %lld %lld %lld %lld %lld %8191s", &count, &min, &max, &told[0],
                  &told[1], &told[2], &told[3], &told[4], encoded) == 9;
         lines++) {
        struct histogram *h = make();
        struct err e = {0};
        if (!hdr_decode_text(encoded, h, &e))
            fail_msg("line %u: %s", lines + 1, e.text);
        assert_int_equal(histogram_count(h), count);
        assert_int_equal(histogram_min(h), min);
        assert_int_equal(histogram_max(h), max < HISTOGRAM_MAX_US ? max : HISTOGRAM_MAX_US);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(histogram_quantile(h, shares[i]),
                             told[i] < HISTOGRAM_MAX_US ? told[i] : HISTOGRAM_MAX_US);
        histogram_free(h);
    }
    assert_int_equal(lines, 5);
    fclose(file);
}

/* Taking away what was added leaves the rest, within the resolution at its edges. */
static void subtracting_undoes_merging(void **state)
{
    (void)state;
    struct histogram *a = random_one(5, 2000), *b = random_one(6, 300), *both = make();
    assert_true(histogram_merge(both, a) && histogram_merge(both, b));
    histogram_subtract(both, b);
    assert_same_counts(both, a);
    assert_true(histogram_sum(both) == histogram_sum(a));
    assert_true(histogram_min(both) <= histogram_min(a) && histogram_max(both) >= histogram_max(a));
    assert_true(histogram_max(both) - histogram_max(a) <= histogram_max(a) / 1000 + 1);
    histogram_subtract(both, a);
    assert_int_equal(histogram_count(both), 0);
    assert_int_equal(histogram_max(both), 0);
    histogram_free(a);
    histogram_free(b);
    histogram_free(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_come_back),
        cmocka_unit_test(bytes_are_those_of_the_format),
        cmocka_unit_test(large_counts_take_nine_bytes_at_most),
        cmocka_unit_test(wrong_ones_are_refused),
        cmocka_unit_test(others_are_understood),
        cmocka_unit_test(subtracting_undoes_merging),
        cmocka_unit_test(restored_figures_must_fit_the_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
