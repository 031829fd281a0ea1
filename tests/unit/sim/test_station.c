#include "sim/station.h"

#include "base/file.h"
#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct ndes_effects calm;

static struct sim_stations *open_stations(struct sim_latencies *latencies, const char *text)
{
    struct err e = {0};
    struct sim_stations *stations = NULL;
    if (text != NULL && !sim_latency_parse(text, latencies, &e))
        fail_msg("%s", e.text);
    assert_true(sim_stations_new(latencies, &stations, &e));
    return stations;
}

static void close_stations(struct sim_stations *stations, struct sim_latencies *latencies)
{
    sim_stations_free(stations);
    sim_latencies_clear(latencies);
}

struct figures {
    double wait_ms, service_ms, per_s;
    size_t turned_away;
};

/* Poisson arrivals in virtual time. */
static struct figures run(struct sim_stations *stations, double per_s, size_t count)
{
    struct random_seeded lot;
    struct figures f = {0};
    double now_us = 0, last_us = 0;
    random_seed(&lot, 4711, 0);
    for (size_t i = 0; i < count; i++) {
        now_us += random_exponential(&lot, 1e6 / per_s);
        struct sim_visit v = sim_stations_enter(stations, NDES_OP_PKI_OPERATION, (int64_t)now_us, &calm);
        f.turned_away += v.queue_full;
        if (v.queue_full)
            continue;
        f.wait_ms += (double)v.wait_us / 1e3;
        f.service_ms += (double)v.service_us / 1e3;
        double end = now_us + (double)(v.wait_us + v.service_us);
        last_us = end > last_us ? end : last_us;
    }
    double served = (double)(count - f.turned_away);
    f.per_s = served / last_us * 1e6;
    f.wait_ms /= served;
    f.service_ms /= served;
    return f;
}

static void assert_near(double value, double expected, double share)
{
    if (fabs(value - expected) > share * expected)
        fail_msg("%g is not within %g of %g", value, share, expected);
}

/* M/D/1: rho D / 2 (1 - rho). */
static void one_server_of_fixed_time_makes_wait_as_the_formula_says(void **state)
{
    (void)state;
    struct sim_latencies latencies = {0};
    struct sim_stations *s = open_stations(&latencies, "pki_operation:fixed=10ms,servers=1");
    struct figures f = run(s, 80, 400000);
    assert_near(f.service_ms, 10, 0.0001);
    assert_near(f.wait_ms, 20, 0.03);
    close_stations(s, &latencies);
}

/* M/G/1 (Pollaczek and Khinchine): lambda E[S2] / 2 (1 - rho), of a lognormal time. */
static void lognormal_times_have_median_and_p99(void **state)
{
    (void)state;
    struct sim_latencies latencies = {0};
    struct sim_stations *s = open_stations(&latencies, "pki_operation:median=120ms,p99=900ms,servers=1");
    double sigma = log(900.0 / 120) / 2.3263478740408408;
    double mean_s = 0.120 * exp(sigma * sigma / 2), square = 0.120 * 0.120 * exp(2 * sigma * sigma);
    double rate = 0.6 / mean_s;
    struct figures f = run(s, rate, 2000000);
    assert_near(f.service_ms, mean_s * 1e3, 0.01);
    assert_near(f.wait_ms, rate * square / (2 * (1 - 0.6)) * 1e3, 0.05);
    size_t above_median = 0, above_p99 = 0;
    for (int64_t i = 0; i < 200000; i++) { /* far apart: nobody waits */
        struct sim_visit v =
            sim_stations_enter(s, NDES_OP_PKI_OPERATION, INT64_C(1000000000000000) + i * 3600000000, &calm);
        assert_int_equal(v.wait_us, 0);
        above_median += v.service_us > 120000;
        above_p99 += v.service_us > 900000;
    }
    assert_near((double)above_median, 100000, 0.01);
    assert_near((double)above_p99, 2000, 0.06);
    close_stations(s, &latencies);
}

/* M/M/c by Erlang C, from a file that holds the quantiles of an exponential distribution. */
static void several_servers_make_wait_as_erlang_says(void **state)
{
    (void)state;
    enum { SERVERS = 4, SAMPLES = 5000 };
    char path[] = "/tmp/scepstorm-samples-XXXXXX", text[128];
    struct buf file;
    struct err e = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    buf_init(&file, 1 << 20);
    buf_append_text(&file, "duration,comment\r\n# of one morning\n\n");
    for (int i = 0; i < SAMPLES; i++)
        buf_appendf(&file, "%.0fus,%d\r\n", -log(1 - (i + 0.5) / SAMPLES) * 20000, i);
    assert_true(file_write(path, buf_span(&file), 0600, &e));
    buf_clear(&file);
    snprintf(text, sizeof text, "pki_operation:file=%s,servers=%d", path, SERVERS);
    struct sim_latencies latencies = {0};
    struct sim_stations *s = open_stations(&latencies, text);
    unlink(path);
    assert_int_equal(latencies.of[NDES_OP_PKI_OPERATION].sample_count, SAMPLES);
    double load = 0.85 * SERVERS, sum = 0, term = 1;
    for (int k = 0; k < SERVERS; k++, term *= load / k)
        sum += term;
    double waits = term / 0.15 / (sum + term / 0.15);
    struct figures f = run(s, load / 0.020, 1000000);
    assert_near(f.service_ms, 20, 0.01);
    assert_near(f.wait_ms, waits * 20 / (SERVERS - load), 0.04);
    close_stations(s, &latencies);
}

static void saturated_station_serves_servers_by_mean(void **state)
{
    (void)state;
    struct sim_latencies latencies = {0};
    struct sim_stations *s = open_stations(&latencies, "pki_operation:fixed=200ms,servers=3,queue=1000");
    struct figures f = run(s, 30, 100000);
    assert_near(f.per_s, 15, 0.01);
    assert_near((double)f.turned_away, 50000, 0.03);
    assert_near(f.wait_ms, 1000 / 15.0 * 1e3, 0.03); /* the queue is full nearly always */
    close_stations(s, &latencies);
}

static void without_servers_nobody_waits(void **state)
{
    (void)state;
    struct sim_latencies latencies = {0};
    struct sim_stations *s = open_stations(&latencies, "pki_operation:fixed=200ms");
    for (int i = 0; i < 1000; i++) {
        struct sim_visit v = sim_stations_enter(s, NDES_OP_PKI_OPERATION, 5, &calm);
        assert_int_equal(v.wait_us, 0);
        assert_int_equal(v.service_us, 200000);
    }
    struct sim_visit other = sim_stations_enter(s, NDES_OP_OTP, 5, &calm);
    assert_int_equal(other.service_us, 0);
    close_stations(s, &latencies);
}

static void draws_repeat_with_the_seed(void **state)
{
    (void)state;
    struct sim_latencies a = {0}, b = {0}, other = {0};
    struct sim_stations *first = open_stations(&a, "otp:median=10ms,p99=80ms,seed=7");
    struct sim_stations *again = open_stations(&b, "otp:median=10ms,p99=80ms,seed=7");
    struct sim_stations *different = open_stations(&other, "otp:median=10ms,p99=80ms,seed=8");
    unsigned differ = 0;
    for (int i = 0; i < 100; i++) {
        int64_t us = sim_stations_enter(first, NDES_OP_OTP, i, &calm).service_us;
        assert_int_equal(us, sim_stations_enter(again, NDES_OP_OTP, 3 * i, &calm).service_us);
        differ += us != sim_stations_enter(different, NDES_OP_OTP, i, &calm).service_us;
    }
    assert_in_range(differ, 90, 100);
    close_stations(first, &a);
    close_stations(again, &b);
    close_stations(different, &other);
}

/* A crowd counts who waits and is served; strain makes the station slower, and narrower. */
static void faults_strain_a_station(void **state)
{
    (void)state;
    struct sim_latencies latencies = {0};
    struct sim_stations *s = open_stations(&latencies, "pki_operation:fixed=100ms");
    struct ndes_effects effects = {0};
    struct ndes_strain *strain = &effects.strain[NDES_OP_PKI_OPERATION];
    strain->factor = 3;
    strain->servers = 2;
    strain->crowd = (struct ndes_crowd){.set = true, .at_once = 5, .answer = {.set = true, .fail_info = 2}};
    static const int64_t waits_ms[] = {0, 0, 300, 300, 600};
    for (size_t i = 0; i < 5; i++) {
        struct sim_visit v = sim_stations_enter(s, NDES_OP_PKI_OPERATION, 0, &effects);
        assert_null(v.answer);
        assert_int_equal(v.service_us, 300000);
        assert_int_equal(v.wait_us, waits_ms[i] * 1000);
    }
    struct sim_visit v = sim_stations_enter(s, NDES_OP_PKI_OPERATION, 299999, &effects);
    assert_ptr_equal(v.answer, &strain->crowd.answer);
    v = sim_stations_enter(s, NDES_OP_PKI_OPERATION, 300000, &effects); /* two have left */
    assert_null(v.answer);
    strain->crowd.at_once = 0;
    v = sim_stations_enter(s, NDES_OP_PKI_OPERATION, 100000000, &effects);
    assert_non_null(v.answer);
    *strain = (struct ndes_strain){.median_us = 40000};
    v = sim_stations_enter(s, NDES_OP_PKI_OPERATION, 200000000, &effects);
    assert_int_equal(v.service_us, 40000);
    assert_int_equal(v.wait_us, 0);
    close_stations(s, &latencies);
}

static void pool_has_one_queue_for_all(void **state)
{
    (void)state;
    struct sim_latencies latencies = {0};
    struct sim_stations *s = open_stations(&latencies, NULL);
    struct ndes_effects effects = {.queue = {.service_us = 1000, .length = 2}};
    for (int i = 0; i < 3; i++) {
        struct sim_visit v = sim_stations_queue(s, 10, &effects);
        assert_false(v.queue_full);
        assert_int_equal(v.wait_us, i * 1000);
    }
    assert_true(sim_stations_queue(s, 10, &effects).queue_full);
    assert_false(sim_stations_queue(s, 1010, &effects).queue_full);
    assert_int_equal(sim_stations_queue(s, 1010, &calm).service_us, 0);
    close_stations(s, &latencies);
}

static void wrong_latencies_are_explained(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"otp", "write OPERATION:KEY=VALUE,..., as in otp:fixed=200ms"},
        {"opt:fixed=1s", "there is no operation 'opt'; did you mean 'otp'?"},
        {"enrollment:fixed=1s", "'enrollment' is none of get_ca_caps, get_ca_cert, get_next_ca_cert, "
                                "pki_operation, otp"},
        {"otp:fixed", "'fixed' is not of the form key=value"},
        {"otp:fixd=1s", "there is no key 'fixd'; did you mean 'fixed'?"},
        {"otp:servers=2", "it takes one of fixed=200ms, median=120ms,p99=900ms and file=FILE"},
        {"otp:fixed=1s,median=1s,p99=2s",
         "it takes one of fixed=200ms, median=120ms,p99=900ms and file=FILE"},
        {"otp:median=1s", "median and p99 go together"},
        {"otp:median=1s,p99=1ms", "p99 is below the median"},
        {"otp:fixed=0s", "a time above 0 is needed"},
        {"otp:fixed=2h", "fixed: more than an hour"},
        {"otp:fixed=1s,queue=10", "queue has no use without servers: nobody waits"},
        {"otp:fixed=1s,servers=0", "servers: "},
        {"otp:fixed=1s,servers=1001", "servers: "},
        {"otp:fixed=1s,servers=2,fixed=2s", "fixed: given twice"},
        {"otp:file=/nowhere/samples.txt", "file: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_latencies latencies = {0};
        struct err e = {0};
        assert_false(sim_latency_parse(cases[i].text, &latencies, &e));
        assert_memory_equal(e.text, cases[i].says, strlen(cases[i].says));
        assert_int_equal(e.reason, REASON_USAGE);
    }
}

static void wrong_samples_are_located(void **state)
{
    (void)state;
    static const struct {
        const char *content, *says;
    } cases[] = {{"", " has no durations"},
                 {"# nothing\n", " has no durations"},
                 {"duration\n10ms\nfast\n", ":3: "},
                 {"10ms\n\n-3ms\n", ":3: "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[] = "/tmp/scepstorm-samples-XXXXXX", text[128], says[128];
        struct sim_latencies latencies = {0};
        struct err e = {0};
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, cases[i].content, strlen(cases[i].content)),
                         (ssize_t)strlen(cases[i].content));
        close(fd);
        snprintf(text, sizeof text, "otp:file=%s", path);
        snprintf(says, sizeof says, "file: %s%s", path, cases[i].says);
        assert_false(sim_latency_parse(text, &latencies, &e));
        assert_memory_equal(e.text, says, strlen(says));
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_server_of_fixed_time_makes_wait_as_the_formula_says),
        cmocka_unit_test(lognormal_times_have_median_and_p99),
        cmocka_unit_test(several_servers_make_wait_as_erlang_says),
        cmocka_unit_test(saturated_station_serves_servers_by_mean),
        cmocka_unit_test(without_servers_nobody_waits),
        cmocka_unit_test(draws_repeat_with_the_seed),
        cmocka_unit_test(faults_strain_a_station),
        cmocka_unit_test(pool_has_one_queue_for_all),
        cmocka_unit_test(wrong_latencies_are_explained),
        cmocka_unit_test(wrong_samples_are_located),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
