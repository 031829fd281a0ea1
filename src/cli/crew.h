/* Shards on this machine: `run --workers N` starts itself N times, starts them all at one moment and merges what they bring.
 *
 * A member of the crew (run --supervised) says on its stdout, line by line, "ready" when it could begin, then what became of
 * its devices. It is told its clock zero on its stdin ("start SECONDS"), and ends when that closes before. Secrets travel in
 * its environment: the password of the shared simulator, the salt for fingerprints of passwords. */
#ifndef CLI_CREW_H
#define CLI_CREW_H

#include "cli/child.h"
#include "cli/run_options.h"
#include "measure/measure.h"

/* Where a member that was started with --feeds sends its facts (live_feed). */
#define CREW_FEED_FD CHILD_EXTRA_FD

/* The whole of `run --workers`. Returns the exit code. */
int crew_run(const struct run_options *options);

/* ---- of a member ---- */

/* Says that it is ready and waits for the moment, Unix seconds. A SIGTERM comes when the parent is gone.
 * Fails: REASON_ABORTED: there is no parent any more. */
bool crew_wait(int64_t *start_at_s, struct err *e) MUST_USE;
void crew_tell(const struct measure *m);

#endif
