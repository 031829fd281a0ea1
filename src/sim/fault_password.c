/* Faults of the password in the request (F.2.6). */
#include "sim/fault_kinds.h"

static void passwords_unknown(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->password = SIM_PASSWORD_UNKNOWN;
}

static const struct sim_fault_kind kinds[] = {
    {.id = "password-wrong", .apply = passwords_unknown},
};
SIM_FAULT_FAMILY(sim_faults_password, kinds);
