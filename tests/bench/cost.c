/* What scripts/bench.sh needs beside scepstorm itself, each in a process of its own:
 *
 *   cost FILE COMMAND ...   runs it and writes to FILE what it cost: user and system CPU as wait4 reports them, time, seconds
 *   rsa quiet|full|beside   CPU of a private and of a public RSA-2048 operation, microseconds: with nothing else of ours, with
 *                           every core at it, or of one now and then until SIGTERM comes
 *   timer RATE SECONDS      how late a bare timer comes that is due RATE times a second: p50, p99, maximum, microseconds */
#include "bench.h"

#include "base/clock.h"
#include "measure/histogram.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CORES 256

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* ---- cost ---- */

static volatile sig_atomic_t child;

static void pass_on(int number)
{
    if (child > 0)
        kill((pid_t)child, number);
}

static bool write_cost(const char *file, const struct rusage *usage, int64_t took_us)
{
    FILE *f = fopen(file, "w");
    if (f == NULL)
        return false;
    fprintf(f, "%.6f %.6f %.6f\n", seconds(usage->ru_utime), seconds(usage->ru_stime), (double)took_us / 1e6);
    return fclose(f) == 0;
}

int bench_cost(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    struct rusage usage = {0};
    int status = 0;
    int64_t begin = clock_monotonic_us();
    const struct sigaction action = {.sa_handler = pass_on};
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    child = pid;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR)
            return 1;
    }
    if (!write_cost(argv[0], &usage, clock_monotonic_us() - begin))
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- rsa ---- */

static pthread_barrier_t together;

/* A key of its own: threads that share one wait for each other's blinding. */
static void *one_core(void *user)
{
    struct rsa_unit *unit = user;
    struct err e = {0};
    struct pki_key *key = NULL;
    if (!pki_key_generate_rsa(2048, &key, &e))
        bench_die("key", &e);
    pthread_barrier_wait(&together);
    *unit = unit_quiet(key);
    pki_key_free(key);
    return NULL;
}

/* Every core at RSA and at nothing else: what this machine can do of it. */
static struct rsa_unit unit_full(void)
{
    static pthread_t threads[MAX_CORES];
    static struct rsa_unit units[MAX_CORES];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = cores < 1 ? 1 : cores > MAX_CORES ? MAX_CORES : (size_t)cores;
    struct rsa_unit mean = {0};
    pthread_barrier_init(&together, NULL, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, one_core, &units[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        mean.private_us += units[i].private_us / (double)count;
        mean.public_us += units[i].public_us / (double)count;
    }
    pthread_barrier_destroy(&together);
    return mean;
}

static struct rsa_unit unit_beside(const struct pki_key *key)
{
    sigset_t set;
    int number = 0;
    double own = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before there is a thread that could take it */
    struct unit_sampler *sampler = unit_sampler_start(key);
    sigwait(&set, &number);
    return unit_sampler_stop(sampler, &own);
}

int bench_rsa(int argc, char **argv)
{
    struct err e = {0};
    struct pki_key *key = NULL;
    struct rsa_unit unit;
    (void)argc;
    if (!pki_key_generate_rsa(2048, &key, &e))
        bench_die("key", &e);
    if (strcmp(argv[0], "beside") == 0)
        unit = unit_beside(key);
    else if (strcmp(argv[0], "full") == 0)
        unit = unit_full();
    else
        unit = unit_quiet(key);
    printf("%.3f %.4f\n", unit.private_us, unit.public_us);
    pki_key_free(key);
    return 0;
}

/* ---- timer ---- */

static void sleep_until(int64_t at_us)
{
    const struct timespec at = {.tv_sec = at_us / 1000000, .tv_nsec = at_us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

int bench_timer(int argc, char **argv)
{
    struct err e = {0};
    struct histogram *late = NULL;
    double rate = strtod(argv[0], NULL), length = argc > 1 ? strtod(argv[1], NULL) : 0;
    if (rate <= 0 || rate > 1e6 || length <= 0 || length > 86400)
        return 2;
    if (!histogram_new(&late, &e))
        bench_die("timer", &e);
    int64_t begin = clock_monotonic_us();
    for (int64_t n = 1; (double)n <= rate * length; n++) {
        int64_t due = begin + (int64_t)((double)n * 1e6 / rate);
        sleep_until(due);
        histogram_record(late, clock_monotonic_us() - due);
    }
    printf("%lld %lld %lld\n", (long long)histogram_quantile(late, 0.5),
           (long long)histogram_quantile(late, 0.99), (long long)histogram_max(late));
    histogram_free(late);
    return 0;
}
