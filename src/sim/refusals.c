#include "sim/refusals.h"

#define SIM_DEFINE_REFUSAL(name, info, code, words)                                                          \
    const struct sim_refusal name = {                                                                        \
        .set = true, .fail_info = (info), .hresult = UINT32_C(code), .text = (words)};
SIM_REFUSALS(SIM_DEFINE_REFUSAL)

const struct sim_refusal SIM_REFUSE_PROXY_GATEWAY = {.set = true, .page = SIM_ERROR_BAD_GATEWAY};
