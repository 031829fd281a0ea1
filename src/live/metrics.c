#include "live/metrics.h"

#include "live/exposition.h"
#include "measure/otp.h"
#include "scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BOUNDS   48
#define MAX_FAILURES 100 /* label sets; what is rarer is counted together */
#define RATE_WINDOW  10  /* seconds */

const char *live_state_id(enum live_state state)
{
    static const char *const ids[LIVE_STATES] = {[LIVE_PREPARING] = "preparing",
                                                 [LIVE_RUNNING] = "running",
                                                 [LIVE_ENDED] = "ended",
                                                 [LIVE_INTERRUPTED] = "interrupted"};
    return ids[state];
}

/* ---- samples with at most one label ---- */

static void sample(struct live_writer *w, const char *label, const char *value, double number)
{
    struct live_labels labels = {0};
    if (label != NULL)
        live_label(&labels, label, value);
    live_sample(w, &labels, number);
}

static void gauge(struct live_writer *w, const char *name, const char *help, double number)
{
    live_family(w, LIVE_GAUGE, name, help);
    live_sample(w, NULL, number);
}

static void counter(struct live_writer *w, const char *name, const char *help, uint64_t number)
{
    live_family(w, LIVE_COUNTER, name, help);
    live_sample(w, NULL, (double)number);
}

/* One of several words holds: 1 for it, 0 for the others. */
static void one_of(struct live_writer *w, const char *label, const char *const *words, size_t count,
                   size_t holds)
{
    for (size_t i = 0; i < count; i++)
        sample(w, label, words[i], i == holds);
}

/* ---- the run ---- */

static void put_run(struct live_writer *w, const struct live_view *v)
{
    const struct report_run *run = v->run;
    struct live_labels labels = {0};
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
    live_label(&labels, "version", run->version != NULL ? run->version : SCEPSTORM_VERSION);
    live_label(&labels, "scenario", run->scenario_name);
    live_label(&labels, "scenario_sha256", run->scenario_sha256);
    live_label(&labels, "seed", seed);
    live_family(w, LIVE_GAUGE, "scepstorm_run_info", "Which run this is; always 1.");
    live_sample(w, &labels, 1);
    live_family(w, LIVE_GAUGE, "scepstorm_run_state", "What the run is doing: 1 for the state that holds.");
    const char *states[LIVE_STATES];
    for (size_t i = 0; i < LIVE_STATES; i++)
        states[i] = live_state_id((enum live_state)i);
    one_of(w, "state", states, LIVE_STATES, (size_t)v->state);
    gauge(w, "scepstorm_run_start_timestamp_seconds", "Clock zero of the run, Unix time; 0: not started yet.",
          (double)run->started_wall_us / 1e6);
    gauge(w, "scepstorm_run_duration_seconds", "How long the load has been running.",
          (double)run->duration_us / 1e6);
    counter(w, "scepstorm_watch_dropped_facts",
            "Facts that these metrics missed because they came quicker than they could be counted.",
            v->dropped);
}

static void put_verdict(struct live_writer *w, const struct report_verdict *verdict)
{
    static const char *const validities[] = {
        [REPORT_VALID] = "valid", [REPORT_SUSPECT] = "suspect", [REPORT_INVALID] = "invalid"};
    static const char *const slos[] = {
        [REPORT_SLO_NONE] = "none", [REPORT_SLO_PASS] = "pass", [REPORT_SLO_FAIL] = "fail"};
    if (verdict == NULL)
        return;
    live_family(
        w, LIVE_GAUGE, "scepstorm_run_validity",
        "Whether the generator kept up, so that the server was measured; provisional while the run goes.");
    one_of(w, "verdict", validities, sizeof validities / sizeof *validities, (size_t)verdict->validity);
    live_family(w, LIVE_GAUGE, "scepstorm_slo_verdict",
                "Whether all objectives are met by what there is; provisional while the run goes.");
    one_of(w, "verdict", slos, sizeof slos / sizeof *slos, (size_t)verdict->slo);
}

/* ---- devices ---- */

static void put_devices(struct live_writer *w, const struct live_view *v)
{
    const struct measure *m = v->run->measure;
    struct measure_devices d = measure_devices(m);
    struct measure_load load = measure_load(m);
    uint64_t ended = d.enrolled + d.failed + d.abandoned, gone = d.started + d.unsent;
    gauge(w, "scepstorm_devices_planned", "Devices of the plan, warm-up included; 0: the plan does not know.",
          (double)v->planned);
    counter(w, "scepstorm_devices_offered", "Arrivals that were due, whether or not they could start.",
            load.offered);
    counter(w, "scepstorm_devices_started", "Devices that began to enroll.", d.started);
    live_family(w, LIVE_COUNTER, "scepstorm_devices_ended", "What became of the devices, warm-up included.");
    sample(w, "end", "enrolled", (double)d.enrolled);
    sample(w, "end", "failed", (double)d.failed);
    sample(w, "end", "unsent", (double)d.unsent);
    sample(w, "end", "abandoned", (double)d.abandoned);
    gauge(w, "scepstorm_devices_in_flight", "Devices that have started and not ended.",
          d.started > ended ? (double)(d.started - ended) : 0);
    gauge(w, "scepstorm_devices_waiting", "Devices that are due and could not start yet.",
          load.offered > gone ? (double)(load.offered - gone) : 0);
}

static void at_step(struct live_writer *w, enum stage stage, const char *state, uint32_t count)
{
    struct live_labels labels = {0};
    live_label(&labels, "step", base_stage_id(stage));
    live_label(&labels, "state", state);
    live_sample(w, &labels, count);
}

static void put_whereabouts(struct live_writer *w, const struct measure *m)
{
    const struct outcome_in_flight *now = measure_in_flight(m);
    live_family(
        w, LIVE_GAUGE, "scepstorm_devices_at_step",
        "Devices in flight by the step that they are at: busy with it, or pausing until they may begin it.");
    for (int s = STAGE_KEY; s < STAGE_COUNT; s++) {
        at_step(w, (enum stage)s, "busy", now->busy[s]);
        at_step(w, (enum stage)s, "pausing", now->pausing[s]);
    }
}

/* Over the last whole seconds; those of a run that has ended are over. */
static void put_offered_rate(struct live_writer *w, const struct live_view *v)
{
    size_t count = measure_second_count(v->run->measure), begin;
    double offered = 0;
    count -= count > 0; /* the last one is still going on */
    begin = count > RATE_WINDOW ? count - RATE_WINDOW : 0;
    for (size_t i = begin; i < count; i++)
        offered += measure_second(v->run->measure, i).offered;
    gauge(w, "scepstorm_devices_offered_per_second",
          "Arrivals per second over the last 10 s; 0 after the end.",
          v->state == LIVE_RUNNING && count > begin ? offered / (double)(count - begin) : 0);
}

static void put_correctness(struct live_writer *w, const struct measure *m)
{
    struct measure_correctness c = measure_correctness(m);
    const struct {
        const char *id;
        uint64_t count;
    } rows[] = {{"duplicate_serials", c.duplicate_serials},
                {"key_mismatch", c.key_mismatch},
                {"subject_mismatch", c.subject_mismatch},
                {"nonce_mismatch", c.nonce_mismatch},
                {"transaction_mismatch", c.transaction_mismatch},
                {"chain_failures", c.chain_failures},
                {"duplicate_otp", c.duplicate_otp},
                {"expectation_failures", c.expectation_failures},
                {"renewal_same_certificate", c.renewal_same_certificate},
                {"certificate_missing", c.certificate_missing}};
    live_family(w, LIVE_COUNTER, "scepstorm_correctness_defects", "Wrong answers of the server, by check.");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        sample(w, "check", rows[i].id, (double)rows[i].count);
}

/* ---- failures ---- */

struct failure_row {
    enum stage stage;
    enum reason reason;
    int http_status;
    uint64_t count;
};

/* Groups of failures that differ in words only are one here: words are the server's, and without end. */
static size_t collect(const struct measure *m, struct failure_row rows[MAX_FAILURES], uint64_t *others)
{
    size_t count = 0;
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        const struct measure_failure *f = measure_failure(m, i);
        const struct failure_row row = {f->first.error.stage, f->first.error.reason, f->first.http_status,
                                        f->count};
        size_t at = 0;
        while (at < count && (rows[at].stage != row.stage || rows[at].reason != row.reason ||
                              rows[at].http_status != row.http_status))
            at++;
        if (at < count)
            rows[at].count += row.count;
        else if (count < MAX_FAILURES)
            rows[count++] = row;
        else
            *others += row.count;
    }
    return count;
}

static void put_failures(struct live_writer *w, const struct measure *m)
{
    struct failure_row rows[MAX_FAILURES];
    uint64_t others = 0;
    size_t count = collect(m, rows, &others);
    live_family(
        w, LIVE_COUNTER, "scepstorm_failures",
        "Devices that failed or were not sent, and failed follow-ups, by step, reason and HTTP status.");
    for (size_t i = 0; i < count; i++) {
        struct live_labels labels = {0};
        char status[16] = "";
        if (rows[i].http_status != 0)
            snprintf(status, sizeof status, "%d", rows[i].http_status);
        live_label(&labels, "stage", base_stage_id(rows[i].stage));
        live_label(&labels, "reason", base_reason_id(rows[i].reason));
        live_label(&labels, "http_status", status);
        live_sample(w, &labels, (double)rows[i].count);
    }
    if (others > 0)
        sample(w, "reason", "other", (double)others);
}

static void cause_labels(const struct diagnosis *d, struct live_labels *labels)
{
    *labels = (struct live_labels){0};
    live_label(labels, "cause", d->cause->id);
    live_label(labels, "stage", base_stage_id(d->stage));
    live_label(labels, "node", d->node);
}

/* The same cause may stand behind failures at two stages; of equal labels only the likeliest is told. */
static bool told_before(const struct diagnose_list *list, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const struct diagnosis *a = &list->items[i], *b = &list->items[index];
        if (a->cause == b->cause && a->stage == b->stage && strcmp(a->node, b->node) == 0)
            return true;
    }
    return false;
}

static void put_causes(struct live_writer *w, const struct diagnose_list *list)
{
    struct live_labels labels;
    if (list == NULL)
        return;
    live_family(w, LIVE_GAUGE, "scepstorm_cause_confidence_ratio",
                "How likely this documented cause is behind its failures; provisional while the run goes.");
    for (size_t i = 0; i < list->count; i++) {
        cause_labels(&list->items[i], &labels);
        if (!told_before(list, i))
            live_sample(w, &labels, list->items[i].confidence);
    }
    live_family(w, LIVE_GAUGE, "scepstorm_cause_failures_ratio",
                "The share of the devices that did not enroll which this cause may stand behind.");
    for (size_t i = 0; i < list->count; i++) {
        cause_labels(&list->items[i], &labels);
        if (!told_before(list, i))
            live_sample(w, &labels, list->items[i].share);
    }
}

/* ---- times ---- */

/* Where the buckets of all latencies end, ascending: a ladder, and every time that an objective names, so that its share is
 * counted and not interpolated. */
struct bounds {
    int64_t us[MAX_BOUNDS];
    size_t count;
};

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void add_bound(struct bounds *b, int64_t us)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->us[i] == us)
            return;
    }
    if (b->count < MAX_BOUNDS && us > 0 && us <= HISTOGRAM_MAX_US)
        b->us[b->count++] = us;
}

static void make_bounds(const struct report_run *run, struct bounds *b)
{
    static const int64_t ladder[] = {1000,     2500,     5000,     10000,     25000,    50000,
                                     100000,   250000,   500000,   1000000,   2500000,  5000000,
                                     10000000, 30000000, 60000000, 120000000, 300000000};
    b->count = 0;
    for (size_t i = 0; i < sizeof ladder / sizeof *ladder; i++)
        add_bound(b, ladder[i]);
    for (size_t i = 0; i < run->slo_count; i++) {
        struct scenario_slo slo;
        struct err ignored = {0};
        if (scenario_slo_parse(run->slo[i], &slo, &ignored) && slo.unit == SLO_TIME && slo.value < 1e9)
            add_bound(b, (int64_t)(slo.value * 1000 + 0.5));
    }
    qsort(b->us, b->count, sizeof *b->us, by_size);
}

static void times(struct live_writer *w, const struct bounds *b, const char *name, const char *help,
                  const struct histogram *h)
{
    live_family(w, LIVE_HISTOGRAM, name, help);
    live_buckets(w, NULL, h, b->us, b->count);
}

static void put_latencies(struct live_writer *w, const struct measure *m, const struct bounds *b)
{
    times(
        w, b, "scepstorm_enrollment_duration_seconds",
        "From the scheduled start of a device to its verified certificate, or its time-out; without warm-up.",
        measure_enrollment(m));
    times(w, b, "scepstorm_service_duration_seconds",
          "From the actual start of a device to its verified certificate, or its time-out; without warm-up.",
          measure_service(m));
    times(w, b, "scepstorm_start_lag_seconds", "How long devices that were due waited for their start.",
          measure_start_lag(m));
    times(w, b, "scepstorm_loop_stall_seconds", "How late the generator's event loop woke up.",
          measure_loop_stall(m));
    gauge(w, "scepstorm_loop_stall_max_seconds", "The longest of those.",
          (double)histogram_max(measure_loop_stall(m)) / 1e6);
}

static void put_step_counts(struct live_writer *w, const struct measure *m, const char *name,
                            const char *help, uint64_t (*figure)(const struct measure_step *step))
{
    struct measure_step step;
    live_family(w, LIVE_COUNTER, name, help);
    for (int s = STAGE_KEY; s < STAGE_COUNT; s++) {
        if (measure_step(m, (enum stage)s, &step))
            sample(w, "step", base_stage_id((enum stage)s), (double)figure(&step));
    }
}

static uint64_t failed_of(const struct measure_step *step)
{
    return step->failed;
}

static uint64_t sent_of(const struct measure_step *step)
{
    return step->bytes_sent;
}

static uint64_t received_of(const struct measure_step *step)
{
    return step->bytes_received;
}

static void put_steps(struct live_writer *w, const struct measure *m, const struct bounds *b)
{
    struct measure_step step;
    put_step_counts(w, m, "scepstorm_steps_failed", "Steps that failed; without warm-up.", failed_of);
    put_step_counts(w, m, "scepstorm_sent_bytes", "Sent in a step; without warm-up.", sent_of);
    put_step_counts(w, m, "scepstorm_received_bytes", "Received in a step; without warm-up.", received_of);
    live_family(w, LIVE_HISTOGRAM, "scepstorm_step_duration_seconds",
                "How long a step took once it was begun; without warm-up.");
    for (int s = STAGE_KEY; s < STAGE_COUNT; s++) {
        struct live_labels labels = {0};
        if (!measure_step(m, (enum stage)s, &step))
            continue;
        live_label(&labels, "step", base_stage_id((enum stage)s));
        live_buckets(w, &labels, step.latency, b->us, b->count);
    }
}

/* ---- passwords and certificates ---- */

static void put_otp(struct live_writer *w, const struct measure *m, const struct bounds *b)
{
    struct measure_otp o = measure_otp(m);
    size_t seconds = measure_otp_second_count(m);
    if (o.asked == 0)
        return;
    gauge(w, "scepstorm_otp_outstanding", "One-time passwords held: asked for, and not yet answered for.",
          seconds > 0 ? measure_otp_second(m, seconds - 1).held : 0);
    gauge(w, "scepstorm_otp_outstanding_max", "The most at once.", o.outstanding_max);
    counter(w, "scepstorm_otp_fetched", "One-time passwords that the source gave out.", o.fetched);
    counter(w, "scepstorm_otp_used", "Of these, sent in a message.", o.used);
    counter(w, "scepstorm_otp_expired", "Of these, grew too old unused.", o.expired);
    counter(w, "scepstorm_otp_failed", "Fetches that brought no password.", o.failed);
    counter(w, "scepstorm_otp_cache_full", "Pages that said that the cache is full.", o.cache_full);
    times(w, b, "scepstorm_otp_fetch_duration_seconds", "How long fetches took, good or bad.", o.fetch);
}

/* The same certificate may be served in two places. */
static bool listed_before(const struct outcome_target *target, size_t index)
{
    const struct outcome_target_cert *b = &target->certs[index];
    for (size_t i = 0; i < index; i++) {
        const struct outcome_target_cert *a = &target->certs[i];
        if (strcmp(a->role, b->role) == 0 && strcmp(a->serial, b->serial) == 0 &&
            strcmp(a->subject, b->subject) == 0)
            return true;
    }
    return false;
}

void live_metrics_certificates(struct live_writer *w, const struct outcome_target *target)
{
    if (target->cert_count == 0)
        return;
    live_family(w, LIVE_GAUGE, "scepstorm_certificate_expiry_timestamp_seconds",
                "When a certificate of the server expires, Unix time.");
    for (size_t i = 0; i < target->cert_count; i++) {
        const struct outcome_target_cert *c = &target->certs[i];
        struct live_labels labels = {0};
        if (listed_before(target, i))
            continue;
        live_label(&labels, "role", c->role);
        live_label(&labels, "serial", c->serial);
        live_label(&labels, "subject", c->subject);
        live_sample(w, &labels, (double)c->not_after);
    }
}

bool live_metrics_write(const struct live_view *v, bool open_metrics, struct buf *out, struct err *e)
{
    struct live_writer w = {.out = out, .open_metrics = open_metrics};
    const struct report_run *run = v->run;
    struct bounds bounds;
    make_bounds(run, &bounds);
    put_run(&w, v);
    put_verdict(&w, v->verdict);
    put_devices(&w, v);
    put_whereabouts(&w, run->measure);
    put_offered_rate(&w, v);
    counter(&w, "scepstorm_requests", "HTTP requests, warm-up and retries included.", v->requests);
    put_failures(&w, run->measure);
    put_causes(&w, run->diagnosis);
    put_correctness(&w, run->measure);
    put_latencies(&w, run->measure, &bounds);
    put_steps(&w, run->measure, &bounds);
    put_otp(&w, run->measure, &bounds);
    if (run->target != NULL)
        live_metrics_certificates(&w, run->target);
    live_end_of_text(&w);
    return buf_ok(out, STAGE_SETUP, e);
}
