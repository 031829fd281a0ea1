#include "report/parts.h"

#include "base/text.h"
#include "scenario/scenario.h"

#define START_LAG_US   INT64_C(5000)
#define LOOP_STALL_US  INT64_C(100000)
#define CLOCK_STEP_US  INT64_C(100000)
#define CPU_SHARE      0.8
#define CPU_WAIT_SHARE 0.2

static bool check_slos(const struct report_run *run, const json_t *summary, struct judgement *j,
                       struct err *e)
{
    bool none = run->slo_count == 0 || run->shard != NULL; /* a part says nothing about the whole */
    j->verdict.slo = none ? REPORT_SLO_NONE : REPORT_SLO_PASS;
    if (none)
        return true;
    j->slo = calloc(run->slo_count, sizeof *j->slo);
    if (j->slo == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the SLO checks");
    for (size_t i = 0; i < run->slo_count; i++, j->slo_count++) {
        if (!slo_check(run, summary, run->slo[i], &j->slo[i], e))
            return false;
        if (!j->slo[i].ok)
            j->verdict.slo = REPORT_SLO_FAIL;
    }
    return true;
}

/* ---- validity: was it the generator that was measured? ---- */

static struct rule_result *rule(struct judgement *j, const char *name, enum rule_weight weight)
{
    struct rule_result *r = &j->rules[j->rule_count++];
    *r = (struct rule_result){.name = name, .weight = weight};
    return r;
}

/* The tightest limit on enrollment latency among the SLOs, in microseconds; 0: none. */
static int64_t tightest_enrollment_us(const struct report_run *run)
{
    int64_t tightest = 0;
    for (size_t i = 0; i < run->slo_count; i++) {
        struct scenario_slo slo;
        struct err e = {0};
        if (!scenario_slo_parse(run->slo[i], &slo, &e) || slo.unit != SLO_TIME ||
            strstr(slo.path, "latency.enrollment.") == NULL)
            continue;
        int64_t us = (int64_t)(slo.value * 1000);
        if (tightest == 0 || us < tightest)
            tightest = us;
    }
    return tightest;
}

static double cpu_share(const struct report_run *run)
{
    const struct outcome_generator *g = run->generator;
    if (g->wall_us < 1000000) /* too short to tell */
        return 0;
    return (double)g->cpu_us / (double)g->wall_us / (g->cores > 0 ? g->cores : 1);
}

static double cpu_wait_share(const struct report_run *run)
{
    const struct outcome_generator *g = run->generator;
    return g->wall_us < 1000000 ? 0 : (double)g->cpu_wait_us / (double)g->wall_us;
}

/* The loop is one thread: it may be at its end while the other cores idle. */
static double loop_share(const struct report_run *run)
{
    const struct outcome_generator *g = run->generator;
    return g->wall_us < 1000000 ? 0 : (double)g->loop_cpu_us / (double)g->wall_us;
}

static bool short_of_cpu(const struct report_run *run)
{
    return cpu_share(run) > CPU_SHARE || loop_share(run) > CPU_SHARE ||
           cpu_wait_share(run) > CPU_WAIT_SHARE || run->generator->throttled > 0;
}

static bool loop_stalled(const struct report_run *run)
{
    return histogram_max(measure_loop_stall(run->measure)) > LOOP_STALL_US;
}

/* A device waits for its one-time password before it starts, so a server's small cache shows as start lag. When this
 * machine shows no sign of strain, that wait is the likely reason, and it is the scenario's budget. */
static bool waited_for_passwords(const struct report_run *run)
{
    return run->otp != NULL && run->otp->held_back && !run->generator->held_back && !loop_stalled(run) &&
           !short_of_cpu(run);
}

static void late_reason(const struct report_run *run, char *out, size_t out_bytes)
{
    char limit[260];
    if (waited_for_passwords(run)) {
        words_otp_limit(run, limit, sizeof limit);
        snprintf(out, out_bytes, "arrivals waited for a one-time password: %s, or lower the rate", limit);
    } else if (run->generator->held_back)
        snprintf(out, out_bytes, "limits.in_flight held arrivals back: raise it, or lower the rate");
    else if (run->otp != NULL && run->otp->held_back)
        snprintf(out, out_bytes,
                 "arrivals waited for a one-time password, and this machine was short of time, too, which "
                 "makes passwords stay longer: lower the rate or use more cores");
    else
        snprintf(out, out_bytes, "this machine held arrivals back: lower the rate or use more cores");
}

static void judge_start_lag(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "start lag", waited_for_passwords(run) ? RULE_BUDGET : RULE_SOFT);
    int64_t lag_us = histogram_quantile(measure_start_lag(run->measure), 0.99);
    int64_t limit_us = tightest_enrollment_us(run) / 100;
    if (limit_us < START_LAG_US)
        limit_us = START_LAG_US;
    r->broken = lag_us > limit_us;
    char lag[32], limit[32], why[320];
    text_duration(lag_us, lag, sizeof lag);
    text_duration(limit_us, limit, sizeof limit);
    if (!r->broken)
        return;
    late_reason(run, why, sizeof why);
    snprintf(r->reason, sizeof r->reason,
             "devices started late: p99 of the start lag is %s, allowed are %s; %s", lag, limit, why);
}

/* Unsent devices are judged by their own rule: here only those that started count, and how long that took. A few
 * devices that start a little late at the very end say nothing about the rate. */
static void judge_rate(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "achieved rate", waited_for_passwords(run) ? RULE_BUDGET : RULE_SOFT);
    struct measure_load load = measure_load(run->measure);
    int64_t late_us = load.started_last_us - load.offered_last_us;
    double ratio = (double)load.offered_last_us / (double)(load.offered_last_us + late_us);
    r->broken = late_us > 250000 && ratio < 0.99;
    char why[320];
    if (!r->broken)
        return;
    late_reason(run, why, sizeof why);
    snprintf(r->reason, sizeof r->reason, "devices were started at only %.1f%% of the offered rate; %s",
             ratio * 100, why);
}

static bool is_local(const struct outcome *o)
{
    static const enum reason local[] = {REASON_GENERATOR_LIMIT, REASON_IN_FLIGHT, REASON_KEYS_EXHAUSTED,
                                        REASON_LIMIT, REASON_NO_MEMORY};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        if (o->end == OUTCOME_UNSENT && o->error.reason == local[i])
            return true;
    }
    return false;
}

static uint64_t count_unsent(const struct report_run *run, bool (*is_meant)(const struct outcome *o))
{
    uint64_t unsent = 0;
    for (size_t i = 0; i < measure_failure_count(run->measure); i++) {
        const struct measure_failure *f = measure_failure(run->measure, i);
        unsent += is_meant(&f->first) ? f->count : 0;
    }
    return unsent;
}

static void judge_unsent(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "unsent devices", RULE_HARD);
    uint64_t unsent = count_unsent(run, is_local);
    r->broken = unsent > 0;
    if (r->broken)
        snprintf(r->reason, sizeof r->reason,
                 "%llu devices were never sent because of limits on this side: raise limits.in_flight, fill "
                 "a key pool with scepstorm keygen, or lower the rate",
                 (unsigned long long)unsent);
}

static bool is_for_want_of_passwords(const struct outcome *o)
{
    return o->end == OUTCOME_UNSENT && o->error.reason == REASON_OTP_EXHAUSTED;
}

static void judge_passwords(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "password supply", RULE_BUDGET);
    uint64_t unsent = count_unsent(run, is_for_want_of_passwords);
    bool from_file = run->otp != NULL && run->otp->source != NULL && strcmp(run->otp->source, "file") == 0;
    r->broken = unsent > 0;
    if (r->broken)
        snprintf(r->reason, sizeof r->reason,
                 "%llu devices were never sent for want of one-time passwords: %s",
                 (unsigned long long)unsent,
                 from_file ? "challenge.file ran out of them: collect more, or plan fewer devices"
                           : "raise challenge.outstanding (and the server's cache), or lower the rate");
}

static void judge_stalls(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "loop stalls", RULE_SOFT);
    int64_t stall_us = histogram_max(measure_loop_stall(run->measure));
    char stall[32];
    text_duration(stall_us, stall, sizeof stall);
    r->broken = loop_stalled(run);
    if (r->broken)
        snprintf(r->reason, sizeof r->reason,
                 "the event loop once stood still for %s (allowed: 100 ms): this machine was busy or "
                 "swapped; stop other "
                 "work on it or lower the rate",
                 stall);
}

static void judge_cpu(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "processor", RULE_SOFT);
    const struct outcome_generator *g = run->generator;
    r->broken = short_of_cpu(run);
    if (!r->broken)
        return;
    if (g->throttled > 0)
        snprintf(
            r->reason, sizeof r->reason,
            "a quota took the processor away %llu times: raise the CPU limit of this container or service",
            (unsigned long long)g->throttled);
    else if (cpu_share(run) > CPU_SHARE)
        snprintf(
            r->reason, sizeof r->reason,
            "scepstorm used %.0f%% of the %u cores that it may use (allowed: %.0f%%): give it more cores "
            "or lower the rate",
            cpu_share(run) * 100, g->cores, CPU_SHARE * 100);
    else if (loop_share(run) > CPU_SHARE)
        snprintf(r->reason, sizeof r->reason,
                 "the event loop, one thread, was busy during %.0f%% of the run (allowed: %.0f%%): lower the "
                 "rate, or "
                 "share the load out to several processes",
                 loop_share(run) * 100, CPU_SHARE * 100);
    else
        snprintf(
            r->reason, sizeof r->reason,
            "scepstorm stood in line for a processor during %.0f%% of the run (allowed: %.0f%%): stop other "
            "work on this machine or give it more cores",
            cpu_wait_share(run) * 100, CPU_WAIT_SHARE * 100);
}

static void judge_memory(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "swapping", RULE_SOFT);
    r->broken = run->generator->swapped_in > 0;
    if (r->broken)
        snprintf(r->reason, sizeof r->reason,
                 "this machine read %llu pages back from swap while the load ran: give it more memory, stop "
                 "other work "
                 "on it or lower limits.in_flight",
                 (unsigned long long)run->generator->swapped_in);
}

/* Latencies are measured by another clock; certificates and the server's logs are not. */
static void judge_clock(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "clock", RULE_SOFT);
    char step[32];
    text_duration(run->generator->clock_step_us, step, sizeof step);
    r->broken = run->generator->clock_step_us > CLOCK_STEP_US;
    if (r->broken)
        snprintf(r->reason, sizeof r->reason,
                 "the clock of this machine was set by %s during the run, so times do not line up with the "
                 "server's "
                 "logs: let NTP settle before the next run",
                 step);
}

static void judge_limits(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "ports and descriptors", RULE_HARD);
    r->broken = run->generator->limit_errors > 0;
    if (r->broken)
        snprintf(r->reason, sizeof r->reason,
                 "this machine ran out of ports or file descriptors %llu times: raise ulimit -n and "
                 "net.ipv4.ip_local_port_range, or lower the rate",
                 (unsigned long long)run->generator->limit_errors);
}

static void judge_steering(const struct report_run *run, struct judgement *j)
{
    struct rule_result *r = rule(j, "planned load", RULE_BUDGET);
    r->broken = run->steered;
    if (r->broken)
        snprintf(
            r->reason, sizeof r->reason,
            "the load was paused or its rate changed by keyboard, so it is not the scenario's (a note says "
            "when): to compare runs, let the load run as planned");
}

static enum report_validity validity_of(const struct judgement *j)
{
    unsigned soft = 0, hard = 0, budget = 0;
    for (size_t i = 0; i < j->rule_count; i++) {
        if (!j->rules[i].broken)
            continue;
        soft += j->rules[i].weight == RULE_SOFT;
        hard += j->rules[i].weight == RULE_HARD;
        budget += j->rules[i].weight == RULE_BUDGET;
    }
    if (hard > 0 || soft >= 2)
        return REPORT_INVALID;
    return soft + budget > 0 ? REPORT_SUSPECT : REPORT_VALID;
}

/* ---- the verdict ---- */

static bool has_defects(const struct report_run *run)
{
    struct words_defect defects[WORDS_DEFECTS];
    words_defects(run, defects);
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        if (defects[i].count > 0)
            return true;
    }
    return false;
}

static int exit_code(const struct report_run *run, const struct report_verdict *v)
{
    if (run->interrupted)
        return 130;
    if (v->validity == REPORT_INVALID)
        return 4;
    if (run->shard != NULL)
        return 0;
    if (v->slo == REPORT_SLO_FAIL || v->defects || v->none_enrolled || run->stopped_early != NULL)
        return 3;
    return 0;
}

void judge_validity(const struct report_run *run, struct judgement *out)
{
    *out = (struct judgement){0};
    if (run->part_count > 0)
        judge_shards(run, rule(out, "shards", RULE_BUDGET));
    judge_start_lag(run, out);
    judge_rate(run, out);
    judge_unsent(run, out);
    judge_stalls(run, out);
    judge_cpu(run, out);
    judge_limits(run, out);
    judge_memory(run, out);
    judge_clock(run, out);
    judge_passwords(run, out);
    judge_steering(run, out);
    out->verdict.validity = validity_of(out);
}

bool judge_run(const struct report_run *run, const json_t *summary, struct judgement *out, struct err *e)
{
    judge_validity(run, out);
    out->verdict.defects = has_defects(run);
    out->verdict.none_enrolled = measure_devices(run->measure).enrolled == 0;
    if (!check_slos(run, summary, out, e)) {
        judge_clear(out);
        return false;
    }
    out->verdict.exit_code = exit_code(run, &out->verdict);
    return true;
}

void judge_clear(struct judgement *j)
{
    free(j->slo);
    *j = (struct judgement){0};
}

const char *judge_validity_id(enum report_validity v)
{
    switch (v) {
    case REPORT_VALID:
        return "valid";
    case REPORT_SUSPECT:
        return "suspect";
    case REPORT_INVALID:
        return "invalid";
    }
    return "unknown";
}

const char *judge_slo_id(enum report_slo slo)
{
    switch (slo) {
    case REPORT_SLO_NONE:
        return "none";
    case REPORT_SLO_PASS:
        return "pass";
    case REPORT_SLO_FAIL:
        return "fail";
    }
    return "unknown";
}
