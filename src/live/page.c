#include "live/page.h"

#include "page/page.h"

/* page.js, put in by the build. */
extern const char live_page_script[];

bool live_page_sections(const struct live_view *v, struct buf *out, struct err *e)
{
    return report_page_sections(v->run, out, e);
}

/* Where scripts are off it is a report of this moment. */
bool live_page_write(const struct live_view *v, struct buf *out, struct err *e)
{
    const struct page_head head = {
        .title = v->run->scenario_name != NULL ? v->run->scenario_name : "scepstorm",
        .script = live_page_script,
        .talks = true,
    };
    page_begin(&head, out);
    if (!live_page_sections(v, out, e))
        return false;
    page_end(out);
    return buf_ok(out, STAGE_SETUP, e);
}

/* What a policy within the page cannot say; its own says the rest. */
const char *live_page_policy(void)
{
    return "frame-ancestors 'none'";
}
