/* What the watching thread knows of the run: figures of its own, made of facts from one or more sources. For this room only; one
 * thread. */
#ifndef LIVE_FIGURES_H
#define LIVE_FIGURES_H

#include "live/live.h"

/* One process that plays devices. What is a level and not a count is kept for each, so that the whole is their sum. */
struct live_source {
    int fd; /* its facts come from there; -1: from the queue, or no more */
    struct buf rest;
    struct live_figures *figures;
    struct live_clock clock;
    unsigned otp_held;
    struct outcome_in_flight in_flight;
};

struct live_figures {
    struct measure *measure;
    struct outcome_sink to; /* measure's */
    struct report_run run;  /* as told in the beginning, and what has come since */
    struct outcome_target target;
    struct outcome_generator generator; /* all zero: it looks at itself at the end only */
    struct diagnose_list diagnosis;
    struct report_verdict verdict;
    bool judged;
    uint64_t planned, requests;
    struct live_source *sources;
    size_t source_count;
    bool begun;
    int64_t looked_us; /* monotonic; when diagnosis and verdict were made */
};

bool live_figures_new(const struct live_plan *plan, size_t sources, struct live_figures **out,
                      struct err *e) MUST_USE;
void live_figures_free(struct live_figures *f);
/* Records from the queue, or what a source's descriptor has. */
void live_figures_hear(struct live_source *source, struct span records);
void live_figures_read(struct live_source *source);
/* Judges and diagnoses anew, at most once a second. */
void live_figures_look(struct live_figures *f, int64_t monotonic_us);

#endif
