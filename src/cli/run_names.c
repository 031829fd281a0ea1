#include "cli/run_names.h"

#include "cli/cli.h"

#include <stdlib.h>

static size_t count_profiles(const struct scenario *s)
{
    size_t count = s->devices.profile_count;
    return count < MEASURE_MAX_PROFILES ? count : MEASURE_MAX_PROFILES;
}

bool run_names_make(struct run_names *names, const struct scenario *s, struct err *e)
{
    names->labels = calloc(s->phase_count, sizeof *names->labels);
    names->phases = calloc(s->phase_count, sizeof *names->phases);
    if (names->labels == NULL || names->phases == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the names of phases");
    for (size_t i = 0; i < s->phase_count; i++) {
        scenario_phase_label(s, i, names->labels[i]);
        names->phases[i] = names->labels[i];
    }
    for (size_t i = 0; i < count_profiles(s); i++) {
        const struct scenario_profile *p = &s->devices.profiles[i];
        names->profiles[i] = p->label[0] != '\0' ? p->label : p->name;
    }
    return true;
}

void run_names_clear(struct run_names *names)
{
    free(names->labels);
    free(names->phases);
}

void run_names_introduce(const struct run_names *names, const struct scenario *s, const char *authorized,
                         struct report_run *run)
{
    run->scenario_name = s->name;
    run->scenario_sha256 = s->sha256;
    run->seed = s->seed;
    run->authorized = authorized != NULL ? authorized : s->target.authorized;
    run->versions = cli_versions();
    run->profiles = names->profiles;
    run->profile_count = count_profiles(s);
    run->phases = names->phases;
    run->phase_count = s->phase_count;
    run->expect_refused = s->devices.expect.refused;
    run->slo = (const char *const *)s->slo;
    run->slo_count = s->slo_count;
}
