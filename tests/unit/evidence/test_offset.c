#include "check.h"
#include "evidence/evidence.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define START  (INT64_C(1770000000) * SECOND)

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static int64_t some_time(uint64_t *seed, int64_t within)
{
    return START + (int64_t)(next(seed) % (uint64_t)(within / SECOND)) * SECOND +
           (int64_t)(next(seed) % 1000) * 1000;
}

/* Local times without a counterpart between those that have one a second later, UTC times of a busy day. */
static void finds_offsets_in_noise(void **state)
{
    (void)state;
    static const int64_t quarters[] = {-56, -20, -14, 0, 4, 8, 22, 23, 39, 56};
    for (size_t q = 0; q < sizeof quarters / sizeof *quarters; q++) {
        int64_t local[60], utc[500], offset = 1, wanted = quarters[q] * 900 * SECOND;
        uint64_t seed = 42 + q;
        for (size_t i = 0; i < 500; i++)
            utc[i] = some_time(&seed, 24 * HOUR);
        for (size_t i = 0; i < 60; i++)
            local[i] = i % 3 == 0 ? utc[i * 7] + wanted + SECOND : some_time(&seed, 24 * HOUR) + wanted;
        assert_true(evidence_detect_offset(local, 60, utc, 500, &offset));
        assert_int_equal(offset, wanted);
    }
}

static void a_few_that_agree_are_enough(void **state)
{
    (void)state;
    int64_t utc[] = {START, START + 500 * SECOND, START + 4321 * SECOND, EVIDENCE_NO_TIME};
    int64_t local[] = {START + 2 * HOUR, START + 2 * HOUR + 500 * SECOND, START + 2 * HOUR + 4320 * SECOND},
            offset;
    assert_true(evidence_detect_offset(local, 3, utc, 4, &offset));
    assert_int_equal(offset, 2 * HOUR);
}

static void refuses_to_guess(void **state)
{
    (void)state;
    int64_t local[200], utc[2000], offset = 7;
    uint64_t seed = 1;
    assert_false(evidence_detect_offset(NULL, 0, NULL, 0, &offset));
    size_t guessed = 0;
    for (size_t round = 0; round < 50; round++) {
        for (size_t i = 0; i < 200; i++)
            local[i] = some_time(&seed, 24 * HOUR);
        for (size_t i = 0; i < 2000; i++)
            utc[i] = some_time(&seed, 24 * HOUR);
        guessed += evidence_detect_offset(local, 200, utc, 2000, &offset);
    }
    assert_int_equal(guessed, 0);
    assert_int_equal(offset, 7);
    for (size_t i = 0; i < 2000; i++) /* a heartbeat fits every quarter of an hour */
        utc[i] = START + (int64_t)i * 60 * SECOND;
    for (size_t i = 0; i < 200; i++)
        local[i] = START + (int64_t)i * 60 * SECOND;
    assert_false(evidence_detect_offset(local, 200, utc, 2000, &offset));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_offsets_in_noise),
        cmocka_unit_test(a_few_that_agree_are_enough),
        cmocka_unit_test(refuses_to_guess),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
