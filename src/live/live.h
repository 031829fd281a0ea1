/* A run watched while it goes: metrics for Prometheus and a page for people, from one listener of a thread of its own.
 *
 * The thread keeps figures of its own, made of the same facts as the run's: the engine only copies facts into a queue and is
 * never waited for, whoever asks and however slowly. Of a run in several processes each sends its facts to the one
 * that serves; what is served is the whole. */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include "live/facts.h"
#include "live/metrics.h"

#include <signal.h>

#define LIVE_MAX_SOURCES 256

struct live;

/* Takes the address at once ("127.0.0.1:9464", a port alone), so that a port in use is known before anything else begins.
 * Fails: REASON_USAGE: no address; REASON_IO: cannot listen there; REASON_NO_MEMORY. */
bool live_open(const char *listen, struct live **out, struct err *e) MUST_USE;
const char *live_url(const struct live *l); /* "http://127.0.0.1:40123/" */
bool live_is_public(const struct live *l);  /* not for this machine alone */

/* What is known beforehand: names, objectives, notes of `run`, whose figures are not looked at. The struct is copied, what it
 * points to is borrowed until live_close. `planned` devices; 0: nobody knows. `results`: where the report will be. */
struct live_plan {
    const struct report_run *run;
    uint64_t planned;
    const char *results;
};
/* Starts serving. Fails: REASON_NO_MEMORY, REASON_GENERATOR_LIMIT, REASON_IO. */
bool live_begin(struct live *l, const struct live_plan *plan, struct err *e) MUST_USE;

/* For a command that is no run: serves this instead, from the first call on. Copied; words are escaped.
 * Fails: as live_begin. */
struct live_texts {
    const char *title, *headline, *words;
    const char *look; /* of the headline: "good", "warn", "bad" */
    struct span metrics, open_metrics;
    bool over;
};
bool live_show(struct live *l, const struct live_texts *texts, struct err *e) MUST_USE;

/* ---- while the load runs: the engine's thread ---- */

struct outcome_sink live_sink(struct live *l);
void live_tick(struct live *l, const struct live_clock *clock, const struct outcome_target *target);

/* Facts also come from these descriptors, as live_feed sends them; before live_begin. They are live's from here on.
 * False: more than LIVE_MAX_SOURCES. */
bool live_take_from(struct live *l, int fd) MUST_USE;

/* ---- the end ---- */

/* From now on what is served is this run, judged, and no longer what was heard. Borrowed during the call only. NULL: the run is
 * over, and what was heard is all there is. */
void live_end(struct live *l, const struct report_run *run, bool interrupted);
/* Goes on serving until those who watch have seen the end: a page open now, a scraper that has come at least every 15 s. Returns
 * at once when nobody watches, and when *stop is set. True: somebody is waited for (then call again until it is
 * false); returns within some 100 ms. */
bool live_linger(struct live *l);
void live_close(struct live *l); /* harmless for NULL */

/* ---- in another process of the same run ---- */

/* Sends facts to `fd` by a thread of its own. `fd` is the feed's. */
struct live_feed;
bool live_feed_open(int fd, struct live_feed **out, struct err *e) MUST_USE;
struct outcome_sink live_feed_sink(struct live_feed *f);
void live_feed_tick(struct live_feed *f, const struct live_clock *clock, const struct outcome_target *target);
/* Sends what is left, unless nobody reads it any more. Harmless for NULL. */
void live_feed_close(struct live_feed *f);

#endif
