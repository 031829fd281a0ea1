/* scepstorm causes: the catalogue, for people at night and for scripts. */
#include "base/text.h"
#include "causes/causes.h"
#include "cli/cli.h"
#include "report/report.h"

#include <getopt.h>

#define COMMAND "causes"

static const char help[] =
    "usage: scepstorm causes [ID] [--json]\n\n"
    "Lists the documented causes of failing SCEP enrollments, or tells all about one of them.\n"
    "A * marks causes that the simulator can play: scepstorm sim --fault ID.\n";

static void print_index(void)
{
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *c = causes_at(i);
        printf("%c %-36s %s\n", c->simulated ? '*' : ' ', c->id, c->title);
    }
    printf("\n%zu causes; * can be simulated. scepstorm causes ID tells what to look at and what to do.\n",
           causes_count());
}

static void print_list(const char *title, const char *const *items)
{
    printf("\n%s\n", title);
    for (size_t i = 0; items[i] != NULL; i++)
        printf("  %zu. %s\n", i + 1, items[i]);
}

/* Classes as in "L2/L3": do the two lists have one in common? */
static bool look_alike(const struct cause *a, const struct cause *b)
{
    for (const char *at = a->class_id; *at != '\0'; at += strspn(at, "/")) {
        size_t len = strcspn(at, "/");
        for (const char *other = b->class_id; *other != '\0'; other += strspn(other, "/")) {
            size_t other_len = strcspn(other, "/");
            if (len == other_len && strncmp(at, other, len) == 0)
                return true;
            other += other_len;
        }
        at += len;
    }
    return false;
}

static void print_look_alikes(const struct cause *c)
{
    if (c->class_id[0] == '\0')
        return;
    printf("\nLooks the same from outside (class %s)\n", c->class_id);
    for (size_t i = 0; i < causes_count(); i++) {
        if (causes_at(i) != c && look_alike(c, causes_at(i)))
            printf("  %s\n", causes_at(i)->id);
    }
}

static void print_cause(const struct cause *c)
{
    printf("%s\n%s\n", c->title, c->id);
    printf("\nWhat a client sees\n  %s\n", c->signature);
    printf("\nWhat settles it\n  %s\n", c->decided_by);
    print_list("What to look at", c->steps);
    print_list("What to do", c->resolution);
    print_list("So that it stays away", c->prevention);
    printf("\nWhat the devices show\n  iPhone, iPad: %s\n  Android:      %s\n  Windows:      %s\n  Mac:      "
           "    %s\n",
           c->symptom_ios, c->symptom_android, c->symptom_windows, c->symptom_macos);
    if (c->runbook[0] != '\0')
        printf("\nIn the runbook\n  %s\n", c->runbook);
    printf("\nSources (%s)\n", causes_basis_id(c->basis));
    for (size_t i = 0; c->sources[i] != NULL; i++)
        printf("  %s\n", c->sources[i]);
    print_look_alikes(c);
    if (c->simulated)
        printf("\nTry it: scepstorm sim --listen 127.0.0.1:8080 --fault %s\n", c->id);
}

static int unknown(const char *id)
{
    const char *ids[512] = {NULL};
    for (size_t i = 0; i < causes_count() && i + 1 < sizeof ids / sizeof ids[0]; i++)
        ids[i] = causes_at(i)->id;
    const char *near = text_nearest(id, ids);
    if (near != NULL)
        return cli_usage(COMMAND, "there is no cause '%.60s': did you mean %s?", id, near);
    return cli_usage(COMMAND, "there is no cause '%.60s': scepstorm causes lists them", id);
}

static bool print_json(const struct cause *only, struct err *e)
{
    struct buf out;
    buf_init(&out, (size_t)16 << 20);
    bool ok = report_causes_json(only, &out, e);
    if (ok)
        fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
    return ok;
}

int cmd_causes(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool json = false;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option != 'j')
            return cli_usage(COMMAND, "there is no option %s", argv[optind - 1]);
        json = true;
    }
    if (argc - optind > 1)
        return cli_usage(COMMAND, "one cause at a time, not also '%.60s'", argv[optind + 1]);
    const struct cause *only = optind < argc ? causes_find(argv[optind]) : NULL;
    if (optind < argc && only == NULL)
        return unknown(argv[optind]);
    struct err e = {0};
    if (json && !print_json(only, &e))
        return cli_fail(COMMAND, &e);
    if (!json && only != NULL)
        print_cause(only);
    if (!json && only == NULL)
        print_index();
    return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
}
