#include "engine/host.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void fields_are_found_by_their_whole_name(void **state)
{
    (void)state;
    struct span text =
        span_of_text("nr_periods 7\nnr_throttled 42\nnr_throttled_usec 9\nlast 18446744073709551615");
    assert_int_equal(host_field(text, "nr_throttled"), 42);
    assert_int_equal(host_field(text, "nr_periods"), 7);
    assert_int_equal(host_field(text, "last"), UINT64_MAX);
    assert_int_equal(host_field(text, "throttled"), 0);
    assert_int_equal(host_field(text, "nr"), 0);
    assert_int_equal(host_field(span_of_text("nr_throttled"), "nr_throttled"), 0);
    assert_int_equal(host_field(span_of_text("nr_throttled x"), "nr_throttled"), 0);
    assert_int_equal(host_field(span_of_text(""), "nr_throttled"), 0);
}

static void quotas_are_found_in_both_versions(void **state)
{
    (void)state;
    static const struct {
        const char *cgroups, *path;
    } rows[] = {
        {"0::/user.slice/app.scope\n", "/sys/fs/cgroup/user.slice/app.scope/cpu.stat"},
        {"0::/\n", "/sys/fs/cgroup/cpu.stat"},
        {"9:name=systemd:/a\n3:cpuset:/b\n2:cpuacct,cpu:/docker/1\n0::/c\n",
         "/sys/fs/cgroup/cpu/docker/1/cpu.stat"},
        {"0::/c\n1:cpu:/", "/sys/fs/cgroup/cpu/cpu.stat"},
        {"3:cpuset:/b\n", NULL},
        {"nonsense\n\n::", "/sys/fs/cgroup/cpu.stat"},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[128] = "";
        assert_int_equal(host_cpu_stat(span_of_text(rows[i].cgroups), path, sizeof path),
                         rows[i].path != NULL);
        if (rows[i].path != NULL)
            assert_string_equal(path, rows[i].path);
    }
}

static void a_quiet_machine_shows_nothing(void **state)
{
    (void)state;
    struct host h;
    struct outcome_generator g = {0};
    host_begin(&h);
    for (int i = 0; i < 1000; i++)
        host_look(&h);
    host_end(&h, &g);
    assert_true(g.loop_cpu_us >= 0 && g.clock_step_us < 100000);
}

static void a_step_of_the_clock_is_seen(void **state)
{
    (void)state;
    struct host h;
    struct outcome_generator g = {0};
    host_begin(&h);
    h.offset_us -= 5000000; /* as if the clock had been set forward since */
    for (int i = 0; i < 1000 && h.step_us == 0; i++)
        host_look(&h);
    host_end(&h, &g);
    assert_true(g.clock_step_us > 4900000 && g.clock_step_us < 5100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_their_whole_name),
        cmocka_unit_test(quotas_are_found_in_both_versions),
        cmocka_unit_test(a_quiet_machine_shows_nothing),
        cmocka_unit_test(a_step_of_the_clock_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
