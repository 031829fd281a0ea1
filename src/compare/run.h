/* One run as a comparison needs it: figures and how well the run knows them, no devices. Some kilobytes, however many devices
 * there were, so that a baseline can be kept when the results folder is gone. */
#ifndef COMPARE_RUN_H
#define COMPARE_RUN_H

#include "report/report.h"

#define COMPARE_QUANTILES 3 /* p50 p95 p99 */
extern const double compare_quantiles[COMPARE_QUANTILES];

enum { COMPARE_ENROLLMENT, COMPARE_SERVICE, COMPARE_START_LAG, COMPARE_STEP }; /* + a stage */
#define COMPARE_TIMINGS ((size_t)COMPARE_STEP + STAGE_COUNT)

/* Warm-up left out, as in summary.json. */
struct compare_timing {
    uint64_t count;                  /* 0: it did not happen */
    double ms[COMPARE_QUANTILES];    /* at least 0.001 */
    double error[COMPARE_QUANTILES]; /* standard error of their logarithms, from within the run */
};
/* "enrollment", "service", "start_lag", "step.<step>" */
void compare_timing_name(size_t timing, char *out, size_t out_bytes);
/* A step that this machine does by itself: it says nothing about a server. */
bool compare_timing_is_local(size_t timing);

/* Something that was counted: a kind of failure, a cause behind failures, a defect. */
struct compare_count {
    char id[160];
    char title[240];
    uint64_t count;
};
#define COMPARE_MAX_COUNTS 300
struct compare_counts {
    struct compare_count *items;
    size_t count;
};
/* 0 when there is none of this id. */
uint64_t compare_counts_of(const struct compare_counts *list, const char *id);

struct compare_run {
    char name[300]; /* what people call it: its folder, or "@NAME 2" */
    char scenario[160];
    char *
        plan; /* what was asked of the server: the scenario without the server itself and without what only names or judges */
    char version[40], libraries[240];
    uint64_t seed;
    int64_t started_us, duration_us; /* Unix; length */
    uint64_t cores;
    bool interrupted, shard, expect_refused;
    char stopped_early[240];
    char validity[16], reasons[600];
    uint64_t planned, started, enrolled;
    double enrolled_per_s;
    struct compare_timing timings[COMPARE_TIMINGS];
    struct compare_counts failures, causes, defects; /* defects: every kind, also those that are 0 */
    struct outcome_target target;
    uint64_t page_cache, page_minutes; /* what the page of one-time passwords said about itself */
    char scheme[32];                   /* of the logon there */
};

/* Reads a results folder and measures it anew.
 * Fails: REASON_USAGE as report_results_open; REASON_NO_MEMORY. */
bool compare_run_read(const char *folder, struct compare_run **out, struct err *e) MUST_USE;
void compare_run_free(struct compare_run *run);

/* Drops from a scenario.yaml, as scenario_write makes it, what may differ between runs that are compared. */
bool compare_plan(struct span scenario, struct buf *out);

/* ---- several runs ---- */

struct compare_runs {
    struct compare_run **items;
    size_t count;
};
#define COMPARE_MAX_RUNS 64
/* Takes `run` over, also when it fails. */
bool compare_runs_add(struct compare_runs *runs, struct compare_run *run, struct err *e) MUST_USE;
void compare_runs_clear(struct compare_runs *runs);

/* A baseline: runs in one JSON file ("scepstorm/runs/1"). */
#define COMPARE_MAX_FILE_BYTES ((size_t)16 << 20)
bool compare_runs_write(const struct compare_runs *runs, struct buf *out, struct err *e) MUST_USE;
/* Adds the file's runs, named `name` and their number.
 * Fails: REASON_USAGE: not such a file. */
bool compare_runs_parse(struct span text, const char *name, struct compare_runs *runs,
                        struct err *e) MUST_USE;

#endif
