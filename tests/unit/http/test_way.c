// links: PkgConfig::UV
/* The way to the server: a pinned address, a proxy, a chosen local address. */
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
    int status;                   /* to answer with */
    char method[16], target[256]; /* of the last request, as the server saw it */
    char peers[4][64];            /* and where the requests came from */
    unsigned served;
    struct err error;
    int got;
    char peer[46];
    unsigned calls;
};

static void answer(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct lab *lab = user;
    snprintf(lab->method, sizeof lab->method, "%s", request->method);
    snprintf(lab->target, sizeof lab->target, "%s", request->target);
    snprintf(lab->peers[lab->served++ % 4], sizeof *lab->peers, "%s", request->peer);
    web_answer_text(reply, lab->status, "hello");
}

static void on_done(void *user, struct http_response *response)
{
    struct lab *lab = user;
    lab->error = response->error;
    lab->got = response->status;
    snprintf(lab->peer, sizeof lab->peer, "%s", response->peer);
    lab->calls++;
    uv_stop(&lab->loop);
}

static void open_lab(struct lab *lab)
{
    struct err e = {0};
    *lab = (struct lab){.status = 200};
    assert_int_equal(uv_loop_init(&lab->loop), 0);
    assert_true(http_new(&lab->loop, NULL, &lab->http, &e));
    lab->web = web_start(answer, lab);
    assert_non_null(lab->web);
}

static void close_lab(struct lab *lab)
{
    http_free(lab->http);
    uv_run(&lab->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&lab->loop), 0);
    web_stop(lab->web);
}

static void send_and_wait(struct lab *lab, struct http_session *session, const struct http_request *request)
{
    struct err e = {0};
    unsigned before = lab->calls;
    assert_true(http_send(session, request, on_done, lab, &e));
    while (lab->calls == before)
        uv_run(&lab->loop, UV_RUN_DEFAULT);
}

static void fetch(struct lab *lab, const char *url, const char *address)
{
    struct http_session *session = NULL;
    struct err e = {0};
    const struct http_request request = {
        .url = url, .address = address, .timeout_us = 5000000, .max_body = 1000, .stage = STAGE_GET_CA_CAPS};
    assert_true(http_session_new(lab->http, &session, &e));
    send_and_wait(lab, session, &request);
    http_session_free(session);
}

/* A name that nobody knows; the Host header keeps it. The handle goes back without its pin. */
static void a_pinned_address_takes_the_place_of_the_name(void **state)
{
    (void)state;
    struct lab lab;
    char url[128];
    open_lab(&lab);
    snprintf(url, sizeof url, "http://ndes.invalid:%u/x?operation=GetCACaps", web_port(lab.web));
    fetch(&lab, url, "127.0.0.1");
    assert_int_equal(lab.got, 200);
    assert_string_equal(lab.target, "/x?operation=GetCACaps");
    assert_string_equal(lab.peer, "127.0.0.1");
    snprintf(url, sizeof url, "http://127.0.0.1:%u/y", web_port(lab.web));
    fetch(&lab, url, NULL);
    assert_string_equal(lab.target, "/y");
    fetch(&lab, url, "::1"); /* where nobody listens */
    assert_int_equal(lab.error.stage, STAGE_TCP);
    close_lab(&lab);
}

static void a_proxy_gets_everything(void **state)
{
    (void)state;
    struct lab lab;
    struct err e = {0};
    char proxy[64];
    open_lab(&lab);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", web_port(lab.web));
    setenv("no_proxy", "*", 1);
    assert_true(http_set_proxy(lab.http, proxy, &e));
    fetch(&lab, "http://ndes.invalid/x", NULL);
    assert_int_equal(lab.got, 200);
    assert_string_equal(lab.target, "http://ndes.invalid/x");
    lab.status = 403;
    fetch(&lab, "https://ndes.invalid/x", NULL);
    assert_string_equal(lab.method, "CONNECT");
    assert_string_equal(lab.target, "ndes.invalid:443");
    assert_int_equal(lab.got, 0);
    assert_int_equal(lab.error.stage, STAGE_TCP);
    assert_int_equal(lab.error.reason, REASON_UNREACHABLE);
    assert_string_equal(lab.error.text, "the proxy made no tunnel: HTTP 403");
    unsetenv("no_proxy");
    close_lab(&lab);
}

/* Twice on one session; the second request may take the connection of the first. */
static void fetch_from(struct lab *lab, const char *source, bool fresh)
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
    send_and_wait(lab, session, &request);
    send_and_wait(lab, session, &request);
    http_session_free(session);
}

static void the_server_sees_the_address(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    fetch_from(&lab, "127.0.0.7", false);
    fetch_from(&lab, NULL, false);
    assert_int_equal(lab.error.reason, REASON_NONE);
    assert_int_equal(lab.served, 4);
    assert_string_equal(lab.peers[0], "127.0.0.7");
    assert_string_equal(lab.peers[1], "127.0.0.7");
    assert_string_equal(lab.peers[2], "127.0.0.1");
    assert_int_equal(web_connections(lab.web), 2); /* kept alive */
    fetch_from(&lab, "127.0.0.8", true);
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
    fetch_from(&lab, "203.0.113.9", false);
    assert_int_equal(lab.error.reason, REASON_GENERATOR_LIMIT);
    assert_int_equal(lab.error.stage, STAGE_TCP);
    fetch_from(&lab, "::1", false); /* of another family than the server's */
    assert_int_equal(lab.error.reason, REASON_UNREACHABLE);
    assert_int_equal(lab.served, 0);
    assert_int_equal(http_stats(lab.http).open, 0);
    close_lab(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pinned_address_takes_the_place_of_the_name),
        cmocka_unit_test(a_proxy_gets_everything),
        cmocka_unit_test(the_server_sees_the_address),
        cmocka_unit_test(an_address_that_is_not_here_is_the_generators_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
