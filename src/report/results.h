/* A results folder, read again: what is in run.sqlite is told once more, fact by fact, to the sinks that the engine told it
 * to. Whatever can be measured, diagnosed and reported during a run can be so afterwards, and of several runs at once. */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include "report/report.h"

struct report_results;

/* Opens a folder, or the archive of one (report/bundle.h), for reading only; nothing in it changes.
 * Fails: REASON_USAGE: no results there, damaged ones, those of a run that did not come to its end, of another version;
 * REASON_NO_MEMORY. */
bool report_results_open(const char *folder, struct report_results **out, struct err *e) MUST_USE;
void report_results_close(struct report_results *r);

/* What is known about the run; `measure` and `diagnosis` are NULL. Borrowed. */
const struct report_run *report_results_run(const struct report_results *r);
const char *report_results_folder(const struct report_results *r); /* where its files are */
const char *report_results_name(const struct report_results *r);   /* as it was given */
/* Its summary.json as it was written at its end. Borrowed. */
const char *report_results_summary(const struct report_results *r);

/* Tells the facts of all these results, each once, as one run: in the order in which they were told, of several runs in
 * the order of time. `m` is new, `also` a sink beside it or NULL. The results stay open as long as m is used.
 * Fails: REASON_USAGE: damaged; REASON_NO_MEMORY. */
bool report_results_replay(struct report_results *const *parts, size_t count, struct measure *m,
                           const struct outcome_sink *also, struct err *e) MUST_USE;

#endif
