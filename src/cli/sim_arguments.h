/* A described simulator as options of `scepstorm sim`. */
#ifndef CLI_SIM_ARGUMENTS_H
#define CLI_SIM_ARGUMENTS_H

#include "scenario/scenario.h"

/* Begins all zero. The texts are its own. */
struct sim_arguments {
    char **argv; /* NULL-terminated, "scepstorm sim" first */
    size_t count, room;
    bool failed; /* no memory: nothing more is added */
};

void sim_arguments_clear(struct sim_arguments *a);

/* NULL: a flag alone. */
void sim_arguments_add(struct sim_arguments *a, const char *option, const char *value);
/* What the simulator of a scenario is and does, but for where it listens and who may log on.
 * Fails: REASON_NO_MEMORY. */
bool sim_arguments_simulator(struct sim_arguments *a, const struct scenario *s, struct err *e) MUST_USE;
/* All of a simulator that stands alone. */
bool sim_arguments_server(struct sim_arguments *a, const struct scenario *s, struct err *e) MUST_USE;

#endif
