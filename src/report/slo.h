/* SLOs held against a run: at its end, and while it goes. For this room only. */
#ifndef REPORT_SLO_H
#define REPORT_SLO_H

#include "report/parts.h"
#include "scenario/scenario.h"

/* Does a value meet it? */
bool slo_met(const struct scenario_slo *slo, double value);

/* The figure of an SLO in the measurements themselves; summary.json knows neither windows nor a run that still goes. */
enum slo_kind {
    SLO_STATISTIC, /* of a histogram */
    SLO_ENDS,      /* devices that came to an end */
    SLO_FAILURES,  /* of one reason */
    SLO_DEFECTS    /* a counter of correctness */
};
enum slo_end { SLO_PLANNED, SLO_STARTED, SLO_ENROLLED, SLO_FAILED, SLO_UNSENT, SLO_ABANDONED };
struct slo_figure {
    enum slo_kind kind;
    struct measure_filter filter; /* STATISTIC; phase and profile of ENDS */
    size_t statistic;             /* for slo_statistic */
    enum slo_end end;
    char name[64]; /* of the reason or the counter */
};
/* False: the path is not one of these, or names a phase or profile that the run does not have. */
bool slo_find(const struct report_run *run, const char *path, struct slo_figure *out);

#define SLO_STATISTIC_COUNT 0
/* Milliseconds, or a count. */
double slo_statistic(const struct histogram *h, size_t statistic);
/* 0..1 for a percentile; -1 for count, min, mean and max. */
double slo_statistic_share(size_t statistic);
const char *slo_statistic_id(size_t statistic);

/* The values of one figure in all windows, in order. */
struct slo_windows;
bool slo_windows_new(const struct report_run *run, const struct scenario_slo *slo, struct slo_windows **out,
                     struct err *e) MUST_USE;
void slo_windows_free(struct slo_windows *w);
/* The next window that has a value; false: none (yet). `over`: the run is. */
bool slo_windows_next(struct slo_windows *w, bool over, double *value, int64_t *from_us);

#endif
