/* Two sides of a change, some runs each: is the server worse than before? A gate, so it is built to be wrong rarely: with equal
 * servers it cries at most once in a hundred comparisons, over all figures together, and where it could not have seen a
 * change worth seeing it says so instead of "no regression".
 *
 * What counts as worse: a percentile of the enrollment or of a step of the server, the success rate, a kind of failure, the
 * throughput, if its change is both beyond chance (hierarchical bootstrap over runs, Holm over all figures: compare/statistics.h)
 * and large enough to matter (floors); and any kind of defect that the base did not have, once. */
#ifndef COMPARE_COMPARE_H
#define COMPARE_COMPARE_H

#include "compare/run.h"

#define COMPARE_LEAST_RUNS 3
#define COMPARE_ALPHA      0.01

struct compare_options {
    double floor_share; /* 0.10: changes of latency and throughput below 10 % are none */
    double floor_ms;    /* 5: nor latencies that change by less */
    double floor_rate;  /* 0.005: nor rates of failure */
    double
        detect; /* 0.5: what must have been seen for the verdict "no regression"; at least twice floor_share */
    bool force; /* runs that cannot be compared: show the figures, without a verdict */
};
struct compare_options compare_defaults(void);

enum compare_verdict {
    COMPARE_NO_REGRESSION,
    COMPARE_REGRESSION,
    COMPARE_INCONCLUSIVE,    /* a change of `detect` could have been missed */
    COMPARE_NOT_ENOUGH_RUNS, /* figures only */
    COMPARE_FORCED           /* figures of runs that cannot be compared */
};
const char *compare_verdict_id(enum compare_verdict verdict); /* "no_regression" ... */

enum compare_unit { COMPARE_MS, COMPARE_SHARE, COMPARE_PER_S, COMPARE_COUNT };

enum compare_row_verdict {
    COMPARE_ROW_SAME,  /* no change beyond chance and floor */
    COMPARE_ROW_SMALL, /* worse beyond chance, but below the floor */
    COMPARE_ROW_WORSE,
    COMPARE_ROW_BETTER,  /* told, never held against anybody */
    COMPARE_ROW_TOO_FEW, /* values or runs: not judged */
    COMPARE_ROW_LOCAL    /* work of this machine: not judged */
};
const char *compare_row_verdict_id(enum compare_row_verdict verdict); /* "same" ... */

/* One figure on both sides: of latencies and throughput the geometric mean over runs, of rates the share of all devices. */
struct compare_row {
    char figure[200]; /* as in summary.json: "latency.enrollment.p95", "enrolled", "failures.<id>" */
    char title[240];  /* for people: "enrollment p95" */
    enum compare_unit unit;
    double base, now;
    double change, low, high; /* MS, PER_S: of 1, 0.2 is a fifth more; else a difference. low to high: 95 % */
    struct {
        double low, high;
    } exact[2]; /* SHARE: 95 % for base and now */
    bool more_is_worse;
    double weight, chance, adjusted; /* of a change for the worse; weight 0: not judged */
    double smallest;                 /* the change that would have been found 95 times of 100; 0: not known */
    enum compare_row_verdict verdict;
};
#define COMPARE_MAX_ROWS 240

/* Sentences, each with its own memory. */
struct compare_words {
    char **items;
    size_t count;
};

struct compare {
    const struct compare_runs *base, *now; /* borrowed */
    struct compare_options options;
    enum compare_verdict verdict;
    char headline[600]; /* the verdict in words */
    char sight[420];    /* what could have been seen */
    struct compare_row *rows;
    size_t row_count;
    struct compare_words problems; /* why the runs cannot be compared */
    struct compare_words warnings;
    struct compare_words news;  /* new causes and kinds of failure, defects */
    struct compare_words drift; /* of the server's fingerprint */
    bool defects;               /* of a kind that the base did not have */
};

/* Owns:  compare_clear in any case.
 * Fails: REASON_USAGE: the runs cannot be compared (problems says why; without force); REASON_NO_MEMORY. */
bool compare_sides(const struct compare_runs *base, const struct compare_runs *now,
                   const struct compare_options *options, struct compare *out, struct err *e) MUST_USE;
void compare_clear(struct compare *c);

/* ---- telling: one form each ---- */

enum compare_form { COMPARE_HTML, COMPARE_MARKDOWN, COMPARE_JUNIT, COMPARE_JSON, COMPARE_FORMS };
bool compare_render(const struct compare *c, enum compare_form form, struct buf *out, struct err *e) MUST_USE;
/* Verdict first. Colours when `colour`. `width` of the terminal, 0: unknown. */
void compare_print(FILE *to, const struct compare *c, bool colour, unsigned width);

#endif
