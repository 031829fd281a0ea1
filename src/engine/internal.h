/* Shared by the files of this room only. One engine, one loop, one thread; only the `run` of crypto jobs is elsewhere. */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "base/clock.h"
#include "challenge/challenge.h"
#include "device/device.h"
#include "engine/engine.h"
#include "engine/host.h"
#include "engine/reservoir.h"
#include "http/http.h"
#include "scep/ca.h"
#include "scep/certrep.h"
#include "workers/workers.h"

#define ENGINE_USER_AGENT "scepstorm/" SCEPSTORM_VERSION
#define ENGINE_CA_CACHE   8
#define ENGINE_MAX_HELD   6
#define SECOND_US         INT64_C(1000000)

struct phone;
struct parked;
struct passwords;
struct lab;
struct signers;
struct trial;

/* One that went out in a message, until it is known what for. */
struct sent_password {
    bool was;
    int64_t fetched_us;
};

/* GetCACert bodies repeat: each is parsed once, and checked once a second (certificates expire while a run goes on). */
struct ca_entry {
    uint8_t hash[32];
    struct scep_ca *ca; /* NULL: entry is free */
    int64_t checked_s;
    struct err verdict;
};

/* Where a device in flight is found by its timer and by the answers to its requests: its phone may be put away meanwhile. */
struct seat {
    struct engine *engine;
    size_t timer;                 /* its place in the heap */
    int64_t deadline_us, wake_us; /* wake_us is INT64_MAX but for one that pauses */
    struct phone *phone;          /* one of the two is set: park.c */
    struct parked *parked;
    struct seat *before, *behind; /* in the line for the workers: crypto.c */
};

/* Devices that wait for a worker, first in, first out. */
struct crypto_line {
    struct seat *first, *last;
    unsigned served; /* jobs that the workers have */
};

struct timer {
    int64_t due_us;
    struct seat *seat;
};

/* Devices in flight by when something is due for them: a binary heap. */
struct timers {
    struct timer *items;
    size_t count, cap;
};

/* Due arrivals that may not start yet, first in, first out. */
struct arrival_queue {
    struct load_arrival *items; /* a ring */
    size_t cap, head, count;
};

struct engine {
    const struct engine_config *config;
    struct engine_result *result;
    uv_loop_t loop;
    struct http *http;
    struct workers *workers;
    struct passwords *passwords; /* NULL: challenges are not fetched */
    struct crypto_line line;     /* for the workers */
    struct signers *signers;     /* NULL: every device makes its own */
    struct lab *lab;             /* conformance probes beside the load; NULL: none */
    struct buf *headers;         /* of requests, by profile: GET, POST */

    /* alarm.c: every moment the engine waits for, on one absolute timer */
    uv_poll_t alarm;
    int alarm_fd;
    int64_t armed_us;
    int64_t zero_us;  /* clock zero, monotonic */
    int64_t began_us; /* when the loop was ready, on the run's clock */
    int64_t heartbeat_us, tick_us;

    /* arrivals.c */
    bool first_seen;
    bool stopped; /* nothing starts any more */
    uint64_t offered;
    struct arrival_queue queue;

    /* run.c */
    uv_prepare_t turn;
    uv_signal_t sigint, sigterm;
    int64_t grace_us; /* when devices in flight are abandoned after a signal; INT64_MAX: never */
    bool over;        /* nothing is left to be done but a look */

    /* look.c */
    struct http_session *look;
    bool looked;         /* at the bare URL */
    bool asked_for_page; /* the OTP page's folder is not there any more */
    unsigned page_looks; /* at the file in it, to come */

    /* phone.c */
    struct timers timers; /* holds every device in flight */
    uint64_t in_flight;
    struct outcome_in_flight whereabouts;
    uint64_t phones; /* not freed yet: those that ended and wait for a worker are among them */
    uint64_t ended, failed;
    uint64_t asleep; /* park.c: of those in flight */
    bool untidy;     /* some fell asleep since memory was given back */

    /* facts.c */
    struct ca_entry ca_cache[ENGINE_CA_CACHE];
    size_t ca_next;
    int64_t cpu_start_us, cpu_wait_start_us;
    uint64_t rss_start, rss_in_flight;
    struct host host;
};

/* What a failed follow-up asked and heard: exemplar.c. */
struct kept {
    struct device_action sent;
    struct buf url, headers, body, csr, message;
};

struct crypto {
    struct workers_job job;
    struct phone *phone;
    struct device_action action;
    bool waits; /* in the line */
    bool busy;  /* the job is out */
    bool ok;
    struct err error;
};

/* What the engine keeps for a device in flight. */
struct phone {
    struct engine *engine;
    struct seat *seat;
    uint32_t wake_generation;
    bool ended, cancelling;
    struct trial *trial; /* lab.h: it is a control or a probe, in no figure of the load; NULL: it is not */
    struct device device;
    enum outcome_follow then[SCENARIO_THEN_COUNT];
    const struct persona *persona;
    struct http_session *session;

    /* passwords.c */
    struct password
        *password; /* NULL before the fetch and after the message was sent, or when none is fetched */
    struct sent_password sent_for_enrollment, sent_for_renewal;
    struct taker taker;
    uint32_t taker_generation;
    bool asking; /* the answer, when it comes at once, belongs to the action under way */

    struct device_action sent;     /* the request under way */
    int64_t asked_us;              /* when it was begun */
    struct buf url, headers, body; /* of the last exchange: evidence, and input of the readers */

    /* keys.c. References; a key may be several of these. */
    struct pki_key *key;        /* in the CSR; RSA or EC */
    struct pki_key *signer_key; /* RSA: signs the message, opens its answer */
    struct pki_cert *held;      /* the newest certificate obtained, and its key */
    struct pki_key *held_key;

    struct scep_ca *ca;
    /* san: as requested, empty without. csr: its challenge is blotted out once it is in a message that is not made again. */
    struct buf subject, san, csr, signer, message;
    struct scep_transaction transaction;
    struct scep_certrep reply;
    struct device_finding *finding; /* of that reply; NULL: none */
    struct crypto crypto;

    /* The event that an action produced at once; taken up when the actions are done. */
    bool has_event;
    struct device_event event;
    struct err error;

    enum outcome_challenge challenge;        /* in the CSR */
    struct kept *kept[OUTCOME_FOLLOW_COUNT]; /* NULL: it did not fail */

    struct outcome_step held_steps[ENGINE_MAX_HELD]; /* steps whose verdict is still out */
    size_t held_count;
};

/* run.c */
int64_t engine_now(const struct engine *en); /* the run's clock */
void engine_stop(struct engine *en,
                 const struct err *cause); /* nothing starts any more; what is left is unsent */
void engine_tell_arrival(struct engine *en, const struct load_arrival *a);
void engine_tell_start(struct engine *en, const struct load_arrival *a, int64_t now_us);
void engine_tell_step(struct engine *en, const struct outcome_step *step);
void engine_tell_device(struct engine *en, const struct outcome *o);
void engine_tell_stall(struct engine *en, int64_t us);
void engine_tell_otp(struct engine *en, const struct outcome_otp_event *event);
void engine_tell_probe(struct engine *en, const struct outcome_probe *probe);
void engine_tell_in_flight(struct engine *en);
void look_turn(struct engine *en);     /* looks at the server, when there is a reason */
void look_for_page(struct engine *en); /* the OTP page's folder answered 403 or 404 */
bool look_goes_on(const struct engine *en);
void engine_lack_memory(struct engine *en); /* for a device to go on with: no others start */
void engine_abandon_all(struct engine *en);
void engine_abandon_sleepers(struct engine *en); /* those that would wake after the grace */

/* alarm.c */
bool alarm_open(struct engine *en, struct err *e) MUST_USE;
void alarm_start(struct engine *en);                 /* sets clock zero */
void alarm_expect(struct engine *en, int64_t at_us); /* something may be due sooner than it was */
void alarm_close(struct engine *en);

/* arrivals.c */
void arrivals_offer(struct engine *en, int64_t now_us);   /* all that are due */
void arrivals_admit(struct engine *en);                   /* as many as may start */
void arrivals_give_up(struct engine *en, int64_t now_us); /* the load ended a device time-out ago */
void arrivals_stop(struct engine *en, const struct err *cause);
void arrivals_ended(struct engine *en, const struct outcome *o); /* a closed phase may go on */
void arrivals_clear(struct engine *en);
int64_t arrivals_next_us(const struct engine *en); /* INT64_MAX: none */
int64_t arrivals_give_up_us(const struct engine *en);
bool arrivals_over(const struct engine *en);

/* phone.c */
unsigned phone_profile(const struct scenario *s, uint64_t device); /* drawn by weight, the same each time */
bool phone_start(struct engine *en, const struct load_arrival *a, struct trial *trial,
                 struct err *e) MUST_USE;
void phone_due(struct phone *p, int64_t now_us); /* its deadline or the end of its pause has come */
void phone_abort(struct phone *p);
/* For the files that carry actions out: what came of it. `feed` from a callback, `answer_now` from within an action. */
void phone_feed(struct phone *p, const struct device_event *event);
void phone_answer_now(struct phone *p, enum device_event_kind kind, uint32_t generation,
                      const struct err *why);
void phone_hold(struct phone *p, enum stage stage, int64_t queued_us, int64_t started_us,
                const struct http_response *r);

/* timers.c */
bool timers_add(struct engine *en, struct seat *seat, struct err *e) MUST_USE; /* with its times set */
void timers_change(struct engine *en, struct seat *seat); /* after one of its times was */
void timers_put_off(struct engine *en, struct seat *seat, int64_t until_us);
void timers_remove(struct engine *en, struct seat *seat);
int64_t timers_due_us(const struct engine *en);     /* INT64_MAX: nobody is in flight */
struct seat *timers_first(const struct engine *en); /* NULL: likewise */
void timers_clear(struct engine *en);

/* park.c: the phone of a device that waits is put away, packed. */
void park(struct phone *p);                   /* when it waits: then *p is gone */
struct phone *park_return(struct seat *seat); /* unpacked when it was put away. NULL: no memory; it stays */
void park_tidy(struct engine *en, int64_t now_us); /* now and then */

/* keys.c */
bool keys_suffice(const struct engine *en, uint64_t device); /* for its enrollment */
/* The key of the next CSR: p->key, NULL when one is to be generated (EC).
 * Fails: STAGE_KEY, REASON_KEYS_EXHAUSTED. */
bool keys_choose(struct phone *p, struct err *e) MUST_USE;
struct pki_key *keys_for_signer(const struct phone *p); /* of a temporary certificate; borrowed */
void keys_hold(struct phone *p); /* the certificate just verified is the one in use now */
void keys_clear(struct phone *p);

/* requests.c */
bool requests_prepare(struct engine *en, struct err *e) MUST_USE; /* headers of every profile */
void requests_forget(struct engine *en);
void requests_send(struct phone *p, const struct device_action *action);
void requests_cancel(struct phone *p);
struct span requests_headers(const struct phone *p, bool post); /* those of its persona */
void requests_parse_ca(struct phone *p, uint32_t generation);

/* signers.c */
bool signers_new(struct engine *en, struct signers **out, struct err *e) MUST_USE; /* NULL: not wanted */
void signers_free(struct signers *signers);
/* The certificate for p->signer_key, the key that p enrolls with. Borrowed from `signers`. On any worker. */
bool signers_get(struct signers *signers, const struct phone *p, int64_t now_s, struct span *out,
                 struct err *e) MUST_USE;

/* exemplar.c: evidence of failures. `keep` comes after each step of the device, before its actions overwrite what it asked.
 * `hand` gives the outcome its exemplars; they need `asked`. */
struct asked {
    const struct phone *phone;
    const struct device_action *sent;
    struct span url, csr, message;
};
void exemplar_keep(struct phone *p);
void exemplar_hand(struct phone *p, struct asked asked[OUTCOME_FOLLOW_COUNT + 1]);
void exemplar_clear(struct phone *p);

/* crypto.c */
void crypto_begin(struct phone *p, const struct device_action *action);
void crypto_cancel(struct phone *p);

/* messages.c: on a worker. Each fills its part of the phone. */
bool messages_csr(struct phone *p, const struct device_action *action, struct err *e) MUST_USE;
bool messages_request(struct phone *p, const struct device_action *action, struct err *e) MUST_USE;
bool messages_reply(struct phone *p, const struct device_action *action, struct err *e) MUST_USE;
bool messages_next_ca(struct phone *p, const struct device_action *action, struct err *e) MUST_USE;

/* finding.c: on a worker. What a certificate is, and whether the scenario wants it so. *e, when set, is the failure that
 * reading the reply ended with; a subject that does not matter here is taken back from it. */
void finding_make(struct phone *p, struct err *e);

/* passwords.c: devices and the supply of challenges */
bool passwords_new(struct engine *en, struct passwords **out, struct err *e) MUST_USE;
void passwords_free(struct passwords *passwords);
enum reservoir_room passwords_room(struct engine *en, struct err *why); /* for another device to start */
void passwords_turn(struct engine *en); /* those who wait are served, as far as there is room */
int64_t passwords_due_us(const struct engine *en);
void passwords_fetch(struct phone *p, uint32_t generation);
void passwords_cancel(struct phone *p);
struct span passwords_challenge(const struct phone *p); /* what goes into the CSR; empty: none */
/* The message that carries the password is out (or was lost on its way): it is used up. */
void passwords_used(struct phone *p, int64_t sent_us);
void passwords_settle(
    struct phone *p); /* the device has ended: what it sent brought a certificate, or was burnt */
/* The device ended without sending its password: the next one takes it. */
void passwords_return(struct phone *p);
/* A password that may still be good, kept aside by the lab (*place: NULL is none). Its place stays taken. */
void passwords_keep(struct phone *p, struct password **place);
bool passwords_give(struct phone *p, struct password **place); /* false: there is none, or it got too old */
void passwords_drop(struct engine *en, struct password **place);

/* facts.c */
void facts_begin(struct engine *en);
void facts_sample(struct engine *en);
void facts_end(struct engine *en);
void facts_answer(struct engine *en, enum persona_operation operation, const struct http_response *r);
/* Parsed and judged, from the cache when the same bytes came before. A new reference in *out. */
bool facts_ca(struct engine *en, struct span body, struct scep_ca **out, struct err *e) MUST_USE;

#endif
