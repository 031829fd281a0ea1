/* run.sqlite while devices end: one row for each fact, in the order in which they were told. A replay (replay.c) tells them
 * again in that order, so a run can be read and merged later without losing anything. */
#include "report/db_parts.h"

#include "base/clock.h"

/* The schema is documented in results/README.md: change both. */
static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE device(device INTEGER PRIMARY KEY, phase INTEGER, profile INTEGER, warm_up INTEGER, result "
    "TEXT,"
    " scheduled_us INTEGER, started_us INTEGER, finished_us INTEGER, stage TEXT, reason TEXT, error_text "
    "TEXT,"
    " timed_out INTEGER, http_status INTEGER, body TEXT, server TEXT, fail_info INTEGER, hresult TEXT, text "
    "TEXT,"
    " serial TEXT, subject TEXT, issuer TEXT, not_before INTEGER, not_after INTEGER, otp_age_us INTEGER,"
    " strict_ok INTEGER, persona_ok INTEGER, failed_checks TEXT, polls INTEGER, retries INTEGER,"
    " refused_as_expected INTEGER, eku TEXT, key_usage TEXT, san TEXT, differences TEXT, told INTEGER,"
    " error_domain INTEGER, error_number INTEGER, defects TEXT, challenge TEXT, otp_fingerprint INTEGER,"
    " address TEXT);"
    "CREATE TABLE follow_up(device INTEGER, step TEXT, result TEXT, started_us INTEGER, finished_us INTEGER,"
    " stage TEXT, reason TEXT, error_text TEXT, http_status INTEGER, fail_info INTEGER, hresult TEXT, text "
    "TEXT,"
    " serial TEXT, not_before INTEGER, not_after INTEGER, polls INTEGER, timed_out INTEGER, body TEXT,"
    " error_domain INTEGER, error_number INTEGER, challenge TEXT);"
    "CREATE TABLE profile(profile INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE step(device INTEGER, stage TEXT, warm_up INTEGER, failed INTEGER, queued_us INTEGER,"
    " started_us INTEGER, finished_us INTEGER, bytes_sent INTEGER, bytes_received INTEGER, http_status "
    "INTEGER,"
    " phase INTEGER, profile INTEGER, timed_out INTEGER, told INTEGER);"
    "CREATE TABLE event(told INTEGER PRIMARY KEY, kind TEXT, at_us INTEGER, scheduled_us INTEGER, warm_up "
    "INTEGER,"
    " took_us INTEGER, age_us INTEGER, held INTEGER);"
    "CREATE TABLE histogram(name TEXT, lower_us INTEGER, upper_us INTEGER, count INTEGER);"
    "CREATE TABLE histograms(scope TEXT, name TEXT, result TEXT, phase INTEGER, profile INTEGER, warm_up "
    "INTEGER,"
    " interval INTEGER, count INTEGER, min_us INTEGER, max_us INTEGER, sum_us INTEGER, encoding TEXT);"
    "CREATE TABLE phase(phase INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE second(second INTEGER PRIMARY KEY, offered INTEGER, started INTEGER, enrolled INTEGER,"
    " failed INTEGER, in_flight INTEGER, p50_us INTEGER, p95_us INTEGER);"
    "CREATE TABLE otp_second(second INTEGER PRIMARY KEY, held INTEGER, held_max INTEGER);"
    "CREATE TABLE failure(failure INTEGER PRIMARY KEY, stage TEXT, reason TEXT, http_status INTEGER,"
    " fail_info INTEGER, hresult TEXT, text TEXT, count INTEGER, first_us INTEGER, last_us INTEGER, exemplar "
    "TEXT, follow_up TEXT);"
    "CREATE TABLE certificate(role TEXT, subject TEXT, issuer TEXT, serial TEXT, not_before INTEGER,"
    " not_after INTEGER, sha256 TEXT);"
    "CREATE TABLE conformance(probe TEXT, verdict TEXT, rule TEXT, does TEXT, expected TEXT, observed TEXT,"
    " control TEXT, basis TEXT, count INTEGER, title TEXT);"
    "CREATE TABLE diagnosis(rank INTEGER PRIMARY KEY, cause TEXT, title TEXT, confidence REAL, share REAL,"
    " stage TEXT, evidence TEXT, decided_by TEXT);";

/* Questions that everybody asks. Nothing of ours reads them. */
static const char views[] =
    "CREATE VIEW enrollment AS SELECT device, (finished_us - scheduled_us) / 1000.0 AS latency_ms,"
    " (finished_us - started_us) / 1000.0 AS service_ms, (started_us - scheduled_us) / 1000.0 AS start_lag_ms"
    " FROM device WHERE NOT warm_up AND (result = 'enrolled' OR (result = 'failed' AND timed_out));"
    "CREATE VIEW step_time AS SELECT device, stage, (finished_us - started_us) / 1000.0 AS latency_ms,"
    " (started_us - queued_us) / 1000.0 AS queue_ms, failed FROM step WHERE NOT warm_up;"
    "CREATE VIEW not_enrolled AS SELECT * FROM device WHERE result <> 'enrolled';"
    "CREATE VIEW slowest AS SELECT device, latency_ms, service_ms, start_lag_ms, scheduled_us / 1e6 AS at_s,"
    " profile.name AS persona, phase.name AS phase, result, reason FROM enrollment JOIN device USING (device)"
    " LEFT JOIN profile USING (profile) LEFT JOIN phase USING (phase) ORDER BY latency_ms DESC;"
    "CREATE VIEW steps_of_device AS SELECT device, step.stage, (step.started_us - scheduled_us) / 1000.0 AS "
    "began_ms,"
    " (step.started_us - queued_us) / 1000.0 AS queue_ms, (step.finished_us - step.started_us) / 1000.0 AS "
    "latency_ms,"
    " failed, step.http_status, bytes_sent, bytes_received FROM step JOIN device USING (device)"
    " ORDER BY device, step.told;"
    "CREATE VIEW throughput AS SELECT second / 60 AS minute, sum(offered) AS offered, sum(started) AS "
    "started,"
    " sum(enrolled) AS enrolled, sum(failed) AS failed, max(in_flight) AS in_flight FROM second GROUP BY 1;"
    "CREATE VIEW latency_by_minute AS SELECT minute, count(*) AS enrollments, avg(latency_ms) AS mean_ms,"
    " min(latency_ms) FILTER (WHERE part >= 0.5) AS p50_ms, min(latency_ms) FILTER (WHERE part >= 0.95) AS "
    "p95_ms,"
    " min(latency_ms) FILTER (WHERE part >= 0.99) AS p99_ms, max(latency_ms) AS max_ms FROM (SELECT minute,"
    " latency_ms, cume_dist() OVER (PARTITION BY minute ORDER BY latency_ms) AS part FROM (SELECT latency_ms,"
    " finished_us / 60000000 AS minute FROM enrollment JOIN device USING (device))) GROUP BY minute;"
    "CREATE VIEW failure_by_minute AS SELECT finished_us / 60000000 AS minute, result, stage, reason,"
    " http_status, hresult, count(*) AS devices FROM not_enrolled GROUP BY 1, 2, 3, 4, 5, 6"
    " ORDER BY minute, devices DESC;"
    "CREATE VIEW expiry AS SELECT date(not_after, 'unixepoch') AS day, issuer, count(*) AS certificates"
    " FROM device WHERE serial IS NOT NULL GROUP BY 1, 2 ORDER BY day;";

/* During the run nothing waits for the disk: the write-ahead log is folded in at the end. A crash of the program
 * loses what was not committed, a second at most. */
static const char pragmas[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=0;"
                              "PRAGMA busy_timeout=2000; PRAGMA user_version=2;";

#define COMMIT_US INT64_C(1000000)

bool db_fail(struct db *db)
{
    return err_set(&db->error, STAGE_SETUP, REASON_IO, "run.sqlite: %s", sqlite3_errmsg(db->handle));
}

bool db_run(struct db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || db_fail(db);
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK)
        db_fail(db);
    return statement;
}

void put_int(struct row *row, int64_t value)
{
    sqlite3_bind_int64(row->statement, row->next++, value);
}

void put_real(struct row *row, double value)
{
    sqlite3_bind_double(row->statement, row->next++, value);
}

void put_int_or_null(struct row *row, int64_t value, bool known)
{
    if (known)
        sqlite3_bind_int64(row->statement, row->next++, value);
    else
        sqlite3_bind_null(row->statement, row->next++);
}

void put_text(struct row *row, const char *text)
{
    if (text == NULL || text[0] == '\0')
        sqlite3_bind_null(row->statement, row->next++);
    else
        sqlite3_bind_text(row->statement, row->next++, text, -1, SQLITE_STATIC);
}

bool write_row(struct db *db, struct row *row)
{
    bool ok = sqlite3_step(row->statement) == SQLITE_DONE || db_fail(db);
    sqlite3_reset(row->statement);
    sqlite3_clear_bindings(row->statement);
    return ok;
}

bool db_open(const char *path, struct db **out, struct err *e)
{
    struct db *db = calloc(1, sizeof *db);
    if (db == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for run.sqlite");
    if (sqlite3_open(path, &db->handle) != SQLITE_OK)
        db_fail(db);
    else if (db_run(db, pragmas) && db_run(db, schema) && db_run(db, views) && db_run(db, "BEGIN")) {
        db->device = db_prepare(
            db, "INSERT OR REPLACE INTO device VALUES"
                "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        db->step = db_prepare(db, "INSERT INTO step VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        db->follow_up =
            db_prepare(db, "INSERT INTO follow_up VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        db->event = db_prepare(db, "INSERT INTO event VALUES(?,?,?,?,?,?,?,?)");
    }
    if (err_is_set(&db->error)) {
        err_set(e, STAGE_SETUP, REASON_IO, "cannot make %.120s: %.60s", path, db->error.text);
        db_free(db);
        return false;
    }
    db->committed_us = clock_monotonic_us();
    *out = db;
    return true;
}

void db_free(struct db *db)
{
    if (db == NULL)
        return;
    sqlite3_finalize(db->device);
    sqlite3_finalize(db->step);
    sqlite3_finalize(db->follow_up);
    sqlite3_finalize(db->event);
    sqlite3_close(db->handle);
    free(db);
}

static void put_error(struct row *row, const struct err *error)
{
    bool failed = err_is_set(error);
    put_text(row, failed ? base_stage_id(error->stage) : NULL);
    put_text(row, failed ? base_reason_id(error->reason) : NULL);
    put_text(row, error->text);
}

static void put_error_number(struct row *row, const struct err *error)
{
    bool any = error->domain != ERR_DOMAIN_NONE;
    put_int_or_null(row, error->domain, any);
    put_int_or_null(row, error->detail, any);
}

static void put_challenge(struct row *row, enum outcome_challenge challenge)
{
    put_text(row, db_challenge_id(challenge));
}

/* What a later version knows about a device: new columns stand at the end. */
static void put_protocol(struct row *row, const struct outcome *o)
{
    put_int_or_null(row, o->strict_ok, o->judged);
    put_int_or_null(row, o->persona_ok, o->judged);
    put_text(row, o->failed_checks);
    put_int(row, o->polls);
    put_int(row, o->retries);
    put_int(row, o->refused_as_expected);
    put_text(row, o->eku);
    put_text(row, o->key_usage);
    put_text(row, o->san);
    put_text(row, o->differences);
}

/* What only a replay asks for. */
static void put_rest(struct db *db, struct row *row, const struct outcome *o, const char *defects)
{
    put_int(row, ++db->told);
    put_error_number(row, &o->error);
    put_text(row, defects);
    put_challenge(row, o->challenge);
    put_int_or_null(row, (int64_t)o->otp_fingerprint, o->otp_fingerprint != 0);
    put_text(row, o->address);
}

static void write_follow_up(struct db *db, uint64_t device, const char *step,
                            const struct outcome_follow_up *f)
{
    char hresult[16];
    bool tried = f->result != OUTCOME_NOT_TRIED;
    if (!tried && !err_is_set(&f->error))
        return;
    snprintf(hresult, sizeof hresult, "0x%08x", f->hresult);
    struct row row = {db->follow_up, 1};
    put_int(&row, (int64_t)device);
    put_text(&row, step);
    put_text(&row, db_result_id(f->result));
    put_int_or_null(&row, f->started_us, tried);
    put_int_or_null(&row, f->finished_us, tried);
    put_error(&row, &f->error);
    put_int_or_null(&row, f->http_status, f->http_status != 0);
    put_int_or_null(&row, f->fail_info, f->result == OUTCOME_NOT_OK && f->fail_info >= 0);
    put_text(&row, f->has_hresult ? hresult : NULL);
    put_text(&row, f->text);
    put_text(&row, f->serial);
    put_int_or_null(&row, f->not_before, f->serial[0] != '\0');
    put_int_or_null(&row, f->not_after, f->serial[0] != '\0');
    put_int(&row, f->polls);
    put_int(&row, f->timed_out);
    put_text(&row, outcome_body_id(f->body));
    put_error_number(&row, &f->error);
    put_challenge(&row, f->challenge);
    write_row(db, &row);
}

void db_device(struct db *db, const struct outcome *o)
{
    if (err_is_set(&db->error))
        return;
    char hresult[16], defects[DB_DEFECTS_BYTES];
    snprintf(hresult, sizeof hresult, "0x%08x", o->hresult);
    db_defects_text(o, defects);
    struct row row = {db->device, 1};
    put_int(&row, (int64_t)o->device);
    put_int(&row, o->phase);
    put_int(&row, o->profile);
    put_int(&row, o->warm_up);
    put_text(&row, outcome_end_id(o->end));
    put_int(&row, o->scheduled_us);
    put_int_or_null(&row, o->started_us, o->end != OUTCOME_UNSENT);
    put_int(&row, o->finished_us);
    put_error(&row, &o->error);
    put_int(&row, o->timed_out);
    put_int_or_null(&row, o->http_status, o->http_status != 0);
    put_text(&row, outcome_body_id(o->body));
    put_text(&row, o->server);
    put_int_or_null(&row, o->fail_info, o->fail_info >= 0);
    put_text(&row, o->has_hresult ? hresult : NULL);
    put_text(&row, o->text);
    put_text(&row, o->serial);
    put_text(&row, o->subject);
    put_text(&row, o->issuer);
    put_int_or_null(&row, o->not_before, o->serial[0] != '\0');
    put_int_or_null(&row, o->not_after, o->serial[0] != '\0');
    put_int_or_null(&row, o->otp_age_us, o->otp_fingerprint != 0);
    put_protocol(&row, o);
    put_rest(db, &row, o, defects);
    write_row(db, &row);
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT && !err_is_set(&db->error); i++)
        write_follow_up(db, o->device, outcome_follow_id((enum outcome_follow)i), &o->follow[i]);
}

void db_step(struct db *db, const struct outcome_step *step)
{
    if (err_is_set(&db->error))
        return;
    struct row row = {db->step, 1};
    put_int(&row, (int64_t)step->device);
    put_text(&row, base_stage_id(step->stage));
    put_int(&row, step->warm_up);
    put_int(&row, step->failed);
    put_int(&row, step->queued_us);
    put_int(&row, step->started_us);
    put_int(&row, step->finished_us);
    put_int(&row, (int64_t)step->bytes_sent);
    put_int(&row, (int64_t)step->bytes_received);
    put_int_or_null(&row, step->http_status, step->http_status != 0);
    put_int(&row, step->phase);
    put_int(&row, step->profile);
    put_int(&row, step->timed_out);
    put_int(&row, ++db->told);
    write_row(db, &row);
}

/* An arrival (scheduled_us only) or the start of a device. */
static void write_arrival(struct db *db, const char *kind, int64_t at_us, int64_t scheduled_us, bool warm_up)
{
    if (err_is_set(&db->error))
        return;
    struct row row = {db->event, 1};
    put_int(&row, ++db->told);
    put_text(&row, kind);
    put_int(&row, at_us);
    put_int(&row, scheduled_us);
    put_int(&row, warm_up);
    write_row(db, &row);
}

void db_arrival(struct db *db, int64_t scheduled_us, bool warm_up)
{
    write_arrival(db, DB_ARRIVAL, scheduled_us, scheduled_us, warm_up);
}

void db_start(struct db *db, int64_t scheduled_us, int64_t started_us, bool warm_up)
{
    write_arrival(db, DB_START, started_us, scheduled_us, warm_up);
}

void db_otp(struct db *db, const struct outcome_otp_event *event)
{
    if (err_is_set(&db->error))
        return;
    struct row row = {db->event, 1};
    put_int(&row, ++db->told);
    put_text(&row, db_otp_id(event->kind));
    put_int(&row, event->at_us);
    row.next += 2;
    put_int(&row, event->took_us);
    put_int(&row, event->age_us);
    put_int(&row, event->held);
    write_row(db, &row);
}

void db_tick(struct db *db)
{
    int64_t now_us = clock_monotonic_us();
    if (err_is_set(&db->error) || now_us - db->committed_us < COMMIT_US)
        return;
    db->committed_us = now_us;
    if (db_run(db, "COMMIT"))
        db_run(db, "BEGIN");
}

bool db_finish(struct db *db, const struct summary *s, struct err *e)
{
    if (!err_is_set(&db->error)) {
        db_write_end(db, s);
    }
    if (!err_is_set(&db->error)) {
        db_run(db, "CREATE INDEX step_by_device ON step(device); CREATE INDEX device_by_told ON device(told);"
                   "CREATE INDEX follow_up_by_device ON follow_up(device)");
        db_run(db, "COMMIT");
        db_run(db, "PRAGMA synchronous=NORMAL; PRAGMA journal_mode=DELETE");
    }
    bool ok = !err_is_set(&db->error);
    if (!ok)
        err_set(e, db->error.stage, db->error.reason, "%.190s", db->error.text);
    db_free(db);
    return ok;
}
