/* One device, step by step: a pure state machine. No I/O, no clock, no allocation.
 *
 * A device runs errands: first it enrolls, then it does what the scenario wants afterwards (renew, fetch its certificate, the
 * CRL, the next CA certificates). How it goes about them (order of requests, retries, polls, what it looks at) is its
 * persona's.
 *
 * device_step is the only door. Something happened (an event, with its time); what is to be done about it comes
 * back as actions, and the owner carries them out. Whatever happens, in whatever order, a device ends exactly
 * once, with its outcome filled in. The rules are a table: device_table.c, drawn in STATES.md. */
#ifndef DEVICE_DEVICE_H
#define DEVICE_DEVICE_H

#include "base/random.h"
#include "outcome/outcome.h"
#include "persona/persona.h"

/* clang-format off */
/* State, name, and the stage a failure in it belongs to (of a follow-up: device_stage). */
#define DEVICE_STATES(X) \
    X(DEVICE_START,            "start",            STAGE_SETUP) \
    X(DEVICE_CHALLENGE,        "challenge",        STAGE_OTP) \
    X(DEVICE_PAUSED,           "paused",           STAGE_NONE)        /* until a planned moment; the stage is that of what comes then */ \
    X(DEVICE_GET_CA_CAPS,      "get_ca_caps",      STAGE_GET_CA_CAPS) \
    X(DEVICE_GET_CA_CERT,      "get_ca_cert",      STAGE_GET_CA_CERT) \
    X(DEVICE_READ_CA,          "read_ca",          STAGE_GET_CA_CERT) \
    X(DEVICE_CSR,              "csr",              STAGE_CSR) \
    X(DEVICE_BUILD,            "build",            STAGE_BUILD) \
    X(DEVICE_PKI_OPERATION,    "pki_operation",    STAGE_PKI_OPERATION) \
    X(DEVICE_VERIFY,           "verify",           STAGE_VERIFY) \
    X(DEVICE_GET_NEXT_CA_CERT, "get_next_ca_cert", STAGE_GET_NEXT_CA_CERT) \
    X(DEVICE_READ_NEXT_CA,     "read_next_ca",     STAGE_GET_NEXT_CA_CERT) \
    X(DEVICE_OVER,             "over",             STAGE_NONE)        /* the errand is; passed through on the way to the next one */ \
    X(DEVICE_ENDED,            "ended",            STAGE_NONE)

/* WAKE, DONE, FAILED, ANSWER and REPLY answer the action of the same generation; the others come from outside. */
#define DEVICE_EVENTS(X) \
    X(DEVICE_STARTS,  "start") \
    X(DEVICE_WAKE,    "wake")    /* the moment that it waited for has come */ \
    X(DEVICE_DONE,    "done")    /* what was asked for is there: challenge, CA certificates, CSR, message */ \
    X(DEVICE_FAILED,  "failed")  /* it could not be had; error is set */ \
    X(DEVICE_ANSWER,  "answer")  /* a complete HTTP answer, whatever its status */ \
    X(DEVICE_REPLY,   "reply")   /* the CertRep has been read and checked */ \
    X(DEVICE_TIMEOUT, "timeout") /* the device's own deadline */ \
    X(DEVICE_ABORT,   "abort")

#define DEVICE_ACTIONS(X) \
    X(DEVICE_DEADLINE,        "deadline")        /* send TIMEOUT at at_us; replaces an earlier deadline */ \
    X(DEVICE_WAIT,            "wait")            /* send WAKE at at_us */ \
    X(DEVICE_FETCH_CHALLENGE, "fetch_challenge") /* from the source, also when that is "none"; DONE or FAILED */ \
    X(DEVICE_SEND,            "send")            /* an HTTP request; ANSWER or FAILED */ \
    X(DEVICE_PARSE_CA,        "parse_ca")        /* the answer to GetCACert; DONE or FAILED */ \
    X(DEVICE_PARSE_NEXT_CA,   "parse_next_ca")   /* the answer to GetNextCACert; DONE or FAILED */ \
    X(DEVICE_MAKE_CSR,        "make_csr")        /* DONE or FAILED */ \
    X(DEVICE_MAKE_MESSAGE,    "make_message")    /* the pkiMessage, of type `message`; DONE or FAILED */ \
    X(DEVICE_READ_REPLY,      "read_reply")      /* the answer to PKIOperation; REPLY or FAILED */ \
    X(DEVICE_CANCEL,          "cancel")          /* what is outstanding: its reply is not wanted any more */ \
    X(DEVICE_END,             "end")             /* the outcome is final */
/* clang-format on */

#define DEVICE_AS_STATE(e, name, stage) e,
#define DEVICE_AS_ENUM(e, name)         e,
enum device_state { DEVICE_STATES(DEVICE_AS_STATE) DEVICE_STATE_COUNT };
enum device_event_kind { DEVICE_EVENTS(DEVICE_AS_ENUM) DEVICE_EVENT_COUNT };
enum device_action_kind { DEVICE_ACTIONS(DEVICE_AS_ENUM) DEVICE_ACTION_COUNT };

const char *device_state_name(enum device_state state);
const char *device_event_name(enum device_event_kind event);
const char *device_action_name(enum device_action_kind action);

/* The first is the enrollment; the others are enum outcome_follow, plus one. */
enum device_errand {
    DEVICE_ENROLLS,
    DEVICE_RENEWS,
    DEVICE_FETCHES_CERT,
    DEVICE_FETCHES_CRL,
    DEVICE_FETCHES_NEXT_CA,
    DEVICE_ERRAND_COUNT
};

/* An HTTP answer, complete or broken off. Everything borrowed during device_step. */
struct device_answer {
    int status;
    const char *server;       /* Server header, "" when absent */
    const char *location;     /* Location header, "" when absent */
    const char *content_type; /* Content-Type header, "" when absent */
    struct span body;
};

/* What was found about a SUCCESS, beyond the first failure. Texts as in struct outcome. */
struct device_finding {
    unsigned failed_checks;       /* SCEP_CHECK_* and PERSONA_CHECK_*: all that failed */
    const struct pki_cert *taken; /* what a client would install that looks no closer; NULL: nothing came */
    struct err expectation;       /* set: the certificate is not what the scenario wants, and how */
    char eku[OUTCOME_TEXT_BYTES], key_usage[96], san[OUTCOME_TEXT_BYTES], differences[OUTCOME_TEXT_BYTES];
};

struct device_event {
    enum device_event_kind kind;
    uint32_t generation;     /* of the action that this replies to; ignored for STARTS, TIMEOUT, ABORT */
    int64_t at_us;           /* now, on the run's clock */
    const struct err *error; /* FAILED: why. REPLY: why it is not a success, or NULL */
    bool timed_out;          /* FAILED: by a request time-out */
    const struct device_answer *answer;   /* ANSWER; FAILED: as far as it came, or NULL */
    const struct scep_certrep *reply;     /* REPLY */
    const struct device_finding *finding; /* REPLY that said SUCCESS; NULL: nothing was found */
};

struct device_action {
    enum device_action_kind kind;
    uint32_t generation; /* to be given back with the reply */
    int64_t at_us;       /* DEADLINE, WAIT: when. The others: when it was wanted, which after a wait is the
                                         planned moment, not the one of waking up */
    enum stage stage;    /* SEND: the step that it counts as */
    enum persona_operation operation; /* SEND */
    bool post;                        /* SEND of PKIOperation: POST, else GET */
    unsigned url;                     /* SEND: which of the URLs */
    enum scep_message_type message;   /* MAKE_MESSAGE, SEND of PKIOperation, READ_REPLY */
    bool new_transaction;             /* MAKE_MESSAGE: another transactionID than the message before */
};

#define DEVICE_MAX_ACTIONS 2

struct device_actions {
    struct device_action items[DEVICE_MAX_ACTIONS];
    size_t count;
};

struct device_config {
    const struct persona *persona; /* borrowed for the device's life */
    uint64_t index;
    unsigned phase;
    unsigned profile;
    bool warm_up;
    int64_t scheduled_us;
    int64_t timeout_us;     /* for the whole enrollment, from its start; and for each errand after it */
    int64_t renew_after_us; /* pause before a renewal */
    uint64_t seed;          /* of its draws: first URL, jitter */
    unsigned url_count;     /* 0 is 1 */
    bool expect_refused;
    const enum outcome_follow *then; /* errands after the enrollment; borrowed */
    size_t then_count;
};

/* Fields are for reading only. */
struct device {
    struct device_config config;
    enum device_state state;
    enum device_state resume; /* PAUSED: what comes then */
    int64_t entered_us;       /* when it came into this state */
    int64_t wanted_us;        /* when what it does now was wanted: see struct device_action */
    uint32_t generation;
    uint32_t late; /* replies that nobody waited for any more */
    struct random_seeded chance;

    enum device_errand errand;
    size_t errands_done;
    bool settled;       /* how the enrollment ended is known */
    struct err verdict; /* why the errand failed; none: it did not, so far */
    struct err setback; /* a failure that it goes on after, for the owner's step; the owner clears it */

    struct persona_choice choice; /* once GetCACaps was answered, else what no capabilities lead to */
    bool knows_ca;
    unsigned requests_made; /* of the persona's order */
    bool asked;             /* any request */
    unsigned url, urls_tried;
    unsigned http_retries, failure_retries; /* used up, of this request and of this errand */

    bool polling;
    unsigned polls;
    int64_t pending_since_us;
    bool new_transaction;

    struct outcome outcome; /* final after the END action; spans and OTP facts are the owner's */
};

void device_init(struct device *d, const struct device_config *config);

/* Owns:  nothing; *out is overwritten, at most DEVICE_MAX_ACTIONS, to be carried out in order.
 * Fails: never; what goes wrong becomes the outcome. An event that the state has no rule for ends the device with
 *        REASON_UNEXPECTED_EVENT. A reply of another generation is counted in `late`, nothing else. */
void device_step(struct device *d, const struct device_event *event, struct device_actions *out);

/* The step that it is at, also for failures. */
enum stage device_stage(const struct device *d);
/* Whether a request that has been built may be built again, so that its CSR must be kept. */
bool device_may_rebuild(const struct device *d);

/* Which layer answered, by its Server header and the bytes of its body. */
enum outcome_body device_classify_body(const char *server, struct span body);

/* A certificate's serial as hex, without the sign octet; cut to fit. */
void device_serial_text(struct span serial, char *out, size_t out_bytes);

/* The table as a Mermaid diagram and a list, for STATES.md. */
bool device_describe(struct buf *out);

#endif
