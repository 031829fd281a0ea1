// links: PkgConfig::UV
#include "http/http.h"

#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND          INT64_C(1000000)
#define MAX_CONNECTIONS 64
#define DELAY_MS        40

/* A challenge of the domain LAB, as MS-NLMP 2.2.1.2 describes it: Unicode, NTLM, target information, eight bytes to answer. */
#define TYPE_2                                                                                               \
    "TlRMTVNTUAACAAAABgAGADgAAAAFgooAAQIDBAUGBwgAAAAAAAAAAA4ADgA+"                                           \
    "AAAACgA5OAAAAA9MAEEAQgACAAYATABBAEIAAAAAAA=="
#define TYPE_1 "TlRMTVNTUAAB"
#define TYPE_3 "TlRMTVNTUAAD"
#define IIS    "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n"

struct lab {
    uv_loop_t loop;
    struct http *http;
    struct web *web;
    struct http_session *session;
    struct secret *password;
    struct http_response seen; /* without its buffers */
    unsigned calls;
    /* the server's */
    bool known[MAX_CONNECTIONS];      /* logged on */
    bool challenged[MAX_CONNECTIONS]; /* got its type 2 */
    atomic_uint anonymous, opened, finished, astray, bodies;
    int delay_ms;
};

static bool carries(const struct web_request *request, const char *words)
{
    return strstr(request->head, words) != NULL;
}

static bool is_at(const struct web_request *request, const char *path)
{
    return strncmp(request->target, path, strlen(path)) == 0;
}

static void refuse(struct web_reply *reply, const char *headers)
{
    web_answer(reply, 401, headers, span_of_text("no"));
}

static void challenge(struct lab *lab, const struct web_request *request, struct web_reply *reply)
{
    lab->opened++;
    lab->challenged[request->connection] = true;
    if (is_at(request, "/deaf")) {
        refuse(reply, IIS);
    } else if (is_at(request, "/gibberish")) {
        refuse(reply, "WWW-Authenticate: NTLM TlRMTVNTUAAC\r\n");
    } else if (is_at(request, "/says-close")) {
        refuse(reply, "Connection: close\r\nWWW-Authenticate: NTLM " TYPE_2 "\r\n");
        reply->manner = WEB_REPLY_CLOSE;
    } else {
        refuse(reply, "WWW-Authenticate: NTLM " TYPE_2 "\r\n");
        if (is_at(request, "/closes"))
            reply->manner = WEB_REPLY_CLOSE;
    }
}

static void serve_page(struct lab *lab, const struct web_request *request, struct web_reply *reply)
{
    lab->bodies += request->body.len > 0;
    if (is_at(request, "/each"))
        lab->known[request->connection] = false;
    if (is_at(request, "/moved"))
        web_answer(reply, 301, "Location: /page\r\n", span_of_text("there"));
    else if (is_at(request, "/astray"))
        web_answer(reply, 302, "Location: http://127.0.0.1:9/page\r\n", span_of_text("there"));
    else
        web_answer_text(reply, 200, "page");
}

static void finish(struct lab *lab, const struct web_request *request, struct web_reply *reply)
{
    lab->finished++;
    lab->astray += !lab->challenged[request->connection];
    lab->challenged[request->connection] = false;
    if (is_at(request, "/hangs-up")) {
        reply->manner = WEB_RESET;
    } else if (is_at(request, "/refuses")) {
        refuse(reply, IIS);
    } else {
        lab->known[request->connection] = true;
        serve_page(lab, request, reply);
    }
}

/* NTLM as IIS does it: bound to the connection, and once for all of its requests. */
static void ntlm(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct lab *lab = user;
    assert_true(request->connection < MAX_CONNECTIONS);
    reply->delay_ms = lab->delay_ms;
    if (carries(request, "Authorization: NTLM " TYPE_3))
        finish(lab, request, reply);
    else if (is_at(request, "/other-scheme"))
        refuse(reply, "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=\"NTLM here\"\r\n");
    else if (carries(request, "Authorization: NTLM " TYPE_1))
        challenge(lab, request, reply);
    else if (lab->known[request->connection] && !is_at(request, "/dead"))
        serve_page(lab, request, reply);
    else if (lab->known[request->connection])
        reply->manner = WEB_RESET;
    else {
        lab->anonymous++;
        refuse(reply, IIS);
    }
}

static void basic(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct lab *lab = user;
    if (is_at(request, "/other-scheme"))
        refuse(reply, IIS);
    else if (carries(request, "Authorization: Basic TEFCXG1kbTpwYXNzOndvcmQ="))
        serve_page(lab, request, reply);
    else {
        lab->anonymous += !carries(request, "Authorization:");
        refuse(reply, "WWW-Authenticate: Basic realm=\"lab\"\r\n");
    }
}

static void note(void *user, struct http_response *response)
{
    struct lab *lab = user;
    lab->seen = *response;
    lab->calls++;
}

static struct lab *open_lab(web_handler handler)
{
    struct err e = {0};
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    assert_int_equal(uv_loop_init(&lab->loop), 0);
    assert_true(http_new(&lab->loop, NULL, &lab->http, &e));
    assert_true(http_session_new(lab->http, &lab->session, &e));
    assert_true(secret_new(span_of_text("pass:word"), &lab->password, &e));
    lab->web = web_start(handler, lab);
    assert_non_null(lab->web);
    return lab;
}

static void close_lab(struct lab *lab)
{
    web_stop(lab->web);
    http_session_free(lab->session);
    assert_int_equal(http_stats(lab->http).open, 0);
    http_free(lab->http);
    uv_run(&lab->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&lab->loop), 0);
    secret_free(lab->password);
    free(lab);
}

static struct http_request request_to(struct lab *lab, const char *path, enum http_auth auth)
{
    static char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", web_port(lab->web), path);
    return (struct http_request){.url = url,
                                 .user_agent = "test",
                                 .auth = auth,
                                 .user = "LAB\\mdm",
                                 .password = lab->password,
                                 .timeout_us = 10 * SECOND,
                                 .max_body = BYTES_MAX_MESSAGE,
                                 .redirects = 2,
                                 .once = true,
                                 .stage = STAGE_OTP};
}

static void send_and_wait(struct lab *lab, const struct http_request *request)
{
    struct err e = {0};
    unsigned before = lab->calls;
    if (!http_send(lab->session, request, note, lab, &e))
        fail_msg("%s", e.text);
    while (lab->calls == before)
        uv_run(&lab->loop, UV_RUN_ONCE);
}

static void get(struct lab *lab, const char *path, enum http_auth auth)
{
    struct http_request request = request_to(lab, path, auth);
    send_and_wait(lab, &request);
}

static void expect(const struct lab *lab, enum reason reason, int status, unsigned legs, bool complete)
{
    if (lab->seen.error.reason != reason || lab->seen.status != status || lab->seen.legs != legs ||
        lab->seen.logon_complete != complete)
        fail_msg("%s (%s), status %d, %u legs, logon %scomplete", base_reason_id(lab->seen.error.reason),
                 lab->seen.error.text, lab->seen.status, lab->seen.legs,
                 lab->seen.logon_complete ? "" : "in");
}

static void ntlm_takes_two_legs_on_one_connection(void **state)
{
    (void)state;
    struct lab *lab = open_lab(ntlm);
    lab->delay_ms = DELAY_MS;
    get(lab, "/page", HTTP_AUTH_NTLM);
    expect(lab, REASON_NONE, 200, 2, true);
    assert_true(lab->seen.new_connection);
    assert_true(lab->seen.timing.total_us - lab->seen.timing.ready_us >= 2 * DELAY_MS * 900);
    assert_true(lab->seen.timing.tls_us == 0 && lab->seen.timing.ready_us < DELAY_MS * 900);
    assert_int_equal(lab->anonymous, 0);
    assert_int_equal(lab->astray, 0);
    assert_int_equal(web_connections(lab->web), 1);
    assert_int_equal(http_stats(lab->http).connections, 1);

    get(lab, "/page", HTTP_AUTH_NTLM); /* still logged on */
    expect(lab, REASON_NONE, 200, 1, false);
    assert_false(lab->seen.new_connection);
    assert_int_equal(lab->seen.timing.ready_us, 0);
    assert_int_equal(web_requests(lab->web), 3);
    assert_int_equal(web_connections(lab->web), 1);
    close_lab(lab);
}

static void server_may_want_a_logon_per_request(void **state)
{
    (void)state;
    struct lab *lab = open_lab(ntlm);
    get(lab, "/each", HTTP_AUTH_NTLM);
    expect(lab, REASON_NONE, 200, 2, true);
    get(lab, "/each",
        HTTP_AUTH_NTLM); /* curl believes to be logged on, and begins anew when told otherwise */
    expect(lab, REASON_NONE, 200, 3, true);
    assert_int_equal(web_connections(lab->web), 1);
    assert_int_equal(lab->finished, 2);
    close_lab(lab);
}

static void body_waits_for_the_logon(void **state)
{
    (void)state;
    static const uint8_t body[100000];
    struct lab *lab = open_lab(ntlm);
    struct http_request request = request_to(lab, "/page", HTTP_AUTH_NTLM);
    request.method = HTTP_POST;
    request.content_type = "application/json";
    request.body = span_of(body, sizeof body);
    send_and_wait(lab, &request);
    expect(lab, REASON_NONE, 200, 2, true);
    assert_int_equal(lab->bodies, 1);
    assert_true(lab->seen.bytes_sent > sizeof body && lab->seen.bytes_sent < sizeof body + 2000);
    send_and_wait(lab, &request);
    expect(lab, REASON_NONE, 200, 1, false);
    assert_int_equal(lab->bodies, 2);
    close_lab(lab);
}

static void refused_logon_is_complete(void **state)
{
    (void)state;
    struct lab *lab = open_lab(ntlm);
    for (int i = 0; i < 2; i++) {
        get(lab, "/refuses", HTTP_AUTH_NTLM);
        expect(lab, REASON_NONE, 401, 2, true);
        assert_true(lab->seen.new_connection); /* the refused one is not used again */
        assert_string_equal(lab->seen.authenticate, "Negotiate, NTLM");
    }
    assert_int_equal(lab->finished, 2);
    get(lab, "/other-scheme", HTTP_AUTH_NTLM);
    expect(lab, REASON_NONE, 401, 1, false);
    get(lab, "/deaf", HTTP_AUTH_NTLM);
    expect(lab, REASON_HTTP_PROTOCOL, 401, 2, false); /* curl asks such a server twice */
    get(lab, "/gibberish", HTTP_AUTH_NTLM);
    expect(lab, REASON_HTTP_PROTOCOL, 401, 1, false);
    assert_string_equal(lab->seen.authenticate, "NTLM");
    assert_int_equal(lab->finished, 2);
    close_lab(lab);
}

/* One try each: what the server cut off is not begun again behind our back, whether or not the request may be repeated. */
static void connection_lost_between_legs_is_told(void **state)
{
    (void)state;
    static const char *const paths[] = {"/closes", "/says-close", "/hangs-up"};
    for (size_t i = 0; i < 6; i++) {
        struct lab *lab = open_lab(ntlm);
        struct http_request request = request_to(lab, paths[i / 2], HTTP_AUTH_NTLM);
        request.once = i % 2 == 0;
        send_and_wait(lab, &request);
        assert_int_equal(lab->seen.error.reason, REASON_CONNECTION_LOST);
        assert_int_equal(lab->seen.error.stage, STAGE_OTP);
        assert_non_null(strstr(lab->seen.error.text, "in the middle of the NTLM logon"));
        assert_int_equal(lab->opened, 1);
        assert_int_equal(lab->anonymous + lab->astray, 0);
        assert_false(lab->seen.logon_complete);
        get(lab, "/page", HTTP_AUTH_NTLM);
        expect(lab, REASON_NONE, 200, 2, true);
        close_lab(lab);
    }
}

/* Nobody answers on the connection that was logged on: begun anew elsewhere, unless the request goes out once only. */
static void dead_connection_is_replaced_unless_once(void **state)
{
    (void)state;
    struct lab *lab = open_lab(ntlm);
    get(lab, "/page", HTTP_AUTH_NTLM);
    get(lab, "/dead", HTTP_AUTH_NTLM);
    expect(lab, REASON_CONNECTION_LOST, 0, 1, false);
    get(lab, "/page", HTTP_AUTH_NTLM);
    struct http_request request = request_to(lab, "/dead", HTTP_AUTH_NTLM);
    request.once = false;
    send_and_wait(lab, &request);
    expect(lab, REASON_NONE, 200, 3, true);
    assert_int_equal(lab->anonymous, 0);
    close_lab(lab);
}

static void redirect_follows_the_logon(void **state)
{
    (void)state;
    struct lab *lab = open_lab(ntlm);
    get(lab, "/moved", HTTP_AUTH_NTLM);
    expect(lab, REASON_NONE, 200, 3, true);
    assert_int_equal(web_connections(lab->web), 1);
    get(lab, "/astray", HTTP_AUTH_NTLM); /* another port: not this service any more */
    expect(lab, REASON_REDIRECTED, 302, 1, false);
    close_lab(lab);
}

static void anonymous_requests_stay_so(void **state)
{
    (void)state;
    struct lab *lab = open_lab(ntlm);
    get(lab, "/page", HTTP_AUTH_NONE);
    expect(lab, REASON_NONE, 401, 1, false);
    assert_string_equal(lab->seen.authenticate, "Negotiate, NTLM");
    get(lab, "/page", HTTP_AUTH_NTLM); /* the connection can still be logged on */
    expect(lab, REASON_NONE, 200, 2, true);
    assert_int_equal(web_connections(lab->web), 1);
    get(lab, "/page", HTTP_AUTH_NONE); /* and is nobody else's afterwards */
    expect(lab, REASON_NONE, 401, 1, false);
    assert_int_equal(web_connections(lab->web), 2);
    close_lab(lab);
}

static void basic_goes_with_the_first_request(void **state)
{
    (void)state;
    struct lab *lab = open_lab(basic);
    get(lab, "/page", HTTP_AUTH_BASIC);
    expect(lab, REASON_NONE, 200, 1, true);
    get(lab, "/moved", HTTP_AUTH_BASIC);
    expect(lab, REASON_NONE, 200, 2, true);
    struct http_request request = request_to(lab, "/page", HTTP_AUTH_BASIC);
    request.user = "somebody";
    send_and_wait(lab, &request);
    expect(lab, REASON_NONE, 401, 1, true);
    get(lab, "/other-scheme", HTTP_AUTH_BASIC);
    expect(lab, REASON_NONE, 401, 1, false);
    assert_int_equal(lab->anonymous, 0);
    close_lab(lab);
}

static void negotiate_without_tickets_is_told(void **state)
{
    (void)state;
    struct lab *lab = open_lab(ntlm);
    setenv("KRB5_CONFIG", "/dev/null", 1);
    setenv("KRB5CCNAME", "MEMORY:nothing-in-here", 1);
    get(lab, "/page", HTTP_AUTH_NEGOTIATE);
    expect(lab, REASON_OTP_TICKET, 401, 1, false);
    assert_int_equal(lab->seen.error.stage, STAGE_OTP);
    assert_non_null(strstr(lab->seen.error.text, "gss_"));
    assert_int_equal(lab->anonymous, 1);
    close_lab(lab);
}

static void what_cannot_work_is_not_sent(void **state)
{
    (void)state;
    struct lab *lab = open_lab(ntlm);
    struct err e = {0};
    assert_true(http_can(HTTP_AUTH_NONE) && http_can(HTTP_AUTH_BASIC));
    assert_true(http_can(HTTP_AUTH_NTLM) && http_can(HTTP_AUTH_NEGOTIATE));
    struct http_request request = request_to(lab, "/page", HTTP_AUTH_NTLM);
    request.user = "LAB\\J\xc3\xb6rg";
    assert_false(http_send(lab->session, &request, note, lab, &e));
    assert_int_equal(e.reason, REASON_USAGE);
    assert_null(strstr(e.text, "J\xc3\xb6rg"));
    assert_int_equal(web_requests(lab->web), 0);
    close_lab(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ntlm_takes_two_legs_on_one_connection),
        cmocka_unit_test(server_may_want_a_logon_per_request),
        cmocka_unit_test(body_waits_for_the_logon),
        cmocka_unit_test(refused_logon_is_complete),
        cmocka_unit_test(connection_lost_between_legs_is_told),
        cmocka_unit_test(dead_connection_is_replaced_unless_once),
        cmocka_unit_test(redirect_follows_the_logon),
        cmocka_unit_test(anonymous_requests_stay_so),
        cmocka_unit_test(basic_goes_with_the_first_request),
        cmocka_unit_test(negotiate_without_tickets_is_told),
        cmocka_unit_test(what_cannot_work_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
