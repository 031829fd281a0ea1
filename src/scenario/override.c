/* --set: a value written on the command line takes its place in the tree. */
#include "scenario/document.h"

#include "base/text.h"

#define MAX_VALUE_NODES 2000 /* aliases are expanded by copying, so this stops the billion laughs */
#define MAX_VALUE_DEPTH 24
#define MAX_STEPS       8
#define MAX_STEP_BYTES  64
#define STEP_CHARS      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

struct change {
    struct scenario_document *d;
    size_t index; /* of the option */
    struct err *e;
    char steps[MAX_STEPS][MAX_STEP_BYTES];
    size_t step_count;
    size_t nodes; /* added so far */
};

static bool fail(struct change *c, const char *what)
{
    struct scenario_origin origin = {.option = c->d->overrides[c->index].path};
    return scenario_place_fail(&origin, 0, 0, c->e, "%s", what);
}

static bool split_path(struct change *c)
{
    const char *at = c->d->overrides[c->index].path;
    for (;;) {
        size_t len = strspn(at, STEP_CHARS);
        bool clean = at[len] == '.' || at[len] == '\0';
        if (!clean || len == 0 || len >= MAX_STEP_BYTES || c->step_count == MAX_STEPS)
            return fail(c, "no path of keys such as devices.count or load.0.rate");
        memcpy(c->steps[c->step_count], at, len);
        c->steps[c->step_count++][len] = '\0';
        if (at[len] == '\0')
            return true;
        at += len + 1;
    }
}

static bool is_index(const char *step, size_t *index)
{
    int64_t value = 0;
    if (!text_parse_int(step, 0, 1000000, &value, NULL))
        return false;
    *index = (size_t)value;
    return true;
}

/* A node id of 0 is libyaml's way to say that memory ran out. */
static bool added(struct change *c, int id)
{
    if (id == 0)
        return err_set(c->e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for --set");
    if (++c->nodes > MAX_VALUE_NODES)
        return fail(c, "the value has too many parts");
    scenario_document_mark_option(c->d, id, c->index);
    return true;
}

static bool add_scalar(struct change *c, const yaml_node_t *from, int *out)
{
    *out = yaml_document_add_scalar(&c->d->yaml, NULL, from->data.scalar.value, (int)from->data.scalar.length,
                                    from->data.scalar.style);
    return added(c, *out);
}

static bool add_text(struct change *c, const char *text, int *out)
{
    *out = yaml_document_add_scalar(&c->d->yaml, NULL, (const yaml_char_t *)text, (int)strlen(text),
                                    YAML_PLAIN_SCALAR_STYLE);
    return added(c, *out);
}

static bool copy(struct change *c, yaml_document_t *from, int id, int depth, int *out);

static bool copy_list(struct change *c, yaml_document_t *from, const yaml_node_t *node, int depth, int *out)
{
    *out = yaml_document_add_sequence(&c->d->yaml, NULL, YAML_ANY_SEQUENCE_STYLE);
    if (!added(c, *out))
        return false;
    for (const int *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
        int child = 0;
        if (!copy(c, from, *item, depth + 1, &child))
            return false;
        if (!yaml_document_append_sequence_item(&c->d->yaml, *out, child))
            return added(c, 0);
    }
    return true;
}

static bool copy_map(struct change *c, yaml_document_t *from, const yaml_node_t *node, int depth, int *out)
{
    *out = yaml_document_add_mapping(&c->d->yaml, NULL, YAML_ANY_MAPPING_STYLE);
    if (!added(c, *out))
        return false;
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top; pair++) {
        int key = 0, value = 0;
        if (!copy(c, from, pair->key, depth + 1, &key) || !copy(c, from, pair->value, depth + 1, &value))
            return false;
        if (!yaml_document_append_mapping_pair(&c->d->yaml, *out, key, value))
            return added(c, 0);
    }
    return true;
}

/* Deep: aliases become copies, so a value that contains itself ends at the depth limit. */
static bool copy(struct change *c, yaml_document_t *from, int id, int depth, int *out)
{
    const yaml_node_t *node = yaml_document_get_node(from, id);
    if (depth > MAX_VALUE_DEPTH)
        return fail(c, "the value is nested too deeply");
    if (node->type == YAML_SCALAR_NODE)
        return add_scalar(c, node, out);
    if (node->type == YAML_SEQUENCE_NODE)
        return copy_list(c, from, node, depth, out);
    return copy_map(c, from, node, depth, out);
}

/* Where the child's id stands in its parent; NULL when there is no such child. Valid until nodes are added. */
static int *find_child(const struct scenario_document *d, int parent, const char *step)
{
    yaml_node_t *node = scenario_document_node(d, parent);
    size_t index = 0;
    if (node->type == YAML_SEQUENCE_NODE) {
        size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        bool there = is_index(step, &index) && index < count;
        return there ? node->data.sequence.items.start + index : NULL;
    }
    yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top; pair++) {
        const char *key = scenario_document_text(d, pair->key);
        if (key != NULL && strcmp(key, step) == 0)
            return &pair->value;
    }
    return NULL;
}

static bool append_child(struct change *c, int parent, const char *step, int child)
{
    const yaml_node_t *node = scenario_document_node(c->d, parent);
    if (node->type == YAML_SEQUENCE_NODE) {
        size_t index = 0;
        ptrdiff_t count = node->data.sequence.items.top - node->data.sequence.items.start;
        if (!is_index(step, &index) || index != (size_t)count)
            return fail(c, "a list is counted from 0, and only its next element can be added");
        return yaml_document_append_sequence_item(&c->d->yaml, parent, child) || added(c, 0);
    }
    int key = 0;
    if (!add_text(c, step, &key))
        return false;
    return yaml_document_append_mapping_pair(&c->d->yaml, parent, key, child) || added(c, 0);
}

/* One level: the map or list itself is new, its children are shared. An anchor may make one map appear in
 * several places, and an option names one place. The copy stays where the original was written. */
static bool copy_one_level(struct change *c, int id, int *out)
{
    const yaml_node_t *node = scenario_document_node(c->d, id);
    yaml_mark_t mark = node->start_mark;
    bool list = node->type == YAML_SEQUENCE_NODE;
    *out = list ? yaml_document_add_sequence(&c->d->yaml, NULL, YAML_ANY_SEQUENCE_STYLE)
                : yaml_document_add_mapping(&c->d->yaml, NULL, YAML_ANY_MAPPING_STYLE);
    if (*out == 0)
        return added(c, 0);
    node = scenario_document_node(c->d, id); /* may have moved */
    bool ok = true;
    if (list) {
        const int *item = node->data.sequence.items.start;
        for (; ok && item < node->data.sequence.items.top; item++)
            ok = yaml_document_append_sequence_item(&c->d->yaml, *out, *item);
    } else {
        const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
        for (; ok && pair < node->data.mapping.pairs.top; pair++)
            ok = yaml_document_append_mapping_pair(&c->d->yaml, *out, pair->key, pair->value);
    }
    scenario_document_node(c->d, *out)->start_mark = mark;
    return ok || added(c, 0);
}

static bool is_empty_scalar(const struct scenario_document *d, int id)
{
    const char *text = scenario_document_text(d, id);
    return text != NULL && text[0] == '\0';
}

/* Goes one step down, to a child that may be changed; makes it when it is missing or empty ("simulator:"). */
static bool step_into(struct change *c, int parent, size_t step, int *out)
{
    const char *name = c->steps[step];
    int *child = find_child(c->d, parent, name);
    if (child != NULL && !is_empty_scalar(c->d, *child)) {
        if (scenario_document_node(c->d, *child)->type == YAML_SCALAR_NODE) {
            char what[128];
            snprintf(what, sizeof what, "'%s' holds a value, no keys", name);
            return fail(c, what);
        }
        if (!copy_one_level(c, *child, out))
            return false;
        *find_child(c->d, parent, name) = *out;
        return true;
    }
    size_t index = 0;
    *out = is_index(c->steps[step + 1], &index)
               ? yaml_document_add_sequence(&c->d->yaml, NULL, YAML_ANY_SEQUENCE_STYLE)
               : yaml_document_add_mapping(&c->d->yaml, NULL, YAML_ANY_MAPPING_STYLE);
    if (!added(c, *out))
        return false;
    if (child == NULL)
        return append_child(c, parent, name, *out);
    *find_child(c->d, parent, name) = *out;
    return true;
}

static bool put(struct change *c, int value)
{
    int node = 1;
    for (size_t i = 0; i + 1 < c->step_count; i++) {
        if (!step_into(c, node, i, &node))
            return false;
    }
    const char *last = c->steps[c->step_count - 1];
    int *child = find_child(c->d, node, last);
    if (child == NULL)
        return append_child(c, node, last, value);
    *child = value;
    return true;
}

bool scenario_document_override(struct scenario_document *d, size_t index, struct err *e)
{
    struct change c = {.d = d, .index = index, .e = e};
    yaml_document_t value;
    if (!split_path(&c) || !scenario_document_parse_option(d, index, &value, e))
        return false;
    int id = 0;
    bool ok = copy(&c, &value, 1, 0, &id) && put(&c, id);
    yaml_document_delete(&value);
    return ok;
}
