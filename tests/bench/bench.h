/* What scripts/bench.sh measures with. Each figure is a ratio, or a slope, taken in one run on one machine. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "engine/engine.h"
#include "measure/measure.h"
#include "pki/pool.h"
#include "scenario/scenario.h"

#include <stdatomic.h>
#include <sys/types.h>

_Noreturn void bench_die(const char *what, const struct err *e);

/* A row of the table, as scripts/bench/lib.sh prints them too: what, measured, target, met or not, what was timed beside it.
 * True when met. */
bool bench_row(const char *name, double value, const char *relation, double target, const char *unit,
               const char *beside);

/* ---- unit.c: what RSA costs here ---- */

struct rsa_unit {
    double private_us, public_us; /* CPU of one operation, RSA-2048 */
};

/* Back to back, with nothing beside. */
struct rsa_unit unit_quiet(const struct pki_key *key);

/* On a thread of its own, an operation now and then while something else runs: on a machine whose cores are shared with others,
 * an operation costs more CPU time than it does in the quiet (caches, frequency, the other hyper-thread), and so does everything
 * that is to be compared with it. */
struct unit_sampler;
struct unit_sampler *unit_sampler_start(const struct pki_key *key);
/* *own_cpu_us gets what the sampling itself cost, which is to be taken off. */
struct rsa_unit unit_sampler_stop(struct unit_sampler *sampler, double *own_cpu_us);

/* CPU of this process so far. */
struct cpu_split {
    double user_us, system_us;
};
struct cpu_split cpu_now(void);
struct cpu_split cpu_since(struct cpu_split before);

/* ---- load.c: one run of the engine, in this process ---- */

struct bench_load {
    const char *scenario; /* a file */
    const struct scenario_override *overrides;
    size_t override_count;
    const char *url; /* "http://127.0.0.1:4711" */
    const struct pki_pool *keys;
    const struct outcome_sink *sink; /* beside the measure; NULL: none */
};

struct bench_outcome {
    uint64_t planned, enrolled;
    double duration_us;
    struct cpu_split cpu; /* the sampler's is taken off */
    struct rsa_unit rsa;  /* under this load */
};

void bench_load_run(const struct bench_load *load, struct bench_outcome *out);
void bench_make_keys(struct pki_pool **pool);

/* ---- holder.c: a simulated NDES that keeps replies back ---- */

struct holder_config {
    bool tls;
    int hold_ms;          /* a PKIOperation is answered after this time; -1: never */
    atomic_uint *waiting; /* shared memory: how many are kept back now */
};

/* Forks it. `*ca_file` (32 bytes) gets the name of a file with its root, to be removed by the caller. */
pid_t holder_start(const struct holder_config *config, char url[64], char ca_file[32]);

/* ---- the benchmarks ---- */

int bench_cost(int argc, char **argv);
int bench_rsa(int argc, char **argv);
int bench_timer(int argc, char **argv);
int bench_waiting(int argc, char **argv);
int bench_polling(int argc, char **argv);
int bench_planned(int argc, char **argv);
int bench_scale(int argc, char **argv);
int bench_logs(int argc, char **argv);
int bench_report(int argc, char **argv);

#endif
