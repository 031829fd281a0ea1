/* What the machine did to this process meanwhile: took the processor away by a quota, swapped, set its clock. */
#ifndef ENGINE_HOST_H
#define ENGINE_HOST_H

#include "outcome/outcome.h"

struct host {
    uint64_t throttled, swapped_in, major_faults;
    int64_t loop_cpu_us;
    int64_t offset_us; /* wall clock minus monotonic clock */
    int64_t step_us;   /* the largest change of it from one look to the next */
};

/* All from the loop's thread. `host_look` is cheap: call it some times a second. */
void host_begin(struct host *h);
void host_look(struct host *h);
void host_end(struct host *h, struct outcome_generator *out);

/* The number behind a name in lines of "name number"; 0 when it is not there. */
uint64_t host_field(struct span text, const char *name);
/* Where the quota of this process is told, by the text of /proc/self/cgroup: version 2, or 1 with a controller "cpu".
 * False: nowhere. */
bool host_cpu_stat(struct span cgroups, char *out, size_t out_bytes);

#endif
