#include "check.h"

#include "live/live.h"
#include "run_facts.h"
#include "talk.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static struct live *live;
static struct outcome_sink sink;
static unsigned port;
static struct buf reply;

static const char *const slo[] = {"latency.enrollment.p95 < 750ms", "enrolled >= 99%"};
static const struct report_run known = {
    .scenario_name = "he said \"hi\"", .seed = 7, .slo = slo, .slo_count = 2};
static const struct live_plan plan = {.run = &known, .planned = 10};

static int begin(void **state)
{
    (void)state;
    struct err e = {0};
    buf_init(&reply, (size_t)4 << 20);
    if (!live_open("0", &live, &e) || !live_begin(live, &plan, &e))
        return -1;
    sink = live_sink(live);
    port = talk_port(live_url(live));
    return 0;
}

static int end(void **state)
{
    (void)state;
    live_close(live);
    buf_clear(&reply);
    return 0;
}

/* As a browser on this machine. */
static bool ask(const char *path, const char *headers, struct buf *into)
{
    char request[400];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost:%u\r\nConnection: close\r\n%s\r\n",
             path, port, headers);
    return talk(port, span_of_text(request), into);
}

static const char *get(const char *path, const char *headers)
{
    buf_reset(&reply);
    assert_true(ask(path, headers, &reply));
    return buf_text(&reply);
}

/* Asks again until the text is there: the thread takes facts up in its own time. */
static void await(const char *path, const char *text)
{
    for (int i = 0; i < 200; i++) {
        if (strstr(get(path, ""), text) != NULL)
            return;
        poll(NULL, 0, 50);
    }
    fail_msg("'%s' never appears in %s: %s", text, path, buf_text(&reply));
}

static void tick(int64_t now_us)
{
    const struct outcome_target target = {.url = "http://127.0.0.1/",
                                          .cert_count = 1,
                                          .certs = {{.role = "ra-sign", .serial = "2a", .not_after = 99}}};
    const struct live_clock clock = {now_us, 1700000000000000};
    live_tick(live, &clock, &target);
}

static void metrics_follow_the_run(void **state)
{
    (void)state;
    get("/metrics", "");
    assert_int_equal(talk_status(&reply), 200);
    assert_non_null(strstr(buf_text(&reply), "scepstorm_run_state{state=\"preparing\"} 1\n"));
    CHECK_SPAN(talk_header(&reply, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    struct outcome failed = fact_failure(9, 500000, STAGE_PKI_OPERATION, REASON_HTTP_STATUS);
    failed.http_status = 503;
    fact_enrolled(&sink, 0, 5, 0);
    fact_step(&sink, &failed, STAGE_PKI_OPERATION, 7000);
    fact_tell(&sink, &failed);
    tick(2000000);
    await("/metrics", "scepstorm_devices_ended_total{end=\"enrolled\"} 5\n");
    await("/metrics", "scepstorm_cause_confidence_ratio{cause=\""); /* once a second */
    const char *text = buf_text(&reply);
    static const char *const wanted[] = {
        "scepstorm_run_state{state=\"running\"} 1\n",
        "scenario=\"he said \\\"hi\\\"\"",
        "scepstorm_devices_planned 10\n",
        "scepstorm_devices_started_total 6\n",
        "scepstorm_failures_total{stage=\"pki_operation\",reason=\"http_status\",http_status=\"503\"} 1\n",
        "scepstorm_enrollment_duration_seconds_bucket{le=\"0.75\"} 5\n", /* the objective's */
        "scepstorm_step_duration_seconds_count{step=\"pki_operation\"} 1\n",
        "scepstorm_requests_total 1\n",
        "scepstorm_certificate_expiry_timestamp_seconds{role=\"ra-sign\",serial=\"2a\",subject=\"\"} 99\n",
        "scepstorm_cause_confidence_ratio{cause=\"",
        "scepstorm_run_validity{verdict=\"valid\"} ",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (strstr(text, wanted[i]) == NULL)
            fail_msg("'%s' is not in: %s", wanted[i], text);
    }
}

static void who_accepts_openmetrics_gets_it(void **state)
{
    (void)state;
    get("/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n");
    CHECK_SPAN(talk_header(&reply, "Content-Type"),
               "application/openmetrics-text; version=1.0.0; charset=utf-8");
    struct span body = talk_body(&reply);
    assert_true(body.len > 6);
    assert_memory_equal(body.data + body.len - 6, "# EOF\n", 6);
}

static void the_page_and_its_sections(void **state)
{
    (void)state;
    const char *text = get("/", "");
    assert_non_null(strstr(text, "he said &quot;hi&quot;"));
    assert_non_null(strstr(text, "connect-src 'self'"));
    CHECK_SPAN(talk_header(&reply, "Content-Security-Policy"), "frame-ancestors 'none'");
    get("/sections", "");
    CHECK_SPAN(talk_header(&reply, "Scepstorm-State"), "preparing");
    assert_null(strstr(buf_text(&reply), "<!DOCTYPE"));
}

static void what_is_known_is_not_sent_again(void **state)
{
    (void)state;
    char header[120];
    live_end(live, NULL, false); /* so that nothing is made anew in between */
    get("/sections", "");
    struct span tag = talk_header(&reply, "ETag");
    snprintf(header, sizeof header, "If-None-Match: %.*s\r\n", (int)tag.len, (const char *)tag.data);
    get("/sections", header);
    assert_int_equal(talk_status(&reply), 304);
    CHECK_SPAN(talk_header(&reply, "Scepstorm-State"), "ended");
    assert_int_equal(talk_body(&reply).len, 0);
}

static void others_are_refused(void **state)
{
    (void)state;
    static const char post[] = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
                               "Connection: close\r\n\r\nx";
    get("/nothing", "");
    assert_int_equal(talk_status(&reply), 404);
    buf_reset(&reply);
    assert_true(talk(port, span_of_text(post), &reply));
    assert_int_equal(talk_status(&reply), 405);
    CHECK_SPAN(talk_header(&reply, "Allow"), "GET, HEAD");
    static const char foreign[] = "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    buf_reset(&reply);
    assert_true(talk(port, span_of_text(foreign), &reply));
    assert_int_equal(talk_status(&reply), 403);
    static const char head[] = "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    buf_reset(&reply);
    assert_true(talk(port, span_of_text(head), &reply));
    assert_int_equal(talk_status(&reply), 200);
    assert_int_equal(talk_body(&reply).len, 0);
}

static void long_heads_are_refused(void **state)
{
    (void)state;
    struct buf request;
    buf_init(&request, (size_t)1 << 20);
    buf_append_text(&request, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
    for (int i = 0; i < 60000; i++)
        buf_append_byte(&request, 'x');
    buf_append_text(&request, "\r\n\r\n");
    buf_reset(&reply);
    assert_true(talk(port, buf_span(&request), &reply));
    assert_true(reply.len == 0 || talk_status(&reply) >= 400);
    buf_clear(&request);
}

/* Those who come and say nothing take places, but neither the engine's nor, for long, anybody's. */
static void silent_clients_do_not_stop_the_facts(void **state)
{
    (void)state;
    int fds[2 * 32];
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        fds[i] = talk_connect(port);
    fact_enrolled(&sink, 0, 1000, 0);
    tick(1000000);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    await("/metrics", "scepstorm_devices_ended_total{end=\"enrolled\"} 1000\n");
    assert_non_null(strstr(buf_text(&reply), "scepstorm_watch_dropped_facts_total 0\n"));
}

static void the_end_is_served_until_it_was_seen(void **state)
{
    (void)state;
    fact_enrolled(&sink, 0, 3, 0);
    tick(1000000);
    await("/metrics", "scepstorm_devices_ended_total{end=\"enrolled\"} 3\n");
    get("/metrics", ""); /* somebody who comes regularly */
    fact_enrolled(&sink, 3, 1, 0);
    live_end(live, NULL, false);
    get("/metrics", "");
    assert_non_null(strstr(buf_text(&reply), "scepstorm_devices_ended_total{end=\"enrolled\"} 4\n"));
    assert_non_null(strstr(buf_text(&reply), "scepstorm_run_state{state=\"ended\"} 1\n"));
    assert_false(live_linger(live));
}

static void nobody_is_waited_for_where_nobody_watches(void **state)
{
    (void)state;
    get("/metrics", ""); /* once is not regularly */
    live_end(live, NULL, false);
    assert_false(live_linger(live));
}

static void an_open_page_is_waited_for(void **state)
{
    (void)state;
    get("/sections", "");
    live_end(live, NULL, true);
    assert_true(live_linger(live));
    get("/sections", "");
    CHECK_SPAN(talk_header(&reply, "Scepstorm-State"), "interrupted");
}

/* Facts told by one thread while others read what is made of them. */
static void *read_all(void *user)
{
    (void)user;
    static const char *const paths[] = {"/metrics", "/sections", "/", "/healthz"};
    struct buf text;
    buf_init(&text, (size_t)4 << 20);
    for (size_t i = 0; i < 12; i++) {
        buf_reset(&text);
        if (!ask(paths[i % 4], "", &text))
            return &port;
    }
    buf_clear(&text);
    return NULL;
}

static void facts_and_readers_do_not_meet(void **state)
{
    (void)state;
    pthread_t readers[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all, NULL), 0);
    for (int i = 0; i < 50; i++) {
        fact_enrolled(&sink, (uint64_t)i * 10, 10, i * 100000);
        tick(i * 100000 + 1);
        poll(NULL, 0, 2);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(readers[i], &failed);
        assert_null(failed);
    }
    await("/metrics", "scepstorm_devices_ended_total{end=\"enrolled\"} 500\n");
}

/* ---- what is no run ---- */

static void texts_are_served_as_they_come(void **state)
{
    (void)state;
    struct err e = {0};
    live_close(live);
    live = NULL;
    CHECK_OK(live_open("0", &live, &e), &e);
    port = talk_port(live_url(live));
    struct live_texts texts = {
        .title = "t", .headline = "one", .words = "<two>", .metrics = span_of_text("x 1\n")};
    CHECK_OK(live_show(live, &texts, &e), &e);
    CHECK_SPAN(talk_body((get("/metrics", ""), &reply)), "x 1\n");
    assert_non_null(strstr(get("/", ""), "<pre>&lt;two&gt;</pre>"));
    CHECK_SPAN(talk_header(&reply, "Scepstorm-State"), "running");
    texts.metrics = span_of_text("x 2\n");
    texts.over = true;
    CHECK_OK(live_show(live, &texts, &e), &e);
    CHECK_SPAN(talk_body((get("/metrics", ""), &reply)), "x 2\n");
    CHECK_SPAN(talk_header(&reply, "Scepstorm-State"), "ended");
}

/* ---- several processes ---- */

static void facts_of_others_add_up(void **state)
{
    (void)state;
    struct err e = {0};
    struct live_feed *feeds[2] = {NULL, NULL};
    live_close(live);
    live = NULL;
    CHECK_OK(live_open("0", &live, &e), &e);
    for (size_t i = 0; i < 2; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_true(live_take_from(live, ends[0]));
        CHECK_OK(live_feed_open(ends[1], &feeds[i], &e), &e);
    }
    CHECK_OK(live_begin(live, &plan, &e), &e);
    port = talk_port(live_url(live));
    for (size_t i = 0; i < 2; i++) {
        struct outcome_sink to = live_feed_sink(feeds[i]);
        const struct outcome_otp_event held = {.kind = OUTCOME_OTP_ASKED, .held = 2};
        fact_enrolled(&to, i * 1000, 300, 0);
        to.otp(to.user, &held);
        live_feed_close(feeds[i]);
    }
    await("/metrics", "scepstorm_devices_ended_total{end=\"enrolled\"} 600\n");
    assert_non_null(strstr(buf_text(&reply), "scepstorm_otp_outstanding 4\n"));
}

/* Whoever reads the facts may go at any time. */
static void a_feed_survives_its_reader(void **state)
{
    (void)state;
    struct live_feed *feed = NULL;
    struct err e = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    CHECK_OK(live_feed_open(ends[1], &feed, &e), &e);
    close(ends[0]);
    struct outcome_sink to = live_feed_sink(feed);
    fact_enrolled(&to, 0, 10, 0);
    live_feed_close(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(metrics_follow_the_run, begin, end),
        cmocka_unit_test_setup_teardown(who_accepts_openmetrics_gets_it, begin, end),
        cmocka_unit_test_setup_teardown(the_page_and_its_sections, begin, end),
        cmocka_unit_test_setup_teardown(what_is_known_is_not_sent_again, begin, end),
        cmocka_unit_test_setup_teardown(others_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(long_heads_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(silent_clients_do_not_stop_the_facts, begin, end),
        cmocka_unit_test_setup_teardown(the_end_is_served_until_it_was_seen, begin, end),
        cmocka_unit_test_setup_teardown(nobody_is_waited_for_where_nobody_watches, begin, end),
        cmocka_unit_test_setup_teardown(an_open_page_is_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(facts_and_readers_do_not_meet, begin, end),
        cmocka_unit_test_setup_teardown(texts_are_served_as_they_come, begin, end),
        cmocka_unit_test_setup_teardown(facts_of_others_add_up, begin, end),
        cmocka_unit_test_setup_teardown(a_feed_survives_its_reader, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
