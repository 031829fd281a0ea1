/* run.sqlite: the tables that need the whole run. */
#include "report/db_parts.h"

#include "measure/hdr.h"
#include "report/facts.h"

static void put_meta(struct db *db, sqlite3_stmt *statement, const char *key, const char *value)
{
    struct row row = {statement, 1};
    put_text(&row, key);
    put_text(&row, value);
    write_row(db, &row);
}

static void write_facts(struct db *db, sqlite3_stmt *statement, const struct report_run *run)
{
    json_t *tree = facts_tree(run);
    char *text = json_dumps(tree, 0);
    json_decref(tree);
    if (text == NULL)
        err_set(&db->error, STAGE_SETUP, REASON_NO_MEMORY, "no memory for what is known about the run");
    else
        put_meta(db, statement, "run", text);
    free(text);
}

static void write_meta(struct db *db, const struct summary *s)
{
    struct buf text;
    buf_init(&text, REPORT_MAX_FILE_BYTES);
    sqlite3_stmt *statement = db_prepare(db, "INSERT INTO meta VALUES(?,?)");
    if (statement != NULL && summary_text(s, &text, &db->error)) {
        put_meta(db, statement, "schema", "scepstorm/run/1");
        put_meta(db, statement, "scenario", s->run->scenario_name);
        put_meta(db, statement, "summary", buf_text(&text));
        char interval[32];
        snprintf(interval, sizeof interval, "%lld",
                 (long long)series_interval_us(measure_series(s->run->measure)));
        put_meta(db, statement, "interval_us", interval);
        write_facts(db, statement, s->run);
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
    sqlite3_stmt *statement = db_prepare(db, sql);
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
    sqlite3_stmt *statement = db_prepare(db, "INSERT INTO histogram VALUES(?,?,?,?)");
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
    struct encoder en = {
        .db = db, .statement = db_prepare(db, "INSERT INTO histograms VALUES(?,?,?,?,?,?,?,?,?,?,?,?)")};
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
    sqlite3_stmt *statement = db_prepare(db, "INSERT INTO second VALUES(?,?,?,?,?,?,?,?)");
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
    sqlite3_stmt *statement = db_prepare(db, "INSERT INTO otp_second VALUES(?,?,?)");
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
    sqlite3_stmt *statement = db_prepare(db, "INSERT INTO failure VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");
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
    sqlite3_stmt *statement = db_prepare(db, "INSERT INTO certificate VALUES(?,?,?,?,?,?,?)");
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
    sqlite3_stmt *statement = db_prepare(db, "INSERT INTO conformance VALUES(?,?,?,?,?,?,?,?,?,?)");
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
        put_text(&row, p->first.title);
        write_row(db, &row);
    }
    sqlite3_finalize(statement);
}

/* Sentences of evidence, a line each. */
static void write_cause(struct db *db, struct row *row, const struct diagnosis *d)
{
    struct buf evidence;
    buf_init(&evidence, 8192);
    for (size_t i = 0; i < d->evidence_count; i++)
        buf_appendf(&evidence, "%s%s", i > 0 ? "\n" : "", d->evidence[i]);
    put_text(row, d->cause->id);
    put_text(row, d->cause->title);
    put_real(row, d->confidence);
    put_real(row, d->share);
    put_text(row, base_stage_id(d->stage));
    put_text(row, buf_text(&evidence));
    put_text(row, d->cause->decided_by);
    write_row(db, row);
    buf_clear(&evidence);
}

static void write_diagnosis(struct db *db, const struct diagnose_list *list)
{
    sqlite3_stmt *statement = db_prepare(db, "INSERT INTO diagnosis VALUES(?,?,?,?,?,?,?,?)");
    for (size_t i = 0; statement != NULL && list != NULL && i < list->count; i++) {
        struct row row = {statement, 1};
        put_int(&row, (int64_t)i + 1);
        write_cause(db, &row, &list->items[i]);
    }
    sqlite3_finalize(statement);
}

void db_write_end(struct db *db, const struct summary *s)
{
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
    write_diagnosis(db, s->run->diagnosis);
}
