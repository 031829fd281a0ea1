/* report.html: the frame of the page, and the order of what it tells. What is worse stands higher. */
#include "report/html_parts.h"

/* ---- small things that the sections share ---- */

const struct page_column html_time_columns[HTML_TIME_COLUMNS] = {
    {"", false},   {"count", true}, {"failed", true}, {"median", true},
    {"p95", true}, {"p99", true},   {"p99.9", true},  {"longest", true}};

void html_count_cell(const struct html *h, uint64_t n, const char *class_name)
{
    char words[32];
    words_count(n, words, sizeof words);
    page_cell(h->out, class_name, words);
}

void html_time_row(const struct html *h, const char *name, uint64_t count, uint64_t failed,
                   const struct histogram *times)
{
    static const double shares[] = {0.5, 0.95, 0.99, 0.999, 1};
    char words[32];
    page_row(h->out, name);
    html_count_cell(h, count, "n");
    html_count_cell(h, failed, failed > 0 ? "n bad" : "n");
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        words_quantile(times, shares[i], words, sizeof words);
        page_cell(h->out, "n", words);
    }
    page_row_end(h->out);
}

struct histogram *html_chosen(const struct html *h, struct measure_filter f)
{
    struct histogram *chosen = NULL;
    if (!histogram_new(&chosen, NULL))
        return NULL;
    if (!series_sum(measure_series(h->run->measure), &f, chosen)) {
        histogram_free(chosen);
        return NULL;
    }
    return chosen;
}

void html_prose(struct buf *out, const char *words)
{
    char piece[512];
    for (bool code = false; words != NULL && *words != '\0'; code = !code) {
        size_t len = strcspn(words, "`");
        if (code && len > 0)
            buf_append_text(out, "<code>");
        for (size_t done = 0, some; done < len; done += some) {
            some = len - done < sizeof piece - 1 ? len - done : sizeof piece - 1;
            snprintf(piece, sizeof piece, "%.*s", (int)some, words + done);
            markup_text(out, piece);
        }
        if (code && len > 0)
            buf_append_text(out, "</code>");
        words += len + (words[len] == '`');
    }
}

/* ---- sections ---- */

static bool has_defects(const struct html *h)
{
    return h->judgement->verdict.defects;
}

static bool has_no_defects(const struct html *h)
{
    return !has_defects(h);
}

static bool always(const struct html *h)
{
    (void)h;
    return true;
}

static const struct section {
    const char *id, *title;
    bool (*has)(const struct html *h);
    void (*put)(const struct html *h);
} sections[] = {
    {"defects", "Correctness", has_defects, html_correctness},
    {"causes", "Why devices failed, and what to do", html_has_causes, html_causes},
    {"objectives", "Objectives", html_has_objectives, html_objectives},
    {"failures", "Failures", html_has_failures, html_failures},
    {"time", "The run over time", html_has_time, html_time},
    {"latency", "How long an enrollment takes, and where the time goes", html_has_latency, html_latency},
    {"otp", "One-time passwords", html_has_otp, html_otp},
    {"groups", "Personas and phases", html_has_groups, html_groups},
    {"follow-ups", "After the enrollment", html_has_follow_ups, html_follow_ups},
    {"verdicts", "What the devices would say", html_has_verdicts, html_verdicts},
    {"correctness", "Correctness", has_no_defects, html_correctness},
    {"conformance", "Conformance", html_has_conformance, html_conformance},
    {"certificates", "Certificates of the target", html_has_certificates, html_certificates},
    {"generator", "Can the figures be trusted?", always, html_generator},
    {"evidence", "Evidence", html_has_evidence, html_evidence},
    {"notes", "Notes", html_has_notes, html_notes},
    {"again", "Run it again", always, html_again},
};
#define SECTIONS (sizeof sections / sizeof sections[0])

static void put_contents(const struct html *h)
{
    buf_append_text(h->out, "<nav class=\"toc\" aria-label=\"Sections\"><ul>");
    for (size_t i = 0; i < SECTIONS; i++) {
        if (sections[i].has(h))
            buf_appendf(h->out, "<li><a href=\"#%s\">%s</a></li>", sections[i].id, sections[i].title);
    }
    buf_append_text(h->out, "</ul></nav>\n");
}

static void put_section(const struct html *h, const struct section *s)
{
    if (!s->has(h))
        return;
    buf_appendf(h->out, "<section id=\"%s\"><h2>%s</h2>\n", s->id, s->title);
    s->put(h);
    buf_append_text(h->out, "</section>\n");
}

/* Causes stand on the first screen; the way to the rest comes right after them. */
static void put_sections(const struct html *h)
{
    html_first(h);
    size_t i = 0;
    for (; i < SECTIONS && (sections[i].put == html_correctness || sections[i].put == html_causes); i++)
        put_section(h, &sections[i]);
    put_contents(h);
    for (; i < SECTIONS; i++)
        put_section(h, &sections[i]);
}

bool report_page_sections(const struct report_run *run, struct buf *out, struct err *e)
{
    struct judgement so_far;
    struct words_defect defects[WORDS_DEFECTS];
    judge_validity(run, &so_far);
    words_defects(run, defects);
    for (size_t i = 0; i < WORDS_DEFECTS; i++)
        so_far.verdict.defects |= defects[i].count > 0;
    put_sections(&(struct html){.run = run, .judgement = &so_far, .over = false, .out = out});
    return buf_ok(out, STAGE_SETUP, e);
}

bool report_page_result(const struct report_run *run, struct buf *out, struct err *e)
{
    struct summary s;
    if (!summary_make(run, &s, e))
        return false;
    put_sections(&(struct html){.run = run, .judgement = &s.judgement, .over = true, .out = out});
    summary_clear(&s);
    return buf_ok(out, STAGE_SETUP, e);
}

/* ---- the file ---- */

bool html_write(const struct summary *s, struct buf *out, struct err *e)
{
    char title[200];
    snprintf(title, sizeof title, "%s - scepstorm",
             s->run->scenario_name == NULL ? "run" : s->run->scenario_name);
    page_begin(&(struct page_head){.title = title}, out);
    put_sections(&(struct html){.run = s->run, .judgement = &s->judgement, .over = true, .out = out});
    page_end(out);
    return buf_ok(out, STAGE_SETUP, e);
}
