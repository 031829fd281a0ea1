#include "scep/blot.h"

#include "scep/describe.h"
#include "scep_fixture.h"

static struct exchange x;

static void describe(const struct buf *message, struct buf *out)
{
    buf_init(out, 65536);
    scep_describe_request(buf_span(message), out);
}

/* Nothing of what was encrypted stands there any more, and everything else is told as before. */
static void takes_out_what_is_encrypted(enum scep_encoding encoding)
{
    struct buf message, before, after;
    struct err e = {0};
    struct scep_request_spec spec = exchange_request(&x);
    struct scep_request opened = {0};
    spec.encoding = encoding;
    buf_init(&message, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_request_build(&spec, &message, &e), &e);
    size_t len = message.len;
    describe(&message, &before);
    scep_blot_request(&message);
    assert_int_equal(message.len, len);
    assert_false(scep_request_open(buf_span(&message), x.f.ra_encrypt, x.f.ra_encrypt_key, &opened, &e));
    scep_request_clear(&opened);
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

static void in_der(void **state)
{
    (void)state;
    takes_out_what_is_encrypted(SCEP_DER);
}

static void in_ber_with_pieces(void **state)
{
    (void)state;
    takes_out_what_is_encrypted(SCEP_BER);
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
        cmocka_unit_test(in_der),
        cmocka_unit_test(in_ber_with_pieces),
        cmocka_unit_test(wipes_what_it_cannot_read),
    };
    return cmocka_run_group_tests(tests, open_exchange, close_exchange);
}
