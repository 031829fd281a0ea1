/* Results that are open, between the files that read them. */
#ifndef REPORT_RESULTS_PARTS_H
#define REPORT_RESULTS_PARTS_H

#include "report/db_parts.h"
#include "report/facts.h"
#include "report/results.h"

#define RESULTS_SCHEMA    "scepstorm/run/1"
#define RESULTS_REVISION  2 /* user_version of run.sqlite: what a replay needs is there since then */
#define RESULTS_MAX_ROWS  ((size_t)4096) /* of tables that are short in every run: failures, probes */
#define RESULTS_MAX_COUNT INT64_C(1000000)

/* Evidence of a kind of failure; it goes back to the device that it came from. */
struct exemplar {
    char name[160]; /* "evidence/01-....json" */
    int64_t device;
    int follow; /* enum outcome_follow; -1: of the enrollment */
    struct buf url, headers, body, request;
};

/* A row of `conformance`, with texts of its own. */
struct probe_row {
    char *texts[5]; /* probe, title, rule, does, basis */
    struct outcome_probe probe;
    int64_t count;
};

struct report_results {
    char *name;     /* as it was given, for messages */
    char *folder;   /* where its files are */
    char *unpacked; /* that folder, of an archive: ours to remove; NULL: it is not */
    sqlite3 *db;
    struct facts facts;
    char *summary;
    struct exemplar *exemplars;
    size_t exemplar_count;
    struct probe_row *probes;
    size_t probe_count;
    struct histogram *stalls; /* NULL: none */
};

/* "FOLDER: run.sqlite is damaged: why". Always false. */
bool results_damaged(const struct report_results *r, const char *why, struct err *e);
/* NULL: damaged, or another program's. */
sqlite3_stmt *results_prepare(const struct report_results *r, const char *sql, struct err *e);
/* False at the end, and with *e set when a row cannot be read. */
bool results_step(const struct report_results *r, sqlite3_stmt *statement, struct err *e);

/* evidence.c's way back: evidence_read.c */
bool exemplars_read(struct report_results *r, struct err *e) MUST_USE;
void exemplars_clear(struct report_results *r);
/* Hands a device the exemplars that came from it. */
void exemplars_give(const struct report_results *r, struct outcome *o);

#endif
