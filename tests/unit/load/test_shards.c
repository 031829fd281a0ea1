/* Shards play the whole plan between them, whatever their number. */
#include "load/load.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define MANY   100000

static struct load_plan *plan_of(const struct load_phase *phases, size_t n, uint64_t count)
{
    struct load_plan *plan = NULL;
    struct err e = {0};
    if (!load_plan_new(phases, n, count, MANY, 7, &plan, &e))
        fail_msg("%s", e.text);
    return plan;
}

static struct load_plan *shard_of(const struct load_phase *phases, size_t n, uint64_t count, unsigned index,
                                  unsigned shards)
{
    struct err e = {0};
    struct load_plan *plan = plan_of(phases, n, count);
    if (!load_plan_shard(plan, index, shards, &e))
        fail_msg("%s", e.text);
    return plan;
}

static const struct load_phase mixed[] = {
    {.name = "even", .from_per_s = 7, .to_per_s = 7, .duration_us = 10 * SECOND, .warm_up = true},
    {.name = "ramp", .from_per_s = 3, .to_per_s = 50, .duration_us = 10 * SECOND, .arrivals = LOAD_POISSON},
    {.name = "push",
     .kind = LOAD_POLICY_PUSH,
     .devices = 101,
     .duration_us = 20 * SECOND,
     .arrivals = LOAD_POISSON},
    {.name = "rest", .from_per_s = 20, .to_per_s = 20},
};
#define MIXED (sizeof mixed / sizeof mixed[0])

static void shards_partition_the_plan(void **state)
{
    (void)state;
    static struct load_arrival whole[MANY];
    struct load_plan *plan = plan_of(mixed, MIXED, 1003);
    uint64_t count = 0;
    while (load_plan_next(plan, &whole[count]))
        count++;
    assert_int_equal(count, 1003);
    load_plan_free(plan);
    for (unsigned shards = 1; shards <= 9; shards++) {
        uint64_t seen = 0;
        for (unsigned index = 1; index <= shards; index++) {
            plan = shard_of(mixed, MIXED, 1003, index, shards);
            uint64_t expected = index - 1, mine = load_plan_count(plan), n = 0;
            assert_int_equal(load_plan_whole(plan), 1003);
            for (struct load_arrival a; load_plan_next(plan, &a); expected += shards, seen++, n++) {
                assert_int_equal(a.index, expected);
                assert_int_equal(a.scheduled_us, whole[expected].scheduled_us);
                assert_int_equal(a.phase, whole[expected].phase);
                assert_int_equal(a.warm_up, whole[expected].warm_up);
            }
            assert_int_equal(n, mine);
            assert_true(load_plan_over(plan));
            load_plan_free(plan);
        }
        assert_int_equal(seen, count);
    }
}

/* Every device takes a second; the number at once never exceeds the whole's. */
static uint64_t play(struct load_plan *plan, unsigned most_busy, bool seen[MANY])
{
    int64_t ends[64] = {0};
    uint64_t indices[64] = {0}, played = 0;
    unsigned busy = 0;
    for (int64_t now_us = 0; !load_plan_over(plan) && now_us < 1000 * SECOND; now_us += 50000) {
        for (unsigned i = 0; i < busy; i++) {
            if (ends[i] > now_us)
                continue;
            load_plan_ended(plan, 0, indices[i], now_us);
            busy--;
            ends[i] = ends[busy];
            indices[i] = indices[busy];
            i--;
        }
        struct load_arrival a;
        while (load_plan_next_us(plan) <= now_us && load_plan_next(plan, &a)) {
            assert_false(seen[a.index]);
            seen[a.index] = true;
            ends[busy] = now_us + SECOND;
            indices[busy++] = a.index;
            played++;
            assert_true(busy <= most_busy);
        }
    }
    return played;
}

static void slots_are_shared_out(void **state)
{
    (void)state;
    const struct load_phase closed = {.name = "closed", .kind = LOAD_CLOSED, .slots = 10, .devices = 101};
    for (unsigned shards = 1; shards <= 10; shards++) {
        static bool seen[MANY];
        uint64_t slots = 0, played = 0;
        memset(seen, 0, sizeof seen);
        for (unsigned index = 1; index <= shards; index++) {
            struct load_plan *plan = shard_of(&closed, 1, 0, index, shards);
            uint64_t mine = load_share(10, index, shards);
            slots += mine;
            played += play(plan, (unsigned)mine, seen);
            load_plan_free(plan);
        }
        assert_int_equal(slots, 10);
        assert_int_equal(played, 101);
    }
}

static void devices_beyond_the_plan_are_nobodys(void **state)
{
    (void)state;
    bool seen[64] = {false};
    for (unsigned index = 1; index <= 3; index++) {
        struct load_plan *plan = shard_of(mixed, MIXED, 1003, index, 3);
        for (uint64_t n = 0; n < 10; n++) {
            uint64_t beyond = load_plan_beyond(plan, n);
            assert_true(beyond >= 1003 && beyond < 1003 + 30);
            assert_false(seen[beyond - 1003]);
            seen[beyond - 1003] = true;
        }
        load_plan_free(plan);
    }
}

static void shards_without_work_are_refused(void **state)
{
    (void)state;
    const struct load_phase closed = {.name = "closed", .kind = LOAD_CLOSED, .slots = 2, .devices = 100};
    struct err e = {0};
    struct load_plan *plan = plan_of(mixed, MIXED, 2);
    assert_false(load_plan_shard(plan, 3, 3, &e));
    assert_int_equal(e.reason, REASON_USAGE);
    assert_non_null(strstr(e.text, "at most 2 shards"));
    load_plan_free(plan);
    e = (struct err){0};
    plan = plan_of(&closed, 1, 0);
    assert_false(load_plan_shard(plan, 3, 3, &e));
    assert_non_null(strstr(e.text, "at most 2 shards"));
    load_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_partition_the_plan),
        cmocka_unit_test(slots_are_shared_out),
        cmocka_unit_test(devices_beyond_the_plan_are_nobodys),
        cmocka_unit_test(shards_without_work_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
