/* The faults that exist: one row each, in one file per family, as in the catalogue of causes. A row says what a fault does on the
 * wire (`apply` writes struct ndes_effects) and what it leaves in the server's logs (`traces`), from documents, captures and
 * field reports; nothing here knows what diagnosis looks for.
 *
 * To add a fault: append a row to the fitting table; nothing else is counted or listed anywhere. */
#ifndef FAULTS_KINDS_H
#define FAULTS_KINDS_H

#include "ndes/effects.h"

#define FAULT_KEYS 4

enum fault_key_kind {
    FAULT_KEY_CHOICE,   /* a word out of `choices`; its index is the value, 0 the default */
    FAULT_KEY_CODE,     /* 32 bits, hexadecimal: 0x80004005 */
    FAULT_KEY_NUMBER,   /* min to max */
    FAULT_KEY_DURATION, /* microseconds */
};

/* A key that this fault has beside the common ones. */
struct fault_key {
    const char *name; /* NULL: no key */
    enum fault_key_kind kind;
    const char *const *choices; /* ends with NULL */
    int64_t value;              /* the default, where it is no choice */
    int64_t min, max;           /* FAULT_KEY_NUMBER */
};

struct fault_kind;

/* A fault as somebody asked for it: its kind, and a value for each of the kind's keys. */
struct fault_setting {
    const struct fault_kind *kind;
    int64_t value[FAULT_KEYS];
    /* The pool was started since the fault began to hold. Kinds with a key "restarted" (FAULT_RESTARTED) whose value is "yes"
     * have that from the beginning. */
    bool restarted;
    int64_t since_start_us; /* how long ago that was the last time; INT64_MAX: never */
};

/* Whether a state that only begins when the pool starts bites from the beginning ("yes", the default), or not before the pool
 * is started the next time: by POST /scepstorm/admin/restart, or because another fault ends. */
extern const char *const fault_restarted_choices[];
#define FAULT_RESTARTED                                                                                      \
    {                                                                                                        \
        .name = "restarted", .choices = fault_restarted_choices                                              \
    }

/* When a trace is left. */
enum fault_trace_when {
    FAULT_TRACE_ONSET,   /* once, when the fault begins to hold */
    FAULT_TRACE_START,   /* at the onset, and whenever the application pool is started while it holds */
    FAULT_TRACE_RESTART, /* only when the pool is started while it holds, not at the onset */
    FAULT_TRACE_REQUEST, /* with every request that it bites, of operation `op` */
    FAULT_TRACE_EVERY,   /* at the onset and then each `period_s` */
    FAULT_TRACE_END,     /* once, when it ends */
    FAULT_TRACE_CRASH,   /* with every request that killed the worker process (ndes_reply.crashed) */
    FAULT_TRACE_DISABLE, /* with the one that got the pool disabled for it (ndes_reply.pool_disabled) */
};

enum fault_trace_kind {
    FAULT_TRACE_EVENT, /* what: "NDES 29", "WAS 5057", as in traces/kinds_*.c; values: its data, in order */
    FAULT_TRACE_PLUGIN, /* what: a line of NDESPlugin.log; FAULT_TRACE_REQUEST replaces the healthy lines by such rows */
    FAULT_TRACE_SVCLOG, /* what: a message of the registration point's svclog; the same */
    FAULT_TRACE_CRP, /* what: "500 0 0": the registration point's line in the IIS log in place of "201 0 0"; "": none */
    FAULT_TRACE_CONNECTOR, /* what: "4005": event of the unified connector in place of 4004; values: its data; "": none */
    FAULT_TRACE_STATE, /* what: "apppools.State": a cell of a table in state/; values[0]: the row's key, values[1]: the cell */
};

/* What a fault leaves behind, beyond what every reply leaves by itself: its lines, and its notes (ndes_reply.notes: a refused
 * request's NDES 28, 29, 31 and CA 53, a refused logon's Security 4625). Values may hold, filled in when they are written:
 *     {account} {pool} {node} {fqdn} {ca} {ca-fqdn} {address} {otp-user}
 *     {subject} {transaction} {device} {client}   of the request
 *     {time} {time-3d} {time+30d}   now, or days before or after
 *     {time+key}                    now and the duration of the first key
 *     {key}                         the value of the first key: its word, 0x80004005, a number, or a duration in minutes
 *     {ra-sign} {ra-encrypt} {module-cert} {ca-cert}   thumbprints: row keys of state/certificates.csv */
struct fault_trace {
    enum fault_trace_when when;
    enum fault_trace_kind kind;
    enum ndes_operation op; /* FAULT_TRACE_REQUEST: NDES_OP_COUNT is any */
    int period_s;           /* FAULT_TRACE_EVERY */
    const char *what;       /* NULL: end of the list */
    const char *values[6];
    int choice;  /* only when the kind's first key has this choice, counted from 1; 0: always */
    int choice2; /* the same of its second key */
};
#define FAULT_TRACES(...) ((const struct fault_trace[]){__VA_ARGS__, {.what = NULL}})

/* What a fault cannot be without. */
enum fault_needs { FAULT_NEEDS_NOTHING, FAULT_NEEDS_TLS, FAULT_NEEDS_PLAIN_HTTP };

struct fault_kind {
    const char *id; /* as in the catalogue of causes */
    enum fault_needs needs;
    struct fault_key keys[FAULT_KEYS];
    uint32_t code; /* for faults that differ in one code only */
    void (*apply)(const struct fault_setting *fault, struct ndes_effects *effects);
    const struct fault_trace *traces; /* NULL: none of its own */
};

struct fault_family {
    const struct fault_kind *kinds;
    size_t count;
};
#define FAULT_FAMILY(name, table) const struct fault_family name = {table, sizeof table / sizeof table[0]}

extern const struct fault_family faults_path, faults_tls, faults_iis, faults_limits, faults_pool,
    faults_startup, faults_otp, faults_password, faults_messages, faults_authority, faults_intune,
    faults_registration;

/* The ids there are, in alphabetical order; NULL past the last. Static strings. */
const char *fault_id(size_t index);
/* The keys that only this fault has, `key` from 0; NULL: no more. */
const struct fault_key *fault_key(size_t index, size_t key);
/* NULL: no such fault. */
const struct fault_kind *fault_kind_find(const char *id);

#endif
