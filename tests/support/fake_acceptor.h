/* An acceptor without GSS-API. Its tokens are text: "more" is answered with "next", "who NAME" proves a name (a realm vouches for names with @), anything else is
 * refused. Counts the contexts that are open. */
#ifndef SUPPORT_FAKE_ACCEPTOR_H
#define SUPPORT_FAKE_ACCEPTOR_H

#include "logon/acceptor.h"

#include <stdlib.h>

static int fake_open; /* contexts */

static inline enum logon_accept fake_step(void *user, enum ndes_scheme scheme, void **context,
                                          struct span token, struct logon_accepted *out)
{
    (void)user;
    (void)scheme;
    if (*context == NULL) {
        *context = malloc(1);
        fake_open += *context != NULL;
    }
    if (token.len >= 4 && memcmp(token.data, "more", 4) == 0)
        return buf_append_text(&out->token, "next") ? LOGON_ACCEPT_MORE : LOGON_ACCEPT_REFUSED;
    if (token.len <= 4 || memcmp(token.data, "who ", 4) != 0 || token.len - 4 >= sizeof out->name)
        return LOGON_ACCEPT_REFUSED;
    snprintf(out->name, sizeof out->name, "%.*s", (int)token.len - 4, (const char *)token.data + 4);
    out->vouched = strchr(out->name, '@') != NULL;
    return LOGON_ACCEPT_DONE;
}

static inline void fake_drop(void *user, void *context)
{
    (void)user;
    free(context);
    fake_open--;
}

static const struct logon_acceptor fake_acceptor = {.step = fake_step, .drop = fake_drop};

#endif
