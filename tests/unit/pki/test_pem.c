#include "pki/pem.h"

#include "pki_fixture.h"

static void writes_a_certificate_as_other_programs_do(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf file = fixture_file("vectors/ndes-ra-signing.pem"), text;
    struct pki_cert *cert = fixture_cert_file("vectors/ndes-ra-signing.pem");
    buf_init(&text, 10000);
    CHECK_OK(pki_pem_append(pki_cert_der(cert), "CERTIFICATE", &text, &e), &e);
    assert_string_equal(buf_text(&text), strstr(buf_text(&file), "-----BEGIN"));
    pki_cert_free(cert);
    buf_clear(&text);
    buf_clear(&file);
}

static void says_when_it_has_no_room(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf text;
    buf_init(&text, 20);
    CHECK_FAILS(pki_pem_append(span_of_text("0123456789"), "CERTIFICATE", &text, &e), &e, REASON_LIMIT);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_certificate_as_other_programs_do),
        cmocka_unit_test(says_when_it_has_no_room),
    };
    return cmocka_run_group_tests(tests, start_pki, stop_pki);
}
