/* The sections of report.html, each a file's affair; for this room only. */
#ifndef REPORT_HTML_PARTS_H
#define REPORT_HTML_PARTS_H

#include "page/chart.h"
#include "page/page.h"
#include "report/parts.h"

struct html {
    const struct report_run *run;
    const struct judgement *judgement; /* of a run that goes on: its validity so far, and no SLOs */
    bool over;
    struct buf *out;
};

/* ---- small things ---- */
void html_count_cell(const struct html *h, uint64_t n, const char *class_name);
void html_prose(struct buf *out, const char *words); /* of the catalogue: commands between backticks */
/* A row of the tables of times; "-" where too few values tell. */
#define HTML_TIME_COLUMNS 8
extern const struct page_column html_time_columns[HTML_TIME_COLUMNS];
void html_time_row(const struct html *h, const char *name, uint64_t count, uint64_t failed,
                   const struct histogram *times);
const char *html_step_name(enum stage stage); /* "GetCACaps", for readers who do not know our names */
/* The histogram that a filter chooses, yours to free; NULL without memory. */
struct histogram *html_chosen(const struct html *h, struct measure_filter f);

/* ---- first screen: html_first.c, html_causes.c ---- */
void html_first(const struct html *h);
bool html_has_causes(const struct html *h);
void html_causes(const struct html *h);

/* ---- sections; each stands for itself, without its heading ---- */
bool html_has_objectives(const struct html *h);
void html_objectives(const struct html *h);
bool html_has_time(const struct html *h);
void html_time(const struct html *h); /* html_time.c */
bool html_has_latency(const struct html *h);
void html_latency(const struct html *h); /* html_latency.c */
/* Its charts, and those beside them. Without values they write nothing. */
void html_limits(const struct html *h, struct chart *c);
void html_step_bars(const struct html *h); /* html_steps.c */
void html_step_course(const struct html *h);
void html_failure_course(const struct html *h); /* html_failures.c */
bool html_has_failures(const struct html *h);
void html_failures(const struct html *h); /* html_failures.c */
bool html_has_otp(const struct html *h);
void html_otp(const struct html *h); /* html_time.c */
bool html_has_groups(const struct html *h);
void html_groups(const struct html *h); /* html_tables.c */
bool html_has_follow_ups(const struct html *h);
void html_follow_ups(const struct html *h);
bool html_has_verdicts(const struct html *h);
void html_verdicts(const struct html *h);
void html_correctness(const struct html *h);
bool html_has_conformance(const struct html *h);
void html_conformance(const struct html *h);
bool html_has_certificates(const struct html *h);
void html_certificates(const struct html *h); /* html_machine.c */
void html_generator(const struct html *h);
bool html_has_evidence(const struct html *h);
void html_evidence(const struct html *h); /* html_evidence.c */
bool html_has_notes(const struct html *h);
void html_notes(const struct html *h);
void html_again(const struct html *h);

/* Which failures have an exemplar on the page: its number from 1, 0: none. */
#define HTML_EXEMPLARS 12
size_t html_exemplar(const struct measure *m, size_t failure);

#endif
