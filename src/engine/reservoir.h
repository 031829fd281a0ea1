/* The stock of challenges and the budget for them. For this room only.
 *
 * NDES holds a handful of unused passwords at a time and gives each out once, so a whole run holds no more than `limit`
 * places: being fetched, in stock, or with a device until the message that carried the password was answered. Whoever
 * wants one (a taker) waits in order. A fetch belongs to the taker that caused it, or to nobody; one that belongs to nobody is
 * taken over by the next taker who would have to wait.
 *
 * A refused logon counts against the MDM's account, and Windows locks accounts. So until a logon has succeeded, and again
 * after one was refused, only one fetch is under way at a time, and after the second refusal there are no more. Otherwise
 * as many logons are under way at once as may still be refused; fetches over connections that are logged on do not count.
 *
 * Reads no clock and knows no engine: time, devices and events come and go through its configuration. */
#ifndef ENGINE_RESERVOIR_H
#define ENGINE_RESERVOIR_H

#include "engine/supply.h"
#include "outcome/outcome.h"

struct reservoir;

/* A challenge on its way from its source to the message that carries it. */
struct password {
    struct secret *value;
    int64_t fetched_us;
    int64_t took_us;      /* its fetch */
    int64_t stocked_us;   /* when it came into stock */
    int64_t idle_us;      /* how long it was there */
    int64_t expires_us;   /* INT64_MAX: never */
    uint64_t fingerprint; /* salted; 0: not for single use */
    bool bound;           /* good for the device only that it was fetched for */
    struct password *next;
};

/* Whoever wants a password; embedded in its owner. */
struct taker {
    struct taker *next;
    bool waiting;  /* for room */
    bool fetching; /* a fetch is under way for it */
    unsigned line;
    int64_t asked_us;
    int64_t begun_us; /* its fetch; asked_us when it was served from stock */
};

struct reservoir_config {
    unsigned limit; /* places; 0: the source sets no limit */
    unsigned lines; /* fetches at once; at least 1 */
    unsigned prefetch;
    double rate_per_s;     /* fetches; 0: no limit */
    int64_t lifetime_us;   /* 0: passwords do not age. A shorter life that the source states wins */
    bool per_device;       /* neither prefetched nor passed on */
    bool guarded;          /* fetches log on */
    unsigned refusals;     /* logons that may be refused before there are no more; 0: 2 */
    const uint8_t *salt;   /* of fingerprints, 16 bytes; NULL: at random */
    struct supply *supply; /* freed with the reservoir, also when reservoir_new fails */

    void *user;
    int64_t (*now)(void *user);
    /* For whom a challenge of its own is fetched; asked when per_device only. NULL: it cannot be said, with *e. */
    const struct challenge_device *(*describe)(void *user, struct taker *taker, struct err *e);
    /* Exactly once for each that asked and did not cancel. A password, its own from now on, or NULL and the answer with its
     * error. `answer` is NULL when the password came from stock. Perhaps from within reservoir_ask. */
    void (*served)(void *user, struct taker *taker, struct password *password, struct supply_answer *answer);
    void (*tell)(void *user, const struct outcome_otp_event *event);
    void (*halted)(void *user, const struct err *why); /* once: no fetch is tried any more */
};

/* The configuration is copied. Fails: REASON_NO_MEMORY, REASON_CRYPTO. */
bool reservoir_new(const struct reservoir_config *config, struct reservoir **out, struct err *e) MUST_USE;
/* What is under way is cancelled, what is in stock is left. Nobody may be waiting any more. */
void reservoir_free(struct reservoir *r);

enum reservoir_room { RESERVOIR_READY, RESERVOIR_WAIT, RESERVOIR_DRY };
/* Whether one more who asked now would be served, or fetched for, at once. *why is set when not. */
enum reservoir_room reservoir_room(struct reservoir *r, struct err *why);

void reservoir_ask(struct reservoir *r, struct taker *taker);
void reservoir_cancel(struct reservoir *r, struct taker *taker); /* harmless for one that did not ask */

/* Drops what is too old, serves those who wait, and prefetches for at most `to_come` who have not asked yet. */
void reservoir_turn(struct reservoir *r, uint64_t to_come);
/* When the next turn has something to do that nobody else would notice; INT64_MAX: never. */
int64_t reservoir_due_us(const struct reservoir *r);

/* The ends that a password can come to; each frees it but for `put_back`. */
void reservoir_spend(struct reservoir *r, struct password *password,
                     int64_t sent_us); /* its message is answered or lost */
void reservoir_put_back(struct reservoir *r,
                        struct password *password);                  /* never sent: the next one takes it */
void reservoir_lose(struct reservoir *r, struct password *password); /* never sent, and nobody will */
void reservoir_expire(struct reservoir *r,
                      struct password *password); /* never sent, and too old or not needed any more */
bool reservoir_is_old(const struct reservoir *r, const struct password *password);
/* The device that had sent a password, now spent, got no certificate for it. */
void reservoir_burnt(struct reservoir *r, int64_t age_us);

unsigned reservoir_held(const struct reservoir *r); /* places taken */

#endif
