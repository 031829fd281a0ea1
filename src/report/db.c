#include "report/parts.h"

#include "base/clock.h"
#include "measure/hdr.h"

#include <sqlite3.h>

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
    " refused_as_expected INTEGER, eku TEXT, key_usage TEXT, san TEXT, differences TEXT);"
    "CREATE TABLE follow_up(device INTEGER, step TEXT, result TEXT, started_us INTEGER, finished_us INTEGER,"
    " stage TEXT, reason TEXT, error_text TEXT, http_status INTEGER, fail_info INTEGER, hresult TEXT, text "
    "TEXT,"
    " serial TEXT, not_before INTEGER, not_after INTEGER, polls INTEGER);"
    "CREATE TABLE profile(profile INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE step(device INTEGER, stage TEXT, warm_up INTEGER, failed INTEGER, queued_us INTEGER,"
    " started_us INTEGER, finished_us INTEGER, bytes_sent INTEGER, bytes_received INTEGER, http_status "
    "INTEGER);"
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
    " control TEXT, basis TEXT, count INTEGER);"
    "CREATE VIEW enrollment AS SELECT device, (finished_us - scheduled_us) / 1000.0 AS latency_ms,"
    " (finished_us - started_us) / 1000.0 AS service_ms, (started_us - scheduled_us) / 1000.0 AS start_lag_ms"
    " FROM device WHERE NOT warm_up AND (result = 'enrolled' OR (result = 'failed' AND timed_out));"
    "CREATE VIEW step_time AS SELECT device, stage, (finished_us - started_us) / 1000.0 AS latency_ms,"
    " (started_us - queued_us) / 1000.0 AS queue_ms, failed FROM step WHERE NOT warm_up;"
    "CREATE VIEW not_enrolled AS SELECT * FROM device WHERE result <> 'enrolled';";

/* During the run nothing waits for the disk: the write-ahead log is folded in at the end. A crash of the program
 * loses what was not committed, a second at most. */
static const char pragmas[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=0;"
                              "PRAGMA busy_timeout=2000; PRAGMA user_version=1;";

#define COMMIT_US INT64_C(1000000)

struct db {
    sqlite3 *handle;
    sqlite3_stmt *device, *step, *follow_up;
    int64_t committed_us;
    struct err error; /* the first; nothing is written after it */
};

static bool fail(struct db *db)
{
    return err_set(&db->error, STAGE_SETUP, REASON_IO, "run.sqlite: %s", sqlite3_errmsg(db->handle));
}

static bool run_sql(struct db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || fail(db);
}

static sqlite3_stmt *prepare(struct db *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK)
        fail(db);
    return statement;
}

/* Parameters are bound in order, which keeps a row's values in one readable list. */
struct row {
    sqlite3_stmt *statement;
    int next;
};

static void put_int(struct row *row, int64_t value)
{
    sqlite3_bind_int64(row->statement, row->next++, value);
}

static void put_int_or_null(struct row *row, int64_t value, bool known)
{
    if (known)
        sqlite3_bind_int64(row->statement, row->next++, value);
    else
        sqlite3_bind_null(row->statement, row->next++);
}

/* The text must live until the row is written. Empty texts become NULL. */
static void put_text(struct row *row, const char *text)
{
    if (text == NULL || text[0] == '\0')
        sqlite3_bind_null(row->statement, row->next++);
    else
        sqlite3_bind_text(row->statement, row->next++, text, -1, SQLITE_STATIC);
}

static bool write_row(struct db *db, struct row *row)
{
    bool ok = sqlite3_step(row->statement) == SQLITE_DONE || fail(db);
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
        fail(db);
    else if (run_sql(db, pragmas) && run_sql(db, schema) && run_sql(db, "BEGIN")) {
        db->device = prepare(db, "INSERT OR REPLACE INTO device VALUES"
                                 "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        db->step = prepare(db, "INSERT INTO step VALUES(?,?,?,?,?,?,?,?,?,?)");
        db->follow_up = prepare(db, "INSERT INTO follow_up VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
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

static void write_follow_up(struct db *db, uint64_t device, const char *step,
                            const struct outcome_follow_up *f)
{
    static const char *const results[] = {
        [OUTCOME_NOT_TRIED] = "not_tried", [OUTCOME_OK] = "ok", [OUTCOME_NOT_OK] = "failed"};
    char hresult[16];
    bool tried = f->result != OUTCOME_NOT_TRIED;
    if (!tried && !err_is_set(&f->error))
        return;
    snprintf(hresult, sizeof hresult, "0x%08x", f->hresult);
    struct row row = {db->follow_up, 1};
    put_int(&row, (int64_t)device);
    put_text(&row, step);
    put_text(&row, results[f->result]);
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
    write_row(db, &row);
}

void db_device(struct db *db, const struct outcome *o)
{
    if (err_is_set(&db->error))
        return;
    char hresult[16];
    snprintf(hresult, sizeof hresult, "0x%08x", o->hresult);
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
    write_row(db, &row);
}

void db_tick(struct db *db)
{
    int64_t now_us = clock_monotonic_us();
    if (err_is_set(&db->error) || now_us - db->committed_us < COMMIT_US)
        return;
    db->committed_us = now_us;
    if (run_sql(db, "COMMIT"))
        run_sql(db, "BEGIN");
}

/* ---- at the end ---- */

static void put_meta(struct db *db, sqlite3_stmt *statement, const char *key, const char *value)
{
    struct row row = {statement, 1};
    put_text(&row, key);
    put_text(&row, value);
    write_row(db, &row);
}

static void write_meta(struct db *db, const struct summary *s)
{
    struct buf text;
    buf_init(&text, REPORT_MAX_FILE_BYTES);
    sqlite3_stmt *statement = prepare(db, "INSERT INTO meta VALUES(?,?)");
    if (statement != NULL && summary_text(s, &text, &db->error)) {
        put_meta(db, statement, "schema", "scepstorm/run/1");
        put_meta(db, statement, "scenario", s->run->scenario_name);
        put_meta(db, statement, "summary", buf_text(&text));
        char interval[32];
        snprintf(interval, sizeof interval, "%lld",
                 (long long)series_interval_us(measure_series(s->run->measure)));
        put_meta(db, statement, "interval_us", interval);
    }
    sqlite3_finalize(statement);
    buf_clear(&text);
}

static void write_histogram(struct db *db, sqlite3_stmt *statement, const char *name,
                            const struct histogram *h)
{
    size_t position = 0;
    struct histogram_bucket bucket;
    while (h != NULL && histogram_next(h, &position, &bucket)) {
        struct row row = {statement, 1};
        put_text(&row, name);
        put_int(&row, bucket.lower_us);
        put_int(&row, bucket.upper_us);
        put_int(&row, (int64_t)bucket.count);
        write_row(db, &row);
    }
}

static void write_names(struct db *db, const char *sql, const char *const *names, size_t count)
{
    sqlite3_stmt *statement = prepare(db, sql);
    for (size_t i = 0; statement != NULL && i < count; i++) {
        struct row row = {statement, 1};
        put_int(&row, (int64_t)i);
        put_text(&row, names[i]);
        write_row(db, &row);
    }
    sqlite3_finalize(statement);
}

static void write_histograms(struct db *db, const struct report_run *run)
{
    const struct measure *m = run->measure;
    sqlite3_stmt *statement = prepare(db, "INSERT INTO histogram VALUES(?,?,?,?)");
    if (statement == NULL)
        return;
    write_histogram(db, statement, "enrollment", measure_enrollment(m));
    write_histogram(db, statement, "service", measure_service(m));
    write_histogram(db, statement, "start_lag", measure_start_lag(m));
    write_histogram(db, statement, "loop_stall", measure_loop_stall(m));
    write_histogram(db, statement, "otp_age_at_use", measure_otp(m).age);
    write_histogram(db, statement, "otp_fetch", measure_otp(m).fetch);
    write_histogram(db, statement, "otp_hold", measure_otp(m).hold);
    for (int i = STAGE_KEY; i < STAGE_COUNT; i++) {
        struct measure_step step;
        char name[64];
        snprintf(name, sizeof name, "step.%s", base_stage_id((enum stage)i));
        if (measure_step(m, (enum stage)i, &step))
            write_histogram(db, statement, name, step.latency);
    }
    for (size_t i = 0; i < run->profile_count; i++) {
        char name[64];
        snprintf(name, sizeof name, "persona.%.48s", run->profiles[i]);
        write_histogram(db, statement, name, measure_persona(m, (unsigned)i).latency);
    }
    sqlite3_finalize(statement);
}

/* ---- histograms as others read them, and as shards are merged ---- */

struct encoder {
    struct db *db;
    sqlite3_stmt *statement;
    struct buf text;
};

static bool write_one(struct encoder *en, struct row *row, const struct histogram *h)
{
    buf_reset(&en->text);
    if (!hdr_encode_text(h, &en->text, &en->db->error))
        return false;
    put_int(row, (int64_t)histogram_count(h));
    put_int(row, histogram_min(h));
    put_int(row, histogram_max(h));
    put_int(row, (int64_t)histogram_sum(h));
    put_text(row, buf_text(&en->text));
    return write_row(en->db, row);
}

static bool on_histogram(void *user, int64_t interval, struct measure_key key, const struct histogram *h)
{
    struct encoder *en = user;
    struct row row = {en->statement, 1};
    char name[48];
    measure_metric_name(key.metric, name, sizeof name);
    put_text(&row, interval == MEASURE_ANY ? "run" : "interval");
    put_text(&row, name);
    put_text(&row, measure_result_id((enum measure_result)key.result, key.metric));
    put_int(&row, key.phase);
    put_int_or_null(&row, key.profile, key.profile != MEASURE_ANY);
    put_int(&row, key.warm_up);
    put_int_or_null(&row, interval, interval != MEASURE_ANY);
    return write_one(en, &row, h);
}

/* A histogram of the whole run that knows neither phase nor profile. */
static void write_whole(struct encoder *en, const char *name, const struct histogram *h)
{
    struct row row = {en->statement, 1};
    if (histogram_count(h) == 0)
        return;
    put_text(&row, "run");
    put_text(&row, name);
    row.next = 8;
    write_one(en, &row, h);
}

static void write_encoded(struct db *db, const struct measure *m)
{
    struct encoder en = {.db = db,
                         .statement = prepare(db, "INSERT INTO histograms VALUES(?,?,?,?,?,?,?,?,?,?,?,?)")};
    if (en.statement == NULL)
        return;
    buf_init(&en.text, HDR_MAX_TEXT_BYTES);
    series_walk(measure_series(m), on_histogram, &en);
    write_whole(&en, "loop_stall", measure_loop_stall(m));
    write_whole(&en, "otp_age_at_use", measure_otp(m).age);
    write_whole(&en, "otp_fetch", measure_otp(m).fetch);
    write_whole(&en, "otp_hold", measure_otp(m).hold);
    for (int i = STAGE_KEY; i < STAGE_COUNT; i++) {
        struct measure_step step;
        char name[64];
        snprintf(name, sizeof name, "queue.%s", base_stage_id((enum stage)i));
        if (measure_step(m, (enum stage)i, &step))
            write_whole(&en, name, step.queue);
    }
    sqlite3_finalize(en.statement);
    buf_clear(&en.text);
}

static void write_seconds(struct db *db, const struct measure *m)
{
    sqlite3_stmt *statement = prepare(db, "INSERT INTO second VALUES(?,?,?,?,?,?,?,?)");
    for (size_t i = 0; statement != NULL && i < measure_second_count(m); i++) {
        struct measure_second second = measure_second(m, i);
        bool any = second.p95_us > 0;
        struct row row = {statement, 1};
        put_int(&row, (int64_t)i);
        put_int(&row, second.offered);
        put_int(&row, second.started);
        put_int(&row, second.enrolled);
        put_int(&row, second.failed);
        put_int(&row, second.in_flight);
        put_int_or_null(&row, second.p50_us, any);
        put_int_or_null(&row, second.p95_us, any);
        write_row(db, &row);
    }
    sqlite3_finalize(statement);
}

static void write_otp_seconds(struct db *db, const struct measure *m)
{
    sqlite3_stmt *statement = prepare(db, "INSERT INTO otp_second VALUES(?,?,?)");
    for (size_t i = 0; statement != NULL && i < measure_otp_second_count(m); i++) {
        struct measure_otp_second second = measure_otp_second(m, i);
        struct row row = {statement, 1};
        put_int(&row, (int64_t)i);
        put_int(&row, second.held);
        put_int(&row, second.held_max);
        write_row(db, &row);
    }
    sqlite3_finalize(statement);
}

static void write_failures(struct db *db, const struct measure *m)
{
    sqlite3_stmt *statement = prepare(db, "INSERT INTO failure VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");
    for (size_t i = 0; statement != NULL && i < measure_failure_count(m); i++) {
        const struct measure_failure *f = measure_failure(m, i);
        const struct outcome *o = &f->first;
        char hresult[16], exemplar[160];
        snprintf(hresult, sizeof hresult, "0x%08x", o->hresult);
        evidence_name(m, i, exemplar, sizeof exemplar);
        struct row row = {statement, 1};
        put_int(&row, (int64_t)i + 1);
        put_text(&row, base_stage_id(o->error.stage));
        put_text(&row, base_reason_id(o->error.reason));
        put_int_or_null(&row, o->http_status, o->http_status != 0);
        put_int_or_null(&row, o->fail_info, o->fail_info >= 0);
        put_text(&row, o->has_hresult ? hresult : NULL);
        put_text(&row, o->text[0] != '\0' ? o->text : o->error.text);
        put_int(&row, (int64_t)f->count);
        put_int(&row, f->first_us);
        put_int(&row, f->last_us);
        put_text(&row, evidence_has(f) ? exemplar : NULL);
        put_text(&row, f->after_enrollment ? outcome_follow_id(f->follow) : NULL);
        write_row(db, &row);
    }
    sqlite3_finalize(statement);
}

static void write_certificates(struct db *db, const struct outcome_target *target)
{
    sqlite3_stmt *statement = prepare(db, "INSERT INTO certificate VALUES(?,?,?,?,?,?,?)");
    for (size_t i = 0; statement != NULL && i < target->cert_count; i++) {
        const struct outcome_target_cert *cert = &target->certs[i];
        struct row row = {statement, 1};
        put_text(&row, cert->role);
        put_text(&row, cert->subject);
        put_text(&row, cert->issuer);
        put_text(&row, cert->serial);
        put_int(&row, cert->not_before);
        put_int(&row, cert->not_after);
        put_text(&row, cert->sha256);
        write_row(db, &row);
    }
    sqlite3_finalize(statement);
}

static void write_conformance(struct db *db, const struct measure *m)
{
    sqlite3_stmt *statement = prepare(db, "INSERT INTO conformance VALUES(?,?,?,?,?,?,?,?,?)");
    struct conformance_walk at = {0};
    for (const struct measure_probe *p; statement != NULL && (p = conformance_next(m, &at)) != NULL;) {
        struct row row = {statement, 1};
        put_text(&row, p->first.probe);
        put_text(&row, outcome_probe_verdict_id(p->first.verdict));
        put_text(&row, p->first.rule);
        put_text(&row, p->first.does);
        put_text(&row, p->first.expected);
        put_text(&row, p->first.observed);
        put_text(&row, p->first.control);
        put_text(&row, p->first.basis);
        put_int(&row, (int64_t)p->count);
        write_row(db, &row);
    }
    sqlite3_finalize(statement);
}

bool db_finish(struct db *db, const struct summary *s, struct err *e)
{
    if (!err_is_set(&db->error)) {
        write_meta(db, s);
        write_names(db, "INSERT INTO profile VALUES(?,?)", s->run->profiles, s->run->profile_count);
        write_names(db, "INSERT INTO phase VALUES(?,?)", s->run->phases, s->run->phase_count);
        write_histograms(db, s->run);
        write_encoded(db, s->run->measure);
        write_seconds(db, s->run->measure);
        write_otp_seconds(db, s->run->measure);
        write_failures(db, s->run->measure);
        write_certificates(db, s->run->target);
        write_conformance(db, s->run->measure);
    }
    if (!err_is_set(&db->error)) {
        run_sql(db, "CREATE INDEX step_by_device ON step(device)");
        run_sql(db, "COMMIT");
        run_sql(db, "PRAGMA synchronous=NORMAL; PRAGMA journal_mode=DELETE");
    }
    bool ok = !err_is_set(&db->error);
    if (!ok)
        err_set(e, db->error.stage, db->error.reason, "%.190s", db->error.text);
    db_free(db);
    return ok;
}
