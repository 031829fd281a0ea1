/* Requests that are wrong on purpose: wrong in that one place, and found so by whoever reads them. */
#include "scep_fixture.h"

static struct exchange x;

static enum reason open_odd(struct scep_oddity oddity, enum scep_encoding encoding)
{
    struct err e = {0};
    struct buf message;
    struct scep_request got;
    struct scep_request_spec spec = exchange_request(&x);
    spec.oddity = &oddity;
    spec.encoding = encoding;
    buf_init(&message, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_request_build(&spec, &message, &e), &e);
    bool ok = scep_request_open(buf_span(&message), x.f.ra_encrypt, x.f.ra_encrypt_key, &got, &e);
    assert_true(ok != err_is_set(&e));
    assert_int_equal(got.type, SCEP_PKCS_REQ); /* the rest can be read */
    assert_string_equal(got.transaction.id, x.transaction.id);
    scep_request_clear(&got);
    buf_clear(&message);
    return e.reason;
}

static void each_oddity_is_found_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        struct scep_oddity oddity;
        enum reason reason;
    } rows[] = {
        {{0}, REASON_NONE},
        {{.signature = true}, REASON_BAD_SIGNATURE},
        {{.message_digest = true}, REASON_BAD_DIGEST},
        {{.envelope = true}, REASON_DECRYPT},
        {{.signer_copies = 20}, REASON_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(open_odd(rows[i].oddity, SCEP_DER), rows[i].reason);
        assert_int_equal(open_odd(rows[i].oddity, SCEP_BER), rows[i].reason);
    }
}

static int setup(void **state)
{
    (void)state;
    exchange_open(&x);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    exchange_close(&x);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_oddity_is_found_and_nothing_else)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
