// links: sim
/* No transfer is lost, least of all the last ones: whatever a server answers, and whenever, each device has one end, each
 * request one step, and the sums are right (run() of the bench adds them up). */
#include "engine_bench.h"

#include <stdatomic.h>

#define TIMEOUT_US  (SECOND / 2)
#define TIMEOUT_MS  500
#define ROUNDING_US 1000 /* curl counts milliseconds */

/* What the server was asked, and when it falls silent. */
struct manners {
    atomic_uint asked;
    unsigned silent_from; /* from this request on it never answers */
};

static void answer_until_the_last(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct manners *m = user;
    (void)request;
    web_answer_text(reply, 404, "no");
    if (atomic_fetch_add(&m->asked, 1) >= m->silent_from)
        reply->manner = WEB_SILENT;
}

/* One request each: what was heard adds up to what was asked, and nothing more was told. */
static void assert_all_told(const struct bench *b, unsigned devices)
{
    const struct heard *h = &b->heard;
    unsigned timed_out = 0;
    assert_int_equal(h->arrivals, devices);
    assert_int_equal(h->starts, devices);
    assert_int_equal(h->ends[OUTCOME_FAILED], devices);
    assert_int_equal(h->steps[STAGE_GET_CA_CAPS], devices);
    assert_int_equal(h->failed_steps[STAGE_GET_CA_CAPS], devices);
    assert_in_range(b->result.generator.requests, devices, devices + 1); /* and a look at the bare URL */
    for (unsigned i = 0; i < devices; i++) {
        const struct outcome *o = &h->outcomes[i];
        timed_out += o->timed_out;
        assert_int_equal(o->http_status, o->timed_out ? 0 : 404);
        if (o->timed_out && o->finished_us - o->started_us < TIMEOUT_US - ROUNDING_US)
            fail_msg("timed out after %lld us", (long long)(o->finished_us - o->started_us));
    }
    assert_int_equal(timed_out, h->reasons[REASON_REQUEST_TIMEOUT] + h->reasons[REASON_DEVICE_TIMEOUT]);
}

static struct bench *impatient_bench(double rate, unsigned devices)
{
    struct bench *b = new_bench(rate, devices);
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->scenario.limits.request_timeout_us = TIMEOUT_US;
    return b;
}

/* The server falls silent for the last devices: the run waits for their time-outs and tells them. */
static void the_last_devices_time_out(void **state)
{
    (void)state;
    struct manners manners = {.silent_from = 33};
    struct bench *b = impatient_bench(200, 40);
    at_web(b, answer_until_the_last, &manners);
    run(b);
    assert_all_told(b, 40);
    assert_true(b->heard.reasons[REASON_REQUEST_TIMEOUT] >= 7); /* a busy machine may make it more */
    free_bench(b);
}

/* The same, when it is the device's patience that ends first, and only two may be under way. */
static void the_last_devices_give_up(void **state)
{
    (void)state;
    struct manners manners = {.silent_from = 38};
    struct bench *b = impatient_bench(200, 40);
    b->scenario.limits.request_timeout_us = 20 * SECOND;
    b->scenario.limits.device_timeout_us = 2 * SECOND;
    b->scenario.limits.in_flight = 2;
    at_web(b, answer_until_the_last, &manners);
    run(b);
    assert_int_equal(b->heard.arrivals, 40);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], b->heard.starts);
    assert_int_equal(b->heard.steps[STAGE_GET_CA_CAPS], b->heard.starts);
    assert_true(b->heard.reasons[REASON_DEVICE_TIMEOUT] >= 2);
    free_bench(b);
}

static void answer_around_the_timeout(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct manners *m = user;
    (void)request;
    web_answer_text(reply, 404, "no");
    reply->delay_ms = TIMEOUT_MS - 20 + (int)atomic_fetch_add(&m->asked, 1);
}

/* Answers that come just before, at and just after the time-out, all of them the last ones: whichever wins, it is told. */
static void answers_race_with_the_timeout(void **state)
{
    (void)state;
    struct manners manners = {0};
    struct bench *b = impatient_bench(10000, 40);
    at_web(b, answer_around_the_timeout, &manners);
    run(b);
    assert_all_told(b, 40);
    assert_true(b->heard.reasons[REASON_REQUEST_TIMEOUT] > 0);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_devices_time_out),
        cmocka_unit_test(the_last_devices_give_up),
        cmocka_unit_test(answers_race_with_the_timeout),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
