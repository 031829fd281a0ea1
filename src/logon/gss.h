/* GSS-API as acceptor: NTLM by gss-ntlmssp, Kerberos by MIT, SPNEGO around both. The only file that knows GSS-API. */
#ifndef LOGON_GSS_H
#define LOGON_GSS_H

#include "logon/acceptor.h"

/* All borrowed for the acceptor's life. */
struct logon_gss_config {
    unsigned schemes;                      /* of enum ndes_scheme; Basic is ignored */
    const struct logon_accounts *accounts; /* those that NTLM lets in */
    const char *keytab;                    /* Kerberos; NULL: none */
    const char *service;                   /* "HTTP@host"; NULL: any HTTP/... of the keytab */
};

struct logon_gss;

/* Users and their NT hashes get to gss-ntlmssp through a file in memory, never on a disk.
 * Fails: REASON_USAGE (a keytab that cannot be used, a password that is none), REASON_IO (gss-ntlmssp is
 * not installed: the text names the package). */
bool logon_gss_new(const struct logon_gss_config *config, struct logon_gss **out, struct err *e) MUST_USE;
void logon_gss_free(struct logon_gss *gss);

/* Borrowed. gss-ntlmssp says nothing about threads, so there is one step at a time in the whole process. */
const struct logon_acceptor *logon_gss_acceptor(const struct logon_gss *gss);

#endif
