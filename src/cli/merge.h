/* Shards become one run again: of `scepstorm merge`, and of `run --workers`. */
#ifndef CLI_MERGE_H
#define CLI_MERGE_H

#include "live/live.h"
#include "report/results.h"

/* Checks that the results are shards of one run, replays them into `folder` and closes it, also when it fails; prints what
 * came of it, also to who watches (`live`, NULL: nobody). `count` is at least 1. *exit_code as that of a run.
 * Fails: REASON_USAGE: they are not of one run; others: the folder could not be written. */
bool merge_results(struct report_results *const *parts, size_t count, struct report_folder *folder,
                   struct live *live, bool json, bool quiet, int *exit_code, struct err *e) MUST_USE;

#endif
