#include "cli/dry_run.h"

#include "base/text.h"
#include "cli/machine.h"
#include "engine/engine.h"

#include <jansson.h>
#include <stdio.h>

#define ASSUMED_US           INT64_C(1000000) /* a server with work to do, over a network */
#define ASSUMED_SIMULATOR_US INT64_C(50000)

/* ---- what the scenario says about one device ---- */

static bool per_request(const struct persona *p)
{
    return p->connection == PERSONA_CONNECTION_PER_REQUEST || p->http_version == PERSONA_HTTP_1_0;
}

/* Weighted over the profiles: connections of a device, and the pauses that it makes by itself. */
static void average_device(const struct scenario *s, double *connections, double *pauses_us)
{
    double weights = 0;
    *connections = *pauses_us = 0;
    for (size_t i = 0; i < s->devices.profile_count; i++) {
        const struct scenario_profile *profile = &s->devices.profiles[i];
        const struct persona *p = &profile->persona;
        double requests = p->order.count + 1.0 + (double)s->devices.then_count;
        weights += profile->weight;
        *connections += profile->weight * (per_request(p) ? requests : 1);
        *pauses_us += profile->weight * (requests - 1) * (double)p->think_time;
    }
    *connections /= weights;
    *pauses_us /= weights;
}

static bool target_is_here(const struct scenario *s)
{
    return s->target.sim || scenario_is_loopback(s->target.url);
}

static void look_into_pool(const struct scenario *s, uint64_t devices, struct load_supply *out)
{
    struct pki_pool *pool = NULL;
    struct err ignored = {0}; /* the run itself says what is wrong with the file */
    if (s->devices.key_reuse || s->devices.key_type == SCENARIO_KEY_EC)
        return;
    out->keys_wanted = engine_keys_wanted(s, devices);
    if (s->devices.key_pool == NULL ||
        !pki_pool_load(s->devices.key_pool, (size_t)out->keys_wanted, &pool, &ignored))
        return;
    out->keys = pki_pool_count(pool);
    pki_pool_free(pool);
}

static void look_at_supply(struct dry_run *dry, int64_t service_us)
{
    const struct scenario *s = dry->scenario;
    enum challenge_source source = s->challenge.source;
    double pauses_us = 0;
    dry->supply = (struct load_supply){
        .in_flight_limit = s->limits.in_flight,
        .tls = !s->target.sim && strncmp(s->target.url, "https:", 6) == 0,
        .simulator_here = s->target.sim,
        .source_addresses = s->target.source_count > 0 ? (unsigned)s->target.source_count : 1,
        .passwords =
            source == CHALLENGE_MSCEP_ADMIN || source == CHALLENGE_HTTP || source == CHALLENGE_INTUNE,
        .cached = source == CHALLENGE_MSCEP_ADMIN,
        .fetches_per_s = s->challenge.rate_per_s,
        .outstanding = s->challenge.outstanding,
        .password_cache = s->target.sim ? s->simulator.otp_cache : s->challenge.outstanding,
        .password_validity_us = s->target.sim ? s->simulator.otp_validity_us : INT64_C(3600000000),
    };
    average_device(s, &dry->supply.connections_per_device, &pauses_us);
    dry->service_given = service_us > 0;
    dry->supply.service_us = dry->service_given
                                 ? service_us
                                 : (s->target.sim ? ASSUMED_SIMULATOR_US : ASSUMED_US) + (int64_t)pauses_us;
}

static bool check_addresses(const struct scenario *s, struct err *e)
{
    for (size_t i = 0; i < s->target.source_count; i++) {
        if (!machine_has_address(s->target.sources[i]))
            return err_set(
                e, STAGE_SETUP, REASON_USAGE,
                "target.source_addresses: %.60s is no address of this machine (ip address shows them)",
                s->target.sources[i]);
    }
    return true;
}

bool dry_run_think(const struct scenario *s, int64_t service_us, bool count_keys, struct dry_run *out,
                   struct err *e)
{
    struct load_plan *plan = NULL;
    *out = (struct dry_run){.scenario = s};
    if (!check_addresses(s, e))
        return false;
    look_at_supply(out, service_us);
    machine_look(target_is_here(s), &out->machine);
    out->phases = calloc(s->phase_count, sizeof *out->phases);
    if (out->phases == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to think the load through");
    if (!load_plan_new(s->phases, s->phase_count, s->devices.count, s->limits.devices, s->seed, &plan, e))
        return false;
    out->count_known = load_plan_count_known(plan);
    bool ok = load_demand_of(plan, out->supply.service_us, load_linger_us(&out->machine), out->phases,
                             s->phase_count, &out->total, e);
    load_plan_free(plan);
    if (count_keys)
        look_into_pool(s, out->total.count, &out->supply);
    load_needs_of(&out->total, &out->supply, &out->machine, out->needs);
    return ok;
}

void dry_run_clear(struct dry_run *dry)
{
    free(dry->phases);
    dry->phases = NULL;
}

/* ---- told ---- */

enum unit { PLAIN, BYTES, RATE };

static const struct {
    const char *name, *id;
    enum unit unit;
    bool of_machine;
} kinds[LOAD_NEED_COUNT] = {
    [LOAD_NEED_IN_FLIGHT] = {"in flight", "in_flight", PLAIN, false},
    [LOAD_NEED_DESCRIPTORS] = {"descriptors", "descriptors", PLAIN, true},
    [LOAD_NEED_PORTS] = {"ports", "ports", PLAIN, true},
    [LOAD_NEED_MEMORY] = {"memory", "memory_bytes", BYTES, true},
    [LOAD_NEED_KEYS] = {"keys", "keys", PLAIN, false},
    [LOAD_NEED_PASSWORD_CACHE] = {"passwords held", "password_cache", PLAIN, false},
    [LOAD_NEED_PASSWORD_RATE] = {"passwords", "password_rate_per_s", RATE, false},
};

static void print_figure(double value, enum unit unit, char *out, size_t out_bytes)
{
    if (unit == BYTES)
        snprintf(out, out_bytes, "%.0f MiB", value / (1 << 20));
    else if (unit == RATE)
        snprintf(out, out_bytes, "%.4g/s", value);
    else
        snprintf(out, out_bytes, "%.0f", value);
}

static void print_phase(const char *name, const struct load_demand *d)
{
    char first[32] = "-", last[32] = "-";
    if (d->count > 0) {
        text_duration(d->first_us, first, sizeof first);
        text_duration(d->last_us, last, sizeof last);
    }
    printf("  %-24s %10llu %14s %14s %10.4g %10llu\n", name, (unsigned long long)d->count, first, last,
           d->peak_per_s, (unsigned long long)d->in_flight);
}

static bool lacks(const struct dry_run *dry, int kind)
{
    return dry->needs[kind].applies && !dry->needs[kind].ok;
}

static void print_need(const struct dry_run *dry, int kind)
{
    const struct load_need *n = &dry->needs[kind];
    char needed[32], available[32];
    if (!n->applies)
        return;
    print_figure(n->needed, kinds[kind].unit, needed, sizeof needed);
    print_figure(n->available, kinds[kind].unit, available, sizeof available);
    printf("  %-4s %-16s %12s of %12s   %s\n", n->ok ? "yes" : "no", kinds[kind].name, needed, available,
           n->how);
    if (!n->ok)
        printf("       change: %s\n", n->advice);
}

static bool any_lacks(const struct dry_run *dry)
{
    for (int kind = 0; kind < LOAD_NEED_COUNT; kind++) {
        if (lacks(dry, kind))
            return true;
    }
    return false;
}

bool dry_run_print(const struct dry_run *dry)
{
    const struct scenario *s = dry->scenario;
    char service[32];
    text_duration(dry->supply.service_us, service, sizeof service);
    printf("dry run    %s, seed %llu; nothing was sent\n", s->name, (unsigned long long)s->seed);
    printf("%s    a device takes %s from its start to its end%s\n",
           dry->service_given ? "given  " : "assumed", service,
           dry->service_given ? "" : ", its own pauses included (--service-time)");
    printf("\n  %-24s %10s %14s %14s %10s %10s\n", "phase", "devices", "first", "last", "most in 1s",
           "in flight");
    for (size_t i = 0; i < s->phase_count; i++)
        print_phase(s->phases[i].name, &dry->phases[i]);
    print_phase(dry->count_known ? "all" : "all, estimated", &dry->total);
    puts("\nneeded of what there is");
    for (int kind = 0; kind < LOAD_NEED_COUNT; kind++)
        print_need(dry, kind);
    puts(any_lacks(dry) ? "no: see above what to change" : "yes: this can be carried");
    return !any_lacks(dry);
}

static json_t *phase_json(const char *name, const struct load_demand *d)
{
    return json_pack("{s:s, s:I, s:f, s:f, s:f, s:I}", "phase", name, "devices", (json_int_t)d->count,
                     "first_s", (double)d->first_us / 1e6, "last_s", (double)d->last_us / 1e6, "peak_per_s",
                     d->peak_per_s, "in_flight", (json_int_t)d->in_flight);
}

static json_t *need_json(const struct load_need *n, const char *id)
{
    return json_pack("{s:s, s:f, s:f, s:b, s:s, s:s}", "what", id, "needed", n->needed, "available",
                     n->available, "ok", n->ok, "how", n->how, "change", n->advice);
}

bool dry_run_print_json(const struct dry_run *dry)
{
    const struct scenario *s = dry->scenario;
    json_t *phases = json_array(), *needs = json_array();
    for (size_t i = 0; i < s->phase_count; i++)
        json_array_append_new(phases, phase_json(s->phases[i].name, &dry->phases[i]));
    for (int kind = 0; kind < LOAD_NEED_COUNT; kind++) {
        if (dry->needs[kind].applies)
            json_array_append_new(needs, need_json(&dry->needs[kind], kinds[kind].id));
    }
    json_t *root = json_pack("{s:s, s:s, s:I, s:{s:f, s:b}, s:b, s:o, s:o, s:o, s:b}", "schema",
                             "scepstorm/dry-run/1", "scenario", s->name, "seed", (json_int_t)s->seed,
                             "assumed", "service_ms", (double)dry->supply.service_us / 1e3, "given",
                             dry->service_given, "count_known", dry->count_known, "phases", phases, "all",
                             phase_json("all", &dry->total), "needs", needs, "ok", !any_lacks(dry));
    if (root != NULL) {
        json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
    }
    json_decref(root);
    return !any_lacks(dry);
}

/* ---- before a run ---- */

/* Closed phases hold so many connections for certain. */
static uint64_t certain_devices(const struct scenario *s)
{
    uint64_t most = 1;
    for (size_t i = 0; i < s->phase_count; i++) {
        if (s->phases[i].kind == LOAD_CLOSED && s->phases[i].slots > most)
            most = s->phases[i].slots;
    }
    return most;
}

bool dry_run_warn(const struct dry_run *dry, bool quiet, struct err *e)
{
    uint64_t certain = certain_devices(dry->scenario) + LOAD_BASE_DESCRIPTORS +
                       (dry->supply.passwords ? dry->supply.outstanding : 0);
    if (certain > dry->machine.descriptors)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "this load needs %llu open files and sockets, %llu are allowed: raise the hard limit "
                       "(ulimit -Hn, "
                       "LimitNOFILE=)",
                       (unsigned long long)certain, (unsigned long long)dry->machine.descriptors);
    for (int kind = 0; kind < LOAD_NEED_COUNT && !quiet; kind++) {
        const struct load_need *n = &dry->needs[kind];
        if (lacks(dry, kind) && kinds[kind].of_machine)
            fprintf(stderr, "warning: %s may not suffice, %.0f of %.0f (%s); %s\n", kinds[kind].name,
                    n->needed, n->available, n->how, n->advice);
    }
    return true;
}
