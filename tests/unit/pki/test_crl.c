/* CRLs, with OpenSSL as the independent counterpart. */
#include "pki/crl.h"

#include "pki/der.h"
#include "pki_fixture.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static struct err e;
static struct fixture f;

static const struct pki_crl_entry three[] = {
    {{(const uint8_t *)"\x05", 1}, FIXTURE_NOW_S - 9 * FIXTURE_DAY_S, PKI_CRL_UNSPECIFIED},
    {{(const uint8_t *)"\x00\xfe\x01", 3}, FIXTURE_NOW_S - 8 * FIXTURE_DAY_S, PKI_CRL_SUPERSEDED},
    {{(const uint8_t *)"\x61\x00\x02\x48", 4}, INT64_C(2600000000), PKI_CRL_CERTIFICATE_HOLD},
};

static struct pki_crl_spec spec_of(const struct pki_cert *issuer)
{
    return (struct pki_crl_spec){
        .issuer = pki_cert_subject(issuer),
        .this_update = FIXTURE_NOW_S - FIXTURE_DAY_S,
        .next_update = FIXTURE_NOW_S + FIXTURE_DAY_S,
        .number = 300,
        .authority_key_id = pki_cert_subject_key_id(issuer),
        .entries = three,
        .count = 3,
    };
}

static struct buf made(const struct pki_crl_spec *spec, const struct pki_key *key, enum pki_digest digest)
{
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    CHECK_OK(pki_crl_make(spec, key, digest, &der, &e), &e);
    return der;
}

static struct pki_crl *read_back(struct span der)
{
    struct pki_crl *crl = NULL;
    CHECK_OK(pki_crl_from_der(der, &crl, &e), &e);
    return crl;
}

static X509_CRL *openssl_crl(struct span der)
{
    const unsigned char *at = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    assert_non_null(crl);
    assert_ptr_equal(at, der.data + der.len);
    return crl;
}

static void reads_what_it_makes(void **state)
{
    (void)state;
    struct pki_crl_spec spec = spec_of(f.ca);
    struct buf der = made(&spec, f.ca_key, PKI_SHA256);
    struct pki_crl *crl = read_back(buf_span(&der));
    assert_true(span_equal(pki_crl_der(crl), buf_span(&der)));
    assert_true(span_equal(pki_crl_issuer(crl), pki_cert_subject(f.ca)));
    CHECK_SPAN(pki_crl_number(crl), "\x01\x2c");
    assert_int_equal(pki_crl_this_update(crl), spec.this_update);
    assert_int_equal(pki_crl_next_update(crl), spec.next_update);
    assert_int_equal(pki_crl_count(crl), 3);
    for (size_t i = 0; i < 3; i++) {
        struct pki_crl_entry entry;
        assert_true(pki_crl_find(crl, three[i].serial, &entry));
        assert_true(span_equal(entry.serial, three[i].serial));
        assert_int_equal(entry.revoked_at, three[i].revoked_at);
        assert_int_equal(entry.reason, three[i].reason);
    }
    assert_true(pki_crl_find(crl, span_of("\x00\x05", 2), NULL)); /* as careless encoders write 5 */
    assert_false(pki_crl_find(crl, span_of("\x06", 1), NULL));
    assert_false(pki_crl_find(crl, span_of("\xfe\x01", 2), NULL)); /* a negative number */
    assert_false(pki_crl_find(crl, span_of(NULL, 0), NULL));
    struct pki_crl *again = pki_crl_ref(crl);
    pki_crl_free(crl);
    assert_true(pki_crl_signed_by(again, f.ca));
    pki_crl_free(again);
    buf_clear(&der);
}

static void has_a_validity(void **state)
{
    (void)state;
    struct pki_crl_spec spec = spec_of(f.ca);
    spec.count = 0;
    struct buf der = made(&spec, f.ca_key, PKI_SHA1);
    struct pki_crl *crl = read_back(buf_span(&der));
    assert_int_equal(pki_crl_count(crl), 0);
    assert_false(pki_crl_find(crl, three[0].serial, NULL));
    assert_false(pki_crl_valid_at(crl, spec.this_update - 1));
    assert_true(pki_crl_valid_at(crl, spec.this_update));
    assert_true(pki_crl_valid_at(crl, spec.next_update));
    assert_false(pki_crl_valid_at(crl, spec.next_update + 1));
    pki_crl_free(crl);
    buf_clear(&der);

    spec.next_update = 0;
    der = made(&spec, f.ca_key, PKI_SHA256);
    crl = read_back(buf_span(&der));
    assert_int_equal(pki_crl_next_update(crl), INT64_MAX);
    assert_true(pki_crl_valid_at(crl, INT64_C(4000000000)));
    pki_crl_free(crl);
    buf_clear(&der);
}

static void knows_its_issuer(void **state)
{
    (void)state;
    struct pki_crl_spec spec = spec_of(f.ca);
    struct buf der = made(&spec, f.ca_key, PKI_SHA512);
    struct pki_crl *crl = read_back(buf_span(&der));
    assert_true(pki_crl_signed_by(crl, f.ca));
    assert_false(pki_crl_signed_by(crl, f.ra_sign));
    struct pki_cert *namesake = fixture_make_cert(&(struct fixture_cert){
        .subject = FIXTURE_CA_NAME, .key = f.other_key, .ca = true, .key_usage = PKI_KU_CRL_SIGN});
    assert_false(pki_crl_signed_by(crl, namesake));
    pki_crl_free(crl);

    crl = read_back(buf_span(&der));
    pki_crl_free(crl);
    der.data[der.len - 1] ^= 1;
    crl = read_back(buf_span(&der));
    assert_false(pki_crl_signed_by(crl, f.ca));
    pki_crl_free(crl);
    pki_cert_free(namesake);
    buf_clear(&der);
}

static void check_with_openssl(struct span der, EVP_PKEY *key)
{
    X509_CRL *crl = openssl_crl(der);
    assert_int_equal(X509_CRL_verify(crl, key), 1);
    assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    assert_int_equal(ASN1_INTEGER_get(number), 300);
    ASN1_INTEGER_free(number);
    AUTHORITY_KEYID *id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
    assert_non_null(id);
    AUTHORITY_KEYID_free(id);
    STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
    assert_int_equal(sk_X509_REVOKED_num(list), 3);
    static const int reasons[] = {-1, CRL_REASON_SUPERSEDED, CRL_REASON_CERTIFICATE_HOLD};
    for (int i = 0; i < 3; i++) {
        const X509_REVOKED *one = sk_X509_REVOKED_value(list, i);
        int found = 0;
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(one, NID_crl_reason, &found, NULL);
        assert_int_equal(reason == NULL ? -1 : ASN1_ENUMERATED_get(reason), reasons[i]);
        ASN1_ENUMERATED_free(reason);
    }
    X509_CRL_free(crl);
}

static void openssl_reads_ours(void **state)
{
    (void)state;
    struct pki_crl_spec spec = spec_of(f.ca);
    for (int digest = PKI_SHA1; digest < PKI_DIGEST_COUNT; digest++) {
        struct buf der = made(&spec, f.ca_key, (enum pki_digest)digest);
        check_with_openssl(buf_span(&der), pki_key_evp(f.ca_key));
        buf_clear(&der);
    }
    struct pki_key *ec = fixture_key("ec256");
    struct buf der = made(&spec, ec, PKI_SHA256);
    check_with_openssl(buf_span(&der), pki_key_evp(ec));
    buf_clear(&der);
    pki_key_free(ec);
}

/* Written by OpenSSL: an entry with a reason, dates after 2049. */
static struct buf crl_by_openssl(X509 *issuer, EVP_PKEY *key, bool pss, long version)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)FIXTURE_NOW_S);
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    X509_REVOKED *one = X509_REVOKED_new();
    assert_int_equal(ASN1_INTEGER_set(serial, 0xfe01), 1);
    assert_int_equal(X509_REVOKED_set_serialNumber(one, serial), 1);
    assert_int_equal(X509_REVOKED_set_revocationDate(one, when), 1);
    if (version > 0) {
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        assert_int_equal(ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE), 1);
        assert_int_equal(X509_REVOKED_add1_ext_i2d(one, NID_crl_reason, reason, 0, 0), 1);
        ASN1_ENUMERATED_free(reason);
        assert_int_equal(X509_CRL_set_version(crl, version), 1);
    }
    assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, when), 1);
    ASN1_TIME_free(when);
    when = ASN1_TIME_set(NULL, (time_t)INT64_C(2600000000));
    assert_int_equal(X509_CRL_set1_nextUpdate(crl, when), 1);
    assert_int_equal(X509_CRL_add0_revoked(crl, one), 1);
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    assert_int_equal(EVP_DigestSignInit(signing, &parameters, EVP_sha384(), NULL, key), 1);
    if (pss)
        assert_true(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) > 0);
    assert_true(X509_CRL_sign_ctx(crl, signing) > 0);
    unsigned char *data = NULL;
    int len = i2d_X509_CRL(crl, &data);
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    assert_true(len > 0 && buf_append(&der, data, (size_t)len));
    OPENSSL_free(data);
    EVP_MD_CTX_free(signing);
    ASN1_TIME_free(when);
    ASN1_INTEGER_free(serial);
    X509_CRL_free(crl);
    return der;
}

static void check_theirs(const struct pki_cert *issuer, const struct pki_key *key, bool pss, long version)
{
    const unsigned char *at = pki_cert_der(issuer).data;
    X509 *x509 = d2i_X509(NULL, &at, (long)pki_cert_der(issuer).len);
    struct buf der = crl_by_openssl(x509, pki_key_evp(key), pss, version);
    struct pki_crl *crl = read_back(buf_span(&der));
    struct pki_crl_entry entry;
    assert_true(pki_crl_find(crl, three[1].serial, &entry));
    assert_int_equal(entry.revoked_at, FIXTURE_NOW_S);
    assert_int_equal(entry.reason, version > 0 ? PKI_CRL_KEY_COMPROMISE : PKI_CRL_UNSPECIFIED);
    assert_int_equal(pki_crl_number(crl).len, 0);
    assert_int_equal(pki_crl_this_update(crl), FIXTURE_NOW_S);
    assert_int_equal(pki_crl_next_update(crl), INT64_C(2600000000));
    assert_true(pki_crl_signed_by(crl, issuer));
    der.data[der.len - 1] ^= 1;
    struct pki_crl *forged = read_back(buf_span(&der));
    assert_false(pki_crl_signed_by(forged, issuer));
    pki_crl_free(forged);
    pki_crl_free(crl);
    buf_clear(&der);
    X509_free(x509);
}

static void reads_those_of_openssl(void **state)
{
    (void)state;
    check_theirs(f.ca, f.ca_key, false, X509_CRL_VERSION_2);
    check_theirs(f.ca, f.ca_key, false, 0); /* version 1 */
    check_theirs(f.ca, f.ca_key, true, X509_CRL_VERSION_2);
    struct pki_key *ec = fixture_key("ec256");
    struct pki_cert *ca = fixture_make_cert(&(struct fixture_cert){
        .subject = "CN=EC CA", .key = ec, .ca = true, .key_usage = PKI_KU_CERT_SIGN | PKI_KU_CRL_SIGN});
    check_theirs(ca, ec, false, X509_CRL_VERSION_2);
    pki_cert_free(ca);
    pki_key_free(ec);
}

/* Every cut fails; every flipped bit is refused, or read without harm and without the signature. */
static void refuses_damage(void **state)
{
    (void)state;
    struct pki_crl_spec spec = spec_of(f.ca);
    struct buf der = made(&spec, f.ca_key, PKI_SHA256);
    struct pki_crl *crl = NULL;
    for (size_t cut = 0; cut < der.len; cut++)
        CHECK_FAILS(pki_crl_from_der(span_of(der.data, cut), &crl, &e), &e, REASON_MALFORMED);
    for (size_t i = 0; i < der.len * 8; i++) {
        der.data[i / 8] ^= (uint8_t)(1u << i % 8);
        if (pki_crl_from_der(buf_span(&der), &crl, NULL)) {
            if (pki_crl_signed_by(crl, f.ca))
                fail_msg("bit %zu of byte %zu does not matter", i % 8, i / 8);
            pki_crl_free(crl);
        }
        der.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    buf_clear(&der);
}

/* Five thousand entries, about what a busy CA has. */
static void long_lists(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static uint8_t serials[COUNT][4];
    static struct pki_crl_entry entries[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        const uint8_t serial[4] = {1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        memcpy(serials[i], serial, 4);
        entries[i] = (struct pki_crl_entry){span_of(serials[i], 4), FIXTURE_NOW_S, PKI_CRL_KEY_COMPROMISE};
    }
    struct pki_crl_spec spec = spec_of(f.ca);
    spec.entries = entries;
    spec.count = COUNT;
    struct buf der = made(&spec, f.ca_key, PKI_SHA256);
    struct pki_crl *crl = read_back(buf_span(&der));
    assert_int_equal(pki_crl_count(crl), COUNT);
    assert_true(pki_crl_find(crl, entries[COUNT - 1].serial, NULL));
    assert_true(pki_crl_signed_by(crl, f.ca));
    pki_crl_free(crl);
    buf_clear(&der);
    struct buf small;
    buf_init(&small, 1000);
    CHECK_FAILS(pki_crl_make(&spec, f.ca_key, PKI_SHA256, &small, &e), &e, REASON_LIMIT);
    buf_clear(&small);
}

static int open_fixture(void **state)
{
    (void)state;
    fixture_open(&f);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_makes),
        cmocka_unit_test(has_a_validity),
        cmocka_unit_test(knows_its_issuer),
        cmocka_unit_test(openssl_reads_ours),
        cmocka_unit_test(reads_those_of_openssl),
        cmocka_unit_test(refuses_damage),
        cmocka_unit_test(long_lists),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
