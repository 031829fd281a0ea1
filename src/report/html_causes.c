/* Likely causes, with what to do about them. */
#include "report/html_parts.h"

#define ON_TOP  4 /* causes that are told at once; the others are folded */
#define ACTIONS 2 /* first things to do that are told at once */

bool html_has_causes(const struct html *h)
{
    return h->run->diagnosis != NULL && h->run->diagnosis->count > 0;
}

static void put_list(struct buf *out, const char *title, const char *const *items)
{
    if (items == NULL || items[0] == NULL)
        return;
    page_element(out, "h4", NULL, title);
    buf_append_text(out, "<ol>");
    for (size_t i = 0; items[i] != NULL; i++) {
        buf_append_text(out, "<li>");
        html_prose(out, items[i]);
        buf_append_text(out, "</li>");
    }
    buf_append_text(out, "</ol>\n");
}

static void put_points(struct buf *out, const char *title, const char (*lines)[200], size_t count)
{
    if (count == 0)
        return;
    page_element(out, "h4", NULL, title);
    buf_append_text(out, "<ul>");
    for (size_t i = 0; i < count; i++)
        page_element(out, "li", NULL, lines[i]);
    buf_append_text(out, "</ul>\n");
}

static void put_symptoms(const struct cause *c, struct buf *out)
{
    const struct {
        const char *who, *what;
    } rows[] = {{"iPhone, iPad", c->symptom_ios},
                {"Android", c->symptom_android},
                {"Windows", c->symptom_windows},
                {"Mac", c->symptom_macos}};
    page_element(out, "h4", NULL, "What the devices show");
    buf_append_text(out, "<dl class=\"facts\">");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        page_element(out, "dt", NULL, rows[i].who);
        buf_append_text(out, "<dd>");
        html_prose(out, rows[i].what);
        buf_append_text(out, "</dd>");
    }
    buf_append_text(out, "</dl>\n");
}

static void put_look_alikes(const struct diagnosis *d, struct buf *out)
{
    if (d->look_alike_count == 0)
        return;
    buf_append_text(out, "<p class=\"dim\">Looks the same from outside: ");
    for (size_t i = 0; i < d->look_alike_count; i++) {
        buf_append_text(out, i == 0 ? "" : ", ");
        markup_text(out, d->look_alikes[i]);
    }
    buf_append_text(out, ".</p>\n");
}

/* A cause may come from a user's file: only a web address becomes a link. */
static void put_sources(const struct cause *c, struct buf *out)
{
    buf_append_text(out, "<p class=\"dim\">Sources:");
    for (size_t i = 0; c->sources != NULL && c->sources[i] != NULL; i++) {
        bool web = strncmp(c->sources[i], "https://", 8) == 0 || strncmp(c->sources[i], "http://", 7) == 0;
        buf_append_text(out, i == 0 ? " " : ", ");
        if (web) {
            buf_append_text(out, "<a href=\"");
            markup_text(out, c->sources[i]);
            buf_append_text(out, "\">");
        }
        markup_excerpt(out, web ? strstr(c->sources[i], "://") + 3 : c->sources[i], 60);
        buf_append_text(out, web ? "</a>" : "");
    }
    buf_append_text(out, "</p>\n");
}

static void put_settles(const struct diagnosis *d, struct buf *out)
{
    bool missing = d->missing != NULL && d->missing[0] != '\0';
    buf_append_text(out, d->decided ? "<p><b>Settled by:</b> " : "<p><b>What would settle it:</b> ");
    html_prose(out, missing ? d->missing : d->cause->decided_by);
    buf_append_text(out, "</p>\n");
}

static void put_rest(const struct diagnosis *d, size_t number, struct buf *out)
{
    const struct cause *c = d->cause;
    buf_appendf(out,
                "<details class=\"paper\" id=\"cause-%zu\"><summary>All there is to know about "
                "<code>",
                number);
    markup_text(out, c->id);
    buf_append_text(out, "</code></summary>\n");
    put_settles(d, out);
    put_points(out, "What speaks for it", d->evidence, d->evidence_count);
    put_points(out, "What does not fit", d->against, d->against_count);
    put_list(out, "What to do", c->resolution);
    put_list(out, "Where to look", c->steps);
    put_symptoms(c, out);
    put_look_alikes(d, out);
    put_sources(c, out);
    buf_append_text(out, "</details>\n");
}

static void put_actions(const struct cause *c, struct buf *out)
{
    buf_append_text(out, "<p><b>What to do:</b></p><ol>");
    for (size_t i = 0; i < ACTIONS && c->resolution[i] != NULL; i++) {
        buf_append_text(out, "<li>");
        html_prose(out, c->resolution[i]);
        buf_append_text(out, "</li>");
    }
    buf_append_text(out, "</ol>\n");
}

static void put_cause(const struct diagnosis *d, size_t number, bool leads, struct buf *out)
{
    buf_appendf(out, "<article class=\"cause%s\"><header><h3>", leads ? "" : " also");
    markup_text(out, d->cause->title);
    buf_appendf(out, "</h3><span class=\"sure\">%.0f%% sure; behind %.0f%% of the failures",
                d->confidence * 100, d->share * 100);
    if (d->node[0] != '\0') {
        buf_append_text(out, "; at ");
        markup_text(out, d->node);
    }
    buf_append_text(out, "</span></header>\n");
    if (d->evidence_count > 0)
        page_element(out, "p", NULL, d->evidence[0]);
    if (leads)
        put_actions(d->cause, out);
    put_rest(d, number, out);
    buf_append_text(out, "</article>\n");
}

void html_causes(const struct html *h)
{
    const struct diagnose_list *list = h->run->diagnosis;
    size_t top = 0;
    while (top < list->count && top < ON_TOP && (top == 0 || list->items[top].leads))
        top++;
    if (list->items[0].confidence < 0.5)
        buf_append_text(h->out,
                        "<p>From outside these look the same; on the server, what settles it does.</p>\n");
    buf_append_text(h->out, "<div class=\"causes\">\n");
    for (size_t i = 0; i < top; i++)
        put_cause(&list->items[i], i + 1, true, h->out);
    buf_append_text(h->out, "</div>\n");
    if (top == list->count)
        return;
    buf_appendf(h->out,
                "<details class=\"paper\" id=\"causes-more\"><summary>%zu less likely or smaller "
                "cause%s</summary>\n",
                list->count - top, list->count - top == 1 ? "" : "s");
    for (size_t i = top; i < list->count; i++)
        put_cause(&list->items[i], i + 1, false, h->out);
    buf_append_text(h->out, "</details>\n");
}
