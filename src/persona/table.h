/* Room-internal: personas as rows of text, which go through persona_override like anybody else's values. */
#ifndef PERSONA_TABLE_H
#define PERSONA_TABLE_H

#include "persona/persona.h"

struct persona_row {
    enum persona_knob_id knob;
    const char *value;
    enum persona_basis basis;
    const char *source;
};
struct persona_table {
    const char *name;
    const char *summary;
    const struct persona_row *rows; /* one per knob */
    size_t count;
};

/* A row by its basis. */
#define PERSONA_DOC(knob, value, source)                                                                     \
    {                                                                                                        \
        PERSONA_KNOB_##knob, value, PERSONA_DOCUMENTED, source                                               \
    }
#define PERSONA_OBS(knob, value, source)                                                                     \
    {                                                                                                        \
        PERSONA_KNOB_##knob, value, PERSONA_OBSERVED, source                                                 \
    }
#define PERSONA_INF(knob, value, source)                                                                     \
    {                                                                                                        \
        PERSONA_KNOB_##knob, value, PERSONA_INFERRED, source                                                 \
    }

extern const struct persona_table persona_rfc8894, persona_windows, persona_ios, persona_macos,
    persona_android, persona_cisco, persona_sscep;

/* Sets a knob by its id; the text of the error has no knob name in it. */
bool persona_set(struct persona *p, enum persona_knob_id knob, const char *value, struct err *e) MUST_USE;

/* A text with {cn} {serial} {address} filled in (values escaped for pki_name_from_text), appended.
 * Fails: REASON_USAGE for an unknown variable. */
bool persona_fill_rdn(const char *text, struct span cn, uint64_t index, struct buf *out,
                      struct err *e) MUST_USE;

/* The value of a choice knob as a number. */
static inline unsigned persona_choice_of(const void *field)
{
    unsigned value;
    memcpy(&value, field, sizeof value);
    return value;
}

#endif
