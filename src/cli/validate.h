/* Parts of `scepstorm validate`. */
#ifndef CLI_VALIDATE_H
#define CLI_VALIDATE_H

#include "scenario/scenario.h"

/* Where challenges come from, in words, on stdout; and what would stop a run from here. */
void validate_print_challenge(const struct scenario *scenario);
void validate_print_challenge_notes(const struct scenario *scenario);

#endif
