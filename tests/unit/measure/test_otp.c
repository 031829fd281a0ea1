#include "measure/otp.h"
#include "run_facts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)

static struct measure *m;
static struct outcome_sink sink;
static unsigned held;

static int set_up(void **state)
{
    (void)state;
    held = 0;
    if (!measure_new(&m, NULL))
        return -1;
    sink = measure_sink(m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    measure_free(m);
    return 0;
}

static void tell(enum outcome_otp_kind kind, int64_t at_us, int64_t took_us, int64_t age_us)
{
    bool frees = kind == OUTCOME_OTP_FAILED || kind == OUTCOME_OTP_CACHE_FULL || kind == OUTCOME_OTP_SPENT ||
                 kind == OUTCOME_OTP_EXPIRED;
    held += kind == OUTCOME_OTP_ASKED;
    held -= frees;
    const struct outcome_otp_event event = {kind, at_us, took_us, age_us, held};
    sink.otp(sink.user, &event);
}

/* ---- counts ---- */

/* One of each fate: used, used in vain, dropped with its device, too old, left over; a fetch that failed. */
static void every_password_has_one_fate(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        tell(OUTCOME_OTP_ASKED, 0, 0, 0);
        tell(OUTCOME_OTP_FETCHED, 100000, 100000, 0);
    }
    tell(OUTCOME_OTP_SENT, 300000, 0, 200000);
    tell(OUTCOME_OTP_SPENT, 500000, 100000, 400000);
    tell(OUTCOME_OTP_SENT, 300000, 0, 200000);
    tell(OUTCOME_OTP_SPENT, 500000, 100000, 400000);
    tell(OUTCOME_OTP_BURNT, 500000, 0, 0);
    tell(OUTCOME_OTP_BURNT, 600000, 0, 500000);
    tell(OUTCOME_OTP_EXPIRED, 700000, 0, 600000);
    tell(OUTCOME_OTP_LEFT, 800000, 0, 0);
    tell(OUTCOME_OTP_ASKED, 800000, 0, 0);
    tell(OUTCOME_OTP_FAILED, 900000, 100000, 0);
    struct measure_otp o = measure_otp(m);
    assert_int_equal(o.asked, 6);
    assert_int_equal(o.fetched, 5);
    assert_int_equal(o.used, 2);
    assert_int_equal(o.burnt, 2);
    assert_int_equal(o.expired, 1);
    assert_int_equal(o.left, 1);
    assert_int_equal(o.lost, 1);
    assert_int_equal(o.failed, 1);
    assert_int_equal(o.fetched, o.used + o.expired + o.left + o.lost);
    assert_int_equal(o.outstanding_max, 5);
    assert_int_equal(histogram_count(o.fetch), 6);
    assert_int_equal(histogram_count(o.age), 2);
    assert_int_equal(histogram_count(o.hold), 2);
    assert_true(fabs(histogram_mean(o.hold) - 500000) < 1);
}

static void nothing_is_all_zero(void **state)
{
    (void)state;
    struct measure_otp o = measure_otp(m);
    assert_int_equal(o.asked + o.fetched + o.lost + o.failed + o.outstanding_max, 0);
    assert_int_equal(histogram_count(o.fetch), 0);
    assert_int_equal(measure_otp_second_count(m), 0);
}

static void full_page(int64_t at_us)
{
    tell(OUTCOME_OTP_ASKED, at_us, 0, 0);
    tell(OUTCOME_OTP_CACHE_FULL, at_us, 1000, 0);
}

/* Page upon page is one episode; a password between two of them ends it, a failed fetch does not. */
static void onsets_are_counted_once_each(void **state)
{
    (void)state;
    tell(OUTCOME_OTP_ASKED, 0, 0, 0);
    tell(OUTCOME_OTP_ASKED, 0, 0, 0);
    full_page(1);
    full_page(2);
    tell(OUTCOME_OTP_ASKED, 3, 0, 0);
    tell(OUTCOME_OTP_FAILED, 3, 1000, 0);
    full_page(4);
    assert_int_equal(measure_otp(m).cache_full_onsets, 1);
    assert_int_equal(measure_otp(m).onset_held_max, 2);
    tell(OUTCOME_OTP_FETCHED, 5, 1000, 0);
    full_page(6);
    assert_int_equal(measure_otp(m).cache_full, 4);
    assert_int_equal(measure_otp(m).failed, 5);
    assert_int_equal(measure_otp(m).cache_full_onsets, 2);
}

/* What a server has not looked at stays in its cache, and so does what it did not know. */
static void unanswered_passwords_are_told_from_refused_ones(void **state)
{
    (void)state;
    struct outcome o = fact_failure(0, 0, STAGE_PKI_OPERATION, REASON_HTTP_STATUS);
    o.otp_fingerprint = 1;
    o.body = OUTCOME_BODY_HTTPSYS;
    fact_tell(&sink, &o);
    o.otp_fingerprint = 2;
    o.body = OUTCOME_BODY_CERTREP;
    o.has_hresult = true;
    o.hresult = 0x80094012;
    fact_tell(&sink, &o);
    assert_int_equal(measure_otp(m).unanswered, 1);
    o.hresult = 0x80070490;
    fact_tell(&sink, &o);
    assert_int_equal(measure_otp(m).unanswered, 2);
    o.otp_fingerprint = 0; /* it had sent none */
    fact_tell(&sink, &o);
    assert_int_equal(measure_otp(m).unanswered, 2);
}

/* ---- over time ---- */

static void held_is_kept_second_by_second(void **state)
{
    (void)state;
    tell(OUTCOME_OTP_ASKED, 100000, 0, 0);
    tell(OUTCOME_OTP_ASKED, 200000, 0, 0);
    tell(OUTCOME_OTP_SPENT, 300000, 0, 0);
    tell(OUTCOME_OTP_ASKED, 3 * SECOND, 0, 0); /* nothing happened in seconds 1 and 2 */
    tell(OUTCOME_OTP_SPENT, 3 * SECOND + 1, 0, 0);
    tell(OUTCOME_OTP_SPENT, 3 * SECOND + 2, 0, 0);
    assert_int_equal(measure_otp_second_count(m), 4);
    const struct measure_otp_second want[] = {{1, 2}, {1, 1}, {1, 1}, {0, 2}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(measure_otp_second(m, i).held, want[i].held);
        assert_int_equal(measure_otp_second(m, i).held_max, want[i].held_max);
    }
}

static void odd_times_do_no_harm(void **state)
{
    (void)state;
    tell(OUTCOME_OTP_ASKED, -5 * SECOND, 0, 0);
    tell(OUTCOME_OTP_ASKED, 2 * SECOND, 0, 0);
    tell(OUTCOME_OTP_ASKED, 1 * SECOND, 0, 0); /* a straggler */
    tell(OUTCOME_OTP_ASKED, INT64_MAX, 0, 0);
    assert_int_equal(measure_otp_second_count(m), 7 * 24 * 3600);
    assert_int_equal(measure_otp_second(m, 2).held_max, 3);
    assert_int_equal(measure_otp_second(m, 7 * 24 * 3600 - 1).held, 4);
}

/* ---- Little's law ---- */

static bool about(double value, double want)
{
    return fabs(value - want) <= 1e-6 * fmax(1, want);
}

static void rates_by_hand(void **state)
{
    (void)state;
    /* 5 places, 1.8 s each: 10,000 per hour */
    assert_true(about(measure_otp_per_hour(5, 1.8e6), 10000));
    assert_true(about(measure_otp_per_hour(1, 3600e6), 1));
    assert_true(about(measure_otp_place_us(1.8e6, 0, 3600e6), 1.8e6));
    /* one password in a hundred is never used: 0.99 * 1.8 s + 36 s */
    double place_us = measure_otp_place_us(1.8e6, 0.01, 3600e6);
    assert_true(about(place_us, 37.782e6));
    assert_true(about(measure_otp_per_hour(5, place_us), 476.41733));
    /* all of them: the cache turns over once per hour */
    assert_true(about(measure_otp_per_hour(5, measure_otp_place_us(1.8e6, 1, 3600e6)), 5));
    assert_true(measure_otp_per_hour(5, 0) == 0);
    assert_true(measure_otp_per_hour(0, 1e6) == 0);
}

static uint64_t dice;

static double chance(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (double)(dice >> 11) / 9007199254740992.0;
}

struct cache {
    unsigned places;
    double (*hold)(void);
    double wasted, validity;
    double gap;          /* mean time between arrivals */
    bool waits;          /* for a place; else it goes away, as a device without password does */
    double free_at[16];  /* when each place is free again */
    double busy;         /* place-seconds */
    unsigned long taken; /* passwords handed out */
};

static size_t next_free(const struct cache *c)
{
    size_t first = 0;
    for (size_t i = 1; i < c->places; i++)
        first = c->free_at[i] < c->free_at[first] ? i : first;
    return first;
}

/* Passwords handed out per second until `end`. */
static double simulate(struct cache *c, double end)
{
    double now = 0;
    dice = UINT64_C(88172645463325252);
    for (;;) {
        now -= c->gap * log(1 - chance());
        size_t place = next_free(c);
        double from = c->free_at[place] > now ? c->free_at[place] : now;
        if ((c->waits ? from : now) >= end)
            return (double)c->taken / end;
        if (from > now && !c->waits)
            continue;
        double hold = chance() < c->wasted ? c->validity : c->hold();
        c->free_at[place] = from + hold;
        c->busy += hold;
        c->taken++;
    }
}

static double fixed(void)
{
    return 2;
}

static double exponential(void)
{
    return -2 * log(1 - chance());
}

/* Most are quick, some take long: mean 2. */
static double lopsided(void)
{
    return chance() < 0.9 ? 0.5 : 15.5;
}

static double (*const holds[])(void) = {fixed, exponential, lopsided};

/* Whoever waits keeps the places full: what passes is the bound itself, whatever the shape of the holds. */
static void a_full_cache_passes_what_the_law_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct cache c = {.places = 5, .hold = holds[i], .gap = 0.1, .waits = true};
        double bound = measure_otp_per_hour(5, 2e6) / 3600;
        double rate = simulate(&c, 50000);
        assert_true(rate > 0.97 * bound && rate < 1.03 * bound);
    }
}

/* M/G/c/c: devices that find no place go away. The bound holds at any load and is neared only under a heavy one; the places
 * taken on average are rate times hold. */
static void a_lossy_cache_stays_below_it(void **state)
{
    (void)state;
    static const double gaps[] = {2, 0.4, 0.05};
    static const double erlang_b[] = {0.003067, 0.284868,
                                      0.878360}; /* lost, for 5 places and 1, 5, 40 erlang */
    double bound = measure_otp_per_hour(5, 2e6) / 3600;
    for (size_t i = 0; i < 3; i++) {
        for (size_t g = 0; g < 3; g++) {
            struct cache c = {.places = 5, .hold = holds[i], .gap = gaps[g]};
            double rate = simulate(&c, 50000), want = (1 - erlang_b[g]) / gaps[g];
            assert_true(rate < bound * 1.01);
            assert_true(fabs(rate - want) < 0.03 * want);
            assert_true(fabs(c.busy / 50000 - rate * 2) < 0.05 * rate * 2);
        }
    }
}

/* Two in a hundred never come back and hold a place for an hour: that, not the server's speed, is the limit. */
static void wasted_passwords_clog_it(void **state)
{
    (void)state;
    struct cache c = {
        .places = 5, .hold = exponential, .gap = 0.5, .waits = true, .wasted = 0.02, .validity = 3600};
    double bound = measure_otp_per_hour(5, measure_otp_place_us(2e6, 0.02, 3600e6)) / 3600;
    double rate = simulate(&c, 5e6);
    assert_true(rate > 0.95 * bound && rate < 1.05 * bound);
    assert_true(about(bound * 3600, 18000 / 73.96));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_password_has_one_fate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_all_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(onsets_are_counted_once_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unanswered_passwords_are_told_from_refused_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(held_is_kept_second_by_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(odd_times_do_no_harm, set_up, tear_down),
        cmocka_unit_test(rates_by_hand),
        cmocka_unit_test(a_full_cache_passes_what_the_law_says),
        cmocka_unit_test(a_lossy_cache_stays_below_it),
        cmocka_unit_test(wasted_passwords_clog_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
