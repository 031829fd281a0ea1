#include "cli/sim_child.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/sim_arguments.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER           "scepstorm"
#define PASSWORD_ENV   SIM_CHILD_PASSWORD_ENV
#define START_LIMIT_US 30000000
#define STOP_LIMIT_MS  5000

struct sim_child {
    pid_t pid;
    int to;   /* its standard input */
    int from; /* its standard output */
    char url[256];
    struct secret *password;
};

/* 16 random bytes as hex: only this run and its child know it. */
static bool make_password(struct secret **out, struct err *e)
{
    uint8_t bytes[16];
    char text[2 * sizeof bytes + 1];
    if (!random_bytes(bytes, sizeof bytes, e))
        return false;
    text_hex(span_of(bytes, sizeof bytes), false, text);
    return secret_new(span_of_text(text), out, e);
}

/* The OTP page takes what the scenario's fetchers are told to show. */
static const char *auth_word(enum challenge_auth auth)
{
    static const char *const words[] = {
        [CHALLENGE_AUTH_NONE] = "basic", /* devices do not fetch there, but nobody else shall either */
        [CHALLENGE_AUTH_BASIC] = "basic",         [CHALLENGE_AUTH_NTLM] = "ntlm",
        [CHALLENGE_AUTH_NEGOTIATE] = "negotiate", [CHALLENGE_AUTH_ANY] = "any",
    };
    return words[auth];
}

/* The password of the OTP page, or what devices show to the proxy; it travels in the environment. */
static void add_access(struct sim_arguments *a, const struct scenario *s)
{
    switch (s->simulator.mode) {
    case SCENARIO_SIM_STANDALONE:
    case SCENARIO_SIM_INTUNE:
        break;
    case SCENARIO_SIM_PROXY:
        if (s->challenge.source != CHALLENGE_HTTP) /* else it hands out one for each device */
            sim_arguments_add(a, "--challenge-env", PASSWORD_ENV);
        return;
    }
    sim_arguments_add(a, "--auth", auth_word(s->challenge.auth));
    sim_arguments_add(a, "--user", USER);
    sim_arguments_add(a, "--password-env", PASSWORD_ENV);
}

/* What a run leaves there itself. */
static bool is_of_the_run(const char *name)
{
    static const char *const own[] = {"summary.json", "run.sqlite",    "report.html", "junit.xml",
                                      "issued.csv",   "scenario.yaml", "evidence",    NULL};
    size_t len = strcspn(name, "/");
    for (size_t i = 0; own[i] != NULL; i++) {
        if (strlen(own[i]) == len && strncmp(own[i], name, len) == 0)
            return true;
    }
    return false;
}

/* The name in the scenario is one below the run's folder, so that runs keep their own. */
static bool add_logs(struct sim_arguments *a, const struct scenario *s, const char *folder, struct err *e)
{
    char path[PATH_MAX];
    if (s->simulator.logs == NULL)
        return true;
    if (s->simulator.logs[0] == '/' || strstr(s->simulator.logs, "..") != NULL ||
        is_of_the_run(s->simulator.logs))
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "simulator.logs: '%.60s' is no folder of its own below the run's; name it like 'logs'",
                       s->simulator.logs);
    int len = snprintf(path, sizeof path, "%s/%s", folder, s->simulator.logs);
    if (len < 0 || (size_t)len >= sizeof path)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "simulator.logs: the path gets too long");
    sim_arguments_add(a, "--logs", path);
    return true;
}

static bool add_all(struct sim_arguments *a, const struct scenario *s, const char *folder, struct err *e)
{
    sim_arguments_add(a, "scepstorm", "sim");
    sim_arguments_add(a, "--supervised", NULL);
    sim_arguments_add(a, "--listen", "127.0.0.1:0");
    add_access(a, s);
    return add_logs(a, s, folder, e) && sim_arguments_simulator(a, s, e);
}

static bool launch(struct sim_child *c, const struct scenario *scenario, const char *folder, struct err *e)
{
    char entry[128];
    char *const entries[] = {entry, NULL};
    struct sim_arguments arguments = {0};
    struct child child = {.to = -1, .from = -1};
    struct span password = secret_value(c->password);
    snprintf(entry, sizeof entry, "%s=%.*s", PASSWORD_ENV, (int)password.len, (const char *)password.data);
    bool ok = add_all(&arguments, scenario, folder, e);
    const union {
        char **made;
        const char **given; /* exec's types are older than const */
    } argv = {.made = arguments.argv};
    ok = ok && child_start(&child, argv.given, entries, "the simulator", e);
    sim_arguments_clear(&arguments);
    explicit_bzero(entry, sizeof entry);
    c->pid = child.pid;
    c->to = child.to;
    c->from = child.from;
    return ok;
}

/* Waits until it has ended; one that takes too long is killed. Returns how it ended, as wait() tells. */
static int reap(pid_t pid, struct rusage *usage)
{
    int status = 0;
    for (int waited_ms = 0; waited_ms < STOP_LIMIT_MS; waited_ms += 20) {
        pid_t ended = wait4(pid, &status, WNOHANG, usage);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return status;
        poll(NULL, 0, 20);
    }
    kill(pid, SIGKILL);
    wait4(pid, &status, 0, usage);
    return status;
}

/* It closed its output: it knows whether the scenario or this machine is to blame, and has said so. */
static bool tell_why_not(struct sim_child *c, struct err *e)
{
    struct rusage ignored;
    int status = reap(c->pid, &ignored);
    c->pid = 0;
    bool usage = WIFEXITED(status) && WEXITSTATUS(status) == CLI_BAD_USAGE;
    return err_set(e, STAGE_SETUP, usage ? REASON_USAGE : REASON_IO,
                   "the simulator did not start: see its message above");
}

/* Reads the line "listening URL". */
static bool await_listening(struct sim_child *c, struct err *e)
{
    char line[sizeof c->url];
    size_t len = 0;
    int64_t deadline = clock_monotonic_us() + START_LIMIT_US;
    while (len + 1 < sizeof line) {
        int64_t left_ms = (deadline - clock_monotonic_us()) / 1000;
        struct pollfd wait = {.fd = c->from, .events = POLLIN};
        int ready = left_ms <= 0 ? 0 : poll(&wait, 1, (int)left_ms);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return err_set(e, STAGE_SETUP, REASON_IO, "the simulator did not listen within 30 s");
        ssize_t got = read(c->from, line + len, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return tell_why_not(c, e);
        if (line[len] == '\n')
            break;
        len++;
    }
    line[len] = '\0';
    static const char prefix[] = "listening ";
    if (strncmp(line, prefix, sizeof prefix - 1) != 0)
        return err_set(e, STAGE_SETUP, REASON_INTERNAL,
                       "the simulator said '%.60s' instead of where it listens", line);
    memcpy(c->url, line + sizeof prefix - 1,
           len - (sizeof prefix - 1) + 1); /* the line is at most that long */
    return true;
}

bool sim_child_start(const struct scenario *scenario, const char *folder, struct sim_child **out,
                     struct err *e)
{
    struct sim_child *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulator");
    c->to = c->from = -1;
    if (!make_password(&c->password, e) || !launch(c, scenario, folder, e) || !await_listening(c, e)) {
        sim_child_stop(c, NULL);
        return false;
    }
    *out = c;
    return true;
}

bool sim_child_join(struct sim_child **out, struct err *e)
{
    struct sim_child *c = calloc(1, sizeof *c);
    const char *url = getenv(SIM_CHILD_URL_ENV);
    if (c == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulator");
    c->to = c->from = -1;
    snprintf(c->url, sizeof c->url, "%s", url == NULL ? "" : url);
    if (c->url[0] == '\0' || !secret_from_env(PASSWORD_ENV, &c->password, NULL)) {
        sim_child_stop(c, NULL);
        return err_set(e, STAGE_SETUP, REASON_INTERNAL, "nobody has started the simulator of these shards");
    }
    *out = c;
    return true;
}

const char *sim_child_url(const struct sim_child *child)
{
    return child->url;
}

const char *sim_child_user(const struct sim_child *child)
{
    (void)child;
    return USER;
}

const struct secret *sim_child_password(const struct sim_child *child)
{
    return child->password;
}

void sim_child_start_faults(struct sim_child *child)
{
    static const char line[] = "start\n";
    if (child->to < 0)
        return; /* somebody else's */
    if (write(child->to, line, sizeof line - 1) != (ssize_t)sizeof line - 1)
        fprintf(stderr, "scepstorm: the simulator is gone; its faults cannot be started\n");
}

/* Before it was told to: then it, and not the load, is what devices failed at. */
static bool ended_by_itself(const struct sim_child *c)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == c->pid;
}

void sim_child_stop(struct sim_child *child, int64_t *cpu_us)
{
    if (child == NULL)
        return;
    struct rusage usage = {0};
    if (child->pid > 0 && ended_by_itself(child))
        fprintf(stderr, "scepstorm run: the simulator ended before the run did: what failed then says "
                        "nothing about a server\n");
    if (child->to >= 0)
        close(child->to);
    if (child->pid > 0)
        reap(child->pid, &usage);
    if (child->from >= 0)
        close(child->from);
    if (cpu_us != NULL) {
        *cpu_us = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                  usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    }
    secret_free(child->password);
    free(child);
}
