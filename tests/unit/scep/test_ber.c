/* BER on every layer: jscep and others send it. */
#include "ber.h"
#include "forge.h"

#define NOTHING_KEPT 99

static struct err e;
static struct exchange x;

static struct buf to_ber(struct span der, unsigned keep_depth, uint8_t keep_tag)
{
    struct buf ber;
    buf_init(&ber, BYTES_MAX_MESSAGE);
    ber_from_der(der, 0, keep_depth, keep_tag, &ber);
    assert_true(buf_ok(&ber, STAGE_NONE, NULL));
    return ber;
}

static void requests(void **state)
{
    (void)state;
    struct buf ber = to_ber(buf_span(&x.message), 3, DER_CONTEXT(0));
    struct scep_request got;
    CHECK_OK(scep_request_open(buf_span(&ber), x.f.ra_encrypt, x.f.ra_encrypt_key, &got, &e), &e);
    assert_true(span_equal(buf_span(&got.content), buf_span(&x.csr)));
    assert_string_equal(got.transaction.id, x.transaction.id);
    scep_request_clear(&got);
    for (size_t cut = 0; cut < ber.len; cut += 19) {
        CHECK_FAILS(scep_request_open(span_of(ber.data, cut), x.f.ra_encrypt, x.f.ra_encrypt_key, &got, &e),
                    &e, REASON_MALFORMED);
        scep_request_clear(&got);
    }
    buf_clear(&ber);
}

/* BER outside, BER envelope inside the signature, BER around the certificates inside the envelope. */
static void replies_on_three_layers(void **state)
{
    (void)state;
    struct buf degenerate;
    buf_init(&degenerate, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make(x.certs, 1, &degenerate, &e), &e);
    struct buf degenerate_ber = to_ber(buf_span(&degenerate), 4, DER_SEQUENCE);
    struct buf envelope = forge_envelope(&x, buf_span(&degenerate_ber));
    struct buf envelope_ber = to_ber(buf_span(&envelope), NOTHING_KEPT, 0);
    struct forge forge = forge_like(&x, "0");
    forge.content = buf_span(&envelope_ber);
    struct buf message = forge_make(&forge);
    struct buf message_ber = to_ber(buf_span(&message), 3, DER_CONTEXT(0));
    struct scep_expected expected = exchange_expected(&x);
    struct scep_certrep rep;
    CHECK_OK(scep_certrep_read(buf_span(&message_ber), &expected, &rep, &e), &e);
    assert_int_equal(rep.violated, 0);
    scep_certrep_clear(&rep);
    struct buf *all[] = {&degenerate, &degenerate_ber, &envelope, &envelope_ber, &message, &message_ber};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_clear(all[i]);
}

static void ca_certificates(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, BYTES_MAX_MESSAGE);
    CHECK_OK(
        scep_degenerate_make((const struct pki_cert *[]){x.f.ca, x.f.ra_sign, x.f.ra_encrypt}, 3, &body, &e),
        &e);
    struct buf ber = to_ber(buf_span(&body), 4, DER_SEQUENCE);
    struct scep_ca *ca = NULL;
    CHECK_OK(scep_ca_parse(buf_span(&ber), &ca, &e), &e);
    assert_int_equal(scep_ca_count(ca), 3);
    CHECK_OK(scep_ca_check(ca, FIXTURE_NOW_S, &e), &e);
    scep_ca_free(ca);
    buf_clear(&ber);
    buf_clear(&body);
}

/* One server answers SignedData version 3 with eContentType envelopedData, whose content is the EnvelopedData without
 * its ContentInfo. */
static void enveloped_data_as_content_type(void **state)
{
    (void)state;
    struct buf degenerate;
    buf_init(&degenerate, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make(x.certs, 1, &degenerate, &e), &e);
    struct buf envelope = forge_envelope(&x, buf_span(&degenerate));
    struct span type;
    struct der_item inner;
    CHECK_OK(scep_cms_content_info(buf_span(&envelope), &type, &inner, &e), &e);
    struct forge forge = forge_like(&x, "0");
    forge.content = inner.whole;
    struct buf message = forge_make(&forge);
    /* Version and type are not signed; the digest covers the content alone. */
    uint8_t *version = memmem(message.data, message.len, "\x02\x01\x01\x31", 4);
    uint8_t *data = memmem(message.data, message.len, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0", 10);
    assert_non_null(version);
    assert_non_null(data);
    version[2] = 3;
    data[8] = 3;
    struct scep_expected expected = exchange_expected(&x);
    struct scep_certrep rep;
    /* That server signs this type, too; the forger signs "data", and nothing else is found wrong. */
    CHECK_FAILS(scep_certrep_read(buf_span(&message), &expected, &rep, &e), &e, REASON_SIGNED_CONTENT_TYPE);
    assert_int_equal(rep.violated, SCEP_CHECK_CONTENT_TYPE);
    assert_non_null(rep.issued);
    scep_certrep_clear(&rep);
    buf_clear(&message);
    buf_clear(&envelope);
    buf_clear(&degenerate);
}

/* sha256WithRSAEncryption in place of rsaEncryption, and one whose digest contradicts. */
static void named_signature_algorithms(void **state)
{
    (void)state;
    struct forge forge = forge_like(&x, "3");
    struct buf message = forge_make(&forge);
    uint8_t *at = memmem(message.data, message.len, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9);
    assert_non_null(at);
    struct scep_expected expected = exchange_expected(&x);
    struct scep_certrep rep;
    at[8] = 0x0b;
    CHECK_FAILS(scep_certrep_read(buf_span(&message), &expected, &rep, &e), &e, REASON_SCEP_PENDING);
    assert_int_equal(rep.violated, 0);
    scep_certrep_clear(&rep);
    at[8] = 0x0d;
    CHECK_FAILS(scep_certrep_read(buf_span(&message), &expected, &rep, &e), &e, REASON_UNSUPPORTED_ALGORITHM);
    scep_certrep_clear(&rep);
    buf_clear(&message);
}

#define SHA1_ALGORITHM "\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a"

/* RSAES-OAEP with parameters spelled out. Indefinite lengths let us put bytes in without mending lengths. */
static void oaep_parameters(void **state)
{
    (void)state;
    static const char hash[] = "\xa0\x09" SHA1_ALGORITHM;
    static const char mask[] = "\xa1\x16\x30\x14\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA1_ALGORITHM;
    static const char label[] = "\xa2\x0f\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09\x04\x00";
    static const char sha256[] = "\xa0\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
    static const char other_label[] = "\xa2\x10\x30\x0e\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09\x04\x01x";
    const struct {
        struct span parameters;
        enum reason reason;
    } cases[] = {
        {span_of(hash, sizeof hash - 1), REASON_NONE},
        {span_of(mask, sizeof mask - 1), REASON_NONE},
        {span_of(label, sizeof label - 1), REASON_NONE},
        {span_of(sha256, sizeof sha256 - 1), REASON_UNSUPPORTED_ALGORITHM},
        {span_of(other_label, sizeof other_label - 1), REASON_UNSUPPORTED_ALGORITHM},
    };
    struct scep_recipient recipient = {
        .id = scep_cms_id_of(x.request.signer),
        .key = pki_cert_public_key(x.request.signer),
    };
    struct pki_cert_identity ours = recipient.id;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf envelope;
        buf_init(&envelope, BYTES_MAX_MESSAGE);
        CHECK_OK(scep_enveloped_put(&envelope, span_of_text("content"), &recipient, PKI_AES256_CBC,
                                    PKI_RSA_OAEP, &e),
                 &e);
        struct buf ber = to_ber(buf_span(&envelope), NOTHING_KEPT, 0);
        uint8_t *at = memmem(ber.data, ber.len, "\x01\x01\x07\x30\x80", 5);
        assert_non_null(at);
        size_t before = (size_t)(at - ber.data) + 5;
        struct buf spliced;
        struct buf content;
        buf_init(&spliced, BYTES_MAX_MESSAGE);
        buf_init(&content, BYTES_MAX_MESSAGE);
        buf_append(&spliced, ber.data, before);
        buf_append_span(&spliced, cases[i].parameters);
        buf_append(&spliced, ber.data + before, ber.len - before);
        struct scep_enveloped v;
        CHECK_OK(scep_enveloped_read(buf_span(&spliced), &v, &e), &e);
        bool ok = scep_enveloped_open(&v, &ours, x.f.device_key, &content, &e);
        assert_string_equal(base_reason_id(e.reason), base_reason_id(cases[i].reason));
        if (ok)
            CHECK_SPAN(buf_span(&content), "content");
        e = (struct err){0};
        buf_clear(&envelope);
        buf_clear(&ber);
        buf_clear(&spliced);
        buf_wipe(&content);
    }
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
        cmocka_unit_test(requests),
        cmocka_unit_test(replies_on_three_layers),
        cmocka_unit_test(ca_certificates),
        cmocka_unit_test(enveloped_data_as_content_type),
        cmocka_unit_test(named_signature_algorithms),
        cmocka_unit_test(oaep_parameters),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
