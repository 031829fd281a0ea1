#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect_subject(const char *template_text, const char *run_id, const char *expected)
{
    struct scenario_profile profile = {.name = strdup("rfc8894"), .weight = 1};
    char *subject = strdup(template_text), *marker = strdup("OU=scepstorm"), *name = strdup("monday");
    struct scenario s = {
        .name = name,
        .devices = {.subject = subject, .marker = marker, .profiles = &profile, .profile_count = 1}};
    struct buf out;
    struct err e = {0};
    buf_init(&out, 4096);
    assert_true(scenario_subject(&s, 17, 0, run_id, &out, &e));
    assert_string_equal(buf_text(&out), expected);
    buf_clear(&out);
    free(profile.name);
    free(subject);
    free(marker);
    free(name);
}

static void variables(void **state)
{
    (void)state;
    expect_subject("CN={profile}-{index}", "r", "CN=rfc8894-17,OU=scepstorm");
    expect_subject("CN={index}{index},O={name},T={run}", "r1", "CN=1717,O=monday,T=r1,OU=scepstorm");
    expect_subject("CN=plain", "r", "CN=plain,OU=scepstorm");
    expect_subject("CN=a\\,b {index}", "r", "CN=a\\,b 17,OU=scepstorm");
}

/* Nothing that comes from outside the template can add or end an RDN. */
static void values_are_escaped(void **state)
{
    (void)state;
    expect_subject("CN={run}", "a,O=Evil", "CN=a\\,O\\=Evil,OU=scepstorm");
    expect_subject("CN={run}", "a+b;<c>\"d\\", "CN=a\\+b\\;\\<c\\>\\\"d\\\\,OU=scepstorm");
    expect_subject("CN={run}", "{index}", "CN={index},OU=scepstorm");
}

static void ceiling(void **state)
{
    (void)state;
    char *subject = strdup("CN={index}"), *marker = strdup("OU=scepstorm");
    struct scenario s = {.devices = {.subject = subject, .marker = marker}};
    struct buf out;
    struct err e = {0};
    buf_init(&out, 8);
    assert_false(scenario_subject(&s, 1, 0, "r", &out, &e));
    assert_int_equal(e.reason, REASON_LIMIT);
    buf_clear(&out);
    free(subject);
    free(marker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables),
        cmocka_unit_test(values_are_escaped),
        cmocka_unit_test(ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
