#include "sim/refusals.h"

#define SIM_DEFINE_REFUSAL(name, info, code, words, logs)                                                    \
    const struct sim_refusal name = {                                                                        \
        .set = true, .fail_info = (info), .hresult = UINT32_C(code), .text = (words), .event = (logs)};
SIM_REFUSALS(SIM_DEFINE_REFUSAL)

#define SIM_DEFINE_BY_CA(refusal, code, name, sentence)                                                      \
    const struct sim_refusal refusal = {                                                                     \
        .set = true,                                                                                         \
        .fail_info = SCEP_BAD_REQUEST,                                                                       \
        .hresult = UINT32_C(0x##code),                                                                       \
        .text = sentence " 0x" #code " " name " Denied by Policy Module",                                    \
        .event = "NDES 31",                                                                                  \
        .logged = (sentence),                                                                                \
        .by_ca = true,                                                                                       \
    };
SIM_REFUSALS_BY_CA(SIM_DEFINE_BY_CA)

const struct sim_refusal SIM_REFUSE_PROXY_GATEWAY = {.set = true, .page = SIM_ERROR_BAD_GATEWAY};
