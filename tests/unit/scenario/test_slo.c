#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *text;
    const char *path;
    enum scenario_slo_op op;
    double value;
    bool is_share;
} good[] = {
    {"enrolled >= 99.5%", "enrolled", SLO_GREATER_EQUAL, 0.995, true},
    {"devices.enrolled>=100%", "enrolled", SLO_GREATER_EQUAL, 1, true},
    {"failed == 0", "failed", SLO_EQUAL, 0, false},
    {"unsent <1000", "unsent", SLO_LESS, 1000, false},
    {"latency.enrollment.p95 < 3s", "latency.enrollment.p95", SLO_LESS, 3000, false},
    {"  latency.start_lag.max<=250ms ", "latency.start_lag.max", SLO_LESS_EQUAL, 250, false},
    {"latency.service.p999 > 1m", "latency.service.p999", SLO_GREATER, 60000, false},
    {"latency.service.count > 10", "latency.service.count", SLO_GREATER, 10, false},
    {"steps.pki_operation.p99 < 2s", "steps.pki_operation.p99", SLO_LESS, 2000, false},
    {"steps.otp.latency.mean < 0.5s", "steps.otp.mean", SLO_LESS, 500, false},
    {"steps.get_ca_caps.failed == 0", "steps.get_ca_caps.failed", SLO_EQUAL, 0, false},
    {"rates.achieved_per_s > 20/s", "rates.achieved_per_s", SLO_GREATER, 20, false},
    {"rates.achieved_per_s > 20", "rates.achieved_per_s", SLO_GREATER, 20, false},
    {"otp.cache_full == 0", "otp.cache_full", SLO_EQUAL, 0, false},
    {"otp.age_at_use.p50 < 1m", "otp.age_at_use.p50", SLO_LESS, 60000, false},
    {"personas.ios.latency.p95 < 3s", "personas.ios.p95", SLO_LESS, 3000, false},
    {"personas.rfc8894-12.p95 < 3s", "personas.rfc8894-12.p95", SLO_LESS, 3000, false},
    {"personas.cisco.failed == 0", "personas.cisco.failed", SLO_EQUAL, 0, false},
    {"follow_ups.renewal.failed == 0", "follow_ups.renewal.failed", SLO_EQUAL, 0, false},
    {"steps.get_next_ca_cert.p99 < 1s", "steps.get_next_ca_cert.p99", SLO_LESS, 1000, false},
    {"conformance.failed == 0", "conformance.failed", SLO_EQUAL, 0, false},
    {"verdicts.differ == 0", "verdicts.differ", SLO_EQUAL, 0, false},
    {"refused_as_expected >= 99%", "refused_as_expected", SLO_GREATER_EQUAL, 0.99, true},
    {"correctness.nonce_mismatch == 0", "correctness.nonce_mismatch", SLO_EQUAL, 0, false},
    {"phases.Push_1.latency.enrollment.p95 < 3s", "phases.Push_1.latency.enrollment.p95", SLO_LESS, 3000,
     false},
    {"phases.push.enrolled >= 99%", "phases.push.enrolled", SLO_GREATER_EQUAL, 0.99, true},
    {"phases.push.steps.otp.latency.p99 < 1s", "phases.push.steps.otp.p99", SLO_LESS, 1000, false},
    {"personas.ios-2.steps.pki_operation.p99 < 1s", "personas.ios-2.steps.pki_operation.p99", SLO_LESS, 1000,
     false},
    {"personas.ios.failed < 1%", "personas.ios.failed", SLO_LESS, 0.01, true},
    {"outcomes.failed.p50 < 1s", "outcomes.failed.p50", SLO_LESS, 1000, false},
    {"steps.otp.outcomes.timed_out.count == 0", "steps.otp.outcomes.timed_out.count", SLO_EQUAL, 0, false},
    {"failures.request_timeout.count < 1%", "failures.request_timeout.count", SLO_LESS, 0.01, true},
    {"failures.request_timeout.share < 50%", "failures.request_timeout.share", SLO_LESS, 0.5, false},
    {"diagnosis.app-pool-stopped.share < 0.1", "diagnosis.app-pool-stopped.share", SLO_LESS, 0.1, false},
    {"generator.cpu_s < 12.5", "generator.cpu_s", SLO_LESS, 12.5, false},
    {"generator.cpu_per_enrollment < 20ms", "generator.cpu_per_enrollment", SLO_LESS, 20, false},
    {"duration_s < 600", "duration_s", SLO_LESS, 600, false},
};

static void good_expressions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct scenario_slo slo;
        struct err e = {0};
        if (!scenario_slo_parse(good[i].text, &slo, &e))
            fail_msg("%s: %s", good[i].text, e.text);
        assert_string_equal(slo.path, good[i].path);
        assert_int_equal(slo.op, good[i].op);
        assert_true(slo.value > good[i].value - 1e-9 && slo.value < good[i].value + 1e-9);
        assert_int_equal(slo.is_share, good[i].is_share);
    }
}

static const struct {
    const char *text;
    const char *expected;
} bad[] = {
    {"", "an SLO is a figure, a comparison and a value: latency.enrollment.p95 < 3s"},
    {"< 3s", "an SLO is a figure, a comparison and a value: latency.enrollment.p95 < 3s"},
    {"enrolled", "a comparison (< <= > >= ==) must follow 'enrolled'"},
    {"enrolled = 5", "a comparison (< <= > >= ==) must follow 'enrolled'"},
    {"enrolled != 5", "a comparison (< <= > >= ==) must follow 'enrolled'"},
    {"enrolled >=", "a value such as 3s or 99.5% must follow the comparison"},
    {"enroled >= 5", "'enroled' is no figure of the results; did you mean 'enrolled'?"},
    {"latency.enrollment.p97 < 3s",
     "'latency.enrollment.p97' is no figure of the results; did you mean 'latency.enrollment.p90'?"},
    {"latency.enrolment.p95 < 3s",
     "'latency.enrolment.p95' is no figure of the results; did you mean 'latency.enrollment.p95'?"},
    {"steps.pkioperation.p99 < 3s",
     "'steps.pkioperation.p99' is no figure of the results; did you mean 'steps.pki_operation.p99'?"},
    {"personas.iso.p95 < 3s",
     "'personas.iso.p95' is no figure of the results; did you mean 'personas.ios.p95'?"},
    {"personas.ios-x.p95 < 3s",
     "'personas.ios-x.p95' is no figure of the results; did you mean 'personas.ios.p95'?"},
    {"wombats < 3", "'wombats' is no figure of the results; try enrolled, latency.enrollment.p95 or "
                    "steps.pki_operation.p99"},
    {"enrolled >= 0.995",
     "enrolled is a number: compare it with a whole number, or a share such as 99.5%, not '0.995'"},
    {"enrolled >= 101%",
     "enrolled is a number: compare it with a whole number, or a share such as 99.5%, not '101%'"},
    {"enrolled >= 3s",
     "enrolled is a number: compare it with a whole number, or a share such as 99.5%, not '3s'"},
    {"otp.cache_full < 5%", "otp.cache_full is a number: compare it with a whole number, not '5%'"},
    {"latency.enrollment.p95 < 3",
     "latency.enrollment.p95 is a time: compare it with a value such as 250ms or 3s, not '3'"},
    {"latency.enrollment.p95 < 3s and more",
     "behind the value may stand 'over 60s' and 'or abort', not 'and more'"},
    {"latency.enrollment.p95 < 3s or", "behind the value may stand 'over 60s' and 'or abort', not 'or'"},
    {"latency.enrollment.p95 < 3s or abort over 60s",
     "behind the value may stand 'over 60s' and 'or abort', not 'over 60s'"},
    {"latency.enrollment.p95 < 3s over", "a window of at least 10s must follow 'over', such as 60s"},
    {"latency.enrollment.p95 < 3s over 9s", "a window of at least 10s must follow 'over', such as 60s"},
    {"latency.enrollment.p95 < 3s over 60", "a window of at least 10s must follow 'over', such as 60s"},
    {"otp.cache_full == 0 over 60s", "otp.cache_full is known for the whole run only: leave 'over 60s' out"},
    {"otp.cache_full == 0 or abort", "otp.cache_full is known at the end of a run only: leave the abort out"},
    {"personas.ios.steps.otp.p95 < 1s over 60s",
     "personas.ios.steps.otp.p95 is known for the whole run only: leave 'over 60s' out"},
    {"phases.push.enroled >= 5",
     "'phases.push.enroled' is no figure of the results; did you mean 'phases.push.enrolled'?"},
    {"phases.push.p95 < 3s", "'phases.push.p95' is no figure of the results; try enrolled, "
                             "latency.enrollment.p95 or steps.pki_operation.p99"},
    {"personas.ios.stepps.otp.p95 < 3s",
     "'personas.ios.stepps.otp.p95' is no figure of the results; did you mean 'personas.ios.steps.otp.p95'?"},
    {"failures.request_timeuot.count < 3",
     "'failures.request_timeuot.count' is no figure of the results; did you mean "
     "'failures.request_timeout.count'?"},
    {"failures.request_timeout.share < 3s",
     "failures.request_timeout.share is a share: compare it with a value such as 5%, not '3s'"},
    {"diagnosis..share < 3%", "'diagnosis..share' is no figure of the results; try enrolled, "
                              "latency.enrollment.p95 or steps.pki_operation.p99"},
    {"generator.cpu_s < 1.2.3", "generator.cpu_s is a number: compare it with one such as 12.5, not '1.2.3'"},
    {"Enrolled >= 5", "'Enrolled' is no figure of the results; did you mean 'enrolled'?"},
    {"rates.offered_per_s > many",
     "rates.offered_per_s is a rate: compare it with a value such as 20/s or 300/h, not 'many'"},
};

static void bad_expressions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct scenario_slo slo = {.op = SLO_EQUAL};
        struct err e = {0};
        assert_false(scenario_slo_parse(bad[i].text, &slo, &e));
        assert_int_equal(e.reason, REASON_USAGE);
        if (strcmp(e.text, bad[i].expected) != 0)
            fail_msg("for %s\ngot      %s\nexpected %s", bad[i].text, e.text, bad[i].expected);
        assert_string_equal(slo.path, "");
    }
}

static void windows_and_aborts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t window_us;
        bool abort;
        enum scenario_slo_unit unit;
    } rows[] = {
        {"latency.enrollment.p95 < 3s", 0, false, SLO_TIME},
        {"latency.enrollment.p95 < 3s over 60s", 60000000, false, SLO_TIME},
        {"latency.enrollment.p95 < 3s  over 5m or abort ", 300000000, true, SLO_TIME},
        {"enrolled >= 99.5% or\tabort", 0, true, SLO_SHARE},
        {"enrolled>=5 over 10s", 10000000, false, SLO_NUMBER},
        {"personas.ios.failed < 1% over 1m or abort", 60000000, true, SLO_SHARE},
        {"phases.a.steps.otp.outcomes.ok.max < 1s over 1m or abort", 60000000, true, SLO_TIME},
        {"correctness.key_mismatch == 0 or abort", 0, true, SLO_NUMBER},
        {"failures.request_timeout.count < 3 or abort", 0, true, SLO_NUMBER},
        {"diagnosis.x.share < 3%", 0, false, SLO_SHARE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario_slo slo;
        struct err e = {0};
        if (!scenario_slo_parse(rows[i].text, &slo, &e))
            fail_msg("%s: %s", rows[i].text, e.text);
        assert_int_equal(slo.window_us, rows[i].window_us);
        assert_int_equal(slo.abort, rows[i].abort);
        assert_int_equal(slo.unit, rows[i].unit);
    }
}

static void long_expressions(void **state)
{
    (void)state;
    char text[400];
    struct scenario_slo slo;
    struct err e = {0};
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_false(scenario_slo_parse(text, &slo, &e));
    memcpy(text, "failed <", 8);
    assert_false(scenario_slo_parse(text, &slo, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_expressions),
        cmocka_unit_test(bad_expressions),
        cmocka_unit_test(windows_and_aborts),
        cmocka_unit_test(long_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
