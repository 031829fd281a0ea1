#include "forge.h"

static struct err e;
static struct exchange x;
static struct scep_certrep rep;

/* Reads, compares reason and violations, leaves `rep` filled until the next reading. */
static void read_as(struct span body, const struct scep_expected *expected, enum reason reason,
                    unsigned violated)
{
    scep_certrep_clear(&rep);
    bool ok = scep_certrep_read(body, expected, &rep, &e);
    if (e.reason != reason)
        fail_msg("%s instead of %s (%s)", base_reason_id(e.reason), base_reason_id(reason), e.text);
    assert_int_equal(ok, reason == REASON_NONE);
    assert_int_equal(rep.violated, violated);
    bool said_by_server =
        reason == REASON_SCEP_FAILURE || reason == REASON_SCEP_PENDING || reason == REASON_NOT_SCEP;
    if (!ok)
        assert_int_equal(e.stage, said_by_server ? STAGE_PKI_OPERATION : STAGE_VERIFY);
}

static void read_spec(const struct scep_certrep_spec *spec, const struct scep_expected *expected,
                      enum reason reason, unsigned violated)
{
    struct buf message = exchange_build(spec);
    read_as(buf_span(&message), expected, reason, violated);
    buf_clear(&message);
}

static void read_forged(const struct forge *forge, enum reason reason, unsigned violated)
{
    struct scep_expected expected = exchange_expected(&x);
    struct buf message = forge_make(forge);
    read_as(buf_span(&message), &expected, reason, violated);
    buf_clear(&message);
}

static void success_of_every_kind(void **state)
{
    (void)state;
    for (int digest = PKI_SHA1; digest < PKI_DIGEST_COUNT; digest++) {
        for (int cipher = 0; cipher < PKI_CIPHER_COUNT; cipher++) {
            if (pki_evp_cipher((enum pki_cipher)cipher) == NULL)
                continue;
            for (int transport = 0; transport < PKI_TRANSPORT_COUNT; transport++) {
                struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
                struct scep_expected expected = exchange_expected(&x);
                spec.digest = (enum pki_digest)digest;
                spec.cipher = (enum pki_cipher)cipher;
                spec.transport = (enum pki_transport)transport;
                read_spec(&spec, &expected, REASON_NONE, 0);
                assert_int_equal(rep.digest, digest);
                assert_true(rep.has_envelope);
                assert_int_equal(rep.cipher, cipher);
                assert_int_equal(rep.transport, transport);
            }
        }
    }
    assert_int_equal(rep.message_type, SCEP_CERT_REP);
    assert_int_equal(rep.pki_status, SCEP_SUCCESS);
    assert_int_equal(rep.fail_info, -1);
    assert_int_equal(rep.certificate_count, 1);
    assert_true(rep.has_recipient_nonce);
    assert_string_equal(rep.transaction_id, x.transaction.id);
    assert_true(span_equal(pki_cert_der(rep.issued), pki_cert_der(x.leaf)));
}

static void the_issued_one_is_found_among_others(void **state)
{
    (void)state;
    const struct pki_cert *certs[] = {x.f.ca, x.leaf, x.f.ra_sign};
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
    struct scep_expected expected = exchange_expected(&x);
    spec.certs = certs;
    spec.cert_count = 3;
    spec.include_signer = true;
    spec.server_text = "Issued";
    read_spec(&spec, &expected, REASON_NONE, 0);
    assert_int_equal(rep.certificate_count, 3);
    assert_string_equal(rep.server_text, "Issued");
    assert_true(span_equal(pki_cert_der(rep.issued), pki_cert_der(x.leaf)));
}

static void failure_says_why(void **state)
{
    (void)state;
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_FAILURE);
    struct scep_expected expected = exchange_expected(&x);
    spec.has_hresult = true;
    spec.hresult = 0x80070490;
    spec.server_text = "Element not found.\r\nDenied by Policy Module\r\n";
    read_spec(&spec, &expected, REASON_SCEP_FAILURE, 0);
    assert_int_equal(e.domain, ERR_DOMAIN_FAIL_INFO);
    assert_int_equal(e.detail, SCEP_BAD_REQUEST);
    assert_string_equal(
        e.text, "failInfo 2 (badRequest), HRESULT 0x80070490: Element not found.  Denied by Policy Module");
    assert_true(rep.has_hresult);
    assert_true(rep.hresult == 0x80070490);
    assert_true(rep.one_byte_content);
    assert_false(rep.has_envelope);
    e = (struct err){0};
    spec.hresult = 5;
    spec.fail_info = 7; /* unknown numbers stay numbers */
    read_spec(&spec, &expected, REASON_SCEP_FAILURE, 0);
    assert_int_equal(rep.fail_info, 7);
    assert_int_equal(rep.hresult, 5);
}

static void pending_is_no_error_of_the_message(void **state)
{
    (void)state;
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_PENDING);
    struct scep_expected expected = exchange_expected(&x);
    read_spec(&spec, &expected, REASON_SCEP_PENDING, 0);
    assert_int_equal(rep.pki_status, SCEP_PENDING);
}

static void failure_content_may_be_absent(void **state)
{
    (void)state;
    struct forge forge = forge_like(&x, "2");
    forge.fail_info = "1";
    read_forged(&forge, REASON_SCEP_FAILURE, 0);
    assert_false(rep.one_byte_content);
}

static void other_things_than_scep(void **state)
{
    (void)state;
    struct scep_expected expected = exchange_expected(&x);
    static const char *const bodies[] = {
        "", "0", "0x80090005", "<html><body>Service Unavailable</body></html>", "\xff\xfe<\x00h\x00"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        read_as(span_of_text(bodies[i]), &expected, REASON_NOT_SCEP, 0);
        e = (struct err){0};
    }
    struct buf envelope = forge_envelope(&x, span_of_text("x"));
    read_as(buf_span(&envelope), &expected, REASON_NOT_SCEP, 0);
    e = (struct err){0};
    buf_clear(&envelope);
    struct buf degenerate;
    buf_init(&degenerate, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make((const struct pki_cert *[]){x.f.ca}, 1, &degenerate, &e), &e);
    read_as(buf_span(&degenerate), &expected, REASON_NOT_SCEP, 0);
    buf_clear(&degenerate);
}

static void cut_replies_are_malformed(void **state)
{
    (void)state;
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
    struct scep_expected expected = exchange_expected(&x);
    struct buf message = exchange_build(&spec);
    for (size_t cut = 2; cut < message.len; cut += 17) {
        read_as(span_of(message.data, cut), &expected, REASON_MALFORMED, 0);
        e = (struct err){0};
    }
    buf_clear(&message);
}

static void signer_must_come_from_getcacert(void **state)
{
    (void)state;
    struct pki_cert *foreign = fixture_make_cert(
        &(struct fixture_cert){.subject = "CN=somebody", .key = x.f.other_key, .serial = 50});
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_FAILURE);
    struct scep_expected expected = exchange_expected(&x);
    spec.signer = foreign;
    spec.signer_key = x.f.other_key;
    read_spec(&spec, &expected, REASON_SIGNER_UNKNOWN, SCEP_CHECK_SIGNER | SCEP_CHECK_SIGNATURE);
    e = (struct err){0};
    spec.include_signer = true; /* the signature itself is good then */
    read_spec(&spec, &expected, REASON_SIGNER_UNKNOWN, SCEP_CHECK_SIGNER);
    pki_cert_free(foreign);
}

static void signatures_and_digests(void **state)
{
    (void)state;
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_FAILURE);
    struct scep_expected expected = exchange_expected(&x);
    spec.signer_key = x.f.other_key;
    read_spec(&spec, &expected, REASON_BAD_SIGNATURE, SCEP_CHECK_SIGNATURE);
    e = (struct err){0};

    struct forge forge = forge_like(&x, "2");
    forge.fail_info = "2";
    forge.content = span_of("\0", 1);
    struct buf message = forge_make(&forge);
    uint8_t *content = memmem(message.data, message.len, "\x04\x01\x00", 3);
    assert_non_null(content);
    content[2] = 1;
    read_as(buf_span(&message), &expected, REASON_BAD_DIGEST, SCEP_CHECK_SIGNATURE | SCEP_CHECK_CONTENT);
    e = (struct err){0};
    content[2] = 0;
    message.data[message.len - 1] ^= 1;
    read_as(buf_span(&message), &expected, REASON_BAD_SIGNATURE, SCEP_CHECK_SIGNATURE);
    buf_clear(&message);
}

/* The first byte string after SignedData's own type is the eContentType, which no signature covers. */
static void the_signed_content_type_is_that_of_the_content(void **state)
{
    (void)state;
    static const uint8_t data[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
    struct scep_expected expected = exchange_expected(&x);
    struct forge forge = forge_like(&x, "2");
    forge.fail_info = "2";
    struct buf message = forge_make(&forge);
    uint8_t *type = memmem(message.data, message.len, data, sizeof data);
    assert_non_null(type);
    type[sizeof data - 1] = 3;
    read_as(buf_span(&message), &expected, REASON_SIGNED_CONTENT_TYPE, SCEP_CHECK_CONTENT_TYPE);
    assert_non_null(strstr(e.text, "is 1.2.840.113549.1.7.1, the content's 1.2.840.113549.1.7.3"));
    buf_clear(&message);
}

static void each_attribute_is_checked(void **state)
{
    (void)state;
    static const uint8_t other_nonce[SCEP_NONCE_BYTES] = {1};
    struct forge good = forge_like(&x, "2");
    good.fail_info = "2";

    struct forge forge = good;
    forge.message_type = "19";
    read_forged(&forge, REASON_MESSAGE_TYPE, SCEP_CHECK_MESSAGE_TYPE);
    e = (struct err){0};
    forge.message_type = NULL;
    read_forged(&forge, REASON_MESSAGE_TYPE, SCEP_CHECK_MESSAGE_TYPE);
    assert_int_equal(rep.message_type, -1);
    e = (struct err){0};

    forge = good;
    forge.transaction_id = "SOMEBODY-ELSE";
    read_forged(&forge, REASON_TRANSACTION_MISMATCH, SCEP_CHECK_TRANSACTION);
    assert_string_equal(rep.transaction_id, "SOMEBODY-ELSE");
    e = (struct err){0};
    forge.transaction_id = NULL;
    read_forged(&forge, REASON_TRANSACTION_MISMATCH, SCEP_CHECK_TRANSACTION);
    e = (struct err){0};

    forge = good;
    forge.recipient_nonce = span_of(other_nonce, sizeof other_nonce);
    read_forged(&forge, REASON_NONCE_MISMATCH, SCEP_CHECK_NONCE);
    e = (struct err){0};
    forge.recipient_nonce = span_of(x.transaction.sender_nonce, 15); /* a prefix is not enough */
    read_forged(&forge, REASON_NONCE_MISMATCH, SCEP_CHECK_NONCE);
    e = (struct err){0};
    forge.recipient_nonce = span_of(NULL, 0);
    read_forged(&forge, REASON_NONCE_MISMATCH, SCEP_CHECK_NONCE | SCEP_CHECK_NONCE_PRESENT);
    assert_false(rep.has_recipient_nonce);
    e = (struct err){0};

    static const char *const statuses[] = {"1", "4", "", "x", "-1", "00000000000000000002", NULL};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        forge = good;
        forge.pki_status = statuses[i];
        read_forged(&forge, REASON_STATUS_UNKNOWN, SCEP_CHECK_STATUS);
        e = (struct err){0};
    }
}

static void oversized_attributes_are_malformed(void **state)
{
    (void)state;
    char id[SCEP_TRANSACTION_ID_MAX + 2];
    memset(id, 'A', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    struct forge forge = forge_like(&x, "2");
    forge.transaction_id = id;
    read_forged(&forge, REASON_MALFORMED, 0);
    e = (struct err){0};
    uint8_t nonce[65] = {0};
    forge = forge_like(&x, "2");
    forge.recipient_nonce = span_of(nonce, sizeof nonce);
    read_forged(&forge, REASON_MALFORMED, 0);
}

static void status_and_content_must_agree(void **state)
{
    (void)state;
    struct forge forge = forge_like(&x, "0");
    read_forged(&forge, REASON_STATUS_CONTENT, SCEP_CHECK_CONTENT);
    e = (struct err){0};
    forge.content = span_of("\0", 1);
    read_forged(&forge, REASON_STATUS_CONTENT, SCEP_CHECK_CONTENT);
    e = (struct err){0};
    struct buf envelope = forge_envelope(&x, span_of_text("x"));
    forge = forge_like(&x, "2");
    read_forged(&forge, REASON_STATUS_CONTENT, SCEP_CHECK_CONTENT); /* no failInfo */
    assert_int_equal(rep.pki_status, SCEP_FAILURE);
    e = (struct err){0};
    forge.fail_info = "2";
    forge.content = buf_span(&envelope);
    read_forged(&forge, REASON_STATUS_CONTENT, SCEP_CHECK_CONTENT);
    e = (struct err){0};
    forge = forge_like(&x, "3");
    forge.content = buf_span(&envelope);
    read_forged(&forge, REASON_STATUS_CONTENT, SCEP_CHECK_CONTENT);
    buf_clear(&envelope);
}

static void all_violations_are_recorded(void **state)
{
    (void)state;
    struct forge forge = forge_like(&x, "9");
    forge.message_type = "4";
    forge.transaction_id = "x";
    forge.recipient_nonce = span_of(NULL, 0);
    forge.signer_key = x.f.other_key;
    read_forged(&forge, REASON_BAD_SIGNATURE,
                SCEP_CHECK_SIGNATURE | SCEP_CHECK_MESSAGE_TYPE | SCEP_CHECK_TRANSACTION | SCEP_CHECK_NONCE |
                    SCEP_CHECK_NONCE_PRESENT | SCEP_CHECK_STATUS);
}

static void envelopes_that_do_not_open(void **state)
{
    (void)state;
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
    struct scep_expected expected = exchange_expected(&x);
    /* Wrong key, either padding: never success, never anything but DECRYPT, whatever OpenSSL does about bad padding. */
    expected.decrypt_key = x.f.other_key;
    for (int i = 0; i < 20; i++) {
        spec.transport = i % 2 == 0 ? PKI_RSA_PKCS1 : PKI_RSA_OAEP;
        read_spec(&spec, &expected, REASON_DECRYPT, 0);
        assert_int_equal(rep.transport, spec.transport);
        e = (struct err){0};
    }
    expected = exchange_expected(&x);
    expected.signer_cert = pki_cert_der(x.f.ra_sign); /* we are somebody else */
    read_spec(&spec, &expected, REASON_DECRYPT, 0);
    assert_non_null(strstr(e.text, "another certificate"));
    e = (struct err){0};
    /* Opens, but holds no CMS. */
    struct buf envelope = forge_envelope(&x, span_of_text("what is this?"));
    struct forge forge = forge_like(&x, "0");
    forge.content = buf_span(&envelope);
    read_forged(&forge, REASON_DECRYPT, 0);
    buf_clear(&envelope);
}

static void broken_content_is_malformed(void **state)
{
    (void)state;
    struct buf degenerate;
    buf_init(&degenerate, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make((const struct pki_cert *[]){x.leaf}, 1, &degenerate, &e), &e);
    struct buf envelope = forge_envelope(&x, span_of(degenerate.data, degenerate.len - 9));
    struct forge forge = forge_like(&x, "0");
    forge.content = buf_span(&envelope);
    read_forged(&forge, REASON_MALFORMED, 0);
    e = (struct err){0};
    forge.content = span_of_text("no envelope at all");
    read_forged(&forge, REASON_MALFORMED, 0);
    buf_clear(&envelope);
    buf_clear(&degenerate);
}

/* Another object identifier in place of a known one, in the envelope, signed properly. */
static void read_patched(const char *from, const char *to, size_t len, enum reason reason)
{
    struct buf degenerate;
    buf_init(&degenerate, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make((const struct pki_cert *[]){x.leaf}, 1, &degenerate, &e), &e);
    struct buf envelope = forge_envelope(&x, buf_span(&degenerate));
    uint8_t *at = memmem(envelope.data, envelope.len, from, len);
    assert_non_null(at);
    memcpy(at, to, len);
    struct forge forge = forge_like(&x, "0");
    forge.content = buf_span(&envelope);
    read_forged(&forge, reason, 0);
    buf_clear(&envelope);
    buf_clear(&degenerate);
}

static void algorithms_we_do_not_know(void **state)
{
    (void)state;
    /* AES-128-GCM, RSASSA-PSS as key transport, an IV of 15 bytes. */
    read_patched("\x60\x86\x48\x01\x65\x03\x04\x01\x02", "\x60\x86\x48\x01\x65\x03\x04\x01\x06", 9,
                 REASON_UNSUPPORTED_ALGORITHM);
    assert_non_null(strstr(e.text, "2.16.840.1.101.3.4.1.6"));
    e = (struct err){0};
    read_patched("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x05", 10,
                 REASON_UNSUPPORTED_ALGORITHM);
    e = (struct err){0};
    /* The digest of the signature: SHA-224. */
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_FAILURE);
    struct scep_expected expected = exchange_expected(&x);
    struct buf message = exchange_build(&spec);
    uint8_t *at = message.data;
    size_t patched = 0;
    while ((at = memmem(at, (size_t)(message.data + message.len - at), "\x60\x86\x48\x01\x65\x03\x04\x02\x01",
                        9))) {
        at[8] = 4;
        patched++;
    }
    assert_int_equal(patched, 2);
    read_as(buf_span(&message), &expected, REASON_UNSUPPORTED_ALGORITHM, 0);
    buf_clear(&message);
}

static void success_needs_the_right_certificate(void **state)
{
    (void)state;
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
    struct scep_expected expected = exchange_expected(&x);
    spec.cert_count = 0;
    read_spec(&spec, &expected, REASON_NO_CERTIFICATE, 0);
    e = (struct err){0};
    const struct pki_cert *certs[] = {x.f.ca};
    spec.certs = certs;
    spec.cert_count = 1;
    read_spec(&spec, &expected, REASON_NO_CERTIFICATE, 0);
    e = (struct err){0};

    struct pki_cert *cert = exchange_leaf(&x, FIXTURE_SUBJECT, x.f.other_key, NULL, NULL);
    certs[0] = cert;
    read_spec(&spec, &expected, REASON_KEY_MISMATCH, 0);
    assert_null(rep.issued);
    e = (struct err){0};
    pki_cert_free(cert);

    certs[0] = cert = exchange_leaf(&x, "CN=phone-8,OU=scepstorm", x.f.device_key, NULL, NULL);
    read_spec(&spec, &expected, REASON_SUBJECT_MISMATCH, 0);
    assert_non_null(rep.issued);
    e = (struct err){0};
    pki_cert_free(cert);

    certs[0] = cert =
        exchange_leaf(&x, "OU=scepstorm,CN=phone-7", x.f.device_key, NULL, NULL); /* order is the CA's */
    read_spec(&spec, &expected, REASON_NONE, 0);
    pki_cert_free(cert);

    certs[0] = cert = exchange_leaf(&x, FIXTURE_SUBJECT, x.f.device_key, x.f.other_key, NULL);
    read_spec(&spec, &expected, REASON_CHAIN, 0);
    e = (struct err){0};
    pki_cert_free(cert);

    certs[0] = cert =
        exchange_leaf(&x, FIXTURE_SUBJECT, x.f.device_key, x.f.ra_sign_key, "C=US,CN=host-MSCEP-RA");
    read_spec(&spec, &expected, REASON_CHAIN, 0); /* an RA issues nothing */
    e = (struct err){0};
    pki_cert_free(cert);

    certs[0] = x.leaf;
    expected.now_s = FIXTURE_NOW_S + 400 * FIXTURE_DAY_S;
    read_spec(&spec, &expected, REASON_CERT_EXPIRED, 0);
    e = (struct err){0};
    expected.now_s = FIXTURE_NOW_S - 40 * FIXTURE_DAY_S;
    read_spec(&spec, &expected, REASON_CERT_EXPIRED, 0);
}

static void chains_through_certificates_of_the_reply(void **state)
{
    (void)state;
    struct pki_cert *sub = fixture_make_cert(&(struct fixture_cert){.subject = "CN=issuing",
                                                                    .issuer = FIXTURE_CA_NAME,
                                                                    .key = x.f.other_key,
                                                                    .issuer_key = x.f.ca_key,
                                                                    .ca = true,
                                                                    .serial = 60});
    struct pki_cert *leaf = exchange_leaf(&x, FIXTURE_SUBJECT, x.f.device_key, x.f.other_key, "CN=issuing");
    const struct pki_cert *certs[] = {leaf, sub};
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
    struct scep_expected expected = exchange_expected(&x);
    spec.certs = certs;
    spec.cert_count = 2;
    read_spec(&spec, &expected, REASON_NONE, 0);
    spec.cert_count = 1;
    read_spec(&spec, &expected, REASON_CHAIN, 0);
    pki_cert_free(sub);
    pki_cert_free(leaf);
}

static void too_many_certificates(void **state)
{
    (void)state;
    const struct pki_cert *certs[17];
    for (size_t i = 0; i < 17; i++)
        certs[i] = x.leaf;
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
    struct scep_expected expected = exchange_expected(&x);
    spec.certs = certs;
    spec.cert_count = 17;
    read_spec(&spec, &expected, REASON_LIMIT, 0);
}

static void an_earlier_error_is_kept(void **state)
{
    (void)state;
    struct scep_expected expected = exchange_expected(&x);
    err_set(&e, STAGE_TLS, REASON_TLS_FAILED, "earlier");
    assert_false(scep_certrep_read(span_of_text("x"), &expected, &rep, &e));
    assert_int_equal(e.reason, REASON_TLS_FAILED);
    assert_false(scep_certrep_read(span_of_text("x"), &expected, &rep, NULL));
}

static void says_so_when_there_is_no_room(void **state)
{
    (void)state;
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
    for (size_t max = 16; max < 1500; max += 100) {
        struct buf message;
        buf_init(&message, max);
        CHECK_FAILS(scep_certrep_build(&spec, &message, &e), &e, REASON_LIMIT);
        buf_clear(&message);
    }
}

static int empty(void **state)
{
    (void)state;
    scep_certrep_clear(&rep);
    e = (struct err){0};
    return 0;
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, empty, empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(success_of_every_kind),
        TEST(the_issued_one_is_found_among_others),
        TEST(failure_says_why),
        TEST(pending_is_no_error_of_the_message),
        TEST(failure_content_may_be_absent),
        TEST(other_things_than_scep),
        TEST(cut_replies_are_malformed),
        TEST(signer_must_come_from_getcacert),
        TEST(signatures_and_digests),
        TEST(each_attribute_is_checked),
        TEST(the_signed_content_type_is_that_of_the_content),
        TEST(oversized_attributes_are_malformed),
        TEST(status_and_content_must_agree),
        TEST(all_violations_are_recorded),
        TEST(envelopes_that_do_not_open),
        TEST(broken_content_is_malformed),
        TEST(algorithms_we_do_not_know),
        TEST(success_needs_the_right_certificate),
        TEST(chains_through_certificates_of_the_reply),
        TEST(too_many_certificates),
        TEST(an_earlier_error_is_kept),
        TEST(says_so_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
