// links: PkgConfig::UV
#include "http/http.h"

#include "web.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

struct lab {
    uv_loop_t loop;
    struct http *http;
    struct web *web;
};

/* What a request of these tests ended with. */
struct seen {
    unsigned calls;
    struct http_response r; /* buffers taken */
};

static void note(void *user, struct http_response *response)
{
    struct seen *seen = user;
    seen->calls++;
    buf_clear(&seen->r.body);
    buf_clear(&seen->r.headers);
    seen->r = *response;
    response->body = (struct buf){0};
    response->headers = (struct buf){0};
}

static void forget(struct seen *seen)
{
    buf_clear(&seen->r.body);
    buf_clear(&seen->r.headers);
    *seen = (struct seen){0};
}

static void open_lab(struct lab *lab, web_handler handler)
{
    struct err e = {0};
    assert_int_equal(uv_loop_init(&lab->loop), 0);
    assert_true(http_new(&lab->loop, NULL, &lab->http, &e));
    lab->web = web_start(handler, lab);
    assert_non_null(lab->web);
}

static void close_lab(struct lab *lab)
{
    assert_int_equal(http_stats(lab->http).open, 0);
    http_free(lab->http);
    uv_run(&lab->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&lab->loop), 0);
    web_stop(lab->web);
}

static const char *url_of(const struct lab *lab, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", web_port(lab->web), path);
    return url;
}

static struct http_request get(const char *url)
{
    return (struct http_request){.url = url,
                                 .user_agent = "test",
                                 .timeout_us = 10 * SECOND,
                                 .max_body = BYTES_MAX_MESSAGE,
                                 .stage = STAGE_GET_CA_CAPS};
}

static struct http_session *session_of(struct lab *lab)
{
    struct http_session *session = NULL;
    struct err e = {0};
    assert_true(http_session_new(lab->http, &session, &e));
    return session;
}

static void send_and_wait(struct lab *lab, struct http_session *session, const struct http_request *request,
                          struct seen *seen)
{
    struct err e = {0};
    unsigned before = seen->calls;
    if (!http_send(session, request, note, seen, &e))
        fail_msg("%s", e.text);
    while (seen->calls == before)
        uv_run(&lab->loop, UV_RUN_ONCE);
    assert_int_equal(seen->calls, before + 1);
}

/* One request to a server of a given kind, on a session of its own. */
static void fetch(struct lab *lab, const struct http_request *request, struct seen *seen)
{
    struct http_session *session = session_of(lab);
    send_and_wait(lab, session, request, seen);
    http_session_free(session);
}

static void hello(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    (void)request;
    web_answer(
        reply, 200,
        "Server: Test/1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-A: 1\r\nWWW-Authenticate: Negotiate\r\n"
        "WWW-Authenticate:  NTLM \r\n",
        span_of_text("hello"));
}

static void answer_carries_its_facts(void **state)
{
    (void)state;
    struct lab lab;
    struct seen seen = {0};
    open_lab(&lab, hello);
    struct http_session *session = session_of(&lab);
    struct http_request request = get(url_of(&lab, "/x?operation=GetCACaps"));
    send_and_wait(&lab, session, &request, &seen);
    assert_int_equal(seen.r.error.reason, REASON_NONE);
    assert_int_equal(seen.r.status, 200);
    assert_true(span_equal_text(buf_span(&seen.r.body), "hello"));
    assert_string_equal(seen.r.server, "Test/1");
    assert_string_equal(seen.r.authenticate, "Negotiate, NTLM");
    assert_string_equal(seen.r.content_type, "");
    assert_true(seen.r.has_date);
    assert_int_equal(seen.r.date_s, 784111777);
    assert_true(seen.r.new_connection);
    assert_true(seen.r.sent);
    assert_true(seen.r.bytes_sent > 30);
    assert_true(seen.r.bytes_received > 100);
    assert_int_equal(seen.r.timing.tls_us, 0);
    assert_true(seen.r.timing.ready_us <= seen.r.timing.total_us);
    char value[8];
    assert_true(http_header(buf_span(&seen.r.headers), "x-a", value, sizeof value));
    assert_string_equal(value, "1");
    assert_false(http_header(buf_span(&seen.r.headers), "x", value, sizeof value));

    int port = seen.r.local_port;
    send_and_wait(&lab, session, &request, &seen);
    assert_false(seen.r.new_connection);
    assert_int_equal(seen.r.local_port, port);
    assert_int_equal(seen.r.timing.dns_us + seen.r.timing.tcp_us, 0);
    http_session_free(session);
    forget(&seen);
    close_lab(&lab);
}

static void echo(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    struct buf text;
    buf_init(&text, BYTES_MAX_MESSAGE);
    buf_appendf(&text, "%s %s\n%s\n\n", request->method, request->target, request->head);
    buf_append_span(&text, request->body);
    web_answer(reply, 200, "", buf_span(&text));
    buf_clear(&text);
}

static bool contains(const struct seen *seen, const char *words)
{
    return memmem(seen->r.body.data, seen->r.body.len, words, strlen(words)) != NULL;
}

static void post_carries_its_body(void **state)
{
    (void)state;
    struct lab lab;
    struct seen seen = {0};
    open_lab(&lab, echo);
    struct http_request request = get(url_of(&lab, "/x"));
    request.method = HTTP_POST;
    request.body = span_of("ab\0cd", 5);
    request.content_type = "application/x-pki-message";
    fetch(&lab, &request, &seen);
    assert_true(contains(&seen, "Content-Type: application/x-pki-message"));
    assert_true(contains(&seen, "Content-Length: 5"));
    assert_false(contains(&seen, "Expect"));
    assert_memory_equal(seen.r.body.data + seen.r.body.len - 5, "ab\0cd", 5);

    request.body = span_of(NULL, 0);
    fetch(&lab, &request, &seen);
    assert_true(contains(&seen, "Content-Length: 0"));
    uint8_t *big = calloc(1, 600000);
    request.body = span_of(big, 600000);
    fetch(&lab, &request, &seen);
    assert_true(seen.r.body.len > 600000);
    free(big);
    forget(&seen);
    close_lab(&lab);
}

/* Headers in the client's own words: nothing is added, nothing is missing, whatever libcurl likes to send. */
static void headers_can_be_exact(void **state)
{
    (void)state;
    struct lab lab;
    struct seen seen = {0};
    open_lab(&lab, echo);
    struct http_session *session = session_of(&lab);
    struct http_request request = get(url_of(&lab, "/x"));
    request.headers = "User-Agent: profiled/1.0\nAccept: text/plain\nX-B: 2\n";
    send_and_wait(&lab, session, &request, &seen);
    const char *lines[] = {"User-Agent: profiled/1.0", "Accept: text/plain", "X-B: 2"};
    for (size_t i = 0; i < 3; i++)
        assert_true(contains(&seen, lines[i]));
    assert_false(contains(&seen, "User-Agent: test"));
    assert_false(contains(&seen, "*/*"));

    request.headers = "";
    request.method = HTTP_POST;
    request.body = span_of_text("message");
    request.content_type = "not/this";
    send_and_wait(&lab, session, &request, &seen);
    assert_true(contains(&seen, "Content-Length: 7"));
    const char *absent[] = {"User-Agent", "Accept", "Content-Type", "Expect"};
    for (size_t i = 0; i < 4; i++)
        assert_false(contains(&seen, absent[i]));
    assert_false(seen.r.new_connection);

    request.fresh = true;
    send_and_wait(&lab, session, &request, &seen);
    assert_true(seen.r.new_connection);
    send_and_wait(&lab, session, &request, &seen);
    assert_true(seen.r.new_connection);
    assert_int_equal(http_stats(lab.http).open, 1); /* the first one, kept alive */
    request.http_1_0 = true;
    send_and_wait(&lab, session, &request, &seen);
    assert_true(contains(&seen, "HTTP/1.0"));
    http_session_free(session);
    forget(&seen);
    close_lab(&lab);
}

static void credentials_are_sent_and_forgotten(void **state)
{
    (void)state;
    struct lab lab;
    struct seen seen = {0};
    struct secret *password = NULL;
    struct err e = {0};
    open_lab(&lab, echo);
    assert_true(secret_new(span_of_text("pass:word"), &password, &e));
    struct http_request request = get(url_of(&lab, "/x"));
    request.auth = HTTP_AUTH_BASIC;
    request.user = "LAB\\mdm";
    request.password = password;
    fetch(&lab, &request, &seen);
    assert_true(contains(&seen, "Authorization: Basic TEFCXG1kbTpwYXNzOndvcmQ="));
    request.auth = HTTP_AUTH_NONE;
    fetch(&lab, &request, &seen);
    assert_false(contains(&seen, "Authorization"));
    secret_free(password);
    forget(&seen);
    close_lab(&lab);
}

/* load-testing.md, finding 2: curl's own pool would turn a thousand devices into a few connections. */
enum { DEVICES = 1000, REQUESTS = 4 };

struct device {
    struct lab *lab;
    struct http_session *session;
    struct http_request request;
    int sent, answered, port;
    unsigned connections;
};

static unsigned *owner_of_connection; /* the server's view: which device uses which connection */
static unsigned hops;

static void spot_hops(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    unsigned device = 0;
    sscanf(request->target, "/%u", &device);
    if (request->nth == 0)
        owner_of_connection[request->connection] = device;
    hops += owner_of_connection[request->connection] != device;
    web_answer_text(reply, 200, "ok");
}

static void next_request(void *user, struct http_response *response)
{
    struct device *d = user;
    if (response != NULL) {
        assert_int_equal(response->error.reason, REASON_NONE);
        d->connections += response->new_connection;
        assert_true(d->port == 0 || d->port == response->local_port);
        d->port = response->local_port;
        d->answered++;
    }
    if (d->sent == REQUESTS)
        return;
    char path[32];
    snprintf(path, sizeof path, "/%u", (unsigned)(d->request.max_body - BYTES_MAX_MESSAGE));
    struct http_request request = d->request;
    request.url = url_of(d->lab, path);
    struct err e = {0};
    d->sent++;
    assert_true(http_send(d->session, &request, next_request, d, &e));
}

static void thousand_devices_are_thousand_connections(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab, spot_hops);
    owner_of_connection = calloc(DEVICES * REQUESTS, sizeof *owner_of_connection);
    hops = 0;
    struct device *devices = calloc(DEVICES, sizeof *devices);
    assert_non_null(devices);
    for (unsigned i = 0; i < DEVICES; i++) {
        devices[i] = (struct device){.lab = &lab, .session = session_of(&lab), .request = get("")};
        devices[i].request.max_body += i; /* carries the device's number */
        next_request(&devices[i], NULL);
        uv_run(&lab.loop, UV_RUN_NOWAIT);
    }
    for (unsigned i = 0; i < DEVICES; i++) {
        while (devices[i].answered < REQUESTS)
            uv_run(&lab.loop, UV_RUN_ONCE);
        assert_int_equal(devices[i].connections, 1);
    }
    assert_int_equal(web_connections(lab.web), DEVICES);
    assert_int_equal(web_requests(lab.web), DEVICES * REQUESTS);
    assert_int_equal(hops, 0);
    assert_int_equal(http_stats(lab.http).connections, DEVICES);
    assert_int_equal(http_stats(lab.http).open_max, DEVICES);
    for (unsigned i = 0; i < DEVICES; i++)
        http_session_free(devices[i].session);
    free(devices);
    free(owner_of_connection);
    close_lab(&lab);
}

static void silent(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    (void)request;
    reply->manner = WEB_SILENT;
}

/* The trap of curl's own uv example: completions of the last transfers, which all time out, are never fetched. */
static void last_timeouts_are_reported(void **state)
{
    (void)state;
    enum { N = 20 };
    struct lab lab;
    struct seen seen[N] = {0};
    struct http_session *sessions[N];
    struct err e = {0};
    open_lab(&lab, silent);
    struct http_request request = get(url_of(&lab, "/"));
    request.timeout_us = 50000;
    for (int i = 0; i < N; i++) {
        sessions[i] = session_of(&lab);
        assert_true(http_send(sessions[i], &request, note, &seen[i], &e));
    }
    uv_run(&lab.loop, UV_RUN_DEFAULT); /* ends by itself when nothing is left */
    for (int i = 0; i < N; i++) {
        assert_int_equal(seen[i].calls, 1);
        assert_int_equal(seen[i].r.error.reason, REASON_REQUEST_TIMEOUT);
        assert_int_equal(seen[i].r.error.stage, STAGE_GET_CA_CAPS);
        assert_true(seen[i].r.timed_out);
        assert_true(seen[i].r.sent);
        http_session_free(sessions[i]);
        forget(&seen[i]);
    }
    close_lab(&lab);
}

static void misbehave(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    if (strcmp(request->target, "/reset") == 0) {
        reply->manner = WEB_RESET;
    } else if (strcmp(request->target, "/close") == 0) {
        reply->manner = WEB_REPLY_CLOSE;
    } else if (strcmp(request->target, "/garbage") == 0) {
        reply->manner = WEB_REPLY_CLOSE;
        buf_append_text(&reply->bytes, "\x01\x02 this is not HTTP\r\n\r\n");
    } else if (strcmp(request->target, "/half") == 0) {
        reply->manner = WEB_REPLY_CLOSE;
        buf_append_text(&reply->bytes, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    } else if (strcmp(request->target, "/drip") == 0) {
        reply->manner = WEB_DRIP;
        buf_append_text(&reply->bytes, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    } else if (strcmp(request->target, "/dripped-head") == 0) {
        reply->manner = WEB_DRIP;
        buf_append_text(&reply->bytes, "HTTP/1.1 200 OK\r\nX: ");
    } else if (strcmp(request->target, "/endless") == 0) {
        buf_append_text(&reply->bytes, "HTTP/1.1 200 OK\r\n\r\n");
        memset(buf_reserve(&reply->bytes, 2000000), 'x', 2000000);
        reply->bytes.len += 2000000;
    } else if (strcmp(request->target, "/headers") == 0) {
        buf_append_text(&reply->bytes, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 5000; i++)
            buf_appendf(&reply->bytes, "X-%d: aaaaaaaaaaaaaaaaaaaaaaaa\r\n", i);
    } else if (strcmp(request->target, "/long-line") == 0) {
        buf_append_text(&reply->bytes, "HTTP/1.1 200 OK\r\nX: ");
        memset(buf_reserve(&reply->bytes, 200000), 'x', 200000);
        reply->bytes.len += 200000;
    } else if (strcmp(request->target, "/continue") == 0) {
        reply->manner = WEB_DRIP;
        buf_append_text(&reply->bytes, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ");
    }
}

static void broken_servers_get_their_reason(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum reason reason;
        int status;
    } cases[] = {
        {"/reset", REASON_CONNECTION_LOST, 0},      {"/close", REASON_CONNECTION_LOST, 0},
        {"/garbage", REASON_HTTP_PROTOCOL, 0},      {"/half", REASON_CONNECTION_LOST, 200},
        {"/drip", REASON_REQUEST_TIMEOUT, 200},     {"/dripped-head", REASON_REQUEST_TIMEOUT, 200},
        {"/endless", REASON_BODY_TOO_LARGE, 200},   {"/headers", REASON_BODY_TOO_LARGE, 200},
        {"/long-line", REASON_BODY_TOO_LARGE, 200}, {"/continue", REASON_REQUEST_TIMEOUT, 0},
    };
    struct lab lab;
    struct seen seen = {0};
    open_lab(&lab, misbehave);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request request = get(url_of(&lab, cases[i].path));
        request.timeout_us = cases[i].reason == REASON_REQUEST_TIMEOUT ? 300000 : 60000000;
        fetch(&lab, &request, &seen);
        if (seen.r.error.reason != cases[i].reason)
            fail_msg("%s: %s (%s)", cases[i].path, base_reason_id(seen.r.error.reason), seen.r.error.text);
        assert_int_equal(seen.r.error.stage, STAGE_GET_CA_CAPS);
        assert_int_equal(seen.r.status, cases[i].status);
        assert_true(seen.r.error.text[0] != '\0');
    }
    forget(&seen);
    close_lab(&lab);
}

static unsigned port_without_listener(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    getsockname(fd, (struct sockaddr *)&a, &len);
    close(fd);
    return ntohs(a.sin_port);
}

static void unreachable_servers_get_their_reason(void **state)
{
    (void)state;
    struct lab lab;
    struct seen seen = {0};
    char url[64];
    open_lab(&lab, hello);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port_without_listener());
    struct http_request request = get(url);
    fetch(&lab, &request, &seen);
    assert_int_equal(seen.r.error.reason, REASON_CONNECTION_REFUSED);
    assert_int_equal(seen.r.error.stage, STAGE_TCP);
    assert_false(seen.r.sent);

    request = get("http://no-such-host.invalid/");
    fetch(&lab, &request, &seen);
    assert_int_equal(seen.r.error.reason, REASON_DNS_FAILED);
    assert_int_equal(seen.r.error.stage, STAGE_DNS);

    snprintf(url, sizeof url, "https://127.0.0.1:%u/", web_port(lab.web)); /* no TLS there */
    request = get(url);
    request.timeout_us = SECOND;
    fetch(&lab, &request, &seen);
    assert_int_equal(seen.r.error.stage, STAGE_TLS);

    struct err e = {0};
    struct http_session *session = session_of(&lab);
    request = get("no url at all");
    struct seen bad = {0};
    if (http_send(session, &request, note, &bad, &e)) {
        while (bad.calls == 0)
            uv_run(&lab.loop, UV_RUN_ONCE);
        assert_true(err_is_set(&bad.r.error));
    }
    http_session_free(session);
    forget(&bad);
    forget(&seen);
    close_lab(&lab);
}

/* A socket that listens but whose queue is full never answers the connection request. */
static void unanswered_connection_is_a_connect_timeout(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fill[4];
    assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(listener, 0), 0);
    getsockname(listener, (struct sockaddr *)&a, &len);
    for (int i = 0; i < 4; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fill[i], (struct sockaddr *)&a, len);
    }
    struct lab lab;
    struct seen seen = {0};
    char url[64];
    open_lab(&lab, hello);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(a.sin_port));
    struct http_request request = get(url);
    request.timeout_us = 200000;
    fetch(&lab, &request, &seen);
    assert_int_equal(seen.r.error.reason, REASON_CONNECT_TIMEOUT);
    assert_int_equal(seen.r.error.stage, STAGE_TCP);
    assert_true(seen.r.timed_out);
    forget(&seen);
    close_lab(&lab);
    for (int i = 0; i < 4; i++)
        close(fill[i]);
    close(listener);
}

static void out_of_descriptors_is_the_generators_fault(void **state)
{
    (void)state;
    struct lab lab;
    struct seen seen = {0};
    struct rlimit old, tight;
    open_lab(&lab, hello);
    struct http_request request = get(url_of(&lab, "/"));
    fetch(&lab, &request, &seen); /* whatever is opened once is open now */
    int probe = open("/dev/null", O_RDONLY);
    close(probe);
    getrlimit(RLIMIT_NOFILE, &old);
    tight = (struct rlimit){.rlim_cur = (rlim_t)probe, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    fetch(&lab, &request, &seen);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(seen.r.error.reason, REASON_GENERATOR_LIMIT);
    assert_int_equal(http_stats(lab.http).limit_errors, 1);
    forget(&seen);
    close_lab(&lab);
}

static void cancel_completes_once(void **state)
{
    (void)state;
    struct lab lab;
    struct seen seen = {0};
    struct err e = {0};
    open_lab(&lab, silent);
    struct http_session *session = session_of(&lab);
    struct http_request request = get(url_of(&lab, "/"));
    http_cancel(session); /* nothing to cancel */
    assert_true(http_send(session, &request, note, &seen, &e));
    assert_false(http_send(session, &request, note, &seen, &e));
    assert_int_equal(e.reason, REASON_INTERNAL);
    for (int i = 0; i < 5; i++)
        uv_run(&lab.loop, UV_RUN_NOWAIT);
    http_cancel(session);
    http_cancel(session);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.r.error.reason, REASON_ABORTED);
    e = (struct err){0};
    assert_true(http_send(session, &request, note, &seen, &e));
    http_session_free(session); /* cancels the second one */
    assert_int_equal(seen.calls, 2);
    uv_run(&lab.loop, UV_RUN_DEFAULT);
    forget(&seen);
    close_lab(&lab);
}

static void free_session(void *user, struct http_response *response)
{
    struct http_session **session = user;
    assert_int_equal(response->status, 200);
    http_session_free(*session);
    *session = NULL;
}

static void session_may_end_in_its_callback(void **state)
{
    (void)state;
    struct lab lab;
    struct err e = {0};
    open_lab(&lab, hello);
    struct http_session *session = session_of(&lab);
    struct http_request request = get(url_of(&lab, "/"));
    assert_true(http_send(session, &request, free_session, &session, &e));
    while (session != NULL)
        uv_run(&lab.loop, UV_RUN_ONCE);
    close_lab(&lab);
}

static void redirecting(void *user, const struct web_request *request, struct web_reply *reply)
{
    const struct lab *lab = user;
    char header[256] = "";
    if (strcmp(request->target, "/here") == 0)
        snprintf(header, sizeof header, "Location: /there\r\n");
    else if (strcmp(request->target, "/away") == 0)
        snprintf(header, sizeof header, "Location: http://localhost:%u/there\r\n", web_port(lab->web));
    else if (strcmp(request->target, "/loop") == 0)
        snprintf(header, sizeof header, "Location: /loop\r\n");
    else if (strcmp(request->target, "/port") == 0)
        snprintf(header, sizeof header, "Location: http://127.0.0.1:9/there?token=abc\r\n");
    web_answer(reply, header[0] != '\0' ? 301 : 200, header, span_of_text("body"));
}

static void redirects_stay_on_the_host(void **state)
{
    (void)state;
    struct lab lab;
    struct seen seen = {0};
    open_lab(&lab, redirecting);
    struct http_request request = get(url_of(&lab, "/here"));
    fetch(&lab, &request, &seen); /* not asked for: an answer */
    assert_int_equal(seen.r.status, 301);
    assert_int_equal(seen.r.error.reason, REASON_NONE);
    assert_string_equal(seen.r.location, "/there");

    request.redirects = 2;
    request.once = true;
    fetch(&lab, &request, &seen);
    assert_int_equal(seen.r.status, 200);
    assert_int_equal(seen.r.error.reason, REASON_NONE);

    request = get(url_of(&lab, "/loop"));
    request.redirects = 2;
    fetch(&lab, &request, &seen);
    assert_int_equal(seen.r.status, 301);

    unsigned before = web_requests(lab.web);
    request = get(url_of(&lab, "/away"));
    request.redirects = 2;
    fetch(&lab, &request, &seen);
    assert_int_equal(seen.r.error.reason, REASON_REDIRECTED);
    assert_int_equal(seen.r.status, 301);
    assert_int_equal(web_requests(lab.web), before + 1);

    /* A token is for one service of the host; what is said about it leaves the query out. */
    request = get(url_of(&lab, "/port"));
    request.redirects = 2;
    request.confidential = true;
    fetch(&lab, &request, &seen);
    assert_int_equal(seen.r.error.reason, REASON_REDIRECTED);
    assert_non_null(strstr(seen.r.error.text, "127.0.0.1:9/there, which"));
    forget(&seen);
    close_lab(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_carries_its_facts),
        cmocka_unit_test(post_carries_its_body),
        cmocka_unit_test(headers_can_be_exact),
        cmocka_unit_test(credentials_are_sent_and_forgotten),
        cmocka_unit_test(thousand_devices_are_thousand_connections),
        cmocka_unit_test(last_timeouts_are_reported),
        cmocka_unit_test(broken_servers_get_their_reason),
        cmocka_unit_test(unreachable_servers_get_their_reason),
        cmocka_unit_test(unanswered_connection_is_a_connect_timeout),
        cmocka_unit_test(out_of_descriptors_is_the_generators_fault),
        cmocka_unit_test(cancel_completes_once),
        cmocka_unit_test(session_may_end_in_its_callback),
        cmocka_unit_test(redirects_stay_on_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
