/* The rules, and nothing else. RFC 8894 2.5.1 has the transaction's own states: everything up to PKIOperation is its
 * CERT-NONEXISTENT, PKIOperation and verify are CERT-REQ-PENDING with the answer outstanding. PENDING ends the device for
 * now; polling will be one more state between verify and PKIOperation. */
#include "device/table.h"

/* clang-format off */
#define RULE(name, next) {device_##name, #name, DEVICE_##next}
#define ENDINGS \
    [DEVICE_FAILED] = RULE(fail, ENDED), [DEVICE_TIMEOUT] = RULE(time_out, ENDED), [DEVICE_ABORT] = RULE(abandon, ENDED)

const struct device_rule device_table[DEVICE_STATE_COUNT][DEVICE_EVENT_COUNT] = {
    [DEVICE_START]         = {[DEVICE_STARTS] = RULE(ask_challenge,     CHALLENGE),     [DEVICE_ABORT] = RULE(abandon, ENDED)},
    [DEVICE_CHALLENGE]     = {[DEVICE_DONE]   = RULE(ask_caps,          GET_CA_CAPS),   ENDINGS},
    [DEVICE_GET_CA_CAPS]   = {[DEVICE_ANSWER] = RULE(take_caps,         GET_CA_CERT),   ENDINGS},
    [DEVICE_GET_CA_CERT]   = {[DEVICE_ANSWER] = RULE(take_ca,           READ_CA),       ENDINGS},
    [DEVICE_READ_CA]       = {[DEVICE_DONE]   = RULE(ask_csr,           CSR),           ENDINGS},
    [DEVICE_CSR]           = {[DEVICE_DONE]   = RULE(ask_message,       BUILD),         ENDINGS},
    [DEVICE_BUILD]         = {[DEVICE_DONE]   = RULE(ask_pki_operation, PKI_OPERATION), ENDINGS},
    [DEVICE_PKI_OPERATION] = {[DEVICE_ANSWER] = RULE(take_reply,        VERIFY),        ENDINGS},
    [DEVICE_VERIFY]        = {[DEVICE_REPLY]  = RULE(judge,             ENDED),         ENDINGS},
    [DEVICE_ENDED]         = {[DEVICE_STARTS] = RULE(ignore, ENDED), [DEVICE_DONE]  = RULE(ignore, ENDED), [DEVICE_FAILED]  = RULE(ignore, ENDED),
                              [DEVICE_ANSWER] = RULE(ignore, ENDED), [DEVICE_REPLY] = RULE(ignore, ENDED), [DEVICE_TIMEOUT] = RULE(ignore, ENDED),
                              [DEVICE_ABORT]  = RULE(ignore, ENDED)},
};
/* clang-format on */
