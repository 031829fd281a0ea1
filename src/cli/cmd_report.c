/* scepstorm report: a finished run told again, in whatever form. */
#include "base/file.h"
#include "cli/cli.h"
#include "cli/tell.h"
#include "report/bundle.h"
#include "report/schema.h"

#include <getopt.h>

#define COMMAND "report"
#define FORMS   (REPORT_HDR + 1)

enum { OPTION_BUNDLE = 256, OPTION_SCHEMA };

struct report_options {
    const char *results;
    bool wanted[FORMS];
    const char *file[FORMS]; /* NULL: stdout */
    bool bundle;
    const char *bundle_file; /* NULL: named after the run */
};

static const char help[] =
    "usage: scepstorm report RESULTS [--html[=FILE]] [--junit[=FILE]] [--csv[=FILE]] [--json[=FILE]]\n"
    "                                [--markdown[=FILE]] [--hdr[=FILE]] [--bundle[=FILE]]\n"
    "       scepstorm report --schema\n\n"
    "Tells a finished run again, from its results folder (its run.sqlite and evidence/) or from a bundle of "
    "it.\n"
    "Nothing in the folder changes.\n\n"
    "  --html[=FILE]         the report for people: one file, no network\n"
    "  --junit[=FILE]        one case per objective, validity rule and correctness check, for CI servers\n"
    "  --csv[=FILE]          every latency as a row, for spreadsheets\n"
    "  --json[=FILE]         summary.json\n"
    "  --markdown[=FILE]     the summary for a ticket or a pull request\n"
    "  --hdr[=FILE]          latencies by interval and step, for tools of HdrHistogram\n"
    "  --bundle[=FILE]       one archive to send to a vendor: all of this, evidence decoded and as bytes, "
    "without\n"
    "                        secrets; default: scepstorm-<time>-<scenario>.tar.gz here\n"
    "  --schema              print the JSON Schema of summary.json, and of check and diagnose --json\n\n"
    "Without FILE a form goes to stdout, one at a time. Without any of these: the words at the end of the "
    "run.\n\n"
    "Exit codes: 0 told, whatever the verdict; 1 a file could not be written; 2 usage, or no results that "
    "can "
    "be read.\n";

static const struct option options[] = {
    {"json", optional_argument, NULL, REPORT_JSON},
    {"html", optional_argument, NULL, REPORT_HTML},
    {"junit", optional_argument, NULL, REPORT_JUNIT},
    {"csv", optional_argument, NULL, REPORT_CSV},
    {"markdown", optional_argument, NULL, REPORT_MARKDOWN},
    {"hdr", optional_argument, NULL, REPORT_HDR},
    {"bundle", optional_argument, NULL, OPTION_BUNDLE},
    {"schema", no_argument, NULL, OPTION_SCHEMA},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void take_option(struct report_options *o, int option, const char *file)
{
    if (option == OPTION_BUNDLE) {
        o->bundle = true;
        o->bundle_file = file;
    } else {
        o->wanted[option] = true;
        o->file[option] = file;
    }
}

static unsigned count_on_stdout(const struct report_options *o)
{
    unsigned count = 0;
    for (size_t i = 0; i < FORMS; i++)
        count += o->wanted[i] && o->file[i] == NULL;
    return count;
}

/* Returns -1 to go on, else the exit code. */
static int parse_options(struct report_options *o, int argc, char **argv)
{
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (option == 'h' || option == OPTION_SCHEMA) {
            fputs(option == 'h' ? help : report_schema, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option == '?' || option == ':')
            return cli_usage(COMMAND, "there is no option %s", argv[optind - 1]);
        if (optarg != NULL && optarg[0] == '\0')
            return cli_usage(COMMAND, "%s needs the name of a file", argv[optind - 1]);
        take_option(o, option, optarg);
    }
    if (optind + 1 != argc)
        return cli_usage(COMMAND, optind == argc ? "which results?" : "one results folder, not also '%.60s'",
                         optind == argc ? "" : argv[optind + 1]);
    if (count_on_stdout(o) > 1)
        return cli_usage(COMMAND, "only one form can go to stdout: give the others files, as in --html=FILE");
    o->results = argv[optind];
    return -1;
}

static bool write_form(const struct report_options *o, enum report_form form, const struct report_run *run,
                       struct err *e)
{
    struct buf out;
    buf_init(&out, REPORT_MAX_FILE_BYTES);
    bool ok = report_render(run, form, &out, e);
    if (ok && o->file[form] != NULL)
        ok = file_write(o->file[form], buf_span(&out), 0644, e);
    else if (ok)
        fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
    return ok;
}

/* Its name is told, unless another form has stdout for itself. */
static bool write_bundle(const struct report_options *o, const struct report_results *results,
                         const struct report_run *run, struct err *e)
{
    char name[REPORT_BUNDLE_NAME_BYTES], file[REPORT_BUNDLE_NAME_BYTES + 8];
    report_bundle_name(run, name);
    snprintf(file, sizeof file, "%s.tar.gz", name);
    const char *to = o->bundle_file != NULL ? o->bundle_file : file;
    if (!report_bundle_write(results, run, to, e))
        return false;
    if (count_on_stdout(o) == 0)
        puts(to);
    return true;
}

static bool write_forms(const struct report_options *o, const struct report_results *results,
                        const struct report_run *run, struct err *e)
{
    bool any = o->bundle;
    if (o->bundle && !write_bundle(o, results, run, e))
        return false;
    for (size_t i = 0; i < FORMS; i++) {
        any |= o->wanted[i];
        if (o->wanted[i] && !write_form(o, (enum report_form)i, run, e))
            return false;
    }
    struct report_verdict verdict;
    if (any)
        return true;
    if (!report_judge(run, &verdict, e))
        return false;
    tell_words(run, &verdict, report_results_name(results));
    return true;
}

static bool tell_again(const struct report_options *o, struct err *e)
{
    struct report_results *results = NULL;
    struct measure *measure = NULL;
    struct diagnose_list diagnosis = {0};
    bool ok = report_results_open(o->results, &results, e) && measure_new(&measure, e) &&
              report_results_replay(&results, 1, measure, NULL, e);
    if (ok) {
        struct report_run run = *report_results_run(results);
        run.measure = measure;
        run.diagnosis = &diagnosis;
        ok = diagnose_run(measure, run.target, run.otp, tell_end_s(run.started_wall_us, run.duration_us),
                          &diagnosis, e) &&
             write_forms(o, results, &run, e);
    }
    diagnose_clear(&diagnosis);
    measure_free(measure);
    report_results_close(results);
    return ok;
}

int cmd_report(int argc, char **argv)
{
    struct report_options o = {0};
    struct err e = {0};
    int code = parse_options(&o, argc, argv);
    if (code >= 0)
        return code;
    if (!tell_again(&o, &e))
        return cli_fail(COMMAND, &e);
    return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
}
