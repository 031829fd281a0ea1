#include "workers/workers.h"

#include "base/clock.h"

#define MAX_THREADS 64

struct queue {
    struct workers_job *head;
    struct workers_job *tail;
};

struct workers {
    uv_async_t wake; /* a worker tells the loop that `finished` has something */
    uv_mutex_t lock; /* guards everything below but the threads */
    uv_cond_t work;  /* something waits, or stopping */
    struct queue waiting;
    struct queue finished;
    bool stopping;
    unsigned thread_count;
    uv_thread_t threads[MAX_THREADS];
};

static void push(struct queue *q, struct workers_job *job)
{
    job->next = NULL;
    if (q->tail != NULL)
        q->tail->next = job;
    else
        q->head = job;
    q->tail = job;
}

static struct workers_job *pop(struct queue *q)
{
    struct workers_job *job = q->head;
    if (job == NULL)
        return NULL;
    q->head = job->next;
    if (q->head == NULL)
        q->tail = NULL;
    return job;
}

static bool take_out(struct queue *q, struct workers_job *job)
{
    struct workers_job *before = NULL;
    for (struct workers_job *at = q->head; at != NULL; before = at, at = at->next) {
        if (at != job)
            continue;
        *(before != NULL ? &before->next : &q->head) = job->next;
        if (q->tail == job)
            q->tail = before;
        return true;
    }
    return false;
}

/* The next job, or NULL when the thread shall end. Called with the lock held. */
static struct workers_job *wait_for_job(struct workers *w)
{
    while (w->waiting.head == NULL && !w->stopping)
        uv_cond_wait(&w->work, &w->lock);
    return w->stopping ? NULL : pop(&w->waiting);
}

static void thread_main(void *user)
{
    struct workers *w = user;
    uv_mutex_lock(&w->lock);
    for (struct workers_job *job; (job = wait_for_job(w)) != NULL;) {
        uv_mutex_unlock(&w->lock);
        job->started_us = clock_monotonic_us();
        job->run(job);
        job->finished_us = clock_monotonic_us();
        uv_mutex_lock(&w->lock);
        push(&w->finished, job);
        uv_async_send(&w->wake); /* under the lock: workers_free closes it only after all threads ended */
    }
    uv_mutex_unlock(&w->lock);
}

/* Calls back without the lock: `done` may submit. */
static void deliver(struct workers *w)
{
    for (;;) {
        uv_mutex_lock(&w->lock);
        struct workers_job *job = pop(&w->finished);
        uv_mutex_unlock(&w->lock);
        if (job == NULL)
            return;
        job->done(job);
    }
}

static void on_wake(uv_async_t *handle)
{
    deliver(handle->data);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static unsigned default_threads(void)
{
    unsigned cores = uv_available_parallelism();
    return cores < 1 ? 1 : cores;
}

static void stop_threads(struct workers *w)
{
    uv_mutex_lock(&w->lock);
    w->stopping = true;
    uv_cond_broadcast(&w->work);
    uv_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->thread_count; i++)
        uv_thread_join(&w->threads[i]);
    uv_cond_destroy(&w->work);
}

static bool start_threads(struct workers *w, unsigned threads, struct err *e)
{
    unsigned wanted = threads > 0 ? threads : default_threads();
    if (wanted > MAX_THREADS)
        wanted = MAX_THREADS;
    for (; w->thread_count < wanted; w->thread_count++) {
        int rc = uv_thread_create(&w->threads[w->thread_count], thread_main, w);
        if (rc != 0)
            return err_set_detail(e, STAGE_SETUP, REASON_GENERATOR_LIMIT, ERR_DOMAIN_UV, rc,
                                  "cannot start a worker thread: %s", uv_strerror(rc));
    }
    return true;
}

bool workers_new(uv_loop_t *loop, unsigned threads, struct workers **out, struct err *e)
{
    struct workers *w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the workers");
    int rc = uv_mutex_init(&w->lock);
    if (rc == 0 && (rc = uv_cond_init(&w->work)) != 0)
        uv_mutex_destroy(&w->lock);
    if (rc == 0 && (rc = uv_async_init(loop, &w->wake, on_wake)) != 0) {
        uv_cond_destroy(&w->work);
        uv_mutex_destroy(&w->lock);
    }
    if (rc != 0) {
        free(w);
        return err_set_detail(e, STAGE_SETUP, REASON_GENERATOR_LIMIT, ERR_DOMAIN_UV, rc,
                              "cannot set the workers up: %s", uv_strerror(rc));
    }
    w->wake.data = w;
    if (!start_threads(w, threads, e)) {
        workers_free(w);
        return false;
    }
    *out = w;
    return true;
}

void workers_submit(struct workers *w, struct workers_job *job)
{
    job->queued_us = clock_monotonic_us();
    job->started_us = 0;
    job->finished_us = 0;
    uv_mutex_lock(&w->lock);
    job->cancelled = w->stopping;
    push(w->stopping ? &w->finished : &w->waiting, job);
    if (!w->stopping)
        uv_cond_signal(&w->work);
    uv_mutex_unlock(&w->lock);
}

void workers_cancel(struct workers *w, struct workers_job *job)
{
    uv_mutex_lock(&w->lock);
    if (take_out(&w->waiting, job)) {
        job->cancelled = true;
        push(&w->finished, job);
        uv_async_send(&w->wake);
    }
    uv_mutex_unlock(&w->lock);
}

void workers_free(struct workers *w)
{
    if (w == NULL)
        return;
    stop_threads(w);
    for (struct workers_job *job; (job = pop(&w->waiting)) != NULL;) {
        job->cancelled = true;
        push(&w->finished, job);
    }
    deliver(w);
    uv_mutex_destroy(&w->lock);
    uv_close((uv_handle_t *)&w->wake, on_closed);
}

unsigned workers_threads(const struct workers *w)
{
    return w->thread_count;
}
