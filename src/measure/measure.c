#include "measure/parts.h"

#include "base/hash.h"

/* Remembers a device's failed step until the device reports its end, which it does next. */
#define FAILED_STEPS 4096
struct failed_step {
    uint64_t device;
    int64_t us;
    uint64_t bytes; /* sent */
    bool set;
};

#define INTERVAL_US        INT64_C(10000000)
#define MAX_INTERVAL_BYTES ((size_t)64 << 20)

struct step_figures {
    uint64_t count, failed, bytes_sent, bytes_received;
    struct histogram *latency, *queue; /* made with the first step */
};

struct measure {
    struct measure_devices devices;
    struct measure_load load;
    struct measure_correctness correctness;
    struct step_figures steps[STAGE_COUNT];
    struct histogram *enrollment, *service, *start_lag, *loop_stall;
    int64_t otp_accepted_age_us;
    struct set serials, otps; /* of enrolled devices */
    struct failures failures;
    struct lengths lengths;
    struct protocol protocol;
    struct phases phases;
    struct series *series;
    struct probes probes;
    struct timeline timeline;
    struct supply supply;
    struct outcome_in_flight in_flight;
    struct failed_step failed_steps[FAILED_STEPS];
};

bool measure_new(struct measure **out, struct err *e)
{
    struct measure *m = calloc(1, sizeof *m);
    if (m == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the figures of the run");
    set_init(&m->serials);
    set_init(&m->otps);
    if (!supply_init(&m->supply, e) || !timeline_init(&m->timeline, e) ||
        !series_new(INTERVAL_US, MAX_INTERVAL_BYTES, &m->series, e) || !histogram_new(&m->enrollment, e) ||
        !histogram_new(&m->service, e) || !histogram_new(&m->start_lag, e) ||
        !histogram_new(&m->loop_stall, e)) {
        measure_free(m);
        return false;
    }
    *out = m;
    return true;
}

void measure_free(struct measure *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        histogram_free(m->steps[i].latency);
        histogram_free(m->steps[i].queue);
    }
    histogram_free(m->enrollment);
    histogram_free(m->service);
    histogram_free(m->start_lag);
    histogram_free(m->loop_stall);
    set_clear(&m->serials);
    set_clear(&m->otps);
    failures_clear(&m->failures);
    protocol_clear(&m->protocol);
    phases_clear(&m->phases);
    series_free(m->series);
    probes_clear(&m->probes);
    timeline_clear(&m->timeline);
    supply_clear(&m->supply);
    free(m);
}

static void on_arrival(void *user, int64_t scheduled_us, bool warm_up)
{
    struct measure *m = user;
    (void)warm_up;
    m->load.offered++;
    if (scheduled_us > m->load.offered_last_us)
        m->load.offered_last_us = scheduled_us;
    timeline_arrival(&m->timeline, scheduled_us);
}

static void on_start(void *user, int64_t scheduled_us, int64_t started_us, bool warm_up)
{
    struct measure *m = user;
    m->devices.started++;
    m->load.started++;
    if (started_us > m->load.started_last_us)
        m->load.started_last_us = started_us;
    if (!warm_up)
        histogram_record(m->start_lag, started_us - scheduled_us);
    timeline_start(&m->timeline, started_us);
}

static bool step_histograms(struct step_figures *s)
{
    if (s->latency == NULL && !histogram_new(&s->latency, NULL))
        return false;
    return s->queue != NULL || histogram_new(&s->queue, NULL);
}

static void record(struct measure *m, unsigned metric, enum measure_result result, unsigned phase,
                   unsigned profile, bool warm_up, int64_t at_us, int64_t us)
{
    profile = profile < MEASURE_MAX_PROFILES ? profile : MEASURE_MAX_PROFILES - 1;
    const struct measure_key key = {.phase = (uint16_t)phase,
                                    .metric = (uint8_t)metric,
                                    .result = (uint8_t)result,
                                    .profile = (int8_t)profile,
                                    .warm_up = warm_up};
    series_record(m->series, key, at_us, us);
}

static enum measure_result result_of(bool failed, bool timed_out)
{
    return !failed ? MEASURE_OK : timed_out ? MEASURE_TIMED_OUT : MEASURE_FAILED;
}

static void on_step(void *user, const struct outcome_step *step)
{
    struct measure *m = user;
    if ((unsigned)step->stage >= STAGE_COUNT)
        return;
    int64_t took_us = step->finished_us - step->started_us;
    if (step->failed)
        m->failed_steps[step->device % FAILED_STEPS] =
            (struct failed_step){step->device, took_us, step->bytes_sent, true};
    lengths_add(&m->lengths, step);
    record(m, MEASURE_STEP + (unsigned)step->stage, result_of(step->failed, step->timed_out), step->phase,
           step->profile, step->warm_up, step->finished_us, took_us);
    struct step_figures *s = &m->steps[step->stage];
    if (step->warm_up || !step_histograms(s))
        return;
    s->count++;
    s->failed += step->failed;
    s->bytes_sent += step->bytes_sent;
    s->bytes_received += step->bytes_received;
    histogram_record(s->latency, took_us);
    histogram_record(s->queue, step->started_us - step->queued_us);
}

/* The same serial number from two issuers is no duplicate: the issuer is part of the item, as a hash. */
static void check_serial(struct measure *m, const struct outcome *o, const char *serial)
{
    uint8_t item[SET_MAX_ITEM_BYTES];
    uint64_t issuer = hash_span(span_of_text(o->issuer));
    size_t len = strlen(serial);
    memcpy(item, &issuer, sizeof issuer);
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, no text */
    memcpy(item + sizeof issuer, serial, len);
    if (set_add(&m->serials, span_of(item, sizeof issuer + len)) == SET_KNOWN)
        m->correctness.duplicate_serials++;
}

static void check_correctness(struct measure *m, const struct outcome *o)
{
    m->correctness.key_mismatch += o->key_mismatch;
    m->correctness.subject_mismatch += o->subject_mismatch;
    m->correctness.nonce_mismatch += o->nonce_mismatch;
    m->correctness.transaction_mismatch += o->transaction_mismatch;
    m->correctness.chain_failures += o->chain_failure;
    m->correctness.expectation_failures += o->expectation_failure;
    m->correctness.renewal_same_certificate += o->renewal_same_certificate;
    m->correctness.certificate_missing += o->certificate_missing;
    m->correctness.duplicate_otp += o->duplicate_otp;
    const char *renewed = o->follow[OUTCOME_RENEWAL].serial;
    if (o->serial[0] != '\0')
        check_serial(m, o, o->serial);
    if (renewed[0] != '\0' && !o->renewal_same_certificate)
        check_serial(m, o, renewed);
}

static void enrolled(struct measure *m, const struct outcome *o)
{
    m->devices.enrolled++;
    m->devices.refused_as_expected += o->refused_as_expected;
    if (o->refused_as_expected)
        return; /* no password was accepted */
    failures_enrolled(&m->failures, o);
    if (o->otp_fingerprint == 0)
        return;
    struct span fingerprint = span_of(&o->otp_fingerprint, sizeof o->otp_fingerprint);
    m->correctness.duplicate_otp += set_add(&m->otps, fingerprint) == SET_KNOWN;
    if (o->otp_age_us > m->otp_accepted_age_us)
        m->otp_accepted_age_us = o->otp_age_us;
}

static void not_enrolled(struct measure *m, const struct outcome *o)
{
    const struct failed_step *step = &m->failed_steps[o->device % FAILED_STEPS];
    bool sent = o->end != OUTCOME_UNSENT, known = step->set && step->device == o->device;
    struct span fingerprint = span_of(&o->otp_fingerprint, sizeof o->otp_fingerprint);
    const struct failing failing = {
        .took_us = !sent   ? 0
                   : known ? step->us
                           : o->finished_us - o->started_us,
        .bytes = sent && known ? step->bytes : 0,
        .otp_used = o->otp_fingerprint != 0 && set_has(&m->otps, fingerprint),
    };
    failures_add(&m->failures, o, m->devices.enrolled, &failing);
}

static void followed_up(struct measure *m, const struct outcome *o)
{
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        if (o->follow[i].result == OUTCOME_NOT_OK)
            failures_add_follow_up(&m->failures, o, (enum outcome_follow)i, m->devices.enrolled);
    }
}

/* Enrolled devices, and timed-out ones at their time-out: a server must not look fast by never answering. */
static int64_t record_latency(struct measure *m, const struct outcome *o)
{
    if (o->warm_up || (o->end != OUTCOME_ENROLLED && !(o->end == OUTCOME_FAILED && o->timed_out)))
        return -1;
    int64_t latency_us = o->finished_us - o->scheduled_us;
    histogram_record(m->enrollment, latency_us);
    histogram_record(m->service, o->finished_us - o->started_us);
    return latency_us < 0 ? 0 : latency_us;
}

static void record_end(struct measure *m, const struct outcome *o)
{
    const struct {
        unsigned metric;
        int64_t us;
    } times[] = {{MEASURE_ENROLLMENT, o->finished_us - o->scheduled_us},
                 {MEASURE_SERVICE, o->finished_us - o->started_us},
                 {MEASURE_START_LAG, o->started_us - o->scheduled_us}};
    if (o->end != OUTCOME_ENROLLED && o->end != OUTCOME_FAILED)
        return;
    enum measure_result result = result_of(o->end == OUTCOME_FAILED, o->timed_out);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        record(m, times[i].metric, result, o->phase, o->profile, o->warm_up, o->finished_us, times[i].us);
}

static void on_device(void *user, const struct outcome *o)
{
    struct measure *m = user;
    check_correctness(m, o);
    supply_device(&m->supply, o);
    switch (o->end) {
    case OUTCOME_ENROLLED:
        enrolled(m, o);
        followed_up(m, o);
        break;
    case OUTCOME_FAILED:
        m->devices.failed++;
        not_enrolled(m, o);
        break;
    case OUTCOME_ABANDONED:
        m->devices.abandoned++;
        break;
    case OUTCOME_UNSENT:
        m->devices.unsent++;
        not_enrolled(m, o);
        break;
    }
    int64_t latency_us = record_latency(m, o);
    record_end(m, o);
    phases_add(&m->phases, o);
    protocol_add(&m->protocol, o, latency_us);
    timeline_end(&m->timeline, o->end, o->finished_us, latency_us);
}

static void on_loop_stall(void *user, int64_t us)
{
    struct measure *m = user;
    histogram_record(m->loop_stall, us);
}

bool measure_add_stalls(struct measure *m, const struct histogram *stalls)
{
    return histogram_merge(m->loop_stall, stalls);
}

static void on_probe(void *user, const struct outcome_probe *probe)
{
    struct measure *m = user;
    probes_add(&m->probes, probe);
}

static void on_otp(void *user, const struct outcome_otp_event *event)
{
    struct measure *m = user;
    supply_event(&m->supply, event);
}

static void on_in_flight(void *user, const struct outcome_in_flight *now)
{
    struct measure *m = user;
    m->in_flight = *now;
}

struct outcome_sink measure_sink(struct measure *m)
{
    return (struct outcome_sink){.user = m,
                                 .arrival = on_arrival,
                                 .start = on_start,
                                 .step = on_step,
                                 .device = on_device,
                                 .loop_stall = on_loop_stall,
                                 .probe = on_probe,
                                 .otp = on_otp,
                                 .in_flight = on_in_flight};
}

struct measure_devices measure_devices(const struct measure *m)
{
    struct measure_devices d = m->devices;
    d.planned = d.started + d.unsent;
    return d;
}

struct measure_persona measure_persona(const struct measure *m, unsigned profile)
{
    unsigned i = profile < MEASURE_MAX_PROFILES ? profile : MEASURE_MAX_PROFILES - 1;
    return (struct measure_persona){m->protocol.personas[i].planned, m->protocol.personas[i].enrolled,
                                    m->protocol.personas[i].failed, m->protocol.personas[i].latency};
}

struct measure_phase measure_phase(const struct measure *m, unsigned phase)
{
    return phase < m->phases.count ? m->phases.items[phase] : (struct measure_phase){0};
}

const struct series *measure_series(const struct measure *m)
{
    return m->series;
}

struct measure_verdicts measure_verdicts(const struct measure *m)
{
    return m->protocol.verdicts;
}

struct measure_follow_up measure_follow_up(const struct measure *m, enum outcome_follow follow)
{
    return m->protocol.follow_ups[follow];
}

const struct outcome_in_flight *measure_in_flight(const struct measure *m)
{
    return &m->in_flight;
}

struct measure_load measure_load(const struct measure *m)
{
    return m->load;
}

bool measure_step(const struct measure *m, enum stage stage, struct measure_step *out)
{
    const struct step_figures *s = &m->steps[stage];
    if (s->count == 0)
        return false;
    *out = (struct measure_step){s->count, s->failed, s->bytes_sent, s->bytes_received, s->latency, s->queue};
    return true;
}

const struct histogram *measure_enrollment(const struct measure *m)
{
    return m->enrollment;
}

const struct histogram *measure_service(const struct measure *m)
{
    return m->service;
}

const struct histogram *measure_start_lag(const struct measure *m)
{
    return m->start_lag;
}

const struct histogram *measure_loop_stall(const struct measure *m)
{
    return m->loop_stall;
}

int64_t measure_otp_accepted_age_us(const struct measure *m)
{
    return m->otp_accepted_age_us;
}

struct measure_otp measure_otp(const struct measure *m)
{
    return supply_figures(&m->supply);
}

size_t measure_otp_second_count(const struct measure *m)
{
    return m->supply.count;
}

struct measure_otp_second measure_otp_second(const struct measure *m, size_t second)
{
    return m->supply.seconds[second];
}

struct measure_correctness measure_correctness(const struct measure *m)
{
    struct measure_correctness c = m->correctness;
    c.serials_unique = c.duplicate_serials == 0;
    return c;
}

struct measure_lengths measure_passed(const struct measure *m, unsigned profile, int64_t from_us,
                                      int64_t to_us)
{
    return lengths_between(&m->lengths, profile, from_us, to_us);
}

size_t measure_failure_count(const struct measure *m)
{
    return m->failures.count;
}

const struct measure_failure *measure_failure(const struct measure *m, size_t index)
{
    return m->failures.items[index];
}

uint64_t measure_failure_total(const struct measure *m)
{
    return m->failures.total;
}

size_t measure_probe_count(const struct measure *m)
{
    return m->probes.count;
}

const struct measure_probe *measure_probe(const struct measure *m, size_t index)
{
    return &m->probes.items[index];
}

uint64_t measure_probe_total(const struct measure *m, enum outcome_probe_verdict verdict)
{
    return m->probes.totals[verdict];
}

size_t measure_second_count(const struct measure *m)
{
    return m->timeline.count;
}

struct measure_second measure_second(const struct measure *m, size_t second)
{
    return timeline_second(&m->timeline, second);
}
