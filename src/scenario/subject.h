#ifndef SCENARIO_SUBJECT_H
#define SCENARIO_SUBJECT_H

#include "base/bytes.h"

struct scenario_csv;

/* That a template has only known variables: {index} {profile} {run} {name}, and the columns of `csv` (NULL: none). A subject
 * has the form TYPE=value; an alternative name begins with dns: email: uri: ip: upn:; a SID with S-1-. A marker is one
 * TYPE=value. Fails: REASON_USAGE, what is wrong, without a place. */
bool scenario_subject_check(const char *template_text, const struct scenario_csv *csv,
                            struct err *e) MUST_USE;
bool scenario_san_check(const char *template_text, const struct scenario_csv *csv, struct err *e) MUST_USE;
bool scenario_sid_check(const char *template_text, const struct scenario_csv *csv, struct err *e) MUST_USE;
bool scenario_marker_check(const char *marker, struct err *e) MUST_USE;
/* Whether a template uses this column. */
bool scenario_template_uses(const char *template_text, const struct scenario_csv *csv, size_t column);

#endif
