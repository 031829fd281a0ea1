/* The texts of the command line. */
#include "ndes/policy.h"

#include "check.h"

#define SECOND INT64_C(1000000)

static void approvals_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct ndes_approval wanted;
    } cases[] = {
        {"after-polls=2", {NDES_APPROVAL_POLLS, 2, 0, false}},
        {"after-polls=1,then=deny", {NDES_APPROVAL_POLLS, 1, 0, true}},
        {"then=issue,after=30s", {NDES_APPROVAL_TIME, 0, 30 * SECOND, false}},
        {"after=0s,then=deny", {NDES_APPROVAL_TIME, 0, 0, true}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndes_approval got = {0};
        struct err e = {0};
        CHECK_OK(ndes_policy_approval(cases[i].text, &got, &e), &e);
        assert_int_equal(got.when, cases[i].wanted.when);
        assert_int_equal(got.polls, cases[i].wanted.polls);
        assert_int_equal(got.after_us, cases[i].wanted.after_us);
        assert_int_equal(got.deny, cases[i].wanted.deny);
    }
}

static void errors_name_the_words_there_are(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"", "'' is not of the form key=value"},
        {"then=deny", "after-polls=N or after=30s is missing"},
        {"after-polls=0", "0"},
        {"after=soon", "'soon' is not a duration"},
        {"after=1s,after-polls=2", "not both"},
        {"after=1s,after=2s", "after: given twice"},
        {"after=1s,then=wait", "'wait' is none of issue, deny"},
        {"officer=1s", "there is no key 'officer'; it takes after-polls, after, then"},
        {"after=1s,", "'' is not of the form key=value"},
        {"after=1s,then", "'then' is not of the form key=value"},
        {"after=1111111111111111111111111111111111111111111111111111111111111111111111s",
         "longer than a century"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndes_approval got = {.polls = 77};
        struct err e = {0};
        assert_false(ndes_policy_approval(cases[i].text, &got, &e));
        assert_int_equal(e.reason, REASON_USAGE);
        assert_int_equal(got.polls, 77);
        if (strstr(e.text, cases[i].said) == NULL)
            fail_msg("'%s' gives: %s", cases[i].text, e.text);
    }
}

static void lists_become_bits(void **state)
{
    (void)state;
    unsigned bits = 0;
    struct err e = {0};
    CHECK_OK(ndes_policy_operations("get-cert,get-next-ca-cert", &bits, &e), &e);
    assert_int_equal(bits, NDES_OPERATION_GET_CERT | NDES_OPERATION_GET_NEXT_CA_CERT);
    CHECK_OK(ndes_policy_operations("get-crl,update", &bits, &e), &e);
    assert_int_equal(bits, NDES_OPERATION_GET_CRL | NDES_OPERATION_UPDATE);
    CHECK_OK(ndes_policy_quirks("same-key-returns-old", &bits, &e), &e);
    assert_int_equal(bits, NDES_QUIRK_SAME_KEY_RETURNS_OLD);
    CHECK_FAILS(ndes_policy_operations("get-cert,", &bits, &e), &e, REASON_USAGE);
    CHECK_FAILS(ndes_policy_operations("", &bits, &e), &e, REASON_USAGE);
    CHECK_FAILS(ndes_policy_quirks("any", &bits, &e), &e, REASON_USAGE);
}

static void words_become_values(void **state)
{
    (void)state;
    struct ndes_policy p = NDES_POLICY_DEFAULTS;
    struct err e = {0};
    CHECK_OK(ndes_policy_mode("intune", &p.mode, &e), &e);
    assert_int_equal(p.mode, NDES_INTUNE);
    CHECK_FAILS(ndes_policy_mode("Intune", &p.mode, &e), &e, REASON_USAGE);
    CHECK_OK(ndes_policy_repeats("new", &p.repeats, &e), &e);
    assert_false(p.repeats);
    CHECK_FAILS(ndes_policy_repeats("old", &p.repeats, &e), &e, REASON_USAGE);
    CHECK_OK(ndes_policy_cipher("aes256-cbc", &p, &e), &e);
    assert_true(p.reply_cipher_fixed && p.reply_cipher == PKI_AES256_CBC);
    CHECK_OK(ndes_policy_cipher("mirror", &p, &e), &e);
    assert_false(p.reply_cipher_fixed);
    CHECK_FAILS(ndes_policy_cipher("rot13", &p, &e), &e, REASON_USAGE);
    CHECK_OK(ndes_policy_digest("sha512", &p, &e), &e);
    assert_int_equal(p.reply_digest, PKI_SHA512);
    CHECK_FAILS(ndes_policy_digest("sha3", &p, &e), &e, REASON_USAGE);
    CHECK_OK(ndes_policy_transport("oaep", &p, &e), &e);
    assert_int_equal(p.reply_transport, PKI_RSA_OAEP);
    CHECK_FAILS(ndes_policy_transport("", &p, &e), &e, REASON_USAGE);
}

static void capabilities_follow_the_operations(void **state)
{
    (void)state;
    struct ndes_policy p = NDES_POLICY_DEFAULTS;
    assert_string_equal(ndes_policy_caps(&p), "POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,DES3");
    p.operations = NDES_OPERATION_GET_CERT | NDES_OPERATION_GET_CRL; /* have no word */
    assert_null(strstr(ndes_policy_caps(&p), "Get"));
    p.operations = NDES_OPERATION_UPDATE;
    assert_non_null(strstr(ndes_policy_caps(&p), ",Update"));
    p.operations |= NDES_OPERATION_GET_NEXT_CA_CERT;
    assert_non_null(strstr(ndes_policy_caps(&p), ",GetNextCACert,Update"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(approvals_are_read),
        cmocka_unit_test(errors_name_the_words_there_are),
        cmocka_unit_test(lists_become_bits),
        cmocka_unit_test(words_become_values),
        cmocka_unit_test(capabilities_follow_the_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
