/* The ceilings of a whole run, shared out among its shards: no more in sum, whatever their number. */
#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct scenario *parse(const char *challenge, const char *more)
{
    struct scenario *s = NULL;
    struct err e = {0};
    char text[2048];
    snprintf(text, sizeof text,
             "name: x\ntarget: {url: sim}\nchallenge: %s\ndevices: {count: 100}\n"
             "load: [{phase: p, rate: 10/s}]\nlimits: {in_flight: 1001}\n%s",
             challenge, more);
    if (!scenario_parse("x.yaml", span_of_text(text), NULL, 0, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

static void shares_add_up_to_the_whole(void **state)
{
    (void)state;
    for (unsigned shards = 1; shards <= 13; shards++) {
        uint64_t in_flight = 0, outstanding = 0, prefetch = 0;
        double rate = 0;
        for (unsigned index = 1; index <= shards; index++) {
            struct err e = {0};
            struct scenario *s =
                parse("{source: mscep_admin, auth: none, outstanding: 13, prefetch: 5, rate: 26/s}", "");
            if (!scenario_divide(s, index, shards, &e))
                fail_msg("%s", e.text);
            in_flight += s->limits.in_flight;
            outstanding += s->challenge.outstanding;
            prefetch += s->challenge.prefetch;
            rate += s->challenge.rate_per_s;
            assert_true(s->challenge.outstanding >= 1 && s->challenge.prefetch <= s->challenge.outstanding);
            assert_true(s->challenge.connections <= s->challenge.outstanding);
            scenario_free(s);
        }
        assert_int_equal(in_flight, 1001);
        assert_int_equal(outstanding, 13);
        assert_int_equal(prefetch, 5);
        assert_true(rate > 25.999 && rate < 26.001);
    }
}

static void every_probe_is_made_once(void **state)
{
    (void)state;
    unsigned made[CONFORMANCE_MAX] = {0}, all = 0;
    struct scenario *whole =
        parse("{source: mscep_admin, auth: none, outstanding: 6}", "conformance: {probes: [all]}\n");
    for (unsigned index = 1; index <= 3; index++) {
        struct err e = {0};
        struct scenario *s =
            parse("{source: mscep_admin, auth: none, outstanding: 6}", "conformance: {probes: [all]}\n");
        assert_true(scenario_divide(s, index, 3, &e));
        for (size_t i = 0; i < CONFORMANCE_MAX; i++)
            made[i] += s->conformance.chosen[i];
        scenario_free(s);
    }
    for (size_t i = 0; i < CONFORMANCE_MAX; i++) {
        assert_int_equal(made[i], whole->conformance.chosen[i]);
        all += made[i];
    }
    assert_true(all > 3);
    scenario_free(whole);
}

static void refuse(const char *challenge, unsigned index, unsigned count, const char *words)
{
    struct err e = {0};
    struct scenario *s = parse(challenge, "");
    assert_false(scenario_divide(s, index, count, &e));
    assert_int_equal(e.reason, REASON_USAGE);
    if (strstr(e.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", e.text, words);
    scenario_free(s);
}

static void what_cannot_be_shared_is_refused(void **state)
{
    (void)state;
    refuse("{source: mscep_admin, auth: none, outstanding: 3}", 1, 4, "use at most 3 shards");
    refuse("{source: mscep_admin, auth: none, outstanding: 3}", 4, 4, "challenge.outstanding of 3");
    refuse("{source: mscep_admin, auth: none, outstanding: 3}", 1, 1002, "limits.in_flight of 1001");
    struct err e = {0};
    struct scenario *s =
        parse("{source: mscep_admin, auth: none, outstanding: 5}", "conformance: {probes: [all]}\n");
    assert_false(scenario_divide(s, 3, 3, &e));
    assert_non_null(strstr(e.text, "raise it to 6"));
    scenario_free(s);
    refuse("{source: file, file: passwords.txt}", 1, 2, "cannot be shared");
}

static void sources_without_places_have_none_to_share(void **state)
{
    (void)state;
    struct err e = {0};
    struct scenario *s = parse("{source: none}", "");
    assert_true(scenario_divide(s, 100, 100, &e));
    assert_int_equal(s->limits.in_flight, 10);
    scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_add_up_to_the_whole),
        cmocka_unit_test(every_probe_is_made_once),
        cmocka_unit_test(what_cannot_be_shared_is_refused),
        cmocka_unit_test(sources_without_places_have_none_to_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
