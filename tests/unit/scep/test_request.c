#include "scep_fixture.h"

#include "pki/der.h"

static struct err e;
static struct exchange x;

static void the_server_reads_what_the_device_sent(void **state)
{
    (void)state;
    assert_int_equal(x.request.type, SCEP_PKCS_REQ);
    assert_string_equal(x.request.transaction.id, x.transaction.id);
    assert_memory_equal(x.request.transaction.sender_nonce, x.transaction.sender_nonce, SCEP_NONCE_BYTES);
    assert_true(span_equal(pki_cert_der(x.request.signer), buf_span(&x.signer)));
    assert_true(span_equal(buf_span(&x.request.content), buf_span(&x.csr)));
    assert_int_equal(x.request.digest, PKI_SHA256);
    assert_int_equal(x.request.cipher, PKI_AES128_CBC);
    assert_int_equal(x.request.transport, PKI_RSA_PKCS1);
}

static void transactions_are_fresh_or_derived(void **state)
{
    (void)state;
    struct scep_transaction a;
    struct scep_transaction b;
    CHECK_OK(scep_transaction_new(span_of(NULL, 0), &a, &e), &e);
    CHECK_OK(scep_transaction_new(span_of(NULL, 0), &b, &e), &e);
    assert_int_equal(strlen(a.id), 32);
    assert_int_equal(strspn(a.id, "0123456789ABCDEF"), 32);
    assert_string_not_equal(a.id, b.id);
    assert_memory_not_equal(a.sender_nonce, b.sender_nonce, SCEP_NONCE_BYTES);
    CHECK_OK(scep_transaction_new(pki_key_spki(x.f.device_key), &a, &e), &e);
    CHECK_OK(scep_transaction_new(pki_key_spki(x.f.device_key), &b, &e), &e);
    assert_int_equal(strlen(a.id), 40);
    assert_string_equal(a.id, b.id);
    assert_memory_not_equal(a.sender_nonce, b.sender_nonce, SCEP_NONCE_BYTES);
}

static void the_signer_is_as_the_rfc_wants(void **state)
{
    (void)state;
    struct pki_cert *cert = x.request.signer;
    unsigned usage = 0;
    assert_true(pki_cert_issued_by(cert, cert));
    assert_true(pki_cert_key_usage(cert, &usage));
    assert_int_equal(usage, PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT);
    assert_false(pki_cert_is_ca(cert));
    assert_true(span_equal(pki_cert_subject(cert), buf_span(&x.subject)));
    assert_int_equal(pki_cert_not_before(cert), FIXTURE_NOW_S - 3600);
    assert_int_equal(pki_cert_not_after(cert), FIXTURE_NOW_S + 30 * FIXTURE_DAY_S);
}

/* Reads the message back with key and recipient given; *got must be cleared. */
static bool open_with(const struct buf *message, const struct pki_cert *recipient, const struct pki_key *key,
                      struct scep_request *got)
{
    return scep_request_open(buf_span(message), recipient, key, got, &e);
}

static void not_for_this_server(void **state)
{
    (void)state;
    struct scep_request got;
    CHECK_FAILS(open_with(&x.message, x.f.ca, x.f.ca_key, &got), &e, REASON_DECRYPT);
    assert_string_equal(got.transaction.id, x.transaction.id); /* known even so: the server answers with it */
    assert_non_null(got.signer);
    assert_int_equal(got.type, SCEP_PKCS_REQ);
    scep_request_clear(&got);
    CHECK_FAILS(open_with(&x.message, x.f.ra_encrypt, x.f.ca_key, &got), &e, REASON_DECRYPT);
    scep_request_clear(&got);
}

static void tampering_shows(void **state)
{
    (void)state;
    struct scep_request got;
    struct buf copy;
    buf_init(&copy, BYTES_MAX_MESSAGE);
    buf_append_span(&copy, buf_span(&x.message));
    copy.data[copy.len - 4] ^= 1; /* in the signature */
    CHECK_FAILS(open_with(&copy, x.f.ra_encrypt, x.f.ra_encrypt_key, &got), &e, REASON_BAD_SIGNATURE);
    scep_request_clear(&got);
    copy.data[copy.len - 4] ^= 1;
    copy.data[500] ^= 1; /* in the envelope */
    CHECK_FAILS(open_with(&copy, x.f.ra_encrypt, x.f.ra_encrypt_key, &got), &e, REASON_BAD_DIGEST);
    assert_int_equal(e.stage, STAGE_NONE); /* emptied */
    scep_request_clear(&got);
    buf_clear(&copy);
}

static void cut_messages_are_malformed(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < x.message.len; cut += 13) {
        struct scep_request got;
        assert_false(
            scep_request_open(span_of(x.message.data, cut), x.f.ra_encrypt, x.f.ra_encrypt_key, &got, &e));
        assert_int_equal(e.reason, REASON_MALFORMED);
        assert_int_equal(e.stage, STAGE_PKI_OPERATION);
        e = (struct err){0};
        scep_request_clear(&got);
    }
    static const char *const bodies[] = {"", "hello", "<html>", "\x30\x03\x06\x01\x2a"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct scep_request got;
        CHECK_FAILS(scep_request_open(span_of_text(bodies[i]), x.f.ra_encrypt, x.f.ra_encrypt_key, &got, &e),
                    &e, REASON_MALFORMED);
        scep_request_clear(&got);
    }
}

static void other_types_and_signing_time(void **state)
{
    (void)state;
    static const enum scep_message_type types[] = {SCEP_RENEWAL_REQ, SCEP_CERT_POLL, SCEP_GET_CERT,
                                                   SCEP_GET_CRL};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct scep_request_spec spec = exchange_request(&x);
        spec.type = types[i];
        spec.signing_time = FIXTURE_NOW_S;
        struct buf message;
        buf_init(&message, BYTES_MAX_MESSAGE);
        CHECK_OK(scep_request_build(&spec, &message, &e), &e);
        struct scep_request got;
        CHECK_OK(open_with(&message, x.f.ra_encrypt, x.f.ra_encrypt_key, &got), &e);
        assert_int_equal(got.type, types[i]);
        scep_request_clear(&got);
        buf_clear(&message);
    }
}

static void says_so_when_there_is_no_room(void **state)
{
    (void)state;
    for (size_t max = 16; max < x.message.len; max += 200) {
        struct scep_request_spec spec = exchange_request(&x);
        struct buf message;
        buf_init(&message, max);
        assert_false(scep_request_build(&spec, &message, &e));
        assert_int_equal(e.reason, REASON_LIMIT);
        assert_int_equal(e.stage, STAGE_BUILD);
        e = (struct err){0};
        buf_clear(&message);
    }
}

/* A recipient that is no RSA certificate cannot be encrypted to. */
static void wants_an_rsa_recipient(void **state)
{
    (void)state;
    struct pki_cert *ec = fixture_cert_file("vectors/keys/ec256-ca.pem");
    struct scep_request_spec spec = exchange_request(&x);
    spec.recipient = ec;
    struct buf message;
    buf_init(&message, BYTES_MAX_MESSAGE);
    CHECK_FAILS(scep_request_build(&spec, &message, &e), &e, REASON_UNSUPPORTED_ALGORITHM);
    buf_clear(&message);
    pki_cert_free(ec);
}

static int start(void **state)
{
    (void)state;
    exchange_open(&x);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    exchange_close(&x);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_reads_what_the_device_sent),
        cmocka_unit_test(transactions_are_fresh_or_derived),
        cmocka_unit_test(the_signer_is_as_the_rfc_wants),
        cmocka_unit_test(not_for_this_server),
        cmocka_unit_test(tampering_shows),
        cmocka_unit_test(cut_messages_are_malformed),
        cmocka_unit_test(other_types_and_signing_time),
        cmocka_unit_test(says_so_when_there_is_no_room),
        cmocka_unit_test(wants_an_rsa_recipient),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
