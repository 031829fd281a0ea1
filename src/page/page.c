#include "page/page.h"

#include "base/text.h"

/* style.css and script.js, put in by the build. */
extern const char page_style[], page_script[];

void page_element(struct buf *out, const char *tag, const char *class_name, const char *text)
{
    if (class_name == NULL)
        buf_appendf(out, "<%s>", tag);
    else
        buf_appendf(out, "<%s class=\"%s\">", tag, class_name);
    markup_text(out, text);
    buf_appendf(out, "</%s>", tag);
}

/* ---- tables ---- */

#define FEW 3 /* columns that would lose each other across a whole page */

void page_table(struct buf *out, const char *caption, const struct page_column *columns, size_t count)
{
    buf_append_text(out, count <= FEW ? "<div class=\"scroll\"><table class=\"few\">"
                                      : "<div class=\"scroll\"><table>");
    page_element(out, "caption", NULL, caption);
    buf_append_text(out, "<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        buf_appendf(out, "<th scope=\"col\"%s>", columns[i].number ? " class=\"n\"" : "");
        markup_text(out, columns[i].title);
        buf_append_text(out, "</th>");
    }
    buf_append_text(out, "</tr></thead><tbody>\n");
}

void page_table_end(struct buf *out)
{
    buf_append_text(out, "</tbody></table></div>\n");
}

void page_row(struct buf *out, const char *name)
{
    buf_append_text(out, "<tr><th scope=\"row\">");
    markup_text(out, name);
    buf_append_text(out, "</th>");
}

void page_row_end(struct buf *out)
{
    buf_append_text(out, "</tr>\n");
}

void page_cell(struct buf *out, const char *class_name, const char *text)
{
    page_element(out, "td", class_name, text);
}

/* ---- head and end ---- */

static void put_hash(struct buf *out, const char *text)
{
    uint8_t digest[32];
    if (!span_sha256(span_of_text(text), digest)) {
        out->failed = true;
        return;
    }
    buf_append_text(out, " 'sha256-");
    text_base64(span_of(digest, sizeof digest), out);
    buf_append_byte(out, '\'');
}

/* Should a server's words ever slip through unescaped, the browser still runs nothing of them and asks nobody. */
static void put_policy(const struct page_head *head, struct buf *out)
{
    buf_append_text(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                         "base-uri 'none'; form-action 'none'; img-src data:; style-src");
    put_hash(out, page_style);
    buf_append_text(out, "; script-src");
    put_hash(out, page_script);
    if (head->script != NULL)
        put_hash(out, head->script);
    buf_append_text(out, head->talks ? "; connect-src 'self'\">\n" : "\">\n");
}

static void put_script(struct buf *out, const char *script)
{
    buf_append_text(out, "<script>");
    buf_append_text(out, script);
    buf_append_text(out, "</script>\n");
}

/* Which colours: as the system has them, or by choice. Needs no script and is remembered nowhere. */
static const char banner[] =
    "<body>\n<a class=\"skip\" href=\"#content\">Skip to the verdict</a>\n"
    "<header class=\"top\"><span class=\"brand\">scepstorm</span>\n"
    "<fieldset class=\"theme\"><legend>Colours</legend>"
    "<label><input type=\"radio\" name=\"theme\" id=\"theme-auto\" checked>auto</label>"
    "<label><input type=\"radio\" name=\"theme\" id=\"theme-light\">light</label>"
    "<label><input type=\"radio\" name=\"theme\" id=\"theme-dark\">dark</label></fieldset></header>\n"
    "<main id=\"content\" tabindex=\"-1\">\n";

static const char icon[] =
    "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 "
    "16'%3E%3Cpath d='M9 1 3 9h4l-1 6 7-9H9z' fill='%230072b2'/%3E%3C/svg%3E\">\n";

bool page_begin(const struct page_head *head, struct buf *out)
{
    buf_append_text(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    put_policy(head, out);
    buf_append_text(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                         "<meta name=\"referrer\" content=\"no-referrer\">\n");
    page_element(out, "title", NULL, head->title);
    buf_append_text(out, icon);
    buf_append_text(out, "<style>");
    buf_append_text(out, page_style);
    buf_append_text(out, "</style>\n");
    put_script(out, page_script);
    if (head->script != NULL)
        put_script(out, head->script);
    buf_append_text(out, "</head>");
    buf_append_text(out, banner);
    return !out->failed;
}

bool page_end(struct buf *out)
{
    buf_append_text(out, "</main>\n</body></html>\n");
    return !out->failed;
}
