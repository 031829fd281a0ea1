// links: PkgConfig::UV
#include "http/http.h"

#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND   INT64_C(1000000)
#define DELAY_MS 60

struct lab {
    uv_loop_t loop;
    struct http *http;
    struct http_session *session;
    struct web *web;
    atomic_size_t arrived; /* bytes of the last request, as the server saw it */
    struct http_response seen;
    unsigned calls;
};

/* Prompt at first, slow ever after. */
static void tire(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct lab *lab = user;
    lab->arrived = strlen(request->head) + strlen("\r\n\r\n") + request->body.len;
    web_answer_text(reply, 200, "hello");
    reply->delay_ms = request->nth == 0 ? 0 : DELAY_MS;
}

static void note(void *user, struct http_response *response)
{
    struct lab *lab = user;
    lab->seen = *response;
    lab->calls++;
}

static void open_lab(struct lab *lab, web_handler handler)
{
    struct err e = {0};
    *lab = (struct lab){0};
    assert_int_equal(uv_loop_init(&lab->loop), 0);
    assert_true(http_new(&lab->loop, NULL, &lab->http, &e));
    assert_true(http_session_new(lab->http, &lab->session, &e));
    lab->web = web_start(handler, lab);
    assert_non_null(lab->web);
}

static void close_lab(struct lab *lab)
{
    http_session_free(lab->session);
    http_free(lab->http);
    uv_run(&lab->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&lab->loop), 0);
    web_stop(lab->web);
}

static void send_and_wait(struct lab *lab, size_t body_bytes, bool once)
{
    static uint8_t body[300000];
    char url[64];
    struct err e = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", web_port(lab->web));
    const struct http_request request = {
        .url = url,
        .user_agent = "test",
        .method = body_bytes > 0 ? HTTP_POST : HTTP_GET,
        .body = span_of(body, body_bytes),
        .content_type = "application/x-pki-message",
        .timeout_us = 10 * SECOND,
        .max_body = BYTES_MAX_MESSAGE,
        .once = once,
        .stage = STAGE_PKI_OPERATION,
    };
    unsigned before = lab->calls;
    assert_true(http_send(lab->session, &request, note, lab, &e));
    while (lab->calls == before)
        uv_run(&lab->loop, UV_RUN_ONCE);
}

/* The time that the server takes is the request's, also when curl 7.88 sends a small one before it takes its own stamp
 * of the beginning. Only lower bounds: a busy machine may take longer, never less. */
static void slow_answer_on_a_kept_connection_is_request_time(void **state)
{
    static const size_t bodies[] = {0, 1, 2000, 300000};
    struct lab lab;
    (void)state;
    open_lab(&lab, tire);
    send_and_wait(&lab, 0, false);
    assert_true(lab.seen.new_connection);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        send_and_wait(&lab, bodies[i], true);
        assert_int_equal(lab.seen.error.reason, REASON_NONE);
        const struct http_timing *t = &lab.seen.timing;
        assert_false(lab.seen.new_connection);
        assert_int_equal(t->ready_us, 0);
        assert_true(t->total_us - t->ready_us >= DELAY_MS * 900); /* poll() may wake a little early */
    }
    close_lab(&lab);
}

/* As many bytes as arrived, for bodies that curl sends along with the header lines and for those that it does not. */
static void every_byte_sent_counts_once(void **state)
{
    static const size_t bodies[] = {0, 1, 2000, 60000, 65535, 65536, 65537, 300000};
    struct lab lab;
    (void)state;
    open_lab(&lab, tire);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        send_and_wait(&lab, bodies[i], true);
        assert_int_equal(lab.seen.error.reason, REASON_NONE);
        if (lab.seen.bytes_sent != lab.arrived)
            fail_msg("a body of %zu bytes: %llu bytes counted, %zu arrived", bodies[i],
                     (unsigned long long)lab.seen.bytes_sent, (size_t)lab.arrived);
    }
    close_lab(&lab);
}

/* Answers the first request of a connection and resets it at the second, which never was processed. */
static void die_on_reuse(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    if (request->nth == 0)
        web_answer_text(reply, 200, "ok");
    else
        reply->manner = WEB_RESET;
}

static void once_is_never_repeated(void **state)
{
    struct lab lab;
    (void)state;
    open_lab(&lab, die_on_reuse);
    send_and_wait(&lab, 0, false);
    send_and_wait(&lab, 0, false); /* a plain GET is repeated on a new connection */
    assert_int_equal(lab.seen.error.reason, REASON_NONE);
    assert_int_equal(web_requests(lab.web), 3);

    send_and_wait(&lab, 0, true);
    assert_int_equal(lab.seen.error.reason, REASON_CONNECTION_LOST);
    assert_non_null(strstr(lab.seen.error.text, "the server closed the connection"));
    assert_true(lab.seen.sent);
    assert_int_equal(web_requests(lab.web), 4);
    close_lab(&lab);
}

static const uint8_t zipped[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";

/* As IIS with dynamic compression, it compresses for whoever names gzip. */
static void zip(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    if (strstr(request->head, "\r\nAccept-Encoding: gzip\r\nX-After: 1") != NULL)
        web_answer(reply, 200, "Content-Encoding: gzip\r\n", span_of(zipped, sizeof zipped - 1));
    else
        web_answer_text(reply, 200, strstr(request->head, "ncoding") == NULL ? "plain" : "what?");
}

static void read_text(void *user, struct http_response *response)
{
    struct lab *lab = user;
    assert_int_equal(response->error.reason, REASON_NONE);
    assert_string_equal(buf_text(&response->body), lab->seen.server);
    lab->calls++;
}

static void who_names_encodings_undoes_them(void **state)
{
    static const struct {
        const char *headers, *text;
    } cases[] = {{"Accept-Encoding: gzip\nX-After: 1\n", "hello"}, {"X-After: 1\n", "plain"}};
    struct lab lab;
    struct err e = {0};
    char url[64];
    (void)state;
    open_lab(&lab, zip);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", web_port(lab.web));
    for (unsigned i = 0; i < 2; i++) {
        const struct http_request request = {.url = url,
                                             .headers = cases[i].headers,
                                             .timeout_us = 10 * SECOND,
                                             .max_body = BYTES_MAX_MESSAGE,
                                             .stage = STAGE_GET_CA_CAPS};
        snprintf(lab.seen.server, sizeof lab.seen.server, "%s", cases[i].text);
        assert_true(http_send(lab.session, &request, read_text, &lab, &e));
        while (lab.calls == i)
            uv_run(&lab.loop, UV_RUN_ONCE);
    }
    close_lab(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_answer_on_a_kept_connection_is_request_time),
        cmocka_unit_test(every_byte_sent_counts_once),
        cmocka_unit_test(once_is_never_repeated),
        cmocka_unit_test(who_names_encodings_undoes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
