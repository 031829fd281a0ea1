/* From facts to named causes. Small on purpose for now: rules over failure groups and the target's facts. */
#ifndef DIAGNOSE_DIAGNOSE_H
#define DIAGNOSE_DIAGNOSE_H

#include "causes/causes.h"
#include "measure/measure.h"

#define DIAGNOSE_MAX_EVIDENCE   8
#define DIAGNOSE_MAX_LOOK_ALIKE 16

struct diagnosis {
    const struct cause *cause;
    double confidence; /* 0..1: how likely this cause is behind its failures; look-alikes share it */
    double share;      /* 0..1: its failures among the devices that did not enroll */
    enum stage stage;  /* where the failures showed */
    char evidence[DIAGNOSE_MAX_EVIDENCE][200]; /* facts for it, in words with numbers */
    size_t evidence_count;
    const char *look_alikes[DIAGNOSE_MAX_LOOK_ALIKE]; /* ids that look the same from outside */
    size_t look_alike_count;
};

struct diagnose_list {
    struct diagnosis *items; /* best first */
    size_t count;
};

/* A healthy run yields an empty list. `otp` may be NULL. `now_s` is the wall clock, for certificate dates. */
bool diagnose_run(const struct measure *m, const struct outcome_target *target, const struct outcome_otp *otp,
                  int64_t now_s, struct diagnose_list *out, struct err *e) MUST_USE;
void diagnose_clear(struct diagnose_list *list);

#endif
