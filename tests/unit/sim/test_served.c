/* Each operation once through a real socket: what the CA decides also arrives. */
#include "sim/sim.h"

#include "base/clock.h"
#include "base/text.h"
#include "check.h"
#include "scep/content.h"
#include "scep/next_ca.h"
#include "sim_device.h"
#include "talk.h"

#define SCEP    "/certsrv/mscep/mscep.dll"
#define SUBJECT "CN=phone-7,OU=scepstorm"
#define EVERY_OP                                                                                             \
    (NDES_OPERATION_GET_CERT | NDES_OPERATION_GET_CRL | NDES_OPERATION_GET_NEXT_CA_CERT |                    \
     NDES_OPERATION_UPDATE)

static struct pki_key *device_key, *new_key;

struct talker {
    struct sim *sim;
    unsigned port;
    struct scep_ca *ca;
};

static struct talker begin(const struct ndes_policy *policy, const struct secret *challenge)
{
    struct sim_config config = {.listen = "127.0.0.1:0",
                                .threads = 2,
                                .static_password = "C0FFEE",
                                .challenge = challenge,
                                .policy = policy};
    struct talker t = {0};
    struct err e = {0};
    struct buf reply = fresh_buf();
    if (!sim_start(&config, &t.sim, &e))
        fail_msg("%s", e.text);
    t.port = talk_port(sim_url(t.sim));
    assert_true(talk_get(t.port, SCEP "?operation=GetCACert&message=ca", "", &reply));
    if (!scep_ca_parse(talk_body(&reply), &t.ca, &e))
        fail_msg("%s", e.text);
    buf_clear(&reply);
    return t;
}

static void end(struct talker *t)
{
    scep_ca_free(t->ca);
    sim_stop(t->sim);
}

/* One PKIOperation, by POST or by GET. Clear *rep. */
static enum reason operate(const struct talker *t, struct sim_device *d, bool by_get,
                           struct scep_certrep *rep)
{
    struct buf reply = fresh_buf(), target = fresh_buf(), base64 = fresh_buf();
    struct err e = {0};
    d->subject = SUBJECT;
    d->key = d->key != NULL ? d->key : device_key;
    d->digest = PKI_SHA256;
    d->cipher = PKI_AES128_CBC;
    d->now_s = clock_wall_us() / 1000000;
    assert_true(sim_device_make(d, t->ca, &e));
    buf_append_text(&target, SCEP "?operation=PKIOperation&message=");
    assert_true(text_base64(buf_span(&d->message), &base64) &&
                text_percent_encode(buf_span(&base64), &target));
    assert_true(by_get ? talk_get(t->port, buf_text(&target), "", &reply)
                       : talk_post(t->port, SCEP "?operation=PKIOperation", buf_span(&d->message), &reply));
    assert_int_equal(talk_status(&reply), 200);
    enum reason reason = sim_device_read(d, t->ca, talk_body(&reply), rep, &e) ? REASON_NONE : e.reason;
    sim_device_clear(d);
    buf_clear(&reply);
    buf_clear(&target);
    buf_clear(&base64);
    return reason;
}

static void assert_operates(const struct talker *t, struct sim_device *d, enum reason wanted)
{
    for (int by_get = 0; by_get < 2; by_get++) {
        struct scep_certrep rep;
        struct sim_device copy = *d;
        enum reason got = operate(t, &copy, by_get == 1, &rep);
        if (got != wanted)
            fail_msg("%s, not %s (%s)", base_reason_id(got), base_reason_id(wanted), rep.server_text);
        scep_certrep_clear(&rep);
    }
}

static void assert_query(const struct talker *t, enum scep_message_type type, const struct pki_cert *cert)
{
    struct buf content = fresh_buf();
    struct err e = {0};
    assert_true(scep_content_put_serial(pki_cert_issuer(cert), pki_cert_serial(cert), &content, &e));
    struct sim_device d = {
        .type = type, .content = buf_span(&content), .wanted_serial = pki_cert_serial(cert)};
    assert_operates(t, &d, REASON_NONE);
    buf_clear(&content);
}

static void assert_next_ca(const struct talker *t)
{
    struct buf reply = fresh_buf();
    struct scep_ca *next = NULL;
    struct err e = {0};
    assert_true(talk_get(t->port, SCEP "?operation=GetNextCACert&message=ca", "", &reply));
    assert_true(span_equal_text(talk_header(&reply, "Content-Type"), "application/x-x509-next-ca-cert"));
    if (!scep_next_ca_read(talk_body(&reply), t->ca, &next, &e))
        fail_msg("%s", e.text);
    scep_ca_free(next);
    buf_clear(&reply);
}

static void every_operation_is_served(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.operations = EVERY_OP;
    struct talker t = begin(&policy, NULL);
    struct sim_device d = {.password = "C0FFEE"};
    struct scep_certrep rep;
    assert_int_equal(operate(&t, &d, false, &rep), REASON_NONE);
    static const enum scep_message_type types[] = {SCEP_RENEWAL_REQ, SCEP_UPDATE_REQ, SCEP_PKCS_REQ};
    for (size_t i = 0; i < 3; i++) {
        d = (struct sim_device){
            .type = types[i], .key = new_key, .signer_key = device_key, .holds = rep.issued};
        assert_operates(&t, &d, REASON_NONE);
    }
    assert_query(&t, SCEP_GET_CERT, rep.issued);
    assert_query(&t, SCEP_GET_CRL, rep.issued);
    assert_next_ca(&t);
    scep_certrep_clear(&rep);
    end(&t);
}

static void requests_wait_and_are_polled_for(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.approval = (struct ndes_approval){.when = NDES_APPROVAL_POLLS, .polls = 3};
    struct talker t = begin(&policy, NULL);
    struct sim_device d = {.password = "C0FFEE"};
    struct scep_certrep rep;
    struct buf content = fresh_buf(), name = fresh_buf();
    struct err e = {0};
    assert_int_equal(operate(&t, &d, false, &rep), REASON_SCEP_PENDING);
    scep_certrep_clear(&rep);
    assert_true(pki_name_from_text(SUBJECT, &name, &e));
    assert_true(scep_content_put_subject(pki_cert_subject(scep_ca_recipient(t.ca)), buf_span(&name), &content,
                                         &e)); /* the RA's name for the issuer, as some clients have it */
    d.type = SCEP_CERT_POLL;
    d.content = buf_span(&content);
    d.same_transaction = true;
    assert_operates(&t, &d, REASON_SCEP_PENDING);
    assert_operates(&t, &d, REASON_NONE);
    buf_clear(&content);
    buf_clear(&name);
    end(&t);
}

/* The challenge in the answer to a POST. The caller frees. */
static char *post_for_challenge(const struct talker *t, const char *target, const char *json)
{
    struct buf reply = fresh_buf();
    assert_true(talk_post(t->port, target, span_of_text(json), &reply));
    assert_int_equal(talk_status(&reply), 200);
    const char *start = strstr(buf_text(&reply), "\"challenge\":\"");
    assert_non_null(start);
    start += strlen("\"challenge\":\"");
    char *challenge = strndup(start, strcspn(start, "\""));
    buf_clear(&reply);
    return challenge;
}

static void intune_challenges_are_minted_and_taken(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.mode = NDES_INTUNE;
    struct talker t = begin(&policy, NULL);
    char *challenge = post_for_challenge(&t, "/scepstorm/intune/mint", "{\"subject\": \"" SUBJECT "\"}");
    struct sim_device d = {.password = challenge};
    assert_operates(&t, &d, REASON_NONE); /* a GET of 9 KB, too */
    d.password = "C0FFEE";
    assert_operates(&t, &d, REASON_SCEP_FAILURE);
    free(challenge);
    end(&t);
}

static void the_proxy_takes_challenges_of_its_own(void **state)
{
    (void)state;
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.mode = NDES_PROXY;
    struct talker t = begin(&policy, NULL);
    char *challenge = post_for_challenge(&t, "/scepstorm/proxy/challenge", "");
    struct sim_device d = {.password = challenge};
    struct scep_certrep rep;
    assert_int_equal(operate(&t, &d, false, &rep), REASON_NONE);
    scep_certrep_clear(&rep);
    d = (struct sim_device){.password = challenge};
    assert_operates(&t, &d, REASON_SCEP_FAILURE);
    free(challenge);
    end(&t);

    struct secret *for_all = NULL;
    struct err e = {0};
    assert_true(secret_new(span_of_text("one for all"), &for_all, &e));
    t = begin(&policy, for_all);
    d = (struct sim_device){.password = "one for all"};
    assert_operates(&t, &d, REASON_NONE);
    d.password = "C0FFEE"; /* that is between proxy and NDES */
    assert_operates(&t, &d, REASON_SCEP_FAILURE);
    end(&t);
    secret_free(for_all);
}

static int make_keys(void **state)
{
    (void)state;
    struct err e = {0};
    return pki_init(&e) && pki_key_generate_rsa(2048, &device_key, &e) &&
                   pki_key_generate_rsa(2048, &new_key, &e)
               ? 0
               : 1;
}

static int free_keys(void **state)
{
    (void)state;
    pki_key_free(device_key);
    pki_key_free(new_key);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_served),
        cmocka_unit_test(requests_wait_and_are_polled_for),
        cmocka_unit_test(intune_challenges_are_minted_and_taken),
        cmocka_unit_test(the_proxy_takes_challenges_of_its_own),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
