/* Other certificates than the simulated server's own: what GetCACert serves when they have run out, were renewed by halves, or
 * belong to somebody else. Each is a whole identity, so that requests made for it can be opened and answered. */
#ifndef NDES_GUISE_H
#define NDES_GUISE_H

#include "ndes/effects.h"
#include "ndes/identity.h"

struct ndes_guises;

/* `own` is borrowed for the life of the guises. */
bool ndes_guises_new(const struct ndes_identity *own, struct ndes_guises **out, struct err *e) MUST_USE;
void ndes_guises_free(struct ndes_guises *guises);

/* The identity of a guise; made at first use, a few tenths of a second where that takes keys, and kept. `until_s` counts for
 * NDES_GUISE_RA_UNTIL alone; beyond some dozens of dates the last one is given for any. Borrowed. Any thread.
 * NULL: it could not be made. */
const struct ndes_identity *ndes_guises_get(struct ndes_guises *guises, enum ndes_guise guise,
                                            int64_t until_s, struct err *e);

#endif
