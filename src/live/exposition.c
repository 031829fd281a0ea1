#include "live/exposition.h"

#include "base/text.h"

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

/* As much of valid UTF-8 as fits, without cutting a character. */
static size_t cut(const struct buf *utf8)
{
    size_t len = utf8->len;
    if (len <= LIVE_VALUE_BYTES)
        return len;
    for (len = LIVE_VALUE_BYTES; len > 0 && (utf8->data[len] & 0xc0) == 0x80;)
        len--;
    return len;
}

static void escape(struct buf *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\\' || bytes[i] == '"')
            buf_append_byte(out, '\\');
        if (bytes[i] == '\n')
            buf_append_text(out, "\\n");
        else
            buf_append_byte(out, bytes[i] < 0x20 || bytes[i] == 0x7f ? ' ' : bytes[i]);
    }
}

void live_label(struct live_labels *l, const char *name, const char *value)
{
    struct buf utf8, one;
    buf_init(&utf8, BYTES_MAX_MESSAGE);
    buf_init(&one, LIVE_LABELS_BYTES);
    text_to_utf8(span_of_text(value != NULL ? value : ""), &utf8);
    buf_appendf(&one, "%s%s=\"", l->len > 0 ? "," : "", name);
    escape(&one, utf8.data, cut(&utf8));
    buf_append_byte(&one, '"');
    if (!one.failed && !utf8.failed && l->len + one.len < sizeof l->text) {
        memcpy(l->text + l->len, one.data, one.len);
        l->len += one.len;
        l->text[l->len] = '\0';
    }
    buf_clear(&utf8);
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
