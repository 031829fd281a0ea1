/* Rules that hold between keys. */
#ifndef SCENARIO_CHECK_H
#define SCENARIO_CHECK_H

#include "scenario/read.h"

/* Fills in what depends on other keys (the challenge source with a simulator, NDES's path in a bare URL, the only
 * profile) and checks the rest. Fails: REASON_SCENARIO with place. */
bool scenario_check(struct scenario_reader *r, struct err *e) MUST_USE;

/* For the files that check: the error at a key, or at the nearest map around it that is written down (returns false); a text
 * replaced; where the i-th element of a list is written. */
bool scenario_check_fail(const struct scenario_reader *r, const char *path, struct err *e, const char *what);
bool scenario_check_set(char **to, const char *text, struct err *e) MUST_USE;
int scenario_check_item(const struct scenario_reader *r, const char *list, size_t i);

/* `devices`, in devices.c: templates, rows, personas. */
bool scenario_check_devices(const struct scenario_reader *r, struct err *e) MUST_USE;

/* `load`, in load.c: one phase as it is read, and all together. */
bool scenario_check_phase(const struct scenario_reader *r, int node, struct load_phase *phase,
                          struct err *e) MUST_USE;
bool scenario_check_load(const struct scenario_reader *r, struct err *e) MUST_USE;
/* Whether this key of a phase ("rate") says something about it. */
bool scenario_phase_has(const struct load_phase *phase, const char *word);

/* `challenge`, in challenge.c; before that, that every key which is written says something. */
bool scenario_check_challenge(const struct scenario_reader *r, struct err *e) MUST_USE;
bool scenario_check_applies(const struct scenario_reader *r, struct err *e) MUST_USE;

/* Where devices get their challenge from when the simulator is the target and nothing is said. */
enum challenge_source scenario_check_simulated_source(const struct scenario *scenario);
/* What only the simulator's keys ask for, and which challenges its modes know. */
bool scenario_check_simulator(const struct scenario_reader *r, struct err *e) MUST_USE;
bool scenario_check_account(const struct scenario_reader *r, int node, const struct scenario_account *account,
                            struct err *e) MUST_USE;
/* All there is to check of one that stands alone. */
bool scenario_check_alone(const struct scenario_reader *r, struct err *e) MUST_USE;

#endif
