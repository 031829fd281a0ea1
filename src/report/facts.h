/* What is known about a run besides its figures, as JSON in run.sqlite (meta, key "run"), and back. For this room only. */
#ifndef REPORT_FACTS_TREE_H
#define REPORT_FACTS_TREE_H

#include "report/parts.h"

#define FACTS_MAX_LIST 4096 /* profiles, phases, SLOs, notes, parts: more than that is no run of ours */

struct facts {
    json_t *tree; /* texts below are borrowed from it */
    struct report_run run;
    struct outcome_target target;
    struct outcome_otp otp;
    struct outcome_generator generator;
    struct report_shard shard;
    struct report_part *parts;
    const char **lists[5]; /* versions, profiles, phases, slo, notes */
};

json_t *facts_tree(const struct report_run *run); /* NULL: no memory */
/* Takes the tree over, also when it fails. `measure` and `diagnosis` of the run stay NULL. facts_clear in any case.
 * Fails: REASON_USAGE: it is not what facts_tree writes; REASON_NO_MEMORY. */
bool facts_read(json_t *tree, struct facts *out, struct err *e) MUST_USE;
void facts_clear(struct facts *f);

#endif
