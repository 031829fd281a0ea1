/* Why something failed, and where. One list each: enum, stable id (users script against it), sentence.
 *
 * A stage has the name of the step in summary.json ("steps"), so a failure and a latency line up.
 * Adding a reason: append it to the fitting block; its id never changes afterwards. */
#ifndef BASE_REASON_H
#define BASE_REASON_H

/* clang-format off */
#define BASE_STAGES(X) \
    X(STAGE_NONE,          "none") \
    X(STAGE_SETUP,         "setup") \
    X(STAGE_KEY,           "key") \
    X(STAGE_OTP,           "otp") \
    X(STAGE_DNS,           "dns") \
    X(STAGE_TCP,           "tcp") \
    X(STAGE_TLS,           "tls") \
    X(STAGE_GET_CA_CAPS,   "get_ca_caps") \
    X(STAGE_GET_CA_CERT,   "get_ca_cert") \
    X(STAGE_CSR,           "csr") \
    X(STAGE_BUILD,         "build") \
    X(STAGE_PKI_OPERATION, "pki_operation") \
    X(STAGE_CERT_POLL,     "cert_poll") \
    X(STAGE_VERIFY,        "verify") \
    X(STAGE_RENEWAL,       "renewal") \
    X(STAGE_GET_CERT,      "get_cert") \
    X(STAGE_GET_CRL,       "get_crl") \
    X(STAGE_GET_NEXT_CA_CERT, "get_next_ca_cert")

#define BASE_REASONS(X) \
    /* this program and its surroundings */ \
    X(REASON_NONE,                    "none",                    "no error") \
    X(REASON_USAGE,                   "usage",                   "wrong usage") \
    X(REASON_SCENARIO,                "scenario",                "the scenario has an error") \
    X(REASON_IO,                      "io",                      "a file could not be read or written") \
    X(REASON_NO_MEMORY,               "no_memory",               "out of memory") \
    X(REASON_LIMIT,                   "limit",                   "larger than the limit set for it") \
    X(REASON_INTERNAL,                "internal",                "the program contradicted itself") \
    X(REASON_CRYPTO,                  "crypto",                  "a cryptographic operation failed") \
    X(REASON_ABORTED,                 "aborted",                 "stopped before it was finished") \
    X(REASON_GENERATOR_LIMIT,         "generator_limit",         "this machine ran out of ports or descriptors") \
    X(REASON_KEYS_EXHAUSTED,          "keys_exhausted",          "the key pool has no key left for this device") \
    X(REASON_IN_FLIGHT,               "in_flight",               "as many devices as limits.in_flight allows were under way all the time") \
    /* network */ \
    X(REASON_DNS_FAILED,              "dns_failed",              "the host name was not resolved") \
    X(REASON_CONNECTION_REFUSED,      "connection_refused",      "nobody listens at that address and port") \
    X(REASON_CONNECT_TIMEOUT,         "connect_timeout",         "no answer to the connection request") \
    X(REASON_UNREACHABLE,             "unreachable",             "no route to the host") \
    X(REASON_CONNECTION_LOST,         "connection_lost",         "the connection broke before the answer was complete") \
    X(REASON_TLS_FAILED,              "tls_failed",              "the TLS handshake failed") \
    X(REASON_TLS_UNTRUSTED,           "tls_untrusted",           "the TLS certificate is not trusted, expired or has another name") \
    X(REASON_REQUEST_TIMEOUT,         "request_timeout",         "no complete answer within the request time-out") \
    X(REASON_DEVICE_TIMEOUT,          "device_timeout",          "the enrollment did not finish within the device time-out") \
    X(REASON_HTTP_STATUS,             "http_status",             "the server answered with an HTTP error") \
    X(REASON_REDIRECTED,              "redirected",              "the server redirected the request elsewhere") \
    X(REASON_HTTP_PROTOCOL,           "http_protocol",           "the answer is not HTTP") \
    X(REASON_BODY_TOO_LARGE,          "body_too_large",          "the answer is larger than any SCEP answer") \
    /* challenge */ \
    X(REASON_OTP_AUTH_REFUSED,        "otp_auth_refused",        "the OTP page refused the credentials") \
    X(REASON_OTP_CACHE_FULL,          "otp_cache_full",          "the OTP page says that the password cache is full") \
    X(REASON_OTP_NO_PERMISSION,       "otp_no_permission",       "the OTP page says that the account may not enroll") \
    X(REASON_OTP_PAGE_BLANK,          "otp_page_blank",          "the OTP page is blank") \
    X(REASON_OTP_PAGE_UNKNOWN,        "otp_page_unknown",        "the OTP page shows no password and no known text") \
    X(REASON_OTP_EXHAUSTED,           "otp_exhausted",           "the challenge source has no passwords left") \
    X(REASON_OTP_LOGIN_PAGE,          "otp_login_page",          "somebody else's login page stands in front of the OTP page") \
    X(REASON_OTP_SCHEME,              "otp_scheme",              "the OTP page offers no authentication scheme that can be used") \
    X(REASON_OTP_TICKET,              "otp_ticket",              "no Kerberos ticket for the OTP page") \
    X(REASON_OTP_ANSWER,              "otp_answer",              "the challenge source answered without a challenge") \
    X(REASON_OTP_COMMAND,             "otp_command",             "the command that prints challenges failed") \
    /* GetCACaps and GetCACert */ \
    X(REASON_CA_CERT_MALFORMED,       "ca_cert_malformed",       "GetCACert returned neither a certificate nor a certificates-only PKCS#7") \
    X(REASON_CA_CERT_NO_RECIPIENT,    "ca_cert_no_recipient",    "GetCACert returned no RSA certificate to encrypt to") \
    X(REASON_CA_CERT_EXPIRED,         "ca_cert_expired",         "the CA certificate is not within its validity period") \
    X(REASON_RA_CERT_EXPIRED,         "ra_cert_expired",         "an RA certificate is not within its validity period") \
    X(REASON_CONTENT_TYPE,            "content_type",            "the Content-Type is none that this client takes") \
    X(REASON_RA_CHAIN,                "ra_chain",                "an RA certificate was not issued by the CA certificate beside it") \
    /* CertRep */ \
    X(REASON_NOT_SCEP,                "not_scep",                "the answer to PKIOperation is not a CertRep") \
    X(REASON_MALFORMED,               "malformed",               "the message cannot be decoded") \
    X(REASON_UNSUPPORTED_ALGORITHM,   "unsupported_algorithm",   "the message uses an algorithm that is not supported") \
    X(REASON_SIGNER_UNKNOWN,          "signer_unknown",          "the signer is neither in the message nor among the CA certificates") \
    X(REASON_BAD_SIGNATURE,           "bad_signature",           "the signature does not verify") \
    X(REASON_BAD_DIGEST,              "bad_digest",              "the messageDigest does not match the content") \
    X(REASON_SIGNED_CONTENT_TYPE,     "signed_content_type",     "the signed contentType is not that of the content") \
    X(REASON_MESSAGE_TYPE,            "message_type",            "the messageType is not the expected one") \
    X(REASON_TRANSACTION_MISMATCH,    "transaction_mismatch",    "the transactionID is not the request's") \
    X(REASON_NONCE_MISMATCH,          "nonce_mismatch",          "the recipientNonce is not the request's senderNonce") \
    X(REASON_STATUS_UNKNOWN,          "status_unknown",          "the pkiStatus is none of 0, 2 and 3") \
    X(REASON_STATUS_CONTENT,          "status_content",          "pkiStatus and content contradict each other") \
    X(REASON_SCEP_FAILURE,            "scep_failure",            "the server refused the request (pkiStatus FAILURE)") \
    X(REASON_SCEP_PENDING,            "scep_pending",            "the request waits for approval (pkiStatus PENDING)") \
    X(REASON_DECRYPT,                 "decrypt",                 "the envelope cannot be opened with the key at hand") \
    X(REASON_NO_CERTIFICATE,          "no_certificate",          "the server said SUCCESS but sent no certificate for the requested key") \
    X(REASON_KEY_MISMATCH,            "key_mismatch",            "the certificate is for another key") \
    X(REASON_SUBJECT_MISMATCH,        "subject_mismatch",        "the certificate is for another subject") \
    X(REASON_CHAIN,                   "chain",                   "the certificate does not chain to the CA certificates") \
    X(REASON_CERT_EXPIRED,            "cert_expired",            "the certificate is not within its validity period") \
    X(REASON_EXPECTATION,             "expectation",             "the certificate is not what the scenario expects") \
    X(REASON_RENEWAL_SAME_CERTIFICATE, "renewal_same_certificate", "the server returned the certificate that was to be renewed") \
    X(REASON_POLL_LIMIT,              "poll_limit",              "the request still waited for approval when polling ended") \
    X(REASON_WRONG_CERTIFICATE,       "wrong_certificate",       "the server returned another certificate than the one asked for") \
    X(REASON_CRL_MISSING,             "crl_missing",             "the server said SUCCESS but sent no CRL of that CA") \
    X(REASON_CRL_STALE,               "crl_stale",               "the CRL is not within its validity period") \
    X(REASON_NEXT_CA_SIGNATURE,       "next_ca_signature",       "the next CA certificates are not signed by the current CA") \
    X(REASON_NOT_ANNOUNCED,           "not_announced",           "not tried, since the server does not announce it") \
    X(REASON_WRONG_PASSWORD,          "wrong_password",          "the challengePassword is wrong") \
    X(REASON_UNEXPECTED_EVENT,        "unexpected_event",        "something happened that the device did not expect in this state")
/* clang-format on */

#define BASE_AS_ENUM2(e, id)           e,
#define BASE_AS_ENUM3(e, id, sentence) e,

enum stage { BASE_STAGES(BASE_AS_ENUM2) STAGE_COUNT };
enum reason { BASE_REASONS(BASE_AS_ENUM3) REASON_COUNT };

/* Stable ids ("get_ca_caps", "ra_cert_expired") and the sentence of a reason. Static strings. */
const char *base_stage_id(enum stage stage);
const char *base_reason_id(enum reason reason);
const char *base_reason_sentence(enum reason reason);

#endif
