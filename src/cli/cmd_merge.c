/* scepstorm merge: the results of shards become those of one run. */
#include "cli/cli.h"
#include "cli/merge.h"
#include "cli/run_options.h"

#include <getopt.h>

#define COMMAND "merge"

static const char help[] =
    "usage: scepstorm merge OUT RESULTS... [--json] [--quiet]\n\n"
    "Joins what run --shard wrote on one or several machines into OUT, a folder that is absent or empty: one "
    "result,\n"
    "with exact percentiles, and the only verdict. Shards that are missing, late, interrupted or invalid are "
    "named.\n\n"
    "  --json                print summary.json instead of the summary in words\n"
    "  --quiet               print nothing but errors\n\n"
    "Exit codes are those of run: 0 done, SLOs met; 1 the program failed; 2 usage, or no shards of one run; "
    "3 SLO "
    "missed,\n"
    "nobody enrolled or a defect found; 4 a shard, or the whole, is invalid; 130 a shard was interrupted.\n";

struct merge_options {
    bool json, quiet;
};

/* Returns -1 to go on, else the exit code. */
static int parse_options(struct merge_options *o, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option != 'j' && option != 'q')
            return cli_usage(COMMAND, "there is no option %s", argv[optind - 1]);
        *(option == 'j' ? &o->json : &o->quiet) = true;
    }
    if (argc - optind < 2)
        return cli_usage(COMMAND, "name a folder for the result, then those of the shards");
    if (argc - optind - 1 > RUN_MAX_SHARDS)
        return cli_usage(COMMAND, "more than %d shards", RUN_MAX_SHARDS);
    return -1;
}

/* All are opened, and checked to be shards, before the place for the result is made. */
static bool merge(const struct merge_options *o, const char *out, char **folders, size_t count,
                  int *exit_code, struct err *e)
{
    struct report_results *parts[RUN_MAX_SHARDS] = {NULL};
    struct report_folder *folder = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = report_results_open(folders[i], &parts[i], e);
    ok = ok && report_folder_open(out, &folder, e) &&
         merge_results(parts, count, folder, NULL, o->json, o->quiet, exit_code, e);
    for (size_t i = 0; i < count; i++)
        report_results_close(parts[i]);
    return ok;
}

int cmd_merge(int argc, char **argv)
{
    struct merge_options o = {0};
    struct err e = {0};
    int code = parse_options(&o, argc, argv);
    if (code >= 0)
        return code;
    if (!merge(&o, argv[optind], argv + optind + 1, (size_t)(argc - optind - 1), &code, &e))
        return cli_fail(COMMAND, &e);
    return cli_flush(COMMAND) ? code : CLI_PROGRAM_FAILED;
}
