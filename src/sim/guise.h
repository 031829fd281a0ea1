/* Other certificates than the simulated server's own: what GetCACert serves when they have run out, were renewed by halves, or
 * belong to somebody else. Each is a whole identity, so that requests made for it can be opened and answered. */
#ifndef SIM_GUISE_H
#define SIM_GUISE_H

#include "sim/effects.h"
#include "sim/identity.h"

struct sim_guises;

/* `own` is borrowed for the life of the guises. */
bool sim_guises_new(const struct sim_identity *own, struct sim_guises **out, struct err *e) MUST_USE;
void sim_guises_free(struct sim_guises *guises);

/* The identity of a guise; made at first use, a few tenths of a second where that takes keys, and kept. `until_s` counts for
 * SIM_GUISE_RA_UNTIL alone; beyond some dozens of dates the last one is given for any. Borrowed. Any thread.
 * NULL: it could not be made. */
const struct sim_identity *sim_guises_get(struct sim_guises *guises, enum sim_guise guise, int64_t until_s,
                                          struct err *e);

#endif
