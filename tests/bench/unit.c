#include "bench.h"

#include "base/clock.h"
#include "pki/key.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define QUIET_ROUNDS  1000
#define PUBLIC_ROUNDS 10 /* for one private operation: the clock ticks in microseconds */
#define PAUSE_US      15000

/* One signature, and how often it is checked; adds what they cost. */
static void round_of(const struct pki_key *key, struct buf *signature, struct rsa_unit *sum)
{
    struct err e = {0};
    static const uint8_t message[64] = {1};
    struct span signed_text = span_of(message, sizeof message);
    buf_reset(signature);
    int64_t begin = clock_thread_cpu_us();
    if (!pki_key_sign(key, PKI_SHA256, signed_text, signature, &e))
        bench_die("sign", &e);
    int64_t middle = clock_thread_cpu_us();
    for (int i = 0; i < PUBLIC_ROUNDS; i++) {
        if (!pki_verify(pki_key_evp(key), PKI_SHA256, signed_text, buf_span(signature), &e))
            bench_die("verify", &e);
    }
    sum->private_us += (double)(middle - begin);
    sum->public_us += (double)(clock_thread_cpu_us() - middle) / PUBLIC_ROUNDS;
}

static struct rsa_unit mean(struct rsa_unit sum, unsigned rounds)
{
    double n = rounds > 0 ? rounds : 1;
    return (struct rsa_unit){sum.private_us / n, sum.public_us / n};
}

struct rsa_unit unit_quiet(const struct pki_key *key)
{
    struct rsa_unit sum = {0};
    struct buf signature;
    buf_init(&signature, 4096);
    for (unsigned i = 0; i < QUIET_ROUNDS; i++)
        round_of(key, &signature, &sum);
    buf_clear(&signature);
    return mean(sum, QUIET_ROUNDS);
}

struct unit_sampler {
    const struct pki_key *key;
    pthread_t thread;
    atomic_bool stop;
    struct rsa_unit sum;
    unsigned rounds;
    double cpu_us;
};

/* The first operation after a pause pays for cold caches, which those of the load, one after the other, do not: it is done and
 * not counted. */
static void *sample(void *user)
{
    struct unit_sampler *s = user;
    struct buf signature;
    buf_init(&signature, 4096);
    while (!atomic_load(&s->stop)) {
        struct rsa_unit cold = {0};
        round_of(s->key, &signature, &cold);
        round_of(s->key, &signature, &s->sum);
        s->rounds++;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_US * 1000}, NULL);
    }
    buf_clear(&signature);
    s->cpu_us = (double)clock_thread_cpu_us();
    return NULL;
}

struct unit_sampler *unit_sampler_start(const struct pki_key *key)
{
    struct unit_sampler *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    s->key = key;
    if (pthread_create(&s->thread, NULL, sample, s) != 0)
        abort();
    return s;
}

struct rsa_unit unit_sampler_stop(struct unit_sampler *s, double *own_cpu_us)
{
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    struct rsa_unit unit = mean(s->sum, s->rounds);
    *own_cpu_us = s->cpu_us;
    free(s);
    return unit;
}

static double microseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

struct cpu_split cpu_now(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    return (struct cpu_split){microseconds(usage.ru_utime), microseconds(usage.ru_stime)};
}

struct cpu_split cpu_since(struct cpu_split before)
{
    struct cpu_split now = cpu_now();
    return (struct cpu_split){now.user_us - before.user_us, now.system_us - before.system_us};
}
