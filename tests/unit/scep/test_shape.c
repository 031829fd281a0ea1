/* What we read out of replies of real NDES servers, and whether what we build has their shape. */
#include "scep_fixture.h"

#include "pki/der.h"
#include "pki/oid.h"
#include "scep/cms.h"

static struct err e;
static struct exchange x;

/* A string of some length that is one DER list from end to end: an envelope. No random bytes look like that. */
static bool holds_der(const struct der_item *item)
{
    struct der_reader r = der_reader_of(item->content);
    struct der_item inner;
    return item->tag == DER_OCTET_STRING && item->content.len > 100 &&
           der_optional(&r, DER_SEQUENCE, &inner) && der_at_end(&r);
}

/* An outline of DER: one line for each element, with depth, tag, and what has to be equal: OIDs and small numbers.
 * Values of strings, long numbers and ciphertext differ from message to message. */
static void outline(struct span der, unsigned depth, struct buf *out)
{
    struct der_reader r = der_reader_of(der);
    while (!der_at_end(&r)) {
        struct der_item item;
        CHECK_OK(der_next(&r, &item, &e), &e);
        assert_false(item.indefinite);
        buf_appendf(out, "%*s%02x", (int)(2 * depth), "", item.tag);
        if (item.tag == DER_OID) {
            buf_append_byte(out, ' ');
            pki_oid_to_text(item.content, out);
        } else if (item.tag == DER_INTEGER && item.content.len == 1) {
            buf_appendf(out, " %d", item.content.data[0]);
        }
        buf_append_byte(out, '\n');
        if ((item.tag & 0x20) != 0 || holds_der(&item))
            outline(item.content, depth + 1, out);
    }
}

static struct buf outline_of(struct span der)
{
    struct buf text;
    buf_init(&text, 65536);
    outline(der, 0, &text);
    assert_non_null(buf_text(&text));
    return text;
}

static void compare(const char *capture, const struct buf *ours)
{
    struct buf theirs = fixture_file(capture);
    struct buf a = outline_of(buf_span(&theirs));
    struct buf b = outline_of(buf_span(ours));
    assert_string_equal(buf_text(&a), buf_text(&b));
    buf_clear(&theirs);
    buf_clear(&a);
    buf_clear(&b);
}

/* The captured server's names have as many parts as ours here. */
static void success_has_the_shape_of_the_capture(void **state)
{
    (void)state;
    struct buf subject = fixture_name("O=scep-clients,CN=SCEP SIGNER");
    struct buf signer;
    buf_init(&signer, 65536);
    CHECK_OK(scep_signer_make(buf_span(&subject), x.f.device_key, PKI_SHA256, FIXTURE_NOW_S, 1, &signer, &e),
             &e);
    struct scep_request request = {0};
    request.transaction = x.transaction;
    CHECK_OK(pki_cert_from_der(buf_span(&signer), &request.signer, &e), &e);
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_SUCCESS);
    spec.request = &request;
    spec.server_text = "Issued";
    spec.digest = PKI_SHA1;
    spec.transport = PKI_RSA_OAEP;
    struct buf message = exchange_build(&spec);
    compare("vectors/ndes-certrep-success.der", &message);
    buf_clear(&message);
    pki_cert_free(request.signer);
    buf_clear(&signer);
    buf_clear(&subject);
}

static void failure_has_the_shape_of_the_capture(void **state)
{
    (void)state;
    struct pki_cert *signer = fixture_make_cert(&(struct fixture_cert){.subject = "CN=SRV2012-MSCEP-RA",
                                                                       .issuer = "CN=SRV2012-CA",
                                                                       .key = x.f.ra_sign_key,
                                                                       .issuer_key = x.f.ca_key,
                                                                       .serial = 2});
    struct scep_certrep_spec spec = exchange_reply(&x, SCEP_FAILURE);
    spec.signer = signer;
    spec.has_hresult = true;
    spec.hresult = 0x80070057;
    spec.digest = PKI_SHA1;
    struct buf message = exchange_build(&spec);
    compare("vectors/ndes-certrep-failure.der", &message);
    /* Even of the same length: every value has the form of the capture's. */
    struct buf capture = fixture_file("vectors/ndes-certrep-failure.der");
    assert_int_equal(message.len, capture.len);
    buf_clear(&capture);
    buf_clear(&message);
    pki_cert_free(signer);
}

static const struct scep_certrep *read_capture(const char *path, const char *transaction_id,
                                               const char *nonce, struct scep_ca *bundle,
                                               struct scep_certrep *rep)
{
    struct buf body = fixture_file(path);
    struct scep_transaction transaction = {0};
    snprintf(transaction.id, sizeof transaction.id, "%s", transaction_id);
    memcpy(transaction.sender_nonce, nonce, SCEP_NONCE_BYTES);
    struct scep_expected expected = exchange_expected(&x);
    expected.transaction = &transaction;
    expected.ca = bundle;
    assert_false(scep_certrep_read(buf_span(&body), &expected, rep, &e));
    buf_clear(&body);
    return rep;
}

static void reads_the_captured_success(void **state)
{
    (void)state;
    struct pki_cert *ra = fixture_cert_file("vectors/ndes-ra-signing.pem");
    struct scep_ca *bundle = fixture_bundle((const struct pki_cert *[]){ra, x.f.ca}, 2);
    struct scep_certrep rep;
    read_capture("vectors/ndes-certrep-success.der", "HVvzN0228V+AW+dUuDe8OPyDXD0=",
                 "\xD9\x9D\x31\x54\xDE\x07\x11\x40\x59\xAF\x07\x5C\x5C\x17\xD5\x73", bundle, &rep);
    assert_int_equal(e.reason, REASON_DECRYPT); /* the device's key was never published */
    assert_int_equal(rep.violated, 0);          /* signature, digest, transaction, nonce, status, content */
    assert_int_equal(rep.message_type, 3);
    assert_int_equal(rep.pki_status, SCEP_SUCCESS);
    assert_string_equal(rep.server_text, "Issued");
    assert_string_equal(rep.transaction_id, "HVvzN0228V+AW+dUuDe8OPyDXD0=");
    assert_false(rep.has_hresult);
    assert_int_equal(rep.digest, PKI_SHA1);
    assert_true(rep.has_envelope);
    assert_int_equal(rep.cipher, PKI_AES128_CBC);
    assert_int_equal(rep.transport, PKI_RSA_OAEP);
    assert_false(rep.one_byte_content);
    scep_certrep_clear(&rep);
    scep_ca_free(bundle);
    pki_cert_free(ra);
}

static void the_captured_recipient_is_as_documented(void **state)
{
    (void)state;
    struct buf body = fixture_file("vectors/ndes-certrep-success.der");
    struct span type;
    struct der_item content;
    struct scep_signed s;
    struct scep_enveloped envelope;
    CHECK_OK(scep_cms_content_info(buf_span(&body), &type, &content, &e), &e);
    CHECK_OK(scep_signed_read(&content, &s, &e), &e);
    assert_int_equal(s.certificates.len, 0);
    assert_int_equal(s.digest, PKI_SHA1);
    CHECK_OK(scep_enveloped_read(s.content, &envelope, &e), &e);
    assert_int_equal(envelope.iv.len, 16);
    assert_int_equal(envelope.encrypted.content.len, 1600);
    assert_true(envelope.known_cipher && envelope.known_transport);
    struct buf name = fixture_name("O=scep-clients4,CN=SCEP SIGNER");
    struct pki_cert_identity ours = {
        .issuer = buf_span(&name),
        .serial = span_of("\x06\x0E\x0F\x0B\x45\x59\x4F\xC3\x24\x58\xEC\xD7\xBE\x5C\x1E\xF3", 16),
    };
    struct buf out;
    buf_init(&out, BYTES_MAX_MESSAGE);
    CHECK_FAILS(scep_enveloped_open(&envelope, &ours, x.f.other_key, &out, &e), &e, REASON_DECRYPT);
    buf_wipe(&out);
    buf_clear(&name);
    scep_signed_clear(&s);
    buf_clear(&body);
}

static void reads_the_captured_failure(void **state)
{
    (void)state;
    struct scep_certrep rep;
    read_capture("vectors/ndes-certrep-failure.der", "9CB1CB998B7FCC0142297B492988AFB4",
                 "\x13\x6F\x36\xF4\xA3\x8E\xC0\xC9\x74\xEF\x10\x07\xA9\xAB\xB2\x2B", x.bundle, &rep);
    assert_int_equal(e.reason, REASON_SIGNER_UNKNOWN); /* its RA certificate is not known to us */
    assert_int_equal(rep.violated, SCEP_CHECK_SIGNER | SCEP_CHECK_SIGNATURE);
    assert_int_equal(rep.pki_status, SCEP_FAILURE);
    assert_int_equal(rep.fail_info, SCEP_BAD_REQUEST);
    assert_true(rep.has_hresult);
    assert_true(rep.hresult == 0x80070057);
    assert_true(rep.one_byte_content);
    assert_false(rep.has_envelope);
    scep_certrep_clear(&rep);
}

static int empty(void **state)
{
    (void)state;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(success_has_the_shape_of_the_capture, empty),
        cmocka_unit_test_setup(failure_has_the_shape_of_the_capture, empty),
        cmocka_unit_test_setup(reads_the_captured_success, empty),
        cmocka_unit_test_setup(the_captured_recipient_is_as_documented, empty),
        cmocka_unit_test_setup(reads_the_captured_failure, empty),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
