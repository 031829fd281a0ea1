/* A diagnosis told by itself: in words, and as JSON whose `diagnosis` has the form of summary.json. */
#ifndef CLI_DIAGNOSE_TEXT_H
#define CLI_DIAGNOSE_TEXT_H

#include "diagnose/diagnose.h"

#include <stdio.h>

/* `read` is NULL when no logs were read, `results` when there is no run. */
void diagnose_text_print(const struct diagnose_list *list, const struct diagnose_read *read,
                         const char *results, FILE *to);
bool diagnose_text_json(const struct diagnose_list *list, const struct diagnose_read *read,
                        const char *results, struct err *e) MUST_USE;

/* True when some of it was a log: files that are nothing known, empty, or damaged throughout say nothing, which is not the same as
 * that nothing is wrong. */
bool diagnose_text_readable(const struct diagnose_read *read);

#endif
