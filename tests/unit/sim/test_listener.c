#include "sim/listener.h"

#include "base/clock.h"
#include "check.h"
#include "talk.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

/* What the last request looked like to the site. */
static struct seen {
    pthread_mutex_t lock;
    char method[16];
    char target[512];
    char authorization[64];
    char host[64];
    size_t body_len;
    bool too_large;
    uint64_t connection;
    unsigned count;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void answer(const struct ndes_request *request, struct ndes_reply *reply, void *user)
{
    (void)user;
    pthread_mutex_lock(&seen.lock);
    snprintf(seen.method, sizeof seen.method, "%s", request->method);
    snprintf(seen.target, sizeof seen.target, "%.*s", (int)request->target.len,
             (const char *)request->target.data);
    snprintf(seen.authorization, sizeof seen.authorization, "%s",
             request->authorization != NULL ? request->authorization : "-");
    snprintf(seen.host, sizeof seen.host, "%s", request->host != NULL ? request->host : "-");
    seen.body_len = request->body.len;
    seen.too_large = request->body_too_large;
    seen.connection = request->connection;
    seen.count++;
    pthread_mutex_unlock(&seen.lock);
    ndes_reply_init(reply);
    const char *late = memmem(request->target.data, request->target.len, "late=", 5);
    reply->delay_us = late != NULL ? strtol(late + 5, NULL, 10) * 1000 : 0;
    if (memmem(request->target.data, request->target.len, "gone", 4) != NULL) {
        ndes_page_error(NDES_ERROR_KERNEL_UNAVAILABLE, reply);
        return;
    }
    reply->status = 200;
    reply->server = "Microsoft-IIS/10.0";
    buf_append_text(&reply->body, "hello");
}

/* Connections whose end the site was told. */
static struct {
    pthread_mutex_t lock;
    unsigned count;
} forgotten = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void answer_and_remember(const struct ndes_request *request, struct ndes_reply *reply, void *user)
{
    answer(request, reply, user);
    *request->session = &forgotten;
}

static void forget(void *session, void *user)
{
    (void)user;
    assert_ptr_equal(session, &forgotten);
    pthread_mutex_lock(&forgotten.lock);
    forgotten.count++;
    pthread_mutex_unlock(&forgotten.lock);
}

static unsigned count_forgotten(void)
{
    pthread_mutex_lock(&forgotten.lock);
    unsigned count = forgotten.count;
    pthread_mutex_unlock(&forgotten.lock);
    return count;
}

struct served {
    struct sim_port port;
    struct sim_listener *listener;
    unsigned number;
};

static void serve(struct served *s, unsigned idle_s, unsigned request_s)
{
    struct err e = {0};
    int fd = -1;
    struct sim_listener_config config = {.threads = 2,
                                         .idle_s = idle_s,
                                         .request_s = request_s,
                                         .answer = answer_and_remember,
                                         .forget = forget,
                                         .now_us = clock_wall_us};
    assert_true(sim_port_parse("127.0.0.1:0", &s->port, &e));
    assert_true(sim_port_bind(&s->port, &fd, &e));
    assert_true(sim_listener_start(&config, &s->port, fd, &s->listener, &e));
    s->number = sim_port_number(&s->port);
}

static bool set_network(struct sim_listener *listener, enum ndes_network network)
{
    struct err e = {0};
    return sim_listener_set_transport(listener, &(struct ndes_transport){.network = network}, &e);
}

static void request_arrives_as_it_was_written(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 0, 0);
    struct buf reply = fresh_buf();
    assert_true(talk_get(s.number, "//certsrv/mscep/?operation=PKIOperation&message=a+b%2B%0A",
                         "Authorization: Basic eDp5\r\n", &reply));
    assert_int_equal(talk_status(&reply), 200);
    assert_string_equal(seen.target, "//certsrv/mscep/?operation=PKIOperation&message=a+b%2B%0A");
    assert_string_equal(seen.authorization, "Basic eDp5");
    assert_string_equal(seen.host, "ndes.example");
    assert_string_equal(seen.method, "GET");
    assert_true(span_equal_text(talk_body(&reply), "hello"));
    assert_true(span_equal_text(talk_header(&reply, "Server"), "Microsoft-IIS/10.0"));
    assert_true(span_equal_text(talk_header(&reply, "Content-Length"), "5"));
    assert_int_equal(talk_header(&reply, "Content-Type").len, 0);
    assert_int_equal(talk_header(&reply, "Date").len, 29);
    buf_clear(&reply);
    sim_listener_stop(s.listener);
}

static void body_arrives_whole_up_to_the_ceiling(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 0, 0);
    uint8_t *body = calloc(1, BYTES_MAX_MESSAGE + 1);
    assert_non_null(body);
    struct buf reply = fresh_buf();
    assert_true(talk_post(s.number, "/x", span_of(body, BYTES_MAX_MESSAGE), &reply));
    assert_int_equal(seen.body_len, BYTES_MAX_MESSAGE);
    assert_false(seen.too_large);
    buf_reset(&reply);
    assert_true(talk_post(s.number, "/x", span_of(body, BYTES_MAX_MESSAGE + 1), &reply));
    assert_int_equal(talk_status(&reply), 200);
    assert_int_equal(seen.body_len, 0);
    assert_true(seen.too_large);
    buf_clear(&reply);
    free(body);
    sim_listener_stop(s.listener);
}

static void connection_is_kept_and_recognised(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 0, 0);
    struct buf reply = fresh_buf();
    unsigned before = seen.count;
    static const char two[] = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
                              "GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    assert_true(talk(s.number, span_of_text(two), &reply));
    assert_int_equal(seen.count, before + 2);
    uint64_t first = seen.connection;
    buf_reset(&reply);
    assert_true(talk_get(s.number, "/3", "", &reply));
    assert_int_not_equal(seen.connection, first);
    buf_reset(&reply);
    /* HTTP.sys closes after an error of its own. */
    assert_true(talk(s.number, span_of_text("GET /gone HTTP/1.1\r\nHost: h\r\n\r\n"), &reply));
    assert_int_equal(talk_status(&reply), 503);
    assert_true(span_equal_text(talk_header(&reply, "Content-Length"), "326"));
    buf_clear(&reply);
    sim_listener_stop(s.listener);
}

static void slow_request_is_cut_off(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 1, 0);
    int fd = talk_connect(s.number);
    assert_true(fd >= 0);
    static const char half[] = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf";
    assert_int_equal(write(fd, half, sizeof half - 1), (ssize_t)(sizeof half - 1));
    struct buf reply = fresh_buf();
    assert_true(talk_drain(fd, &reply)); /* its end comes, without an answer */
    assert_int_equal(reply.len, 0);
    close(fd);
    buf_clear(&reply);
    sim_listener_stop(s.listener);
}

/* A byte now and then keeps a connection from being idle, but not for ever. */
static void dripping_request_is_cut_off(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 60, 1);
    int fd = talk_connect(s.number);
    assert_true(fd >= 0);
    static const char head[] = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n";
    assert_int_equal(write(fd, head, sizeof head - 1), (ssize_t)(sizeof head - 1));
    bool cut = false;
    for (int64_t end = clock_monotonic_us() + 10000000; !cut && clock_monotonic_us() < end;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        cut = poll(&wait, 1, 20) == 1 || send(fd, "x", 1, MSG_NOSIGNAL) != 1;
    }
    assert_true(cut);
    close(fd);
    sim_listener_stop(s.listener);
}

static void ask(int fd, const char *target)
{
    char text[128];
    int len = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", target);
    assert_int_equal(write(fd, text, (size_t)len), len);
}

/* Asked last, due first. No thread waits with them: there are two. */
static void late_answers_leave_when_they_are_due(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 0, 0);
    enum { COUNT = 200 };
    int fds[COUNT];
    struct buf reply = fresh_buf();
    int64_t begin = clock_monotonic_us();
    for (int i = 0; i < COUNT; i++) {
        char target[32];
        fds[i] = talk_connect(s.number);
        assert_true(fds[i] >= 0);
        snprintf(target, sizeof target, "/?late=%d", 600 - i);
        ask(fds[i], target);
    }
    assert_true(talk_get(s.number, "/at-once", "", &reply));
    assert_int_equal(talk_status(&reply), 200);
    for (int i = COUNT; i-- > 0;) {
        buf_reset(&reply);
        assert_true(talk_drain(fds[i], &reply));
        assert_int_equal(talk_status(&reply), 200);
        assert_true(clock_monotonic_us() - begin >= (600 - i) * INT64_C(1000));
        close(fds[i]);
    }
    buf_clear(&reply);
    sim_listener_stop(s.listener);
}

static void late_answers_are_given_up_with_their_client(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 0, 0);
    unsigned before = count_forgotten();
    int gone = talk_connect(s.number), stays = talk_connect(s.number);
    ask(gone, "/gone?late=3000000");
    ask(stays, "/stays?late=3000000");
    close(gone); /* perhaps before it waits */
    for (int64_t end = clock_monotonic_us() + 10000000; count_forgotten() == before;) {
        assert_true(clock_monotonic_us() < end);
        poll(NULL, 0, 5);
    }
    sim_listener_stop(s.listener); /* does not wait for the other */
    assert_int_equal(count_forgotten(), before + 2);
    close(stays);
}

/* Several requests on one connection: each waits in its turn. */
static void late_answers_keep_their_connection(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 1, 0);
    struct buf reply = fresh_buf();
    static const char three[] = "GET /1?late=30 HTTP/1.1\r\nHost: h\r\n\r\n"
                                "POST /2?late=30 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                                "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    unsigned before = seen.count;
    assert_true(talk(s.number, span_of_text(three), &reply));
    assert_int_equal(seen.count, before + 3);
    buf_clear(&reply);
    sim_listener_stop(s.listener);
}

static void refused_path_answers_nobody_and_comes_back(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 0, 0);
    int before = talk_connect(s.number);
    assert_true(before >= 0);
    assert_true(set_network(s.listener, NDES_NETWORK_REFUSE));
    struct buf reply = fresh_buf();
    assert_true(talk_drain(before, &reply)); /* cut */
    close(before);
    assert_int_equal(talk_connect(s.number), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_true(set_network(s.listener, NDES_NETWORK_REFUSE));
    assert_true(set_network(s.listener, NDES_NETWORK_OPEN));
    assert_true(talk_get(s.number, "/again", "", &reply));
    assert_string_equal(seen.target, "/again");
    buf_clear(&reply);
    sim_listener_stop(s.listener);
}

static void dropped_path_is_silent_and_comes_back(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 0, 0);
    assert_true(set_network(s.listener, NDES_NETWORK_DROP));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(talk_connect(s.number), -1);
        assert_int_equal(errno, ETIMEDOUT);
    }
    assert_true(set_network(s.listener, NDES_NETWORK_OPEN));
    struct buf reply = fresh_buf();
    assert_true(talk_get(s.number, "/again", "", &reply));
    assert_int_equal(talk_status(&reply), 200);
    buf_clear(&reply);
    sim_listener_stop(s.listener);
}

static void address_is_parsed_or_explained(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *url; /* NULL: refused */
        bool loopback;
    } cases[] = {
        {"127.0.0.1:8080", "http://127.0.0.1:8080", true},
        {"[::1]:443", "http://[::1]:443", true},
        {"0.0.0.0:80", "http://0.0.0.0:80", false},
        {"127.0.0.1", NULL, false},
        {":8080", NULL, false},
        {"127.0.0.1:65536", NULL, false},
        {"127.0.0.1:http", NULL, false},
        {"::1:80", NULL, false},
        {"", NULL, false},
        {"300.1.1.1:80", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_port port;
        struct err e = {0};
        bool ok = sim_port_parse(cases[i].text, &port, &e);
        assert_int_equal(ok, cases[i].url != NULL);
        if (!ok) {
            assert_int_equal(e.reason, REASON_USAGE);
            continue;
        }
        char url[128];
        sim_port_url(&port, false, url, sizeof url);
        assert_string_equal(url, cases[i].url);
        assert_int_equal(sim_port_is_loopback(&port), cases[i].loopback);
    }
}

static void taken_port_is_named(void **state)
{
    (void)state;
    struct served s;
    serve(&s, 0, 0);
    struct sim_port same = s.port;
    struct err e = {0};
    int fd = -1;
    assert_false(sim_port_bind(&same, &fd, &e));
    assert_int_equal(e.reason, REASON_IO);
    char expected[64];
    snprintf(expected, sizeof expected, "cannot listen on 127.0.0.1 port %u: ", s.number);
    assert_memory_equal(e.text, expected, strlen(expected));
    sim_listener_stop(s.listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_arrives_as_it_was_written),
        cmocka_unit_test(body_arrives_whole_up_to_the_ceiling),
        cmocka_unit_test(connection_is_kept_and_recognised),
        cmocka_unit_test(slow_request_is_cut_off),
        cmocka_unit_test(dripping_request_is_cut_off),
        cmocka_unit_test(late_answers_leave_when_they_are_due),
        cmocka_unit_test(late_answers_are_given_up_with_their_client),
        cmocka_unit_test(late_answers_keep_their_connection),
        cmocka_unit_test(refused_path_answers_nobody_and_comes_back),
        cmocka_unit_test(dropped_path_is_silent_and_comes_back),
        cmocka_unit_test(address_is_parsed_or_explained),
        cmocka_unit_test(taken_port_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
