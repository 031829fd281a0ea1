/* The refusals there are: failInfo, HRESULT and, where the CA refuses, its words (ndes.md B.2, B.4, B.5, E.3).
 * Rows without a capture or a report behind them are marked inferred. */
#ifndef NDES_REFUSALS_H
#define NDES_REFUSALS_H

#include "ndes/effects.h"
#include "scep/types.h"

/* clang-format off */
/* Name, failInfo, HRESULT, words in the reply, event of NDES. */
#define NDES_REFUSALS(X) \
    /* NDES itself: no words (B.1) */ \
    X(NDES_REFUSE_PASSWORD_UNKNOWN, SCEP_BAD_MESSAGE_CHECK, 0x80070490, NULL, "NDES 29") \
    X(NDES_REFUSE_PASSWORD_USED,    SCEP_BAD_MESSAGE_CHECK, 0x800B0110, NULL, "NDES 29") \
    X(NDES_REFUSE_PASSWORD_MISSING, SCEP_BAD_MESSAGE_CHECK, 0x80096004, NULL, "NDES 29") \
    X(NDES_REFUSE_TYPE,             SCEP_BAD_REQUEST,       0x80070057, NULL, NULL) /* captured: GetCRL */ \
    X(NDES_REFUSE_SIGNATURE,        SCEP_BAD_MESSAGE_CHECK, 0x80090006, NULL, NULL) /* inferred */ \
    X(NDES_REFUSE_ALGORITHM,        SCEP_BAD_ALG,           0x80090008, NULL, NULL) /* inferred */ \
    X(NDES_REFUSE_MALFORMED,        SCEP_BAD_REQUEST,       0x8009310B, NULL, NULL) /* inferred */ \
    X(NDES_REFUSE_NOT_PENDING,      SCEP_BAD_REQUEST,       0x80070490, NULL, NULL) /* inferred */ \
    X(NDES_REFUSE_NOT_PENDING_ID,   SCEP_BAD_CERT_ID,       0x80070490, NULL, NULL) /* inferred */ \
    X(NDES_REFUSE_RENEWAL_SIGNER,   SCEP_BAD_REQUEST,       0x800B0109, NULL, "NDES 28") /* inferred */ \
    X(NDES_REFUSE_RENEWAL_EXPIRED,  SCEP_BAD_REQUEST,       0x800B0101, NULL, "NDES 28") /* inferred */ \
    X(NDES_REFUSE_RENEWAL_SUBJECT,  SCEP_BAD_REQUEST,       0x80094806, NULL, "NDES 28") /* inferred */ \
    /* HRESULT and failInfo were not recorded: none, and the general one (B.2) */ \
    X(NDES_REFUSE_RENEWAL,          SCEP_BAD_REQUEST,       0,          NULL, "NDES 28") /* inferred */ \
    /* what NDES never answers: GetCert */ \
    X(NDES_REFUSE_NO_SUCH_CERT,     SCEP_BAD_CERT_ID,       0x80092004, NULL, NULL) /* inferred */ \
    /* Intune: the words of E.3. That they travel in the reply, and the HRESULT, is inferred */ \
    X(NDES_REFUSE_INTUNE_MISSING,     SCEP_BAD_REQUEST, 0x80004005, "Challenge password missing", NULL) \
    X(NDES_REFUSE_INTUNE_DECODING,    SCEP_BAD_REQUEST, 0x80004005, "Challenge decoding error", NULL) \
    X(NDES_REFUSE_INTUNE_FORM,        SCEP_BAD_REQUEST, 0x80004005, "Challenge deserialization error", NULL) \
    X(NDES_REFUSE_INTUNE_SIGNATURE,   SCEP_BAD_REQUEST, 0x80004005, "Signature validation failed", NULL) \
    X(NDES_REFUSE_INTUNE_EXPIRED,     SCEP_BAD_REQUEST, 0x80004005, "Challenge expired", NULL) \
    X(NDES_REFUSE_INTUNE_NO_SUBJECT,  SCEP_BAD_REQUEST, 0x80004005, "Subject name missing", NULL) \
    X(NDES_REFUSE_INTUNE_SUBJECT,     SCEP_BAD_REQUEST, 0x80004005, "Subject name mismatch", NULL) \
    X(NDES_REFUSE_INTUNE_NO_SAN,      SCEP_BAD_REQUEST, 0x80004005, "Subject alternative name missing", NULL) \
    X(NDES_REFUSE_INTUNE_SAN,         SCEP_BAD_REQUEST, 0x80004005, "Subject alternative name mismatch", NULL) \
    X(NDES_REFUSE_INTUNE_NO_EKU,      SCEP_BAD_REQUEST, 0x80004005, "Extended key usage missing", NULL) \
    X(NDES_REFUSE_INTUNE_EKU,         SCEP_BAD_REQUEST, 0x80004005, "Extended key usage mismatch", NULL) \
    X(NDES_REFUSE_INTUNE_KEY_USAGE,   SCEP_BAD_REQUEST, 0x80004005, "Key usage mismatch", NULL) \
    X(NDES_REFUSE_INTUNE_KEY_LENGTH,  SCEP_BAD_REQUEST, 0x80004005, "Key length mismatch", NULL) \
    /* an MDM as proxy: nobody has published what its refusals look like (E.5) */ \
    X(NDES_REFUSE_PROXY_CHALLENGE,  SCEP_BAD_MESSAGE_CHECK, 0, NULL, NULL) /* inferred */

/* The CA behind NDES, by its own rules: name, HRESULT, its name, words. Others are made by ndes/ca_errors.h. */
#define NDES_REFUSALS_BY_CA(X) \
    X(NDES_REFUSE_TEMPLATE_DENIED, 80094012, "(-2146877422 CERTSRV_E_TEMPLATE_DENIED)", \
      "The permissions on the certificate template do not allow the current user to enroll for this " \
      "type of certificate.") \
    X(NDES_REFUSE_SUBJECT,         80094001, "(-2146877439 CERTSRV_E_BAD_REQUESTSUBJECT)", \
      "The request subject name is invalid or too long.") \
    X(NDES_REFUSE_KEY_LENGTH,      80094811, "(-2146875375 CERTSRV_E_KEY_LENGTH)", \
      "The public key does not meet the minimum size required by the specified certificate template.")
/* clang-format on */

#define NDES_DECLARE_REFUSAL(name, ...) extern const struct ndes_refusal name;
NDES_REFUSALS(NDES_DECLARE_REFUSAL)
NDES_REFUSALS_BY_CA(NDES_DECLARE_REFUSAL)
#undef NDES_DECLARE_REFUSAL

/* The CA's answer to a poll: who asked is told nothing more than that. Inferred. */
extern const struct ndes_refusal NDES_REFUSE_DENIED;

/* The proxy got no password from NDES: a page, no CertRep. */
extern const struct ndes_refusal NDES_REFUSE_PROXY_GATEWAY;

#endif
