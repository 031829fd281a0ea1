/* scepstorm personas: what each simulated kind of device does on the wire, and what that rests on. */
#include "cli/cli.h"
#include "persona/persona.h"

#include <getopt.h>
#include <jansson.h>

#define COMMAND    "personas"
#define TEXT_BYTES ((size_t)256 << 10)

static const char help[] =
    "usage: scepstorm personas [NAME] [--json]\n\n"
    "Lists the kinds of devices that can be played, or shows every habit of one of them. Each value is\n"
    "  documented  in a specification, a vendor's documentation or published source code,\n"
    "  observed    in somebody's log, capture or analysis: true for that version, or\n"
    "  inferred    by us, because nobody published it.\n";

static void print_index(void)
{
    struct persona p;
    struct err ignored = {0};
    for (const char *const *name = persona_names(); *name != NULL; name++) {
        if (persona_find(*name, &p, &ignored))
            printf("%-8s  %s\n", *name, p.summary);
    }
    printf("\nscepstorm personas NAME shows every habit, and what is known about it.\n");
}

static bool print_one(const char *name, struct err *e)
{
    struct persona p;
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    bool ok = persona_find(name, &p, e) && persona_describe(&p, &text, e);
    if (ok)
        fwrite(text.data, 1, text.len, stdout);
    buf_clear(&text);
    return ok;
}

/* NULL when memory ran out. */
static json_t *value_json(const struct persona *p, enum persona_knob_id knob)
{
    struct buf value;
    buf_init(&value, TEXT_BYTES);
    persona_value(p, knob, &value);
    json_t *out = json_pack("{s:s%, s:s, s:s, s:s}", "value", value.len > 0 ? (const char *)value.data : "",
                            value.len, "basis", persona_basis_name(p->basis[knob].basis), "source",
                            p->basis[knob].source, "doc", persona_knobs()[knob].doc);
    buf_clear(&value);
    return out;
}

static json_t *persona_json(const struct persona *p)
{
    json_t *values = json_object();
    for (size_t i = 0; values != NULL && i < PERSONA_KNOB_COUNT; i++) {
        if (json_object_set_new(values, persona_knobs()[i].name, value_json(p, (enum persona_knob_id)i)) !=
            0) {
            json_decref(values);
            values = NULL;
        }
    }
    return values == NULL
               ? NULL
               : json_pack("{s:s, s:s, s:o}", "name", p->name, "summary", p->summary, "values", values);
}

static bool print_json(const char *only, struct err *e)
{
    json_t *list = json_array();
    bool ok = list != NULL;
    for (const char *const *name = persona_names(); ok && *name != NULL; name++) {
        struct persona p;
        if (only != NULL && strcmp(only, *name) != 0)
            continue;
        ok = persona_find(*name, &p, e) && json_array_append_new(list, persona_json(&p)) == 0;
    }
    json_t *root = ok ? json_pack("{s:O}", "personas", list) : NULL;
    ok = root != NULL && json_dumpf(root, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    json_decref(root);
    json_decref(list);
    return ok || err_set(e, STAGE_SETUP, REASON_IO, "cannot write the personas as JSON");
}

int cmd_personas(int argc, char **argv)
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
        return cli_usage(COMMAND, "one persona at a time, not also '%.60s'", argv[optind + 1]);
    const char *only = optind < argc ? argv[optind] : NULL;
    struct persona found;
    struct err e = {0};
    if (only != NULL && !persona_find(only, &found, &e))
        return cli_fail(COMMAND, &e);
    if (json ? !print_json(only, &e) : only != NULL && !print_one(only, &e))
        return cli_fail(COMMAND, &e);
    if (!json && only == NULL)
        print_index();
    return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
}
