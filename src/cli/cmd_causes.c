/* scepstorm causes: the catalogue, for people at night and for scripts. */
#include "base/file.h"
#include "base/text.h"
#include "causes/own.h"
#include "cli/cli.h"
#include "report/report.h"

#include <getopt.h>

#define COMMAND "causes"
#define SHOWN   12 /* answers to a question that are told with their signatures */

static const char help[] =
    "usage: scepstorm causes [ID | QUESTION] [--json | --markdown] [--causes FILE]\n\n"
    "Lists the documented causes of failing SCEP enrollments, or tells all about one of them.\n"
    "A * marks causes that the simulator can play: scepstorm sim --fault ID.\n\n"
    "A question is what a log, a console or a phone shows:\n"
    "  scepstorm causes 0x80094012       an HRESULT, also as NDES writes it: -2146877422\n"
    "  scepstorm causes 404.14           an HTTP status with the sub-status of the IIS log\n"
    "  scepstorm causes 'event 5057'     an event number\n"
    "  scepstorm causes 22013            an error of a device or console\n"
    "  scepstorm causes 'cache is full'  words\n\n"
    "  --markdown      a page to keep open at night: what you see, then each cause\n"
    "  --json          for scripts\n"
    "  --causes FILE   adds causes of your own; src/causes/README.md tells the form\n";

struct command {
    bool json, markdown;
    const char *file;
    const char *question; /* NULL: the whole catalogue */
    struct causes_own *own;
    const struct cause **list;
    size_t count;
};

/* ---- one cause ---- */

/* Commands stand between backticks, which a terminal does not need: what is copied should run. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text != '`')
            putchar(*text);
    }
    putchar('\n');
}

static void print_paragraph(const char *title, const char *text)
{
    printf("\n%s\n  ", title);
    print_text(text);
}

static void print_list(const char *title, const char *const *items)
{
    if (items == NULL || items[0] == NULL)
        return;
    printf("\n%s\n", title);
    for (size_t i = 0; items[i] != NULL; i++) {
        printf("  %zu. ", i + 1);
        print_text(items[i]);
    }
}

static void print_stages(const struct cause_stages *at)
{
    const char *const cells[][2] = {{"TCP, TLS", at->transport},   {"bare URL", at->bare},
                                    {"GetCACaps", at->caps},       {"GetCACert", at->ca_cert},
                                    {"OTP page", at->otp},         {"PKIOperation POST", at->post},
                                    {"PKIOperation GET", at->get}, {"poll", at->poll}};
    printf("\nStage by stage (@hs HTTP.sys, @iis IIS, @px something in front; F failInfo HRESULT; - not "
           "reached)\n");
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        printf("  %-18s %s\n", cells[i][0], cells[i][1]);
}

static void print_look_alikes(const struct command *cmd, const struct cause *c)
{
    if (c->class_id[0] == '\0')
        return;
    printf("\nLooks the same from outside (class %s)\n", c->class_id);
    for (size_t i = 0; i < cmd->count; i++) {
        if (cmd->list[i] != c && causes_look_alike(c, cmd->list[i]))
            printf("  %s\n", cmd->list[i]->id);
    }
    for (size_t i = 0; i < causes_class_count(); i++) {
        const struct causes_class *class = causes_class_at(i);
        if (causes_in_class(c, class->id))
            print_list(class->looks, class->split_by);
    }
}

static void print_cause(const struct command *cmd, const struct cause *c)
{
    printf("%s\n%s\n", c->title, c->id);
    print_paragraph("What a client sees", c->signature);
    print_paragraph("What settles it", c->decided_by);
    print_list("What to look at", c->steps);
    print_list("What to do", c->resolution);
    print_list("So that it stays away", c->prevention);
    print_stages(&c->at);
    printf("\nWhat devices and consoles show\n  iPhone, iPad: %s\n  Android:      %s\n  Windows:      %s\n"
           "  Mac:          %s\n  MDM console:  %s\n",
           c->symptom_ios, c->symptom_android, c->symptom_windows, c->symptom_macos, c->symptom_console);
    print_list("In the runbook", c->runbook);
    printf("\nSources (%s)\n", causes_basis_id(c->basis));
    for (size_t i = 0; c->sources[i] != NULL; i++)
        printf("  %s\n", c->sources[i]);
    print_look_alikes(cmd, c);
    if (c->simulated)
        printf("\nTry it: scepstorm sim --listen 127.0.0.1:8080 --fault %s\n", c->id);
    else if (c->not_simulated != NULL)
        printf("\nNot simulated: %s\n", c->not_simulated);
}

/* ---- several ---- */

static void print_index(const struct command *cmd)
{
    for (size_t i = 0; i < cmd->count; i++) {
        const struct cause *c = cmd->list[i];
        printf("%c %-36s %s\n", c->simulated ? '*' : ' ', c->id, c->title);
    }
    printf("\n%zu causes; * can be simulated. scepstorm causes ID tells what to look at and what to do.\n",
           cmd->count);
}

static const struct cause *find(const struct command *cmd, const char *id)
{
    for (size_t i = 0; i < cmd->count; i++) {
        if (strcmp(cmd->list[i]->id, id) == 0)
            return cmd->list[i];
    }
    return NULL;
}

/* The best matches only, whatever lesser ones there are, keep their places; the others go. */
static enum causes_match keep_best(struct command *cmd)
{
    enum causes_match best = CAUSES_NO_MATCH;
    for (size_t i = 0; i < cmd->count; i++) {
        enum causes_match m = causes_match(cmd->list[i], cmd->question);
        best = m > best ? m : best;
    }
    size_t kept = 0;
    for (size_t i = 0; best != CAUSES_NO_MATCH && i < cmd->count; i++) {
        if (causes_match(cmd->list[i], cmd->question) == best)
            cmd->list[kept++] = cmd->list[i];
    }
    cmd->count = kept;
    return best;
}

static bool print_symptoms(const char *question)
{
    bool found = false;
    for (size_t i = 0; i < causes_symptom_count(); i++) {
        const struct causes_symptom *s = causes_symptom_at(i);
        if (!causes_symptom_matches(s, question))
            continue;
        printf("%s, %s\n  %s.\n", s->where, s->shown, s->means);
        found = true;
    }
    return found;
}

/* What splits answers that look the same from outside. */
static void print_splits(const struct command *cmd)
{
    for (size_t k = 0; k < causes_class_count(); k++) {
        const struct causes_class *class = causes_class_at(k);
        size_t members = 0;
        for (size_t i = 0; i < cmd->count; i++)
            members += causes_in_class(cmd->list[i], class->id);
        if (members >= 2 && 2 * members >= cmd->count)
            print_list(class->looks, class->split_by);
    }
}

/* What the question is about, best first. */
static void print_answers(const struct command *cmd, enum causes_match best)
{
    bool shown = print_symptoms(cmd->question);
    if (shown && best != CAUSES_CODE && cmd->count > SHOWN) {
        printf("\n%zu causes show this on a device: the server's logs tell which (scepstorm causes lists "
               "them).\n",
               cmd->count);
        return;
    }
    if (cmd->count > 0)
        printf("%s%zu cause%s %s:\n\n", shown ? "\n" : "", cmd->count, cmd->count == 1 ? "" : "s",
               best == CAUSES_CODE    ? "with this code"
               : best == CAUSES_SHOWN ? "that devices show so"
                                      : "that mention it");
    for (size_t i = 0; i < cmd->count; i++) {
        printf("%s\n  %s\n", cmd->list[i]->id, cmd->list[i]->title);
        if (cmd->count > SHOWN)
            continue;
        printf("  settled by: ");
        print_text(cmd->list[i]->decided_by);
    }
    print_splits(cmd);
    if (cmd->count > 0)
        printf("\nscepstorm causes ID tells what to look at and what to do.\n");
}

static int unknown(const struct command *cmd)
{
    const char *ids[1024] = {NULL};
    for (size_t i = 0; i < causes_count() && i + 1 < sizeof ids / sizeof ids[0]; i++)
        ids[i] = causes_at(i)->id;
    const char *near = text_nearest(cmd->question, ids);
    if (near != NULL)
        return cli_usage(COMMAND, "there is no cause '%.60s': did you mean %s?", cmd->question, near);
    return cli_usage(COMMAND, "there is no cause '%.60s', and none mentions it: scepstorm causes lists them",
                     cmd->question);
}

/* ---- wiring ---- */

static bool print_whole(const struct command *cmd, struct err *e)
{
    struct buf out;
    buf_init(&out, (size_t)16 << 20);
    bool ok = cmd->json ? report_causes_json(cmd->list, cmd->count, &out, e)
                        : report_causes_page(cmd->list, cmd->count, &out, e);
    if (ok)
        fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
    return ok;
}

static int answer(struct command *cmd)
{
    const struct cause *one = cmd->question != NULL ? find(cmd, cmd->question) : NULL;
    enum causes_match best = CAUSES_NO_MATCH;
    struct err e = {0};
    if (one != NULL && !cmd->json && !cmd->markdown) {
        print_cause(cmd, one);
        return CLI_OK;
    }
    if (one != NULL) {
        cmd->list[0] = one;
        cmd->count = 1;
    } else if (cmd->question != NULL) {
        best = keep_best(cmd);
        if (best == CAUSES_NO_MATCH)
            return !cmd->json && !cmd->markdown && print_symptoms(cmd->question) ? CLI_OK : unknown(cmd);
    }
    if (cmd->json || cmd->markdown)
        return print_whole(cmd, &e) ? CLI_OK : cli_fail(COMMAND, &e);
    if (cmd->question != NULL)
        print_answers(cmd, best);
    else
        print_index(cmd);
    return CLI_OK;
}

static bool read_own(struct command *cmd, struct err *e)
{
    struct buf content;
    buf_init(&content, CAUSES_OWN_MAX_BYTES + 1);
    struct err unreadable = {0};
    bool ok = file_read(cmd->file, &content, &unreadable) ||
              err_set(e, STAGE_SETUP, REASON_USAGE, "%s", unreadable.text);
    ok = ok && causes_own_read(buf_span(&content), cmd->file, &cmd->own, e);
    buf_clear(&content);
    return ok;
}

/* The catalogue, then the user's own. */
static bool make_list(struct command *cmd, struct err *e)
{
    size_t own = cmd->own != NULL ? causes_own_count(cmd->own) : 0;
    cmd->count = causes_count() + own;
    cmd->list = calloc(cmd->count, sizeof(const struct cause *));
    if (cmd->list == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the catalogue");
    for (size_t i = 0; i < cmd->count; i++)
        cmd->list[i] = i < causes_count() ? causes_at(i) : causes_own_at(cmd->own, i - causes_count());
    return true;
}

/* "-2146877422" is a question, though getopt would take it for options: out of argv, into the command. */
static int take_number(int argc, char **argv, struct command *cmd)
{
    int kept = 1;
    for (int i = 1; i < argc; i++) {
        size_t digits = argv[i][0] == '-' ? strspn(argv[i] + 1, "0123456789") : 0;
        if (cmd->question == NULL && digits >= 5 && argv[i][digits + 1] == '\0')
            cmd->question = argv[i];
        else
            argv[kept++] = argv[i];
    }
    return kept;
}

/* -1: go on, else the exit code. */
static int read_options(int argc, char **argv, struct command *cmd)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"markdown", no_argument, NULL, 'm'},
                                            {"causes", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    opterr = 0;
    argc = take_number(argc, argv, cmd);
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option == ':')
            return cli_usage(COMMAND, "%s needs a file", argv[optind - 1]);
        if (option != 'j' && option != 'm' && option != 'c')
            return cli_usage(COMMAND, "there is no option %s", argv[optind - 1]);
        cmd->json |= option == 'j';
        cmd->markdown |= option == 'm';
        cmd->file = option == 'c' ? optarg : cmd->file;
    }
    if (cmd->json && cmd->markdown)
        return cli_usage(COMMAND, "either --json or --markdown");
    if (cmd->question == NULL && optind < argc)
        cmd->question = argv[optind++];
    if (optind < argc)
        return cli_usage(COMMAND, "one cause at a time, not also '%.60s' (quote a question of several words)",
                         argv[optind]);
    return -1;
}

int cmd_causes(int argc, char **argv)
{
    struct command cmd = {0};
    int code = read_options(argc, argv, &cmd);
    if (code >= 0)
        return code;
    struct err e = {0};
    if ((cmd.file != NULL && !read_own(&cmd, &e)) || !make_list(&cmd, &e))
        code = cli_fail(COMMAND, &e);
    else
        code = answer(&cmd);
    free(cmd.list);
    causes_own_free(cmd.own);
    return cli_flush(COMMAND) || code != CLI_OK ? code : CLI_PROGRAM_FAILED;
}
