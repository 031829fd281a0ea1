/* Groups of failures, their candidates, and how likely each is. For this room only. */
#ifndef DIAGNOSE_INFER_H
#define DIAGNOSE_INFER_H

#include "diagnose/candidates.h"
#include "diagnose/digest.h"

#define MAX_CANDIDATES 32

/* Failures that look the same: of a run, or in the logs. */
struct group {
    const struct candidate *candidates;
    double certainty;
    double
        leak; /* how much likelier something unknown is than `certainty` says: few requests, much that went well */
    double part;  /* of the confidence: the rest is given to what led to it */
    double share; /* of all failures */
    enum stage stage;
    double likely[MAX_CANDIDATES];
    bool decided[MAX_CANDIDATES]; /* an artefact of the logs settles it */

    /* of a run */
    bool of_run, led;
    struct facts facts; /* what the rule looked at: its own, or those of the failures that led to it */
    const struct measure_failure *whose; /* the devices that failed */

    /* in the logs */
    const struct problem *problem;
    unsigned node; /* 0: not one server's */
    uint32_t code;
    double weight; /* failing requests, as far as the logs show */
    int64_t first_us, last_us;
};

#define MAX_GROUPS 640

struct inference {
    const struct diagnose_case *about;
    struct diagnose_logs *logs; /* NULL: none */
    struct run_facts run;
    bool has_run;
    struct measure_failure held_up; /* what no device failed for: all waited until it was over */
    struct group *groups;
    size_t group_count;
};

/* Failures in the logs become groups; those of another time than the run's are left out when there is one. */
void infer_from_logs(struct inference *inf); /* symptoms.c */
void infer_weigh(struct inference *inf);

/* True when a sighting may have to do with this group: same server, not after it, not long before it. */
bool infer_applies(const struct inference *inf, const struct seen *seen, const struct group *g);
/* How strongly a sighting speaks for a cause: 1 not at all. */
double infer_ratio(const struct inference *inf, const struct seen *seen, const struct group *g,
                   const char *cause);

/* Lines of evidence for and against, from the logs. tell.c */
void infer_tell(const struct inference *inf, const struct group *g, struct diagnosis *d);
const char *infer_missing(const struct inference *inf, const struct group *g, const struct cause *cause);

/* Where run and logs contradict each other. correlate.c */
void infer_correlate(struct inference *inf);

#endif
