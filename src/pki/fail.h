/* Room-internal (pki, scep): OpenSSL's failures become ours here and nowhere else. */
#ifndef PKI_FAIL_H
#define PKI_FAIL_H

#include "base/err.h"

/* Takes the newest entry of this thread's OpenSSL queue for the text, empties the queue, returns false. */
bool pki_fail(struct err *e, enum stage stage, enum reason reason, const char *what);
/* Forgets OpenSSL's complaints about something that we handled ourselves. */
void pki_forget_errors(void);

/* Parsers do not know at which step of an enrollment they run. The function that does know passes its result
 * through here: a failure without a stage gets this one. */
bool pki_at_stage(bool ok, enum stage stage, struct err *e);

#endif
