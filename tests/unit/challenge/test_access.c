#include "challenge/challenge.h"

#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void admin_urls(void **state)
{
    (void)state;
    static const struct {
        const char *scep;
        const char *admin;
    } urls[] = {
        {"https://h/certsrv/mscep/mscep.dll", "https://h/certsrv/mscep_admin/"},
        {"https://h/CertSrv/MSCEP/mscep.dll/pkiclient.exe", "https://h/CertSrv/mscep_admin/"},
        {"http://127.0.0.1:8080/certsrv/mscep/", "http://127.0.0.1:8080/certsrv/mscep_admin/"},
        {"http://h/certsrv/mscep", "http://h/certsrv/mscep_admin/"},
        {"http://h/certsrv/mscep_admin/mscep.dll", "http://h/certsrv/mscep_admin/"},
        {"http://mscep/certsrv/mscep/mscep.dll", "http://mscep/certsrv/mscep_admin/"},
        {"http://h/mscep/x/mscep/mscep.dll", "http://h/mscep/x/mscep_admin/"},
        {"http://mscep/", NULL},
        {"http://mscep", NULL},
        {"http://h/scep", NULL},
        {"http://h/mscepx/", NULL},
        {"nonsense", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct buf out;
        struct err e = {0};
        buf_init(&out, 4096);
        bool ok = challenge_admin_url(urls[i].scep, &out, &e);
        assert_int_equal(ok, urls[i].admin != NULL);
        if (ok)
            assert_string_equal(buf_text(&out), urls[i].admin);
        else
            assert_int_equal(e.reason, REASON_USAGE);
        buf_clear(&out);
    }
}

static void secret_from_environment(void **state)
{
    (void)state;
    char name[] = "SCEPSTORM_TEST_SECRET";
    struct challenge_config config = {.source = CHALLENGE_STATIC, .password_env = name};
    struct secret *s = NULL;
    struct err e = {0};
    unsetenv(name);
    assert_false(challenge_secret(&config, &s, &e));
    assert_null(s);
    assert_int_equal(e.reason, REASON_USAGE);
    assert_non_null(strstr(e.text, name));
    e = (struct err){0};
    setenv(name, "", 1);
    assert_false(challenge_secret(&config, &s, &e));
    assert_non_null(strstr(e.text, name));
    e = (struct err){0};
    setenv(name, "p w", 1);
    assert_true(challenge_secret(&config, &s, &e));
    assert_true(span_equal_text(secret_value(s), "p w"));
    secret_free(s);
    assert_null(getenv(name)); /* once */
}

static void secret_from_private_file(void **state)
{
    (void)state;
    char path[] = "/tmp/scepstorm-secret-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "hunter2\n", 8) == 8 && close(fd) == 0);
    struct challenge_config config = {.source = CHALLENGE_MSCEP_ADMIN, .password_file = path};
    struct secret *s = NULL;
    struct err e = {0};
    assert_true(challenge_secret(&config, &s, &e));
    assert_true(span_equal_text(secret_value(s), "hunter2"));
    secret_free(s);
    s = NULL;
    assert_int_equal(chmod(path, 0640), 0);
    assert_false(challenge_secret(&config, &s, &e));
    assert_non_null(strstr(e.text, "chmod 600"));
    assert_null(strstr(e.text, "hunter2"));
    assert_null(s);
    unlink(path);
}

static void no_secret_needed(void **state)
{
    (void)state;
    struct challenge_config none = {.source = CHALLENGE_NONE}, open = {.source = CHALLENGE_MSCEP_ADMIN};
    struct secret *s = NULL;
    struct err e = {0};
    assert_true(challenge_secret(&none, &s, &e));
    assert_null(s);
    assert_true(challenge_secret(&open, &s, &e));
    assert_null(s);
}

/* A run without a terminal must not wait for one. */
static void nobody_to_ask(void **state)
{
    (void)state;
    char user[] = "CONTOSO\\svc-mdm", keytab[] = "svc.keytab";
    struct challenge_config asked = {
        .source = CHALLENGE_MSCEP_ADMIN, .auth = CHALLENGE_AUTH_ANY, .user = user};
    struct challenge_config with_keytab = asked, anonymous = asked;
    with_keytab.keytab = keytab;
    anonymous.auth = CHALLENGE_AUTH_NONE;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct secret *s = NULL;
        struct err e = {0};
        setsid();
        int null = open("/dev/null", O_RDONLY);
        dup2(null, STDIN_FILENO);
        bool refused = !challenge_secret(&asked, &s, &e) && s == NULL &&
                       strstr(e.text, "password_env") != NULL && strstr(e.text, "password_file") != NULL &&
                       strstr(e.text, "terminal") != NULL;
        _exit(refused ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct secret *s = NULL;
    struct err e = {0};
    assert_true(challenge_secret(&with_keytab, &s, &e));
    assert_null(s);
    assert_true(challenge_secret(&anonymous, &s, &e));
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admin_urls),
        cmocka_unit_test(secret_from_environment),
        cmocka_unit_test(secret_from_private_file),
        cmocka_unit_test(no_secret_needed),
        cmocka_unit_test(nobody_to_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
