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
        .ca_event = "CA 53",                                                                                 \
    };
SIM_REFUSALS_BY_CA(SIM_DEFINE_BY_CA)

const struct sim_refusal SIM_REFUSE_DENIED = {
    .set = true,
    .fail_info = SCEP_BAD_REQUEST,
    .hresult = UINT32_C(0x80094014),
    .text = "The request was denied by a certificate manager or CA administrator. "
            "0x80094014 (-2146877420 CERTSRV_E_ADMIN_DENIED_REQUEST)",
    .ca_event = "CA 53",
};

const struct sim_refusal SIM_REFUSE_PROXY_GATEWAY = {.set = true, .page = SIM_ERROR_BAD_GATEWAY};
