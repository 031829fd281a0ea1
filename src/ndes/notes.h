/* What NDES and the CA write down about a request that they refuse (ndes.md D), as notes of the reply. */
#ifndef NDES_NOTES_H
#define NDES_NOTES_H

#include "ndes/effects.h"

/* Event of NDES for a refusal; none where it has none. Event 31 has two forms: the CA's words first, then E_FAIL; or the code
 * of what went wrong on the way to the CA, then its words. */
void ndes_note_refused(const struct ndes_refusal *why, struct ndes_reply *reply);
/* Event of the CA, 53 (denied) or 22 (an error); none where it has none: request `number` for `subject` (DER Name). */
void ndes_note_denied(const struct ndes_refusal *why, uint32_t number, struct span subject,
                      struct ndes_reply *reply);
/* Event 16, 17 or 18: a message that could not be read. */
void ndes_note_unread(enum ndes_unread how, struct ndes_reply *reply);
/* Event 6: the caller of the OTP page may not enroll. */
void ndes_note_no_permission(struct ndes_reply *reply);
/* Security 4625 for a logon that ended with this win32 status: the account, Status and SubStatus (G.5). None where no logon was tried. */
void ndes_note_logon(uint32_t win32, const char *user, struct ndes_reply *reply);

#endif
