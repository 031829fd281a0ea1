/* Who asks for the OTP page: HTTP authentication as IIS does it (ndes.md A.5). Negotiate and NTLM prove a connection, not a
 * request: what was proven, and an exchange that is half done, belong to the TCP connection (ndes_request.session).
 *
 *     no Authorization       401.2 5            one WWW-Authenticate line per scheme
 *     first NTLM message     401.1 2148074254   WWW-Authenticate: NTLM <challenge>
 *     last one               welcome, or 401.1 with the reason that only the server's log knows
 *
 * The connection stays logged on until it closes or authenticates anew (authPersistSingleRequest=false and
 * authPersistNonNTLM=true, the defaults of IIS). Any thread; one at a time per connection. */
#ifndef LOGON_LOGON_H
#define LOGON_LOGON_H

#include "logon/acceptor.h"
#include "ndes/effects.h"
#include "ndes/exchange.h"

struct logon_config {
    unsigned schemes;                      /* of enum ndes_scheme; 0: the page is open */
    struct logon_accounts *accounts;       /* borrowed */
    const struct logon_acceptor *acceptor; /* borrowed; NULL: Negotiate and NTLM let nobody in */
};

enum logon_verdict {
    LOGON_WELCOME,
    LOGON_NO_ENROLL, /* known, but lacks Enroll */
    LOGON_CONTINUE,  /* in the middle of an exchange: 401 */
    LOGON_REFUSED,   /* 401 */
};

struct logon;

/* Fails: REASON_NO_MEMORY. */
bool logon_new(const struct logon_config *config, struct logon **out, struct err *e) MUST_USE;
/* After every session was forgotten. */
void logon_free(struct logon *logon);

/* Judges one request and fills in reply->authenticate and what the log would say; page and status are the caller's. */
enum logon_verdict logon_check(struct logon *logon, const struct ndes_request *request,
                               const struct ndes_effects *effects, struct ndes_reply *reply);
/* The connection whose *request.session this was has closed. NULL is fine. */
void logon_forget(struct logon *logon, void *session);
/* The application pool restarts: nobody is logged on any more. */
void logon_restart(struct logon *logon);

#endif
