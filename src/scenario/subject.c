#include "scenario/subject.h"

#include "base/text.h"
#include "scenario/scenario.h"

#define SUBJECT_MAX_BYTES 4096

enum variable { VARIABLE_INDEX, VARIABLE_PROFILE, VARIABLE_RUN, VARIABLE_NAME };

static const char *const variables[] = {"index", "profile", "run", "name", NULL};

/* Reads "{name}" at `at` (the brace); *len is the length with both braces. */
static bool read_variable(const char *at, enum variable *out, size_t *len, struct err *e)
{
    char word[32];
    const char *end = strchr(at, '}');
    size_t letters = end == NULL ? 0 : (size_t)(end - at) - 1;
    if (letters == 0 || letters >= sizeof word)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "after '{' a variable must follow: {index} {profile} {run} {name}");
    memcpy(word, at + 1, letters);
    word[letters] = '\0';
    for (size_t i = 0; variables[i] != NULL; i++) {
        if (strcmp(variables[i], word) == 0) {
            *out = (enum variable)i;
            *len = letters + 2;
            return true;
        }
    }
    const char *near = text_nearest(word, variables);
    if (near != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no variable {%s}; did you mean {%s}?", word,
                       near);
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "there is no variable {%s}; there are {index} {profile} {run} {name}", word);
}

bool scenario_subject_check(const char *template_text, struct err *e)
{
    if (strchr(template_text, '=') == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a subject has the form CN={profile}-{index},O=Example");
    for (const char *at = template_text; (at = strchr(at, '{')) != NULL;) {
        enum variable ignored;
        size_t len = 0;
        if (!read_variable(at, &ignored, &len, e))
            return false;
        at += len;
    }
    return true;
}

bool scenario_marker_check(const char *marker, struct err *e)
{
    size_t type = strcspn(marker, "=");
    bool typed =
        type > 0 && type == strspn(marker, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.");
    if (!typed || marker[type] != '=' || marker[type + 1] == '\0' || strpbrk(marker, ",+\\\"<>;{}#") != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "the marker is one attribute such as OU=scepstorm; it stands in every subject");
    return true;
}

/* A value must not be able to end its RDN (RFC 4514 2.4). */
static void append_escaped(struct buf *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (strchr(",+\"\\<>;=", *value) != NULL)
            buf_append_byte(out, '\\');
        buf_append_byte(out, (uint8_t)*value);
    }
}

bool scenario_subject(const struct scenario *scenario, uint64_t device, unsigned profile, const char *run_id,
                      struct buf *out_text, struct err *e)
{
    const char *at = scenario->devices.subject;
    while (*at != '\0') {
        size_t literal = strcspn(at, "{"), len = 0;
        enum variable variable;
        buf_append(out_text, at, literal);
        at += literal;
        if (*at == '\0')
            break;
        if (!read_variable(at, &variable, &len, e))
            return false;
        at += len;
        switch (variable) {
        case VARIABLE_INDEX:
            buf_appendf(out_text, "%llu", (unsigned long long)device);
            break;
        case VARIABLE_PROFILE:
            append_escaped(out_text, profile < scenario->devices.profile_count
                                         ? scenario->devices.profiles[profile].name
                                         : "unknown");
            break;
        case VARIABLE_RUN:
            append_escaped(out_text, run_id);
            break;
        case VARIABLE_NAME:
            append_escaped(out_text, scenario->name);
            break;
        }
    }
    buf_append_byte(out_text, ',');
    buf_append_text(out_text, scenario->devices.marker);
    return buf_ok(out_text, STAGE_CSR, e);
}
