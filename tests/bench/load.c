#include "bench.h"

#include "base/text.h"

#define KEYS          8
#define MAX_OVERRIDES 16

void bench_make_keys(struct pki_pool **pool)
{
    struct err e = {0};
    if (!pki_pool_new(pool, &e))
        bench_die("keys", &e);
    for (int i = 0; i < KEYS; i++) {
        struct pki_key *key = NULL;
        if (!pki_key_generate_rsa(2048, &key, &e) || !pki_pool_add(*pool, key, &e))
            bench_die("keys", &e);
        pki_key_free(key);
    }
}

static struct scenario *read_scenario(const struct bench_load *load, const char *url)
{
    struct err e = {0};
    struct scenario *s = NULL;
    struct scenario_override all[MAX_OVERRIDES] = {{"target.url", url}};
    size_t count = 1;
    for (size_t i = 0; i < load->override_count && count < MAX_OVERRIDES; i++)
        all[count++] = load->overrides[i];
    if (!scenario_load(load->scenario, all, count, &s, &e))
        bench_die("scenario", &e);
    return s;
}

static void run(const struct bench_load *load, const struct scenario *s, const char *scep_url,
                const struct outcome_sink *sinks, struct bench_outcome *out)
{
    struct err e = {0};
    struct load_plan *plan = NULL;
    struct engine_result result = {0};
    char admin_url[320];
    snprintf(admin_url, sizeof admin_url, "%s/certsrv/mscep_admin/", load->url);
    if (!load_plan_new(s->phases, s->phase_count, s->devices.count, s->limits.devices, s->seed, &plan, &e))
        bench_die("plan", &e);
    const struct engine_config config = {.scenario = s,
                                         .scep_url = scep_url,
                                         .admin_url = admin_url,
                                         .keys = load->keys,
                                         .plan = plan,
                                         .sinks = sinks,
                                         .sink_count = load->sink != NULL ? 2 : 1,
                                         .run_id = "bench"};
    struct unit_sampler *sampler = unit_sampler_start(pki_pool_key(load->keys, 0));
    struct cpu_split before = cpu_now();
    if (!engine_run(&config, &result, &e))
        bench_die("run", &e);
    double own = 0;
    out->rsa = unit_sampler_stop(sampler, &own);
    out->cpu = cpu_since(before);
    out->cpu.user_us -= own;
    out->duration_us = (double)result.duration_us;
    load_plan_free(plan);
}

void bench_load_run(const struct bench_load *load, struct bench_outcome *out)
{
    struct err e = {0};
    char scep_url[320];
    struct measure *measure = NULL;
    snprintf(scep_url, sizeof scep_url, "%s/certsrv/mscep/mscep.dll", load->url);
    struct scenario *s = read_scenario(load, scep_url);
    if (!measure_new(&measure, &e))
        bench_die("measure", &e);
    struct outcome_sink sinks[2] = {measure_sink(measure)};
    if (load->sink != NULL)
        sinks[1] = *load->sink;
    run(load, s, scep_url, sinks, out);
    out->planned = measure_devices(measure).planned;
    out->enrolled = measure_devices(measure).enrolled;
    measure_free(measure);
    scenario_free(s);
}
