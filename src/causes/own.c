#include "causes/own.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define ID_MAX_BYTES 60

enum own_list {
    LIST_RUNBOOK,
    LIST_CODES,
    LIST_STEPS,
    LIST_RESOLUTION,
    LIST_PREVENTION,
    LIST_SOURCES,
    LIST_COUNT
};

struct entry {
    struct cause cause; /* strings are in own->text */
    const char *items[LIST_COUNT][CAUSES_OWN_MAX_ITEMS + 1];
    const char *class_id, *basis; /* as written; NULL: not */
    unsigned line;
};

struct causes_own {
    char *text;
    struct entry *entries[CAUSES_OWN_MAX];
    size_t count;
};

struct reader {
    struct causes_own *own;
    const char *name;
    unsigned line;
    struct err *e;
};

/* ---- keys ---- */

#define TEXT(key, member)                                                                                    \
    {                                                                                                        \
        key, offsetof(struct entry, member), false, 0                                                        \
    }
#define ITEM(key, list)                                                                                      \
    {                                                                                                        \
        key, 0, true, list                                                                                   \
    }

static const struct key {
    const char *name;
    size_t offset; /* of a const char * in struct entry */
    bool is_list;
    enum own_list list;
} keys[] = {TEXT("title", cause.title),
            TEXT("mode", cause.mode),
            TEXT("stage", cause.stage),
            TEXT("class", class_id),
            TEXT("signature", cause.signature),
            TEXT("decided_by", cause.decided_by),
            TEXT("basis", basis),
            TEXT("ios", cause.symptom_ios),
            TEXT("android", cause.symptom_android),
            TEXT("windows", cause.symptom_windows),
            TEXT("macos", cause.symptom_macos),
            TEXT("console", cause.symptom_console),
            TEXT("transport", cause.at.transport),
            TEXT("bare_url", cause.at.bare),
            TEXT("get_ca_caps", cause.at.caps),
            TEXT("get_ca_cert", cause.at.ca_cert),
            TEXT("otp", cause.at.otp),
            TEXT("pki_operation_post", cause.at.post),
            TEXT("pki_operation_get", cause.at.get),
            TEXT("cert_poll", cause.at.poll),
            ITEM("runbook", LIST_RUNBOOK),
            ITEM("code", LIST_CODES),
            ITEM("step", LIST_STEPS),
            ITEM("resolution", LIST_RESOLUTION),
            ITEM("prevention", LIST_PREVENTION),
            ITEM("source", LIST_SOURCES)};
#define KEYS (sizeof keys / sizeof keys[0])

static const char **text_of(struct entry *entry, const struct key *key)
{
    return (const char **)(void *)((char *)entry + key->offset);
}

static bool fail(const struct reader *r, const char *what)
{
    return err_set(r->e, STAGE_SETUP, REASON_USAGE, "%.60s:%u: %s", r->name, r->line, what);
}

static bool fail_on(const struct reader *r, const char *what, const char *word)
{
    return err_set(r->e, STAGE_SETUP, REASON_USAGE, "%.60s:%u: '%.40s' %s", r->name, r->line, word, what);
}

/* ---- lines ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static char *trim(char *s)
{
    while (blank(*s))
        s++;
    for (size_t len = strlen(s); len > 0 && blank(s[len - 1]); len--)
        s[len - 1] = '\0';
    return s;
}

/* Ends the line at `s` and returns the next one; NULL: none. A line that goes on is joined with what follows it. */
static char *end_line(char *s, unsigned *lines)
{
    for (char *at = s; (at = strchr(at, '\n')) != NULL;) {
        ++*lines;
        char *next = at + 1;
        bool has_content = next[strspn(next, " \t\r")] != '\n' && next[strspn(next, " \t\r")] != '\0';
        if ((*next != ' ' && *next != '\t') || !has_content || *s == '#' || *s == '\n') {
            *at = '\0';
            return next;
        }
        *at = ' ';
        if (at > s && at[-1] == '\r')
            at[-1] = ' ';
    }
    return NULL;
}

/* Runs of blanks, as joined lines leave them, become one. */
static void squeeze(char *s)
{
    char *to = s;
    for (const char *from = s; *from != '\0'; from++) {
        if (!blank(*from))
            *to++ = *from;
        else if (to > s && to[-1] != ' ')
            *to++ = ' ';
    }
    *to = '\0';
}

static bool begin_cause(struct reader *r, char *id)
{
    size_t len = strlen(id);
    if (len < 3 || id[len - 1] != ']')
        return fail(r, "a cause begins with its id in square brackets, as in [our-waf-cuts-posts]");
    id[--len] = '\0';
    if (len > ID_MAX_BYTES || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
        return fail_on(r, "is no id: lower-case letters, digits and hyphens, 60 at most", id);
    if (causes_find(id) != NULL)
        return fail_on(r, "is in the catalogue already: choose another id", id);
    for (size_t i = 0; i < r->own->count; i++) {
        if (strcmp(r->own->entries[i]->cause.id, id) == 0)
            return fail_on(r, "stands in this file twice", id);
    }
    if (r->own->count == CAUSES_OWN_MAX)
        return fail(r, "more causes than a file may hold (500)");
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return err_set(r->e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for causes");
    entry->cause.id = id;
    entry->line = r->line;
    r->own->entries[r->own->count++] = entry;
    return true;
}

static bool unknown_key(const struct reader *r, const char *name)
{
    const char *names[KEYS + 1] = {NULL};
    for (size_t i = 0; i < KEYS; i++)
        names[i] = keys[i].name;
    const char *near = text_nearest(name, names);
    if (near == NULL)
        return fail_on(r, "is no key of a cause", name);
    return err_set(r->e, STAGE_SETUP, REASON_USAGE,
                   "%.60s:%u: '%.40s' is no key of a cause; did you mean %s?", r->name, r->line, name, near);
}

static bool set_value(struct reader *r, struct entry *entry, const struct key *key, const char *value)
{
    if (*value == '\0')
        return fail_on(r, "has no value", key->name);
    if (!key->is_list) {
        const char **text = text_of(entry, key);
        if (*text != NULL)
            return fail_on(r, "stands in this cause twice", key->name);
        *text = value;
        return true;
    }
    const char **items = entry->items[key->list];
    for (size_t i = 0; i < CAUSES_OWN_MAX_ITEMS; i++) {
        if (items[i] == NULL) {
            items[i] = value;
            return true;
        }
    }
    return fail_on(r, "comes too often (40 at most)", key->name);
}

static bool read_line(struct reader *r, char *line)
{
    if (blank(*line) && *trim(line) != '\0' && *trim(line) != '#')
        return fail(r, "a line that begins with a blank goes on with a value, but there is none before it");
    line = trim(line);
    if (*line == '\0' || *line == '#')
        return true;
    if (*line == '[')
        return begin_cause(r, line + 1);
    char *colon = strchr(line, ':');
    if (colon == NULL)
        return fail(r, "neither [id] nor key: value");
    *colon = '\0';
    if (r->own->count == 0)
        return fail(r, "a cause begins with its id in square brackets, as in [our-waf-cuts-posts]");
    char *name = trim(line), *value = trim(colon + 1);
    squeeze(value);
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return set_value(r, r->own->entries[r->own->count - 1], &keys[i], value);
    }
    return unknown_key(r, name);
}

/* ---- what a cause must be ---- */

static bool known_stage(const char *stage)
{
    for (int s = STAGE_NONE; s < STAGE_COUNT; s++) {
        if (strcmp(stage, base_stage_id((enum stage)s)) == 0)
            return true;
    }
    return strcmp(stage, "any") == 0;
}

static bool known_classes(const struct cause *c)
{
    size_t words = *c->class_id != '\0', known = 0;
    for (const char *at = c->class_id; *at != '\0'; at++)
        words += *at == '/';
    for (size_t i = 0; i < causes_class_count(); i++)
        known += causes_in_class(c, causes_class_at(i)->id);
    return words == known;
}

static bool set_basis(struct entry *entry)
{
    entry->cause.basis = CAUSES_OBSERVED;
    for (int b = CAUSES_DOCUMENTED; entry->basis != NULL && b <= CAUSES_INFERRED; b++) {
        entry->cause.basis = (enum causes_basis)b;
        if (strcmp(causes_basis_id(entry->cause.basis), entry->basis) == 0)
            return true;
    }
    return entry->basis == NULL;
}

static void set_defaults(struct entry *entry)
{
    struct cause *c = &entry->cause;
    c->class_id = entry->class_id != NULL ? entry->class_id : "";
    if (c->mode == NULL)
        c->mode = "*";
    if (c->stage == NULL)
        c->stage = "any";
    for (size_t i = 0; i < KEYS; i++) {
        const char **text = text_of(entry, &keys[i]);
        if (!keys[i].is_list && *text == NULL)
            *text = "-";
    }
    c->runbook = entry->items[LIST_RUNBOOK];
    c->codes = entry->items[LIST_CODES];
    c->steps = entry->items[LIST_STEPS];
    c->resolution = entry->items[LIST_RESOLUTION];
    c->prevention = entry->items[LIST_PREVENTION];
    c->sources = entry->items[LIST_SOURCES];
}

static bool finish(struct reader *r, struct entry *entry)
{
    struct cause *c = &entry->cause;
    r->line = entry->line;
    if (c->title == NULL || c->signature == NULL || c->decided_by == NULL ||
        entry->items[LIST_STEPS][0] == NULL || entry->items[LIST_RESOLUTION][0] == NULL)
        return fail_on(r, "needs title, signature, decided_by, a step and a resolution", c->id);
    if (!set_basis(entry))
        return fail_on(r, "is no basis: documented, observed or inferred", entry->basis);
    set_defaults(entry);
    if (strspn(c->mode, "*SIJ") != strlen(c->mode))
        return fail_on(r, "is no mode: * any, S standalone, I Intune, J MDM as proxy, or SJ", c->mode);
    if (!known_stage(c->stage))
        return fail_on(r, "is no stage: any, dns, tcp, tls, otp, get_ca_caps, pki_operation ...", c->stage);
    if (!known_classes(c))
        return fail_on(r, "is no look-alike class: L1 to L16, several with a slash", c->class_id);
    for (size_t i = 0; c->sources[i] != NULL; i++) {
        if (strncmp(c->sources[i], "https://", 8) != 0 && strncmp(c->sources[i], "http://", 7) != 0)
            return fail_on(r, "is no source: a URL with https:// or http://", c->sources[i]);
        if (strpbrk(c->sources[i], " <>\"`") != NULL)
            return fail_on(r, "is no URL", c->sources[i]);
    }
    return true;
}

static bool read_all(struct reader *r)
{
    unsigned lines = 0;
    for (char *line = r->own->text, *next; line != NULL; line = next) {
        r->line = lines + 1;
        next = end_line(line, &lines);
        if (!read_line(r, line))
            return false;
    }
    for (size_t i = 0; i < r->own->count; i++) {
        if (!finish(r, r->own->entries[i]))
            return false;
    }
    return r->own->count > 0 || fail(r, "holds no cause");
}

/* The content as UTF-8 text without control characters, to be kept. */
static bool take_text(struct reader *r, struct span content)
{
    struct buf text;
    buf_init(&text, CAUSES_OWN_MAX_BYTES * 3);
    bool ok = content.len <= CAUSES_OWN_MAX_BYTES && text_to_utf8(content, &text);
    const char *s = ok ? buf_text(&text) : NULL;
    r->line = 1;
    if (s == NULL)
        fail(r, "cannot be read as text of at most 1 MiB");
    for (size_t i = 0; s != NULL && i < text.len; i++) {
        uint8_t c = text.data[i];
        r->line += c == '\n';
        if ((c < 0x20 && strchr("\t\r\n", c) == NULL) || c == 0 || c == 0x7f) {
            fail(r, "a control character: is this a text file?");
            s = NULL;
        }
    }
    if (s != NULL)
        r->own->text = strdup(s);
    buf_clear(&text);
    return r->own->text != NULL || err_set(r->e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for causes");
}

bool causes_own_read(struct span content, const char *name, struct causes_own **out, struct err *e)
{
    struct reader r = {.own = calloc(1, sizeof *r.own), .name = name, .line = 1, .e = e};
    if (r.own == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for causes");
    if (!take_text(&r, content) || !read_all(&r)) {
        causes_own_free(r.own);
        return false;
    }
    *out = r.own;
    return true;
}

void causes_own_free(struct causes_own *own)
{
    if (own == NULL)
        return;
    for (size_t i = 0; i < own->count; i++)
        free(own->entries[i]);
    free(own->text);
    free(own);
}

size_t causes_own_count(const struct causes_own *own)
{
    return own->count;
}

const struct cause *causes_own_at(const struct causes_own *own, size_t index)
{
    return index < own->count ? &own->entries[index]->cause : NULL;
}
