/* Internal: how the operator's hand bends the plan's time into the run's. From one change of the pace to the next it is a line. */
#ifndef LOAD_PACE_H
#define LOAD_PACE_H

#include <stdint.h>

struct load_pace {
    int64_t run_us, plan_us; /* the last change, on either clock */
    double factor;           /* 0: the plan's clock stands still */
};

/* When the run comes to where the plan says; INT64_MAX: never, or not before the next change. What was to come before the last
 * change, but did not, comes at it. */
int64_t load_pace_run_us(const struct load_pace *pace, int64_t plan_us);
/* Where the plan is, at a moment of the run not before the last change. */
int64_t load_pace_plan_us(const struct load_pace *pace, int64_t run_us);
void load_pace_change(struct load_pace *pace, int64_t now_us, double factor);

#endif
