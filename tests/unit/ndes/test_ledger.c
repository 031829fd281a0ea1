#include "ndes/ledger.h"

#include "check.h"

static struct pki_key *key, *other;

/* A certificate with this serial number. */
static struct pki_cert *cert_of(struct pki_key *of, uint8_t serial, const char *subject)
{
    struct buf name, der;
    struct err e = {0};
    struct pki_cert *cert = NULL;
    buf_init(&name, 1024);
    buf_init(&der, 8192);
    CHECK_OK(pki_name_from_text(subject, &name, &e), &e);
    struct pki_cert_spec spec = {.subject = buf_span(&name),
                                 .issuer = buf_span(&name),
                                 .spki = pki_key_spki(of),
                                 .serial = span_of(&serial, 1),
                                 .not_after = 1};
    CHECK_OK(pki_cert_make(&spec, of, PKI_SHA256, &der, &e), &e);
    CHECK_OK(pki_cert_from_der(buf_span(&der), &cert, &e), &e);
    buf_clear(&name);
    buf_clear(&der);
    return cert;
}

static struct ndes_ledger *make(size_t max)
{
    struct ndes_ledger *l = NULL;
    struct err e = {0};
    CHECK_OK(ndes_ledger_new(max, &l, &e), &e);
    return l;
}

static void add(struct ndes_ledger *l, struct pki_key *of, uint8_t serial, const char *id, bool renewal,
                int64_t now_us)
{
    struct pki_cert *cert = cert_of(of, serial, "CN=phone,OU=lab");
    ndes_ledger_add(l, cert, id, renewal, now_us);
    pki_cert_free(cert);
}

/* The serial number of what was found; 0: nothing. */
static int serial_of(struct pki_cert *found)
{
    int serial = found != NULL ? pki_cert_serial(found).data[pki_cert_serial(found).len - 1] : 0;
    pki_cert_free(found);
    return serial;
}

static int by_serial(struct ndes_ledger *l, uint8_t serial)
{
    const uint8_t content[] = {0, serial};
    return serial_of(ndes_ledger_by_serial(l, span_of(content, sizeof content)));
}

static void certificates_are_found_by_what_is_known_of_them(void **state)
{
    (void)state;
    struct ndes_ledger *l = make(100);
    struct buf name;
    struct err e = {0};
    buf_init(&name, 1024);
    CHECK_OK(pki_name_from_text("OU=lab,CN=Phone", &name, &e), &e);
    struct span subject = buf_span(&name), spki = pki_key_spki(key);
    add(l, key, 1, "A", false, 10);
    add(l, other, 0x82, "A", false, 20);
    add(l, key, 3, "A", true, 30);
    add(l, key, 4, "B", false, 40);
    assert_int_equal(by_serial(l, 1), 1);
    assert_int_equal(by_serial(l, 0x82), 0x82);
    assert_int_equal(by_serial(l, 9), 0);
    assert_int_equal(serial_of(ndes_ledger_by_request(l, "A", spki, false, 0)), 1);
    assert_int_equal(serial_of(ndes_ledger_by_request(l, "A", spki, false, 11)), 0); /* too long ago */
    assert_int_equal(serial_of(ndes_ledger_by_request(l, "A", spki, true, 0)), 3);
    assert_int_equal(serial_of(ndes_ledger_by_request(l, "A", pki_key_spki(other), false, 0)), 0x82);
    assert_int_equal(serial_of(ndes_ledger_by_request(l, "C", spki, false, 0)), 0);
    assert_int_equal(serial_of(ndes_ledger_by_poll(l, "A", subject, 0)), 3); /* the latest */
    struct pki_cert *stranger = cert_of(key, 1, "CN=x");
    assert_int_equal(serial_of(ndes_ledger_by_poll(l, "A", pki_cert_subject(stranger), 0)), 0);
    pki_cert_free(stranger);
    assert_int_equal(serial_of(ndes_ledger_by_key(l, spki, subject)), 4);
    assert_int_equal(serial_of(ndes_ledger_by_key(l, pki_key_spki(other), subject)), 0x82);
    buf_clear(&name);
    ndes_ledger_free(l);
}

static void the_oldest_are_forgotten(void **state)
{
    (void)state;
    struct ndes_ledger *l = make(3);
    for (uint8_t i = 1; i <= 10; i++)
        add(l, key, i, "A", false, i);
    assert_int_equal(by_serial(l, 7), 0);
    for (uint8_t i = 8; i <= 10; i++)
        assert_int_equal(by_serial(l, i), i);
    ndes_ledger_free(l);
}

static void sizes_are_checked(void **state)
{
    (void)state;
    struct ndes_ledger *l = NULL;
    struct err e = {0};
    CHECK_FAILS(ndes_ledger_new(0, &l, &e), &e, REASON_NO_MEMORY);
    CHECK_FAILS(ndes_ledger_new(NDES_LEDGER_MAX + 1, &l, &e), &e, REASON_NO_MEMORY);
}

static int make_keys(void **state)
{
    (void)state;
    struct err e = {0};
    return pki_init(&e) && pki_key_generate_rsa(2048, &key, &e) && pki_key_generate_ec(256, &other, &e) ? 0
                                                                                                        : 1;
}

static int free_keys(void **state)
{
    (void)state;
    pki_key_free(key);
    pki_key_free(other);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_found_by_what_is_known_of_them),
        cmocka_unit_test(the_oldest_are_forgotten),
        cmocka_unit_test(sizes_are_checked),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
