/* The rows of devices.csv: what each device is called. */
#ifndef SCENARIO_CSV_H
#define SCENARIO_CSV_H

#include "base/bytes.h"

struct scenario_csv;

/* RFC 4180 in UTF-8, LF alone ends a line, too: a line of column names (letters, digits, '_', '-'), then a row per device
 * with as many fields. Fields in quotes may hold commas, quotes ("") and line breaks. Empty lines are skipped. Fails: REASON_SCENARIO, "file:line: what"; REASON_NO_MEMORY. */
bool scenario_csv_load(const char *path, struct scenario_csv **out, struct err *e) MUST_USE;
bool scenario_csv_parse(const char *name, struct span text, struct scenario_csv **out,
                        struct err *e) MUST_USE;
void scenario_csv_free(struct scenario_csv *csv);

size_t scenario_csv_rows(const struct scenario_csv *csv);
/* NULL-terminated, borrowed. */
const char *const *scenario_csv_columns(const struct scenario_csv *csv);
/* Borrowed. */
const char *scenario_csv_cell(const struct scenario_csv *csv, size_t row, size_t column);
/* The line of the file in which a row begins, counted from 1. */
size_t scenario_csv_line(const struct scenario_csv *csv, size_t row);

#endif
