#include "ndes/otp.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000000)

static struct ndes_otp *make(unsigned max, const char *fixed)
{
    struct ndes_otp_config config = {.max = max, .validity_us = 60 * MINUTE, .bytes = 8, .fixed = fixed};
    struct ndes_otp *otp = NULL;
    struct err e = {0};
    assert_true(ndes_otp_new(&config, &otp, &e));
    return otp;
}

struct password {
    char text[NDES_OTP_TEXT_BYTES];
};

static struct password issue(struct ndes_otp *otp, int64_t now_us)
{
    struct password p;
    struct err e = {0};
    assert_true(ndes_otp_issue(otp, now_us, p.text, &e));
    return p;
}

static enum ndes_otp_verdict use(struct ndes_otp *otp, const struct password *p, int64_t now_us)
{
    return ndes_otp_use(otp, span_of_text(p->text), now_us);
}

static void shows_sixteen_upper_case_hex_digits(void **state)
{
    (void)state;
    struct ndes_otp *otp = make(5, NULL);
    struct password p = issue(otp, 0);
    assert_int_equal(strlen(p.text), 16);
    assert_int_equal(strspn(p.text, "0123456789ABCDEF"), 16);
    ndes_otp_free(otp);
}

static void holds_five_until_one_is_used_or_expires(void **state)
{
    (void)state;
    struct ndes_otp *otp = make(5, NULL);
    struct password first = issue(otp, 0);
    for (int i = 1; i < 5; i++)
        assert_string_not_equal(issue(otp, i * MINUTE).text, "");
    assert_string_equal(issue(otp, 5 * MINUTE).text, "");
    assert_int_equal(use(otp, &first, 5 * MINUTE), NDES_OTP_ACCEPTED);
    assert_string_not_equal(issue(otp, 5 * MINUTE).text, "");
    assert_string_equal(issue(otp, 60 * MINUTE).text, "");
    assert_string_not_equal(issue(otp, 61 * MINUTE).text, ""); /* the one of minute 1 is gone */
    assert_string_equal(issue(otp, 61 * MINUTE).text, "");
    ndes_otp_free(otp);
}

static void accepts_a_password_once(void **state)
{
    (void)state;
    struct ndes_otp *otp = make(5, NULL);
    struct password p = issue(otp, 0);
    assert_int_equal(use(otp, &p, 1), NDES_OTP_ACCEPTED);
    assert_int_equal(use(otp, &p, 2), NDES_OTP_USED);
    assert_int_equal(use(otp, &p, 90 * MINUTE), NDES_OTP_USED);
    ndes_otp_free(otp);
}

static void forgets_a_password_after_an_hour(void **state)
{
    (void)state;
    struct ndes_otp *otp = make(5, NULL);
    struct password a = issue(otp, 0), b = issue(otp, 0);
    assert_int_equal(use(otp, &a, 60 * MINUTE - 1), NDES_OTP_ACCEPTED);
    assert_int_equal(use(otp, &b, 60 * MINUTE), NDES_OTP_UNKNOWN);
    assert_int_equal(use(otp, &b, 60 * MINUTE), NDES_OTP_UNKNOWN);
    ndes_otp_free(otp);
}

static void knows_nothing_after_a_restart(void **state)
{
    (void)state;
    struct ndes_otp *otp = make(2, NULL);
    struct password a = issue(otp, 0), b = issue(otp, 0);
    assert_int_equal(use(otp, &a, 1), NDES_OTP_ACCEPTED);
    ndes_otp_restart(otp);
    assert_int_equal(use(otp, &a, 2), NDES_OTP_UNKNOWN);
    assert_int_equal(use(otp, &b, 2), NDES_OTP_UNKNOWN);
    assert_string_not_equal(issue(otp, 3).text, "");
    assert_string_not_equal(issue(otp, 3).text, "");
    assert_string_equal(issue(otp, 3).text, "");
    ndes_otp_free(otp);
}

static void tells_missing_from_wrong(void **state)
{
    (void)state;
    struct ndes_otp *otp = make(5, NULL);
    struct password wrong = {"0000000000000000"};
    assert_int_equal(use(otp, &wrong, 0), NDES_OTP_UNKNOWN);
    assert_int_equal(ndes_otp_use(otp, span_of(NULL, 0), 0), NDES_OTP_MISSING);
    ndes_otp_free(otp);
}

static void static_mode_shows_one_password_for_ever(void **state)
{
    (void)state;
    struct ndes_otp *otp = make(1, "C0FFEE");
    struct password p = issue(otp, 0), wrong = {"C0FFEF"};
    assert_string_equal(p.text, "C0FFEE");
    assert_string_equal(issue(otp, 1).text, "C0FFEE");
    assert_int_equal(use(otp, &p, 0), NDES_OTP_ACCEPTED);
    assert_int_equal(use(otp, &p, 900 * MINUTE), NDES_OTP_ACCEPTED);
    assert_int_equal(use(otp, &wrong, 0), NDES_OTP_UNKNOWN);
    ndes_otp_restart(otp);
    assert_int_equal(use(otp, &p, 0), NDES_OTP_ACCEPTED);
    ndes_otp_free(otp);
}

#define PASSWORDS 2000
#define THREADS   4

struct race {
    struct ndes_otp *otp;
    const struct password *passwords;
    size_t accepted;
};

static void *use_all(void *user)
{
    struct race *race = user;
    for (size_t i = 0; i < PASSWORDS; i++)
        race->accepted += use(race->otp, &race->passwords[i], 1) == NDES_OTP_ACCEPTED;
    return NULL;
}

static void two_threads_never_share_a_password(void **state)
{
    (void)state;
    static struct password passwords[PASSWORDS];
    struct ndes_otp *otp = make(PASSWORDS, NULL);
    for (size_t i = 0; i < PASSWORDS; i++)
        passwords[i] = issue(otp, 0);
    struct race races[THREADS];
    pthread_t threads[THREADS];
    for (size_t t = 0; t < THREADS; t++) {
        races[t] = (struct race){.otp = otp, .passwords = passwords};
        assert_int_equal(pthread_create(&threads[t], NULL, use_all, &races[t]), 0);
    }
    size_t accepted = 0;
    for (size_t t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        accepted += races[t].accepted;
    }
    assert_int_equal(accepted, PASSWORDS);
    ndes_otp_free(otp);
}

static void refuses_numbers_that_make_no_sense(void **state)
{
    (void)state;
    static const struct ndes_otp_config bad[] = {
        {.max = 0, .validity_us = 1, .bytes = 8},
        {.max = NDES_OTP_MAX_CACHE + 1, .validity_us = 1, .bytes = 8},
        {.max = 5, .validity_us = 0, .bytes = 8},
        {.max = 5, .validity_us = 1, .bytes = 3},
        {.max = 5, .validity_us = 1, .bytes = 33},
        {.max = 5, .validity_us = 1, .bytes = 8, .fixed = ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ndes_otp *otp = NULL;
        struct err e = {0};
        assert_false(ndes_otp_new(&bad[i], &otp, &e));
        assert_int_equal(e.reason, REASON_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_sixteen_upper_case_hex_digits),
        cmocka_unit_test(holds_five_until_one_is_used_or_expires),
        cmocka_unit_test(accepts_a_password_once),
        cmocka_unit_test(forgets_a_password_after_an_hour),
        cmocka_unit_test(knows_nothing_after_a_restart),
        cmocka_unit_test(tells_missing_from_wrong),
        cmocka_unit_test(static_mode_shows_one_password_for_ever),
        cmocka_unit_test(two_threads_never_share_a_password),
        cmocka_unit_test(refuses_numbers_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
