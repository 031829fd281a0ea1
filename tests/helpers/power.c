// links: compare report
/* How often does compare cry wolf, and how often does it see a change that is there? Writes results folders of made-up runs by the
 * way that a run takes (the sink of the folder), reads them as scepstorm compare does, and counts the verdicts.
 *   helper-power PAIRS RUNS DEVICES SCATTER SLOWER SEED FOLDER
 * PAIRS times RUNS runs of DEVICES devices each are held against as many of an equal server, of one whose every answer takes
 * SLOWER times as long (1.2 is a fifth), and of one where only slow answers do (from the 80th percentile in full). SCATTER:
 * standard deviation of the logarithm between runs of one server. Prints one line:
 *   PAIRS RUNS DEVICES SCATTER SLOWER false-alarms found-all found-tail blind median-of-the-smallest-change
 *
 * With POWER_KEEP in the environment the runs stay: FOLDER/<pair>-<side>-<run>, sides 0 base, 1 equal, 2 all, 3 tail.
 *
 * What makes the runs lifelike: lognormal times; a load of the server that drifts, so that neighbours resemble each other; pauses
 * during which everybody waits; a whole run that is faster or slower, and each step of it once more; failures in bursts. */
#include "compare/compare.h"

#include "base/random.h"

#include <dirent.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARRIVAL_US 20000 /* 50 per second */

static const struct kind {
    enum stage stage;
    double median_ms, sigma;
} kinds[] = {{STAGE_OTP, 35, 0.4},
             {STAGE_TCP, 0.6, 0.3},
             {STAGE_GET_CA_CAPS, 7, 0.4},
             {STAGE_GET_CA_CERT, 9, 0.4},
             {STAGE_PKI_OPERATION, 140, 0.55}};
#define KINDS (sizeof kinds / sizeof kinds[0])

struct settings {
    int pairs, runs, devices;
    double scatter, slower;
    uint64_t seed;
    const char *folder;
};

struct world {
    struct random_seeded chance;
    double run[KINDS]; /* how this run differs from the next */
    double load;       /* of the server at this moment, its logarithm */
    int pause;         /* devices that it still lasts for */
    bool failing;
    struct change {
        double slower;
        bool tail;
    } change;
};

static double normal(struct random_seeded *r)
{
    return sqrt(-2 * log(1 - random_unit(r))) * cos(2 * M_PI * random_unit(r));
}

static void begin_world(struct world *w, const struct settings *s, uint64_t stream, struct change change)
{
    *w = (struct world){.change = change};
    random_seed(&w->chance, s->seed, stream);
    double common = s->scatter * normal(&w->chance);
    for (size_t i = 0; i < KINDS; i++)
        w->run[i] = common + 0.3 * s->scatter * normal(&w->chance);
    w->load = 0.12 * normal(&w->chance);
}

static void move_world(struct world *w)
{
    w->load = 0.93 * w->load + 0.37 * 0.12 * normal(&w->chance);
    if (w->pause > 0)
        w->pause--;
    else if (random_below(&w->chance, 400) == 0)
        w->pause = 5 + (int)random_below(&w->chance, 25);
    w->failing = random_below(&w->chance, w->failing ? 4 : 700) < (w->failing ? 3 : 1);
}

/* How much of the change this device meets: of the tail nothing at the 60th percentile, all of it at the 80th. */
static double share_of(const struct world *w, double z)
{
    return w->change.tail ? fmin(1, fmax(0, (0.5 * erfc(-z * M_SQRT1_2) - 0.6) / 0.2)) : 1;
}

static int64_t time_of(const struct world *w, size_t kind, double z, double share)
{
    double ln_ms = log(kinds[kind].median_ms) + kinds[kind].sigma * z + w->load + w->run[kind];
    double ms = exp(ln_ms + (w->pause > 0 ? 0.6 : 0) + share * log(w->change.slower));
    return (int64_t)(ms * 1000);
}

/* ---- one run, told ---- */

struct told {
    int64_t at_us;
    enum { TOLD_START, TOLD_STEP, TOLD_DEVICE } what;
    union {
        struct outcome_step step;
        struct {
            uint64_t device;
            int64_t scheduled_us;
            bool failed;
        } end;
    } of;
};

static int by_time(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return x->at_us < y->at_us ? -1 : x->at_us > y->at_us ? 1 : (int)x->what - (int)y->what;
}

static size_t plan_device(struct world *w, uint64_t device, struct told *out)
{
    int64_t scheduled_us = (int64_t)device * ARRIVAL_US, at_us = scheduled_us;
    size_t count = 0;
    double slowest = normal(&w->chance), share = share_of(w, slowest); /* the last kind decides */
    move_world(w);
    out[count++] = (struct told){.at_us = at_us, .what = TOLD_START, .of.end = {device, scheduled_us, false}};
    for (size_t i = 0; i < KINDS; i++) {
        int64_t us = time_of(w, i, i + 1 == KINDS ? slowest : normal(&w->chance), share);
        struct outcome_step step = {.device = device,
                                    .stage = kinds[i].stage,
                                    .failed = w->failing && i + 1 == KINDS,
                                    .queued_us = at_us,
                                    .started_us = at_us,
                                    .finished_us = at_us + us,
                                    .http_status = w->failing && i + 1 == KINDS ? 503 : 200};
        at_us += us;
        out[count++] = (struct told){.at_us = at_us, .what = TOLD_STEP, .of.step = step};
    }
    out[count++] =
        (struct told){.at_us = at_us, .what = TOLD_DEVICE, .of.end = {device, scheduled_us, w->failing}};
    return count;
}

static struct outcome device_of(const struct told *t)
{
    struct outcome o = {.device = t->of.end.device,
                        .end = t->of.end.failed ? OUTCOME_FAILED : OUTCOME_ENROLLED,
                        .scheduled_us = t->of.end.scheduled_us,
                        .started_us = t->of.end.scheduled_us,
                        .finished_us = t->at_us,
                        .http_status = t->of.end.failed ? 503 : 200,
                        .body = t->of.end.failed ? OUTCOME_BODY_HTTPSYS : OUTCOME_BODY_CERTREP,
                        .fail_info = -1};
    if (t->of.end.failed) {
        o.error.stage = STAGE_PKI_OPERATION;
        o.error.reason = REASON_HTTP_STATUS;
    } else
        snprintf(o.serial, sizeof o.serial, "2a%08llx", (unsigned long long)o.device);
    return o;
}

static void tell(const struct outcome_sink *sink, const struct told *t)
{
    struct outcome o;
    switch (t->what) {
    case TOLD_START:
        sink->arrival(sink->user, t->of.end.scheduled_us, false);
        sink->start(sink->user, t->of.end.scheduled_us, t->of.end.scheduled_us + 200, false);
        break;
    case TOLD_STEP:
        sink->step(sink->user, &t->of.step);
        break;
    case TOLD_DEVICE:
        o = device_of(t);
        sink->device(sink->user, &o);
        break;
    }
}

static bool close_run(struct report_folder *folder, const struct measure *m, uint64_t seed, int devices,
                      int64_t duration_us, struct err *e)
{
    static const char yaml[] = "name: power\nload:\n  - {phase: go, rate: 50/s}\n";
    static int64_t started_us = INT64_C(1780000000000000); /* no two runs at once */
    struct outcome_target target = {.url = "http://127.0.0.1/certsrv/mscep/mscep.dll"};
    struct outcome_generator generator = {.cpu_us = 1000, .wall_us = duration_us, .cores = 2, .requests = 1};
    struct report_run run = {.scenario_name = "power",
                             .scenario_sha256 = "00ff",
                             .seed = seed,
                             .reproduce = "",
                             .started_wall_us = started_us,
                             .duration_us = duration_us,
                             .offered_until_us = (int64_t)(devices - 1) * ARRIVAL_US,
                             .measure = m,
                             .target = &target,
                             .generator = &generator};
    struct report_verdict verdict;
    started_us += duration_us + 1000000;
    bool put = report_folder_put(folder, "scenario.yaml", span_of_text(yaml), e);
    return report_folder_close(folder, &run, &verdict, e) && put;
}

static bool make_run(const struct settings *s, uint64_t stream, struct change change, const char *path,
                     struct err *e)
{
    struct world w;
    struct report_folder *folder = NULL;
    struct measure *m = NULL;
    size_t count = 0;
    struct told *told = calloc((size_t)s->devices * (KINDS + 2), sizeof *told);
    if (told == NULL || !measure_new(&m, e) || !report_folder_open(path, &folder, e))
        exit(1);
    begin_world(&w, s, stream, change);
    for (int i = 0; i < s->devices; i++)
        count += plan_device(&w, (uint64_t)i, told + count);
    qsort(told, count, sizeof *told, by_time);
    const struct outcome_sink sinks[] = {measure_sink(m), report_folder_sink(folder)};
    for (size_t i = 0; i < count; i++) {
        tell(&sinks[0], &told[i]);
        tell(&sinks[1], &told[i]);
    }
    bool ok = close_run(folder, m, stream, s->devices, told[count - 1].at_us, e);
    measure_free(m);
    free(told);
    return ok;
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        unlink(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char inner[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%.700s/%.255s", path, entry->d_name);
        remove_tree(inner);
    }
    closedir(dir);
    rmdir(path);
}

/* ---- pairs ---- */

enum { BASE, EQUAL, ALL, TAIL, SIDES };

static void die(const struct err *e)
{
    fprintf(stderr, "helper-power: %s\n", e->text);
    exit(1);
}

static void make_side(const struct settings *s, int pair, int side, struct change change,
                      struct compare_runs *out)
{
    for (int i = 0; i < s->runs; i++) {
        struct err e = {0};
        struct compare_run *run = NULL;
        char path[900];
        uint64_t stream = ((uint64_t)pair * SIDES + (uint64_t)side) * 1000 + (uint64_t)i;
        snprintf(path, sizeof path, "%.700s/%d-%d-%d", s->folder, pair, side, i);
        if (!make_run(s, stream, change, path, &e) || !compare_run_read(path, &run, &e) ||
            !compare_runs_add(out, run, &e))
            die(&e);
        if (getenv("POWER_KEEP") == NULL)
            remove_tree(path);
    }
}

struct score {
    int worse[SIDES]; /* verdicts of each side against the first */
    int blind;
    double *smallest;
};

static enum compare_verdict hold(const struct compare_runs *base, const struct compare_runs *now,
                                 double *smallest)
{
    struct compare c;
    struct err e = {0};
    struct compare_options options = compare_defaults();
    if (!compare_sides(base, now, &options, &c, &e))
        die(&e);
    for (size_t i = 0; smallest != NULL && i < c.row_count; i++) {
        if (strcmp(c.rows[i].figure, "latency.enrollment.p95") == 0)
            *smallest = c.rows[i].smallest;
    }
    if (c.verdict == COMPARE_REGRESSION && smallest != NULL && getenv("POWER_SAY") != NULL)
        fprintf(stderr, "%s\n", c.headline);
    enum compare_verdict verdict = c.verdict;
    compare_clear(&c);
    return verdict;
}

static void play(const struct settings *s, int pair, struct score *score)
{
    const struct change changes[SIDES] = {{1, false}, {1, false}, {s->slower, false}, {s->slower, true}};
    struct compare_runs sides[SIDES] = {{0}};
    for (int side = 0; side < SIDES; side++) {
        make_side(s, pair, side, changes[side], &sides[side]);
        if (side == BASE)
            continue;
        enum compare_verdict verdict =
            hold(&sides[BASE], &sides[side], side == EQUAL ? &score->smallest[pair] : NULL);
        score->worse[side] += verdict == COMPARE_REGRESSION;
        score->blind += side == EQUAL && verdict == COMPARE_INCONCLUSIVE;
    }
    for (int side = 0; side < SIDES; side++)
        compare_runs_clear(&sides[side]);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fprintf(stderr, "usage: helper-power PAIRS RUNS DEVICES SCATTER SLOWER SEED FOLDER\n");
        return 2;
    }
    struct settings s = {.pairs = (int)strtol(argv[1], NULL, 10),
                         .runs = (int)strtol(argv[2], NULL, 10),
                         .devices = (int)strtol(argv[3], NULL, 10),
                         .scatter = strtod(argv[4], NULL),
                         .slower = strtod(argv[5], NULL),
                         .seed = strtoull(argv[6], NULL, 10),
                         .folder = argv[7]};
    struct score score = {.smallest = calloc((size_t)s.pairs + 1, sizeof(double))};
    mkdir(s.folder, 0755);
    for (int i = 0; i < s.pairs; i++)
        play(&s, i, &score);
    qsort(score.smallest, (size_t)s.pairs, sizeof(double), by_size);
    printf("%d %d %d %s %s %d %d %d %d %.3f\n", s.pairs, s.runs, s.devices, argv[4], argv[5],
           score.worse[EQUAL], score.worse[ALL], score.worse[TAIL], score.blind, score.smallest[s.pairs / 2]);
    free(score.smallest);
    rmdir(s.folder);
    return 0;
}
