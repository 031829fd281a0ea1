/* Messages that are wrong on purpose, in one place each, and right otherwise: for probes that ask how a server takes them.
 * Signatures stay consistent with whatever is altered beneath them. */
#ifndef SCEP_ODDITY_H
#define SCEP_ODDITY_H

#include "base/bytes.h"

struct scep_oddity {
    bool message_digest;    /* the signed messageDigest is not that of the content */
    bool signature;         /* the signature does not verify */
    bool envelope;          /* the encrypted content was altered after encryption: its padding is gone */
    unsigned signer_copies; /* the signer's certificate comes this many times more: a longer message */
};

/* Room-internal: alters the encrypted content of the EnvelopedData (DER) that starts at `start`. */
bool scep_oddity_spoil_envelope(struct buf *b, size_t start, struct err *e) MUST_USE;

#endif
