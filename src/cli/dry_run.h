/* run --dry-run, and the look at the machine before every run. */
#ifndef CLI_DRY_RUN_H
#define CLI_DRY_RUN_H

#include "load/needs.h"
#include "scenario/scenario.h"

/* What a run will be like, thought through: sends nothing, makes no keys. */
struct dry_run {
    const struct scenario *scenario;
    struct load_demand *phases; /* scenario->phase_count of them */
    struct load_demand total;
    bool count_known;
    bool service_given;
    struct load_supply supply;
    struct load_machine machine;
    struct load_need needs[LOAD_NEED_COUNT];
};

/* Fails: REASON_USAGE for a source address that this machine does not have; REASON_SCENARIO; REASON_NO_MEMORY.
 * `service_us`: how long a device takes, 0: assumed. `count_keys`: looks into the key pool, which takes its time. Borrows the
 * scenario. dry_run_clear afterwards, also when it fails. */
bool dry_run_think(const struct scenario *scenario, int64_t service_us, bool count_keys, struct dry_run *out,
                   struct err *e) MUST_USE;
void dry_run_clear(struct dry_run *dry);

/* Tells all of it on stdout; true when nothing is lacking. */
bool dry_run_print(const struct dry_run *dry);
bool dry_run_print_json(const struct dry_run *dry);

/* Before the clock of a run starts: what this machine lacks, as warnings on stderr. Fails REASON_USAGE where the load cannot
 * be carried in any case. */
bool dry_run_warn(const struct dry_run *dry, bool quiet, struct err *e) MUST_USE;

#endif
