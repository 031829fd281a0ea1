#include "report/parts.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PUT 8

struct report_folder {
    char path[PATH_MAX - 256]; /* room for the names of files */
    bool made;                 /* it did not exist before */
    bool used;                 /* a device ended */
    char put[MAX_PUT][160];    /* files that report_folder_put wrote */
    size_t put_count;
    struct db *db;
    int issued; /* issued.csv */
    struct buf line;
    struct err error; /* of issued.csv: the first */
};

static void path_of(const struct report_folder *f, const char *file, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", f->path, file);
}

/* ---- opening ---- */

static bool is_empty(DIR *dir)
{
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    }
    return true;
}

/* The folder must be absent or empty: results of two runs are never mixed. */
static bool check_place(struct report_folder *f, struct err *e)
{
    struct stat st;
    if (stat(f->path, &st) != 0) {
        f->made = errno == ENOENT;
        return f->made || err_set_errno(e, REASON_IO, errno, "cannot look at %.120s", f->path);
    }
    if (!S_ISDIR(st.st_mode))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%.120s is not a folder: choose another --out", f->path);
    DIR *dir = opendir(f->path);
    if (dir == NULL)
        return err_set_errno(e, REASON_IO, errno, "cannot read the folder %.120s", f->path);
    bool empty = is_empty(dir);
    closedir(dir);
    return empty ||
           err_set(e, STAGE_SETUP, REASON_USAGE,
                   "the folder %.100s is not empty: choose another --out, results are never overwritten",
                   f->path);
}

static const char issued_head[] = "serial,subject,issuer,not_before,not_after,result,device\n";

static bool open_issued(struct report_folder *f, struct err *e)
{
    char path[PATH_MAX];
    path_of(f, "issued.csv", path);
    f->issued = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (f->issued < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot write %.120s", path);
    if (write(f->issued, issued_head, sizeof issued_head - 1) != (ssize_t)sizeof issued_head - 1)
        return err_set_errno(e, REASON_IO, errno == 0 ? ENOSPC : errno, "cannot write %.120s", path);
    return true;
}

static bool open_files(struct report_folder *f, struct err *e)
{
    char path[PATH_MAX];
    path_of(f, "run.sqlite", path);
    return check_place(f, e) && file_make_folder(f->path, e) && open_issued(f, e) && db_open(path, &f->db, e);
}

bool report_folder_open(const char *path, struct report_folder **out, struct err *e)
{
    struct report_folder *f = calloc(1, sizeof *f);
    if (f == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the results");
    f->issued = -1;
    buf_init(&f->line, 16384);
    int used = snprintf(f->path, sizeof f->path, "%s", path);
    if (used <= 0 || (size_t)used >= sizeof f->path)
        err_set(e, STAGE_SETUP, REASON_USAGE, "the results folder needs a name of 1 to %zu characters",
                sizeof f->path - 1);
    else if (open_files(f, e)) {
        *out = f;
        return true;
    }
    report_folder_free(f);
    return false;
}

bool report_folder_failed(const struct report_folder *folder)
{
    return err_is_set(&folder->error);
}

const char *report_folder_path(const struct report_folder *folder)
{
    return folder->path;
}

/* ---- while devices end ---- */

static void csv_date(struct buf *line, int64_t unix_s)
{
    char when[40];
    text_utc(unix_s * 1000000, when, sizeof when);
    buf_appendf(line, ",%s", when);
}

/* One write per line: what is in the file survives a crash. Never buffered across devices. */
static void write_issued(struct report_folder *f, const struct outcome *o, const char *serial,
                         int64_t not_before, int64_t not_after, const char *result)
{
    if (err_is_set(&f->error) || serial[0] == '\0')
        return;
    buf_reset(&f->line);
    markup_csv(&f->line, serial);
    buf_append_byte(&f->line, ',');
    markup_csv(&f->line, o->subject);
    buf_append_byte(&f->line, ',');
    markup_csv(&f->line, o->issuer);
    csv_date(&f->line, not_before);
    csv_date(&f->line, not_after);
    buf_appendf(&f->line, ",%s,%llu\n", result, (unsigned long long)o->device);
    errno = 0;
    if (f->line.failed || write(f->issued, f->line.data, f->line.len) != (ssize_t)f->line.len)
        err_set_errno(&f->error, REASON_IO, errno == 0 ? ENOSPC : errno, "cannot write %.120s/issued.csv",
                      f->path);
}

/* "...,result,device\n": no field before the last two can end a line that way. */
static bool is_beside(const char *line)
{
    static const char *const results[] = {"control", "probe"};
    const char *device = strrchr(line, ',');
    for (size_t i = 0; device != NULL && i < sizeof results / sizeof results[0]; i++) {
        size_t len = strlen(results[i]);
        if ((size_t)(device - line) > len && device[-1 - (ptrdiff_t)len] == ',' &&
            strncmp(device - len, results[i], len) == 0)
            return true;
    }
    return false;
}

bool report_folder_take_issued(struct report_folder *folder, const char *from, struct err *e)
{
    char path[PATH_MAX], line[8192];
    snprintf(path, sizeof path, "%s/issued.csv", from);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT || err_set_errno(e, REASON_IO, errno, "cannot read %.120s", path);
    bool ok = true;
    while (ok && fgets(line, sizeof line, file) != NULL) {
        size_t len = strlen(line);
        ok = !is_beside(line) || write(folder->issued, line, len) == (ssize_t)len;
    }
    fclose(file);
    return ok || err_set_errno(e, REASON_IO, errno == 0 ? ENOSPC : errno, "cannot write %.120s/issued.csv",
                               folder->path);
}

static void on_arrival(void *user, int64_t scheduled_us, bool warm_up)
{
    struct report_folder *f = user;
    db_arrival(f->db, scheduled_us, warm_up);
    db_tick(f->db);
}

static void on_start(void *user, int64_t scheduled_us, int64_t started_us, bool warm_up)
{
    struct report_folder *f = user;
    db_start(f->db, scheduled_us, started_us, warm_up);
}

static void on_otp(void *user, const struct outcome_otp_event *event)
{
    struct report_folder *f = user;
    db_otp(f->db, event);
}

static void on_step(void *user, const struct outcome_step *step)
{
    struct report_folder *f = user;
    db_step(f->db, step);
}

static void on_device(void *user, const struct outcome *o)
{
    struct report_folder *f = user;
    f->used = true;
    db_device(f->db, o);
    write_issued(f, o, o->serial, o->not_before, o->not_after, outcome_end_id(o->end));
    const struct outcome_follow_up *renewal = &o->follow[OUTCOME_RENEWAL];
    if (!o->renewal_same_certificate)
        write_issued(f, o, renewal->serial, renewal->not_before, renewal->not_after,
                     renewal->result == OUTCOME_OK ? "renewed" : "failed");
    db_tick(f->db);
}

/* What probes and their controls obtained must be revocable too. */
static void on_probe(void *user, const struct outcome_probe *probe)
{
    struct report_folder *f = user;
    const struct outcome *devices[] = {probe->control_device, probe->probe_device};
    static const char *const results[] = {"control", "probe"};
    for (size_t i = 0; i < 2; i++) {
        if (devices[i] != NULL)
            write_issued(f, devices[i], devices[i]->serial, devices[i]->not_before, devices[i]->not_after,
                         results[i]);
    }
}

static void on_loop_stall(void *user, int64_t us)
{
    struct report_folder *f = user;
    (void)us;
    db_tick(f->db);
}

struct outcome_sink report_folder_sink(struct report_folder *folder)
{
    return (struct outcome_sink){.user = folder,
                                 .arrival = on_arrival,
                                 .start = on_start,
                                 .step = on_step,
                                 .device = on_device,
                                 .loop_stall = on_loop_stall,
                                 .probe = on_probe,
                                 .otp = on_otp};
}

bool report_folder_put(struct report_folder *folder, const char *file, struct span content, struct err *e)
{
    char path[PATH_MAX];
    path_of(folder, file, path);
    if (!file_write(path, content, 0644, e))
        return false;
    if (folder->put_count < MAX_PUT)
        snprintf(folder->put[folder->put_count++], sizeof folder->put[0], "%s", file);
    return true;
}

/* ---- the end ---- */

typedef bool writer(const struct summary *s, struct buf *out, struct err *e);

static bool put_written(struct report_folder *f, const char *file, writer *write_it, const struct summary *s,
                        struct err *e)
{
    struct buf out;
    buf_init(&out, REPORT_MAX_FILE_BYTES);
    bool ok = write_it(s, &out, e) && report_folder_put(f, file, buf_span(&out), e);
    buf_clear(&out);
    return ok;
}

static bool put_exemplar(struct report_folder *f, const struct measure *m, size_t failure, struct err *e)
{
    char name[160];
    struct buf out;
    buf_init(&out, (size_t)4 << 20);
    evidence_name(m, failure, name, sizeof name);
    bool ok =
        evidence_write(measure_failure(m, failure), &out, e) && report_folder_put(f, name, buf_span(&out), e);
    buf_clear(&out);
    return ok;
}

static bool put_evidence(struct report_folder *f, const struct measure *m, struct err *e)
{
    bool made = false;
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        if (!evidence_has(measure_failure(m, i)))
            continue;
        char path[PATH_MAX];
        path_of(f, "evidence", path);
        if (!made && !file_make_folder(path, e))
            return false;
        made = true;
        if (!put_exemplar(f, m, i, e))
            return false;
    }
    return true;
}

/* Everything is tried, so that a failure of one file costs no other; the first error is told. */
static bool put_all(struct report_folder *f, const struct summary *s, struct err *e)
{
    bool ok = !err_is_set(&f->error);
    if (!ok)
        *e = f->error;
    ok &= put_written(f, "summary.json", summary_text, s, e);
    ok &= db_finish(f->db, s, e);
    f->db = NULL;
    ok &= put_evidence(f, s->run->measure, e);
    ok &= put_written(f, "histograms.hlog", hlog_write, s, e);
    ok &= put_written(f, "junit.xml", junit_write, s, e);
    ok &= put_written(f, "report.html", html_write, s, e);
    return ok;
}

bool report_folder_close(struct report_folder *folder, const struct report_run *run,
                         struct report_verdict *verdict, struct err *e)
{
    struct summary s;
    folder->used = true;
    bool ok = summary_make(run, &s, e);
    if (ok) {
        *verdict = s.judgement.verdict;
        ok = put_all(folder, &s, e);
        summary_clear(&s);
    }
    report_folder_free(folder);
    return ok;
}

/* A run that never got to its first device leaves nothing behind. */
static void undo(const struct report_folder *f)
{
    static const char *const ours[] = {"run.sqlite", "run.sqlite-wal", "run.sqlite-shm", "issued.csv"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        path_of(f, ours[i], path);
        unlink(path);
    }
    for (size_t i = 0; i < f->put_count; i++) {
        path_of(f, f->put[i], path);
        unlink(path);
    }
    if (f->made)
        rmdir(f->path);
}

void report_folder_free(struct report_folder *folder)
{
    if (folder == NULL)
        return;
    bool opened = folder->issued >= 0; /* nobody else's files are in it */
    db_free(folder->db);
    if (opened)
        close(folder->issued);
    if (opened && !folder->used)
        undo(folder);
    buf_clear(&folder->line);
    free(folder);
}

void report_folder_discard(struct report_folder *folder)
{
    if (folder != NULL)
        folder->used = false;
    report_folder_free(folder);
}
