/* Rules that hold between keys. */
#ifndef SCENARIO_CHECK_H
#define SCENARIO_CHECK_H

#include "scenario/read.h"

/* Fills in what depends on other keys (the challenge source with a simulator, NDES's path in a bare URL, the only
 * profile) and checks the rest. Fails: REASON_SCENARIO with place. */
bool scenario_check(struct scenario_reader *r, struct err *e) MUST_USE;

#endif
