/* Noise around the simulated server. */
#include "check.h"

#include "recorder/noise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN INT64_C(1778362211000000)

static char root[64];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/scepstorm-noise-XXXXXX");
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static struct recorder_noise_server well = {.address = "192.0.2.10", .serving = true};

/* Two minutes of noise into root/name, looked at every `step_us`. */
static void make(const char *name, enum recorder_noise_level level, uint64_t seed, int64_t step_us)
{
    char folder[96];
    struct err e = {0};
    struct traces *t = NULL;
    struct recorder_noise noise;
    snprintf(folder, sizeof folder, "%s/%s", root, name);
    const struct traces_config config = {
        .folder = folder,
        .node = "NDES01",
        .domain = "contoso.example",
        .ca_node = "CA01",
        .account = "CONTOSO\\svc-ndes",
        .address = well.address,
        .port = 443,
        .now_us = BEGIN,
    };
    CHECK_OK(traces_open(&config, &t, &e), &e);
    recorder_noise_init(&noise, level, seed);
    for (int64_t now_us = BEGIN; now_us <= BEGIN + INT64_C(120000000); now_us += step_us)
        recorder_noise_until(&noise, &well, now_us, t);
    CHECK_OK(traces_close(t, &e), &e);
}

static int shell(const char *words)
{
    char command[256];
    snprintf(command, sizeof command, "cd %s && %s", root, words);
    return system(command);
}

static void the_same_seed_makes_the_same_noise(void **state)
{
    (void)state;
    make("once", RECORDER_NOISE_HEAVY, 7, 50000);
    make("again", RECORDER_NOISE_HEAVY, 7, 1000000); /* however often somebody looks */
    make("other", RECORDER_NOISE_HEAVY, 8, 50000);
    assert_int_equal(shell("diff -rq once again >/dev/null"), 0);
    assert_int_not_equal(shell("diff -rq once other >/dev/null"), 0);
}

/* Nothing that would be a sign of trouble with NDES. */
static void noise_is_about_others(void **state)
{
    (void)state;
    make("heavy", RECORDER_NOISE_HEAVY, 1, 50000);
    assert_int_equal(shell("grep -q 404 heavy/u_ex260509.log && grep -q 10016 heavy/system.xml"), 0);
    assert_int_not_equal(shell("grep -q -e NetworkDeviceEnrollment -e '>SCEP<' heavy/*.xml"), 0);
    assert_int_not_equal(shell("grep -q SCEP heavy/httperr1.log"), 0);
    assert_int_not_equal(shell("grep -i /certsrv/mscep heavy/u_ex260509.log | grep -qv ' 200 0 0 '"), 0);
}

/* What goes to NDES's own pool is left out while that is down. */
static void probes_wait_for_the_server(void **state)
{
    (void)state;
    well.serving = false;
    make("down", RECORDER_NOISE_HEAVY, 1, 50000);
    well.serving = true;
    assert_int_not_equal(shell("grep -q mscep down/u_ex260509.log"), 0);
}

static void levels_have_names(void **state)
{
    (void)state;
    struct err e = {0};
    enum recorder_noise_level level = RECORDER_NOISE_NONE;
    CHECK_OK(recorder_noise_parse("light", &level, &e), &e);
    assert_int_equal(level, RECORDER_NOISE_LIGHT);
    CHECK_FAILS(recorder_noise_parse("loud", &level, &e), &e, REASON_USAGE);
    assert_int_equal(level, RECORDER_NOISE_LIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_seed_makes_the_same_noise, make_root, remove_root),
        cmocka_unit_test_setup_teardown(noise_is_about_others, make_root, remove_root),
        cmocka_unit_test_setup_teardown(probes_wait_for_the_server, make_root, remove_root),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
