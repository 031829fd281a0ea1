/* Tickets for Negotiate, got before the clock starts: libcurl's own GSS-API calls would block the loop while they talk to a
 * KDC, so afterwards they must find everything in a cache. */
#ifndef HTTP_KERBEROS_H
#define HTTP_KERBEROS_H

#include "base/secret.h"

struct http_kerberos {
    const char *url; /* whose host is the service: HTTP/host */
    const char *
        user; /* principal: "svc-mdm@EXAMPLE.COM", also 'EXAMPLE\\svc-mdm'; NULL: the cache's or keytab's own */
    const struct secret *password; /* one of these three; none: the default cache, as klist shows it */
    const char *keytab;
    const char *ticket_cache;
};

/* Gets a ticket-granting ticket (keytab, password) into a cache of this process's memory, or opens the ticket cache, and gets
 * the ticket for HTTP/host. Blocks on the KDC. Sets KRB5CCNAME for this process: call it before any other thread runs.
 * *end_s (Unix seconds) gets the earliest end of the tickets: a run that lasts longer will fail then.
 * Fails: STAGE_OTP, REASON_OTP_TICKET, saying which of the usual reasons it is: no KDC, no such principal, wrong password, clock
 * skew, no ticket cache, expired, no SPN HTTP/host. */
bool http_kerberos_prepare(const struct http_kerberos *k, int64_t *end_s, struct err *e) MUST_USE;

#endif
