#include "pki_fixture.h"

#include "pki/der.h"
#include "pki/extension.h"
#include "pki/oid.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

static struct err e;
static struct fixture f;

static X509 *as_x509(const struct pki_cert *cert)
{
    const unsigned char *at = pki_cert_der(cert).data;
    X509 *x = d2i_X509(NULL, &at, (long)pki_cert_der(cert).len);
    assert_non_null(x);
    assert_ptr_equal(at, pki_cert_der(cert).data + pki_cert_der(cert).len);
    return x;
}

static void reads_the_ra_certificate_of_a_real_server(void **state)
{
    (void)state;
    struct pki_cert *cert = fixture_cert_file("vectors/ndes-ra-signing.pem");
    unsigned usage = 0;
    assert_true(pki_cert_key_usage(cert, &usage));
    assert_int_equal(usage, PKI_KU_DIGITAL_SIGNATURE);
    assert_true(pki_cert_has_eku(cert, PKI_EKU_CERT_REQUEST_AGENT));
    assert_false(pki_cert_has_eku(cert, PKI_EKU_CLIENT_AUTH));
    assert_false(pki_cert_is_ca(cert));
    assert_true(pki_cert_is_rsa(cert));
    assert_int_equal(pki_cert_not_before(cert), 1604084841); /* Oct 30 19:07:21 2020 */
    assert_int_equal(pki_cert_not_after(cert), 1667156841);  /* Oct 30 19:07:21 2022 */
    assert_false(pki_cert_valid_at(cert, FIXTURE_NOW_S));
    assert_int_equal(pki_cert_serial(cert).len, 19);
    assert_memory_equal(pki_cert_serial(cert).data, "\x47\x00\x00\x00\x02\xf5", 6);
    assert_int_equal(pki_cert_subject_key_id(cert).len, 20);
    assert_memory_equal(pki_cert_subject_key_id(cert).data, "\xd2\xdb\xa3\xdf", 4);
    struct buf text;
    buf_init(&text, 1000);
    CHECK_OK(pki_name_to_text(pki_cert_subject(cert), &text, &e), &e);
    assert_string_equal(buf_text(&text), "C=US, CN=CERT-PROV-CA-MSCEP-RA");
    buf_reset(&text);
    CHECK_OK(pki_name_to_text(pki_cert_issuer(cert), &text, &e), &e);
    assert_string_equal(buf_text(&text), "DC=org, DC=example, CN=example-CERT-PROV-CA");
    buf_clear(&text);
    pki_cert_free(cert);
}

static void openssl_agrees_with_what_we_make(void **state)
{
    (void)state;
    X509 *ca = as_x509(f.ca);
    X509 *ra = as_x509(f.ra_sign);
    assert_int_equal(X509_get_version(ra), X509_VERSION_3);
    assert_int_equal(X509_check_issued(ca, ra), X509_V_OK);
    assert_int_equal(X509_verify(ra, pki_key_evp(f.ca_key)), 1);
    assert_int_equal(X509_verify(ca, pki_key_evp(f.ca_key)), 1);
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_check_ca(ra), 0);
    assert_int_equal(X509_get_key_usage(ra), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(ra), pki_cert_public_key(f.ra_sign)), 1);
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(ra);
    assert_int_equal(ASN1_STRING_length(id), pki_cert_subject_key_id(f.ra_sign).len);
    assert_memory_equal(ASN1_STRING_get0_data(id), pki_cert_subject_key_id(f.ra_sign).data, 20);
    unsigned char digest[32];
    assert_int_equal(X509_digest(ra, EVP_sha256(), digest, NULL), 1);
    assert_memory_equal(digest, pki_cert_sha256(f.ra_sign), 32);
    X509_free(ca);
    X509_free(ra);
}

static void makes_the_extensions_of_a_template(void **state)
{
    (void)state;
    struct buf name = fixture_name("CN=x");
    struct buf san;
    buf_init(&san, 100);
    pki_extension_put(&san, PKI_OID_SUBJECT_ALT_NAME, false, span_of("\x30\x03\x82\x01z", 5));
    uint8_t serial[] = {0x80, 0x01};
    struct span ekus[] = {PKI_EKU_CLIENT_AUTH, PKI_EKU_SERVER_AUTH};
    struct pki_cert_spec spec = {
        .subject = buf_span(&name),
        .issuer = pki_cert_subject(f.ca),
        .spki = pki_key_spki(f.device_key),
        .serial = span_of(serial, sizeof serial),
        .not_before = FIXTURE_NOW_S,
        .not_after = INT64_C(4102444800), /* 2100: GeneralizedTime */
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT,
        .ekus = ekus,
        .eku_count = 2,
        .extensions = buf_span(&san),
        .authority_key_id = pki_cert_subject_key_id(f.ca),
        .template_name = span_of_text("EnrollmentAgentOffline"),
    };
    struct buf der;
    buf_init(&der, 10000);
    struct pki_cert *cert = NULL;
    CHECK_OK(pki_cert_make(&spec, f.ca_key, PKI_SHA512, &der, &e), &e);
    CHECK_OK(pki_cert_from_der(buf_span(&der), &cert, &e), &e);
    assert_true(pki_cert_issued_by(cert, f.ca));
    assert_int_equal(pki_cert_not_after(cert), INT64_C(4102444800));
    assert_int_equal(pki_cert_serial(cert).len, 3); /* a zero in front keeps it positive */
    X509 *x = as_x509(cert);
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
    assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_CLIENT | XKU_SSL_SERVER);
    assert_int_equal(X509_check_host(x, "z", 1, 0, NULL), 1);
    assert_non_null(X509_get0_authority_key_id(x));
    X509_free(x);
    pki_cert_free(cert);
    buf_clear(&der);
    buf_clear(&san);
    buf_clear(&name);
}

static void tells_issuers_apart(void **state)
{
    (void)state;
    assert_true(pki_cert_issued_by(f.ra_sign, f.ca));
    assert_true(pki_cert_issued_by(f.ca, f.ca));
    assert_false(pki_cert_issued_by(f.ca, f.ra_sign));
    assert_false(pki_cert_issued_by(f.ra_encrypt, f.ra_sign));
    struct pki_cert *impostor = fixture_make_cert(&(struct fixture_cert){
        .subject = FIXTURE_CA_NAME, .key = f.other_key, .ca = true, .serial = 9}); /* right name, wrong key */
    assert_false(pki_cert_issued_by(f.ra_sign, impostor));
    pki_cert_free(impostor);
    struct pki_cert *ec = fixture_cert_file("vectors/keys/ec256-ca.pem"); /* through OpenSSL */
    assert_true(pki_cert_issued_by(ec, ec));
    assert_false(pki_cert_is_rsa(ec));
    assert_true(pki_cert_is_ca(ec));
    pki_cert_free(ec);
}

static void counts_references(void **state)
{
    (void)state;
    struct pki_cert *again = pki_cert_ref(f.ca);
    pki_cert_free(again);
    pki_cert_free(NULL);
    assert_true(pki_cert_public_key(f.ca) == pki_cert_public_key(f.ca));
}

static void refuses_what_is_cut(void **state)
{
    (void)state;
    struct span der = pki_cert_der(f.ra_sign);
    for (size_t cut = 0; cut < der.len; cut++) {
        struct pki_cert *cert = NULL;
        CHECK_FAILS(pki_cert_from_der(span_of(der.data, cut), &cert, &e), &e, REASON_MALFORMED);
        struct pki_cert_identity id;
        CHECK_FAILS(pki_cert_identity(span_of(der.data, cut), &id, &e), &e, REASON_MALFORMED);
    }
    struct pki_cert *cert = NULL;
    CHECK_FAILS(pki_cert_from_pem(span_of_text("nothing here"), &cert, &e), &e, REASON_MALFORMED);
}

static void ignores_bytes_behind(void **state)
{
    (void)state;
    struct buf der;
    buf_init(&der, 10000);
    buf_append_span(&der, pki_cert_der(f.ca));
    buf_append_text(&der, "\r\n");
    struct pki_cert *cert = NULL;
    CHECK_OK(pki_cert_from_der(buf_span(&der), &cert, &e), &e);
    assert_true(span_equal(pki_cert_der(cert), pki_cert_der(f.ca)));
    assert_memory_equal(pki_cert_sha256(cert), pki_cert_sha256(f.ca), 32);
    pki_cert_free(cert);
    buf_clear(&der);
}

static int start(void **state)
{
    (void)state;
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
        cmocka_unit_test(reads_the_ra_certificate_of_a_real_server),
        cmocka_unit_test(openssl_agrees_with_what_we_make),
        cmocka_unit_test(makes_the_extensions_of_a_template),
        cmocka_unit_test(tells_issuers_apart),
        cmocka_unit_test(counts_references),
        cmocka_unit_test(refuses_what_is_cut),
        cmocka_unit_test(ignores_bytes_behind),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
