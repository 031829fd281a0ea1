#include "load/pace.h"

#include <math.h>

int64_t load_pace_run_us(const struct load_pace *pace, int64_t plan_us)
{
    if (plan_us == INT64_MAX)
        return INT64_MAX;
    if (pace->factor == 1)
        return pace->run_us + (plan_us - pace->plan_us);
    if (plan_us <= pace->plan_us)
        return pace->run_us;
    return pace->factor > 0 ? pace->run_us + (int64_t)ceil((double)(plan_us - pace->plan_us) / pace->factor)
                            : INT64_MAX;
}

int64_t load_pace_plan_us(const struct load_pace *pace, int64_t run_us)
{
    if (pace->factor == 1)
        return pace->plan_us + (run_us - pace->run_us);
    return pace->plan_us + (int64_t)floor((double)(run_us - pace->run_us) * pace->factor);
}

void load_pace_change(struct load_pace *pace, int64_t now_us, double factor)
{
    int64_t plan_us = load_pace_plan_us(pace, now_us);
    *pace = (struct load_pace){.run_us = now_us, .plan_us = plan_us, .factor = factor};
}
