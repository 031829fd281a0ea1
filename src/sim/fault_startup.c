/* Faults that keep NDES from starting, or show in what it starts with (F.2.4). */
#include "sim/fault_kinds.h"

enum { NOT_RESTARTED, RESTARTED };
static const char *const no_yes[] = {"no", "yes", NULL};

/* Until the pool restarts only the dates tell; afterwards mscep.dll does not start. */
static void ra_expired(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    if (fault->value[0] == RESTARTED)
        effects->extension = SIM_ERROR_IIS_500;
    else
        effects->guise = SIM_GUISE_RA_AGED;
}

static const struct sim_fault_kind kinds[] = {
    {.id = "ra-cert-expired", .keys = {{.name = "restarted", .choices = no_yes}}, .apply = ra_expired},
};
SIM_FAULT_FAMILY(sim_faults_startup, kinds);
