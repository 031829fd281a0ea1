#include "measure/histogram.h"

#include "base/bytes.h"

/* HdrHistogram's layout for three significant digits: 2048 linear sub-buckets of 1 us, then, for each doubling,
 * 1024 sub-buckets twice as wide as before. A value is thus off by less than one part in 1024. */
#define SUB_BITS      11
#define SUB_COUNT     (1 << SUB_BITS)
#define SUB_HALF      (SUB_COUNT / 2)
#define SUB_HALF_BITS (SUB_BITS - 1)
#define MAX_US        INT64_C(86400000000)
#define BUCKETS       27 /* smallest b with SUB_COUNT << (b - 1) > MAX_US */
#define COUNTS        ((BUCKETS + 1) * SUB_HALF)

_Static_assert(((int64_t)SUB_COUNT << (BUCKETS - 1)) > MAX_US, "24 h must fit");

/* About 230 kB, of which the system backs only the pages that were counted in. */
struct histogram {
    uint64_t total;
    int64_t min_us, max_us;
    double sum_us;
    uint64_t counts[COUNTS];
};

static unsigned bucket_of(int64_t us)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll((uint64_t)us | (SUB_COUNT - 1));
    return bits - SUB_BITS;
}

static size_t index_of(int64_t us)
{
    unsigned bucket = bucket_of(us);
    size_t sub = (size_t)(us >> bucket);
    return ((size_t)bucket << SUB_HALF_BITS) + sub;
}

static struct histogram_bucket bucket_at(const struct histogram *h, size_t index)
{
    size_t bucket = index < SUB_COUNT ? 0 : (index >> SUB_HALF_BITS) - 1;
    int64_t sub = (int64_t)(index - (bucket << SUB_HALF_BITS));
    int64_t lower = sub << bucket;
    return (struct histogram_bucket){lower, lower + (INT64_C(1) << bucket) - 1, h->counts[index]};
}

bool histogram_new(struct histogram **out, struct err *e)
{
    struct histogram *h = calloc(1, sizeof *h);
    if (h == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a histogram");
    *out = h;
    return true;
}

void histogram_free(struct histogram *h)
{
    free(h);
}

void histogram_record(struct histogram *h, int64_t us)
{
    us = us < 0 ? 0 : us > MAX_US ? MAX_US : us;
    if (h->total == 0 || us < h->min_us)
        h->min_us = us;
    if (us > h->max_us)
        h->max_us = us;
    h->sum_us += (double)us;
    h->total++;
    h->counts[index_of(us)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->total == 0)
        return;
    if (into->total == 0 || from->min_us < into->min_us)
        into->min_us = from->min_us;
    if (from->max_us > into->max_us)
        into->max_us = from->max_us;
    into->sum_us += from->sum_us;
    into->total += from->total;
    size_t last = index_of(from->max_us);
    for (size_t i = index_of(from->min_us); i <= last; i++)
        into->counts[i] += from->counts[i];
}

void histogram_reset(struct histogram *h)
{
    if (h->total > 0) {
        size_t first = index_of(h->min_us);
        memset(&h->counts[first], 0, (index_of(h->max_us) - first + 1) * sizeof h->counts[0]);
    }
    h->total = 0;
    h->min_us = h->max_us = 0;
    h->sum_us = 0;
}

uint64_t histogram_count(const struct histogram *h)
{
    return h->total;
}

int64_t histogram_min(const struct histogram *h)
{
    return h->min_us;
}

int64_t histogram_max(const struct histogram *h)
{
    return h->max_us;
}

double histogram_mean(const struct histogram *h)
{
    return h->total == 0 ? 0 : h->sum_us / (double)h->total;
}

/* The rank to reach, at least 1. The small allowance keeps 0.99 of 100 at 99, whatever the binary fraction. */
static uint64_t rank_of(const struct histogram *h, double share)
{
    if (share >= 1)
        return h->total;
    double exact = share * (double)h->total - 1e-9;
    uint64_t rank = exact <= 0 ? 0 : (uint64_t)exact;
    if (exact > (double)rank)
        rank++;
    return rank == 0 ? 1 : rank;
}

int64_t histogram_quantile(const struct histogram *h, double share)
{
    if (h->total == 0)
        return 0;
    uint64_t rank = rank_of(h, share);
    uint64_t seen = 0;
    size_t position = 0;
    struct histogram_bucket bucket;
    while (histogram_next(h, &position, &bucket)) {
        seen += bucket.count;
        if (seen >= rank)
            return bucket.upper_us < h->max_us ? bucket.upper_us : h->max_us;
    }
    return h->max_us;
}

bool histogram_next(const struct histogram *h, size_t *position, struct histogram_bucket *out)
{
    if (h->total == 0)
        return false;
    size_t first = index_of(h->min_us);
    size_t last = index_of(h->max_us);
    for (size_t i = *position < first ? first : *position; i <= last; i++) {
        if (h->counts[i] == 0)
            continue;
        *out = bucket_at(h, i);
        *position = i + 1;
        return true;
    }
    return false;
}
