/* Between the parts of diagnose; for this room only. */
#ifndef DIAGNOSE_PARTS_H
#define DIAGNOSE_PARTS_H

#include "diagnose/diagnose.h"
#include "measure/otp.h"

/* Who wrote an answer: the first thing to know about an HTTP error. */
enum layer { LAYER_NONE, LAYER_HTTPSYS, LAYER_IIS, LAYER_OTHER /* proxy, gateway, another server */ };

/* What is known about the whole run. */
struct run_facts {
    const struct measure *measure;
    const struct outcome_target *target;
    const struct outcome_otp *otp; /* NULL: nothing known */
    struct measure_devices devices;
    uint64_t
        not_enrolled; /* failed and unsent, and failed follow-ups; but for those that the run's own stop kept from
                            * starting */
    int64_t now_s;
    bool policy_module; /* the bare SCEP URL answers 403, as it does with the Intune policy module */
    bool resets;        /* connections broke without an answer */
    bool certs_seen;    /* GetCACert was answered with RA certificates */
    const struct outcome_target_cert *expired_ra; /* NULL: none */
};

/* One group of failures in its run: what rules look at. */
struct facts {
    const struct measure_failure *failure;
    const struct outcome *first;
    const struct run_facts *run;
    enum layer layer;
    enum stage stage;   /* where, and why: of a device whose time ran out while it tried again, */
    enum reason reason; /* what made it try again */
    uint32_t hresult;   /* the server's, or the one its words stand for; 0: none */
    bool late;          /* devices had enrolled before */
    bool recovered;     /* devices enrolled after the last of these failures */
    double mixed;       /* share of successes while it went on, 0..1 */
    double crowd; /* share of the run's seconds in which less than half as many devices came as meanwhile */
};

struct run_facts facts_of_run(const struct measure *m, const struct outcome_target *target,
                              const struct outcome_otp *otp, int64_t now_s);
/* Length of the query with the message in it, as sent; 0: the request was no PKIOperation by GET. */
size_t facts_query_bytes(const struct facts *f);
bool facts_header_says(const struct facts *f, const char *word); /* of the deciding answer */
struct facts facts_of_failure(const struct measure_failure *failure, const struct run_facts *run);
/* The failures that brought these about, NULL when they stand for themselves: a password that NDES does not know stays in
 * its cache under its right value, so refused passwords fill the cache. */
const struct measure_failure *facts_leader(const struct measure_failure *failure, const struct measure *m);

/* A cause that a rule offers. `factor` weighs the prior by the facts; NULL: the prior stands. `tell` adds what speaks
 * for this very cause; NULL: nothing more than for its neighbours. */
struct candidate {
    const char *id;
    double prior;
    double (*factor)(const struct facts *f);
    void (*tell)(const struct facts *f, struct diagnosis *d);
};

#define RULE_MAX_REASONS 5

/* Conditions that are 0 or NULL ask nothing. The first rule that fits a group of failures speaks. */
struct rule {
    uint64_t stages;                       /* bit per enum stage */
    enum reason reasons[RULE_MAX_REASONS]; /* ends with REASON_NONE */
    int http_status;
    enum layer layer;
    uint32_t hresult;
    bool (*when)(const struct facts *f);
    double certainty; /* what its candidates share: 1 would mean that nothing else looks like this */
    const struct candidate *candidates; /* ends with id NULL */
};

#define END                                                                                                  \
    {                                                                                                        \
        NULL, 0, NULL, NULL                                                                                  \
    }
#define CANDIDATES(name, ...) static const struct candidate name[] = {__VA_ARGS__, END}

/* Requests alone show it: a few among many are noise. */
#define BY_REQUEST 1u
/* One server can have it while another has it for another reason. */
#define BY_SERVER 2u

/* A failure as a server's logs show it; its marks name it. */
struct problem {
    const char *id;
    enum stage stage;
    double certainty;                   /* as of rules */
    const struct candidate *candidates; /* NULL: by the code that its marks carry */
    const char
        *served; /* marks of requests of the same kind that went well, separated by blanks; "": not counted */
    unsigned traits;
};
extern const struct problem diagnose_problems[];
extern const size_t diagnose_problem_count;

/* The rule for a refusal of the CA with this code; NULL: none speaks of it. */
const struct rule *diagnose_rule_of_code(uint32_t code);

extern const struct rule diagnose_otp_rules[]; /* asked first: they speak of the OTP page only */
extern const size_t diagnose_otp_rule_count;
extern const struct rule diagnose_rules[];
extern const size_t diagnose_rule_count;

/* Adds a line of evidence while there is room. */
void evidence_add(struct diagnosis *d, const char *format, ...) PRINTF_LIKE(2, 3);
/* What can be said about any group of failures: how many, where, when, how fast. */
void evidence_common(const struct facts *f, struct diagnosis *d);

/* The same for failures that others brought about. */
void evidence_follower(const struct facts *f, const struct facts *leader, struct diagnosis *d);

void tell_expired_ra(const struct facts *f, struct diagnosis *d);
void tell_date_skew(const struct facts *f, struct diagnosis *d);
void tell_otp_age(const struct facts *f, struct diagnosis *d);
void tell_otp_used(const struct facts *f, struct diagnosis *d);
void tell_otp_cut(const struct facts *f, struct diagnosis *d);
void tell_mixed(const struct facts *f, struct diagnosis *d);
void tell_policy_module(const struct facts *f, struct diagnosis *d);
void tell_no_blob(const struct facts *f, struct diagnosis *d);
void tell_no_challenge(const struct facts *f, struct diagnosis *d);
void tell_fresh_works(const struct facts *f, struct diagnosis *d);
void tell_signer_dates(const struct facts *f, struct diagnosis *d);
void tell_resets(const struct facts *f, struct diagnosis *d);

#endif
