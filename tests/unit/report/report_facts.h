/* A run made by hand for the tests of report. */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include "report/report.h"
#include "run_facts.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct measure *measure;
    struct outcome_sink sink;
    struct outcome_target target;
    struct outcome_otp otp;
    struct outcome_generator generator;
    struct diagnose_list diagnosis;
    struct report_run run;
    char root[64]; /* a folder of its own */
    char folder[80];
};

static inline int fixture_up(void **state)
{
    static const char *const versions[] = {"openssl", "3.0.0", "libcurl", "7.88.1", "libuv", "1.44.2", NULL};
    static struct fixture f;
    f = (struct fixture){.generator = {.cpu_us = 1000000, .wall_us = 10000000, .cores = 2, .requests = 400}};
    if (!measure_new(&f.measure, NULL))
        return -1;
    f.sink = measure_sink(f.measure);
    snprintf(f.target.url, sizeof f.target.url, "http://ndes.example.test/certsrv/mscep/mscep.dll");
    f.run = (struct report_run){.scenario_name = "a-test",
                                .scenario_sha256 = "00ff",
                                .seed = 42,
                                .versions = versions,
                                .reproduce = "scepstorm run a-test.yaml --seed 42",
                                .started_wall_us = INT64_C(1780000000000000),
                                .duration_us = 10000000,
                                .measure = f.measure,
                                .target = &f.target,
                                .otp = &f.otp,
                                .generator = &f.generator,
                                .diagnosis = &f.diagnosis};
    snprintf(f.root, sizeof f.root, "/tmp/scepstorm-report-XXXXXX");
    if (mkdtemp(f.root) == NULL)
        return -1;
    snprintf(f.folder, sizeof f.folder, "%s/run", f.root);
    *state = &f;
    return 0;
}

static inline void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        unlink(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char inner[512];
        if (entry->d_name[0] == '.' && (entry->d_name[1] == '\0' || entry->d_name[1] == '.'))
            continue;
        snprintf(inner, sizeof inner, "%.200s/%.255s", path, entry->d_name);
        remove_tree(inner);
    }
    closedir(dir);
    rmdir(path);
}

static inline int fixture_down(void **state)
{
    struct fixture *f = *state;
    diagnose_clear(&f->diagnosis);
    measure_free(f->measure);
    chmod(f->folder, 0755);
    remove_tree(f->root);
    return 0;
}

/* An iPhone that enrolled and renewed, one that enrolled and could not, a laptop that would have taken a wrong answer. */
static inline void fixture_mix(struct fixture *f, struct outcome out[3])
{
    static const char *const profiles[] = {"ios", "windows"};
    f->run.profiles = profiles;
    f->run.profile_count = 2;
    out[0] = fact_device(0, OUTCOME_ENROLLED, 0);
    out[0].judged = out[0].strict_ok = out[0].persona_ok = true;
    snprintf(out[0].eku, sizeof out[0].eku, "clientAuth");
    struct outcome_follow_up *renewal = &out[0].follow[OUTCOME_RENEWAL];
    renewal->result = OUTCOME_OK;
    renewal->fail_info = -1;
    renewal->started_us = 200000;
    renewal->finished_us = 300000;
    snprintf(renewal->serial, sizeof renewal->serial, "4711");
    renewal->not_before = out[0].not_before;
    renewal->not_after = out[0].not_after;
    renewal->polls = 2;
    out[1] = out[0];
    out[1].device = 1;
    snprintf(out[1].serial, sizeof out[1].serial, "2a0001");
    renewal = &out[1].follow[OUTCOME_RENEWAL];
    renewal->result = OUTCOME_NOT_OK;
    renewal->serial[0] = '\0';
    renewal->http_status = 200;
    renewal->fail_info = 2;
    renewal->error.stage = STAGE_RENEWAL;
    renewal->error.reason = REASON_SCEP_FAILURE;
    out[1].follow[OUTCOME_GET_NEXT_CA_CERT].error.reason = REASON_NOT_ANNOUNCED;
    out[1].follow[OUTCOME_GET_NEXT_CA_CERT].error.stage = STAGE_GET_NEXT_CA_CERT;
    out[2] = fact_failure(2, 0, STAGE_VERIFY, REASON_NONCE_MISMATCH);
    out[2].profile = 1;
    out[2].judged = out[2].persona_ok = out[2].nonce_mismatch = true;
    snprintf(out[2].failed_checks, sizeof out[2].failed_checks, "nonce");
}

static inline void fixture_diagnose(struct fixture *f)
{
    struct err e = {0};
    assert_true(diagnose_run(f->measure, &f->target, f->run.otp, 1780000000, &f->diagnosis, &e));
}

#endif
