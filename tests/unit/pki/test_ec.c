/* EC keys: devices have them, pkiMessages do not. */
#include "pki/csr.h"
#include "pki/pool.h"
#include "pki_fixture.h"

#include <openssl/x509.h>
#include <unistd.h>

static struct err e;

static struct pki_key *generate(unsigned bits)
{
    struct pki_key *key = NULL;
    CHECK_OK(pki_key_generate_ec(bits, &key, &e), &e);
    assert_int_equal(pki_key_bits(key), bits);
    assert_false(pki_key_is_rsa(key));
    assert_int_equal(pki_key_rsa_public(key).len, 0);
    return key;
}

static void reads_and_writes_keys(void **state)
{
    (void)state;
    struct pki_key *key = fixture_key("ec256");
    struct buf der;
    buf_init(&der, 4096);
    CHECK_OK(pki_key_to_der(key, &der, &e), &e);
    struct pki_key *back = NULL;
    CHECK_OK(pki_key_from_der(buf_span(&der), &back, &e), &e);
    assert_true(span_equal(pki_key_spki(back), pki_key_spki(key)));
    pki_key_free(back);
    for (size_t cut = 0; cut < der.len; cut++)
        CHECK_FAILS(pki_key_from_der(span_of(der.data, cut), &back, &e), &e, REASON_MALFORMED);
    buf_wipe(&der);

    unsigned char *sec1 = NULL; /* the older form, as `openssl ecparam -genkey` writes it */
    int len = i2d_PrivateKey(pki_key_evp(key), &sec1);
    assert_true(len > 0);
    CHECK_OK(pki_key_from_der(span_of(sec1, (size_t)len), &back, &e), &e);
    assert_true(span_equal(pki_key_spki(back), pki_key_spki(key)));
    OPENSSL_clear_free(sec1, (size_t)len);
    pki_key_free(back);
    pki_key_free(key);
}

static void signs_requests(void **state)
{
    (void)state;
    static const struct {
        unsigned bits;
        enum pki_digest digest;
    } cases[] = {{256, PKI_SHA256}, {384, PKI_SHA384}, {521, PKI_SHA512}, {256, PKI_SHA1}};
    struct buf subject = fixture_name("CN=watch-1,OU=scepstorm");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pki_key *key = generate(cases[i].bits);
        const struct pki_csr_spec spec = {.subject = buf_span(&subject),
                                          .challenge = span_of_text("8CE317021F690069")};
        struct buf der;
        buf_init(&der, 4096);
        CHECK_OK(pki_csr_make(&spec, key, cases[i].digest, &der, &e), &e);
        struct pki_csr csr;
        CHECK_OK(pki_csr_read(buf_span(&der), &csr, &e), &e);
        assert_true(span_equal(csr.spki, pki_key_spki(key)));
        pki_csr_clear(&csr);
        buf_clear(&der);
        CHECK_FAILS(pki_csr_make(&spec, key, PKI_MD5, &der, &e), &e, REASON_UNSUPPORTED_ALGORITHM);
        buf_clear(&der);
        pki_key_free(key);
    }
    buf_clear(&subject);
}

static void refuses_other_sizes(void **state)
{
    (void)state;
    struct pki_key *key = NULL;
    CHECK_FAILS(pki_key_generate_ec(255, &key, &e), &e, REASON_USAGE);
}

static void pools_hold_them(void **state)
{
    (void)state;
    char path[] = "/tmp/scepstorm-ec-pool-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct pki_key *ec = generate(384);
    struct pki_key *rsa = fixture_key("rsa2048-device");
    CHECK_OK(pki_pool_append(path, ec, &e), &e);
    CHECK_OK(pki_pool_append(path, rsa, &e), &e);
    struct pki_pool *pool = NULL;
    CHECK_OK(pki_pool_load(path, 0, &pool, &e), &e);
    assert_int_equal(pki_pool_count(pool), 2);
    assert_true(span_equal(pki_key_spki(pki_pool_key(pool, 0)), pki_key_spki(ec)));
    assert_true(pki_key_is_rsa(pki_pool_key(pool, 1)));
    pki_pool_free(pool);
    unlink(path);
    pki_key_free(ec);
    pki_key_free(rsa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_keys),
        cmocka_unit_test(signs_requests),
        cmocka_unit_test(refuses_other_sizes),
        cmocka_unit_test(pools_hold_them),
    };
    return cmocka_run_group_tests(tests, start_pki, stop_pki);
}
