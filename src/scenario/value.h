/* One value of a scenario, between text and field. */
#ifndef SCENARIO_VALUE_H
#define SCENARIO_VALUE_H

#include "scenario/schema.h"

/* Checks `text` against the key's type, range and choices and stores it in its field of `base` (the scenario, or
 * the list element). An earlier text in the field is freed. Lists and maps are read by
 * read.c and lists.c.
 * Fails: REASON_USAGE, what is wrong, without a place; REASON_NO_MEMORY. */
bool scenario_value_parse(const struct scenario_key *key, const char *text, void *base,
                          struct err *e) MUST_USE;

/* The value of one of the key's choices, for lists of them. Fails: REASON_USAGE, as above. */
bool scenario_value_choose(const struct scenario_key *key, const char *text, int *out,
                           struct err *e) MUST_USE;

/* Appends the field as YAML that scenario_value_parse reads back to the same value. False when the field is empty
 * (a text that is not set, a count of 0 without a default): then nothing is appended. */
bool scenario_value_format(const struct scenario_key *key, const void *base, struct buf *out);

/* Appends `text` as a YAML scalar, quoted where a plain one could be misread. */
void scenario_value_quote(const char *text, struct buf *out);

#endif
