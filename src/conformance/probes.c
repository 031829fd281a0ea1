/* The probes as data. What NDES says to each is from published reports; rows without one are marked inferred. */
#include "conformance/conformance.h"

#include "base/text.h"

#include <string.h>

#define END                                                                                                  \
    {                                                                                                        \
        -1, 0, false                                                                                         \
    }
#define ANY(info)                                                                                            \
    {                                                                                                        \
        info, CONFORMANCE_ANY_HRESULT, false                                                                 \
    }
#define BARE(info)                                                                                           \
    {                                                                                                        \
        info, CONFORMANCE_NO_HRESULT, false                                                                  \
    }
#define EXACT(info, number)                                                                                  \
    {                                                                                                        \
        info, number, false                                                                                  \
    }
#define TAKEN(info)                                                                                          \
    {                                                                                                        \
        info, CONFORMANCE_ANY_HRESULT, true                                                                  \
    }
#define TAKEN_BARE(info)                                                                                     \
    {                                                                                                        \
        info, CONFORMANCE_NO_HRESULT, true                                                                   \
    }

typedef const struct conformance_reason reasons[];

/* RFC 8894 has no failInfo for passwords: "transaction not permitted" fits. NDES says badMessageCheck and is more exact in
 * its HRESULT; others copied its failInfo. */
static reasons wrong_password = {BARE(SCEP_BAD_REQUEST), EXACT(SCEP_BAD_MESSAGE_CHECK, 0x80070490),
                                 TAKEN_BARE(SCEP_BAD_MESSAGE_CHECK), END};
static reasons used_password = {BARE(SCEP_BAD_REQUEST), EXACT(SCEP_BAD_MESSAGE_CHECK, 0x800B0110),
                                EXACT(SCEP_BAD_MESSAGE_CHECK, 0x80070490), TAKEN_BARE(SCEP_BAD_MESSAGE_CHECK),
                                END};
static reasons no_password = {BARE(SCEP_BAD_REQUEST), EXACT(SCEP_BAD_MESSAGE_CHECK, 0x80096004),
                              TAKEN_BARE(SCEP_BAD_MESSAGE_CHECK), END};
static reasons integrity = {ANY(SCEP_BAD_MESSAGE_CHECK), END};
static reasons not_opened = {ANY(SCEP_BAD_MESSAGE_CHECK), TAKEN(SCEP_BAD_REQUEST), END};
static reasons not_readable = {ANY(SCEP_BAD_REQUEST), TAKEN(SCEP_BAD_MESSAGE_CHECK), END};
static reasons not_supported = {ANY(SCEP_BAD_REQUEST), END};
static reasons no_certificate = {ANY(SCEP_BAD_CERT_ID), TAKEN(SCEP_BAD_REQUEST), END};
static reasons too_late = {ANY(SCEP_BAD_TIME), END};
static reasons seen_before = {ANY(SCEP_BAD_REQUEST), EXACT(SCEP_BAD_MESSAGE_CHECK, 0x800B0110),
                              EXACT(SCEP_BAD_MESSAGE_CHECK, 0x80070490), TAKEN(SCEP_BAD_TIME), END};
static reasons algorithm = {ANY(SCEP_BAD_ALG), END};
static reasons string_type = {TAKEN(SCEP_BAD_MESSAGE_CHECK), TAKEN(SCEP_BAD_REQUEST), END};
static reasons none = {END};

/* A page: NDES answers so what it cannot decode or decrypt, and the Go servers by 400 or 500. */
static const int pages[] = {200, 400, 500, 0};
static const int too_long[] = {414, 413, 431, 400, 403, 404, 502, 0};

#define GET_ROW(words, size)                                                                                 \
    {                                                                                                        \
        .id = "oversized-get-" words, .title = "GET of " words "B", .rule = "RFC 8894 4.1",                  \
        .does = "goes by GET with a query of about " words "B, filled up with certificates",                 \
        .wants = CONFORMANCE_OPEN, .basis = PERSONA_DOCUMENTED, .reasons = none, .http = too_long,           \
        .change = {                                                                                          \
            .get_bytes = (size)                                                                              \
        }                                                                                                    \
    }

#define STRING_ROW(word, kind, name, want, why, based)                                                       \
    {                                                                                                        \
        .id = "string-" word, .title = "challenge as " name, .rule = why,                                    \
        .does = "sends a good challengePassword as " name, .wants = (want), .basis = (based),                \
        .reasons = string_type, .change = {                                                                  \
            .challenge_type = (kind)                                                                         \
        }                                                                                                    \
    }

#define ALGORITHM_ROW(word, shown, kind, word2, shown2, kind2, word3, shown3, kind3, caps)                   \
    {                                                                                                        \
        .id = "algorithms-" word "-" word2 "-" word3, .title = shown ", " shown2 ", " shown3,                \
        .rule = "RFC 8894 3.5.2", .does = "uses " shown ", " shown2 " and " shown3,                          \
        .wants = CONFORMANCE_ACCEPT, .basis = PERSONA_DOCUMENTED, .reasons = algorithm, .announced = (caps), \
        .change = {                                                                                          \
            .algorithms = true,                                                                              \
            .cipher = (kind),                                                                                \
            .digest = (kind2),                                                                               \
            .transport = (kind3)                                                                             \
        }                                                                                                    \
    }

/* No capability announces AES-192, AES-256 or OAEP: 1 << 31 is never there, so these stay open. */
#define UNSAID (1u << 31)
#define TRANSPORTS(w, s, k, w2, s2, k2, caps)                                                                \
    ALGORITHM_ROW(w, s, k, w2, s2, k2, "pkcs1", "PKCS #1 v1.5", PKI_RSA_PKCS1, caps),                        \
        ALGORITHM_ROW(w, s, k, w2, s2, k2, "oaep", "OAEP", PKI_RSA_OAEP, UNSAID)
#define DIGESTS(w, s, k, caps)                                                                               \
    TRANSPORTS(w, s, k, "sha1", "SHA-1", PKI_SHA1, (caps) | SCEP_CAP_SHA1),                                  \
        TRANSPORTS(w, s, k, "sha256", "SHA-256", PKI_SHA256, (caps) | SCEP_CAP_SHA256),                      \
        TRANSPORTS(w, s, k, "sha384", "SHA-384", PKI_SHA384, UNSAID),                                        \
        TRANSPORTS(w, s, k, "sha512", "SHA-512", PKI_SHA512, (caps) | SCEP_CAP_SHA512)

#define DAY_S 86400

static const struct conformance_probe probes[] = {
    {.id = "wrong-challenge",
     .title = "wrong challenge",
     .rule = "RFC 8894 3.3.1; NDES 0x80070490",
     .does = "carries a challengePassword that was never given out",
     .wants = CONFORMANCE_REFUSE,
     .challenge = CONFORMANCE_WRONG,
     .basis = PERSONA_OBSERVED,
     .reasons = wrong_password},
    {.id = "reused-challenge",
     .title = "challenge used before",
     .rule = "RFC 8894 7.3; NDES 0x800B0110",
     .does = "carries the challengePassword of the control",
     .wants = CONFORMANCE_REFUSE,
     .challenge = CONFORMANCE_USED,
     .basis = PERSONA_OBSERVED,
     .reasons = used_password},
    {.id = "no-challenge",
     .title = "no challenge",
     .rule = "RFC 8894 3.3.1; NDES 0x80096004",
     .does = "leaves the challengePassword out",
     .wants = CONFORMANCE_REFUSE,
     .challenge = CONFORMANCE_NONE,
     .basis = PERSONA_OBSERVED,
     .reasons = no_password},
    {.id = "corrupted-signature",
     .title = "corrupted signature",
     .rule = "RFC 8894 3.2.1.4",
     .does = "has one bit of its signature changed",
     .wants = CONFORMANCE_REFUSE,
     .basis = PERSONA_DOCUMENTED,
     .reasons = integrity,
     .http = pages,
     .change = {.oddity = {.signature = true}}},
    {.id = "wrong-digest",
     .title = "wrong messageDigest",
     .rule = "RFC 8894 3.2.1.4; RFC 5652 5.6",
     .does = "signs a messageDigest that is not that of its content",
     .wants = CONFORMANCE_REFUSE,
     .basis = PERSONA_DOCUMENTED,
     .reasons = integrity,
     .http = pages,
     .change = {.oddity = {.message_digest = true}}},
    {.id = "corrupted-envelope",
     .title = "corrupted envelope",
     .rule = "RFC 8894 3.2.1.4",
     .does = "has its encrypted content changed before it was signed",
     .wants = CONFORMANCE_REFUSE,
     .basis = PERSONA_INFERRED,
     .reasons = not_opened,
     .http = pages,
     .change = {.oddity = {.envelope = true}}},
    {.id = "wrong-recipient",
     .title = "encrypted to the CA",
     .rule = "RFC 8894 2.2, 3.1",
     .does = "is encrypted to the CA certificate instead of the RA's",
     .wants = CONFORMANCE_REFUSE,
     .basis = PERSONA_INFERRED,
     .reasons = not_opened,
     .http = pages,
     .change = {.to_ca = true}},
    {.id = "replay",
     .title = "replay",
     .rule = "RFC 8894 3.2.1.5, 5.2",
     .does = "is the control's message, byte for byte",
     .wants = CONFORMANCE_OPEN,
     .challenge = CONFORMANCE_NONE,
     .basis = PERSONA_DOCUMENTED,
     .reasons = seen_before,
     .change = {.replay = true}},
    {.id = "transaction-reuse",
     .title = "transactionID used before",
     .rule = "RFC 8894 3.2.1.1",
     .does = "is for another key under the control's transactionID",
     .wants = CONFORMANCE_OPEN,
     .basis = PERSONA_INFERRED,
     .reasons = not_readable,
     .change = {.other_key = true}},
    {.id = "signing-time-past",
     .title = "signed a month ago",
     .rule = "RFC 8894 3.2.1.4",
     .does = "carries a signingTime of 30 days ago",
     .wants = CONFORMANCE_OPEN,
     .basis = PERSONA_DOCUMENTED,
     .reasons = too_late,
     .change = {.signing_time_s = -30 * DAY_S}},
    {.id = "signing-time-future",
     .title = "signed in a month",
     .rule = "RFC 8894 3.2.1.4",
     .does = "carries a signingTime 30 days ahead",
     .wants = CONFORMANCE_OPEN,
     .basis = PERSONA_DOCUMENTED,
     .reasons = too_late,
     .change = {.signing_time_s = 30 * DAY_S}},
    {.id = "malformed-csr",
     .title = "malformed CSR",
     .rule = "RFC 8894 3.3.1",
     .does = "holds the first half of a PKCS #10",
     .wants = CONFORMANCE_REFUSE,
     .basis = PERSONA_INFERRED,
     .reasons = not_readable,
     .http = pages,
     .change = {.cut_csr = true}},
    {.id = "bad-csr-signature",
     .title = "no proof of possession",
     .rule = "RFC 2986 4.2; RFC 8894 7.6",
     .does = "holds a PKCS #10 whose own signature does not verify",
     .wants = CONFORMANCE_REFUSE,
     .basis = PERSONA_INFERRED,
     .reasons = not_readable,
     .http = pages,
     .change = {.unsigned_csr = true}},
    {.id = "empty-subject",
     .title = "empty subject",
     .rule = "RFC 8894 3.3.1; NDES 0x80094001",
     .does = "asks for a certificate without subject",
     .wants = CONFORMANCE_OPEN,
     .basis = PERSONA_OBSERVED,
     .reasons = not_supported,
     .change = {.empty_subject = true}},
    {.id = "unknown-serial",
     .title = "GetCert of an unknown serial number",
     .rule = "RFC 8894 3.2.1.4, 4.5",
     .does = "is a GetCert for a certificate that does not exist",
     .wants = CONFORMANCE_REFUSE,
     .challenge = CONFORMANCE_NONE,
     .basis = PERSONA_DOCUMENTED,
     .reasons = no_certificate,
     .change = {.type = SCEP_GET_CERT}},
    {.id = "wrong-message-type",
     .title = "a CertRep as request",
     .rule = "RFC 8894 3.2.1.2",
     .does = "calls itself a CertRep",
     .wants = CONFORMANCE_REFUSE,
     .basis = PERSONA_DOCUMENTED,
     .reasons = not_supported,
     .http = pages,
     .change = {.type = SCEP_CERT_REP}},
    {.id = "unknown-message-type",
     .title = "message type 99",
     .rule = "RFC 8894 3.2.1.2",
     .does = "has messageType 99",
     .wants = CONFORMANCE_REFUSE,
     .basis = PERSONA_DOCUMENTED,
     .reasons = not_supported,
     .http = pages,
     .change = {.type = 99}},
    STRING_ROW("printable", PERSONA_CHALLENGE_PRINTABLE, "PrintableString", CONFORMANCE_ACCEPT,
               "RFC 2985 5.4.1", PERSONA_DOCUMENTED),
    STRING_ROW("utf8", PERSONA_CHALLENGE_UTF8, "UTF8String", CONFORMANCE_ACCEPT, "RFC 2985 5.4.1",
               PERSONA_DOCUMENTED),
    STRING_ROW("t61", PERSONA_CHALLENGE_T61, "T61String", CONFORMANCE_OPEN, "RFC 2985 5.4.1",
               PERSONA_INFERRED),
    STRING_ROW("ia5", PERSONA_CHALLENGE_IA5, "IA5String", CONFORMANCE_OPEN,
               "RFC 2985 5.4.1 (not allowed there)", PERSONA_INFERRED),
    GET_ROW("4k", 4096),
    GET_ROW("8k", 8192),
    GET_ROW("16k", 16384),
    GET_ROW("32k", 32768),
    DIGESTS("3des", "3DES", PKI_DES3_CBC, SCEP_CAP_DES3),
    DIGESTS("aes128", "AES-128", PKI_AES128_CBC, SCEP_CAP_AES),
    DIGESTS("aes192", "AES-192", PKI_AES192_CBC, UNSAID),
    DIGESTS("aes256", "AES-256", PKI_AES256_CBC, UNSAID),
};

#define COUNT (sizeof probes / sizeof probes[0])
_Static_assert(COUNT <= CONFORMANCE_MAX, "a choice must have room for every probe");

const struct conformance_probe *conformance_probe(size_t index)
{
    return index < COUNT ? &probes[index] : NULL;
}

size_t conformance_count(void)
{
    return COUNT;
}

static bool begins_with(const char *id, const char *word)
{
    size_t len = strlen(word);
    return strncmp(id, word, len) == 0 && (id[len] == '\0' || id[len] == '-');
}

bool conformance_choose(const char *word, bool chosen[CONFORMANCE_MAX], struct err *e)
{
    const char *ids[COUNT + 1];
    bool found = false;
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = probes[i].id;
        bool meant = strcmp(word, "all") == 0 || (word[0] != '\0' && begins_with(probes[i].id, word));
        chosen[i] |= meant;
        found |= meant;
    }
    ids[COUNT] = NULL;
    if (found)
        return true;
    const char *near = text_nearest(word, ids);
    return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no probe '%.60s'%s%s%s", word,
                   near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                   near != NULL ? "'?" : "");
}
