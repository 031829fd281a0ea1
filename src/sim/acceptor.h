/* The accepting end of a security exchange: tokens in, tokens out. GSS-API is one (sim/gss.h); tests have their own. */
#ifndef SIM_ACCEPTOR_H
#define SIM_ACCEPTOR_H

#include "sim/accounts.h"

enum sim_accept {
    SIM_ACCEPT_MORE, /* the client must answer `token` */
    SIM_ACCEPT_DONE, /* `name` has proven who it is */
    SIM_ACCEPT_REFUSED,
};

struct sim_accepted {
    struct buf token; /* for the client; may be empty */
    char name[SIM_ACCOUNT_BYTES];
    bool vouched; /* by a realm: it need not be an account of ours */
};

struct sim_acceptor {
    /* Takes the client's next token of an exchange by `scheme` (Negotiate or NTLM). *context is NULL before the first one and
     * belongs to the exchange until `drop`. out->token is initialised by the caller. Any thread, one per context. */
    enum sim_accept (*step)(void *user, enum sim_scheme scheme, void **context, struct span token,
                            struct sim_accepted *out);
    void (*drop)(void *user, void *context);
    void *user;
};

#endif
