/* A comparison for CI servers: one case per figure. What was not judged is skipped; without a verdict the first case is an error, so
 * that nobody takes it for a pass. */
#include "compare/parts.h"

#include "base/markup.h"

static void open_case(struct buf *out, const char *suite, const char *name)
{
    buf_appendf(out, "    <testcase classname=\"%s\" name=\"", suite);
    markup_text(out, name);
    buf_append_text(out, "\" time=\"0\"");
}

static void put_case(struct buf *out, const char *suite, const char *name, const char *element,
                     const char *why)
{
    open_case(out, suite, name);
    if (element == NULL) {
        buf_append_text(out, "/>\n");
        return;
    }
    buf_appendf(out, ">\n      <%s message=\"", element);
    markup_text(out, why);
    buf_append_text(out, "\"/>\n    </testcase>\n");
}

static void put_row(struct buf *out, const struct compare_row *row)
{
    char base[32], now[32], change[32], interval[80], why[240];
    tell_value(row, row->base, base, sizeof base);
    tell_value(row, row->now, now, sizeof now);
    tell_change(row, row->change, change, sizeof change);
    tell_interval(row, interval, sizeof interval);
    snprintf(why, sizeof why, "was %s, is %s: %s%s%s", base, now, change,
             interval[0] != '\0' ? ", 95% interval " : "", interval);
    bool skipped = row->verdict == COMPARE_ROW_TOO_FEW || row->verdict == COMPARE_ROW_LOCAL;
    put_case(out, "figures", row->figure,
             row->verdict == COMPARE_ROW_WORSE ? "failure"
             : skipped                         ? "skipped"
                                               : NULL,
             skipped ? tell_verdict(row->verdict) : why);
}

static size_t count_of(const struct compare *c, enum compare_row_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++)
        count += c->rows[i].verdict == verdict;
    return count;
}

bool junit_tell(const struct compare *c, struct buf *out)
{
    bool failed = c->verdict == COMPARE_REGRESSION, passed = c->verdict == COMPARE_NO_REGRESSION;
    buf_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"scepstorm compare ");
    markup_text(out, c->base->items[0]->scenario);
    buf_append_text(out, "\" time=\"0\">\n");
    buf_appendf(out,
                "  <testsuite name=\"verdict\" tests=\"1\" failures=\"%d\" errors=\"%d\" skipped=\"0\" "
                "time=\"0\">\n",
                failed, !failed && !passed);
    put_case(out, "verdict", "no regression", passed ? NULL : failed ? "failure" : "error", c->headline);
    buf_append_text(out, "  </testsuite>\n");
    buf_appendf(out,
                "  <testsuite name=\"figures\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" "
                "time=\"0\">\n",
                c->row_count, count_of(c, COMPARE_ROW_WORSE),
                count_of(c, COMPARE_ROW_TOO_FEW) + count_of(c, COMPARE_ROW_LOCAL));
    for (size_t i = 0; i < c->row_count; i++)
        put_row(out, &c->rows[i]);
    buf_append_text(out, "  </testsuite>\n</testsuites>\n");
    return !out->failed;
}
