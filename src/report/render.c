/* A run in one of its forms, when somebody asks for it. */
#include "report/parts.h"

bool report_render(const struct report_run *run, enum report_form form, struct buf *out, struct err *e)
{
    typedef bool writer(const struct summary *s, struct buf *to, struct err *why);
    static writer *const writers[] = {
        [REPORT_JSON] = summary_text, [REPORT_HTML] = html_write,         [REPORT_JUNIT] = junit_write,
        [REPORT_CSV] = csv_write,     [REPORT_MARKDOWN] = markdown_write, [REPORT_HDR] = hlog_write};
    struct summary s;
    if (!summary_make(run, &s, e))
        return false;
    bool ok = writers[form](&s, out, e);
    summary_clear(&s);
    return ok;
}

bool report_judge(const struct report_run *run, struct report_verdict *verdict, struct err *e)
{
    struct summary s;
    if (!summary_make(run, &s, e))
        return false;
    *verdict = s.judgement.verdict;
    summary_clear(&s);
    return true;
}
