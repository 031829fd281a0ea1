/* As much of NTLMSSP (MS-NLMP 2.2.1) as a server log needs: which message this is, and whom it names. */
#ifndef LOGON_NTLM_H
#define LOGON_NTLM_H

#include "base/bytes.h"

enum logon_ntlm_type {
    LOGON_NTLM_NONE,
    LOGON_NTLM_NEGOTIATE = 1,
    LOGON_NTLM_CHALLENGE = 2,
    LOGON_NTLM_AUTHENTICATE = 3
};

/* The NTLM message in a token: the token itself, or inside the frame of SPNEGO. LOGON_NTLM_NONE: there is none. *message (may be
 * NULL) then is untouched; else it starts at the signature and ends with the token. */
enum logon_ntlm_type logon_ntlm_find(struct span token, struct span *message);

/* "DOMAIN\user" out of an AUTHENTICATE message; "user" when it names no domain. The client's word, proven by nothing. False:
 * the message is cut short, or names nobody, or does not fit. */
bool logon_ntlm_who(struct span message, char *out, size_t out_bytes);

/* Appends the token as gss-ntlmssp wants it. IIS takes messages without the version field, of old Windows and of curl;
 * gss-ntlmssp takes a first message for cut short then, and an AUTHENTICATE message for malformed whose flags promise the field.
 * Such messages have no MIC, so nothing notices; tokens of others go through as they are. False: no room in `out`. */
bool logon_ntlm_mend(struct span token, struct buf *out);

#endif
