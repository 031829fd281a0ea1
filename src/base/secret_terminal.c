/* A password typed at the terminal. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#define PASSWORD_BYTES 1024

/* Those that would leave a terminal without echo behind. */
static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define WATCHED (sizeof watched / sizeof *watched)

static volatile sig_atomic_t caught;

static void note(int number)
{
    caught = number;
}

/* /dev/tty, or standard input where that is one. Background jobs have no terminal: asking would stop them. */
static int open_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && isatty(STDIN_FILENO))
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0 && tcgetpgrp(fd) != getpgrp()) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool secret_has_terminal(void)
{
    int fd = open_terminal();
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void say(int fd, const char *text)
{
    ssize_t ignored = write(fd, text, strlen(text));
    (void)ignored; /* a terminal that takes no prompt gives no password either */
}

/* Reads until the line ends; the terminal's driver handles corrections. */
static bool read_line(int fd, char *line, size_t line_bytes, size_t *len)
{
    *len = 0;
    while (*len < line_bytes) {
        ssize_t got = read(fd, line + *len, 1);
        if (got <= 0)
            return false;
        if (line[*len] == '\n')
            return true;
        ++*len;
    }
    return false;
}

static bool ask(int fd, const char *prompt, char *line, size_t line_bytes, size_t *len)
{
    struct sigaction act = {.sa_handler = note}, before[WATCHED];
    struct termios shown, hidden;
    if (tcgetattr(fd, &shown) != 0)
        return false;
    hidden = shown;
    hidden.c_lflag = (hidden.c_lflag & ~(tcflag_t)ECHO) | ECHONL | ICANON;
    caught = 0;
    sigemptyset(&act.sa_mask); /* no SA_RESTART: a signal ends the read */
    for (size_t i = 0; i < WATCHED; i++)
        sigaction(watched[i], &act, &before[i]);
    bool ok = tcsetattr(fd, TCSAFLUSH, &hidden) == 0;
    if (ok) {
        say(fd, prompt);
        ok = read_line(fd, line, line_bytes, len);
        tcsetattr(fd, TCSAFLUSH, &shown);
    }
    for (size_t i = 0; i < WATCHED; i++)
        sigaction(watched[i], &before[i], NULL);
    return ok;
}

bool secret_from_terminal(const char *prompt, struct secret **out, struct err *e)
{
    char line[PASSWORD_BYTES];
    size_t len = 0;
    int fd = open_terminal();
    if (fd < 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no terminal to ask for the password");
    bool ok = ask(fd, prompt, line, sizeof line, &len);
    close(fd);
    if (caught != 0) {
        say(STDERR_FILENO, "\n");
        raise(caught);
    }
    if (!ok || len == 0)
        ok = err_set(e, STAGE_SETUP, REASON_USAGE, "no password was entered");
    ok = ok && secret_new(span_of(line, len), out, e);
    OPENSSL_cleanse(line, sizeof line);
    return ok;
}
