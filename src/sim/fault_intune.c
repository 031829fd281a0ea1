/* Faults of the Intune connector and its challenges (F.2.8). */
#include "scep/types.h"
#include "sim/fault_kinds.h"

#define E_FAIL INT64_C(0x80004005)

/* An Intune-attached server whose challenge cannot be verified: 403 on the bare URL is healthy there (A.2). The HRESULT is
 * inferred, no capture is known. The OTP page is left alone, so that devices of any scenario come as far as the refusal. */
static void connector(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    effects->at[SIM_OP_BARE] = SIM_ERROR_IIS_403;
    effects->module = (struct sim_refusal){
        .set = true, .fail_info = SCEP_BAD_REQUEST, .hresult = (uint32_t)fault->value[0]};
}

static const struct sim_fault_kind kinds[] = {
    {.id = "connector-outdated",
     .keys = {{.name = "hresult", .kind = SIM_KEY_CODE, .value = E_FAIL}},
     .apply = connector},
    {.id = "connector-stopped",
     .keys = {{.name = "hresult", .kind = SIM_KEY_CODE, .value = E_FAIL}},
     .apply = connector},
};
SIM_FAULT_FAMILY(sim_faults_intune, kinds);
