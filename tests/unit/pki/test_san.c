#include "pki/san.h"

#include "pki/csr.h"
#include "pki/extension.h"
#include "pki/general_name.h"
#include "pki/oid.h"
#include "pki_fixture.h"

static struct err e;

static struct buf names(const char *const *texts, size_t count)
{
    struct buf out;
    buf_init(&out, 65536);
    CHECK_OK(pki_general_names_from_texts(texts, count, &out, &e), &e);
    return out;
}
#define NAMES(...)                                                                                           \
    names((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void check(struct buf a, struct buf b, bool same)
{
    assert_int_equal(pki_san_same(buf_span(&a), buf_span(&b)), same);
    assert_int_equal(pki_san_same(buf_span(&b), buf_span(&a)), same);
    buf_clear(&a);
    buf_clear(&b);
}

static void compares_as_sets(void **state)
{
    (void)state;
    check(NAMES("dns:a.example"), NAMES("dns:a.example"), true);
    check(NAMES("dns:a.example"), NAMES("dns:A.Example"), true);
    check(NAMES("dns:a.example", "upn:j@example"), NAMES("upn:j@example", "dns:a.example"), true);
    check(NAMES("dns:a.example", "dns:a.example"), NAMES("dns:a.example"), true);
    check(NAMES("dns:a.example"), NAMES("dns:b.example"), false);
    check(NAMES("dns:a.example"), NAMES("dns:a.example", "dns:b.example"), false);
    check(NAMES("dns:a.example"), NAMES("email:a@example"), false);
    check(NAMES("upn:j@example"), NAMES("upn:J@example"), false);
    check(NAMES("ip:192.0.2.1"), NAMES("ip:192.0.2.2"), false);
    check(NAMES("uri:https://a.example/x"), NAMES("uri:https://a.example/y"), false);
}

static void nothing_and_garbage(void **state)
{
    (void)state;
    struct buf one = NAMES("dns:a.example");
    assert_true(pki_san_same(span_of(NULL, 0), span_of(NULL, 0)));
    assert_false(pki_san_same(buf_span(&one), span_of(NULL, 0)));
    assert_false(pki_san_same(span_of(NULL, 0), buf_span(&one)));
    assert_false(pki_san_same(span_of_text("x"), span_of_text("x")));
    assert_false(pki_san_same(buf_span(&one), span_of(one.data, one.len - 1)));
    buf_clear(&one);
}

static void directory_names_compare_by_rdns(void **state)
{
    (void)state;
    static const char *const texts[] = {"CN=a,OU=b", "OU=b,CN=a", "CN=a,OU=c"};
    struct buf san[3];
    for (size_t i = 0; i < 3; i++) {
        struct buf name = fixture_name(texts[i]);
        buf_init(&san[i], 4096);
        size_t list = der_begin(&san[i], DER_SEQUENCE);
        der_put(&san[i], DER_CONTEXT(4), buf_span(&name));
        der_end(&san[i], list);
        buf_clear(&name);
    }
    assert_true(pki_san_same(buf_span(&san[0]), buf_span(&san[1])));
    assert_false(pki_san_same(buf_span(&san[0]), buf_span(&san[2])));
    for (size_t i = 0; i < 3; i++)
        buf_clear(&san[i]);
}

static void too_many_are_never_the_same(void **state)
{
    (void)state;
    struct buf san;
    buf_init(&san, 65536);
    for (size_t count = 256; count <= 257; count++) {
        buf_reset(&san);
        size_t list = der_begin(&san, DER_SEQUENCE);
        for (size_t i = 0; i < count; i++) {
            uint8_t address[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
            der_put(&san, DER_CONTEXT_PRIMITIVE(7), span_of(address, 4));
        }
        der_end(&san, list);
        assert_int_equal(pki_san_same(buf_span(&san), buf_span(&san)), count == 256);
    }
    buf_clear(&san);
}

/* In a request and in the certificate that copies its extensions. */
static void found_where_it_stands(void **state)
{
    (void)state;
    struct pki_key *key = fixture_key("rsa2048-device");
    struct buf subject = fixture_name("CN=phone-7");
    struct buf san = NAMES("dns:a.example", "upn:j@example");
    struct buf request;
    buf_init(&request, 65536);
    struct pki_csr_spec spec = {
        .subject = buf_span(&subject), .san = buf_span(&san), .key_usage = PKI_KU_DIGITAL_SIGNATURE};
    struct pki_csr csr;
    CHECK_OK(pki_csr_make(&spec, key, PKI_SHA256, &request, &e), &e);
    CHECK_OK(pki_csr_read(buf_span(&request), &csr, &e), &e);
    assert_true(span_equal(pki_san_find(csr.extensions), buf_span(&san)));

    struct buf der;
    buf_init(&der, 65536);
    struct pki_cert_spec make = {.subject = buf_span(&subject),
                                 .issuer = buf_span(&subject),
                                 .spki = pki_key_spki(key),
                                 .serial = span_of("\x07", 1),
                                 .not_after = FIXTURE_NOW_S,
                                 .extensions = csr.extensions};
    struct pki_cert *cert = NULL;
    CHECK_OK(pki_cert_make(&make, key, PKI_SHA256, &der, &e), &e);
    CHECK_OK(pki_cert_from_der(buf_span(&der), &cert, &e), &e);
    assert_true(span_equal(pki_san_find(pki_cert_extensions(cert)), buf_span(&san)));
    assert_int_equal(pki_san_find(span_of(NULL, 0)).len, 0);
    assert_int_equal(pki_san_find(span_of_text("garbage")).len, 0);
    pki_cert_free(cert);
    pki_csr_clear(&csr);
    pki_key_free(key);
    buf_clear(&der);
    buf_clear(&request);
    buf_clear(&san);
    buf_clear(&subject);
}

static int open_pki(void **state)
{
    (void)state;
    CHECK_OK(pki_init(&e), &e);
    return 0;
}

static int close_pki(void **state)
{
    (void)state;
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_as_sets),
        cmocka_unit_test(nothing_and_garbage),
        cmocka_unit_test(directory_names_compare_by_rdns),
        cmocka_unit_test(too_many_are_never_the_same),
        cmocka_unit_test(found_where_it_stands),
    };
    return cmocka_run_group_tests(tests, open_pki, close_pki);
}
