#include "logon/accounts.h"
#include "logon/nthash.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct logon_account known[] = {
    {.name = "CONTOSO\\svc-mdm"}, {.name = "local"}, {.name = "FABRIKAM\\local", .no_enroll = true}};

static struct logon_accounts *make(unsigned lock_after)
{
    struct logon_accounts *accounts = NULL;
    struct err e = {0};
    assert_true(logon_accounts_new(known, 3, lock_after, &accounts, &e));
    return accounts;
}

static void names_are_found_in_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t index;
    } cases[] = {
        {"CONTOSO\\svc-mdm", 0},
        {"contoso\\SVC-MDM", 0},
        {"svc-mdm", 0},
        {"\\svc-mdm", 0},
        {"svc-mdm@CONTOSO.EXAMPLE", 0},
        {"local", 1},
        {"FABRIKAM\\svc-mdm", LOGON_ACCOUNT_NOBODY},
        {"svc-mdm2", LOGON_ACCOUNT_NOBODY},
        {"", LOGON_ACCOUNT_NOBODY},
        {"CONTOSO\\", LOGON_ACCOUNT_NOBODY},
    };
    struct logon_accounts *accounts = make(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(logon_accounts_find(accounts, span_of_text(cases[i].name)), cases[i].index);
    logon_accounts_free(accounts);
}

static void impossible_names_are_refused(void **state)
{
    (void)state;
    char long_name[LOGON_ACCOUNT_BYTES + 1];
    memset(long_name, 'a', LOGON_ACCOUNT_BYTES);
    long_name[LOGON_ACCOUNT_BYTES] = '\0';
    const char *const names[] = {"", "a:b", "a\nb", "#a", long_name};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct logon_accounts *accounts = NULL;
        struct err e = {0};
        assert_false(logon_accounts_new(&(struct logon_account){.name = names[i]}, 1, 0, &accounts, &e));
        assert_int_equal(e.reason, REASON_USAGE);
    }
}

static void account_locks_and_stays_locked(void **state)
{
    (void)state;
    struct logon_accounts *accounts = make(3);
    assert_int_equal(logon_accounts_logon(accounts, 0, false), NDES_LOGON_BAD_PASSWORD);
    assert_int_equal(logon_accounts_logon(accounts, 0, false), NDES_LOGON_BAD_PASSWORD);
    assert_int_equal(logon_accounts_logon(accounts, 0, true), NDES_LOGON_OK); /* starts the count anew */
    for (int i = 0; i < 3; i++)
        assert_int_equal(logon_accounts_logon(accounts, 0, false), NDES_LOGON_BAD_PASSWORD);
    assert_int_equal(logon_accounts_logon(accounts, 0, true), NDES_LOGON_LOCKED);
    assert_int_equal(logon_accounts_logon(accounts, 0, false), NDES_LOGON_LOCKED);
    assert_int_equal(logon_accounts_logon(accounts, 1, true), NDES_LOGON_OK);
    logon_accounts_free(accounts);
}

static void account_never_locks_unless_asked(void **state)
{
    (void)state;
    struct logon_accounts *accounts = make(0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(logon_accounts_logon(accounts, 0, false), NDES_LOGON_BAD_PASSWORD);
    assert_int_equal(logon_accounts_logon(accounts, 0, true), NDES_LOGON_OK);
    assert_int_equal(logon_accounts_logon(accounts, LOGON_ACCOUNT_NOBODY, true), NDES_LOGON_OK);
    assert_int_equal(logon_accounts_logon(accounts, LOGON_ACCOUNT_NOBODY, false), NDES_LOGON_BAD_PASSWORD);
    logon_accounts_free(accounts);
}

/* "Password" is MS-NLMP 4.2.2.1.2; the others were checked with OpenSSL's MD4 over UTF-16LE. */
static void nt_hashes_are_the_known_ones(void **state)
{
    (void)state;
    static const struct {
        const char *password, *hash;
    } cases[] = {
        {"Password", "a4f49c406510bdcab6824ee7c30fd852"},
        {"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
        {"p\xc3\xa4ss:w\xc3\xb6rd \xf0\x9f\x94\x91", "5f5040c4ce1848fd317ab716cf5e2361"},
        {"0123456789012345678901234567",
         "2038a40cf21918f3dc7731b031d67a95"}, /* the length goes into a second block */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t hash[LOGON_NTHASH_BYTES];
        char hex[2 * LOGON_NTHASH_BYTES + 1];
        assert_true(logon_nthash(span_of_text(cases[i].password), hash));
        text_hex(span_of(hash, sizeof hash), false, hex);
        assert_string_equal(hex, cases[i].hash);
    }
}

static void passwords_that_are_none_have_no_hash(void **state)
{
    (void)state;
    char long_one[LOGON_NTHASH_PASSWORD + 2];
    memset(long_one, 'x', sizeof long_one);
    long_one[LOGON_NTHASH_PASSWORD + 1] = '\0';
    uint8_t hash[LOGON_NTHASH_BYTES];
    static const char *const broken[] = {"\xc3",     "\xff",         "a\x80",
                                         "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(logon_nthash(span_of_text(broken[i]), hash));
    assert_false(logon_nthash(span_of_text(long_one), hash));
    assert_true(logon_nthash(span_of(long_one, LOGON_NTHASH_PASSWORD), hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_all_their_forms),
        cmocka_unit_test(impossible_names_are_refused),
        cmocka_unit_test(account_locks_and_stays_locked),
        cmocka_unit_test(account_never_locks_unless_asked),
        cmocka_unit_test(nt_hashes_are_the_known_ones),
        cmocka_unit_test(passwords_that_are_none_have_no_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
