/* One device's enrollment, step by step: a pure state machine. No I/O, no clock, no allocation.
 *
 * device_step is the only door. Something happened (an event, with its time); what is to be done about it comes
 * back as actions, and the owner carries them out. Whatever happens, in whatever order, a device ends exactly
 * once, with its outcome filled in. The rules are a table: device_table.c, drawn in STATES.md. */
#ifndef DEVICE_DEVICE_H
#define DEVICE_DEVICE_H

#include "outcome/outcome.h"
#include "scep/caps.h"
#include "scep/certrep.h"

/* clang-format off */
/* State, name, and the stage a failure in it belongs to. */
#define DEVICE_STATES(X) \
    X(DEVICE_START,         "start",         STAGE_SETUP) \
    X(DEVICE_CHALLENGE,     "challenge",     STAGE_OTP) \
    X(DEVICE_GET_CA_CAPS,   "get_ca_caps",   STAGE_GET_CA_CAPS) \
    X(DEVICE_GET_CA_CERT,   "get_ca_cert",   STAGE_GET_CA_CERT) \
    X(DEVICE_READ_CA,       "read_ca",       STAGE_GET_CA_CERT) \
    X(DEVICE_CSR,           "csr",           STAGE_CSR) \
    X(DEVICE_BUILD,         "build",         STAGE_BUILD) \
    X(DEVICE_PKI_OPERATION, "pki_operation", STAGE_PKI_OPERATION) \
    X(DEVICE_VERIFY,        "verify",        STAGE_VERIFY) \
    X(DEVICE_ENDED,         "ended",         STAGE_NONE)

/* DONE, FAILED, ANSWER and REPLY answer the action of the same generation; the others come from outside. */
#define DEVICE_EVENTS(X) \
    X(DEVICE_STARTS,  "start") \
    X(DEVICE_DONE,    "done")    /* what was asked for is there: challenge, CA certificates, CSR, message */ \
    X(DEVICE_FAILED,  "failed")  /* it could not be had; error is set */ \
    X(DEVICE_ANSWER,  "answer")  /* a complete HTTP answer, whatever its status */ \
    X(DEVICE_REPLY,   "reply")   /* the CertRep has been read and checked */ \
    X(DEVICE_TIMEOUT, "timeout") /* the device's own deadline */ \
    X(DEVICE_ABORT,   "abort")

#define DEVICE_ACTIONS(X) \
    X(DEVICE_DEADLINE,        "deadline")        /* send TIMEOUT at at_us */ \
    X(DEVICE_FETCH_CHALLENGE, "fetch_challenge") /* from the source, also when that is "none"; DONE or FAILED */ \
    X(DEVICE_SEND,            "send")            /* an HTTP request; ANSWER or FAILED */ \
    X(DEVICE_PARSE_CA,        "parse_ca")        /* the answer to GetCACert; DONE or FAILED */ \
    X(DEVICE_MAKE_CSR,        "make_csr")        /* DONE or FAILED */ \
    X(DEVICE_MAKE_MESSAGE,    "make_message")    /* the pkiMessage; DONE or FAILED */ \
    X(DEVICE_READ_REPLY,      "read_reply")      /* the answer to PKIOperation; REPLY or FAILED */ \
    X(DEVICE_CANCEL,          "cancel")          /* what is outstanding: its reply is not wanted any more */ \
    X(DEVICE_END,             "end")             /* the outcome is final */
/* clang-format on */

#define DEVICE_AS_STATE(e, name, stage) e,
#define DEVICE_AS_ENUM(e, name)         e,
enum device_state { DEVICE_STATES(DEVICE_AS_STATE) DEVICE_STATE_COUNT };
enum device_event_kind { DEVICE_EVENTS(DEVICE_AS_ENUM) DEVICE_EVENT_COUNT };
enum device_action_kind { DEVICE_ACTIONS(DEVICE_AS_ENUM) DEVICE_ACTION_COUNT };

enum device_operation { DEVICE_OP_GET_CA_CAPS, DEVICE_OP_GET_CA_CERT, DEVICE_OP_PKI_OPERATION };

const char *device_state_name(enum device_state state);
const char *device_event_name(enum device_event_kind event);
const char *device_action_name(enum device_action_kind action);
const char *device_operation_name(enum device_operation operation); /* as in the URL: "GetCACaps" */
enum stage device_operation_stage(enum device_operation operation);

/* An HTTP answer, complete or broken off. Everything borrowed during device_step. */
struct device_answer {
    int status;
    const char *server;   /* Server header, "" when absent */
    const char *location; /* Location header, "" when absent */
    struct span body;
};

struct device_event {
    enum device_event_kind kind;
    uint32_t generation;     /* of the action that this replies to; ignored for STARTS, TIMEOUT, ABORT */
    int64_t at_us;           /* now, on the run's clock */
    const struct err *error; /* FAILED: why. REPLY: why it is not a success, or NULL */
    bool timed_out;          /* FAILED: by a request time-out */
    const struct device_answer *answer; /* ANSWER; FAILED: as far as it came, or NULL */
    const struct scep_certrep *reply;   /* REPLY */
};

struct device_action {
    enum device_action_kind kind;
    uint32_t generation;             /* to be given back with the reply */
    int64_t at_us;                   /* DEADLINE */
    enum device_operation operation; /* SEND */
    bool post;                       /* SEND of PKIOperation: POST, else GET */
};

#define DEVICE_MAX_ACTIONS 2

struct device_actions {
    struct device_action items[DEVICE_MAX_ACTIONS];
    size_t count;
};

struct device_config {
    uint64_t index;
    unsigned phase;
    unsigned profile;
    bool warm_up;
    int64_t scheduled_us;
    int64_t timeout_us; /* for the whole enrollment, from its start */
};

/* Fields are for reading only. */
struct device {
    int64_t timeout_us;
    enum device_state state;
    int64_t entered_us; /* when it came into this state */
    uint32_t generation;
    uint32_t late;          /* replies that nobody waited for any more */
    unsigned caps;          /* SCEP_CAP_*, once GetCACaps was answered */
    struct outcome outcome; /* final after the END action; spans and OTP facts are the owner's */
};

void device_init(struct device *d, const struct device_config *config);

/* Owns:  nothing; *out is overwritten, at most DEVICE_MAX_ACTIONS, to be carried out in order.
 * Fails: never; what goes wrong becomes the outcome. An event that the state has no rule for ends the device with
 *        REASON_UNEXPECTED_EVENT. A reply of another generation is counted in `late`, nothing else. */
void device_step(struct device *d, const struct device_event *event, struct device_actions *out);

/* Which layer answered, by its Server header and the bytes of its body. */
enum outcome_body device_classify_body(const char *server, struct span body);

/* A certificate's serial as hex, without the sign octet; cut to fit. */
void device_serial_text(struct span serial, char *out, size_t out_bytes);

/* The table as a Mermaid diagram and a list, for STATES.md. */
bool device_describe(struct buf *out);

#endif
