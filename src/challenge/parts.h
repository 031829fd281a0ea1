/* Shared by the files of this room. */
#ifndef CHALLENGE_PARTS_H
#define CHALLENGE_PARTS_H

#include "challenge/challenge.h"

/* Intune's blobs have 5.5 KiB, the longest that is known. */
#define CHALLENGE_VALUE_MAX ((size_t)16 << 10)

/* Why these bytes are no challenge: "is empty", "has a control character" ...; NULL: they may be one. */
const char *challenge_value_flaw(struct span value);

/* ---- templates ---- */

enum challenge_variable {
    CHALLENGE_VAR_INDEX,
    CHALLENGE_VAR_NAME,
    CHALLENGE_VAR_PROFILE,
    CHALLENGE_VAR_RUN,
    CHALLENGE_VAR_SUBJECT,
    CHALLENGE_VAR_SAN,
    CHALLENGE_VAR_SECRET,
    CHALLENGE_VAR_COUNT,
    CHALLENGE_VARIABLES
};
#define CHALLENGE_BIT(variable) (1U << (variable))
/* What makes a challenge good for one device only. */
#define CHALLENGE_PER_DEVICE                                                                                 \
    (CHALLENGE_BIT(CHALLENGE_VAR_INDEX) | CHALLENGE_BIT(CHALLENGE_VAR_PROFILE) |                             \
     CHALLENGE_BIT(CHALLENGE_VAR_SUBJECT) | CHALLENGE_BIT(CHALLENGE_VAR_SAN))

/* Where a value goes decides how it is escaped. */
enum challenge_place {
    CHALLENGE_IN_TEXT,   /* as it is: arguments of a command, bodies of unknown types */
    CHALLENGE_IN_URL,    /* percent-encoded; forms too */
    CHALLENGE_IN_HEADER, /* as it is, but a control character is refused */
    CHALLENGE_IN_JSON,   /* inside a string; {san} alone brings its own brackets and quotes */
    CHALLENGE_IN_XML,
};

struct challenge_values {
    const struct challenge_device *device; /* NULL: nobody's, its variables are empty */
    const struct secret *secret;           /* NULL: empty */
    unsigned count;
};

/* A variable is '{', a word, '}'. "{{" is a brace; so is a '{' that no letter follows, which makes JSON readable.
 * The bits of the variables in it; broken ones are not counted. */
unsigned challenge_template_uses(const char *text);
/* Fails: REASON_SCENARIO when it holds another variable than those allowed, with a suggestion. */
bool challenge_template_check(const char *text, unsigned allowed, struct err *e) MUST_USE;
/* Appends. Fails: REASON_NO_MEMORY, REASON_LIMIT (the ceiling of `out`), REASON_USAGE (a control character in a
 * header). */
bool challenge_template_fill(const char *text, enum challenge_place place,
                             const struct challenge_values *values, struct buf *out, struct err *e) MUST_USE;

/* How values are escaped in a body of this content type. */
enum challenge_place challenge_body_place(const char *content_type);

/* ---- answers ---- */

/* Fails: REASON_SCENARIO. "$.data[0].challenge", "$['odd key']", "$". */
bool challenge_json_path_check(const char *path, struct err *e) MUST_USE;
bool challenge_regex_check(const char *regex, struct err *e) MUST_USE;

#endif
