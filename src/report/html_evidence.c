/* One exemplar of each kind of failure, decoded: what was asked, and what came back. Secrets are out of it already. */
#include "report/html_parts.h"

#define MAX_VALUE 300 /* bytes of a value, and of a body, that the page shows; evidence/ has all of it */
#define MAX_BODY  2000
#define MAX_DEPTH 4

size_t html_exemplar(const struct measure *m, size_t failure)
{
    size_t number = 0;
    for (size_t i = 0; i <= failure; i++)
        number += evidence_has(measure_failure(m, i));
    return evidence_has(measure_failure(m, failure)) && number <= HTML_EXEMPLARS ? number : 0;
}

/* While the run goes on there are better things to do than decoding. */
bool html_has_evidence(const struct html *h)
{
    bool any = false;
    for (size_t i = 0; h->over && i < measure_failure_count(h->run->measure); i++)
        any |= evidence_has(measure_failure(h->run->measure, i));
    return any;
}

static void put_fact(struct buf *out, const char *path, const json_t *value)
{
    char number[40];
    const char *text = json_string_value(value);
    if (json_is_number(value)) {
        snprintf(number, sizeof number, "%.10g", json_number_value(value));
        text = number;
    } else if (json_is_boolean(value)) {
        text = json_is_true(value) ? "yes" : "no";
    }
    if (text == NULL || text[0] == '\0')
        return;
    page_element(out, "dt", NULL, path);
    buf_append_text(out, "<dd><code>");
    markup_excerpt(out, text, MAX_VALUE);
    buf_append_text(out, "</code></dd>\n");
}

/* "message.signer.subject" as "message signer subject". */
static void put_facts(struct buf *out, const char *path, json_t *object, unsigned depth)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        char full[160];
        snprintf(full, sizeof full, "%.100s%s%.50s", path, path[0] != '\0' ? " " : "", name);
        for (char *c = full; *c != '\0'; c++)
            *c = *c == '_' ? ' ' : *c;
        if (strstr(name, "base64") != NULL)
            continue; /* for decoders: it stands in evidence/ */
        if (json_is_object(value) && depth < MAX_DEPTH)
            put_facts(out, full, value, depth + 1);
        else if (!json_is_array(value))
            put_fact(out, full, value);
    }
}

static void put_lines(struct buf *out, const json_t *lines)
{
    size_t i;
    const json_t *line;
    if (json_array_size(lines) == 0)
        return;
    buf_append_text(out, "<pre>");
    json_array_foreach(lines, i, line)
    {
        markup_excerpt(out, json_is_string(line) ? json_string_value(line) : "", MAX_VALUE);
        buf_append_byte(out, '\n');
    }
    buf_append_text(out, "</pre>\n");
}

static void put_request(struct buf *out, json_t *request)
{
    if (!json_is_object(request))
        return;
    page_element(out, "h3", NULL, "What was asked");
    buf_append_text(out, "<dl class=\"facts\">\n");
    put_facts(out, "", request, 0);
    buf_append_text(out, "</dl>\n");
    put_lines(out, json_object_get(request, "headers"));
}

static void put_answer(struct buf *out, json_t *tree)
{
    const char *body = json_string_value(json_object_get(tree, "body_text"));
    page_element(out, "h3", NULL, "What came back");
    buf_append_text(out, "<dl class=\"facts\">\n");
    put_fact(out, "HTTP status", json_object_get(tree, "http_status"));
    put_fact(out, "in our words", json_object_get(tree, "error"));
    put_facts(out, "", json_object_get(tree, "decoded"), 0);
    buf_append_text(out, "</dl>\n");
    put_lines(out, json_object_get(tree, "headers"));
    if (body == NULL)
        return;
    buf_append_text(out, "<pre>");
    markup_excerpt(out, body, MAX_BODY);
    buf_append_text(out, "</pre>\n");
}

static void put_exemplar(const struct html *h, size_t failure, size_t number)
{
    const struct measure *m = h->run->measure;
    const struct measure_failure *f = measure_failure(m, failure);
    char what[240], file[160], devices[32];
    json_t *tree = evidence_json(f);
    words_failure(f, what, sizeof what);
    words_count(f->count, devices, sizeof devices);
    evidence_name(m, failure, file, sizeof file);
    buf_appendf(h->out, "<details class=\"paper\" id=\"exemplar-%zu\"><summary>%s: ", number,
                html_step_name(f->first.error.stage));
    markup_text(h->out, what);
    buf_appendf(h->out,
                " <span class=\"dim\">(%s)</span></summary>\n<p class=\"dim\">Device %llu, the first of %s. "
                "All of it: <a href=\"%s\"><code>%s</code></a></p>\n",
                devices, (unsigned long long)f->first.device, devices, file, file);
    put_request(h->out, json_object_get(tree, "request"));
    put_answer(h->out, tree);
    buf_append_text(h->out, "</details>\n");
    json_decref(tree);
}

void html_evidence(const struct html *h)
{
    const struct measure *m = h->run->measure;
    buf_append_text(h->out, "<p>The first of each kind of failure, decoded, without secrets.</p>\n");
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        size_t number = html_exemplar(m, i);
        if (number > 0)
            put_exemplar(h, i, number);
    }
}
