/* The accepting end of a security exchange: tokens in, tokens out. GSS-API is one (logon/gss.h); tests have their own. */
#ifndef LOGON_ACCEPTOR_H
#define LOGON_ACCEPTOR_H

#include "logon/accounts.h"

enum logon_accept {
    LOGON_ACCEPT_MORE, /* the client must answer `token` */
    LOGON_ACCEPT_DONE, /* `name` has proven who it is */
    LOGON_ACCEPT_REFUSED,
};

struct logon_accepted {
    struct buf token; /* for the client; may be empty */
    char name[LOGON_ACCOUNT_BYTES];
    bool vouched; /* by a realm: it need not be an account of ours */
};

struct logon_acceptor {
    /* Takes the client's next token of an exchange by `scheme` (Negotiate or NTLM). *context is NULL before the first one and
     * belongs to the exchange until `drop`. out->token is initialised by the caller. Any thread, one per context. */
    enum logon_accept (*step)(void *user, enum ndes_scheme scheme, void **context, struct span token,
                              struct logon_accepted *out);
    void (*drop)(void *user, void *context);
    void *user;
};

#endif
