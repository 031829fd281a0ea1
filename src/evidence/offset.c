#include "evidence/evidence.h"

#define QUARTER_US INT64_C(900000000)
#define QUARTERS   56 /* 14 hours */
#define NEAR_US    INT64_C(2000000)
#define MAX_TIMES  4096

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sorted copy of what is a time, thinned evenly to MAX_TIMES; the caller's to free. */
static int64_t *sorted(const int64_t *times, size_t *count)
{
    size_t known = 0, step = *count / MAX_TIMES + 1;
    int64_t *out = malloc(MAX_TIMES * sizeof *out);
    for (size_t i = 0; out != NULL && i < *count && known < MAX_TIMES; i += step) {
        if (times[i] != EVIDENCE_NO_TIME)
            out[known++] = times[i];
    }
    if (out != NULL)
        qsort(out, known, sizeof *out, by_value);
    *count = known;
    return out;
}

/* How many of `local`, moved, have a neighbour in `utc`. One walk over both. */
static size_t matches(const int64_t *local, size_t local_count, const int64_t *utc, size_t utc_count,
                      int64_t offset)
{
    size_t hits = 0, at = 0;
    for (size_t i = 0; i < local_count; i++) {
        int64_t when = local[i] - offset;
        while (at < utc_count && utc[at] < when - NEAR_US)
            at++;
        hits += at < utc_count && utc[at] <= when + NEAR_US;
    }
    return hits;
}

/* Chance gives every offset some matches: the right one has to be five times their spread above their average (the spread of a
 * count is the average's root; at least two matches beyond it where there are next to none), and well above the second. */
static bool stands_out(const size_t *hits, int best)
{
    size_t sum = 0, second = 0;
    for (int i = 0; i <= 2 * QUARTERS; i++) {
        if (i == best)
            continue;
        sum += hits[i];
        second = hits[i] > second ? hits[i] : second;
    }
    double mean = (double)sum / (2 * QUARTERS), above = (double)hits[best] - mean - 1.5;
    return hits[best] > second && hits[best] - second >= (second + 3) / 4 && above > 0 &&
           above * above > 25 * mean;
}

static bool choose(const int64_t *local, size_t local_count, const int64_t *utc, size_t utc_count,
                   int64_t *offset_us)
{
    size_t hits[2 * QUARTERS + 1];
    int best = 0;
    for (int i = 0; i <= 2 * QUARTERS; i++) {
        hits[i] = matches(local, local_count, utc, utc_count, (i - QUARTERS) * QUARTER_US);
        best = hits[i] > hits[best] ? i : best;
    }
    if (!stands_out(hits, best))
        return false;
    *offset_us = (best - QUARTERS) * QUARTER_US;
    return true;
}

bool evidence_detect_offset(const int64_t *local_us, size_t local_count, const int64_t *utc_us,
                            size_t utc_count, int64_t *offset_us)
{
    int64_t *local = sorted(local_us, &local_count), *utc = sorted(utc_us, &utc_count);
    bool found = local != NULL && utc != NULL && choose(local, local_count, utc, utc_count, offset_us);
    free(local);
    free(utc);
    return found;
}
