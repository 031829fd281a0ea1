/* Who asks for the OTP page: HTTP authentication as IIS does it (ndes.md A.5). Negotiate and NTLM prove a connection, not a
 * request: what was proven, and an exchange that is half done, belong to the TCP connection (sim_request.session).
 *
 *     no Authorization       401.2 5            one WWW-Authenticate line per scheme
 *     first NTLM message     401.1 2148074254   WWW-Authenticate: NTLM <challenge>
 *     last one               welcome, or 401.1 with the reason that only the server's log knows
 *
 * The connection stays logged on until it closes or authenticates anew (authPersistSingleRequest=false and
 * authPersistNonNTLM=true, the defaults of IIS). Any thread; one at a time per connection. */
#ifndef SIM_LOGON_H
#define SIM_LOGON_H

#include "sim/acceptor.h"
#include "sim/effects.h"
#include "sim/exchange.h"

struct sim_logon_config {
    unsigned schemes;                    /* of enum sim_scheme; 0: the page is open */
    struct sim_accounts *accounts;       /* borrowed */
    const struct sim_acceptor *acceptor; /* borrowed; NULL: Negotiate and NTLM let nobody in */
};

enum sim_logon_verdict {
    SIM_LOGON_WELCOME,
    SIM_LOGON_NO_ENROLL, /* known, but lacks Enroll */
    SIM_LOGON_CONTINUE,  /* in the middle of an exchange: 401 */
    SIM_LOGON_REFUSED,   /* 401 */
};

struct sim_logon;

/* Fails: REASON_NO_MEMORY. */
bool sim_logon_new(const struct sim_logon_config *config, struct sim_logon **out, struct err *e) MUST_USE;
/* After every session was forgotten. */
void sim_logon_free(struct sim_logon *logon);

/* Judges one request and fills in reply->authenticate and what the log would say; page and status are the caller's. */
enum sim_logon_verdict sim_logon_check(struct sim_logon *logon, const struct sim_request *request,
                                       const struct sim_effects *effects, struct sim_reply *reply);
/* The connection whose *request.session this was has closed. NULL is fine. */
void sim_logon_forget(struct sim_logon *logon, void *session);
/* The application pool restarts: nobody is logged on any more. */
void sim_logon_restart(struct sim_logon *logon);

#endif
