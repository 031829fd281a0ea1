#include "persona/table.h"

#include "base/text.h"

static const struct persona_table *const tables[] = {&persona_rfc8894, &persona_windows, &persona_ios,
                                                     &persona_macos,   &persona_android, &persona_cisco,
                                                     &persona_sscep};
#define TABLE_COUNT (sizeof tables / sizeof tables[0])

const char *persona_basis_name(enum persona_basis basis)
{
    static const char *const names[] = {
        [PERSONA_UNSET] = "unset",       [PERSONA_DOCUMENTED] = "documented", [PERSONA_OBSERVED] = "observed",
        [PERSONA_INFERRED] = "inferred", [PERSONA_OVERRIDDEN] = "overridden",
    };
    return names[basis];
}

const char *const *persona_names(void)
{
    static const char *const names[] = {"rfc8894", "windows", "ios",   "macos",
                                        "android", "cisco",   "sscep", NULL};
    return names;
}

static bool load(const struct persona_table *t, struct persona *out, struct err *e)
{
    struct persona p = {.summary = t->summary};
    snprintf(p.name, sizeof p.name, "%s", t->name);
    for (size_t i = 0; i < t->count; i++) {
        const struct persona_row *row = &t->rows[i];
        struct err why = {0};
        if (!persona_set(&p, row->knob, row->value, &why))
            return err_set(e, STAGE_SETUP, REASON_INTERNAL, "persona %s, %s: %s", t->name,
                           persona_knobs()[row->knob].name, why.text);
        p.basis[row->knob].basis = row->basis;
        p.basis[row->knob].source = row->source;
    }
    *out = p;
    return true;
}

bool persona_find(const char *name, struct persona *out, struct err *e)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(tables[i]->name, name) == 0)
            return load(tables[i], out, e);
    }
    const char *nearest = text_nearest(name, persona_names());
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "there is no persona '%.40s'%s%s%s (scepstorm personas lists them)", name,
                   nearest != NULL ? "; is " : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? " meant?" : "");
}

/* Two lines each: what it is set to, then what it means and what it rests on. */
bool persona_describe(const struct persona *p, struct buf *out, struct err *e)
{
    buf_appendf(out, "%s: %s\n", p->name, p->summary);
    struct buf value;
    buf_init(&value, 4096);
    for (size_t i = 0; i < PERSONA_KNOB_COUNT; i++) {
        const struct persona_knob *k = &persona_knobs()[i];
        buf_reset(&value);
        persona_value(p, (enum persona_knob_id)i, &value);
        buf_appendf(out, "\n%-24s  ", k->name);
        buf_append_text(out, value.len == 0 ? "\"\"" : "");
        buf_append_span(out, buf_span(&value));
        buf_appendf(out, "\n    %s\n    %s%s%s\n", k->doc, persona_basis_name(p->basis[i].basis),
                    p->basis[i].source[0] != '\0' ? ": " : "", p->basis[i].source);
    }
    bool ok = !value.failed || buf_ok(&value, STAGE_SETUP, e);
    buf_clear(&value);
    return ok && buf_ok(out, STAGE_SETUP, e);
}

/* Polling. */

int64_t persona_poll_delay(const struct persona *p, unsigned poll, double draw)
{
    if (poll <= 1 && p->poll_first_at_once)
        return 0;
    return (int64_t)((double)p->poll_interval * (1 + p->poll_jitter * (2 * draw - 1)));
}

bool persona_polls_on(const struct persona *p, unsigned done, int64_t waited_us)
{
    return done < p->polls && (p->poll_for == 0 || waited_us < p->poll_for);
}

/* Verdict. */

unsigned persona_check_of(enum reason reason)
{
    static const struct {
        enum reason reason;
        unsigned check;
    } checks[] = {
        {REASON_SIGNER_UNKNOWN, SCEP_CHECK_SIGNER},
        {REASON_BAD_SIGNATURE, SCEP_CHECK_SIGNATURE},
        {REASON_BAD_DIGEST, SCEP_CHECK_SIGNATURE},
        {REASON_SIGNED_CONTENT_TYPE, SCEP_CHECK_CONTENT_TYPE},
        {REASON_MESSAGE_TYPE, SCEP_CHECK_MESSAGE_TYPE},
        {REASON_TRANSACTION_MISMATCH, SCEP_CHECK_TRANSACTION},
        {REASON_NONCE_MISMATCH, SCEP_CHECK_NONCE},
        {REASON_STATUS_UNKNOWN, SCEP_CHECK_STATUS},
        {REASON_STATUS_CONTENT, SCEP_CHECK_CONTENT},
        {REASON_KEY_MISMATCH, PERSONA_CHECK_KEY},
        {REASON_SUBJECT_MISMATCH, PERSONA_CHECK_SUBJECT},
        {REASON_CHAIN, PERSONA_CHECK_CHAIN},
        {REASON_CERT_EXPIRED, PERSONA_CHECK_VALIDITY},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (checks[i].reason == reason)
            return checks[i].check;
    }
    return 0;
}
