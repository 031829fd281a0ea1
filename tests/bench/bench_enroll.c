/* What one enrollment costs, as multiples of the RSA operations that it cannot do without, each timed in the process
 * whose cost it measures:
 *
 *   device      CPU of the whole load generator per enrollment / (3 private + 2 public RSA-2048 operations)
 *   simulator   CPU of the whole simulator per enrollment      / (3 private + 1 public)
 *   rate        enrollments per second with both on this machine
 *
 * A full enrollment: OTP page, GetCACaps, GetCACert, PKIOperation; plain HTTP, own connection per device.
 *   bench_enroll SCENARIO.yaml [DEVICES]
 */
#include "base/clock.h"
#include "base/text.h"
#include "engine/engine.h"
#include "measure/measure.h"
#include "pki/pool.h"
#include "scenario/scenario.h"
#include "sim/sim.h"

#include <sys/wait.h>
#include <unistd.h>

#define KEYS        8
#define UNIT_ROUNDS 200

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "bench: %s: %s\n", what, e->text);
    exit(1);
}

/* Microseconds of CPU for one private and one public operation, by this thread. */
struct rsa_cost {
    double private_us, public_us;
};

static struct rsa_cost time_rsa(const struct pki_key *key)
{
    struct err e = {0};
    struct buf signature;
    uint8_t message[64] = {1};
    buf_init(&signature, 4096);
    int64_t begin = clock_thread_cpu_us();
    for (int i = 0; i < UNIT_ROUNDS; i++) {
        buf_reset(&signature);
        if (!pki_key_sign(key, PKI_SHA256, span_of(message, sizeof message), &signature, &e))
            die("sign", &e);
    }
    int64_t middle = clock_thread_cpu_us();
    for (int i = 0; i < 20 * UNIT_ROUNDS; i++) {
        if (!pki_verify(pki_key_evp(key), PKI_SHA256, span_of(message, sizeof message), buf_span(&signature),
                        &e))
            die("verify", &e);
    }
    int64_t end = clock_thread_cpu_us();
    buf_clear(&signature);
    return (struct rsa_cost){(double)(middle - begin) / UNIT_ROUNDS,
                             (double)(end - middle) / (20 * UNIT_ROUNDS)};
}

static struct rsa_cost cheaper(struct rsa_cost a, struct rsa_cost b)
{
    return (struct rsa_cost){a.private_us < b.private_us ? a.private_us : b.private_us,
                             a.public_us < b.public_us ? a.public_us : b.public_us};
}

struct sim_report {
    double cpu_us;
    struct rsa_cost rsa;
};

/* The simulator's side: says where it listens, serves until told to stop, reports what it cost. */
static void serve(int to, int from)
{
    struct err e = {0};
    struct pki_key *key = NULL;
    struct sim *sim = NULL;
    const struct sim_config config = {
        .listen = "127.0.0.1:0", .otp_cache = 100000, .otp_validity_us = 3600000000};
    if (!pki_init(&e) || !pki_key_generate_rsa(2048, &key, &e) || !sim_start(&config, &sim, &e))
        die("simulator", &e);
    struct sim_report report = {.rsa = time_rsa(key)};
    char url[256] = {0};
    snprintf(url, sizeof url, "%s", sim_url(sim));
    int64_t before = clock_process_cpu_us();
    char stop;
    if (write(to, url, sizeof url) != (ssize_t)sizeof url || read(from, &stop, 1) != 1)
        exit(1);
    report.cpu_us = (double)(clock_process_cpu_us() - before);
    report.rsa = cheaper(report.rsa, time_rsa(key));
    if (write(to, &report, sizeof report) != (ssize_t)sizeof report)
        exit(1);
    sim_stop(sim);
    pki_key_free(key);
    pki_cleanup();
    exit(0);
}

static void make_keys(struct pki_pool **pool)
{
    struct err e = {0};
    if (!pki_pool_new(pool, &e))
        die("keys", &e);
    for (int i = 0; i < KEYS; i++) {
        struct pki_key *key = NULL;
        if (!pki_key_generate_rsa(2048, &key, &e) || !pki_pool_add(*pool, key, &e))
            die("keys", &e);
        pki_key_free(key);
    }
}

static void print_report(const struct measure *m, const struct engine_result *result, double cpu_us,
                         struct rsa_cost rsa, const struct sim_report *sim)
{
    double enrolled = (double)measure_devices(m).enrolled;
    double device_floor = 3 * rsa.private_us + 2 * rsa.public_us;
    double sim_floor = 3 * sim->rsa.private_us + sim->rsa.public_us;
    printf("enrolled            %.0f of %llu\n", enrolled, (unsigned long long)measure_devices(m).planned);
    printf("device CPU          %.3f ms per enrollment = %.2f x (3 private + 2 public RSA-2048 = %.3f ms)\n",
           cpu_us / enrolled / 1000, cpu_us / enrolled / device_floor, device_floor / 1000);
    printf("simulator CPU       %.3f ms per enrollment = %.2f x (3 private + 1 public RSA-2048 = %.3f ms)\n",
           sim->cpu_us / enrolled / 1000, sim->cpu_us / enrolled / sim_floor, sim_floor / 1000);
    printf("rate                %.0f enrollments per second, generator and simulator sharing this machine\n",
           enrolled / ((double)result->duration_us / 1e6));
}

int main(int argc, char **argv)
{
    int down[2], up[2];
    if (argc < 2 || pipe(down) != 0 || pipe(up) != 0)
        return 2;
    pid_t child = fork();
    if (child == 0) {
        close(down[1]);
        close(up[0]);
        serve(up[1], down[0]);
    }
    close(down[0]);
    close(up[1]);
    char url[256], scep_url[320], admin_url[320], target[320];
    if (child < 0 || read(up[0], url, sizeof url) != (ssize_t)sizeof url)
        return 1;
    snprintf(scep_url, sizeof scep_url, "%s/certsrv/mscep/mscep.dll", url);
    snprintf(admin_url, sizeof admin_url, "%s/certsrv/mscep_admin/", url);
    snprintf(target, sizeof target, "%s", scep_url);

    struct err e = {0};
    struct scenario *scenario = NULL;
    struct load_plan *plan = NULL;
    struct measure *measure = NULL;
    struct pki_pool *keys = NULL;
    const struct scenario_override overrides[] = {{"target.url", target},
                                                  {"devices.count", argc > 2 ? argv[2] : "3000"}};
    if (!pki_init(&e) || !scenario_load(argv[1], overrides, 2, &scenario, &e) ||
        !load_plan_new(scenario->phases, scenario->phase_count, scenario->devices.count,
                       scenario->limits.devices, scenario->seed, &plan, &e) ||
        !measure_new(&measure, &e))
        die("set-up", &e);
    make_keys(&keys);
    struct rsa_cost rsa = time_rsa(pki_pool_key(keys, 0));
    const struct outcome_sink sink = measure_sink(measure);
    const struct engine_config config = {.scenario = scenario,
                                         .scep_url = scep_url,
                                         .admin_url = admin_url,
                                         .keys = keys,
                                         .plan = plan,
                                         .sinks = &sink,
                                         .sink_count = 1,
                                         .run_id = "bench"};
    struct engine_result result = {0};
    int64_t before = clock_process_cpu_us();
    if (!engine_run(&config, &result, &e))
        die("run", &e);
    double cpu_us = (double)(clock_process_cpu_us() - before);
    rsa = cheaper(rsa, time_rsa(pki_pool_key(keys, 0)));

    struct sim_report sim;
    if (write(down[1], "s", 1) != 1 || read(up[0], &sim, sizeof sim) != (ssize_t)sizeof sim)
        return 1;
    waitpid(child, NULL, 0);
    print_report(measure, &result, cpu_us, rsa, &sim);
    int code = measure_devices(measure).enrolled == measure_devices(measure).planned ? 0 : 1;
    measure_free(measure);
    load_plan_free(plan);
    scenario_free(scenario);
    pki_pool_free(keys);
    pki_cleanup();
    return code;
}
