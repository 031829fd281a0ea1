#include "pki/purpose.h"

#include "pki/der.h"
#include "pki/general_name.h"
#include "pki_fixture.h"

static struct err e;

static void texts_are(struct buf *text, const char *expected)
{
    const char *seen = buf_text(text);
    assert_string_equal(seen == NULL ? "?" : seen, expected);
    buf_reset(text);
}

static struct pki_cert *certificate_for(const struct span *ekus, size_t count)
{
    struct pki_key *key = fixture_key("rsa2048-device");
    struct buf name = fixture_name("CN=phone"), der;
    struct pki_cert *cert = NULL;
    const struct pki_cert_spec spec = {.subject = buf_span(&name),
                                       .issuer = buf_span(&name),
                                       .spki = pki_key_spki(key),
                                       .serial = span_of("\x01", 1),
                                       .not_before = FIXTURE_NOW_S,
                                       .not_after = FIXTURE_NOW_S + FIXTURE_DAY_S,
                                       .ekus = ekus,
                                       .eku_count = count};
    buf_init(&der, 65536);
    CHECK_OK(pki_cert_make(&spec, key, PKI_SHA256, &der, &e), &e);
    CHECK_OK(pki_cert_from_der(buf_span(&der), &cert, &e), &e);
    buf_clear(&der);
    buf_clear(&name);
    pki_key_free(key);
    return cert;
}

static void purposes_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"clientAuth",   "serverAuth", "codeSigning",    "emailProtection",
                                        "timeStamping", "ipsecIKE",   "smartcardLogon", "any"};
    struct span ekus[9];
    struct buf text;
    buf_init(&text, 4096);
    for (size_t i = 0; i < 8; i++) {
        ekus[i] = pki_eku_named(names[i]);
        assert_true(ekus[i].len > 0);
    }
    ekus[8] = span_of("\x2b\x06\x01\x04\x01\x82\x37\x0a\x03\x04", 10);
    assert_int_equal(pki_eku_named("coffee").len, 0);
    assert_true(span_equal(ekus[0], PKI_EKU_CLIENT_AUTH));
    assert_true(span_equal(ekus[1], PKI_EKU_SERVER_AUTH));
    struct pki_cert *cert = certificate_for(ekus, 9);
    pki_eku_text(cert, &text);
    texts_are(&text, "clientAuth, serverAuth, codeSigning, emailProtection, timeStamping, ipsecIKE, "
                     "smartcardLogon, any, 1.3.6.1.4.1.311.10.3.4");
    pki_cert_free(cert);
    cert = certificate_for(NULL, 0);
    pki_eku_text(cert, &text);
    texts_are(&text, "");
    pki_cert_free(cert);
    buf_clear(&text);
}

static void key_usages_have_names(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 4096);
    pki_key_usage_text(PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT, &text);
    texts_are(&text, "digitalSignature, keyEncipherment");
    pki_key_usage_text(0, &text);
    texts_are(&text, "");
    pki_key_usage_text(PKI_KU_CERT_SIGN | PKI_KU_CRL_SIGN, &text);
    texts_are(&text, "keyCertSign, cRLSign");
    buf_clear(&text);
}

static void names_read_as_they_are_written(void **state)
{
    (void)state;
    static const char *const texts[] = {"dns:a.example", "email:a@example", "uri:urn:x:1",
                                        "ip:192.0.2.1",  "ip:2001:db8::1",  "upn:a@example"};
    struct buf der, text;
    buf_init(&der, 4096);
    buf_init(&text, 4096);
    CHECK_OK(pki_general_names_from_texts(texts, 6, &der, &e), &e);
    pki_san_text(buf_span(&der), &text);
    texts_are(&text, "dns:a.example, email:a@example, uri:urn:x:1, ip:192.0.2.1, ip:2001:db8::1, "
                     "upn:a@example");
    pki_san_text(span_of(NULL, 0), &text);
    texts_are(&text, "");
    buf_clear(&der);
    buf_clear(&text);
}

/* Foreign bytes end up on terminals. */
static void odd_names_do_no_harm(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } cases[] = {
        {"\x30\x05\x82\x03"
         "a\x1b"
         "b",
         7, "dns:a?b"},
        {"\x30\x04\x87\x02\x01\x02", 6, "ip:?"},
        {"\x30\x05\xa0\x03\x06\x01\x2a", 7, "other:1.2"},
        {"\x30\x04\xa0\x02\x05\x00", 6, "other:?"},
        {"\x30\x04\xa4\x02\x05\x00", 6, "dir:?"},
        {"\x30\x03\x88\x01\x2a", 5, "[8]"},
        {"\x30\x7f\x82\x03", 4, ""},
        {"\x05\x00", 2, ""},
    };
    struct buf text;
    buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pki_san_text(span_of(cases[i].bytes, cases[i].len), &text);
        texts_are(&text, cases[i].text);
    }
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purposes_have_names),
        cmocka_unit_test(key_usages_have_names),
        cmocka_unit_test(names_read_as_they_are_written),
        cmocka_unit_test(odd_names_do_no_harm),
    };
    return cmocka_run_group_tests(tests, start_pki, stop_pki);
}
