/* The vocabulary of RFC 8894. Numbers are the wire's; a number that is none of these stays a number. */
#ifndef SCEP_TYPES_H
#define SCEP_TYPES_H

#include "pki/cert.h"

enum scep_message_type { /* 3.2.1.2 */
                         SCEP_CERT_REP = 3,
                         SCEP_RENEWAL_REQ = 17,
                         SCEP_UPDATE_REQ = 18, /* drafts only */
                         SCEP_PKCS_REQ = 19,
                         SCEP_CERT_POLL = 20,
                         SCEP_GET_CERT = 21,
                         SCEP_GET_CRL = 22,
};

enum scep_pki_status { SCEP_SUCCESS = 0, SCEP_FAILURE = 2, SCEP_PENDING = 3 }; /* 3.2.1.3 */

enum scep_fail_info { /* 3.2.1.4 */
                      SCEP_BAD_ALG = 0,
                      SCEP_BAD_MESSAGE_CHECK = 1,
                      SCEP_BAD_REQUEST = 2,
                      SCEP_BAD_TIME = 3,
                      SCEP_BAD_CERT_ID = 4,
};

#define SCEP_NONCE_BYTES        16
#define SCEP_TRANSACTION_ID_MAX 128 /* characters we send or accept */

/* "PKCSReq", "FAILURE", "badRequest"; "unknown" for other numbers. */
const char *scep_message_type_name(int type);
const char *scep_pki_status_name(int status);
const char *scep_fail_info_name(int fail_info);

/* What ties a reply to its request. */
struct scep_transaction {
    char id[SCEP_TRANSACTION_ID_MAX + 1];
    uint8_t sender_nonce[SCEP_NONCE_BYTES];
};

#endif
