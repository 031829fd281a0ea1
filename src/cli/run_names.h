/* What a run is called, and its parts: known before its load begins, the same for all who tell it. */
#ifndef CLI_RUN_NAMES_H
#define CLI_RUN_NAMES_H

#include "report/report.h"
#include "scenario/scenario.h"

struct run_names {
    char (*labels)[SCENARIO_PHASE_LABEL_BYTES];
    const char **phases; /* pointers to those */
    const char *profiles[MEASURE_MAX_PROFILES];
};

/* Borrows from the scenario. run_names_clear in any case. Fails: REASON_NO_MEMORY. */
bool run_names_make(struct run_names *names, const struct scenario *s, struct err *e) MUST_USE;
void run_names_clear(struct run_names *names);

/* Fills in what follows from the scenario alone; borrows from all of them. `authorized` NULL: as the scenario says. */
void run_names_introduce(const struct run_names *names, const struct scenario *s, const char *authorized,
                         struct report_run *run);

#endif
