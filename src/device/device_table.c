/* The rules, and nothing else. RFC 8894 2.5.1 has the transaction's own states: everything up to PKIOperation is its
 * CERT-NONEXISTENT, PKIOperation and verify are CERT-REQ-PENDING with the answer outstanding, and so is the pause before a
 * CertPoll. Several states after a rule: the persona, the answer and what has been tried already decide. */
#include "device/table.h"

/* clang-format off */
#define TO(state) (1u << DEVICE_##state)
#define RULE(name, to) {device_##name, #name, to}
#define ENDINGS  [DEVICE_TIMEOUT] = RULE(time_out, TO(ENDED)), [DEVICE_ABORT] = RULE(abandon, TO(ENDED))
#define FAILS    [DEVICE_FAILED] = RULE(fail, TO(OVER)), ENDINGS
#define RETRIES(to) [DEVICE_FAILED] = RULE(try_again, TO(OVER) | TO(PAUSED) | (to)), ENDINGS
#define REQUESTS (TO(PAUSED) | TO(GET_CA_CAPS) | TO(GET_CA_CERT) | TO(CSR))

const struct device_rule device_table[DEVICE_STATE_COUNT][DEVICE_EVENT_COUNT] = {
    [DEVICE_START]            = {[DEVICE_STARTS] = RULE(ask_challenge, TO(CHALLENGE)), [DEVICE_ABORT] = RULE(abandon, TO(ENDED))},
    [DEVICE_CHALLENGE]        = {[DEVICE_DONE]   = RULE(take_challenge, TO(GET_CA_CAPS) | TO(GET_CA_CERT) | TO(CSR)), FAILS},
    [DEVICE_PAUSED]           = {[DEVICE_WAKE]   = RULE(go_on, TO(CHALLENGE) | TO(GET_CA_CAPS) | TO(GET_CA_CERT) | TO(CSR) | TO(BUILD) | TO(GET_NEXT_CA_CERT)), ENDINGS},
    [DEVICE_GET_CA_CAPS]      = {[DEVICE_ANSWER] = RULE(take_caps, REQUESTS | TO(OVER)), RETRIES(TO(GET_CA_CAPS))},
    [DEVICE_GET_CA_CERT]      = {[DEVICE_ANSWER] = RULE(take_ca, TO(READ_CA) | TO(PAUSED) | TO(GET_CA_CERT) | TO(OVER)), RETRIES(TO(GET_CA_CERT))},
    [DEVICE_READ_CA]          = {[DEVICE_DONE]   = RULE(know_ca, REQUESTS), [DEVICE_FAILED] = RULE(doubt_ca, TO(OVER)), ENDINGS},
    [DEVICE_CSR]              = {[DEVICE_DONE]   = RULE(ask_message, TO(BUILD)), FAILS},
    [DEVICE_BUILD]            = {[DEVICE_DONE]   = RULE(ask_pki_operation, TO(PKI_OPERATION)), FAILS},
    [DEVICE_PKI_OPERATION]    = {[DEVICE_ANSWER] = RULE(take_reply, TO(VERIFY) | TO(PAUSED) | TO(BUILD) | TO(PKI_OPERATION) | TO(OVER)), RETRIES(TO(BUILD) | TO(PKI_OPERATION))},
    [DEVICE_VERIFY]           = {[DEVICE_REPLY]  = RULE(judge, TO(PAUSED) | TO(BUILD) | TO(OVER)), FAILS},
    [DEVICE_GET_NEXT_CA_CERT] = {[DEVICE_ANSWER] = RULE(take_next_ca, TO(READ_NEXT_CA) | TO(PAUSED) | TO(GET_NEXT_CA_CERT) | TO(OVER)), RETRIES(TO(GET_NEXT_CA_CERT))},
    [DEVICE_READ_NEXT_CA]     = {[DEVICE_DONE]   = RULE(finish, TO(OVER)), FAILS},
    [DEVICE_ENDED]            = {[DEVICE_STARTS] = RULE(ignore, TO(ENDED)), [DEVICE_WAKE]   = RULE(ignore, TO(ENDED)), [DEVICE_DONE]    = RULE(ignore, TO(ENDED)),
                                 [DEVICE_FAILED] = RULE(ignore, TO(ENDED)), [DEVICE_ANSWER] = RULE(ignore, TO(ENDED)), [DEVICE_REPLY]   = RULE(ignore, TO(ENDED)),
                                 [DEVICE_TIMEOUT] = RULE(ignore, TO(ENDED)), [DEVICE_ABORT] = RULE(ignore, TO(ENDED))},
};

/* "over" waits for nothing, so it has no events: the next errand begins at once, or there is none. */
const struct device_rule device_after_errand = RULE(next_errand, TO(PAUSED) | TO(CHALLENGE) | TO(CSR) | TO(BUILD) | TO(GET_NEXT_CA_CERT) | TO(ENDED));
/* clang-format on */
