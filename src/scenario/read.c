#include "scenario/read.h"

#include "base/text.h"
#include "scenario/value.h"

#define PATH_BYTES 96

const char *scenario_read_shown(const struct scenario_reader *r, const char *path)
{
    size_t len = r->root == NULL ? 0 : strlen(r->root);
    if (len == 0 || strncmp(path, r->root, len) != 0)
        return path;
    return path + len + (path[len] == '.');
}

/* "load[].rate" of the second element, for people: "load[1].rate". */
static void display(const struct scenario_reader *r, const char *path, char *out)
{
    path = scenario_read_shown(r, path);
    const char *brackets = strstr(path, "[]");
    if (brackets == NULL)
        snprintf(out, PATH_BYTES, "%s", path);
    else
        snprintf(out, PATH_BYTES, "%.*s[%zu]%s", (int)(brackets - path), path, r->element, brackets + 2);
}

int scenario_read_place(const struct scenario_reader *r, const char *path)
{
    int key = scenario_key_find(path);
    return key < 0 ? 0 : r->places[key];
}

/* The right word in the wrong map: where does it belong? Deeper in this map, rather than in another one. */
static const char *find_elsewhere(const char *parent, const char *word)
{
    const char *found = NULL;
    for (size_t i = 0; i < scenario_key_count; i++) {
        const char *path = scenario_keys[i].path;
        if (strchr(path, '.') == NULL || strcmp(scenario_key_word(path), word) != 0)
            continue;
        if (strncmp(path, parent, strlen(parent)) == 0)
            return path;
        found = found == NULL ? path : found;
    }
    return found;
}

static const char *nearest_sibling(const char *parent, const char *word)
{
    const char *words[SCENARIO_KEYS_MAX + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < scenario_key_count; i++) {
        if (scenario_key_is_child(scenario_keys[i].path, parent))
            words[count++] = scenario_key_word(scenario_keys[i].path);
    }
    return text_nearest(word, words);
}

static bool fail_unknown(const struct scenario_reader *r, int node, const char *parent, const char *word,
                         struct err *e)
{
    char where[PATH_BYTES], in[PATH_BYTES + 8] = "";
    display(r, parent, where);
    if (where[0] != '\0')
        snprintf(in, sizeof in, " in %s", where);
    const char *near = nearest_sibling(parent, word);
    if (near != NULL)
        return scenario_document_fail(r->document, node, e, "unknown key '%.40s'%s; did you mean '%s'?", word,
                                      in, near);
    const char *elsewhere = find_elsewhere(parent, word);
    if (elsewhere != NULL)
        return scenario_document_fail(r->document, node, e, "unknown key '%.40s'%s; it is known as '%s'",
                                      word, in, scenario_read_shown(r, elsewhere));
    return scenario_document_fail(r->document, node, e,
                                  "unknown key '%.40s'%s; scenarios/README.md lists all keys", word, in);
}

bool scenario_read_fail_type(const struct scenario_reader *r, const struct scenario_key *key, int node,
                             const char *wanted, struct err *e)
{
    char path[PATH_BYTES];
    display(r, key->path, path);
    const char *text = scenario_document_text(r->document, node);
    if (text != NULL && (text[0] == '\0' || strcmp(text, "~") == 0))
        return scenario_document_fail(r->document, node, e, "%s is empty: it must be %s", path, wanted);
    return scenario_document_fail(r->document, node, e, "%s must be %s", path, wanted);
}

static bool read_map(struct scenario_reader *r, int node, const char *parent, void *base, struct err *e);

static bool read_value(struct scenario_reader *r, const struct scenario_key *key, int node, void *base,
                       struct err *e)
{
    const yaml_node_t *n = scenario_document_node(r->document, node);
    const char *text = scenario_document_text(r->document, node);
    if (n->type != YAML_SCALAR_NODE)
        return scenario_read_fail_type(r, key, node, "a single value", e);
    bool plain = n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && (n->data.scalar.length == 0 || strcmp((const char *)n->data.scalar.value, "~") == 0))
        return scenario_read_fail_type(r, key, node, "given a value, or left out", e);
    char path[PATH_BYTES];
    display(r, key->path, path);
    if (text == NULL)
        return scenario_document_fail(r->document, node, e, "%s: it contains a NUL character", path);
    struct err why = {0};
    if (scenario_value_parse(key, text, base, &why))
        return true;
    if (why.reason == REASON_NO_MEMORY) {
        *e = why;
        return false;
    }
    return scenario_document_fail(r->document, node, e, "%s: %s", path, why.text);
}

static bool read_texts(struct scenario_reader *r, const struct scenario_key *key, const int *items,
                       size_t count, struct err *e)
{
    char *base = (char *)r->scenario;
    char **texts = calloc(count + 1, sizeof *texts);
    if (texts == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the scenario");
    *(char ***)(void *)(base + key->offset) = texts;
    *(size_t *)(void *)(base + key->count_offset) = count;
    struct scenario_key item = {.path = key->path, .type = SCENARIO_TEXT, .min = 1, .max = 1024};
    for (size_t i = 0; i < count; i++) {
        item.offset = i * sizeof *texts;
        r->element = i;
        bool is_map = scenario_document_node(r->document, items[i])->type == YAML_MAPPING_NODE;
        if (is_map && strcmp(key->path, "slo") == 0) {
            if (!scenario_read_slo(r, items[i], &texts[i], e))
                return false;
        } else if (!read_value(r, &item, items[i], texts, e))
            return false;
    }
    return true;
}

static bool set_defaults(const char *parent, void *base, struct err *e);

static bool read_elements(struct scenario_reader *r, const struct scenario_key *key, const int *items,
                          size_t count, struct err *e)
{
    char *base = (char *)r->scenario, parent[PATH_BYTES];
    char *elements = calloc(count, key->element_bytes);
    if (elements == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the scenario");
    *(void **)(void *)(base + key->offset) = elements;
    *(size_t *)(void *)(base + key->count_offset) = count;
    snprintf(parent, sizeof parent, "%s[]", key->path);
    for (size_t i = 0; i < count; i++) {
        void *element = elements + i * key->element_bytes;
        for (size_t k = 0; k < scenario_key_count; k++)
            r->places[k] = scenario_key_is_child(scenario_keys[k].path, parent) ? 0 : r->places[k];
        r->element = i;
        if (!set_defaults(parent, element, e) || !read_map(r, items[i], parent, element, e) ||
            !scenario_check_element(r, key, items[i], element, e))
            return false;
    }
    return true;
}

static bool read_list(struct scenario_reader *r, const struct scenario_key *key, int node, struct err *e)
{
    const yaml_node_t *n = scenario_document_node(r->document, node);
    if (n->type != YAML_SEQUENCE_NODE)
        return scenario_read_fail_type(r, key, node, "a list: lines that begin with '- '", e);
    const int *items = n->data.sequence.items.start;
    size_t count = (size_t)(n->data.sequence.items.top - items);
    if ((double)count < key->min || (double)count > key->max)
        return scenario_document_fail(r->document, node, e, "%s has %zu entries; %.0f to %.0f are allowed",
                                      scenario_read_shown(r, key->path), count, key->min, key->max);
    return key->type == SCENARIO_TEXTS ? read_texts(r, key, items, count, e)
                                       : read_elements(r, key, items, count, e);
}

/* "expect: refused", where a map could stand too. */
static bool word_stands_for_map(const struct scenario_reader *r, const struct scenario_key *key, int node)
{
    const char *text = scenario_document_text(r->document, node);
    return key->choices != NULL && text != NULL && text[0] != '\0' && strcmp(text, "~") != 0;
}

static bool read_word(struct scenario_reader *r, const struct scenario_key *key, int node, void *base,
                      struct err *e)
{
    struct scenario_key word = *key;
    word.type = SCENARIO_BOOL;
    return read_value(r, &word, node, base, e);
}

static bool read_key(struct scenario_reader *r, const struct scenario_key *key, int key_node, int node,
                     void *base, struct err *e)
{
    switch (key->type) {
    case SCENARIO_MAP:
        return word_stands_for_map(r, key, node) ? read_word(r, key, node, base, e)
                                                 : read_map(r, node, key->path, base, e);
    case SCENARIO_LIST:
    case SCENARIO_TEXTS:
        return read_list(r, key, node, e);
    case SCENARIO_WORDS:
    case SCENARIO_FLAGS:
        return scenario_read_words(r, key, node, base, e);
    case SCENARIO_SETTINGS:
        return scenario_read_settings(r, key, node, base, e);
    case SCENARIO_SECRET:
        return scenario_document_fail(
            r->document, key_node, e,
            "secrets do not belong into scenarios: use password_env or password_file");
    case SCENARIO_TEXT:
    case SCENARIO_BLOCK:
    case SCENARIO_LABEL:
    case SCENARIO_CHOICE:
    case SCENARIO_BOOL:
    case SCENARIO_UINT:
    case SCENARIO_UINT64:
    case SCENARIO_DURATION:
    case SCENARIO_RANGE:
    case SCENARIO_RATE:
    case SCENARIO_SHARE:
    case SCENARIO_NUMBER:
        break;
    }
    return read_value(r, key, node, base, e);
}

static bool read_pair(struct scenario_reader *r, const yaml_node_pair_t *pair, const char *parent, void *base,
                      struct err *e)
{
    const char *word = scenario_document_text(r->document, pair->key);
    if (word == NULL)
        return scenario_document_fail(r->document, pair->key, e, "a key must be a word");
    char path[PATH_BYTES];
    int used = snprintf(path, sizeof path, "%s%s%s", parent, parent[0] == '\0' ? "" : ".", word);
    int key = used < 0 || (size_t)used >= sizeof path ? -1 : scenario_key_find(path);
    if (key < 0 || strchr(word, '.') != NULL)
        return fail_unknown(r, pair->key, parent, word, e);
    if (r->places[key] != 0)
        return scenario_document_fail(r->document, pair->key, e, "'%s' stands here a second time", word);
    r->places[key] = pair->value;
    return read_key(r, &scenario_keys[key], pair->key, pair->value, base, e);
}

/* `parent` is the path of this map, "" for the whole scenario. Recursion is bounded by the schema's depth. */
static bool read_map(struct scenario_reader *r, int node, const char *parent, void *base, struct err *e)
{
    const yaml_node_t *n = scenario_document_node(r->document, node);
    if (n->type != YAML_MAPPING_NODE) {
        struct scenario_key map = {.path = parent};
        return scenario_read_fail_type(r, &map, node, "a map: 'key: value' lines, or {key: value}", e);
    }
    const yaml_node_pair_t *pair = n->data.mapping.pairs.start;
    for (; pair < n->data.mapping.pairs.top; pair++) {
        if (!read_pair(r, pair, parent, base, e))
            return false;
    }
    return true;
}

/* True for keys of `parent` and of the maps in it, not for keys of list elements (unless parent is one). */
static bool belongs_to(const char *path, const char *parent)
{
    size_t len = strlen(parent);
    return strncmp(path, parent, len) == 0 && (len == 0 || path[len] == '.') &&
           strstr(path + len, "[]") == NULL;
}

static bool set_defaults(const char *parent, void *base, struct err *e)
{
    for (size_t i = 0; i < scenario_key_count; i++) {
        const struct scenario_key *key = &scenario_keys[i];
        if (key->fallback == NULL || !belongs_to(key->path, parent))
            continue;
        if (!scenario_value_parse(key, key->fallback, base, e))
            return false;
    }
    return true;
}

bool scenario_read(struct scenario_reader *r, struct err *e)
{
    return set_defaults("", r->scenario, e) && read_map(r, 1, r->root == NULL ? "" : r->root, r->scenario, e);
}
