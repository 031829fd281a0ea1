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
    {"verdicts.differ == 0", "verdicts.differ", SLO_EQUAL, 0, false},
    {"refused_as_expected >= 99%", "refused_as_expected", SLO_GREATER_EQUAL, 0.99, true},
    {"correctness.nonce_mismatch == 0", "correctness.nonce_mismatch", SLO_EQUAL, 0, false},
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
     "latency.enrollment.p95 is a time: compare it with a value such as 250ms or 3s, not '3s and more'"},
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
        cmocka_unit_test(long_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
