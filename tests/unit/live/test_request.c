#include "check.h"

#include "live/request.h"

static void paths_have_their_answers(void **state)
{
    (void)state;
    static const struct {
        struct live_request request;
        enum live_answer answer;
    } rows[] = {
        {{.method = "GET", .path = "/"}, LIVE_PAGE},
        {{.method = "HEAD", .path = "/"}, LIVE_PAGE},
        {{.method = "GET", .path = "/sections"}, LIVE_SECTIONS},
        {{.method = "GET", .path = "/metrics"}, LIVE_METRICS},
        {{.method = "GET", .path = "/metrics", .accept = "text/plain;version=0.0.4"}, LIVE_METRICS},
        {{.method = "GET",
          .path = "/metrics",
          .accept = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5"},
         LIVE_OPEN_METRICS},
        {{.method = "GET", .path = "/", .accept = "application/openmetrics-text"}, LIVE_PAGE},
        {{.method = "GET", .path = "/healthz"}, LIVE_HEALTH},
        {{.method = "GET", .path = "/metrics/"}, LIVE_NOT_FOUND},
        {{.method = "GET", .path = "/../etc/passwd"}, LIVE_NOT_FOUND},
        {{.method = "GET", .path = ""}, LIVE_NOT_FOUND},
        {{.method = "GET"}, LIVE_NOT_FOUND},
        {{.method = "POST", .path = "/"}, LIVE_BAD_METHOD},
        {{.method = "DELETE", .path = "/nowhere"}, LIVE_BAD_METHOD},
        {{.path = "/"}, LIVE_BAD_METHOD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(live_request_judge(&rows[i].request, true), rows[i].answer);
}

/* A page elsewhere whose name leads to 127.0.0.1 must not read along. */
static void a_loopback_listener_has_no_foreign_names(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool ours;
    } rows[] = {{"127.0.0.1:9464", true},
                {"127.0.0.1", true},
                {"[::1]:9464", true},
                {"localhost:9464", true},
                {"LocalHost", true},
                {"evil.example:9464", false},
                {"localhost.evil.example", false},
                {"127.0.0.1.evil.example", false},
                {"", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct live_request r = {.method = "GET", .path = "/", .host = rows[i].host};
        assert_int_equal(live_request_judge(&r, true), rows[i].ours ? LIVE_PAGE : LIVE_FOREIGN_HOST);
        assert_int_equal(live_request_judge(&r, false), LIVE_PAGE);
    }
}

static void tags_tell_what_is_known(void **state)
{
    (void)state;
    const struct live_request none = {0}, some = {.if_none_match = "W/\"1f-7\", \"1f-8\""};
    assert_false(live_request_has(&none, "1f-8"));
    assert_true(live_request_has(&some, "1f-8"));
    assert_false(live_request_has(&some, "1f-9"));
    assert_false(live_request_has(&some, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_have_their_answers),
        cmocka_unit_test(a_loopback_listener_has_no_foreign_names),
        cmocka_unit_test(tags_tell_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
