/* Rules about devices: who they are, and how they speak. */
#include "base/text.h"
#include "pki/general_name.h"
#include "pki/name.h"
#include "scenario/check.h"
#include "scenario/csv.h"
#include "scenario/subject.h"

/* ---- names ---- */

static bool check_sans(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    for (size_t i = 0; i < s->devices.san_count; i++) {
        struct err why = {0};
        if (!scenario_san_check(s->devices.san[i], s->devices.rows, &why))
            return scenario_document_fail(r->document, scenario_check_item(r, "devices.san", i), e,
                                          "devices.san[%zu]: %s", i, why.text);
    }
    return true;
}

static bool check_templates(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    struct err why = {0};
    if (!scenario_subject_check(s->devices.subject, s->devices.rows, &why))
        return scenario_check_fail(r, "devices.subject", e, why.text);
    if (!scenario_marker_check(s->devices.marker, &why))
        return scenario_check_fail(r, "devices.marker", e, why.text);
    if (s->devices.sid != NULL && !scenario_sid_check(s->devices.sid, s->devices.rows, &why))
        return scenario_check_fail(r, "devices.sid", e, why.text);
    return check_sans(r, e);
}

static bool is_used(const struct scenario *s, size_t column)
{
    bool used = scenario_template_uses(s->devices.subject, s->devices.rows, column) ||
                (s->devices.sid != NULL && scenario_template_uses(s->devices.sid, s->devices.rows, column));
    for (size_t i = 0; i < s->devices.san_count; i++)
        used = used || scenario_template_uses(s->devices.san[i], s->devices.rows, column);
    return used;
}

/* A cell that a name is made of: what is wrong with it would only be noticed when its device makes its request. */
static bool check_cell(const struct scenario_reader *r, size_t row, size_t column, struct err *e)
{
    const struct scenario *s = r->scenario;
    const char *cell = scenario_csv_cell(s->devices.rows, row, column);
    const char *wrong = cell[0] == '\0' ? "is empty" : strchr(cell, '\n') != NULL ? "has a line break" : NULL;
    return wrong == NULL || scenario_document_fail(r->document, scenario_read_place(r, "devices.csv"), e,
                                                   "devices.csv: %.60s:%zu: %s %s", s->devices.csv,
                                                   scenario_csv_line(s->devices.rows, row),
                                                   scenario_csv_columns(s->devices.rows)[column], wrong);
}

static bool check_cells(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    const struct scenario_csv *rows = s->devices.rows;
    bool any = false;
    for (size_t column = 0; scenario_csv_columns(rows)[column] != NULL; column++) {
        if (!is_used(s, column))
            continue;
        any = true;
        for (size_t row = 0; row < scenario_csv_rows(rows); row++) {
            if (!check_cell(r, row, column, e))
                return false;
        }
    }
    return any || scenario_check_fail(r, "devices.csv", e,
                                      "no template uses a column of it: write {column} in devices.subject");
}

static bool check_row_count(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    size_t rows = scenario_csv_rows(s->devices.rows);
    if (s->devices.csv_reuse || (s->devices.count > 0 && s->devices.count <= rows))
        return true;
    int place = scenario_read_place(r, "devices.csv");
    if (s->devices.count == 0)
        return scenario_document_fail(r->document, place, e,
                                      "devices.csv: it has %zu rows: say devices.count (%zu or fewer), or "
                                      "csv_reuse: true",
                                      rows, rows);
    return scenario_document_fail(
        r->document, place, e, "devices.csv: it has %zu rows for %llu devices: add rows, or csv_reuse: true",
        rows, (unsigned long long)s->devices.count);
}

static bool check_rows(const struct scenario_reader *r, struct err *e)
{
    struct scenario *s = r->scenario;
    struct err why = {0};
    if (s->devices.csv == NULL)
        return check_templates(r, e);
    if (!scenario_csv_load(s->devices.csv, &s->devices.rows, &why))
        return scenario_check_fail(r, "devices.csv", e, why.text);
    return check_row_count(r, e) && check_templates(r, e) && check_cells(r, e);
}

/* ---- personas ---- */

/* The node below a key of a map; the map itself when the key is not written. */
static int child(const struct scenario_reader *r, int map, const char *word)
{
    const yaml_node_t *n = scenario_document_node(r->document, map);
    const yaml_node_pair_t *pair = n->data.mapping.pairs.start;
    for (; n->type == YAML_MAPPING_NODE && pair < n->data.mapping.pairs.top; pair++) {
        const char *key = scenario_document_text(r->document, pair->key);
        if (key != NULL && strcmp(key, word) == 0)
            return pair->value;
    }
    return map;
}

static bool default_profile(struct scenario *s, struct err *e)
{
    if (s->devices.profile_count > 0)
        return true;
    s->devices.profiles = calloc(1, sizeof *s->devices.profiles);
    if (s->devices.profiles == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the scenario");
    s->devices.profile_count = 1;
    s->devices.profiles[0].weight = 1;
    return scenario_check_set(&s->devices.profiles[0].name, PERSONA_DEFAULT, e);
}

/* Results want one name for each element. */
static void label(struct scenario *s, size_t i)
{
    struct scenario_profile *p = &s->devices.profiles[i];
    size_t number = 1;
    for (size_t k = 0; k < i; k++)
        number += strcmp(s->devices.profiles[k].name, p->name) == 0;
    if (number == 1)
        snprintf(p->label, sizeof p->label, "%s", p->name);
    else
        snprintf(p->label, sizeof p->label, "%.24s-%zu", p->name, number);
}

static bool apply_renewal(const struct scenario *s, struct persona *p, struct err *e)
{
    return (s->devices.renewal_how == NULL || persona_override(p, "renewal", s->devices.renewal_how, e)) &&
           (s->devices.renewal_key == NULL || persona_override(p, "renewal_key", s->devices.renewal_key, e));
}

static bool apply_settings(const struct scenario_reader *r, size_t i, int node, struct err *e)
{
    struct scenario_profile *p = &r->scenario->devices.profiles[i];
    for (size_t k = 0; k < p->setting_count; k++) {
        struct err why = {0};
        if (persona_override(&p->persona, p->settings[k].knob, p->settings[k].value, &why))
            continue;
        int place = child(r, child(r, node, "set"), p->settings[k].knob);
        return scenario_document_fail(r->document, place, e, "devices.profiles[%zu].set: %s", i, why.text);
    }
    return true;
}

static bool resolve(const struct scenario_reader *r, size_t i, struct err *e)
{
    const struct scenario *s = r->scenario;
    struct scenario_profile *p = &s->devices.profiles[i];
    bool written = scenario_read_place(r, "devices.profiles") != 0;
    int node = written ? scenario_check_item(r, "devices.profiles", i) : 0;
    struct err why = {0};
    if (!persona_find(p->name, &p->persona, &why))
        return scenario_document_fail(r->document, child(r, node, "name"), e,
                                      "devices.profiles[%zu].name: %s", i, why.text);
    label(r->scenario, i);
    return apply_renewal(s, &p->persona, e) && apply_settings(r, i, node, e);
}

static bool check_sid_is_sent(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    bool sent = s->devices.sid == NULL;
    for (size_t i = 0; i < s->devices.profile_count; i++)
        sent = sent || s->devices.profiles[i].persona.csr_sid != PERSONA_SID_NONE;
    return sent || scenario_check_fail(r, "devices.sid", e,
                                       "no profile sends a SID; add  set: {csr_sid: extension}  to one");
}

/* Replies are encrypted to the signer's key, and nothing can be encrypted to an EC key here. */
static bool check_ec_renewal(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    bool renews = false, signs = false;
    for (size_t i = 0; i < s->devices.then_count; i++)
        renews |= s->devices.then[i] == SCENARIO_THEN_RENEW;
    for (size_t i = 0; i < s->devices.profile_count; i++)
        signs |= s->devices.profiles[i].persona.renewal != PERSONA_RENEWAL_RE_ENROLL;
    return s->devices.key_type != SCENARIO_KEY_EC || !renews || !signs ||
           scenario_check_fail(
               r, "devices.then", e,
               "a certificate with an EC key cannot sign its renewal: set devices.renewal.how: "
               "re_enroll, or RSA keys");
}

/* ---- names, filled in ---- */

#define RUN_ID_SAMPLE "20260101T000000Z"

/* What a device would put into its request: 0 is the subject, i + 1 the i-th alternative name. */
static bool build_name(const struct scenario *s, uint64_t device, unsigned profile, size_t which,
                       struct err *why)
{
    struct buf text, der;
    buf_init(&text, BYTES_MAX_MESSAGE);
    buf_init(&der, BYTES_MAX_MESSAGE);
    bool ok = which == 0 ? scenario_subject(s, device, profile, RUN_ID_SAMPLE, &text, why)
                         : scenario_san(s, device, profile, RUN_ID_SAMPLE, which - 1, &text, why);
    const char *name = ok ? buf_text(&text) : NULL;
    ok = ok && (name != NULL || buf_ok(&text, STAGE_SETUP, why));
    ok = ok && (which == 0 ? pki_name_from_text(name, &der, why)
                           : pki_general_names_from_texts(&name, 1, &der, why));
    buf_clear(&der);
    buf_clear(&text);
    return ok;
}

/* A variable's value is to blame as often as the template: say whose it is. */
static bool fail_name(const struct scenario_reader *r, uint64_t device, size_t which, const struct err *why,
                      struct err *e)
{
    const struct scenario *s = r->scenario;
    const char *written = which == 0 ? s->devices.subject : s->devices.san[which - 1];
    int place = which == 0 ? scenario_read_place(r, "devices.subject")
                           : scenario_check_item(r, "devices.san", which - 1);
    char who[40] = "", what[40] = "devices.subject";
    if (which > 0)
        snprintf(what, sizeof what, "devices.san[%zu]", which - 1);
    if (strchr(written, '{') != NULL)
        snprintf(who, sizeof who, " of device %llu", (unsigned long long)device);
    return scenario_document_fail(r->document, place, e, "%s%s: %s", what, who, why->text);
}

static bool check_name(const struct scenario_reader *r, uint64_t device, unsigned profile, size_t which,
                       struct err *e)
{
    struct err why = {0};
    return build_name(r->scenario, device, profile, which, &why) || fail_name(r, device, which, &why, e);
}

static bool uses_rows(const struct scenario *s, size_t which)
{
    const char *written = which == 0 ? s->devices.subject : s->devices.san[which - 1];
    bool uses = false;
    for (size_t i = 0; s->devices.rows != NULL && scenario_csv_columns(s->devices.rows)[i] != NULL; i++)
        uses = uses || scenario_template_uses(written, s->devices.rows, i);
    return uses;
}

/* The first device and the last, whose number is the longest; with a file each row. What holds for these holds for all but
 * odd templates. */
static bool check_filled(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    uint64_t last = s->devices.count > 0 ? s->devices.count - 1 : 0;
    bool ok = true;
    for (size_t which = 0; ok && which <= s->devices.san_count; which++) {
        for (unsigned profile = 0; ok && profile < s->devices.profile_count; profile++)
            ok = check_name(r, 0, profile, which, e) && check_name(r, last, profile, which, e);
        size_t rows = uses_rows(s, which) ? scenario_csv_rows(s->devices.rows) : 0;
        for (size_t row = 0; ok && row < rows; row++)
            ok = check_name(r, row, 0, which, e);
    }
    return ok;
}

/* ---- all of it ---- */

static bool check_validity(const struct scenario_reader *r, struct err *e)
{
    const struct scenario_expect *x = &r->scenario->devices.expect;
    return x->max_validity_us == 0 || x->min_validity_us <= x->max_validity_us ||
           scenario_check_fail(r, "devices.expect.max_validity", e, "it is below min_validity");
}

bool scenario_check_devices(const struct scenario_reader *r, struct err *e)
{
    struct scenario *s = r->scenario;
    if (!check_rows(r, e))
        return false;
    if (!s->devices.key_reuse && s->devices.key_pool == NULL)
        return scenario_check_fail(r, "devices.key.reuse", e,
                                   "a key for each device needs devices.key.pool (scepstorm keygen)");
    if (!default_profile(s, e))
        return false;
    for (size_t i = 0; i < s->devices.profile_count; i++) {
        if (!resolve(r, i, e))
            return false;
    }
    return check_filled(r, e) && check_sid_is_sent(r, e) && check_ec_renewal(r, e) && check_validity(r, e);
}
