#include "check.h"

#include "live/facts.h"
#include "measure/otp.h"
#include "run_facts.h"

static struct measure *measure;
static struct live_clock last_clock;
static unsigned targets;

static void on_clock(void *user, const struct live_clock *clock)
{
    (void)user;
    last_clock = *clock;
}

static void on_target(void *user, const struct outcome_target *target)
{
    (void)user;
    (void)target;
    targets++;
}

static struct live_hearer hearer(void)
{
    return (struct live_hearer){.sink = measure_sink(measure), .clock = on_clock, .target = on_target};
}

static int begin(void **state)
{
    (void)state;
    struct err e = {0};
    targets = 0;
    return measure_new(&measure, &e) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    measure_free(measure);
    return 0;
}

/* What is heard on the other side makes the same figures. */
static void facts_arrive_in_order(void **state)
{
    (void)state;
    struct live_queue *q = NULL;
    struct buf records;
    struct err e = {0};
    buf_init(&records, LIVE_MAX_QUEUE_BYTES);
    CHECK_OK(live_queue_new(LIVE_MAX_QUEUE_BYTES, false, &q, &e), &e);
    assert_false(live_queue_take(q, &records));
    struct outcome_sink sink = live_queue_sink(q);
    struct outcome failed = fact_failure(9, 500000, STAGE_PKI_OPERATION, REASON_HTTP_STATUS);
    failed.exemplar.body = span_of_text("borrowed");
    fact_enrolled(&sink, 0, 5, 0);
    fact_step(&sink, &failed, STAGE_PKI_OPERATION, 7000);
    fact_tell(&sink, &failed);
    sink.loop_stall(sink.user, 1234);
    const struct outcome_otp_event asked = {.kind = OUTCOME_OTP_ASKED, .held = 1};
    sink.otp(sink.user, &asked);
    const struct outcome_target target = {.url = "http://127.0.0.1/", .cert_count = 1};
    const struct live_clock clock = {.now_us = 42, .started_wall_us = 43};
    live_queue_tick(q, &clock, &target);
    live_queue_tick(q, &clock, &target);

    assert_true(live_queue_take(q, &records));
    struct live_hearer to = hearer();
    assert_int_equal(live_facts_tell(buf_span(&records), &to), records.len);
    struct measure_devices d = measure_devices(measure);
    assert_int_equal(d.enrolled, 5);
    assert_int_equal(d.failed, 1);
    assert_int_equal(d.started, 6);
    assert_int_equal(measure_load(measure).offered, 6);
    assert_int_equal(measure_otp(measure).asked, 1);
    assert_int_equal(histogram_count(measure_loop_stall(measure)), 1);
    assert_int_equal(measure_failure(measure, 0)->body.len, 0);
    assert_int_equal(targets, 1); /* only when it has changed */
    assert_int_equal(last_clock.now_us, 42);
    assert_false(live_queue_take(q, &records));
    buf_clear(&records);
    live_queue_free(q);
}

static void what_finds_no_room_is_counted(void **state)
{
    (void)state;
    struct live_queue *q = NULL;
    struct buf records;
    struct err e = {0};
    const size_t room = 3 * sizeof(struct outcome);
    buf_init(&records, room);
    CHECK_OK(live_queue_new(room, false, &q, &e), &e);
    struct outcome_sink sink = live_queue_sink(q);
    struct outcome o = fact_device(1, OUTCOME_ENROLLED, 0);
    for (int i = 0; i < 5; i++)
        sink.device(sink.user, &o);
    assert_int_equal(live_queue_dropped(q), 3);
    assert_true(live_queue_take(q, &records));
    struct live_hearer to = hearer();
    live_facts_tell(buf_span(&records), &to);
    assert_int_equal(measure_devices(measure).enrolled, 2);
    sink.device(sink.user, &o); /* there is room again */
    assert_true(live_queue_take(q, &records));
    buf_clear(&records);
    live_queue_free(q);
}

/* As they come through a pipe: cut anywhere. */
static void records_may_come_in_pieces(void **state)
{
    (void)state;
    struct live_queue *q = NULL;
    struct buf records;
    struct err e = {0};
    buf_init(&records, LIVE_MAX_QUEUE_BYTES);
    CHECK_OK(live_queue_new(LIVE_MAX_QUEUE_BYTES, true, &q, &e), &e);
    struct outcome_sink sink = live_queue_sink(q);
    fact_enrolled(&sink, 0, 2, 0);
    assert_true(live_queue_take(q, &records));
    struct live_hearer to = hearer();
    size_t at = 0;
    for (size_t upto = 0; upto <= records.len; upto += 7)
        at += live_facts_tell(span_of(records.data + at, upto - at), &to);
    at += live_facts_tell(span_of(records.data + at, records.len - at), &to);
    assert_int_equal(at, records.len);
    assert_int_equal(measure_devices(measure).enrolled, 2);
    buf_clear(&records);
    live_queue_free(q);
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const uint32_t heads[][2] = {{0, 0}, {99, 8}, {1, 5}, {4, 0xffffffff}};
    struct live_hearer to = hearer();
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        assert_true(live_facts_tell(span_of(heads[i], sizeof heads[i]), &to) == SIZE_MAX);
}

static void what_points_home_does_not_go_abroad(void **state)
{
    (void)state;
    struct live_queue *q = NULL;
    struct buf records;
    struct err e = {0};
    const struct outcome_probe probe = {.probe = "x", .verdict = OUTCOME_PROBE_PASSED};
    buf_init(&records, LIVE_MAX_QUEUE_BYTES);
    CHECK_OK(live_queue_new(LIVE_MAX_QUEUE_BYTES, true, &q, &e), &e);
    struct outcome_sink sink = live_queue_sink(q);
    sink.probe(sink.user, &probe);
    assert_false(live_queue_take(q, &records));
    buf_clear(&records);
    live_queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(facts_arrive_in_order, begin, end),
        cmocka_unit_test_setup_teardown(what_finds_no_room_is_counted, begin, end),
        cmocka_unit_test_setup_teardown(records_may_come_in_pieces, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_record_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(what_points_home_does_not_go_abroad, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
