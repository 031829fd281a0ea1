/* Lists of words, and maps whose keys another room knows. */
#include "base/text.h"
#include "scenario/read.h"
#include "scenario/value.h"

static bool no_memory(struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the scenario");
}

static bool choose(const struct scenario_reader *r, const struct scenario_key *key, int node, int *out,
                   struct err *e)
{
    struct err why = {0};
    const char *text = scenario_document_text(r->document, node);
    if (text == NULL)
        return scenario_read_fail_type(r, key, node, "a list of words", e);
    return scenario_value_choose(key, text, out, &why) ||
           scenario_document_fail(r->document, node, e, "%s: %s", scenario_read_shown(r, key->path),
                                  why.text);
}

/* Adds one word to the field; false when it is there already. */
static bool add_word(const struct scenario_key *key, int value, void *base)
{
    void *field = (char *)base + key->offset;
    if (key->type == SCENARIO_FLAGS) {
        unsigned *flags = field;
        bool is_new = (*flags & (unsigned)value) == 0;
        *flags |= (unsigned)value;
        return is_new;
    }
    int *values = field;
    size_t *count = (void *)((char *)base + key->count_offset);
    for (size_t i = 0; i < *count; i++) {
        if (values[i] == value)
            return false;
    }
    values[(*count)++] = value; /* different words only: never more than there are choices */
    return true;
}

bool scenario_read_words(const struct scenario_reader *r, const struct scenario_key *key, int node,
                         void *base, struct err *e)
{
    const yaml_node_t *n = scenario_document_node(r->document, node);
    if (n->type != YAML_SEQUENCE_NODE)
        return scenario_read_fail_type(r, key, node, "a list of words: [a, b]", e);
    if (n->data.sequence.items.start == n->data.sequence.items.top)
        return scenario_document_fail(r->document, node, e, "%s: an empty list says nothing; remove it",
                                      scenario_read_shown(r, key->path));
    for (const int *item = n->data.sequence.items.start; item < n->data.sequence.items.top; item++) {
        int value = 0;
        if (!choose(r, key, *item, &value, e))
            return false;
        if (!add_word(key, value, base))
            return scenario_document_fail(r->document, *item, e, "%s: '%s' stands here a second time",
                                          scenario_read_shown(r, key->path),
                                          scenario_document_text(r->document, *item));
    }
    return true;
}

/* A value, or a list of values as one text: "sha256, sha1". */
static bool setting_text(const struct scenario_reader *r, int node, struct buf *out)
{
    const yaml_node_t *n = scenario_document_node(r->document, node);
    const char *text = scenario_document_text(r->document, node);
    if (text != NULL) {
        bool plain = n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return !(plain && (text[0] == '\0' || strcmp(text, "~") == 0)) && buf_append_text(out, text);
    }
    if (n->type != YAML_SEQUENCE_NODE)
        return false;
    for (const int *item = n->data.sequence.items.start; item < n->data.sequence.items.top; item++) {
        const char *word = scenario_document_text(r->document, *item);
        if (word == NULL)
            return false;
        buf_appendf(out, "%s%s", out->len > 0 ? ", " : "", word);
    }
    return !out->failed;
}

static bool read_setting(const struct scenario_reader *r, const yaml_node_pair_t *pair,
                         struct scenario_setting *out, struct err *e)
{
    static const struct scenario_key any = {
        .type = SCENARIO_TEXT, .offset = offsetof(struct scenario_setting, value), .max = 1024};
    const char *knob = scenario_document_text(r->document, pair->key);
    struct buf value;
    struct err why = {0};
    if (knob == NULL)
        return scenario_document_fail(r->document, pair->key, e, "a key must be a word");
    buf_init(&value, 2048);
    bool is_text = setting_text(r, pair->value, &value) && buf_text(&value) != NULL;
    bool ok = is_text && scenario_value_parse(&any, buf_text(&value), out, &why);
    buf_clear(&value);
    if (!is_text)
        return scenario_document_fail(r->document, pair->value, e,
                                      "%.40s must be a value, or a list of values", knob);
    if (!ok)
        return scenario_document_fail(r->document, pair->value, e, "%.40s: %s", knob, why.text);
    out->knob = strdup(knob);
    return out->knob != NULL || no_memory(e);
}

bool scenario_read_settings(const struct scenario_reader *r, const struct scenario_key *key, int node,
                            void *base, struct err *e)
{
    const yaml_node_t *n = scenario_document_node(r->document, node);
    if (n->type != YAML_MAPPING_NODE)
        return scenario_read_fail_type(r, key, node, "a map: {user_agent: \"phone\", polls: 5}", e);
    const yaml_node_pair_t *pair = n->data.mapping.pairs.start;
    size_t count = (size_t)(n->data.mapping.pairs.top - pair),
           *stored = (void *)((char *)base + key->count_offset);
    struct scenario_setting *settings = calloc(count + 1, sizeof *settings);
    if (settings == NULL)
        return no_memory(e);
    *(struct scenario_setting **)(void *)((char *)base + key->offset) = settings;
    *stored = count;
    if (count == 0 || (double)count > key->max)
        return scenario_document_fail(r->document, node, e, "set has %zu entries; 1 to %.0f are allowed",
                                      count, key->max);
    for (size_t i = 0; i < count; i++) {
        if (!read_setting(r, pair + i, &settings[i], e))
            return false;
        for (size_t k = 0; k < i; k++) {
            /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): both have been read */
            if (strcmp(settings[k].knob, settings[i].knob) == 0)
                return scenario_document_fail(r->document, pair[i].key, e,
                                              "'%.40s' stands here a second time", settings[i].knob);
        }
    }
    return true;
}

#define SLO_MAX_BYTES 1000 /* " or abort" fits into a text behind it */

static bool read_slo_pair(const struct scenario_reader *r, const yaml_node_pair_t *pair,
                          const char **expression, const char **abort_word, struct err *e)
{
    static const char *const words[] = {"expression", "abort", NULL};
    const char *word = scenario_document_text(r->document, pair->key);
    const char *value = scenario_document_text(r->document, pair->value);
    const char *near = word == NULL ? NULL : text_nearest(word, words);
    if (near == NULL || strcmp(near, word) != 0)
        return scenario_document_fail(
            r->document, pair->key, e, "unknown key '%.40s' in slo[%zu]; did you mean '%s'?",
            word != NULL ? word : "", r->element, near != NULL ? near : "expression");
    const char **field = near == words[0] ? expression : abort_word;
    if (*field != NULL)
        return scenario_document_fail(r->document, pair->key, e, "'%s' stands here a second time", word);
    if (value == NULL || value[0] == '\0')
        return scenario_document_fail(r->document, pair->value, e, "slo[%zu].%s must be a single value",
                                      r->element, word);
    if (field == abort_word && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return scenario_document_fail(r->document, pair->value, e,
                                      "slo[%zu].abort: '%.40s' is neither true nor false", r->element, value);
    *field = value;
    return true;
}

bool scenario_read_slo(const struct scenario_reader *r, int node, char **out, struct err *e)
{
    const yaml_node_t *n = scenario_document_node(r->document, node);
    const char *expression = NULL, *abort_word = NULL;
    for (const yaml_node_pair_t *pair = n->data.mapping.pairs.start; pair < n->data.mapping.pairs.top;
         pair++) {
        if (!read_slo_pair(r, pair, &expression, &abort_word, e))
            return false;
    }
    if (expression == NULL)
        return scenario_document_fail(
            r->document, node, e,
            "slo[%zu]: expression is missing: {expression: enrolled >= 99%%, abort: true}", r->element);
    if (strlen(expression) > SLO_MAX_BYTES)
        return scenario_document_fail(r->document, node, e,
                                      "slo[%zu]: an expression has at most %d characters", r->element,
                                      SLO_MAX_BYTES);
    bool aborts = abort_word != NULL && strcmp(abort_word, "true") == 0;
    if (asprintf(out, "%s%s", expression, aborts ? " or abort" : "") >= 0)
        return true;
    *out = NULL;
    return no_memory(e);
}
