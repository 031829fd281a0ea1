/* Every transaction but the plain PKCSReq, in virtual time: renewals, polls, repetitions, GetCert, GetCRL, GetNextCACert. */
#include "pki/crl.h"
#include "scep/content.h"
#include "scep/next_ca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RIG_NEXT_CA true
#include "sim_rig.h"

#define DAY (24 * 60 * MINUTE)

static struct pki_key *new_key, *ec_key;

static struct rig *rig_of(const char *approval, unsigned operations)
{
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    struct err e = {0};
    policy.operations = operations;
    if (approval != NULL && !ndes_policy_approval(approval, &policy.approval, &e))
        fail_msg("%s", e.text);
    return make_rig_with(NULL, &policy, NULL);
}

/* A first enrollment. The caller frees the certificate; *d keeps what a second message needs. */
static struct pki_cert *first_cert(struct rig *r, struct sim_device *d)
{
    char password[NDES_OTP_TEXT_BYTES];
    struct scep_certrep rep;
    struct err e = {0};
    fetch_password(r, password);
    d->password = password;
    if (!enroll(r, d, &rep, &e))
        fail_msg("%s: %s", base_reason_id(e.reason), e.text);
    d->password = NULL;
    struct pki_cert *cert = pki_cert_ref(rep.issued);
    scep_certrep_clear(&rep);
    return cert;
}

static enum reason outcome(struct rig *r, struct sim_device *d, struct scep_certrep *rep)
{
    struct err e = {0};
    return enroll(r, d, rep, &e) ? REASON_NONE : e.reason;
}

static void assert_outcome(struct rig *r, struct sim_device *d, enum reason wanted)
{
    struct scep_certrep rep;
    enum reason got = outcome(r, d, &rep);
    if (got != wanted)
        fail_msg("%s, not %s: failInfo %d, HRESULT 0x%08x", base_reason_id(got), base_reason_id(wanted),
                 rep.fail_info, (unsigned)rep.hresult);
    assert_int_equal(rep.violated, 0);
    scep_certrep_clear(&rep);
}

/* ---- renewals ---- */

static struct sim_device renewal_of(const struct pki_cert *held, enum scep_message_type type)
{
    return (struct sim_device){
        .type = type, .key = new_key, .signer_key = device_key, .holds = held, .cipher = PKI_AES128_CBC};
}

static void a_certificate_renews_itself(void **state)
{
    (void)state;
    static const enum scep_message_type types[] = {SCEP_RENEWAL_REQ, SCEP_PKCS_REQ};
    struct rig *r = make_rig(NULL);
    struct sim_device first = {.cipher = PKI_AES128_CBC};
    struct pki_cert *held = first_cert(r, &first);
    r->now_us += 300 * DAY;
    for (size_t i = 0; i < 2; i++) {
        struct sim_device d = renewal_of(held, types[i]);
        assert_outcome(r, &d, REASON_NONE);
        d = renewal_of(held, types[i]);
        d.key = device_key; /* the same key once more, another transaction: a new certificate */
        assert_outcome(r, &d, REASON_NONE);
    }
    pki_cert_free(held);
    free_rig(r);
}

static void renewal_wants_a_valid_certificate_of_this_ca(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    struct sim_device d = {.type = SCEP_RENEWAL_REQ, .cipher = PKI_AES128_CBC};
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x800B0109); /* self-signed */
    struct sim_device first = {.cipher = PKI_AES128_CBC};
    struct pki_cert *held = first_cert(r, &first);
    r->now_us += 366 * DAY;
    d = renewal_of(held, SCEP_RENEWAL_REQ);
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x800B0101);
    d = renewal_of(held, SCEP_PKCS_REQ);
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x800B0101);
    pki_cert_free(held);
    free_rig(r);
}

static void renewal_keeps_subject_and_san(void **state)
{
    (void)state;
    static const uint8_t dns_a[] = {0x30, 3, 0x82, 1, 'a'}, dns_b[] = {0x30, 3, 0x82, 1, 'b'};
    struct rig *r = make_rig(NULL);
    struct sim_device first = {.cipher = PKI_AES128_CBC, .san = span_of(dns_a, sizeof dns_a)};
    struct pki_cert *held = first_cert(r, &first);
    struct sim_device d = renewal_of(held, SCEP_RENEWAL_REQ);
    d.san = first.san;
    d.subject = "CN=phone-8,OU=scepstorm";
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80094806);
    d = renewal_of(held, SCEP_RENEWAL_REQ); /* without a SAN */
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80094806);
    d.san = span_of(dns_b, sizeof dns_b);
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80094806);
    d.san = first.san;
    d.subject = "OU=scepstorm,CN=phone-7"; /* order does not count */
    assert_outcome(r, &d, REASON_NONE);
    pki_cert_free(held);
    free_rig(r);
}

static void signing_with_a_certificate_does_not_replace_a_password_that_is_sent(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    char password[NDES_OTP_TEXT_BYTES];
    struct sim_device first = {.cipher = PKI_AES128_CBC};
    struct pki_cert *held = first_cert(r, &first);
    struct sim_device d = renewal_of(held, SCEP_PKCS_REQ);
    d.password = "0123456789ABCDEF";
    assert_refused(r, &d, SCEP_BAD_MESSAGE_CHECK, 0x80070490);
    fetch_password(r, password); /* with one that counts it is an enrollment like any other */
    d.password = password;
    d.subject = "CN=phone-8,OU=scepstorm";
    assert_outcome(r, &d, REASON_NONE);
    pki_cert_free(held);
    free_rig(r);
}

static void update_req_is_answered_on_demand(void **state)
{
    (void)state;
    for (unsigned operations = 0; operations <= NDES_OPERATION_UPDATE; operations += NDES_OPERATION_UPDATE) {
        struct rig *r = rig_of(NULL, operations);
        struct sim_device first = {.cipher = PKI_AES128_CBC};
        struct pki_cert *held = first_cert(r, &first);
        struct sim_device d = renewal_of(held, SCEP_UPDATE_REQ);
        if (operations == 0)
            assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80070057);
        else
            assert_outcome(r, &d, REASON_NONE);
        pki_cert_free(held);
        free_rig(r);
    }
}

static void quirk_gives_the_old_certificate_to_the_old_key(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.quirks = NDES_QUIRK_SAME_KEY_RETURNS_OLD;
    struct rig *r = make_rig_with(NULL, &policy, NULL);
    struct sim_device first = {.cipher = PKI_AES128_CBC};
    struct pki_cert *held = first_cert(r, &first);
    r->now_us += 300 * DAY;
    struct sim_device d = renewal_of(held, SCEP_RENEWAL_REQ);
    d.key = device_key;
    assert_outcome(r, &d, REASON_RENEWAL_SAME_CERTIFICATE);
    d = renewal_of(held, SCEP_RENEWAL_REQ);
    assert_outcome(r, &d, REASON_NONE);
    pki_cert_free(held);
    free_rig(r);
}

/* ---- repetitions ---- */

/* The serial number that a request repeated `later_us` later gets differs from the first or not. */
static bool repeated_gets_same(struct rig *r, int64_t later_us, struct pki_key *key)
{
    struct sim_device d = {.cipher = PKI_AES128_CBC};
    struct pki_cert *cert = first_cert(r, &d);
    char password[NDES_OTP_TEXT_BYTES];
    struct scep_certrep rep;
    fetch_password(r, password);
    d.same_transaction = true;
    d.password = password;
    d.key = key;
    r->now_us += later_us;
    assert_int_equal(outcome(r, &d, &rep), REASON_NONE);
    bool same = span_equal(pki_cert_der(cert), pki_cert_der(rep.issued));
    scep_certrep_clear(&rep);
    pki_cert_free(cert);
    return same;
}

static void a_repeated_request_gets_its_certificate_again(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.repeats = true;
    struct rig *r = make_rig_with(NULL, &policy, NULL);
    assert_true(repeated_gets_same(r, 19 * MINUTE, device_key));
    assert_false(repeated_gets_same(r, 21 * MINUTE, device_key));
    assert_false(repeated_gets_same(r, MINUTE, new_key));
    free_rig(r);
}

/* By default the password of the first one is used up. */
static void a_repeated_request_is_judged_anew(void **state)
{
    (void)state;
    char password[NDES_OTP_TEXT_BYTES];
    struct rig *r = make_rig(NULL);
    struct sim_device d = {.cipher = PKI_AES128_CBC, .password = password};
    fetch_password(r, password);
    assert_outcome(r, &d, REASON_NONE);
    d.same_transaction = true;
    assert_outcome(r, &d, REASON_SCEP_FAILURE);
    free_rig(r);
}

/* A renewal with the same key whose transactionID is derived from it is not the first request again. */
static void a_renewal_is_no_repetition_of_the_enrollment(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    struct sim_device first = {.cipher = PKI_AES128_CBC};
    struct pki_cert *held = first_cert(r, &first);
    struct sim_device d = renewal_of(held, SCEP_RENEWAL_REQ);
    d.key = device_key;
    d.same_transaction = true;
    d.transaction = first.transaction;
    assert_outcome(r, &d, REASON_NONE);
    pki_cert_free(held);
    free_rig(r);
}

/* ---- approvals ---- */

/* Makes `d` a poll for the request it has made. */
static void become_poll(struct sim_device *d, const char *subject, struct buf *content)
{
    struct buf name;
    struct err e = {0};
    buf_init(&name, 1024);
    buf_reset(content);
    assert_true(pki_name_from_text(subject, &name, &e));
    assert_true(scep_content_put_subject(pki_cert_subject(identity->ca), buf_span(&name), content, &e));
    buf_clear(&name);
    d->type = SCEP_CERT_POLL;
    d->content = buf_span(content);
    d->same_transaction = true;
    d->password = NULL;
}

static struct sim_device ask_pending(struct rig *r)
{
    char password[NDES_OTP_TEXT_BYTES];
    struct sim_device d = {.cipher = PKI_AES128_CBC, .password = password};
    fetch_password(r, password);
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    return d;
}

#define SUBJECT "CN=phone-7,OU=scepstorm"

static void the_nth_poll_gets_the_certificate(void **state)
{
    (void)state;
    struct rig *r = rig_of("after-polls=2", 0);
    struct buf content;
    buf_init(&content, 4096);
    struct sim_device d = ask_pending(r);
    become_poll(&d, SUBJECT, &content);
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    assert_outcome(r, &d, REASON_NONE);
    assert_outcome(r, &d, REASON_NONE); /* the reply was lost: once more (RFC 8894 5.2, figure 13) */
    buf_clear(&content);
    free_rig(r);
}

static void polls_get_the_certificate_after_a_while(void **state)
{
    (void)state;
    struct rig *r = rig_of("after=30s,then=issue", 0);
    struct buf content;
    buf_init(&content, 4096);
    struct sim_device d = ask_pending(r);
    become_poll(&d, "OU=scepstorm,CN=phone-7", &content);
    r->now_us += 29 * MINUTE / 60;
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    r->now_us += MINUTE / 60;
    assert_outcome(r, &d, REASON_NONE);
    buf_clear(&content);
    free_rig(r);
}

static void denied_requests_stay_denied(void **state)
{
    (void)state;
    struct rig *r = rig_of("after-polls=1,then=deny", 0);
    struct buf content;
    buf_init(&content, 4096);
    struct sim_device d = ask_pending(r);
    become_poll(&d, SUBJECT, &content);
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80094014);
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80094014);
    buf_clear(&content);
    free_rig(r);
}

static void requests_are_forgotten(void **state)
{
    (void)state;
    struct rig *r = rig_of("after=1h", 0);
    struct buf content;
    buf_init(&content, 4096);
    struct sim_device d = ask_pending(r);
    become_poll(&d, SUBJECT, &content);
    r->now_us += 20 * MINUTE - 1;
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    r->now_us += 1;
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80070490);
    d = ask_pending(r);
    become_poll(&d, "CN=somebody,OU=scepstorm", &content);
    d.subject = SUBJECT;
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80070490);
    become_poll(&d, SUBJECT, &content);
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    ndes_ca_restart(r->ca, r->now_us);
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80070490);
    buf_clear(&content);
    free_rig(r);
}

static void a_restart_of_the_pool_forgets_requests(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    struct err e = {0};
    assert_true(ndes_policy_approval("after=1h", &policy.approval, &e));
    struct rig *r = make_rig_with("app-pool-stopped:from=60s,for=30s", &policy, NULL);
    struct buf content;
    buf_init(&content, 4096);
    struct sim_device d = ask_pending(r);
    become_poll(&d, SUBJECT, &content);
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    r->now_us += 2 * MINUTE;
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80070490);
    buf_clear(&content);
    free_rig(r);
}

/* Some clients do not poll, they ask again. */
static void asking_again_counts_as_a_poll(void **state)
{
    (void)state;
    struct rig *r = rig_of("after-polls=2", 0);
    struct sim_device d = ask_pending(r);
    d.same_transaction = true;
    d.password = "spent already";
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    assert_outcome(r, &d, REASON_NONE);
    free_rig(r);
}

static void renewals_wait_too(void **state)
{
    (void)state;
    struct rig *r = rig_of("after-polls=1", 0);
    struct buf content;
    struct scep_certrep rep;
    buf_init(&content, 4096);
    struct sim_device first = ask_pending(r);
    become_poll(&first, SUBJECT, &content);
    assert_int_equal(outcome(r, &first, &rep), REASON_NONE);
    struct pki_cert *held = pki_cert_ref(rep.issued);
    scep_certrep_clear(&rep);
    struct sim_device d = renewal_of(held, SCEP_RENEWAL_REQ);
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    become_poll(&d, SUBJECT, &content);
    assert_outcome(r, &d, REASON_NONE);
    pki_cert_free(held);
    buf_clear(&content);
    free_rig(r);
}

static void polls_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const uint8_t nonsense[] = {0x30, 2, 5, 0};
    struct rig *r = make_rig(NULL);
    struct sim_device d = {.type = SCEP_CERT_POLL, .content = span_of(nonsense, sizeof nonsense)};
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x8009310B);
    free_rig(r);
}

static void faults_hold_requests(void **state)
{
    (void)state;
    struct buf content;
    buf_init(&content, 4096);
    struct rig *r = make_rig("pending-approval:for=60s");
    struct sim_device d = ask_pending(r);
    become_poll(&d, SUBJECT, &content);
    assert_outcome(r, &d, REASON_SCEP_PENDING);
    r->now_us += MINUTE;
    assert_outcome(r, &d, REASON_NONE);
    free_rig(r);

    r = make_rig("approval-denied");
    d = ask_pending(r);
    become_poll(&d, SUBJECT, &content);
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80094014);
    free_rig(r);

    static const char *const forgetful[] = {"pending-forgotten", "pending-forgotten:answer=badCertId"};
    for (size_t i = 0; i < 2; i++) {
        r = make_rig(forgetful[i]);
        d = ask_pending(r);
        become_poll(&d, SUBJECT, &content);
        assert_refused(r, &d, i == 0 ? SCEP_BAD_REQUEST : SCEP_BAD_CERT_ID, 0x80070490);
        free_rig(r);
    }
    buf_clear(&content);
}

/* ---- GetCert, GetCRL, GetNextCACert ---- */

static struct sim_device query(enum scep_message_type type, struct span issuer, struct span serial,
                               struct buf *content)
{
    struct err e = {0};
    buf_reset(content);
    assert_true(scep_content_put_serial(issuer, serial, content, &e));
    return (struct sim_device){
        .type = type, .content = buf_span(content), .cipher = PKI_AES128_CBC, .wanted_serial = serial};
}

static void ndes_answers_neither_get_cert_nor_get_crl(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    struct buf content;
    buf_init(&content, 4096);
    static const enum scep_message_type types[] = {SCEP_GET_CERT, SCEP_GET_CRL, SCEP_UPDATE_REQ,
                                                   (enum scep_message_type)23};
    for (size_t i = 0; i < 4; i++) {
        struct sim_device d =
            query(types[i], pki_cert_subject(identity->ca), pki_cert_serial(identity->ca), &content);
        assert_refused(r, &d, SCEP_BAD_REQUEST, 0x80070057); /* as captured from Windows Server 2012 */
    }
    buf_clear(&content);
    free_rig(r);
}

static void issued_certificates_can_be_fetched(void **state)
{
    (void)state;
    struct rig *r = rig_of(NULL, NDES_OPERATION_GET_CERT);
    struct buf content;
    buf_init(&content, 4096);
    struct sim_device first = {.cipher = PKI_AES128_CBC};
    struct pki_cert *cert = first_cert(r, &first);
    struct sim_device d = query(SCEP_GET_CERT, pki_cert_issuer(cert), pki_cert_serial(cert), &content);
    assert_outcome(r, &d, REASON_NONE);
    d = query(SCEP_GET_CERT, pki_cert_issuer(cert), pki_cert_serial(identity->encrypt), &content);
    assert_refused(r, &d, SCEP_BAD_CERT_ID, 0x80092004);
    d = query(SCEP_GET_CERT, pki_cert_subject(identity->encrypt), pki_cert_serial(cert), &content);
    assert_refused(r, &d, SCEP_BAD_CERT_ID, 0x80092004);
    d.content = span_of_text("no ASN.1");
    assert_refused(r, &d, SCEP_BAD_REQUEST, 0x8009310B);
    pki_cert_free(cert);
    buf_clear(&content);
    free_rig(r);
}

static struct span crl_number(struct rig *r, struct buf *content, uint8_t out[8])
{
    struct sim_device d =
        query(SCEP_GET_CRL, pki_cert_subject(identity->ca), pki_cert_serial(identity->ca), content);
    struct scep_certrep rep;
    assert_int_equal(outcome(r, &d, &rep), REASON_NONE);
    struct span number = pki_crl_number(rep.crl);
    assert_true(number.len <= 8);
    memcpy(out, number.data, number.len);
    scep_certrep_clear(&rep);
    return span_of(out, number.len);
}

static void crl_is_renewed_before_it_ends(void **state)
{
    (void)state;
    struct rig *r = rig_of(NULL, NDES_OPERATION_GET_CRL);
    struct buf content;
    uint8_t a[8], b[8];
    buf_init(&content, 4096);
    struct span first = crl_number(r, &content, a);
    r->now_us += 6 * DAY - MINUTE;
    assert_true(span_equal(first, crl_number(r, &content, b)));
    r->now_us += 2 * MINUTE;
    assert_false(span_equal(first, crl_number(r, &content, b)));
    r->now_us += 40 * DAY;
    assert_false(span_equal(first, crl_number(r, &content, b)));
    buf_clear(&content);
    free_rig(r);
}

#define NEXT "/certsrv/mscep/mscep.dll?operation=GetNextCACert&message=x"

static void next_ca_is_signed_by_this_one(void **state)
{
    (void)state;
    struct rig *r = rig_of(NULL, NDES_OPERATION_GET_NEXT_CA_CERT);
    struct ndes_reply reply = get(r, NEXT);
    struct scep_ca *next = NULL;
    struct err e = {0};
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "application/x-x509-next-ca-cert");
    if (!scep_next_ca_read(buf_span(&reply.body), r->served, &next, &e))
        fail_msg("%s", e.text);
    assert_int_equal(scep_ca_count(next), 1);
    assert_true(pki_cert_is_ca(scep_ca_cert(next, 0)));
    assert_false(span_equal(pki_cert_spki(scep_ca_cert(next, 0)), pki_cert_spki(identity->ca)));
    scep_ca_free(next);
    buf_clear(&reply.body);
    reply = get(r, CAPS);
    assert_non_null(memmem(reply.body.data, reply.body.len, "GetNextCACert\r\n", 15));
    buf_clear(&reply.body);
    free_rig(r);
}

/* ---- keys and replies ---- */

static void ec_keys_are_certified_through_a_signer_that_is_rsa(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    struct sim_device d = {
        .key = ec_key, .signer_key = device_key, .password = password, .cipher = PKI_AES128_CBC};
    assert_outcome(r, &d, REASON_NONE);
    free_rig(r);
}

static void replies_are_as_the_policy_wants_them(void **state)
{
    (void)state;
    for (enum pki_cipher asked = PKI_DES_CBC; asked < PKI_CIPHER_COUNT; asked++) {
        for (unsigned fixed = 0; fixed < 2; fixed++) {
            struct ndes_policy policy = NDES_POLICY_DEFAULTS;
            policy.reply_cipher_fixed = fixed == 1;
            policy.reply_cipher = PKI_AES256_CBC;
            policy.reply_transport = fixed == 1 ? PKI_RSA_OAEP : PKI_RSA_PKCS1;
            policy.reply_digest = fixed == 1 ? PKI_SHA512 : PKI_SHA1;
            struct rig *r = make_rig_with(NULL, &policy, NULL);
            char password[NDES_OTP_TEXT_BYTES];
            struct scep_certrep rep;
            fetch_password(r, password);
            struct sim_device d = {.password = password, .cipher = asked};
            assert_int_equal(outcome(r, &d, &rep), REASON_NONE);
            assert_int_equal(rep.cipher, fixed == 1 ? PKI_AES256_CBC : asked);
            assert_int_equal(rep.transport, policy.reply_transport);
            assert_int_equal(rep.digest, policy.reply_digest);
            scep_certrep_clear(&rep);
            free_rig(r);
        }
    }
}

static int make_more_keys(void **state)
{
    struct err e = {0};
    return make_keys(state) == 0 && pki_key_generate_rsa(2048, &new_key, &e) &&
                   pki_key_generate_ec(256, &ec_key, &e)
               ? 0
               : 1;
}

static int free_more_keys(void **state)
{
    pki_key_free(new_key);
    pki_key_free(ec_key);
    return free_keys(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_renews_itself),
        cmocka_unit_test(renewal_wants_a_valid_certificate_of_this_ca),
        cmocka_unit_test(renewal_keeps_subject_and_san),
        cmocka_unit_test(signing_with_a_certificate_does_not_replace_a_password_that_is_sent),
        cmocka_unit_test(update_req_is_answered_on_demand),
        cmocka_unit_test(quirk_gives_the_old_certificate_to_the_old_key),
        cmocka_unit_test(a_repeated_request_gets_its_certificate_again),
        cmocka_unit_test(a_repeated_request_is_judged_anew),
        cmocka_unit_test(a_renewal_is_no_repetition_of_the_enrollment),
        cmocka_unit_test(the_nth_poll_gets_the_certificate),
        cmocka_unit_test(polls_get_the_certificate_after_a_while),
        cmocka_unit_test(denied_requests_stay_denied),
        cmocka_unit_test(requests_are_forgotten),
        cmocka_unit_test(a_restart_of_the_pool_forgets_requests),
        cmocka_unit_test(asking_again_counts_as_a_poll),
        cmocka_unit_test(renewals_wait_too),
        cmocka_unit_test(polls_that_make_no_sense_are_refused),
        cmocka_unit_test(faults_hold_requests),
        cmocka_unit_test(ndes_answers_neither_get_cert_nor_get_crl),
        cmocka_unit_test(issued_certificates_can_be_fetched),
        cmocka_unit_test(crl_is_renewed_before_it_ends),
        cmocka_unit_test(next_ca_is_signed_by_this_one),
        cmocka_unit_test(ec_keys_are_certified_through_a_signer_that_is_rsa),
        cmocka_unit_test(replies_are_as_the_policy_wants_them),
    };
    return cmocka_run_group_tests(tests, make_more_keys, free_more_keys);
}
