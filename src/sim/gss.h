/* GSS-API as acceptor: NTLM by gss-ntlmssp, Kerberos by MIT, SPNEGO around both. The only file that knows GSS-API. */
#ifndef SIM_GSS_H
#define SIM_GSS_H

#include "sim/acceptor.h"

/* All borrowed for the acceptor's life. */
struct sim_gss_config {
    unsigned schemes;                    /* of enum sim_scheme; Basic is ignored */
    const struct sim_accounts *accounts; /* those that NTLM lets in */
    const char *keytab;                  /* Kerberos; NULL: none */
    const char *service;                 /* "HTTP@host"; NULL: any HTTP/... of the keytab */
};

struct sim_gss;

/* Users and their NT hashes get to gss-ntlmssp through a file in memory, never on a disk.
 * Fails: REASON_USAGE (a keytab that cannot be used, a password that is none), REASON_IO (gss-ntlmssp is
 * not installed: the text names the package). */
bool sim_gss_new(const struct sim_gss_config *config, struct sim_gss **out, struct err *e) MUST_USE;
void sim_gss_free(struct sim_gss *gss);

/* Borrowed. gss-ntlmssp says nothing about threads, so there is one step at a time in the whole process. */
const struct sim_acceptor *sim_gss_acceptor(const struct sim_gss *gss);

#endif
