/* Messages of every persona, opened as a server opens them. Their exact bytes are in snapshots/. */
#include "fixed_random.h"
#include "persona/persona.h"
#include "pki/csr.h"
#include "pki_fixture.h"

#include <openssl/x509v3.h>

static struct err e;
static struct fixture f;

#define NDES_CAPS "POSTPKIOperation\nRenewal\nSHA-512\nSHA-256\nSHA-1\nDES3\n"

struct built {
    struct persona p;
    struct persona_device device;
    struct persona_choice choice;
    struct scep_transaction transaction;
    struct buf subject, csr, signer, message;
};

static void build_up_to_csr(struct built *b, const char *name)
{
    *b = (struct built){0};
    CHECK_OK(persona_find(name, &b->p, &e), &e);
    b->device = (struct persona_device){
        .index = 0x010203,
        .subject = "CN=phone\\, seven,OU=scepstorm",
        .challenge = span_of_text("8CE317021F690069"),
        .key = f.device_key,
    };
    buf_init(&b->subject, 65536);
    buf_init(&b->csr, BYTES_MAX_MESSAGE);
    buf_init(&b->signer, BYTES_MAX_MESSAGE);
    buf_init(&b->message, BYTES_MAX_MESSAGE);
    CHECK_OK(persona_choose(&b->p, span_of_text(NDES_CAPS), &b->choice, &e), &e);
    CHECK_OK(persona_subject(&b->p, &b->device, &b->subject, &e), &e);
}

static void build_message(struct built *b, enum scep_message_type type, const struct pki_key *signer_key)
{
    struct persona_message_spec spec = {
        .type = type,
        .content = buf_span(&b->csr),
        .transaction = &b->transaction,
        .recipient = f.ra_encrypt,
        .signer_cert = buf_span(&b->signer),
        .signer_key = signer_key,
        .now_s = FIXTURE_NOW_S,
    };
    CHECK_OK(persona_message(&b->p, &b->choice, &spec, &b->message, &e), &e);
}

static void build(struct built *b, const struct pki_key *signer_key)
{
    CHECK_OK(persona_csr(&b->p, &b->device, buf_span(&b->subject), &b->choice, &b->csr, &e), &e);
    CHECK_OK(persona_transaction(&b->p, b->device.key, true, &b->transaction, &e), &e);
    CHECK_OK(persona_signer(&b->p, buf_span(&b->subject), signer_key, &b->transaction, &b->choice,
                            FIXTURE_NOW_S, &b->signer, &e),
             &e);
    build_message(b, SCEP_PKCS_REQ, signer_key);
}

static void clear(struct built *b)
{
    struct buf *all[] = {&b->subject, &b->csr, &b->signer, &b->message};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_clear(all[i]);
}

static void servers_open_every_personas_message(void **state)
{
    (void)state;
    for (const char *const *name = persona_names(); *name != NULL; name++) {
        struct built b;
        struct scep_request r;
        struct pki_csr csr;
        build_up_to_csr(&b, *name);
        build(&b, f.device_key);
        CHECK_OK(scep_request_open(buf_span(&b.message), f.ra_encrypt, f.ra_encrypt_key, &r, &e), &e);
        assert_int_equal(r.type, SCEP_PKCS_REQ);
        assert_int_equal(r.digest, b.choice.digest);
        assert_int_equal(r.cipher, b.choice.cipher);
        assert_int_equal(r.transport, b.p.key_transport);
        assert_string_equal(r.transaction.id, b.transaction.id);
        CHECK_OK(pki_csr_read(buf_span(&r.content), &csr, &e), &e);
        CHECK_SPAN(buf_span(&csr.challenge), "8CE317021F690069");
        assert_true(span_equal(csr.subject, buf_span(&b.subject)));
        assert_int_equal(csr.key_usage, b.p.csr_key_usage);
        assert_true(pki_cert_valid_at(r.signer, FIXTURE_NOW_S));
        pki_csr_clear(&csr);
        scep_request_clear(&r);
        clear(&b);
    }
}

static void an_ec_device_signs_with_a_temporary_rsa_key(void **state)
{
    (void)state;
    struct pki_key *ec = fixture_key("ec256");
    for (const char *const *name = persona_names(); *name != NULL; name++) {
        struct built b;
        struct scep_request r;
        struct pki_csr csr;
        build_up_to_csr(&b, *name);
        b.device.key = ec;
        build(&b, f.device_key);
        CHECK_OK(scep_request_open(buf_span(&b.message), f.ra_encrypt, f.ra_encrypt_key, &r, &e), &e);
        CHECK_OK(pki_csr_read(buf_span(&r.content), &csr, &e), &e);
        assert_true(span_equal(csr.spki, pki_key_spki(ec)));
        assert_true(span_equal(pki_cert_spki(r.signer), pki_key_spki(f.device_key)));
        buf_reset(&b.signer);
        CHECK_FAILS(persona_signer(&b.p, buf_span(&b.subject), ec, &b.transaction, &b.choice, FIXTURE_NOW_S,
                                   &b.signer, &e),
                    &e, REASON_UNSUPPORTED_ALGORITHM);
        pki_csr_clear(&csr);
        scep_request_clear(&r);
        clear(&b);
    }
    pki_key_free(ec);
}

/* What the engine built before there were personas, with the same chance. */
static void the_default_is_the_plain_client(void **state)
{
    (void)state;
    struct built b;
    struct buf csr, signer, message;
    struct scep_transaction transaction;
    buf_init(&csr, BYTES_MAX_MESSAGE);
    buf_init(&signer, BYTES_MAX_MESSAGE);
    buf_init(&message, BYTES_MAX_MESSAGE);
    build_up_to_csr(&b, PERSONA_DEFAULT);
    fixed_random();
    build(&b, f.device_key);
    fixed_random();
    const struct pki_csr_spec plain = {.subject = buf_span(&b.subject), .challenge = b.device.challenge};
    CHECK_OK(pki_csr_make(&plain, f.device_key, b.choice.digest, &csr, &e), &e);
    CHECK_OK(scep_transaction_new(span_of(NULL, 0), &transaction, &e), &e);
    CHECK_OK(scep_signer_make(buf_span(&b.subject), f.device_key, b.choice.digest, FIXTURE_NOW_S, 365,
                              &signer, &e),
             &e);
    const struct scep_request_spec request = {
        .type = SCEP_PKCS_REQ,
        .content = buf_span(&csr),
        .transaction = &transaction,
        .recipient = f.ra_encrypt,
        .signer_cert = buf_span(&signer),
        .signer_key = f.device_key,
        .digest = b.choice.digest,
        .cipher = b.choice.cipher,
        .transport = PKI_RSA_PKCS1,
    };
    CHECK_OK(scep_request_build(&request, &message, &e), &e);
    assert_true(span_equal(buf_span(&b.csr), buf_span(&csr)));
    assert_true(span_equal(buf_span(&b.signer), buf_span(&signer)));
    assert_string_equal(b.transaction.id, transaction.id);
    assert_true(span_equal(buf_span(&b.message), buf_span(&message)));
    buf_clear(&csr);
    buf_clear(&signer);
    buf_clear(&message);
    clear(&b);
}

static void polls_go_by_their_own_knobs(void **state)
{
    (void)state;
    struct built b;
    struct scep_request r;
    build_up_to_csr(&b, "ios");
    build(&b, f.device_key);
    buf_reset(&b.message);
    b.choice.cipher = PKI_AES128_CBC;
    build_message(&b, SCEP_CERT_POLL, f.device_key);
    CHECK_OK(scep_request_open(buf_span(&b.message), f.ra_encrypt, f.ra_encrypt_key, &r, &e), &e);
    assert_int_equal(r.type, SCEP_CERT_POLL);
    assert_int_equal(r.digest, PKI_SHA1);
    assert_int_equal(r.cipher, PKI_DES3_CBC);
    scep_request_clear(&r);
    clear(&b);
}

static void reused_keys_get_a_random_id_of_the_same_form(void **state)
{
    (void)state;
    for (const char *const *name = persona_names(); *name != NULL; name++) {
        struct persona p;
        struct scep_transaction own, other, random;
        CHECK_OK(persona_find(*name, &p, &e), &e);
        CHECK_OK(persona_transaction(&p, f.device_key, false, &own, &e), &e);
        CHECK_OK(persona_transaction(&p, f.device_key, false, &other, &e), &e);
        CHECK_OK(persona_transaction(&p, f.device_key, true, &random, &e), &e);
        assert_string_not_equal(own.id, random.id);
        assert_int_equal(strlen(own.id), strlen(random.id));
        assert_int_equal(strcmp(own.id, other.id) == 0, p.transaction_id != SCEP_ID_RANDOM);
    }
}

static void check_subject(const char *name, const char *subject, const char *wanted)
{
    struct persona p;
    struct buf der, text;
    CHECK_OK(persona_find(name, &p, &e), &e);
    buf_init(&der, 65536);
    buf_init(&text, 65536);
    const struct persona_device device = {.index = 0x010203, .subject = subject};
    CHECK_OK(persona_subject(&p, &device, &der, &e), &e);
    CHECK_OK(pki_name_to_text(buf_span(&der), &text, &e), &e);
    assert_string_equal(buf_text(&text), wanted);
    buf_clear(&der);
    buf_clear(&text);
}

/* The order within an RDN is that of DER, by length first. */
static void routers_add_an_rdn(void **state)
{
    (void)state;
    check_subject("rfc8894", "CN=a,OU=b", "CN=a, OU=b");
    check_subject("cisco", "CN=gate\\, east,OU=b",
                  "CN=gate\\, east, OU=b, "
                  "SERIALNUMBER=FTX00010203+unstructuredAddress=10.1.2.3+unstructuredName=gate\\, east");
    check_subject("cisco", "OU=b",
                  "OU=b, SERIALNUMBER=FTX00010203+unstructuredName=device+unstructuredAddress=10.1.2.3");
}

static void check_signer_subject(const char *rule, const char *wanted)
{
    struct built b;
    build_up_to_csr(&b, "rfc8894");
    CHECK_OK(persona_override(&b.p, "signer_subject", rule, &e), &e);
    build(&b, f.device_key);
    struct pki_cert *cert;
    struct buf text;
    buf_init(&text, 65536);
    CHECK_OK(pki_cert_from_der(buf_span(&b.signer), &cert, &e), &e);
    CHECK_OK(pki_name_to_text(pki_cert_subject(cert), &text, &e), &e);
    assert_true(span_equal(pki_cert_subject(cert), pki_cert_issuer(cert)));
    if (wanted != NULL)
        assert_string_equal(buf_text(&text), wanted);
    else
        assert_int_equal(text.len, strlen("CN=") + 36);
    pki_cert_free(cert);
    buf_clear(&text);
    clear(&b);
}

static void signers_have_the_subject_asked_for(void **state)
{
    (void)state;
    check_signer_subject("csr", "CN=phone\\, seven, OU=scepstorm");
    check_signer_subject("cn", "CN=phone\\, seven");
    check_signer_subject("uuid", NULL);
    check_signer_subject("CN=Fixed,O=x", "CN=Fixed, O=x");
}

/* Also the odd ones are certificates that OpenSSL reads, and that verify with their own key. */
static void openssl_reads_every_signer(void **state)
{
    (void)state;
    for (const char *const *name = persona_names(); *name != NULL; name++) {
        struct built b;
        build_up_to_csr(&b, *name);
        build(&b, f.device_key);
        const unsigned char *at = b.signer.data;
        X509 *cert = d2i_X509(NULL, &at, (long)b.signer.len);
        assert_non_null(cert);
        assert_ptr_equal(at, b.signer.data + b.signer.len);
        assert_int_equal(X509_verify(cert, pki_key_evp(f.device_key)), 1);
        assert_int_equal(X509_get_version(cert), 2);
        int critical = -1;
        void *id = X509_get_ext_d2i(cert, NID_authority_key_identifier, &critical, NULL);
        assert_int_equal(critical, strcmp(*name, "windows") == 0 ? 1 : -1);
        AUTHORITY_KEYID_free(id);
        X509_free(cert);
        clear(&b);
    }
}

static void challenges_have_the_type_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *challenge;
        uint8_t tag; /* 0: refused */
    } cases[] = {
        {"auto", "8CE317021F690069", 0x13},
        {"auto", "with_underscore", 0x0c},
        {"printable", "abc", 0x13},
        {"printable", "with_underscore", 0},
        {"utf8", "abc", 0x0c},
        {"ia5", "a_b", 0x16},
        {"t61", "a_b", 0x14},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct built b;
        struct pki_csr csr;
        build_up_to_csr(&b, "rfc8894");
        CHECK_OK(persona_override(&b.p, "challenge_type", cases[i].type, &e), &e);
        b.device.challenge = span_of_text(cases[i].challenge);
        bool ok = persona_csr(&b.p, &b.device, buf_span(&b.subject), &b.choice, &b.csr, &e);
        assert_int_equal(ok, cases[i].tag != 0);
        if (ok) {
            CHECK_OK(pki_csr_read(buf_span(&b.csr), &csr, &e), &e);
            assert_int_equal(csr.challenge_tag, cases[i].tag);
            pki_csr_clear(&csr);
        } else {
            assert_int_equal(e.reason, REASON_USAGE);
            assert_null(strstr(e.text, cases[i].challenge));
        }
        e = (struct err){0};
        clear(&b);
    }
}

static void refuses_what_a_csr_cannot_hold(void **state)
{
    (void)state;
    static const char *names[33];
    for (size_t i = 0; i < 33; i++)
        names[i] = "dns:a.example";
    struct built b;
    build_up_to_csr(&b, "windows");
    b.device.sid = "S-1-5-21-1-2-3-4";
    b.device.san = names;
    b.device.san_count = 32;
    CHECK_OK(persona_csr(&b.p, &b.device, buf_span(&b.subject), &b.choice, &b.csr, &e), &e);
    buf_reset(&b.csr);
    b.device.san_count = 33;
    CHECK_FAILS(persona_csr(&b.p, &b.device, buf_span(&b.subject), &b.choice, &b.csr, &e), &e, REASON_LIMIT);
    b.device.san_count = 0;
    b.device.sid = "no sid";
    buf_reset(&b.csr);
    CHECK_FAILS(persona_csr(&b.p, &b.device, buf_span(&b.subject), &b.choice, &b.csr, &e), &e, REASON_USAGE);
    CHECK_OK(persona_override(&b.p, "csr_sid", "extension", &e), &e);
    CHECK_FAILS(persona_csr(&b.p, &b.device, buf_span(&b.subject), &b.choice, &b.csr, &e), &e, REASON_USAGE);
    clear(&b);
}

static int start(void **state)
{
    (void)state;
    fixed_random();
    fixture_open(&f);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_open_every_personas_message),
        cmocka_unit_test(an_ec_device_signs_with_a_temporary_rsa_key),
        cmocka_unit_test(the_default_is_the_plain_client),
        cmocka_unit_test(polls_go_by_their_own_knobs),
        cmocka_unit_test(reused_keys_get_a_random_id_of_the_same_form),
        cmocka_unit_test(routers_add_an_rdn),
        cmocka_unit_test(signers_have_the_subject_asked_for),
        cmocka_unit_test(openssl_reads_every_signer),
        cmocka_unit_test(challenges_have_the_type_asked_for),
        cmocka_unit_test(refuses_what_a_csr_cannot_hold),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
