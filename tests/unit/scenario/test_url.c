#include "scenario/url.h"

#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void loopback(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "http://127.0.0.1/",         "http://127.0.0.1:8080/scep", "https://127.255.255.254",
        "http://localhost/x",        "HTTP://LOCALHOST:1/x",       "http://[::1]:8080/certsrv",
        "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/",
    };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (!scenario_is_loopback(yes[i]))
            fail_msg("%s", yes[i]);
    }
}

/* Each of these reaches, or could reach, another machine. */
static void not_loopback(void **state)
{
    (void)state;
    static const char *const no[] = {
        "http://127.0.0.1.evil.com/",
        "http://127.0.0.1@evil.com/",
        "http://localhost@evil.com/",
        "http://localhost:80@evil.com/",
        "http://evil.com#@127.0.0.1/",
        "http://evil.com?@127.0.0.1/",
        "http://evil.com/@127.0.0.1/",
        "http://evil.com\\@127.0.0.1/",
        "http://127.0.0.1\\@evil.com/",
        "http://127.0.0.1 .evil.com/",
        "http://localhost.evil.com/",
        "http://localhost./",
        "http://notlocalhost/",
        "http://128.0.0.1/",
        "http://10.127.0.1/",
        "http://0.0.0.0/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://2130706433/",
        "http://[::]/",
        "http://[::2]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1]evil.com/",
        "http://[::1%25eth0]/",
        "http://::1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "127.0.0.1",
        "//127.0.0.1/",
        "http:/127.0.0.1/",
        "http://",
        "",
    };
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        if (scenario_is_loopback(no[i]))
            fail_msg("%s", no[i]);
    }
    assert_false(scenario_is_loopback(NULL));
}

static void parts(void **state)
{
    (void)state;
    struct scenario_url u;
    struct err e = {0};
    assert_true(scenario_url_parse("https://ndes.example.com:8443/certsrv/mscep/mscep.dll", &u, &e));
    assert_true(u.https);
    assert_string_equal(u.host, "ndes.example.com");
    assert_int_equal(u.port, 8443);
    assert_string_equal(u.path, "/certsrv/mscep/mscep.dll");
    assert_true(scenario_url_parse("http://[2001:db8::1]", &u, &e));
    assert_false(u.https);
    assert_string_equal(u.host, "2001:db8::1");
    assert_int_equal(u.port, 0);
    assert_string_equal(u.path, "");
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"http://h:0/",        "http://h:65536/", "http://h:/",  "http://h:8x/",
                                      "http://[::1/",       "http://[x]/",     "http://h x/", "http://h/a b",
                                      "http://h/\x80",      "http://h/<x>",    "http://h\"/", "http://h?x",
                                      "http://:80/",        "http://h/\"",     "http://h{}/", "https:\\\\h/",
                                      "http://h:123456789/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct scenario_url u;
        struct err e = {0};
        if (scenario_url_parse(bad[i], &u, &e))
            fail_msg("%s", bad[i]);
        assert_int_equal(e.reason, REASON_USAGE);
        assert_true(e.text[0] != '\0');
    }
}

static struct scenario *at(const char *yaml)
{
    struct scenario *s = NULL;
    struct err e = {0};
    if (!scenario_parse("t.yaml", span_of_text(yaml), NULL, 0, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

#define LOAD "load: [{rate: 5/s, for: 10s}]\n"

static void authorization(void **state)
{
    (void)state;
    struct err e = {0};
    struct scenario *away = at("target: {url: \"https://ndes.example.com\"}\n" LOAD);
    assert_false(scenario_check_authorized(away, NULL, &e));
    assert_int_equal(e.reason, REASON_USAGE);
    assert_string_equal(e.text,
                        "the target https://ndes.example.com/certsrv/mscep/mscep.dll is not this machine: "
                        "say who allowed the load with --authorized \"who, ticket\"");
    e = (struct err){0};
    assert_false(scenario_check_authorized(away, "  ", &e));
    assert_true(scenario_check_authorized(away, "the CISO, change 1234", &e));
    assert_string_equal(scenario_authorized(away, "me"), "me");
    scenario_free(away);

    struct scenario *said = at("target: {url: \"https://h\", authorized: change 1234}\n" LOAD);
    e = (struct err){0};
    assert_true(scenario_check_authorized(said, NULL, &e));
    assert_string_equal(scenario_authorized(said, NULL), "change 1234");
    scenario_free(said);

    struct scenario *sim = at("target: {url: sim}\n" LOAD);
    assert_true(scenario_check_authorized(sim, NULL, &e));
    scenario_free(sim);
}

/* The challenge host counts as well: passwords of a real NDES must not be fetched for a target at home. */
static void authorization_of_the_page(void **state)
{
    (void)state;
    struct err e = {0};
    struct scenario *s = at("target: {url: \"http://127.0.0.1:8080/scep\"}\n" LOAD
                            "challenge: {source: mscep_admin, auth: none, url: "
                            "\"https://ndes.example.com/certsrv/mscep_admin/\"}\n");
    assert_false(scenario_check_authorized(s, NULL, &e));
    assert_non_null(strstr(e.text, "the OTP page https://ndes.example.com/certsrv/mscep_admin/ is not this"));
    scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback),      cmocka_unit_test(not_loopback),
        cmocka_unit_test(parts),         cmocka_unit_test(refused),
        cmocka_unit_test(authorization), cmocka_unit_test(authorization_of_the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
