/* Writing run.sqlite, between its two files: rows while devices end (db.c), tables of the whole run (db_end.c). */
#ifndef REPORT_DB_PARTS_H
#define REPORT_DB_PARTS_H

#include "report/parts.h"

#include <sqlite3.h>

struct db {
    sqlite3 *handle;
    sqlite3_stmt *device, *step, *follow_up, *event;
    int64_t told; /* facts so far: their order, which a replay keeps */
    int64_t committed_us;
    struct err error; /* the first; nothing is written after it */
};

bool db_fail(struct db *db); /* with sqlite's words; always false */
bool db_run(struct db *db, const char *sql);
sqlite3_stmt *db_prepare(struct db *db, const char *sql); /* NULL, and db->error, when it fails */

/* Parameters are bound in order, which keeps a row's values in one readable list. */
struct row {
    sqlite3_stmt *statement;
    int next;
};
void put_int(struct row *row, int64_t value);
void put_real(struct row *row, double value);
void put_int_or_null(struct row *row, int64_t value, bool known);
/* The text must live until the row is written. Empty texts become NULL. */
void put_text(struct row *row, const char *text);
bool write_row(struct db *db, struct row *row);

/* ---- words for what is an enum or a set of marks, both ways: db_words.c ---- */

#define DB_ARRIVAL "arrival" /* kinds of events, beside those of passwords */
#define DB_START   "start"

const char *db_otp_id(enum outcome_otp_kind kind); /* "otp_asked" */
bool db_otp_of(const char *id, enum outcome_otp_kind *out);
const char *db_challenge_id(enum outcome_challenge challenge); /* NULL: unknown */
bool db_challenge_of(const char *id, enum outcome_challenge *out);
#define DB_DEFECTS_BYTES 200
void db_defects_text(const struct outcome *o, char out[DB_DEFECTS_BYTES]); /* "key_mismatch, duplicate_otp" */
bool db_defects_of(const char *text, struct outcome *o);
const char *db_result_id(enum outcome_result result); /* of a follow-up: "ok" */
bool db_result_of(const char *id, enum outcome_result *out);
bool db_end_of(const char *id, enum outcome_end *out);
bool db_follow_of(const char *id, enum outcome_follow *out);
bool db_body_of(const char *id, enum outcome_body *out);
bool db_stage_of(const char *id, enum stage *out);
bool db_reason_of(const char *id, enum reason *out);

void db_write_end(struct db *db, const struct summary *s);

#endif
