/* Takes out of messages what nobody may keep. */
#ifndef SCEP_BLOT_H
#define SCEP_BLOT_H

#include "base/bytes.h"

/* Overwrites what a pkiMessage of ours carries encrypted: whoever has the recipient's key could read the challengePassword there.
 * Lengths stay, so any CMS tool still shows the rest; the signature is void. What cannot be read is wiped and empty then. Any
 * thread. */
void scep_blot_request(struct buf *message);

#endif
