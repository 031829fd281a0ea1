/* From facts to named causes: what failed in a run, what a server's logs say, or both. Small tables of knowledge, weighed by
 * Bayes' rule; nothing here is made from the simulator. */
#ifndef DIAGNOSE_DIAGNOSE_H
#define DIAGNOSE_DIAGNOSE_H

#include "causes/causes.h"
#include "evidence/evidence.h"
#include "measure/measure.h"

#define DIAGNOSE_MAX_EVIDENCE   8
#define DIAGNOSE_MAX_AGAINST    4
#define DIAGNOSE_MAX_LOOK_ALIKE 32

struct diagnosis {
    const struct cause *cause;
    double confidence; /* 0..1: how likely this cause is behind its failures; look-alikes share it */
    double
        share; /* 0..1: its failures among the devices that did not enroll; without a run, among those in the logs */
    enum stage stage;                          /* where the failures showed */
    char evidence[DIAGNOSE_MAX_EVIDENCE][200]; /* facts for it, in words with numbers */
    size_t evidence_count;
    char against[DIAGNOSE_MAX_AGAINST][200]; /* facts that do not fit */
    size_t against_count;
    const char *look_alikes[DIAGNOSE_MAX_LOOK_ALIKE]; /* ids that look the same from outside */
    size_t look_alike_count;
    bool
        leads; /* the likeliest of its failures' causes; the others are what else may be behind the same failures */
    bool decided;              /* an artefact settled it */
    const char *missing;       /* the artefact that would settle it; "" when it is settled */
    char node[64];             /* the server that shows it, where there are several; "" */
    int64_t first_us, last_us; /* of what the logs show, Unix; EVIDENCE_NO_TIME: nothing */
};

struct diagnose_list {
    struct diagnosis *items; /* best first */
    size_t count;
};

/* A healthy run yields an empty list. `otp` may be NULL. `now_s` is the wall clock, for certificate dates. */
bool diagnose_run(const struct measure *m, const struct outcome_target *target, const struct outcome_otp *otp,
                  int64_t now_s, struct diagnose_list *out, struct err *e) MUST_USE;
void diagnose_clear(struct diagnose_list *list);

/* ---- a server's logs ---- */

/* What logs said, in bounded memory (about 3 MiB) however long they are. One thread. */
struct diagnose_logs;

/* `stem`: the path of the run's SCEP URL; NULL: NDES's own paths only. Copied. */
bool diagnose_logs_new(struct diagnose_logs **out, const char *stem, struct err *e) MUST_USE;
void diagnose_logs_free(struct diagnose_logs *logs);
/* Where records go; valid as long as logs. */
struct evidence_sink diagnose_logs_sink(struct diagnose_logs *logs);

struct diagnose_file {
    char path[256], node[64];
    char problem[80]; /* why it was not read to its end; "" */
    enum evidence_kind kind;
    uint64_t bytes, lines, records, damaged;
    bool local_time;
};

#define DIAGNOSE_MAX_REMARKS 8

/* What was read, and what it means for the whole. Borrowed from logs. */
struct diagnose_read {
    const struct diagnose_file *files;
    size_t file_count;
    bool local_times, offset_known;
    int64_t offset_us;         /* how far local times were ahead of UTC */
    int64_t first_us, last_us; /* EVIDENCE_NO_TIME: no record had a time */
    uint64_t lost;             /* observations that found no room */
    /* Where run and logs, or logs among themselves, contradict each other: sentences. */
    char contradictions[DIAGNOSE_MAX_REMARKS][240];
    size_t contradiction_count;
};
struct diagnose_read diagnose_logs_read(const struct diagnose_logs *logs);

/* Everything that is known. `measure` and what belongs to a run may be NULL when `logs` is not, and the other way round.
 * Logs are complete: nothing is added to them afterwards. */
struct diagnose_case {
    const struct measure *measure;
    const struct outcome_target *target;
    const struct outcome_otp *otp;
    int64_t started_us, ended_us; /* of the run, Unix; 0: not known */
    int64_t now_s;
    struct diagnose_logs *logs;
};
/* Fails: REASON_NO_MEMORY. */
bool diagnose_case(const struct diagnose_case *c, struct diagnose_list *out, struct err *e) MUST_USE;

#endif
