#include "check.h"
#include "scep/caps.h"

static void reads_the_list_of_ndes(void **state)
{
    (void)state;
    unsigned caps = scep_caps_parse(
        span_of_text("POSTPKIOperation\r\nRenewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n"));
    assert_int_equal(caps, SCEP_CAP_POST | SCEP_CAP_RENEWAL | SCEP_CAP_SHA512 | SCEP_CAP_SHA256 |
                               SCEP_CAP_SHA1 | SCEP_CAP_DES3);
    assert_int_equal(scep_caps_cipher(caps), PKI_DES3_CBC);
    assert_int_equal(scep_caps_digest(caps), PKI_SHA256);
}

static void is_lenient_about_form(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        unsigned caps;
    } bodies[] = {
        {"", 0},
        {"\n\n\r\n", 0},
        {"aes", SCEP_CAP_AES},
        {" \tAES \nPostPkiOperation", SCEP_CAP_AES | SCEP_CAP_POST},
        {"AES\rSHA-1", SCEP_CAP_AES | SCEP_CAP_SHA1},
        {"AESX\nXAES\nSHA-2567\nGetNextCACert\nUpdate", SCEP_CAP_GET_NEXT_CA_CERT | SCEP_CAP_UPDATE},
        {"SCEPStandard", SCEP_CAP_STANDARD | SCEP_CAP_AES | SCEP_CAP_POST | SCEP_CAP_SHA256},
        {"<html><body>404</body></html>", 0},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_int_equal(scep_caps_parse(span_of_text(bodies[i].body)), bodies[i].caps);
    assert_int_equal(scep_caps_parse(span_of("A\0E\0S", 5)), 0);
}

static void may_be_seen_as_a_strict_client_does(void **state)
{
    (void)state;
    struct span body = span_of_text("aes\nPostPKIOperation\nSHA-256\nSCEPStandard\n");
    unsigned standard = SCEP_CAP_STANDARD | SCEP_CAP_AES | SCEP_CAP_POST | SCEP_CAP_SHA256;
    assert_int_equal(scep_caps_parse_as(body, true, true), standard);
    assert_int_equal(scep_caps_parse_as(body, true, false), SCEP_CAP_SHA256);
    assert_int_equal(scep_caps_parse_as(body, false, false), SCEP_CAP_AES | SCEP_CAP_POST | SCEP_CAP_SHA256);
    assert_int_equal(scep_caps_parse_as(span_of_text("SCEPstandard"), true, true), 0);
}

static void lists_the_words_as_sent(void **state)
{
    (void)state;
    struct span words[3];
    assert_int_equal(scep_caps_words(span_of_text("a \r\n\n bB\nc\nd"), words, 3), 3);
    CHECK_SPAN(words[0], "a");
    CHECK_SPAN(words[1], "bB");
    CHECK_SPAN(words[2], "c");
    assert_int_equal(scep_caps_words(span_of(NULL, 0), words, 3), 0);
}

static void chooses_as_the_rfc_advises(void **state)
{
    (void)state;
    assert_int_equal(scep_caps_cipher(SCEP_CAP_AES | SCEP_CAP_DES3), PKI_AES128_CBC);
    assert_int_equal(scep_caps_cipher(0), PKI_DES3_CBC);
    assert_int_equal(scep_caps_digest(SCEP_CAP_SHA512 | SCEP_CAP_SHA1), PKI_SHA512);
    assert_int_equal(scep_caps_digest(0), PKI_SHA1);
}

static void names_the_numbers(void **state)
{
    (void)state;
    assert_string_equal(scep_message_type_name(SCEP_PKCS_REQ), "PKCSReq");
    assert_string_equal(scep_message_type_name(SCEP_CERT_REP), "CertRep");
    assert_string_equal(scep_message_type_name(99), "unknown");
    assert_string_equal(scep_pki_status_name(SCEP_PENDING), "PENDING");
    assert_string_equal(scep_pki_status_name(1), "unknown");
    assert_string_equal(scep_fail_info_name(SCEP_BAD_CERT_ID), "badCertId");
    assert_string_equal(scep_fail_info_name(-1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_list_of_ndes),
        cmocka_unit_test(is_lenient_about_form),
        cmocka_unit_test(may_be_seen_as_a_strict_client_does),
        cmocka_unit_test(lists_the_words_as_sent),
        cmocka_unit_test(chooses_as_the_rfc_advises),
        cmocka_unit_test(names_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
