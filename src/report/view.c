#include "report/view.h"

#include "base/text.h"
#include "report/ink.h"
#include "report/parts.h"

#include <stdarg.h>

#define LABEL_COLUMNS 12
#define WIDE          60 /* columns from which there is room for everything but comfort */
#define ONE_LINE      39 /* columns below which there is room for one thought: a terminal of 40 has one to spare */
#define BAR_MIN       10
#define BAR_MAX       60
#define GAP           3

/* ---- a line, piece by piece: what does not fit whole is left out ---- */

struct line {
    char *text; /* VIEW_LINE_BYTES */
    size_t used;
    unsigned column, columns;
    bool colour;
    unsigned rank; /* 0: goes last when rows are short */
};

static void put(struct line *l, enum ink ink, const char *text, unsigned wide)
{
    bool inked = l->colour && ink != INK_PLAIN;
    int len = snprintf(l->text + l->used, VIEW_LINE_BYTES - l->used, "%s%s%s", inked ? ink_on(ink) : "", text,
                       inked ? INK_OFF : "");
    l->used += (size_t)len;
    l->column += wide;
}

/* The bytes that colours may add. */
#define INK_BYTES 16

static bool has_room(const struct line *l, size_t wide)
{
    return l->column + wide <= l->columns && l->used + wide + INK_BYTES < VIEW_LINE_BYTES;
}

static void blanks(struct line *l, unsigned count)
{
    char text[LABEL_COLUMNS + 1];
    snprintf(text, sizeof text, "%*s", (int)count, "");
    put(l, INK_PLAIN, text, count);
}

/* After a gap, unless it begins the line or comes after its label. */
static bool piece(struct line *l, enum ink ink, const char *format, ...) PRINTF_LIKE(3, 4);
static bool piece(struct line *l, enum ink ink, const char *format, ...)
{
    char text[VIEW_LINE_BYTES / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    unsigned gap = l->column <= LABEL_COLUMNS ? 0 : l->columns < WIDE ? GAP - 1 : GAP;
    if (!has_room(l, gap + strlen(text)))
        return false;
    blanks(l, gap);
    put(l, ink, text, (unsigned)strlen(text));
    return true;
}

static void label(struct line *l, const char *words)
{
    char text[LABEL_COLUMNS + 1];
    snprintf(text, sizeof text, " %-*s", LABEL_COLUMNS - 1, words);
    put(l, INK_DIM, text, LABEL_COLUMNS);
}

/* Foreign words, cut to what is left of the line: a wide or unprintable character would push the next lines down. */
static void foreign(struct line *l, const char *words)
{
    char text[VIEW_LINE_BYTES / 2];
    size_t room = l->columns > l->column ? l->columns - l->column : 0, len = 0;
    for (; len < room && len + 1 < sizeof text && words[len] != '\0'; len++)
        text[len] = words[len] < ' ' || words[len] > '~' ? '?' : words[len];
    text[len] = '\0';
    if (has_room(l, len))
        put(l, INK_PLAIN, text, (unsigned)len);
}

/* ---- what there is to say ---- */

/* Those that were not sent are not done, however soon that is known of them. */
static uint64_t done_of(const struct measure_devices *d)
{
    return d->enrolled + d->failed + d->abandoned;
}

static uint64_t count_in_flight(const struct view *v)
{
    uint64_t count = 0;
    if (v->in_flight == NULL)
        return v->devices.started - v->devices.enrolled - v->devices.failed - v->devices.abandoned;
    for (int s = 0; s < STAGE_COUNT; s++)
        count += v->in_flight->busy[s] + (uint64_t)v->in_flight->pausing[s];
    return count;
}

/* "1:02", "1:02:03" */
static void clock_words(int64_t us, char *out, size_t out_bytes)
{
    int64_t s = us > 0 ? us / 1000000 : 0;
    if (s < 3600)
        snprintf(out, out_bytes, "%d:%02d", (int)(s / 60), (int)(s % 60));
    else
        snprintf(out, out_bytes, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

/* By devices where their number is known, else by time; -1: nobody knows. */
static double progress_of(const struct view *v)
{
    double share = v->planned > 0                   ? (double)done_of(&v->devices) / (double)v->planned
                   : v->end_us == INT64_MAX         ? -1
                   : v->now_us >= v->end_us         ? 1
                   : v->end_us > 0 && v->now_us > 0 ? (double)v->now_us / (double)v->end_us
                                                    : 0;
    return share > 1 ? 1 : share;
}

/* "1:02, 0:38 of load left": what comes after the last arrival depends on the server, so it is not promised. */
static void time_words(const struct view *v, char *out, size_t out_bytes)
{
    char now[24], left[24];
    clock_words(v->now_us, now, sizeof now);
    if (v->end_us == INT64_MAX) {
        snprintf(out, out_bytes, "%s", now);
    } else if (v->end_us > v->now_us) {
        clock_words(v->end_us - v->now_us + 999999, left, sizeof left);
        snprintf(out, out_bytes, "%s, %s left", now, left);
    } else {
        snprintf(out, out_bytes, "%s, waiting for the last", now);
    }
}

static void put_bar(struct line *l, double share, unsigned wide)
{
    char full[BAR_MAX + 1], rest[BAR_MAX + 1];
    unsigned cells = wide - 2, filled = (unsigned)(share * cells);
    memset(full, '#', filled);
    full[filled] = '\0';
    memset(rest, '.', cells - filled);
    rest[cells - filled] = '\0';
    put(l, INK_PLAIN, "[", 1);
    put(l, INK_GOOD, full, filled);
    put(l, INK_DIM, rest, cells - filled);
    put(l, INK_PLAIN, "]", 1);
}

/* The most words that leave room for a bar; if there are none, the most that fit. Returns the bar's columns, 0: none. */
static unsigned choose_words(const struct view *v, size_t room, char *out, size_t out_bytes)
{
    char percent[16] = "", devices[64], time[64], done[32], planned[32];
    double share = progress_of(v);
    words_count(done_of(&v->devices), done, sizeof done);
    words_count(v->planned, planned, sizeof planned);
    time_words(v, time, sizeof time);
    snprintf(devices, sizeof devices, v->planned > 0 ? "%s of %s" : "%s done", done, planned);
    if (share >= 0)
        snprintf(percent, sizeof percent, "%3d%%  ", (int)(share * 100)); /* not 100 before the last */
    for (size_t bar = share < 0 ? 0 : BAR_MIN + 1;; bar = 0) {
        for (int words = 0; words < 3; words++) {
            int len = snprintf(out, out_bytes, "%s%s%s%s", percent, words == 0 ? devices : "",
                               words == 0 ? "  " : "", words < 2 ? time : "");
            if (len > 0 && (size_t)len + bar <= room)
                return bar == 0 ? 0 : (unsigned)(room - (size_t)len - 1);
        }
        if (bar == 0)
            break;
    }
    out[0] = '\0';
    return 0;
}

/* " PAUSED  [#####.....]  62%  3,100 of 5,000  1:02, 0:38 left" */
static void line_bar(const struct view *v, struct line *l)
{
    char words[VIEW_LINE_BYTES / 4];
    put(l, INK_PLAIN, " ", 1);
    if (v->state[0] != '\0' && has_room(l, strlen(v->state) + 2)) {
        put(l, INK_WARN, v->state, (unsigned)strlen(v->state));
        put(l, INK_PLAIN, "  ", 2);
    }
    unsigned bar = choose_words(v, l->columns - l->column, words, sizeof words);
    if (bar > 0) {
        put_bar(l, progress_of(v), bar < BAR_MAX ? bar : BAR_MAX);
        put(l, INK_PLAIN, " ", 1);
    }
    put(l, INK_BOLD, words, (unsigned)strlen(words));
}

static void put_rate(struct line *l, const char *name, double per_s, enum ink ink)
{
    piece(l, ink, per_s < 99.95 ? "%s %.1f" : "%s %.0f", name, per_s);
}

static void line_rates(const struct view *v, struct line *l)
{
    label(l, "per second");
    if (!v->per_s.known) {
        piece(l, INK_PLAIN, "-");
        return;
    }
    bool behind = v->per_s.started < 0.95 * v->per_s.offered - 0.5;
    put_rate(l, "offered", v->per_s.offered, INK_PLAIN);
    if (l->columns >= WIDE)
        put_rate(l, "started", v->per_s.started, behind ? INK_WARN : INK_PLAIN);
    put_rate(l, "done", v->per_s.done, INK_PLAIN);
    if (v->per_s.failed > 0)
        put_rate(l, "failed", v->per_s.failed, INK_BAD);
}

static void line_latency(const struct histogram *h, const char *name, struct line *l)
{
    static const struct {
        const char *name;
        double share;
    } shown[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"max", 1}};
    char text[32];
    label(l, name);
    if (histogram_count(h) == 0) {
        piece(l, INK_PLAIN, "no latency yet");
        return;
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        words_quantile(h, shown[i].share, text, sizeof text);
        piece(l, INK_PLAIN, "%s %-7s", shown[i].name, text);
    }
    words_count(histogram_count(h), text, sizeof text);
    piece(l, INK_DIM, "%s devices", text);
}

/* ---- in flight, by step ---- */

struct place {
    const char *name;
    uint64_t count;
};

static const char *pause_name(enum stage stage)
{
    return stage == STAGE_CERT_POLL ? "next poll" : stage == STAGE_RENEWAL ? "before renewal" : "pausing";
}

static void add_place(struct place *places, size_t *count, const char *name, uint64_t n)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(places[i].name, name) == 0) {
            places[i].count += n;
            return;
        }
    }
    if (n > 0)
        places[(*count)++] = (struct place){name, n};
}

static int most_first(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->count == y->count ? strcmp(x->name, y->name) : x->count < y->count ? 1 : -1;
}

static void line_in_flight(const struct view *v, struct line *l)
{
    struct place places[2 * STAGE_COUNT];
    size_t count = 0;
    char number[32];
    label(l, "in flight");
    words_count(count_in_flight(v), number, sizeof number);
    piece(l, INK_BOLD, "%-5s", number);
    if (v->in_flight == NULL)
        return;
    if (v->in_flight->waiting > 0)
        piece(l, INK_WARN, "%llu wait to start", (unsigned long long)v->in_flight->waiting);
    for (int s = 0; s < STAGE_COUNT; s++) {
        add_place(places, &count, base_stage_id((enum stage)s), v->in_flight->busy[s]);
        add_place(places, &count, pause_name((enum stage)s), v->in_flight->pausing[s]);
    }
    qsort(places, count, sizeof places[0], most_first);
    for (size_t i = 0; i < count; i++) {
        if (!piece(l, INK_PLAIN, "%s %llu", places[i].name, (unsigned long long)places[i].count))
            return; /* a lesser one that would fit would look like the next */
    }
}

/* ---- failures, validity ---- */

static void line_failed(const struct view *v, struct line *l)
{
    const struct measure_devices *d = &v->devices;
    uint64_t ended = d->enrolled + d->failed;
    char number[32], all[32];
    label(l, "failed");
    words_count(d->failed, number, sizeof number);
    words_count(ended, all, sizeof all);
    if (d->failed == 0)
        piece(l, INK_PLAIN, "none");
    else
        piece(l, INK_BAD, "%s of %s (%.1f%%)", number, all, 100.0 * (double)d->failed / (double)ended);
    if (d->unsent > 0)
        piece(l, INK_WARN, "%llu not sent", (unsigned long long)d->unsent);
    if (d->abandoned > 0)
        piece(l, INK_WARN, "%llu abandoned", (unsigned long long)d->abandoned);
}

static void line_cause(const struct view *v, size_t i, struct line *l)
{
    char share[LABEL_COLUMNS + 1];
    snprintf(share, sizeof share, "%*.0f%%  ", LABEL_COLUMNS - 3, v->causes[i].share * 100);
    put(l, INK_BAD, share, LABEL_COLUMNS);
    foreign(l, v->causes[i].words);
}

static void line_validity(const struct view *v, struct line *l)
{
    char lag[32], stall[32];
    text_duration(v->lag_us, lag, sizeof lag);
    text_duration(v->stall_us, stall, sizeof stall);
    label(l, "validity");
    if (v->broken[0] == '\0')
        piece(l, INK_GOOD, "ok so far");
    else
        piece(l, v->valid ? INK_WARN : INK_BAD, "%s: %s", v->valid ? "suspect" : "INVALID", v->broken);
    bool wide = l->columns >= WIDE;
    piece(l, INK_PLAIN, "%slag p99 %s", wide ? "start " : "", lag);
    piece(l, INK_PLAIN, "%sstall %s", wide ? "longest " : "", stall);
}

/* ---- all of it ---- */

static void line_alone(const struct view *v, struct line *l)
{
    double share = progress_of(v);
    put(l, INK_PLAIN, " ", 1);
    l->column = LABEL_COLUMNS;
    l->columns += LABEL_COLUMNS - 1; /* no label: the first piece needs no gap, and nothing is aligned */
    if (v->state[0] != '\0')
        piece(l, INK_WARN, "%s", v->state);
    if (share >= 0)
        piece(l, INK_BOLD, "%d%%", (int)(share * 100));
    if (v->devices.failed > 0)
        piece(l, INK_BAD, "failed %llu", (unsigned long long)v->devices.failed);
    piece(l, INK_PLAIN, "in flight %llu", (unsigned long long)count_in_flight(v));
    piece(l, INK_PLAIN, "done %llu", (unsigned long long)done_of(&v->devices));
}

static struct line *next(struct line *lines, size_t *count, const struct line *like, unsigned rank)
{
    struct line *l = &lines[*count];
    char *text = l->text;
    *l = *like;
    l->text = text;
    l->rank = rank;
    text[0] = '\0';
    (*count)++;
    return l;
}

/* Ranks: what goes last when rows are short is 0. */
static size_t draw_all(const struct view *v, const struct line *like, struct line *lines)
{
    size_t count = 0;
    line_bar(v, next(lines, &count, like, 0));
    line_rates(v, next(lines, &count, like, 3));
    if (v->recent != NULL)
        line_latency(v->recent, "last 10 s", next(lines, &count, like, 4));
    if (v->total != NULL)
        line_latency(v->total, "in total", next(lines, &count, like, 6));
    line_in_flight(v, next(lines, &count, like, 2));
    line_failed(v, next(lines, &count, like, 1));
    for (size_t i = 0; i < v->cause_count; i++)
        line_cause(v, i, next(lines, &count, like, 7 + (unsigned)i));
    if (v->judged)
        line_validity(v, next(lines, &count, like, v->broken[0] != '\0' ? 1 : 5));
    if (v->keys != NULL && strlen(v->keys) < like->columns) {
        struct line *l = next(lines, &count, like, 20);
        put(l, INK_PLAIN, " ", 1);
        put(l, INK_DIM, v->keys, (unsigned)strlen(v->keys));
    }
    return count;
}

static size_t keep_most_important(struct line *lines, size_t count, unsigned rows)
{
    for (; count > rows && count > 1; count--) {
        size_t least = 0;
        for (size_t i = 1; i < count; i++)
            least = lines[i].rank >= lines[least].rank ? i : least;
        memmove(&lines[least], &lines[least + 1], (count - least - 1) * sizeof *lines);
    }
    return count;
}

void view_draw(const struct view *v, unsigned columns, unsigned rows, bool colour, struct view_lines *out)
{
    char texts[VIEW_MAX_LINES][VIEW_LINE_BYTES];
    struct line lines[VIEW_MAX_LINES], like = {.columns = columns, .colour = colour};
    size_t count = 0;
    for (size_t i = 0; i < VIEW_MAX_LINES; i++)
        lines[i].text = texts[i];
    if (columns < ONE_LINE)
        line_alone(v, next(lines, &count, &like, 0));
    else
        count = keep_most_important(lines, draw_all(v, &like, lines), rows);
    out->count = count;
    for (size_t i = 0; i < count; i++)
        memcpy(out->text[i], lines[i].text, lines[i].used + 1);
}
