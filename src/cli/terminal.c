#include "cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGHUP, SIGTSTP};
#define NUMBERS (sizeof numbers / sizeof numbers[0])
static struct sigaction before[NUMBERS];
static void (*give_back)(void);

static void on_signal(int number);

static void watch_for(size_t i)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER};
    sigaction(numbers[i], &action, NULL);
}

/* Does what would have been done without us. Of these only SIGTSTP comes back, when the process is continued. */
static void on_signal(int number)
{
    int kept = errno;
    give_back();
    for (size_t i = 0; i < NUMBERS; i++) {
        if (numbers[i] != number)
            continue;
        sigaction(number, &before[i], NULL);
        raise(number);
        watch_for(i);
    }
    errno = kept;
}

void terminal_watch(void (*what)(void))
{
    give_back = what;
    for (size_t i = 0; i < NUMBERS; i++) {
        sigaction(numbers[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            watch_for(i);
    }
}

void terminal_release(void)
{
    for (size_t i = 0; give_back != NULL && i < NUMBERS; i++)
        sigaction(numbers[i], &before[i], NULL);
    give_back = NULL;
}
