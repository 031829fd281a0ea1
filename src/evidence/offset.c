#include "evidence/evidence.h"

#define SECOND     INT64_C(1000000)
#define QUARTER_US (900 * SECOND)
#define QUARTERS   56 /* 14 hours */
#define APART_US   (30 * SECOND)
#define MAX_TIMES  4096

#define MARGIN     7          /* bits: chance is right once in a hundred */
#define MAX_GAP_US QUARTER_US /* in a longer one, some offset brings any two times together */

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

/* A burst counts once: it would otherwise outvote everything wherever it meets something. */
static size_t thin_bursts(int64_t *times, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || times[i] - times[kept - 1] >= APART_US)
            times[kept++] = times[i];
    }
    return kept;
}

/* What it is worth that a time lies so near to another in a gap so wide: the bits of surprise, one for each time that half the gap can
 * be halved before it is nearer than that. Logs of whole seconds are no nearer than one. */
static unsigned worth_of(int64_t distance_us, int64_t gap_us)
{
    unsigned bits = 0;
    int64_t nearest = distance_us < SECOND ? SECOND : distance_us;
    for (int64_t half = (gap_us < MAX_GAP_US ? gap_us : MAX_GAP_US) / 4; half >= nearest; half /= 2)
        bits++;
    return bits;
}

/* Every local time, moved, beside its nearest neighbour. One walk over both. */
static unsigned worth_at(const int64_t *local, size_t local_count, const int64_t *utc, size_t utc_count,
                         int64_t offset)
{
    unsigned sum = 0;
    size_t at = 0;
    for (size_t i = 0; i < local_count; i++) {
        int64_t when = local[i] - offset;
        while (at + 1 < utc_count && utc[at + 1] <= when)
            at++;
        bool between = utc[at] <= when && at + 1 < utc_count;
        int64_t before = llabs(when - utc[at]), after = between ? utc[at + 1] - when : before;
        sum += worth_of(before < after ? before : after, between ? before + after : MAX_GAP_US);
    }
    return sum;
}

/* Chance makes every offset worth something, the more so the more times there are; the right one leaves all others behind. */
static bool stands_out(const unsigned *worth, int best)
{
    double sum = 0, squares = 0, second = 0;
    for (int i = 0; i <= 2 * QUARTERS; i++) {
        double w = i == best ? 0 : worth[i];
        sum += w;
        squares += w * w;
        second = w > second ? w : second;
    }
    double mean = sum / (2 * QUARTERS), spread = squares / (2 * QUARTERS) - mean * mean;
    double margin = worth[best] - second;
    return margin >= MARGIN && margin * margin > 4 * spread;
}

static bool choose(const int64_t *local, size_t local_count, const int64_t *utc, size_t utc_count,
                   int64_t *offset_us)
{
    unsigned worth[2 * QUARTERS + 1];
    int best = 0;
    for (int i = 0; i <= 2 * QUARTERS; i++) {
        worth[i] = worth_at(local, local_count, utc, utc_count, (i - QUARTERS) * QUARTER_US);
        best = worth[i] > worth[best] ? i : best;
    }
    if (!stands_out(worth, best))
        return false;
    *offset_us = (best - QUARTERS) * QUARTER_US;
    return true;
}

bool evidence_detect_offset(const int64_t *local_us, size_t local_count, const int64_t *utc_us,
                            size_t utc_count, int64_t *offset_us)
{
    int64_t *local = sorted(local_us, &local_count), *utc = sorted(utc_us, &utc_count);
    bool both = local != NULL && utc != NULL && local_count > 0 && utc_count > 0;
    bool found = both && choose(local, thin_bursts(local, local_count), utc, utc_count, offset_us);
    free(local);
    free(utc);
    return found;
}
