#include "scenario/document.h"

#include <stdarg.h>

#define MAX_DEPTH 24 /* far beyond any key of a scenario; libyaml slows down in deep nests */

/* Marks count characters of the file, so indexes beyond its ceiling are free to say "option k". */
#define OPTION_BASE (SCENARIO_MAX_BYTES + 1)

struct parse {
    const struct scenario_origin *origin;
    struct span text;
    yaml_parser_t parser;
};

static bool fail(const struct scenario_origin *origin, yaml_mark_t mark, struct err *e, const char *what)
{
    return scenario_place_fail(origin, mark.line, mark.column, e, "%s", what);
}

/* True when blanks before the first word of this line contain a tab, YAML's most common trap. */
static bool is_indented_by_tab(struct span text, size_t line)
{
    size_t at = 0;
    for (size_t n = 0; n < line; at++) {
        if (at >= text.len)
            return false;
        n += text.data[at] == '\n';
    }
    for (; at < text.len && (text.data[at] == ' ' || text.data[at] == '\t'); at++) {
        if (text.data[at] == '\t')
            return true;
    }
    return false;
}

/* Bytes that are no text: libyaml tells the offset, people need line and column. */
static bool fail_bytes(const struct parse *p, struct err *e)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < p->parser.problem_offset && i < p->text.len; i++) {
        mark.column++;
        if (p->text.data[i] == '\n') {
            mark.line++;
            mark.column = 0;
        }
    }
    return scenario_place_fail(p->origin, mark.line, mark.column, e, "%s; a scenario is plain text in UTF-8",
                               p->parser.problem);
}

static bool fail_syntax(const struct parse *p, struct err *e)
{
    const yaml_parser_t *y = &p->parser;
    if (y->error == YAML_MEMORY_ERROR || y->problem == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to read the scenario");
    if (y->error == YAML_READER_ERROR)
        return fail_bytes(p, e);
    if (is_indented_by_tab(p->text, y->problem_mark.line))
        return fail(p->origin, y->problem_mark, e, "a tab indents this line; YAML wants spaces");
    if (p->origin->file != NULL && y->context != NULL && y->context_mark.line != y->problem_mark.line)
        return scenario_place_fail(p->origin, y->problem_mark.line, y->problem_mark.column, e,
                                   "%s (%s that begins in line %zu)", y->problem, y->context,
                                   y->context_mark.line + 1);
    return fail(p->origin, y->problem_mark, e, y->problem);
}

static bool begin(struct parse *p, struct err *e)
{
    if (!yaml_parser_initialize(&p->parser))
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to read the scenario");
    yaml_parser_set_input_string(&p->parser, p->text.len > 0 ? p->text.data : (const uint8_t *)"",
                                 p->text.len);
    return true;
}

struct shape {
    size_t documents;
    size_t depth;
};

static bool look_at(const struct parse *p, const yaml_event_t *event, struct shape *shape, struct err *e)
{
    yaml_event_type_t type = event->type;
    if (type == YAML_DOCUMENT_START_EVENT && ++shape->documents > 1)
        return fail(p->origin, event->start_mark, e,
                    "a second document begins here; one file holds one scenario");
    if (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT)
        shape->depth--;
    if ((type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT) && ++shape->depth > MAX_DEPTH)
        return fail(p->origin, event->start_mark, e, "nested too deeply for a scenario");
    bool tagged = (type == YAML_SCALAR_EVENT && event->data.scalar.tag != NULL) ||
                  (type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.tag != NULL) ||
                  (type == YAML_MAPPING_START_EVENT && event->data.mapping_start.tag != NULL);
    return !tagged || fail(p->origin, event->start_mark, e, "YAML tags (!...) are not used in scenarios");
}

/* A first pass, event by event, that stops early where the second pass, into a tree, would labour. */
static bool check_shape(struct parse *p, struct err *e)
{
    if (!begin(p, e))
        return false;
    struct shape shape = {0};
    bool ok = true, more = true;
    while (ok && more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&p->parser, &event)) {
            ok = fail_syntax(p, e);
            break;
        }
        ok = look_at(p, &event, &shape, e);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&p->parser);
    if (ok && shape.documents == 0)
        return fail(p->origin, (yaml_mark_t){0}, e, "there is nothing in it");
    return ok;
}

static bool parse(const struct scenario_origin *origin, struct span text, yaml_document_t *out, struct err *e)
{
    struct parse p = {.origin = origin, .text = text};
    if (!check_shape(&p, e) || !begin(&p, e))
        return false;
    bool ok = yaml_parser_load(&p.parser, out);
    if (!ok)
        fail_syntax(&p, e);
    yaml_parser_delete(&p.parser);
    if (ok && yaml_document_get_root_node(out) == NULL) {
        yaml_document_delete(out);
        return fail(origin, (yaml_mark_t){0}, e, "there is nothing in it");
    }
    return ok;
}

bool scenario_document_parse(const char *name, struct span text, struct scenario_document *out, struct err *e)
{
    struct scenario_origin origin = {.file = name};
    struct scenario_document d = {.name = name};
    if (text.len > SCENARIO_MAX_BYTES)
        return fail(&origin, (yaml_mark_t){0}, e, "larger than 1 MiB; that is no scenario");
    if (!parse(&origin, text, &d.yaml, e))
        return false;
    if (scenario_document_node(&d, 1)->type != YAML_MAPPING_NODE) {
        scenario_document_fail(&d, 1, e, "a scenario is a map: lines such as 'name: monday-morning'");
        scenario_document_clear(&d);
        return false;
    }
    *out = d;
    return true;
}

void scenario_document_clear(struct scenario_document *d)
{
    yaml_document_delete(&d->yaml);
}

bool scenario_document_parse_option(const struct scenario_document *d, size_t index, yaml_document_t *out,
                                    struct err *e)
{
    const struct scenario_override *o = &d->overrides[index];
    struct scenario_origin origin = {.option = o->path};
    struct span text = span_of_text(o->value);
    if (text.len > SCENARIO_MAX_BYTES)
        return fail(&origin, (yaml_mark_t){0}, e, "the value is larger than 1 MiB");
    return parse(&origin, text, out, e);
}

void scenario_document_mark_option(struct scenario_document *d, int id, size_t index)
{
    yaml_mark_t mark = {.index = OPTION_BASE + index};
    scenario_document_node(d, id)->start_mark = mark;
}

yaml_node_t *scenario_document_node(const struct scenario_document *d, int id)
{
    return d->yaml.nodes.start + (id - 1);
}

const char *scenario_document_text(const struct scenario_document *d, int id)
{
    const yaml_node_t *node = scenario_document_node(d, id);
    if (node->type != YAML_SCALAR_NODE)
        return NULL;
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

bool scenario_document_fail(const struct scenario_document *d, int node, struct err *e, const char *format,
                            ...)
{
    char what[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    struct scenario_origin origin = {.file = d->name};
    yaml_mark_t mark = {0};
    if (node > 0)
        mark = scenario_document_node(d, node)->start_mark;
    if (mark.index >= OPTION_BASE)
        origin = (struct scenario_origin){.option = d->overrides[mark.index - OPTION_BASE].path};
    return fail(&origin, mark, e, what);
}
