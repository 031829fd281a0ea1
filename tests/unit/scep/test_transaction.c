#include "pki_fixture.h"
#include "scep/transaction.h"

static struct err e;
static struct pki_key *rsa;
static struct pki_key *ec;

static const struct {
    enum scep_id_form form;
    size_t len;
    const char *alphabet;
} forms[] = {
    {SCEP_ID_RANDOM, 32, "0123456789ABCDEF"},
    {SCEP_ID_RSA_SHA1_UPPER, 40, "0123456789ABCDEF"},
    {SCEP_ID_SPKI_SHA1_UPPER, 40, "0123456789ABCDEF"},
    {SCEP_ID_SPKI_SHA1_LOWER, 40, "0123456789abcdef"},
    {SCEP_ID_SPKI_MD5_UPPER, 32, "0123456789ABCDEF"},
    {SCEP_ID_SPKI_SHA1_BASE64, 28, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="},
};

static struct scep_transaction make(enum scep_id_form form, const struct pki_key *key)
{
    struct scep_transaction t;
    CHECK_OK(scep_transaction_make(form, key, &t, &e), &e);
    return t;
}

static void ids_have_the_form_asked_for(void **state)
{
    (void)state;
    assert_int_equal(sizeof forms / sizeof forms[0], SCEP_ID_FORM_COUNT);
    const struct pki_key *keys[] = {rsa, ec, NULL};
    for (size_t i = 0; i < SCEP_ID_FORM_COUNT; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct scep_transaction t = make(forms[i].form, keys[k]);
            assert_int_equal(strlen(t.id), forms[i].len);
            assert_int_equal(strspn(t.id, forms[i].alphabet), forms[i].len);
        }
    }
}

static void derived_ids_repeat_and_random_ones_do_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCEP_ID_FORM_COUNT; i++) {
        struct scep_transaction a = make(forms[i].form, rsa);
        struct scep_transaction b = make(forms[i].form, rsa);
        if (forms[i].form == SCEP_ID_RANDOM)
            assert_string_not_equal(a.id, b.id);
        else
            assert_string_equal(a.id, b.id);
        assert_memory_not_equal(a.sender_nonce, b.sender_nonce, SCEP_NONCE_BYTES);
        a = make(forms[i].form, NULL);
        b = make(forms[i].form, NULL);
        assert_string_not_equal(a.id, b.id);
    }
}

/* Values of `openssl rsa -pubout -outform DER | openssl sha1` and `-RSAPublicKey_out`, `openssl md5`. */
static void derived_ids_are_those_of_other_tools(void **state)
{
    (void)state;
    struct {
        enum scep_id_form form;
        const char *id;
    } cases[] = {
        {SCEP_ID_RSA_SHA1_UPPER, "1559DC678F8EBF07B8AFB6B88406681ACD9D6D36"},
        {SCEP_ID_SPKI_SHA1_UPPER, "1CB6A11030019840F7100D7A2F0693347D315AA2"},
        {SCEP_ID_SPKI_SHA1_LOWER, "1cb6a11030019840f7100d7a2f0693347d315aa2"},
        {SCEP_ID_SPKI_MD5_UPPER, "93A064CB32829CEBF9261D1879D8BEED"},
        {SCEP_ID_SPKI_SHA1_BASE64, "HLahEDABmED3EA16LwaTNH0xWqI="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(make(cases[i].form, rsa).id, cases[i].id);
}

static void a_poll_keeps_the_id_and_has_a_nonce_of_its_own(void **state)
{
    (void)state;
    struct scep_transaction first = make(SCEP_ID_RANDOM, NULL);
    struct scep_transaction next;
    CHECK_OK(scep_transaction_next(&first, &next, &e), &e);
    assert_string_equal(next.id, first.id);
    assert_memory_not_equal(next.sender_nonce, first.sender_nonce, SCEP_NONCE_BYTES);
}

static int start(void **state)
{
    (void)state;
    if (!pki_init(&e))
        return -1;
    rsa = fixture_key("rsa2048-device");
    ec = fixture_key("ec256");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pki_key_free(rsa);
    pki_key_free(ec);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_have_the_form_asked_for),
        cmocka_unit_test(derived_ids_repeat_and_random_ones_do_not),
        cmocka_unit_test(derived_ids_are_those_of_other_tools),
        cmocka_unit_test(a_poll_keeps_the_id_and_has_a_nonce_of_its_own),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
