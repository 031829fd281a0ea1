#include "check.h"
#include "pki/der.h"
#include "pki/name.h"
#include "pki/oid.h"

#include <openssl/x509.h>

static struct err e;

static struct buf name(const char *text)
{
    struct buf der;
    buf_init(&der, 65536);
    CHECK_OK(pki_name_from_text(text, &der, &e), &e);
    return der;
}

static void check_text(const char *text, const char *shown)
{
    struct buf der = name(text);
    struct buf back;
    buf_init(&back, 65536);
    CHECK_OK(pki_name_to_text(buf_span(&der), &back, &e), &e);
    assert_string_equal(buf_text(&back), shown);
    buf_clear(&der);
    buf_clear(&back);
}

static void shows_what_was_written(void **state)
{
    (void)state;
    check_text("CN=phone-7,OU=scepstorm,O=Example", "CN=phone-7, OU=scepstorm, O=Example");
    check_text("  cn = phone 7 , ou=b  ", "CN=phone 7, OU=b");
    check_text("CN=a\\,b\\+c\\\\d", "CN=a\\,b\\+c\\\\d");
    check_text("CN=a\\2Cb", "CN=a\\,b");
    check_text("CN=\\ a\\ ", "CN=\\ a\\ ");
    check_text("CN=a=b", "CN=a=b");
    check_text("CN=x+UID=7,DC=example,DC=org", "CN=x+UID=7, DC=example, DC=org");
    check_text("E=a@b.example", "E=a@b.example");
    check_text("emailAddress=a@b.example", "E=a@b.example");
    check_text("2.5.4.3=by number", "CN=by number");
    check_text("1.2.840.113549.1.9.99=x", "1.2.840.113549.1.9.99=x");
    check_text("CN=M\xc3\xbcller", "CN=M\xc3\xbcller");
    check_text("CN=a\\0Ab", "CN=a\\0Ab");
}

static void refuses_with_the_position(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *position;
    } bad[] = {
        {"", "character 1:"},        {"   ", "character 4:"},          {"CN", "character 1:"},
        {"CN=a,", "character 6:"},   {"CN=a,=b", "character 6:"},      {"XX=b", "character 1:"},
        {"CN=", "character 4:"},     {"CN=a,OU=,O=c", "character 9:"}, {"CN=a\\", "character 6:"},
        {"9.9.9=x", "character 1:"}, {"CN=a+,O=b", "character 6:"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buf der;
        buf_init(&der, 1000);
        assert_false(pki_name_from_text(bad[i].text, &der, &e));
        assert_int_equal(e.reason, REASON_USAGE);
        if (strstr(e.text, bad[i].position) == NULL)
            fail_msg("\"%s\": %s", bad[i].text, e.text);
        assert_int_equal(der.len, 0);
        e = (struct err){0};
        buf_clear(&der);
    }
}

/* OpenSSL as the second opinion on types and string types. */
static void writes_the_usual_string_types(void **state)
{
    (void)state;
    struct buf der = name("CN=phone-7,O=M\xc3\xbcller,E=a@b.example,DC=example,CN=under_score");
    const unsigned char *at = der.data;
    X509_NAME *x = d2i_X509_NAME(NULL, &at, (long)der.len);
    assert_non_null(x);
    static const struct {
        int nid;
        int type;
    } expected[] = {{NID_commonName, V_ASN1_PRINTABLESTRING},
                    {NID_organizationName, V_ASN1_UTF8STRING},
                    {NID_pkcs9_emailAddress, V_ASN1_IA5STRING},
                    {NID_domainComponent, V_ASN1_IA5STRING},
                    {NID_commonName, V_ASN1_UTF8STRING}};
    assert_int_equal(X509_NAME_entry_count(x), 5);
    for (int i = 0; i < 5; i++) {
        X509_NAME_ENTRY *entry = X509_NAME_get_entry(x, i);
        assert_int_equal(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)), expected[i].nid);
        assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry)), expected[i].type);
    }
    X509_NAME_free(x);
    buf_clear(&der);
}

static bool same(const char *a, const char *b)
{
    struct buf x = name(a);
    struct buf y = name(b);
    bool result = pki_name_same_rdns(buf_span(&x), buf_span(&y));
    assert_int_equal(result, pki_name_same_rdns(buf_span(&y), buf_span(&x)));
    buf_clear(&x);
    buf_clear(&y);
    return result;
}

static void compares_as_people_would(void **state)
{
    (void)state;
    assert_true(same("CN=a,OU=b", "CN=a,OU=b"));
    assert_true(same("CN=a,OU=b", "OU=b,CN=a"));
    assert_true(same("CN=a+OU=b", "CN=a,OU=b"));
    assert_true(same("CN=Phone  7", "CN=phone 7"));
    assert_true(same("OU=x,OU=y,OU=x", "OU=x,OU=x,OU=y"));
    assert_false(same("OU=x,OU=y,OU=x", "OU=x,OU=y,OU=y"));
    assert_false(same("CN=a", "CN=a,OU=b"));
    assert_false(same("CN=a", "OU=a"));
    assert_false(same("CN=a", "CN=b"));
    assert_false(same("CN=M\xc3\xbcller", "CN=M\xc3\x9cller")); /* case of ASCII letters only */
}

static struct buf with_value(uint8_t tag, struct span value)
{
    struct buf b;
    buf_init(&b, 1000);
    size_t list = der_begin(&b, DER_SEQUENCE);
    size_t rdn = der_begin(&b, DER_SET);
    size_t pair = der_begin(&b, DER_SEQUENCE);
    der_put_oid(&b, span_of("\x55\x04\x03", 3));
    der_put(&b, tag, value);
    der_end(&b, pair);
    der_end(&b, rdn);
    der_end(&b, list);
    return b;
}

static void compares_across_string_types(void **state)
{
    (void)state;
    struct buf utf8 = with_value(DER_UTF8_STRING, span_of_text("\xc3\xbc\xf0\x9f\x93\xb1"));
    struct buf bmp = with_value(DER_BMP_STRING, span_of("\x00\xfc\xd8\x3d\xdc\xf1", 6));
    struct buf universal = with_value(DER_UNIVERSAL_STRING, span_of("\x00\x00\x00\xfc\x00\x01\xf4\xf1", 8));
    assert_true(pki_name_same_rdns(buf_span(&utf8), buf_span(&bmp)));
    assert_true(pki_name_same_rdns(buf_span(&utf8), buf_span(&universal)));
    struct buf latin = with_value(DER_T61_STRING, span_of("\xfc", 1));
    struct buf short_utf8 = with_value(DER_UTF8_STRING, span_of_text("\xc3\xbc"));
    assert_true(pki_name_same_rdns(buf_span(&latin), buf_span(&short_utf8)));
    struct buf octets = with_value(DER_OCTET_STRING, span_of_text("a"));
    struct buf letters = with_value(DER_UTF8_STRING, span_of_text("a"));
    assert_false(pki_name_same_rdns(buf_span(&octets), buf_span(&letters)));
    struct buf *all[] = {&utf8, &bmp, &universal, &latin, &short_utf8, &octets, &letters};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_clear(all[i]);
}

static void shows_odd_values(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *bytes;
        size_t len;
        const char *shown;
    } odd[] = {
        {DER_UTF8_STRING, "a\xff", 2, "CN=a\xef\xbf\xbd"},
        {DER_UTF8_STRING, "\xc0\x80", 2, "CN=\xef\xbf\xbd\xef\xbf\xbd"},
        {DER_UTF8_STRING, "\xed\xa0\x80", 3, "CN=\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {DER_UTF8_STRING, "\xe2\x82", 2, "CN=\xef\xbf\xbd\xef\xbf\xbd"},
        {DER_BMP_STRING, "\xd8\x00", 2, "CN=\xef\xbf\xbd"},
        {DER_BMP_STRING,
         "\x00"
         "a"
         "\x00",
         3, "CN=a\xef\xbf\xbd"},
        {DER_OCTET_STRING, "\x01", 1, "CN=#040101"},
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct buf der = with_value(odd[i].tag, span_of(odd[i].bytes, odd[i].len));
        struct buf text;
        buf_init(&text, 1000);
        CHECK_OK(pki_name_to_text(buf_span(&der), &text, &e), &e);
        assert_string_equal(buf_text(&text), odd[i].shown);
        buf_clear(&der);
        buf_clear(&text);
    }
}

static void garbage_is_never_equal(void **state)
{
    (void)state;
    static const uint8_t garbage[] = {0x30, 0x03, 0x02, 0x01, 0x00};
    assert_false(pki_name_same_rdns(span_of(garbage, sizeof garbage), span_of(garbage, sizeof garbage)));
    assert_false(pki_name_same_rdns(span_of(NULL, 0), span_of(NULL, 0)));
    struct buf text;
    buf_init(&text, 1000);
    CHECK_FAILS(pki_name_to_text(span_of(garbage, sizeof garbage), &text, &e), &e, REASON_MALFORMED);
    buf_clear(&text);
}

static void bounds_the_attributes(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 10000);
    for (int i = 0; i < 65; i++)
        buf_append_text(&text, i == 0 ? "OU=x" : ",OU=x");
    struct buf der = name(buf_text(&text));
    struct buf back;
    buf_init(&back, 10000);
    CHECK_FAILS(pki_name_to_text(buf_span(&der), &back, &e), &e, REASON_LIMIT);
    assert_false(pki_name_same_rdns(buf_span(&der), buf_span(&der)));
    buf_clear(&text);
    buf_clear(&der);
    buf_clear(&back);
}

static void object_identifiers_as_text(void **state)
{
    (void)state;
    static const char *const good[] = {"1.2.840.113549.1.1.1",       "2.5.4.3",
                                       "0.9.2342.19200300.100.1.25", "2.999.1",
                                       "1.3.6.1.4.1.311.21.38",      "1.39.4294967295"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct buf oid;
        struct buf text;
        buf_init(&oid, 100);
        buf_init(&text, 100);
        assert_true(pki_oid_from_text(span_of_text(good[i]), &oid));
        pki_oid_to_text(buf_span(&oid), &text);
        assert_string_equal(buf_text(&text), good[i]);
        buf_clear(&oid);
        buf_clear(&text);
    }
    static const char *const bad[] = {
        "", "1", "1.", "3.1", "1.40", "1..2", "1.2.x", ".1", "1.2.99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buf oid;
        buf_init(&oid, 100);
        assert_false(pki_oid_from_text(span_of_text(bad[i]), &oid));
        assert_int_equal(oid.len, 0);
        buf_clear(&oid);
    }
    char text[16];
    assert_string_equal(pki_oid_text(span_of("\x2a\x86", 2), text, sizeof text), "1.2.?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_was_written),        cmocka_unit_test(refuses_with_the_position),
        cmocka_unit_test(writes_the_usual_string_types), cmocka_unit_test(compares_as_people_would),
        cmocka_unit_test(compares_across_string_types),  cmocka_unit_test(shows_odd_values),
        cmocka_unit_test(garbage_is_never_equal),        cmocka_unit_test(bounds_the_attributes),
        cmocka_unit_test(object_identifiers_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
