/* A device that waits for minutes is put away and comes back as it was. */
#include "check.h"
#include "engine/internal.h"

#define MINUTE INT64_C(60000000)

static void set_up(struct engine *en)
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
    set_up(&en);
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
    set_up(&en);
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
    set_up(&en);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_wait_is_slept_through),
        cmocka_unit_test(a_retry_keeps_its_message),
        cmocka_unit_test(a_short_wait_is_not_worth_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
