#include "faults/faults.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define START  (INT64_C(1000) * SECOND)

static struct faults *parse(const char *text)
{
    struct faults *faults = NULL;
    struct err e = {0};
    if (!faults_parse(&text, 1, &faults, &e))
        fail_msg("%s: %s", text, e.text);
    return faults;
}

static struct ndes_effects at(struct faults *faults, int64_t now_us, uint64_t connection)
{
    struct ndes_effects effects = {0};
    faults_effects(faults, now_us, connection, &effects);
    return effects;
}

static bool bites(struct faults *faults, int64_t now_us)
{
    return at(faults, now_us, 0).kernel == NDES_ERROR_KERNEL_UNAVAILABLE;
}

static void errors_name_the_fault_and_a_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"app-pool-stoped",
         "fault 'app-pool-stoped': there is no such fault; did you mean 'app-pool-stopped'?"},
        {"nonsense", "there is no such fault (scepstorm sim --help lists them)"},
        {"app-pool-stopped:fromm=10s", "stopped:fromm=10s': there is no key 'fromm'; did you mean 'from'?"},
        {"app-pool-stopped:wherever=10s", "it takes from, for, fraction, of, seed, via"},
        {"service-account-locked:wherever=1", "of, seed, via, face"},
        {"app-pool-stopped:from", "'from' is not of the form key=value"},
        {"app-pool-stopped:", "not of the form key=value"},
        {"app-pool-stopped:how=was,from=1s,how=by-hand", "how: given twice"},
        {"app-pool-stopped:from=1s,from=2s", "from: given twice"},
        {"app-pool-stopped:from=soon", "from: 'soon' is not a duration"},
        {"app-pool-stopped:fraction=2", "'2' is not a share"},
        {"app-pool-stopped:of=people", "'people' is neither requests nor devices"},
        {"app-pool-stopped:seed=-1", "seed: "},
        {"service-account-locked:face=enroll", "'enroll' is none of 503, 500"},
        {"connector-stopped:hresult=5", "'5' is no HRESULT like 0x80004005"},
        {"connector-stopped:hresult=0x123456789", "is no HRESULT"},
        {"connector-stopped:hresult=0x8000400g", "is no HRESULT"},
        {"network-path-blocked:fraction=0.5", "the same for everybody, not for a share"},
        {"", "there is no such fault"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct faults *faults = NULL;
        struct err e = {0};
        assert_false(faults_parse(&cases[i].text, 1, &faults, &e));
        assert_int_equal(e.reason, REASON_USAGE);
        if (strstr(e.text, cases[i].said) == NULL)
            fail_msg("'%s' gives: %s", cases[i].text, e.text);
    }
}

static void every_fault_parses_bare_and_does_something(void **state)
{
    (void)state;
    const struct ndes_effects healthy = {0};
    for (size_t i = 0; fault_id(i) != NULL; i++) {
        struct faults *faults = parse(fault_id(i));
        faults_start(faults, START);
        struct ndes_effects effects = at(faults, START, 0);
        assert_memory_not_equal(&effects, &healthy, sizeof healthy);
        if (i > 0)
            assert_true(strcmp(fault_id(i - 1), fault_id(i)) < 0);
        faults_free(faults);
    }
}

static void window_opens_and_closes_on_the_microsecond(void **state)
{
    (void)state;
    struct faults *faults = parse("app-pool-stopped:from=10s,for=5s");
    assert_false(bites(faults, START + 12 * SECOND)); /* its clock does not run yet */
    faults_start(faults, START);
    assert_false(bites(faults, START - SECOND));
    assert_false(bites(faults, START));
    assert_false(bites(faults, START + 10 * SECOND - 1));
    assert_true(bites(faults, START + 10 * SECOND));
    assert_true(bites(faults, START + 15 * SECOND - 1));
    assert_false(bites(faults, START + 15 * SECOND));
    faults_free(faults);
}

static void without_keys_it_lasts_for_ever(void **state)
{
    (void)state;
    struct faults *faults = parse("app-pool-stopped");
    assert_true(bites(faults, START - SECOND)); /* the first request may overtake the start */
    faults_start(faults, START);
    assert_true(bites(faults, START));
    assert_true(bites(faults, START + INT64_C(400) * 86400 * SECOND));
    faults_free(faults);
}

static size_t count_bites(const char *text, uint64_t connections)
{
    struct faults *faults = parse(text);
    faults_start(faults, START);
    size_t count = 0;
    for (uint64_t i = 0; i < 10000; i++)
        count += at(faults, START, i % connections).kernel != NDES_ERROR_NONE;
    faults_free(faults);
    return count;
}

static void fraction_of_requests_is_met_and_repeats(void **state)
{
    (void)state;
    size_t count = count_bites("app-pool-stopped:fraction=30%,seed=7", 1);
    assert_in_range(count, 2800, 3200);
    assert_int_equal(count, count_bites("app-pool-stopped:fraction=0.3,seed=7", 1));
    assert_int_not_equal(count, count_bites("app-pool-stopped:fraction=0.3,seed=8", 1));
    assert_int_equal(count_bites("app-pool-stopped:fraction=0", 1), 0);
}

static void requests_of_one_connection_share_their_fate(void **state)
{
    (void)state;
    struct faults *faults = parse("app-pool-stopped:fraction=0.5,of=devices");
    faults_start(faults, START);
    size_t hit = 0;
    for (uint64_t device = 0; device < 200; device++) {
        bool first = at(faults, START, device).kernel != NDES_ERROR_NONE;
        for (int again = 0; again < 5; again++)
            assert_int_equal(at(faults, START, device).kernel != NDES_ERROR_NONE, first);
        hit += first;
    }
    assert_in_range(hit, 70, 130);
    faults_free(faults);
}

static void faces_change_who_answers(void **state)
{
    (void)state;
    struct faults *faults = parse("app-pool-identity-mismatch:face=500");
    faults_start(faults, START);
    struct ndes_effects effects = at(faults, START, 0);
    assert_int_equal(effects.kernel, NDES_ERROR_NONE);
    assert_int_equal(effects.extension, NDES_ERROR_IIS_500);
    faults_free(faults);

    faults = parse("app-pool-identity-mismatch:face=enroll");
    faults_start(faults, START);
    effects = at(faults, START, 0);
    assert_int_equal(effects.extension, NDES_ERROR_NONE);
    assert_int_equal(effects.ca.hresult, UINT32_C(0x80094012));
    faults_free(faults);

    faults = parse("connector-outdated:hresult=0x80070005,from=1s");
    faults_start(faults, START);
    effects = at(faults, START + SECOND, 0);
    assert_int_equal(effects.module.hresult, UINT32_C(0x80070005));
    faults_free(faults);
}

static void several_faults_add_up(void **state)
{
    (void)state;
    const char *texts[] = {"otp-cache-full:for=10s", "ra-cert-expired:from=5s"};
    struct faults *faults = NULL;
    struct err e = {0};
    assert_true(faults_parse(texts, 2, &faults, &e));
    faults_start(faults, START);
    assert_int_equal(at(faults, START, 0).guise, NDES_GUISE_OWN);
    struct ndes_effects both = at(faults, START + 5 * SECOND, 0);
    assert_true(both.guise == NDES_GUISE_RA_AGED && both.otp_page_replaced);
    assert_false(at(faults, START + 10 * SECOND, 0).otp_page_replaced);
    faults_free(faults);
}

static void network_is_blocked_within_the_window_only(void **state)
{
    (void)state;
    struct faults *faults = parse("network-path-blocked:how=drop,from=2s,for=3s");
    assert_true(faults_have_transport(faults));
    assert_int_equal(faults_transport(faults, START + 3 * SECOND).network, NDES_NETWORK_OPEN);
    faults_start(faults, START);
    assert_int_equal(faults_transport(faults, START + SECOND).network, NDES_NETWORK_OPEN);
    assert_int_equal(faults_transport(faults, START + 3 * SECOND).network, NDES_NETWORK_DROP);
    assert_int_equal(faults_transport(faults, START + 5 * SECOND).network, NDES_NETWORK_OPEN);
    faults_free(faults);
    faults = parse("otp-cache-full");
    assert_false(faults_have_transport(faults));
    faults_free(faults);
}

static void end_of_a_dead_pool_counts_as_a_restart(void **state)
{
    (void)state;
    const char *texts[] = {"app-pool-stopped:from=1s,for=1s", "otp-cache-full:for=1s",
                           "app-pool-stopped:fraction=0.5,for=1s", "ra-cert-expired:restarted=yes,for=9s"};
    struct faults *faults = NULL;
    struct err e = {0};
    assert_true(faults_parse(texts, 4, &faults, &e));
    assert_int_equal(faults_restarts(faults, START + 5 * SECOND), 0);
    faults_start(faults, START);
    assert_int_equal(faults_restarts(faults, START + SECOND), 0);
    assert_int_equal(faults_restarts(faults, START + 2 * SECOND), 1);
    assert_int_equal(faults_restarts(faults, START + 9 * SECOND), 2);
    faults_free(faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_name_the_fault_and_a_way_out),
        cmocka_unit_test(every_fault_parses_bare_and_does_something),
        cmocka_unit_test(window_opens_and_closes_on_the_microsecond),
        cmocka_unit_test(without_keys_it_lasts_for_ever),
        cmocka_unit_test(fraction_of_requests_is_met_and_repeats),
        cmocka_unit_test(requests_of_one_connection_share_their_fate),
        cmocka_unit_test(faces_change_who_answers),
        cmocka_unit_test(several_faults_add_up),
        cmocka_unit_test(network_is_blocked_within_the_window_only),
        cmocka_unit_test(end_of_a_dead_pool_counts_as_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
