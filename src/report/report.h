/* Results written and told: the folder of a run, the live progress, the words at the end. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "diagnose/diagnose.h"

/* A run that several processes carry is one plan in parts: each process plays a shard of its devices, and `merge` makes one
 * result of theirs. A shard has no verdict but whether its own machine kept up. */
struct report_shard {
    unsigned index, count; /* 1 to count */
    int64_t start_at_s;    /* clock zero as agreed, Unix seconds */
    int64_t late_us;       /* how long after that it was ready; 0: in time */
    char salt[17];         /* equal texts: fingerprints of passwords can be compared; empty: with nobody's */
    char host[17];         /* tells machines apart; empty: not known */
};

/* What one shard brought to a merged run. */
struct report_part {
    struct report_shard shard;
    bool missing; /* no results of it; nothing below is known then */
    bool interrupted;
    uint64_t planned, enrolled;
    char validity[12]; /* as in its summary.json */
    char reason[400];  /* the first of its own; may be empty */
};

/* Everything known about a run. Borrowed. */
struct report_run {
    const char *scenario_name;
    const char *scenario_sha256;
    uint64_t seed;
    const char *authorized;      /* NULL: none needed */
    const char *version;         /* of scepstorm itself, when it was run; NULL: this one */
    const char *const *versions; /* "openssl", "3.0.x", "libcurl", ... pairs, NULL-terminated */
    const char *reproduce;       /* command line to run it again */
    int64_t started_wall_us;
    int64_t duration_us;      /* from clock zero to the last device's end */
    int64_t offered_until_us; /* last scheduled arrival */
    bool interrupted;
    const char *stopped_early; /* NULL, or why: "error budget of 20% spent" */
    bool steered; /* somebody paused the load or changed its rate while it ran; a note says when */
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
    const struct report_shard *shard; /* NULL: the run is whole */
    const struct report_part *parts;  /* of a merged run, one for each shard; NULL: it was one process */
    size_t part_count;
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
/* Takes over the certificates that another results folder got beside its devices: those of conformance probes. */
bool report_folder_take_issued(struct report_folder *folder, const char *from, struct err *e) MUST_USE;
/* Whether the list of certificates could not be written any more; report_folder_close tells why. */
bool report_folder_failed(const struct report_folder *folder);
const char *report_folder_path(const struct report_folder *folder);
/* Writes summary.json, the tables of run.sqlite that need the whole, junit.xml, report.html, evidence/. Frees. */
bool report_folder_close(struct report_folder *folder, const struct report_run *run,
                         struct report_verdict *verdict, struct err *e) MUST_USE;
/* Gives up on the folder without results; what devices obtained stays. */
void report_folder_free(struct report_folder *folder);
/* The same for a folder that was to hold what is kept elsewhere, too: nothing stays. */
void report_folder_discard(struct report_folder *folder);

/* The words at the end, verdict first. Colours when `colour`. `width` of the terminal, 0: unknown. */
void report_print(FILE *to, const struct report_run *run, const struct report_verdict *verdict,
                  const char *folder_path, bool colour, unsigned width);
/* summary.json as text. */
bool report_summary_json(const struct report_run *run, struct report_verdict *verdict, struct buf *out,
                         struct err *e) MUST_USE;

/* One of the forms that a run can be told in, as a whole file. */
enum report_form { REPORT_JSON, REPORT_HTML, REPORT_JUNIT, REPORT_CSV, REPORT_MARKDOWN, REPORT_HDR };
bool report_render(const struct report_run *run, enum report_form form, struct buf *out,
                   struct err *e) MUST_USE;
bool report_judge(const struct report_run *run, struct report_verdict *verdict, struct err *e) MUST_USE;
#define REPORT_MAX_FILE_BYTES ((size_t)256 << 20)

/* The sections of report.html about a run that goes on: what stands in its <main>; page_begin and page_end (page/page.h) put
 * the rest around it. Looks at everything that `run` points at, on the caller's thread; no SLO is judged, and of the
 * diagnosis (may be NULL) it takes what is there. */
bool report_page_sections(const struct report_run *run, struct buf *out, struct err *e) MUST_USE;
/* The same about a run that is over: judged, as in report.html. */
bool report_page_result(const struct report_run *run, struct buf *out, struct err *e) MUST_USE;

/* Its `diagnosis` alone: a list. */
bool report_diagnosis_json(const struct diagnose_list *list, struct buf *out, struct err *e) MUST_USE;

/* Causes as `causes --json` prints them, and as a page to keep open at night, in Markdown. Causes that are none of the
 * catalogue's come last. */
bool report_causes_json(const struct cause *const *list, size_t count, struct buf *out,
                        struct err *e) MUST_USE;
bool report_causes_page(const struct cause *const *list, size_t count, struct buf *out,
                        struct err *e) MUST_USE;

/* Watches the SLOs that say "or abort" while the run goes. Looks at measure, phases, profiles and slo of `run`, borrowed;
 * `planned` devices are to come in all, 0: nobody knows. */
struct report_watch;
bool report_watch_new(const struct report_run *run, uint64_t planned, struct report_watch **out,
                      struct err *e) MUST_USE;
/* Why one of them cannot be met any more, whatever comes; NULL: all of them can. Call at any rate; borrowed. */
const char *report_watch_look(struct report_watch *w, int64_t now_us);
void report_watch_free(struct report_watch *w);

/* Live progress: on a terminal a view that is drawn in place, elsewhere (and with NO_COLOR, and where TERM is dumb) a line every
 * few seconds. `run` is borrowed, and looked at again each time: as far as it is known. `planned` devices are to come, 0: nobody
 * knows. Times are the run's. */
struct report_progress;
bool report_progress_new(FILE *to, const struct report_run *run, uint64_t planned,
                         struct report_progress **out, struct err *e) MUST_USE;
/* The same of several processes that share a run, by what they say of themselves, added up: there are no percentiles and no
 * causes before their results are merged. Borrowed. */
struct report_totals {
    struct measure_devices devices;
    uint64_t offered;
    struct outcome_in_flight in_flight;
};
bool report_progress_new_totals(FILE *to, const struct report_totals *totals, uint64_t planned,
                                struct report_progress **out, struct err *e) MUST_USE;
/* Call at any rate. `end_us`: when the last arrival is due as things stand; INT64_MAX: nobody knows. */
void report_progress_show(struct report_progress *p, int64_t now_us, int64_t end_us);
void report_progress_say(struct report_progress *p, const char *text); /* above the view, soon */
/* What the person may press, and what is out of the ordinary now; borrowed until the next call or the end. "" or NULL: nothing. */
void report_progress_keys(struct report_progress *p, const char *keys);
void report_progress_state(struct report_progress *p, const char *state);
/* Leaves the terminal to whoever writes next, as before a stop or a crash; what comes is drawn anew. Async-signal-safe. */
void report_progress_step_aside(void);
void report_progress_free(struct report_progress *p); /* ends the view */

#endif
