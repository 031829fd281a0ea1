#include "cli/crew.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/machine.h"
#include "cli/merge.h"
#include "cli/run_names.h"
#include "cli/serve.h"
#include "cli/shard.h"
#include "cli/sim_child.h"
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND    "run"
#define WHAT       "a shard"
#define AHEAD_S    2 /* from the last one that is ready to clock zero */
#define LINE_BYTES 1024
#define TICK_MS    100
#define FIXED_ARGS 16
#define FEED_BYTES (1 << 20)

/* ---- of a member ---- */

static bool read_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    while (len + 1 < size) {
        if (read(fd, line + len, 1) != 1)
            return false;
        if (line[len] == '\n')
            break;
        len++;
    }
    line[len] = '\0';
    return true;
}

bool crew_wait(int64_t *start_at_s, struct err *e)
{
    static const char ready[] = "ready\n";
    char line[LINE_BYTES];
    struct err why = {0};
    bool ok = write(STDOUT_FILENO, ready, sizeof ready - 1) == (ssize_t)sizeof ready - 1 &&
              read_line(STDIN_FILENO, line, sizeof line) && strncmp(line, "start ", 6) == 0 &&
              text_parse_int(line + 6, 1, INT64_MAX / 1000000, start_at_s, &why);
    /* Whoever does not read must not make the load wait. */
    fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    return ok || err_set(e, STAGE_SETUP, REASON_ABORTED, "the run that this shard belongs to has ended");
}

/* What a member tells, and what is read of it: in this order, in decimal. */
#define TOLD (7 + 2 * STAGE_COUNT)

static void to_numbers(const struct report_totals *t, uint64_t numbers[TOLD])
{
    const struct measure_devices *d = &t->devices;
    const uint64_t counts[] = {t->offered, d->started,   d->enrolled,         d->failed,
                               d->unsent,  d->abandoned, t->in_flight.waiting};
    memcpy(numbers, counts, sizeof counts);
    for (int s = 0; s < STAGE_COUNT; s++) {
        numbers[7 + s] = t->in_flight.busy[s];
        numbers[7 + STAGE_COUNT + s] = t->in_flight.pausing[s];
    }
}

static void add_numbers(const uint64_t numbers[TOLD], struct report_totals *t)
{
    struct measure_devices *d = &t->devices;
    uint64_t *const counts[] = {&t->offered, &d->started,   &d->enrolled,         &d->failed,
                                &d->unsent,  &d->abandoned, &t->in_flight.waiting};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] += numbers[i];
    for (int s = 0; s < STAGE_COUNT; s++) {
        t->in_flight.busy[s] += (uint32_t)numbers[7 + s];
        t->in_flight.pausing[s] += (uint32_t)numbers[7 + STAGE_COUNT + s];
    }
}

void crew_tell(const struct measure *m)
{
    const struct report_totals totals = {measure_devices(m), measure_load(m).offered, *measure_in_flight(m)};
    uint64_t numbers[TOLD];
    char line[LINE_BYTES];
    size_t len = 0;
    to_numbers(&totals, numbers);
    for (size_t i = 0; i < TOLD; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, "%llu%c", (unsigned long long)numbers[i],
                                i + 1 < TOLD ? ' ' : '\n');
    if (write(STDOUT_FILENO, line, len) != (ssize_t)len)
        return; /* one line of progress less */
}

/* ---- the crew ---- */

struct member {
    struct child child;
    char folder[PATH_MAX];
    char line[LINE_BYTES];
    size_t len;
    bool ready, ended;
    int status;
    uint64_t numbers[TOLD];
};

struct crew {
    const struct run_options *options;
    struct scenario *scenario;
    struct load_plan *plan;
    struct report_folder *folder;
    char path[PATH_MAX];
    struct sim_child *sim;
    struct live *live; /* NULL: nobody watches */
    struct run_names names;
    char salt[sizeof SHARD_SALT_ENV + 2 * SHARD_SALT_BYTES + 1]; /* "NAME=hex" */
    struct member *members;
    unsigned count;
    int64_t start_at_s;
    struct report_totals totals;
    struct report_progress *progress; /* NULL: nobody wants it */
    char state[40];                   /* of the progress */
    bool faults_began;
    int signals; /* passed on */
};

static volatile sig_atomic_t signals_seen;
static volatile sig_atomic_t over,
    stop_waiting; /* a signal after the end: who watches is no longer waited for */

static void on_signal(int number)
{
    (void)number;
    signals_seen = signals_seen + 1;
    stop_waiting = over;
}

static bool make_salt(struct crew *c, struct err *e)
{
    uint8_t bytes[SHARD_SALT_BYTES];
    char hex[2 * sizeof bytes + 1];
    if (!random_bytes(bytes, sizeof bytes, e))
        return false;
    text_hex(span_of(bytes, sizeof bytes), false, hex);
    snprintf(c->salt, sizeof c->salt, "%s=%s", SHARD_SALT_ENV, hex);
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(hex, sizeof hex);
    return true;
}

/* What all members would stumble over is said once, before any of them is there. */
static bool prepare(struct crew *c, struct err *e)
{
    const struct run_options *o = c->options;
    char name[RUN_NAME_BYTES];
    struct buf yaml;
    buf_init(&yaml, BYTES_MAX_MESSAGE);
    if (!scenario_load(o->scenario, o->overrides, o->override_count, &c->scenario, e) ||
        !cli_check_scenario(o->scenario, c->scenario, e) ||
        !scenario_check_authorized(c->scenario, o->authorized, e) ||
        !load_plan_new(c->scenario->phases, c->scenario->phase_count, c->scenario->devices.count,
                       c->scenario->limits.devices, c->scenario->seed, &c->plan, e) ||
        !load_plan_shard(c->plan, o->workers, o->workers, e) || !make_salt(c, e))
        return false;
    run_name(0, name);
    run_folder(o, c->scenario, name, c->path);
    machine_raise_descriptors();
    bool ok = scenario_write(c->scenario, &yaml, e) &&
              scenario_divide(c->scenario, o->workers, o->workers, e) &&
              run_names_make(&c->names, c->scenario, e) &&
              serve_open(o->metrics_listen, COMMAND, o->quiet, &c->live, e) &&
              report_folder_open(c->path, &c->folder, e) &&
              (!c->scenario->target.sim || sim_child_start(c->scenario, c->path, &c->sim, e));
    buf_clear(&yaml);
    return ok;
}

/* ---- starting ---- */

/* Where a member writes what happens; -1: nobody watches, or there is no descriptor left. */
static int make_feed(struct crew *c, struct err *e)
{
    int ends[2];
    if (c->live == NULL)
        return -1;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        err_set_errno(e, REASON_IO, errno, "cannot start " WHAT);
        return -1;
    }
    fcntl(ends[1], F_SETPIPE_SZ, FEED_BYTES); /* where it may not be so large it is smaller */
    if (live_take_from(c->live, ends[0]))
        return ends[1];
    close(ends[1]);
    return -1;
}

static bool start_member(struct crew *c, unsigned i, struct err *e)
{
    const struct run_options *o = c->options;
    struct member *m = &c->members[i];
    char shard[32], url[300], password[128];
    char sets[RUN_MAX_OVERRIDES][1024];
    const char *argv[FIXED_ARGS + 2 * RUN_MAX_OVERRIDES] = {"scepstorm", "run", "--supervised", "--quiet",
                                                            "--shard"};
    char *entries[4] = {c->salt};
    size_t n = 5;
    snprintf(shard, sizeof shard, "%u/%u", i + 1, c->count);
    int len = snprintf(m->folder, sizeof m->folder, "%s/shard-%u", c->path, i + 1);
    argv[n++] = shard;
    argv[n++] = "--out";
    argv[n++] = m->folder;
    if (o->authorized != NULL) {
        argv[n++] = "--authorized";
        argv[n++] = o->authorized;
    }
    for (size_t k = 0; k < o->override_count && len > 0 && (size_t)len < sizeof m->folder; k++) {
        len = snprintf(sets[k], sizeof sets[k], "%s=%s", o->overrides[k].path, o->overrides[k].value);
        if (len < 0 || (size_t)len >= sizeof sets[k])
            return err_set(e, STAGE_SETUP, REASON_USAGE, "--set %.60s is too long for --workers",
                           o->overrides[k].path);
        argv[n++] = "--set";
        argv[n++] = sets[k];
    }
    if (c->live != NULL)
        argv[n++] = "--feeds";
    argv[n++] = "--";
    argv[n++] = o->scenario;
    if (c->sim != NULL) {
        struct span secret = secret_value(sim_child_password(c->sim));
        snprintf(url, sizeof url, "%s=%s", SIM_CHILD_URL_ENV, sim_child_url(c->sim));
        snprintf(password, sizeof password, "%s=%.*s", SIM_CHILD_PASSWORD_ENV, (int)secret.len,
                 (const char *)secret.data);
        entries[1] = url;
        entries[2] = password;
    }
    int feed = make_feed(c, e);
    bool ok = (c->live == NULL || feed >= 0) && child_start_with(&m->child, argv, entries, feed, WHAT, e);
    if (feed >= 0)
        close(feed);
    explicit_bzero(password, sizeof password);
    return ok;
}

static bool begin_the_live_view(struct crew *c, struct err *e)
{
    struct report_run run = {0};
    run_names_introduce(&c->names, c->scenario, c->options->authorized, &run);
    const struct live_plan plan = {.run = &run, .planned = load_plan_whole(c->plan), .results = c->path};
    return c->live == NULL || live_begin(c->live, &plan, e);
}

static bool start_members(struct crew *c, struct err *e)
{
    c->members = calloc(c->options->workers, sizeof *c->members);
    if (c->members == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the shards");
    for (; c->count < c->options->workers; c->count++)
        c->members[c->count].child = (struct child){.to = -1, .from = -1};
    for (unsigned i = 0; i < c->count; i++) {
        if (!start_member(c, i, e))
            return false;
    }
    return begin_the_live_view(c, e);
}

/* ---- listening ---- */

/* A line of another kind is none of ours. */
static void take_line(struct member *m)
{
    uint64_t numbers[TOLD];
    char *rest = m->line;
    if (strcmp(m->line, "ready") == 0)
        m->ready = true;
    for (size_t i = 0; i < TOLD; i++) {
        char *at = rest;
        numbers[i] = strtoull(at, &rest, 10);
        if (rest == at)
            return;
    }
    memcpy(m->numbers, numbers, sizeof numbers);
}

static void take_bytes(struct member *m, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n') {
            m->line[m->len] = '\0';
            m->len = 0;
            take_line(m);
        } else if (m->len + 1 < sizeof m->line) {
            m->line[m->len++] = bytes[i];
        }
    }
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void listen_to(struct member *m)
{
    char bytes[1024];
    ssize_t got = read(m->child.from, bytes, sizeof bytes);
    if (got > 0)
        take_bytes(m, bytes, (size_t)got);
    else if (got == 0 || errno != EINTR)
        close_end(&m->child.from);
}

static void look_after(struct member *m)
{
    if (m->child.pid > 0 && !m->ended && waitpid(m->child.pid, &m->status, WNOHANG) == m->child.pid)
        m->ended = true;
}

/* Ctrl-C is ours, as the members are no part of the terminal's group. */
static void pass_on_signals(struct crew *c)
{
    for (; c->signals < signals_seen; c->signals++) {
        for (unsigned i = 0; i < c->count; i++) {
            if (c->members[i].child.pid > 0 && !c->members[i].ended)
                kill(c->members[i].child.pid, SIGTERM);
        }
    }
}

/* One turn: what the members say, for at most a tick. */
static void attend(struct crew *c)
{
    struct pollfd wait[RUN_MAX_SHARDS];
    unsigned who[RUN_MAX_SHARDS];
    nfds_t n = 0;
    for (unsigned i = 0; i < c->count; i++) {
        if (c->members[i].child.from < 0)
            continue;
        who[n] = i;
        wait[n++] = (struct pollfd){.fd = c->members[i].child.from, .events = POLLIN};
    }
    int ready = poll(wait, n, TICK_MS);
    for (nfds_t k = 0; ready > 0 && k < n; k++) {
        if (wait[k].revents != 0)
            listen_to(&c->members[who[k]]);
    }
    for (unsigned i = 0; i < c->count; i++)
        look_after(&c->members[i]);
    pass_on_signals(c);
}

static unsigned count_ended(const struct crew *c)
{
    unsigned ended = 0;
    for (unsigned i = 0; i < c->count; i++)
        ended += c->members[i].ended || c->members[i].child.pid == 0;
    return ended;
}

static unsigned count_ready(const struct crew *c)
{
    unsigned ready = 0;
    for (unsigned i = 0; i < c->count; i++)
        ready += c->members[i].ready;
    return ready;
}

/* ---- the run ---- */

/* False: one of them could not begin, and has said why, or we were interrupted. */
static bool await_ready(struct crew *c)
{
    while (count_ready(c) < c->count && count_ended(c) == 0 && signals_seen == 0)
        attend(c);
    return count_ready(c) == c->count && count_ended(c) == 0;
}

static void give_the_start(struct crew *c)
{
    char line[LINE_BYTES];
    c->start_at_s = clock_wall_us() / 1000000 + AHEAD_S;
    int len = snprintf(line, sizeof line, "start %lld\n", (long long)c->start_at_s);
    for (unsigned i = 0; i < c->count; i++) {
        if (write(c->members[i].child.to, line, (size_t)len) != len)
            close_end(&c->members[i].child.to); /* it has ended, which is noticed elsewhere */
    }
}

static bool open_progress(struct crew *c, struct err *e)
{
    if (c->options->quiet || c->options->no_progress)
        return true;
    terminal_watch(report_progress_step_aside);
    return report_progress_new_totals(
        stderr, &c->totals, load_plan_count_known(c->plan) ? load_plan_whole(c->plan) : 0, &c->progress, e);
}

static void close_progress(struct crew *c)
{
    report_progress_free(c->progress);
    c->progress = NULL;
    terminal_release();
}

static void show(struct crew *c)
{
    int64_t now_us = clock_wall_us() - c->start_at_s * 1000000;
    if (c->progress == NULL || now_us < 0)
        return;
    c->totals = (struct report_totals){0};
    for (unsigned i = 0; i < c->count; i++)
        add_numbers(c->members[i].numbers, &c->totals);
    snprintf(c->state, sizeof c->state, "%s%u shards", c->signals > 0 ? "STOPPING, " : "", c->count);
    report_progress_state(c->progress, c->state);
    report_progress_show(c->progress, now_us, load_plan_end_us(c->plan));
}

static void begin_faults(struct crew *c)
{
    if (c->sim == NULL || c->faults_began || clock_wall_us() < c->start_at_s * 1000000)
        return;
    c->faults_began = true;
    sim_child_start_faults(c->sim);
}

static void carry_through(struct crew *c)
{
    while (count_ended(c) < c->count) {
        attend(c);
        begin_faults(c);
        show(c);
    }
    show(c);
    close_progress(c);
}

/* They end by themselves when nobody can tell them to start. */
static void send_home(struct crew *c)
{
    for (unsigned i = 0; i < c->count; i++)
        close_end(&c->members[i].child.to);
    while (count_ended(c) < c->count)
        attend(c);
}

static int code_of(const struct member *m)
{
    return WIFEXITED(m->status) ? WEXITSTATUS(m->status) : CLI_PROGRAM_FAILED;
}

/* The worst that a member failed of by itself; what it says about its load is the merged run's to judge. */
static int worst_failure(const struct crew *c)
{
    int worst = CLI_OK;
    for (unsigned i = 0; i < c->count; i++) {
        int code = code_of(&c->members[i]);
        if (code == CLI_PROGRAM_FAILED || (code == CLI_BAD_USAGE && worst == CLI_OK))
            worst = code;
    }
    return worst;
}

/* What is there is merged; a shard that left nothing has said why, and is named as missing. */
static bool merge(struct crew *c, int *code, struct err *e)
{
    struct report_results *parts[RUN_MAX_SHARDS];
    size_t count = 0;
    struct err why = {0};
    for (unsigned i = 0; i < c->count; i++)
        count += report_results_open(c->members[i].folder, &parts[count], &why);
    bool ok = false;
    if (count > 0) {
        ok = merge_results(parts, count, c->folder, c->live, c->options->json, c->options->quiet, code, e);
        c->folder = NULL;
    } else {
        *e = why;
    }
    for (size_t i = 0; i < count; i++)
        report_results_close(parts[i]);
    return ok;
}

static bool run_all(struct crew *c, int *code, struct err *e)
{
    if (!prepare(c, e) || !open_progress(c, e) || !start_members(c, e)) {
        send_home(c);
        return false;
    }
    if (!await_ready(c)) {
        send_home(c);
        *code = signals_seen > 0 ? CLI_INTERRUPTED : worst_failure(c);
        if (signals_seen == 0)
            return true;
    } else {
        give_the_start(c);
        carry_through(c);
    }
    int failed = worst_failure(c);
    if (!merge(c, code, e))
        return false;
    if (failed != CLI_OK && *code != CLI_INTERRUPTED)
        *code = failed;
    return true;
}

static void crew_clear(struct crew *c)
{
    for (unsigned i = 0; i < c->count; i++) {
        close_end(&c->members[i].child.to);
        close_end(&c->members[i].child.from);
    }
    live_close(c->live);
    run_names_clear(&c->names);
    close_progress(c);
    sim_child_stop(c->sim, NULL);
    report_folder_free(c->folder);
    load_plan_free(c->plan);
    scenario_free(c->scenario);
    free(c->members);
    explicit_bzero(c->salt, sizeof c->salt);
}

int crew_run(const struct run_options *options)
{
    struct crew c = {.options = options};
    struct err e = {0};
    int code = CLI_OK;
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (!run_all(&c, &code, &e))
        code = cli_fail(COMMAND, &e);
    else if (!cli_flush(COMMAND))
        code = CLI_PROGRAM_FAILED;
    over = 1;
    serve_linger(c.live, COMMAND, options->quiet, &stop_waiting);
    crew_clear(&c);
    return code;
}
