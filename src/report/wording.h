/* Words for people, for rooms that tell of runs in forms of their own. */
#ifndef REPORT_WORDING_H
#define REPORT_WORDING_H

#include "measure/measure.h"

struct report_run;

/* "1,234,567" */
void words_count(uint64_t n, char *out, size_t out_bytes);
/* "HTTP 503 from Microsoft-HTTPAPI/2.0", "FAILURE, failInfo 1, HRESULT 0x80070490"; what a failure looked like. */
void words_failure(const struct measure_failure *f, char *out, size_t out_bytes);
/* Names of the correctness counters and their values, in the order of summary.json. */
#define WORDS_DEFECTS 10
struct words_defect {
    const char *id, *title;
    uint64_t count;
};
void words_defects(const struct report_run *run, struct words_defect out[WORDS_DEFECTS]);

#endif
