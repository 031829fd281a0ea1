#include "base/secret.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* A process at a terminal of its own: asks, and tells by its exit code what it was told. */
static pid_t ask(int *terminal)
{
    pid_t child = forkpty(terminal, NULL, NULL, NULL);
    if (child != 0)
        return child;
    struct secret *s = NULL;
    struct err e = {0};
    if (!secret_has_terminal())
        _exit(9);
    bool ok = secret_from_terminal("password of me: ", &s, &e);
    bool same = ok && span_equal_text(secret_value(s), "hunter2");
    secret_free(s);
    _exit(same ? 0 : ok ? 1 : e.reason == REASON_USAGE ? 2 : 3);
}

/* Reads what the terminal shows until `word` was there, or it ends. */
static void read_until(int terminal, const char *word, char *shown, size_t shown_bytes)
{
    size_t len = 0;
    while (len + 1 < shown_bytes && (word == NULL || strstr(shown, word) == NULL)) {
        ssize_t got = read(terminal, shown + len, shown_bytes - 1 - len);
        if (got <= 0)
            return;
        len += (size_t)got;
        shown[len] = '\0';
    }
}

static int say(const char *typed, char *shown, size_t shown_bytes)
{
    int terminal = -1, status = 0;
    pid_t child = ask(&terminal);
    assert_true(child > 0);
    read_until(terminal, "password of me: ", shown, shown_bytes);
    assert_int_equal(write(terminal, typed, strlen(typed)), strlen(typed));
    char rest[200] = "";
    read_until(terminal, NULL, rest, sizeof rest);
    assert_null(strstr(rest, "hunter2"));
    struct termios after;
    if (tcgetattr(terminal, &after) == 0)
        assert_true((after.c_lflag & ECHO) != 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(terminal);
    return status;
}

static void what_is_typed_is_not_shown(void **state)
{
    (void)state;
    char shown[200] = "";
    int status = say("hunter2\n", shown, sizeof shown);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void nothing_is_no_password(void **state)
{
    (void)state;
    static const char *const typed[] = {"\n", "\x04"}; /* Enter, Ctrl-D */
    for (size_t i = 0; i < 2; i++) {
        char shown[200] = "";
        int status = say(typed[i], shown, sizeof shown);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 2);
    }
}

static void interrupted(void **state)
{
    (void)state;
    char shown[200] = "";
    int status = say("hunt\x03", shown, sizeof shown);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_is_not_shown),
        cmocka_unit_test(nothing_is_no_password),
        cmocka_unit_test(interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
