/* A scenario's own simulator: `scepstorm sim` as a child process on a free loopback port. It ends with us,
 * whatever becomes of us, because its standard input then closes. */
#ifndef CLI_SIM_CHILD_H
#define CLI_SIM_CHILD_H

#include "scenario/scenario.h"

struct sim_child;

/* Starts it as the scenario says and waits (at most 30 s) until it listens. Its logs (simulator.logs) go below `folder`. */
bool sim_child_start(const struct scenario *scenario, const char *folder, struct sim_child **out,
                     struct err *e) MUST_USE;
/* The simulator of somebody else's, who has put SIM_CHILD_URL_ENV and SIM_CHILD_PASSWORD_ENV into our environment. It is
 * neither started nor ended here, and its faults begin without us.
 * Fails: REASON_INTERNAL: nobody has. */
#define SIM_CHILD_URL_ENV      "SCEPSTORM_SIM_URL"
#define SIM_CHILD_PASSWORD_ENV "SCEPSTORM_SIM_PASSWORD"
bool sim_child_join(struct sim_child **out, struct err *e) MUST_USE;
/* "http://127.0.0.1:40123"; the credentials of its OTP page. Borrowed. */
const char *sim_child_url(const struct sim_child *child);
const char *sim_child_user(const struct sim_child *child);
const struct secret *sim_child_password(const struct sim_child *child);
/* The clocks of its faults start now. */
void sim_child_start_faults(struct sim_child *child);
/* Ends it and waits; its CPU time in *cpu_us when not NULL. */
void sim_child_stop(struct sim_child *child, int64_t *cpu_us);

#endif
