/* histograms.hlog: HdrHistogram's log format 1.3, a line per interval and tag. Lines without a tag are the latency of
 * enrollments, what latency_ms.enrollment is made of. Warm-up phases are left out. */
#include "report/parts.h"

#include "base/text.h"
#include "measure/hdr.h"

#define TAGS (MEASURE_METRICS * MEASURE_RESULTS)

struct hlog {
    struct buf *out;
    int64_t interval, interval_us, end_us;
    struct histogram *latency;    /* of the interval at hand */
    struct histogram *tags[TAGS]; /* the same, made with the first value */
    struct err *error;
};

static void put_head(const struct report_run *run, struct buf *out)
{
    char when[40];
    double start_s = (double)run->started_wall_us / 1e6;
    text_utc(run->started_wall_us, when, sizeof when);
    buf_appendf(out,
                "#[Latencies of the run %s in microseconds; Interval_Max in milliseconds]\n"
                "#[Histogram log format version 1.3]\n"
                "#[BaseTime: %.3f (seconds since epoch)]\n"
                "#[StartTime: %.3f (seconds since epoch), %s]\n"
                "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
                run->scenario_name, start_s, start_s, when);
}

static bool put_line(struct hlog *log, const char *tag, struct histogram *h)
{
    if (h == NULL || histogram_count(h) == 0)
        return true;
    int64_t from_us = log->interval * log->interval_us, length_us = log->interval_us;
    if (from_us + length_us > log->end_us)
        length_us = log->end_us > from_us ? log->end_us - from_us : 0;
    buf_appendf(log->out, "%s%s%s%.3f,%.3f,%.3f,", tag != NULL ? "Tag=" : "", tag != NULL ? tag : "",
                tag != NULL ? "," : "", (double)from_us / 1e6, (double)length_us / 1e6,
                (double)histogram_max(h) / 1e3);
    bool ok = hdr_encode_text(h, log->out, log->error);
    buf_append_byte(log->out, '\n');
    histogram_reset(h);
    return ok;
}

static bool flush(struct hlog *log)
{
    bool ok = put_line(log, NULL, log->latency);
    for (unsigned i = 0; ok && i < TAGS; i++) {
        char name[48], tag[64];
        unsigned metric = i / MEASURE_RESULTS;
        measure_metric_name(metric, name, sizeof name);
        snprintf(tag, sizeof tag, "%s.%s", name,
                 measure_result_id((enum measure_result)(i % MEASURE_RESULTS), metric));
        ok = put_line(log, tag, log->tags[i]);
    }
    return ok;
}

static bool add(struct histogram **to, const struct histogram *h, struct err *e)
{
    return (*to != NULL || histogram_new(to, e)) &&
           (histogram_merge(*to, h) ||
            err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a histogram"));
}

static bool on_histogram(void *user, int64_t interval, struct measure_key key, const struct histogram *h)
{
    struct hlog *log = user;
    if (interval == MEASURE_ANY || key.warm_up)
        return true;
    if (interval != log->interval && !flush(log))
        return false;
    log->interval = interval;
    bool counts = key.metric == MEASURE_ENROLLMENT && (MEASURE_THAT_COUNT >> key.result & 1) != 0;
    return (!counts || add(&log->latency, h, log->error)) &&
           add(&log->tags[key.metric * MEASURE_RESULTS + key.result], h, log->error);
}

bool hlog_write(const struct summary *s, struct buf *out, struct err *e)
{
    const struct series *series = measure_series(s->run->measure);
    struct hlog log = {
        .out = out, .interval_us = series_interval_us(series), .end_us = s->run->duration_us, .error = e};
    put_head(s->run, out);
    bool ok = series_walk(series, on_histogram, &log) && flush(&log);
    histogram_free(log.latency);
    for (size_t i = 0; i < TAGS; i++)
        histogram_free(log.tags[i]);
    return ok && buf_ok(out, STAGE_SETUP, e);
}
