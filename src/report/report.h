/* Results written and told: the folder of a run, the live progress, the words at the end. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "diagnose/diagnose.h"

/* Everything known about a run. Borrowed. */
struct report_run {
    const char *scenario_name;
    const char *scenario_sha256;
    uint64_t seed;
    const char *authorized;      /* NULL: none needed */
    const char *const *versions; /* "openssl", "3.0.x", "libcurl", ... pairs, NULL-terminated */
    const char *reproduce;       /* command line to run it again */
    int64_t started_wall_us;
    int64_t duration_us;      /* from clock zero to the last device's end */
    int64_t offered_until_us; /* last scheduled arrival */
    bool interrupted;
    const char *stopped_early; /* NULL, or why: "error budget of 20% spent" */
    const struct measure *measure;
    const struct outcome_target *target;
    const struct outcome_otp *otp; /* NULL: no challenge source that counts */
    const struct outcome_generator *generator;
    const struct diagnose_list *diagnosis;
    const char *const *profiles; /* names of the scenario's profiles, as many as there are; NULL: not known */
    size_t profile_count;
    const char *const *phases; /* names of the scenario's phases, each once; NULL: not known */
    size_t phase_count;
    bool expect_refused;    /* the devices' wanted end was a refusal */
    const char *const *slo; /* expressions */
    size_t slo_count;
    const char *const
        *notes; /* things the reader must know, e.g. "keys are reused: transactionIDs are random" */
    size_t note_count;
};

enum report_validity { REPORT_VALID, REPORT_SUSPECT, REPORT_INVALID };
enum report_slo { REPORT_SLO_NONE, REPORT_SLO_PASS, REPORT_SLO_FAIL };

struct report_verdict {
    enum report_validity validity;
    enum report_slo slo;
    bool defects; /* any correctness counter */
    bool none_enrolled;
    int exit_code; /* contract: 0, 3, 4, 130 */
};

/* The folder: made first (absent or empty, else REASON_USAGE), so that an unwritable place is known before the
 * load; `run.sqlite` and `issued.csv` are written while devices end, so that a crash loses at most the last second. */
struct report_folder;
bool report_folder_open(const char *path, struct report_folder **out, struct err *e) MUST_USE;
/* Sink to be called beside measure's. A disk that fills up is noticed: report_folder_close fails. */
struct outcome_sink report_folder_sink(struct report_folder *folder);
bool report_folder_put(struct report_folder *folder, const char *file, struct span content,
                       struct err *e) MUST_USE;
/* Whether the list of certificates could not be written any more; report_folder_close tells why. */
bool report_folder_failed(const struct report_folder *folder);
const char *report_folder_path(const struct report_folder *folder);
/* Writes summary.json, the tables of run.sqlite that need the whole, junit.xml, report.html, evidence/. Frees. */
bool report_folder_close(struct report_folder *folder, const struct report_run *run,
                         struct report_verdict *verdict, struct err *e) MUST_USE;
/* Gives up on the folder without results. */
void report_folder_free(struct report_folder *folder);

/* The words at the end, verdict first. Colours when `colour`. `width` of the terminal, 0: unknown. */
void report_print(FILE *to, const struct report_run *run, const struct report_verdict *verdict,
                  const char *folder_path, bool colour, unsigned width);
/* summary.json as text. */
bool report_summary_json(const struct report_run *run, struct report_verdict *verdict, struct buf *out,
                         struct err *e) MUST_USE;

/* Its `diagnosis` alone: a list. */
bool report_diagnosis_json(const struct diagnose_list *list, struct buf *out, struct err *e) MUST_USE;

/* The catalogue, or one cause of it (NULL: all), as `causes --json` prints it. */
bool report_causes_json(const struct cause *only, struct buf *out, struct err *e) MUST_USE;

/* Watches the SLOs that say "or abort" while the run goes. Looks at measure, phases, profiles and slo of `run`, borrowed;
 * `planned` devices are to come in all, 0: nobody knows. */
struct report_watch;
bool report_watch_new(const struct report_run *run, uint64_t planned, struct report_watch **out,
                      struct err *e) MUST_USE;
/* Why one of them cannot be met any more, whatever comes; NULL: all of them can. Call at any rate; borrowed. */
const char *report_watch_look(struct report_watch *w, int64_t now_us);
void report_watch_free(struct report_watch *w);

/* Live progress: a bar on a terminal, a line every few seconds elsewhere. Call at any rate with the run's time. */
struct report_progress;
bool report_progress_new(FILE *to, const struct measure *m, uint64_t planned, struct report_progress **out,
                         struct err *e) MUST_USE;
void report_progress_show(struct report_progress *p, int64_t now_us);
void report_progress_free(struct report_progress *p); /* ends the line */

#endif
