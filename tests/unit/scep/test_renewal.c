/* Renewals in all their forms, and polling: both halves, with the keys where they belong. */
#include "scep/renewal.h"

#include "pki/general_name.h"
#include "scep/content.h"
#include "scep/transaction.h"
#include "scep_fixture.h"

static struct err e;
static struct exchange x; /* its leaf is the certificate in use, its device key that certificate's key */
static struct buf san;

/* One renewal under way. */
struct renewal {
    struct buf csr, message;
    struct scep_transaction transaction;
    struct scep_request request;
    struct pki_cert *issued;
    const struct pki_key *key; /* of the CSR */
};

/* What may vary. */
struct how {
    enum scep_message_type type;
    bool same_key;
    bool temporary_signer; /* signed as the first time, not by the certificate in use */
    bool no_san;
    const char *subject;         /* NULL: the same */
    const struct pki_cert *held; /* NULL: the exchange's leaf */
};

static struct pki_cert *leaf_of(struct span subject, const struct pki_key *key, const struct pki_key *ca_key,
                                struct span extensions, uint8_t serial, int64_t until_day)
{
    struct pki_cert_spec spec = {
        .subject = subject,
        .issuer = pki_cert_subject(x.f.ca),
        .spki = pki_key_spki(key),
        .serial = span_of(&serial, 1),
        .not_before = FIXTURE_NOW_S - 300 * FIXTURE_DAY_S,
        .not_after = FIXTURE_NOW_S + until_day * FIXTURE_DAY_S,
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT,
        .extensions = extensions,
    };
    struct buf der;
    buf_init(&der, 65536);
    struct pki_cert *cert = NULL;
    CHECK_OK(pki_cert_make(&spec, ca_key, PKI_SHA256, &der, &e), &e);
    CHECK_OK(pki_cert_from_der(buf_span(&der), &cert, &e), &e);
    buf_clear(&der);
    return cert;
}

static void make_csr(const struct how *how, struct renewal *r)
{
    struct buf subject = fixture_name(how->subject != NULL ? how->subject : FIXTURE_SUBJECT);
    struct pki_csr_spec spec = {.subject = buf_span(&subject)};
    if (!how->no_san)
        spec.san = buf_span(&san);
    buf_init(&r->csr, 65536);
    r->key = how->same_key ? x.f.device_key : x.f.other_key;
    CHECK_OK(pki_csr_make(&spec, r->key, PKI_SHA256, &r->csr, &e), &e);
    buf_clear(&subject);
}

static void renewal_open(const struct how *how, struct renewal *r)
{
    *r = (struct renewal){0};
    make_csr(how, r);
    CHECK_OK(scep_transaction_new(span_of(NULL, 0), &r->transaction, &e), &e);
    struct scep_request_spec spec = exchange_request(&x);
    spec.type = how->type;
    spec.content = buf_span(&r->csr);
    spec.transaction = &r->transaction;
    if (!how->temporary_signer)
        spec.signer_cert = pki_cert_der(how->held != NULL ? how->held : x.leaf);
    buf_init(&r->message, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_request_build(&spec, &r->message, &e), &e);
    CHECK_OK(scep_request_open(buf_span(&r->message), x.f.ra_encrypt, x.f.ra_encrypt_key, &r->request, &e),
             &e);
    assert_int_equal(r->request.type, how->type);
    assert_true(span_equal(buf_span(&r->request.content), buf_span(&r->csr)));
    r->issued = leaf_of(buf_span(&x.subject), r->key, x.f.ca_key, span_of(NULL, 0), 9, 300);
}

static void renewal_close(struct renewal *r)
{
    pki_cert_free(r->issued);
    scep_request_clear(&r->request);
    buf_clear(&r->csr);
    buf_clear(&r->message);
}

/* Replies are encrypted to the signer, which on a renewal is not the key of the CSR. */
static struct scep_expected expected_of(const struct how *how, const struct renewal *r)
{
    struct scep_expected expected = exchange_expected(&x);
    expected.transaction = &r->transaction;
    expected.request_type = how->type;
    expected.spki = pki_key_spki(r->key);
    expected.renewed_cert = pki_cert_der(x.leaf);
    if (!how->temporary_signer)
        expected.signer_cert = pki_cert_der(how->held != NULL ? how->held : x.leaf);
    return expected;
}

static void read_spec(const struct scep_certrep_spec *spec, const struct scep_expected *expected,
                      enum reason reason, enum stage stage, struct scep_certrep *rep)
{
    struct buf message = exchange_build(spec);
    bool ok = scep_certrep_read(buf_span(&message), expected, rep, &e);
    if (e.reason != reason)
        fail_msg("%s instead of %s (%s)", base_reason_id(e.reason), base_reason_id(reason), e.text);
    assert_int_equal(ok, reason == REASON_NONE);
    assert_string_equal(base_stage_id(e.stage), base_stage_id(stage));
    e = (struct err){0};
    buf_clear(&message);
}

static struct scep_certrep_spec reply_of(const struct renewal *r, enum scep_pki_status status,
                                         const struct pki_cert *const *certs, size_t count)
{
    struct scep_certrep_spec spec = exchange_reply(&x, status);
    spec.request = &r->request;
    spec.certs = certs;
    spec.cert_count = count;
    return spec;
}

static const struct how forms[] = {
    {.type = SCEP_RENEWAL_REQ},
    {.type = SCEP_UPDATE_REQ},
    {.type = SCEP_PKCS_REQ},
    {.type = SCEP_PKCS_REQ, .temporary_signer = true},
    {.type = SCEP_RENEWAL_REQ, .same_key = true},
    {.type = SCEP_PKCS_REQ, .same_key = true, .temporary_signer = true},
};

static void every_form_succeeds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct renewal r;
        renewal_open(&forms[i], &r);
        const struct pki_cert *certs[] = {x.leaf, r.issued, x.f.ca}; /* the old one too, as some servers do */
        struct scep_expected expected = expected_of(&forms[i], &r);
        for (size_t first = 0; first < 2; first++) {
            struct scep_certrep_spec spec = reply_of(&r, SCEP_SUCCESS, certs + first, 3 - first);
            struct scep_certrep rep;
            read_spec(&spec, &expected, REASON_NONE, STAGE_NONE, &rep);
            assert_true(span_equal(pki_cert_der(rep.issued), pki_cert_der(r.issued)));
            assert_int_equal(rep.certificate_count, 3 - first);
            scep_certrep_clear(&rep);
        }
        renewal_close(&r);
    }
}

/* Some servers find the old certificate by its key and send it again. */
static void the_old_certificate_is_no_renewal(void **state)
{
    (void)state;
    const struct pki_cert *certs[] = {x.leaf};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct renewal r;
        renewal_open(&forms[i], &r);
        struct scep_expected expected = expected_of(&forms[i], &r);
        struct scep_certrep_spec spec = reply_of(&r, SCEP_SUCCESS, certs, 1);
        struct scep_certrep rep;
        read_spec(&spec, &expected, REASON_RENEWAL_SAME_CERTIFICATE, STAGE_VERIFY, &rep);
        assert_null(rep.issued);
        assert_int_equal(rep.certificate_count, 1);
        scep_certrep_clear(&rep);
        expected.renewed_cert = span_of(NULL, 0); /* unasked, it passes: when the key is right */
        read_spec(&spec, &expected, forms[i].same_key ? REASON_NONE : REASON_KEY_MISMATCH,
                  forms[i].same_key ? STAGE_NONE : STAGE_VERIFY, &rep);
        scep_certrep_clear(&rep);
        renewal_close(&r);
    }
}

static void refusals_belong_to_the_renewal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct renewal r;
        renewal_open(&forms[i], &r);
        struct scep_expected expected = expected_of(&forms[i], &r);
        struct scep_certrep_spec spec = reply_of(&r, SCEP_FAILURE, NULL, 0);
        struct scep_certrep rep;
        read_spec(&spec, &expected, REASON_SCEP_FAILURE, STAGE_RENEWAL, &rep);
        scep_certrep_clear(&rep);
        spec.status = SCEP_PENDING;
        read_spec(&spec, &expected, REASON_SCEP_PENDING, STAGE_RENEWAL, &rep);
        scep_certrep_clear(&rep);
        renewal_close(&r);
    }
}

/* Nothing at the level of messages minds a signer that has expired: judging it is the server's policy. */
static void an_expired_signer_still_speaks(void **state)
{
    (void)state;
    struct pki_cert *expired =
        leaf_of(buf_span(&x.subject), x.f.device_key, x.f.ca_key, span_of(NULL, 0), 5, -1);
    struct how how = {.type = SCEP_RENEWAL_REQ, .held = expired};
    struct renewal r;
    renewal_open(&how, &r);
    assert_true(span_equal(pki_cert_der(r.request.signer), pki_cert_der(expired)));
    const struct pki_cert *certs[] = {r.issued};
    struct scep_expected expected = expected_of(&how, &r);
    struct scep_certrep_spec spec = reply_of(&r, SCEP_SUCCESS, certs, 1);
    struct scep_certrep rep;
    read_spec(&spec, &expected, REASON_NONE, STAGE_NONE, &rep);
    scep_certrep_clear(&rep);
    renewal_close(&r);
    pki_cert_free(expired);
}

/* What the server sees. */

static struct scep_renewal judged(const struct how *how)
{
    struct renewal r;
    struct pki_csr csr;
    renewal_open(how, &r);
    CHECK_OK(pki_csr_read(buf_span(&r.request.content), &csr, &e), &e);
    struct scep_renewal facts = scep_renewal_judge(&r.request, &csr, x.f.ca, FIXTURE_NOW_S);
    pki_csr_clear(&csr);
    renewal_close(&r);
    return facts;
}

static void facts_are(const struct how *how, struct scep_renewal wanted)
{
    struct scep_renewal facts = judged(how);
    assert_int_equal(facts.by_certificate, wanted.by_certificate);
    assert_int_equal(facts.too_early, wanted.too_early);
    assert_int_equal(facts.expired, wanted.expired);
    assert_int_equal(facts.same_subject, wanted.same_subject);
    assert_int_equal(facts.same_san, wanted.same_san);
    assert_int_equal(facts.same_key, wanted.same_key);
}

static void facts_for_the_server(void **state)
{
    (void)state;
    struct scep_renewal usual = {.by_certificate = true, .same_subject = true, .same_san = true};
    struct scep_renewal other = usual;
    facts_are(&(struct how){.type = SCEP_RENEWAL_REQ}, usual);
    facts_are(&(struct how){.type = SCEP_RENEWAL_REQ, .subject = "OU=scepstorm,CN=phone-7"}, usual);
    other.same_key = true;
    facts_are(&(struct how){.type = SCEP_RENEWAL_REQ, .same_key = true}, other);
    other = usual;
    other.same_subject = false;
    facts_are(&(struct how){.type = SCEP_RENEWAL_REQ, .subject = "CN=phone-8,OU=scepstorm"}, other);
    other = usual;
    other.same_san = false;
    facts_are(&(struct how){.type = SCEP_RENEWAL_REQ, .no_san = true}, other);
    other =
        (struct scep_renewal){.same_subject = true}; /* the temporary signer has no names, and another key */
    facts_are(&(struct how){.type = SCEP_PKCS_REQ, .temporary_signer = true}, other);
}

static void facts_about_dates_and_issuers(void **state)
{
    (void)state;
    struct span name = buf_span(&x.subject);
    struct pki_cert *expired = leaf_of(name, x.f.device_key, x.f.ca_key, span_of(NULL, 0), 5, -1);
    struct pki_cert *early = fixture_make_cert(&(struct fixture_cert){.subject = FIXTURE_SUBJECT,
                                                                      .issuer = FIXTURE_CA_NAME,
                                                                      .key = x.f.device_key,
                                                                      .issuer_key = x.f.ca_key,
                                                                      .from_day = 1,
                                                                      .until_day = 9});
    struct pki_cert *foreign = leaf_of(name, x.f.device_key, x.f.other_key, span_of(NULL, 0), 5, 9);
    struct how how = {.type = SCEP_RENEWAL_REQ, .no_san = true, .held = expired};
    struct scep_renewal usual = {.by_certificate = true, .same_subject = true, .same_san = true};
    struct scep_renewal other = usual;
    other.expired = true;
    facts_are(&how, other);
    how.held = early;
    other = usual;
    other.too_early = true;
    facts_are(&how, other);
    how.held = foreign;
    other = usual;
    other.by_certificate = false;
    facts_are(&how, other);
    pki_cert_free(foreign);
    pki_cert_free(early);
    pki_cert_free(expired);
}

/* Polling. */

/* The CertPoll that follows, as the server opens it: the same transaction, a fresh nonce. */
static void send_poll(struct renewal *r)
{
    struct buf content;
    struct scep_content asked;
    buf_init(&content, 4096);
    CHECK_OK(scep_content_put_subject(pki_cert_subject(x.f.ca), buf_span(&x.subject), &content, &e), &e);
    struct scep_transaction next;
    CHECK_OK(scep_transaction_next(&r->transaction, &next, &e), &e);
    assert_string_equal(next.id, r->transaction.id);
    assert_memory_not_equal(next.sender_nonce, r->transaction.sender_nonce, SCEP_NONCE_BYTES);
    r->transaction = next;
    struct scep_request_spec spec = exchange_request(&x);
    spec.type = SCEP_CERT_POLL;
    spec.content = buf_span(&content);
    spec.transaction = &r->transaction;
    spec.signer_cert = pki_cert_der(x.leaf);
    buf_reset(&r->message);
    CHECK_OK(scep_request_build(&spec, &r->message, &e), &e);
    scep_request_clear(&r->request);
    CHECK_OK(scep_request_open(buf_span(&r->message), x.f.ra_encrypt, x.f.ra_encrypt_key, &r->request, &e),
             &e);
    assert_int_equal(r->request.type, SCEP_CERT_POLL);
    CHECK_OK(scep_content_read_subject(buf_span(&r->request.content), &asked, &e), &e);
    assert_true(span_equal(asked.issuer, pki_cert_subject(x.f.ca)));
    assert_true(span_equal(asked.subject, buf_span(&x.subject)));
    buf_clear(&content);
}

static void polled(struct renewal *r, enum scep_pki_status status, const struct pki_cert *cert,
                   enum reason reason, enum stage stage)
{
    struct how how = {.type = SCEP_CERT_POLL};
    const struct pki_cert *certs[] = {cert};
    send_poll(r);
    struct scep_certrep_spec spec = reply_of(r, status, certs, 1);
    struct scep_expected expected = expected_of(&how, r);
    struct scep_certrep rep;
    read_spec(&spec, &expected, reason, stage, &rep);
    assert_int_equal(rep.violated, 0);
    assert_int_equal(rep.issued != NULL, reason == REASON_NONE);
    scep_certrep_clear(&rep);
}

static void a_poll_ends_as_a_request_does(void **state)
{
    (void)state;
    struct renewal r;
    renewal_open(&(struct how){.type = SCEP_RENEWAL_REQ}, &r);
    polled(&r, SCEP_PENDING, NULL, REASON_SCEP_PENDING, STAGE_CERT_POLL);
    polled(&r, SCEP_PENDING, NULL, REASON_SCEP_PENDING, STAGE_CERT_POLL);
    polled(&r, SCEP_FAILURE, NULL, REASON_SCEP_FAILURE, STAGE_CERT_POLL);
    polled(&r, SCEP_SUCCESS, x.leaf, REASON_RENEWAL_SAME_CERTIFICATE, STAGE_VERIFY);
    polled(&r, SCEP_SUCCESS, x.f.ca, REASON_NO_CERTIFICATE, STAGE_VERIFY);
    polled(&r, SCEP_SUCCESS, r.issued, REASON_NONE, STAGE_NONE);
    renewal_close(&r);
}

/* A reply to an earlier message of the transaction has an earlier nonce. */
static void replies_belong_to_their_poll(void **state)
{
    (void)state;
    struct renewal r;
    renewal_open(&(struct how){.type = SCEP_RENEWAL_REQ}, &r);
    struct scep_certrep_spec spec = reply_of(&r, SCEP_PENDING, NULL, 0);
    struct buf late = exchange_build(&spec);
    send_poll(&r);
    struct scep_expected expected = expected_of(&(struct how){.type = SCEP_CERT_POLL}, &r);
    struct scep_certrep rep;
    CHECK_FAILS(scep_certrep_read(buf_span(&late), &expected, &rep, &e), &e, REASON_NONCE_MISMATCH);
    assert_int_equal(rep.violated, SCEP_CHECK_NONCE);
    scep_certrep_clear(&rep);
    buf_clear(&late);
    renewal_close(&r);
}

/* The exchange's leaf with a name in it, so that renewals have one to keep. */
static int open_all(void **state)
{
    (void)state;
    static const char *const names[] = {"dns:phone-7.example", "upn:seven@example"};
    exchange_open(&x);
    buf_init(&san, 4096);
    CHECK_OK(pki_general_names_from_texts(names, 2, &san, &e), &e);
    struct renewal r = {0};
    struct pki_csr csr;
    make_csr(&(struct how){.same_key = true}, &r);
    CHECK_OK(pki_csr_read(buf_span(&r.csr), &csr, &e), &e);
    pki_cert_free(x.leaf);
    x.leaf = leaf_of(buf_span(&x.subject), x.f.device_key, x.f.ca_key, csr.extensions, 4, 60);
    pki_csr_clear(&csr);
    buf_clear(&r.csr);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    buf_clear(&san);
    exchange_close(&x);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_succeeds),
        cmocka_unit_test(the_old_certificate_is_no_renewal),
        cmocka_unit_test(refusals_belong_to_the_renewal),
        cmocka_unit_test(an_expired_signer_still_speaks),
        cmocka_unit_test(facts_for_the_server),
        cmocka_unit_test(facts_about_dates_and_issuers),
        cmocka_unit_test(a_poll_ends_as_a_request_does),
        cmocka_unit_test(replies_belong_to_their_poll),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
