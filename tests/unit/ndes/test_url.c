#include "ndes/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void urls_of_real_clients_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        enum ndes_place place;
        enum ndes_operation operation;
    } cases[] = {
        {"/certsrv/mscep/mscep.dll", NDES_PLACE_MSCEP, NDES_OP_BARE},
        {"/certsrv/mscep/mscep.dll?operation=GetCACaps", NDES_PLACE_MSCEP, NDES_OP_GET_CA_CAPS},
        {"/CertSrv/MSCEP/MSCEP.DLL?operation=GetCACaps&message=ca", NDES_PLACE_MSCEP, NDES_OP_GET_CA_CAPS},
        {"/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACert&message=", NDES_PLACE_MSCEP,
         NDES_OP_GET_CA_CERT},
        {"/certsrv/mscep/?operation=PKIOperation", NDES_PLACE_MSCEP, NDES_OP_PKI_OPERATION},
        {"/certsrv/mscep/?message=x&OPERATION=pkioperation", NDES_PLACE_MSCEP, NDES_OP_PKI_OPERATION},
        {"//certsrv//mscep/mscep.dll?operation=GetCACaps", NDES_PLACE_MSCEP, NDES_OP_GET_CA_CAPS},
        {"/certsrv/mscep%2Fmscep.dll?operation=GetCACaps", NDES_PLACE_MSCEP, NDES_OP_GET_CA_CAPS},
        {"http://ndes.example/certsrv/mscep/?operation=GetCACaps", NDES_PLACE_MSCEP, NDES_OP_GET_CA_CAPS},
        {"/certsrv/mscep", NDES_PLACE_MSCEP_NO_SLASH, NDES_OP_BARE},
        {"/certsrv/mscep_admin", NDES_PLACE_ADMIN_NO_SLASH, NDES_OP_OTP},
        {"/certsrv/mscep_admin/", NDES_PLACE_ADMIN, NDES_OP_OTP},
        {"/CertSrv/mscep_admin/mscep.dll", NDES_PLACE_ADMIN, NDES_OP_OTP},
        {"/certsrv/mscep_admin/mscep.dll?operation=GetCACaps", NDES_PLACE_ADMIN, NDES_OP_GET_CA_CAPS},
        {"/certsrv/mscep/?operation=GetNextCACert", NDES_PLACE_MSCEP, NDES_OP_GET_NEXT_CA_CERT},
        {"/certsrv/mscep/?operation=GetCAChain", NDES_PLACE_MSCEP, NDES_OP_BARE},
        {"/scepstorm/intune/mint", NDES_PLACE_INTUNE_MINT, NDES_OP_BARE},
        {"/scepstorm/proxy/challenge", NDES_PLACE_PROXY_CHALLENGE, NDES_OP_BARE},
        {"/scepstorm/proxy/", NDES_PLACE_UNKNOWN, NDES_OP_BARE},
        {"/scepstorm/admin/faults", NDES_PLACE_FAULTS, NDES_OP_BARE},
        {"/scepstorm/admin/faults/ca-slow", NDES_PLACE_FAULTS, NDES_OP_BARE},
        {"/scepstorm/admin/faultsx", NDES_PLACE_UNKNOWN, NDES_OP_BARE},
        {"/certsrv/mscep/other.dll?operation=GetCACaps", NDES_PLACE_UNKNOWN, NDES_OP_GET_CA_CAPS},
        {"/certsrv/mscep.dll", NDES_PLACE_UNKNOWN, NDES_OP_BARE},
        {"/", NDES_PLACE_UNKNOWN, NDES_OP_BARE},
        {"/certsrv/mscepx/", NDES_PLACE_UNKNOWN, NDES_OP_BARE},
        {"http://ndes.example", NDES_PLACE_UNKNOWN, NDES_OP_BARE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndes_url url = ndes_url_parse(span_of_text(cases[i].target));
        if (url.place != cases[i].place || url.operation != cases[i].operation ||
            url.refused != NDES_ERROR_NONE)
            fail_msg("%s: place %d, operation %d", cases[i].target, (int)url.place, (int)url.operation);
    }
}

static void http_sys_refuses_what_is_too_long(void **state)
{
    (void)state;
    static char target[NDES_URL_MAX_TARGET + 2];
    memset(target, 'a', sizeof target - 1);
    memcpy(target, "/certsrv/mscep/?message=", 24);
    assert_int_equal(ndes_url_parse(span_of(target, NDES_URL_MAX_TARGET)).refused, NDES_ERROR_NONE);
    assert_int_equal(ndes_url_parse(span_of(target, NDES_URL_MAX_TARGET + 1)).refused,
                     NDES_ERROR_KERNEL_TOO_LONG);
    target[15] = 'a'; /* no query any more: one long segment */
    assert_int_equal(ndes_url_parse(span_of(target, 15 + NDES_URL_MAX_SEGMENT)).refused, NDES_ERROR_NONE);
    assert_int_equal(ndes_url_parse(span_of(target, 16 + NDES_URL_MAX_SEGMENT)).refused,
                     NDES_ERROR_KERNEL_BAD_URL);
    assert_int_equal(ndes_url_parse(span_of_text("")).refused, NDES_ERROR_KERNEL_BAD_URL);
    assert_int_equal(ndes_url_parse(span_of_text("certsrv/mscep/")).refused, NDES_ERROR_KERNEL_BAD_URL);
    static const char *const unsound[] = {"/certsrv/%00", "/certsrv/%zz", "/certsrv/%4", "/certsrv%"};
    for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++)
        assert_int_equal(ndes_url_parse(span_of_text(unsound[i])).refused, NDES_ERROR_KERNEL_BAD_URL);
    assert_int_equal(ndes_url_parse(span_of_text("/certsrv/mscep/?message=%zz")).refused, NDES_ERROR_NONE);
}

static void message_survives_every_way_of_encoding(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff, 0x01}; /* "++++////AQ==" */
    static const char *const forms[] = {
        "++++////AQ==",
        "++++////AQ",
        "%2B%2b%2B%2B%2F%2f%2F%2FAQ%3D%3D",
        "++++////AQ%3D%3D",
        "++++%0A////%0aAQ==%0A",
        "++++%0D%0A////AQ",
        "++++\n////AQ==",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct buf out;
        struct err e = {0};
        buf_init(&out, 100);
        if (!ndes_url_message(span_of_text(forms[i]), &out, &e))
            fail_msg("%s: %s", forms[i], e.text);
        assert_true(span_equal(buf_span(&out), span_of(bytes, sizeof bytes)));
        buf_clear(&out);
    }
    struct buf out;
    struct err e = {0};
    buf_init(&out, 100);
    assert_false(ndes_url_message(span_of_text("not~base64"), &out, &e));
    buf_clear(&out);
}

static void message_stays_raw_until_asked_for(void **state)
{
    (void)state;
    struct ndes_url url =
        ndes_url_parse(span_of_text("/certsrv/mscep/?operation=PKIOperation&message=a+b%2B=&x=1"));
    assert_true(span_equal_text(url.message, "a+b%2B="));
}

static void basic_authentication_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        const char *name; /* NULL: none */
        const char *password;
    } cases[] = {
        {"Basic TEFCXG1kbTpwYTpzcyB3MHJk", "LAB\\mdm", "pa:ss w0rd"},
        {"basic TEFCXG1kbTpwYTpzcyB3MHJk", "LAB\\mdm", "pa:ss w0rd"},
        {"Basic TEFCXG1kbTo=", "LAB\\mdm", ""},
        {"Basic TEFCXG1kbQ==", NULL, NULL}, /* no colon */
        {"Basic", NULL, NULL},
        {"Basic !!!", NULL, NULL},
        {"", NULL, NULL},
        {"Bearer TEFCXG1kbTpwYTpzcyB3MHJk", NULL, NULL},
        {"Basic YQBiOmM=", NULL, NULL},                 /* a NUL in the name */
        {"Basic YWFhYWFhYWFhYWFhYWFhYTpi", NULL, NULL}, /* 16 characters */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[16];
        struct buf password;
        buf_init(&password, 64);
        assert_int_equal(ndes_url_basic(cases[i].header, name, sizeof name, &password),
                         cases[i].name != NULL);
        if (cases[i].name != NULL) {
            assert_string_equal(name, cases[i].name);
            assert_true(span_equal_text(buf_span(&password), cases[i].password));
        }
        buf_wipe(&password);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_of_real_clients_are_found),
        cmocka_unit_test(http_sys_refuses_what_is_too_long),
        cmocka_unit_test(message_survives_every_way_of_encoding),
        cmocka_unit_test(message_stays_raw_until_asked_for),
        cmocka_unit_test(basic_authentication_is_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
