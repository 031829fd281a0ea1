/* Pure arithmetic: numbers in, numbers out. Any thread; nothing is allocated, nothing is drawn.
 *
 * The run is the unit. Thousands of devices of one run say how well that run is known, not how well the server is: the
 * next run finds another cache, another neighbour on the host. With three runs a side the scatter between runs is hardly
 * known either, and that is where naive comparisons go wrong in both directions: a permutation of 3 + 3 runs cannot get
 * below 5 %, and resampling three runs has ten outcomes that understate the scatter by a fifth. So runs are drawn from a
 * distribution whose width is itself drawn from what the runs show (a hierarchical bootstrap over runs, smooth); the share of
 * draws is not counted but integrated, which is the same for infinitely many draws and needs no seed. */
#ifndef COMPARE_STATISTICS_H
#define COMPARE_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* ---- exact: exact.c ---- */

struct exact_interval {
    double low, high; /* 0..1 */
};
/* Clopper and Pearson's interval for the share of `events` among `trials`. Both may be fractions, for runs that scatter:
 * events and trials over the design effect (Korn and Graubard 1998). trials 0: everything from 0 to 1. */
struct exact_interval exact_share(double events, double trials, double confidence);
/* How much more runs scatter than throws of one coin would: Pearson's chi square by its degrees of freedom, at least 1. */
double exact_design_effect(const uint64_t *events, const uint64_t *trials, size_t runs);
/* Fisher's exact test, one-sided: the chance of at least `now` events in the second group if both groups are alike. */
double exact_more(uint64_t base, uint64_t base_trials, uint64_t now, uint64_t now_trials);

/* ---- what two sides of a few runs tell: scatter.c ---- */

/* One figure of one run, on a scale on which errors add up (a logarithm), and its variance from within the run. */
struct scatter_value {
    double value, variance;
};

#define SCATTER_GRID 96
struct scatter {
    double change; /* mean of now - mean of base */
    double error;  /* its standard error, scatters averaged */
    double weight[SCATTER_GRID],
        errors[SCATTER_GRID]; /* how likely a scatter is, and the standard error with it */
};
/* Both counts at least 1, and one of them at least 2 or the scatter is only assumed. */
void scatter_of(const struct scatter_value *base, size_t base_count, const struct scatter_value *now,
                size_t now_count, struct scatter *out);
/* The chance that equal servers differ by `change` or more, in this direction. */
double scatter_above(const struct scatter *s, double change);
/* The change that equal servers exceed with this chance, below 0.5. */
double scatter_bound(const struct scatter *s, double chance);

/* ---- several figures at once: family.c ---- */

/* Holm's step-down with weights: `adjusted` below alpha for any that are no change happens with a chance of at most alpha, however
 * the figures hang together. Weights > 0; count at most FAMILY_MAX. */
#define FAMILY_MAX 256
void family_adjust(const double *chance, const double *weight, size_t count, double *adjusted);

/* ---- one run's own noise: noise.c ---- */

/* The standard error of the share `share` (0..1) that lies at or below a percentile, when values come in bursts: from
 * the shares in consecutive stretches of the run, and never below that of independent values. `below[i]` says whether value i, in
 * order of time, is at or below it. */
double noise_of_share(const uint8_t *below, size_t count, double share);

#endif
