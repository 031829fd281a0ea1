/* scepstorm run: everything a load run needs is put together here, in the order in which it can go wrong. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/challenges.h"
#include "cli/cli.h"
#include "cli/dry_run.h"
#include "cli/keymaker.h"
#include "cli/machine.h"
#include "cli/sim_child.h"
#include "cli/tell.h"
#include "engine/engine.h"
#include "pki/pool.h"
#include "report/report.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#define COMMAND           "run"
#define MAX_OVERRIDES     64
#define KEYS_WITHOUT_POOL 16 /* what a run may make before its clock starts */
#define TICK_US           250000
#define MAX_NOTES         7

struct run_options {
    const char *scenario;
    const char *out;
    const char *authorized;
    struct scenario_override overrides[MAX_OVERRIDES];
    size_t override_count;
    bool quiet, no_progress, json, dry_run;
    int64_t service_us; /* assumed; 0: not said */
};

/* SIGINT or SIGTERM came while the engine, which has handlers of its own, was not running. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    if (interrupted)
        _exit(CLI_INTERRUPTED); /* a second one: at once */
    interrupted = 1;
}

/* Without SA_RESTART: whoever waits shall look up. */
static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a failed write like any other */
}

/* All that a run owns, released in one place. */
struct run {
    struct run_options options;
    struct scenario *scenario;
    char folder_path[PATH_MAX];
    struct report_folder *folder;
    struct sim_child *sim;
    struct challenges challenges;
    struct pki_pool *keys;
    struct load_plan *plan;
    struct measure *measure;
    struct report_progress *progress;
    struct report_watch *watch;
    struct buf scep_url, reproduce;
    char run_id[32];
    char (*phase_labels)[SCENARIO_PHASE_LABEL_BYTES]; /* and pointers to them */
    const char **phases;
    struct engine_result result;
    struct diagnose_list diagnosis;
};

static const char help[] =
    "usage: scepstorm run SCENARIO.yaml [options]\n\n"
    "Devices enroll at the scenario's target; progress goes to stderr, the summary to stdout, all results to "
    "a folder.\n\n"
    "  --out DIR             the folder for results; absent or empty (default results/<UTC time>-<scenario "
    "name>)\n"
    "  --set PATH=VALUE      changes the scenario: --set devices.count=50 --set load.0.rate=5/s\n"
    "  --seed N              another seed: other arrivals, other identities\n"
    "  --authorized TEXT     who allowed the load, and the ticket; needed unless the target is this machine\n"
    "  --dry-run             send nothing: say what would arrive when, what it needs of this machine and of "
    "the\n"
    "                        password page, and whether that is there (exit code 0 or 2)\n"
    "  --service-time TIME   how long a device takes, for that arithmetic: 800ms\n"
    "  --json                print summary.json instead of the summary in words\n"
    "  --quiet               no progress, no summary; errors still go to stderr\n"
    "  --no-progress         no progress\n\n"
    "Exit codes: 0 done, SLOs met; 1 the program failed; 2 usage, scenario or target refused; 3 SLO missed, "
    "error\n"
    "budget spent, nobody enrolled or a defect found; 4 run invalid: this machine was the limit; 130 "
    "interrupted.\n";

static bool add_override(struct run_options *o, const char *path, const char *value, struct err *e)
{
    if (o->override_count == MAX_OVERRIDES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d --set and --seed options", MAX_OVERRIDES);
    o->overrides[o->override_count++] = (struct scenario_override){.path = path, .value = value};
    return true;
}

static bool take_set(struct run_options *o, char *text, struct err *e)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "--set %.60s: write --set path.in.scenario=value", text);
    *equals = '\0';
    return add_override(o, text, equals + 1, e);
}

enum {
    OPT_OUT = 256,
    OPT_SET,
    OPT_SEED,
    OPT_AUTHORIZED,
    OPT_JSON,
    OPT_QUIET,
    OPT_NO_PROGRESS,
    OPT_DRY_RUN,
    OPT_SERVICE_TIME,
    OPT_HELP
};

static bool take_service_time(struct run_options *o, const char *text, struct err *e)
{
    struct err why = {0};
    return (text_parse_duration(text, &o->service_us, &why) && o->service_us > 0) ||
           err_set(e, STAGE_SETUP, REASON_USAGE,
                   "--service-time %.40s: write how long a device takes, as in 800ms", text);
}

static bool take_option(struct run_options *o, int option, char *value, struct err *e)
{
    switch (option) {
    case OPT_OUT:
        o->out = value;
        return true;
    case OPT_SET:
        return take_set(o, value, e);
    case OPT_SEED:
        return add_override(o, "seed", value, e);
    case OPT_AUTHORIZED:
        o->authorized = value;
        return true;
    case OPT_JSON:
        o->json = true;
        return true;
    case OPT_QUIET:
        o->quiet = true;
        return true;
    case OPT_DRY_RUN:
        o->dry_run = true;
        return true;
    case OPT_SERVICE_TIME:
        return take_service_time(o, value, e);
    default:
        o->no_progress = true;
        return true;
    }
}

/* Returns -1 to go on, else the exit code. */
static int parse_options(struct run_options *o, int argc, char **argv)
{
    static const struct option options[] = {
        {"out", required_argument, NULL, OPT_OUT},
        {"set", required_argument, NULL, OPT_SET},
        {"seed", required_argument, NULL, OPT_SEED},
        {"authorized", required_argument, NULL, OPT_AUTHORIZED},
        {"json", no_argument, NULL, OPT_JSON},
        {"quiet", no_argument, NULL, OPT_QUIET},
        {"no-progress", no_argument, NULL, OPT_NO_PROGRESS},
        {"dry-run", no_argument, NULL, OPT_DRY_RUN},
        {"service-time", required_argument, NULL, OPT_SERVICE_TIME},
        {"help", no_argument, NULL, OPT_HELP},
        {NULL, 0, NULL, 0},
    };
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        struct err e = {0};
        if (option == OPT_HELP || option == 'h') {
            fputs(help, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option == '?' || option == ':')
            return cli_usage(COMMAND, option == ':' ? "%s needs a value" : "there is no option %s",
                             argv[optind - 1]);
        if (!take_option(o, option, optarg, &e))
            return cli_fail(COMMAND, &e);
    }
    if (optind + 1 != argc)
        return cli_usage(COMMAND,
                         optind == argc ? "which scenario?" : "one scenario at a time, not also '%.60s'",
                         optind == argc ? "" : argv[optind + 1]);
    o->scenario = argv[optind];
    return -1;
}

/* results/20260509T213011Z-monday-morning; a number is added when two runs start in the same second. */
static void choose_folder(struct run *run)
{
    if (run->options.out != NULL) {
        snprintf(run->folder_path, sizeof run->folder_path, "%s", run->options.out);
        return;
    }
    char name[65];
    size_t i = 0;
    for (const char *c = run->scenario->name; *c != '\0' && i + 1 < sizeof name; c++)
        name[i++] = isalnum((unsigned char)*c) || strchr("._-", *c) != NULL ? *c : '-';
    name[i] = '\0';
    snprintf(run->folder_path, sizeof run->folder_path, "results/%s-%s", run->run_id, name);
    for (int n = 2; n < 1000 && access(run->folder_path, F_OK) == 0; n++)
        snprintf(run->folder_path, sizeof run->folder_path, "results/%s-%s-%d", run->run_id, name, n);
}

static bool load_the_scenario(struct run *run, struct err *e)
{
    struct run_options *o = &run->options;
    if (!scenario_load(o->scenario, o->overrides, o->override_count, &run->scenario, e) ||
        !cli_check_scenario(o->scenario, run->scenario, e) ||
        (!o->dry_run && !scenario_check_authorized(run->scenario, o->authorized, e)))
        return false;
    char now[32];
    text_utc(clock_wall_us(), now, sizeof now);
    snprintf(run->run_id, sizeof run->run_id, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", now, now + 5, now + 8, now + 11,
             now + 14, now + 17);
    choose_folder(run);
    return load_plan_new(run->scenario->phases, run->scenario->phase_count, run->scenario->devices.count,
                         run->scenario->limits.devices, run->scenario->seed, &run->plan, e);
}

static bool open_the_folder(struct run *run, struct err *e)
{
    struct buf yaml;
    buf_init(&yaml, BYTES_MAX_MESSAGE);
    bool ok = report_folder_open(run->folder_path, &run->folder, e) &&
              scenario_write(run->scenario, &yaml, e) &&
              report_folder_put(run->folder, "scenario.yaml", buf_span(&yaml), e);
    buf_clear(&yaml);
    return ok;
}

static bool keep_key(struct pki_key *key, void *user, struct err *e)
{
    return pki_pool_add(user, key, e) && !interrupted;
}

static bool load_keys(struct run *run, uint64_t wanted, struct err *e)
{
    struct err why = {0};
    return pki_pool_load(run->scenario->devices.key_pool, (size_t)wanted, &run->keys, &why) ||
           err_set(e, STAGE_SETUP, why.reason == REASON_NO_MEMORY ? why.reason : REASON_USAGE, "%s",
                   why.text);
}

static bool get_keys(struct run *run, struct err *e)
{
    uint64_t wanted = engine_keys_wanted(run->scenario, load_plan_count(run->plan));
    if (run->scenario->devices.key_pool != NULL)
        return load_keys(run, wanted, e);
    size_t count = wanted < KEYS_WITHOUT_POOL ? (size_t)wanted : KEYS_WITHOUT_POOL;
    if (!run->options.quiet && !run->options.no_progress)
        fprintf(stderr, "making %zu RSA-%u keys (a pool saves this: scepstorm keygen)\n", count,
                run->scenario->devices.key_bits);
    return pki_pool_new(&run->keys, e) &&
           keymaker_run(run->scenario->devices.key_bits, count, keep_key, run->keys, e);
}

/* 0: with a closed phase nobody knows. */
static uint64_t known_count(const struct load_plan *plan)
{
    return load_plan_count_known(plan) ? load_plan_count(plan) : 0;
}

/* Where to enroll and where passwords come from; starts the scenario's own simulator when it has one. */
static bool find_the_target(struct run *run, struct err *e)
{
    const struct scenario *s = run->scenario;
    if (s->target.sim) {
        if (!sim_child_start(s, &run->sim, e))
            return false;
        buf_appendf(&run->scep_url, "%s/certsrv/mscep/mscep.dll", sim_child_url(run->sim));
    } else {
        buf_append_text(&run->scep_url, s->target.url);
    }
    if (buf_text(&run->scep_url) == NULL)
        return buf_ok(&run->scep_url, STAGE_SETUP, e);
    if (!challenges_open(&run->challenges, s, buf_text(&run->scep_url), run->sim, e))
        return false;
    challenges_warn(&run->challenges, COMMAND, known_count(run->plan), load_plan_end_us(run->plan));
    return true;
}

static void on_tick(void *user, int64_t now_us)
{
    struct run *run = user;
    if (run->progress != NULL)
        report_progress_show(run->progress, now_us);
}

static bool must_stop(void *user)
{
    const struct run *run = user;
    return report_folder_failed(run->folder);
}

static size_t name_profiles(const struct scenario *s, const char *names[MEASURE_MAX_PROFILES])
{
    size_t count = s->devices.profile_count;
    if (count > MEASURE_MAX_PROFILES)
        count = MEASURE_MAX_PROFILES;
    for (size_t i = 0; i < count; i++)
        names[i] = s->devices.profiles[i].label[0] != '\0' ? s->devices.profiles[i].label
                                                           : s->devices.profiles[i].name;
    return count;
}

static const char *give_up(void *user, int64_t now_us)
{
    struct run *run = user;
    return report_watch_look(run->watch, now_us);
}

static bool watch_slos(struct run *run, struct err *e)
{
    const char *profiles[MEASURE_MAX_PROFILES];
    const struct report_run facts = {
        .measure = run->measure,
        .profiles = profiles,
        .profile_count = name_profiles(run->scenario, profiles),
        .phases = run->phases,
        .phase_count = run->scenario->phase_count,
        .slo = (const char *const *)run->scenario->slo,
        .slo_count = run->scenario->slo_count,
    };
    return report_watch_new(&facts, known_count(run->plan), &run->watch, e);
}

static void on_first_arrival(void *user)
{
    struct run *run = user;
    if (run->sim != NULL)
        sim_child_start_faults(run->sim);
}

static bool run_the_load(struct run *run, struct err *e)
{
    bool show = !run->options.quiet && !run->options.no_progress;
    if (!measure_new(&run->measure, e) || !watch_slos(run, e) ||
        (show && !report_progress_new(stderr, run->measure, known_count(run->plan), &run->progress, e)))
        return false;
    const struct outcome_sink sinks[] = {measure_sink(run->measure), report_folder_sink(run->folder)};
    struct engine_config config = {
        .scenario = run->scenario,
        .scep_url = buf_text(&run->scep_url),
        .keys = run->keys,
        .plan = run->plan,
        .sinks = sinks,
        .sink_count = sizeof sinks / sizeof *sinks,
        .run_id = run->run_id,
        .tick = on_tick,
        .tick_user = run,
        .tick_every_us = TICK_US,
        .first_arrival = on_first_arrival,
        .first_arrival_user = run,
        .must_stop = must_stop,
        .must_stop_user = run,
        .give_up = give_up,
        .give_up_user = run,
        .interrupted = &interrupted,
    };
    challenges_configure(&run->challenges, &config);
    bool ok = engine_run(&config, &run->result, e);
    catch_signals(); /* while the results are written */
    report_progress_free(run->progress);
    run->progress = NULL;
    return ok;
}

/* The command that repeats this run, with the options that change what happens. */
static const char *reproduce_line(struct run *run)
{
    const struct run_options *o = &run->options;
    buf_appendf(&run->reproduce, "scepstorm run %s", o->scenario);
    for (size_t i = 0; i < o->override_count; i++) {
        if (strcmp(o->overrides[i].path, "seed") != 0)
            buf_appendf(&run->reproduce, " --set '%s=%s'", o->overrides[i].path, o->overrides[i].value);
    }
    buf_appendf(&run->reproduce, " --seed %llu", (unsigned long long)run->scenario->seed);
    return buf_text(&run->reproduce);
}

static bool devices_pause(const struct scenario *s)
{
    bool pause = false;
    for (size_t i = 0; i < s->devices.profile_count; i++)
        pause = pause || s->devices.profiles[i].persona.think_time > 0;
    return pause;
}

static bool waits_for_server(const struct scenario *s)
{
    for (size_t i = 0; i < s->phase_count; i++) {
        if (s->phases[i].kind == LOAD_CLOSED)
            return true;
    }
    return false;
}

static size_t write_notes(const struct run *run, const char **notes)
{
    size_t count = 0, keys = run->keys == NULL ? 0 : pki_pool_count(run->keys);
    if (run->scenario->devices.key_reuse && keys > 0 && keys < load_plan_count(run->plan))
        notes[count++] = "Devices share a pool of keys, so transactionIDs are random: derived ones would "
                         "repeat and a server "
                         "could return an earlier certificate.";
    if (keys > 0 && pki_key_bits(pki_pool_key(run->keys, 0)) != run->scenario->devices.key_bits)
        notes[count++] =
            "The key pool holds keys of another size than devices.key.bits says; the pool's were used.";
    if (devices_pause(run->scenario))
        notes[count++] = "Some personas pause between requests, as real devices do (think_time in scepstorm "
                         "personas NAME). Their "
                         "enrollment latency holds the pauses; the steps tell how quick the server was.";
    if (waits_for_server(run->scenario))
        notes[count++] =
            "Some phases were closed: there a device starts only after another has ended, so a slow "
            "server is sent fewer of them, and those that would have waited longest are missing. "
            "Latency counts from the end of the pause. It says how quick the server is with so many "
            "at a time, not how long devices wait that come by themselves.";
    if (run->scenario->devices.expect.refused)
        notes[count++] =
            "A refusal was the wanted end (devices.expect: refused). This run proves that the layers up to "
            "the "
            "check of the challenge hold the load: network, TLS, IIS, GetCACaps, GetCACert, decryption, the "
            "policy module. It proves nothing about issuing: no password was consumed, no request reached "
            "the "
            "certification authority, and latencies are those of refusals, which are quicker. Devices that "
            "were refused count as enrolled, because they reached their wanted end.";
    if (run->challenges.note[0] != '\0')
        notes[count++] = run->challenges.note;
    if (run->scenario->target.sim)
        notes[count++] = "The target was the built-in simulator on this machine: its figures say nothing "
                         "about a real NDES.";
    return count;
}

static bool name_phases(struct run *run, struct err *e)
{
    size_t count = run->scenario->phase_count;
    run->phase_labels = calloc(count, sizeof *run->phase_labels);
    run->phases = calloc(count, sizeof *run->phases);
    if (run->phase_labels == NULL || run->phases == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the names of phases");
    for (size_t i = 0; i < count; i++) {
        scenario_phase_label(run->scenario, i, run->phase_labels[i]);
        run->phases[i] = run->phase_labels[i];
    }
    return true;
}

static bool tell_the_result(struct run *run, int *exit_code, struct err *e)
{
    const char *notes[MAX_NOTES], *profiles[MEASURE_MAX_PROFILES];
    const struct report_run facts = {
        .scenario_name = run->scenario->name,
        .scenario_sha256 = run->scenario->sha256,
        .seed = run->scenario->seed,
        .authorized =
            run->options.authorized != NULL ? run->options.authorized : run->scenario->target.authorized,
        .versions = cli_versions(),
        .reproduce = reproduce_line(run),
        .started_wall_us = run->result.started_wall_us,
        .duration_us = run->result.duration_us,
        .offered_until_us = run->result.offered_until_us,
        .interrupted = run->result.interrupted,
        .stopped_early = run->result.stopped_early[0] != '\0' ? run->result.stopped_early : NULL,
        .measure = run->measure,
        .target = &run->result.target,
        .otp = challenges_count(run->scenario) ? &run->result.otp : NULL,
        .generator = &run->result.generator,
        .diagnosis = &run->diagnosis,
        .profiles = profiles,
        .profile_count = name_profiles(run->scenario, profiles),
        .phases = run->phases,
        .phase_count = run->scenario->phase_count,
        .expect_refused = run->scenario->devices.expect.refused,
        .slo = (const char *const *)run->scenario->slo,
        .slo_count = run->scenario->slo_count,
        .notes = notes,
        .note_count = write_notes(run, notes),
    };
    struct report_verdict verdict = {0};
    bool ok = report_folder_close(run->folder, &facts, &verdict, e);
    run->folder = NULL;
    *exit_code = verdict.exit_code;
    if (run->options.json)
        ok &= tell_json(&facts, e);
    else if (!run->options.quiet)
        tell_words(&facts, &verdict, run->folder_path);
    return ok && !err_is_set(e);
}

static void run_clear(struct run *run)
{
    diagnose_clear(&run->diagnosis);
    report_progress_free(run->progress);
    report_folder_free(run->folder);
    report_watch_free(run->watch);
    measure_free(run->measure);
    load_plan_free(run->plan);
    pki_pool_free(run->keys);
    sim_child_stop(run->sim, NULL);
    challenges_close(&run->challenges);
    scenario_free(run->scenario);
    free(run->phase_labels);
    free(run->phases);
    buf_clear(&run->scep_url);
    buf_clear(&run->reproduce);
}

/* What is found wrong without effort comes first, so that nobody waits for keys to read about it. An interruption is no
 * failure: the engine tells every device as unsent. */
static bool get_ready(struct run *run, struct err *e)
{
    struct err why = {0};
    if ((find_the_target(run, &why) && get_keys(run, &why)) || interrupted)
        return true;
    *e = why;
    return false;
}

static bool think_only(struct run *run, int *exit_code, struct err *e)
{
    const struct run_options *o = &run->options;
    struct dry_run dry;
    bool ok = dry_run_think(run->scenario, o->service_us, true, &dry, e);
    if (ok)
        *exit_code = (o->json ? dry_run_print_json(&dry) : dry_run_print(&dry)) ? CLI_OK : CLI_BAD_USAGE;
    dry_run_clear(&dry);
    return ok;
}

/* What this machine may not be able to carry is said before anything begins. */
static bool check_machine(struct run *run, struct err *e)
{
    struct dry_run dry;
    machine_raise_descriptors();
    bool ok = dry_run_think(run->scenario, run->options.service_us, false, &dry, e) &&
              dry_run_warn(&dry, run->options.quiet, e);
    dry_run_clear(&dry);
    return ok;
}

static bool run_all(struct run *run, int *exit_code, struct err *e)
{
    if (!run->options.dry_run)
        catch_signals();
    if (!load_the_scenario(run, e))
        return false;
    if (run->options.dry_run)
        return think_only(run, exit_code, e);
    if (!check_machine(run, e) || !name_phases(run, e) || !open_the_folder(run, e) || !get_ready(run, e))
        return false;
    /* Even when the engine itself fails, what the devices did until then is written. */
    struct err engine_error = {0};
    bool ok = run_the_load(run, &engine_error);
    if (run->measure == NULL) {
        *e = engine_error;
        return false;
    }
    bool told =
        diagnose_run(run->measure, &run->result.target, &run->result.otp,
                     tell_end_s(run->result.started_wall_us, run->result.duration_us), &run->diagnosis, e) &&
        tell_the_result(run, exit_code, e);
    if (!ok)
        *e = engine_error;
    return ok && told;
}

int cmd_run(int argc, char **argv)
{
    struct run run = {0};
    int code = parse_options(&run.options, argc, argv);
    if (code >= 0)
        return code;
    buf_init(&run.scep_url, 4096);
    buf_init(&run.reproduce, 65536);
    struct err e = {0};
    if (!run_all(&run, &code, &e)) {
        int failed = cli_fail(COMMAND, &e);
        code = run.result.interrupted ? CLI_INTERRUPTED : failed;
    } else if (!cli_flush(COMMAND)) {
        code = CLI_PROGRAM_FAILED;
    }
    run_clear(&run);
    return code;
}
