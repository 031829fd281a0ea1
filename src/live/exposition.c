#include "live/exposition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 40

void live_family(struct live_writer *w, enum live_type type, const char *name, const char *help)
{
    static const char *const types[] = {
        [LIVE_COUNTER] = "counter", [LIVE_GAUGE] = "gauge", [LIVE_HISTOGRAM] = "histogram"};
    const char *suffix =
        type == LIVE_COUNTER && !w->open_metrics ? "_total" : ""; /* OpenMetrics names it bare */
    w->name = name;
    w->type = type;
    buf_appendf(w->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix, types[type]);
}

void live_end_of_text(struct live_writer *w)
{
    if (w->open_metrics)
        buf_append_text(w->out, "# EOF\n");
}

/* ---- labels ---- */

/* How many bytes the character at s takes, by the letter of RFC 3629: Prometheus refuses a whole scrape for less. 0: none. Ends
 * at a NUL. */
static size_t utf8_len(const uint8_t *s)
{
    static const struct {
        uint8_t first, last, least, most; /* of the first byte, and of the second */
        size_t len;
    } rows[] = {{0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (s[0] < rows[i].first || s[0] > rows[i].last)
            continue;
        if (rows[i].len > 1 && (s[1] < rows[i].least || s[1] > rows[i].most))
            return 0;
        for (size_t k = 2; k < rows[i].len; k++) {
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        }
        return rows[i].len;
    }
    return 0;
}

static void escape(struct buf *out, const uint8_t *s, size_t len)
{
    if (len == 0)
        buf_append_text(out, "\xef\xbf\xbd");
    else if (*s == '\n')
        buf_append_text(out, "\\n");
    else if (*s == '\\' || *s == '"')
        buf_appendf(out, "\\%c", *s);
    else if (*s < 0x20 || *s == 0x7f)
        buf_append_byte(out, ' ');
    else
        buf_append(out, s, len);
}

void live_label(struct live_labels *l, const char *name, const char *value)
{
    struct buf one;
    const uint8_t *s = (const uint8_t *)(value != NULL ? value : "");
    buf_init(&one, LIVE_LABELS_BYTES);
    buf_appendf(&one, "%s%s=\"", l->len > 0 ? "," : "", name);
    for (size_t done = 0, len; s[done] != '\0'; done += len > 0 ? len : 1) {
        len = utf8_len(s + done);
        if (done + len > LIVE_VALUE_BYTES)
            break;
        escape(&one, s + done, len);
    }
    buf_append_byte(&one, '"');
    if (!one.failed && l->len + one.len < sizeof l->text) {
        memcpy(l->text + l->len, one.data, one.len);
        l->len += one.len;
        l->text[l->len] = '\0';
    }
    buf_clear(&one);
}

/* ---- samples ---- */

static void number_text(double value, char out[NUMBER_BYTES])
{
    if (isnan(value))
        snprintf(out, NUMBER_BYTES, "NaN");
    else if (isinf(value))
        snprintf(out, NUMBER_BYTES, value > 0 ? "+Inf" : "-Inf");
    else
        snprintf(out, NUMBER_BYTES, "%.15g", value);
}

static void put(struct live_writer *w, const char *suffix, const struct live_labels *labels, const char *le,
                double value)
{
    char number[NUMBER_BYTES];
    bool named = labels != NULL && labels->len > 0;
    number_text(value, number);
    buf_appendf(w->out, "%s%s", w->name, suffix);
    if (named || le != NULL)
        buf_appendf(w->out, "{%s%s%s%s%s}", named ? labels->text : "", named && le != NULL ? "," : "",
                    le != NULL ? "le=\"" : "", le != NULL ? le : "", le != NULL ? "\"" : "");
    buf_appendf(w->out, " %s\n", number);
}

void live_sample(struct live_writer *w, const struct live_labels *labels, double value)
{
    put(w, w->type == LIVE_COUNTER ? "_total" : "", labels, NULL, value);
}

/* One spelling in both formats, "1.0" and not "1": else a server that changes its mind would keep two sets of buckets. */
static void bound_text(int64_t us, char out[NUMBER_BYTES])
{
    bool whole = us % 1000000 == 0;
    snprintf(out, NUMBER_BYTES, whole ? "%.1f" : "%.15g", (double)us / 1e6);
}

void live_buckets(struct live_writer *w, const struct live_labels *labels, const struct histogram *h,
                  const int64_t *bounds_us, size_t count)
{
    struct histogram_bucket bucket = {0};
    size_t position = 0;
    uint64_t below = 0;
    bool more = h != NULL && histogram_next(h, &position, &bucket);
    for (size_t i = 0; i < count; i++) {
        char le[NUMBER_BYTES];
        for (; more && bucket.lower_us <= bounds_us[i]; more = histogram_next(h, &position, &bucket))
            below += bucket.count;
        bound_text(bounds_us[i], le);
        put(w, "_bucket", labels, le, (double)below);
    }
    uint64_t all = h != NULL ? histogram_count(h) : 0;
    put(w, "_bucket", labels, "+Inf", (double)all);
    put(w, "_sum", labels, NULL, h != NULL ? histogram_sum(h) / 1e6 : 0);
    put(w, "_count", labels, NULL, (double)all);
}
