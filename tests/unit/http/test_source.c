// links: PkgConfig::UV
/* Connections from a chosen local address. */
#include "http/http.h"

#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct lab {
    uv_loop_t loop;
    struct http *http;
    struct web *web;
    char peers[4][64]; /* of the requests, as the server saw them */
    unsigned served;
    struct err error;
    unsigned calls;
};

static void note_peer(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct lab *lab = user;
    snprintf(lab->peers[lab->served++ % 4], sizeof *lab->peers, "%s", request->peer);
    web_answer_text(reply, 200, "hello");
}

static void on_done(void *user, struct http_response *response)
{
    struct lab *lab = user;
    lab->error = response->error;
    lab->calls++;
    uv_stop(&lab->loop);
}

static void open_lab(struct lab *lab)
{
    struct err e = {0};
    *lab = (struct lab){0};
    assert_int_equal(uv_loop_init(&lab->loop), 0);
    assert_true(http_new(&lab->loop, NULL, &lab->http, &e));
    lab->web = web_start(note_peer, lab);
    assert_non_null(lab->web);
}

static void close_lab(struct lab *lab)
{
    http_free(lab->http);
    uv_run(&lab->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&lab->loop), 0);
    web_stop(lab->web);
}

/* Twice on one session; the second request may take the connection of the first. */
static void fetch(struct lab *lab, const char *source, bool fresh)
{
    struct http_session *session = NULL;
    struct err e = {0};
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", web_port(lab->web));
    const struct http_request request = {.url = url,
                                         .source = source,
                                         .fresh = fresh,
                                         .timeout_us = 5000000,
                                         .max_body = 1000,
                                         .stage = STAGE_GET_CA_CAPS};
    assert_true(http_session_new(lab->http, &session, &e));
    for (int i = 0; i < 2; i++) {
        unsigned before = lab->calls;
        assert_true(http_send(session, &request, on_done, lab, &e));
        while (lab->calls == before)
            uv_run(&lab->loop, UV_RUN_DEFAULT);
    }
    http_session_free(session);
}

static void the_server_sees_the_address(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    fetch(&lab, "127.0.0.7", false);
    fetch(&lab, NULL, false);
    assert_int_equal(lab.error.reason, REASON_NONE);
    assert_int_equal(lab.served, 4);
    assert_string_equal(lab.peers[0], "127.0.0.7");
    assert_string_equal(lab.peers[1], "127.0.0.7");
    assert_string_equal(lab.peers[2], "127.0.0.1");
    assert_int_equal(web_connections(lab.web), 2); /* kept alive */
    fetch(&lab, "127.0.0.8", true);
    assert_string_equal(lab.peers[1], "127.0.0.8");
    assert_int_equal(web_connections(lab.web), 4);
    assert_int_equal(http_stats(lab.http).open, 0);
    close_lab(&lab);
}

static void an_address_that_is_not_here_is_the_generators_fault(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    fetch(&lab, "203.0.113.9", false);
    assert_int_equal(lab.error.reason, REASON_GENERATOR_LIMIT);
    assert_int_equal(lab.error.stage, STAGE_TCP);
    fetch(&lab, "::1", false); /* of another family than the server's */
    assert_int_equal(lab.error.reason, REASON_UNREACHABLE);
    assert_int_equal(lab.served, 0);
    assert_int_equal(http_stats(lab.http).open, 0);
    close_lab(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_sees_the_address),
        cmocka_unit_test(an_address_that_is_not_here_is_the_generators_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
