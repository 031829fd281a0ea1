/* Room-internal: our DER messages in the BER dress that some clients use (jscep, Apple): indefinite lengths on the outer
 * elements, content as constructed strings in pieces of 1000 bytes. Sets that get hashed or signed stay DER. */
#ifndef SCEP_BER_H
#define SCEP_BER_H

#include "base/bytes.h"

/* ContentInfo { SignedData }, ContentInfo { EnvelopedData }; appended. */
bool scep_ber_signed(struct span der, struct buf *out, struct err *e) MUST_USE;
bool scep_ber_enveloped(struct span der, struct buf *out, struct err *e) MUST_USE;

#endif
