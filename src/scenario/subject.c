#include "scenario/subject.h"

#include "base/text.h"
#include "scenario/csv.h"
#include "scenario/scenario.h"

/* Variables are numbered: these first, then the columns of devices.csv. */
enum variable { VARIABLE_INDEX, VARIABLE_PROFILE, VARIABLE_RUN, VARIABLE_NAME, VARIABLE_COLUMN };

static const char *const builtin[] = {"index", "profile", "run", "name", NULL};

/* Whose template is filled in. */
struct identity {
    const struct scenario *scenario;
    uint64_t device;
    unsigned profile;
    const char *run_id;
};

static bool fail_unknown(const char *word, const struct scenario_csv *csv, struct err *e)
{
    const char *near = text_nearest(word, builtin);
    if (near == NULL && csv != NULL)
        near = text_nearest(word, scenario_csv_columns(csv));
    if (near != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no variable {%s}; did you mean {%s}?", word,
                       near);
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "there is no variable {%s}; there are {index} {profile} {run} {name}%s", word,
                   csv != NULL ? " and the columns of devices.csv" : "");
}

/* Reads "{name}" at `at` (the brace); *len is the length with both braces. */
static bool read_variable(const char *at, const struct scenario_csv *csv, size_t *out, size_t *len,
                          struct err *e)
{
    char word[40];
    const char *end = strchr(at, '}');
    size_t letters = end == NULL ? 0 : (size_t)(end - at) - 1;
    if (letters == 0 || letters >= sizeof word)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "after '{' a variable must follow: {index} {profile} {run} {name}");
    memcpy(word, at + 1, letters);
    word[letters] = '\0';
    *len = letters + 2;
    for (*out = 0; *out < VARIABLE_COLUMN; ++*out) {
        if (strcmp(builtin[*out], word) == 0)
            return true;
    }
    const char *const *columns = csv == NULL ? &builtin[VARIABLE_COLUMN] : scenario_csv_columns(csv);
    for (size_t i = 0; columns[i] != NULL; i++, ++*out) {
        if (strcmp(columns[i], word) == 0)
            return true;
    }
    return fail_unknown(word, csv, e);
}

static bool check_variables(const char *at, const struct scenario_csv *csv, struct err *e)
{
    while ((at = strchr(at, '{')) != NULL) {
        size_t ignored = 0, len = 0;
        if (!read_variable(at, csv, &ignored, &len, e))
            return false;
        at += len;
    }
    return true;
}

bool scenario_template_uses(const char *at, const struct scenario_csv *csv, size_t column)
{
    while ((at = strchr(at, '{')) != NULL) {
        size_t variable = 0, len = 0;
        if (!read_variable(at, csv, &variable, &len, NULL))
            return false;
        if (variable == VARIABLE_COLUMN + column)
            return true;
        at += len;
    }
    return false;
}

bool scenario_subject_check(const char *template_text, const struct scenario_csv *csv, struct err *e)
{
    if (strchr(template_text, '=') == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a subject has the form CN={profile}-{index},O=Example");
    return check_variables(template_text, csv, e);
}

bool scenario_san_check(const char *template_text, const struct scenario_csv *csv, struct err *e)
{
    static const char *const kinds[] = {"dns", "email", "uri", "ip", "upn"};
    size_t len = strcspn(template_text, ":");
    bool known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        known |= strlen(kinds[i]) == len && strncmp(template_text, kinds[i], len) == 0;
    if (!known || template_text[len] != ':' || template_text[len + 1] == '\0')
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "'%.40s' does not begin with dns: email: uri: ip: or upn: and a name", template_text);
    return check_variables(template_text, csv, e);
}

bool scenario_sid_check(const char *template_text, const struct scenario_csv *csv, struct err *e)
{
    if (template_text[0] != '{' && strncmp(template_text, "S-1-", 4) != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "a SID has the form S-1-5-21-1004336348-1177238915-{index}");
    return check_variables(template_text, csv, e);
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

/* The value of a variable, wherever it comes from; `digits` is room for a number. */
static const char *value_of(const struct identity *who, size_t variable, char digits[24])
{
    const struct scenario *s = who->scenario;
    switch (variable) {
    case VARIABLE_INDEX:
        snprintf(digits, 24, "%llu", (unsigned long long)who->device);
        return digits;
    case VARIABLE_PROFILE:
        return who->profile < s->devices.profile_count ? s->devices.profiles[who->profile].name : "unknown";
    case VARIABLE_RUN:
        return who->run_id;
    case VARIABLE_NAME:
        return s->name;
    }
    size_t row = (size_t)(who->device % scenario_csv_rows(s->devices.rows));
    return scenario_csv_cell(s->devices.rows, row, variable - VARIABLE_COLUMN);
}

static bool fill(const struct identity *who, const char *at, bool in_name, struct buf *out, struct err *e)
{
    while (*at != '\0') {
        size_t literal = strcspn(at, "{"), len = 0, variable = 0;
        char digits[24];
        buf_append(out, at, literal);
        at += literal;
        if (*at == '\0')
            break;
        if (!read_variable(at, who->scenario->devices.rows, &variable, &len, e))
            return false;
        at += len;
        const char *value = value_of(who, variable, digits);
        if (in_name)
            append_escaped(out, value);
        else
            buf_append_text(out, value);
    }
    return true;
}

bool scenario_subject(const struct scenario *scenario, uint64_t device, unsigned profile, const char *run_id,
                      struct buf *out_text, struct err *e)
{
    struct identity who = {scenario, device, profile, run_id};
    if (!fill(&who, scenario->devices.subject, true, out_text, e))
        return false;
    buf_append_byte(out_text, ',');
    buf_append_text(out_text, scenario->devices.marker);
    return buf_ok(out_text, STAGE_CSR, e);
}

bool scenario_san(const struct scenario *scenario, uint64_t device, unsigned profile, const char *run_id,
                  size_t i, struct buf *out_text, struct err *e)
{
    struct identity who = {scenario, device, profile, run_id};
    return fill(&who, scenario->devices.san[i], false, out_text, e) && buf_ok(out_text, STAGE_CSR, e);
}

bool scenario_sid(const struct scenario *scenario, uint64_t device, unsigned profile, const char *run_id,
                  struct buf *out_text, struct err *e)
{
    struct identity who = {scenario, device, profile, run_id};
    return fill(&who, scenario->devices.sid, false, out_text, e) && buf_ok(out_text, STAGE_CSR, e);
}
