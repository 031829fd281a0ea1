/* A run told at its end, by whichever command: in words on stdout, coloured and wrapped as the terminal wants it. */
#ifndef CLI_TELL_H
#define CLI_TELL_H

#include "report/report.h"

/* What stdout is: may it be coloured, and how wide is it (0: unknown)? */
struct tell_terminal {
    bool colour;
    unsigned width;
};
struct tell_terminal tell_terminal(void);

void tell_words(const struct report_run *run, const struct report_verdict *verdict, const char *folder);
bool tell_json(const struct report_run *run, struct err *e) MUST_USE;
/* The moment that certificates are judged at: the end of the run, whenever it is told. Unix seconds. */
int64_t tell_end_s(int64_t started_wall_us, int64_t duration_us);

#endif
