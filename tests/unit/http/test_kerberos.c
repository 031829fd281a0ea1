#include "http/kerberos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* No KDC here: what is said before one is asked, and when there is none. tests/integration/logon.sh has a real one. */
static char config_path[] = "/tmp/scepstorm-krb5-XXXXXX";

static int without_kdc(void **state)
{
    static const char config[] = "[libdefaults]\n default_realm = LAB.TEST\n dns_lookup_kdc = false\n"
                                 " dns_canonicalize_hostname = false\n default_ccache_name = MEMORY:empty\n";
    (void)state;
    int fd = mkstemp(config_path);
    bool written = fd >= 0 && write(fd, config, sizeof config - 1) == (ssize_t)sizeof config - 1;
    close(fd);
    unsetenv("KRB5CCNAME");
    return written && setenv("KRB5_CONFIG", config_path, 1) == 0 ? 0 : -1;
}

static int tidy(void **state)
{
    (void)state;
    return unlink(config_path);
}

static void fails(struct http_kerberos want, enum reason reason, const char *words)
{
    struct err e = {0};
    int64_t end_s = -1;
    assert_false(http_kerberos_prepare(&want, &end_s, &e));
    if (e.stage != STAGE_OTP || e.reason != reason || strstr(e.text, words) == NULL)
        fail_msg("%s: %s", base_reason_id(e.reason), e.text);
    assert_int_equal(end_s, -1);
    assert_null(getenv("KRB5CCNAME"));
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    static const char url[] = "https://ndes.lab.test/certsrv/mscep_admin/";
    struct secret *password = NULL;
    struct err e = {0};
    assert_true(secret_new(span_of_text("secret"), &password, &e));
    fails((struct http_kerberos){.url = "/certsrv"}, REASON_USAGE, "no host");
    fails((struct http_kerberos){.url = url}, REASON_OTP_TICKET, "kinit");
    fails((struct http_kerberos){.url = url, .ticket_cache = "FILE:/nonexistent/cc"}, REASON_OTP_TICKET,
          "kinit");
    fails((struct http_kerberos){.url = url, .ticket_cache = "NOKIND:x"}, REASON_OTP_TICKET, "NOKIND:x");
    fails((struct http_kerberos){.url = url, .keytab = "/nonexistent"}, REASON_OTP_TICKET, "no such file");
    fails((struct http_kerberos){.url = url, .password = password}, REASON_USAGE, "needs a user");
    fails((struct http_kerberos){.url = url, .user = "a@b@c", .password = password}, REASON_OTP_TICKET,
          "no name of an account");
    secret_free(password);
}

static void users_get_their_realm(void **state)
{
    (void)state;
    static const struct {
        const char *user, *words;
    } cases[] = {
        {"svc", "svc@LAB.TEST: no KDC"},
        {"svc@OTHER.TEST", "svc@OTHER.TEST: no KDC"},
        {"LAB\\svc", "svc@LAB.TEST (default realm"},
        {"other.test\\svc", "svc@OTHER.TEST: no KDC"},
    };
    struct secret *password = NULL;
    struct err e = {0};
    assert_true(secret_new(span_of_text("secret"), &password, &e));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        fails((struct http_kerberos){.url = "http://ndes/", .user = cases[i].user, .password = password},
              REASON_OTP_TICKET, cases[i].words);
    secret_free(password);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(users_get_their_realm),
    };
    return cmocka_run_group_tests(tests, without_kdc, tidy);
}
