// links: sim -Wl,--wrap=malloc
/* A device that waits is put away and comes back as it was, to its own connection or to a new one, never to another's. */
#include "engine/internal.h"
#include "engine_bench.h"

#define MINUTE INT64_C(60000000)

static void prepare(struct engine *en)
{
    *en =
        (struct engine){.zero_us = clock_monotonic_us(), .armed_us = INT64_MIN}; /* no timer has to be set */
}

/* Waits for its next poll. */
static struct phone *sleeper(struct engine *en, uint64_t index, int64_t wake_us)
{
    struct err e = {0};
    struct phone *p = calloc(1, sizeof *p);
    static const struct persona persona = {.polls = 5};
    assert_non_null(p);
    p->engine = en;
    p->seat = calloc(1, sizeof *p->seat);
    assert_non_null(p->seat);
    *p->seat = (struct seat){.engine = en, .deadline_us = 1000 * MINUTE, .wake_us = wake_us, .phone = p};
    p->persona = p->device.config.persona = &persona;
    p->device.config.then = p->then;
    p->then[0] = OUTCOME_GET_CRL;
    p->device.state = DEVICE_PAUSED;
    p->device.resume = DEVICE_BUILD;
    p->device.polling = true;
    p->device.outcome.device = index;
    p->device.outcome.otp_fingerprint = UINT64_MAX;
    memset(p->transaction.id, 'a', 40);
    struct buf *const bufs[] = {&p->subject, &p->signer, &p->message, &p->body};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) {
        buf_init(bufs[i], 4096);
        assert_true(buf_append_text(bufs[i], "something"));
    }
    assert_true(timers_add(en, p->seat, &e));
    return p;
}

static void let_go(struct engine *en, struct phone *p)
{
    http_session_free(p->session);
    buf_clear(&p->url);
    timers_remove(en, p->seat);
    buf_clear(&p->subject);
    buf_clear(&p->signer);
    buf_clear(&p->message);
    buf_clear(&p->body);
    free(p->seat);
    free(p);
}

static struct phone *first(struct engine *en)
{
    return park_return(timers_first(en));
}

static void a_long_wait_is_slept_through(void **state)
{
    (void)state;
    struct engine en;
    prepare(&en);
    for (uint64_t i = 0; i < 20; i++)
        park(sleeper(&en, i, (int64_t)(60 - i) * MINUTE));
    for (uint64_t i = 20; i-- > 0;) {
        assert_null(timers_first(&en)->phone);
        assert_int_equal(timers_due_us(&en), (int64_t)(60 - i) * MINUTE);
        struct phone *p = first(&en);
        assert_int_equal(p->device.outcome.device, i);
        assert_ptr_equal(p->device.config.then, p->then);
        assert_int_equal(p->then[0], OUTCOME_GET_CRL);
        assert_true(p->device.polling);
        assert_true(p->device.outcome.otp_fingerprint == UINT64_MAX);
        assert_int_equal(strlen(p->transaction.id), 40);
        assert_true(span_equal_text(buf_span(&p->subject), "something"));
        assert_true(span_equal_text(buf_span(&p->signer), "something"));
        assert_int_equal(p->signer.cap, 9);
        assert_null(p->message.data);
        assert_null(p->body.data);
        let_go(&en, p);
    }
    assert_null(timers_first(&en));
    assert_true(timers_due_us(&en) == INT64_MAX);
    timers_clear(&en);
}

/* What a retry sends again is kept. */
static void a_retry_keeps_its_message(void **state)
{
    (void)state;
    struct engine en;
    prepare(&en);
    struct phone *p = sleeper(&en, 1, 5 * MINUTE);
    p->device.polling = false;
    p->device.resume = DEVICE_PKI_OPERATION;
    park(p);
    p = first(&en);
    assert_true(span_equal_text(buf_span(&p->message), "something"));
    let_go(&en, p);
    timers_clear(&en);
}

static void a_short_wait_is_not_worth_it(void **state)
{
    (void)state;
    struct engine en;
    prepare(&en);
    struct phone *p = sleeper(&en, 1, MINUTE);
    park(p);
    assert_ptr_equal(first(&en), p);
    let_go(&en, p);
    p = sleeper(&en, 2, 5 * MINUTE);
    p->crypto.busy = true; /* a worker has it */
    park(p);
    assert_ptr_equal(first(&en), p);
    let_go(&en, p);
    timers_clear(&en);
}

/* ---- connections ---- */

enum { DEVICES = 20, ROUNDS = 3 };

/* Devices on their way, each with what it saw of its connections. */
static struct street {
    struct engine en;
    struct web *web;
    struct seat *seats[DEVICES];
    struct {
        unsigned answers, connections;
        int port; /* of the latest */
    } seen[DEVICES];
    unsigned answers;
    unsigned owner[DEVICES * ROUNDS], hops; /* the server's view: whose connection it is */
} street;

static void spot_hops(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct street *s = user;
    unsigned device = 0;
    sscanf(request->target, "/%u", &device);
    assert_true(request->connection < DEVICES * ROUNDS);
    if (request->nth == 0)
        s->owner[request->connection] = device;
    s->hops += s->owner[request->connection] != device;
    web_answer_text(reply, 200, request->target);
    reply->delay_ms = (int)(device * 7 % 20); /* not in the order of the questions */
}

static void open_street(struct street *s, const char *scheme)
{
    struct err e = {0};
    *s = (struct street){0};
    prepare(&s->en);
    assert_int_equal(uv_loop_init(&s->en.loop), 0);
    assert_true(http_new(&s->en.loop, NULL, &s->en.http, &e));
    s->web = web_start(spot_hops, s);
    assert_non_null(s->web);
    for (unsigned i = 0; i < DEVICES; i++) {
        struct phone *p = sleeper(&s->en, i, INT64_MAX);
        buf_init(&p->url, 256);
        assert_true(buf_append_text(&p->url, scheme));
        assert_true(http_session_new(s->en.http, &p->session, &e));
        s->seats[i] = p->seat;
    }
}

static void close_street(struct street *s)
{
    for (unsigned i = 0; i < DEVICES; i++)
        let_go(&s->en, park_return(s->seats[i]));
    assert_int_equal(http_stats(s->en.http).open, 0);
    http_free(s->en.http);
    uv_run(&s->en.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->en.loop), 0);
    timers_clear(&s->en);
    web_stop(s->web);
}

/* On the loop's thread, with `street`. */
static void on_answer(void *user, struct http_response *response)
{
    struct seat *seat = user;
    char own[16];
    assert_null(seat->phone);
    uint64_t device = park_return(seat)->device.outcome.device;
    snprintf(own, sizeof own, "/%llu", (unsigned long long)device);
    assert_int_equal(response->error.reason, REASON_NONE);
    assert_true(span_equal_text(buf_span(&response->body), own));
    street.seen[device].answers++;
    street.seen[device].connections += response->new_connection;
    assert_true(response->new_connection || street.seen[device].port == response->local_port);
    street.seen[device].port = response->local_port;
    street.answers++;
}

static void ask(struct street *s, unsigned device, bool fresh)
{
    struct err e = {0};
    char url[64];
    struct phone *p = park_return(s->seats[device]);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/%u", web_port(s->web), device);
    const struct http_request request = {
        .url = url, .fresh = fresh, .timeout_us = 20 * SECOND, .max_body = 100, .stage = STAGE_GET_CA_CAPS};
    p->device.state = DEVICE_GET_CA_CAPS;
    CHECK_OK(http_send(p->session, &request, on_answer, p->seat, &e), &e);
    park(p);
    assert_null(s->seats[device]->phone);
}

static void ask_all(struct street *s, bool fresh)
{
    for (unsigned i = 0; i < DEVICES; i++)
        ask(s, i, fresh);
    for (s->answers = 0; s->answers < DEVICES;)
        uv_run(&s->en.loop, UV_RUN_ONCE);
}

/* All wait for minutes, and wake up. */
static void nap(struct street *s)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        struct seat *seat = s->seats[i];
        seat->phone->device.state = DEVICE_PAUSED;
        seat->wake_us = 5 * MINUTE;
        park(seat->phone);
        assert_null(seat->phone);
    }
    for (unsigned i = 0; i < DEVICES; i++) {
        s->seats[i]->wake_us = INT64_MAX;
        assert_int_equal(park_return(s->seats[i])->device.outcome.device, i);
    }
}

static void assert_connections(struct street *s, unsigned each)
{
    for (unsigned i = 0; i < DEVICES; i++)
        assert_int_equal(s->seen[i].connections, each);
    assert_int_equal(web_connections(s->web), each * DEVICES);
    assert_int_equal(s->hops, 0);
}

static void who_waits_for_answers_keeps_its_connection(void **state)
{
    (void)state;
    open_street(&street, "http://");
    for (unsigned i = 0; i < ROUNDS; i++)
        ask_all(&street, false);
    assert_connections(&street, 1);
    close_street(&street);
}

static void a_connection_for_each_request_stays_so(void **state)
{
    (void)state;
    open_street(&street, "http://");
    for (unsigned i = 0; i < ROUNDS; i++)
        ask_all(&street, true);
    assert_connections(&street, ROUNDS);
    close_street(&street);
}

static void after_minutes_there_is_a_new_connection(void **state)
{
    (void)state;
    open_street(&street, "http://");
    ask_all(&street, false);
    nap(&street);
    assert_int_equal(http_stats(street.en.http).open, 0);
    ask_all(&street, false);
    ask_all(&street, false);
    assert_connections(&street, 2);
    close_street(&street);
}

/* What counts is the scheme of its URL; what is under it is all the same here. */
static void over_tls_the_connection_is_kept(void **state)
{
    (void)state;
    open_street(&street, "https://");
    ask_all(&street, false);
    nap(&street);
    assert_int_equal(http_stats(street.en.http).open, DEVICES);
    ask_all(&street, false);
    assert_connections(&street, 1);
    close_street(&street);
}

/* ---- in line for the workers ---- */

/* All at once, and none has the time. */
static void who_stands_in_line_may_time_out(void **state)
{
    (void)state;
    struct bench *b = new_bench(100000, 400);
    at_sim(b, NULL);
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->scenario.limits.device_timeout_us = SECOND / 4;
    run(b);
    const struct heard *h = &b->heard;
    assert_int_equal(h->ends[OUTCOME_FAILED], 400); /* the others are refused */
    assert_true(h->reasons[REASON_DEVICE_TIMEOUT] > 0);
    assert_int_equal(h->reasons[REASON_DEVICE_TIMEOUT] + h->reasons[REASON_SCEP_FAILURE], 400);
    free_bench(b);
}

/* ---- no memory ---- */

static unsigned refusals;

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    if (bytes != sizeof(struct phone) || refusals == 0)
        return __real_malloc(bytes);
    refusals--;
    return NULL;
}

static void answer(void *user, const struct web_request *request, struct web_reply *reply)
{
    (void)user;
    (void)request;
    web_answer_text(reply, 404, "no");
}

/* Its answer is lost; its time-out comes once there is memory again, and nobody starts meanwhile. */
static void who_cannot_come_back_is_called_again(void **state)
{
    (void)state;
    struct bench *b = new_bench(5, 10);
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->scenario.limits.device_timeout_us = SECOND / 2;
    at_web(b, answer, NULL);
    refusals = 2; /* the answer; the first time-out */
    run(b);
    assert_int_equal(refusals, 0);
    assert_int_equal(b->heard.starts, 1);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], 1);
    assert_int_equal(b->heard.ends[OUTCOME_UNSENT], 9);
    assert_int_equal(b->heard.outcomes[0].error.reason, REASON_DEVICE_TIMEOUT);
    assert_int_equal(b->heard.outcomes[9].error.reason, REASON_NO_MEMORY);
    assert_non_null(strstr(b->result.stopped_early, "no memory"));
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_wait_is_slept_through),
        cmocka_unit_test(a_retry_keeps_its_message),
        cmocka_unit_test(a_short_wait_is_not_worth_it),
        cmocka_unit_test(who_waits_for_answers_keeps_its_connection),
        cmocka_unit_test(a_connection_for_each_request_stays_so),
        cmocka_unit_test(after_minutes_there_is_a_new_connection),
        cmocka_unit_test(over_tls_the_connection_is_kept),
        cmocka_unit_test(who_stands_in_line_may_time_out),
        cmocka_unit_test(who_cannot_come_back_is_called_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
