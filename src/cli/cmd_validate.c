/* scepstorm validate: what a scenario would do, without doing it. */
#include "cli/cli.h"
#include "cli/validate.h"

#include "base/text.h"
#include "causes/causes.h"
#include "faults/faults.h"
#include "pki/name.h"
#include "pki/pool.h"
#include "scenario/scenario.h"

#include <getopt.h>
#include <unistd.h>

#define COMMAND           "validate"
#define MAX_OVERRIDES     64
#define KEYS_WITHOUT_POOL 16

struct validate_options {
    const char *scenario;
    struct scenario_override overrides[MAX_OVERRIDES];
    size_t override_count;
};

static const char help[] =
    "usage: scepstorm validate SCENARIO.yaml [--set PATH=VALUE]...\n\n"
    "Checks a scenario and says what it would do. Sends nothing.\n\n"
    "  --set PATH=VALUE   changes the scenario first: --set devices.count=50 --set load.0.rate=5/s\n\n"
    "Exit codes: 0 valid; 2 not valid, with one line on stderr that says where and why.\n";

static bool add_override(struct validate_options *o, char *text, struct err *e)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "--set %.60s: write --set path.in.scenario=value", text);
    if (o->override_count == MAX_OVERRIDES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d --set options", MAX_OVERRIDES);
    *equals = '\0';
    o->overrides[o->override_count++] = (struct scenario_override){.path = text, .value = equals + 1};
    return true;
}

/* Returns -1 to go on, else the exit code. */
static int parse_options(struct validate_options *o, int argc, char **argv)
{
    static const struct option options[] = {
        {"set", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        struct err e = {0};
        if (option == 'h') {
            fputs(help, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option == '?' || option == ':')
            return cli_usage(COMMAND, option == ':' ? "%s needs a value" : "there is no option %s",
                             argv[optind - 1]);
        if (!add_override(o, optarg, &e))
            return cli_fail(COMMAND, &e);
    }
    if (optind == argc)
        return cli_usage(COMMAND, "which scenario?");
    if (optind + 1 != argc)
        return cli_usage(COMMAND, "one scenario at a time, not also '%.60s'", argv[optind + 1]);
    o->scenario = argv[optind];
    return -1;
}

/* "diagnosis.app-pool-stopped.share" wants a cause of that name. */
static bool check_causes(const char *file, const struct scenario *s, struct err *e)
{
    for (size_t i = 0; i < s->slo_count; i++) {
        struct scenario_slo slo;
        char id[64];
        if (!scenario_slo_parse(s->slo[i], &slo, e))
            return false;
        if (strncmp(slo.path, "diagnosis.", 10) != 0)
            continue;
        snprintf(id, sizeof id, "%.*s", (int)strcspn(slo.path + 10, "."), slo.path + 10);
        if (causes_find(id) == NULL)
            return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                           "%.80s: slo[%zu]: there is no cause '%s'; scepstorm causes lists them", file, i,
                           id);
    }
    return true;
}

bool cli_check_scenario(const char *file, const struct scenario *s, struct err *e)
{
    struct buf text, der;
    buf_init(&text, 8192);
    buf_init(&der, 65536);
    struct err why = {0};
    bool ok = scenario_subject(s, 0, 0, "run", &text, &why) && buf_text(&text) != NULL &&
              pki_name_from_text(buf_text(&text), &der, &why);
    buf_clear(&text);
    buf_clear(&der);
    if (!ok)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%.80s: devices.subject: %s", file, why.text);
    struct faults *faults = NULL;
    if (!faults_parse((const char *const *)s->simulator.faults, s->simulator.fault_count, &faults, &why))
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%.80s: simulator.faults: %s", file, why.text);
    faults_free(faults);
    return check_causes(file, s, e);
}

static void print_target(const struct scenario *s)
{
    static const char *const simulators[] = {
        [SCENARIO_SIM_STANDALONE] = "the built-in simulator",
        [SCENARIO_SIM_INTUNE] = "the built-in simulator, with a stand-in for Intune's policy module",
        [SCENARIO_SIM_PROXY] = "the built-in simulator, as an MDM that is a SCEP proxy",
    };
    printf("target     %s\n", s->target.sim ? simulators[s->simulator.mode] : s->target.url);
    for (size_t i = 1; i < s->target.url_count; i++)
        printf("           %s\n", s->target.urls[i]);
    for (size_t i = 0; i < s->target.address_count; i++)
        printf("           at %s\n", s->target.addresses[i]);
    if (s->target.proxy != NULL)
        printf("           through the proxy %s\n", s->target.proxy);
    for (size_t i = 0; i < s->simulator.fault_count; i++)
        printf("           with the fault %s\n", s->simulator.faults[i]);
    if (s->target.authorized != NULL)
        printf("           authorized: %s\n", s->target.authorized);
}

static void print_phase(const struct load_phase *p)
{
    char words[256];
    cli_phase_words(p, words, sizeof words);
    printf("           %s: %s\n", p->name, words);
}

static void print_load(const struct scenario *s, const struct load_plan *plan)
{
    char last[32], end[32];
    text_duration(load_plan_end_us(plan), last, sizeof last);
    text_duration(load_plan_end_us(plan) + s->limits.device_timeout_us, end, sizeof end);
    if (s->phases[s->phase_count - 1].kind == LOAD_CLOSED && s->phases[s->phase_count - 1].duration_us == 0)
        puts("load       how long it takes depends on the server");
    else
        printf("load       the last device starts after %s; all is over after %s at the latest\n", last, end);
    for (size_t i = 0; i < s->phase_count; i++)
        print_phase(&s->phases[i]);
}

static void print_names(const struct scenario *s)
{
    static const char *const thens[] = {[SCENARIO_THEN_RENEW] = "renew",
                                        [SCENARIO_THEN_GET_CERT] = "get_cert",
                                        [SCENARIO_THEN_GET_CRL] = "get_crl",
                                        [SCENARIO_THEN_GET_NEXT_CA_CERT] = "get_next_ca_cert"};
    for (size_t i = 0; i < s->devices.san_count; i++)
        printf("           %s\n", s->devices.san[i]);
    for (size_t i = 0; i < s->devices.then_count; i++)
        printf("%s%s", i > 0 ? ", " : "           then ", thens[s->devices.then[i]]);
    if (s->devices.then_count > 0)
        putchar('\n');
}

static void print_devices(const struct scenario *s, uint64_t count, bool known)
{
    printf("devices    %s%llu, %s", known ? "" : "at most ", (unsigned long long)count,
           s->devices.profile_count > 1 ? "a mix of" : "all");
    for (size_t i = 0; i < s->devices.profile_count; i++)
        printf("%s%s%s", i > 0 ? ", " : " ", s->devices.profiles[i].name,
               s->devices.profiles[i].setting_count > 0 ? " (changed)" : "");
    printf("; %s,%s\n", s->devices.subject, s->devices.marker);
    print_names(s);
    if (s->devices.expect.refused)
        puts("           a refusal is the wanted end");
    bool ec = s->devices.key_type == SCENARIO_KEY_EC;
    const char *label = ec ? "signers" : "keys";
    if (ec)
        printf("keys       P-%u, made fresh for each request\n", s->devices.key_curve);
    uint64_t made = count < KEYS_WITHOUT_POOL ? count : KEYS_WITHOUT_POOL;
    if (s->devices.key_pool == NULL)
        printf("%-10s RSA-%u, %llu made before the clock starts, then reused\n", label, s->devices.key_bits,
               (unsigned long long)made);
    else
        printf("%-10s RSA-%u, %s%llu from %s\n", label, s->devices.key_bits,
               s->devices.key_reuse ? "up to " : "", (unsigned long long)count, s->devices.key_pool);
}

static void print_limits(const struct scenario *s)
{
    char request[32], device[32];
    text_duration(s->limits.request_timeout_us, request, sizeof request);
    text_duration(s->limits.device_timeout_us, device, sizeof device);
    printf("limits     %s a request, %s a device, %llu in flight, stops at %g%% failed\n", request, device,
           (unsigned long long)s->limits.in_flight, s->limits.error_budget * 100);
    for (size_t i = 0; i < s->slo_count; i++)
        printf("%s  %s\n", i == 0 ? "slo      " : "         ", s->slo[i]);
}

/* The pool file is no part of the scenario either, but too few keys, or keys of another size, spoil a run. */
static void print_pool_notes(const struct scenario *s, uint64_t devices)
{
    struct pki_pool *pool = NULL;
    struct err why = {0};
    const char *path = s->devices.key_pool;
    if (path == NULL)
        return;
    if (!pki_pool_load(path, (size_t)devices, &pool, &why)) {
        printf("note: %s\n", why.text);
        return;
    }
    size_t keys = pki_pool_count(pool);
    if (!s->devices.key_reuse && keys < devices)
        printf("note: %s holds %zu keys for %llu devices: scepstorm keygen %s --count %llu\n", path, keys,
               (unsigned long long)devices, path, (unsigned long long)(devices - keys));
    if (keys > 0 && pki_key_bits(pki_pool_key(pool, 0)) != s->devices.key_bits)
        printf("note: the keys in %s have %u bits, not %u\n", path, pki_key_bits(pki_pool_key(pool, 0)),
               s->devices.key_bits);
    pki_pool_free(pool);
}

/* No part of the scenario, so no errors: what would stop a run from here, now. */
static void print_notes(const struct scenario *s)
{
    struct err ignored = {0};
    if (!scenario_check_authorized(s, NULL, &ignored))
        puts("note: the target is not this machine: run needs --authorized \"who allowed it, ticket\"");
    validate_print_challenge_notes(s);
    if (s->target.ca_file != NULL && access(s->target.ca_file, R_OK) != 0)
        printf("note: %s cannot be read from here\n", s->target.ca_file);
}

static int print_summary(const struct scenario *s)
{
    struct load_plan *plan = NULL;
    struct err e = {0};
    if (!load_plan_new(s->phases, s->phase_count, s->devices.count, s->limits.devices, s->seed, &plan, &e))
        return cli_fail(COMMAND, &e);
    printf("scenario   %s, seed %llu\n", s->name, (unsigned long long)s->seed);
    print_target(s);
    print_devices(s, load_plan_count(plan), load_plan_count_known(plan));
    print_load(s, plan);
    validate_print_challenge(s);
    print_limits(s);
    print_notes(s);
    print_pool_notes(s, load_plan_count(plan));
    puts("valid");
    load_plan_free(plan);
    return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
}

int cmd_validate(int argc, char **argv)
{
    struct validate_options o = {0};
    int code = parse_options(&o, argc, argv);
    if (code >= 0)
        return code;
    struct scenario *s = NULL;
    struct err e = {0};
    if (!scenario_load(o.scenario, o.overrides, o.override_count, &s, &e))
        return cli_fail(COMMAND, &e);
    code = cli_check_scenario(o.scenario, s, &e) ? print_summary(s) : cli_fail(COMMAND, &e);
    scenario_free(s);
    return code;
}
