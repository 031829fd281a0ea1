/* Requests in words, for people who look into a failure. */
#ifndef SCEP_DESCRIBE_H
#define SCEP_DESCRIBE_H

#include "base/bytes.h"

/* Each appends lines "name: value\n", dots in names where they nest ("signer.subject: CN=..."), ASCII control characters as
 * '?'. What cannot be read is left out, with a line "unreadable: why". Any thread.
 *
 * Nothing secret: a pkiMessage is not opened, and of a challengePassword only type and length are told. */
void scep_describe_request(struct span message, struct buf *out);
void scep_describe_csr(struct span csr, struct buf *out);

#endif
