/* Between the parts of report; for this room only. */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include "base/markup.h"
#include "measure/otp.h"
#include "report/report.h"
#include "report/wording.h"

#include <jansson.h>

/* ---- judge: is the run valid, are the SLOs met ---- */

/* How much a broken rule weighs: one soft rule makes a run suspect, two make it invalid, a hard one does so alone. A
 * scenario's own budget never makes it more than suspect. */
enum rule_weight { RULE_BUDGET, RULE_SOFT, RULE_HARD };

struct rule_result {
    const char *name; /* "start lag" */
    enum rule_weight weight;
    bool broken;
    char reason[480]; /* what and what to change; empty when not broken */
};

#define JUDGE_MAX_RULES 11

struct slo_result {
    const char *expression; /* borrowed from the run */
    bool has_value;
    double value; /* milliseconds, a share, or the number; of windows the worst */
    bool is_time, is_share;
    bool ok;
    int64_t window_us;     /* 0: the whole run */
    int64_t worst_from_us; /* where the worst window begins */
};

struct judgement {
    struct report_verdict verdict;
    struct rule_result rules[JUDGE_MAX_RULES];
    size_t rule_count;
    struct slo_result *slo;
    size_t slo_count;
};

/* Validity alone, also of a run that still goes on. Owns nothing. */
void judge_validity(const struct report_run *run, struct judgement *out);
/* `summary` is summary.json as far as it does not need the judgement. */
bool judge_run(const struct report_run *run, const json_t *summary, struct judgement *out,
               struct err *e) MUST_USE;
bool slo_check(const struct report_run *run, const json_t *summary, const char *expression,
               struct slo_result *out, struct err *e) MUST_USE;
void judge_clear(struct judgement *j);

/* The rule on shards of a merged run: what their own machines say, and which are missing. */
void judge_shards(const struct report_run *run, struct rule_result *out);
json_t *shards_json(const struct report_run *run); /* null: it was one process */
json_t *shard_json(const struct report_run *run);  /* null: it is whole */

const char *judge_validity_id(enum report_validity v);
const char *judge_slo_id(enum report_slo slo);

/* ---- summary: the tree of summary.json, and what its figures are made of ---- */

/* Everything that the writers share: the run, its tree, its judgement. */
struct summary {
    const struct report_run *run;
    json_t *tree;
    struct judgement judgement;
};
bool summary_make(const struct report_run *run, struct summary *out, struct err *e) MUST_USE;
void summary_clear(struct summary *s);
/* Count, min, mean, percentiles, max in milliseconds; NULL: one without values. */
json_t *summary_histogram(const struct histogram *h);
/* null for an empty text; what is not UTF-8 becomes '?'. */
json_t *summary_string(const char *text);
/* A list that ends with NULL; empty for NULL. */
json_t *summary_strings(const char *const *list);
json_t *summary_symptoms(const struct cause *c);
bool summary_text(const struct summary *s, struct buf *out, struct err *e) MUST_USE;

/* What histograms tell in parts. MEASURE_ANY: all phases but warm-ups, all profiles. */
json_t *breakdown_outcomes(const struct report_run *run, unsigned metric, int phase, int profile);
json_t *breakdown_steps(const struct report_run *run, int phase, int profile);
json_t *breakdown_phases(const struct report_run *run);

/* "evidence/03-pki_operation-scep_failure-0x80070490.json": the name of a failure's exemplar within the folder. */
void evidence_name(const struct measure *m, size_t failure, char *out, size_t out_bytes);
bool evidence_has(const struct measure_failure *f); /* false: nothing was answered, there is no exemplar */
/* The exemplar itself, secrets taken out: as a tree (NULL: no memory), and written. */
json_t *evidence_json(const struct measure_failure *f);
bool evidence_write(const struct measure_failure *f, struct buf *out, struct err *e) MUST_USE;
/* URL without user information and without the message of a GET. */
bool evidence_url(struct span url, struct buf *out);

/* ---- words: what people read, the same on the terminal and on the page ---- */

/* "12.3 ms", or "-" when the histogram is too small to tell: p99 needs 1,000 values, p99.9 needs 10,000. */
void words_quantile(const struct histogram *h, double share, char *out, size_t out_bytes);
/* One line: "998 of 1,000 devices enrolled; SLO passed; run valid". */
void words_verdict(const struct report_run *run, const struct report_verdict *v, char *out, size_t out_bytes);
/* The server's words, or ours where they add to words_failure; may be empty. Borrowed. */
const char *words_detail(const struct measure_failure *f);
/* Where RFC 8894 and the devices judge differently: "12 devices accepted ..."; empty when they agree. */
void words_verdicts(const struct report_run *run, char *out, size_t out_bytes);
/* "98 of 100 succeeded, 2 failed"; empty when nobody wanted this. */
void words_follow_up(const struct report_run *run, enum outcome_follow follow, char *out, size_t out_bytes);
/* What an SLO was compared with: "1.24 s", "99.80%", "12", "no data". */
void words_slo_value(const struct slo_result *slo, char *out, size_t out_bytes);

/* Rates of the run; 0 where there is nothing to divide. */
struct words_rates {
    double offered_per_s, achieved_per_s, requests_per_s;
};
struct words_rates words_rates(const struct report_run *run);

/* ---- the supply of one-time passwords ---- */

/* What so many places can carry. All 0 where nothing limits the supply. */
struct otp_capacity {
    unsigned places;
    unsigned cache; /* the server's; 0: not known */
    bool assumed;   /* NDES did not say, so it is taken as installed */
    double hold_us; /* a used password, from the begin of its fetch until the place was free */
    double wasted;  /* share of passwords that never came back to the server */
    uint64_t lost;  /* how many those are */
    double validity_us, place_us;
    double per_hour;          /* in the long run, losses included; 0: nothing was fetched */
    double lossless_per_hour; /* while the lost ones do not yet tell; 0: none was used up */
    bool near;                /* the run came near it, or met it */
};
struct otp_capacity otp_capacity(const struct report_run *run);
json_t *otp_json(const struct report_run *run);
/* "2,000 fetched by ntlm, 1,990 used, 4 too old; at most 3 held at once, allowed are 3"; empty when none were asked for. */
void words_otp(const struct report_run *run, char *out, size_t out_bytes);
/* "With this cache of 5, a password is held 1.80 s on average: 10,000 devices per hour at most"; empty when unknown. */
void words_otp_capacity(const struct report_run *run, char *out, size_t out_bytes);
/* For a run whose arrivals waited: who was the limit, what it was, and what to raise. */
void words_otp_limit(const struct report_run *run, char *out, size_t out_bytes);

/* ---- conformance ---- */

/* Findings, those first that need a person: begin with {0}; NULL past the last. */
struct conformance_walk {
    size_t verdict, index;
};
const struct measure_probe *conformance_next(const struct measure *m, struct conformance_walk *at);
/* "1 failed, 2 odd, 54 passed"; empty when no probes were made. */
void words_conformance(const struct measure *m, char *out, size_t out_bytes);
json_t *conformance_json(const struct measure *m);

/* ---- writers of single files ---- */
bool junit_write(const struct summary *s, struct buf *out, struct err *e) MUST_USE;
bool hlog_write(const struct summary *s, struct buf *out, struct err *e) MUST_USE;
bool html_write(const struct summary *s, struct buf *out, struct err *e) MUST_USE;
bool csv_write(const struct summary *s, struct buf *out, struct err *e) MUST_USE;
bool markdown_write(const struct summary *s, struct buf *out, struct err *e) MUST_USE;

/* ---- db: run.sqlite ---- */
struct db;
bool db_open(const char *path, struct db **out, struct err *e) MUST_USE;
void db_device(struct db *db, const struct outcome *o);
void db_step(struct db *db, const struct outcome_step *step);
void db_arrival(struct db *db, int64_t scheduled_us, bool warm_up);
void db_start(struct db *db, int64_t scheduled_us, int64_t started_us, bool warm_up);
void db_otp(struct db *db, const struct outcome_otp_event *event);
/* Commits about once a second; call often. */
void db_tick(struct db *db);
/* The tables that need the whole run. Then the database is closed; false when anything was lost on the way. */
bool db_finish(struct db *db, const struct summary *s, struct err *e) MUST_USE;
void db_free(struct db *db);

#endif
