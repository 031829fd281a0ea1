#include "cli/keyboard.h"

#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define EVERY_US  50000
#define STEP      1.25
#define MAX_STEPS 20 /* up or down: about a hundredfold */
#define MAX_KEYS  64 /* at a time */

const char *const keyboard_keys = "p pause, + - rate, q stop, ? help";

static const char help[] =
    "  p, space  pause new arrivals, and go on\n"
    "  + -       rate of new arrivals times 1.25, divided by 1.25\n"
    "  q         stop: nothing new starts, ten seconds for what is under way (again: at once)\n"
    "  ?         this\n"
    "A load that was steered is not the scenario's: the run becomes suspect, and its notes say why.";

struct keyboard {
    double most;
    int steps; /* of the rate */
    bool paused;
    int64_t next_us;
    const char *says;
    char said[160];
    char state[48];
};

/* ---- the terminal: also for signal handlers, hence alone ---- */

static struct {
    struct termios before, raw;
    volatile sig_atomic_t taken;
} terminal;

/* In the background, touching the terminal would stop the process. */
static bool in_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void take(void)
{
    if (terminal.taken || !in_foreground() || tcgetattr(STDIN_FILENO, &terminal.before) != 0)
        return;
    terminal.raw = terminal.before;
    terminal.raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* Ctrl-C and Ctrl-Z stay what they are */
    terminal.raw.c_cc[VMIN] = 0;
    terminal.raw.c_cc[VTIME] = 0;
    terminal.taken = 1; /* before: a signal may come in between */
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.raw);
}

void keyboard_give_back(void)
{
    int kept = errno;
    if (terminal.taken && in_foreground())
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
    terminal.taken = 0;
    errno = kept;
}

/* ---- keys ---- */

bool keyboard_there(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool keyboard_open(double most, struct keyboard **out, struct err *e)
{
    struct keyboard *k = calloc(1, sizeof *k);
    if (k == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the keyboard");
    k->most = most;
    k->next_us = INT64_MIN;
    take();
    *out = k;
    return true;
}

void keyboard_close(struct keyboard *k)
{
    if (k == NULL)
        return;
    keyboard_give_back();
    free(k);
}

static double factor_of(int steps)
{
    return pow(STEP, steps);
}

static void say_rate(struct keyboard *k, bool at_limit)
{
    snprintf(k->said, sizeof k->said, "rate x%.3g of the plan%s", factor_of(k->steps),
             at_limit ? ": more is not possible, limits.rate is reached" : "");
    k->says = k->said;
}

static void change_rate(struct keyboard *k, int by)
{
    int steps = k->steps + by;
    bool too_much = by > 0 && factor_of(steps) > k->most;
    if (!too_much && steps >= -MAX_STEPS && steps <= MAX_STEPS)
        k->steps = steps;
    say_rate(k, too_much);
}

static void press(struct keyboard *k, char key)
{
    switch (key) {
    case 'p':
    case 'P':
    case ' ':
        k->paused = !k->paused;
        k->says = k->paused ? "paused: nothing new starts; p goes on" : "going on";
        break;
    case '+':
    case '=': /* the same key without shift on many keyboards */
        change_rate(k, 1);
        break;
    case '-':
        change_rate(k, -1);
        break;
    case 'q':
    case 'Q':
        k->says = "stopping";
        raise(SIGINT);
        break;
    case '?':
    case 'h':
        k->says = help;
        break;
    default: /* no key of ours */
        break;
    }
}

static void describe(struct keyboard *k)
{
    char rate[24] = "";
    if (k->steps != 0)
        snprintf(rate, sizeof rate, "rate x%.3g", factor_of(k->steps));
    snprintf(k->state, sizeof k->state, "%s%s%s", k->paused ? "PAUSED" : "",
             k->paused && k->steps != 0 ? ", " : "", rate);
}

struct engine_pace keyboard_read(struct keyboard *k, int64_t now_us)
{
    if (now_us >= k->next_us) {
        char keys[MAX_KEYS];
        k->next_us = now_us + EVERY_US;
        take();
        ssize_t n = terminal.taken && in_foreground() ? read(STDIN_FILENO, keys, sizeof keys) : 0;
        for (ssize_t i = 0; i < n; i++)
            press(k, keys[i]);
        describe(k);
    }
    return (struct engine_pace){.factor = factor_of(k->steps), .paused = k->paused};
}

const char *keyboard_says(struct keyboard *k)
{
    const char *says = k->says;
    k->says = NULL;
    return says;
}

const char *keyboard_state(const struct keyboard *k)
{
    return k->state;
}

/* ---- the story ---- */

static void add(char *out, size_t out_bytes, const char *text)
{
    size_t len = strlen(out);
    snprintf(out + len, out_bytes - len, "%s%s", len > 0 ? "; " : "", text);
}

/* One stretch between two changes; `until_us` INT64_MAX: to the end. */
static void tell_stretch(const struct engine_change *c, int64_t until_us, char *out, size_t out_bytes)
{
    char one[120], what[40];
    double from_s = (double)c->at_us / 1e6, until_s = (double)until_us / 1e6;
    if (c->pace.paused)
        snprintf(what, sizeof what, "paused");
    else
        snprintf(what, sizeof what, "rate x%.3g", c->pace.factor);
    if (until_us == INT64_MAX)
        snprintf(one, sizeof one, "%s from %.1f s on", what, from_s);
    else
        snprintf(one, sizeof one, "%s from %.1f s to %.1f s", what, from_s, until_s);
    add(out, out_bytes, one);
}

/* As many as there is room for; returns how many changes that were. */
static size_t tell_stretches(const struct engine_result *r, char *out, size_t out_bytes)
{
    size_t kept = r->change_count < ENGINE_MAX_CHANGES ? r->change_count : ENGINE_MAX_CHANGES, i;
    out[0] = '\0';
    for (i = 0; i < kept && strlen(out) + 80 < out_bytes; i++) {
        const struct engine_pace *p = &r->changes[i].pace;
        bool as_planned = !p->paused && p->factor >= 1 && p->factor <= 1;
        if (!as_planned)
            tell_stretch(&r->changes[i], i + 1 < kept ? r->changes[i + 1].at_us : INT64_MAX, out, out_bytes);
    }
    return i;
}

void keyboard_story(const struct engine_result *r, char *out, size_t out_bytes)
{
    char list[400], more[64] = "";
    out[0] = '\0';
    if (r->change_count == 0)
        return;
    if (tell_stretches(r, list, sizeof list) < r->change_count)
        snprintf(more, sizeof more, "; and so on, %zu changes in all", r->change_count);
    snprintf(
        out, out_bytes,
        "The load was steered by keyboard: %s%s. What was to come moved with it: latency and start lag count "
        "from the new schedule; what was due before a pause waited, and that counts.",
        list, more);
}
