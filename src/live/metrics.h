/* A run as metrics. Names follow Prometheus' conventions: base units, counters end in _total; they are part of what users
 * script against, results/README.md lists them. */
#ifndef LIVE_METRICS_H
#define LIVE_METRICS_H

#include "report/report.h"

enum live_state { LIVE_PREPARING, LIVE_RUNNING, LIVE_ENDED, LIVE_INTERRUPTED, LIVE_STATES };
const char *live_state_id(enum live_state state); /* "running" */

/* Borrowed. */
struct live_view {
    const struct report_run *run;         /* as far as it has come */
    const struct report_verdict *verdict; /* provisional until the run has ended */
    enum live_state state;
    uint64_t planned;    /* devices of the plan; 0: nobody knows */
    uint64_t requests;   /* answered or lost, warm-up included */
    uint64_t dropped;    /* facts that the watcher missed */
    const char *results; /* where the report will be; NULL: nowhere */
};

/* Fails: REASON_LIMIT, REASON_NO_MEMORY of `out`. */
bool live_metrics_write(const struct live_view *v, bool open_metrics, struct buf *out,
                        struct err *e) MUST_USE;

/* Certificates as check and run tell them alike: the moment when each expires, by role, serial number and subject. */
struct live_writer;
void live_metrics_certificates(struct live_writer *w, const struct outcome_target *target);

#endif
