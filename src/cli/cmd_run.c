/* scepstorm run: everything a load run needs is put together here, in the order in which it can go wrong. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/crew.h"
#include "cli/dry_run.h"
#include "cli/keyboard.h"
#include "cli/machine.h"
#include "cli/run_names.h"
#include "cli/serve.h"
#include "cli/shard.h"
#include "cli/sim_child.h"
#include "cli/tell.h"
#include "cli/terminal.h"
#include "engine/engine.h"
#include "pki/pool.h"
#include "prelude/challenges.h"
#include "prelude/keys.h"
#include "report/report.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#define COMMAND           "run"
#define KEYS_WITHOUT_POOL 16 /* what a run may make before its clock starts */
#define TICK_US           250000
#define MAX_NOTES         9
#define MAX_AHEAD_S       (7 * 86400)
#define WAKE_EARLY_US     300000 /* before clock zero: to open what a run needs */

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
    struct shard shard;
    struct scenario *scenario;
    char folder_path[PATH_MAX];
    struct report_folder *folder;
    struct sim_child *sim;
    struct prelude_challenges challenges;
    struct pki_pool *keys;
    struct load_plan *plan;
    struct measure *measure;
    struct report_run so_far; /* the facts of the run while it goes on, for those that watch it */
    struct report_progress *progress;
    struct live *live;         /* NULL: nobody watches from outside */
    struct live_feed *feed;    /* NULL: this is no part of a crew that is watched */
    struct keyboard *keyboard; /* NULL: nobody sits there, or the load is not theirs alone */
    struct report_watch *watch;
    struct buf scep_url, reproduce;
    char late_note[200], steer_note[800];
    char run_id[RUN_NAME_BYTES];
    struct run_names names;
    struct engine_result result;
    struct diagnose_list diagnosis;
};

static bool check_start(const struct run_options *o, struct err *e)
{
    int64_t ahead_s = o->start_at_s - clock_wall_us() / 1000000;
    if (o->start_at_s == 0 || (ahead_s >= 0 && ahead_s <= MAX_AHEAD_S))
        return true;
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   ahead_s < 0
                       ? "--start-at %lld is %lld s ago: choose a moment some seconds ahead (date +%%s)"
                       : "--start-at %lld is %lld s ahead, more than a week: give seconds since 1970",
                   (long long)o->start_at_s, (long long)llabs(ahead_s));
}

static bool load_the_scenario(struct run *run, struct err *e)
{
    struct run_options *o = &run->options;
    if (!check_start(o, e) || !shard_open(&run->shard, o->shard, o->shards, e) ||
        !scenario_load(o->scenario, o->overrides, o->override_count, &run->scenario, e) ||
        !cli_check_scenario(o->scenario, run->scenario, e) ||
        (!o->dry_run && !scenario_check_authorized(run->scenario, o->authorized, e)))
        return false;
    run_name(o->start_at_s, run->run_id);
    run_folder(o, run->scenario, run->run_id, run->folder_path);
    return load_plan_new(run->scenario->phases, run->scenario->phase_count, run->scenario->devices.count,
                         run->scenario->limits.devices, run->scenario->seed, &run->plan, e) &&
           (o->shards == 0 || load_plan_shard(run->plan, o->shard, o->shards, e));
}

static bool open_the_folder(struct run *run, struct err *e)
{
    struct buf yaml;
    buf_init(&yaml, BYTES_MAX_MESSAGE);
    bool ok = report_folder_open(run->folder_path, &run->folder, e) &&
              scenario_write(run->scenario, &yaml, e) &&
              report_folder_put(run->folder, "scenario.yaml", buf_span(&yaml), e);
    if (ok && run->options.shards > 0) /* what is written is the whole */
        ok = scenario_divide(run->scenario, run->options.shard, run->options.shards, e);
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
    uint64_t wanted = engine_keys_wanted(run->scenario, load_plan_whole(run->plan));
    if (run->scenario->devices.key_pool != NULL)
        return load_keys(run, wanted, e);
    size_t count = wanted < KEYS_WITHOUT_POOL ? (size_t)wanted : KEYS_WITHOUT_POOL;
    if (!run->options.quiet && !run->options.no_progress)
        fprintf(stderr, "making %zu RSA-%u keys (a pool saves this: scepstorm keygen)\n", count,
                run->scenario->devices.key_bits);
    return pki_pool_new(&run->keys, e) &&
           prelude_keys_make(run->scenario->devices.key_bits, count, keep_key, run->keys, e);
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
        if (!(run->options.supervised ? sim_child_join(&run->sim, e)
                                      : sim_child_start(s, run->folder_path, &run->sim, e)))
            return false;
        buf_appendf(&run->scep_url, "%s/certsrv/mscep/mscep.dll", sim_child_url(run->sim));
    } else {
        buf_append_text(&run->scep_url, s->target.url);
    }
    if (buf_text(&run->scep_url) == NULL)
        return buf_ok(&run->scep_url, STAGE_SETUP, e);
    struct prelude_sim sim = {0};
    if (run->sim != NULL)
        sim = (struct prelude_sim){.url = sim_child_url(run->sim),
                                   .user = sim_child_user(run->sim),
                                   .password = sim_child_password(run->sim)};
    if (!prelude_challenges_open(&run->challenges, s, buf_text(&run->scep_url),
                                 run->sim != NULL ? &sim : NULL, e))
        return false;
    prelude_challenges_warn(&run->challenges, COMMAND, known_count(run->plan), load_plan_end_us(run->plan));
    return true;
}

static void look_so_far(struct run *run)
{
    const struct engine_result *r = &run->result;
    run->so_far.interrupted = r->interrupted;
    run->so_far.stopped_early = r->stopped_early[0] != '\0' ? r->stopped_early : NULL;
    run->so_far.steered = r->change_count > 0;
}

static void on_tick(void *user, int64_t now_us)
{
    struct run *run = user;
    look_so_far(run);
    if (run->progress != NULL)
        report_progress_show(run->progress, now_us, load_plan_end_us(run->plan));
    if (run->options.supervised)
        crew_tell(run->measure);
    const struct live_clock clock = {now_us, run->result.started_wall_us};
    if (run->live != NULL)
        live_tick(run->live, &clock, &run->result.target);
    if (run->feed != NULL)
        live_feed_tick(run->feed, &clock, &run->result.target);
}

static struct engine_pace on_pace(void *user, int64_t now_us)
{
    struct run *run = user;
    struct engine_pace pace = keyboard_read(run->keyboard, now_us);
    const char *says = keyboard_says(run->keyboard);
    report_progress_state(run->progress, keyboard_state(run->keyboard));
    if (says != NULL)
        report_progress_say(run->progress, says);
    return pace;
}

static void leave_the_terminal(void)
{
    report_progress_step_aside();
    keyboard_give_back();
}

/* A shard cannot be steered alone: it would not fit the others. */
static bool open_the_terminal(struct run *run, struct err *e)
{
    if (run->progress != NULL)
        terminal_watch(leave_the_terminal);
    double peak = load_plan_peak_per_s(run->plan);
    if (run->progress == NULL || run->options.shards > 0 || !keyboard_there() || peak <= 0)
        return true;
    report_progress_keys(run->progress, keyboard_keys);
    return keyboard_open(run->scenario->limits.rate_per_s / peak, &run->keyboard, e);
}

static void close_the_terminal(struct run *run)
{
    look_so_far(run);
    if (run->keyboard != NULL)
        report_progress_state(run->progress, NULL); /* it was the keyboard's */
    keyboard_close(run->keyboard);
    run->keyboard = NULL;
    report_progress_free(run->progress);
    run->progress = NULL;
    terminal_release();
}

static bool must_stop(void *user)
{
    const struct run *run = user;
    return report_folder_failed(run->folder);
}

static const char *give_up(void *user, int64_t now_us)
{
    struct run *run = user;
    return report_watch_look(run->watch, now_us);
}

/* As far as it is known before the load begins. */
static void introduce_the_run(struct run *run)
{
    run->so_far = (struct report_run){
        .target = &run->result.target,
        .otp = prelude_challenges_count(run->scenario) ? &run->result.otp : NULL,
        .generator = &run->result.generator,
        .shard = run->options.shards > 0 ? &run->shard.facts : NULL,
    };
    run_names_introduce(&run->names, run->scenario, run->options.authorized, &run->so_far);
}

/* A port that is taken is known before anything is written. */
static bool open_the_live_view(struct run *run, struct err *e)
{
    const struct run_options *o = &run->options;
    return o->feeds ? live_feed_open(CREW_FEED_FD, &run->feed, e)
                    : serve_open(o->metrics_listen, COMMAND, o->quiet, &run->live, e);
}

static bool begin_the_live_view(struct run *run, struct err *e)
{
    const struct live_plan plan = {
        .run = &run->so_far, .planned = known_count(run->plan), .results = run->folder_path};
    return run->live == NULL || live_begin(run->live, &plan, e);
}

/* Those that watch the run while it goes on. */
static bool open_the_watches(struct run *run, struct err *e)
{
    uint64_t planned = known_count(run->plan);
    struct report_run watched = run->so_far;
    watched.slo_count = run->options.shards > 0 ? 0 : watched.slo_count; /* they are of the whole */
    run->so_far.measure = watched.measure = run->measure;
    bool show = !run->options.quiet && !run->options.no_progress;
    return report_watch_new(&watched, planned, &run->watch, e) &&
           (!show || report_progress_new(stderr, &run->so_far, planned, &run->progress, e));
}

static void on_first_arrival(void *user)
{
    struct run *run = user;
    if (run->sim != NULL)
        sim_child_start_faults(run->sim);
}

/* Clock zero lies ahead, and until then there is nothing to do. */
static void wait_for_start(const struct run *run)
{
    int64_t start_us = run->options.start_at_s * 1000000 - WAKE_EARLY_US;
    for (int64_t left_us; !interrupted && (left_us = start_us - clock_wall_us()) > 0;)
        poll(NULL, 0, left_us > 1000000 ? 1000 : (int)(left_us / 1000) + 1);
}

static bool run_the_load(struct run *run, struct err *e)
{
    if (!measure_new(&run->measure, e) || !open_the_watches(run, e))
        return false;
    struct outcome_sink sinks[3] = {measure_sink(run->measure), report_folder_sink(run->folder)};
    size_t sink_count = 2;
    if (run->live != NULL)
        sinks[sink_count++] = live_sink(run->live);
    else if (run->feed != NULL)
        sinks[sink_count++] = live_feed_sink(run->feed);
    struct engine_config config = {
        .scenario = run->scenario,
        .scep_url = buf_text(&run->scep_url),
        .keys = run->keys,
        .plan = run->plan,
        .sinks = sinks,
        .sink_count = sink_count,
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
        .start_wall_us = run->options.start_at_s * 1000000,
        .refusals = run->options.shards > 1 ? 1 : 0,
        .otp_salt = run->shard.has_salt ? run->shard.salt : NULL,
    };
    prelude_challenges_configure(&run->challenges, &config);
    wait_for_start(run);
    if (!open_the_terminal(run, e))
        return false;
    config.pace = run->keyboard != NULL ? on_pace : NULL;
    config.pace_user = run;
    bool ok = engine_run(&config, &run->result, e);
    catch_signals(); /* while the results are written */
    close_the_terminal(run);
    live_feed_close(run->feed); /* before the results: whoever merges those has heard it all */
    run->feed = NULL;
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
    if (o->supervised)
        buf_appendf(&run->reproduce, " --workers %u", o->shards);
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

/* What was due before a shard was ready has waited: that is start lag, and it is said. */
static void note_lateness(struct run *run)
{
    char late[32];
    run->shard.facts.start_at_s = run->options.start_at_s;
    run->shard.facts.late_us = run->result.late_us;
    text_duration(run->result.late_us, late, sizeof late);
    if (run->result.late_us > 0)
        snprintf(
            run->late_note, sizeof run->late_note,
            "This process was ready %s after --start-at: what was due until then started late. Give it more "
            "time, or a key pool.",
            late);
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
    if (run->late_note[0] != '\0')
        notes[count++] = run->late_note;
    if (run->steer_note[0] != '\0')
        notes[count++] = run->steer_note;
    if (run->scenario->target.sim)
        notes[count++] = "The target was the built-in simulator on this machine: its figures say nothing "
                         "about a real NDES.";
    return count;
}

static bool tell_the_result(struct run *run, int *exit_code, struct err *e)
{
    const char *notes[MAX_NOTES];
    note_lateness(run);
    keyboard_story(&run->result, run->steer_note, sizeof run->steer_note);
    look_so_far(run);
    struct report_run facts = run->so_far;
    facts.reproduce = reproduce_line(run);
    facts.started_wall_us = run->result.started_wall_us;
    facts.duration_us = run->result.duration_us;
    facts.offered_until_us = run->result.offered_until_us;
    facts.diagnosis = &run->diagnosis;
    facts.notes = notes;
    facts.note_count = write_notes(run, notes);
    struct report_verdict verdict = {0};
    bool ok = report_folder_close(run->folder, &facts, &verdict, e);
    run->folder = NULL;
    *exit_code = verdict.exit_code;
    if (run->live != NULL)
        live_end(run->live, &facts, facts.interrupted);
    if (run->options.json)
        ok &= tell_json(&facts, e);
    else if (!run->options.quiet)
        tell_words(&facts, &verdict, run->folder_path);
    return ok && !err_is_set(e);
}

static void run_clear(struct run *run)
{
    live_close(run->live);
    live_feed_close(run->feed);
    diagnose_clear(&run->diagnosis);
    report_progress_free(run->progress);
    report_folder_free(run->folder);
    report_watch_free(run->watch);
    measure_free(run->measure);
    load_plan_free(run->plan);
    pki_pool_free(run->keys);
    sim_child_stop(run->sim, NULL);
    prelude_challenges_close(&run->challenges);
    scenario_free(run->scenario);
    shard_clear(&run->shard);
    run_names_clear(&run->names);
    buf_clear(&run->scep_url);
    buf_clear(&run->reproduce);
}

static bool agree_on_start(struct run *run, struct err *e)
{
    if (!run->options.supervised)
        return true;
    bool ok = crew_wait(&run->options.start_at_s, e);
    run_name(run->options.start_at_s, run->run_id);
    return ok;
}

/* What is found wrong without effort comes first, so that nobody waits for keys to read about it. An interruption is no
 * failure: the engine tells every device as unsent. */
static bool get_ready(struct run *run, struct err *e)
{
    struct err why = {0};
    if ((find_the_target(run, &why) && get_keys(run, &why) && agree_on_start(run, &why)) || interrupted)
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
    if (run->options.shards > 0)
        return true; /* the whole may well be too much for it */
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
    if (!check_machine(run, e) || !run_names_make(&run->names, run->scenario, e))
        return false;
    introduce_the_run(run);
    if (!open_the_live_view(run, e) || !open_the_folder(run, e) || !begin_the_live_view(run, e) ||
        !get_ready(run, e))
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
    int code = run_options_parse(&run.options, argc, argv);
    if (code >= 0)
        return code;
    if (run.options.workers > 1 && !run.options.dry_run)
        return crew_run(&run.options);
    if (run.options.supervised)
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* a load that nobody watches must not go on */
    buf_init(&run.scep_url, 4096);
    buf_init(&run.reproduce, 65536);
    struct err e = {0};
    if (!run_all(&run, &code, &e)) {
        bool sent_home = run.options.supervised && e.reason == REASON_ABORTED; /* others have said why */
        int failed = sent_home ? CLI_PROGRAM_FAILED : cli_fail(COMMAND, &e);
        code = run.result.interrupted ? CLI_INTERRUPTED : failed;
    } else if (!cli_flush(COMMAND)) {
        code = CLI_PROGRAM_FAILED;
    }
    serve_linger(run.live, COMMAND, run.options.quiet, &interrupted);
    run_clear(&run);
    return code;
}
