#include "cli/run_options.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"

#include <ctype.h>
#include <getopt.h>
#include <unistd.h>

#define COMMAND "run"

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
    "  --workers N           share the load out to N processes on this machine and merge what they bring: "
    "for "
    "more\n"
    "                        than one event loop can carry\n"
    "  --shard K/N           play only the K-th of N shards of the load, on as many machines; scepstorm "
    "merge "
    "joins\n"
    "                        the results. All shards need the same scenario, seed and --start-at\n"
    "  --start-at TIME       clock zero, in seconds since 1970 (date +%s); a shard that is ready later "
    "starts "
    "late,\n"
    "                        and says so\n"
    "  --metrics-listen ADDR:PORT\n"
    "                        serve Prometheus metrics at /metrics and a live page at / while it goes on; a "
    "port "
    "alone\n"
    "                        is for this machine only, port 0 picks a free one\n"
    "  --json                print summary.json instead of the summary in words\n"
    "  --quiet               no progress, no summary; errors still go to stderr\n"
    "  --no-progress         no progress\n\n"
    "On a terminal progress is a view that is drawn in place; elsewhere, with NO_COLOR and where TERM is "
    "dumb "
    "it is a\n"
    "line every few seconds. Single keys steer the load: p pauses and goes on, + and - change the rate, q "
    "stops, ? helps.\n"
    "A run that was paused or changed is suspect at best, and its notes say when.\n\n"
    "Exit codes: 0 done, SLOs met; 1 the program failed; 2 usage, scenario or target refused; 3 SLO missed, "
    "error\n"
    "budget spent, nobody enrolled or a defect found; 4 run invalid: this machine was the limit; 130 "
    "interrupted.\n";

static bool add_override(struct run_options *o, const char *path, const char *value, struct err *e)
{
    if (o->override_count == RUN_MAX_OVERRIDES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d --set and --seed options",
                       RUN_MAX_OVERRIDES);
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
    OPT_SHARD,
    OPT_START_AT,
    OPT_WORKERS,
    OPT_SUPERVISED,
    OPT_FEEDS,
    OPT_METRICS_LISTEN,
    OPT_HELP
};

static bool take_service_time(struct run_options *o, const char *text, struct err *e)
{
    struct err why = {0};
    return (text_parse_duration(text, &o->service_us, &why) && o->service_us > 0) ||
           err_set(e, STAGE_SETUP, REASON_USAGE,
                   "--service-time %.40s: write how long a device takes, as in 800ms", text);
}

/* "2/3" */
static bool take_shard(struct run_options *o, const char *text, struct err *e)
{
    char index[16];
    int64_t shard = 0, shards = 0;
    struct err why = {0};
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? sizeof index : (size_t)(slash - text);
    if (len < sizeof index) {
        snprintf(index, sizeof index, "%.*s", (int)len, text);
        if (text_parse_int(slash + 1, 1, RUN_MAX_SHARDS, &shards, &why) &&
            text_parse_int(index, 1, shards, &shard, &why)) {
            o->shard = (unsigned)shard;
            o->shards = (unsigned)shards;
            return true;
        }
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "--shard %.40s: write which of how many, as in --shard 2/3 (at most %d)", text,
                   RUN_MAX_SHARDS);
}

static bool take_start_at(struct run_options *o, const char *text, struct err *e)
{
    struct err why = {0};
    return text_parse_int(text, 1, INT64_C(99999999999), &o->start_at_s, &why) ||
           err_set(e, STAGE_SETUP, REASON_USAGE,
                   "--start-at %.40s: write seconds since 1970, as date +%%s prints them", text);
}

static bool take_workers(struct run_options *o, const char *text, struct err *e)
{
    int64_t workers = 0;
    struct err why = {0};
    if (!text_parse_int(text, 1, RUN_MAX_SHARDS, &workers, &why))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "--workers %.40s: write a number from 1 to %d", text,
                       RUN_MAX_SHARDS);
    o->workers = (unsigned)workers;
    return true;
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
    case OPT_SHARD:
        return take_shard(o, value, e);
    case OPT_START_AT:
        return take_start_at(o, value, e);
    case OPT_WORKERS:
        return take_workers(o, value, e);
    case OPT_SUPERVISED:
        o->supervised = true;
        return true;
    case OPT_FEEDS:
        o->feeds = true;
        return true;
    case OPT_METRICS_LISTEN:
        o->metrics_listen = value;
        return true;
    default:
        o->no_progress = true;
        return true;
    }
}

/* What cannot go together; -1: all can. */
static int check_together(const struct run_options *o)
{
    if (o->workers > 0 && (o->shards > 0 || o->start_at_s > 0))
        return cli_usage(COMMAND, "--workers starts shards of its own: leave out --shard and --start-at");
    if (o->shards > 0 && o->start_at_s == 0 && !o->supervised && !o->dry_run)
        return cli_usage(COMMAND,
                         "--shard needs --start-at, the same for all shards, so that their clocks agree");
    if (o->metrics_listen != NULL && o->dry_run)
        return cli_usage(COMMAND, "--metrics-listen says nothing with --dry-run, which runs nothing");
    return -1;
}

int run_options_parse(struct run_options *o, int argc, char **argv)
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
        {"shard", required_argument, NULL, OPT_SHARD},
        {"start-at", required_argument, NULL, OPT_START_AT},
        {"workers", required_argument, NULL, OPT_WORKERS},
        {"supervised", no_argument, NULL, OPT_SUPERVISED},
        {"feeds", no_argument, NULL, OPT_FEEDS},
        {"metrics-listen", required_argument, NULL, OPT_METRICS_LISTEN},
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
    return check_together(o);
}

/* ---- names ---- */

void run_name(int64_t start_at_s, char out[RUN_NAME_BYTES])
{
    char at[32];
    text_utc(start_at_s > 0 ? start_at_s * 1000000 : clock_wall_us(), at, sizeof at);
    snprintf(out, RUN_NAME_BYTES, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", at, at + 5, at + 8, at + 11, at + 14,
             at + 17);
}

/* results/20260509T213011Z-monday-morning; a number is added when two runs start in the same second. */
void run_folder(const struct run_options *o, const struct scenario *scenario, const char *run,
                char out[PATH_MAX])
{
    if (o->out != NULL) {
        snprintf(out, PATH_MAX, "%s", o->out);
        return;
    }
    char name[65];
    size_t i = 0;
    for (const char *c = scenario->name; *c != '\0' && i + 1 < sizeof name; c++)
        name[i++] = isalnum((unsigned char)*c) || strchr("._-", *c) != NULL ? *c : '-';
    name[i] = '\0';
    snprintf(out, PATH_MAX, "results/%s-%s", run, name);
    for (int n = 2; n < 1000 && access(out, F_OK) == 0; n++)
        snprintf(out, PATH_MAX, "results/%s-%s-%d", run, name, n);
}
