/* The other end of a logon: GSS-API as initiator, with gss-ntlmssp. One step at a time, as it says nothing about threads. */
#ifndef SUPPORT_GSS_CLIENT_H
#define SUPPORT_GSS_CLIENT_H

#include "base/bytes.h"

struct gss_client;

/* NTLM itself, or SPNEGO around it; `user` like "CONTOSO\mdm", its hash in hex. NULL: GSS-API refuses. */
struct gss_client *gss_client_new(bool spnego, const char *user, const char *nt_hash);
void gss_client_free(struct gss_client *c);
/* Takes the server's token (empty at first), appends the next one to `out`, maybe none. False: it failed. */
bool gss_client_step(struct gss_client *c, struct span token, struct buf *out);

#endif
