#include "prelude/keys.h"

#include <pthread.h>
#include <unistd.h>

#define MAX_THREADS 64

/* Threads put one key at a time into `ready`; the caller takes it out. */
struct keymaker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned bits;
    size_t to_begin; /* keys nobody has begun */
    size_t threads;  /* still running */
    struct pki_key *ready;
    bool stopped;
    struct err failure;
};

static bool begin_one(struct keymaker *k)
{
    pthread_mutex_lock(&k->lock);
    bool begin = k->to_begin > 0 && !k->stopped;
    k->to_begin -= begin;
    pthread_mutex_unlock(&k->lock);
    return begin;
}

static void hand_over(struct keymaker *k, struct pki_key *key, const struct err *failure)
{
    pthread_mutex_lock(&k->lock);
    while (k->ready != NULL && !k->stopped)
        pthread_cond_wait(&k->changed, &k->lock);
    if (key == NULL && !k->stopped) {
        k->failure = *failure;
        k->stopped = true;
    }
    if (k->stopped)
        pki_key_free(key);
    else
        k->ready = key;
    pthread_cond_broadcast(&k->changed);
    pthread_mutex_unlock(&k->lock);
}

static void *make_keys(void *user)
{
    struct keymaker *k = user;
    while (begin_one(k)) {
        struct pki_key *key = NULL;
        struct err e = {0};
        if (!pki_key_generate_rsa(k->bits, &key, &e))
            key = NULL;
        hand_over(k, key, &e);
    }
    pthread_mutex_lock(&k->lock);
    k->threads--;
    pthread_cond_broadcast(&k->changed);
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

/* The next finished key; NULL when all threads have ended. */
static struct pki_key *take(struct keymaker *k)
{
    pthread_mutex_lock(&k->lock);
    while (k->ready == NULL && k->threads > 0)
        pthread_cond_wait(&k->changed, &k->lock);
    struct pki_key *key = k->ready;
    k->ready = NULL;
    pthread_cond_broadcast(&k->changed);
    pthread_mutex_unlock(&k->lock);
    return key;
}

static void stop(struct keymaker *k)
{
    pthread_mutex_lock(&k->lock);
    k->stopped = true;
    pthread_cond_broadcast(&k->changed);
    pthread_mutex_unlock(&k->lock);
}

static size_t start_threads(struct keymaker *k, pthread_t *threads, size_t count)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t want = cores < 1 ? 1 : cores > MAX_THREADS ? MAX_THREADS : (size_t)cores;
    want = want < count ? want : count;
    k->threads = want;
    for (size_t i = 0; i < want; i++) {
        if (pthread_create(&threads[i], NULL, make_keys, k) == 0)
            continue;
        pthread_mutex_lock(&k->lock);
        k->threads -= want - i;
        pthread_mutex_unlock(&k->lock);
        return i;
    }
    return want;
}

bool prelude_keys_make(unsigned bits, size_t count,
                       bool (*each)(struct pki_key *key, void *user, struct err *e), void *user,
                       struct err *e)
{
    struct keymaker k = {.bits = bits, .to_begin = count};
    pthread_mutex_init(&k.lock, NULL);
    pthread_cond_init(&k.changed, NULL);
    pthread_t threads[MAX_THREADS];
    size_t started = start_threads(&k, threads, count);
    bool ok = started > 0 || count == 0;
    if (!ok)
        err_set(e, STAGE_KEY, REASON_NO_MEMORY, "cannot start a thread to make keys");
    for (struct pki_key *key; (key = take(&k)) != NULL; pki_key_free(key)) {
        if (!k.stopped && !each(key, user, e))
            stop(&k);
    }
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (err_is_set(&k.failure)) {
        *e = k.failure;
        ok = false;
    }
    pthread_cond_destroy(&k.changed);
    pthread_mutex_destroy(&k.lock);
    return ok && !err_is_set(e);
}
