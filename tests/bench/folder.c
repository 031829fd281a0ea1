/* report SCEPSTORM FOLDER DEVICES: a results folder of so many devices, written through the sink that a run writes through, then told
 * again as a page. Time and memory of both, each in a process of its own. */
#include "bench.h"

#include "base/random.h"
#include "diagnose/diagnose.h"
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PER_SECOND 150 /* arrivals */

static const char *const profile_names[] = {"ios", "android", "windows"};
static const char *const phase_names[] = {"warm-up", "push", "ramp"};

struct teller {
    struct outcome_sink sinks[2];
    struct random_seeded chance;
    uint64_t count;
};

#define TELL(t, call, ...)                                                                                   \
    for (size_t k = 0; k < 2; k++)                                                                           \
    (t)->sinks[k].call((t)->sinks[k].user, __VA_ARGS__)

/* ---- one device ---- */

/* Four of a thousand fail, in as many ways. */
static void fail(struct outcome *o)
{
    static const struct {
        enum stage stage;
        enum reason reason;
        int status, fail_info;
        uint32_t hresult;
        enum outcome_body body;
    } ways[] = {{STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, 200, 2, 0x80094012, OUTCOME_BODY_CERTREP},
                {STAGE_PKI_OPERATION, REASON_HTTP_STATUS, 503, -1, 0, OUTCOME_BODY_HTTPSYS},
                {STAGE_OTP, REASON_OTP_CACHE_FULL, 200, -1, 0, OUTCOME_BODY_NDES_PAGE},
                {STAGE_PKI_OPERATION, REASON_REQUEST_TIMEOUT, 0, -1, 0, OUTCOME_BODY_NONE}};
    if (o->device % 1000 >= 4)
        return;
    size_t way = o->device % 1000;
    o->end = OUTCOME_FAILED;
    o->error.stage = ways[way].stage;
    o->error.reason = ways[way].reason;
    o->timed_out = ways[way].reason == REASON_REQUEST_TIMEOUT;
    o->http_status = ways[way].status;
    o->body = ways[way].body;
    o->fail_info = ways[way].fail_info;
    o->hresult = ways[way].hresult;
    o->has_hresult = o->hresult != 0;
    o->serial[0] = '\0';
}

static void make(struct teller *t, uint64_t i, struct outcome *o)
{
    *o = (struct outcome){.device = i,
                          .phase = i < t->count / 100 ? 0
                                   : i < t->count / 2 ? 1
                                                      : 2,
                          .profile = (unsigned)(i % 3),
                          .warm_up = i < t->count / 100,
                          .end = OUTCOME_ENROLLED,
                          .scheduled_us = (int64_t)(i * 1000000 / PER_SECOND),
                          .fail_info = -1,
                          .http_status = 200,
                          .body = OUTCOME_BODY_CERTREP,
                          .judged = true,
                          .strict_ok = true,
                          .persona_ok = true,
                          .challenge = OUTCOME_CHALLENGE_WORD,
                          .otp_fingerprint = random_next(&t->chance) | 1,
                          .otp_age_us = 40000,
                          .not_before = 1780000000,
                          .not_after = 1811536000};
    o->started_us = o->scheduled_us + (int64_t)random_below(&t->chance, 400);
    snprintf(o->address, sizeof o->address, "192.0.2.%u", (unsigned)(i % 2));
    snprintf(o->server, sizeof o->server, "Microsoft-IIS/10.0");
    snprintf(o->serial, sizeof o->serial, "5e000000%016llx", (unsigned long long)i);
    snprintf(o->subject, sizeof o->subject, "CN=%s-%llu,OU=scepstorm", profile_names[i % 3],
             (unsigned long long)i);
    snprintf(o->issuer, sizeof o->issuer, "CN=Example Issuing CA,O=Example");
    snprintf(o->eku, sizeof o->eku, "clientAuth");
    snprintf(o->key_usage, sizeof o->key_usage, "digitalSignature, keyEncipherment");
    fail(o);
}

/* Its steps one after the other; the time of its end is that of the last. */
static void tell_steps(struct teller *t, struct outcome *o)
{
    static const struct {
        enum stage stage;
        unsigned median_us, bytes;
    } steps[] = {{STAGE_OTP, 30000, 4000},           {STAGE_TCP, 300, 0},   {STAGE_GET_CA_CAPS, 2000, 120},
                 {STAGE_GET_CA_CERT, 3000, 3000},    {STAGE_CSR, 1200, 0},  {STAGE_BUILD, 900, 0},
                 {STAGE_PKI_OPERATION, 90000, 3500}, {STAGE_VERIFY, 700, 0}};
    int64_t at_us = o->started_us;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        bool last = o->end == OUTCOME_FAILED && steps[i].stage == o->error.stage;
        double took = steps[i].median_us * (0.6 + random_exponential(&t->chance, 0.5));
        struct outcome_step step = {.device = o->device,
                                    .stage = steps[i].stage,
                                    .phase = o->phase,
                                    .profile = o->profile,
                                    .warm_up = o->warm_up,
                                    .failed = last,
                                    .timed_out = last && o->timed_out,
                                    .queued_us = at_us,
                                    .started_us = at_us + 20,
                                    .finished_us = at_us + 20 + (int64_t)took,
                                    .bytes_received = steps[i].bytes,
                                    .http_status = steps[i].bytes > 0 && !last ? 200 : 0};
        at_us = step.finished_us;
        TELL(t, step, &step);
        if (last)
            break;
    }
    o->finished_us = at_us;
}

static void tell_password(struct teller *t, enum outcome_otp_kind kind, int64_t at_us, unsigned held)
{
    struct outcome_otp_event event = {
        .kind = kind, .at_us = at_us, .took_us = 30000, .age_us = 40000, .held = held};
    TELL(t, otp, &event);
}

static void tell_device(struct teller *t, uint64_t i)
{
    struct outcome o;
    make(t, i, &o);
    TELL(t, arrival, o.scheduled_us, o.warm_up);
    TELL(t, start, o.scheduled_us, o.started_us, o.warm_up);
    tell_password(t, OUTCOME_OTP_ASKED, o.started_us, 1);
    tell_password(t, OUTCOME_OTP_FETCHED, o.started_us + 30000, 1);
    tell_steps(t, &o);
    tell_password(t, OUTCOME_OTP_SENT, o.finished_us, 1);
    tell_password(t, OUTCOME_OTP_SPENT, o.finished_us, 0);
    TELL(t, device, &o);
}

/* ---- a folder of them ---- */

static bool close_folder(struct report_folder *folder, struct measure *m, uint64_t count, struct err *e)
{
    struct outcome_target target = {.url = "http://ndes.example.test/certsrv/mscep/mscep.dll"};
    struct outcome_generator generator = {
        .cpu_us = 1000000, .wall_us = 10000000, .cores = 2, .requests = 4 * count};
    struct outcome_otp otp = {.source = "mscep_admin", .limit = 3, .lifetime_us = INT64_C(3600000000)};
    struct diagnose_list causes = {0};
    struct report_verdict verdict;
    struct report_run run = {.scenario_name = "million",
                             .reproduce = "bench",
                             .started_wall_us = INT64_C(1780000000000000),
                             .duration_us = (int64_t)(count * 1000000 / PER_SECOND) + 500000,
                             .offered_until_us = (int64_t)(count * 1000000 / PER_SECOND),
                             .measure = m,
                             .target = &target,
                             .otp = &otp,
                             .generator = &generator,
                             .diagnosis = &causes,
                             .profiles = profile_names,
                             .profile_count = 3,
                             .phases = phase_names,
                             .phase_count = 3};
    bool ok = diagnose_run(m, &target, &otp, 1780000000, &causes, e) &&
              report_folder_close(folder, &run, &verdict, e);
    diagnose_clear(&causes);
    return ok;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds for the end of the run: what somebody waits for after its last device. */
static double write_folder(const char *path, uint64_t count)
{
    struct teller t = {.count = count};
    struct report_folder *folder = NULL;
    struct measure *m = NULL;
    struct err e = {0};
    random_seed(&t.chance, 1, 1);
    if (!report_folder_open(path, &folder, &e) || !measure_new(&m, &e))
        bench_die(path, &e);
    t.sinks[0] = measure_sink(m);
    t.sinks[1] = report_folder_sink(folder);
    for (uint64_t i = 0; i < count; i++)
        tell_device(&t, i);
    double begin_s = now_s();
    if (!close_folder(folder, m, count, &e))
        bench_die(path, &e);
    measure_free(m);
    return now_s() - begin_s;
}

/* ---- told again ---- */

struct cost {
    double wall_s, cpu_s, resident_mb;
};

static struct cost cost_of(const char *program, const char *folder, const char *page)
{
    struct rusage usage = {0};
    struct err e = {0};
    int status = 0;
    char form[300];
    snprintf(form, sizeof form, "--html=%.280s", page);
    double begin_s = now_s();
    pid_t pid = fork();
    if (pid == 0) {
        execl(program, program, "report", folder, form, NULL);
        _exit(127);
    }
    while (pid > 0 && wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        err_set(&e, STAGE_SETUP, REASON_IO, "scepstorm report failed");
        bench_die(folder, &e);
    }
    struct timeval u = usage.ru_utime, s = usage.ru_stime;
    return (struct cost){.wall_s = now_s() - begin_s,
                         .cpu_s = (double)(u.tv_sec + s.tv_sec) + (double)(u.tv_usec + s.tv_usec) / 1e6,
                         .resident_mb = (double)usage.ru_maxrss / 1024};
}

static double megabytes(const char *folder, const char *file)
{
    char path[300];
    struct stat st = {0};
    snprintf(path, sizeof path, "%.200s/%.80s", folder, file);
    return stat(path, &st) == 0 ? (double)st.st_size / 1e6 : 0;
}

int bench_report(int argc, char **argv)
{
    uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (count == 0)
        return 2;
    char page[300], beside[160];
    double scale = 1e6 / (double)count, end_s = write_folder(argv[1], count);
    snprintf(page, sizeof page, "%.200s/again.html", argv[1]);
    struct cost cost = cost_of(argv[0], argv[1], page);
    snprintf(beside, sizeof beside, "%llu devices, %.0f MB of run.sqlite, page of %.2f MB; %.1f s of CPU",
             (unsigned long long)count, megabytes(argv[1], "run.sqlite"), megabytes(argv[1], "again.html"),
             cost.cpu_s);
    bool met = bench_row("report of 1,000,000 devices", cost.wall_s * scale, "<=", 20, " s", beside);
    met &= bench_row("memory for that", cost.resident_mb, "<=", 300, " MB", "the whole process");
    met &= bench_row("end of such a run, until its results are there", end_s * scale, "<=", 30, " s",
                     "indexes and pages of the same folder");
    return met ? 0 : 1;
}
