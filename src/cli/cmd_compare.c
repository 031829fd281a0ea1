/* scepstorm compare: is the server worse than it was? */
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/tell.h"
#include "compare/compare.h"

#include <errno.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMAND   "compare"
#define BASELINES "results/baselines"

enum option_id {
    FORM = 256,
    AGAINST = FORM + COMPARE_FORMS,
    SAVE,
    BASELINES_AT,
    MIN_CHANGE,
    MIN_TIME,
    MIN_RATE,
    DETECT,
    FORCE
};

struct arguments {
    char **base, **now;
    size_t base_count, now_count;
    const char *save, *baselines;
    bool wanted[COMPARE_FORMS];
    const char *file[COMPARE_FORMS]; /* NULL: stdout */
    struct compare_options options;
};

static const char help[] =
    "usage: scepstorm compare BASE... --against NEW... [--html[=FILE]] [--markdown[=FILE]] [--junit[=FILE]]\n"
    "                         [--json[=FILE]]\n"
    "       scepstorm compare --save NAME RUN...\n"
    "       scepstorm compare @NAME --against NEW...\n\n"
    "Holds runs of a scenario against earlier runs of it: is the server worse than before? Three runs or "
    "more on\n"
    "each side give a verdict. Worse is what is beyond chance (at most one false alarm in a hundred "
    "comparisons,\n"
    "over all figures) and large enough to matter: latencies, success, kinds of failure, throughput; and "
    "any\n"
    "defect of correctness that the base did not have. BASE and NEW are results folders, or baselines.\n\n"
    "  --save NAME           keep what a comparison needs of these runs as results/baselines/NAME.json\n"
    "  --baselines DIR       the folder of baselines (default results/baselines)\n"
    "  --min-change SHARE    smaller changes of latency and throughput are none (default 10%)\n"
    "  --min-time DURATION   nor are latencies that change by less (default 5ms)\n"
    "  --min-rate SHARE      nor rates of failure (default 0.5%)\n"
    "  --detect SHARE        no verdict if enrollments slower by this could have been missed (default 50%,\n"
    "                        at least twice --min-change)\n"
    "  --force               show the figures of runs that cannot be compared, without a verdict\n"
    "  --html[=FILE]         a page: one file, no network\n"
    "  --markdown[=FILE]     for a ticket or a pull request\n"
    "  --junit[=FILE]        one case per figure, for CI servers\n"
    "  --json[=FILE]         everything, for scripts\n\n"
    "Without FILE a form goes to stdout, one at a time, instead of the words.\n\n"
    "Exit codes: 0 no regression; 5 regression; 2 no verdict: usage, runs that cannot be read or compared, "
    "fewer\n"
    "than three on a side, or too much noise to have seen a change; 1 a file could not be written.\n";

static const struct option options[] = {
    {"html", optional_argument, NULL, FORM + COMPARE_HTML},
    {"markdown", optional_argument, NULL, FORM + COMPARE_MARKDOWN},
    {"junit", optional_argument, NULL, FORM + COMPARE_JUNIT},
    {"json", optional_argument, NULL, FORM + COMPARE_JSON},
    {"against", no_argument, NULL, AGAINST},
    {"save", required_argument, NULL, SAVE},
    {"baselines", required_argument, NULL, BASELINES_AT},
    {"min-change", required_argument, NULL, MIN_CHANGE},
    {"min-time", required_argument, NULL, MIN_TIME},
    {"min-rate", required_argument, NULL, MIN_RATE},
    {"detect", required_argument, NULL, DETECT},
    {"force", no_argument, NULL, FORCE},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* ---- arguments ---- */

static bool set_share(const char *name, const char *text, double *out)
{
    struct err e = {0};
    return text_parse_share(text, out, &e) ||
           cli_usage(COMMAND, "%s takes a share like 10%%, not '%.40s'", name, text) == CLI_OK;
}

static bool set_time(const char *text, double *out_ms)
{
    int64_t us = 0;
    struct err e = {0};
    bool ok = text_parse_duration(text, &us, &e);
    *out_ms = (double)us / 1000;
    return ok || cli_usage(COMMAND, "--min-time takes a duration like 5ms, not '%.40s'", text) == CLI_OK;
}

static bool set_form(struct arguments *a, int form)
{
    if (optarg != NULL && optarg[0] == '\0')
        return cli_usage(COMMAND, "--%s needs the name of a file", options[form].name) == CLI_OK;
    a->wanted[form] = true;
    a->file[form] = optarg;
    return true;
}

/* False: wrong, and told. */
static bool set_option(struct arguments *a, int option)
{
    switch (option) {
    case SAVE:
        a->save = optarg;
        return true;
    case BASELINES_AT:
        a->baselines = optarg;
        return true;
    case MIN_CHANGE:
        return set_share("--min-change", optarg, &a->options.floor_share);
    case MIN_TIME:
        return set_time(optarg, &a->options.floor_ms);
    case MIN_RATE:
        return set_share("--min-rate", optarg, &a->options.floor_rate);
    case DETECT:
        return set_share("--detect", optarg, &a->options.detect);
    case FORCE:
        a->options.force = true;
        return true;
    default: /* not an enum: getopt's number */
        return set_form(a, option - FORM);
    }
}

/* What is not an option belongs to the side on which it stands. */
static void take_side(struct arguments *a, char *word, bool against)
{
    if (against)
        a->now[a->now_count++] = word;
    else
        a->base[a->base_count++] = word;
}

static int check_arguments(const struct arguments *a, bool against)
{
    unsigned on_stdout = 0;
    for (size_t i = 0; i < COMPARE_FORMS; i++)
        on_stdout += a->wanted[i] && a->file[i] == NULL;
    if (on_stdout > 1)
        return cli_usage(COMMAND, "only one form can go to stdout: give the others files, as in --html=FILE");
    if (a->save != NULL && against)
        return cli_usage(COMMAND, "--save keeps runs, it compares nothing: leave --against out");
    if (a->base_count == 0)
        return cli_usage(COMMAND, "which runs?");
    if (a->save == NULL && a->now_count == 0)
        return cli_usage(COMMAND, "against which runs? as in BASE... --against NEW...");
    return -1;
}

/* Returns -1 to go on, else the exit code. "-" keeps the words in place, so that sides can be told apart. */
static int parse(struct arguments *a, int argc, char **argv)
{
    bool against = false;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "-:h", options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option == '?' || option == ':')
            return cli_usage(COMMAND, option == ':' ? "%s needs a value" : "there is no option %s",
                             argv[optind - 1]);
        if (option == AGAINST)
            against = true;
        else if (option == 1)
            take_side(a, optarg, against);
        else if (!set_option(a, option))
            return CLI_BAD_USAGE;
    }
    for (; optind < argc; optind++)
        take_side(a, argv[optind], against);
    return check_arguments(a, against);
}

/* ---- runs and baselines ---- */

static bool baseline_path(const struct arguments *a, const char *name, char *out, size_t out_bytes,
                          struct err *e)
{
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    if (name[0] == '\0' || name[0] == '.' || name[0] == '-' || name[good] != '\0')
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "'%.60s' is no name for a baseline: letters, digits, '.', '_' and '-'", name);
    return (size_t)snprintf(out, out_bytes, "%s/%s.json", a->baselines, name) < out_bytes ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "the name of the baseline is too long");
}

static bool read_baseline(const char *path, const char *name, struct compare_runs *runs, struct err *e)
{
    struct buf text;
    struct err why = {0};
    buf_init(&text, COMPARE_MAX_FILE_BYTES);
    bool ok = file_read(path, &text, &why) ||
              err_set(e, STAGE_SETUP, REASON_USAGE, "no baseline %.60s: %.120s", name, why.text);
    ok = ok && compare_runs_parse(buf_span(&text), name, runs, e);
    buf_clear(&text);
    return ok;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A results folder, @NAME, or a baseline's file. */
static bool read_runs(const struct arguments *a, const char *word, struct compare_runs *runs, struct err *e)
{
    char path[4096];
    struct compare_run *run = NULL;
    if (word[0] == '@')
        return baseline_path(a, word + 1, path, sizeof path, e) && read_baseline(path, word, runs, e);
    if (is_file(word))
        return read_baseline(word, word, runs, e);
    return compare_run_read(word, &run, e) && compare_runs_add(runs, run, e);
}

static bool read_side(const struct arguments *a, char **words, size_t count, struct compare_runs *runs,
                      struct err *e)
{
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = read_runs(a, words[i], runs, e);
    return ok;
}

static int save(const struct arguments *a)
{
    struct compare_runs runs = {0};
    struct buf text;
    struct err e = {0};
    char path[4096];
    buf_init(&text, COMPARE_MAX_FILE_BYTES);
    bool ok = baseline_path(a, a->save, path, sizeof path, &e);
    if (ok && access(path, F_OK) == 0)
        ok = err_set(&e, STAGE_SETUP, REASON_USAGE,
                     "%.120s is there already: choose another name, or delete it", path);
    ok = ok && read_side(a, a->base, a->base_count, &runs, &e) && compare_runs_write(&runs, &text, &e) &&
         file_make_folder(a->baselines, &e) && file_write(path, buf_span(&text), 0644, &e);
    if (ok)
        printf("%zu run%s kept as @%s (%s)\n", runs.count, runs.count == 1 ? "" : "s", a->save, path);
    buf_clear(&text);
    compare_runs_clear(&runs);
    if (!ok)
        return cli_fail(COMMAND, &e);
    return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
}

/* ---- the comparison ---- */

static bool write_form(const struct arguments *a, const struct compare *c, enum compare_form form,
                       struct err *e)
{
    struct buf out;
    buf_init(&out, REPORT_MAX_FILE_BYTES);
    bool ok = compare_render(c, form, &out, e);
    if (ok && a->file[form] != NULL)
        ok = file_write(a->file[form], buf_span(&out), 0644, e);
    else if (ok)
        fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
    return ok;
}

static bool write_forms(const struct arguments *a, const struct compare *c, struct err *e)
{
    bool on_stdout = false;
    for (size_t i = 0; i < COMPARE_FORMS; i++) {
        on_stdout |= a->wanted[i] && a->file[i] == NULL;
        if (a->wanted[i] && !write_form(a, c, (enum compare_form)i, e))
            return false;
    }
    if (!on_stdout)
        compare_print(stdout, c, tell_terminal().colour, tell_terminal().width);
    return true;
}

static int exit_code(enum compare_verdict verdict)
{
    switch (verdict) {
    case COMPARE_NO_REGRESSION:
        return CLI_OK;
    case COMPARE_REGRESSION:
        return CLI_REGRESSION;
    case COMPARE_INCONCLUSIVE:
    case COMPARE_NOT_ENOUGH_RUNS:
    case COMPARE_FORCED:
        return CLI_BAD_USAGE; /* a gate must not take this for a pass */
    }
    return CLI_PROGRAM_FAILED;
}

static void tell_problems(const struct compare *c)
{
    for (size_t i = 0; i < c->problems.count; i++)
        fprintf(stderr, "scepstorm " COMMAND ": %s\n", c->problems.items[i]);
}

static int compare(const struct arguments *a)
{
    struct compare_runs base = {0}, now = {0};
    struct compare c = {0};
    struct err e = {0};
    bool ok = read_side(a, a->base, a->base_count, &base, &e) &&
              read_side(a, a->now, a->now_count, &now, &e) && compare_sides(&base, &now, &a->options, &c, &e);
    tell_problems(&c);
    ok = ok && write_forms(a, &c, &e);
    int code = ok ? exit_code(c.verdict) : cli_fail(COMMAND, &e);
    compare_clear(&c);
    compare_runs_clear(&base);
    compare_runs_clear(&now);
    return cli_flush(COMMAND) ? code : CLI_PROGRAM_FAILED;
}

int cmd_compare(int argc, char **argv)
{
    struct arguments a = {.baselines = BASELINES, .options = compare_defaults()};
    a.base = calloc((size_t)argc, sizeof *a.base);
    a.now = calloc((size_t)argc, sizeof *a.now);
    int code = CLI_PROGRAM_FAILED;
    if (a.base != NULL && a.now != NULL)
        code = parse(&a, argc, argv);
    if (code < 0)
        code = a.save != NULL ? save(&a) : compare(&a);
    free(a.base);
    free(a.now);
    return code;
}
