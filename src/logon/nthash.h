/* The NT hash: MD4 (RFC 1320) of the password as UTF-16LE (MS-NLMP 3.3.1). Handing gss-ntlmssp the hash and not the password
 * spares it OpenSSL's legacy provider at every logon, and its user file has room for every character. */
#ifndef LOGON_NTHASH_H
#define LOGON_NTHASH_H

#include "base/bytes.h"

#define LOGON_NTHASH_BYTES    16
#define LOGON_NTHASH_PASSWORD 256 /* characters at most, as Windows has it */

/* False: longer than LOGON_NTHASH_PASSWORD, or no UTF-8. The hash is as good as the password: wipe it. */
bool logon_nthash(struct span password, uint8_t out[LOGON_NTHASH_BYTES]) MUST_USE;

#endif
