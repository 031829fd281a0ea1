#include "ndes/refusals.h"

#define NDES_DEFINE_REFUSAL(name, info, code, words, logs)                                                   \
    const struct ndes_refusal name = {                                                                       \
        .set = true, .fail_info = (info), .hresult = UINT32_C(code), .text = (words), .event = (logs)};
NDES_REFUSALS(NDES_DEFINE_REFUSAL)

#define NDES_DEFINE_BY_CA(refusal, code, name, sentence)                                                     \
    const struct ndes_refusal refusal = {                                                                    \
        .set = true,                                                                                         \
        .fail_info = SCEP_BAD_REQUEST,                                                                       \
        .hresult = UINT32_C(0x##code),                                                                       \
        .text = sentence " 0x" #code " " name " Denied by Policy Module",                                    \
        .event = "NDES 31",                                                                                  \
        .logged = (sentence),                                                                                \
        .by_ca = true,                                                                                       \
        .ca_event = "CA 53",                                                                                 \
    };
NDES_REFUSALS_BY_CA(NDES_DEFINE_BY_CA)

const struct ndes_refusal NDES_REFUSE_DENIED = {
    .set = true,
    .fail_info = SCEP_BAD_REQUEST,
    .hresult = UINT32_C(0x80094014),
    .text = "The request was denied by a certificate manager or CA administrator. "
            "0x80094014 (-2146877420 CERTSRV_E_ADMIN_DENIED_REQUEST)",
    .ca_event = "CA 53",
};

const struct ndes_refusal NDES_REFUSE_PROXY_GATEWAY = {.set = true, .page = NDES_ERROR_BAD_GATEWAY};
