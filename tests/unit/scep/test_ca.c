#include "scep_fixture.h"

static struct err e;
static struct fixture f;

static const char *role(const struct scep_ca *ca, size_t i)
{
    return scep_role_name(scep_ca_role(ca, i));
}

static void roles_go_by_key_usage_not_by_order(void **state)
{
    (void)state;
    const struct pki_cert *orders[][3] = {
        {f.ra_sign, f.ra_encrypt, f.ca}, {f.ra_encrypt, f.ca, f.ra_sign}, {f.ca, f.ra_sign, f.ra_encrypt}};
    for (size_t i = 0; i < 3; i++) {
        struct scep_ca *ca = fixture_bundle(orders[i], 3);
        assert_int_equal(scep_ca_count(ca), 3);
        for (size_t j = 0; j < 3; j++) {
            const char *expected = orders[i][j] == f.ca        ? "ca"
                                   : orders[i][j] == f.ra_sign ? "ra_signing"
                                                               : "ra_encryption";
            assert_string_equal(role(ca, j), expected);
        }
        assert_true(span_equal(pki_cert_der(scep_ca_recipient(ca)), pki_cert_der(f.ra_encrypt)));
        CHECK_OK(scep_ca_check(ca, FIXTURE_NOW_S, &e), &e);
        scep_ca_free(ca);
    }
}

static void one_certificate_serves_for_everything(void **state)
{
    (void)state;
    /* As it stands, and without any extension that says CA (small servers). */
    struct pki_cert *bare =
        fixture_make_cert(&(struct fixture_cert){.subject = "CN=small CA", .key = f.other_key, .serial = 5});
    const struct pki_cert *certs[] = {f.ca, bare};
    for (size_t i = 0; i < 2; i++) {
        struct scep_ca *ca = NULL;
        CHECK_OK(scep_ca_parse(pki_cert_der(certs[i]), &ca, &e), &e);
        assert_int_equal(scep_ca_count(ca), 1);
        assert_string_equal(role(ca, 0), "ca");
        assert_ptr_equal(scep_ca_recipient(ca), scep_ca_cert(ca, 0));
        CHECK_OK(scep_ca_check(ca, FIXTURE_NOW_S, &e), &e);
        struct scep_ca *again = scep_ca_ref(ca);
        scep_ca_free(again);
        scep_ca_free(ca);
    }
    scep_ca_free(NULL);
    pki_cert_free(bare);
}

static void one_ra_for_both_and_a_chain(void **state)
{
    (void)state;
    struct pki_cert *root = fixture_make_cert(
        &(struct fixture_cert){.subject = "CN=root", .key = f.other_key, .ca = true, .serial = 1});
    struct pki_cert *sub = fixture_make_cert(&(struct fixture_cert){.subject = "CN=sub",
                                                                    .issuer = "CN=root",
                                                                    .key = f.ca_key,
                                                                    .issuer_key = f.other_key,
                                                                    .ca = true,
                                                                    .serial = 2});
    struct pki_cert *ra = fixture_make_cert(
        &(struct fixture_cert){.subject = "CN=ra",
                               .issuer = "CN=sub",
                               .key = f.ra_sign_key,
                               .issuer_key = f.ca_key,
                               .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT,
                               .serial = 3});
    struct scep_ca *ca = fixture_bundle((const struct pki_cert *[]){root, ra, sub}, 3);
    assert_string_equal(role(ca, 0), "chain");
    assert_string_equal(role(ca, 1), "ra");
    assert_string_equal(role(ca, 2), "ca");
    assert_ptr_equal(scep_ca_recipient(ca), scep_ca_cert(ca, 1));
    CHECK_OK(scep_ca_check(ca, FIXTURE_NOW_S, &e), &e);
    scep_ca_free(ca);
    ca = fixture_bundle((const struct pki_cert *[]){sub, root}, 2);
    assert_string_equal(role(ca, 0), "ca");
    assert_string_equal(role(ca, 1), "chain");
    assert_ptr_equal(scep_ca_recipient(ca), scep_ca_cert(ca, 0));
    scep_ca_free(ca);
    pki_cert_free(root);
    pki_cert_free(sub);
    pki_cert_free(ra);
}

static void the_newest_encryption_certificate_wins(void **state)
{
    (void)state;
    struct pki_cert *newer = fixture_make_cert(&(struct fixture_cert){.subject = "C=US,CN=host-MSCEP-RA",
                                                                      .issuer = FIXTURE_CA_NAME,
                                                                      .key = f.other_key,
                                                                      .issuer_key = f.ca_key,
                                                                      .key_usage = PKI_KU_KEY_ENCIPHERMENT,
                                                                      .request_agent = true,
                                                                      .from_day = -1,
                                                                      .until_day = 700,
                                                                      .serial = 9});
    struct scep_ca *ca = fixture_bundle((const struct pki_cert *[]){f.ra_encrypt, newer, f.ca}, 3);
    assert_ptr_equal(scep_ca_recipient(ca), scep_ca_cert(ca, 1));
    scep_ca_free(ca);
    pki_cert_free(newer);
}

static struct pki_cert *ra_valid(int64_t from_day, int64_t until_day, const struct pki_key *issuer_key)
{
    return fixture_make_cert(&(struct fixture_cert){.subject = "C=US,CN=host-MSCEP-RA",
                                                    .issuer = FIXTURE_CA_NAME,
                                                    .key = f.ra_sign_key,
                                                    .issuer_key = issuer_key,
                                                    .key_usage = PKI_KU_DIGITAL_SIGNATURE,
                                                    .request_agent = true,
                                                    .from_day = from_day,
                                                    .until_day = until_day,
                                                    .serial = 2});
}

static void check_fails(struct pki_cert *ra, const struct pki_cert *ca_cert, int64_t day, enum reason reason,
                        const char *says)
{
    struct scep_ca *ca = fixture_bundle((const struct pki_cert *[]){ra, f.ra_encrypt, ca_cert}, 3);
    assert_false(scep_ca_check(ca, FIXTURE_NOW_S + day * FIXTURE_DAY_S, &e));
    assert_string_equal(base_reason_id(e.reason), base_reason_id(reason));
    assert_int_equal(e.stage, STAGE_GET_CA_CERT);
    if (strstr(e.text, says) == NULL)
        fail_msg("%s", e.text);
    e = (struct err){0};
    scep_ca_free(ca);
}

static void careful_clients_look_at_dates_and_chain(void **state)
{
    (void)state;
    struct pki_cert *expired = ra_valid(-800, -5, f.ca_key);
    check_fails(expired, f.ca, 0, REASON_RA_CERT_EXPIRED, "expired on 2025-12-27");
    struct pki_cert *early = ra_valid(3, 300, f.ca_key);
    check_fails(early, f.ca, 0, REASON_RA_CERT_EXPIRED, "only valid from 2026-01-04");
    struct pki_cert *foreign = ra_valid(-5, 300, f.other_key);
    check_fails(foreign, f.ca, 0, REASON_RA_CHAIN, "CN=host-MSCEP-RA");
    struct pki_cert *old_ca = fixture_make_cert(&(struct fixture_cert){.subject = FIXTURE_CA_NAME,
                                                                       .key = f.ca_key,
                                                                       .ca = true,
                                                                       .from_day = -900,
                                                                       .until_day = -1,
                                                                       .serial = 1});
    check_fails(f.ra_sign, old_ca, 0, REASON_CA_CERT_EXPIRED, "CN=example-CA");
    pki_cert_free(expired);
    pki_cert_free(early);
    pki_cert_free(foreign);
    pki_cert_free(old_ca);
}

static void refuses_other_bodies(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "<html><body>no</body></html>",
                                         "-----BEGIN CERTIFICATE-----\nMII",
                                         "0",
                                         "\x30\x80\x30\x80",
                                         "\x30\x03\x06\x01\x2a"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct scep_ca *ca = NULL;
        CHECK_FAILS(scep_ca_parse(span_of_text(bodies[i]), &ca, &e), &e, REASON_CA_CERT_MALFORMED);
    }
    struct scep_ca *ca = NULL;
    struct buf body;
    buf_init(&body, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make(NULL, 0, &body, &e), &e);
    CHECK_FAILS(scep_ca_parse(buf_span(&body), &ca, &e), &e, REASON_CA_CERT_MALFORMED);
    buf_reset(&body);
    const struct pki_cert *many[SCEP_CA_MAX_CERTS + 1];
    for (size_t i = 0; i <= SCEP_CA_MAX_CERTS; i++)
        many[i] = f.ca;
    CHECK_OK(scep_degenerate_make(many, SCEP_CA_MAX_CERTS + 1, &body, &e), &e);
    CHECK_FAILS(scep_ca_parse(buf_span(&body), &ca, &e), &e, REASON_CA_CERT_MALFORMED);
    assert_true(scep_ca_parse(pki_cert_der(f.ca), &ca, &e));
    scep_ca_free(ca);
    buf_clear(&body);
}

static void needs_an_rsa_certificate(void **state)
{
    (void)state;
    struct pki_cert *ec = fixture_cert_file("vectors/keys/ec256-ca.pem");
    struct scep_ca *ca = NULL;
    CHECK_FAILS(scep_ca_parse(pki_cert_der(ec), &ca, &e), &e, REASON_CA_CERT_NO_RECIPIENT);
    /* An RSA RA in front of an EC CA will do. */
    ca = fixture_bundle((const struct pki_cert *[]){ec, f.ra_encrypt}, 2);
    assert_ptr_equal(scep_ca_recipient(ca), scep_ca_cert(ca, 1));
    scep_ca_free(ca);
    pki_cert_free(ec);
}

static bool stop_at_second(struct span der, void *user)
{
    (void)der;
    size_t *seen = user;
    return ++*seen < 2;
}

static void reading_stops_when_told(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_degenerate_make((const struct pki_cert *[]){f.ca, f.ca, f.ca}, 3, &body, &e), &e);
    size_t seen = 0;
    assert_false(scep_degenerate_read(buf_span(&body), stop_at_second, &seen, &e));
    assert_int_equal(seen, 2);
    for (size_t cut = 0; cut < body.len; cut += 11) {
        seen = 0;
        CHECK_FAILS(scep_degenerate_read(span_of(body.data, cut), stop_at_second, &seen, &e), &e,
                    REASON_MALFORMED);
    }
    buf_clear(&body);
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
        cmocka_unit_test(roles_go_by_key_usage_not_by_order),
        cmocka_unit_test(one_certificate_serves_for_everything),
        cmocka_unit_test(one_ra_for_both_and_a_chain),
        cmocka_unit_test(the_newest_encryption_certificate_wins),
        cmocka_unit_test(careful_clients_look_at_dates_and_chain),
        cmocka_unit_test(refuses_other_bodies),
        cmocka_unit_test(needs_an_rsa_certificate),
        cmocka_unit_test(reading_stops_when_told),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
