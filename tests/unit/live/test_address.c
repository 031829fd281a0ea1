#include "check.h"

#include "live/address.h"

#include <unistd.h>

static void addresses_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *url;
        bool loopback;
    } rows[] = {
        {"9464", "http://127.0.0.1:9464/", true},
        {":9464", "http://127.0.0.1:9464/", true},
        {"localhost:9464", "http://127.0.0.1:9464/", true},
        {"127.0.0.2:1", "http://127.0.0.2:1/", true},
        {"0.0.0.0:9464", "http://0.0.0.0:9464/", false},
        {"192.0.2.7:9464", "http://192.0.2.7:9464/", false},
        {"[::1]:9464", "http://[::1]:9464/", true},
        {"[::]:65535", "http://[::]:65535/", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct live_address a;
        struct err e = {0};
        char url[LIVE_URL_BYTES];
        CHECK_OK(live_address_parse(rows[i].text, &a, &e), &e);
        live_address_url(&a, url);
        assert_string_equal(url, rows[i].url);
        assert_int_equal(live_address_is_loopback(&a), rows[i].loopback);
    }
}

static void others_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       ":",
                                       "127.0.0.1",
                                       "127.0.0.1:",
                                       "127.0.0.1:65536",
                                       "host:80",
                                       "::1:9464",
                                       "[::1]",
                                       "[127.0.0.1]:1",
                                       "127.0.0.1:-1",
                                       "[::1:9464",
                                       "1.2.3:9464",
                                       "127.0.0.1:9464x",
                                       "[]:1",
                                       "a-name-that-is-longer-than-any-address-could-ever-be-in-figures:80"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct live_address a;
        struct err e = {0};
        CHECK_FAILS(live_address_parse(rows[i], &a, &e), &e, REASON_USAGE);
    }
}

static void a_port_in_use_is_told(void **state)
{
    (void)state;
    struct live_address first, second;
    struct err e = {0};
    char url[LIVE_URL_BYTES];
    int fd = -1, other = -1;
    CHECK_OK(live_address_parse("0", &first, &e), &e);
    CHECK_OK(live_address_listen(&first, &fd, &e), &e);
    live_address_url(&first, url);
    second = first;
    assert_false(live_address_listen(&second, &other, &e));
    assert_int_equal(e.reason, REASON_IO);
    assert_non_null(strstr(e.text, "--metrics-listen"));
    assert_non_null(strstr(e.text, url));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(a_port_in_use_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
