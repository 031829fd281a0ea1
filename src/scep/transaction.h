/* transactionIDs in the forms that real clients use (RFC 8894 3.2.1.1 only asks for something unique). */
#ifndef SCEP_TRANSACTION_H
#define SCEP_TRANSACTION_H

#include "scep/types.h"

enum scep_id_form {
    SCEP_ID_RANDOM,         /* 32 upper-case hex digits */
    SCEP_ID_RSA_SHA1_UPPER, /* 40 of SHA-1 over the PKCS#1 RSAPublicKey; EC keys: over the SubjectPublicKeyInfo */
    SCEP_ID_SPKI_SHA1_UPPER, /* 40 of SHA-1 over the SubjectPublicKeyInfo */
    SCEP_ID_SPKI_SHA1_LOWER,
    SCEP_ID_SPKI_MD5_UPPER,   /* 32 */
    SCEP_ID_SPKI_SHA1_BASE64, /* 28 characters */
    SCEP_ID_FORM_COUNT
};

/* A fresh nonce, and an ID of this form: derived from `key`, or random but looking the same when `key` is NULL.
 * Fails: STAGE_BUILD with REASON_CRYPTO. */
bool scep_transaction_make(enum scep_id_form form, const struct pki_key *key, struct scep_transaction *out,
                           struct err *e) MUST_USE;
/* A fresh nonce for the next message of the same transaction (CertPoll, RFC 8894 4.4). */
bool scep_transaction_next(const struct scep_transaction *of, struct scep_transaction *out,
                           struct err *e) MUST_USE;

#endif
