// links: sim measure
/* Coordinated omission, and its absence. A server freezes for two seconds under a constant open load of small requests. What
 * the percentiles must then be is arithmetic: arrivals are evenly spaced, so a device that was due x seconds into the freeze
 * waits for the rest of it, and the slowest share q of a run of length L waited for D - qL or longer.
 *
 * A machine that is busy with other things adds to every latency; a generator that omits adds to none. So a run that misses
 * is repeated, a few times: noise passes, an error in the method does not. */
#include "engine_bench.h"

#include "measure/measure.h"

#include <math.h>
#include <time.h>

#define RATE        40
#define DEVICES     100
#define FREEZES_AT  10 /* devices that were served before */
#define FREEZE_US   (2 * SECOND)
#define LENGTH_US   (DEVICES * SECOND / RATE)
#define TOLERANCE   0.05
#define MOST_TRIES  5
#define CLOSED_LOOP 2 /* devices at once, where nobody else may start */

struct freeze {
    unsigned seen;
    int64_t frozen_us; /* how long it really was */
};

static void answer_or_freeze(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct freeze *f = user;
    (void)request;
    web_answer_text(reply, 404, "no");
    if (f->seen++ != FREEZES_AT)
        return;
    int64_t before_us = clock_monotonic_us();
    nanosleep(&(struct timespec){.tv_sec = FREEZE_US / SECOND}, NULL); /* one thread: everybody waits */
    f->frozen_us = clock_monotonic_us() - before_us;
}

static struct freeze run_through_freeze(uint64_t in_flight, struct measure *measure)
{
    struct freeze freeze = {0};
    struct bench *b = new_bench(RATE, DEVICES);
    const struct outcome_sink sinks[] = {b->sink, measure_sink(measure)};
    b->scenario.challenge.source = CHALLENGE_NONE;
    b->scenario.limits.in_flight = in_flight;
    b->config.sinks = sinks;
    b->config.sink_count = 2;
    at_web(b, answer_or_freeze, &freeze);
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_FAILED], DEVICES); /* nobody is left out */
    free_bench(b);
    return freeze;
}

static double quantile(const struct measure *m, enum measure_metric metric, double share)
{
    const struct measure_filter filter = {
        .metric = metric, .results = 1U << MEASURE_FAILED, .phase = MEASURE_ANY, .profile = MEASURE_ANY};
    struct histogram *h = NULL;
    struct err e = {0};
    CHECK_OK(histogram_new(&h, &e), &e);
    assert_true(series_sum(measure_series(m), &filter, h));
    assert_int_equal(histogram_count(h), DEVICES);
    double us = (double)histogram_quantile(h, share);
    histogram_free(h);
    return us;
}

static const double shares[] = {0.75, 0.90, 0.99};
#define SHARES (sizeof shares / sizeof *shares)

/* How far the worst percentile is from what arithmetic says, as a share of that. */
static double worst_miss(const struct measure *m, enum measure_metric metric, const struct freeze *f)
{
    double worst = 0;
    for (size_t i = 0; i < SHARES; i++) {
        double predicted_us = (double)f->frozen_us - (1 - shares[i]) * LENGTH_US;
        double miss = fabs(quantile(m, metric, shares[i]) / predicted_us - 1);
        worst = miss > worst ? miss : worst;
    }
    return worst;
}

/* One try; false when latencies are not what they must be. */
static bool as_predicted(uint64_t in_flight, struct measure *m, struct freeze *freeze)
{
    *freeze = run_through_freeze(in_flight, m);
    assert_true(freeze->frozen_us >= FREEZE_US);
    double miss = worst_miss(m, MEASURE_ENROLLMENT, freeze);
    if (miss > TOLERANCE)
        print_message("off by %.1f %%\n", miss * 100);
    return miss <= TOLERANCE;
}

static struct measure *measured(uint64_t in_flight, struct freeze *freeze)
{
    struct measure *m = NULL;
    struct err e = {0};
    for (int i = 0; i < MOST_TRIES; i++) {
        CHECK_OK(measure_new(&m, &e), &e);
        if (as_predicted(in_flight, m, freeze))
            return m;
        measure_free(m);
    }
    fail_msg("percentiles were not those of the freeze in %d runs", MOST_TRIES);
    return NULL;
}

/* Everybody starts when due: the wait is the server's, in both figures. */
static void open_load_shows_the_freeze(void **state)
{
    (void)state;
    struct freeze freeze;
    struct measure *m = measured(10000, &freeze);
    assert_true(quantile(m, MEASURE_START_LAG, 0.90) < 0.5 * FREEZE_US);
    measure_free(m);
}

/* Two at once is what a closed loop would do: it knows of two slow answers, and that is what the times from the real start
 * say. From the schedule nothing is lost. */
static void a_cap_does_not_hide_it(void **state)
{
    (void)state;
    struct freeze freeze;
    struct measure *m = measured(CLOSED_LOOP, &freeze);
    assert_true(quantile(m, MEASURE_SERVICE, 0.75) < 0.1 * FREEZE_US);
    assert_true(quantile(m, MEASURE_SERVICE, 0.90) < 0.1 * FREEZE_US);
    assert_true(worst_miss(m, MEASURE_SERVICE, &freeze) > 0.9);
    measure_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_load_shows_the_freeze),
        cmocka_unit_test(a_cap_does_not_hide_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
