/* scepstorm diagnose: the causes behind a finished run, behind a server's logs, or behind both. */
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/collector.h"
#include "cli/diagnose_text.h"
#include "cli/tell.h"
#include "report/results.h"

#include <getopt.h>
#include <stdlib.h>

#define COMMAND   "diagnose"
#define MAX_FILES 256

static const char help[] =
    "usage: scepstorm diagnose [RESULTS] [--evidence DIR] [--iis-log FILE] [--httperr FILE]\n"
    "                          [--events FILE] [--ndesplugin FILE] [--connector FILE] [--json]\n"
    "       scepstorm diagnose --collect\n\n"
    "Names the documented causes behind the failures of a finished run, of what a server's logs\n"
    "show, or of both held against each other. Best first, with what speaks for and against each,\n"
    "what looks the same, and which one log would settle it.\n\n"
    "  RESULTS            folder of a finished run\n"
    "  --evidence DIR     a folder of logs: everything recognised in it is read\n"
    "  --iis-log FILE     IIS log (W3C), from W3SVC1\\u_ex*.log\n"
    "  --httperr FILE     HTTP.sys errors, from HTTPERR\\httperr*.log\n"
    "  --events FILE      event log: wevtutil XML, Get-WinEvent or Event Viewer CSV, .evtx\n"
    "  --ndesplugin FILE  NDESPlugin.log of the Intune policy module\n"
    "  --connector FILE   events or .svclog of the Intune connector\n"
    "  --collect          print a PowerShell script that gathers such a folder, read-only, on the NDES\n"
    "                     server and the CA:  scepstorm diagnose --collect > collect.ps1\n"
    "  --json             for scripts; diagnosis[] has the form of summary.json\n\n"
    "Options for files may be given several times, files may be gzipped. Nothing is sent anywhere.\n";

struct input {
    const char *path;
    enum evidence_kind kind;
    bool folder;
};

#define NO_SUCH_LOG "it is no log of the kind that the option names"

struct command {
    const char *results;
    struct input inputs[MAX_FILES];
    size_t input_count;
    bool json;
    struct err mistaken; /* about the first file that is not what its option says */
    struct report_results *run;
    struct measure *measure;
    struct diagnose_logs *logs;
    struct diagnose_list list;
};

/* ---- options ---- */

enum {
    OPTION_JSON = 256,
    OPTION_COLLECT,
    OPTION_EVIDENCE,
    OPTION_IIS,
    OPTION_HTTPERR,
    OPTION_EVENTS,
    OPTION_PLUGIN,
    OPTION_CONNECTOR
};

static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
                                        {"collect", no_argument, NULL, OPTION_COLLECT},
                                        {"evidence", required_argument, NULL, OPTION_EVIDENCE},
                                        {"iis-log", required_argument, NULL, OPTION_IIS},
                                        {"httperr", required_argument, NULL, OPTION_HTTPERR},
                                        {"events", required_argument, NULL, OPTION_EVENTS},
                                        {"ndesplugin", required_argument, NULL, OPTION_PLUGIN},
                                        {"connector", required_argument, NULL, OPTION_CONNECTOR},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

/* A connector's file is an event export or a .svclog: its contents tell. */
static enum evidence_kind kind_of(int option)
{
    return option == OPTION_IIS       ? EVIDENCE_IIS
           : option == OPTION_HTTPERR ? EVIDENCE_HTTPERR
           : option == OPTION_EVENTS  ? EVIDENCE_EVENTS
           : option == OPTION_PLUGIN  ? EVIDENCE_PLUGIN
                                      : EVIDENCE_UNKNOWN;
}

/* -1: go on, else the exit code. */
static int read_options(int argc, char **argv, struct command *cmd)
{
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (option == 'h' || option == OPTION_COLLECT) {
            fputs(option == 'h' ? help : collector_script, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option == ':')
            return cli_usage(COMMAND, "%s needs a %s", argv[optind - 1],
                             strcmp(argv[optind - 1], "--evidence") == 0 ? "folder" : "file");
        if (option == '?')
            return cli_usage(COMMAND, "there is no option %s", argv[optind - 1]);
        if (option == OPTION_JSON) {
            cmd->json = true;
            continue;
        }
        if (cmd->input_count == MAX_FILES)
            return cli_usage(COMMAND, "more than %d files: give their folder with --evidence", MAX_FILES);
        cmd->inputs[cmd->input_count++] =
            (struct input){.path = optarg, .kind = kind_of(option), .folder = option == OPTION_EVIDENCE};
    }
    if (optind < argc)
        cmd->results = argv[optind++];
    if (optind < argc)
        return cli_usage(COMMAND, "one results folder, not also '%.60s'", argv[optind]);
    if (cmd->results == NULL && cmd->input_count == 0)
        return cli_usage(COMMAND,
                         "what is to be diagnosed: a results folder, logs (--evidence DIR), or both?");
    return -1;
}

/* ---- reading ---- */

static bool read_run(struct command *cmd, struct err *e)
{
    return report_results_open(cmd->results, &cmd->run, e) && measure_new(&cmd->measure, e) &&
           report_results_replay(&cmd->run, 1, cmd->measure, NULL, e);
}

/* The path of the run's SCEP URL: NDES behind another name, or another server. */
static void path_of_url(const char *url, char *out, size_t out_bytes)
{
    const char *host = strstr(url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    size_t len = path != NULL ? strcspn(path, "?#") : 0;
    snprintf(out, out_bytes, "%.*s", (int)(len < out_bytes ? len : 0), path != NULL ? path : "");
}

/* A file of another kind than its option says is counted and left out: the others may still tell. */
static bool read_input(const struct input *input, const struct evidence_options *how,
                       const struct evidence_sink *sink, struct err *mistaken, struct err *e)
{
    struct err mine = {0};
    if (input->folder)
        return evidence_read_folder(input->path, how, sink, e);
    if (evidence_read(input->path, input->kind, how, sink, &mine))
        return true;
    if (mine.reason != REASON_USAGE)
        return err_set(e, mine.stage, mine.reason, "%s", mine.text);
    struct evidence_file left_out = {.path = input->path, .problem = NO_SUCH_LOG, .damaged = 1};
    sink->file(&left_out, sink->user);
    err_set(mistaken, mine.stage, mine.reason, "%s", mine.text);
    return true;
}

static bool read_logs(struct command *cmd, struct err *e)
{
    char stem[200] = "";
    if (cmd->run != NULL)
        path_of_url(report_results_run(cmd->run)->target->url, stem, sizeof stem);
    if (!diagnose_logs_new(&cmd->logs, stem, e))
        return false;
    struct evidence_options how = {.stem = stem[0] != '\0' ? stem : NULL};
    struct evidence_sink sink = diagnose_logs_sink(cmd->logs);
    for (size_t i = 0; i < cmd->input_count; i++) {
        if (!read_input(&cmd->inputs[i], &how, &sink, &cmd->mistaken, e))
            return false;
    }
    return true;
}

/* Input that cannot be read is the user's to mend. */
static int unreadable(struct err *e)
{
    if (e->reason == REASON_IO)
        e->reason = REASON_USAGE;
    return cli_fail(COMMAND, e);
}

/* ---- wiring ---- */

static bool find_causes(struct command *cmd, struct err *e)
{
    struct diagnose_case about = {.logs = cmd->logs, .now_s = clock_wall_us() / 1000000};
    if (cmd->run != NULL) {
        const struct report_run *run = report_results_run(cmd->run);
        about.measure = cmd->measure;
        about.target = run->target;
        about.otp = run->otp;
        about.started_us = run->started_wall_us;
        about.ended_us = run->started_wall_us + run->duration_us;
        about.now_s = tell_end_s(run->started_wall_us, run->duration_us);
    }
    return diagnose_case(&about, &cmd->list, e);
}

static bool tell(const struct command *cmd, struct err *e)
{
    struct diagnose_read read = {.first_us = EVIDENCE_NO_TIME};
    if (cmd->logs != NULL)
        read = diagnose_logs_read(cmd->logs);
    if (cmd->json)
        return diagnose_text_json(&cmd->list, cmd->logs != NULL ? &read : NULL, cmd->results, e);
    diagnose_text_print(&cmd->list, cmd->logs != NULL ? &read : NULL, cmd->results, stdout);
    return true;
}

static int nothing_read(const struct command *cmd, const struct diagnose_read *read)
{
    static const char wanted[] =
        "wanted are IIS logs (u_ex*.log), httperr*.log, event logs (.evtx, XML, CSV), "
        "NDESPlugin.log, .svclog; scepstorm diagnose --collect gathers them";
    const struct diagnose_file *f = read->files;
    if (read->file_count == 0)
        return cli_usage(COMMAND, "%s holds no file: %s", cmd->inputs[0].path, wanted);
    if (read->file_count > 1)
        return cli_usage(COMMAND, "none of %zu files holds a log that can be read: %s", read->file_count,
                         wanted);
    if (f->problem[0] != '\0')
        return cli_usage(COMMAND, "%s cannot be read: %s: %s", f->path, f->problem, wanted);
    return cli_usage(COMMAND, "%s %s: %s", f->path, f->bytes == 0 ? "is empty" : "is no log that is known",
                     wanted);
}

/* Exit code of a diagnosis that was told. Of a run there is one whatever its logs are like; of logs alone when one of them could be
 * read. What was of no use is said all the same. */
static int judge_input(const struct command *cmd)
{
    if (cmd->logs == NULL)
        return CLI_OK;
    struct diagnose_read read = diagnose_logs_read(cmd->logs);
    bool nothing = !diagnose_text_readable(&read), mistaken = cmd->mistaken.reason != REASON_NONE;
    int code = mistaken ? cli_fail(COMMAND, &cmd->mistaken) : nothing ? nothing_read(cmd, &read) : CLI_OK;
    return nothing && cmd->run == NULL ? code : CLI_OK;
}

int cmd_diagnose(int argc, char **argv)
{
    struct command *cmd = calloc(1, sizeof *cmd);
    struct err e = {0};
    if (cmd == NULL) {
        err_set(&e, STAGE_SETUP, REASON_NO_MEMORY, "no memory");
        return cli_fail(COMMAND, &e);
    }
    int code = read_options(argc, argv, cmd);
    if (code < 0) {
        if ((cmd->results != NULL && !read_run(cmd, &e)) || (cmd->input_count > 0 && !read_logs(cmd, &e)))
            code = unreadable(&e);
        else
            code = find_causes(cmd, &e) && tell(cmd, &e) ? judge_input(cmd) : cli_fail(COMMAND, &e);
        if (!cli_flush(COMMAND) && code == CLI_OK)
            code = CLI_PROGRAM_FAILED;
    }
    diagnose_clear(&cmd->list);
    diagnose_logs_free(cmd->logs);
    measure_free(cmd->measure);
    report_results_close(cmd->run);
    free(cmd);
    return code;
}
