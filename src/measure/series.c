#include "measure/series.h"

#include "measure/hdr.h"
#include "measure/parts.h"

/* Far beyond any run: what comes later is counted in the last interval. */
#define MAX_INTERVALS ((size_t)1 << 20)

/* One interval, written down: a head and its counts, again and again. */
struct block {
    uint8_t *data;
    size_t len;
};

struct head {
    struct measure_key key;
    int64_t min_us, max_us;
    double sum_us;
    uint32_t len;
};

struct series {
    struct cells run, open;
    struct block *closed; /* all intervals before the open one */
    size_t open_index, cap;
    size_t bytes, max_bytes;
    int64_t interval_us;
    struct buf text;           /* for writing */
    struct histogram *scratch; /* for reading */
};

const char *measure_result_id(enum measure_result result, unsigned metric)
{
    switch (result) {
    case MEASURE_OK:
        return metric < MEASURE_STEP ? "enrolled" : "ok";
    case MEASURE_FAILED:
        return "failed";
    case MEASURE_TIMED_OUT:
        return "timed_out";
    case MEASURE_RESULTS:
        break;
    }
    return "unknown";
}

void measure_metric_name(unsigned metric, char *out, size_t out_bytes)
{
    static const char *const names[] = {"enrollment", "service", "start_lag"};
    if (metric < MEASURE_STEP)
        snprintf(out, out_bytes, "%s", names[metric]);
    else
        snprintf(out, out_bytes, "step.%s", base_stage_id((enum stage)(metric - MEASURE_STEP)));
}

bool series_new(int64_t interval_us, size_t max_bytes, struct series **out, struct err *e)
{
    struct series *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for histograms");
    s->interval_us = interval_us;
    s->max_bytes = max_bytes;
    buf_init(&s->text, (size_t)64 << 20);
    if (!histogram_new(&s->scratch, e)) {
        series_free(s);
        return false;
    }
    *out = s;
    return true;
}

void series_free(struct series *s)
{
    if (s == NULL)
        return;
    cells_clear(&s->run);
    cells_clear(&s->open);
    for (size_t i = 0; i < s->open_index; i++)
        free(s->closed[i].data);
    free(s->closed);
    buf_clear(&s->text);
    histogram_free(s->scratch);
    free(s);
}

/* ---- an interval, written down and read ---- */

static void write_cell(struct buf *out, const struct cell *cell)
{
    struct head head;
    memset(&head, 0, sizeof head);
    head.key = cell->key;
    head.min_us = histogram_min(cell->h);
    head.max_us = histogram_max(cell->h);
    head.sum_us = histogram_sum(cell->h);
    size_t at = out->len;
    buf_append(out, &head, sizeof head);
    hdr_put_counts(cell->h, out);
    if (out->failed)
        return;
    head.len = (uint32_t)(out->len - at - sizeof head);
    memcpy(out->data + at, &head, sizeof head);
}

/* An interval that cannot be kept for want of memory is empty; the whole run has its values. */
static struct block write_block(struct series *s, const struct cells *cells)
{
    struct block block = {0};
    buf_reset(&s->text);
    s->text.failed = false;
    for (size_t i = 0; i < cells->count; i++) {
        if (histogram_count(cells->items[i].h) > 0)
            write_cell(&s->text, &cells->items[i]);
    }
    if (s->text.failed || s->text.len == 0)
        return block;
    block.data = malloc(s->text.len);
    if (block.data == NULL)
        return block;
    memcpy(block.data, s->text.data, s->text.len);
    block.len = s->text.len;
    s->bytes += block.len;
    return block;
}

static bool chosen(const struct measure_filter *f, struct measure_key key)
{
    return key.metric == f->metric && (f->results >> key.result & 1) != 0 &&
           (f->phase == MEASURE_ANY ? !key.warm_up : f->phase == key.phase) &&
           (f->profile == MEASURE_ANY || f->profile == key.profile);
}

/* The next histogram of an interval that is chosen (`f` NULL: any), in s->scratch. False after the last one, when nothing
 * is left, or without memory, when something is. */
static bool read_cell(const struct series *s, const struct measure_filter *f, struct span *rest,
                      struct measure_key *key)
{
    struct head head;
    for (;;) {
        if (rest->len < sizeof head)
            return false;
        memcpy(&head, rest->data, sizeof head);
        if (f == NULL || chosen(f, head.key))
            break;
        *rest = span_of(rest->data + sizeof head + head.len, rest->len - sizeof head - head.len);
    }
    *key = head.key;
    histogram_reset(s->scratch);
    bool ok = hdr_take_counts(span_of(rest->data + sizeof head, head.len), s->scratch, NULL) &&
              histogram_restore(s->scratch, head.min_us, head.max_us, head.sum_us);
    if (ok)
        *rest = span_of(rest->data + sizeof head + head.len, rest->len - sizeof head - head.len);
    return ok;
}

static void drop_block(struct series *s, size_t i)
{
    free(s->closed[i].data);
    s->bytes -= s->closed[i].len;
    s->closed[i] = (struct block){0};
}

static void read_block(const struct series *s, struct block block, struct cells *into)
{
    struct span rest = span_of(block.data, block.len);
    struct measure_key key;
    while (read_cell(s, NULL, &rest, &key)) {
        struct histogram *h = cells_get(into, key);
        if (h != NULL)
            histogram_merge(h, s->scratch);
    }
}

/* ---- recording ---- */

/* Two intervals become one. What the open one is paired with joins it. */
static void coarsen(struct series *s)
{
    for (size_t i = 0; i < s->open_index; i += 2) {
        struct cells pair = {0}, *into = i + 1 == s->open_index ? &s->open : &pair;
        read_block(s, s->closed[i], into);
        if (into == &pair)
            read_block(s, s->closed[i + 1], into);
        drop_block(s, i);
        if (into == &pair) {
            drop_block(s, i + 1);
            s->closed[i / 2] = write_block(s, &pair);
        }
        cells_clear(&pair);
    }
    s->open_index /= 2;
    s->interval_us *= 2;
}

static bool reserve(struct series *s, size_t count)
{
    if (count <= s->cap)
        return true;
    size_t cap = s->cap == 0 ? 64 : s->cap;
    while (cap < count)
        cap *= 2;
    struct block *closed = realloc(s->closed, cap * sizeof *closed);
    if (closed == NULL)
        return false;
    s->closed = closed;
    s->cap = cap;
    return true;
}

/* Makes the interval of this moment the open one. */
static bool advance(struct series *s, int64_t at_us)
{
    size_t index = at_us < 0 ? 0 : (size_t)(at_us / s->interval_us);
    if (index <= s->open_index)
        return true;
    index = index < MAX_INTERVALS ? index : MAX_INTERVALS - 1;
    if (!reserve(s, index))
        return false;
    if (s->open_index < index) {
        s->closed[s->open_index++] = write_block(s, &s->open);
        cells_clear(&s->open);
    }
    while (s->open_index < index)
        s->closed[s->open_index++] = (struct block){0};
    while (s->bytes > s->max_bytes && s->open_index > 1)
        coarsen(s);
    return true;
}

bool series_record(struct series *s, struct measure_key key, int64_t at_us, int64_t value_us)
{
    struct histogram *run = cells_get(&s->run, key);
    if (!advance(s, at_us) || run == NULL)
        return false;
    if (key.metric >= MEASURE_STEP)
        key.profile = MEASURE_ANY;
    struct histogram *open = cells_get(&s->open, key);
    return open != NULL && histogram_record(run, value_us) && histogram_record(open, value_us);
}

/* ---- reading ---- */

static bool sum_cells(const struct cells *cells, const struct measure_filter *f, struct histogram *into)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (chosen(f, cells->items[i].key) && !histogram_merge(into, cells->items[i].h))
            return false;
    }
    return true;
}

bool series_sum(const struct series *s, const struct measure_filter *f, struct histogram *into)
{
    return sum_cells(&s->run, f, into);
}

bool series_sum_interval(const struct series *s, size_t interval, const struct measure_filter *f,
                         struct histogram *into)
{
    if (interval == s->open_index)
        return sum_cells(&s->open, f, into);
    struct span rest = span_of(s->closed[interval].data, s->closed[interval].len);
    struct measure_key key;
    while (read_cell(s, f, &rest, &key)) {
        if (!histogram_merge(into, s->scratch))
            return false;
    }
    return rest.len == 0;
}

size_t series_intervals(const struct series *s)
{
    return s->run.count == 0 ? 0 : s->open_index + 1;
}

int64_t series_interval_us(const struct series *s)
{
    return s->interval_us;
}

size_t series_bytes(const struct series *s)
{
    return s->bytes;
}

static bool walk_cells(const struct cells *cells, int64_t interval, series_each *each, void *user)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (!each(user, interval, cells->items[i].key, cells->items[i].h))
            return false;
    }
    return true;
}

bool series_walk(const struct series *s, series_each *each, void *user)
{
    if (!walk_cells(&s->run, MEASURE_ANY, each, user))
        return false;
    for (size_t i = 0; i < s->open_index; i++) {
        struct span rest = span_of(s->closed[i].data, s->closed[i].len);
        struct measure_key key;
        while (read_cell(s, NULL, &rest, &key)) {
            if (!each(user, (int64_t)i, key, s->scratch))
                return false;
        }
    }
    return walk_cells(&s->open, (int64_t)s->open_index, each, user);
}
