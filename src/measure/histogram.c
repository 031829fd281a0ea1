#include "measure/histogram.h"

#include "base/bytes.h"

/* HdrHistogram's layout for three significant digits: 2048 linear sub-buckets of 1 us, then, for each doubling,
 * 1024 sub-buckets twice as wide as before. A value is thus off by less than one part in 1024. */
#define SUB_BITS      11
#define SUB_COUNT     (1 << SUB_BITS)
#define SUB_HALF      (SUB_COUNT / 2)
#define SUB_HALF_BITS (SUB_BITS - 1)
#define DOUBLINGS     27 /* smallest b with SUB_COUNT << (b - 1) > HISTOGRAM_MAX_US */
#define MAX_COUNT     (UINT64_C(1) << 53)

/* Counts lie in pages that are made when first counted in. */
#define PAGE_BITS   8
#define PAGE_COUNTS (1 << PAGE_BITS)
#define PAGES       (HISTOGRAM_BUCKETS / PAGE_COUNTS)

_Static_assert(((int64_t)SUB_COUNT << (DOUBLINGS - 1)) > HISTOGRAM_MAX_US, "24 h must fit");
_Static_assert(HISTOGRAM_BUCKETS == (DOUBLINGS + 1) * SUB_HALF, "as many as HdrHistogram has");
_Static_assert(HISTOGRAM_BUCKETS % PAGE_COUNTS == 0, "whole pages");

struct histogram {
    uint64_t total;
    int64_t min_us, max_us;
    double sum_us;
    uint64_t *pages[PAGES];
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
    const uint64_t *page = h->pages[index >> PAGE_BITS];
    return (struct histogram_bucket){.lower_us = lower,
                                     .upper_us = lower + (INT64_C(1) << bucket) - 1,
                                     .count = page == NULL ? 0 : page[index % PAGE_COUNTS],
                                     .index = index};
}

/* NULL when memory ran out. */
static uint64_t *count_at(struct histogram *h, size_t index)
{
    uint64_t **page = &h->pages[index >> PAGE_BITS];
    if (*page == NULL)
        *page = calloc(PAGE_COUNTS, sizeof **page);
    return *page == NULL ? NULL : &(*page)[index % PAGE_COUNTS];
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
    for (size_t i = 0; h != NULL && i < PAGES; i++)
        free(h->pages[i]);
    free(h);
}

static void widen(struct histogram *h, int64_t min_us, int64_t max_us)
{
    if (h->total == 0 || min_us < h->min_us)
        h->min_us = min_us;
    if (max_us > h->max_us)
        h->max_us = max_us;
}

bool histogram_record(struct histogram *h, int64_t us)
{
    us = us < 0 ? 0 : us > HISTOGRAM_MAX_US ? HISTOGRAM_MAX_US : us;
    uint64_t *count = count_at(h, index_of(us));
    if (count == NULL)
        return false;
    widen(h, us, us);
    h->sum_us += (double)us;
    h->total++;
    (*count)++;
    return true;
}

/* Everything that was counted lies in the pages of min to max. */
static size_t first_page(const struct histogram *h)
{
    return index_of(h->min_us) >> PAGE_BITS;
}

static size_t last_page(const struct histogram *h)
{
    return index_of(h->max_us) >> PAGE_BITS;
}

bool histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->total == 0)
        return true;
    size_t first = first_page(from), last = last_page(from);
    for (size_t p = first; p <= last; p++) {
        if (from->pages[p] != NULL && count_at(into, p << PAGE_BITS) == NULL)
            return false;
    }
    for (size_t p = first; p <= last; p++) {
        for (size_t i = 0; from->pages[p] != NULL && i < PAGE_COUNTS; i++)
            into->pages[p][i] += from->pages[p][i];
    }
    widen(into, from->min_us, from->max_us);
    into->sum_us += from->sum_us;
    into->total += from->total;
    return true;
}

/* Min and max as the buckets tell them. */
static void measure_edges(struct histogram *h)
{
    size_t position = 0;
    struct histogram_bucket first = {0}, last = {0};
    if (!histogram_next(h, &position, &first))
        return;
    for (size_t p = last_page(h) + 1; p-- > 0 && last.count == 0;) {
        position = p << PAGE_BITS;
        size_t end = position + PAGE_COUNTS;
        struct histogram_bucket bucket;
        while (position < end && histogram_next(h, &position, &bucket) && bucket.index < end)
            last = bucket;
    }
    h->min_us = first.lower_us > h->min_us ? first.lower_us : h->min_us;
    h->max_us = last.upper_us < h->max_us ? last.upper_us : h->max_us;
}

void histogram_subtract(struct histogram *from, const struct histogram *what)
{
    size_t last = last_page(what);
    for (size_t p = first_page(what); p <= last; p++) {
        for (size_t i = 0; from->pages[p] != NULL && what->pages[p] != NULL && i < PAGE_COUNTS; i++)
            from->pages[p][i] -= what->pages[p][i];
    }
    from->total -= what->total;
    from->sum_us -= what->sum_us;
    if (from->total == 0)
        histogram_reset(from);
    else
        measure_edges(from);
}

void histogram_reset(struct histogram *h)
{
    size_t last = last_page(h);
    for (size_t p = first_page(h); p <= last; p++) {
        if (h->pages[p] != NULL)
            memset(h->pages[p], 0, PAGE_COUNTS * sizeof *h->pages[p]);
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

double histogram_sum(const struct histogram *h)
{
    return h->sum_us;
}

double histogram_mean(const struct histogram *h)
{
    return h->total == 0 ? 0 : h->sum_us / (double)h->total;
}

/* The small allowance keeps 0.99 of 100 at 99, whatever the binary fraction. */
uint64_t histogram_rank(uint64_t count, double share)
{
    if (share >= 1 || count == 0)
        return count;
    double exact = share * (double)count - 1e-9;
    uint64_t rank = exact <= 0 ? 0 : (uint64_t)exact;
    if (exact > (double)rank)
        rank++;
    return rank == 0 ? 1 : rank;
}

int64_t histogram_at_rank(const struct histogram *h, uint64_t rank)
{
    uint64_t seen = 0;
    size_t position = 0;
    struct histogram_bucket bucket;
    while (rank > 0 && histogram_next(h, &position, &bucket)) {
        seen += bucket.count;
        if (seen >= rank)
            return bucket.upper_us < h->max_us ? bucket.upper_us : h->max_us;
    }
    return rank == 0 ? 0 : h->max_us;
}

int64_t histogram_quantile(const struct histogram *h, double share)
{
    return histogram_at_rank(h, histogram_rank(h->total, share));
}

bool histogram_next(const struct histogram *h, size_t *position, struct histogram_bucket *out)
{
    size_t first = index_of(h->min_us), end = h->total == 0 ? 0 : index_of(h->max_us) + 1;
    for (size_t i = *position < first ? first : *position; i < end;) {
        const uint64_t *page = h->pages[i >> PAGE_BITS];
        size_t page_end = ((i >> PAGE_BITS) + 1) << PAGE_BITS;
        for (; page != NULL && i < page_end; i++) {
            if (page[i % PAGE_COUNTS] == 0)
                continue;
            *out = bucket_at(h, i);
            *position = i + 1;
            return true;
        }
        i = page_end;
    }
    return false;
}

bool histogram_add(struct histogram *h, size_t index, uint64_t count)
{
    if (index > index_of(HISTOGRAM_MAX_US) || count > MAX_COUNT || h->total + count > MAX_COUNT)
        return false;
    if (count == 0)
        return true;
    uint64_t *at = count_at(h, index);
    if (at == NULL)
        return false;
    struct histogram_bucket bucket = bucket_at(h, index);
    widen(h, bucket.lower_us, bucket.upper_us < HISTOGRAM_MAX_US ? bucket.upper_us : HISTOGRAM_MAX_US);
    h->sum_us += (double)bucket.lower_us * (double)count;
    h->total += count;
    *at += count;
    return true;
}

bool histogram_restore(struct histogram *h, int64_t min_us, int64_t max_us, double sum_us)
{
    size_t position = 0;
    struct histogram_bucket bucket, first = {0}, last = {0};
    double least = 0, most = 0;
    while (histogram_next(h, &position, &bucket)) {
        first = last.count == 0 ? bucket : first;
        last = bucket;
        least += (double)bucket.lower_us * (double)bucket.count;
        most += (double)bucket.upper_us * (double)bucket.count;
    }
    if (min_us > max_us || min_us < first.lower_us || min_us > first.upper_us || max_us < last.lower_us ||
        max_us > last.upper_us || max_us > HISTOGRAM_MAX_US || !(sum_us >= least && sum_us <= most))
        return false;
    h->min_us = min_us;
    h->max_us = max_us;
    h->sum_us = sum_us;
    return true;
}
