/* Between the parts of compare; for this room only. */
#ifndef COMPARE_PARTS_H
#define COMPARE_PARTS_H

#include "compare/compare.h"
#include "compare/statistics.h"

/* One more sentence; lost without memory, or when there are very many. */
void words_say(struct compare_words *words, const char *format, ...) PRINTF_LIKE(2, 3);
void words_free(struct compare_words *words);

/* Can these runs be compared? Fills problems and warnings. */
void usable_look(struct compare *c);
/* How the server presents itself now. Fills drift. */
void drift_look(struct compare *c);

/* While rows are made: what is needed to judge them, by the number of the row. */
struct table {
    struct compare *c;
    struct scatter *scatters;
};
/* The next row, not judged when there are too few runs for that. */
struct compare_row *table_add(struct table *t, enum compare_unit unit, double weight);
struct scatter *table_scatter(const struct table *t, const struct compare_row *row);
/* How the 1 % is shared out. People gate on the slow end of the enrollment and on whether it succeeds; steps and the other
 * figures say where it comes from, and get more when those have been decided (Holm). */
#define TABLE_SUCCESS 8.0
#define TABLE_OTHER   0.5

/* Success, kinds of failure, defects; fills news. */
void rates_add(struct table *t);

/* Fills rows and news, and judges. */
bool rows_make(struct compare *c, struct err *e) MUST_USE;

/* ---- for every form ---- */

/* "1.24 s", "99.80%", "40.1/s", "12" */
void tell_value(const struct compare_row *row, double value, char *out, size_t out_bytes);
/* "+18.2%", "-0.40 points", "+3" */
void tell_change(const struct compare_row *row, double change, char *out, size_t out_bytes);
/* "+9.0% to +28.1%"; "" where there is none */
void tell_interval(const struct compare_row *row, char *out, size_t out_bytes);
/* "worse", "too few values" ... */
const char *tell_verdict(enum compare_row_verdict verdict);
/* "NEW is worse than BASE: ..." */
void tell_headline(struct compare *c);
/* Rows that are not worth a line for people: steps of this machine and defects that nobody has. */
bool tell_is_dull(const struct compare_row *row);

bool html_tell(const struct compare *c, struct buf *out);
bool markdown_tell(const struct compare *c, struct buf *out);
bool junit_tell(const struct compare *c, struct buf *out);
bool json_tell(const struct compare *c, struct buf *out);

#endif
