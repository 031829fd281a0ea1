#include "live/page.h"

#include "page/page.h"

/* page.js, put in by the build. */
extern const char live_page_script[];

bool live_page_sections(const struct live_view *v, struct buf *out, struct err *e)
{
    return report_page_sections(v->run, out, e);
}

bool live_page_around(const char *title, struct span sections, struct buf *out, struct err *e)
{
    const struct page_head head = {.title = title, .script = live_page_script, .talks = true};
    page_begin(&head, out);
    buf_append_span(out, sections);
    page_end(out);
    return buf_ok(out, STAGE_SETUP, e);
}

/* Where scripts are off it is a report of this moment. */
bool live_page_write(const struct live_view *v, struct buf *out, struct err *e)
{
    const char *name = v->run->scenario_name;
    struct buf sections;
    buf_init(&sections, out->max);
    bool ok = live_page_sections(v, &sections, e) &&
              live_page_around(name != NULL ? name : "scepstorm", buf_span(&sections), out, e);
    buf_clear(&sections);
    return ok;
}

/* What a policy within the page cannot say; its own says the rest. */
const char *live_page_policy(void)
{
    return "frame-ancestors 'none'";
}
