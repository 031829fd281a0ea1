/* Faults: what was asked for with --fault, and which of them bite at a given moment.
 *
 *     ID[:key=value,...]
 *
 * Keys of every fault: from=10s (after the clock's start), for=5s, fraction=0.3, of=requests|devices, seed=N,
 * via=PRODUCT (a proxy in front, which shows a page of its own in place of any 5xx).
 * With of=requests each request draws its own lot; with of=devices each connection does (client address and port),
 * because nothing else in a request for capabilities tells one device from another. Draws repeat with the seed.
 * Keys of single faults stand with them, in the file of their family. */
#ifndef FAULTS_FAULTS_H
#define FAULTS_FAULTS_H

#include "faults/kinds.h"

#define FAULTS_MAX 32 /* at once: a bit each in struct ndes_effects */

struct faults;

/* Fails: REASON_USAGE (the text names the fault, the key and the nearest known word), REASON_NO_MEMORY. */
bool faults_parse(const char *const *texts, size_t count, struct faults **out, struct err *e) MUST_USE;
void faults_free(struct faults *faults);

/* Starts the clock. Before that it stands at zero, and faults without `from` bite: the word to start may arrive after the
 * first request. Any thread. */
void faults_start(struct faults *faults, int64_t now_us);

/* Adds to *out (zeroed by the caller) what bites a request that arrives now on `connection`, and which faults they are. Any
 * thread. */
void faults_effects(struct faults *faults, int64_t now_us, uint64_t connection, struct ndes_effects *out);

/* Whether any fault ever touches what is below HTTP, and what it does now. */
bool faults_have_transport(const struct faults *faults);
struct ndes_transport faults_transport(const struct faults *faults, int64_t now_us);
/* Whether the faults go with a server that speaks TLS, or does not.
 * Fails: REASON_USAGE, naming the fault. */
bool faults_check(const struct faults *faults, bool tls, struct err *e) MUST_USE;

/* The faults that were asked for, in their order; microseconds after the clock's start. INT64_MAX: no end. */
size_t faults_count(const struct faults *faults);
const struct fault_setting *faults_at(const struct faults *faults, size_t index, int64_t *from_us,
                                      int64_t *for_us);

/* Which faults are within their time, a bit each; and in *out (zeroed by the caller) what those of them do that hit
 * everybody (fraction=100%). Any thread. */
uint32_t faults_holding(const struct faults *faults, int64_t now_us, struct ndes_effects *out);

/* How often faults have started the application pool by now, when they ended or because they recycle it. Never shrinks. */
size_t faults_restarts(const struct faults *faults, int64_t now_us);
/* The pool is started now, whoever did it: what only begins then (FAULT_RESTARTED) begins. Any thread. */
void faults_note_restart(struct faults *faults, int64_t now_us);

/* ---- changes while it serves; any thread, also while others read ---- */

/* One more, whose `from` counts from now. Fails: as faults_parse, and when there are FAULTS_MAX that are not over: the
 * place of one that is over is taken, so that faults_at gives another setting there. */
bool faults_add(struct faults *faults, const char *text, int64_t now_us, struct err *e) MUST_USE;
/* Ends all of this id that hold or are still to come. Returns how many. */
size_t faults_end(struct faults *faults, const char *id, int64_t now_us);

struct fault_view {
    const char *id, *text; /* borrowed; the text is what somebody wrote */
    bool holds, over;
    int64_t since_us; /* negative: still to come */
    int64_t left_us;  /* INT64_MAX: no end */
};
struct fault_view faults_view(const struct faults *faults, size_t index, int64_t now_us);

#endif
