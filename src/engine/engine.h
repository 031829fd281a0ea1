/* Runs devices: starts them when the plan says so, carries out what they ask for, hands them what came of it, and tells
 * the facts to its sinks while they happen.
 *
 * Arrivals are open, except in phases that the scenario calls closed: there a device starts after another one has ended. A
 * device that may not start when it is due (too many in flight, no password to be had) waits in order, and its wait counts as
 * start lag; nothing is left out silently. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/secret.h"
#include "load/load.h"
#include "outcome/outcome.h"
#include "pki/pool.h"
#include "scenario/scenario.h"

#include <signal.h>

/* What the operator wants of the load: new arrivals so many times as quickly as planned, or none for now. */
struct engine_pace {
    double factor; /* above 0; 1: as planned */
    bool paused;
};

/* Everything borrowed until engine_run returns. */
struct engine_config {
    const struct scenario *scenario;
    const char *scep_url;
    const char *admin_url; /* mscep_admin: the OTP page; http, intune: the template of their URL */
    const char *user;      /* for the challenge source; NULL: no logon */
    const struct secret
        *secret;  /* the user's password, or the token of an API; static: the challenge; else NULL */
    bool tickets; /* Kerberos tickets for the challenge source are in this process's cache */
    struct challenge_list *passwords; /* source file: opened; else NULL */
    const struct pki_pool *keys;      /* at least one */
    struct load_plan *plan;           /* at its beginning; walked through */
    const struct outcome_sink *sinks;
    size_t sink_count;
    const char *run_id;
    int64_t
        start_wall_us; /* clock zero, by the wall clock: what was due before it is ready starts late; 0: at once */
    unsigned refusals; /* logons that may be refused before there are no more; 0: 2 */
    const uint8_t
        *otp_salt; /* 16 bytes: prints of passwords compare with those of other shards; NULL: with nobody's */
    unsigned threads;                         /* crypto workers; 0: one per core */
    void (*tick)(void *user, int64_t now_us); /* on the run's clock; NULL: none */
    void *tick_user;
    int64_t tick_every_us;
    void (*first_arrival)(void *user); /* at clock zero; NULL: none */
    void *first_arrival_user;
    bool (*must_stop)(
        void *user); /* asked now and then: true when results can no longer be kept; NULL: none */
    void *must_stop_user;
    /* Asked now and then: why the rest of the run would be in vain, NULL to go on. The rest counts as unsent for this
     * reason; NULL: not asked. */
    const char *(*give_up)(void *user, int64_t now_us);
    void *give_up_user;
    /* Asked now and then, at least 20 times a second. While paused nothing starts; what had not arrived yet is rescheduled, so
     * its latency counts from the new schedule. NULL: nobody steers. */
    struct engine_pace (*pace)(void *user, int64_t now_us);
    void *pace_user;
    const volatile sig_atomic_t
        *interrupted; /* set by a signal before the run: nothing starts, and neither keys nor
                                               * URLs are needed; NULL: none */
};

#define ENGINE_MAX_CHANGES 32

struct engine_change {
    int64_t at_us;
    struct engine_pace pace; /* from then on */
};

struct engine_result {
    struct outcome_target target;
    struct outcome_otp otp;
    struct outcome_generator generator;
    int64_t started_wall_us;                          /* clock zero */
    int64_t late_us;                                  /* how long after start_wall_us it was ready */
    int64_t duration_us;                              /* from clock zero to the end of the last device */
    int64_t offered_until_us;                         /* last arrival that was offered */
    bool interrupted;                                 /* by SIGINT or SIGTERM */
    char stopped_early[160];                          /* empty, or why */
    struct engine_change changes[ENGINE_MAX_CHANGES]; /* of the pace; the first ones */
    size_t change_count;                              /* of all */
};

/* How many keys of a pool this many devices use: those that renew with a new key need another one. At most 2 per device. */
uint64_t engine_keys_wanted(const struct scenario *scenario, uint64_t devices);

/* Runs the whole plan and returns when every planned device has its outcome. The first SIGINT or SIGTERM stops arrivals and
 * gives the devices in flight ten seconds, a second one abandons them.
 * Owns:   nothing; *out is filled as far as the run came, also when it fails.
 * Thread: one call at a time; sinks, tick and first_arrival are called from it. pki_init must have been called.
 * Fails:  only when the run cannot begin: REASON_USAGE (no keys, no URL), REASON_NO_MEMORY, REASON_GENERATOR_LIMIT. */
bool engine_run(const struct engine_config *config, struct engine_result *out, struct err *e) MUST_USE;

#endif
