#include "report_facts.h"

#include "base/file.h"
#include "measure/otp.h"
#include "report/results.h"

#include <fcntl.h>
#include <sqlite3.h>

static struct report_folder *open_folder(const char *path)
{
    struct err e = {0};
    struct report_folder *folder = NULL;
    if (!report_folder_open(path, &folder, &e))
        fail_msg("%s", e.text);
    return folder;
}

/* To both sinks, as the engine does. */
struct teller {
    struct outcome_sink sinks[2];
};

static void tell_arrival(const struct teller *t, int64_t at_us, bool warm_up)
{
    for (size_t i = 0; i < 2; i++)
        t->sinks[i].arrival(t->sinks[i].user, at_us, warm_up);
}

static void tell_device(const struct teller *t, const struct outcome *o)
{
    for (size_t i = 0; i < 2; i++) {
        if (o->end != OUTCOME_UNSENT)
            t->sinks[i].start(t->sinks[i].user, o->scheduled_us, o->started_us, o->warm_up);
        struct outcome_step step = {.device = o->device,
                                    .stage = STAGE_PKI_OPERATION,
                                    .phase = o->phase,
                                    .profile = o->profile,
                                    .warm_up = o->warm_up,
                                    .failed = o->end == OUTCOME_FAILED,
                                    .timed_out = o->timed_out,
                                    .queued_us = o->started_us,
                                    .started_us = o->started_us + 7,
                                    .finished_us = o->finished_us,
                                    .bytes_sent = 1000 + o->device,
                                    .http_status = 200};
        if (o->end != OUTCOME_UNSENT)
            t->sinks[i].step(t->sinks[i].user, &step);
        t->sinks[i].device(t->sinks[i].user, o);
    }
}

static void tell_otp(const struct teller *t, enum outcome_otp_kind kind, int64_t at_us, unsigned held)
{
    const struct outcome_otp_event event = {
        .kind = kind, .at_us = at_us, .took_us = 1234, .age_us = 5678, .held = held};
    for (size_t i = 0; i < 2; i++)
        t->sinks[i].otp(t->sinks[i].user, &event);
}

static void tell_stall(const struct teller *t, int64_t us)
{
    for (size_t i = 0; i < 2; i++)
        t->sinks[i].loop_stall(t->sinks[i].user, us);
}

static void tell_probe(const struct teller *t, enum outcome_probe_verdict verdict)
{
    struct outcome_probe probe = {.probe = "corrupted-signature",
                                  .title = "A signature that is wrong",
                                  .rule = "RFC 8894 3.2.1.4",
                                  .does = "flips a bit",
                                  .basis = "documented",
                                  .verdict = verdict,
                                  .expected = "FAILURE",
                                  .observed = "SUCCESS",
                                  .control = "enrolled"};
    for (size_t i = 0; i < 2; i++)
        t->sinks[i].probe(t->sinks[i].user, &probe);
}

static void tell_request(const void *asked, struct buf *out)
{
    (void)asked;
    buf_append_text(out, "method: POST\nheader: User-Agent: phone\nmessage.type: PKCSReq (19)\n"
                         "message.signer.subject: CN=a: b\ncsr.subject: CN=x\n");
}

static struct outcome refused(uint64_t device, int64_t at_us)
{
    struct outcome o = fact_failure(device, at_us, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE);
    o.http_status = 200;
    o.body = OUTCOME_BODY_CERTREP;
    o.fail_info = 2;
    o.has_hresult = true;
    o.hresult = 0x80070490;
    o.otp_fingerprint = 77 + device;
    o.otp_age_us = 1000;
    o.error.domain = ERR_DOMAIN_FAIL_INFO;
    o.error.detail = 2;
    snprintf(o.text, sizeof o.text, "No, \xff\xfe \"never\" %llu", (unsigned long long)(device % 2));
    o.exemplar = (struct outcome_exemplar){
        .url = span_of_text("http://user:secret@ndes.example.test/?message=abc"),
        .headers = span_of_text("Server: x\r\nWWW-Authenticate: NTLM\nSet-Cookie: sid=topsecret\n"),
        .body = span_of_text("\x30\x82\x01 binary"),
        .tell_request = tell_request,
    };
    return o;
}

static void tell_mix(struct fixture *f, const struct teller *t, uint64_t first)
{
    struct outcome mix[3];
    fixture_mix(f, mix);
    for (size_t i = 0; i < 3; i++) {
        mix[i].device += first;
        mix[i].warm_up = i == 0;
        mix[i].otp_fingerprint = 100 + mix[i].device;
        mix[i].otp_age_us = 3000;
        snprintf(mix[i].serial, sizeof mix[i].serial, "2b%04llu", (unsigned long long)mix[i].device);
        if (i < 2)
            snprintf(mix[i].follow[OUTCOME_RENEWAL].serial, i == 0 ? 9 : 1, "47%06llu",
                     (unsigned long long)mix[i].device);
        tell_arrival(t, mix[i].scheduled_us, mix[i].warm_up);
        tell_otp(t, OUTCOME_OTP_ASKED, mix[i].started_us, 1);
        tell_otp(t, OUTCOME_OTP_FETCHED, mix[i].started_us + 10, 1);
        tell_otp(t, OUTCOME_OTP_SENT, mix[i].started_us + 20, 1);
        tell_otp(t, OUTCOME_OTP_SPENT, mix[i].finished_us, 0);
        tell_device(t, &mix[i]);
        tell_stall(t, 17 + (int64_t)i);
    }
    for (uint64_t i = 3; i < 40; i++) {
        int64_t at_us = (int64_t)i * 700000;
        struct outcome o =
            i % 5 == 0 ? refused(first + i, at_us) : fact_device(first + i, OUTCOME_ENROLLED, at_us);
        if (i % 11 == 0)
            o.timed_out = true;
        if (i % 13 == 0)
            o.end = OUTCOME_UNSENT;
        o.phase = i > 20;
        o.differences[0] = '\0';
        tell_arrival(t, at_us, false);
        tell_device(t, &o);
    }
    tell_probe(t, OUTCOME_PROBE_FAILED);
    tell_probe(t, OUTCOME_PROBE_FAILED);
    tell_probe(t, OUTCOME_PROBE_PASSED);
}

static void describe(struct fixture *f)
{
    static const char *const phases[] = {"warm-up", "push, and pull"};
    static const char *const slo[] = {"enrolled >= 99.5%", "latency.enrollment.p95 < 3s"};
    static const char *const notes[] = {"a note"};
    f->run.phases = phases;
    f->run.phase_count = 2;
    f->run.slo = slo;
    f->run.slo_count = 2;
    f->run.notes = notes;
    f->run.note_count = 1;
    f->otp = (struct outcome_otp){.source = "mscep_admin", .scheme = "ntlm", .limit = 3};
    f->target.cert_count = 1;
    snprintf(f->target.certs[0].subject, sizeof f->target.certs[0].subject, "CN=RA");
    snprintf(f->target.caps[0], sizeof f->target.caps[0], "POSTPKIOperation");
    f->target.cap_count = 1;
}

/* The run of a fixture, finished, in its folder. */
static void make_run(struct fixture *f)
{
    struct err e = {0};
    struct report_verdict verdict;
    struct report_folder *folder = open_folder(f->folder);
    struct teller t = {{f->sink, report_folder_sink(folder)}};
    describe(f);
    tell_mix(f, &t, 0);
    fixture_diagnose(f);
    if (!report_folder_close(folder, &f->run, &verdict, &e))
        fail_msg("%s", e.text);
}

static char *read_file(const char *folder, const char *name)
{
    struct buf text;
    struct err e = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    buf_init(&text, (size_t)16 << 20);
    if (!file_read(path, &text, &e))
        fail_msg("%s", e.text);
    char *out = strdup(buf_text(&text));
    buf_clear(&text);
    return out;
}

static void same_file(const char *folder, const char *other, const char *name)
{
    char *a = read_file(folder, name), *b = read_file(other, name);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

/* Replays into a new folder. */
static void replay_to(const char *from, const char *to, struct diagnose_list *diagnosis)
{
    struct report_results *results = NULL;
    struct measure *m = NULL;
    struct report_verdict verdict;
    struct err e = {0};
    struct report_folder *folder = open_folder(to);
    struct outcome_sink sink = report_folder_sink(folder);
    assert_true(measure_new(&m, &e));
    if (!report_results_open(from, &results, &e) || !report_results_replay(&results, 1, m, &sink, &e))
        fail_msg("%s", e.text);
    struct report_run run = *report_results_run(results);
    run.measure = m;
    run.diagnosis = diagnosis;
    assert_true(diagnose_run(m, run.target, run.otp, 1780000000, diagnosis, &e));
    if (!report_folder_close(folder, &run, &verdict, &e))
        fail_msg("%s", e.text);
    diagnose_clear(diagnosis);
    measure_free(m);
    report_results_close(results);
}

static void what_is_replayed_is_the_same(void **state)
{
    static const char *const names[] = {"summary.json", "report.html", "junit.xml", "issued.csv",
                                        "histograms.hlog"};
    struct fixture *f = *state;
    struct diagnose_list diagnosis = {0};
    char again[100], third[100];
    snprintf(again, sizeof again, "%s/again", f->root);
    snprintf(third, sizeof third, "%s/third", f->root);
    make_run(f);
    replay_to(f->folder, again, &diagnosis);
    replay_to(again, third, &diagnosis);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        same_file(f->folder, again, names[i]);
        same_file(again, third, names[i]);
    }
    same_file(f->folder, again, "evidence/01-pki_operation-scep_failure-0x80070490.json");
    same_file(f->folder, third, "evidence/01-pki_operation-scep_failure-0x80070490.json");
}

static void forms_are_rendered(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct buf out;
    struct report_folder *folder = open_folder(f->folder);
    struct teller t = {{f->sink, report_folder_sink(folder)}};
    describe(f);
    tell_mix(f, &t, 0);
    fixture_diagnose(f);
    f->run.scenario_name = "a|b <script> @all";
    for (int form = REPORT_JSON; form <= REPORT_MARKDOWN; form++) {
        buf_init(&out, REPORT_MAX_FILE_BYTES);
        assert_true(report_render(&f->run, (enum report_form)form, &out, &e));
        assert_true(out.len > 100);
        if (form == REPORT_CSV) {
            assert_non_null(strstr(buf_text(&out), "figure,count,min_ms"));
            assert_non_null(strstr(buf_text(&out), "\nsteps.pki_operation.latency_ms,"));
            assert_non_null(strstr(buf_text(&out), "\"phases.push, and pull.latency_ms.enrollment\","));
        }
        if (form == REPORT_MARKDOWN) {
            assert_non_null(strstr(buf_text(&out), "- scenario: a\\|b &lt;script&gt; \\@all\n"));
            assert_int_equal(strncmp(buf_text(&out), "## Failed: ", 11), 0);
            assert_null(strstr(buf_text(&out), "secret"));
        }
        buf_clear(&out);
    }
    report_folder_free(folder);
}

/* ---- several runs as one ---- */

/* A folder with devices first, first + 2, ... of the same run. */
static void make_shard(struct fixture *f, const char *path, uint64_t first, uint64_t fingerprint,
                       const char *serial)
{
    struct err e = {0};
    struct report_verdict verdict;
    struct report_folder *folder = open_folder(path);
    struct measure *m = NULL;
    assert_true(measure_new(&m, &e));
    struct teller t = {{measure_sink(m), report_folder_sink(folder)}};
    for (uint64_t i = 0; i < 10; i++) {
        uint64_t device = first + 2 * i;
        struct outcome o = fact_device(device, OUTCOME_ENROLLED, (int64_t)device * 1000000);
        o.otp_fingerprint = i == 0 ? fingerprint : 1000 + device;
        if (i == 0)
            snprintf(o.serial, sizeof o.serial, "%s", serial);
        tell_arrival(&t, o.scheduled_us, false);
        tell_otp(&t, OUTCOME_OTP_ASKED, o.started_us, 1);
        tell_otp(&t, OUTCOME_OTP_SPENT, o.finished_us + 2000000, 0);
        tell_device(&t, &o);
    }
    tell_stall(&t, 40);
    const struct report_shard shard = {.index = (unsigned)first + 1, .count = 2, .start_at_s = 1780000000};
    struct report_run run = f->run;
    run.measure = m;
    run.shard = &shard;
    if (!report_folder_close(folder, &run, &verdict, &e))
        fail_msg("%s", e.text);
    assert_int_equal(verdict.exit_code, 0);
    assert_int_equal(verdict.slo, REPORT_SLO_NONE);
    measure_free(m);
}

static void shards_are_measured_as_one(void **state)
{
    struct fixture *f = *state;
    struct report_results *parts[2] = {NULL, NULL};
    struct measure *m = NULL;
    struct err e = {0};
    char one[100], other[100];
    const char *slo = "enrolled >= 200%";
    snprintf(one, sizeof one, "%s/one", f->root);
    snprintf(other, sizeof other, "%s/other", f->root);
    f->run.slo = &slo; /* a shard is not held against it */
    f->run.slo_count = 1;
    make_shard(f, one, 0, 77, "2a4711");
    make_shard(f, other, 1, 77, "2a4711");
    assert_true(measure_new(&m, &e));
    assert_true(report_results_open(one, &parts[0], &e) && report_results_open(other, &parts[1], &e));
    assert_int_equal(report_results_run(parts[1])->shard->index, 2);
    if (!report_results_replay(parts, 2, m, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(measure_devices(m).enrolled, 20);
    assert_int_equal(measure_load(m).offered, 20);
    assert_int_equal(histogram_count(measure_enrollment(m)), 20);
    assert_int_equal(histogram_count(measure_loop_stall(m)), 2);
    assert_int_equal(measure_correctness(m).duplicate_serials, 1);
    assert_int_equal(measure_correctness(m).duplicate_otp, 1);
    assert_int_equal(measure_otp(m).outstanding_max, 2); /* one of each at a time */
    assert_int_equal(measure_second_count(m), 20);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(measure_second(m, i).offered, 1);
    measure_free(m);
    report_results_close(parts[0]);
    report_results_close(parts[1]);
}

static struct report_verdict judge_parts(struct fixture *f, struct report_part parts[3], const char *words)
{
    struct report_verdict verdict;
    struct buf json;
    struct err e = {0};
    f->run.parts = parts;
    f->run.part_count = 3;
    buf_init(&json, REPORT_MAX_FILE_BYTES);
    assert_true(report_judge(&f->run, &verdict, &e));
    assert_true(report_render(&f->run, REPORT_JSON, &json, &e));
    if (strstr(buf_text(&json), words) == NULL)
        fail_msg("nothing says '%s'", words);
    buf_clear(&json);
    return verdict;
}

static void shards_that_did_not_do_their_part_are_named(void **state)
{
    struct fixture *f = *state;
    struct report_part parts[3];
    for (unsigned i = 0; i < 3; i++)
        parts[i] = (struct report_part){.shard = {.index = i + 1, .count = 3}, .validity = "valid"};
    fact_enrolled(&f->sink, 0, 30, 0);
    assert_int_equal(judge_parts(f, parts, "\"missing\": 0").validity, REPORT_VALID);
    parts[1].missing = true;
    struct report_verdict verdict = judge_parts(f, parts, "shard 2 of 3 is missing");
    assert_int_equal(verdict.validity, REPORT_SUSPECT);
    assert_int_equal(verdict.exit_code, 0);
    parts[1].missing = false;
    parts[2].shard.late_us = 1500000;
    assert_int_equal(judge_parts(f, parts, "shard 3 began 1.50 s late").validity, REPORT_SUSPECT);
    parts[2].shard.late_us = 900000;
    assert_int_equal(judge_parts(f, parts, "\"missing\": 0").validity, REPORT_VALID);
    snprintf(parts[0].validity, sizeof parts[0].validity, "invalid");
    snprintf(parts[0].reason, sizeof parts[0].reason, "it swapped");
    verdict = judge_parts(f, parts, "shard 1 is invalid: it swapped");
    assert_int_equal(verdict.validity, REPORT_INVALID);
    assert_int_equal(verdict.exit_code, 4);
}

/* ---- what is not read ---- */

static void refuse(const char *folder, const char *words)
{
    struct report_results *results = NULL;
    struct measure *m = NULL;
    struct err e = {0};
    assert_true(measure_new(&m, &e));
    bool ok = report_results_open(folder, &results, &e) && report_results_replay(&results, 1, m, NULL, &e);
    assert_false(ok);
    assert_int_equal(e.reason, REASON_USAGE);
    if (strstr(e.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", e.text, words);
    measure_free(m);
    report_results_close(results);
}

static void change(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    char path[200];
    snprintf(path, sizeof path, "%s/run.sqlite", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void what_is_no_result_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[200];
    refuse(f->root, "no results of a run");
    refuse("/nonexistent", "no results of a run");
    snprintf(path, sizeof path, "%s/run.sqlite", f->root);
    struct err e = {0};
    assert_true(
        file_write(path, span_of_text("this is no database at all, but long enough to be one"), 0644, &e));
    refuse(f->root, "no results of scepstorm");
}

static void a_run_that_did_not_end_is_refused(void **state)
{
    struct fixture *f = *state;
    make_run(f);
    change(f, "DELETE FROM meta");
    refuse(f->folder, "did not come to its end");
}

static void other_versions_are_refused(void **state)
{
    struct fixture *f = *state;
    make_run(f);
    change(f, "PRAGMA user_version=1");
    refuse(f->folder, "earlier scepstorm");
    change(f, "PRAGMA user_version=99");
    refuse(f->folder, "later scepstorm");
}

static void damage_is_noticed(void **state)
{
    static const char *const damages[][2] = {
        {"UPDATE step SET stage = 'lunch' WHERE rowid = 3", "makes no sense"},
        {"UPDATE step SET stage = 'verify' WHERE rowid = 3; UPDATE event SET kind = 'party' WHERE told = 1",
         "makes no sense"},
        {"UPDATE event SET kind = 'arrival' WHERE told = 1; UPDATE device SET defects = 'key_mismatch, "
         "boredom'",
         "makes no sense"},
        {"UPDATE device SET defects = NULL; UPDATE histograms SET encoding = 'x' WHERE name = 'loop_stall'",
         "loop stalls"},
        {"DELETE FROM histograms; UPDATE conformance SET count = 4611686018427387904", "probes"},
        {"DELETE FROM conformance; UPDATE meta SET value = '{\"seed\": []}' WHERE key = 'run'", "damaged"},
        {"UPDATE failure SET exemplar = 'evidence/../../etc/passwd'", "damaged"},
        {"DROP TABLE event", "tables are missing"},
        {"DROP TABLE device", "no results of scepstorm"},
    };
    struct fixture *f = *state;
    make_run(f);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        change(f, damages[i][0]);
        refuse(f->folder, damages[i][1]);
    }
}

/* Bytes flipped all over the file: an error or figures, never a crash. */
static void flipped_bytes_are_survived(void **state)
{
    struct fixture *f = *state;
    char path[200];
    make_run(f);
    snprintf(path, sizeof path, "%s/run.sqlite", f->folder);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    int fd = open(path, O_RDWR);
    for (off_t at = 1111; at < st.st_size; at += st.st_size / 60) {
        uint8_t byte = 0, flipped;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        flipped = byte ^ 0x55;
        assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
        struct report_results *results = NULL;
        struct measure *m = NULL;
        struct err e = {0};
        assert_true(measure_new(&m, &e));
        if (!report_results_open(f->folder, &results, &e) || !report_results_replay(&results, 1, m, NULL, &e))
            assert_true(e.text[0] != '\0');
        measure_free(m);
        report_results_close(results);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_replayed_is_the_same),
        TEST(forms_are_rendered),
        TEST(what_is_no_result_is_refused),
        TEST(a_run_that_did_not_end_is_refused),
        TEST(other_versions_are_refused),
        TEST(damage_is_noticed),
        TEST(flipped_bytes_are_survived),
        TEST(shards_are_measured_as_one),
        TEST(shards_that_did_not_do_their_part_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
