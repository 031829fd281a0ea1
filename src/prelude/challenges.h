/* Where a run's challenges come from: everything about it that is done before the clock starts. */
#ifndef PRELUDE_CHALLENGES_H
#define PRELUDE_CHALLENGES_H

#include "engine/engine.h"

#define PRELUDE_NOTE_BYTES 200

struct prelude_challenges {
    struct buf url;              /* the page, or a template; empty: nothing is fetched from the web */
    const char *user;            /* NULL: no logon */
    const struct secret *secret; /* the user's password, a token, or the challenge of all; NULL: none */
    struct secret *own;
    struct challenge_list *list;   /* source file; else NULL */
    bool tickets;                  /* Kerberos tickets are at hand */
    int64_t tickets_end_s;         /* Unix seconds */
    char note[PRELUDE_NOTE_BYTES]; /* what the reader of the results should know; empty: nothing */
};

/* A simulator that the run has started for itself, as its clients know it. */
struct prelude_sim {
    const char *url; /* "http://127.0.0.1:40123" */
    const char *user;
    const struct secret *password;
};

/* Reads the secret, asks for it on the terminal, gets Kerberos tickets, locks the list of passwords. `sim`: the run's own
 * simulator, NULL: none. prelude_challenges_close in any case.
 * Fails: REASON_USAGE, REASON_OTP_TICKET, REASON_OTP_AUTH_REFUSED: saying what to do. */
bool prelude_challenges_open(struct prelude_challenges *c, const struct scenario *scenario,
                             const char *scep_url, const struct prelude_sim *sim, struct err *e) MUST_USE;
void prelude_challenges_close(struct prelude_challenges *c);
/* Says on stderr what will run out before the load is over: passwords, tickets. `devices` is 0 when nobody knows. */
void prelude_challenges_warn(struct prelude_challenges *c, const char *command, uint64_t devices,
                             int64_t load_us);
/* Whether its source hands out one after the other, so that there is something to count. */
bool prelude_challenges_count(const struct scenario *scenario);
/* Fills in what the engine wants to know. */
void prelude_challenges_configure(const struct prelude_challenges *c, struct engine_config *config);

#endif
