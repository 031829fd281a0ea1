#include "cli/merge.h"

#include "base/file.h"
#include "cli/tell.h"

#include <jansson.h>
#include <limits.h>

#define MAX_NOTES 64

/* The whole that the parts make. Texts are borrowed from the parts. */
struct whole {
    struct report_results *const *results;
    size_t count; /* results at hand */
    struct report_run run;
    struct report_part *parts; /* one for each shard */
    struct outcome_target target;
    struct outcome_otp otp;
    struct outcome_generator generator;
    const char *notes[MAX_NOTES];
    struct measure *measure;
    struct diagnose_list diagnosis;
};

static const struct report_run *run_of(const struct whole *w, size_t i)
{
    return report_results_run(w->results[i]);
}

/* ---- are they of one run? ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool check_part(const struct whole *w, size_t i, struct err *e)
{
    const struct report_run *first = run_of(w, 0), *run = run_of(w, i);
    const char *folder = report_results_name(w->results[i]), *other = report_results_name(w->results[0]);
    if (run->shard == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.120s is no shard but a whole run: only what run --shard wrote can be merged",
                       folder);
    if (run->shard->count != first->shard->count)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.70s is a shard of %u, %.70s of %u: they are of two runs", other,
                       first->shard->count, folder, run->shard->count);
    if (!same_text(run->scenario_sha256, first->scenario_sha256))
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.70s and %.70s are of two scenarios (another SHA-256 of the file)", other, folder);
    if (run->seed != first->seed)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.60s was run with seed %llu, %.60s with %llu: they are of two runs", other,
                       (unsigned long long)first->seed, folder, (unsigned long long)run->seed);
    return true;
}

/* Every shard has its place; a second one for the same place is an error. */
static bool place(struct whole *w, size_t i, const char *folders[], struct err *e)
{
    const struct report_shard *shard = run_of(w, i)->shard;
    const char **taken = &folders[shard->index - 1];
    if (*taken != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "shard %u is there twice: %.80s and %.80s", shard->index,
                       *taken, report_results_name(w->results[i]));
    *taken = report_results_name(w->results[i]);
    return true;
}

static bool check(struct whole *w, struct err *e)
{
    if (!check_part(w, 0, e))
        return false;
    unsigned shards = run_of(w, 0)->shard->count;
    const char **folders = calloc(shards, sizeof *folders);
    w->parts = calloc(shards, sizeof *w->parts);
    bool ok = (folders != NULL && w->parts != NULL) ||
              err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the shards");
    for (size_t i = 0; ok && i < w->count; i++)
        ok = check_part(w, i, e) && place(w, i, folders, e);
    free(folders);
    w->run.parts = w->parts;
    w->run.part_count = ok ? shards : 0;
    return ok;
}

/* ---- what each brought ---- */

static int64_t first_start(const struct whole *w)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < w->count; i++) {
        if (run_of(w, i)->shard->start_at_s < first)
            first = run_of(w, i)->shard->start_at_s;
    }
    return first;
}

/* Its own judgement of its machine: nobody else can tell. */
static void take_verdict(const struct report_results *results, struct report_part *part)
{
    json_t *tree = json_loads(report_results_summary(results), 0, NULL);
    const json_t *validity = json_object_get(tree, "validity"), *devices = json_object_get(tree, "devices");
    const char *verdict = json_string_value(json_object_get(validity, "verdict"));
    const char *reason = json_string_value(json_array_get(json_object_get(validity, "reasons"), 0));
    snprintf(part->validity, sizeof part->validity, "%s", verdict == NULL ? "suspect" : verdict);
    snprintf(part->reason, sizeof part->reason, "%s", reason == NULL ? "" : reason);
    part->planned = (uint64_t)json_integer_value(json_object_get(devices, "planned"));
    part->enrolled = (uint64_t)json_integer_value(json_object_get(devices, "enrolled"));
    json_decref(tree);
}

static void take_parts(struct whole *w)
{
    int64_t first_s = first_start(w);
    unsigned shards = (unsigned)w->run.part_count;
    for (unsigned i = 0; i < shards; i++)
        w->parts[i] = (struct report_part){.shard = {.index = i + 1, .count = shards}, .missing = true};
    for (size_t i = 0; i < w->count; i++) {
        const struct report_run *run = run_of(w, i);
        struct report_part *part = &w->parts[run->shard->index - 1];
        *part = (struct report_part){.shard = *run->shard, .interrupted = run->interrupted};
        part->shard.late_us += (run->shard->start_at_s - first_s) * 1000000;
        take_verdict(w->results[i], part);
    }
}

/* ---- facts of the whole ---- */

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static uint64_t greater_count(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Whether an earlier part ran on the same machine: its cores are not there twice. */
static bool is_known_host(const struct whole *w, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (run_of(w, k)->shard->host[0] != '\0' &&
            same_text(run_of(w, k)->shard->host, run_of(w, i)->shard->host))
            return true;
    }
    return false;
}

/* Work adds up; what is a share of one loop's time, or a peak of one process, is that of the worst. */
static void add_generator(struct whole *w, size_t i)
{
    struct outcome_generator *to = &w->generator;
    const struct outcome_generator *g = run_of(w, i)->generator;
    bool known = is_known_host(w, i);
    to->cpu_us += g->cpu_us;
    to->wall_us = greater(to->wall_us, g->wall_us);
    to->peak_rss_bytes += g->peak_rss_bytes;
    to->bytes_per_device = greater_count(to->bytes_per_device, g->bytes_per_device);
    to->open_connections_max += g->open_connections_max;
    to->in_flight_max += g->in_flight_max;
    to->requests += g->requests;
    to->limit_errors += g->limit_errors;
    to->held_back |= g->held_back;
    to->cpu_wait_us = greater(to->cpu_wait_us, g->cpu_wait_us);
    to->cores += known ? 0 : g->cores;
    to->loop_cpu_us = greater(to->loop_cpu_us, g->loop_cpu_us);
    to->throttled += g->throttled;
    to->swapped_in += known ? 0 : g->swapped_in;
    if (llabs(g->clock_step_us) > llabs(to->clock_step_us))
        to->clock_step_us = g->clock_step_us;
}

static void add_otp(struct whole *w, const struct outcome_otp *o)
{
    struct outcome_otp *to = &w->otp;
    if (o == NULL)
        return;
    w->run.otp = to;
    to->source = o->source;
    if (o->scheme != NULL)
        to->scheme = o->scheme;
    to->fell_back |= o->fell_back;
    to->held_back |= o->held_back;
    to->limit += o->limit;
    to->page_cache = to->page_cache > 0 ? to->page_cache : o->page_cache;
    to->page_minutes = to->page_minutes > 0 ? to->page_minutes : o->page_minutes;
    to->lifetime_us = o->lifetime_us;
}

static bool has_certificate(const struct outcome_target *t, const struct outcome_target_cert *cert)
{
    for (size_t i = 0; i < t->cert_count; i++) {
        if (strcmp(t->certs[i].sha256, cert->sha256) == 0)
            return true;
    }
    return false;
}

/* The first who saw something tells it; nodes behind a name may show different certificates, so all of them count. */
static void add_target(struct whole *w, const struct outcome_target *t)
{
    struct outcome_target *to = &w->target;
    if (to->url[0] == '\0')
        snprintf(to->url, sizeof to->url, "%s", t->url);
    if (to->server_header[0] == '\0')
        snprintf(to->server_header, sizeof to->server_header, "%s", t->server_header);
    if (to->cap_count == 0) {
        memcpy(to->caps, t->caps, sizeof to->caps);
        to->cap_count = t->cap_count;
    }
    for (size_t i = 0; i < t->cert_count && to->cert_count < OUTCOME_MAX_CERTS; i++) {
        if (!has_certificate(to, &t->certs[i]))
            to->certs[to->cert_count++] = t->certs[i];
    }
    if (to->bare_url_status == 0)
        to->bare_url_status = t->bare_url_status;
    to->otp_file_there |= t->otp_file_there;
    if (!to->has_date_skew && t->has_date_skew) {
        to->has_date_skew = true;
        to->date_skew_s = t->date_skew_s;
    }
}

static void add_note(struct whole *w, const char *note)
{
    for (size_t i = 0; i < w->run.note_count; i++) {
        if (strcmp(w->notes[i], note) == 0)
            return;
    }
    if (w->run.note_count < MAX_NOTES)
        w->notes[w->run.note_count++] = note;
}

static void add_part(struct whole *w, size_t i)
{
    const struct report_run *run = run_of(w, i);
    w->run.duration_us = greater(w->run.duration_us, run->duration_us);
    w->run.offered_until_us = greater(w->run.offered_until_us, run->offered_until_us);
    if (run->started_wall_us < w->run.started_wall_us)
        w->run.started_wall_us = run->started_wall_us;
    w->run.interrupted |= run->interrupted;
    if (w->run.stopped_early == NULL)
        w->run.stopped_early = run->stopped_early;
    add_generator(w, i);
    add_otp(w, run->otp);
    add_target(w, run->target);
    for (size_t k = 0; k < run->note_count; k++)
        add_note(w, run->notes[k]);
}

static bool compare_passwords(const struct whole *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const char *salt = run_of(w, i)->shard->salt;
        if (salt[0] == '\0' || !same_text(salt, run_of(w, 0)->shard->salt))
            return false;
    }
    return true;
}

static bool same_scenario_files(const struct whole *w)
{
    struct buf first, other;
    bool same = true;
    buf_init(&first, BYTES_MAX_MESSAGE);
    buf_init(&other, BYTES_MAX_MESSAGE);
    for (size_t i = 0; i < w->count && same; i++) {
        char path[PATH_MAX];
        struct err ignored = {0};
        struct buf *into = i == 0 ? &first : &other;
        buf_reset(into);
        snprintf(path, sizeof path, "%s/scenario.yaml", report_results_folder(w->results[i]));
        same = file_read(path, into, &ignored) && (i == 0 || span_equal(buf_span(&first), buf_span(&other)));
    }
    buf_clear(&first);
    buf_clear(&other);
    return same;
}

static void take_facts(struct whole *w)
{
    const struct report_part *parts = w->run.parts;
    size_t part_count = w->run.part_count;
    w->run = *run_of(w, 0);
    w->run.shard = NULL;
    w->run.parts = parts;
    w->run.part_count = part_count;
    w->run.otp = NULL;
    w->run.target = &w->target;
    w->run.generator = &w->generator;
    w->run.notes = w->notes;
    w->run.note_count = 0;
    w->run.stopped_early = NULL;
    for (size_t i = 0; i < w->count; i++)
        add_part(w, i);
    if (w->run.otp != NULL && w->count > 1 && !compare_passwords(w))
        add_note(
            w,
            "Whether a password was handed out twice was looked at within each shard, not across them: that "
            "needs the same SCEPSTORM_SHARD_SALT for all.");
    if (!same_scenario_files(w))
        add_note(w, "The shards ran the same scenario file with different options (--set): compare their "
                    "scenario.yaml.");
    take_parts(w);
}

/* ---- one result ---- */

static bool keep_scenario(const struct whole *w, struct report_folder *folder, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, BYTES_MAX_MESSAGE);
    snprintf(path, sizeof path, "%s/scenario.yaml", report_results_folder(w->results[0]));
    bool ok =
        !file_read(path, &text, &ignored) || report_folder_put(folder, "scenario.yaml", buf_span(&text), e);
    for (size_t i = 0; ok && i < w->count; i++)
        ok = report_folder_take_issued(folder, report_results_folder(w->results[i]), e);
    buf_clear(&text);
    return ok;
}

static bool replay(struct whole *w, struct report_folder *folder, struct err *e)
{
    struct outcome_sink sink = report_folder_sink(folder);
    if (!measure_new(&w->measure, e) || !report_results_replay(w->results, w->count, w->measure, &sink, e) ||
        !keep_scenario(w, folder, e))
        return false;
    w->run.measure = w->measure;
    w->run.diagnosis = &w->diagnosis;
    return diagnose_run(w->measure, &w->target, w->run.otp,
                        tell_end_s(w->run.started_wall_us, w->run.duration_us), &w->diagnosis, e);
}

static bool tell(struct whole *w, struct report_folder *folder, struct live *live, bool json, bool quiet,
                 int *exit_code, struct err *e)
{
    char path[PATH_MAX];
    struct report_verdict verdict = {0};
    snprintf(path, sizeof path, "%s", report_folder_path(folder));
    bool ok = report_folder_close(folder, &w->run, &verdict, e);
    *exit_code = verdict.exit_code;
    if (live != NULL)
        live_end(live, &w->run, w->run.interrupted);
    if (json)
        ok &= tell_json(&w->run, e);
    else if (!quiet)
        tell_words(&w->run, &verdict, path);
    return ok;
}

bool merge_results(struct report_results *const *parts, size_t count, struct report_folder *folder,
                   struct live *live, bool json, bool quiet, int *exit_code, struct err *e)
{
    struct whole w = {.results = parts, .count = count};
    bool ok = check(&w, e);
    if (ok) {
        take_facts(&w);
        ok = replay(&w, folder, e);
    }
    if (ok)
        ok = tell(&w, folder, live, json, quiet, exit_code, e);
    else
        report_folder_discard(folder);
    diagnose_clear(&w.diagnosis);
    measure_free(w.measure);
    free(w.parts);
    return ok;
}
