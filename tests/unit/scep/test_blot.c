#include "scep/blot.h"

#include "scep/describe.h"
#include "scep_fixture.h"

static struct exchange x;

static void describe(const struct buf *message, struct buf *out)
{
    buf_init(out, 65536);
    scep_describe_request(buf_span(message), out);
}

/* The CA's own key finds nothing any more, and everything else is told as before. */
static void takes_out_what_is_encrypted(void **state)
{
    (void)state;
    struct buf message, before, after;
    buf_init(&message, BYTES_MAX_MESSAGE);
    buf_append_span(&message, buf_span(&x.message));
    describe(&message, &before);
    scep_blot_request(&message);
    assert_int_equal(message.len, x.message.len);
    describe(&message, &after);
    assert_true(span_equal(buf_span(&before), buf_span(&after)));
    size_t stars = 0, most = 0;
    for (size_t i = 0; i < message.len; i++) {
        stars = message.data[i] == '*' ? stars + 1 : 0;
        most = stars > most ? stars : most;
    }
    assert_true(most >= 256); /* a PKCS#10 of RSA-2048 is longer than that */
    buf_clear(&message);
    buf_clear(&before);
    buf_clear(&after);
}

static void wipes_what_it_cannot_read(void **state)
{
    (void)state;
    for (size_t len = 0; len < x.message.len; len += 7) {
        struct buf cut;
        buf_init(&cut, BYTES_MAX_MESSAGE);
        buf_append(&cut, x.message.data, len);
        scep_blot_request(&cut);
        assert_int_equal(cut.len, 0);
        buf_clear(&cut);
    }
}

static int open_exchange(void **state)
{
    (void)state;
    exchange_open(&x);
    return 0;
}

static int close_exchange(void **state)
{
    (void)state;
    exchange_close(&x);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_out_what_is_encrypted),
        cmocka_unit_test(wipes_what_it_cannot_read),
    };
    return cmocka_run_group_tests(tests, open_exchange, close_exchange);
}
