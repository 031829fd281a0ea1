/* What a plan asks for, by arithmetic that can be done by hand. */
#include "load/needs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static struct load_demand walk(const struct load_phase *p, size_t n, int64_t service_us, int64_t linger_us,
                               struct load_demand *phases)
{
    struct load_plan *plan = NULL;
    struct load_demand total;
    struct err e = {0};
    assert_true(load_plan_new(p, n, 0, 1000000, 1, &plan, &e));
    assert_true(load_demand_of(plan, service_us, linger_us, phases, n, &total, &e));
    load_plan_free(plan);
    return total;
}

static void little_holds(void **state)
{
    (void)state;
    struct load_phase p = {.name = "p", .from_per_s = 50, .to_per_s = 50, .duration_us = 100 * SECOND};
    struct load_demand one, total = walk(&p, 1, 3 * SECOND, 60 * SECOND, &one);
    assert_int_equal(total.count, 5000);
    assert_int_equal(total.first_us, 0);
    assert_int_equal(total.last_us, 99980000);
    assert_true(total.peak_per_s > 49.9 && total.peak_per_s < 50.1);
    assert_int_equal(total.in_flight, 150);  /* 50/s x 3 s */
    assert_int_equal(total.lingering, 3150); /* 50/s x 63 s */
    assert_memory_equal(&one, &total, sizeof one);
}

/* A spike shorter than a device takes: rate x time would say 400. */
static void short_peaks_are_counted_not_multiplied(void **state)
{
    (void)state;
    struct load_phase p = {.name = "p",
                           .kind = LOAD_SPIKE,
                           .peak_per_s = 200,
                           .peak_us = SECOND / 2,
                           .duration_us = 10 * SECOND};
    struct load_demand one, total = walk(&p, 1, 2 * SECOND, 0, &one);
    assert_int_equal(total.in_flight, 100);
    assert_true(total.peak_per_s > 99.9 && total.peak_per_s < 100.1);
}

static void phases_are_told_apart(void **state)
{
    (void)state;
    struct load_phase p[] = {{.name = "a", .from_per_s = 10, .to_per_s = 10, .duration_us = 10 * SECOND},
                             {.name = "b", .duration_us = 10 * SECOND},
                             {.name = "c",
                              .kind = LOAD_CLOSED,
                              .slots = 7,
                              .duration_us = 10 * SECOND,
                              .pause_min_us = SECOND,
                              .pause_max_us = SECOND}};
    struct load_demand each[3], total = walk(p, 3, SECOND, 0, each);
    assert_int_equal(each[0].count, 100);
    assert_int_equal(each[1].count, 0);
    assert_int_equal(each[2].count, 35); /* 7 slots, a turn of 2 s, 10 s */
    assert_int_equal(each[2].in_flight, 7);
    assert_int_equal(each[2].first_us, 20 * SECOND);
    assert_int_equal(total.count, 135);
    assert_int_equal(total.in_flight, 10);
}

static struct load_supply plenty(void)
{
    return (struct load_supply){.in_flight_limit = 10000,
                                .connections_per_device = 1,
                                .source_addresses = 1,
                                .passwords = true,
                                .cached = true,
                                .outstanding = 5,
                                .password_cache = 5,
                                .password_validity_us = 3600 * SECOND,
                                .service_us = SECOND / 10};
}

static const struct load_machine machine = {
    .descriptors = 20000, .ports = 28232, .memory_bytes = UINT64_C(4) << 30};

static void enough_is_enough(void **state)
{
    (void)state;
    struct load_demand d = {.count = 100, .peak_per_s = 50, .in_flight = 5, .lingering = 3000};
    struct load_supply s = plenty();
    struct load_need n[LOAD_NEED_COUNT];
    load_needs_of(&d, &s, &machine, n);
    for (int i = 0; i < LOAD_NEED_COUNT; i++) {
        assert_true(n[i].ok);
        assert_string_equal(n[i].advice, "");
        assert_int_equal(n[i].applies, i != LOAD_NEED_KEYS);
    }
    assert_int_equal((int)n[LOAD_NEED_DESCRIPTORS].needed, 5 + 5 + 64);
    assert_int_equal((int)n[LOAD_NEED_PASSWORD_RATE].available, 50);
}

static void assert_lacks(const struct load_need *n, const char *words)
{
    assert_true(n->applies);
    assert_false(n->ok);
    if (strstr(n->advice, words) == NULL)
        fail_msg("'%s' lacks '%s'", n->advice, words);
}

static void what_lacks_says_what_to_change(void **state)
{
    (void)state;
    struct load_demand d = {.count = 90000, .peak_per_s = 51, .in_flight = 30000, .lingering = 60000};
    struct load_supply s = plenty();
    struct load_machine small = machine;
    struct load_need n[LOAD_NEED_COUNT];
    small.memory_bytes = 256 << 20;
    s.keys_wanted = 90000;
    s.keys = 1000;
    s.outstanding = 6;
    load_needs_of(&d, &s, &small, n);
    assert_lacks(&n[LOAD_NEED_IN_FLIGHT], "limits.in_flight to 30000");
    assert_true(n[LOAD_NEED_DESCRIPTORS].ok); /* the ceiling keeps it at 10000 */
    assert_lacks(&n[LOAD_NEED_PORTS], "3 addresses in target.source_addresses");
    assert_lacks(&n[LOAD_NEED_MEMORY], "more memory");
    assert_lacks(&n[LOAD_NEED_KEYS], "--count 89000");
    assert_lacks(&n[LOAD_NEED_PASSWORD_CACHE], "challenge.outstanding: 5");
    assert_lacks(&n[LOAD_NEED_PASSWORD_RATE], "larger cache");
    s.in_flight_limit = 50000;
    load_needs_of(&d, &s, &small, n);
    assert_lacks(&n[LOAD_NEED_DESCRIPTORS], "ulimit -Hn 30070");
    assert_non_null(strstr(n[LOAD_NEED_DESCRIPTORS].advice, "limits.in_flight: 19930"));
}

static void a_limited_rate_of_fetches_counts(void **state)
{
    (void)state;
    struct load_demand d = {.peak_per_s = 10};
    struct load_supply s = plenty();
    struct load_need n[LOAD_NEED_COUNT];
    s.cached = false; /* an API: no cache of NDES's */
    s.password_cache = 0;
    load_needs_of(&d, &s, &machine, n);
    assert_true(n[LOAD_NEED_PASSWORD_RATE].ok);
    assert_false(n[LOAD_NEED_PASSWORD_CACHE].applies);
    s.fetches_per_s = 5;
    load_needs_of(&d, &s, &machine, n);
    assert_lacks(&n[LOAD_NEED_PASSWORD_RATE], "challenge.rate");
    s.passwords = false; /* a command: nothing but the rate holds it back */
    s.fetches_per_s = 10;
    load_needs_of(&d, &s, &machine, n);
    assert_true(n[LOAD_NEED_PASSWORD_RATE].ok && n[LOAD_NEED_PASSWORD_RATE].applies);
}

static void more_addresses_are_more_ports(void **state)
{
    (void)state;
    struct load_demand d = {.lingering = 50000};
    struct load_supply s = plenty();
    struct load_need n[LOAD_NEED_COUNT];
    load_needs_of(&d, &s, &machine, n);
    assert_false(n[LOAD_NEED_PORTS].ok);
    s.source_addresses = 2;
    load_needs_of(&d, &s, &machine, n);
    assert_true(n[LOAD_NEED_PORTS].ok);
    s.connections_per_device = 3;
    load_needs_of(&d, &s, &machine, n);
    assert_false(n[LOAD_NEED_PORTS].ok);
    struct load_machine reusing = machine;
    reusing.time_wait_reused = true;
    assert_int_equal(load_linger_us(&reusing), SECOND);
    assert_int_equal(load_linger_us(&machine), 60 * SECOND);
}

static void unknown_memory_is_no_verdict(void **state)
{
    (void)state;
    struct load_demand d = {.in_flight = 1000};
    struct load_supply s = plenty();
    struct load_machine m = machine;
    struct load_need n[LOAD_NEED_COUNT];
    m.memory_bytes = 0;
    s.simulator_here = s.tls = true;
    load_needs_of(&d, &s, &m, n);
    assert_false(n[LOAD_NEED_MEMORY].applies);
    assert_int_equal((uint64_t)n[LOAD_NEED_MEMORY].needed, 2 * ((UINT64_C(64) << 20) + 1000 * (96 << 10)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_holds),
        cmocka_unit_test(short_peaks_are_counted_not_multiplied),
        cmocka_unit_test(phases_are_told_apart),
        cmocka_unit_test(enough_is_enough),
        cmocka_unit_test(what_lacks_says_what_to_change),
        cmocka_unit_test(a_limited_rate_of_fetches_counts),
        cmocka_unit_test(more_addresses_are_more_ports),
        cmocka_unit_test(unknown_memory_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
