/* What results call the phases of a scenario. */
#include "scenario/scenario.h"

static void base_name(const struct scenario *s, size_t phase, char *out, size_t out_bytes)
{
    if (s->phases[phase].name[0] != '\0')
        snprintf(out, out_bytes, "%s", s->phases[phase].name);
    else
        snprintf(out, out_bytes, "phase-%zu", phase + 1);
}

void scenario_phase_label(const struct scenario *s, size_t phase, char out[SCENARIO_PHASE_LABEL_BYTES])
{
    char name[SCENARIO_PHASE_LABEL_BYTES], other[SCENARIO_PHASE_LABEL_BYTES];
    unsigned before = 0;
    base_name(s, phase, name, sizeof name);
    for (size_t i = 0; i < phase; i++) {
        base_name(s, i, other, sizeof other);
        before += strcmp(name, other) == 0;
    }
    if (before == 0)
        snprintf(out, SCENARIO_PHASE_LABEL_BYTES, "%s", name);
    else
        snprintf(out, SCENARIO_PHASE_LABEL_BYTES, "%.70s-%u", name, before + 1);
}
