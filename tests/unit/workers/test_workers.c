#include "workers/workers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

struct sum {
    struct workers_job job;
    struct workers *again; /* submit once more from done */
    uv_thread_t loop_thread;
    int input, result;
    int runs, dones;
};

/* Everything a job that blocks needs; one at a time. */
static uv_sem_t entered, leave;

static void square(struct workers_job *job)
{
    struct sum *s = (struct sum *)job;
    uv_thread_t self = uv_thread_self();
    assert_false(uv_thread_equal(&self, &s->loop_thread));
    s->result = s->input * s->input;
    s->runs++;
}

static void block(struct workers_job *job)
{
    uv_sem_post(&entered);
    uv_sem_wait(&leave);
    ((struct sum *)job)->runs++;
}

static void count(struct workers_job *job)
{
    struct sum *s = (struct sum *)job;
    uv_thread_t self = uv_thread_self();
    assert_true(uv_thread_equal(&self, &s->loop_thread));
    s->dones++;
    if (s->again != NULL) {
        struct workers *w = s->again;
        s->again = NULL;
        workers_submit(w, job);
    }
}

static struct sum sum_of(int input, void (*run)(struct workers_job *))
{
    return (struct sum){.job = {.run = run, .done = count}, .loop_thread = uv_thread_self(), .input = input};
}

static struct workers *workers_on(uv_loop_t *loop, unsigned threads)
{
    struct workers *w = NULL;
    struct err e = {0};
    assert_int_equal(uv_loop_init(loop), 0);
    assert_true(workers_new(loop, threads, &w, &e));
    return w;
}

static void close_loop(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

static void every_job_comes_back_once(void **state)
{
    (void)state;
    enum { JOBS = 500 };
    uv_loop_t loop;
    struct workers *w = workers_on(&loop, 4);
    assert_int_equal(workers_threads(w), 4);
    struct sum *jobs = calloc(JOBS, sizeof *jobs);
    assert_non_null(jobs);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = sum_of(i, square);
        workers_submit(w, &jobs[i].job);
    }
    for (int i = 0; i < JOBS; i++) {
        while (jobs[i].dones == 0)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(jobs[i].result, i * i);
        assert_false(jobs[i].job.cancelled);
        assert_true(jobs[i].job.queued_us <= jobs[i].job.started_us);
        assert_true(jobs[i].job.started_us <= jobs[i].job.finished_us);
    }
    workers_free(w);
    close_loop(&loop);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].runs, 1);
        assert_int_equal(jobs[i].dones, 1);
    }
    free(jobs);
}

static void done_may_submit_again(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct workers *w = workers_on(&loop, 1);
    struct sum s = sum_of(3, square);
    s.again = w;
    workers_submit(w, &s.job);
    while (s.dones < 2)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(s.runs, 2);
    workers_free(w);
    close_loop(&loop);
}

static void waiting_job_can_be_cancelled(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct workers *w = workers_on(&loop, 1);
    struct sum first = sum_of(1, block), second = sum_of(2, square), third = sum_of(3, square);
    workers_submit(w, &first.job);
    uv_sem_wait(&entered);
    workers_submit(w, &second.job);
    workers_submit(w, &third.job);
    workers_cancel(w, &third.job);
    workers_cancel(w, &third.job); /* twice is once */
    workers_cancel(w, &first.job); /* runs already: finishes */
    uv_sem_post(&leave);
    while (first.dones + second.dones + third.dones < 3)
        uv_run(&loop, UV_RUN_ONCE);
    assert_true(third.job.cancelled);
    assert_int_equal(third.runs, 0);
    assert_int_equal(third.job.started_us, 0);
    assert_false(first.job.cancelled);
    assert_int_equal(first.runs, 1);
    assert_int_equal(second.result, 4);
    workers_free(w);
    close_loop(&loop);
}

static void nothing_is_lost_at_the_end(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct workers *w = workers_on(&loop, 1);
    struct sum running = sum_of(1, block), waiting = sum_of(2, square), persistent = sum_of(3, square);
    workers_submit(w, &running.job);
    uv_sem_wait(&entered);
    workers_submit(w, &waiting.job);
    persistent.again = w;
    workers_submit(w, &persistent.job);
    uv_sem_post(&leave);
    workers_free(w);
    assert_int_equal(running.dones, 1);
    assert_int_equal(running.runs, 1);
    assert_int_equal(waiting.dones, 1);
    assert_int_equal(waiting.runs, waiting.job.cancelled ? 0 : 1);
    assert_int_equal(persistent.dones, 2);
    assert_true(persistent.job.cancelled);
    close_loop(&loop);
}

static void free_of_nothing_is_harmless(void **state)
{
    (void)state;
    workers_free(NULL);
    uv_loop_t loop;
    struct workers *w = workers_on(&loop, 0);
    assert_true(workers_threads(w) >= 1);
    workers_free(w);
    close_loop(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_comes_back_once),    cmocka_unit_test(done_may_submit_again),
        cmocka_unit_test(waiting_job_can_be_cancelled), cmocka_unit_test(nothing_is_lost_at_the_end),
        cmocka_unit_test(free_of_nothing_is_harmless),
    };
    uv_sem_init(&entered, 0);
    uv_sem_init(&leave, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    uv_sem_destroy(&entered);
    uv_sem_destroy(&leave);
    return failed;
}
