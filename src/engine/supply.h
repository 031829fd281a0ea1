/* How challenges are got: one interface, an implementation for each kind of source. A supply carries fetches out; who waits,
 * who gets what and how many there may be is the reservoir's business. For this room only.
 *
 * A supply has lines, numbered from 0, each with one fetch at a time (and a connection or a process of its own). */
#ifndef ENGINE_SUPPLY_H
#define ENGINE_SUPPLY_H

#include "challenge/challenge.h"
#include "http/http.h"

/* What came of one fetch: at least one secret, or `error` says why not. Valid during the call; a secret is taken by putting
 * NULL in its place, the others are freed. */
struct supply_answer {
    struct secret **secrets;
    size_t count;
    bool single_use;     /* false: the source shows everybody the same, and that is no mistake */
    int64_t lifetime_us; /* as the source states it; 0: it does not */
    bool logon_proven;   /* the credentials were accepted, whatever the page said */
    bool logon_refused;  /* this one counts against the account */
    bool timed_out;
    bool duplicate; /* set by the reservoir: a secret that came before was among them */
    struct err error;

    /* For evidence; NULL: no HTTP. Its body holds what may be kept and nothing more, unlike that of the answer itself. */
    struct http_response *http;
    const char *url; /* without variables filled in */
    struct span evidence;
};

struct supply;

struct supply_kind {
    /* Begins a fetch on an idle line; supply->done follows exactly once, perhaps from within. `device`: for whom, when
     * challenges are per device; else NULL. Fails: then `done` is not called. */
    bool (*fetch)(struct supply *supply, unsigned line, const struct challenge_device *device,
                  struct err *e) MUST_USE;
    /* Whether the next fetch on this idle line would log on, as far as can be foreseen; NULL: every one may. */
    bool (*logs_on)(const struct supply *supply, unsigned line);
    void (*cancel)(struct supply *supply, unsigned line); /* `done` is called from within, REASON_ABORTED */
    uint64_t (*left)(const struct supply *supply);        /* passwords it still has; NULL: nobody knows */
    void (*free)(struct supply *supply);                  /* no fetch is under way */
};

/* First member of every implementation. `done` and `user` are the reservoir's, set by reservoir_new. */
struct supply {
    const struct supply_kind *kind;
    void (*done)(void *user, unsigned line, struct supply_answer *answer);
    void *user;
};

/* What supplies of both kinds of web source need. Borrowed. */
struct supply_web_config {
    struct http *http;
    const struct challenge_config *challenge;
    const char *url;             /* of mscep_admin's page; template of the others */
    const char *address;         /* where that host is, whatever its name resolves to; NULL: look it up */
    const char *user;            /* NULL: none */
    const struct secret *secret; /* the user's password, or the API's token; NULL: none */
    bool tickets;                /* Kerberos tickets for this URL are at hand */
    int64_t timeout_us;
    unsigned lines;
};

/* What an implementation learnt about its source; the engine's facts point here. */
struct supply_facts {
    const char *scheme;    /* "ntlm": of the last logon, refused or not; NULL: there was none */
    bool fell_back;        /* Negotiate was refused, so NTLM was taken */
    unsigned page_cache;   /* 0: not said */
    unsigned page_minutes; /* the same */
};

/* All of these: false with *e set, REASON_NO_MEMORY or REASON_INTERNAL. *facts are kept up to date until the supply is freed. */
bool supply_page_new(const struct supply_web_config *config, struct supply_facts *facts, struct supply **out,
                     struct err *e) MUST_USE;
bool supply_http_new(const struct supply_web_config *config, struct supply_facts *facts, struct supply **out,
                     struct err *e) MUST_USE;
/* `list` stays the caller's. */
bool supply_list_new(struct challenge_list *list, struct supply **out, struct err *e) MUST_USE;
bool supply_command_new(uv_loop_t *loop, const struct challenge_config *config, int64_t timeout_us,
                        unsigned lines, struct supply **out, struct err *e) MUST_USE;

/* For implementations: the end of a fetch that brought nothing but its error. */
static inline void supply_fail(struct supply *supply, unsigned line, const struct err *why, bool timed_out)
{
    struct supply_answer answer = {.error = *why, .timed_out = timed_out};
    supply->done(supply->user, line, &answer);
}

#endif
