/* Opening a results folder: everything but the rows of devices and steps, which replay.c walks through. */
#include "report/bundle_parts.h"
#include "report/results_parts.h"

#include "archive/archive.h"
#include "measure/hdr.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

bool results_damaged(const struct report_results *r, const char *why, struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "%.110s: run.sqlite is damaged: %.60s", r->name, why);
}

sqlite3_stmt *results_prepare(const struct report_results *r, const char *sql, struct err *e)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(r->db, sql, -1, &statement, NULL) != SQLITE_OK)
        results_damaged(r, sqlite3_errmsg(r->db), e);
    return statement;
}

bool results_step(const struct report_results *r, sqlite3_stmt *statement, struct err *e)
{
    int rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        results_damaged(r, sqlite3_errmsg(r->db), e);
    return rc == SQLITE_ROW;
}

/* ---- what kind of file it is ---- */

static bool open_db(struct report_results *r, struct err *e)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/run.sqlite", r->folder);
    if (stat(path, &st) != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.120s holds no results of a run: there is no run.sqlite (%.40s)", r->name,
                       strerror(errno));
    if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "cannot open %.120s: %.60s", path,
                       sqlite3_errmsg(r->db));
    sqlite3_exec(r->db, "PRAGMA trusted_schema=0; PRAGMA cell_size_check=1; PRAGMA cache_size=-16000", NULL,
                 NULL, NULL);
    return true;
}

/* The first number of the first row; -1 when there is none. */
static int64_t number(const struct report_results *r, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t out = -1;
    if (sqlite3_prepare_v2(r->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return out;
}

/* Tables only: what pretends to be one may compute for ever. */
static bool check_kind(const struct report_results *r, struct err *e)
{
    int64_t tables = number(r, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('meta', "
                               "'device', 'step', 'failure')");
    if (tables != 4)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.120s/run.sqlite holds no results of scepstorm, or is damaged", r->name);
    int64_t revision = number(r, "PRAGMA user_version");
    if (revision > RESULTS_REVISION)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.120s was written by a later scepstorm: read it with that one", r->name);
    if (revision < RESULTS_REVISION)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.110s was written by an earlier scepstorm, which did not keep what a second report "
                       "needs",
                       r->name);
    tables = number(r, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('event', "
                       "'follow_up', 'histograms', 'conformance')");
    return tables == 4 || results_damaged(r, "tables are missing", e);
}

/* Empty when there is no such key. */
static bool meta(const struct report_results *r, const char *key, char **out, struct err *e)
{
    sqlite3_stmt *rows = results_prepare(r, "SELECT value FROM meta WHERE key = ?", e);
    *out = NULL;
    if (rows == NULL)
        return false;
    struct err why = {0};
    sqlite3_bind_text(rows, 1, key, -1, SQLITE_STATIC);
    bool found = results_step(r, rows, &why);
    const char *text = found ? (const char *)sqlite3_column_text(rows, 0) : NULL;
    *out = strdup(text == NULL ? "" : text);
    sqlite3_finalize(rows);
    if (err_is_set(&why))
        *e = why;
    else if (*out == NULL)
        err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the results");
    return !err_is_set(&why) && *out != NULL;
}

static bool read_facts(struct report_results *r, struct err *e)
{
    char *schema = NULL, *run = NULL;
    struct err why = {0};
    bool ok = meta(r, "schema", &schema, e) && meta(r, "run", &run, e) && meta(r, "summary", &r->summary, e);
    if (ok && (strcmp(schema, RESULTS_SCHEMA) != 0 || run[0] == '\0'))
        ok = err_set(e, STAGE_SETUP, REASON_USAGE,
                     "%.110s is of a run that did not come to its end: what was written until then is in "
                     "run.sqlite",
                     r->name);
    if (ok) {
        json_t *tree = json_loads(run, 0, NULL);
        ok = facts_read(tree, &r->facts, &why);
        if (!ok)
            results_damaged(r, why.text, e);
    }
    free(schema);
    free(run);
    return ok;
}

/* ---- what has no rows of its own ---- */

static bool read_stalls(struct report_results *r, struct err *e)
{
    struct err why = {0};
    sqlite3_stmt *rows = results_prepare(r,
                                         "SELECT encoding, min_us, max_us, sum_us FROM histograms "
                                         "WHERE scope = 'run' AND name = 'loop_stall'",
                                         e);
    if (rows == NULL)
        return false;
    bool ok = true;
    if (results_step(r, rows, &why)) {
        const char *text = (const char *)sqlite3_column_text(rows, 0);
        ok = text != NULL && histogram_new(&r->stalls, &why) && hdr_decode_text(text, r->stalls, &why) &&
             histogram_restore(r->stalls, sqlite3_column_int64(rows, 1), sqlite3_column_int64(rows, 2),
                               (double)sqlite3_column_int64(rows, 3));
    }
    sqlite3_finalize(rows);
    return (ok && !err_is_set(&why)) || results_damaged(r, "the histogram of loop stalls", e);
}

static bool read_probe(sqlite3_stmt *rows, struct probe_row *to)
{
    struct outcome_probe *p = &to->probe;
    const char **const texts[5] = {&p->probe, &p->title, &p->rule, &p->does, &p->basis};
    char *const words[] = {p->expected, p->observed, p->control};
    for (int i = 0; i < 5; i++) {
        const char *text = (const char *)sqlite3_column_text(rows, i);
        to->texts[i] = strdup(text == NULL ? "" : text);
        if (to->texts[i] == NULL)
            return false;
        *texts[i] = to->texts[i];
    }
    for (int i = 0; i < 3; i++) {
        const char *text = (const char *)sqlite3_column_text(rows, 5 + i);
        snprintf(words[i], OUTCOME_TEXT_BYTES, "%s", text == NULL ? "" : text);
    }
    const char *verdict = (const char *)sqlite3_column_text(rows, 8);
    to->count = sqlite3_column_int64(rows, 9);
    for (int i = 0; i < OUTCOME_PROBE_VERDICTS; i++) {
        p->verdict = (enum outcome_probe_verdict)i;
        if (verdict != NULL && strcmp(verdict, outcome_probe_verdict_id(p->verdict)) == 0)
            return to->count > 0 && to->count <= RESULTS_MAX_COUNT;
    }
    return false;
}

static bool read_probes(struct report_results *r, struct err *e)
{
    struct err why = {0};
    sqlite3_stmt *rows =
        results_prepare(r,
                        "SELECT probe, title, rule, does, basis, expected, observed, control, verdict, count "
                        "FROM conformance ORDER BY rowid LIMIT 4096",
                        e);
    if (rows == NULL)
        return false;
    bool ok = true;
    while (ok && r->probe_count < RESULTS_MAX_ROWS && results_step(r, rows, &why)) {
        struct probe_row *grown = realloc(r->probes, (r->probe_count + 1) * sizeof *grown);
        ok = grown != NULL;
        if (!ok)
            break;
        r->probes = grown;
        r->probes[r->probe_count] = (struct probe_row){0};
        ok = read_probe(rows, &r->probes[r->probe_count++]);
    }
    sqlite3_finalize(rows);
    return (ok && !err_is_set(&why)) || results_damaged(r, "the table of probes", e);
}

/* The folder itself, or the one that an archive was unpacked into. */
static bool open_place(struct report_results *r, const char *path, struct err *e)
{
    r->name = strdup(path);
    if (r->name != NULL && archive_is(path))
        return bundle_unpack(path, &r->unpacked, e) &&
               ((r->folder = strdup(r->unpacked)) != NULL ||
                err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the results"));
    r->folder = strdup(path);
    if (r->name == NULL || r->folder == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the results");
    for (size_t len = strlen(r->folder); len > 1 && r->folder[len - 1] == '/'; len--)
        r->folder[len - 1] = r->name[len - 1] = '\0';
    return true;
}

bool report_results_open(const char *folder, struct report_results **out, struct err *e)
{
    struct report_results *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the results");
    if (open_place(r, folder, e) && open_db(r, e) && check_kind(r, e) && read_facts(r, e) &&
        read_stalls(r, e) && read_probes(r, e) && exemplars_read(r, e)) {
        *out = r;
        return true;
    }
    report_results_close(r);
    return false;
}

void report_results_close(struct report_results *r)
{
    if (r == NULL)
        return;
    exemplars_clear(r);
    for (size_t i = 0; i < r->probe_count; i++) {
        for (size_t k = 0; k < 5; k++)
            free(r->probes[i].texts[k]);
    }
    free(r->probes);
    histogram_free(r->stalls);
    facts_clear(&r->facts);
    sqlite3_close(r->db);
    free(r->summary);
    free(r->folder);
    free(r->name);
    bundle_remove(r->unpacked);
    free(r);
}

const struct report_run *report_results_run(const struct report_results *r)
{
    return &r->facts.run;
}

const char *report_results_folder(const struct report_results *r)
{
    return r->folder;
}

const char *report_results_name(const struct report_results *r)
{
    return r->name;
}

const char *report_results_summary(const struct report_results *r)
{
    return r->summary;
}
