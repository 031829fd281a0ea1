/* What fails while the run goes on, named as the diagnosis at its end would name it by what is known so far. */
#ifndef REPORT_SUSPECTS_H
#define REPORT_SUSPECTS_H

#include "report/report.h"
#include "report/view.h"

struct suspects {
    struct diagnose_list list;
    uint64_t seen; /* failures that it knows */
    int64_t next_us;
};

void suspects_clear(struct suspects *s); /* harmless for zeroes */
/* Diagnoses again when there are new failures: every two seconds at most, and never more than a hundredth of the time, which
 * belongs to the load. Call at any rate. */
void suspects_look(struct suspects *s, const struct report_run *run, int64_t now_us);
/* The causes, and by stage and reason the failures that have none yet: best first, at most VIEW_MAX_CAUSES. */
void suspects_tell(const struct suspects *s, const struct measure *m, struct view *out);

#endif
