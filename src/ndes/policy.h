/* What the simulated server allows and how it answers, where real servers differ: choices as data, and as the texts of the
 * command line. The evidence for each default stands beside NDES_POLICY_DEFAULTS. */
#ifndef NDES_POLICY_H
#define NDES_POLICY_H

#include "ndes/pending.h"
#include "pki/algorithm.h"

enum ndes_mode {
    NDES_STANDALONE, /* NDES with one-time passwords */
    NDES_INTUNE,     /* NDES with a stand-in for the Intune policy module */
    NDES_PROXY, /* an MDM that takes the device's request and enrolls in its place (Jamf Pro as SCEP proxy) */
};

/* What NDES does not answer unless told to. Bits. */
enum {
    NDES_OPERATION_GET_CERT = 1 << 0,
    NDES_OPERATION_GET_CRL = 1 << 1,
    NDES_OPERATION_GET_NEXT_CA_CERT = 1 << 2,
    NDES_OPERATION_UPDATE = 1 << 3, /* UpdateReq (18) of the drafts, taken as a RenewalReq */
};

/* Oddities of servers in the field. Bits. */
enum {
    /* A request for a key that has a certificate of the same subject gets that certificate, with SUCCESS. */
    NDES_QUIRK_SAME_KEY_RETURNS_OLD = 1 << 0,
};

struct ndes_policy {
    enum ndes_mode mode;
    unsigned operations; /* NDES_OPERATION_* */
    unsigned quirks;     /* NDES_QUIRK_* */
    struct ndes_approval approval;
    int64_t remembered_us; /* CacheRequest: how long a transactionID is known */
    bool repeats;          /* a request that is seen again gets the certificate it got before */
    enum pki_digest reply_digest;
    bool reply_cipher_fixed; /* false: that of the request */
    enum pki_cipher reply_cipher;
    enum pki_transport reply_transport;
    unsigned min_key_bits; /* of the certificate template; RSA */
    int64_t cert_validity_s;
    size_t ledger_max; /* issued certificates that the CA remembers */
};
extern const struct ndes_policy NDES_POLICY_DEFAULTS;

/* Each fails REASON_USAGE, naming the words there are, and leaves *out alone then. */
bool ndes_policy_mode(const char *text, enum ndes_mode *out, struct err *e) MUST_USE; /* "intune" */
/* "after-polls=2,then=issue" "after=30s,then=deny"; `then` may be left out: issue. */
bool ndes_policy_approval(const char *text, struct ndes_approval *out, struct err *e) MUST_USE;
bool ndes_policy_operations(const char *text, unsigned *out, struct err *e) MUST_USE; /* "get-cert,get-crl" */
bool ndes_policy_quirks(const char *text, unsigned *out, struct err *e) MUST_USE;
bool ndes_policy_repeats(const char *text, bool *out, struct err *e) MUST_USE;              /* "same" "new" */
bool ndes_policy_digest(const char *text, struct ndes_policy *out, struct err *e) MUST_USE; /* "sha1" */
bool ndes_policy_cipher(const char *text, struct ndes_policy *out,
                        struct err *e) MUST_USE; /* "mirror" "des-cbc" */
bool ndes_policy_transport(const char *text, struct ndes_policy *out, struct err *e) MUST_USE; /* "oaep" */

/* What GetCACaps answers by default with this policy: comma-separated. Static. */
const char *ndes_policy_caps(const struct ndes_policy *policy);

#endif
