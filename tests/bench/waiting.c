/* Memory per device that waits, and what a crowd of waiting devices costs the others.
 *
 *   waiting SCENARIO N [tls]   slope of resident memory from 100 to N devices that wait for the reply to PKIOperation
 *   polling SCENARIO N         the same, N devices that wait for the next CertPoll
 *   planned SCENARIO N         the same, N devices that are to come, or are due and may not start yet
 *   scale SCENARIO N           CPU per enrollment with N in flight / with 100
 *
 * The load generator is a process of its own each time; memory is the difference of two such processes when all their devices
 * wait. */
#include "bench.h"

#include "sim/sim.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FEW            100
#define MOST_PASSWORDS 100000 /* that a scenario may hold */
#define PATIENCE_MS    1800000
#define SETTLE_MS      1000

/* Shared by the processes. */
struct board {
    atomic_uint waiting, arrived;
    struct bench_outcome out;
};

struct server {
    pid_t pid;
    char url[64], ca_file[32];
};

static struct board *make_board(void)
{
    struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED)
        exit(1);
    return b;
}

static void pause_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

static double resident_bytes(pid_t pid)
{
    char path[64];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *f = fopen(path, "r");
    if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

struct crowd {
    const char *scenario;
    unsigned planned, in_flight;
    const char *rate; /* NULL: the scenario's */
    const struct server *server;
    const struct pki_pool *keys;
    const struct outcome_sink *sink;
    bool passwords; /* the server wants them */
};

/* One load generator with that many devices, in a process of its own. */
static pid_t send_crowd(const struct crowd *c, struct board *board)
{
    char count[16], in_flight[16], outstanding[16];
    snprintf(count, sizeof count, "%u", c->planned);
    snprintf(in_flight, sizeof in_flight, "%u", c->in_flight);
    snprintf(outstanding, sizeof outstanding, "%u",
             c->in_flight < MOST_PASSWORDS ? c->in_flight : MOST_PASSWORDS);
    bool tls = strncmp(c->server->url, "https", 5) == 0;
    struct scenario_override overrides[9] = {
        {"devices.count", count},
        {"limits.in_flight", in_flight},
        {tls ? "target.tls.ca_file" : "name", tls ? c->server->ca_file : "waiting"},
    };
    size_t n = 3;
    if (c->passwords) {
        overrides[n++] = (struct scenario_override){"challenge.source", "mscep_admin"};
        overrides[n++] = (struct scenario_override){"challenge.auth", "none"};
        overrides[n++] = (struct scenario_override){"challenge.outstanding", outstanding};
        overrides[n++] =
            (struct scenario_override){"challenge.connections", "64"}; /* few or many: the same */
    }
    if (c->rate != NULL) {
        overrides[n++] = (struct scenario_override){"limits.rate", c->rate};
        overrides[n++] = (struct scenario_override){"load.0.rate", c->rate};
    }
    const struct bench_load load = {.scenario = c->scenario,
                                    .overrides = overrides,
                                    .override_count = n,
                                    .url = c->server->url,
                                    .keys = c->keys,
                                    .sink = c->sink};
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bench_load_run(&load, &board->out);
    exit(0);
}

/* What the process holds when so many devices have arrived and all wait that may start. */
static double crowd_bytes(const struct crowd *c, unsigned arrived, struct board *board)
{
    atomic_store(&board->waiting, 0);
    atomic_store(&board->arrived, 0);
    pid_t pid = send_crowd(c, board);
    for (unsigned ms = 0;
         atomic_load(&board->waiting) < c->in_flight || atomic_load(&board->arrived) < arrived; ms += 20) {
        if (ms > PATIENCE_MS || waitpid(pid, NULL, WNOHANG) == pid) {
            fprintf(stderr, "bench: only %u of %u devices came to wait, %u of %u arrived\n",
                    atomic_load(&board->waiting), c->in_flight, atomic_load(&board->arrived), arrived);
            exit(1);
        }
        pause_ms(20);
    }
    pause_ms(SETTLE_MS);
    double bytes = resident_bytes(pid);
    end(pid);
    return bytes;
}

static bool tell_slope(const char *name, struct crowd *c, unsigned many, double limit_kib,
                       struct board *board)
{
    char beside[120];
    c->planned = c->in_flight = FEW;
    double few = crowd_bytes(c, 0, board);
    c->planned = c->in_flight = many;
    double more = crowd_bytes(c, 0, board);
    snprintf(beside, sizeof beside, "%.1f MiB resident with %u devices, %.1f MiB with %u", few / 1048576, FEW,
             more / 1048576, many);
    return bench_row(name, (more - few) / (many - FEW) / 1024, "<=", limit_kib, " KiB", beside);
}

static unsigned number(int argc, char **argv, unsigned otherwise)
{
    unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : otherwise;
    return n > FEW && n < 10000000 ? (unsigned)n : otherwise;
}

int bench_waiting(int argc, char **argv)
{
    bool tls = argc > 2 && strcmp(argv[2], "tls") == 0;
    unsigned many = number(argc, argv, tls ? 8000 : 15000);
    struct board *board = make_board();
    struct server server;
    struct pki_pool *keys = NULL;
    const struct holder_config config = {.tls = tls, .hold_ms = -1, .waiting = &board->waiting};
    bench_make_keys(&keys);
    server.pid = holder_start(&config, server.url, server.ca_file);
    struct crowd crowd = {.scenario = argv[0], .server = &server, .keys = keys};
    bool met = tell_slope(tls ? "memory per device in flight, TLS 1.3" : "memory per device in flight, HTTP",
                          &crowd, many, tls ? 96 : 32, board);
    end(server.pid);
    unlink(server.ca_file);
    pki_pool_free(keys);
    return met ? 0 : 1;
}

/* A simulator that lets everybody wait. */
static void start_sim(struct server *server)
{
    int up[2];
    char url[64] = {0};
    if (pipe(up) != 0)
        exit(1);
    fflush(stdout);
    server->pid = fork();
    if (server->pid == 0) {
        struct err e = {0};
        struct sim *sim = NULL;
        struct ndes_policy policy = NDES_POLICY_DEFAULTS;
        policy.remembered_us = INT64_C(86400000000);
        const struct sim_config config = {.listen = "127.0.0.1:0",
                                          .otp_cache = 100000,
                                          .otp_validity_us = INT64_C(3600000000),
                                          .policy = &policy,
                                          .caps = "POSTPKIOperation,SHA-256,AES",
                                          .faults = (const char *const[]){"pending-approval"},
                                          .fault_count = 1};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!sim_start(&config, &sim, &e))
            bench_die("simulator", &e);
        snprintf(url, sizeof url, "%s", sim_url(sim));
        if (write(up[1], url, sizeof url) != (ssize_t)sizeof url)
            exit(1);
        for (;;)
            pause();
    }
    if (read(up[0], server->url, sizeof server->url) != (ssize_t)sizeof server->url)
        exit(1);
    close(up[0]);
    close(up[1]);
    server->ca_file[0] = '\0';
}

/* The verdict on a CertRep is a step; those of this simulator say PENDING. */
static void on_step(void *user, const struct outcome_step *step)
{
    struct board *board = user;
    if (step->stage == STAGE_VERIFY && !step->failed)
        atomic_fetch_add(&board->waiting, 1);
}

int bench_polling(int argc, char **argv)
{
    struct board *board = make_board();
    struct server server;
    struct pki_pool *keys = NULL;
    const struct outcome_sink sink = {.user = board, .step = on_step};
    bench_make_keys(&keys);
    start_sim(&server);
    struct crowd crowd = {.scenario = argv[0],
                          .server = &server,
                          .keys = keys,
                          .sink = &sink,
                          .passwords = true,
                          .rate = "300/s"}; /* slower than they can be served, or they wait for that, too */
    bool met =
        tell_slope("memory per device waiting for a poll", &crowd, number(argc, argv, 200000), 4, board);
    end(server.pid);
    pki_pool_free(keys);
    return met ? 0 : 1;
}

static void on_arrival(void *user, int64_t scheduled_us, bool warm_up)
{
    struct board *board = user;
    (void)scheduled_us;
    (void)warm_up;
    atomic_fetch_add(&board->arrived, 1);
}

/* A hundred devices are under way, all others are to come, or have come and may not start. */
int bench_planned(int argc, char **argv)
{
    unsigned many = number(argc, argv, 1000000);
    struct board *board = make_board();
    struct server server;
    struct pki_pool *keys = NULL;
    char beside[160];
    const struct outcome_sink sink = {.user = board, .arrival = on_arrival};
    const struct holder_config config = {.hold_ms = -1, .waiting = &board->waiting};
    bench_make_keys(&keys);
    server.pid = holder_start(&config, server.url, server.ca_file);
    struct crowd crowd = {.scenario = argv[0],
                          .server = &server,
                          .keys = keys,
                          .sink = &sink,
                          .planned = FEW,
                          .in_flight = FEW,
                          .rate = "1000/s"};
    double few = crowd_bytes(&crowd, FEW, board);
    crowd.planned = many;
    double to_come = (crowd_bytes(&crowd, FEW, board) - few) / (many - FEW);
    crowd.rate = "1000000/s";
    double due = (crowd_bytes(&crowd, many, board) - few) / (many - FEW);
    snprintf(beside, sizeof beside,
             "%u of them: %.2f bytes each while they are to come, %.1f when due and held back", many, to_come,
             due);
    bool met = bench_row("memory per planned device not yet started", due > to_come ? due : to_come,
                         "<=", 100, " bytes", beside);
    end(server.pid);
    unlink(server.ca_file);
    pki_pool_free(keys);
    return met ? 0 : 1;
}

/* A crowd that is always this large: each device gets its answer after a while, and another one comes. The time is chosen so
 * that the same number ends per second, whatever the size. */
static double crowd_cpu(const char *scenario, unsigned in_flight, unsigned planned,
                        const struct pki_pool *keys, struct board *board)
{
    struct server server;
    int hold_ms = (int)(in_flight / 0.15); /* about 150 per second */
    const struct holder_config config = {.hold_ms = hold_ms, .waiting = &board->waiting};
    server.pid = holder_start(&config, server.url, server.ca_file);
    const struct crowd crowd = {.scenario = scenario,
                                .planned = planned,
                                .in_flight = in_flight,
                                .server = &server,
                                .keys = keys,
                                .passwords = true,
                                .rate = "150/s"};
    pid_t pid = send_crowd(&crowd, board);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    end(server.pid);
    unlink(server.ca_file);
    const struct bench_outcome *out = &board->out;
    double unit = 3 * out->rsa.private_us + 2 * out->rsa.public_us, enrolled = (double)out->enrolled;
    double ratio = (out->cpu.user_us + out->cpu.system_us) / (enrolled > 0 ? enrolled : 1) / unit;
    printf("  %u in flight: %.2f x (3 private + 2 public RSA-2048), %.0f of %u enrolled in %.1f s\n",
           in_flight, ratio, enrolled, planned, out->duration_us / 1e6);
    return enrolled == planned ? ratio : 0;
}

int bench_scale(int argc, char **argv)
{
    unsigned many = number(argc, argv, 10000);
    struct board *board = make_board();
    struct pki_pool *keys = NULL;
    char beside[160];
    bench_make_keys(&keys);
    double few = crowd_cpu(argv[0], FEW, 3000, keys, board);
    double more = crowd_cpu(argv[0], many, 2 * many, keys, board);
    pki_pool_free(keys);
    if (few <= 0 || more <= 0) {
        fprintf(stderr, "bench: not all devices enrolled\n");
        return 1;
    }
    snprintf(beside, sizeof beside, "%.2f and %.2f times its RSA, timed beside each; %u in flight over %u",
             more, few, many, FEW);
    return bench_row("CPU per enrollment, many in flight over 100", more / few, "<=", 1.15, "", beside) ? 0
                                                                                                        : 1;
}
