/* Files that describe a simulator and nothing else, and the way to a target. */
#include "scenario/scenario.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static bool load(const char *text, struct scenario **out, struct err *e)
{
    char path[] = "/tmp/scepstorm-alone-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_true(file_write(path, span_of_text(text), 0600, e));
    bool ok = scenario_load_simulator(path, out, e);
    unlink(path);
    if (!ok && strncmp(e->text, path, strlen(path)) == 0)
        memmove(e->text, e->text + strlen(path), strlen(e->text) - strlen(path) + 1);
    return ok;
}

static void top_level_is_a_simulator(void **state)
{
    (void)state;
    static const char text[] = "listen: 127.0.0.1:0\n"
                               "mode: intune\n"
                               "tls: true\n"
                               "auth: ntlm\n"
                               "accounts:\n"
                               "  - {user: 'CONTOSO\\mdm', password_env: P}\n"
                               "  - {user: guest, password_file: f, no_enroll: true}\n"
                               "lock_after: 3\n"
                               "otp: {cache: 7}\n"
                               "ca: {bits: 4096}\n"
                               "faults: [\"ca-slow:from=1m\"]\n"
                               "latency:\n"
                               "  pki_operation: {median: 120ms, p99: 900ms, servers: 4, seed: 9}\n"
                               "  otp: {fixed: 200ms, servers: 1, queue: 1000}\n"
                               "  get_ca_caps: {file: samples.txt}\n";
    struct scenario *s = NULL;
    struct err e = {0};
    if (!load(text, &s, &e))
        fail_msg("%s", e.text);
    assert_true(s->alone);
    assert_string_equal(s->simulator.listen, "127.0.0.1:0");
    assert_int_equal(s->simulator.mode, SCENARIO_SIM_INTUNE);
    assert_true(s->simulator.tls);
    assert_string_equal(s->simulator.auth, "ntlm");
    assert_int_equal(s->simulator.account_count, 2);
    assert_string_equal(s->simulator.accounts[0].user, "CONTOSO\\mdm");
    assert_string_equal(s->simulator.accounts[0].password_env, "P");
    assert_string_equal(s->simulator.accounts[1].password_file, "f");
    assert_true(s->simulator.accounts[1].no_enroll);
    assert_int_equal(s->simulator.lock_after, 3);
    assert_int_equal(s->simulator.otp_cache, 7);
    assert_int_equal(s->simulator.otp_length, 8); /* a default */
    assert_int_equal(s->simulator.ca_bits, 4096);
    assert_string_equal(s->simulator.faults[0], "ca-slow:from=1m");
    const struct scenario_latency *l = &s->simulator.latency[SCENARIO_LATENCY_PKI_OPERATION];
    assert_int_equal(l->median_us, 120000);
    assert_int_equal(l->p99_us, 900000);
    assert_int_equal(l->servers, 4);
    assert_int_equal(l->seed, 9);
    l = &s->simulator.latency[SCENARIO_LATENCY_OTP];
    assert_int_equal(l->fixed_us, 200000);
    assert_int_equal(l->queue, 1000);
    assert_string_equal(s->simulator.latency[SCENARIO_LATENCY_GET_CA_CAPS].file, "samples.txt");
    assert_false(scenario_latency_is_set(&s->simulator.latency[SCENARIO_LATENCY_GET_CA_CERT]));
    scenario_free(s);
}

static void errors_speak_of_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"mod: intune\n", ":1:1: unknown key 'mod'; did you mean 'mode'?"},
        {"otp: {cach: 1}\n", ":1:7: unknown key 'cach' in otp; did you mean 'cache'?"},
        {"otp: {cache: 0}\n", ":1:14: otp.cache: "},
        {"mode: proxi\n",
         ":1:7: mode: 'proxi' is not one of standalone, intune, proxy; did you mean 'proxy'?"},
        {"latency: {otp: {fixed: 1s, file: f}}\n",
         ":1:16: latency.otp: one of fixed, median with p99, and file"},
        {"latency: {otp: {file: \"a,b\"}}\n", ":1:23: latency.otp.file: a comma in the name"},
        {"simulator: {mode: intune}\n", ":1:1: unknown key 'simulator'"},
        {"accounts: []\n", ":1:11: accounts has 0 entries; 1 to 64 are allowed"},
        {"accounts: [{password_env: P}]\n", ":1:12: accounts[0]: user is missing"},
        {"accounts: [{user: a}]\n", ":1:12: accounts[0]: one of password_env and password_file is needed"},
        {"accounts: [{user: a, password: geheim}]\n", ":1:22: secrets do not belong into scenarios"},
        {"accounts: [{user: 'a:b', password_env: P}]\n", ":1:12: accounts[0]: user: a colon"},
        {"auth: none\naccounts: [{user: a, password_env: P}]\n", ":2:11: accounts: no use with auth: none"},
        {"mode: proxy\naccounts: [{user: a, password_env: P}]\n", ":2:11: accounts: no use with mode: proxy"},
        {"auth: basic\nkeytab: k\n", ":2:9: keytab: no use without auth: any or negotiate"},
        {"service: HTTP@h\n", ":1:10: service: no use without keytab"},
        {"challenge_env: P\n", ":1:16: challenge_env: no use without mode: proxy"},
        {"operations: [get-cert, get-cert]\n", ":1:24: operations: 'get-cert' stands here a second time"},
        {"", ":1:1: there is nothing in it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scenario *s = NULL;
        struct err e = {0};
        assert_false(load(cases[i].text, &s, &e));
        if (strncmp(e.text, cases[i].expected, strlen(cases[i].expected)) != 0)
            fail_msg("%s\nis not:\n%s", e.text, cases[i].expected);
    }
    struct scenario *s = NULL;
    struct err e = {0};
    assert_false(scenario_load_simulator("/nowhere/server.yaml", &s, &e));
    assert_int_equal(e.reason, REASON_SCENARIO);
}

/* Pinned addresses and the proxy are where the load goes. */
static void way_needs_to_be_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected; /* NULL: allowed */
    } cases[] = {
        {"target: {url: \"http://localhost:8080\", addresses: [127.0.0.2, \"::1\"]}\n", NULL},
        {"target: {url: \"http://localhost:8080\", addresses: [127.0.0.2, 192.0.2.1]}\n",
         "the address 192.0.2.1 is not this machine: "},
        {"target: {url: \"http://ndes.example\", addresses: [127.0.0.2]}\n",
         "the target http://ndes.example"},
        {"target: {url: \"http://localhost:8080\", proxy: \"http://127.0.0.1:3128\"}\n", NULL},
        {"target: {url: \"http://localhost:8080\", proxy: \"http://proxy.example:3128\"}\n",
         "the proxy http://proxy.example:3128 is not this machine: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct scenario *s = NULL;
        struct err e = {0};
        snprintf(text, sizeof text, "%sload: [{rate: 1/s, for: 1s}]\n", cases[i].text);
        if (!scenario_parse("t.yaml", span_of_text(text), NULL, 0, &s, &e))
            fail_msg("%s", e.text);
        assert_int_equal(scenario_check_authorized(s, NULL, &e), cases[i].expected == NULL);
        if (cases[i].expected != NULL)
            assert_memory_equal(e.text, cases[i].expected, strlen(cases[i].expected));
        assert_true(scenario_check_authorized(s, "me", &e));
        scenario_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_level_is_a_simulator),
        cmocka_unit_test(errors_speak_of_the_file),
        cmocka_unit_test(way_needs_to_be_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
