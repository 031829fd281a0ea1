/* Logs of IIS and HTTP.sys: words between blanks, a blank in a value is '+', nothing is '-' (ndes.md G.1, G.2). */
#include "base/utf8.h"
#include "traces/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define QUERY_MAX 4096 /* IIS writes "..." for what is longer */

#define DAY_US INT64_C(86400000000)

#define IIS_FIELDS                                                                                           \
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "  \
    "sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
#define HTTPERR_FIELDS                                                                                       \
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename"

static void put_time(const struct traces_time *at, struct buf *out)
{
    buf_appendf(out, "%04d-%02d-%02d %02d:%02d:%02d", at->year, at->month, at->day, at->hour, at->minute,
                at->second);
}

/* What is no UTF-8 becomes a question mark (inferred): the files are UTF-8. */
static void put_word(const char *text, struct buf *out)
{
    struct span rest = text != NULL ? span_of_text(text) : span_of(NULL, 0);
    buf_append_byte(out, ' ');
    if (rest.len == 0)
        buf_append_byte(out, '-');
    for (size_t used; rest.len > 0; rest = span_of(rest.data + used, rest.len - used)) {
        size_t len = utf8_length(rest);
        used = len > 0 ? len : 1;
        if (len > 1)
            buf_append(out, rest.data, len);
        else
            buf_append_byte(out, len == 0 ? '?' : *rest.data <= ' ' || *rest.data == 0x7f ? '+' : *rest.data);
    }
}

static bool open_log(struct traces *t, struct traces_writer *w, const char *name, const char *software,
                     const char *fields, const struct traces_time *at, struct err *e)
{
    char head[512];
    snprintf(head, sizeof head,
             "#Software: %s\r\n#Version: 1.0\r\n#Date: %04d-%02d-%02d %02d:%02d:%02d\r\n#Fields: %s\r\n",
             software, at->year, at->month, at->day, at->hour, at->minute, at->second, fields);
    return traces_writer_open(w, t->folder, name, head, e);
}

/* Somebody is told, and nothing more is written. */
static void give_up(struct traces_writer *w, const struct err *e)
{
    if (!w->failed)
        w->on_failure(e, w->user);
    w->failed = true;
}

static bool open_iis(struct traces *t, int64_t when_us, const struct traces_time *at, struct err *e)
{
    char name[40];
    snprintf(name, sizeof name, "u_ex%02d%02d%02d.log", at->year % 100, at->month, at->day);
    t->iis_day = (int32_t)(when_us / DAY_US);
    return open_log(t, &t->iis, name, "Microsoft Internet Information Services 10.0", IIS_FIELDS, at, e);
}

static bool open_httperr(struct traces *t, const struct traces_time *at, struct err *e)
{
    return open_log(t, &t->httperr, "httperr1.log", "Microsoft HTTP API 2.0", HTTPERR_FIELDS, at, e);
}

bool traces_open_web(struct traces *t, int64_t now_us, struct err *e)
{
    struct traces_time at = traces_time_of(now_us);
    return open_iis(t, now_us, &at, e) && open_httperr(t, &at, e);
}

/* A new file each day. Who answered before midnight and comes after it is in the new one, as with IIS. */
static void roll(struct traces *t, int64_t when_us, const struct traces_time *at)
{
    struct err e = {0};
    if (t->iis.failed || (t->iis.fd >= 0 && when_us / DAY_US <= t->iis_day))
        return;
    traces_writer_close(&t->iis);
    if (!t->iis.failed && !open_iis(t, when_us, at, &e))
        give_up(&t->iis, &e);
}

void traces_iis(struct traces *t, const struct traces_iis *line)
{
    struct traces_time at = traces_time_of(line->when_us);
    traces_writer_begin(&t->iis);
    roll(t, line->when_us, &at);
    if (!t->iis.failed && t->iis.fd >= 0) {
        struct buf *out = &t->iis.pending;
        bool long_query = line->query != NULL && strlen(line->query) > QUERY_MAX;
        put_time(&at, out);
        put_word(t->facts.address, out);
        put_word(line->method, out);
        put_word(line->stem, out);
        put_word(long_query ? "..." : line->query, out);
        buf_appendf(out, " %u", line->port != 0 ? line->port : t->port);
        put_word(line->user, out);
        put_word(line->client, out);
        put_word(line->agent, out);
        buf_appendf(out, " - %d %u %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRId64 "\r\n", line->status,
                    line->substatus, line->win32, line->bytes_sent, line->bytes_received,
                    line->taken_us > 0 ? line->taken_us / 1000 : 0);
    }
    traces_writer_end(&t->iis);
}

void traces_httperr(struct traces *t, const struct traces_httperr *line)
{
    struct traces_time at = traces_time_of(line->when_us);
    traces_writer_begin(&t->httperr);
    struct err e = {0};
    if (t->httperr.fd < 0 && !t->httperr.failed && !open_httperr(t, &at, &e))
        give_up(&t->httperr, &e);
    if (!t->httperr.failed && t->httperr.fd >= 0) {
        struct buf *out = &t->httperr.pending;
        put_time(&at, out);
        put_word(line->client, out);
        buf_appendf(out, " %u", line->client_port);
        put_word(t->facts.address, out);
        buf_appendf(out, " %u", line->port != 0 ? line->port : t->port);
        put_word(line->version, out);
        put_word(line->method, out);
        put_word(line->uri, out);
        if (line->status != 0)
            buf_appendf(out, " %d", line->status);
        else
            put_word(NULL, out);
        put_word(line->queue != NULL ? "1" : NULL, out);
        put_word(line->reason, out);
        put_word(line->queue, out);
        buf_append_text(out, "\r\n");
    }
    traces_writer_end(&t->httperr);
}
