#include "scenario/scenario.h"

#include "scenario/check.h"
#include "scenario/schema.h"
#include "scenario/value.h"

#define SCENARIO_WRITE_MAX ((size_t)4 << 20)

static size_t depth(const char *path)
{
    size_t dots = 0;
    for (; *path != '\0'; path++)
        dots += *path == '.';
    return dots;
}

static void indent(struct buf *out, size_t levels)
{
    for (size_t i = 0; i < levels; i++)
        buf_append_text(out, "  ");
}

/* Keys of a phase that is of another kind. */
static bool is_redundant(const struct scenario_key *key, const void *element)
{
    return strncmp(key->path, "load[].", 7) == 0 &&
           !scenario_phase_has(element, scenario_key_word(key->path));
}

/* "- {rate: 5/s, for: 10s}" */
static void write_element(const char *parent, const void *element, struct buf *out)
{
    const char *separator = "{";
    for (size_t i = 0; i < scenario_key_count; i++) {
        const struct scenario_key *key = &scenario_keys[i];
        if (!scenario_key_is_child(key->path, parent) || is_redundant(key, element))
            continue;
        struct buf value;
        buf_init(&value, SCENARIO_WRITE_MAX);
        if (scenario_value_format(key, element, &value)) {
            buf_appendf(out, "%s%s: ", separator, scenario_key_word(key->path));
            buf_append_span(out, buf_span(&value));
            separator = ", ";
        }
        buf_clear(&value);
    }
    buf_append_text(out, "}\n");
}

static void write_list(const struct scenario_key *key, const struct scenario *s, struct buf *out)
{
    const char *base = (const char *)s;
    size_t count = *(const size_t *)(const void *)(base + key->count_offset);
    const char *elements = *(char *const *)(const void *)(base + key->offset);
    char parent[64];
    if (count == 0)
        return;
    snprintf(parent, sizeof parent, "%s[]", key->path);
    indent(out, depth(key->path));
    buf_appendf(out, "%s:\n", scenario_key_word(key->path));
    for (size_t i = 0; i < count; i++) {
        indent(out, depth(key->path) + 1);
        buf_append_text(out, "- ");
        if (key->type == SCENARIO_LIST) {
            write_element(parent, elements + i * key->element_bytes, out);
        } else {
            scenario_value_quote(((char *const *)(const void *)elements)[i], out);
            buf_append_byte(out, '\n');
        }
    }
}

static void write_value(const struct scenario_key *key, const void *base, struct buf *out)
{
    struct buf value;
    buf_init(&value, SCENARIO_WRITE_MAX);
    if (scenario_value_format(key, base, &value)) {
        indent(out, depth(key->path));
        buf_appendf(out, "%s: ", scenario_key_word(key->path));
        buf_append_span(out, buf_span(&value));
        buf_append_byte(out, '\n');
    }
    buf_clear(&value);
}

static void write_map(const struct scenario_key *key, const struct scenario *s, struct buf *out)
{
    bool empty_tls = strcmp(key->path, "target.tls") == 0 && s->target.ca_file == NULL;
    bool empty_renewal = strcmp(key->path, "devices.renewal") == 0 && s->devices.renewal_how == NULL &&
                         s->devices.renewal_key == NULL && s->devices.renewal_after_us == 0;
    bool no_probes = strcmp(key->path, "conformance") == 0 && s->conformance.word_count == 0;
    if (empty_tls || empty_renewal || no_probes)
        return;
    indent(out, depth(key->path));
    bool word = key->choices != NULL && *(const bool *)((const char *)s + key->offset);
    buf_appendf(out, "%s:%s%s\n", scenario_key_word(key->path), word ? " " : "",
                word ? key->choices[0].word : "");
}

static void write_key(const struct scenario_key *key, const struct scenario *s, struct buf *out)
{
    if (strstr(key->path, "[]") != NULL || scenario_key_idle(key, s) != NULL)
        return;
    if (strcmp(key->path, "target.url") == 0 && s->target.url_count > 0)
        return; /* target.urls says it */
    if (strcmp(key->path, "target.url") == 0 && s->target.sim) {
        buf_append_text(out, "  url: sim\n");
        return;
    }
    switch (key->type) {
    case SCENARIO_MAP:
        write_map(key, s, out);
        return;
    case SCENARIO_LIST:
    case SCENARIO_TEXTS:
        write_list(key, s, out);
        return;
    case SCENARIO_SECRET:
        return;
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
    case SCENARIO_WORDS:
    case SCENARIO_FLAGS:
    case SCENARIO_SETTINGS:
        write_value(key, s, out);
    }
}

bool scenario_write(const struct scenario *scenario, struct buf *out, struct err *e)
{
    for (size_t i = 0; i < scenario_key_count; i++)
        write_key(&scenario_keys[i], scenario, out);
    return buf_ok(out, STAGE_SETUP, e);
}
