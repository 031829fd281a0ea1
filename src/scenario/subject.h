#ifndef SCENARIO_SUBJECT_H
#define SCENARIO_SUBJECT_H

#include "base/bytes.h"

/* That a subject template has only known variables, and a marker the form TYPE=value.
 * Fails: REASON_USAGE, what is wrong, without a place. */
bool scenario_subject_check(const char *template_text, struct err *e) MUST_USE;
bool scenario_marker_check(const char *marker, struct err *e) MUST_USE;

#endif
