/* What one enrollment costs, as multiples of the RSA operations that it cannot do without, which are timed in the process whose
 * cost it is, while it runs:
 *
 *   device      CPU of the whole load generator per enrollment / (3 private + 2 public RSA-2048 operations)
 *   simulator   CPU of the whole simulator per enrollment      / (3 private + 1 public)
 *   rate        enrollments per second with both on this machine / (cores / 6 private operations)
 *
 * A full enrollment: OTP page, GetCACaps, GetCACert, PKIOperation; plain HTTP, own connection per device. Twice: at a server with
 * the capabilities of Windows Server 2012 to 2022, which lead to Triple DES, and at one that offers AES. */
#include "bench.h"

#include "sim/sim.h"

#include <sys/wait.h>
#include <unistd.h>

#define SAMPLES "3000"

struct sim_report {
    struct cpu_split cpu; /* the sampler's is taken off */
    struct rsa_unit rsa;
};

struct sim_child {
    pid_t pid;
    int to, from;
    char url[256];
};

static void put(int fd, const void *data, size_t bytes)
{
    if (write(fd, data, bytes) != (ssize_t)bytes)
        exit(1);
}

static void get(int fd, void *data, size_t bytes)
{
    if (read(fd, data, bytes) != (ssize_t)bytes)
        exit(1);
}

/* The simulator's side: says where it listens, serves until told to stop, reports what it cost. */
static _Noreturn void serve(const char *caps, int to, int from)
{
    struct err e = {0};
    struct pki_key *key = NULL;
    struct sim *sim = NULL;
    const struct sim_config config = {
        .listen = "127.0.0.1:0", .otp_cache = 100000, .otp_validity_us = 3600000000, .caps = caps};
    if (!pki_key_generate_rsa(2048, &key, &e) || !sim_start(&config, &sim, &e))
        bench_die("simulator", &e);
    char url[256] = {0}, stop;
    snprintf(url, sizeof url, "%s", sim_url(sim));
    struct unit_sampler *sampler = unit_sampler_start(key);
    struct cpu_split before = cpu_now();
    put(to, url, sizeof url);
    get(from, &stop, 1);
    double own = 0;
    struct sim_report report = {.rsa = unit_sampler_stop(sampler, &own), .cpu = cpu_since(before)};
    report.cpu.user_us -= own;
    put(to, &report, sizeof report);
    sim_stop(sim);
    pki_key_free(key);
    exit(0);
}

static void start_sim(const char *caps, struct sim_child *sim)
{
    int down[2], up[2];
    fflush(stdout);
    if (pipe(down) != 0 || pipe(up) != 0)
        exit(1);
    sim->pid = fork();
    if (sim->pid == 0) {
        close(down[1]);
        close(up[0]);
        serve(caps, up[1], down[0]);
    }
    close(down[0]);
    close(up[1]);
    sim->to = down[1];
    sim->from = up[0];
    get(sim->from, sim->url, sizeof sim->url);
}

static struct sim_report stop_sim(struct sim_child *sim)
{
    struct sim_report report;
    put(sim->to, "s", 1);
    get(sim->from, &report, sizeof report);
    waitpid(sim->pid, NULL, 0);
    close(sim->to);
    close(sim->from);
    return report;
}

static bool tell_cpu(const char *who, const char *cipher, struct cpu_split cpu, struct rsa_unit rsa,
                     double enrolled, unsigned public_operations)
{
    char name[64];
    double unit = 3 * rsa.private_us + public_operations * rsa.public_us;
    double each = (cpu.user_us + cpu.system_us) / enrolled;
    printf(
        "  %s, %s: %.3f ms user + %.3f ms system per enrollment; 3 private + %u public RSA-2048: %.3f ms\n",
        who, cipher, cpu.user_us / enrolled / 1000, cpu.system_us / enrolled / 1000, public_operations,
        unit / 1000);
    snprintf(name, sizeof name, "%s CPU over RSA (%s)", who, cipher);
    return bench_row(name, each / unit, "<=", 1.5, "");
}

/* On a machine that others use, too, the rate falls with what they take; what both processes got of it is told beside. */
static bool tell_rate(const char *cipher, const struct bench_outcome *load, const struct sim_report *sim)
{
    char name[64];
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    double rate = (double)load->enrolled / (load->duration_us / 1e6);
    double ceiling = cores / (6 * load->rsa.private_us / 1e6);
    double cpu = load->cpu.user_us + load->cpu.system_us + sim->cpu.user_us + sim->cpu.system_us;
    printf("  %.0f enrollments/s of %.0f by RSA alone, with %.0f %% of this machine\n", rate, ceiling,
           100 * cpu / load->duration_us / cores);
    snprintf(name, sizeof name, "rate over RSA's (%s)", cipher);
    return bench_row(name, rate / ceiling, ">=", 0.6, "");
}

static bool enroll_at(const char *caps, const char *cipher, const char *scenario, const char *devices,
                      const struct pki_pool *keys)
{
    struct sim_child sim;
    struct bench_outcome out = {0};
    start_sim(caps, &sim);
    const struct scenario_override overrides[] = {{"devices.count", devices}};
    bench_load_run(
        &(struct bench_load){
            .scenario = scenario, .overrides = overrides, .override_count = 1, .url = sim.url, .keys = keys},
        &out);
    struct sim_report report = stop_sim(&sim);
    double enrolled = (double)out.enrolled;
    bool all = out.enrolled == out.planned && out.enrolled > 0;
    if (!all)
        printf("  enrolled only %.0f of %llu\n", enrolled, (unsigned long long)out.planned);
    all &= tell_cpu("device", cipher, out.cpu, out.rsa, enrolled, 2);
    all &= tell_cpu("simulator", cipher, report.cpu, report.rsa, enrolled, 1);
    return tell_rate(cipher, &out, &report) && all;
}

int bench_enroll(int argc, char **argv)
{
    const char *devices = argc > 1 ? argv[1] : SAMPLES;
    struct pki_pool *keys = NULL;
    bench_make_keys(&keys);
    struct rsa_unit quiet = unit_quiet(pki_pool_key(keys, 0));
    printf("  RSA-2048 with no load of ours: %.3f ms private, %.4f ms public\n", quiet.private_us / 1000,
           quiet.public_us / 1000);
    bool met = enroll_at(NULL, "3DES", argv[0], devices, keys);
    met &= enroll_at("POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,AES,SCEPStandard", "AES", argv[0],
                     devices, keys);
    pki_pool_free(keys);
    return met ? 0 : 1;
}
