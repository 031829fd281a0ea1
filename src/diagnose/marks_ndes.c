#include "diagnose/marks.h"

/* Events of NDES itself: ndes.md D. The provider's name is long; third parties shorten it. */

#define NDES "NetworkDeviceEnrollmentService|Network Device Enrollment|=MSCEP|=NDES"

#define EVENT(name, number, text)                                                                            \
    .id = (name), .kind = EVIDENCE_EVENTS, .provider = NDES, .event = (number), .says = (text)
/* The start failed for a reason that is one of the RA certificates'. */
#define RA(x)                                                                                                \
    {"ra-cert-expired", x}, {"ra-cert-missing", x}, {"ra-key-access-denied", x}, {"ra-cert-wrong-ca", x},    \
        {"ra-cert-revoked", x}, {"crl-unreachable", x},                                                      \
    {                                                                                                        \
        "ra-key-cng-provider", x                                                                             \
    }
#define OTHER_START(x)                                                                                       \
    {"registry-inconsistent", x}, {"static-password-undecryptable", x}, {"policy-module-load-failed", x},    \
        {"handler-order-conflict", x},                                                                       \
    {                                                                                                        \
        "static-password-key-unwritable", x                                                                  \
    }

static const struct mark ndes[] = {
    {EVENT("ndes-1", 1, "NDES event 1: the service started")},
    {EVENT("ndes-3", 3, "NDES event 3: the service stopped")},
    {EVENT("ndes-2", 2, "NDES event 2: the service cannot be started"), .problem = "start-failed",
     .weight = 5,
     .speaks =
         SPEAKS({"impersonation-right-missing", 0.02}, {"iis-config-invalid", 0.02}, {"file-acl-denied", 0.1},
                {"service-account-password-expired", 0.1}, {"service-account-locked", 0.1})},
    {EVENT("ndes-10", 10, "NDES event 10: one of the required certificates cannot be retrieved"),
     .problem = "start-failed", .weight = 5,
     .speaks = SPEAKS(RA(3), {"handler-order-conflict", 0.1}, {"static-password-undecryptable", 0.1},
                      {"policy-module-load-failed", 0.2})},
    {EVENT("ndes-2-57", 2, "NDES event 2 with 0x80070057: no usable RA certificate"), .code = 0x80070057,
     .speaks = SPEAKS(RA(6), OTHER_START(0.03), {"app-pool-identity-mismatch", 1.5})},
    {EVENT("ndes-2-02", 2,
           "NDES event 2 with 0x80070002: something in the registry, or the module, is missing"),
     .code = 0x80070002,
     .speaks = SPEAKS(RA(0.03), {"registry-inconsistent", 60}, {"static-password-key-unwritable", 20},
                      {"policy-module-load-failed", 20}, {"static-password-undecryptable", 0.1},
                      {"handler-order-conflict", 0.05}, {"app-pool-identity-mismatch", 0.2})},
    {EVENT("ndes-2-0b", 2,
           "NDES event 2 with 0x8009000B: the static password was protected by another identity"),
     .code = 0x8009000B, .speaks = SPEAKS({"static-password-undecryptable", 2000}, RA(0.1))},
    {EVENT("ndes-2-ea", 2, "NDES event 2 with 0x800700EA: the order of IIS's handlers"), .code = 0x800700EA,
     .speaks = SPEAKS({"handler-order-conflict", 3000}, RA(0.05))},
    {EVENT("ndes-2-key", 2, "NDES event 2 with 0x80090010: the key refuses the pool's account"),
     .code = 0x80090010, .speaks = SPEAKS({"ra-key-access-denied", 100}, {"app-pool-identity-mismatch", 10})},
    {EVENT("ndes-2-keyset", 2, "NDES event 2 with 0x80090016: the key is not there or cannot be read"),
     .code = 0x80090016,
     .speaks =
         SPEAKS({"ra-key-access-denied", 40}, {"app-pool-identity-mismatch", 8}, {"ra-cert-missing", 8})},
    {EVENT("ndes-2-provider", 2, "NDES event 2 with 0x80090014: a key provider that NDES cannot use"),
     .code = 0x80090014, .speaks = SPEAKS({"ra-key-cng-provider", 1000})},
    {EVENT("ndes-2-05", 2, "NDES event 2 with 0x80070005: access denied"), .code = 0x80070005,
     .speaks = SPEAKS({"ra-key-access-denied", 12}, {"static-password-key-unwritable", 20},
                      {"app-pool-identity-mismatch", 8}, {"ra-cert-expired", 0.2}, {"crl-unreachable", 0.1})},
    {EVENT("ndes-2-revoked", 2, "NDES event 2: a certificate is revoked (0x80092010)"), .code = 0x80092010,
     .speaks = SPEAKS({"ra-cert-revoked", 500})},
    {EVENT("ndes-2-revoked-chain", 2, "NDES event 2: a certificate is revoked (0x800B010C)"),
     .code = 0x800B010C, .speaks = SPEAKS({"ra-cert-revoked", 500})},
    {EVENT("ndes-2-nocheck", 2, "NDES event 2: revocation cannot be checked (0x80092012)"),
     .code = 0x80092012, .speaks = SPEAKS({"crl-unreachable", 300})},
    {EVENT("ndes-2-offline", 2, "NDES event 2: the revocation server is offline (0x80092013)"),
     .code = 0x80092013, .speaks = SPEAKS({"crl-unreachable", 500})},
    {EVENT("ndes-2-expired", 2, "NDES event 2: a certificate is not within its validity (0x800B0101)"),
     .code = 0x800B0101, .speaks = SPEAKS({"ra-cert-expired", 200}, {"clock-skew", 5})},
    {EVENT("ndes-2-root", 2, "NDES event 2: a chain ends in an untrusted root (0x800B0109)"),
     .code = 0x800B0109, .speaks = SPEAKS({"ra-cert-wrong-ca", 60}, {"ca-renewed-ra-stale", 30})},
    {EVENT("ndes-2-chain", 2, "NDES event 2: a chain is incomplete (0x800B010A)"), .code = 0x800B010A,
     .speaks = SPEAKS({"ra-cert-wrong-ca", 30}, {"ca-renewed-ra-stale", 15})},
    {EVENT("ndes-6", 6,
           "NDES event 6: no password for a caller who may not enroll for the template, or the CA does not "
           "offer it"),
     .problem = "otp-permission", .weight = 3},
    {EVENT("ndes-7", 7, "NDES event 7: the CA's certificates cannot be returned"), .problem = "ca-info",
     .weight = 3, .speaks = SPEAKS({"ca-config-wrong", 40})},
    {EVENT("ndes-8", 8, "NDES event 8: no information about the CA"), .problem = "ca-info", .weight = 3,
     .speaks = SPEAKS({"ca-config-wrong", 40})},
    {EVENT("ndes-9", 9, "NDES event 9: the CA's certificate"), .problem = "ca-info", .weight = 3,
     .speaks = SPEAKS({"ca-config-wrong", 40})},
    {EVENT("ndes-16", 16, "NDES event 16: a client's HTTP message cannot be decoded"), .problem = "message",
     .speaks =
         SPEAKS({"malformed-pkimessage", 15}, {"payload-truncated", 15}, {"proxy-strips-query-or-body", 15},
                {"message-encrypted-to-wrong-cert", 0.03}, {"mdm-stale-ra-certs", 0.03})},
    {EVENT("ndes-17", 17,
           "NDES event 17: no transaction ID, type or signer in a client's message (0x8009310B)"),
     .problem = "message",
     .speaks =
         SPEAKS({"malformed-pkimessage", 15}, {"payload-truncated", 15}, {"proxy-strips-query-or-body", 10},
                {"message-encrypted-to-wrong-cert", 0.03}, {"mdm-stale-ra-certs", 0.03})},
    {EVENT("ndes-18", 18, "NDES event 18: a client's message cannot be decrypted (0x80090005)"),
     .problem = "message",
     .speaks = SPEAKS({"message-encrypted-to-wrong-cert", 60}, {"mdm-stale-ra-certs", 60},
                      {"malformed-pkimessage", 0.1}, {"payload-truncated", 0.1},
                      {"proxy-strips-query-or-body", 0.05})},
    {EVENT("ndes-19", 19, "NDES event 19: a client's message cannot be processed"), .problem = "message"},
    {EVENT("ndes-28", 28, "NDES event 28: a renewal was refused"), .problem = "renewal"},
    {EVENT("ndes-29", 29, "NDES event 29: a password cannot be verified"), .problem = "password"},
    {EVENT("ndes-26", 26, "NDES event 26: a password does not match (29 in all sources but one)"),
     .problem = "password"},
    {EVENT("ndes-31", 31, "NDES event 31: a request could not be submitted to the CA"), .problem = "ca"},
    {EVENT("ndes-49", 49, "NDES event 49: the static password cannot be decrypted"),
     .problem = "start-failed", .weight = 3, .speaks = SPEAKS({"static-password-undecryptable", 2000})},
    {EVENT("ndes-53", 53, "NDES event 53: the policy module cannot be started"), .problem = "start-failed",
     .weight = 3,
     .speaks = SPEAKS({"policy-module-load-failed", 2000}, {"registry-inconsistent", 0.1}, RA(0.05))},
};
const struct marks marks_ndes = {ndes, sizeof ndes / sizeof ndes[0]};
