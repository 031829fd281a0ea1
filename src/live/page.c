#include "live/page.h"

#include "page/page.h"

/* page.js, put in by the build. */
extern const char live_page_script[];

/* Keys are made, other shards are waited for: there is nothing to tell yet, and no clock zero to tell it by. */
static bool put_preparing(const struct live_view *v, struct buf *out, struct err *e)
{
    const char *name = v->run->scenario_name;
    buf_append_text(out, "<section id=\"verdict\">");
    page_element(out, "h1", NULL, "The load has not started yet");
    page_element(out, "p", "dim", name != NULL ? name : "");
    buf_append_text(out, "</section>\n");
    return buf_ok(out, STAGE_SETUP, e);
}

bool live_page_sections(const struct live_view *v, struct buf *out, struct err *e)
{
    if (v->state == LIVE_PREPARING)
        return put_preparing(v, out, e);
    bool over = v->state == LIVE_ENDED || v->state == LIVE_INTERRUPTED;
    return over ? report_page_result(v->run, out, e) : report_page_sections(v->run, out, e);
}

void live_page_words(const struct live_texts *texts, struct buf *out)
{
    buf_append_text(out, "<section id=\"words\">");
    page_element(out, "h1", texts->look, texts->headline);
    page_element(out, "pre", NULL, texts->words);
    buf_append_text(out, "</section>\n");
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
