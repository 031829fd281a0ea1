#include "pki/csr.h"
#include "pki/microsoft.h"
#include "pki_fixture.h"

#include <openssl/x509v3.h>

static struct err e;
static const char sid[] = "S-1-5-21-1004336348-1177238915-682003330-512";

static void writes_the_sid_extension(void **state)
{
    (void)state;
    struct buf der;
    buf_init(&der, 1024);
    CHECK_OK(pki_ms_sid_extension_put(&der, sid, &e), &e);
    const unsigned char *at = der.data;
    X509_EXTENSION *x = d2i_X509_EXTENSION(NULL, &at, (long)der.len);
    assert_non_null(x);
    assert_int_equal(X509_EXTENSION_get_critical(x), 0);
    char oid[64];
    OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(x), 1);
    assert_string_equal(oid, "1.3.6.1.4.1.311.25.2");
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(x);
    at = ASN1_STRING_get0_data(value);
    GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &at, ASN1_STRING_length(value));
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    const OTHERNAME *other = sk_GENERAL_NAME_value(names, 0)->d.otherName;
    OBJ_obj2txt(oid, sizeof oid, other->type_id, 1);
    assert_string_equal(oid, "1.3.6.1.4.1.311.25.2.1");
    assert_int_equal(other->value->type, V_ASN1_OCTET_STRING);
    CHECK_SPAN(span_of(ASN1_STRING_get0_data(other->value->value.octet_string),
                       (size_t)ASN1_STRING_length(other->value->value.octet_string)),
               sid);
    GENERAL_NAMES_free(names);
    X509_EXTENSION_free(x);
    buf_clear(&der);
}

static void writes_the_sid_as_uri(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 256);
    CHECK_OK(pki_ms_sid_uri_put(&text, sid, &e), &e);
    CHECK_SPAN(buf_span(&text),
               "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512");
    buf_clear(&text);
}

static void refuses_what_is_no_sid(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "S-1-", "S-1-5-21-x", "s-1-5-21-1", "S-1-5-21-"};
    struct buf b;
    buf_init(&b, 1024);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_FAILS(pki_ms_sid_extension_put(&b, wrong[i], &e), &e, REASON_USAGE);
        CHECK_FAILS(pki_ms_sid_uri_put(&b, wrong[i], &e), &e, REASON_USAGE);
    }
    assert_int_equal(b.len, 0);
}

static void writes_pairs_that_openssl_takes_as_attribute(void **state)
{
    (void)state;
    struct buf der;
    buf_init(&der, 1024);
    pki_ms_name_value_put(&der, "ValidityPeriod", "Years");
    const unsigned char *at = der.data;
    X509_ATTRIBUTE *a = d2i_X509_ATTRIBUTE(NULL, &at, (long)der.len);
    assert_non_null(a);
    char oid[64];
    OBJ_obj2txt(oid, sizeof oid, X509_ATTRIBUTE_get0_object(a), 1);
    assert_string_equal(oid, "1.3.6.1.4.1.311.13.2.1");
    assert_int_equal(X509_ATTRIBUTE_get0_type(a, 0)->type, V_ASN1_SEQUENCE);
    X509_ATTRIBUTE_free(a);
    static const uint8_t start[] = {0x1e, 28, 0, 'V', 0, 'a'};
    assert_non_null(memmem(der.data, der.len, start, sizeof start));
    buf_clear(&der);
}

/* Extras sit where they belong, and the request still verifies. */
static void requests_carry_extras(void **state)
{
    (void)state;
    struct pki_key *key = fixture_key("rsa2048-device");
    struct buf subject = fixture_name("CN=x");
    struct buf extensions, attributes, der;
    buf_init(&extensions, 1024);
    buf_init(&attributes, 1024);
    buf_init(&der, 8192);
    CHECK_OK(pki_ms_sid_extension_put(&extensions, sid, &e), &e);
    pki_ms_name_value_put(&attributes, "ValidityPeriodUnits", "2");
    struct pki_csr_spec spec = {.subject = buf_span(&subject),
                                .key_usage = PKI_KU_DIGITAL_SIGNATURE,
                                .key_usage_not_critical = true,
                                .extensions = buf_span(&extensions),
                                .attributes = buf_span(&attributes)};
    CHECK_OK(pki_csr_make(&spec, key, PKI_SHA256, &der, &e), &e);
    const unsigned char *at = der.data;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der.len);
    assert_int_equal(X509_REQ_verify(req, pki_key_evp(key)), 1);
    assert_int_equal(X509_REQ_get_attr_count(req), 2);
    STACK_OF(X509_EXTENSION) *xs = X509_REQ_get_extensions(req);
    assert_int_equal(sk_X509_EXTENSION_num(xs), 2);
    assert_int_equal(X509_EXTENSION_get_critical(sk_X509_EXTENSION_value(xs, 0)), 0);
    sk_X509_EXTENSION_pop_free(xs, X509_EXTENSION_free);
    X509_REQ_free(req);
    buf_clear(&extensions);
    buf_clear(&attributes);
    buf_clear(&der);
    buf_clear(&subject);
    pki_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_sid_extension),
        cmocka_unit_test(writes_the_sid_as_uri),
        cmocka_unit_test(refuses_what_is_no_sid),
        cmocka_unit_test(writes_pairs_that_openssl_takes_as_attribute),
        cmocka_unit_test(requests_carry_extras),
    };
    return cmocka_run_group_tests(tests, start_pki, stop_pki);
}
