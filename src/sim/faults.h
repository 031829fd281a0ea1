/* Faults: what was asked for with --fault, and which of them bite at a given moment.
 *
 *     ID[:key=value,...]
 *
 * Keys of every fault: from=10s (after the clock's start), for=5s, fraction=0.3, of=requests|devices, seed=N,
 * via=PRODUCT (a proxy in front, which shows a page of its own in place of any 5xx).
 * With of=requests each request draws its own lot; with of=devices each connection does (client address and port),
 * because nothing else in a request for capabilities tells one device from another. Draws repeat with the seed.
 * Keys of single faults stand with them, in fault_*.c. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "sim/fault_kinds.h"

#define SIM_FAULTS_MAX 32 /* at once: a bit each in struct sim_effects */

struct sim_faults;

/* Fails: REASON_USAGE (the text names the fault, the key and the nearest known word), REASON_NO_MEMORY. */
bool sim_faults_parse(const char *const *texts, size_t count, struct sim_faults **out,
                      struct err *e) MUST_USE;
void sim_faults_free(struct sim_faults *faults);

/* Starts the clock. Before that it stands at zero, and faults without `from` bite: the word to start may arrive after the
 * first request. Any thread. */
void sim_faults_start(struct sim_faults *faults, int64_t now_us);

/* Adds to *out (zeroed by the caller) what bites a request that arrives now on `connection`, and which faults they are. Any
 * thread. */
void sim_faults_effects(struct sim_faults *faults, int64_t now_us, uint64_t connection,
                        struct sim_effects *out);

/* Whether any fault ever touches what is below HTTP, and what it does now. */
bool sim_faults_have_transport(const struct sim_faults *faults);
struct sim_transport sim_faults_transport(const struct sim_faults *faults, int64_t now_us);
/* Whether the faults go with a server that speaks TLS, or does not.
 * Fails: REASON_USAGE, naming the fault. */
bool sim_faults_check(const struct sim_faults *faults, bool tls, struct err *e) MUST_USE;

/* The faults that were asked for, in their order; microseconds after the clock's start. INT64_MAX: no end. */
size_t sim_faults_count(const struct sim_faults *faults);
const struct sim_fault_setting *sim_faults_at(const struct sim_faults *faults, size_t index, int64_t *from_us,
                                              int64_t *for_us);

/* Which faults are within their time, a bit each; and in *out (zeroed by the caller) what those of them do that hit
 * everybody (fraction=100%). Any thread. */
uint32_t sim_faults_holding(const struct sim_faults *faults, int64_t now_us, struct sim_effects *out);

/* How often faults have started the application pool by now, when they ended or because they recycle it. Never shrinks. */
size_t sim_faults_restarts(const struct sim_faults *faults, int64_t now_us);
/* The pool is started now, whoever did it: what only begins then (SIM_RESTARTED) begins. Any thread. */
void sim_faults_note_restart(struct sim_faults *faults, int64_t now_us);

/* ---- changes while it serves; any thread, also while others read ---- */

/* One more, whose `from` counts from now. Fails: as sim_faults_parse, and when there are SIM_FAULTS_MAX that are not over: the
 * place of one that is over is taken, so that sim_faults_at gives another setting there. */
bool sim_faults_add(struct sim_faults *faults, const char *text, int64_t now_us, struct err *e) MUST_USE;
/* Ends all of this id that hold or are still to come. Returns how many. */
size_t sim_faults_end(struct sim_faults *faults, const char *id, int64_t now_us);

struct sim_fault_view {
    const char *id, *text; /* borrowed; the text is what somebody wrote */
    bool holds, over;
    int64_t since_us; /* negative: still to come */
    int64_t left_us;  /* INT64_MAX: no end */
};
struct sim_fault_view sim_faults_view(const struct sim_faults *faults, size_t index, int64_t now_us);

#endif
