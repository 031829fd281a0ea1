/* Tickets for Negotiate, got before the clock starts: libcurl's own GSS-API calls would block the loop while they talk to a
 * KDC, so afterwards they must find everything in a cache. */
#ifndef HTTP_KERBEROS_H
#define HTTP_KERBEROS_H

#include "base/secret.h"

struct http_kerberos {
    const char *url; /* whose host is the service: HTTP/host */
    /* "svc-mdm@EXAMPLE.COM" and "svc-mdm" (default realm); in 'EXAMPLE\svc-mdm' the name before the backslash is no realm and is
     * dropped for the default realm, unless it is a DNS name. NULL: the ticket cache's own, the first in the keytab */
    const char *user;
    const struct secret *password; /* one of these three; none: the default cache, as klist shows it */
    const char *keytab;
    const char *ticket_cache;
};

/* Gets a ticket-granting ticket (keytab, password) into a cache of this process's memory, or opens the ticket cache, and gets
 * the ticket for HTTP/host. Sets KRB5CCNAME for this process: call it before any other thread runs.
 * *end_s (Unix seconds) gets the earliest end of the tickets: a run that lasts longer will fail then.
 * Blocks on the KDC. One that is down is noticed at once, one that stays silent after half a minute, each.
 * A wrong password is one refused logon; where krb5.conf names a primary KDC, libkrb5 asks that one, too.
 * With dns_canonicalize_hostname (libkrb5's default) GSS-API looks the host's name up for every logon, on the loop.
 * Fails: STAGE_OTP; REASON_OTP_AUTH_REFUSED: the KDC refused the password, or the account is locked or expired, so that NTLM would
 * do no better; REASON_OTP_TICKET, saying which of the usual reasons it is: no KDC, no such principal, clock skew, no ticket
 * cache, expired, old keytab, no SPN HTTP/host; REASON_USAGE: a URL without host, a password without user. */
bool http_kerberos_prepare(const struct http_kerberos *k, int64_t *end_s, struct err *e) MUST_USE;

#endif
