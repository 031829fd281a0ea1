/* iOS, iPadOS and macOS share the Security framework; what differs is who asks, and in which order. */
#include "persona/table.h"

#define DOC(knob, value, source) PERSONA_DOC(knob, value, source)
#define OBS(knob, value, source) PERSONA_OBS(knob, value, source)
#define INF(knob, value, source) PERSONA_INF(knob, value, source)

#define MS      "Microsoft, troubleshooting SCEP from device to NDES"
#define PAYLOAD "Apple, com.apple.security.scep"
#define SCEP    "Apple Security, SecSCEP.c"
#define REQUEST "Apple Security, SecCertificateRequest.c"
#define CMS     "Apple Security, SecCMS.c"
#define MCX     "third-party reverse engineering of profiled"
#define STEP    "smallstep, scep/api/api.go"
#define NONE    "nothing published"

/* What both do alike. */
#define SHARED                                                                                               \
    INF(url_suffix, "", "nobody saw one"), INF(url_order, "in_order", "one URL reaches the device"),         \
        INF(message_post, "absent", NONE), INF(headers, "Accept: */*", "CFNetwork's default"),               \
        INF(http_version, "1.1", "plain CFNetwork"), OBS(connection, "per_request", MCX),                    \
        OBS(post, "announced", MCX), OBS(post_content_type, "application/x-pki-message", MCX),               \
        DOC(get_escaping, "padding", STEP), INF(request_timeout, "60s", "URLSession's default"),             \
        INF(caps_http_error, "go_on", "goes on with defaults, as with an empty body"),                       \
        OBS(http_status, "no", MCX), OBS(ca_content_type, "exact", MCX), OBS(caps_exact_case, "yes", MCX),   \
        OBS(caps_standard, "no", MCX), OBS(digests, "sha512, sha256, sha1", MCX),                            \
        OBS(digest_default, "sha1", MCX),                                                                    \
        OBS(digest_required, "yes", MCX "; micromdm/scep issue 23: error 22006"),                            \
        OBS(ciphers, "aes128-cbc", MCX), OBS(cipher_default, "3des-cbc", MCX),                               \
        OBS(key_transport, "rsa-pkcs1", MS ": sample, decoded"),                                             \
        OBS(encoding, "ber", MS ": sample, decoded; the size of pieces is jscep's"),                         \
        DOC(transaction_id, "rsa_sha1_upper", SCEP), DOC(signing_time, "yes", CMS),                          \
        DOC(signer_subject, "uuid", SCEP), INF(signer_digest, "same", REQUEST ": parameters decide"),        \
        DOC(signer_serial, "one", REQUEST), DOC(signer_backdate, "0", REQUEST),                              \
        DOC(signer_days, "365", REQUEST), DOC(signer_key_usage, "digitalSignature, keyEncipherment", SCEP),  \
        INF(signer_subject_key_id, "no", REQUEST ": only what parameters name"),                             \
        INF(signer_authority_key_id, "none", REQUEST ": only what parameters name"),                         \
        DOC(csr_digest, "same", SCEP), INF(csr_extra_rdn, "", "the payload's subject as it is"),             \
        DOC(csr_key_usage_critical, "yes", REQUEST), INF(csr_eku, "none", PAYLOAD " has no key for it"),     \
        DOC(challenge_type, "auto", REQUEST),                                                                \
        INF(csr_sid, "uri", "Microsoft, strong mapping in Intune profiles"),                                 \
        DOC(csr_validity_unit, "none", "Microsoft, SCEP profiles in Intune: Apple sends none"),              \
        INF(csr_validity_count, "1", "not sent"), DOC(polls, "3", PAYLOAD ": Retries"),                      \
        DOC(poll_interval, "10s", PAYLOAD ": RetryDelay"), DOC(poll_first_at_once, "yes", PAYLOAD),          \
        INF(poll_jitter, "0%", NONE), INF(poll_for, "0", "only by count"), DOC(poll_digest, "sha1", SCEP),   \
        DOC(poll_cipher, "3des-cbc", SCEP), DOC(poll_transaction_id, "reply", SCEP),                         \
        OBS(failure_retries, "0", MCX), OBS(failure_delay, "0", MCX), OBS(http_retries, "0", MCX),           \
        OBS(http_delay, "0", MCX), INF(retry_transaction_id, "same", "derived from the key"),                \
        DOC(renewal, "re_enroll", SCEP ": always PKCSReq; Apple HT204836: no renewal by itself"),            \
        INF(renewal_key, "new", "every profile makes a key"),                                                \
        DOC(checks, "signature, signer, message_type, status, key",                                          \
            SCEP ": neither nonce nor transactionID; the key when the identity is made")

static const struct persona_row ios[] = {
    DOC(order, "get_ca_cert, get_ca_caps", MS),
    DOC(message_get_ca_caps, "SCEP Authority", MS ": the payload's Name"),
    DOC(message_get_ca_cert, "SCEP Authority", MS ": the payload's Name"),
    INF(message_get_next_ca_cert, "SCEP Authority", "as the others; iOS does not call it"),
    DOC(user_agent, "profiled/1.0 CFNetwork/811.5.4 Darwin/16.6.0", MS),
    INF(think_time, "800ms", MS ": 0.95 s and 0.85 s between requests, answers included"),
    INF(csr_key_usage, "digitalSignature, keyEncipherment", PAYLOAD ": the MDM decides; 5 is usual"),
    SHARED,
};

static const struct persona_row macos[] = {
    OBS(order, "get_ca_caps, get_ca_cert", "micromdm/scep issue 155 (10.11); newer ones unconfirmed"),
    OBS(message_get_ca_caps, "", "micromdm/scep issue 155"),
    OBS(message_get_ca_cert, "", "micromdm/scep issue 155"),
    INF(message_get_next_ca_cert, "", "as the others; macOS does not call it"),
    OBS(user_agent, "mdmclient/960 CFNetwork/811.9 Darwin/16.7.0 (x86_64)", "micromdm/micromdm issue 436"),
    INF(think_time, "0", NONE),
    OBS(csr_key_usage, "digitalSignature", "jessepeterson/mdmb; Apple's own documentation says none"),
    SHARED,
};

const struct persona_table persona_ios = {"ios", "iPhone and iPad (profiled)", ios,
                                          sizeof ios / sizeof ios[0]};
const struct persona_table persona_macos = {"macos", "Mac (mdmclient)", macos,
                                            sizeof macos / sizeof macos[0]};
