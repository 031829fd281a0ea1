/* A port whose connections are accepted and then reset: what a middlebox does that dislikes what it sees, and HTTP.sys without
 * a certificate for its port. One thread. */
#ifndef SIM_RESETTER_H
#define SIM_RESETTER_H

#include "base/err.h"

struct sim_resetter;

/* `fd` listens and stays the caller's; it is used until sim_resetter_stop. Fails: REASON_IO, REASON_NO_MEMORY. */
bool sim_resetter_start(int fd, struct sim_resetter **out, struct err *e) MUST_USE;
/* NULL is fine. */
void sim_resetter_stop(struct sim_resetter *resetter);

#endif
